// SPDX-License-Identifier: GPL-2.0
/* BEGIN, ADD, COMMIT: whole or not at all, by one socket, never backwards. */
#include <errno.h>
#include <stdio.h>

#include "client.h"

static struct client client, other;

static void check_status(uint64_t generation, uint32_t modules, char digest, const char *name)
{
	const struct status status = status_in_force(&client, generation);
	const bool holds = status.generation == generation && status.in_force == generation &&
			   status.modules == modules && status.digest[0] == digest;

	check(holds, name, "generation %llu (in force %llu), %u modules, digest %s",
	      (unsigned long long)status.generation, (unsigned long long)status.in_force, status.modules,
	      status.digest);
}

static void check_order(void)
{
	struct request request;
	struct module good = module_make(1), bad = module_make(2);

	table_commit(&client, 5);
	check_refused(&client, -EPROTO, "send BEGIN", "COMMIT of nothing begun");
	table_begin(&client, 5, 'a', 3);
	table_add(&other, module_make(1));
	check_refused(&other, -EPROTO, "send BEGIN", "ADD by a socket that has begun nothing");
	request = request_begin(&client, L45_CMD_ADD, NLM_F_ACK);
	bad.state = 9;
	request_module(&request, &good);
	request_module(&request, &bad);
	client_call(&client, request);
	check_refused(&client, -EINVAL, "module 2: its state 9", "ADD of a good and a bad module");
	check(!table_add(&client, module_make(1)), "the good one had not been taken: it can be added", "%s",
	      client.text);
	table_add(&client, module_make(1));
	check_refused(&client, -EINVAL, "module 1 is in this table already", "ADD of the same id again");
	table_commit(&client, 5);
	check_refused(&client, -EPROTO, "1 modules were added, 3 announced", "COMMIT of fewer than announced");
	table_commit(&client, 6);
	check_refused(&client, -EPROTO, "generation 6 is not 5", "COMMIT of another generation");
	table_add(&client, module_make(2));
	table_add(&client, module_make(3));
	table_add(&client, module_make(4));
	check_refused(&client, -E2BIG, "one more than the 3 announced", "ADD of more than announced");
	check_status(0, 0, 0, "none of this has changed anything");
	check(!table_commit(&client, 5), "COMMIT", "%s", client.text);
	check_status(5, 3, 'a', "the table is in force");
}

static void check_generations(void)
{
	table_begin(&client, 4, 'a', 1);
	check_refused(&client, -ESTALE, "generation 4 is older than 5", "BEGIN of an older generation");
	table_begin(&client, 5, 'b', 1);
	check_refused(&client, -EEXIST, "another digest", "BEGIN of the same generation with another digest");
	check(!table_begin(&client, 5, 'A', 3) && !table_add(&client, module_make(77)) && !table_commit(&client, 5),
	      "a retry of the table in force is taken", "%s", client.text);
	check_status(5, 3, 'a', "and changes nothing");
}

static void check_discarded(void)
{
	struct client third;

	table_begin(&client, 6, 'c', 1);
	table_begin(&other, 6, 'd', 1);
	table_add(&client, module_make(1));
	check_refused(&client, -EPROTO, "another has begun one since", "ADD after another socket's BEGIN");
	client_open(&third);
	table_begin(&third, 7, 'e', 1);
	table_add(&third, module_make(1));
	client_close(&third);
	table_commit(&other, 6);
	check_refused(&other, -EPROTO, "by this socket: send BEGIN", "a closed socket's table is gone with it");
	table_begin(&client, 8, 'f', 0);
	check(!table_commit(&client, 8), "a table of no modules is a table", "%s", client.text);
	check_status(8, 0, 'f', "and in force");
	table_begin(&client, 9, 'a', 0);
	check(!table_flush(&client), "FLUSH", "%s", client.text);
	check_status(0, 0, 0, "no table after FLUSH");
	table_commit(&client, 9);
	check_refused(&client, -EPROTO, "send BEGIN", "what was begun before FLUSH is gone");
	check(!table_begin(&client, 1, 'a', 0) && !table_commit(&client, 1), "after FLUSH, generations begin anew",
	      "%s", client.text);
}

void check_staging(void)
{
	client_open(&client);
	client_open(&other);
	table_flush(&client);
	check_order();
	check_generations();
	check_discarded();
	client_close(&client);
	client_close(&other);
}
