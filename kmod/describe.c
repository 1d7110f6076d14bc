// SPDX-License-Identifier: GPL-2.0
/* A socket in words and in attributes. */
#include <net/inet_sock.h>
#include <net/ipv6.h>

#include "control.h"

struct l45_ends {
	struct l45_end local, remote;
};

static void l45_ends_read(const struct sock *sk, struct l45_ends *ends)
{
	memset(ends, 0, sizeof(*ends));
	ends->local.port = READ_ONCE(sk->sk_num);
	ends->remote.port = ntohs(READ_ONCE(sk->sk_dport));
	if (sk->sk_family == AF_INET) {
		/* 0.0.0.0 is any address, of both families. */
		if (sk->sk_rcv_saddr)
			ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, &ends->local.address);
		if (sk->sk_daddr)
			ipv6_addr_set_v4mapped(sk->sk_daddr, &ends->remote.address);
	}
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		ends->local.address = sk->sk_v6_rcv_saddr;
		ends->remote.address = sk->sk_v6_daddr;
	}
#endif
}

static bool l45_end_known(const struct l45_end *end)
{
	return end->port || !ipv6_addr_any(&end->address);
}

static int l45_end_print(const struct l45_end *end, char *text, size_t bytes)
{
	if (ipv6_addr_any(&end->address))
		return scnprintf(text, bytes, "*:%u", end->port);
	if (ipv6_addr_v4mapped(&end->address))
		return scnprintf(text, bytes, "%pI4:%u", &end->address.s6_addr32[3], end->port);
	return scnprintf(text, bytes, "[%pI6c]:%u", &end->address, end->port);
}

static const char *l45_view_process(const struct l45_view *view)
{
	if (view->ctx)
		return view->ctx->process;
	return view->process ?: "";
}

static const char *l45_view_thread(const struct l45_view *view)
{
	if (view->ctx)
		return view->ctx->thread;
	return view->thread ?: "";
}

static int l45_ends_describe(const struct l45_view *view, const struct l45_ends *ends, char *text)
{
	const char *process = l45_view_process(view), *thread = l45_view_thread(view);
	int at;

	/* A program chooses its name: what does not print is escaped. */
	at = scnprintf(text, L45_DESCRIBE_BYTES, "%s %*pE/%*pE ", view->sk->sk_protocol == IPPROTO_UDP ? "udp" : "tcp",
		       (int)strnlen(process, L45_TASK_NAME_BYTES), process, (int)strnlen(thread, L45_TASK_NAME_BYTES),
		       thread);
	at += l45_end_print(&ends->local, text + at, L45_DESCRIBE_BYTES - at);
	if (!l45_end_known(&ends->remote))
		return at;
	at += scnprintf(text + at, L45_DESCRIBE_BYTES - at, " -> ");
	return at + l45_end_print(&ends->remote, text + at, L45_DESCRIBE_BYTES - at);
}

int l45_describe(const struct l45_view *view, char text[L45_DESCRIBE_BYTES])
{
	struct l45_ends ends;

	l45_ends_read(view->sk, &ends);
	return l45_ends_describe(view, &ends, text);
}

static int l45_put_end(struct sk_buff *skb, int attribute, const struct l45_end *end)
{
	struct nlattr *nest = nla_nest_start(skb, attribute);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_in6_addr(skb, L45_E_ADDRESS, &end->address) ||
	    nla_put_u8(skb, L45_E_PREFIX, ipv6_addr_any(&end->address) ? 0 : 128) ||
	    nla_put_u16(skb, L45_E_PORT, end->port))
		return -EMSGSIZE; /* the caller cancels its nest, and this one with it */
	nla_nest_end(skb, nest);
	return 0;
}

/* What only a tapped socket has. */
static int l45_put_tapped(struct sk_buff *skb, const struct l45_sock *ctx)
{
	const u64 tx_id = READ_ONCE(ctx->tx_id), rx_id = READ_ONCE(ctx->rx_id);

	if (ctx->sk->sk_protocol == IPPROTO_TCP) {
		u8 tx_mode, rx_mode;

		l45_tcp_modes(ctx, &tx_mode, &rx_mode);
		if (nla_put_u8(skb, L45_K_TX_MODE, tx_mode) || nla_put_u8(skb, L45_K_RX_MODE, rx_mode))
			return -EMSGSIZE;
	}
	if ((tx_id && nla_put_u64_64bit(skb, L45_K_TX_MOD_ID, tx_id, L45_K_PAD)) ||
	    (rx_id && nla_put_u64_64bit(skb, L45_K_RX_MOD_ID, rx_id, L45_K_PAD)) ||
	    nla_put_u64_64bit(skb, L45_K_SINCE_MS, ctx->since_ms, L45_K_PAD))
		return -EMSGSIZE;
	return 0;
}

int l45_put_socket(struct sk_buff *skb, const struct l45_view *view)
{
	/* A socket's cookie is drawn when somebody asks for it; 0 says that nobody has. */
	const u64 cookie = view->ctx ? view->ctx->cookie : atomic64_read(&view->sk->sk_cookie);
	struct nlattr *nest = nla_nest_start(skb, L45_A_SOCKET);
	char text[L45_DESCRIBE_BYTES];
	struct l45_ends ends;

	if (!nest)
		return -EMSGSIZE;
	l45_ends_read(view->sk, &ends);
	l45_ends_describe(view, &ends, text);
	if ((cookie && nla_put_u64_64bit(skb, L45_K_COOKIE, cookie, L45_K_PAD)) ||
	    nla_put_u8(skb, L45_K_PROTOCOL, view->sk->sk_protocol) ||
	    l45_put_end(skb, L45_K_LOCAL, &ends.local) ||
	    (l45_end_known(&ends.remote) && l45_put_end(skb, L45_K_REMOTE, &ends.remote)) ||
	    nla_put_string(skb, L45_K_PROCESS, l45_view_process(view)) ||
	    nla_put_string(skb, L45_K_THREAD, l45_view_thread(view)) ||
	    nla_put_string(skb, L45_K_TEXT, text) ||
	    (view->ctx && l45_put_tapped(skb, view->ctx))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}
