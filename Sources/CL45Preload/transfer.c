/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* One message or stretch, by what the socket is. All sending and receiving hooks come down to these two. */
#include "preload.h"
#include "real.h"

ssize_t transfer_send(int fd, const struct msghdr *message, int flags, enum fd_kind kind)
{
	struct l45_flow *flow;

	switch (kind) {
	case FD_DATAGRAM:
		return datagram_send(fd, message, flags);
	case FD_IDLE_UDP:
		return datagram_send_idle(fd, message, flags);
	case FD_STREAM:
		flow = fd_flow(fd);
		if (flow)
			return stream_send(fd, flow, message, flags);
		break;
	default:
		break;
	}
	return real(sendmsg)(fd, message, flags);
}

ssize_t transfer_recv(int fd, struct msghdr *message, int flags, enum fd_kind kind)
{
	struct l45_flow *flow;

	switch (kind) {
	case FD_DATAGRAM:
		return datagram_recv(fd, message, flags);
	case FD_IDLE_UDP:
		return datagram_recv_idle(fd, message, flags);
	case FD_STREAM:
		flow = fd_flow(fd);
		if (flow)
			return stream_recv(fd, flow, message, flags);
		break;
	default:
		break;
	}
	return real(recvmsg)(fd, message, flags);
}
