// SPDX-License-Identifier: GPL-2.0
/* The global pointers, and what stands in their place (seed 3.2.1). A baseline for measurements: never unloaded. */
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/version.h>
#include <net/inet_common.h>
#include <net/tcp.h>
#include <net/udp.h>

#include "naive.h"

struct proto naive_tcp, naive_udp;
unsigned long naive_tagged;
module_param_named(tagged, naive_tagged, ulong, 0444);

static u16 port_of(const void *address)
{
	return address ? ntohs(((const struct sockaddr_in *)address)->sin_port) : 0;
}

static int udp_send(struct sock *sk, struct msghdr *msg, size_t bytes)
{
	struct naive_sock *entry = naive_find(sk, port_of(msg->msg_name));

	if (!entry || !entry->customized)
		return naive_udp.sendmsg(sk, msg, bytes);
	return naive_send_datagram(entry, msg, bytes);
}

static int udp_receive(struct sock *sk, struct msghdr *msg, size_t bytes, int flags, int *address_bytes)
{
	struct naive_sock *entry = naive_find(sk, 0);

	if (!entry || !entry->customized || (flags & MSG_ERRQUEUE))
		return naive_udp.recvmsg(sk, msg, bytes, flags, address_bytes);
	return naive_receive_datagram(entry, msg, bytes, flags, address_bytes);
}

static void udp_close(struct sock *sk, long timeout)
{
	naive_forget(sk);
	naive_udp.close(sk, timeout);
}

static int tcp_send(struct sock *sk, struct msghdr *msg, size_t bytes)
{
	struct naive_sock *entry = naive_find(sk, 0);

	if (!entry || !entry->customized)
		return naive_tcp.sendmsg(sk, msg, bytes);
	return naive_send_stream(entry, msg, bytes);
}

static int tcp_receive(struct sock *sk, struct msghdr *msg, size_t bytes, int flags, int *address_bytes)
{
	struct naive_sock *entry = naive_find(sk, 0);

	if (!entry || !entry->customized || (flags & (MSG_ERRQUEUE | MSG_PEEK)))
		return naive_tcp.recvmsg(sk, msg, bytes, flags, address_bytes);
	return naive_receive_stream(entry, msg, bytes, flags, address_bytes);
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
/* sendfile: the page is sent as a message, or it would pass by untagged. */
static int tcp_sendpage_in_place(struct sock *sk, struct page *page, int offset, size_t bytes, int flags)
{
	struct naive_sock *entry = naive_find(sk, 0);
	struct msghdr msg = {.msg_flags = flags};
	struct kvec vector;
	int sent;

	if (!entry || !entry->customized)
		return naive_tcp.sendpage(sk, page, offset, bytes, flags);
	vector.iov_base = (u8 *)kmap(page) + offset;
	vector.iov_len = bytes;
	iov_iter_kvec(&msg.msg_iter, WRITE, &vector, 1, bytes);
	sent = naive_send_stream(entry, &msg, bytes);
	kunmap(page);
	return sent;
}
#endif

static int tcp_open(struct sock *sk, struct sockaddr *address, int bytes)
{
	naive_find(sk, port_of(address));
	return naive_tcp.connect(sk, address, bytes);
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
static struct sock *tcp_take(struct sock *sk, int flags, int *error, bool kern)
{
	struct sock *taken = naive_tcp.accept(sk, flags, error, kern);
#else
static struct sock *tcp_take(struct sock *sk, struct proto_accept_arg *arguments)
{
	struct sock *taken = naive_tcp.accept(sk, arguments);
#endif
	if (taken)
		naive_find(taken, 0);
	return taken;
}

static void tcp_end(struct sock *sk, long timeout)
{
	naive_forget(sk);
	naive_tcp.close(sk, timeout);
}

static int __init naive_init(void)
{
	int error = naive_table_init();

	if (error)
		return error;
	naive_tcp = tcp_prot;
	naive_udp = udp_prot;
	udp_prot.sendmsg = udp_send;
	udp_prot.recvmsg = udp_receive;
	udp_prot.close = udp_close;
	tcp_prot.sendmsg = tcp_send;
	tcp_prot.recvmsg = tcp_receive;
	tcp_prot.connect = tcp_open;
	tcp_prot.accept = tcp_take;
	tcp_prot.close = tcp_end;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
	tcp_prot.sendpage = tcp_sendpage_in_place;
#endif
	/* Whoever waits in a call of ours would return into freed memory: there is no way out (the seed's had none either). */
	__module_get(THIS_MODULE);
	return 0;
}

module_init(naive_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("the seed's mechanism, as a baseline for measurements: never ship");
