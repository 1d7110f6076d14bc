// SPDX-License-Identifier: GPL-2.0
/* What is done to messages that were right. */
#include <string.h>

#include "fuzz.h"

#define SPOTS_MAX 512

static size_t spots[SPOTS_MAX];
static size_t spot_count;

/* Every attribute, those in nests too, wherever what stands there can be read as one. */
static void find_spots(size_t from, size_t to, int depth)
{
	while (from + NLA_HDRLEN <= to && spot_count < SPOTS_MAX) {
		const struct nlattr *here = (const struct nlattr *)(room + from);
		const size_t end = from + here->nla_len;

		if (here->nla_len < NLA_HDRLEN || end > to)
			return;
		spots[spot_count++] = from;
		if (depth < 3 && here->nla_len >= 2 * NLA_HDRLEN)
			find_spots(from + NLA_HDRLEN, end, depth + 1);
		from = NLA_ALIGN(end);
	}
}

static struct nlattr *any_attribute(size_t count)
{
	spot_count = 0;
	find_spots(NLMSG_HDRLEN + GENL_HDRLEN, count, 0);
	return spot_count ? (struct nlattr *)(room + spots[below((uint32_t)spot_count)]) : NULL;
}

/* Nests in nests, to a depth that a recursive reader would feel. */
static size_t nest_deep(size_t count)
{
	uint32_t depth = 1 + below(300);
	const uint32_t levels = depth;

	if (count + levels * NLA_HDRLEN > 32768)
		return count;
	for (; depth; depth--) {
		struct nlattr *here = (struct nlattr *)(room + count);

		here->nla_type = (uint16_t)(NLA_F_NESTED | (1 + below(L45_A_MAX)));
		here->nla_len = (uint16_t)(depth * NLA_HDRLEN);
		count += NLA_HDRLEN;
	}
	return count;
}

size_t spoil(size_t count)
{
	struct nlattr *at = any_attribute(count);
	struct nlmsghdr *header = (struct nlmsghdr *)room;
	struct genlmsghdr *generic = NLMSG_DATA(header);
	size_t i, bytes;
	uint64_t value;

	switch (below(at ? 14 : 8)) {
	case 0: /* a bit */
		room[below((uint32_t)count)] ^= (unsigned char)(1u << below(8));
		break;
	case 1: /* some bytes */
		for (i = 1 + below(16); i; i--)
			room[below((uint32_t)count)] = (unsigned char)draw();
		break;
	case 2: /* truncated */
		count = below((uint32_t)count + 1);
		header->nlmsg_len = (uint32_t)count;
		break;
	case 3: /* garbage after it */
		for (i = below(one_in(50) ? 60000 : 200); i && count < MESSAGE_BYTES - 1; i--)
			room[count++] = (unsigned char)draw();
		header->nlmsg_len = (uint32_t)count;
		break;
	case 4:
		header->nlmsg_len = (uint32_t)awkward();
		break;
	case 5:
		header->nlmsg_flags = (uint16_t)draw();
		break;
	case 6:
		generic->cmd = (uint8_t)draw();
		generic->version = (uint8_t)below(3);
		generic->reserved = (uint16_t)below(2);
		break;
	case 7:
		count = nest_deep(count);
		header->nlmsg_len = (uint32_t)count;
		break;
	case 8:
		at->nla_len = one_in(3) ? (uint16_t)awkward() : (uint16_t)(at->nla_len + below(9) - 4);
		break;
	case 9:
		at->nla_type = one_in(3) ? (uint16_t)draw() : (uint16_t)below(L45_S_MAX + 3);
		break;
	case 10: /* a number, or what takes its place */
	case 11:
		value = awkward();
		bytes = at->nla_len > NLA_HDRLEN ? at->nla_len - NLA_HDRLEN : 0;
		if (bytes && (unsigned char *)at + at->nla_len <= room + count)
			memcpy((unsigned char *)at + NLA_HDRLEN, &value, bytes < sizeof(value) ? bytes : sizeof(value));
		break;
	case 12: /* twice */
		bytes = NLA_ALIGN(at->nla_len);
		if ((unsigned char *)at + bytes <= room + count && count + bytes < MESSAGE_BYTES) {
			memmove(room + count, at, bytes);
			count += bytes;
			header->nlmsg_len = (uint32_t)count;
		}
		break;
	default: /* gone */
		bytes = NLA_ALIGN(at->nla_len);
		if ((unsigned char *)at + bytes <= room + count) {
			memmove(at, (unsigned char *)at + bytes, (size_t)(room + count - (unsigned char *)at) - bytes);
			count -= bytes;
			header->nlmsg_len = (uint32_t)count;
		}
		break;
	}
	return count;
}
