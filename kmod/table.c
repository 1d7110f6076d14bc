// SPDX-License-Identifier: GPL-2.0
/*
 * Putting a table in force. The new list of every tapped socket is built aside; then the table and all lists switch
 * under one lock. Nothing that can fail comes after the switch.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "l45.h"

static void release(struct rcu_head *head)
{
	struct l45_table *table = container_of(head, struct l45_table, rcu);
	u32 i;

	if (table->ln && !refcount_dec_and_test(&table->refs))
		return;
	for (i = 0; i < table->count; i++)
		l45_module_put(table->module[i]);
	kvfree(table);
}

static void calls_left(struct rcu_head *head)
{
	call_rcu(head, release);
}

void l45_table_free(struct l45_table *table)
{
	if (!table)
		return;
	if (table->ln)
		call_srcu(&table->ln->calls, &table->rcu, calls_left);
	else
		release(&table->rcu);
}

/* One tapped socket, and what it will be given. */
struct change {
	struct l45_sock *ctx; /* referenced */
	struct l45_list *list;
	struct l45_self self;
};

/*
 * A machine that taps sockets all that often faster than a list is built is not one that a table can be put in force
 * on.
 */
#define ROUNDS_MAX 256

struct changes {
	u32 count, room;
	u64 serial; /* of the last socket that is in it */
	struct change *change;
};

static void forget(struct changes *changes)
{
	while (changes->count) {
		struct change *change = &changes->change[--changes->count];

		l45_list_free(change->list);
		l45_sock_put(change->ctx);
	}
	kvfree(changes->change);
}

/* Under socks_lock, where a context on the list has its socket. */
static void take(struct changes *changes, struct l45_net *ln)
{
	struct l45_sock *ctx;

	list_for_each_entry(ctx, &ln->socks, node) {
		struct change *change = &changes->change[changes->count];

		if (ctx->serial <= changes->serial)
			continue;
		if (changes->count == changes->room)
			return;
		refcount_inc(&ctx->refs);
		change->ctx = ctx;
		change->list = NULL;
		l45_self_of(&change->self, ctx->sk, ctx->process, ctx->thread, ctx->born);
		change->self.any_thread = ctx->unnamed;
		changes->serial = ctx->serial;
		changes->count++;
	}
}

static int grow(struct changes *changes, u32 room)
{
	struct change *change;

	if (room <= changes->room)
		return 0;
	change = kvcalloc(room, sizeof(*change), GFP_KERNEL);
	if (!change)
		return -ENOMEM;
	if (changes->count)
		memcpy(change, changes->change, changes->count * sizeof(*change));
	kvfree(changes->change);
	changes->change = change;
	changes->room = room;
	return 0;
}

/* Builds the lists of the sockets from place first on. */
static int build(struct changes *changes, u32 first, const struct l45_table *table)
{
	u32 i;

	for (i = first; i < changes->count; i++) {
		struct l45_list *list = l45_list_for(table, &changes->change[i].self, GFP_KERNEL);

		if (IS_ERR(list))
			return -ENOMEM;
		changes->change[i].list = list;
		if (!(i % 256))
			cond_resched();
	}
	return 0;
}

/* Under socks_lock. A socket that is closed meanwhile keeps what it has: none. */
static void switch_lists(struct changes *changes)
{
	u32 i;

	for (i = 0; i < changes->count; i++) {
		struct change *change = &changes->change[i];

		if (!list_empty(&change->ctx->node))
			change->list = rcu_replace_pointer(change->ctx->list, change->list, true);
	}
}

/* Sockets go on being tapped while lists are built: those are taken in another round, of a few at most. */
static int switch_all(struct l45_net *ln, struct l45_table *table, struct changes *changes)
{
	u32 first = 0, rounds;
	int error;

	for (rounds = 0;; rounds++) {
		if (rounds == ROUNDS_MAX)
			return -EAGAIN;
		error = grow(changes, READ_ONCE(ln->socks_count) + changes->count + 64);
		if (error)
			return error;
		spin_lock_bh(&ln->socks_lock);
		take(changes, ln);
		if (changes->count == first)
			break;
		spin_unlock_bh(&ln->socks_lock);
		error = build(changes, first, table);
		if (error)
			return error;
		first = changes->count;
	}
	rcu_assign_pointer(ln->table, table);
	switch_lists(changes);
	spin_unlock_bh(&ln->socks_lock);
	return 0;
}

/* Datagram sockets that no module is for go back to stock code; streams look for themselves. */
static void settle_sockets(struct changes *changes)
{
	u32 i;

	for (i = 0; i < changes->count; i++) {
		struct l45_sock *ctx = changes->change[i].ctx;
		struct l45_net *ln = ctx->ln;
		struct sock *sk = NULL;

		spin_lock_bh(&ln->socks_lock);
		if (!list_empty(&ctx->node))
			sk = ctx->sk;
		if (sk)
			sock_hold(sk);
		spin_unlock_bh(&ln->socks_lock);
		if (!sk)
			continue;
		if (sk->sk_protocol == IPPROTO_TCP) {
			l45_tcp_relist(ctx);
		} else if (!rcu_access_pointer(ctx->list)) {
			lock_sock(sk);
			if (!list_empty(&ctx->node) && !rcu_access_pointer(ctx->list))
				l45_detach(ctx);
			release_sock(sk);
		}
		sock_put(sk);
	}
}

static void in_force(struct rcu_head *head)
{
	struct l45_table *table = container_of(head, struct l45_table, force);
	struct l45_net *ln = table->ln;

	/* Callbacks may pass each other. */
	spin_lock_bh(&ln->socks_lock);
	if (table->round > ln->in_force_round) {
		WRITE_ONCE(ln->in_force, table->generation);
		ln->in_force_round = table->round;
	}
	spin_unlock_bh(&ln->socks_lock);
	release(&table->rcu);
}

