// SPDX-License-Identifier: GPL-2.0
/* Dumps over many messages: nothing is told twice or left out, and what changed meanwhile is said. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define SOCKETS 400

static struct client client;
static int sockets[SOCKETS];

static void count_id(const unsigned char *attributes, size_t bytes, void *context)
{
	*(uint64_t *)context += attribute_u64(attribute_within(attributes, bytes, L45_A_MODULE_STATE, L45_S_ID));
}

/* Ours among the sockets told, and each once: their ports are a run of SOCKETS from the lowest on. */
struct told {
	unsigned int ours;
	bool seen[65536], twice;
};

static void count_socket(const unsigned char *attributes, size_t bytes, void *context)
{
	const struct nlattr *local = attribute_within(attributes, bytes, L45_A_SOCKET, L45_K_LOCAL);
	const struct nlattr *process = attribute_within(attributes, bytes, L45_A_SOCKET, L45_K_PROCESS);
	const struct nlattr *at;
	struct told *told = context;
	uint16_t port;

	if (!local || !process || strcmp(attribute_data(process), "control-dumps"))
		return;
	at = attribute_find(attribute_data(local), local->nla_len - NLA_HDRLEN, L45_E_PORT);
	memcpy(&port, attribute_data(at), sizeof(port));
	told->ours++;
	told->twice |= told->seen[port];
	told->seen[port] = true;
}

static int socket_open(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (made >= 0 && bind(made, (struct sockaddr *)&address, sizeof(address)))
		perror("bind");
	return made;
}

static void replace_one(void)
{
	close(sockets[7]);
	sockets[7] = socket_open();
}

static void check_modules(void)
{
	bool interrupted;
	uint64_t sum = 0;
	int messages;
	unsigned int id;

	table_begin(&client, 10, 'a', L45_MODULES_MAX);
	for (id = 1; id <= L45_MODULES_MAX && !client.error; id++)
		table_add(&client, module_make(id * 31 % L45_MODULES_MAX + 1));
	check(!client.error && !table_commit(&client, 10), "a table of 1024 modules", "%s", client.text);
	messages = client_dump(&client, request_begin(&client, L45_CMD_MODULES, NLM_F_DUMP), &interrupted, count_id,
			       NULL, &sum);
	check(messages == L45_MODULES_MAX && sum == L45_MODULES_MAX * (L45_MODULES_MAX + 1) / 2 && !interrupted,
	      "a dump of modules tells each once", "%d messages, sum of ids %llu, interrupted %d", messages,
	      (unsigned long long)sum, interrupted);
}

static void change_table(void)
{
	struct client second;

	client_open(&second);
	table_begin(&second, 11, 'b', 1);
	table_add(&second, module_make(1));
	table_commit(&second, 11);
	client_close(&second);
}

static int dump_sockets(uint64_t module, struct told *told, bool *interrupted, void (*between)(void))
{
	struct request request = request_begin(&client, L45_CMD_SOCKETS, NLM_F_DUMP);

	memset(told, 0, sizeof(*told));
	if (module)
		request_u64(&request, L45_A_MOD_ID, module);
	return client_dump(&client, request, interrupted, count_socket, between, told);
}

/* Two modules: one for our sockets, one for nobody's. */
static void socket_table(void)
{
	struct module ours = module_make(1);

	ours.process = "control-dumps";
	ours.without = L45_M_LOCAL;
	ours.remotes = 0;
	table_begin(&client, 12, 'c', 2);
	table_add(&client, ours);
	table_add(&client, module_make(2));
	check(!table_commit(&client, 12), "a table for our own sockets", "%s", client.text);
}

static void check_sockets(void)
{
	static struct told told;
	struct status status;
	bool interrupted;
	unsigned int i;
	int messages;

	prctl(PR_SET_NAME, "control-dumps");
	socket_table();
	for (i = 0; i < SOCKETS; i++)
		sockets[i] = socket_open();
	status = status_read(&client);
	check(status.sockets >= SOCKETS, "STATUS counts our sockets", "%u of %u", status.sockets, SOCKETS);
	dump_sockets(0, &told, &interrupted, NULL);
	check(told.ours == SOCKETS && !told.twice && !interrupted, "a dump of sockets tells each once",
	      "%u of %u, twice %d, interrupted %d", told.ours, SOCKETS, told.twice, interrupted);
	dump_sockets(0, &told, &interrupted, replace_one);
	check(told.ours >= SOCKETS - 1 && interrupted, "one that comes and goes meanwhile hides no other, and is said",
	      "%u of %u, interrupted %d", told.ours, SOCKETS, interrupted);
	dump_sockets(1, &told, &interrupted, NULL);
	check(told.ours == SOCKETS, "the sockets of a module", "%u of %u", told.ours, SOCKETS);
	messages = dump_sockets(2, &told, &interrupted, NULL);
	check(messages == 0, "the sockets of a module that has none", "%d", messages);
	dump_sockets(99999, &told, &interrupted, NULL);
	check_refused(&client, -ENOENT, "no module 99999", "the sockets of a module that is not there");
	for (i = 0; i < SOCKETS; i++)
		close(sockets[i]);
	status = status_read(&client);
	check(status.sockets == 0, "closed sockets are not told of any more", "%u", status.sockets);
}

void check_dumps(void)
{
	bool interrupted;
	uint64_t sum = 0;

	client_open(&client);
	table_flush(&client);
	check_modules();
	client_close(&client);
	/* A fresh socket is given small packets at first, so that the table changes in the middle of the dump. */
	client_open(&client);
	client_dump(&client, request_begin(&client, L45_CMD_MODULES, NLM_F_DUMP), &interrupted, count_id, change_table,
		    &sum);
	check(interrupted, "a table that changes meanwhile is said", "the dump claims to be consistent");
	check_sockets();
	table_flush(&client);
	client_close(&client);
}
