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
static void detach(struct sock *sk)
{
	struct l45_sock *ctx;

	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx)
		l45_detach(ctx);
	release_sock(sk);
}

static int set_option(struct sock *sk, int level, int optname, sockptr_t optval, unsigned int optlen)
{
	if (unlikely(level == SOL_TCP && optname == TCP_ULP)) {
		/* Records made by the kernel (kTLS) would go around the tap. Programs then make them themselves. */
		if (concerned(sk))
			return -ENOENT;
		detach(sk);
	}
	if (unlikely(level == SOL_IPV6 && optname == IPV6_ADDRFORM)) {
		if (concerned(sk))
			return -EBUSY;
		detach(sk);
	}
	return l45_tcp_stock(sk)->setsockopt(sk, level, optname, optval, optlen);
}

int l45_tcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval, unsigned int optlen)
{
	int error;

	l45_come();
	error = set_option(sk, level, optname, optval, optlen);
	l45_go();
	return error;
}

int l45_tcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval, int __user *option)
{
	int error = -EOPNOTSUPP;

	l45_come();
	/* Pages mapped out of the queue would hold tags. Programs then copy. */
	if (likely(level != SOL_TCP || optname != TCP_ZEROCOPY_RECEIVE || !concerned(sk)))
		error = l45_tcp_stock(sk)->getsockopt(sk, level, optname, optval, option);
	l45_go();
	return error;
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
	int bytes, error = 0;

	l45_come();
	bytes = plain_inq(sk, cmd);
	if (bytes < 0)
		error = l45_tcp_stock(sk)->ioctl(sk, cmd, karg);
	else
		*karg = bytes;
	l45_go();
	return error;
}
#else
int l45_tcp_ioctl(struct sock *sk, int cmd, unsigned long arg)
{
	int bytes, error;

	l45_come();
	bytes = plain_inq(sk, cmd);
	error = bytes < 0 ? l45_tcp_stock(sk)->ioctl(sk, cmd, arg) : put_user(bytes, (int __user *)arg);
	l45_go();
	return error;
}
#endif

/* A read would not wait. */
static bool anything(struct sock *sk)
{
	const bool quiet = skb_queue_empty_lockless(&sk->sk_receive_queue) && !READ_ONCE(sk->sk_err) &&
			   !(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN) && inet_sk_state_load(sk) == TCP_ESTABLISHED;

	return !quiet && l45_tcp_readable(sk);
}

/* Pages of the queue hold tags: what is spliced out of a stream in a dialect is read, and so copied. */
ssize_t l45_tcp_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags)
{
	const struct l45_sock *ctx;
	ssize_t got;

	l45_come();
	ctx = l45_tcp_first_use(sock->sk);
	if (!ctx || !l45_tcp_rx_concerned(ctx->tcp))
		got = l45_stock.stream->splice_read(sock, ppos, pipe, len, flags);
	else if ((flags & SPLICE_F_NONBLOCK) && !anything(sock->sk))
		got = -EAGAIN;
	else
		got = l45_splice_by_reading(sock->file, ppos, pipe, len, flags);
	l45_go();
	return got;
}
