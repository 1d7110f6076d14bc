// SPDX-License-Identifier: GPL-2.0
/*
 * Sending on a tapped datagram socket: the highest active module whose direction carries the dialect, and whose peer
 * it is, tags the message.
 */
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>
#include <net/ipv6.h>

#include "udp.h"

bool l45_udp_destination(const struct sock *sk, const struct msghdr *msg, struct l45_peer_end *peer)
{
	const struct sockaddr_in *four = msg->msg_name;

	if (!four) {
		if (sk->sk_state != TCP_ESTABLISHED)
			return false;
		peer->port = ntohs(inet_sk(sk)->inet_dport);
#if IS_ENABLED(CONFIG_IPV6)
		if (sk->sk_family == AF_INET6) {
			peer->address = sk->sk_v6_daddr;
			return true;
		}
#endif
		ipv6_addr_set_v4mapped(inet_sk(sk)->inet_daddr, &peer->address);
		return true;
	}
	if (msg->msg_namelen >= SIN6_LEN_RFC2133 && four->sin_family == AF_INET6) {
		const struct sockaddr_in6 *six = msg->msg_name;

		if (sk->sk_family != AF_INET6)
			return false;
		peer->port = ntohs(six->sin6_port);
		peer->address = six->sin6_addr;
		/* Stock code takes "any" for this host. */
		if (ipv6_addr_any(&peer->address))
			peer->address = in6addr_loopback;
		return true;
	}
	if (msg->msg_namelen < sizeof(*four) || (four->sin_family != AF_INET && four->sin_family != AF_UNSPEC))
		return false;
	/* No family on an IPv6 socket: to the connected peer. */
	if (four->sin_family == AF_UNSPEC && sk->sk_family == AF_INET6)
		return false;
	peer->port = ntohs(four->sin_port);
	ipv6_addr_set_v4mapped(four->sin_addr.s_addr, &peer->address);
	return true;
}

static bool may_send(const struct l45_sock *ctx, const struct l45_module *module, const struct l45_peer_end *peer)
{
	if (!l45_may_send(module, L45_DATAGRAM) || !l45_match_remote(module, &peer->address, peer->port))
		return false;
	/* A server that takes requests in the dialect answers in kind. */
	return !l45_is_server(module) || !(module->flags & L45_F_REQUESTS) ||
	       l45_peer_known(ctx->ln, ctx->cookie, &peer->address, peer->port, module->group);
}

static const struct l45_module *choose(const struct l45_sock *ctx, const struct l45_list *list,
				       const struct l45_peer_end *peer)
{
	u16 i;

	for (i = 0; i < list->count; i++)
		if (may_send(ctx, list->module[i], peer))
			return list->module[i];
	return NULL;
}

void l45_udp_count_watchers(const struct l45_list *list, const struct l45_peer_end *peer, bool outgoing, u64 bytes)
{
	u16 i;

	for (i = 0; i < list->count; i++) {
		const struct l45_module *module = list->module[i];

		if (!l45_watches(module) || !l45_match_remote(module, &peer->address, peer->port))
			continue;
		if (outgoing)
			l45_count_sent(module->tally, 1, bytes);
		else
			l45_count_received(module->tally, 1, bytes);
	}
}

static u32 watchers_delay(const struct l45_list *list, const struct l45_peer_end *peer)
{
	u16 i;

	for (i = 0; list->watched && i < list->count; i++)
		if (l45_only_delays(list->module[i]) &&
		    l45_match_remote(list->module[i], &peer->address, peer->port))
			return list->module[i]->delay_us;
	return 0;
}

/*
 * The program never asked to wait, so a signal neither shortens it nor is told as EINTR; one that ends the program
 * does. A socket that is let go meanwhile is waited for no longer.
 */
static int pause_for(struct sock *sk, u32 microseconds)
{
	static DECLARE_WAIT_QUEUE_HEAD(never);
	u32 left = microseconds, piece;
	ktime_t wait;

	while (left && l45_sk(sk)) {
		piece = min_t(u32, left, 200 * USEC_PER_MSEC);
		wait = ns_to_ktime((u64)piece * NSEC_PER_USEC);
		if (__wait_event_hrtimeout(never, false, wait, TASK_KILLABLE) == -ERESTARTSYS)
			return -EINTR;
		left -= piece;
	}
	return 0;
}

