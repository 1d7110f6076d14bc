/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * epoll tells events by the program's own 64 bits, not by descriptor: registrations are noted so that an event can be
 * led back to its socket. Nothing of the program's is replaced: a note that was lost costs a wake-up for a tag, which
 * a read answers with EAGAIN. Noted is the last epoll instance a socket was put in.
 */
#include "preload.h"
#include "real.h"
#include "wait.h"

#include <sys/epoll.h>

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define ALWAYS (EPOLLERR | EPOLLHUP | EPOLLRDHUP | EPOLLPRI)
#define SETS 4096
#define WAYS 8

/* A cache of descriptor + 1, by (instance, data). What it says is checked against the descriptor's own note. */
static uint32_t notes[SETS][WAYS];

static uint32_t *set_of(int instance, uint64_t data)
{
	const uint64_t mixed = (data ^ ((uint64_t)(uint32_t)instance << 48)) * 0x9e3779b97f4a7c15ull;

	return notes[(mixed >> 32) % SETS];
}

static bool noted(uint32_t fd, int instance, uint64_t data)
{
	return fd < tap.fds_count && tap.fds[fd].epoll == instance + 1 && tap.fds[fd].epoll_data == data;
}

static int find(int instance, uint64_t data)
{
	const uint32_t *set = set_of(instance, data);

	for (int i = 0; i < WAYS; i++) {
		const uint32_t fd = __atomic_load_n(&set[i], __ATOMIC_RELAXED);

		if (fd != 0 && noted(fd - 1, instance, data))
			return (int)fd - 1;
	}
	return -1;
}

static void note(int instance, int fd, const struct epoll_event *event)
{
	struct fd_info *info = &tap.fds[fd];
	uint32_t *set = set_of(instance, event->data.u64);
	int way = -1;

	info->epoll_data = event->data.u64;
	info->epoll_events = event->events;
	info->epoll = instance + 1;
	for (int i = 0; i < WAYS; i++) {
		const uint32_t held = __atomic_load_n(&set[i], __ATOMIC_RELAXED);

		if (held == (uint32_t)fd + 1)
			return;
		/* A place whose socket is gone, or was put elsewhere. */
		if (way < 0 && (held == 0 || tap.fds[held - 1].epoll == 0))
			way = i;
	}
	__atomic_store_n(&set[way < 0 ? fd % WAYS : way], (uint32_t)fd + 1, __ATOMIC_RELAXED);
}

L45_HOOK int epoll_ctl(int instance, int operation, int fd, struct epoll_event *event)
{
	const int result = real(epoll_ctl)(instance, operation, fd, event);

	if (result != 0 || (uint32_t)fd >= tap.fds_count)
		return result;
	if (operation == EPOLL_CTL_DEL) {
		if (tap.fds[fd].epoll == instance + 1)
			tap.fds[fd].epoll = 0;
		return result;
	}
	/* Only streams hold tags back; one that is not looked at yet is known by how it was made. */
	if (tap.fds[fd].protocol == 0 && fd_kind_of(fd) == FD_FOREIGN)
		return result;
	if (tap.fds[fd].protocol == 6)
		note(instance, fd, event);
	return result;
}

/* Drops events that are about tag bytes alone. Returns what is left of count. */
static int sift(int instance, struct epoll_event *events, int count)
{
	int kept = 0;

	for (int i = 0; i < count; i++) {
		struct epoll_event event = events[i];

		if ((event.events & READABLE) && !(event.events & ALWAYS)) {
			const int fd = find(instance, event.data.u64);

			if (fd >= 0 && !wait_readable(fd)) {
				event.events &= ~(uint32_t)READABLE;
				if (!event.events && (tap.fds[fd].epoll_events & EPOLLONESHOT)) {
					/* The kernel has disarmed it for an event that the program never saw. */
					struct epoll_event again = { .events = tap.fds[fd].epoll_events,
								     .data = { .u64 = event.data.u64 } };

					real(epoll_ctl)(instance, EPOLL_CTL_MOD, fd, &again);
				}
			}
			if (!event.events)
				continue;
		}
		events[kept++] = event;
	}
	return kept;
}

static int wait_ms(int instance, struct epoll_event *events, int max, int timeout, const sigset_t *mask)
{
	struct timespec deadline, left = { timeout / 1000, (long)(timeout % 1000) * 1000000 };

	if (timeout > 0)
		wait_until(&deadline, &left);
	for (;;) {
		int ready = mask ? real(epoll_pwait)(instance, events, max, timeout, mask)
				 : real(epoll_wait)(instance, events, max, timeout);

		if (ready <= 0)
			return ready;
		ready = sift(instance, events, ready);
		if (ready > 0 || timeout == 0)
			return ready;
		if (timeout > 0) {
			wait_left(&deadline, &left);
			/* Rounded up: not a moment too early. */
			timeout = (int)(left.tv_sec * 1000 + (left.tv_nsec + 999999) / 1000000);
		}
	}
}

L45_HOOK int epoll_wait(int instance, struct epoll_event *events, int max, int timeout)
{
	if (l45_likely(!wait_concerned()))
		return real(epoll_wait)(instance, events, max, timeout);
	return wait_ms(instance, events, max, timeout, NULL);
}

L45_HOOK int epoll_pwait(int instance, struct epoll_event *events, int max, int timeout, const sigset_t *mask)
{
	if (l45_likely(!wait_concerned()))
		return real(epoll_pwait)(instance, events, max, timeout, mask);
	return wait_ms(instance, events, max, timeout, mask);
}

L45_HOOK int epoll_pwait2(int instance, struct epoll_event *events, int max, const struct timespec *timeout,
			  const sigset_t *mask)
{
	struct timespec deadline, left;

	if (!real_table.epoll_pwait2 && real_table.ready) {
		errno = ENOSYS;
		return -1;
	}
	if (l45_likely(!wait_concerned()))
		return real(epoll_pwait2)(instance, events, max, timeout, mask);
	if (timeout) {
		left = *timeout;
		wait_until(&deadline, timeout);
	}
	for (;;) {
		int ready = real(epoll_pwait2)(instance, events, max, timeout ? &left : NULL, mask);

		if (ready <= 0)
			return ready;
		ready = sift(instance, events, ready);
		if (ready > 0 || (timeout && left.tv_sec == 0 && left.tv_nsec == 0))
			return ready;
		if (timeout)
			wait_left(&deadline, &left);
	}
}
