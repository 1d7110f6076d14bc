/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Looking at a framed stream without taking plain bytes: MSG_PEEK, poll and epoll, FIONREAD. */
#include "stream.h"
#include "real.h"

#include <sys/ioctl.h>

ssize_t stream_peek(int fd, struct l45_flow *flow, struct msghdr *message, size_t want)
{
	const struct l45_codec *codecs[L45_CODECS_MAX];
	const size_t codec_count = stream_codecs(flow, codecs);
	struct l45_stream_rx rx = flow->rx;
	uint8_t *line = scratch_take();
	size_t plain = 0;

	if (!line) {
		errno = ENOBUFS;
		return -1;
	}
	/* Tags among want plain bytes may take as much again and more; what fits one buffer is looked at. */
	const ssize_t got = real(recv)(fd, line, SCRATCH_BYTES, MSG_PEEK | MSG_DONTWAIT);
	const int keep = errno;

	if (got > 0) {
		l45_stream_rx_feed(&rx, codecs, codec_count, line, (size_t)got, &plain);
		if (plain > want)
			plain = want;
		iov_scatter(message->msg_iov, message->msg_iovlen, line, plain);
		message->msg_controllen = 0;
		message->msg_flags = 0;
	}
	scratch_give(line);
	errno = keep;
	if (got <= 0)
		return got;
	if (plain == 0) {
		errno = EAGAIN;
		return -1;
	}
	return (ssize_t)plain;
}

bool stream_readable(int fd, struct l45_flow *flow)
{
	bool readable = true;
	char byte;

	if (flow->rx.mode == L45_PLAIN || flow->rx_error || flow->rx_broken)
		return true;
	/* Somebody reads it right now: what is left then is his affair and the kernel's. */
	if (!lock_try(&flow->rx_lock))
		return true;
	if (flow->rx.mode == L45_UNDECIDED) {
		const int settled = stream_settle(fd, flow);

		if (settled != 0) {
			readable = settled != -EAGAIN;
			goto out;
		}
	}
	stream_rx_refresh(flow);
	while (flow->rx.mode == L45_FRAMED && !flow->rx_broken) {
		const struct l45_codec *codecs[L45_CODECS_MAX];
		const size_t codec_count = stream_codecs(flow, codecs);
		struct l45_expect expect;
		uint8_t tag[L45_TAG_BYTES_MAX];

		l45_stream_rx_expect(&flow->rx, codecs, codec_count, &expect);
		if (!expect.is_tag)
			break;
		const ssize_t got = real(recv)(fd, tag, expect.bytes, MSG_DONTWAIT);

		if (got < 0) {
			readable = errno != EAGAIN && errno != EWOULDBLOCK;
			if (readable)
				flow->rx_error = errno;
			goto out;
		}
		if (got == 0)
			goto out;
		if (l45_stream_rx_tag(&flow->rx, codecs, codec_count, tag, (uint32_t)got) != 0) {
			flow->rx_broken = 1;
			COUNT(flow->rx_module != L45_NO_MODULE ? flow->rx_module : flow->rx_modules[0], forged);
			goto out;
		}
		if (flow->rx.tag_done == 0 && flow->rx.codec < flow->rx_count) {
			flow->rx_module = flow->rx_modules[flow->rx.codec];
			count_received(flow->rx_module, 1, 0);
		}
	}
	if (flow->rx_lowat > 1) {
		int plain = 0;
		uint8_t none;

		lock_give(&flow->rx_lock);
		if (stream_pending(fd, flow, &plain) != 0 || plain >= (int)flow->rx_lowat)
			return true;
		/* The kernel counts tag bytes too: it is to speak up when so many more have come. */
		int wire = 0;

		if (real(ioctl)(fd, FIONREAD, &wire) == 0) {
			wire += (int)flow->rx_lowat - plain;
			real(setsockopt)(fd, SOL_SOCKET, SO_RCVLOWAT, &wire, sizeof(wire));
		}
		/* Fewer than asked for; but the end of the stream or an error is news. */
		const ssize_t more = real(recv)(fd, &none, 1, MSG_PEEK | MSG_DONTWAIT);

		return more == 0 || (more < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
	}
	const ssize_t got = real(recv)(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	readable = got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
	if (got < 0 && readable)
		flow->rx_error = errno;
out:
	lock_give(&flow->rx_lock);
	return readable;
}

int stream_pending(int fd, struct l45_flow *flow, int *bytes)
{
	const struct l45_codec *codecs[L45_CODECS_MAX];
	int wire = 0;

	if (real(ioctl)(fd, FIONREAD, &wire) != 0)
		return -1;
	*bytes = wire;
	if (wire == 0 || flow->rx.mode == L45_PLAIN)
		return 0;
	if (lock_take(&flow->rx_lock, false) < 0)
		return 0;
	if (flow->rx.mode == L45_UNDECIDED && stream_settle(fd, flow) == STREAM_PRELUDE) {
		const size_t room = prelude_room(fd, flow);

		if (*bytes > (int)room)
			*bytes = (int)room;
	}
	stream_rx_refresh(flow);
	if (flow->rx.mode == L45_FRAMED) {
		const size_t codec_count = stream_codecs(flow, codecs);
		struct l45_stream_rx rx = flow->rx;
		uint8_t *line = scratch_take();
		size_t plain = 0;
		ssize_t got = line ? real(recv)(fd, line, SCRATCH_BYTES, MSG_PEEK | MSG_DONTWAIT) : 0;

		/* A longer queue is told as far as one look goes: never more than a read would give. */
		if (got > 0)
			l45_stream_rx_feed(&rx, codecs, codec_count, line, (size_t)got, &plain);
		*bytes = (int)plain;
		scratch_give(line);
	}
	lock_give(&flow->rx_lock);
	return 0;
}
