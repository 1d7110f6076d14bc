// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors of a tapped datagram socket. Stock code takes a socket that encapsulates for a tunnel, which has no
 * program to tell, and gives the error to us: we tell the program as stock code tells others. What depends on the
 * route (path MTU, redirects) has been done before we are asked.
 */
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <net/icmp.h>
#include <net/ipv6.h>

#include "udp.h"

struct report {
	int error;
	bool hard;
	u32 info;
};

/* False: it is no error to a socket. */
static bool read_icmp(const struct sock *sk, const struct sk_buff *skb, struct report *report)
{
	const struct icmphdr *icmp = icmp_hdr(skb);

	*report = (struct report){ .error = EHOSTUNREACH };
	switch (icmp->type) {
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
		return false;
	case ICMP_PARAMETERPROB:
		report->error = EPROTO;
		report->hard = true;
		report->info = ntohl(icmp->un.gateway) >> 24;
		return true;
	case ICMP_DEST_UNREACH:
		if (icmp->code == ICMP_FRAG_NEEDED) {
			report->error = EMSGSIZE;
			report->hard = true;
			report->info = ntohs(icmp->un.frag.mtu);
			return READ_ONCE(inet_sk(sk)->pmtudisc) != IP_PMTUDISC_DONT;
		}
		if (icmp->code <= NR_ICMP_UNREACH) {
			report->error = icmp_err_convert[icmp->code].errno;
			report->hard = icmp_err_convert[icmp->code].fatal;
		}
		return true;
	default:
		return true;
	}
}

#if IS_ENABLED(CONFIG_IPV6)
static bool read_icmp6(const struct sock *sk, const struct sk_buff *skb, struct report *report)
{
	const struct icmp6hdr *icmp = icmp6_hdr(skb);

	*report = (struct report){};
	report->hard = icmpv6_err_convert(icmp->icmp6_type, icmp->icmp6_code, &report->error);
	if (icmp->icmp6_type == ICMPV6_PKT_TOOBIG) {
		report->info = ntohl(icmp->icmp6_mtu);
		report->hard |= inet6_sk(sk)->pmtudisc != IPV6_PMTUDISC_DONT;
	} else if (icmp->icmp6_type == ICMPV6_PARAMPROB) {
		report->info = ntohl(icmp->icmp6_pointer);
	}
	return icmp->icmp6_type != NDISC_REDIRECT;
}
#endif

/* On the socket's error queue: the datagram that it is about as it was on the wire. */
static void queue(struct sock *sk, struct sk_buff *skb, const struct report *report, __be16 port,
		  const u8 *payload, bool six)
{
	struct sock_exterr_skb *serr;

	skb = skb_clone(skb, GFP_ATOMIC);
	if (!skb)
		return;
	serr = SKB_EXT_ERR(skb);
	memset(&serr->ee, 0, sizeof(serr->ee));
	serr->ee.ee_errno = report->error;
	serr->ee.ee_info = report->info;
	serr->port = port;
	if (six) {
		const struct icmp6hdr *icmp = icmp6_hdr(skb);

		skb->protocol = htons(ETH_P_IPV6);
		serr->ee.ee_origin = SO_EE_ORIGIN_ICMP6;
		serr->ee.ee_type = icmp->icmp6_type;
		serr->ee.ee_code = icmp->icmp6_code;
		serr->addr_offset = (u8 *)&((struct ipv6hdr *)(icmp + 1))->daddr - skb_network_header(skb);
	} else {
		const struct icmphdr *icmp = icmp_hdr(skb);

		serr->ee.ee_origin = SO_EE_ORIGIN_ICMP;
		serr->ee.ee_type = icmp->type;
		serr->ee.ee_code = icmp->code;
		serr->addr_offset = (u8 *)&((struct iphdr *)(icmp + 1))->daddr - skb_network_header(skb);
	}
	if (skb_pull(skb, payload - skb->data)) {
		skb_reset_transport_header(skb);
		if (!sock_queue_err_skb(sk, skb))
			return;
	}
	kfree_skb(skb);
}

static void tell(struct sock *sk, struct sk_buff *skb, __be16 port, const u8 *payload)
{
	/* In both cases the outer header is the ICMP message's own. */
	const bool six = ip_hdr(skb)->version == 6;
	struct report report;
	bool asked, read;

	if (six && !IS_ENABLED(CONFIG_IPV6))
		return;
#if IS_ENABLED(CONFIG_IPV6)
	read = six ? read_icmp6(sk, skb, &report) : read_icmp(sk, skb, &report);
	asked = six ? l45_recverr6(sk) : l45_recverr4(sk);
#else
	read = read_icmp(sk, skb, &report);
	asked = l45_recverr4(sk);
#endif
	if (!read)
		return;
	if (asked)
		queue(sk, skb, &report, port, payload, six);
	if (!asked && (!report.hard || sk->sk_state != TCP_ESTABLISHED))
		return;
	WRITE_ONCE(sk->sk_err, report.error);
	sk_error_report(sk);
}

/* Which arguments the kernel gives is read from the type of the pointer. */
typedef void (*by_offset_t)(struct sock *sk, struct sk_buff *skb, unsigned int offset);
typedef void (*by_value_t)(struct sock *sk, struct sk_buff *skb, int error, __be16 port, u32 info, u8 *payload);

static void __maybe_unused by_offset(struct sock *sk, struct sk_buff *skb, unsigned int offset)
{
	const struct udphdr *header = (const struct udphdr *)(skb->data + offset);

	tell(sk, skb, header->dest, (const u8 *)(header + 1));
}

static void __maybe_unused by_value(struct sock *sk, struct sk_buff *skb, int error, __be16 port, u32 info,
				    u8 *payload)
{
	tell(sk, skb, port, payload);
}

#define BY_OFFSET __same_type(((struct udp_sock *)NULL)->encap_err_rcv, (by_offset_t)NULL)
#define SHIM __builtin_choose_expr(BY_OFFSET, by_offset, by_value)

void l45_udp_set_error(struct udp_sock *up, bool ours)
{
	WRITE_ONCE(up->encap_err_rcv, ours ? SHIM : NULL);
}
