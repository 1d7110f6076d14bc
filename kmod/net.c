// SPDX-License-Identifier: GPL-2.0
/* What each network namespace has: its table, its tapped sockets, its counters. */
#include <linux/mm.h>
#include <linux/random.h>
#include <net/net_namespace.h>

#include "l45.h"

unsigned int l45_net_id __read_mostly;

static int __net_init net_begin(struct net *net)
{
	struct l45_net *ln = l45_net(net);
	int i, error;

	error = init_srcu_struct(&ln->calls);
	if (error)
		return error;
	ln->net = net;
	get_random_bytes(&ln->life, sizeof(ln->life));
	mutex_init(&ln->lock);
	for (i = 0; i < ARRAY_SIZE(ln->tallies); i++)
		INIT_HLIST_HEAD(&ln->tallies[i]);
	spin_lock_init(&ln->tallies_lock);
	spin_lock_init(&ln->socks_lock);
	INIT_LIST_HEAD(&ln->socks);
	l45_events_init(ln);
	return 0;
}

/* No socket of a program is left in it (each holds the namespace), unless the module goes: rmmod has let go of all. */
static void __net_exit net_end(struct net *net)
{
	struct l45_net *ln = l45_net(net);

	mutex_lock(&ln->lock);
	l45_stage_drop(ln);
	l45_flush(ln);
	mutex_unlock(&ln->lock);
	kvfree(ln->peers);
	cleanup_srcu_struct(&ln->calls);
}

static struct pernet_operations net_operations = {
	.init = net_begin,
	.exit = net_end,
	.id = &l45_net_id,
	.size = sizeof(struct l45_net),
};

int l45_net_init(void)
{
	return register_pernet_subsys(&net_operations);
}

void l45_net_exit(void)
{
	unregister_pernet_subsys(&net_operations);
}
