/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "preload.h"
#include "real.h"
#include "wait.h"

#include <poll.h>
#include <stdlib.h>

#define READABLE (POLLIN | POLLRDNORM)
/* News whatever the queue holds. */
#define ALWAYS (POLLERR | POLLHUP | POLLRDHUP | POLLNVAL | POLLPRI)

static bool any_stream(const struct pollfd *fds, nfds_t count)
{
	for (nfds_t i = 0; i < count; i++)
		if (fds[i].fd >= 0 && (fds[i].events & READABLE) && wait_stream(fds[i].fd))
			return true;
	return false;
}

/* Takes back what is no news. Returns the descriptors that still have some. */
static int sift(struct pollfd *fds, nfds_t count)
{
	int ready = 0;

	for (nfds_t i = 0; i < count; i++) {
		if ((fds[i].revents & READABLE) && !(fds[i].revents & ALWAYS) && !wait_readable(fds[i].fd))
			fds[i].revents &= ~READABLE;
		ready += fds[i].revents != 0;
	}
	return ready;
}

static int poll_until(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec deadline, left;
	struct timespec *wait = NULL;

	if (timeout) {
		wait_until(&deadline, timeout);
		left = *timeout;
		wait = &left;
	}
	for (;;) {
		int ready = real(ppoll)(fds, count, wait, mask);

		if (ready <= 0)
			return ready;
		ready = sift(fds, count);
		if (ready > 0 || (wait && wait->tv_sec == 0 && wait->tv_nsec == 0))
			return ready;
		if (wait)
			wait_left(&deadline, wait);
	}
}

L45_HOOK int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	if (l45_likely(!wait_concerned()) || !any_stream(fds, count))
		return real(poll)(fds, count, timeout);
	const struct timespec span = { timeout / 1000, (long)(timeout % 1000) * 1000000 };

	return poll_until(fds, count, timeout < 0 ? NULL : &span, NULL);
}

L45_HOOK int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	if (l45_likely(!wait_concerned()) || !any_stream(fds, count))
		return real(ppoll)(fds, count, timeout, mask);
	return poll_until(fds, count, timeout, mask);
}

L45_HOOK int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t room);
L45_HOOK int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t room)
{
	if (room / sizeof(*fds) < count)
		abort();
	return poll(fds, count, timeout);
}

L45_HOOK int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
			 size_t room);
L45_HOOK int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
			 size_t room)
{
	if (room / sizeof(*fds) < count)
		abort();
	return ppoll(fds, count, timeout, mask);
}
