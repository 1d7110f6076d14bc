// SPDX-License-Identifier: GPL-2.0
/*
 * The context of a tapped TCP socket: how it comes, how it goes. It goes at the first of close, disconnect and destroy,
 * each with the socket lock (or the child) in hand; from then on every function of ours sends its caller on to stock
 * code. So it is freed once, and a socket that lives on past its file (FIN_WAIT, TIME_WAIT) is stock.
 */
#include <linux/net.h>
#include <linux/slab.h>

#include "tcp_internal.h"

/* Copies of the stock ones with poll and splice of our own; [1]: of PF_INET6. */
static const struct proto_ops *stream_ops[2] __read_mostly;

/* No byte of a dialect is on it or on its way: stock code may have it. */
static bool may_go(const struct l45_sock *ctx)
{
	const struct l45_tcp_sock *tcp = ctx->tcp;

	return !l45_tcp_tx_concerned(tcp) && (!l45_tcp_rx_concerned(tcp) || tcp->rx.mode == L45_BROKEN);
}

void l45_tcp_let_go(struct sock *sk)
{
	struct l45_sock *ctx = l45_sk(sk);

	if (likely(!ctx || rcu_access_pointer(ctx->list)))
		return;
	l45_tcp_refresh(ctx);
	/* Nothing can be read as a dialect any more, and nothing of one has come: it will not. */
	if (ctx->tcp->rx.mode == L45_UNDECIDED && !ctx->tcp->rx_count)
		WRITE_ONCE(ctx->tcp->rx.mode, L45_PLAIN);
	if (ctx->tcp->tx.mode == L45_UNDECIDED)
		WRITE_ONCE(ctx->tcp->tx.mode, L45_PLAIN);
	if (may_go(ctx))
		l45_detach(ctx);
}

/* Socket lock held. */
static void detach(struct sock *sk)
{
	struct l45_sock *ctx = l45_sk(sk);

	if (ctx)
		l45_detach(ctx);
}

static void tcp_close_tapped(struct sock *sk, long timeout)
{
	struct l45_sock *ctx;

	l45_come();
	lock_sock(sk);
	ctx = l45_sk(sk);
	/* Unread bytes make TCP reset the connection; a tag alone is no byte of the program's. */
	if (ctx && sk->sk_state != TCP_LISTEN && sk->sk_state != TCP_CLOSE && l45_tcp_rx_concerned(ctx->tcp))
		l45_tcp_take_tags(ctx);
	detach(sk);
	release_sock(sk);
	l45_tcp_stock(sk)->close(sk, timeout);
	l45_go();
}

static int tcp_disconnect_tapped(struct sock *sk, int flags)
{
	detach(sk);
	return l45_tcp_stock(sk)->disconnect(sk, flags);
}

/* The last one for children that nobody accepted. Any context; nobody else uses the socket. */
static void tcp_destroy_tapped(struct sock *sk)
{
	detach(sk);
	l45_tcp_stock(sk)->destroy(sk);
}

/* Another try after one that failed: the names may be others by now, and the peer is. The hook taps it anew. */
static int tcp_connect_tapped(struct sock *sk, struct sockaddr *address, int bytes)
{
	int error;

	l45_come();
	detach(sk);
	error = l45_tcp_stock(sk)->connect(sk, address, bytes);
	l45_go();
	return error;
}

bool l45_tcp_is_ours(const struct proto *proto)
{
	return proto->close == tcp_close_tapped;
}

static enum l45_opened opening(const struct sock *sk)
{
	switch (sk->sk_state) {
	case TCP_LISTEN:
		return L45_LISTENS;
	case TCP_SYN_RECV:
		/* Made by a listener, and not accepted yet. */
		return sk->sk_socket ? L45_OPEN_BEFORE : L45_ACCEPTED;
	case TCP_CLOSE:
		/* On the way to LISTEN or SYN_SENT. Bytes that are on their way in the SYN have passed us by. */
		if (!inet_sk(sk)->inet_dport)
			return L45_LISTENS;
		return tcp_sk(sk)->fastopen_req ? L45_OPEN_BEFORE : L45_CONNECTED;
	default:
		return L45_OPEN_BEFORE;
	}
}

enum l45_role l45_tcp_role(const struct sock *sk)
{
	const struct l45_sock *ctx = l45_sk(sk);

	switch (ctx ? ctx->tcp->opened : opening(sk)) {
	case L45_CONNECTED:
		return L45_CONNECTING_END;
	case L45_ACCEPTED:
	case L45_LISTENS:
		return L45_ACCEPTING_END;
	default:
		return L45_EITHER_END;
	}
}

