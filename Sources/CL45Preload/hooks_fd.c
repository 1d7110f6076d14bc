/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Descriptors closed and copied; threads and processes renamed. */
#include "preload.h"
#include "real.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/prctl.h>

L45_HOOK int close(int fd)
{
	/* Before the number can be given to somebody else. */
	fd_forget(fd);
	return real(close)(fd);
}

#define RANGE_CLOEXEC (1u << 2)

L45_HOOK int close_range(unsigned int first, unsigned int last, int flags)
{
	if (!((unsigned int)flags & RANGE_CLOEXEC))
		fd_forget_range(first, last);
	if (!real_table.close_range) {
		errno = ENOSYS;
		return -1;
	}
	return real(close_range)(first, last, flags);
}

L45_HOOK void closefrom(int first)
{
	fd_forget_range(first < 0 ? 0 : (unsigned int)first, UINT32_MAX);
	real(closefrom)(first);
}

L45_HOOK int dup(int fd)
{
	const int copy = real(dup)(fd);

	if (copy >= 0)
		fd_copied(fd, copy);
	return copy;
}

L45_HOOK int dup2(int fd, int to)
{
	const int copy = real(dup2)(fd, to);

	if (copy >= 0)
		fd_copied(fd, copy);
	return copy;
}

L45_HOOK int dup3(int fd, int to, int flags)
{
	const int copy = real(dup3)(fd, to, flags);

	if (copy >= 0)
		fd_copied(fd, copy);
	return copy;
}

static int copied(int fd, int command, int result)
{
	if (result >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC))
		fd_copied(fd, result);
	return result;
}

L45_HOOK int fcntl(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return copied(fd, command, real(fcntl)(fd, command, argument));
}

L45_HOOK int fcntl64(int fd, int command, ...);
L45_HOOK int fcntl64(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return copied(fd, command, real(fcntl64)(fd, command, argument));
}

static void renamed(void)
{
	const int keep = errno;

	names_changed();
	rules_name_changed();
	errno = keep;
}

L45_HOOK int prctl(int option, ...)
{
	va_list arguments;
	unsigned long a[4];

	va_start(arguments, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(arguments, unsigned long);
	va_end(arguments);
	const int result = real(prctl)(option, a[0], a[1], a[2], a[3]);

	if (option == PR_SET_NAME && result == 0)
		renamed();
	return result;
}

L45_HOOK int pthread_setname_np(pthread_t thread, const char *name)
{
	const int result = real(pthread_setname_np)(thread, name);

	if (result == 0)
		renamed();
	return result;
}
