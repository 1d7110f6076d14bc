// SPDX-License-Identifier: GPL-2.0
/* Which allocation fails: /sys/module/l45/parameters/fail_at, counted down to 0. */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "faults.h"

/* The fail_at-th allocation from now on fails, once; 0 none. */
static unsigned int fail_at;
module_param(fail_at, uint, 0600);
MODULE_PARM_DESC(fail_at, "which allocation from now on fails, once; 0 none");

/* Only those of tasks of this name are counted; empty: all. */
static char fail_for[TASK_COMM_LEN];
module_param_string(fail_for, fail_for, sizeof(fail_for), 0600);
MODULE_PARM_DESC(fail_for, "only allocations of tasks of this name count; empty: all");

bool l45_fault_now(void)
{
	unsigned int left = READ_ONCE(fail_at);

	if (!left || (fail_for[0] && strcmp(fail_for, current->comm)))
		return false;
	while (!try_cmpxchg(&fail_at, &left, left - 1))
		if (!left)
			return false;
	return left == 1;
}
