// SPDX-License-Identifier: GPL-2.0
/* Options that a tapped datagram socket answers for itself. */
#include <linux/in6.h>
#include <linux/uaccess.h>

#include "udp.h"

static const struct proto *stock_of(const struct sock *sk)
{
	return sk->sk_family == AF_INET6 ? l45_stock.udp6 : l45_stock.udp;
}

/* The program makes a tunnel of it: no dialect on that, and its place in the receive path is free again. */
static void let_go(struct sock *sk)
{
	struct l45_sock *ctx;

	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx) {
		l45_event_socket(ctx->ln, L45_EVENT_REFUSED, sk, 0, L45_REFUSED_ENCAP, ctx->process, ctx->thread);
		atomic64_inc(&ctx->ln->refused);
		l45_detach(ctx);
	}
	release_sock(sk);
}

static int set(struct sock *sk, int level, int optname, sockptr_t optval, unsigned int optlen)
{
	int error;

	/* Stock code would put the IPv4 proto in ours' place, and forget the context. */
	if (level == SOL_IPV6 && optname == IPV6_ADDRFORM)
		return -EADDRNOTAVAIL;
	if (level == SOL_UDP && optname == UDP_ENCAP)
		let_go(sk);
	error = stock_of(sk)->setsockopt(sk, level, optname, optval, optlen);
	if (!error && level == SOL_UDP && optname == UDP_CORK && !udp_test_bit(CORK, sk))
		l45_cork_push(sk); /* as stock code, which tells no error of it either */
	return error;
}

int l45_udp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval, unsigned int optlen)
{
	int error;

	l45_come();
	error = set(sk, level, optname, optval, optlen);
	l45_go();
	return error;
}

/* The bytes of the longest tag that the socket may send. */
static int tag_bytes(const struct sock *sk)
{
	const struct l45_list *list;
	const struct l45_sock *ctx;
	int most = 0;
	u16 i;

	rcu_read_lock();
	ctx = l45_sk(sk);
	list = ctx ? rcu_dereference(ctx->list) : NULL;
	for (i = 0; list && i < list->count; i++)
		if (l45_may_send(list->module[i], L45_DATAGRAM))
			most = max_t(int, most, list->module[i]->codec.dialect.tag_bytes);
	rcu_read_unlock();
	return most;
}

static int get(struct sock *sk, int level, int optname, char __user *optval, int __user *option)
{
	const bool mtu = (level == SOL_IP && optname == IP_MTU) || (level == SOL_IPV6 && optname == IPV6_MTU);
	const bool encap = level == SOL_UDP && optname == UDP_ENCAP;
	int error, value, bytes;

	error = stock_of(sk)->getsockopt(sk, level, optname, optval, option);
	if (error || !(mtu || encap))
		return error;
	if (get_user(bytes, option) || bytes != sizeof(value))
		return error;
	/* A program that fills its datagrams to the path's MTU must leave room for the tag, or none would ever go. */
	if (copy_from_user(&value, optval, sizeof(value)))
		return -EFAULT;
	value = encap ? 0 : value - tag_bytes(sk);
	return copy_to_user(optval, &value, sizeof(value)) ? -EFAULT : 0;
}

int l45_udp_getsockopt(struct sock *sk, int level, int optname, char __user *optval, int __user *option)
{
	int error;

	l45_come();
	error = get(sk, level, optname, optval, option);
	l45_go();
	return error;
}
