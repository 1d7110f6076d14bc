/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Sending on a tapped stream: tags go between stretches of the program's own buffers, and the state is a position, so
 * that a write which the kernel took in part, perhaps inside a tag, is told as exactly the plain bytes among it.
 */
#include "stream.h"
#include "real.h"

#include <limits.h>
#include <netinet/in.h>
#include <time.h>

/* Of one system call. Tags take every other place. */
#define PIECES_MAX 1024
#define TAGS_MAX (PIECES_MAX / 2)
/* No answer of a system call. */
#define NOT_SENT (-2)

struct batch {
	struct iovec iov[PIECES_MAX];
	uint8_t tags[TAGS_MAX][L45_TAG_BYTES_MAX];
};
_Static_assert(sizeof(struct batch) <= SCRATCH_BYTES, "a batch fits a scratch buffer");

/* Adds plain bytes from the program's buffers. Returns those there was room for. */
static uint32_t add_plain(struct batch *batch, size_t *pieces, struct cursor *from, uint32_t bytes)
{
	uint32_t added = 0;

	while (added < bytes && from->count > 0 && *pieces < PIECES_MAX) {
		size_t take = from->iov->iov_len - from->offset;

		if (take > bytes - added)
			take = bytes - added;
		if (take > 0)
			batch->iov[(*pieces)++] = (struct iovec){ (char *)from->iov->iov_base + from->offset, take };
		added += (uint32_t)take;
		from->offset += take;
		if (from->offset == from->iov->iov_len) {
			from->iov++;
			from->count--;
			from->offset = 0;
		}
	}
	return added;
}

/*
 * Lays out the wire for as much of plain_left as one call holds. Moves tx over it. Returns the wire bytes; *plain = the
 * plain bytes among them.
 */
static uint64_t lay_out(struct batch *batch, size_t *pieces, struct cursor from, struct l45_stream_tx *tx,
			const struct l45_codec *send, uint64_t plain_left, uint64_t *plain)
{
	struct l45_segment segment;
	uint64_t wire = 0;
	size_t tags = 0;

	*pieces = 0;
	*plain = 0;
	while (*plain < plain_left && *pieces + 2 <= PIECES_MAX && tags < TAGS_MAX) {
		struct l45_stream_tx before = *tx;

		l45_stream_tx_next(tx, send, plain_left - *plain, &segment);
		if (segment.is_tag) {
			memcpy(batch->tags[tags], segment.tag, segment.bytes);
			batch->iov[(*pieces)++] = (struct iovec){ batch->tags[tags++], segment.bytes };
			wire += segment.bytes;
			continue;
		}
		const uint32_t added = add_plain(batch, pieces, &from, segment.bytes);

		*plain += added;
		wire += added;
		if (added < segment.bytes) {
			/* No more room: the stretch ends where the call does. */
			*tx = before;
			l45_stream_tx_accept(tx, send, plain_left - (*plain - added), added);
			break;
		}
	}
	return wire;
}

/* What monitors and deactivated modules are to know. */
static void tell_watchers(struct l45_flow *flow, uint64_t bytes)
{
	uint64_t words[L45_RULE_WORDS], sequence;
	const int keep = errno;
	const struct rules *rules = flow->watched ? rules_enter(&sequence) : NULL;

	if (rules) {
		flow_match(flow, rules);
		if (flow_attached(flow, sequence, words))
			count_watchers(rules, words, NULL, true, bytes);
		rules_leave(sequence);
	}
	errno = keep;
}

/* An accepted stream answers as it was addressed. What has not come by now was not said first. */
static void answer_in_kind(int fd, struct l45_flow *flow)
{
	if (!flow->tx_in_kind || flow->tx.mode != L45_UNDECIDED)
		return;
	if (flow->rx.mode == L45_UNDECIDED && lock_take(&flow->rx_lock, false) >= 0) {
		stream_settle(fd, flow);
		lock_give(&flow->rx_lock);
	}
	if (flow->rx.mode != L45_FRAMED)
		flow->tx.mode = L45_PLAIN;
	flow->tx_in_kind = 0;
}

