// SPDX-License-Identifier: GPL-2.0
/*
 * Sending on a tapped stream: TCP is given the caller's bytes stretch by stretch, with tags between them. Each stretch
 * is offered without waiting and the stream's place moves by what was taken; waiting, timeouts, signals and errors are
 * then TCP's own, once for the whole call. So a call that was cut short is told as exactly the plain bytes taken.
 */
#include <linux/errqueue.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "tcp_internal.h"

/* One call that sends. */
struct sending {
	struct l45_sock *ctx;
	struct msghdr *msg;
	struct page *page; /* instead of the message's iterator: sendpage */
	int offset;        /* in it */
	size_t left;  /* plain bytes still to send */
	size_t told;  /* plain bytes taken */
	u32 frames, bytes; /* of the module last spoken, not counted yet */
	bool began;
	bool sent_control;
};

/* More of this call follows: the segment is not to leave yet. */
static int flags_of(struct sending *to, bool more)
{
	int flags = (to->msg->msg_flags | MSG_DONTWAIT | MSG_NOSIGNAL) & ~(MSG_ZEROCOPY | MSG_OOB);

	if (more)
		flags = (flags & ~MSG_EOR) | MSG_MORE;
	if (to->began) /* the first stretch has opened the connection */
		flags &= ~MSG_FASTOPEN;
	to->began = true;
	return flags;
}

static int offer_tag(struct sending *to, struct l45_segment *segment)
{
	struct kvec tag = { .iov_base = segment->tag, .iov_len = segment->bytes };
	struct msghdr part = {};

	iov_iter_kvec(&part.msg_iter, ITER_SOURCE, &tag, 1, segment->bytes);
	part.msg_flags = flags_of(to, true) & ~L45_MSG_SPLICE_PAGES;
	return tcp_sendmsg_locked(to->ctx->sk, &part, segment->bytes);
}

static int offer_plain(struct sending *to, size_t bytes)
{
	struct msghdr *msg = to->msg;
	struct msghdr part = *msg;
	int taken;

#ifdef L45_HAVE_SENDPAGE
	if (to->page)
		return tcp_sendpage_locked(to->ctx->sk, to->page, to->offset + to->told, bytes,
					   flags_of(to, bytes < to->left));
#endif
	/* The iterator moves with what is taken; its end is drawn in for this stretch alone. */
	part.msg_iter.count = bytes;
	if (to->sent_control)
		part.msg_controllen = 0;
	part.msg_flags = flags_of(to, bytes < to->left);
	taken = tcp_sendmsg_locked(to->ctx->sk, &part, bytes);
	part.msg_iter.count += iov_iter_count(&msg->msg_iter) - bytes;
	msg->msg_iter = part.msg_iter;
	return taken;
}

/* What was taken since the last time goes to the module of the frame that it was in. */
static void count(struct sending *to)
{
	const struct l45_tcp_sock *tcp = to->ctx->tcp;

	if (tcp->tx_module && (to->frames || to->bytes))
		l45_count_sent(tcp->tx_module->tally, to->frames, to->bytes);
	to->frames = 0;
	to->bytes = 0;
}

/* The next stretch. 0: all of it was taken; -EAGAIN: there is no room for more; -errno. */
static int put_stretch(struct sending *to)
{
	struct l45_sock *ctx = to->ctx;
	struct l45_tcp_sock *tcp = ctx->tcp;
	const struct l45_codec *send = tcp->send ? &tcp->send->codec : NULL;
	struct l45_stream_tx next = tcp->tx;
	const bool begins = tcp->tx.tag_bytes == 0;
	struct l45_segment segment;
	int taken;

	l45_stream_tx_next(&next, send, to->left, &segment);
	taken = segment.is_tag ? offer_tag(to, &segment) : offer_plain(to, segment.bytes);
	if (taken < 0)
		return taken;
	if (taken == 0)
		return -EAGAIN;
	if (segment.is_tag && begins && send) {
		/* Spoken from its first byte on: the receiver needs the codec to get over it. */
		if (unlikely(tcp->tx_module != tcp->send)) {
			count(to);
			l45_tcp_set_module(&tcp->tx_module, tcp->send);
			WRITE_ONCE(ctx->tx_id, tcp->send->id);
		}
		to->frames++;
	}
	if (taken == segment.bytes)
		tcp->tx = next;
	else
		l45_stream_tx_accept(&tcp->tx, send, to->left, taken);
	if (!segment.is_tag) {
		if (tcp->tx.mode == L45_FRAMED)
			to->bytes += taken;
		to->left -= taken;
		to->told += taken;
		to->sent_control = true;
	}
	return taken == segment.bytes ? 0 : -EAGAIN;
}

