// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * An nftables table that lives as long as a socket, NFT_TABLE_F_OWNER (linux/netfilter/nf_tables.h), and what it hands over
 * (linux/netfilter/nfnetlink_log.h).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "packet_socket.h"

#ifndef NFT_TABLE_F_OWNER
#define NFT_TABLE_F_OWNER 0x2
#endif

/* NF_IP_PRI_RAW: a SYN is looked at as it arrived, before gates, translation and connection tracking. */
#define PRIORITY (-300)
#define HEAD_ROOM 4096
#define RULE_ROOM 512
/* A netlink message of the log: one packet and what is said of it. */
#define LOG_ROOM (20u << 10)

/* A batch under way. What does not fit sets full, and nothing is written any more. */
struct batch {
	char *bytes;
	size_t count;
	size_t capacity;
	uint32_t messages;
	int full;
};

static void put(struct batch *b, const void *data, size_t size)
{
	const size_t padded = NLMSG_ALIGN(size);

	if (b->full || b->capacity - b->count < padded) {
		b->full = 1;
		return;
	}
	memcpy(b->bytes + b->count, data, size);
	memset(b->bytes + b->count + size, 0, padded - size);
	b->count += padded;
}

static size_t begin_message(struct batch *b, uint16_t type, uint16_t flags, uint8_t family, uint16_t resource)
{
	struct nlmsghdr header = {
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = b->messages++,
	};
	struct nfgenmsg body = {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};
	size_t place = b->count;

	put(b, &header, sizeof(header));
	put(b, &body, sizeof(body));
	return place;
}

static void end_message(struct batch *b, size_t place)
{
	uint32_t length = (uint32_t)(b->count - place);

	if (!b->full)
		memcpy(b->bytes + place + offsetof(struct nlmsghdr, nlmsg_len), &length, sizeof(length));
}

static size_t begin_nft(struct batch *b, int what, uint16_t flags)
{
	return begin_message(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | what), flags | NLM_F_ACK, NFPROTO_INET, 0);
}

static void attribute(struct batch *b, uint16_t type, const void *data, size_t size)
{
	struct nlattr head = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type};

	put(b, &head, sizeof(head));
	put(b, data, size);
}

static void text(struct batch *b, uint16_t type, const char *value)
{
	attribute(b, type, value, strlen(value) + 1);
}

static void number(struct batch *b, uint16_t type, uint32_t value)
{
	uint32_t wire = htonl(value);

	attribute(b, type, &wire, sizeof(wire));
}

static void half(struct batch *b, uint16_t type, uint16_t value)
{
	uint16_t wire = htons(value);

	attribute(b, type, &wire, sizeof(wire));
}

static size_t begin_nest(struct batch *b, uint16_t type)
{
	size_t place = b->count;

	attribute(b, type | NLA_F_NESTED, "", 0);
	return place;
}

static void end_nest(struct batch *b, size_t place)
{
	uint16_t length = (uint16_t)(b->count - place);

	if (!b->full)
		memcpy(b->bytes + place + offsetof(struct nlattr, nla_len), &length, sizeof(length));
}

struct expression {
	size_t element;
	size_t data;
};

static struct expression begin_expression(struct batch *b, const char *name)
{
	struct expression e = {.element = begin_nest(b, NFTA_LIST_ELEM)};

	text(b, NFTA_EXPR_NAME, name);
	e.data = begin_nest(b, NFTA_EXPR_DATA);
	return e;
}

static void end_expression(struct batch *b, struct expression e)
{
	end_nest(b, e.data);
	end_nest(b, e.element);
}

