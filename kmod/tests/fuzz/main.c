// SPDX-License-Identifier: GPL-2.0
/*
 * Random and mutated messages against the generic netlink family of the loaded module, from its owner over two sockets at
 * once, and from those who may say nothing: another user, root of another user namespace (with a network namespace of its
 * own and without), and another user who was handed a privileged socket.
 *
 *   fuzz-netlink [MESSAGES [SEED]]     default 200000 1; last line: N passed, M failed
 *
 * Messages are built whole from uapi/l45.h, in orders that make sense, and then spoilt: bytes, lengths, types, nests, numbers.
 * After each batch: the table in force (generation, digest, modules) is what it was unless a COMMIT or FLUSH was accepted;
 * a stranger got nothing but refusals; the kernel's log holds no warning; and over the run kernel memory does not grow.
 *
 * scripts/test-kernel builds it, with the client of control/.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"

#define BATCH 1000
/* Per-CPU caches of the allocator come and go: what a run may differ by without a leak. */
#define MEMORY_SLACK (192 * 1024)

static unsigned int passed, failed;
unsigned long sent_messages;
static unsigned long refused_messages, accepted_messages, table_changes;

void expect(bool holds, const char *what, const char *detail)
{
	if (holds) {
		passed++;
		return;
	}
	failed++;
	printf("FAILED %s: %s\n", what, detail);
	fflush(stdout);
}

static void put_reference(struct client *client)
{
	struct module large = module_make(3);

	large.remotes = 50;
	table_flush(client);
	if (table_begin(client, GENERATION, 'a', 3) || table_add(client, module_make(1)) ||
	    table_add(client, module_make(2)) || table_add(client, large) || table_commit(client, GENERATION)) {
		printf("FAILED the reference table: error %d %s\n", client->error, client->text);
		exit(1);
	}
}

static bool alike(const struct status *one, const struct status *other)
{
	return one->generation == other->generation && one->modules == other->modules && !strcmp(one->digest, other->digest);
}

static void batch(struct client *first, struct client *second, struct client *watcher)
{
	const struct status before = status_read(watcher);
	struct outcome outcome = {0};
	struct status after;
	char detail[160];
	int i;

	for (i = 0; i < BATCH && !outcome.changes; i++) {
		throw_one(one_in(2) ? first : second, &outcome);
		sent_messages++;
	}
	if (one_in(8))
		press_limits(first, &outcome);
	after = status_read(watcher);
	snprintf(detail, sizeof(detail), "generation %llu with %u modules became %llu with %u, and nothing was accepted",
		 (unsigned long long)before.generation, before.modules, (unsigned long long)after.generation, after.modules);
	/* When one was accepted the table may be any; it is set anew. */
	expect(outcome.changes || alike(&before, &after), "the table in force", detail);
	refused_messages += outcome.refused;
	accepted_messages += outcome.accepted;
	table_changes += outcome.changes;
	if (outcome.changes)
		put_reference(watcher);
}

int main(int count, char **words)
{
	const unsigned long messages = count > 1 ? strtoul(words[1], NULL, 0) : 200000;
	const uint64_t seed = count > 2 ? strtoull(words[2], NULL, 0) : 1;
	struct client first, second, watcher;
	long long baseline = -1, at_end;
	unsigned long round = 0;
	struct timespec begin, end;
	char detail[160];

	chance_begin(seed);
	if (!log_begin()) {
		perror("/dev/kmsg");
		return 2;
	}
	client_open(&first);
	client_open(&second);
	client_open(&watcher);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	put_reference(&watcher);
	while (sent_messages < messages) {
		batch(&first, &second, &watcher);
		if (round++ % 16 == 0) {
			const struct status before = status_read(&watcher);
			struct status after;

			throw_as_strangers();
			after = status_read(&watcher);
			expect(alike(&before, &after), "the table in force", "a stranger changed it");
			check_log();
		}
		if (baseline < 0 && sent_messages > messages / 4) {
			baseline = memory_settled(&watcher);
			put_reference(&watcher);
		}
	}
	check_log();
	at_end = memory_settled(&watcher);
	snprintf(detail, sizeof(detail), "%lld KiB after a quarter, %lld KiB at the end", baseline / 1024, at_end / 1024);
	expect(at_end - baseline < MEMORY_SLACK, "kernel memory", detail);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("fuzz-netlink: %lu messages, seed %llu: %lu refused, %lu accepted, %lu tables replaced, memory %s, %ld s\n",
	       sent_messages, (unsigned long long)seed, refused_messages, accepted_messages, table_changes, detail,
	       (long)(end.tv_sec - begin.tv_sec));
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
