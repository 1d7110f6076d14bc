// SPDX-License-Identifier: GPL-2.0
#include <linux/uio.h>
#include <net/sock.h>

#include "naive.h"

/* The stock call with a buffer of ours in the place of the program's. */
static int hand_on(struct proto *stock, struct sock *sk, const struct msghdr *msg, u8 *bytes, size_t count)
{
	struct kvec vector = {.iov_base = bytes, .iov_len = count};
	struct msghdr ours = *msg;

#ifdef MSG_SPLICE_PAGES
	ours.msg_flags &= ~MSG_SPLICE_PAGES;
#endif
	iov_iter_kvec(&ours.msg_iter, WRITE, &vector, 1, count);
	return stock->sendmsg(sk, &ours, count);
}

int naive_send_datagram(struct naive_sock *entry, struct msghdr *msg, size_t bytes)
{
	long wire;
	int sent;

	if (bytes > NAIVE_PLAIN_BYTES)
		return -EMSGSIZE;
	if (copy_from_iter(entry->plain, bytes, &msg->msg_iter) != bytes)
		return -EFAULT;
	wire = l45_datagram_encode(entry->codec, entry->sends, entry->plain, bytes, entry->wire, NAIVE_WIRE_BYTES);
	if (wire < 0)
		return wire;
	sent = hand_on(&naive_udp, entry->sk, msg, entry->wire, wire);
	naive_tagged++;
	return sent < 0 ? sent : bytes;
}

int naive_send_stream(struct naive_sock *entry, struct msghdr *msg, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		const size_t part = min_t(size_t, bytes - done, NAIVE_PLAIN_BYTES);
		struct l45_stream_tx tx = entry->tx;
		size_t consumed, wire;
		u64 accepted;
		int sent;

		if (copy_from_iter(entry->plain, part, &msg->msg_iter) != part)
			return done ? done : -EFAULT;
		wire = l45_stream_encode(&tx, entry->codec, entry->plain, part, entry->wire, NAIVE_WIRE_BYTES, &consumed);
		sent = hand_on(&naive_tcp, entry->sk, msg, entry->wire, wire);
		naive_tagged++;
		if (sent == wire) {
			entry->tx = tx;
			done += part;
			continue;
		}
		accepted = l45_stream_tx_accept(&entry->tx, entry->codec, part, max(sent, 0));
		iov_iter_revert(&msg->msg_iter, part - accepted);
		done += accepted;
		if (!done)
			return sent < 0 ? sent : -EAGAIN;
		break;
	}
	return done;
}
