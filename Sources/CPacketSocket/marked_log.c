// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The packets that a table hands over (linux/netfilter/nfnetlink_log.h). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netfilter_batch.h"
#include "packet_socket.h"

#define SETTINGS_ROOM 4096
/* A netlink message of the log: one packet and what is said of it. */
#define LOG_ROOM (20u << 10)

static size_t begin_log(struct l45_nf_batch *b, uint16_t group)
{
	const uint16_t type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;

	return l45_nf_begin_message(b, type, NLM_F_ACK, AF_UNSPEC, group);
}

int l45_marked_open(uint16_t group)
{
	const struct nfulnl_msg_config_cmd bind = {.command = NFULNL_CFG_CMD_BIND};
	const struct nfulnl_msg_config_mode whole = {.copy_range = htonl(0xffff), .copy_mode = NFULNL_COPY_PACKET};
	char room[SETTINGS_ROOM];
	struct l45_nf_batch b = {.bytes = room, .capacity = sizeof(room)};
	int size = 8 << 20, fd;
	size_t m;

	m = begin_log(&b, group);
	l45_nf_attribute(&b, NFULA_CFG_CMD, &bind, sizeof(bind));
	l45_nf_end_message(&b, m);
	m = begin_log(&b, group);
	l45_nf_attribute(&b, NFULA_CFG_MODE, &whole, sizeof(whole));
	l45_nf_end_message(&b, m);
	/* A message for each packet, at once. */
	m = begin_log(&b, group);
	l45_nf_number(&b, NFULA_CFG_QTHRESH, 1);
	l45_nf_end_message(&b, m);
	fd = l45_nf_carry_out(&b, b.messages);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
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
