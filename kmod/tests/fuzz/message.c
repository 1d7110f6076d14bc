// SPDX-License-Identifier: GPL-2.0
/* Messages that are right, in orders that make sense. */
#include <string.h>

#include "fuzz.h"

unsigned char room[MESSAGE_BYTES];

struct request message(const struct client *client, int command, int flags)
{
	struct request request = {room, NLMSG_HDRLEN + GENL_HDRLEN};
	struct nlmsghdr *header = (struct nlmsghdr *)room;
	struct genlmsghdr *generic = NLMSG_DATA(header);

	memset(room, 0, request.count);
	header->nlmsg_type = client->family;
	header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	generic->cmd = (uint8_t)command;
	generic->version = L45_GENL_VERSION;
	return request;
}

static struct module any_module(void)
{
	/* Few ids, so that they repeat; the counters of a module outlive its tables. */
	struct module module = module_make(1 + below(40));

	module.priority = (int32_t)below(1000) - 500;
	module.state = (uint8_t)below(4);
	module.flags = below(L45_F_ALL + 1);
	module.protocol = one_in(2) ? 6 : 17;
	module.dialect.kind = (uint8_t)below(3);
	module.dialect.frame_bytes = 1000;
	module.dialect.place = (uint8_t)below(3);
	module.remotes = one_in(50) ? 3000 : below(4);
	module.without_key = one_in(2);
	return module;
}

/* What comes next in the dialogue of this client, more often than not in order. */
struct request sensible(const struct client *client)
{
	const uint32_t turn = below(100);
	struct request request;
	uint32_t i, count;
	char digest[L45_TABLE_DIGEST_BYTES + 1] = "";

	if (turn < 25) {
		request = message(client, L45_CMD_BEGIN, 0);
		memset(digest, "0123456789abcdef"[below(16)], L45_TABLE_DIGEST_BYTES);
		request_u64(&request, L45_A_GENERATION, GENERATION - 2 + below(6));
		request_text(&request, L45_A_DIGEST, digest);
		request_u32(&request, L45_A_COUNT, one_in(20) ? (uint32_t)awkward() : below(5));
	} else if (turn < 60) {
		request = message(client, L45_CMD_ADD, 0);
		for (i = 0, count = below(4); i < count; i++) {
			struct module module = any_module();

			/* No second large one in a message: it would not fit. */
			if (i)
				module.remotes %= 4;
			request_module(&request, &module);
		}
	} else if (turn < 75) {
		request = message(client, L45_CMD_COMMIT, 0);
		request_u64(&request, L45_A_GENERATION, GENERATION - 2 + below(6));
	} else if (turn < 80) {
		request = message(client, L45_CMD_STATUS, 0);
	} else if (turn < 84) {
		request = message(client, L45_CMD_MODULES, one_in(5) ? 0 : NLM_F_DUMP);
	} else if (turn < 88) {
		request = message(client, L45_CMD_SOCKETS, one_in(5) ? 0 : NLM_F_DUMP);
		if (one_in(2))
			request_u64(&request, L45_A_MOD_ID, below(4));
	} else if (turn < 95) {
		unsigned char challenge[L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MAX + 8];

		for (i = 0; i < sizeof(challenge); i++)
			challenge[i] = (unsigned char)draw();
		request = message(client, L45_CMD_RESPOND, 0);
		request_u64(&request, L45_A_MOD_ID, below(4));
		request_put(&request, L45_A_CHALLENGE, challenge, below(sizeof(challenge) + 1));
	} else if (turn < 96) {
		request = message(client, L45_CMD_FLUSH, 0);
	} else {
		request = message(client, (int)below(256), one_in(4) ? NLM_F_DUMP : 0);
		request_u64(&request, (int)below(L45_A_MAX + 4), awkward());
	}
	return request;
}
