// SPDX-License-Identifier: GPL-2.0
/* The calls that send: which of them are ours, and what they do before the first byte. */
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>

#include "tcp_internal.h"

/* The module's delay, before the call does anything. 0, or -errno of a signal. */
static int wait_delay(struct sock *sk, int flags, u32 delay_us)
{
	ktime_t until = ns_to_ktime((u64)delay_us * NSEC_PER_USEC);

	if (!delay_us)
		return 0;
	set_current_state(TASK_INTERRUPTIBLE);
	if (schedule_hrtimeout(&until, HRTIMER_MODE_REL) && signal_pending(current))
		return sock_intr_errno(sock_sndtimeo(sk, flags & MSG_DONTWAIT));
	return 0;
}

static u32 delay_of(struct sock *sk)
{
	const struct l45_list *list;
	struct l45_sock *ctx;
	u32 delay_us = 0;
	u16 i;

	rcu_read_lock();
	ctx = l45_sk(sk);
	list = ctx && l45_tcp_tx_concerned(ctx->tcp) ? rcu_dereference(ctx->list) : NULL;
	for (i = 0; list && list->sends && i < list->count; i++) {
		if (!l45_may_send(list->module[i], L45_STREAM))
			continue;
		delay_us = list->module[i]->delay_us;
		break;
	}
	rcu_read_unlock();
	return delay_us;
}

static void tell_watchers(struct sock *sk, int sent)
{
	struct l45_sock *ctx;

	if (sent <= 0)
		return;
	rcu_read_lock();
	ctx = l45_sk(sk);
	if (ctx && READ_ONCE(ctx->tcp->watched))
		l45_tcp_count_watchers(ctx, true, sent);
	rcu_read_unlock();
}

static bool concerned(const struct sock *sk)
{
	const struct l45_sock *ctx;
	bool yes;

	rcu_read_lock();
	ctx = l45_sk(sk);
	yes = ctx && l45_tcp_tx_concerned(ctx->tcp);
	rcu_read_unlock();
	return yes;
}

/*
 * Takes the socket lock when the stream is one that a dialect may go out on; NULL, and nothing locked, when the call is
 * for stock code.
 */
static struct l45_sock *lock_concerned(struct sock *sk)
{
	struct l45_sock *ctx;

	if (!concerned(sk))
		return NULL;
	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx && !tcp_sk(sk)->repair) {
		l45_tcp_refresh(ctx);
		l45_tcp_answer_in_kind(ctx);
		if (l45_tcp_tx_concerned(ctx->tcp))
			return ctx;
	}
	release_sock(sk);
	return NULL;
}

int l45_tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct l45_sock *ctx;
	int sent;

	l45_come();
	l45_tcp_first_use(sk);
	sent = wait_delay(sk, msg->msg_flags, delay_of(sk));
	if (sent)
		goto out;
	ctx = size ? lock_concerned(sk) : NULL;
	if (ctx) {
		sent = l45_tcp_send_locked(ctx, msg, size);
		l45_tcp_let_go(sk);
		release_sock(sk);
	} else {
		sent = l45_tcp_stock(sk)->sendmsg(sk, msg, size);
	}
	tell_watchers(sk, sent);
out:
	l45_go();
	return sent;
}

#ifdef L45_HAVE_SENDPAGE
int l45_tcp_sendpage(struct sock *sk, struct page *page, int offset, size_t size, int flags)
{
	struct l45_sock *ctx;
	int sent;

	l45_come();
	l45_tcp_first_use(sk);
	sent = wait_delay(sk, flags, delay_of(sk));
	if (sent)
		goto out;
	ctx = size ? lock_concerned(sk) : NULL;
	if (ctx) {
		sent = l45_tcp_sendpage_locked(ctx, page, offset, size, flags);
		l45_tcp_let_go(sk);
		release_sock(sk);
	} else {
		sent = l45_tcp_stock(sk)->sendpage(sk, page, offset, size, flags);
	}
	tell_watchers(sk, sent);
out:
	l45_go();
	return sent;
}
#endif