static void fill_proto(struct l45_sock *ctx)
{
	struct proto *proto = &ctx->proto;

	*proto = *ctx->stock;
	proto->close = tcp_close_tapped;
	proto->disconnect = tcp_disconnect_tapped;
	proto->destroy = tcp_destroy_tapped;
	proto->connect = tcp_connect_tapped;
	proto->sendmsg = l45_tcp_sendmsg;
	proto->recvmsg = l45_tcp_recvmsg;
	proto->setsockopt = l45_tcp_setsockopt;
	proto->getsockopt = l45_tcp_getsockopt;
	proto->ioctl = l45_tcp_ioctl;
	proto->release_cb = l45_tcp_release_cb;
#ifdef L45_HAVE_SENDPAGE
	proto->sendpage = l45_tcp_sendpage;
#endif
#ifdef CONFIG_BPF_SYSCALL
	proto->psock_update_sk_prot = NULL; /* no sockmap on a tapped socket */
#endif
}

int l45_tcp_prepare(struct l45_sock *ctx, gfp_t gfp)
{
	struct l45_tcp_sock *tcp = kzalloc(sizeof(*tcp), gfp);
	int error;

	if (!tcp)
		return -ENOMEM;
	tcp->opened = opening(ctx->sk);
	tcp->tx.direction = tcp->opened == L45_CONNECTED ? L45_REQUEST : L45_RESPONSE;
	tcp->rx.direction = tcp->opened == L45_CONNECTED ? L45_RESPONSE : L45_REQUEST;
	if (tcp->opened == L45_OPEN_BEFORE || tcp->opened == L45_LISTENS) {
		tcp->tx.mode = L45_PLAIN;
		tcp->rx.mode = L45_PLAIN;
	}
	ctx->tcp = tcp;
	fill_proto(ctx);
	if (tcp->opened != L45_LISTENS)
		return 0;
	error = l45_tcp_listener_make(ctx, gfp);
	if (error) {
		kfree(tcp);
		ctx->tcp = NULL;
	}
	return error;
}

/* Socket lock held, or inside accept. */
void l45_tcp_graft(struct l45_sock *ctx)
{
	struct socket *sock = ctx->sk->sk_socket;
	struct l45_tcp_sock *tcp = ctx->tcp;

	/* A listener's children copy its ops: they are given theirs one by one. */
	if (!sock || tcp->grafted || tcp->opened == L45_LISTENS)
		return;
	tcp->stock_ops = sock->ops;
	if (sock->ops == l45_stock.stream)
		WRITE_ONCE(sock->ops, stream_ops[0]);
	else if (sock->ops == l45_stock.stream6)
		WRITE_ONCE(sock->ops, stream_ops[1]);
	else
		return;
	tcp->grafted = true;
}

void l45_tcp_swapped(struct l45_sock *ctx)
{
	if (ctx->tcp->opened == L45_LISTENS)
		l45_tcp_listener_on(ctx);
	else
		l45_tcp_graft(ctx);
	l45_tcp_refresh(ctx);
}

void l45_tcp_restore(struct l45_sock *ctx)
{
	struct socket *sock = ctx->sk->sk_socket;
	struct l45_tcp_sock *tcp = ctx->tcp;

	/* Before the wrapper goes: see tcp_child.c. */
	smp_store_release(&ctx->sk->sk_prot, ctx->stock);
	l45_tcp_listener_off(ctx);
	if (tcp->grafted && sock)
		WRITE_ONCE(sock->ops, tcp->stock_ops);
}

void l45_tcp_free(struct l45_sock *ctx)
{
	struct l45_tcp_sock *tcp = ctx->tcp;

	if (!tcp)
		return;
	l45_tcp_forget(tcp);
	l45_tcp_listener_free(ctx);
	kfree(tcp);
}

/*
 * The table changed. Calls choose by the list in force whenever they begin a stretch; this one is for the silent
 * streams, so that what they report is true, and lets go of those that nobody has a use for any more.
 */
void l45_tcp_relist(struct l45_sock *ctx)
{
	struct sock *sk = ctx->sk;

	lock_sock(sk);
	if (l45_tcp_still(sk, ctx)) {
		l45_tcp_refresh(ctx);
		l45_tcp_let_go(sk);
	}
	release_sock(sk);
}

static const struct proto_ops *make_ops(const struct proto_ops *stock)
{
	struct proto_ops *const ops = kmemdup(stock, sizeof(*stock), GFP_KERNEL);

	if (!ops)
		return NULL;
	ops->poll = l45_tcp_poll;
	ops->splice_read = l45_tcp_splice_read;
	/* In-kernel readers and writers (KCM) would meet the wire. */
	ops->read_sock = NULL;
	ops->read_skb = NULL;
	ops->sendmsg_locked = NULL;
	return ops;
}

int l45_tcp_init(void)
{
	stream_ops[0] = make_ops(l45_stock.stream);
	stream_ops[1] = make_ops(l45_stock.stream6);
	if (stream_ops[0] && stream_ops[1])
		return 0;
	l45_tcp_exit();
	return -ENOMEM;
}

void l45_tcp_exit(void)
{
	kfree(stream_ops[0]);
	kfree(stream_ops[1]);
}
