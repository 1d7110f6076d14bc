// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "packet_socket.h"

#define ROOM 8192

struct question {
	struct nlmsghdr header;
	union {
		struct rtmsg route;
		struct ndmsg neighbour;
	} body;
	char attributes[256];
};

static size_t width(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

static void add(struct question *q, unsigned short type, const void *data, size_t count)
{
	struct rtattr *place = (struct rtattr *)((char *)q + NLMSG_ALIGN(q->header.nlmsg_len));

	place->rta_type = type;
	place->rta_len = (unsigned short)RTA_LENGTH(count);
	memcpy(RTA_DATA(place), data, count);
	q->header.nlmsg_len = (unsigned int)(NLMSG_ALIGN(q->header.nlmsg_len) + RTA_ALIGN(place->rta_len));
}

/* One question, one answer, one second at most. Returns the answer's length or -errno; an error answer is -errno too. */
static int ask(struct question *q, void *answer, size_t capacity)
{
	struct timeval bound = {.tv_sec = 1};
	struct nlmsghdr *header = answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t count;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
	count = send(fd, q, q->header.nlmsg_len, 0);
	if (count >= 0)
		count = recv(fd, answer, capacity, 0);
	if (count < 0)
		count = -errno;
	close(fd);
	if (count < 0)
		return (int)count;
	if ((size_t)count < sizeof(*header) || header->nlmsg_len > (size_t)count)
		return -EBADMSG;
	if (header->nlmsg_type == NLMSG_ERROR) {
		if (header->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr)))
			return -EBADMSG;
		return ((struct nlmsgerr *)NLMSG_DATA(header))->error;
	}
	return (int)header->nlmsg_len;
}

static void describe_interface(struct l45_route *route)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	route->mtu = 1500;
	if (fd < 0)
		return;
	if (if_indextoname((unsigned int)route->ifindex, request.ifr_name)) {
		if (ioctl(fd, SIOCGIFFLAGS, &request) == 0)
			route->no_neighbours = (request.ifr_flags & (IFF_NOARP | IFF_LOOPBACK | IFF_POINTOPOINT)) != 0;
		if (ioctl(fd, SIOCGIFMTU, &request) == 0 && request.ifr_mtu > 0)
			route->mtu = (uint32_t)request.ifr_mtu;
	}
	close(fd);
}

int l45_route_get(int family, const struct l45_address *destination, struct l45_route *route)
{
	struct question q = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			.nlmsg_type = RTM_GETROUTE,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.body.route = {
			.rtm_family = (unsigned char)family,
			.rtm_dst_len = (unsigned char)(8 * width(family)),
		},
	};
	_Alignas(struct nlmsghdr) char answer[ROOM];
	struct nlmsghdr *header = (struct nlmsghdr *)answer;
	struct rtmsg *body;
	struct rtattr *place;
	int count, left;

	add(&q, RTA_DST, destination->bytes, width(family));
	count = ask(&q, answer, sizeof(answer));
	if (count < 0)
		return count;
	if (header->nlmsg_type != RTM_NEWROUTE || count < (int)NLMSG_LENGTH(sizeof(*body)))
		return -EBADMSG;
	body = NLMSG_DATA(header);
	memset(route, 0, sizeof(*route));
	route->is_local = body->rtm_type == RTN_LOCAL;
	if (body->rtm_type != RTN_LOCAL && body->rtm_type != RTN_UNICAST)
		return body->rtm_type == RTN_BROADCAST || body->rtm_type == RTN_MULTICAST ? -EACCES : -EHOSTUNREACH;
	route->gateway = *destination;
	left = count - (int)NLMSG_LENGTH(sizeof(*body));
	for (place = RTM_RTA(body); RTA_OK(place, left); place = RTA_NEXT(place, left)) {
		size_t size = RTA_PAYLOAD(place);

		if (place->rta_type == RTA_OIF && size == 4)
			memcpy(&route->ifindex, RTA_DATA(place), 4);
		else if (place->rta_type == RTA_PREFSRC && size == width(family))
			memcpy(route->source.bytes, RTA_DATA(place), size);
		else if (place->rta_type == RTA_GATEWAY && size == width(family)) {
			route->has_gateway = 1;
			memcpy(route->gateway.bytes, RTA_DATA(place), size);
		}
	}
	if (route->ifindex <= 0)
		return -ENETUNREACH;
	describe_interface(route);
	return 0;
}

int l45_neighbour_get(int family, int32_t ifindex, const struct l45_address *address, int again, struct l45_link *link)
{
	struct question q = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg)),
			.nlmsg_type = RTM_GETNEIGH,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.body.neighbour = {.ndm_family = (unsigned char)family, .ndm_ifindex = ifindex},
	};
	struct question use = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg)),
			.nlmsg_type = RTM_NEWNEIGH,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK,
		},
		.body.neighbour = {
			.ndm_family = (unsigned char)family, .ndm_ifindex = ifindex, .ndm_flags = NTF_USE,
		},
	};
	const unsigned short settled = NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP | NUD_STALE | NUD_DELAY | NUD_PROBE;
	_Alignas(struct nlmsghdr) char answer[ROOM];
	struct nlmsghdr *header = (struct nlmsghdr *)answer;
	struct ndmsg *body = NLMSG_DATA(header);
	unsigned short state = 0;
	int count;

	add(&q, NDA_DST, address->bytes, width(family));
	count = ask(&q, answer, sizeof(answer));
	if (count < 0 && count != -ENOENT)
		return count;
	memset(link, 0, sizeof(*link));
	link->ifindex = ifindex;
	if (count >= (int)NLMSG_LENGTH(sizeof(*body)) && header->nlmsg_type == RTM_NEWNEIGH) {
		struct rtattr *place = (struct rtattr *)((char *)body + NLMSG_ALIGN(sizeof(*body)));
		int left = count - (int)NLMSG_LENGTH(sizeof(*body));

		state = body->ndm_state;
		for (; RTA_OK(place, left); place = RTA_NEXT(place, left)) {
			size_t size = RTA_PAYLOAD(place);

			if (place->rta_type != NDA_LLADDR || size > sizeof(link->address))
				continue;
			memcpy(link->address, RTA_DATA(place), size);
			link->length = (uint8_t)size;
		}
	}
	if (state & settled && link->length)
		return 1;
	if (state & NUD_FAILED && !again)
		return -EHOSTUNREACH;
	if (state & NUD_INCOMPLETE)
		return 0;
	/* As if a packet of the kernel's own waited for it: it asks the link. */
	add(&use, NDA_DST, address->bytes, width(family));
	count = ask(&use, answer, sizeof(answer));
	return count < 0 ? count : 0;
}

int l45_offloads_off(const char *name)
{
	static const unsigned int commands[] = {
		ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM, ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO,
	};
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result = 0;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	for (size_t at = 0; at < sizeof(commands) / sizeof(*commands); at++) {
		struct ethtool_value off = {.cmd = commands[at], .data = 0};

		request.ifr_data = (char *)&off;
		/* What the interface has not cannot be switched off; that is well. */
		if (ioctl(fd, SIOCETHTOOL, &request) < 0 && errno != EOPNOTSUPP && errno != EINVAL)
			result = -errno;
	}
	close(fd);
	return result;
}