/* Bytes that go to TCP in one call: what each call costs is shared by some sixteen frames. */
#define GATHER_BYTES 16384

/* Tags that were begun in the first wire bytes of what comes next. */
static u32 frames_in(struct l45_stream_tx tx, const struct l45_codec *send, u64 left, u64 wire)
{
	struct l45_segment segment;
	u32 frames = 0;

	while (wire && left) {
		const bool begins = tx.tag_bytes == 0;

		l45_stream_tx_next(&tx, send, left, &segment);
		frames += segment.is_tag && begins;
		left -= segment.is_tag ? 0 : segment.bytes;
		wire -= min_t(u64, wire, segment.bytes);
	}
	return frames;
}

/* A batch of stretches. */
struct batch {
	u8 *room;
	size_t size, wire, plain;
	u32 frames;
	struct l45_stream_tx after; /* the stream's place when all of it is taken */
};

/* Tags and plain bytes as they go out. False: the caller's could not be read. */
static bool gather(const struct sending *to, const struct l45_codec *send, struct batch *batch)
{
	struct l45_segment segment;
	struct iov_iter from;
	struct bio_vec page;

	if (to->page) {
		page.bv_page = to->page;
		page.bv_offset = to->offset + to->told;
		page.bv_len = to->left;
		iov_iter_bvec(&from, ITER_SOURCE, &page, 1, to->left);
	} else {
		from = to->msg->msg_iter;
	}
	batch->after = to->ctx->tcp->tx;
	/* Room for a whole tag is asked for, so that one is cut only by TCP. */
	while (batch->plain < to->left && batch->wire + L45_TAG_BYTES_MAX < batch->size) {
		const u64 left = to->left - batch->plain;
		const struct l45_stream_tx before = batch->after;
		u32 bytes;

		l45_stream_tx_next(&batch->after, send, left, &segment);
		bytes = min_t(u64, segment.bytes, batch->size - batch->wire);
		if (segment.is_tag) {
			memcpy(batch->room + batch->wire, segment.tag, bytes);
			batch->frames += before.tag_bytes == 0;
		} else {
			if (!copy_from_iter_full(batch->room + batch->wire, bytes, &from))
				return false;
			batch->plain += bytes;
		}
		if (bytes < segment.bytes) {
			batch->after = before;
			l45_stream_tx_accept(&batch->after, send, left, bytes);
		}
		batch->wire += bytes;
	}
	return batch->wire;
}

/* Copied, in one call to TCP. 0: it was taken; -EAGAIN: there is no room for more; -errno. */
static int put_gathered(struct sending *to, const struct batch *batch)
{
	struct l45_tcp_sock *tcp = to->ctx->tcp;
	const struct l45_codec *send = &tcp->send->codec;
	struct kvec vector = { .iov_base = batch->room, .iov_len = batch->wire };
	struct msghdr part = {};
	u64 told = batch->plain;
	int taken;

	iov_iter_kvec(&part.msg_iter, ITER_SOURCE, &vector, 1, batch->wire);
	part.msg_flags = flags_of(to, batch->plain < to->left) & ~L45_MSG_SPLICE_PAGES;
	taken = tcp_sendmsg_locked(to->ctx->sk, &part, batch->wire);
	if (taken <= 0)
		return taken ?: -EAGAIN;
	if (unlikely(tcp->tx_module != tcp->send)) {
		count(to);
		l45_tcp_set_module(&tcp->tx_module, tcp->send);
		WRITE_ONCE(to->ctx->tx_id, tcp->send->id);
	}
	if (taken == batch->wire) {
		to->frames += batch->frames;
		tcp->tx = batch->after;
	} else {
		to->frames += frames_in(tcp->tx, send, to->left, taken);
		told = l45_stream_tx_accept(&tcp->tx, send, to->left, taken);
	}
	if (!to->page)
		iov_iter_advance(&to->msg->msg_iter, told);
	to->bytes += told;
	to->left -= told;
	to->told += told;
	return taken == batch->wire ? 0 : -EAGAIN;
}

