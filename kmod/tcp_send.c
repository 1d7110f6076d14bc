// SPDX-License-Identifier: GPL-2.0
/* The calls that send: which of them are ours, and what they do before the first byte. */
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>

#include "tcp_internal.h"

/* The module's delay, before the call does anything. 0, or -errno of a signal. */
static int wait_delay(struct sock *sk, int flags, u32 delay_us)
{
	ktime_t until = ns_to_ktime((u64)delay_us * NSEC_PER_USEC);

	set_current_state(TASK_INTERRUPTIBLE);
	if (schedule_hrtimeout(&until, HRTIMER_MODE_REL) && signal_pending(current))
		return sock_intr_errno(sock_sndtimeo(sk, flags & MSG_DONTWAIT));
	return 0;
}

/*
 * Takes the socket lock when the stream is one that a dialect may go out on. NULL, and nothing locked: the call is for
 * stock code. ERR_PTR: a signal came during the module's delay.
 */
static struct l45_sock *lock_concerned(struct sock *sk, int flags, size_t size)
{
	struct l45_sock *ctx = l45_tcp_first_use(sk);
	u32 delay_us;

	if (!ctx || !size)
		return NULL;
	delay_us = READ_ONCE(ctx->tcp->delay_us);
	/* A sender's delay is for what it sends in its dialect, a monitor's for all. */
	if (unlikely(delay_us) && (l45_tcp_tx_concerned(ctx->tcp) || !READ_ONCE(ctx->tcp->send))) {
		const int error = wait_delay(sk, flags, delay_us);

		if (error)
			return ERR_PTR(error);
		ctx = l45_sk(sk);
	}
	if (!ctx || !l45_tcp_tx_concerned(ctx->tcp))
		return NULL;
	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx && !tcp_sk(sk)->repair) {
		l45_tcp_refresh(ctx);
		if (unlikely(ctx->tcp->in_kind))
			l45_tcp_answer_in_kind(ctx);
		if (l45_tcp_tx_concerned(ctx->tcp))
			return ctx;
	}
	release_sock(sk);
	return NULL;
}

static void tell_watchers(struct sock *sk, int sent)
{
	struct l45_sock *ctx = l45_sk(sk);

	if (ctx && unlikely(READ_ONCE(ctx->tcp->watched)) && sent > 0)
		l45_tcp_count_watchers(ctx, true, sent);
}

int l45_tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct l45_sock *ctx;
	int sent;

	l45_come();
	ctx = lock_concerned(sk, msg->msg_flags, size);
	if (IS_ERR(ctx)) {
		sent = PTR_ERR(ctx);
	} else if (ctx) {
		sent = l45_tcp_send_locked(ctx, msg, size);
		l45_tcp_let_go(sk);
		release_sock(sk);
	} else {
		sent = l45_tcp_stock(sk)->sendmsg(sk, msg, size);
	}
	tell_watchers(sk, sent);
	l45_go();
	return sent;
}

#ifdef L45_HAVE_SENDPAGE
int l45_tcp_sendpage(struct sock *sk, struct page *page, int offset, size_t size, int flags)
{
	struct l45_sock *ctx;
	int sent;

	l45_come();
	ctx = lock_concerned(sk, flags, size);
	if (IS_ERR(ctx)) {
		sent = PTR_ERR(ctx);
	} else if (ctx) {
		sent = l45_tcp_sendpage_locked(ctx, page, offset, size, flags);
		l45_tcp_let_go(sk);
		release_sock(sk);
	} else {
		sent = l45_tcp_stock(sk)->sendpage(sk, page, offset, size, flags);
	}
	tell_watchers(sk, sent);
	l45_go();
	return sent;
}
#endif
