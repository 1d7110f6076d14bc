// SPDX-License-Identifier: GPL-2.0
/*
 * Readiness in plain bytes: a queue that holds only a tag, or a part of one, is not readable. Such tags are taken here.
 * Waking stays TCP's: every segment that comes wakes, so an edge is never missed, only looked at.
 */
#include <linux/poll.h>

#include "tcp_internal.h"

#define READABLE (EPOLLIN | EPOLLRDNORM)

/* Bytes of a frame under way are there, or nothing of ours is on the stream: no look at the queue is needed. */
static bool obvious(const struct sock *sk, const struct l45_tcp_sock *tcp)
{
	const u8 mode = READ_ONCE(tcp->rx.mode);

	if (mode == L45_PLAIN || mode == L45_BROKEN || tcp->opened == L45_LISTENS)
		return true;
	return mode == L45_FRAMED && READ_ONCE(tcp->rx.frame_left) > 0 && READ_ONCE(sk->sk_rcvlowat) <= 1 &&
	       !READ_ONCE(tcp_sk(sk)->urg_data);
}

/* Would a read meet a plain byte, the end or an error? Socket lock held. */
static bool readable(struct l45_sock *ctx)
{
	struct sock *sk = ctx->sk;
	const int target = sock_rcvlowat(sk, 0, INT_MAX);
	const bool any = l45_tcp_take_tags(ctx);

	if (sk->sk_err || sk->sk_state == TCP_CLOSE || (sk->sk_shutdown & RCV_SHUTDOWN) || sock_flag(sk, SOCK_DONE))
		return true;
	if (ctx->tcp->rx.mode == L45_BROKEN)
		return true;
	return any && (target <= 1 || l45_tcp_plain_bytes(ctx, target) >= target);
}

bool l45_tcp_readable(struct sock *sk)
{
	struct l45_sock *ctx = l45_sk(sk);
	bool yes = true;

	if (!ctx || obvious(sk, ctx->tcp))
		return true;
	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx && l45_tcp_rx_concerned(ctx->tcp) && !tcp_sk(sk)->repair)
		yes = readable(ctx);
	release_sock(sk);
	return yes;
}

__poll_t l45_tcp_poll(struct file *file, struct socket *sock, poll_table *wait)
{
	__poll_t mask;

	l45_come();
	mask = tcp_poll(file, sock, wait);
	if ((mask & READABLE) && !l45_tcp_readable(sock->sk))
		mask &= ~READABLE;
	l45_go();
	return mask;
}
