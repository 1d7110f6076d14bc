/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "preload.h"
#include "real.h"

#include <limits.h>

/* Is nothing of ours to be done? Then the program's own call goes on as it is. */
static inline bool native(enum fd_kind kind)
{
	return kind == FD_FOREIGN || kind == FD_IDLE || kind == FD_UNKNOWN;
}

/* A datagram socket that no rule is for: the program's own call, but within a section (see datagram_idle_enter). */
#define IDLE_DATAGRAM(kind, fd, call)                                                                                  \
	do {                                                                                                           \
		uint32_t *inside = (kind) == FD_IDLE_UDP ? datagram_idle_enter(fd) : NULL;                             \
		if (inside) {                                                                                          \
			const ssize_t idle_sent = (call);                                                              \
			datagram_idle_leave(inside);                                                                   \
			return idle_sent;                                                                              \
		}                                                                                                      \
	} while (0)

static ssize_t send_one(int fd, const void *data, size_t bytes, int flags, const struct sockaddr *to, socklen_t to_bytes,
			enum fd_kind kind)
{
	struct iovec iov = { (void *)data, bytes };
	struct msghdr message = { .msg_name = (void *)to, .msg_namelen = to_bytes, .msg_iov = &iov, .msg_iovlen = 1 };

	return transfer_send(fd, &message, flags, kind);
}

/* Connecting and sending in one: taken apart where a rule may be for the connection that it opens. */
static bool opens(int fd, int flags, const struct sockaddr *to)
{
	struct l45_flow *flow;

	if (!(flags & MSG_FASTOPEN) || !to || (uint32_t)fd >= tap.fds_count || tap_sequence() == 0)
		return false;
	flow = fd_flow(fd);
	return !flow;
}

L45_HOOK ssize_t send(int fd, const void *data, size_t bytes, int flags)
{
	const enum fd_kind kind = fd_kind_of(fd);

	if (native(kind))
		return real(send)(fd, data, bytes, flags);
	IDLE_DATAGRAM(kind, fd, real(send)(fd, data, bytes, flags));
	return send_one(fd, data, bytes, flags, NULL, 0, kind);
}

L45_HOOK ssize_t sendto(int fd, const void *data, size_t bytes, int flags, const struct sockaddr *to, socklen_t to_bytes)
{
	if (l45_unlikely(opens(fd, flags, to))) {
		if (connect(fd, to, to_bytes) != 0)
			return -1;
		return send(fd, data, bytes, flags & ~MSG_FASTOPEN);
	}
	const enum fd_kind kind = fd_kind_of(fd);

	if (native(kind))
		return real(sendto)(fd, data, bytes, flags, to, to_bytes);
	IDLE_DATAGRAM(kind, fd, real(sendto)(fd, data, bytes, flags, to, to_bytes));
	return send_one(fd, data, bytes, flags, to, to_bytes, kind);
}

L45_HOOK ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (l45_unlikely(message && opens(fd, flags, message->msg_name))) {
		struct msghdr rest = *message;

		if (connect(fd, message->msg_name, message->msg_namelen) != 0)
			return -1;
		rest.msg_name = NULL;
		rest.msg_namelen = 0;
		return sendmsg(fd, &rest, flags & ~MSG_FASTOPEN);
	}
	const enum fd_kind kind = fd_kind_of(fd);

	if (native(kind) || !message)
		return real(sendmsg)(fd, message, flags);
	return transfer_send(fd, message, flags, kind);
}

L45_HOOK int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags)
{
	const enum fd_kind kind = fd_kind_of(fd);
	unsigned int sent = 0;

	if (native(kind))
		return real(sendmmsg)(fd, messages, count, flags);
	IDLE_DATAGRAM(kind, fd, real(sendmmsg)(fd, messages, count, flags));
	if (count > UIO_MAXIOV)
		count = UIO_MAXIOV;
	for (; sent < count; sent++) {
		const ssize_t bytes = transfer_send(fd, &messages[sent].msg_hdr, flags, fd_kind_of(fd));

		if (bytes < 0)
			break;
		messages[sent].msg_len = (unsigned int)bytes;
	}
	return sent > 0 || count == 0 ? (int)sent : -1;
}

L45_HOOK ssize_t write(int fd, const void *data, size_t bytes)
{
	const enum fd_kind kind = fd_kind_of(fd);

	if (native(kind))
		return real(write)(fd, data, bytes);
	IDLE_DATAGRAM(kind, fd, real(write)(fd, data, bytes));
	return send_one(fd, data, bytes, 0, NULL, 0, kind);
}

L45_HOOK ssize_t writev(int fd, const struct iovec *iov, int count)
{
	const enum fd_kind kind = fd_kind_of(fd);

	if (native(kind) || count < 0 || count > UIO_MAXIOV)
		return real(writev)(fd, iov, count);
	struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count };

	return transfer_send(fd, &message, 0, kind);
}
