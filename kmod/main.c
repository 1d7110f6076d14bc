// SPDX-License-Identifier: GPL-2.0
/* l45.ko: its parts in order, and out of order again. */
#include <linux/delay.h>
#include <linux/module.h>

#include "l45.h"

DEFINE_PER_CPU(long, l45_inside);

static long inside(void)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(&l45_inside, cpu));
	return sum;
}

/*
 * Nothing leads into the module any more. Waits for the tasks that are still inside: asleep in a call (each was
 * kicked as its socket was let go), or in the few instructions before l45_come and after l45_go. The sum can only
 * fall, and each CPU's part of it, so that 0 once is 0 for good.
 */
static void leave(void)
{
	synchronize_rcu_tasks();
	while (inside())
		msleep(20);
	synchronize_rcu_tasks();
	rcu_barrier_tasks();
	rcu_barrier();
}

static int __init l45_init(void)
{
	int error;

	error = l45_stock_find();
	if (error)
		return error;
	error = l45_udp_init();
	if (error)
		return error;
	error = l45_tcp_init();
	if (error)
		goto err_udp;
	error = l45_net_init();
	if (error)
		goto err_tcp;
	error = l45_netlink_init();
	if (error)
		goto err_net;
	return 0;

err_net:
	l45_net_exit();
err_tcp:
	l45_tcp_exit();
err_udp:
	l45_udp_exit();
	leave();
	return error;
}

static void __exit l45_exit(void)
{
	l45_netlink_exit();
	l45_net_exit();
	l45_hooks_exit();
	l45_tcp_exit();
	l45_udp_exit();
	leave();
}

module_init(l45_init);
module_exit(l45_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Layer 4.5 customization of sockets");
MODULE_AUTHOR("The l45 authors");
MODULE_VERSION("1");
