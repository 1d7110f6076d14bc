// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "packet_socket.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

static int refuse(int fd)
{
	int error = errno;

	close(fd);
	return -error;
}

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

static int open_on(int type, int32_t ifindex)
{
	struct sockaddr_ll place = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = ifindex,
	};
	/* Deaf until it is bound: protocol 0. */
	int fd = socket(AF_PACKET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
	set(fd, SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20);
	if (set(fd, SOL_PACKET, PACKET_AUXDATA, 1) < 0 ||
	    bind(fd, (struct sockaddr *)&place, sizeof(place)) < 0)
		return refuse(fd);
	return fd;
}

/* The caller attaches a filter next; what arrives before it is told by its ports. */
int l45_packet_open(int32_t ifindex)
{
	return open_on(SOCK_DGRAM, ifindex);
}

int l45_packet_open_deaf(void)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

int l45_packet_open_frames(int32_t ifindex)
{
	struct packet_mreq all = {.mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC};
	int fd = open_on(SOCK_RAW, ifindex);

	if (fd >= 0 && setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) < 0)
		return refuse(fd);
	return fd;
}

int l45_packet_filter(int fd, const uint16_t *ports, size_t count)
{
	const size_t head = 12;
	const size_t size = head + 2 * count + 1;
	struct sock_filter *code;
	struct sock_fprog program;
	size_t at = 0;
	int result = 0;

	if (size > BPF_MAXINSNS)
		return -E2BIG;
	code = calloc(size, sizeof(*code));
	if (!code)
		return -ENOMEM;
	/* The destination port of IPv4 or IPv6 TCP into A; anything else ends at "drop". */
	code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4);
	code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 5, 0);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9);
	code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 1, 0);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0);
	code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, 3, 0, 0);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6);
	code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 0);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, 40);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2);
	for (size_t port = 0; port < count; port++) {
		code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ports[port], 0, 1);
		code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0xffffffff);
	}
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	program.len = (unsigned short)at;
	program.filter = code;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		result = -errno;
	free(code);
	return result;
}

ssize_t l45_packet_receive(int fd, void *buffer, size_t capacity, struct l45_link *from)
{
	struct sockaddr_ll place = {0};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec part = {.iov_base = buffer, .iov_len = capacity};
	struct msghdr message = {
		.msg_name = &place,
		.msg_namelen = sizeof(place),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t count = recvmsg(fd, &message, 0);

	if (count < 0)
		return -errno;
	memset(from, 0, sizeof(*from));
	from->ifindex = place.sll_ifindex;
	from->ethertype = ntohs(place.sll_protocol);
	from->length = place.sll_halen > 8 ? 8 : place.sll_halen;
	memcpy(from->address, place.sll_addr, from->length);
	from->outgoing = place.sll_pkttype == PACKET_OUTGOING;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		struct tpacket_auxdata extra;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&extra, CMSG_DATA(c), sizeof(extra));
		from->checksum_missing = (extra.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
	}
	return count;
}

ssize_t l45_packet_send(int fd, const void *bytes, size_t count, const struct l45_link *to)
{
	struct sockaddr_ll place = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(to->ethertype),
		.sll_ifindex = to->ifindex,
		.sll_halen = to->length,
	};
	ssize_t sent;

	memcpy(place.sll_addr, to->address, sizeof(place.sll_addr));
	sent = sendto(fd, bytes, count, 0, (struct sockaddr *)&place, sizeof(place));
	return sent < 0 ? -errno : sent;
}

ssize_t l45_frame_send(int fd, const void *bytes, size_t count)
{
	ssize_t sent = send(fd, bytes, count, 0);

	return sent < 0 ? -errno : sent;
}

int l45_raw_open(void)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);

	return fd < 0 ? -errno : fd;
}

ssize_t l45_raw_send(int fd, const void *bytes, size_t count, const struct l45_address *to)
{
	struct sockaddr_in place = {.sin_family = AF_INET};
	ssize_t sent;

	memcpy(&place.sin_addr, to->bytes, sizeof(place.sin_addr));
	sent = sendto(fd, bytes, count, 0, (struct sockaddr *)&place, sizeof(place));
	return sent < 0 ? -errno : sent;
}

int l45_port_hold(int family, uint16_t port, uint16_t *taken)
{
	struct sock_filter drop[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	struct sock_fprog program = {.len = 1, .filter = drop};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t length = family == AF_INET6 ? sizeof(six) : sizeof(four);
	struct sockaddr *place = family == AF_INET6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (family == AF_INET6 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0)
		return refuse(fd);
	/* The filter first: not one packet may be answered in between. */
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
	    bind(fd, place, length) < 0 || listen(fd, 1) < 0 || getsockname(fd, place, &length) < 0)
		return refuse(fd);
	*taken = ntohs(family == AF_INET6 ? six.sin6_port : four.sin_port);
	return fd;
}
