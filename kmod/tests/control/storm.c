// SPDX-License-Identifier: GPL-2.0
/*
 * Everybody at once: tables begun, put in force and flushed, dumps, and sockets that come and go, from several processes.
 * What is asked is that every call ends, the right one or not, and that order is found again afterwards.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

#define PROCESSES 4
#define ROUNDS 150

static void ignore(const unsigned char *attributes, size_t bytes, void *context)
{
	(void)attributes;
	(void)bytes;
	(void)context;
}

static void put_in_force(struct client *client, unsigned int round)
{
	struct module ours = module_make(1);

	ours.process = "control-storm";
	ours.without = L45_M_LOCAL;
	ours.remotes = round % 2 ? 0 : 2; /* sockets that are tapped at once, and that wait */
	ours.state = (uint8_t)(round % 4);
	table_begin(client, round + 1, 'a', 2);
	table_add(client, ours);
	table_add(client, module_make(round % 5 + 2));
	if (round % 3)
		table_commit(client, round + 1);
}

static void open_sockets(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int sockets[8], i;

	for (i = 0; i < 8; i++) {
		address.sin_port = 0;
		sockets[i] = socket(AF_INET, i % 2 ? SOCK_DGRAM : SOCK_STREAM, 0);
		if (bind(sockets[i], (struct sockaddr *)&address, sizeof(address)) ||
		    (!(i % 2) && listen(sockets[i], 1)))
			perror("socket");
	}
	for (i = 0; i < 8; i++)
		close(sockets[i]);
}

/* 0, or which call did not end. */
static int act(unsigned int seed)
{
	unsigned int round;

	prctl(PR_SET_NAME, "control-storm");
	srand(seed);
	for (round = 0; round < ROUNDS; round++) {
		struct client client;
		bool interrupted;
		int result = 0;

		client_open(&client);
		switch (rand() % 6) {
		case 0:
			table_flush(&client);
			break;
		case 1:
			open_sockets();
			break;
		case 2:
			result = client_dump(&client, request_begin(&client, L45_CMD_SOCKETS, NLM_F_DUMP), &interrupted,
					     ignore, open_sockets, NULL);
			break;
		case 3:
			result = client_dump(&client, request_begin(&client, L45_CMD_MODULES, NLM_F_DUMP), &interrupted,
					     ignore, NULL, NULL);
			break;
		default:
			put_in_force(&client, round);
		}
		client_close(&client);
		if (result < 0 || client.error == -ETIMEDOUT)
			return 1;
	}
	return 0;
}

void check_storm(void)
{
	struct client client;
	struct status status;
	unsigned int i, wrong = 0;
	int result;

	fflush(stdout);
	for (i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			_exit(act(i + 1));
	for (i = 0; i < PROCESSES; i++)
		wrong += wait(&result) < 0 || result != 0;
	check(!wrong, "four processes at once: every call ends", "%u of %u processes had one that did not", wrong,
	      PROCESSES);
	client_open(&client);
	table_flush(&client);
	table_begin(&client, 1, 'a', 1);
	table_add(&client, module_make(1));
	check(!table_commit(&client, 1), "and a table goes through afterwards", "%s", client.text);
	table_flush(&client);
	status = status_read(&client);
	check(status.generation == 0 && status.sockets == 0, "and leaves nothing behind", "generation %llu, %u sockets",
	      (unsigned long long)status.generation, status.sockets);
	client_close(&client);
}
