/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "preload.h"
#include "real.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

static inline bool native(enum fd_kind kind)
{
	return kind == FD_FOREIGN || kind == FD_IDLE || kind == FD_UNKNOWN;
}

/*
 * A datagram socket that no rule is for: the program's own call, but within a section, and without sleeping: a sleep
 * may end under another table (see datagram_recv_idle). Goes on below when there is nothing, or the table moved on.
 */
#define IDLE_DATAGRAM(kind, fd, flags, call)                                                                           \
	do {                                                                                                           \
		uint32_t *inside = (kind) == FD_IDLE_UDP ? datagram_idle_enter(fd) : NULL;                             \
		if (inside) {                                                                                          \
			const ssize_t idle_got = (call);                                                               \
			datagram_idle_leave(inside);                                                                   \
			if (idle_got >= 0 || ((flags) & MSG_DONTWAIT) || errno != EAGAIN)                              \
				return idle_got;                                                                       \
		}                                                                                                      \
	} while (0)

static ssize_t recv_one(int fd, void *data, size_t bytes, int flags, struct sockaddr *from, socklen_t *from_bytes,
			enum fd_kind kind)
{
	struct iovec iov = { data, bytes };
	struct msghdr message = { .msg_name = from_bytes ? from : NULL,
				  .msg_namelen = from && from_bytes ? *from_bytes : 0,
				  .msg_iov = &iov,
				  .msg_iovlen = 1 };
	const ssize_t got = transfer_recv(fd, &message, flags, kind);

	if (got >= 0 && from && from_bytes)
		*from_bytes = message.msg_namelen;
	return got;
}

L45_HOOK ssize_t recv(int fd, void *data, size_t bytes, int flags)
{
	const enum fd_kind kind = fd_kind_of(fd);

	if (native(kind))
		return real(recv)(fd, data, bytes, flags);
	IDLE_DATAGRAM(kind, fd, flags, real(recv)(fd, data, bytes, flags | MSG_DONTWAIT));
	return recv_one(fd, data, bytes, flags, NULL, NULL, kind);
}

L45_HOOK ssize_t recvfrom(int fd, void *data, size_t bytes, int flags, struct sockaddr *from, socklen_t *from_bytes)
{
	const enum fd_kind kind = fd_kind_of(fd);

	if (native(kind))
		return real(recvfrom)(fd, data, bytes, flags, from, from_bytes);
	IDLE_DATAGRAM(kind, fd, flags, real(recvfrom)(fd, data, bytes, flags | MSG_DONTWAIT, from, from_bytes));
	return recv_one(fd, data, bytes, flags, from, from_bytes, kind);
}

L45_HOOK ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	const enum fd_kind kind = fd_kind_of(fd);

	if (native(kind) || !message)
		return real(recvmsg)(fd, message, flags);
	return transfer_recv(fd, message, flags, kind);
}

L45_HOOK int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout)
{
	const enum fd_kind kind = fd_kind_of(fd);
	struct timespec start = { 0, 0 }, now;
	unsigned int got = 0;

	if (native(kind))
		return real(recvmmsg)(fd, messages, count, flags, timeout);
	if (timeout)
		clock_gettime(CLOCK_MONOTONIC, &start);
	if (count > UIO_MAXIOV)
		count = UIO_MAXIOV;
	for (; got < count; got++) {
		const ssize_t bytes = transfer_recv(fd, &messages[got].msg_hdr, flags & ~MSG_WAITFORONE, fd_kind_of(fd));

		if (bytes < 0)
			break;
		messages[got].msg_len = (unsigned int)bytes;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (!timeout)
			continue;
		/* As the kernel does: looked at after each message only. */
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec > timeout->tv_sec ||
		    (now.tv_sec - start.tv_sec == timeout->tv_sec && now.tv_nsec - start.tv_nsec >= timeout->tv_nsec)) {
			got++;
			break;
		}
	}
	return got > 0 || count == 0 ? (int)got : -1;
}

L45_HOOK ssize_t read(int fd, void *data, size_t bytes)
{
	const enum fd_kind kind = fd_kind_of(fd);

	if (native(kind))
		return real(read)(fd, data, bytes);
	IDLE_DATAGRAM(kind, fd, 0, real(recv)(fd, data, bytes, MSG_DONTWAIT));
	return recv_one(fd, data, bytes, 0, NULL, NULL, kind);
}

L45_HOOK ssize_t readv(int fd, const struct iovec *iov, int count)
{
	const enum fd_kind kind = fd_kind_of(fd);

	if (native(kind) || count < 0 || count > UIO_MAXIOV)
		return real(readv)(fd, iov, count);
	struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count };

	return transfer_recv(fd, &message, 0, kind);
}

/* What a program built with _FORTIFY_SOURCE calls instead. The check is ours to make, then. */
L45_HOOK ssize_t __recv_chk(int fd, void *data, size_t bytes, size_t room, int flags);
L45_HOOK ssize_t __recv_chk(int fd, void *data, size_t bytes, size_t room, int flags)
{
	if (bytes > room)
		abort();
	return recv(fd, data, bytes, flags);
}

L45_HOOK ssize_t __recvfrom_chk(int fd, void *data, size_t bytes, size_t room, int flags, struct sockaddr *from,
				socklen_t *from_bytes);
L45_HOOK ssize_t __recvfrom_chk(int fd, void *data, size_t bytes, size_t room, int flags, struct sockaddr *from,
				socklen_t *from_bytes)
{
	if (bytes > room)
		abort();
	return recvfrom(fd, data, bytes, flags, from, from_bytes);
}

L45_HOOK ssize_t __read_chk(int fd, void *data, size_t bytes, size_t room);
L45_HOOK ssize_t __read_chk(int fd, void *data, size_t bytes, size_t room)
{
	if (bytes > room)
		abort();
	return read(fd, data, bytes);
}
