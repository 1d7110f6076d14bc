/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Streams of stdio on tapped sockets. libc reads and writes for them behind our back, so fdopen gives a stream that
 * comes through us (fopencookie), and fileno knows its descriptor. A socket that becomes tapped after its fdopen stays
 * out of reach: for connections that cannot be, for a datagram socket it means that it is left plain.
 */
#include "preload.h"
#include "real.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STREAMS_MAX 1024

static struct {
	FILE *file;
	int fd;
} streams[STREAMS_MAX];

static int descriptor_of(FILE *file)
{
	for (int i = 0; i < STREAMS_MAX; i++)
		if (l45_load(&streams[i].file) == file)
			return streams[i].fd;
	return -1;
}

static ssize_t cookie_read(void *cookie, char *data, size_t bytes)
{
	return read((int)(intptr_t)cookie, data, bytes);
}

static ssize_t cookie_write(void *cookie, const char *data, size_t bytes)
{
	size_t done = 0;

	/* 0 is an error to stdio, a short count is not. */
	while (done < bytes) {
		const ssize_t sent = write((int)(intptr_t)cookie, data + done, bytes - done);

		if (sent < 0)
			break;
		done += (size_t)sent;
	}
	return (ssize_t)done;
}

static int cookie_close(void *cookie)
{
	const int fd = (int)(intptr_t)cookie;

	for (int i = 0; i < STREAMS_MAX; i++)
		if (streams[i].file && streams[i].fd == fd)
			l45_store(&streams[i].file, NULL);
	return close(fd);
}

L45_HOOK FILE *fdopen(int fd, const char *mode)
{
	const enum fd_kind kind = fd_kind_of(fd);

	if (kind != FD_STREAM && kind != FD_DATAGRAM)
		return real(fdopen)(fd, mode);
	const cookie_io_functions_t calls = { cookie_read, cookie_write, NULL, cookie_close };

	for (int i = 0; i < STREAMS_MAX; i++) {
		if (streams[i].file)
			continue;
		FILE *file = fopencookie((void *)(intptr_t)fd, mode, calls);

		if (file) {
			streams[i].fd = fd;
			l45_store(&streams[i].file, file);
		}
		return file;
	}
	errno = EMFILE;
	return NULL;
}

L45_HOOK int fileno(FILE *file)
{
	const int fd = descriptor_of(file);

	return fd >= 0 ? fd : real(fileno)(file);
}

L45_HOOK int fileno_unlocked(FILE *file)
{
	return fileno(file);
}

L45_HOOK int fclose(FILE *file)
{
	if (descriptor_of(file) < 0)
		fd_forget(real(fileno)(file));
	return real(fclose)(file);
}

L45_HOOK int vdprintf(int fd, const char *format, va_list arguments)
{
	const enum fd_kind kind = fd_kind_of(fd);
	char *text = NULL;

	if (kind != FD_STREAM && kind != FD_DATAGRAM)
		return real(vdprintf)(fd, format, arguments);
	const int bytes = vasprintf(&text, format, arguments);
	const ssize_t sent = bytes > 0 ? write(fd, text, (size_t)bytes) : bytes;

	free(text);
	return (int)sent;
}

L45_HOOK int dprintf(int fd, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	const int written = vdprintf(fd, format, arguments);

	va_end(arguments);
	return written;
}
