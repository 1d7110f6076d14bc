// SPDX-License-Identifier: GPL-2.0
/*
 * Receiving on a tapped datagram socket, in softirq: the datagram's checksum has been verified, it is no fragment and
 * no aggregate, and it is not queued yet. Its tag is taken out by moving what stands before it, UDP header included,
 * up against what stands behind.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/ipv6.h>

#include "udp.h"

#define HEADER_BYTES sizeof(struct udphdr)

static void sender_of(const struct sk_buff *skb, struct l45_peer_end *peer)
{
	peer->port = ntohs(udp_hdr(skb)->source);
	if (skb->protocol == htons(ETH_P_IPV6))
		peer->address = ipv6_hdr(skb)->saddr;
	else
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &peer->address);
}

static bool may_read(const struct l45_module *module, const struct l45_peer_end *peer)
{
	return l45_may_read(module, L45_DATAGRAM) && l45_match_remote(module, &peer->address, peer->port);
}

/* In constant time, as the engine compares. */
static bool same(const u8 *a, const u8 *b, size_t bytes)
{
	u8 difference = 0;

	while (bytes--)
		difference |= a[bytes] ^ b[bytes];
	return !difference;
}

/* As l45_datagram_recognise, of a message that lies in several pieces: what its tag should be is made, and compared. */
static int recognise_pieces(const struct l45_module *module, const struct sk_buff *skb, size_t bytes)
{
	const size_t tag_bytes = module->codec.dialect.tag_bytes;
	const enum l45_direction way = l45_way(module, false);
	u8 wire[L45_TAG_BYTES_MAX], tag[L45_TAG_BYTES_MAX], cover[L45_COVER_BYTES];
	size_t plain, at, covered, before;

	if (bytes < tag_bytes)
		return -ENOENT;
	plain = bytes - tag_bytes;
	at = l45_datagram_position(&module->codec, plain);
	if (skb_copy_bits(skb, HEADER_BYTES + at, wire, tag_bytes) ||
	    memcmp(wire, module->codec.ident[way], sizeof(module->codec.ident[way])))
		return -ENOENT;
	covered = min_t(size_t, plain, sizeof(cover));
	before = min(at, covered);
	if (skb_copy_bits(skb, HEADER_BYTES, cover, before) ||
	    skb_copy_bits(skb, HEADER_BYTES + before + tag_bytes, cover + before, covered - before))
		return -ENOENT;
	l45_datagram_tag(&module->codec, way, cover, plain, tag);
	return same(wire, tag, tag_bytes) ? 0 : -EBADMSG;
}

static int recognise(const struct l45_module *module, const struct sk_buff *skb)
{
	const size_t bytes = skb->len - HEADER_BYTES;

	if (likely(skb_headlen(skb) == skb->len))
		return l45_datagram_recognise(&module->codec, l45_way(module, false), skb->data + HEADER_BYTES, bytes);
	return recognise_pieces(module, skb, bytes);
}

