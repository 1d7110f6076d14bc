// SPDX-License-Identifier: GPL-2.0
/*
 * A listener hands the tap on. A child is a bitwise copy of its listener, struct proto pointer included: left so, it
 * would run on the listener's context, which may go first. Instead the function that makes children is wrapped, in a
 * copy of the listener's af_ops: it puts the stock pointers into the child before anybody can see it (the child is
 * locked, and in no accept queue yet) and then gives it a context of its own. Where there is no memory for that the
 * child is plain, and reported.
 *
 * On a listener that is already open the wrapper stands one grace period before the proto does, and goes after it: no
 * child is ever made of our proto past the wrapper.
 */
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "tcp_internal.h"

/* Its last argument came in a stable update: which form this kernel has is read from the type. */
typedef void (*child_init_t)(struct sock *newsk, const struct sock *sk);
typedef struct sock *(*syn_recv_t)(const struct sock *sk, struct sk_buff *skb, struct request_sock *req,
				   struct dst_entry *dst, struct request_sock *req_unhash, bool *own_req);
typedef struct sock *(*syn_recv_init_t)(const struct sock *sk, struct sk_buff *skb, struct request_sock *req,
					struct dst_entry *dst, struct request_sock *req_unhash, bool *own_req,
					child_init_t init);

static bool is_wrapper(const struct inet_connection_sock_af_ops *ops);

static const struct inet_connection_sock_af_ops *stock_ops(const struct inet_connection_sock_af_ops *ops)
{
	return is_wrapper(ops) ? container_of(ops, struct l45_tcp_listener, ops)->stock : ops;
}

static void *stock_of(const struct sock *listener)
{
	return stock_ops(READ_ONCE(inet_csk(listener)->icsk_af_ops))->syn_recv_sock;
}

/* A child was made. Softirq, or process context with BH off; in an RCU section. */
static void adopt(const struct sock *listener, struct sock *child, bool own_request)
{
	enum l45_refusal why = L45_REFUSED_NONE;
	const struct l45_sock *ctx = l45_sk(listener);

	if (l45_tcp_is_ours(child->sk_prot_creator))
		child->sk_prot_creator = container_of(child->sk_prot_creator, struct l45_sock, proto)->stock;
	if (l45_tcp_is_ours(child->sk_prot))
		WRITE_ONCE(child->sk_prot, container_of(child->sk_prot, struct l45_sock, proto)->stock);
	inet_csk(child)->icsk_af_ops = stock_ops(inet_csk(child)->icsk_af_ops);
	/* A child that lost the race for its request is thrown away by the caller, past any hook of ours. */
	if (ctx && own_request)
		l45_attach(child, ctx->ln, ctx->process, ctx->thread, GFP_ATOMIC, &why);
}

static struct sock *__maybe_unused syn_recv(const struct sock *sk, struct sk_buff *skb, struct request_sock *req,
					    struct dst_entry *dst, struct request_sock *req_unhash, bool *own_req)
{
	struct sock *child;

	rcu_read_lock();
	child = ((syn_recv_t)stock_of(sk))(sk, skb, req, dst, req_unhash, own_req);
	if (child)
		adopt(sk, child, *own_req);
	rcu_read_unlock();
	return child;
}

static struct sock *__maybe_unused syn_recv_init(const struct sock *sk, struct sk_buff *skb, struct request_sock *req,
						 struct dst_entry *dst, struct request_sock *req_unhash, bool *own_req,
						 child_init_t init)
{
	struct sock *child;

	rcu_read_lock();
	child = ((syn_recv_init_t)stock_of(sk))(sk, skb, req, dst, req_unhash, own_req, init);
	if (child)
		adopt(sk, child, *own_req);
	rcu_read_unlock();
	return child;
}

static void *wrapper(void)
{
	const struct inet_connection_sock_af_ops *ops;

	return __builtin_types_compatible_p(typeof(ops->syn_recv_sock), syn_recv_init_t) ?
		(void *)syn_recv_init : (void *)syn_recv;
}

