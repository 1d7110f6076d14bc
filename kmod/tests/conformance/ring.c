/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ring.h"

struct ring {
	int fd;
	uint8_t *queues;
	size_t queues_bytes;
	struct io_uring_sqe *requests;
	size_t requests_bytes;
	struct io_uring_params params;
};

struct ring *ring_open(void)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	size_t answers_bytes;

	if (!ring)
		return NULL;
	ring->fd = (int)syscall(SYS_io_uring_setup, 4, &ring->params);
	if (ring->fd < 0)
		goto none;
	ring->queues_bytes = ring->params.sq_off.array + ring->params.sq_entries * sizeof(uint32_t);
	answers_bytes = ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
	if (answers_bytes > ring->queues_bytes)
		ring->queues_bytes = answers_bytes;
	ring->requests_bytes = ring->params.sq_entries * sizeof(struct io_uring_sqe);
	/* Both queues lie in one mapping (IORING_FEAT_SINGLE_MMAP, Linux 5.4). */
	ring->queues = mmap(NULL, ring->queues_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			    IORING_OFF_SQ_RING);
	ring->requests = mmap(NULL, ring->requests_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			      IORING_OFF_SQES);
	if (ring->queues != MAP_FAILED && ring->requests != MAP_FAILED)
		return ring;
	close(ring->fd);
none:
	free(ring);
	return NULL;
}

static uint32_t *word(struct ring *ring, uint32_t offset)
{
	return (uint32_t *)(ring->queues + offset);
}

int ring_transfer(struct ring *ring, bool sending, int fd, void *data, size_t bytes)
{
	const uint32_t mask = *word(ring, ring->params.sq_off.ring_mask);
	uint32_t *tail = word(ring, ring->params.sq_off.tail), *head = word(ring, ring->params.cq_off.head);
	const uint32_t at = *tail & mask;
	struct io_uring_sqe *request = &ring->requests[at];
	const struct io_uring_cqe *answers = (void *)(ring->queues + ring->params.cq_off.cqes);
	int result;

	memset(request, 0, sizeof(*request));
	request->opcode = sending ? IORING_OP_SEND : IORING_OP_RECV;
	request->fd = fd;
	request->addr = (uint64_t)(uintptr_t)data;
	request->len = (uint32_t)bytes;
	word(ring, ring->params.sq_off.array)[at] = at;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	do
		result = (int)syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		return -errno;
	if (__atomic_load_n(word(ring, ring->params.cq_off.tail), __ATOMIC_ACQUIRE) == *head)
		return -EIO;
	result = answers[*head & *word(ring, ring->params.cq_off.ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

void ring_close(struct ring *ring)
{
	munmap(ring->requests, ring->requests_bytes);
	munmap(ring->queues, ring->queues_bytes);
	close(ring->fd);
	free(ring);
}
