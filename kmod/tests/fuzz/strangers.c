// SPDX-License-Identifier: GPL-2.0
/* Those who may say nothing, and are to get refusals alone. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define STRANGERS_BATCH 250
#define NOBODY 65534

static int stranger_nobody(struct client *client)
{
	return setuid(NOBODY) ? -1 : (client_open(client), 0);
}

static int stranger_root(struct client *client)
{
	return setuid(NOBODY) || unshare(CLONE_NEWUSER) ? -1 : (client_open(client), 0);
}

static int stranger_owner(struct client *client)
{
	return setuid(NOBODY) || unshare(CLONE_NEWUSER | CLONE_NEWNET) ? -1 : (client_open(client), 0);
}

static int stranger_heir(struct client *client)
{
	client_open(client);
	return setuid(NOBODY);
}

static const struct stranger {
	const char *name;
	int (*become)(struct client *client);
} strangers[] = {
	{"another user", stranger_nobody},
	{"root of another user namespace", stranger_root},
	{"root of another user namespace, in a network namespace of its own", stranger_owner},
	{"another user with a privileged socket", stranger_heir},
};

static void throw_as(const struct stranger *stranger)
{
	int result, i;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		struct client client;
		struct outcome outcome = {0};

		if (stranger->become(&client))
			_exit(3);
		for (i = 0; i < STRANGERS_BATCH; i++)
			throw_one(&client, &outcome);
		_exit(outcome.accepted ? 1 : outcome.refused ? 0 : 2);
	}
	draw(); /* the next one does not throw the same */
	if (child < 0 || waitpid(child, &result, 0) != child || !WIFEXITED(result))
		result = 4 << 8;
	sent_messages += STRANGERS_BATCH;
	expect(WEXITSTATUS(result) == 0, stranger->name,
	      WEXITSTATUS(result) == 1 ? "was answered" :
	      WEXITSTATUS(result) == 2 ? "was not even refused" : "could not be tried");
}

void throw_as_strangers(void)
{
	size_t i;

	for (i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		throw_as(&strangers[i]);
}