static bool is_wrapper(const struct inet_connection_sock_af_ops *ops)
{
	return (void *)ops->syn_recv_sock == wrapper();
}

/*
 * On a listener that is already open the wrapper is seen from here on. Should the tap not come about in the end, it
 * goes with the context, which keeps the socket until then.
 */
int l45_tcp_listener_make(struct l45_sock *ctx, gfp_t gfp)
{
	struct inet_connection_sock *icsk = inet_csk(ctx->sk);
	struct l45_tcp_listener *listener = kzalloc(sizeof(*listener), gfp);

	if (!listener)
		return -ENOMEM;
	listener->stock = stock_ops(icsk->icsk_af_ops);
	listener->ops = *listener->stock;
	listener->ops.syn_recv_sock = wrapper();
	ctx->tcp->listener = listener;
	if (ctx->sk->sk_state != TCP_LISTEN)
		return 0;
	sock_hold(ctx->sk);
	listener->early = true;
	l45_tcp_listener_on(ctx);
	synchronize_rcu_expedited();
	return 0;
}

void l45_tcp_listener_on(struct l45_sock *ctx)
{
	/* What the wrapper finds must be whole. */
	smp_store_release(&inet_csk(ctx->sk)->icsk_af_ops, &ctx->tcp->listener->ops);
}

void l45_tcp_listener_off(struct l45_sock *ctx)
{
	struct l45_tcp_listener *listener = ctx->tcp->listener;

	/* Read without a lock: who finds the stock ops finds the stock proto, which went back before. */
	if (listener)
		cmpxchg((const void **)&inet_csk(ctx->sk)->icsk_af_ops, (const void *)&listener->ops,
			(const void *)listener->stock);
}

void l45_tcp_listener_free(struct l45_sock *ctx)
{
	struct l45_tcp_listener *listener = ctx->tcp->listener;

	if (!listener)
		return;
	if (listener->early) {
		l45_tcp_listener_off(ctx);
		sock_put(ctx->sk);
	}
	kfree_rcu(listener, rcu);
}

/* A child gets its struct socket inside accept, under its lock: this runs as that lock is given up. */
void l45_tcp_release_cb(struct sock *sk)
{
	void (*stock)(struct sock *sk) = l45_tcp_stock(sk)->release_cb;
	struct l45_sock *ctx;

	rcu_read_lock();
	ctx = l45_sk(sk);
	if (ctx && sk->sk_socket) {
		struct l45_tcp_sock *tcp = ctx->tcp;

		l45_tcp_graft(ctx);
		WRITE_ONCE(ctx->proto.release_cb, stock);
		if (tcp->opened == L45_ACCEPTED &&
		    (strncmp(ctx->thread, current->comm, L45_TASK_NAME_BYTES) ||
		     strncmp(ctx->process, current->group_leader->comm, L45_TASK_NAME_BYTES)))
			WRITE_ONCE(tcp->renamed, true);
	}
	rcu_read_unlock();
	stock(sk);
}

/* Under ln->lock, so that no table reads the names meanwhile, and the socket lock. */
static void rename_locked(struct l45_sock *ctx)
{
	struct l45_tcp_sock *tcp = ctx->tcp;

	strscpy_pad(ctx->process, current->group_leader->comm, sizeof(ctx->process));
	strscpy_pad(ctx->thread, current->comm, sizeof(ctx->thread));
	/* Without memory its listener's modules stay: a table that changes tries again. */
	if (l45_relist(ctx, 0))
		return;
	/* Nothing has been read by those. */
	if (tcp->rx.mode == L45_UNDECIDED)
		l45_tcp_forget(tcp);
	l45_tcp_refresh(ctx);
}

void l45_tcp_rename(struct sock *sk)
{
	struct l45_net *ln = l45_net(sock_net(sk));
	struct l45_sock *ctx;

	mutex_lock(&ln->lock);
	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx && ctx->tcp->renamed) {
		WRITE_ONCE(ctx->tcp->renamed, false);
		rename_locked(ctx);
	}
	release_sock(sk);
	mutex_unlock(&ln->lock);
}
