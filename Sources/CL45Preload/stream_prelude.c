/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A stream whose dialect begins after its TLS handshake. Until then its records pass as they are, and each boundary
 * between two is a place where the stream may open, as another one does at its first byte. The end that connected opens
 * before its first record of application data; the end that accepted does so before its next one, once it was spoken to
 * in the dialect: by then it may have sent some, since in TLS 1.3 a server's certificate is sent as such.
 */
#include "stream.h"
#include "real.h"

#define HEADER_BYTES 5

bool prelude_goes_on(const struct l45_flow *flow, const uint8_t *head, size_t bytes)
{
	struct l45_records records = { 0 };
	enum l45_record next;

	if (flow->rx_prelude != L45_IN_PRELUDE || bytes == 0)
		return false;
	/* Who was not asked in the dialect does not answer in it. */
	if (flow->opened == L45_CONNECTED && flow->tx_prelude == L45_AFTER_PRELUDE && flow->tx.mode == L45_PLAIN)
		return false;
	l45_records_pass(&records, head, 1, flow->opened == L45_CONNECTED, &next);
	return next == L45_RECORD_OTHER;
}

size_t prelude_room(int fd, const struct l45_flow *flow)
{
	struct l45_records records = flow->rx_records;
	uint8_t head[HEADER_BYTES];
	enum l45_record next;
	ssize_t got;

	if (records.at != 0)
		return l45_records_rest(&records);
	got = real(recv)(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
	if (got <= 0)
		return 1;
	return l45_records_pass(&records, head, (size_t)got, true, &next) + l45_records_rest(&records);
}

/* One record, or what is there of it. */
static ssize_t take(int fd, struct l45_flow *flow, struct cursor *to, size_t want, bool look)
{
	size_t room = prelude_room(fd, flow);
	uint8_t *line = scratch_take();
	enum l45_record next;

	if (!line) {
		errno = ENOBUFS;
		return -1;
	}
	if (room > want)
		room = want;
	const ssize_t got = real(recv)(fd, line, room, MSG_DONTWAIT | (look ? MSG_PEEK : 0));
	const int keep = errno;

	if (got > 0) {
		cursor_put(to, line, (size_t)got);
		if (!look)
			l45_records_pass(&flow->rx_records, line, (size_t)got, true, &next);
		if (!look && next == L45_RECORD_FOREIGN) {
			flow->rx_prelude = L45_AFTER_PRELUDE;
			stream_settle_plain(flow);
		}
	}
	scratch_give(line);
	errno = keep;
	return got;
}

ssize_t prelude_recv(int fd, struct l45_flow *flow, struct cursor *to, size_t want, struct msghdr *message, int flags)
{
	size_t total = 0;
	ssize_t got;

	message->msg_controllen = 0;
	message->msg_flags = 0;
	if (flags & MSG_PEEK) {
		struct cursor seen = *to;

		return take(fd, flow, &seen, want, true);
	}
	do {
		got = take(fd, flow, to, want - total, false);
		if (got <= 0)
			break;
		total += (size_t)got;
	} while (total < want && flow->rx.mode == L45_UNDECIDED && stream_settle(fd, flow) == STREAM_PRELUDE);
	/* A short read says that the queue is empty: so what is beyond the prelude belongs to it. */
	if (got > 0 && total < want && flow->rx.mode == L45_FRAMED) {
		got = stream_take(fd, flow, to, want - total, message, flags & ~(MSG_WAITALL | MSG_TRUNC));
		total += got > 0 ? (size_t)got : 0;
	}
	return total > 0 ? (ssize_t)total : got;
}

/* Whether this end opens its half at its next record of application data. */
static bool opens(const struct l45_flow *flow)
{
	return !flow->tx_in_kind || flow->rx.mode == L45_FRAMED;
}

/* Moves over at most bytes of the iovecs. Returns how many. */
static uint64_t pass(struct l45_records *records, const struct iovec *iov, size_t count, uint64_t bytes, bool through,
		     enum l45_record *next)
{
	uint64_t done = 0;

	*next = L45_RECORD_OTHER;
	for (size_t i = 0; i < count && done < bytes && *next == L45_RECORD_OTHER; i++) {
		const uint64_t left = bytes - done;
		const size_t here = iov[i].iov_len < left ? iov[i].iov_len : left;

		done += l45_records_pass(records, iov[i].iov_base, here, through, next);
	}
	return done;
}

ssize_t prelude_send(int fd, struct l45_flow *flow, const struct msghdr *message, int flags, bool *over)
{
	struct l45_records records = flow->tx_records;
	const bool through = !opens(flow);
	enum l45_record next, passed;
	const uint64_t before = pass(&records, message->msg_iov, message->msg_iovlen, UINT64_MAX, through, &next);
	struct iovec *pieces = NULL;
	struct msghdr part = *message;
	ssize_t sent = 0;

	*over = false;
	if (before > 0) {
		pieces = message->msg_iovlen * sizeof(*pieces) <= SCRATCH_BYTES ? scratch_take() : NULL;
		if (!pieces) {
			errno = ENOBUFS;
			return -1;
		}
		part.msg_iov = pieces;
		part.msg_iovlen = iov_cut(message->msg_iov, message->msg_iovlen, 0, before, pieces);
		flow->tx_busy = 1;
		sent = real(sendmsg)(fd, &part, flags & ~MSG_ZEROCOPY);
		const int keep = errno;

		if (sent > 0)
			pass(&flow->tx_records, message->msg_iov, message->msg_iovlen, (uint64_t)sent, true, &passed);
		flow->tx_busy = 0;
		scratch_give(pieces);
		errno = keep;
		if (sent < (ssize_t)before)
			return sent;
	}
	if (next == L45_RECORD_OTHER)
		return sent;
	flow->tx_prelude = L45_AFTER_PRELUDE;
	flow->tx_in_kind = 0;
	if (next == L45_RECORD_FOREIGN)
		flow->tx.mode = L45_PLAIN;
	*over = true;
	return sent;
}
