/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Sockets made, connected and accepted; their options. */
#include "preload.h"
#include "real.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#ifndef TCP_ZEROCOPY_RECEIVE
#define TCP_ZEROCOPY_RECEIVE 35
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static int protocol_of_new(int domain, int type, int protocol)
{
	if (domain != AF_INET && domain != AF_INET6)
		return PROTOCOL_FOREIGN;
	if (type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP))
		return 6;
	if (type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP))
		return 17;
	return PROTOCOL_FOREIGN;
}

L45_HOOK int socket(int domain, int type, int protocol)
{
	const int fd = real(socket)(domain, type, protocol);

	if (fd >= 0)
		fd_made(fd, protocol_of_new(domain, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), protocol));
	return fd;
}

L45_HOOK int bind(int fd, const struct sockaddr *address, socklen_t bytes)
{
	const int result = real(bind)(fd, address, bytes);

	if (result == 0)
		fd_recheck(fd);
	return result;
}

L45_HOOK int connect(int fd, const struct sockaddr *address, socklen_t bytes)
{
	const int result = real(connect)(fd, address, bytes);

	if ((uint32_t)fd >= tap.fds_count || (result != 0 && errno != EINPROGRESS && errno != EINTR))
		return result;
	const int keep = errno;

	/* Called again to learn how it went, it says something else; in progress means that a new attempt has begun. */
	if (tap.fds[fd].opened && tap.fds[fd].protocol == 6 && result != 0 && keep == EINPROGRESS)
		fd_made(fd, 6);
	if (!tap.fds[fd].opened)
		fd_opened_to(fd, address, bytes);
	else
		fd_recheck(fd);
	errno = keep;
	return result;
}

static int accepted(int fd)
{
	if (fd >= 0) {
		const int keep = errno;

		fd_made(fd, 0);
		fd_opened(fd, L45_ACCEPTED);
		errno = keep;
	}
	return fd;
}

L45_HOOK int accept(int fd, struct sockaddr *address, socklen_t *bytes)
{
	return accepted(real(accept)(fd, address, bytes));
}

L45_HOOK int accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags)
{
	return accepted(real(accept4)(fd, address, bytes, flags));
}

static struct l45_flow *tapped_stream(int fd)
{
	return fd_kind_of(fd) == FD_STREAM ? fd_flow(fd) : NULL;
}

L45_HOOK int setsockopt(int fd, int level, int option, const void *value, socklen_t bytes)
{
	struct l45_flow *flow;

	if (l45_unlikely(level == SOL_SOCKET && option == SO_RCVLOWAT && bytes >= sizeof(int))) {
		int lowat;

		memcpy(&lowat, value, sizeof(lowat));
		flow = tapped_stream(fd);
		if (flow)
			flow->rx_lowat = lowat > 1 ? (uint32_t)lowat : 0;
	}
	/* Records made by the kernel (kTLS) would go out behind our back. Programs then make them themselves. */
	if (l45_unlikely(level == IPPROTO_TCP && option == TCP_ULP && tapped_stream(fd))) {
		errno = ENOENT;
		return -1;
	}
	/* The option permits the kernel to put datagrams together, never promises it: a tapped socket gets them singly. */
	if (l45_unlikely(level == IPPROTO_UDP && option == UDP_GRO && (uint32_t)fd < tap.fds_count)) {
		if (fd_kind_of(fd) == FD_DATAGRAM)
			return 0;
		tap.fds[fd].batched = 1;
	}
	if (l45_unlikely(level == IPPROTO_UDP && option == UDP_SEGMENT && (uint32_t)fd < tap.fds_count))
		tap.fds[fd].segmented = 1;
	return real(setsockopt)(fd, level, option, value, bytes);
}

L45_HOOK int getsockopt(int fd, int level, int option, void *value, socklen_t *bytes)
{
	if (l45_unlikely(level == SOL_SOCKET && option == SO_RCVLOWAT && value && bytes && *bytes >= sizeof(int))) {
		struct l45_flow *flow = tapped_stream(fd);

		if (flow && flow->rx_lowat > 1) {
			const int lowat = (int)flow->rx_lowat; /* the kernel's own may be raised by us for a while */

			memcpy(value, &lowat, sizeof(lowat));
			*bytes = sizeof(lowat);
			return 0;
		}
	}
	/* Pages mapped out of the queue would hold tags. Programs then copy. */
	if (l45_unlikely(level == IPPROTO_TCP && option == TCP_ZEROCOPY_RECEIVE && tapped_stream(fd))) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return real(getsockopt)(fd, level, option, value, bytes);
}

L45_HOOK int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;
	struct l45_flow *flow;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (l45_likely(request != FIONREAD) || !argument)
		return real(ioctl)(fd, request, argument);
	switch (fd_kind_of(fd)) {
	case FD_DATAGRAM:
		return datagram_pending(fd, argument);
	case FD_STREAM:
		flow = fd_flow(fd);
		if (flow)
			return stream_pending(fd, flow, argument);
		break;
	default:
		break;
	}
	return real(ioctl)(fd, request, argument);
}
