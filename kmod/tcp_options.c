// SPDX-License-Identifier: GPL-2.0
/* Options and requests that would reach around the tap, or that count bytes. */
#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <linux/uaccess.h>

#include "tcp_internal.h"

/* A dialect is, or may come to be, on the stream. */
static bool concerned(const struct sock *sk)
{
	const struct l45_sock *ctx;
	bool yes;

	rcu_read_lock();
	ctx = l45_sk(sk);
	yes = ctx && (l45_tcp_tx_concerned(ctx->tcp) || l45_tcp_rx_concerned(ctx->tcp));
	rcu_read_unlock();
	return yes;
}

/* Stock code swaps the proto for these two: the context must be gone before. */
static void let_go(struct sock *sk)
{
	struct l45_sock *ctx;

	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx)
		l45_detach(ctx);
	release_sock(sk);
}

int l45_tcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval, unsigned int optlen)
{
	if (unlikely(level == SOL_TCP && optname == TCP_ULP)) {
		/* Records made by the kernel (kTLS) would go around the tap. Programs then make them themselves. */
		if (concerned(sk))
			return -ENOENT;
		let_go(sk);
	}
	if (unlikely(level == SOL_IPV6 && optname == IPV6_ADDRFORM)) {
		if (concerned(sk))
			return -EBUSY;
		let_go(sk);
	}
	return l45_tcp_stock(sk)->setsockopt(sk, level, optname, optval, optlen);
}

int l45_tcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval, int __user *option)
{
	/* Pages mapped out of the queue would hold tags. Programs then copy. */
	if (unlikely(level == SOL_TCP && optname == TCP_ZEROCOPY_RECEIVE) && concerned(sk))
		return -EOPNOTSUPP;
	return l45_tcp_stock(sk)->getsockopt(sk, level, optname, optval, option);
}

/* SIOCINQ in plain bytes. -ENOIOCTLCMD: stock code knows. */
static int plain_inq(struct sock *sk, int cmd)
{
	int bytes = -ENOIOCTLCMD;
	struct l45_sock *ctx;

	if (cmd != SIOCINQ || !concerned(sk))
		return bytes;
	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx && l45_tcp_rx_concerned(ctx->tcp) && sk->sk_state != TCP_LISTEN && !tcp_sk(sk)->repair) {
		l45_tcp_take_tags(ctx);
		bytes = ctx->tcp->rx.mode == L45_UNDECIDED || ctx->tcp->rx.mode == L45_BROKEN ?
			0 : l45_tcp_plain_bytes(ctx, INT_MAX);
	}
	release_sock(sk);
	return bytes;
}

#ifdef L45_IOCTL_BY_VALUE
int l45_tcp_ioctl(struct sock *sk, int cmd, int *karg)
{
	const int bytes = plain_inq(sk, cmd);

	if (bytes < 0)
		return l45_tcp_stock(sk)->ioctl(sk, cmd, karg);
	*karg = bytes;
	return 0;
}
#else
int l45_tcp_ioctl(struct sock *sk, int cmd, unsigned long arg)
{
	const int bytes = plain_inq(sk, cmd);

	if (bytes < 0)
		return l45_tcp_stock(sk)->ioctl(sk, cmd, arg);
	return put_user(bytes, (int __user *)arg);
}
#endif

/* Pages of the queue hold tags: what is spliced out of a stream in a dialect is read, and so copied. */
ssize_t l45_tcp_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags)
{
	const struct l45_sock *ctx;
	struct sock *sk = sock->sk;
	bool plain;

	l45_tcp_first_use(sk);
	rcu_read_lock();
	ctx = l45_sk(sk);
	plain = !ctx || !l45_tcp_rx_concerned(ctx->tcp);
	rcu_read_unlock();
	if (plain)
		return l45_stock.stream->splice_read(sock, ppos, pipe, len, flags);
	return l45_splice_by_reading(sock->file, ppos, pipe, len, flags);
}
