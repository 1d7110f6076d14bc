// SPDX-License-Identifier: GPL-2.0
/* Sending, and what came back. */
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"

/*
 * Whatever the kernel will read as a header is for our family, and asks for an acknowledgement: other families are not what
 * is tried here, and an acceptance must not pass in silence.
 */
static void keep_ours(const struct client *client, size_t count)
{
	size_t at = 0;

	while (at + NLMSG_HDRLEN <= count) {
		struct nlmsghdr *header = (struct nlmsghdr *)(room + at);

		header->nlmsg_type = client->family;
		header->nlmsg_flags |= NLM_F_ACK;
		if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > count - at)
			return;
		at += NLMSG_ALIGN(header->nlmsg_len);
	}
}

/* The family answers before sendto returns, dumps apart: they go on as they are read. */
static void read_answers(const struct client *client, struct outcome *outcome)
{
	static unsigned char answer[MESSAGE_BYTES];
	ssize_t count;
	int turns = 0;

	while (turns++ < 10000 && (count = recv(client->socket, answer, sizeof(answer), MSG_DONTWAIT)) > 0) {
		const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
		int left = (int)count;

		for (; NLMSG_OK(header, (unsigned int)left); header = NLMSG_NEXT(header, left)) {
			const struct nlmsgerr *error = NLMSG_DATA(header);

			if (header->nlmsg_type == client->family)
				outcome->accepted++;
			if (header->nlmsg_type != NLMSG_ERROR)
				continue;
			if (error->error) {
				outcome->refused++;
				continue;
			}
			/* What asks for nothing is acknowledged by netlink itself, unread. */
			if (!(error->msg.nlmsg_flags & NLM_F_REQUEST))
				continue;
			outcome->accepted++;
			/* It repeats the header of netlink alone; which command it was for is known by the number. */
			outcome->changes += error->msg.nlmsg_seq == L45_CMD_COMMIT || error->msg.nlmsg_seq == L45_CMD_FLUSH;
		}
	}
}

/* The sequence number says the command, for the acknowledgement does not. */
static void number(size_t count)
{
	size_t at = 0;

	while (at + NLMSG_HDRLEN + GENL_HDRLEN <= count) {
		struct nlmsghdr *header = (struct nlmsghdr *)(room + at);

		header->nlmsg_seq = ((const struct genlmsghdr *)NLMSG_DATA(header))->cmd;
		if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > count - at)
			return;
		at += NLMSG_ALIGN(header->nlmsg_len);
	}
}

void throw_one(const struct client *client, struct outcome *outcome)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct request request = sensible(client);
	size_t count = request.count;
	int spoils = one_in(3) ? 0 : (int)(1 + below(4));

	((struct nlmsghdr *)room)->nlmsg_len = (uint32_t)count;
	while (spoils--)
		count = spoil(count);
	keep_ours(client, count);
	number(count);
	sendto(client->socket, room, count, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	read_answers(client, outcome);
}

void press_limits(const struct client *client, struct outcome *outcome)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const bool modules = one_in(2);
	uint32_t i, j;

	for (i = 0; i < (modules ? 13u : 26u); i++) {
		struct request request = message(client, i ? L45_CMD_ADD : L45_CMD_BEGIN, 0);

		if (!i) {
			char digest[L45_TABLE_DIGEST_BYTES + 1] = "";

			memset(digest, 'e', L45_TABLE_DIGEST_BYTES);
			request_u64(&request, L45_A_GENERATION, GENERATION + 100);
			request_text(&request, L45_A_DIGEST, digest);
			request_u32(&request, L45_A_COUNT, L45_MODULES_MAX);
		}
		for (j = 0; i && j < (modules ? 100u : 1u); j++) {
			struct module module = module_make(modules ? i * 100 + j : i);

			module.remotes = modules ? 0 : L45_REMOTES_MAX;
			request_module(&request, &module);
		}
		((struct nlmsghdr *)room)->nlmsg_len = (uint32_t)request.count;
		number(request.count);
		sendto(client->socket, room, request.count, 0, (struct sockaddr *)&kernel, sizeof(kernel));
		read_answers(client, outcome);
	}
}
