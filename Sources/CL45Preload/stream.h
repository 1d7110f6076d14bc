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

/* Under rx_lock. It is plain for good: counted, or, where that is enforced, of no use any more. */
void stream_settle_plain(struct l45_flow *flow);

/* ---- stream_prelude.c: a handshake, which passes as it is ---- */

static inline bool in_tx_prelude(const struct l45_flow *flow)
{
	return flow->tx.mode == L45_UNDECIDED && flow->tx_prelude == L45_IN_PRELUDE;
}

/* A settled stream that goes on in its prelude: so says stream_settle. */
#define STREAM_PRELUDE 2
/* Under rx_lock. What has come begins, or goes on with, a record of the handshake. */
bool prelude_goes_on(const struct l45_flow *flow, const uint8_t *head, size_t bytes);
/* Under rx_lock. How many wire bytes may be read before the stream has to be settled again, at least 1. */
size_t prelude_room(int fd, const struct l45_flow *flow);
/* Under rx_lock, settled as STREAM_PRELUDE. As much as is there, up to want, and on beyond the prelude. */
ssize_t prelude_recv(int fd, struct l45_flow *flow, struct cursor *to, size_t want, struct msghdr *message, int flags);
/* Under tx_lock. Sends what comes before the stream opens. *over = it opens, or is plain, from the next byte on. */
ssize_t prelude_send(int fd, struct l45_flow *flow, const struct msghdr *message, int flags, bool *over);

#endif
