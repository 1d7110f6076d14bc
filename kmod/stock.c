// SPDX-License-Identifier: GPL-2.0
/*
 * The stock protos and proto_ops. Half of them are not exported; a socket of the kind points to its own. Sockets made
 * for the kernel are looked at, and closed again.
 */
#include <linux/net.h>

#include "l45.h"

struct l45_stock l45_stock __read_mostly;
LIST_HEAD(l45_mark);

static int look(int family, int type, struct proto **proto, const struct proto_ops **ops)
{
	struct socket *sock;
	int error = sock_create_kern(&init_net, family, type, 0, &sock);

	if (error)
		return error;
	*proto = READ_ONCE(sock->sk->sk_prot);
	*ops = sock->ops;
	sock_release(sock);
	return 0;
}

int l45_stock_find(void)
{
	const struct proto_ops *datagram;
	int error;

	error = look(PF_INET, SOCK_DGRAM, &l45_stock.udp, &datagram);
	if (!error)
		error = look(PF_INET, SOCK_STREAM, &l45_stock.tcp, &l45_stock.stream);
	if (error)
		return error;
	/* A kernel without IPv6 has no such sockets to tap. */
	if (look(PF_INET6, SOCK_DGRAM, &l45_stock.udp6, &datagram) ||
	    look(PF_INET6, SOCK_STREAM, &l45_stock.tcp6, &l45_stock.stream6)) {
		l45_stock.udp6 = l45_stock.udp;
		l45_stock.tcp6 = l45_stock.tcp;
		l45_stock.stream6 = l45_stock.stream;
	}
	return 0;
}
