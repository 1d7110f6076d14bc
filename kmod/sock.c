// SPDX-License-Identifier: GPL-2.0
/* The context of a tapped socket: how it comes, and how it goes. */
#include <linux/module.h>
#include <linux/skmsg.h>
#include <linux/slab.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/inet_connection_sock.h>
#include <net/mptcp.h>

#include "l45.h"

/* A table published meanwhile makes the list stale: that often in a row it is not. */
#define ATTACH_TRIES 8

static struct proto *stock_of(const struct sock *sk)
{
	if (sk->sk_protocol == IPPROTO_UDP)
		return sk->sk_family == AF_INET6 ? l45_stock.udp6 : l45_stock.udp;
	return sk->sk_family == AF_INET6 ? l45_stock.tcp6 : l45_stock.tcp;
}

enum l45_refusal l45_refusal_of(const struct sock *sk)
{
	if (sk->sk_kern_sock)
		return L45_REFUSED_KERNEL_SOCKET;
	if (sk->sk_protocol == IPPROTO_TCP) {
		if (sk_is_mptcp(sk))
			return L45_REFUSED_MPTCP;
		if (inet_csk(sk)->icsk_ulp_ops)
			return L45_REFUSED_ULP;
	} else if (READ_ONCE(udp_sk(sk)->encap_type) || READ_ONCE(udp_sk(sk)->encap_rcv)) {
		return L45_REFUSED_ENCAP;
	}
	if (READ_ONCE(sk->sk_user_data))
		return L45_REFUSED_PSOCK;
	if (READ_ONCE(sk->sk_prot) != stock_of(sk) && !l45_is_candidate(sk))
		return L45_REFUSED_FOREIGN;
	return L45_REFUSED_NONE;
}

static int prepare(struct l45_sock *ctx, gfp_t gfp)
{
	return ctx->sk->sk_protocol == IPPROTO_UDP ? l45_udp_prepare(ctx, gfp) : l45_tcp_prepare(ctx, gfp);
}

static void release(struct rcu_head *head)
{
	struct l45_sock *ctx = container_of(head, struct l45_sock, rcu);

	if (ctx->stock == l45_stock.udp || ctx->stock == l45_stock.udp6)
		l45_udp_free(ctx);
	else
		l45_tcp_free(ctx);
	kfree(ctx);
	module_put(THIS_MODULE);
}

static void calls_left(struct rcu_head *head)
{
	call_rcu(head, release);
}

static void tasks_left(struct rcu_head *head)
{
	call_srcu(&container_of(head, struct l45_sock, rcu)->ln->calls, head, calls_left);
}

/*
 * Who may still look at it: a task between reading sk->sk_prot and calling one of its functions, or in the first
 * instructions of ours (RCU tasks); a call between l45_enter and l45_leave; softirq. When the program has closed the
 * socket no call is left, so it is softirq alone: a program that opens a socket for each query does not wait for tasks.
 */
void l45_sock_put(struct l45_sock *ctx)
{
	if (!refcount_dec_and_test(&ctx->refs))
		return;
	if (ctx->closed)
		call_rcu(&ctx->rcu, release);
	else
		call_rcu_tasks(&ctx->rcu, tasks_left);
}

void l45_settle(struct l45_net *ln)
{
	rcu_barrier_tasks();
	srcu_barrier(&ln->calls);
	rcu_barrier();
	/* What was freed let go of modules, and those of tallies. */
	rcu_barrier();
	rcu_barrier();
}

static struct l45_sock *make(struct sock *sk, struct l45_net *ln, const struct l45_self *self, gfp_t gfp)
{
	struct l45_sock *ctx;
	u32 cookie[2];

