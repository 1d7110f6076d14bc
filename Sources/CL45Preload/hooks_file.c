/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Files and pipes to and from tapped sockets: by a bounded buffer, for a tag cannot be put into pages of the kernel. */
#include "preload.h"
#include "real.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* Small enough to stay in the processor's cache between the read and the send. */
#define CHUNK_BYTES (64u * 1024)

static bool tapped(enum fd_kind kind)
{
	return kind == FD_DATAGRAM || kind == FD_STREAM;
}

static ssize_t send_bytes(int fd, void *data, size_t bytes, int flags)
{
	struct iovec iov = { data, bytes };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	return transfer_send(fd, &message, flags, fd_kind_of(fd));
}

static ssize_t copy_file(int out, int in, off_t *offset, size_t count)
{
	char *chunk = scratch_take();
	size_t total = 0;
	ssize_t result = 0;

	if (!chunk) {
		errno = ENOMEM;
		return -1;
	}
	while (total < count) {
		const size_t want = count - total < CHUNK_BYTES ? count - total : CHUNK_BYTES;
		const ssize_t got = offset ? pread(in, chunk, want, *offset) : real(read)(in, chunk, want);

		if (got <= 0) {
			result = got;
			break;
		}
		const ssize_t sent = send_bytes(out, chunk, (size_t)got, 0);
		const size_t taken = sent < 0 ? 0 : (size_t)sent;
		const int keep = errno;

		if (offset)
			*offset += (off_t)taken;
		else if (taken < (size_t)got)
			lseek(in, -(off_t)((size_t)got - taken), SEEK_CUR);
		errno = keep;
		total += taken;
		if (taken < (size_t)got) {
			result = sent;
			break;
		}
	}
	const int keep = errno;

	scratch_give(chunk);
	errno = keep;
	return total > 0 ? (ssize_t)total : result < 0 ? -1 : 0;
}

L45_HOOK ssize_t sendfile(int out, int in, off_t *offset, size_t count)
{
	if (!tapped(fd_kind_of(out)))
		return real(sendfile)(out, in, offset, count);
	return copy_file(out, in, offset, count);
}

L45_HOOK ssize_t sendfile64(int out, int in, off64_t *offset, size_t count);
L45_HOOK ssize_t sendfile64(int out, int in, off64_t *offset, size_t count)
{
	return sendfile(out, in, offset, count);
}

/* What the socket does not take must stay in the pipe: looked at by a copy (tee), then taken out to the byte. */
static ssize_t pipe_to_socket(int in, int out, size_t bytes, unsigned int flags)
{
	char *chunk = scratch_take();
	int copy[2];
	ssize_t result = -1;

	if (!chunk || pipe2(copy, O_CLOEXEC) != 0) {
		scratch_give(chunk);
		return -1;
	}
	if (bytes > CHUNK_BYTES)
		bytes = CHUNK_BYTES;
	ssize_t seen = tee(in, copy[1], bytes, flags & SPLICE_F_NONBLOCK);

	if (seen > 0) {
		seen = real(read)(copy[0], chunk, (size_t)seen);
		result = seen > 0 ? send_bytes(out, chunk, (size_t)seen,
					       ((flags & SPLICE_F_NONBLOCK) ? MSG_DONTWAIT : 0) |
						       ((flags & SPLICE_F_MORE) ? MSG_MORE : 0))
				  : -1;
		for (ssize_t left = result; left > 0;) {
			const ssize_t out_of_pipe = real(read)(in, chunk, (size_t)left);

			if (out_of_pipe <= 0)
				break;
			left -= out_of_pipe;
		}
	} else {
		result = seen;
	}
	const int keep = errno;

	real(close)(copy[0]);
	real(close)(copy[1]);
	scratch_give(chunk);
	errno = keep;
	return result;
}

/* What the pipe does not take must stay in the socket: looked at, written, then taken to the byte. */
static ssize_t socket_to_pipe(int in, int out, size_t bytes, unsigned int flags)
{
	char *chunk = scratch_take();
	struct iovec iov = { chunk, bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	const int wait = (flags & SPLICE_F_NONBLOCK) ? MSG_DONTWAIT : 0;

	if (!chunk) {
		errno = ENOMEM;
		return -1;
	}
	ssize_t result = transfer_recv(in, &message, MSG_PEEK | wait, fd_kind_of(in));

	if (result > 0)
		result = real(write)(out, chunk, (size_t)result);
	for (ssize_t left = result; left > 0;) {
		iov.iov_len = (size_t)left;
		message = (struct msghdr){ .msg_iov = &iov, .msg_iovlen = 1 };
		const ssize_t taken = transfer_recv(in, &message, MSG_DONTWAIT, fd_kind_of(in));

		if (taken <= 0)
			break;
		left -= taken;
	}
	const int keep = errno;

	scratch_give(chunk);
	errno = keep;
	return result;
}

L45_HOOK ssize_t splice(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t bytes, unsigned int flags)
{
	if (!in_offset && !out_offset && bytes > 0) {
		if (tapped(fd_kind_of(out)))
			return pipe_to_socket(in, out, bytes, flags);
		if (tapped(fd_kind_of(in)))
			return socket_to_pipe(in, out, bytes, flags);
	}
	return real(splice)(in, in_offset, out, out_offset, bytes, flags);
}
