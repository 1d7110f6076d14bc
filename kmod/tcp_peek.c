// SPDX-License-Identifier: GPL-2.0
/*
 * Looking ahead: a copy of the receiver's place is moved over the queue, which stays as it is. MSG_PEEK, FIONREAD,
 * SO_RCVLOWAT and the first look at a stream's opening need it.
 */
#include <linux/skbuff.h>

#include "tcp_internal.h"

struct ahead {
	struct l45_tcp_reading *reading;
	struct l45_stream_rx rx;
	u32 skip; /* plain bytes to step over first: SO_PEEK_OFF */
};

/* Plain bytes at offset, or some of them, to the caller. Returns the bytes that were passed, or -EFAULT. */
static int show(struct ahead *ahead, struct sk_buff *skb, u32 offset, u32 bytes)
{
	struct l45_tcp_reading *reading = ahead->reading;

	if (ahead->skip) {
		bytes = min(bytes, ahead->skip);
		ahead->skip -= bytes;
		return bytes;
	}
	bytes = min_t(size_t, bytes, reading->want);
	if (!reading->discard && skb_copy_datagram_msg(skb, offset, reading->msg, bytes))
		return -EFAULT;
	l45_tcp_note_stamp(reading, skb);
	reading->got += bytes;
	reading->want -= bytes;
	return bytes;
}

/* One step into len bytes at offset, none of them urgent. Returns the bytes that were passed, or -errno. */
static int step(struct ahead *ahead, struct sk_buff *skb, u32 offset, u32 len)
{
	const struct l45_tcp_sock *tcp = ahead->reading->ctx->tcp;
	u8 tag[L45_TAG_BYTES_MAX];
	struct l45_expect expect;
	int bytes;

	l45_stream_rx_expect(&ahead->rx, tcp->rx_codecs, tcp->rx_count, &expect);
	bytes = min(expect.bytes, len);
	if (expect.is_tag) {
		bytes = min_t(int, bytes, sizeof(tag));
		if (skb_copy_bits(skb, offset, tag, bytes) ||
		    l45_stream_rx_tag(&ahead->rx, tcp->rx_codecs, tcp->rx_count, tag, bytes))
			return -EBADMSG;
		return bytes;
	}
	bytes = show(ahead, skb, offset, bytes);
	if (bytes > 0)
		l45_stream_rx_plain(&ahead->rx, bytes);
	return bytes;
}

int l45_tcp_look(struct l45_tcp_reading *reading, u32 skip)
{
	const struct sock *sk = reading->ctx->sk;
	const struct tcp_sock *tp = tcp_sk(sk);
	struct ahead ahead = { .reading = reading, .rx = reading->ctx->tcp->rx, .skip = skip };
	u32 seq = tp->copied_seq;
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		u32 offset = seq - TCP_SKB_CB(skb)->seq;

		while (offset < skb->len && reading->want) {
			u32 len = skb->len - offset;
			int bytes;

			if (l45_tcp_at_mark(sk, seq)) {
				if (reading->got)
					return 0;
				bytes = sock_flag(sk, SOCK_URGINLINE) ? show(&ahead, skb, offset, 1) : 1;
			} else {
				if (unlikely(tp->urg_data) && tp->urg_seq - seq < len)
					len = tp->urg_seq - seq;
				bytes = step(&ahead, skb, offset, len);
			}
			if (bytes < 0)
				/* A wrong tag is met when it is read; what stands before it may be seen. */
				return bytes == -EBADMSG ? 0 : bytes;
			offset += bytes;
			seq += bytes;
		}
		if (!reading->want || (TCP_SKB_CB(skb)->tcp_flags & TCPHDR_FIN))
			break;
	}
	return 0;
}

u32 l45_tcp_plain_bytes(struct l45_sock *ctx, u32 limit)
{
	struct l45_tcp_reading reading = { .ctx = ctx, .want = limit, .discard = true };

	l45_tcp_look(&reading, 0);
	return reading.got;
}

u32 l45_tcp_head(const struct sock *sk, u8 *to, u32 room, bool *pushed)
{
	u32 seq = tcp_sk(sk)->copied_seq, have = 0;
	struct sk_buff *skb;

	*pushed = false;
	skb_queue_walk(&sk->sk_receive_queue, skb) {
		u32 offset = seq - TCP_SKB_CB(skb)->seq, bytes;

		if (offset >= skb->len)
			continue;
		bytes = min(room - have, skb->len - offset);
		if (l45_tcp_at_mark(sk, seq) && !sock_flag(sk, SOCK_URGINLINE)) {
			seq++;
			offset++;
			if (offset >= skb->len)
				continue;
			bytes = min(room - have, skb->len - offset);
		}
		if (skb_copy_bits(skb, offset, to + have, bytes))
			break;
		have += bytes;
		seq += bytes;
		*pushed = offset + bytes == skb->len && (TCP_SKB_CB(skb)->tcp_flags & TCPHDR_PSH);
		if (have == room)
			break;
	}
	return have;
}
