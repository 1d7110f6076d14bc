/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * l45tap-keeper FOLDER: answers the security check for the modules of a user-space tap (l45_checks.h). Started by the
 * agent with a socket as its standard input; ends when that ends. It opens no file but the tap's own, and nobody but the
 * agent can talk to it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "l45_checks.h"

/* Its memory holds keys: no core file, and no look at it by others of the same user. */
static void close_up(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int main(int count, char **arguments)
{
	uint8_t request[L45_KEEPER_MESSAGE_MAX], reply[L45_KEEPER_MESSAGE_MAX];
	struct l45_checks *checks;
	int error;

	if (count != 2) {
		fprintf(stderr, "usage: l45tap-keeper FOLDER, with the agent's socket as standard input\n");
		return 2;
	}
	close_up();
	error = l45_checks_open(arguments[1], &checks);
	if (error) {
		fprintf(stderr, "l45tap-keeper: cannot answer for the tap folder %s: %s\n", arguments[1],
			strerror(-error));
		return 1;
	}
	for (;;) {
		const ssize_t bytes = recv(0, request, sizeof(request), 0);

		if (bytes < 0 && errno == EINTR)
			continue;
		if (bytes <= 0)
			break;
		const size_t answered = l45_keeper_serve(checks, request, (size_t)bytes, reply);

		if (send(0, reply, answered, MSG_NOSIGNAL) < 0 && errno != EINTR)
			break;
	}
	l45_checks_close(checks);
	return 0;
}
