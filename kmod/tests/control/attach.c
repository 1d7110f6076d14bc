// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that runs out in the middle of an attach: the socket works on, plain, and that is counted. Needs a module that
 * was built with L45_FAULTS=1.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define ALLOCATIONS_MAX 200
#define WAIT_MS 2000

static struct client client;

static int socket_open(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (made < 0 || bind(made, (struct sockaddr *)&address, sizeof(address)))
		perror("socket");
	return made;
}

/* Whether a message that the socket sends to itself arrives as it was. */
static bool works(int tried)
{
	struct pollfd readable = {.fd = tried, .events = POLLIN};
	struct sockaddr_in address;
	socklen_t bytes = sizeof(address);
	char heard[32] = "";

	if (getsockname(tried, (struct sockaddr *)&address, &bytes) ||
	    sendto(tried, "as it was", 9, 0, (struct sockaddr *)&address, bytes) != 9 ||
	    poll(&readable, 1, WAIT_MS) != 1)
		return false;
	return recv(tried, heard, sizeof(heard), 0) == 9 && !memcmp(heard, "as it was", 9);
}

static int watch_ourselves(uint64_t generation)
{
	struct module watcher = module_make(1);

	watcher.process = "control-attach";
	watcher.without = L45_M_LOCAL;
	watcher.remotes = 0;
	watcher.dialect.kind = L45_MONITOR;
	return table_begin(&client, generation, 'a', 1) || table_add(&client, watcher) ||
	       table_commit(&client, generation) ? client.error : 0;
}

/* What an attempt led to: tapped, or counted as failed; never neither. */
struct outcome {
	unsigned int tries, broken, untold;
};

static void judge(struct outcome *outcome, int tried, uint64_t failed_before)
{
	const struct status status = status_read(&client);

	outcome->tries++;
	outcome->broken += !works(tried);
	outcome->untold += status.sockets == 0 && status.failed == failed_before;
}

/* A socket that is opened under a table. */
static void check_opened(void)
{
	struct outcome outcome = {0};
	unsigned int n;

	check(!watch_ourselves(1), "a table for our own sockets", "%s", client.text);
	for (n = 1; n < ALLOCATIONS_MAX; n++) {
		const struct status before = status_read(&client);
		bool failed;
		int tried;

		fail_at(n);
		tried = socket_open();
		failed = has_failed();
		fail_at(0);
		judge(&outcome, tried, before.failed);
		close(tried);
		if (!failed)
			break;
	}
	check(outcome.tries > 1 && n < ALLOCATIONS_MAX, "opening a socket was tried without memory", "%u tries",
	      outcome.tries);
	check(!outcome.broken, "the socket works all the same", "%u of %u did not", outcome.broken, outcome.tries);
	check(!outcome.untold, "it is tapped, or told to have failed", "%u of %u were neither", outcome.untold,
	      outcome.tries);
}

/* A table that finds the socket open. */
static void check_found(void)
{
	struct outcome outcome = {0};
	unsigned int n, refused = 0;

	for (n = 1; n < ALLOCATIONS_MAX; n++) {
		struct status before;
		bool failed;
		int tried, error;

		table_flush(&client);
		tried = socket_open();
		before = status_read(&client);
		fail_at(n);
		error = watch_ourselves(1);
		failed = has_failed();
		fail_at(0);
		if (error) {
			refused++;
			outcome.broken += !works(tried);
		} else {
			judge(&outcome, tried, before.failed);
		}
		close(tried);
		if (!failed)
			break;
	}
	check(refused > 0 && n < ALLOCATIONS_MAX, "finding an open socket was tried without memory", "%u refused",
	      refused);
	check(!outcome.broken, "the open socket works all the same", "%u did not", outcome.broken);
	check(!outcome.untold, "it too is tapped, or told to have failed", "%u of %u were neither", outcome.untold,
	      outcome.tries);
}

void check_attach(void)
{
	if (!fail_at(0)) {
		printf("skip attaching without memory: this module was built without L45_FAULTS=1\n");
		return;
	}
	client_open(&client);
	table_flush(&client);
	prctl(PR_SET_NAME, "control-attach");
	check_opened();
	check_found();
	table_flush(&client);
	client_close(&client);
}
