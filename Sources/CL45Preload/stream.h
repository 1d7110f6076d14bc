/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the files of a stream know of each other. */
#ifndef L45_STREAM_H
#define L45_STREAM_H

#include "preload.h"

/* Where in the program's buffers we are. */
struct cursor {
	const struct iovec *iov;
	size_t count, offset;
};
void cursor_put(struct cursor *to, const uint8_t *from, size_t bytes);
void cursor_skip(struct cursor *at, uint64_t bytes);

/* Under rx_lock, framed. As much as is there, up to want. -1 and EAGAIN when nothing plain is. */
ssize_t stream_take(int fd, struct l45_flow *flow, struct cursor *to, size_t want, struct msghdr *message, int flags);
/* Under rx_lock, framed. Looks ahead: decodes a copy of the state over a copy of the queue. */
ssize_t stream_peek(int fd, struct l45_flow *flow, struct msghdr *message, size_t want);

#endif