	if (!try_module_get(THIS_MODULE))
		return NULL;
	ctx = kzalloc(sizeof(*ctx), gfp | __GFP_NOWARN);
	if (!ctx)
		goto err_module;
	sock_diag_save_cookie(sk, cookie);
	ctx->cookie = (u64)cookie[1] << 32 | cookie[0];
	ctx->stock = stock_of(sk);
	ctx->sk = sk;
	ctx->ln = ln;
	ctx->born = self->born;
	ctx->unnamed = self->any_thread;
	ctx->since_ms = ktime_get_real_ns() / NSEC_PER_MSEC;
	refcount_set(&ctx->refs, 1);
	INIT_LIST_HEAD(&ctx->node);
	strscpy(ctx->process, self->process, sizeof(ctx->process));
	strscpy(ctx->thread, self->thread, sizeof(ctx->thread));
	if (prepare(ctx, gfp))
		goto err_ctx;
	ctx->proto.node.next = &l45_mark;
	return ctx;
err_ctx:
	kfree(ctx);
err_module:
	module_put(THIS_MODULE);
	return NULL;
}

/* Puts it on the namespace's list, if its list of modules is still of the table in force. */
static bool enlist(struct l45_sock *ctx, const struct l45_table *table)
{
	struct l45_net *ln = ctx->ln;
	bool current_table;

	spin_lock_bh(&ln->socks_lock);
	current_table = rcu_access_pointer(ln->table) == table;
	if (current_table) {
		ctx->serial = ++ln->socks_serial;
		list_add_tail(&ctx->node, &ln->socks);
		WRITE_ONCE(ln->socks_count, ln->socks_count + 1);
		WRITE_ONCE(ln->socks_sequence, ln->socks_sequence + 1);
	}
	spin_unlock_bh(&ln->socks_lock);
	return current_table;
}

static void swap_proto(struct l45_sock *ctx)
{
	const bool candidate = l45_is_candidate(ctx->sk);

	/* Whoever sees the proto sees it whole. */
	smp_store_release(&ctx->sk->sk_prot, &ctx->proto);
	if (ctx->sk->sk_protocol == IPPROTO_UDP)
		l45_udp_swapped(ctx);
	else
		l45_tcp_swapped(ctx);
	if (candidate)
		l45_candidate_forget(ctx->sk);
}

static int failed(struct l45_net *ln, struct sock *sk, const struct l45_self *self)
{
	atomic64_inc(&ln->failed);
	l45_event_socket(ln, L45_EVENT_FAILED, sk, 0, L45_REFUSED_NONE, self->process, self->thread);
	return -ENOMEM;
}

/* Between l45_enter and l45_leave. */
static int attach(struct sock *sk, struct l45_net *ln, struct l45_self *self, u64 born, bool open_before, gfp_t gfp,
		  enum l45_refusal *why)
{
	struct l45_sock *ctx = NULL;
	int tries;

	for (tries = 0; tries < ATTACH_TRIES; tries++) {
		const struct l45_table *table = srcu_dereference(ln->table, &ln->calls);
		struct l45_list *list;

		if (!table)
			break;
		self->born = born ? born : open_before ? table->round - 1 : table->round;
		list = l45_list_for(table, self, gfp);
		if (!list)
			break;
		if (IS_ERR(list))
			goto no_memory;
		*why = l45_refusal_of(sk);
		if (*why) {
			atomic64_inc(&ln->refused);
			l45_event_socket(ln, L45_EVENT_REFUSED, sk, list->module[0]->id, *why, self->process,
					 self->thread);
			l45_list_free(list);
			return -EPERM;
		}
		if (!ctx)
			ctx = make(sk, ln, self, gfp);
		if (!ctx) {
			l45_list_free(list);
			goto no_memory;
		}
		ctx->born = self->born;
		RCU_INIT_POINTER(ctx->list, list);
		if (enlist(ctx, table)) {
			swap_proto(ctx);
			l45_event_socket(ln, L45_EVENT_ATTACHED, sk, list->module[0]->id, L45_REFUSED_NONE,
					 self->process, self->thread);
			return 0;
		}
		RCU_INIT_POINTER(ctx->list, NULL);
		l45_list_free(list);
	}
	if (ctx)
		l45_sock_put(ctx);
	return tries < ATTACH_TRIES ? -ENOENT : failed(ln, sk, self);
no_memory:
	if (ctx)
		l45_sock_put(ctx);
	return failed(ln, sk, self);
}

