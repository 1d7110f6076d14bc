// SPDX-License-Identifier: GPL-2.0
/*
 * The receive queue as the engine sees it: tags are looked at where they lie, plain bytes go straight from the segments
 * into the caller's buffers. What is not delivered stays in TCP's own queue, so the window, the end of the stream and
 * resets stay native and nothing of ours has to be flushed when the socket is let go.
 */
#include <linux/skbuff.h>

#include "tcp_internal.h"

/* What came since the last time goes to the module of the frames that it was in. */
static void count(struct l45_tcp_reading *reading)
{
	const struct l45_tcp_sock *tcp = reading->ctx->tcp;

	if (tcp->rx_module && (reading->frames || reading->uncounted))
		l45_count_received(tcp->rx_module->tally, reading->frames, reading->uncounted);
	reading->frames = 0;
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

/* Bytes of a segment that lie behind each other: those from begin to end of it. */
struct piece {
	u32 begin, end;
	struct page *page; /* of a fragment; NULL: they are not in one, and are read by the segment */
	u32 at;            /* of begin, in it */
	const u8 *bytes;   /* the same, as they are read */
};

/* The piece with offset in it, of a segment of len bytes. */
static void find_piece(const struct sk_buff *skb, u32 offset, u32 len, struct piece *piece)
{
	u32 begin = skb_headlen(skb);
	int i;

	piece->page = NULL;
	piece->begin = offset;
	piece->end = offset < begin ? begin : len;
	for (i = 0; offset >= begin && i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];
		const u32 end = begin + skb_frag_size(frag);

		if (offset < end) {
			piece->begin = begin;
			piece->end = end;
			piece->bytes = skb_frag_address_safe(frag);
			piece->page = piece->bytes ? skb_frag_page(frag) : NULL;
			piece->at = skb_frag_off(frag);
			return;
		}
		begin = end;
	}
}

static int take_tag(struct l45_tcp_reading *reading, const struct sk_buff *skb, const struct piece *piece, u32 offset,
		    u32 bytes)
{
	struct l45_sock *ctx = reading->ctx;
	struct l45_tcp_sock *tcp = ctx->tcp;
	u8 tag[L45_TAG_BYTES_MAX];
	int error = 0;

	/* Copied all the same: a fragment may be a page of a file that changes while it is read. */
	if (piece->page && bytes <= piece->end - offset)
		memcpy(tag, piece->bytes + (offset - piece->begin), bytes);
	else
		error = skb_copy_bits(skb, offset, tag, bytes);
	if (!error)
		error = l45_stream_rx_tag(&tcp->rx, tcp->rx_codecs, tcp->rx_count, tag, bytes);
	if (error) {
		WRITE_ONCE(tcp->rx.mode, L45_BROKEN);
		forged(ctx);
		return error;
	}
	if (tcp->rx.tag_done == 0) {
		struct l45_module *module = tcp->rx_modules[tcp->rx.codec];

		if (tcp->rx_module != module) {
			count(reading);
			l45_tcp_set_module(&tcp->rx_module, module);
		}
		WRITE_ONCE(ctx->rx_id, module->id);
		reading->frames++;
	}
	return 0;
}

/*
 * To the caller's buffers. A page goes without the checks that stand before a copy from any address; a pipe's iterator
 * would keep the page itself.
 */
static int deliver(struct l45_tcp_reading *reading, const struct sk_buff *skb, const struct piece *piece, u32 offset,
		   u32 bytes)
{
	struct iov_iter *to;
	size_t copied;

	if (reading->discard)
		return 0;
	to = &reading->msg->msg_iter;
	if (!piece->page || bytes > piece->end - offset || !user_backed_iter(to))
		return skb_copy_datagram_msg(skb, offset, reading->msg, bytes);
	copied = copy_page_to_iter(piece->page, piece->at + (offset - piece->begin), bytes, to);
	if (copied == bytes)
		return 0;
	iov_iter_revert(to, copied);
	return -EFAULT;
}

/* Bytes of one segment. Returns those that were used up; reading->error says why it stopped, if it was not the end. */
static int take(read_descriptor_t *desc, struct sk_buff *skb, unsigned int offset, size_t len)
{
	struct l45_tcp_reading *reading = desc->arg.data;
	struct l45_tcp_sock *tcp = reading->ctx->tcp;
	const u32 end = offset + len, begin = offset;
	const size_t had = reading->got;
	struct piece piece = { .end = offset };

	while (offset < end && !reading->error) {
		struct l45_expect expect = { .bytes = tcp->rx.frame_left };
		u32 bytes;

		if (tcp->rx.mode != L45_FRAMED || !expect.bytes)
			l45_stream_rx_expect(&tcp->rx, tcp->rx_codecs, tcp->rx_count, &expect);
		bytes = min(expect.bytes, end - offset);
		if (offset >= piece.end)
			find_piece(skb, offset, end, &piece);
		if (expect.is_tag) {
			bytes = min_t(u32, bytes, L45_TAG_BYTES_MAX);
			reading->error = take_tag(reading, skb, &piece, offset, bytes);
			offset += bytes;
			continue;
		}
		bytes = min_t(size_t, bytes, reading->want);
		if (!bytes)
			break;
		/* To the end of the piece; what is not in one is found by the segment. */
		if (piece.page)
			bytes = min(bytes, piece.end - offset);
		if (deliver(reading, skb, &piece, offset, bytes)) {
			reading->error = -EFAULT;
			break;
		}
		l45_stream_rx_plain(&tcp->rx, bytes);
		reading->got += bytes;
		reading->want -= bytes;
		reading->uncounted += bytes;
		offset += bytes;
	}
	if (reading->got != had)
		l45_tcp_note_stamp(reading, skb);
	return offset - begin;
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