/* Takes the tag out. False: no memory. */
static bool strip(const struct l45_module *module, struct sk_buff *skb)
{
	const unsigned int tag_bytes = module->codec.dialect.tag_bytes;
	const unsigned int plain = skb->len - HEADER_BYTES - tag_bytes;
	const unsigned int before = HEADER_BYTES + l45_datagram_position(&module->codec, plain);

	/* Somebody else (a packet socket, another member of the group) reads the same bytes. */
	if (skb_cloned(skb) && pskb_expand_head(skb, 0, 0, GFP_ATOMIC))
		return false;
	if (before == HEADER_BYTES + plain) {
		if (pskb_trim(skb, before))
			return false;
	} else {
		if (!pskb_may_pull(skb, before + tag_bytes))
			return false;
		memmove(skb->data + tag_bytes, skb->data, before);
		__skb_pull(skb, tag_bytes);
		skb_reset_transport_header(skb);
	}
	udp_hdr(skb)->len = htons(skb->len);
	UDP_SKB_CB(skb)->cscov -= tag_bytes;
	/* It was verified as it came; stock code would sum up what is left. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	return true;
}

static void forged(struct l45_sock *ctx, const struct l45_module *module)
{
	l45_count_odd(module->tally, L45_FORGED);
	l45_event_alert(ctx->ln, module->id, ctx, "a datagram has its identification, and a wrong authenticator or label");
}

/* The place of the module that recognises it; count: none. */
static u16 reader(struct l45_sock *ctx, const struct l45_list *list, const struct sk_buff *skb,
		  const struct l45_peer_end *peer)
{
	u16 i;

	for (i = 0; i < list->count; i++) {
		const struct l45_module *module = list->module[i];
		int error;

		if (!may_read(module, peer))
			continue;
		error = recognise(module, skb);
		if (!error)
			break;
		if (error == -EBADMSG)
			forged(ctx, module);
	}
	return i;
}

static void note_peer(const struct l45_sock *ctx, const struct l45_module *module, const struct l45_peer_end *peer,
		      bool in_dialect)
{
	if (l45_is_server(module))
		l45_peer_note(ctx->ln, ctx->cookie, &peer->address, peer->port, module->group, in_dialect);
}

static void count_read(struct l45_sock *ctx, const struct l45_list *list, u16 taken, const struct l45_peer_end *peer,
		       u64 plain)
{
	const struct l45_module *module = list->module[taken];
	u16 i;

	for (i = 0; i < taken; i++)
		if (may_read(list->module[i], peer))
			l45_count_odd(list->module[i]->tally, L45_SKIPPED);
	l45_count_received(module->tally, 1, plain);
	note_peer(ctx, module, peer, true);
	if (READ_ONCE(ctx->rx_id) != module->id)
		WRITE_ONCE(ctx->rx_id, module->id);
}

/* Nobody recognised it. True: it goes on as it came; false: a module wants such to be dropped. */
static bool passes(struct l45_sock *ctx, const struct l45_list *list, const struct l45_peer_end *peer)
{
	const struct l45_module *enforcing = NULL;
	u16 i;

	for (i = 0; i < list->count; i++) {
		const struct l45_module *module = list->module[i];

		if (!may_read(module, peer))
			continue;
		if ((module->flags & L45_F_ENFORCE) && !enforcing)
			enforcing = module;
		note_peer(ctx, module, peer, false);
	}
	if (enforcing) {
		l45_count_odd(enforcing->tally, L45_DROPPED);
		return false;
	}
	for (i = 0; i < list->count; i++)
		if (may_read(list->module[i], peer))
			l45_count_odd(list->module[i]->tally, L45_PASSED_PLAIN);
	return true;
}

static int drop(struct sock *sk, struct sk_buff *skb)
{
	atomic_inc(&sk->sk_drops);
	kfree_skb(skb);
	return 0;
}

/* As encap_rcv: 1: stock code goes on with it; 0: it is gone. */
int l45_udp_receive(struct sock *sk, struct sk_buff *skb)
{
	struct l45_sock *ctx = l45_sk(sk);
	const struct l45_list *list = ctx ? rcu_dereference(ctx->list) : NULL;
	struct l45_peer_end peer;

	if (!list || !(list->reads || list->watched) || !pskb_may_pull(skb, HEADER_BYTES))
		return 1;
	sender_of(skb, &peer);
	if (list->reads) {
		const u16 taken = reader(ctx, list, skb, &peer);

		if (taken < list->count) {
			if (!strip(list->module[taken], skb))
				return drop(sk, skb);
			count_read(ctx, list, taken, &peer, skb->len - HEADER_BYTES);
		} else if (!passes(ctx, list, &peer)) {
			return drop(sk, skb);
		}
	}
	if (list->watched)
		l45_udp_count_watchers(list, &peer, false, skb->len - HEADER_BYTES);
	return 1;
}
