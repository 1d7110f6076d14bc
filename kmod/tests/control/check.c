// SPDX-License-Identifier: GPL-2.0
/* The control plane of l45.ko from outside: every command, right and wrong, against the loaded module. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client.h"

unsigned int checks_failed, checks_done;

void check(bool holds, const char *name, const char *format, ...)
{
	va_list arguments;

	checks_done++;
	printf("%s %s", holds ? "ok  " : "FAIL", name);
	if (!holds) {
		checks_failed++;
		printf(": ");
		va_start(arguments, format);
		vprintf(format, arguments);
		va_end(arguments);
	}
	printf("\n");
	fflush(stdout);
}

void check_refused(const struct client *client, int error, const char *words, const char *name)
{
	check(client->error == error && strstr(client->text, words), name, "error %d '%s', not %d '...%s...'",
	      client->error, client->text, error, words);
}

int main(void)
{
	check_refusals();
	check_staging();
	check_dumps();
	check_respond();
	check_events();
	check_strangers();
	check_memory();
	check_attach();
	check_streams();
	check_storm();
	printf("control: %u checks, %u failed\n", checks_done, checks_failed);
	return checks_failed != 0;
}
