/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What waiting calls need: a queue that holds only tag bytes is not readable, and those bytes are taken meanwhile. */
#include "preload.h"
#include "wait.h"

#include <time.h>

bool wait_concerned(void)
{
	return tap.state && __atomic_load_n(&tap.state->streams, __ATOMIC_RELAXED) != 0;
}

struct l45_flow *wait_stream(int fd)
{
	struct l45_flow *flow = fd_kind_of(fd) == FD_STREAM ? fd_flow(fd) : NULL;

	return flow && (flow->rx.mode != L45_PLAIN || flow->rx_error || flow->rx_broken) ? flow : NULL;
}

bool wait_readable(int fd)
{
	const int keep = errno;
	struct l45_flow *flow = wait_stream(fd);
	const bool readable = !flow || stream_readable(fd, flow);

	errno = keep;
	return readable;
}

void wait_until(struct timespec *deadline, const struct timespec *timeout)
{
	clock_gettime(CLOCK_MONOTONIC, deadline);
	deadline->tv_sec += timeout->tv_sec;
	deadline->tv_nsec += timeout->tv_nsec;
	if (deadline->tv_nsec >= 1000000000) {
		deadline->tv_sec++;
		deadline->tv_nsec -= 1000000000;
	}
}

void wait_left(const struct timespec *deadline, struct timespec *left)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left->tv_sec = deadline->tv_sec - now.tv_sec;
	left->tv_nsec = deadline->tv_nsec - now.tv_nsec;
	if (left->tv_nsec < 0) {
		left->tv_sec--;
		left->tv_nsec += 1000000000;
	}
	if (left->tv_sec < 0)
		*left = (struct timespec){ 0, 0 };
}
