// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define WAIT_MS 5000

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static const unsigned char *attributes_of(const struct nlmsghdr *message)
{
	return (const unsigned char *)message + NLMSG_HDRLEN + GENL_HDRLEN;
}

static size_t attribute_bytes_of(const struct nlmsghdr *message)
{
	return message->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
}

static struct request request_of(uint16_t type, uint32_t sequence, int command, int flags)
{
	struct request request = {calloc(1, MESSAGE_BYTES), NLMSG_HDRLEN + GENL_HDRLEN};
	struct nlmsghdr *message = (struct nlmsghdr *)request.bytes;
	struct genlmsghdr *generic;

	if (!request.bytes)
		die("calloc");
	message->nlmsg_type = type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->nlmsg_seq = sequence;
	generic = NLMSG_DATA(message);
	generic->cmd = (uint8_t)command;
	generic->version = L45_GENL_VERSION;
	return request;
}

struct request request_begin(const struct client *client, int command, int flags)
{
	return request_of(client->family, client->sequence + 1, command, flags);
}

void client_send(struct client *client, struct request request)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	((struct nlmsghdr *)request.bytes)->nlmsg_len = (uint32_t)request.count;
	client->sequence++;
	if (sendto(client->socket, request.bytes, request.count, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		die("sendto");
	free(request.bytes);
}

size_t client_receive(struct client *client, unsigned char *bytes, size_t room)
{
	struct pollfd readable = {.fd = client->socket, .events = POLLIN};
	ssize_t count;

	if (poll(&readable, 1, WAIT_MS) != 1)
		return 0;
	count = recv(client->socket, bytes, room, 0);
	return count < 0 ? 0 : (size_t)count;
}

/* error, text and offset out of an NLMSG_ERROR. */
static void read_error(struct client *client, const struct nlmsghdr *message)
{
	const struct nlmsgerr *refusal = NLMSG_DATA(message);
	size_t skip = NLMSG_HDRLEN + sizeof(*refusal);
	const struct nlattr *at;

	client->error = refusal->error;
	client->text[0] = 0;
	client->offset = -1;
	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		skip += refusal->msg.nlmsg_len - NLMSG_HDRLEN;
	skip = NLMSG_ALIGN(skip);
	at = attribute_find((const char *)message + skip, message->nlmsg_len - skip, NLMSGERR_ATTR_MSG);
	if (at)
		snprintf(client->text, sizeof(client->text), "%s", (const char *)attribute_data(at));
	at = attribute_find((const char *)message + skip, message->nlmsg_len - skip, NLMSGERR_ATTR_OFFS);
	if (at)
		client->offset = (int)attribute_u32(at);
}

int client_call(struct client *client, struct request request)
{
	static unsigned char bytes[MESSAGE_BYTES];

	client_send(client, request);
	client->answer_bytes = 0;
	for (;;) {
		int left = (int)client_receive(client, bytes, sizeof(bytes));
		const struct nlmsghdr *message = (const struct nlmsghdr *)bytes;

		if (!left) {
			client->error = -ETIMEDOUT;
			return client->error;
		}
		for (; NLMSG_OK(message, (unsigned int)left); message = NLMSG_NEXT(message, left)) {
			if (message->nlmsg_seq != client->sequence)
				continue;
			if (message->nlmsg_type == NLMSG_ERROR) {
				read_error(client, message);
				return client->error;
			}
			client->answer_bytes = attribute_bytes_of(message);
			memcpy(client->answer, attributes_of(message), client->answer_bytes);
		}
	}
}

int client_dump(struct client *client, struct request request, bool *interrupted,
		void (*each)(const unsigned char *attributes, size_t bytes, void *context), void (*between)(void),
		void *context)
{
	static unsigned char bytes[MESSAGE_BYTES];
	int messages = 0;

	*interrupted = false;
	client_send(client, request);
	for (;;) {
		int left = (int)client_receive(client, bytes, sizeof(bytes));
		const struct nlmsghdr *message = (const struct nlmsghdr *)bytes;

		if (!left)
			return -ETIMEDOUT;
		for (; NLMSG_OK(message, (unsigned int)left); message = NLMSG_NEXT(message, left)) {
			*interrupted |= !!(message->nlmsg_flags & NLM_F_DUMP_INTR);
			if (message->nlmsg_type == NLMSG_ERROR) {
				read_error(client, message);
				return client->error;
			}
			if (message->nlmsg_type == NLMSG_DONE)
				return messages;
			messages++;
			each(attributes_of(message), attribute_bytes_of(message), context);
		}
		if (between)
			between();
		between = NULL;
	}
}

static void client_resolve(struct client *client)
{
	struct request request = request_of(GENL_ID_CTRL, client->sequence + 1, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	const struct nlattr *groups, *group, *at;

	request_text(&request, CTRL_ATTR_FAMILY_NAME, L45_GENL_NAME);
	if (client_call(client, request)) {
		fprintf(stderr, "no family %s: is l45.ko loaded?\n", L45_GENL_NAME);
		exit(2);
	}
	at = attribute_find(client->answer, client->answer_bytes, CTRL_ATTR_FAMILY_ID);
	memcpy(&client->family, attribute_data(at), sizeof(client->family));
	groups = attribute_find(client->answer, client->answer_bytes, CTRL_ATTR_MCAST_GROUPS);
	group = attribute_data(groups);
	at = attribute_find(attribute_data(group), group->nla_len - NLA_HDRLEN, CTRL_ATTR_MCAST_GRP_ID);
	client->group = attribute_u32(at);
}

void client_open(struct client *client)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	const int on = 1, room = MESSAGE_BYTES;

	memset(client, 0, sizeof(*client));
	client->answer = malloc(MESSAGE_BYTES);
	client->socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (!client->answer || client->socket < 0 || bind(client->socket, (struct sockaddr *)&address, sizeof(address)))
		die("netlink socket");
	setsockopt(client->socket, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(client->socket, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	setsockopt(client->socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	client_resolve(client);
}

void client_close(struct client *client)
{
	close(client->socket);
	free(client->answer);
}
