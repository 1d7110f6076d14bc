// SPDX-License-Identifier: GPL-2.0
/*
 * Gives l45.ko the benchmark's table: for each port a client's and a server's module, both directions, 32-byte tags, frames
 * of 1000 bytes (seed 3.2.2).
 *
 *   rules ours      the ports of the workloads
 *   rules ports     ports that no workload uses, any program: the harder way not to match
 *   rules names     the workloads' ports, programs that do not run
 *   rules counts    prints the messages and bytes that the modules sent and received
 */
#include <stdio.h>
#include <string.h>

#include <netinet/in.h>

#include "../../kmod/tests/control/client.h"
#include "ports.h"

static const struct port {
	uint16_t number;
	uint8_t protocol;
} ports[] = {
	{UDP_PORT, IPPROTO_UDP}, {DNS_PORT, IPPROTO_UDP}, {TCP_PORT, IPPROTO_TCP},
	{BULK_PORT, IPPROTO_TCP}, {HTTP_PORT, IPPROTO_TCP}, {SENDFILE_PORT, IPPROTO_TCP},
};
#define PORTS (sizeof(ports) / sizeof(ports[0]))

static void add(struct request *request, const struct port *port, bool server, const char *process, uint16_t shift)
{
	const uint16_t number = (uint16_t)(port->number + shift);
	const size_t nest = request_nest(request, L45_A_MODULE);
	struct l45_dialect dialect = {
		.kind = port->protocol == IPPROTO_UDP ? L45_DATAGRAM : L45_STREAM,
		.tag_bytes = 32,
		.frame_bytes = 1000,
		.epoch = 1,
		.label_bytes = 3,
		.label = "l45",
	};

	memset(dialect.secret, (int)port->number, sizeof(dialect.secret));
	request_u64(request, L45_M_ID, port->number * 2u + server);
	request_u64(request, L45_M_GROUP, port->number);
	request_u8(request, L45_M_STATE, L45_STATE_ACTIVE);
	request_u8(request, L45_M_PROTOCOL, port->protocol);
	request_u32(request, L45_M_FLAGS, L45_F_REQUESTS | L45_F_RESPONSES | (server ? L45_F_SERVER : 0));
	request_text(request, L45_M_PROCESS, process);
	if (server) {
		const size_t end = request_nest(request, L45_M_LOCAL);

		request_u16(request, L45_E_PORT, number);
		request_nest_end(request, end);
	} else {
		const struct l45_remote remote = {.port = number};

		request_put(request, L45_M_REMOTES, &remote, sizeof(remote));
	}
	request_put(request, L45_M_DIALECT, &dialect, sizeof(dialect));
	request_nest_end(request, nest);
}

static int set(struct client *client, const char *process, uint16_t shift)
{
	struct request request;
	size_t i;

	if (table_begin(client, 1, 'b', 2 * PORTS))
		return client->error;
	request = request_begin(client, L45_CMD_ADD, NLM_F_ACK);
	for (i = 0; i < PORTS; i++) {
		add(&request, &ports[i], false, process, shift);
		add(&request, &ports[i], true, process, shift);
	}
	if (client_call(client, request))
		return client->error;
	return table_commit(client, 1);
}

static void print_counts(const unsigned char *attributes, size_t bytes, void *context)
{
	(void)context;
#define COUNT(attribute) \
	((unsigned long long)attribute_u64(attribute_within(attributes, bytes, L45_A_MODULE_STATE, attribute)))
	printf("COUNT module %llu sent %llu received %llu bytes-sent %llu skipped %llu plain %llu dropped %llu\n",
	       COUNT(L45_S_ID), COUNT(L45_S_MESSAGES_SENT), COUNT(L45_S_MESSAGES_RECEIVED), COUNT(L45_S_BYTES_SENT),
	       COUNT(L45_S_SKIPPED), COUNT(L45_S_PASSED_PLAIN), COUNT(L45_S_DROPPED));
}

int main(int count, char **words)
{
	const char *what = count == 2 ? words[1] : "";
	struct client client;
	bool interrupted;
	int error = -1;

	client_open(&client);
	if (!strcmp(what, "ours"))
		error = set(&client, "", 0);
	else if (!strcmp(what, "ports"))
		error = set(&client, "", OTHER_PORTS);
	else if (!strcmp(what, "names"))
		error = set(&client, "no-such-program", 0);
	else if (!strcmp(what, "counts"))
		error = client_dump(&client, request_begin(&client, L45_CMD_MODULES, NLM_F_DUMP), &interrupted,
				    print_counts, NULL, NULL) < 0;
	else
		fprintf(stderr, "usage: rules ours|ports|names|counts\n");
	if (error)
		fprintf(stderr, "rules %s: error %d %s\n", what, error, client.text);
	client_close(&client);
	return error != 0;
}
