// SPDX-License-Identifier: GPL-2.0
/*
 * Receiving on a tapped stream: TCP's own loop over its own queue, with the engine in the place of the copy. A read is
 * filled as far as the queue goes: a short one means that the queue is empty, which users of edge-triggered epoll rely
 * on.
 */
#include <net/busy_poll.h>

#include "tcp_internal.h"

/* The context went while we slept, or the stream is none of ours: stock code goes on. Never seen outside. */
#define NATIVELY (-ENOIOCTLCMD)

/* What stands in the queue, as far as it is wanted. */
static int read_queue(struct l45_tcp_reading *reading, int flags)
{
	struct l45_sock *ctx = reading->ctx;
	struct l45_tcp_sock *tcp = ctx->tcp;
	u32 skip;

	l45_tcp_refresh(ctx);
	if (tcp->rx.mode == L45_UNDECIDED)
		l45_tcp_settle(ctx);
	if (tcp->rx.mode == L45_BROKEN)
		return -ECONNRESET;
	if (tcp->rx.mode == L45_UNDECIDED)
		return 0;
	if (!(flags & MSG_PEEK))
		return l45_tcp_take(reading);
	skip = max(sk_peek_offset(ctx->sk, flags), 0);
	return l45_tcp_look(reading, skip);
}

/* Nothing more is in the queue and it is not enough. 0: there may be more to come; else what the call ends with. */
static int ended(struct sock *sk, bool any, long timeo, bool *end)
{
	*end = true;
	if (any) {
		if (!timeo || sk->sk_err || sk->sk_state == TCP_CLOSE || (sk->sk_shutdown & RCV_SHUTDOWN) ||
		    signal_pending(current))
			return 0;
	} else {
		if (sock_flag(sk, SOCK_DONE))
			return 0;
		if (sk->sk_err)
			return sock_error(sk);
		if (sk->sk_shutdown & RCV_SHUTDOWN)
			return 0;
		if (sk->sk_state == TCP_CLOSE)
			return -ENOTCONN;
		if (!timeo)
			return -EAGAIN;
		if (signal_pending(current))
			return sock_intr_errno(timeo);
	}
	*end = false;
	return 0;
}

/* Looks again from the beginning. */
static void rewind(struct l45_tcp_reading *reading)
{
	if (!reading->discard)
		iov_iter_revert(&reading->msg->msg_iter, reading->got);
	reading->want += reading->got;
	reading->got = 0;
}

static int receive(struct l45_tcp_reading *reading, int flags)
{
	struct l45_sock *ctx = reading->ctx;
	struct sock *sk = ctx->sk;
	const size_t target = sock_rcvlowat(sk, flags & MSG_WAITALL, min_t(size_t, reading->want, INT_MAX));
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	bool end = false;
	int error;

	for (;;) {
		error = read_queue(reading, flags);
		if (error || !reading->want)
			break;
		if (reading->got >= target) {
			if ((flags & MSG_PEEK) || !READ_ONCE(sk->sk_backlog.tail) ||
			    l45_tcp_at_mark(sk, tcp_sk(sk)->copied_seq))
				break;
			sk_flush_backlog(sk);
		} else {
			error = ended(sk, reading->got, timeo, &end);
			if (end)
				break;
			error = sk_wait_data(sk, &timeo, skb_peek_tail(&sk->sk_receive_queue));
			if (error < 0)
				break;
			error = 0;
		}
		if (!l45_tcp_still(sk, ctx))
			return reading->got ? reading->got : NATIVELY;
		if (flags & MSG_PEEK)
			rewind(reading);
	}
	if (reading->got && (flags & MSG_PEEK))
		sk_peek_offset_fwd(sk, reading->got);
	else if (reading->got)
		sk_peek_offset_bwd(sk, reading->got);
	return reading->got ? reading->got : error;
}

static void tell_watchers(struct sock *sk, int got, int flags)
{
	struct l45_sock *ctx = l45_sk(sk);

	if (ctx && unlikely(READ_ONCE(ctx->tcp->watched)) && got > 0 && !(flags & MSG_PEEK))
		l45_tcp_count_watchers(ctx, false, got);
}

/* A broken stream is of no use any more: the peer is told so, and so is the program, each time. */
static void reset(struct sock *sk)
{
	if (inet_sk_state_load(sk) != TCP_CLOSE)
		tcp_abort(sk, ECONNRESET);
	sock_error(sk);
}

static int receive_framed(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct l45_tcp_reading reading = { .msg = msg, .want = len, .discard = flags & MSG_TRUNC };
	int got = NATIVELY, inq = -1;
	struct l45_sock *ctx;
	bool broken = false;

	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx && l45_tcp_rx_concerned(ctx->tcp) && sk->sk_state != TCP_LISTEN && !tcp_sk(sk)->repair) {
		reading.ctx = ctx;
		got = receive(&reading, flags);
		ctx = l45_sk(sk);
		broken = ctx && ctx->tcp->rx.mode == L45_BROKEN;
		if (ctx && got >= 0 && (tcp_sk(sk)->recvmsg_inq || msg->msg_get_inq)) {
			inq = l45_tcp_plain_bytes(ctx, INT_MAX);
			/* As in TCP: after the end there is still the end to read. */
			if (!inq && sock_flag(sk, SOCK_DONE))
				inq = 1;
		}
		l45_tcp_let_go(sk);
	}
	release_sock(sk);
	if (broken && got < 0)
		reset(sk);
	else if (got >= 0)
		l45_tcp_ancillary(sk, &reading, inq);
	return got;
}

int l45_tcp_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len)
{
	struct l45_sock *ctx;
	int got = NATIVELY;

	l45_come();
	ctx = l45_tcp_first_use(sk);
	if (ctx && l45_tcp_rx_concerned(ctx->tcp) && len && !(flags & (MSG_OOB | MSG_ERRQUEUE))) {
		if (sk_can_busy_loop(sk) && skb_queue_empty_lockless(&sk->sk_receive_queue) &&
		    sk->sk_state == TCP_ESTABLISHED)
			sk_busy_loop(sk, flags & MSG_DONTWAIT);
		got = receive_framed(sk, msg, len, flags);
	}
	if (got == NATIVELY)
		got = l45_tcp_stock(sk)->recvmsg(sk, msg, len, flags, addr_len);
	tell_watchers(sk, got, flags);
	l45_go();
	return got;
}
