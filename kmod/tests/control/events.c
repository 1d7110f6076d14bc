// SPDX-License-Identifier: GPL-2.0
/* Events reach who listens, and a flood of one kind is cut to a rate that says how much it left out. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define FORGERIES 600
#define QUIET_MS 500

struct heard {
	unsigned int tables, alerts, attached;
	uint64_t lost, alerted;
	char socket[256]; /* the one attached last, in words */
};

static void hear(struct client *listener, struct heard *heard)
{
	static unsigned char bytes[65536];
	const size_t headers = NLMSG_HDRLEN + GENL_HDRLEN;
	struct pollfd readable = {.fd = listener->socket, .events = POLLIN};
	const struct nlattr *at;

	while (poll(&readable, 1, QUIET_MS) == 1) {
		const size_t count = client_receive(listener, bytes, sizeof(bytes));

		if (count <= headers)
			return;
		switch (attribute_u8(attribute_find(bytes + headers, count - headers, L45_A_EVENT_KIND))) {
		case L45_EVENT_TABLE:
			heard->tables++;
			break;
		case L45_EVENT_ATTACHED:
			heard->attached++;
			at = attribute_within(bytes + headers, count - headers, L45_A_SOCKET, L45_K_TEXT);
			snprintf(heard->socket, sizeof(heard->socket), "%s",
				 at ? (const char *)attribute_data(at) : "");
			break;
		case L45_EVENT_ALERT:
			heard->alerts++;
			heard->lost += attribute_u32(attribute_find(bytes + headers, count - headers, L45_A_LOST));
			heard->alerted = attribute_u64(attribute_find(bytes + headers, count - headers, L45_A_MOD_ID));
			break;
		}
	}
}

static void forge(struct client *client)
{
	static const unsigned char nothing[L45_SEAL_BYTES + 8];
	struct request request = request_begin(client, L45_CMD_RESPOND, NLM_F_ACK);

	request_u64(&request, L45_A_MOD_ID, 3);
	request_put(&request, L45_A_CHALLENGE, nothing, sizeof(nothing));
	client_call(client, request);
}

/* A socket of ours under a table that is for it. */
static void open_socket(struct client *client)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct module ours = module_make(3);
	int opened;

	prctl(PR_SET_NAME, "control-events");
	ours.process = "control-events";
	ours.without = L45_M_LOCAL;
	ours.remotes = 0; /* one that names remotes waits until the socket speaks to one */
	table_begin(client, 2, 'b', 1);
	table_add(client, ours);
	table_commit(client, 2);
	opened = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (opened < 0 || bind(opened, (struct sockaddr *)&address, sizeof(address)))
		perror("socket");
	close(opened);
}

void check_events(void)
{
	struct client client, listener;
	struct heard heard = {0};
	unsigned int i;

	client_open(&client);
	client_open(&listener);
	table_flush(&client);
	check(!setsockopt(listener.socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &listener.group,
			  sizeof(listener.group)),
	      "joining the group", "refused");
	table_begin(&client, 1, 'a', 1);
	table_add(&client, module_make(3));
	table_commit(&client, 1);
	for (i = 0; i < FORGERIES; i++)
		forge(&client);
	/* Reading until it is quiet lets the budget fill again; what was left out is told by the next that goes. */
	hear(&listener, &heard);
	check(heard.tables == 1, "a table in force is an event", "%u events", heard.tables);
	check(heard.alerts > 0 && heard.alerts < FORGERIES / 2, "a flood of alerts is cut", "%u of %u came",
	      heard.alerts, FORGERIES);
	forge(&client);
	hear(&listener, &heard);
	check(heard.alerts + heard.lost == FORGERIES + 1, "and the next says how many were left out",
	      "%u came, %llu left out, of %u", heard.alerts, (unsigned long long)heard.lost, FORGERIES + 1);
	check(heard.alerted == 3, "an alert names its module", "module %llu", (unsigned long long)heard.alerted);
	open_socket(&client);
	hear(&listener, &heard);
	check(heard.attached == 1 && strstr(heard.socket, "udp control-events/control-events 127.0.0.1:"),
	      "a tapped socket is an event that names it", "%u events, '%s'", heard.attached, heard.socket);
	table_flush(&client);
	hear(&listener, &heard);
	check(heard.tables == 3, "a FLUSH is an event", "%u events", heard.tables);
	client_close(&listener);
	client_close(&client);
}