/* What the hooks ask first, of the whole table. */
static void sum_up(struct l45_table *table)
{
	u32 i, j;

	for (i = 0; i < table->count; i++) {
		const struct l45_module *module = table->module[i];
		const bool udp = module->protocol == IPPROTO_UDP;

		l45_names_add(udp ? &table->udp_names : &table->tcp_names, module->process);
		if (!udp)
			continue;
		if (module->local.port)
			table->local_ports |= l45_port_bit(module->local.port);
		if (l45_is_server(module))
			continue;
		if (!module->remotes)
			table->udp_peers = ~0ull;
		for (j = 0; j < module->remote_count; j++)
			table->udp_peers |= module->remotes[j].port ? l45_port_bit(module->remotes[j].port) : ~0ull;
	}
}

/* When did the module come, and when was it deprecated? From the table before, where it was in it. */
static void date(struct l45_table *table, const struct l45_table *before)
{
	u32 i, j;

	for (i = 0; i < table->count; i++) {
		struct l45_module *module = table->module[i];

		for (j = 0; before && j < before->count && before->module[j]->id != module->id; j++)
			;
		if (before && j < before->count && before->module[j] == module)
			continue;
		module->since = table->round;
		module->deprecated_since = module->state == L45_STATE_DEPRECATED ? table->round : 0;
		if (!before || j == before->count)
			continue;
		module->since = before->module[j]->since;
		if (module->deprecated_since && before->module[j]->deprecated_since)
			module->deprecated_since = before->module[j]->deprecated_since;
	}
}

static bool has_server(const struct l45_table *table)
{
	u32 i;

	for (i = 0; i < table->count; i++)
		if (table->module[i]->protocol == IPPROTO_UDP && l45_is_server(table->module[i]))
			return true;
	return false;
}

int l45_publish(struct l45_net *ln, struct l45_table *table)
{
	struct l45_table *before = rcu_dereference_protected(ln->table, lockdep_is_held(&ln->lock));
	struct changes changes = {};
	bool armed = ln->armed;
	int error;

	table->round = ln->round + 1;
	date(table, before);
	sum_up(table);
	if (has_server(table)) {
		error = l45_peers_make(ln);
		if (error)
			return error;
	}
	if (table->count && !armed) {
		error = l45_hooks_arm();
		if (error)
			return error;
		armed = true;
	}
	error = switch_all(ln, table, &changes);
	if (error) {
		forget(&changes);
		if (armed && !ln->armed)
			l45_hooks_disarm();
		return error;
	}
	table->ln = ln;
	refcount_set(&table->refs, 2);
	ln->round = table->round;
	ln->used = true;
	ln->armed = armed;
	/* Every receiver decodes by the new lists from here on. */
	synchronize_rcu();
	call_srcu(&ln->calls, &table->force, in_force);
	l45_table_free(before);
	settle_sockets(&changes);
	forget(&changes);
	l45_live_attach(ln, table);
	if (!table->count && armed) {
		l45_hooks_disarm();
		ln->armed = false;
	}
	/* Of an empty table nothing stays behind: the module can be unloaded at once. */
	if (!table->count) {
		synchronize_srcu(&ln->calls);
		l45_candidates_drop(ln);
		l45_settle(ln);
	}
	return 0;
}

/* The next context on the list; it and its socket referenced. NULL: there is no more. */
static struct l45_sock *next_socket(struct l45_net *ln, u64 *serial)
{
	struct l45_sock *ctx, *found = NULL;

	spin_lock_bh(&ln->socks_lock);
	list_for_each_entry(ctx, &ln->socks, node) {
		if (ctx->serial <= *serial)
			continue;
		*serial = ctx->serial;
		sock_hold(ctx->sk);
		refcount_inc(&ctx->refs);
		found = ctx;
		break;
	}
	spin_unlock_bh(&ln->socks_lock);
	return found;
}

/*
 * Stock code cannot take a stream over in mid-frame: without modules its sender leaves the dialect at the next frame,
 * and the call that finds both directions plain lets it go. Until then it holds the module. Socket lock held.
 */
static void let_go(struct l45_sock *ctx)
{
	struct l45_net *ln = ctx->ln;
	struct l45_list *list;

	if (ctx->sk->sk_protocol != IPPROTO_TCP) {
		l45_detach(ctx);
		return;
	}
	spin_lock_bh(&ln->socks_lock);
	list = rcu_replace_pointer(ctx->list, NULL, lockdep_is_held(&ln->socks_lock));
	spin_unlock_bh(&ln->socks_lock);
	l45_tcp_let_go(ctx->sk);
	l45_list_free(list);
}

void l45_flush(struct l45_net *ln)
{
	struct l45_table *before = rcu_replace_pointer(ln->table, NULL, lockdep_is_held(&ln->lock));
	struct l45_sock *ctx;
	struct sock *sk;
	u64 serial = 0;

	if (!ln->used)
		return;
	WRITE_ONCE(ln->life, get_random_u64());
	if (ln->armed)
		l45_hooks_disarm();
	ln->armed = false;
	/* A socket that was being tapped by the table is on the list now, or will find it gone. */
	synchronize_srcu(&ln->calls);
	l45_candidates_drop(ln);
	while ((ctx = next_socket(ln, &serial))) {
		sk = ctx->sk;
		lock_sock(sk);
		if (!list_empty(&ctx->node))
			let_go(ctx);
		release_sock(sk);
		l45_live_kick(sk);
		l45_sock_put(ctx);
		sock_put(sk);
		cond_resched();
	}
	l45_table_free(before);
	l45_settle(ln);
	WRITE_ONCE(ln->in_force, 0);
}
