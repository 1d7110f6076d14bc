/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Receiving on a tapped stream: never more is read than can be handed over at once, so nothing is ever held back here and
 * what poll and FIONREAD say stays true. A read is filled as far as the queue goes: a short one means that the queue is
 * empty, which users of edge-triggered epoll rely on.
 */
#include "stream.h"
#include "real.h"

#include <netinet/in.h>
#include <sys/ioctl.h>

/* The connection is of no use any more: the peer is told so, and so is the program. */
static ssize_t refuse(int fd)
{
	const struct linger at_once = { 1, 0 };

	real(setsockopt)(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	shutdown(fd, SHUT_RDWR);
	errno = ECONNRESET;
	return -1;
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

/* One try, under rx_lock. -2: it is a plain stream, go on natively. */
static ssize_t try_recv(int fd, struct l45_flow *flow, struct cursor *to, size_t want, struct msghdr *message, int flags)
{
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
		if (settled == STREAM_PRELUDE)
			return prelude_recv(fd, flow, to, want, message, flags);
	}
	stream_rx_refresh(flow);
	if (flow->rx.mode != L45_FRAMED)
		return -2;
	if (flags & MSG_PEEK)
		return stream_peek(fd, flow, message, want);
	const ssize_t got = stream_take(fd, flow, to, want, message, flags & ~(MSG_WAITALL | MSG_TRUNC));

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
				cursor_skip(&to, (size_t)got);
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
