// SPDX-License-Identifier: GPL-2.0
/* What a receive tells beside the bytes: receive times, as TCP tells them, and TCP_INQ in plain bytes. */
#include <linux/errqueue.h>
#include <linux/skbuff.h>

#include "tcp_internal.h"

void l45_tcp_note_stamp(struct l45_tcp_reading *reading, struct sk_buff *skb)
{
	if (likely(!TCP_SKB_CB(skb)->has_rxtstamp))
		return;
	reading->stamped = true;
	reading->software = skb->tstamp;
	reading->hardware = skb_hwtstamps(skb)->hwtstamp;
}

static void tell_time(struct sock *sk, struct msghdr *msg, struct timespec64 at)
{
	const bool ns = sock_flag(sk, SOCK_RCVTSTAMPNS);

	if (sock_flag(sk, SOCK_TSTAMP_NEW) && ns) {
		struct __kernel_timespec ts = { .tv_sec = at.tv_sec, .tv_nsec = at.tv_nsec };

		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_NEW, sizeof(ts), &ts);
	} else if (sock_flag(sk, SOCK_TSTAMP_NEW)) {
		struct __kernel_sock_timeval tv = { .tv_sec = at.tv_sec, .tv_usec = at.tv_nsec / NSEC_PER_USEC };

		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_NEW, sizeof(tv), &tv);
	} else if (ns) {
		struct __kernel_old_timespec ts = { .tv_sec = at.tv_sec, .tv_nsec = at.tv_nsec };

		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_OLD, sizeof(ts), &ts);
	} else {
		struct __kernel_old_timeval tv = { .tv_sec = at.tv_sec, .tv_usec = at.tv_nsec / NSEC_PER_USEC };

		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_OLD, sizeof(tv), &tv);
	}
}

static void tell_times(struct sock *sk, struct l45_tcp_reading *reading)
{
	struct scm_timestamping_internal tss = {};
	const u32 wanted = READ_ONCE(sk->sk_tsflags);

	if (reading->software && sock_flag(sk, SOCK_RCVTSTAMP))
		tell_time(sk, reading->msg, ktime_to_timespec64(reading->software));
	if (reading->software && (wanted & SOF_TIMESTAMPING_SOFTWARE))
		tss.ts[0] = ktime_to_timespec64(reading->software);
	if (reading->hardware && (wanted & SOF_TIMESTAMPING_RAW_HARDWARE))
		tss.ts[2] = ktime_to_timespec64(reading->hardware);
	if (!timespec64_to_ns(&tss.ts[0]) && !timespec64_to_ns(&tss.ts[2]))
		return;
	if (sock_flag(sk, SOCK_TSTAMP_NEW))
		put_cmsg_scm_timestamping64(reading->msg, &tss);
	else
		put_cmsg_scm_timestamping(reading->msg, &tss);
}

void l45_tcp_ancillary(struct sock *sk, struct l45_tcp_reading *reading, int plain_left)
{
	struct msghdr *msg = reading->msg;

	if (reading->stamped)
		tell_times(sk, reading);
	if (plain_left < 0)
		return;
	msg->msg_get_inq = 1;
	msg->msg_inq = plain_left;
	if (tcp_sk(sk)->recvmsg_inq)
		put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(msg->msg_inq), &msg->msg_inq);
}
