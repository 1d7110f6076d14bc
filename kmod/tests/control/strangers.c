// SPDX-License-Identifier: GPL-2.0
/* Who has no capability here, and who has one elsewhere. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

#define NOBODY 65534

/* How many commands did not answer -EPERM. */
static int commands_allowed(struct client *client)
{
	int command, allowed = 0;

	for (command = L45_CMD_STATUS; command <= L45_CMD_RESPOND; command++) {
		const bool dump = command == L45_CMD_MODULES || command == L45_CMD_SOCKETS;

		allowed += client_call(client, request_begin(client, command, dump ? NLM_F_DUMP : NLM_F_ACK)) != -EPERM;
	}
	return allowed;
}

static int as_nobody(void)
{
	struct client client;
	int allowed;

	if (setuid(NOBODY))
		return 100;
	client_open(&client);
	allowed = commands_allowed(&client);
	if (!setsockopt(client.socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &client.group, sizeof(client.group)))
		allowed += 50;
	return allowed;
}

/* All capabilities, in a user namespace of its own and in a network namespace that it owns. */
static int as_foreign_root(void)
{
	struct client client;

	if (setuid(NOBODY) || unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 100;
	client_open(&client);
	return commands_allowed(&client);
}

/* Another namespace's root in ours: its table is its own. */
static int in_other_namespace(void)
{
	struct client client;
	struct status status;

	if (unshare(CLONE_NEWNET))
		return 100;
	client_open(&client);
	status = status_read(&client);
	if (status.generation != 0 || table_begin(&client, 3, 'c', 1) || table_add(&client, module_make(9)) ||
	    table_commit(&client, 3))
		return 1;
	status = status_read(&client);
	if (status.generation != 3 || status.modules != 1)
		return 2;
	/* Goes with a table in force and another begun. */
	return table_begin(&client, 4, 'd', 1) || table_add(&client, module_make(9));
}

static int in_child(int (*what)(void))
{
	const pid_t child = fork();
	int status;

	if (child == 0)
		_exit(what());
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

void check_strangers(void)
{
	struct client client;
	struct status status;
	int result;

	client_open(&client);
	table_flush(&client);
	table_begin(&client, 1, 'a', 1);
	table_add(&client, module_make(1));
	table_commit(&client, 1);
	fflush(stdout);
	result = in_child(as_nobody);
	check(result == 0, "nobody may send no command and hear no event", "%d", result);
	result = in_child(as_foreign_root);
	check(result == 0, "root of another user namespace may send no command", "%d", result);
	result = in_child(in_other_namespace);
	check(result == 0, "another network namespace has a table of its own", "%d", result);
	status = status_read(&client);
	check(status.generation == 1 && status.modules == 1, "ours is as it was", "generation %llu, %u modules",
	      (unsigned long long)status.generation, status.modules);
	table_flush(&client);
	client_close(&client);
}
