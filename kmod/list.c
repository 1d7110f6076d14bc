// SPDX-License-Identifier: GPL-2.0
/*
 * The modules of one socket under one table: made whole, put in the socket's context, never changed. A list is read in
 * softirq and in calls that sleep, so it goes after both kinds of readers have left.
 */
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>

#include "l45.h"

static bool set_address(struct in6_addr *to, const struct sock *sk, const struct in6_addr *six, __be32 four)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		*to = *six;
		return !ipv6_addr_any(to) && !(ipv6_addr_v4mapped(to) && !to->s6_addr32[3]);
	}
#endif
	ipv6_addr_set_v4mapped(four, to);
	return four != 0;
}

void l45_self_of(struct l45_self *self, const struct sock *sk, const char *process, const char *thread, u64 born)
{
	const struct inet_sock *inet = inet_sk(sk);

	memset(self, 0, sizeof(*self));
	self->process = process;
	self->thread = thread;
	self->born = born;
	self->protocol = sk->sk_protocol;
	self->port = inet->inet_num;
	self->any_address = !set_address(&self->address, sk, &sk->sk_v6_rcv_saddr, inet->inet_rcv_saddr);
	/* A datagram socket may be connected elsewhere at any time: its peers are looked at message by message. */
	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	self->role = l45_tcp_role(sk);
	if (sk->sk_state == TCP_LISTEN)
		return;
	self->peer_port = ntohs(inet->inet_dport);
	self->has_peer = set_address(&self->peer, sk, &sk->sk_v6_daddr, inet->inet_daddr) && self->peer_port;
}

bool l45_table_wants(const struct l45_table *table, const struct l45_self *self)
{
	u32 i;

	for (i = 0; i < table->count; i++)
		if (l45_match_self(table->module[i], self))
			return true;
	return false;
}

static void add(struct l45_list *list, struct l45_module *module)
{
	const u8 kind = module->protocol == IPPROTO_UDP ? L45_DATAGRAM : L45_STREAM;

	l45_module_get(module);
	atomic_inc(&module->tally->sockets);
	list->module[list->count++] = module;
	list->watched |= l45_watches(module);
	list->sends |= l45_may_send(module, kind);
	list->reads |= l45_may_read(module, kind);
	list->enforces |= l45_may_read(module, kind) && (module->flags & L45_F_ENFORCE);
	list->by_address |= module->local.prefix_bits != 0;
	list->by_thread |= module->thread[0] != 0;
}

struct l45_list *l45_list_for(const struct l45_table *table, const struct l45_self *self, gfp_t gfp)
{
	struct l45_module *found[L45_LIST_MAX];
	struct l45_list *list;
	u16 count = 0;
	u32 i;

	for (i = 0; i < table->count && count < L45_LIST_MAX; i++)
		if (l45_match_self(table->module[i], self))
			found[count++] = table->module[i];
	if (!count)
		return NULL;
	list = kzalloc(struct_size(list, module, count), gfp | __GFP_NOWARN);
	if (!list)
		return ERR_PTR(-ENOMEM);
	list->generation = table->generation;
	for (i = 0; i < count; i++)
		add(list, found[i]);
	return list;
}

struct l45_list *l45_list_make(const struct l45_table *table, const struct sock *sk, const char *process,
			       const char *thread, bool open_before, gfp_t gfp)
{
	struct l45_self self;

	l45_self_of(&self, sk, process, thread, open_before ? table->round - 1 : table->round);
	return l45_list_for(table, &self, gfp);
}

static void release(struct rcu_head *head)
{
	struct l45_list *list = container_of(head, struct l45_list, rcu);

	while (list->count)
		l45_module_put(list->module[--list->count]);
	kfree(list);
}

/* No call looks at it any more; softirq may. */
static void calls_left(struct rcu_head *head)
{
	call_rcu(head, release);
}

static void uncount(const struct l45_list *list)
{
	u16 i;

	for (i = 0; i < list->count; i++)
		atomic_dec(&list->module[i]->tally->sockets);
}

void l45_list_free(struct l45_list *list)
{
	if (!list)
		return;
	uncount(list);
	call_srcu(&list->module[0]->ln->calls, &list->rcu, calls_left);
}

void l45_list_free_closed(struct l45_list *list)
{
	if (!list)
		return;
	uncount(list);
	call_rcu(&list->rcu, release);
}
