/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Taking what lies in a framed stream's queue. The wire is read straight into the program's buffer, tags beside it, by
 * where the next tags are due; never more than can be handed over at once.
 */
#include "stream.h"
#include "real.h"

#define PIECES_MAX 1024
#define TAGS_MAX (PIECES_MAX / 2)
/* Of one call to the kernel: with two tags, small enough to be put together in one buffer when it comes unexpected. */
#define STEP_BYTES (128u * 1024)

struct layout {
	struct iovec iov[PIECES_MAX];
	uint8_t tag_at[PIECES_MAX]; /* this piece is for tag bytes */
	uint8_t tags[TAGS_MAX][L45_TAG_BYTES_MAX];
};
_Static_assert(STEP_BYTES + 2 * L45_TAG_BYTES_MAX <= SCRATCH_BYTES, "a step fits a scratch buffer");
_Static_assert(sizeof(struct layout) <= SCRATCH_BYTES, "a layout fits a scratch buffer");

/* How many bytes of a tag, and of a frame, to expect: of the codec last read, or of the first in the list. */
static const struct l45_dialect *guess(const struct l45_flow *flow)
{
	if (flow->rx_count == 0)
		return NULL;
	return &flow->rx_codecs[flow->rx.codec < flow->rx_count ? flow->rx.codec : 0].dialect;
}

/* Lays out wire bytes as they should come. Returns the pieces. */
static size_t lay_out(struct layout *layout, const struct l45_flow *flow, const struct l45_codec *const *codecs,
		      size_t codec_count, struct cursor to, uint64_t wire, size_t want)
{
	const struct l45_dialect *dialect = guess(flow);
	struct l45_expect expect;
	size_t pieces = 0, tags = 0;

	l45_stream_rx_expect(&flow->rx, codecs, codec_count, &expect);
	while (wire > 0 && pieces < PIECES_MAX) {
		uint64_t bytes = expect.bytes < wire ? expect.bytes : wire;

		if (expect.is_tag) {
			if (tags == TAGS_MAX)
				break;
			layout->tag_at[pieces] = 1;
			layout->iov[pieces++] = (struct iovec){ layout->tags[tags++], bytes };
			wire -= bytes;
			expect.is_tag = 0;
			expect.bytes = dialect ? dialect->frame_bytes : 1;
			continue;
		}
		if (want == 0)
			break;
		if (bytes > want)
			bytes = want;
		while (bytes > 0 && to.count > 0 && pieces < PIECES_MAX) {
			size_t take = to.iov->iov_len - to.offset;

			if (take > bytes)
				take = bytes;
			if (take > 0) {
				layout->tag_at[pieces] = 0;
				layout->iov[pieces++] = (struct iovec){ (char *)to.iov->iov_base + to.offset, take };
			}
			cursor_skip(&to, take);
			if (take == 0) {
				to.iov++;
				to.count--;
			}
			bytes -= take;
			wire -= take;
			want -= take;
		}
		if (bytes > 0)
			break;
		expect.is_tag = 1;
		expect.bytes = dialect ? dialect->tag_bytes : 1;
	}
	return pieces;
}

/* The wire was not as expected: what is left of it is put together, decoded, and handed over from where we are. */
static int recover(struct l45_flow *flow, const struct l45_codec *const *codecs, size_t codec_count,
		   struct layout *layout, size_t piece, size_t offset, size_t left, struct cursor *to, size_t *plain)
{
	uint8_t *line = scratch_take();
	size_t have = 0, plain_bytes = 0;
	int error;

	if (!line)
		return -ENOBUFS;
	while (have < left) {
		size_t take = layout->iov[piece].iov_len - offset;

		if (take > left - have)
			take = left - have;
		memcpy(line + have, (uint8_t *)layout->iov[piece].iov_base + offset, take);
		have += take;
		piece++;
		offset = 0;
	}
	error = l45_stream_rx_feed(&flow->rx, codecs, codec_count, line, left, &plain_bytes);
	cursor_put(to, line, plain_bytes);
	*plain += plain_bytes;
	scratch_give(line);
	return error;
}

/*
 * One call to the kernel. Returns the plain bytes that came, *drained = the queue went empty; -1 with errno. End of
 * stream: 0 with *ended.
 */