/* What the rest of the call takes up, with its tags, as far as it is gathered at once. */
static size_t room_for(const struct sending *to)
{
	const u64 frames = to->left / to->ctx->tcp->send->codec.dialect.frame_bytes + 3;

	return min_t(u64, GATHER_BYTES, to->left + frames * L45_TAG_BYTES_MAX);
}

/* What a SYN may carry, on the wire and before that. */
#define SYN_BYTES 1400

/*
 * The first write of TCP_FASTOPEN_CONNECT sends the SYN, and only what one call hands to TCP can be in it: tag and
 * bytes go together, copied. 0, or -errno.
 */
static int put_in_syn(struct sending *to)
{
	struct l45_tcp_sock *tcp = to->ctx->tcp;
	const struct l45_codec *send = tcp->send ? &tcp->send->codec : NULL;
	const size_t plain = min_t(size_t, to->left, SYN_BYTES);
	struct iov_iter from = to->msg->msg_iter;
	struct l45_stream_tx next = tcp->tx;
	struct msghdr part = {};
	struct kvec wire;
	size_t consumed;
	int taken = -EFAULT;
	u8 *room;

	room = kmalloc(2 * SYN_BYTES, GFP_KERNEL);
	if (!room)
		return -ENOBUFS;
	if (!copy_from_iter_full(room, plain, &from))
		goto out;
	wire.iov_base = room + SYN_BYTES;
	wire.iov_len = l45_stream_encode(&next, send, room, plain, wire.iov_base, SYN_BYTES, &consumed);
	iov_iter_kvec(&part.msg_iter, ITER_SOURCE, &wire, 1, wire.iov_len);
	part.msg_flags = flags_of(to, false) & ~L45_MSG_SPLICE_PAGES;
	taken = tcp_sendmsg_locked(to->ctx->sk, &part, wire.iov_len);
	if (taken <= 0)
		goto out;
	consumed = l45_stream_tx_accept(&tcp->tx, send, to->left, taken);
	iov_iter_advance(&to->msg->msg_iter, consumed);
	if (send) {
		l45_tcp_set_module(&tcp->tx_module, tcp->send);
		WRITE_ONCE(to->ctx->tx_id, tcp->send->id);
	}
	if (send) {
		to->frames += DIV_ROUND_UP(consumed, send->dialect.frame_bytes);
		to->bytes += consumed;
	}
	to->left -= consumed;
	to->told += consumed;
out:
	kfree(room);
	return min(taken, 0);
}

/*
 * Not where a stretch by itself is simpler and right: a stream that leaves or is plain, ancillary data. A frame under
 * way of another codec ends as it began. Pages of sendpage are copied as well: that is cheaper than a call to TCP for
 * each stretch, and fills segments that a page fragment for each would leave half empty.
 */
static bool gathers(const struct sending *to)
{
	const struct l45_tcp_sock *tcp = to->ctx->tcp;

	return tcp->send && !to->msg->msg_controllen &&
	       (tcp->tx.mode == L45_UNDECIDED || (tcp->tx.mode == L45_FRAMED && tcp->tx_module == tcp->send));
}

/* As much as there is room for. The codec is that of the table in force now; no wait for the peer is in here. */
static int put(struct sending *to)
{
	struct l45_net *ln = to->ctx->ln;
	const int index = l45_enter(ln);
	struct batch batch = {};
	int error = 0;

	l45_tcp_refresh(to->ctx);
	if (unlikely(l45_defer_connect(to->ctx->sk)) && !to->page)
		error = put_in_syn(to);
	if (gathers(to)) {
		batch.size = room_for(to);
		batch.room = kmalloc(batch.size, GFP_KERNEL | __GFP_NOWARN);
	}
	while (to->left && !error) {
		batch.wire = 0;
		batch.plain = 0;
		batch.frames = 0;
		if (batch.room && gathers(to) && gather(to, &to->ctx->tcp->send->codec, &batch))
			error = put_gathered(to, &batch);
		else
			error = put_stretch(to);
	}
	kfree(batch.room);
	count(to);
	WRITE_ONCE(to->ctx->tcp->tx_moved, jiffies);
	l45_leave(ln, index);
	return error;
}

/* Bytes may not be handed over yet. A SYN that carries data is sent by the first write. */
static bool must_connect(const struct sock *sk, int flags)
{
	if ((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT))
		return false;
	return !tcp_passive_fastopen(sk) && !l45_defer_connect(sk) && !(flags & MSG_FASTOPEN);
}

