// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that runs out at each allocation in turn: a refusal in words, and nothing changed. Needs a module that was
 * built with L45_FAULTS=1.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

#define FAIL_AT "/sys/module/l45/parameters/fail_at"
#define ALLOCATIONS_MAX 400

bool fail_at(unsigned int n)
{
	FILE *file = fopen(FAIL_AT, "w");

	if (!file)
		return false;
	fprintf(file, "%u", n);
	return fclose(file) == 0;
}

bool has_failed(void)
{
	FILE *file = fopen(FAIL_AT, "r");
	unsigned int left = 0;
	bool failed;

	if (!file)
		return false;
	failed = fscanf(file, "%u", &left) == 1 && left == 0;
	fclose(file);
	return failed;
}

static int put_in_force(struct client *client)
{
	struct module long_one = module_make(2000);

	long_one.remotes = 100;
	return table_begin(client, 100, 'f', 2) || table_add(client, module_make(3)) || table_add(client, long_one) ||
	       table_commit(client, 100) ? client->error : 0;
}

static void check_table(struct client *client)
{
	unsigned int n, refused = 0, silent = 0, wordless = 0, changed = 0;
	struct status status;

	for (n = 1; n < ALLOCATIONS_MAX; n++) {
		int error;

		fail_at(n);
		error = put_in_force(client);
		silent += !error && has_failed();
		if (!has_failed())
			break;
		fail_at(0);
		if (!error) {
			/* An allocation that the table can do without; begin again from the old one. */
			table_flush(client);
			table_begin(client, 1, 'a', 1);
			table_add(client, module_make(1));
			table_commit(client, 1);
			continue;
		}
		refused++;
		wordless += error != -ENOMEM || !client->text[0];
		status = status_read(client);
		changed += status.generation != 1 || status.modules != 1;
	}
	fail_at(0);
	status = status_read(client);
	check(n < ALLOCATIONS_MAX && status.generation == 100, "with memory again, the table goes through",
	      "after %u tries generation %llu is in force", n, (unsigned long long)status.generation);
	check(refused > 0 && !wordless, "without memory a table is refused in words", "%u refused, %u wordless",
	      refused, wordless);
	check(!changed, "and the table in force stays", "changed %u times", changed);
	printf("     %u allocations failed in turn: %u refusals, %u done without\n", n - 1, refused, silent);
}

void check_memory(void)
{
	struct client client;

	if (!fail_at(0)) {
		printf("skip memory that runs out: this module was built without L45_FAULTS=1\n");
		return;
	}
	client_open(&client);
	table_flush(&client);
	table_begin(&client, 1, 'a', 1);
	table_add(&client, module_make(1));
	table_commit(&client, 1);
	check_table(&client);
	fail_at(1);
	client_call(&client, request_begin(&client, L45_CMD_STATUS, NLM_F_ACK));
	check_refused(&client, -ENOMEM, "no memory for the answer", "STATUS without memory");
	fail_at(0);
	table_flush(&client);
	client_close(&client);
}
