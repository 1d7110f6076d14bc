// SPDX-License-Identifier: GPL-2.0
/*
 * The receive queue as the engine sees it: tags are looked at where they lie, plain bytes go straight from the segments
 * into the caller's buffers. What is not delivered stays in TCP's own queue, so the window, the end of the stream and
 * resets stay native and nothing of ours has to be flushed when the socket is let go.
 */
#include <linux/skbuff.h>

#include "tcp_internal.h"

static void count(struct l45_tcp_reading *reading)
{
	const struct l45_tcp_sock *tcp = reading->ctx->tcp;

	if (reading->uncounted && tcp->rx_module)
		l45_count_received(tcp->rx_module->tally, 0, reading->uncounted);
	reading->uncounted = 0;
}

static void forged(struct l45_sock *ctx)
{
	struct l45_tcp_sock *tcp = ctx->tcp;
	struct l45_module *module = tcp->rx_module;

	if (!module && tcp->rx_count)
		module = tcp->rx_modules[0];
	if (!module)
		return;
	l45_count_odd(module->tally, L45_FORGED);
	l45_event_alert(ctx->ln, module->id, ctx, "a stream's tag was wrong: the connection was reset");
}

static int take_tag(struct l45_tcp_reading *reading, const struct sk_buff *skb, u32 offset, u32 bytes)
{
	struct l45_sock *ctx = reading->ctx;
	struct l45_tcp_sock *tcp = ctx->tcp;
	u8 tag[L45_TAG_BYTES_MAX];
	int error;

	bytes = min_t(u32, bytes, sizeof(tag));
	error = skb_copy_bits(skb, offset, tag, bytes);
	if (!error)
		error = l45_stream_rx_tag(&tcp->rx, tcp->rx_codecs, tcp->rx_count, tag, bytes);
	if (error) {
		WRITE_ONCE(tcp->rx.mode, L45_BROKEN);
		forged(ctx);
		return error;
	}
	if (tcp->rx.tag_done == 0) {
		count(reading);
		l45_tcp_set_module(&tcp->rx_module, tcp->rx_modules[tcp->rx.codec]);
		WRITE_ONCE(ctx->rx_id, tcp->rx_module->id);
		l45_count_received(tcp->rx_module->tally, 1, 0);
	}
	return 0;
}

/* Bytes of one segment. Returns those that were used up; reading->error says why it stopped, if it was not the end. */
static int take(read_descriptor_t *desc, struct sk_buff *skb, unsigned int offset, size_t len)
{
	struct l45_tcp_reading *reading = desc->arg.data;
	struct l45_tcp_sock *tcp = reading->ctx->tcp;
	size_t used = 0;

	while (used < len && !reading->error) {
		struct l45_expect expect;
		size_t bytes;

		l45_stream_rx_expect(&tcp->rx, tcp->rx_codecs, tcp->rx_count, &expect);
		bytes = min_t(size_t, expect.bytes, len - used);
		if (expect.is_tag) {
			reading->error = take_tag(reading, skb, offset + used, bytes);
			used += bytes;
			continue;
		}
		bytes = min(bytes, reading->want);
		if (!bytes)
			break;
		if (!reading->discard && skb_copy_datagram_msg(skb, offset + used, reading->msg, bytes)) {
			reading->error = -EFAULT;
			break;
		}
		l45_stream_rx_plain(&tcp->rx, bytes);
		l45_tcp_note_stamp(reading, skb);
		reading->got += bytes;
		reading->want -= bytes;
		reading->uncounted += bytes;
		used += bytes;
	}
	return used;
}

bool l45_tcp_at_mark(const struct sock *sk, u32 seq)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return unlikely(tp->urg_data) && tp->urg_seq == seq && after(tp->rcv_nxt, seq);
}

/*
 * Steps over the urgent byte, which stands outside the stream that the engine counts; in line it is delivered as it
 * came. False: there was no room for it.
 */
static bool pass_mark(struct l45_tcp_reading *reading)
{
	struct sock *sk = reading->ctx->sk;
	struct tcp_sock *tp = tcp_sk(sk);

	if (sock_flag(sk, SOCK_URGINLINE)) {
		struct sk_buff *skb;
		u32 offset;

		skb = tcp_recv_skb(sk, tp->copied_seq, &offset);
		if (!reading->want || !skb || offset >= skb->len)
			return false;
		if (!reading->discard && skb_copy_datagram_msg(skb, offset, reading->msg, 1)) {
			reading->error = -EFAULT;
			return false;
		}
		reading->got++;
		reading->want--;
	}
	WRITE_ONCE(tp->copied_seq, tp->copied_seq + 1);
	WRITE_ONCE(tp->urg_data, 0);
	tcp_fast_path_check(sk);
	return true;
}

int l45_tcp_take(struct l45_tcp_reading *reading)
{
	struct l45_tcp_sock *tcp = reading->ctx->tcp;
	struct sock *sk = reading->ctx->sk;
	const size_t had = reading->got;

	for (;;) {
		read_descriptor_t desc = { .count = 1, .arg.data = reading };
		const int refused = tcp_read_sock(sk, &desc, take);

		if (refused < 0 && !reading->error)
			reading->error = refused;
		/* As in TCP: a read ends before the mark, the next one begins behind it. */
		if (reading->error || reading->got > had || !reading->want ||
		    !l45_tcp_at_mark(sk, tcp_sk(sk)->copied_seq) || !pass_mark(reading))
			break;
	}
	tcp->rx_moved = jiffies;
	count(reading);
	return reading->error;
}

bool l45_tcp_take_tags(struct l45_sock *ctx)
{
	struct l45_tcp_reading reading = { .ctx = ctx };
	struct l45_tcp_sock *tcp = ctx->tcp;
	struct sock *sk = ctx->sk;

	l45_tcp_refresh(ctx);
	if (tcp->rx.mode == L45_UNDECIDED && !l45_tcp_settle(ctx))
		return false;
	if (tcp->rx.mode == L45_FRAMED && tcp->rx.frame_left == 0)
		l45_tcp_take(&reading);
	return tcp->rx.mode == L45_BROKEN || tcp_inq(sk) > 0;
}
