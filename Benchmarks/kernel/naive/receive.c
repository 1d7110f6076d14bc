// SPDX-License-Identifier: GPL-2.0
#include <linux/uio.h>
#include <net/sock.h>

#include "naive.h"

static int read_in(struct proto *stock, struct sock *sk, struct msghdr *msg, u8 *bytes, size_t count, int flags,
		   int *address_bytes)
{
	struct kvec vector = {.iov_base = bytes, .iov_len = count};
	const struct iov_iter theirs = msg->msg_iter;
	int got;

	iov_iter_kvec(&msg->msg_iter, READ, &vector, 1, count);
	got = stock->recvmsg(sk, msg, count, flags, address_bytes);
	msg->msg_iter = theirs;
	return got;
}

int naive_receive_datagram(struct naive_sock *entry, struct msghdr *msg, size_t bytes, int flags, int *address_bytes)
{
	int got = read_in(&naive_udp, entry->sk, msg, entry->read, NAIVE_BUFFER_BYTES, flags, address_bytes);
	long plain;

	if (got < 0)
		return got;
	plain = l45_datagram_decode(entry->codec, entry->receives, entry->read, got);
	if (plain < 0)
		plain = got;
	if (plain > bytes)
		msg->msg_flags |= MSG_TRUNC;
	plain = min_t(long, plain, bytes);
	return copy_to_iter(entry->read, plain, &msg->msg_iter) == plain ? plain : -EFAULT;
}

int naive_receive_stream(struct naive_sock *entry, struct msghdr *msg, size_t bytes, int flags, int *address_bytes)
{
	for (;;) {
		const size_t part = min_t(size_t, bytes, NAIVE_BUFFER_BYTES);
		const int got = read_in(&naive_tcp, entry->sk, msg, entry->read, part, flags, address_bytes);
		size_t plain;

		if (got <= 0)
			return got;
		if (l45_stream_rx_feed(&entry->rx, &entry->codec, 1, entry->read, got, &plain))
			return -EPROTO;
		if (plain)
			return copy_to_iter(entry->read, plain, &msg->msg_iter) == plain ? plain : -EFAULT;
		/* That was all tag: the program asked for bytes. */
	}
}