int l45_udp_send_whole(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct l45_net *ln = l45_net(sock_net(sk));
	const struct l45_module *module;
	const struct l45_list *list;
	struct l45_peer_end peer;
	const struct l45_sock *ctx;
	bool waited = false;
	int entered, sent;
	u32 delay_us;

again:
	entered = l45_enter(ln);
	ctx = l45_sk(sk);
	list = ctx ? srcu_dereference(ctx->list, &ln->calls) : NULL;
	if (!list || !(list->sends || list->watched) || !l45_udp_destination(sk, msg, &peer)) {
		const struct proto *stock = ctx ? ctx->stock : READ_ONCE(sk->sk_prot);

		sent = stock->sendmsg(sk, msg, len);
		goto out;
	}
	module = list->sends ? choose(ctx, list, &peer) : NULL;
	delay_us = module ? module->delay_us : watchers_delay(list, &peer);
	if (unlikely(delay_us) && !waited) {
		l45_leave(ln, entered);
		sent = pause_for(sk, delay_us);
		if (sent)
			return sent;
		waited = true;
		goto again; /* the table may have changed while we waited */
	}
	sent = module ? l45_udp_write((struct l45_sock *)ctx, module, msg, len) : ctx->stock->sendmsg(sk, msg, len);
	if (sent >= 0 && list->watched)
		l45_udp_count_watchers(list, &peer, true, sent);
out:
	l45_leave(ln, entered);
	return sent;
}

/* Parts of one datagram are gathered where a module may send; stock code's own gathering goes on to its end. */
static bool gathers(struct sock *sk, const struct l45_sock *ctx, const struct msghdr *msg)
{
	const struct l45_list *list = srcu_dereference(ctx->list, &ctx->ln->calls);

	if (READ_ONCE(udp_sk(sk)->pending))
		return false;
	return l45_cork_is_open(&ctx->udp->cork) ||
	       (list && list->sends && ((msg->msg_flags & MSG_MORE) || udp_test_bit(CORK, sk)));
}

/* The thread that first sends is the socket's (seed 2.2.2), whoever bound it. */
static void name(struct sock *sk)
{
	const struct l45_list *list;
	struct l45_sock *ctx;

	lock_sock(sk);
	ctx = l45_sk(sk);
	if (ctx && ctx->unnamed) {
		strscpy_pad(ctx->thread, current->comm, sizeof(ctx->thread));
		WRITE_ONCE(ctx->unnamed, false);
		list = rcu_dereference_protected(ctx->list, lockdep_sock_is_held(sk));
		/* Without memory the list stays, and is made anew with the next table. */
		if (list && list->by_thread)
			l45_relist(ctx, 0);
	}
	release_sock(sk);
}

int l45_udp_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct l45_net *ln = l45_net(sock_net(sk));
	struct l45_sock *ctx;
	int entered, sent;
	bool gather;

	l45_come();
	entered = l45_enter(ln);
	ctx = l45_sk(sk);
	if (unlikely(ctx && READ_ONCE(ctx->unnamed))) {
		l45_leave(ln, entered);
		name(sk);
		entered = l45_enter(ln);
		ctx = l45_sk(sk);
	}
	gather = ctx && gathers(sk, ctx, msg);
	/* Detached meanwhile, it is freed only after a datagram that is gathered in it has gone. */
	if (unlikely(gather && !refcount_inc_not_zero(&ctx->refs)))
		gather = false;
	l45_leave(ln, entered);
	if (likely(!gather)) {
		sent = l45_udp_send_whole(sk, msg, len);
	} else {
		sent = l45_cork_send(ctx, sk, msg, len, (msg->msg_flags & MSG_MORE) || udp_test_bit(CORK, sk));
		l45_sock_put(ctx);
	}
	l45_go();
	return sent;
}
