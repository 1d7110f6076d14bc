/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Receiving on a tapped stream. The wire is read straight into the program's buffer, tags beside it, by where the next
 * tags are due; never more than can be handed over at once, so nothing is ever held back here and what poll and
 * FIONREAD say stays true. A read is filled as far as the queue goes: a short one means that the queue is empty, which
 * users of edge-triggered epoll rely on.
 */
#include "preload.h"
#include "real.h"

#include <netinet/in.h>
#include <sys/ioctl.h>
#include <time.h>

#define PIECES_MAX 1024
#define TAGS_MAX (PIECES_MAX / 2)
/* Of one call to the kernel: with two tags, small enough to be put together in one buffer when it comes unexpected. */
#define STEP_BYTES (128u * 1024)
/* A stream whose first 1 to 3 bytes could open a tag: looked at again this often, a millisecond apart, then plain. */
#define OPENING_LOOKS_MAX 200

struct layout {
	struct iovec iov[PIECES_MAX];
	uint8_t tag_at[PIECES_MAX]; /* this piece is for tag bytes */
	uint8_t tags[TAGS_MAX][L45_TAG_BYTES_MAX];
};
_Static_assert(STEP_BYTES + 2 * L45_TAG_BYTES_MAX <= SCRATCH_BYTES, "a step fits a scratch buffer");
_Static_assert(sizeof(struct layout) <= SCRATCH_BYTES, "a layout fits a scratch buffer");

/* Where in the program's buffers we are. */
struct cursor {
	const struct iovec *iov;
	size_t count, offset;
};

static void put_plain(struct cursor *to, const uint8_t *from, size_t bytes)
{
	while (bytes > 0 && to->count > 0) {
		size_t take = to->iov->iov_len - to->offset;

		if (take > bytes)
			take = bytes;
		memmove((char *)to->iov->iov_base + to->offset, from, take);
		from += take;
		bytes -= take;
		to->offset += take;
		if (to->offset == to->iov->iov_len) {
			to->iov++;
			to->count--;
			to->offset = 0;
		}
	}
}

static void skip_plain(struct cursor *to, size_t bytes)
{
	while (bytes > 0 && to->count > 0) {
		const size_t take = to->iov->iov_len - to->offset;

		if (bytes < take) {
			to->offset += bytes;
			return;
		}
		bytes -= take;
		to->iov++;
		to->count--;
		to->offset = 0;
	}
}

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
			skip_plain(&to, take);
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
	put_plain(to, line, plain_bytes);
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
			put_plain(to, (uint8_t *)layout->iov[piece].iov_base + offset, take);
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

static bool enforced(struct l45_flow *flow, uint32_t *module)
{
	uint64_t words[L45_RULE_WORDS], sequence;
	const struct rules *rules = rules_enter(&sequence);
	bool found = false;

	if (!rules)
		return false;
	flow_match(flow, rules);
	if (flow_attached(flow, sequence, words))
		for (int i = rule_next(words, 0); i >= 0 && !found;
		     i = i + 1 < L45_TAP_RULES_MAX ? rule_next(words, i + 1) : -1) {
			const struct l45_tap_rule *rule = &rules->rule[i].entry.rule;

			if (!(rule->flags & L45_TAP_ENFORCE) || rule->dialect.kind != L45_STREAM ||
			    rule->state == L45_TAP_DEACTIVATED || !rule_carries(rule, false))
				continue;
			*module = rules->rule[i].entry.module;
			found = true;
		}
	rules_leave(sequence);
	return found;
}