static ssize_t read_once(int fd, struct l45_flow *flow, struct layout *layout, struct cursor *to, size_t want,
			 struct msghdr *message, int flags, bool *drained, bool *ended)
{
	const struct l45_codec *codecs[L45_CODECS_MAX];
	const size_t codec_count = stream_codecs(flow, codecs);
	const size_t step = want < STEP_BYTES ? want : STEP_BYTES;
	const uint64_t wire = l45_stream_rx_wire_bytes(&flow->rx, codecs, codec_count, step);
	struct msghdr part = *message;
	size_t plain = 0, done = 0, offset = 0, piece = 0, asked;
	int error = 0;

	part.msg_iov = layout->iov;
	part.msg_iovlen = lay_out(layout, flow, codecs, codec_count, *to, wire, step);
	asked = iov_total(part.msg_iov, part.msg_iovlen);
	const ssize_t got = real(recvmsg)(fd, &part, flags | MSG_DONTWAIT);

	*ended = got == 0;
	*drained = got < (ssize_t)asked;
	if (got <= 0)
		return got;
	message->msg_controllen = part.msg_controllen;
	message->msg_flags = part.msg_flags;
	flow->rx_ms = l45_now_ms();
	flow->rx_busy = 1;
	while (done < (size_t)got && !error) {
		struct l45_expect expect;
		size_t take = layout->iov[piece].iov_len - offset;

		if (take > (size_t)got - done)
			take = (size_t)got - done;
		l45_stream_rx_expect(&flow->rx, codecs, codec_count, &expect);
		if (expect.is_tag != layout->tag_at[piece]) {
			error = recover(flow, codecs, codec_count, layout, piece, offset, (size_t)got - done, to, &plain);
			break;
		}
		if (take > expect.bytes)
			take = expect.bytes;
		if (expect.is_tag) {
			const uint8_t *tag = (uint8_t *)layout->iov[piece].iov_base + offset;

			error = l45_stream_rx_tag(&flow->rx, codecs, codec_count, tag, (uint32_t)take);
			if (!error && flow->rx.tag_done == 0 && flow->rx.codec < flow->rx_count) {
				flow->rx_module = flow->rx_modules[flow->rx.codec];
				count_received(flow->rx_module, 1, 0);
			}
		} else {
			l45_stream_rx_plain(&flow->rx, take);
			/* In place, unless pieces before it came short. */
			cursor_put(to, (uint8_t *)layout->iov[piece].iov_base + offset, take);
			plain += take;
		}
		done += take;
		offset += take;
		if (offset == layout->iov[piece].iov_len) {
			piece++;
			offset = 0;
		}
	}
	flow->rx_busy = 0;
	if (plain > 0)
		count_received(flow->rx_module, 0, plain);
	if (error == -EBADMSG) {
		if (flow->rx_module != L45_NO_MODULE)
			COUNT(flow->rx_module, forged);
		else if (flow->rx_count > 0)
			COUNT(flow->rx_modules[0], forged);
		flow->rx_broken = 1;
	} else if (error) {
		flow->rx_broken = 1;
	}
	return (ssize_t)plain;
}

ssize_t stream_take(int fd, struct l45_flow *flow, struct cursor *to, size_t want, struct msghdr *message, int flags)
{
	struct layout *layout = scratch_take();
	size_t total = 0;
	ssize_t got = 0;
	int error = EAGAIN;
	bool drained = false, ended = false;

	if (!layout) {
		errno = ENOBUFS;
		return -1;
	}
	while (total < want && flow->rx.mode == L45_FRAMED && !flow->rx_broken && !drained) {
		got = read_once(fd, flow, layout, to, want - total, message, flags, &drained, &ended);
		if (got < 0) {
			error = errno;
			break;
		}
		total += (size_t)got;
		if (ended)
			break;
	}
	scratch_give(layout);
	if (total > 0) {
		/* An error of the connection is told once by the kernel: kept for the next call. */
		if (got < 0 && error != EAGAIN && error != EWOULDBLOCK && error != EINTR)
			flow->rx_error = error;
		return (ssize_t)total;
	}
	if (ended)
		return 0;
	errno = flow->rx_broken ? ECONNRESET : error;
	return -1;
}
