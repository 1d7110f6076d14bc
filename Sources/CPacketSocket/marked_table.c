// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * An nftables table that lives as long as a socket, NFT_TABLE_F_OWNER (linux/netfilter/nf_tables.h), and hands over what is
 * marked.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "netfilter_batch.h"
#include "packet_socket.h"

#ifndef NFT_TABLE_F_OWNER
#define NFT_TABLE_F_OWNER 0x2
#endif

/* NF_IP_PRI_RAW: a SYN is looked at as it arrived, before gates, translation and connection tracking. */
#define PRIORITY (-300)
#define HEAD_ROOM 4096
#define RULE_ROOM 512

static size_t begin_nft(struct l45_nf_batch *b, int what, uint16_t flags)
{
	return l45_nf_begin_message(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | what), flags | NLM_F_ACK, NFPROTO_INET, 0);
}

struct expression {
	size_t element;
	size_t data;
};

static struct expression begin_expression(struct l45_nf_batch *b, const char *name)
{
	struct expression e = {.element = l45_nf_begin_nest(b, NFTA_LIST_ELEM)};

	l45_nf_text(b, NFTA_EXPR_NAME, name);
	e.data = l45_nf_begin_nest(b, NFTA_EXPR_DATA);
	return e;
}

static void end_expression(struct l45_nf_batch *b, struct expression e)
{
	l45_nf_end_nest(b, e.data);
	l45_nf_end_nest(b, e.element);
}

