// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "netfilter_batch.h"

static void l45_nf_put(struct l45_nf_batch *b, const void *data, size_t size)
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

size_t l45_nf_begin_message(struct l45_nf_batch *b, uint16_t type, uint16_t flags, uint8_t family, uint16_t resource)
{
	struct nlmsghdr header = {
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = b->messages++,
	};
	struct nfgenmsg body = {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};
	size_t place = b->count;

	l45_nf_put(b, &header, sizeof(header));
	l45_nf_put(b, &body, sizeof(body));
	return place;
}

void l45_nf_end_message(struct l45_nf_batch *b, size_t place)
{
	uint32_t length = (uint32_t)(b->count - place);

	if (!b->full)
		memcpy(b->bytes + place + offsetof(struct nlmsghdr, nlmsg_len), &length, sizeof(length));
}

void l45_nf_attribute(struct l45_nf_batch *b, uint16_t type, const void *data, size_t size)
{
	struct nlattr head = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type};

	l45_nf_put(b, &head, sizeof(head));
	l45_nf_put(b, data, size);
}

void l45_nf_text(struct l45_nf_batch *b, uint16_t type, const char *value)
{
	l45_nf_attribute(b, type, value, strlen(value) + 1);
}

void l45_nf_number(struct l45_nf_batch *b, uint16_t type, uint32_t value)
{
	uint32_t wire = htonl(value);

	l45_nf_attribute(b, type, &wire, sizeof(wire));
}

void l45_nf_half(struct l45_nf_batch *b, uint16_t type, uint16_t value)
{
	uint16_t wire = htons(value);

	l45_nf_attribute(b, type, &wire, sizeof(wire));
}

size_t l45_nf_begin_nest(struct l45_nf_batch *b, uint16_t type)
{
	size_t place = b->count;

	l45_nf_attribute(b, type | NLA_F_NESTED, "", 0);
	return place;
}

void l45_nf_end_nest(struct l45_nf_batch *b, size_t place)
{
	uint16_t length = (uint16_t)(b->count - place);

	if (!b->full)
		memcpy(b->bytes + place + offsetof(struct nlattr, nla_len), &length, sizeof(length));
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

int l45_nf_carry_out(struct l45_nf_batch *b, uint32_t answers)
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