static ssize_t send_framed(int fd, struct l45_flow *flow, const struct msghdr *message, int flags, uint64_t total)
{
	struct batch *batch = scratch_take();
	struct cursor at = { message->msg_iov, message->msg_iovlen, 0 };
	struct msghdr part = *message;
	uint64_t told = 0;
	int error = 0;

	if (!batch) {
		errno = ENOBUFS;
		return -1;
	}
	flags &= ~MSG_ZEROCOPY;
	while (told < total) {
		stream_tx_refresh(flow);
		const struct l45_codec *send = flow->send_module == L45_NO_MODULE ? NULL : &flow->send;
		struct l45_stream_tx tx = flow->tx;
		const uint64_t begun = tx.plain_offset;
		size_t pieces;
		uint64_t plain;

		if (flow->send_module != L45_NO_MODULE)
			flow->tx_module = flow->send_module; /* seen as spoken before the first byte can leave */
		flow->tx_ms = l45_now_ms();
		const uint64_t wire = lay_out(batch, &pieces, at, &tx, send, total - told, &plain);

		part.msg_iov = batch->iov;
		part.msg_iovlen = pieces;
		flow->tx_busy = 1;
		const ssize_t sent = real(sendmsg)(fd, &part, flags);

		if (sent < 0) {
			error = errno;
			flow->tx_busy = 0;
			break;
		}
		uint64_t taken = plain;

		if ((uint64_t)sent == wire)
			flow->tx = tx;
		else
			taken = l45_stream_tx_accept(&flow->tx, send, total - told, (uint64_t)sent);
		flow->tx_busy = 0;
		told += taken;
		if (flow->tx_module != L45_NO_MODULE && taken > 0) {
			const uint64_t frame = send ? send->dialect.frame_bytes : 1;

			count_sent(flow->tx_module, (flow->tx.plain_offset + frame - 1) / frame - (begun + frame - 1) / frame,
				   taken);
		}
		cursor_skip(&at, taken);
		/* Ancillary data goes once. */
		part.msg_control = NULL;
		part.msg_controllen = 0;
		if ((uint64_t)sent < wire && told > 0)
			break;
		/* Only tag bytes went: the next round tells what the program must hear (EAGAIN, EINTR), or goes on. */
	}
	scratch_give(batch);
	if (told > 0)
		return (ssize_t)told;
	errno = error ? error : EAGAIN;
	return -1;
}

/* A handshake, and what comes after it in the same call. */
static ssize_t send_opening(int fd, struct l45_flow *flow, const struct msghdr *message, int flags, uint64_t total)
{
	struct msghdr rest = *message;
	struct iovec *pieces;
	bool over = false;
	const ssize_t begun = prelude_send(fd, flow, message, flags, &over);

	if (!over || begun == (ssize_t)total)
		return begun;
	pieces = message->msg_iovlen * sizeof(*pieces) <= SCRATCH_BYTES ? scratch_take() : NULL;
	if (!pieces) {
		errno = ENOBUFS;
		return begun > 0 ? begun : -1;
	}
	rest.msg_iov = pieces;
	rest.msg_iovlen = iov_cut(message->msg_iov, message->msg_iovlen, (uint64_t)begun, total - (uint64_t)begun, pieces);
	if (begun > 0) {
		/* Ancillary data went with the first part. */
		rest.msg_control = NULL;
		rest.msg_controllen = 0;
	}
	const ssize_t sent = flow->tx.mode == L45_PLAIN ? real(sendmsg)(fd, &rest, flags) :
							  send_framed(fd, flow, &rest, flags, total - (uint64_t)begun);
	const int keep = errno;

	scratch_give(pieces);
	errno = keep;
	if (sent < 0)
		return begun > 0 ? begun : -1;
	return begun + sent;
}

ssize_t stream_send(int fd, struct l45_flow *flow, const struct msghdr *message, int flags)
{
	const uint64_t total = iov_total(message->msg_iov, message->msg_iovlen);
	ssize_t sent = NOT_SENT;

	/* An urgent byte stands outside the stream that the peer reads. */
	if (total == 0 || (flags & MSG_OOB))
		return real(sendmsg)(fd, message, flags);
	if (flow->tx_sequence != tap_sequence() && lock_take(&flow->tx_lock, false) >= 0) {
		stream_tx_refresh(flow);
		lock_give(&flow->tx_lock);
	}
	if (flow->tx_delay_us && (flow->tx.mode != L45_PLAIN || flow->send_module == L45_NO_MODULE))
		pause_for(flow->tx_delay_us);
	if (flow->tx.mode != L45_PLAIN) {
		const int had = lock_take(&flow->tx_lock, true);

		if (had < 0) {
			errno = EINTR;
			return -1;
		}
		/* The former sender died in the middle of a call: nobody knows how many of its bytes the kernel took. */
		if (had == 1 && flow->tx_busy)
			flow->tx_broken = 1;
		if (flow->tx_broken) {
			lock_give(&flow->tx_lock);
			errno = ECONNRESET;
			return -1;
		}
		if (in_tx_prelude(flow))
			sent = send_opening(fd, flow, message, flags, total);
		else
			answer_in_kind(fd, flow);
		if (sent == NOT_SENT && flow->tx.mode != L45_PLAIN)
			sent = send_framed(fd, flow, message, flags, total);
		if (sent != NOT_SENT) {
			lock_give(&flow->tx_lock);
			if (sent > 0)
				tell_watchers(flow, (uint64_t)sent);
			return sent;
		}
		lock_give(&flow->tx_lock);
	}
	sent = real(sendmsg)(fd, message, flags);
	if (sent > 0)
		tell_watchers(flow, (uint64_t)sent);
	return sent;
}
