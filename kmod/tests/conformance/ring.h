/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* As little of io_uring as a test needs: one request at a time. */
#ifndef L45_RING_H
#define L45_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring;
struct ring *ring_open(void); /* NULL: the kernel has none */
/* IORING_OP_SEND or IORING_OP_RECV, to its completion. Returns what the call would, or -errno. */
int ring_transfer(struct ring *ring, bool sending, int fd, void *data, size_t bytes);
void ring_close(struct ring *ring);

#endif