/* born 0: with the table in force, or before it. */
static int attach_by_name(struct sock *sk, struct l45_net *ln, const char *process, const char *thread, u16 port,
			  u64 born, bool any_thread, bool open_before, gfp_t gfp, enum l45_refusal *why)
{
	struct l45_self self;
	int entered, error;

	*why = L45_REFUSED_NONE;
	if (l45_sk(sk))
		return -EEXIST;
	l45_self_of(&self, sk, process, thread, 0);
	self.any_thread = any_thread;
	if (port)
		self.port = port;
	entered = l45_enter(ln);
	error = attach(sk, ln, &self, born, open_before, gfp, why);
	l45_leave(ln, entered);
	return error;
}

int l45_attach(struct sock *sk, struct l45_net *ln, const char *process, const char *thread, gfp_t gfp,
	       enum l45_refusal *why)
{
	return attach_by_name(sk, ln, process, thread, 0, 0, false, false, gfp, why);
}

int l45_attach_bind(struct sock *sk, struct l45_net *ln, u16 port, enum l45_refusal *why)
{
	return attach_by_name(sk, ln, current->group_leader->comm, current->comm, port, 0, true, false, GFP_KERNEL,
			      why);
}

int l45_attach_born(struct sock *sk, struct l45_net *ln, const char *process, const char *thread, u64 born,
		    enum l45_refusal *why)
{
	return attach_by_name(sk, ln, process, thread, 0, born, false, false, GFP_KERNEL, why);
}

int l45_attach_open(struct sock *sk, struct l45_net *ln, const char *process, const char *thread,
		    enum l45_refusal *why)
{
	return attach_by_name(sk, ln, process, thread, 0, 0, false, true, GFP_KERNEL, why);
}

static void detach(struct l45_sock *ctx, bool closed)
{
	struct l45_net *ln = ctx->ln;
	struct l45_list *list;

	if (ctx->sk->sk_protocol == IPPROTO_UDP)
		l45_udp_restore(ctx);
	else
		l45_tcp_restore(ctx);
	if (l45_sk(ctx->sk) == ctx)
		/* What was restored above is seen before the proto is. */
		smp_store_release(&ctx->sk->sk_prot, ctx->stock);
	spin_lock_bh(&ln->socks_lock);
	list_del_init(&ctx->node);
	WRITE_ONCE(ln->socks_count, ln->socks_count - 1);
	WRITE_ONCE(ln->socks_sequence, ln->socks_sequence + 1);
	list = rcu_replace_pointer(ctx->list, NULL, lockdep_is_held(&ln->socks_lock));
	spin_unlock_bh(&ln->socks_lock);
	if (closed)
		l45_list_free_closed(list);
	else
		l45_list_free(list);
	ctx->closed = closed;
	l45_sock_put(ctx);
}

void l45_detach(struct l45_sock *ctx)
{
	detach(ctx, false);
}

void l45_detach_closed(struct l45_sock *ctx)
{
	detach(ctx, true);
}

int l45_relist(struct l45_sock *ctx, u16 port)
{
	struct l45_net *ln = ctx->ln;
	const struct l45_table *table;
	struct l45_list *list, *before;
	struct l45_self self;
	bool current_table;
	int entered, tries;

	l45_self_of(&self, ctx->sk, ctx->process, ctx->thread, ctx->born);
	self.any_thread = ctx->unnamed;
	if (port)
		self.port = port;
	for (tries = 0; tries < ATTACH_TRIES; tries++) {
		entered = l45_enter(ln);
		table = srcu_dereference(ln->table, &ln->calls);
		list = table ? l45_list_for(table, &self, GFP_KERNEL) : NULL;
		if (IS_ERR(list)) {
			l45_leave(ln, entered);
			return -ENOMEM;
		}
		spin_lock_bh(&ln->socks_lock);
		current_table = rcu_access_pointer(ln->table) == table;
		before = list;
		if (current_table)
			before = rcu_replace_pointer(ctx->list, list, lockdep_is_held(&ln->socks_lock));
		spin_unlock_bh(&ln->socks_lock);
		l45_list_free(before);
		l45_leave(ln, entered);
		if (current_table)
			return 0;
	}
	return -ENOMEM;
}
