/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef L45_WAIT_H
#define L45_WAIT_H

#include <stdbool.h>
#include <time.h>

struct l45_flow;

/* The tapped stream behind fd whose readiness the kernel cannot tell alone; NULL for everything else. */
struct l45_flow *wait_stream(int fd);
/* Deadlines on the monotonic clock. */
void wait_until(struct timespec *deadline, const struct timespec *timeout);
void wait_left(const struct timespec *deadline, struct timespec *left); /* never below 0 */

#endif
