/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "preload.h"
#include "real.h"
#include "wait.h"

#include <sys/select.h>

#define WORD_BITS (8 * (int)sizeof(unsigned long))

static bool in_set(const void *set, int fd)
{
	return (((const unsigned long *)set)[fd / WORD_BITS] >> (fd % WORD_BITS)) & 1;
}

static void take_out(void *set, int fd)
{
	((unsigned long *)set)[fd / WORD_BITS] &= ~(1ul << (fd % WORD_BITS));
}

static size_t set_bytes(int count)
{
	return (size_t)(count + WORD_BITS - 1) / (size_t)WORD_BITS * sizeof(unsigned long);
}

static bool any_stream(int count, const fd_set *readable)
{
	for (int fd = 0; readable && fd < count; fd++)
		if (in_set(readable, fd) && wait_stream(fd))
			return true;
	return false;
}

/* Programs size sets to their own needs: count says how much of each is there. */
static int select_until(int count, fd_set *r, fd_set *w, fd_set *x, struct timespec *left, const sigset_t *mask)
{
	const size_t bytes = set_bytes(count);
	fd_set *const sets[3] = { r, w, x };
	struct timespec deadline;
	char *saved = 3 * bytes <= SCRATCH_BYTES ? scratch_take() : NULL;
	int ready;

	if (!saved)
		return real(pselect)(count, r, w, x, left, mask);
	for (int i = 0; i < 3; i++)
		if (sets[i])
			memcpy(saved + (size_t)i * bytes, sets[i], bytes);
	if (left)
		wait_until(&deadline, left);
	for (;;) {
		ready = real(pselect)(count, r, w, x, left, mask);
		if (ready <= 0)
			break;
		for (int fd = 0; fd < count; fd++)
			if (in_set(r, fd) && !wait_readable(fd)) {
				take_out(r, fd);
				ready--;
			}
		if (left)
			wait_left(&deadline, left);
		if (ready > 0 || (left && left->tv_sec == 0 && left->tv_nsec == 0))
			break;
		for (int i = 0; i < 3; i++)
			if (sets[i])
				memcpy(sets[i], saved + (size_t)i * bytes, bytes);
	}
	const int keep = errno;

	if (left)
		wait_left(&deadline, left);
	scratch_give(saved);
	errno = keep;
	return ready;
}

L45_HOOK int select(int count, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	struct timespec left;

	if (l45_likely(!wait_concerned()) || !any_stream(count, r))
		return real(select)(count, r, w, x, timeout);
	if (timeout)
		left = (struct timespec){ timeout->tv_sec + timeout->tv_usec / 1000000,
					  (long)(timeout->tv_usec % 1000000) * 1000 };
	const int ready = select_until(count, r, w, x, timeout ? &left : NULL, NULL);

	/* Linux tells select what time was left. */
	if (timeout)
		*timeout = (struct timeval){ left.tv_sec, left.tv_nsec / 1000 };
	return ready;
}

L45_HOOK int pselect(int count, fd_set *r, fd_set *w, fd_set *x, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec left;

	if (l45_likely(!wait_concerned()) || !any_stream(count, r))
		return real(pselect)(count, r, w, x, timeout, mask);
	if (timeout)
		left = *timeout;
	return select_until(count, r, w, x, timeout ? &left : NULL, mask);
}