/* The error of a call that had bytes taken is the next call's to hear. */
static void keep_error(struct sock *sk, int error)
{
	if (sk->sk_state == TCP_CLOSE && !sk->sk_err && error != -EPIPE && error != -EAGAIN && error != -EFAULT)
		WRITE_ONCE(sk->sk_err, -error);
}

static int send_framed(struct sending *to)
{
	struct sock *sk = to->ctx->sk;
	const int flags = to->msg->msg_flags;
	long timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	int error = 0;

	if (must_connect(sk, flags)) {
		error = sk_stream_wait_connect(sk, &timeo);
		if (!error && !l45_tcp_still(sk, to->ctx))
			return -ECONNRESET;
	}
	while (!error && to->left) {
		if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN)) {
			error = -EPIPE;
			break;
		}
		error = put(to);
		if (error == -EINPROGRESS && !(flags & MSG_DONTWAIT))
			error = -EAGAIN; /* the SYN is out */
		if (error != -EAGAIN)
			break;
		if (must_connect(sk, flags)) {
			error = sk_stream_wait_connect(sk, &timeo);
		} else {
			set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
			error = sk_stream_wait_memory(sk, &timeo);
		}
		if (!error && !l45_tcp_still(sk, to->ctx))
			error = -ECONNRESET;
	}
	if (!to->told)
		return error ? sk_stream_error(sk, flags, error) : 0;
	if (error)
		keep_error(sk, error);
	return to->told;
}

/* A program that asked for zero copy is told, as TCP tells it, that this time its bytes were copied. */
static int copied_notice(struct sock *sk, struct msghdr *msg, size_t size, struct ubuf_info **notice)
{
	*notice = NULL;
	if (!(msg->msg_flags & MSG_ZEROCOPY) || msg->msg_ubuf || !sock_flag(sk, SOCK_ZEROCOPY))
		return 0;
	*notice = msg_zerocopy_realloc(sk, size, NULL);
	if (!*notice)
		return -ENOBUFS;
	uarg_to_msgzc(*notice)->zerocopy = 0;
	return 0;
}

/*
 * An urgent byte stands outside the stream that the peer reads; what stands before it in the same call does not.
 * Returns what the caller is told.
 */
static int send_urgent(struct sending *to, struct msghdr *msg)
{
	int sent;

	if (to->told && to->left)
		return to->told;
	iov_iter_reexpand(&msg->msg_iter, 1);
	sent = tcp_sendmsg_locked(to->ctx->sk, msg, 1);
	return sent < 0 && to->told ? to->told : to->told + sent;
}

int l45_tcp_send_locked(struct l45_sock *ctx, struct msghdr *msg, size_t size)
{
	struct sock *sk = ctx->sk;
	const bool urgent = msg->msg_flags & MSG_OOB;
	struct sending to = { .ctx = ctx, .msg = msg, .left = size - urgent };
	struct ubuf_info *notice;
	int sent;

	sent = copied_notice(sk, msg, size, &notice);
	if (sent)
		return sent;
	WRITE_ONCE(ctx->tcp->tx_busy, true);
	if (urgent)
		iov_iter_truncate(&msg->msg_iter, size - 1);
	sent = send_framed(&to);
	if (urgent && sent >= 0)
		sent = send_urgent(&to, msg);
	if (l45_tcp_still(sk, ctx))
		WRITE_ONCE(ctx->tcp->tx_busy, false);
	if (sent < 0)
		net_zcopy_put_abort(notice, true);
	else
		net_zcopy_put(notice);
	return sent;
}

#ifdef L45_HAVE_SENDPAGE
int l45_tcp_sendpage_locked(struct l45_sock *ctx, struct page *page, int offset, size_t size, int flags)
{
	struct msghdr msg = { .msg_flags = flags };
	struct sending to = { .ctx = ctx, .msg = &msg, .page = page, .offset = offset, .left = size };
	struct sock *sk = ctx->sk;
	int sent;

	/* Copied bytes are pushed unless more is said to follow; pages are not. */
	if (flags & MSG_SENDPAGE_NOTLAST)
		msg.msg_flags |= MSG_MORE;
	WRITE_ONCE(ctx->tcp->tx_busy, true);
	sent = send_framed(&to);
	if (l45_tcp_still(sk, ctx))
		WRITE_ONCE(ctx->tcp->tx_busy, false);
	return sent;
}
#endif
