// SPDX-License-Identifier: GPL-2.0
/* The kernel's log, and its memory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

static int log_file;

bool log_begin(void)
{
	log_file = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	return log_file >= 0 && lseek(log_file, 0, SEEK_END) >= 0;
}

void check_log(void)
{
	static const char *const words[] = {"WARNING", "BUG", "Oops", "Call Trace", "general protection", "refcount_t",
					    "KASAN", "UBSAN", "leaked", "stall", "allocation failure", "l45:"};
	char line[2048], bad[256] = "";
	ssize_t count;
	int turns = 0;

	while (turns++ < 100000 && (count = read(log_file, line, sizeof(line) - 1)) > 0) {
		size_t i;

		line[count] = 0;
		for (i = 0; i < sizeof(words) / sizeof(words[0]) && !bad[0]; i++)
			/* Below "notice" and by us, or anything the kernel says when it is hurt. */
			if (strstr(line, words[i]) && (words[i][0] != 'l' || (atoi(line) & 7) <= 4))
				snprintf(bad, sizeof(bad), "%.200s", line);
	}
	expect(!bad[0], "the kernel's log", bad);
}

/* Bytes of the allocations whose size tells a leak of ours: kmalloc, and per CPU. */
static long long memory_now(void)
{
	char line[512], name[64];
	unsigned long active, objects, size;
	long long total = 0;
	FILE *file = fopen("/proc/slabinfo", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %lu %lu %lu", name, &active, &objects, &size) == 4 && !strncmp(name, "kmalloc-", 8))
			total += (long long)active * (long long)size;
	if (file)
		fclose(file);
	file = fopen("/proc/meminfo", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Percpu: %lu", &size) == 1)
			total += (long long)size * 1024;
	if (file)
		fclose(file);
	return total;
}

/* With no table and nothing under way; waits, bounded, for what is freed after a grace period. */
long long memory_settled(struct client *client)
{
	long long least = -1;
	int same = 0, turns;

	table_flush(client);
	for (turns = 0; turns < 200 && same < 20; turns++) {
		const long long now = memory_now();

		same = least < 0 || now < least ? 0 : same + 1;
		if (least < 0 || now < least)
			least = now;
		usleep(20000);
	}
	return least;
}
