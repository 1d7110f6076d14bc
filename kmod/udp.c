// SPDX-License-Identifier: GPL-2.0
/*
 * A tapped datagram socket: what of its struct proto is ours, and its place in the receive path. Datagrams are
 * decoded as an encapsulation is, before they are queued, so that every way of receiving is the stock one.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/ipv6_stubs.h>

#include "udp.h"

/* Any encapsulation type but 0; stock code asks for no more of it. */
#define L45_ENCAP_TYPE 45

/*
 * The static keys that make stock code look at a socket's encapsulation at all. They are on while a datagram socket
 * is tapped, and for a while after the last one: a program that opens a socket for each query would patch the
 * kernel's text twice for each.
 */
#define ENCAP_LINGER (10 * HZ)
static DEFINE_MUTEX(encap_lock);
static atomic_t encap_users;
static bool encap_on;

static void encap_linger(struct work_struct *work);
static DECLARE_DELAYED_WORK(encap_work, encap_linger);

static void encap_switch(bool on)
{
	if (on == encap_on)
		return;
	encap_on = on;
	if (on)
		udp_encap_enable();
	else
		udp_encap_disable();
#if IS_ENABLED(CONFIG_IPV6)
	if (on && ipv6_stub->udpv6_encap_enable)
		ipv6_stub->udpv6_encap_enable();
	else if (!on && ipv6_stub->udpv6_encap_enable)
		static_branch_dec(&udpv6_encap_needed_key);
#endif
}

static void encap_linger(struct work_struct *work)
{
	mutex_lock(&encap_lock);
	if (!atomic_read(&encap_users))
		encap_switch(false);
	mutex_unlock(&encap_lock);
}

static void encap_hold(void)
{
	if (atomic_inc_not_zero(&encap_users))
		return;
	mutex_lock(&encap_lock);
	encap_switch(true);
	atomic_inc(&encap_users);
	mutex_unlock(&encap_lock);
}

static void encap_release(void)
{
	if (atomic_dec_and_test(&encap_users))
		mod_delayed_work(system_wq, &encap_work, ENCAP_LINGER);
}

static void udp_close_tapped(struct sock *sk, long timeout)
{
	struct l45_sock *ctx;

	l45_come();
	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx)
		l45_detach_closed(ctx);
	release_sock(sk);
	READ_ONCE(sk->sk_prot)->close(sk, timeout);
	l45_go();
}

/* The local address may be another one now. */
static void readdress(struct sock *sk)
{
	const struct l45_list *list;
	struct l45_sock *ctx;
	bool by_address;

	rcu_read_lock();
	ctx = l45_sk(sk);
	list = ctx ? rcu_dereference(ctx->list) : NULL;
	by_address = list && list->by_address;
	rcu_read_unlock();
	if (!by_address)
		return;
	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx)
		l45_relist(ctx, 0);
	release_sock(sk);
}

static const struct proto *stock_of(const struct sock *sk)
{
	return sk->sk_family == AF_INET6 ? l45_stock.udp6 : l45_stock.udp;
}

static int udp_connect_tapped(struct sock *sk, struct sockaddr *address, int bytes)
{
	int error;

	l45_come();
	error = stock_of(sk)->connect(sk, address, bytes);
	if (!error)
		readdress(sk);
	l45_go();
	return error;
}

#ifdef MSG_SENDPAGE_NOTLAST
/* As a message, with MSG_MORE as sendfile sets it: pages of one datagram are gathered like other parts. */
static int udp_sendpage_tapped(struct sock *sk, struct page *page, int offset, size_t bytes, int flags)
{
	int sent;

	l45_come();
	if (flags & MSG_SENDPAGE_NOTLAST)
		flags |= MSG_MORE;
	sent = sock_no_sendpage(sk->sk_socket, page, offset, bytes, flags);
	l45_go();
	return sent;
}
#endif

static void udp_splice_eof_tapped(struct socket *sock)
{
	struct sock *sk = sock->sk;
	const struct proto *stock = stock_of(sk);

	l45_come();
	if (!udp_test_bit(CORK, sk))
		l45_cork_push(sk);
	if (stock->splice_eof)
		stock->splice_eof(sock);
	l45_go();
}

int l45_udp_prepare(struct l45_sock *ctx, gfp_t gfp)
{
	struct proto *proto = &ctx->proto;

	ctx->udp = kzalloc(sizeof(*ctx->udp), gfp | __GFP_NOWARN);
	if (!ctx->udp)
		return -ENOMEM;
	mutex_init(&ctx->udp->cork.lock);
	*proto = *ctx->stock;
	proto->close = udp_close_tapped;
	proto->connect = udp_connect_tapped;
	proto->sendmsg = l45_udp_sendmsg;
	proto->setsockopt = l45_udp_setsockopt;
	proto->getsockopt = l45_udp_getsockopt;
	proto->splice_eof = udp_splice_eof_tapped;
#ifdef MSG_SENDPAGE_NOTLAST
	proto->sendpage = udp_sendpage_tapped;
#endif
#ifdef CONFIG_BPF_SYSCALL
	proto->psock_update_sk_prot = NULL; /* no sockmap on a tapped socket */
#endif
	return 0;
}

void l45_udp_swapped(struct l45_sock *ctx)
{
	struct udp_sock *up = udp_sk(ctx->sk);

	encap_hold();
	l45_udp_set_error(up, true);
	/* Softirq reads the type first: it sees all of the rest by then. */
	smp_store_release(&up->encap_rcv, l45_udp_receive);
	/* The same. */
	smp_store_release(&up->encap_type, L45_ENCAP_TYPE);
}

void l45_udp_restore(struct l45_sock *ctx)
{
	struct udp_sock *up = udp_sk(ctx->sk);

	/* A tunnel that was set up on it since has put its own there. */
	if (READ_ONCE(up->encap_rcv) == l45_udp_receive) {
		WRITE_ONCE(up->encap_type, 0);
		WRITE_ONCE(up->encap_rcv, NULL);
		l45_udp_set_error(up, false);
	}
	encap_release();
}

void l45_udp_free(struct l45_sock *ctx)
{
	if (!ctx->udp)
		return;
	kvfree(ctx->udp->cork.bytes);
	kfree(ctx->udp->cork.control);
	kfree(ctx->udp);
}

int l45_udp_init(void)
{
	return l45_candidates_init();
}

void l45_udp_exit(void)
{
	cancel_delayed_work_sync(&encap_work);
	encap_linger(NULL);
	l45_candidates_exit();
}