static void load_transport(struct l45_nf_batch *b, uint32_t offset, uint32_t length)
{
	struct expression e = begin_expression(b, "payload");

	l45_nf_number(b, NFTA_PAYLOAD_DREG, NFT_REG_1);
	l45_nf_number(b, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
	l45_nf_number(b, NFTA_PAYLOAD_OFFSET, offset);
	l45_nf_number(b, NFTA_PAYLOAD_LEN, length);
	end_expression(b, e);
}

static void load_protocol(struct l45_nf_batch *b)
{
	struct expression e = begin_expression(b, "meta");

	l45_nf_number(b, NFTA_META_DREG, NFT_REG_1);
	l45_nf_number(b, NFTA_META_KEY, NFT_META_L4PROTO);
	end_expression(b, e);
}

static void data(struct l45_nf_batch *b, uint16_t type, const void *bytes, size_t size)
{
	size_t nest = l45_nf_begin_nest(b, type);

	l45_nf_attribute(b, NFTA_DATA_VALUE, bytes, size);
	l45_nf_end_nest(b, nest);
}

static void keep_bits(struct l45_nf_batch *b, uint8_t mask)
{
	struct expression e = begin_expression(b, "bitwise");
	const uint8_t none = 0;

	l45_nf_number(b, NFTA_BITWISE_SREG, NFT_REG_1);
	l45_nf_number(b, NFTA_BITWISE_DREG, NFT_REG_1);
	l45_nf_number(b, NFTA_BITWISE_LEN, 1);
	data(b, NFTA_BITWISE_MASK, &mask, 1);
	data(b, NFTA_BITWISE_XOR, &none, 1);
	end_expression(b, e);
}

static void must_equal(struct l45_nf_batch *b, const void *bytes, size_t size)
{
	struct expression e = begin_expression(b, "cmp");

	l45_nf_number(b, NFTA_CMP_SREG, NFT_REG_1);
	l45_nf_number(b, NFTA_CMP_OP, NFT_CMP_EQ);
	data(b, NFTA_CMP_DATA, bytes, size);
	end_expression(b, e);
}

/* Whom the packet is for: RTN_LOCAL and so on. */
static void load_destination_type(struct l45_nf_batch *b)
{
	struct expression e = begin_expression(b, "fib");

	l45_nf_number(b, NFTA_FIB_DREG, NFT_REG_1);
	l45_nf_number(b, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	l45_nf_number(b, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	end_expression(b, e);
}

static void hand_over(struct l45_nf_batch *b, uint16_t group)
{
	struct expression e = begin_expression(b, "log");

	l45_nf_half(b, NFTA_LOG_GROUP, group);
	l45_nf_half(b, NFTA_LOG_QTHRESHOLD, 1);
	end_expression(b, e);
}

static void verdict(struct l45_nf_batch *b, int32_t code, const char *chain)
{
	struct expression e = begin_expression(b, "immediate");
	size_t outer, nest;

	l45_nf_number(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	outer = l45_nf_begin_nest(b, NFTA_IMMEDIATE_DATA);
	nest = l45_nf_begin_nest(b, NFTA_DATA_VERDICT);
	l45_nf_number(b, NFTA_VERDICT_CODE, (uint32_t)code);
	if (chain)
		l45_nf_text(b, NFTA_VERDICT_CHAIN, chain);
	l45_nf_end_nest(b, nest);
	l45_nf_end_nest(b, outer);
	end_expression(b, e);
}

static void add_table(struct l45_nf_batch *b, const char *table)
{
	size_t m = begin_nft(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);

	l45_nf_text(b, NFTA_TABLE_NAME, table);
	l45_nf_number(b, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
	l45_nf_end_message(b, m);
}

static void add_chain(struct l45_nf_batch *b, const char *table, const char *name, int is_base)
{
	size_t m = begin_nft(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	size_t hook;

	l45_nf_text(b, NFTA_CHAIN_TABLE, table);
	l45_nf_text(b, NFTA_CHAIN_NAME, name);
	if (is_base) {
		l45_nf_text(b, NFTA_CHAIN_TYPE, "filter");
		hook = l45_nf_begin_nest(b, NFTA_CHAIN_HOOK);
		l45_nf_number(b, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
		l45_nf_number(b, NFTA_HOOK_PRIORITY, PRIORITY);
		l45_nf_end_nest(b, hook);
		l45_nf_number(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
	}
	l45_nf_end_message(b, m);
}

struct rule {
	size_t message;
	size_t expressions;
};

static struct rule begin_rule(struct l45_nf_batch *b, const char *table, const char *chain)
{
	struct rule r = {.message = begin_nft(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND)};

	l45_nf_text(b, NFTA_RULE_TABLE, table);
	l45_nf_text(b, NFTA_RULE_CHAIN, chain);
	r.expressions = l45_nf_begin_nest(b, NFTA_RULE_EXPRESSIONS);
	return r;
}

static void end_rule(struct l45_nf_batch *b, struct rule r)
{
	l45_nf_end_nest(b, r.expressions);
	l45_nf_end_message(b, r.message);
}

static void write_all(struct l45_nf_batch *b, const char *table, const uint16_t *ports, size_t count, uint32_t mark,
		      uint16_t group)
{
	const uint32_t wire_mark = htonl(mark), local = RTN_LOCAL;
	const uint8_t tcp = IPPROTO_TCP, syn = 2;
	struct rule r;

	l45_nf_end_message(b, l45_nf_begin_message(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
	add_table(b, table);
	add_chain(b, table, "in", 1);
	add_chain(b, table, "ports", 0);
	add_chain(b, table, "take", 0);
	/* The mark first: it is what almost every packet lacks, and the rest is not looked at then. */
	r = begin_rule(b, table, "in");
	load_transport(b, 8, 4);
	must_equal(b, &wire_mark, sizeof(wire_mark));
	load_protocol(b);
	must_equal(b, &tcp, sizeof(tcp));
	load_transport(b, 13, 1);
	keep_bits(b, 0x17);
	must_equal(b, &syn, sizeof(syn));
	verdict(b, NFT_JUMP, "ports");
	end_rule(b, r);
	for (size_t at = 0; at < count; at++) {
		const uint16_t port = htons(ports[at]);

		r = begin_rule(b, table, "ports");
		load_transport(b, 2, 2);
		must_equal(b, &port, sizeof(port));
		verdict(b, NFT_GOTO, "take");
		end_rule(b, r);
	}
	r = begin_rule(b, table, "take");
	load_destination_type(b);
	must_equal(b, &local, sizeof(local));
	hand_over(b, group);
	verdict(b, NF_DROP, NULL);
	end_rule(b, r);
	l45_nf_end_message(b, l45_nf_begin_message(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
}

int l45_marked_take(const char *table, const uint16_t *ports, size_t count, uint32_t mark, uint16_t group)
{
	struct l45_nf_batch b = {.capacity = HEAD_ROOM + count * RULE_ROOM};
	int fd;

	b.bytes = malloc(b.capacity);
	if (!b.bytes)
		return -ENOMEM;
	write_all(&b, table, ports, count, mark, group);
	fd = l45_nf_carry_out(&b, b.messages - 2);
	free(b.bytes);
	return fd;
}
