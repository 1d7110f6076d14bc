/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a handshake prober needs of Linux and Swift cannot say: AF_PACKET addresses, filters, rtnetlink questions.
 * Every function returns 0 or more, or -errno. Nothing is kept between calls.
 */
#ifndef L45_PACKET_SOCKET_H
#define L45_PACKET_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lab_network.h"

/* Where a packet goes to or came from, below IP. */
struct l45_link {
	int32_t ifindex;
	uint16_t ethertype; /* host order */
	uint8_t length;	    /* of the address; 0 where the link has none */
	uint8_t address[8];
	uint8_t outgoing;	 /* received: a copy of what this host sends */
	uint8_t checksum_missing; /* received: the sender left the checksum to a card that is not there */
};

/* 16 bytes; IPv4 in the first four. Network order. */
struct l45_address {
	uint8_t bytes[16];
};

struct l45_route {
	int32_t ifindex;
	uint8_t is_local;	 /* this host's own address */
	uint8_t has_gateway;
	uint8_t no_neighbours;	 /* loopback, tunnels: the link needs no address */
	uint32_t mtu;		 /* of the interface, in bytes */
	struct l45_address source;
	struct l45_address gateway; /* the destination itself where there is none */
};

/* Packets from their IP header on; only what this host receives. ifindex 0: on every interface. */
int l45_packet_open(int32_t ifindex);
/* Whole frames, all protocols, promiscuous: for a box between two links. */
int l45_packet_open_frames(int32_t ifindex);
/* Lets TCP packets to these ports through, and nothing else. */
int l45_packet_filter(int fd, const uint16_t *ports, size_t count);
ssize_t l45_packet_receive(int fd, void *buffer, size_t capacity, struct l45_link *from);
ssize_t l45_packet_send(int fd, const void *bytes, size_t count, const struct l45_link *to);
ssize_t l45_frame_send(int fd, const void *bytes, size_t count);

/* IPv4 packets with their header through the kernel's output, to its own addresses too. */
int l45_raw_open(void);
ssize_t l45_raw_send(int fd, const void *bytes, size_t count, const struct l45_address *to);

/*
 * A listening socket that drops whatever reaches it, by a filter of its own: the kernel answers nothing on that port, and
 * nobody else can take it. It ends with the descriptor, also after SIGKILL; no firewall rule is needed.
 * port 0: any. Returns the descriptor; *taken is the port.
 */
int l45_port_hold(int family, uint16_t port, uint16_t *taken);

/*
 * SYNs to this host's ports whose acknowledgement number, which means nothing in a SYN, is mark. An nftables table of this name,
 * family inet, takes them in front of everything else that netfilter does and hands them to a group of nfnetlink_log. It belongs
 * to the descriptor returned and ends with it, also after SIGKILL; no program can change it meanwhile, nor does "nft flush
 * ruleset" remove it. Linux 5.12 or later.
 */
int l45_marked_take(const char *table, const uint16_t *ports, size_t count, uint32_t mark, uint16_t group);
/* What is handed to the group; -EPERM also where somebody else has it. */
int l45_marked_open(uint16_t group);
/* One packet, from its IP header on. Does not block: -EAGAIN. -ENOBUFS: some were lost. */
ssize_t l45_marked_receive(int fd, void *buffer, size_t capacity, struct l45_link *from);
/* Receives nothing, sends as l45_packet_send does. */
int l45_packet_open_deaf(void);

int l45_route_get(int family, const struct l45_address *destination, struct l45_route *route);
/*
 * 1: known, *link filled in. 0: the kernel has been asked to find out. -EHOSTUNREACH: nobody answers there. With again, a
 * failure that the kernel remembers does not count, it is asked anew.
 */
int l45_neighbour_get(int family, int32_t ifindex, const struct l45_address *address, int again, struct l45_link *link);

/* Switches checksum and segmentation offloads of an interface off, as far as it has any. */
int l45_offloads_off(const char *name);

#endif