int stream_settle(int fd, struct l45_flow *flow)
{
	const struct l45_codec *codecs[L45_CODECS_MAX];
	uint8_t head[L45_TAG_BYTES_MAX];
	enum l45_opening opening = L45_OPENING_PLAIN;
	uint32_t module = L45_NO_MODULE;

	stream_rx_refresh(flow);
	for (int look = 0; look < OPENING_LOOKS_MAX; look++) {
		const ssize_t got = real(recv)(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);

		if (got < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? -EAGAIN : 1;
		if (got == 0)
			return 1;
		opening = l45_stream_opening(codecs, stream_codecs(flow, codecs), flow->rx.direction, head, (size_t)got);
		if (opening != L45_OPENING_MORE)
			break;
		pause_for(1000);
	}
	if (opening == L45_OPENING_FRAMED) {
		flow->rx.mode = L45_FRAMED;
		return 0;
	}
	flow->rx.mode = L45_PLAIN;
	if (flow->rx_count > 0 && enforced(flow, &module)) {
		COUNT(module, dropped);
		flow->rx_broken = 1;
	} else {
		for (uint32_t i = 0; i < flow->rx_count; i++)
			COUNT(flow->rx_modules[i], passed_plain);
	}
	return 0;
}

/* The connection is of no use any more: the peer is told so, and so is the program. */
static ssize_t refuse(int fd)
{
	const struct linger at_once = { 1, 0 };

	real(setsockopt)(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	shutdown(fd, SHUT_RDWR);
	errno = ECONNRESET;
	return -1;
}

/* Looks ahead: decodes a copy of the state over a copy of the queue. */
static ssize_t peek(int fd, struct l45_flow *flow, struct msghdr *message, size_t want, bool *drained)
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

	*drained = got < (ssize_t)SCRATCH_BYTES;
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

/* Sleeps until the queue is not empty, as the program's own receive would: timeouts, signals and restarts as they are. */
static ssize_t wait_for_bytes(int fd)
{
	char byte;

	return real(recv)(fd, &byte, 1, MSG_PEEK);
}

/* The same for a look that was too short: sleeps until there is more than there was. 0: there will be no more. */
static ssize_t wait_for_more(int fd)
{
	int wire = 0;
	char *line = scratch_take();
	ssize_t got = 0;

	if (line && real(ioctl)(fd, FIONREAD, &wire) == 0 && wire < (int)SCRATCH_BYTES)
		got = real(recv)(fd, line, (size_t)wire + 1, MSG_PEEK | MSG_WAITALL);
	const int keep = errno;

	scratch_give(line);
	errno = keep;
	return got > wire ? got : got < 0 ? -1 : 0;
}

static void count_plain(struct l45_flow *flow, uint64_t bytes)
{
	uint64_t words[L45_RULE_WORDS], sequence;
	const struct rules *rules = flow->watched || flow->tx_sequence != tap_sequence() ? rules_enter(&sequence) : NULL;

	if (!rules)
		return;
	flow_match(flow, rules);
	if (flow_attached(flow, sequence, words))
		count_watchers(rules, words, NULL, false, bytes);
	rules_leave(sequence);
}

/* Under rx_lock, framed. As much as is there, up to want. -1 and EAGAIN when nothing plain is. */
static ssize_t take_available(int fd, struct l45_flow *flow, struct cursor *to, size_t want, struct msghdr *message,
			      int flags)
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

/* One try, under rx_lock. -2: it is a plain stream, go on natively. */
static ssize_t try_recv(int fd, struct l45_flow *flow, struct cursor *to, size_t want, struct msghdr *message, int flags)
{
	bool drained;

	if (flow->rx_error) {
		errno = flow->rx_error;
		if (!(flags & MSG_PEEK))
			flow->rx_error = 0;
		return -1;
	}
	if (flow->rx_broken)
		return refuse(fd);
	if (flow->rx.mode == L45_UNDECIDED) {
		const int settled = stream_settle(fd, flow);

		if (settled == -EAGAIN) {
			errno = EAGAIN;
			return -1;
		}
		if (settled == 1)
			return -2; /* the end or an error: the kernel's own answer */
		if (flow->rx_broken)
			return refuse(fd);
	}
	stream_rx_refresh(flow);
	if (flow->rx.mode != L45_FRAMED)
		return -2;
	if (flags & MSG_PEEK)
		return peek(fd, flow, message, want, &drained);
	const ssize_t got = take_available(fd, flow, to, want, message, flags & ~(MSG_WAITALL | MSG_TRUNC));

	/* The stream has left its dialect with nothing read yet: the rest is native. */
	if (got < 0 && errno == EAGAIN && flow->rx.mode == L45_PLAIN)
		return -2;
	return got;
}

/* MSG_TRUNC on a stream throws the bytes away: the program's buffer may not even be there. */
static ssize_t discard(int fd, struct l45_flow *flow, size_t want, int flags)
{
	void *sink = scratch_take();
	struct iovec one = { sink, want < SCRATCH_BYTES ? want : SCRATCH_BYTES };
	struct msghdr message;

	if (!sink) {
		errno = ENOBUFS;
		return -1;
	}
	memset(&message, 0, sizeof(message));
	message.msg_iov = &one;
	message.msg_iovlen = 1;
	const ssize_t got = stream_recv(fd, flow, &message, flags);
	const int keep = errno;

	scratch_give(sink);
	errno = keep;
	return got;
}

ssize_t stream_recv(int fd, struct l45_flow *flow, struct msghdr *message, int flags)
{
	struct cursor to = { message->msg_iov, message->msg_iovlen, 0 };
	const size_t want = iov_total(message->msg_iov, message->msg_iovlen);
	const socklen_t name_bytes = message->msg_namelen;
	const size_t control_bytes = message->msg_controllen;
	size_t total = 0, target;
	ssize_t got;

	if (want == 0 || (flags & (MSG_OOB | MSG_ERRQUEUE)))
		return real(recvmsg)(fd, message, flags);
	if ((flags & MSG_TRUNC) && flow->rx.mode != L45_PLAIN)
		return discard(fd, flow, want, flags & ~MSG_TRUNC);
	target = (flags & MSG_WAITALL) ? want : flow->rx_lowat > 1 ? flow->rx_lowat : 1;
	if (target > want)
		target = want;
	for (;;) {
		if (flow->rx.mode == L45_PLAIN && !flow->rx_error && !flow->rx_broken) {
			got = -2;
		} else {
			if (lock_take(&flow->rx_lock, true) < 0) {
				errno = EINTR;
				got = -1;
				break;
			}
			message->msg_controllen = control_bytes;
			got = try_recv(fd, flow, &to, want - total, message, flags);
			const int keep = errno;

			lock_give(&flow->rx_lock);
			errno = keep;
		}
		if (got == -2) {
			struct msghdr rest = *message;
			struct iovec one;

			if (total == 0) {
				message->msg_namelen = name_bytes;
				message->msg_controllen = control_bytes;
				got = real(recvmsg)(fd, message, flags);
				break;
			}
			/* Some bytes are in hand: the rest of the first buffer, without waiting but for WAITALL. */
			one = (struct iovec){ (char *)to.iov->iov_base + to.offset, to.iov->iov_len - to.offset };
			rest.msg_iov = &one;
			rest.msg_iovlen = 1;
			rest.msg_control = NULL;
			rest.msg_controllen = 0;
			got = real(recvmsg)(fd, &rest, (flags & MSG_WAITALL) ? flags : flags | MSG_DONTWAIT);
			if (got > 0)
				skip_plain(&to, (size_t)got);
		}
		if (got == 0)
			break;
		if (got > 0) {
			total += (size_t)got;
			if (total >= target)
				break;
			if (flags & MSG_PEEK) {
				if ((flags & MSG_DONTWAIT) || wait_for_more(fd) <= 0)
					break;
				total = 0;
				continue;
			}
		} else if (errno != EAGAIN && errno != EWOULDBLOCK) {
			break;
		}
		if (flags & MSG_DONTWAIT) {
			if (got > 0)
				errno = EAGAIN;
			got = -1;
			break;
		}
		/* 0 is the end of the stream, told to us: the descriptor itself may be gone by now. */
		got = wait_for_bytes(fd);
		if (got <= 0)
			break;
	}
	if (l45_unlikely(flow->rx_lowat > 1)) {
		const int lowat = (int)flow->rx_lowat, keep = errno;

		real(setsockopt)(fd, SOL_SOCKET, SO_RCVLOWAT, &lowat, sizeof(lowat)); /* see stream_readable */
		errno = keep;
	}
	if (total > 0 || got == 0)
		got = (ssize_t)total;
	if (got >= 0)
		message->msg_namelen = 0;
	if (got > 0 && !(flags & MSG_PEEK)) {
		const int keep = errno;

		count_plain(flow, (uint64_t)got);
		errno = keep;
	}
	return got;
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
			readable = settled == 1;
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
	if (flow->rx.mode == L45_UNDECIDED)
		stream_settle(fd, flow);
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
