// SPDX-License-Identifier: GPL-2.0
/* Memory that runs out while a connection is opened: it works on, plain, and that is counted. */
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
#define WAIT_MS 5000

/* Both ends of a connection to ourselves, and who listened for it. */
enum end { LISTENER, OPENER, ACCEPTED, ENDS };

static struct client client;

static bool connection_open(int ends[ENDS])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(address);

	ends[LISTENER] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ends[OPENER] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ends[ACCEPTED] = -1;
	if (bind(ends[LISTENER], (struct sockaddr *)&address, bytes) || listen(ends[LISTENER], 1) ||
	    getsockname(ends[LISTENER], (struct sockaddr *)&address, &bytes) ||
	    connect(ends[OPENER], (struct sockaddr *)&address, bytes))
		return false;
	ends[ACCEPTED] = accept(ends[LISTENER], NULL, NULL);
	return ends[ACCEPTED] >= 0;
}

static bool carries(int from, int to)
{
	struct pollfd readable = {.fd = to, .events = POLLIN};
	char heard[32] = "";

	return send(from, "as it was", 9, 0) == 9 && poll(&readable, 1, WAIT_MS) == 1 &&
	       recv(to, heard, sizeof(heard), 0) == 9 && !memcmp(heard, "as it was", 9);
}

static void watch_ourselves(void)
{
	struct module watcher = module_make(1);

	watcher.process = "control-streams";
	watcher.protocol = IPPROTO_TCP;
	watcher.without = L45_M_LOCAL;
	watcher.remotes = 0;
	watcher.dialect.kind = L45_MONITOR;
	table_begin(&client, 1, 'a', 2);
	table_add(&client, watcher);
	/* One module an end. */
	watcher.id = 2;
	watcher.flags |= L45_F_SERVER;
	table_add(&client, watcher);
	check(!table_commit(&client, 1), "a table for our own streams", "%s", client.text);
}

void check_streams(void)
{
	unsigned int n, tries = 0, broken = 0, untold = 0;
	bool failed = true;

	if (!fail_at(0)) {
		printf("skip opening connections without memory: this module was built without L45_FAULTS=1\n");
		return;
	}
	client_open(&client);
	table_flush(&client);
	prctl(PR_SET_NAME, "control-streams");
	watch_ourselves();
	for (n = 1; n < ALLOCATIONS_MAX && failed; n++) {
		const uint64_t before = status_read(&client).failed;
		struct status after;
		int ends[ENDS], i;
		bool open;

		fail_at(n);
		open = connection_open(ends);
		failed = has_failed();
		fail_at(0);
		after = status_read(&client);
		tries++;
		broken += !open || !carries(ends[OPENER], ends[ACCEPTED]) || !carries(ends[ACCEPTED], ends[OPENER]);
		untold += after.sockets < ENDS && after.failed == before;
		for (i = 0; i < ENDS; i++)
			close(ends[i]);
	}
	check(tries > 1 && !failed, "opening a connection was tried without memory", "%u tries", tries);
	check(!broken, "the connection works all the same", "%u of %u did not", broken, tries);
	check(!untold, "its ends are tapped, or told to have failed", "%u of %u were neither", untold, tries);
	table_flush(&client);
	client_close(&client);
}
