// SPDX-License-Identifier: GPL-2.0
/* How a customization module ends: with the last table, list and stream that refer to it. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "l45.h"

static void release(struct rcu_head *head)
{
	struct l45_module *module = container_of(head, struct l45_module, rcu);

	l45_tally_put(module->ln, module->tally);
	kvfree(module->remotes);
	kfree_sensitive(module); /* the codec's keys and the init_key */
}

void l45_module_put(struct l45_module *module)
{
	if (refcount_dec_and_test(&module->refs))
		call_rcu(&module->rcu, release);
}