static void load_transport(struct batch *b, uint32_t offset, uint32_t length)
{
	struct expression e = begin_expression(b, "payload");

	number(b, NFTA_PAYLOAD_DREG, NFT_REG_1);
	number(b, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
	number(b, NFTA_PAYLOAD_OFFSET, offset);
	number(b, NFTA_PAYLOAD_LEN, length);
	end_expression(b, e);
}

static void load_protocol(struct batch *b)
{
	struct expression e = begin_expression(b, "meta");

	number(b, NFTA_META_DREG, NFT_REG_1);
	number(b, NFTA_META_KEY, NFT_META_L4PROTO);
	end_expression(b, e);
}

static void data(struct batch *b, uint16_t type, const void *bytes, size_t size)
{
	size_t nest = begin_nest(b, type);

	attribute(b, NFTA_DATA_VALUE, bytes, size);
	end_nest(b, nest);
}

static void keep_bits(struct batch *b, uint8_t mask)
{
	struct expression e = begin_expression(b, "bitwise");
	const uint8_t none = 0;

	number(b, NFTA_BITWISE_SREG, NFT_REG_1);
	number(b, NFTA_BITWISE_DREG, NFT_REG_1);
	number(b, NFTA_BITWISE_LEN, 1);
	data(b, NFTA_BITWISE_MASK, &mask, 1);
	data(b, NFTA_BITWISE_XOR, &none, 1);
	end_expression(b, e);
}

static void must_equal(struct batch *b, const void *bytes, size_t size)
{
	struct expression e = begin_expression(b, "cmp");

	number(b, NFTA_CMP_SREG, NFT_REG_1);
	number(b, NFTA_CMP_OP, NFT_CMP_EQ);
	data(b, NFTA_CMP_DATA, bytes, size);
	end_expression(b, e);
}

/* Whom the packet is for: RTN_LOCAL and so on. */
static void load_destination_type(struct batch *b)
{
	struct expression e = begin_expression(b, "fib");

	number(b, NFTA_FIB_DREG, NFT_REG_1);
	number(b, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	number(b, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	end_expression(b, e);
}

static void hand_over(struct batch *b, uint16_t group)
{
	struct expression e = begin_expression(b, "log");

	half(b, NFTA_LOG_GROUP, group);
	half(b, NFTA_LOG_QTHRESHOLD, 1);
	end_expression(b, e);
}

static void verdict(struct batch *b, int32_t code, const char *chain)
{
	struct expression e = begin_expression(b, "immediate");
	size_t outer, nest;

	number(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	outer = begin_nest(b, NFTA_IMMEDIATE_DATA);
	nest = begin_nest(b, NFTA_DATA_VERDICT);
	number(b, NFTA_VERDICT_CODE, (uint32_t)code);
	if (chain)
		text(b, NFTA_VERDICT_CHAIN, chain);
	end_nest(b, nest);
	end_nest(b, outer);
	end_expression(b, e);
}

static void add_table(struct batch *b, const char *table)
{
	size_t m = begin_nft(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);

	text(b, NFTA_TABLE_NAME, table);
	number(b, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
	end_message(b, m);
}

static void add_chain(struct batch *b, const char *table, const char *name, int is_base)
{
	size_t m = begin_nft(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	size_t hook;

	text(b, NFTA_CHAIN_TABLE, table);
	text(b, NFTA_CHAIN_NAME, name);
	if (is_base) {
		text(b, NFTA_CHAIN_TYPE, "filter");
		hook = begin_nest(b, NFTA_CHAIN_HOOK);
		number(b, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
		number(b, NFTA_HOOK_PRIORITY, PRIORITY);
		end_nest(b, hook);
		number(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
	}
	end_message(b, m);
}

struct rule {
	size_t message;
	size_t expressions;
};

static struct rule begin_rule(struct batch *b, const char *table, const char *chain)
{
	struct rule r = {.message = begin_nft(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND)};

	text(b, NFTA_RULE_TABLE, table);
	text(b, NFTA_RULE_CHAIN, chain);
	r.expressions = begin_nest(b, NFTA_RULE_EXPRESSIONS);
	return r;
}

static void end_rule(struct batch *b, struct rule r)
{
	end_nest(b, r.expressions);
	end_message(b, r.message);
}

static void write_all(struct batch *b, const char *table, const uint16_t *ports, size_t count, uint32_t mark,
		      uint16_t group)
{
	const uint32_t wire_mark = htonl(mark), local = RTN_LOCAL;
	const uint8_t tcp = IPPROTO_TCP, syn = 2;
	struct rule r;

	end_message(b, begin_message(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
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
	end_message(b, begin_message(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
}

/* Every message but the two that frame the batch is answered, a refused batch as a whole by its first error. */
static int read_answers(int fd, uint32_t wanted)
{
	_Alignas(struct nlmsghdr) char room[8192];

	while (wanted) {
		ssize_t count = recv(fd, room, sizeof(room), 0);
		struct nlmsghdr *header = (struct nlmsghdr *)room;

		if (count < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		for (uint32_t left = (uint32_t)count; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
			struct nlmsgerr *answer = NLMSG_DATA(header);

			if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_len < NLMSG_LENGTH(sizeof(*answer)))
				return -EBADMSG;
			if (answer->error)
				return answer->error;
			if (wanted)
				wanted--;
		}
	}
	return 0;
}

static int set(int fd, int name, const void *value, socklen_t size)
{
	return setsockopt(fd, SOL_SOCKET, name, value, size);
}

/* Sends the batch over a new socket and waits, 5 s at most, until it is carried out. */
static int carry_out(struct batch *b, uint32_t answers)
{
	struct timeval bound = {.tv_sec = 5};
	int size = (int)b->capacity * 2, result = 0;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return -errno;
	set(fd, SO_SNDBUFFORCE, &size, sizeof(size));
	set(fd, SO_RCVBUFFORCE, &size, sizeof(size));
	set(fd, SO_RCVTIMEO, &bound, sizeof(bound));
	if (b->full)
		result = -E2BIG;
	else if (send(fd, b->bytes, b->count, 0) < 0)
		result = -errno;
	else
		result = read_answers(fd, answers);
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

int l45_marked_take(const char *table, const uint16_t *ports, size_t count, uint32_t mark, uint16_t group)
{
	struct batch b = {.capacity = HEAD_ROOM + count * RULE_ROOM};
	int fd;

	b.bytes = malloc(b.capacity);
	if (!b.bytes)
		return -ENOMEM;
	write_all(&b, table, ports, count, mark, group);
	fd = carry_out(&b, b.messages - 2);
	free(b.bytes);
	return fd;
}

static size_t begin_log(struct batch *b, uint16_t group)
{
	const uint16_t type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;

	return begin_message(b, type, NLM_F_ACK, AF_UNSPEC, group);
}

int l45_marked_open(uint16_t group)
{
	const struct nfulnl_msg_config_cmd bind = {.command = NFULNL_CFG_CMD_BIND};
	const struct nfulnl_msg_config_mode whole = {.copy_range = htonl(0xffff), .copy_mode = NFULNL_COPY_PACKET};
	char room[HEAD_ROOM];
	struct batch b = {.bytes = room, .capacity = sizeof(room)};
	int size = 8 << 20, fd;
	size_t m;

	m = begin_log(&b, group);
	attribute(&b, NFULA_CFG_CMD, &bind, sizeof(bind));
	end_message(&b, m);
	m = begin_log(&b, group);
	attribute(&b, NFULA_CFG_MODE, &whole, sizeof(whole));
	end_message(&b, m);
	/* A message for each packet, at once. */
	m = begin_log(&b, group);
	number(&b, NFULA_CFG_QTHRESH, 1);
	end_message(&b, m);
	fd = carry_out(&b, b.messages);
	if (fd >= 0)
		set(fd, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

static ssize_t read_packet(const struct nlmsghdr *header, void *buffer, size_t capacity, struct l45_link *from)
{
	size_t left, at = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	ssize_t found = -EBADMSG;

	if (header->nlmsg_len < at || (header->nlmsg_type >> 8) != NFNL_SUBSYS_ULOG)
		return -EBADMSG;
	for (left = header->nlmsg_len - at; left >= NLA_HDRLEN;) {
		const struct nlattr *a = (const struct nlattr *)((const char *)header + header->nlmsg_len - left);
		const void *value = (const char *)a + NLA_HDRLEN;
		size_t size;

		if (a->nla_len < NLA_HDRLEN || a->nla_len > left)
			return -EBADMSG;
		size = a->nla_len - NLA_HDRLEN;
		switch (a->nla_type & NLA_TYPE_MASK) {
		case NFULA_IFINDEX_INDEV:
			if (size == sizeof(uint32_t)) {
				uint32_t index;

				memcpy(&index, value, sizeof(index));
				from->ifindex = (int32_t)ntohl(index);
			}
			break;
		case NFULA_HWADDR:
			if (size >= sizeof(struct nfulnl_msg_packet_hw)) {
				struct nfulnl_msg_packet_hw hw;

				memcpy(&hw, value, sizeof(hw));
				from->length = ntohs(hw.hw_addrlen) > 8 ? 8 : (uint8_t)ntohs(hw.hw_addrlen);
				memcpy(from->address, hw.hw_addr, from->length);
			}
			break;
		case NFULA_PAYLOAD:
			if (size == 0 || size > capacity)
				return -EMSGSIZE;
			memcpy(buffer, value, size);
			from->ethertype = *(const uint8_t *)value >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP;
			found = (ssize_t)size;
			break;
		}
		left -= NLA_ALIGN(a->nla_len) < left ? NLA_ALIGN(a->nla_len) : left;
	}
	return found;
}

ssize_t l45_marked_receive(int fd, void *buffer, size_t capacity, struct l45_link *from)
{
	_Alignas(struct nlmsghdr) char room[LOG_ROOM];
	const struct nlmsghdr *header = (const struct nlmsghdr *)room;
	ssize_t count = recv(fd, room, sizeof(room), MSG_DONTWAIT);

	if (count < 0)
		return -errno;
	memset(from, 0, sizeof(*from));
	/* One packet in a message, as asked for; what may follow it is the end mark. */
	if ((size_t)count < sizeof(*header) || header->nlmsg_len > (size_t)count)
		return -EBADMSG;
	return read_packet(header, buffer, capacity, from);
}
