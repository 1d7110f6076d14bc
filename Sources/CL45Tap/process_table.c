/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The processes under the tap: who is alive, and what table their calls under way work by. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tap_handle.h"

int64_t l45_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t l45_process_start(int pid)
{
	char path[32], text[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	ssize_t count = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (count <= 0)
		return 0;
	text[count] = '\0';
	/* The name may hold blanks and brackets: fields are counted from the last bracket; the next one is field 3. */
	char *at = strrchr(text, ')');

	if (!at)
		return 0;
	at++;
	if (at[0] == ' ' && (at[1] == 'Z' || at[1] == 'X'))
		return 0; /* dead, not yet waited for: holds no socket any more */
	for (int field = 3; field < 22 && at; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

static int alive(const struct l45_process *process)
{
	return process->pid > 0 && l45_process_start(process->pid) == process->start;
}

static void drop_holds(struct l45_tap *tap, uint32_t slot, uint64_t now)
{
	const uint64_t bit = 1ull << (slot % 64);

	for (uint32_t i = 0; i < L45_TAP_FLOWS_MAX; i++) {
		struct l45_flow *flow = &tap->state->flows[i];
		uint64_t others = 0;

		if (l45_load(&tap->state->keys[i].cookie) == 0 || !(l45_load(&flow->holders[slot / 64]) & bit))
			continue;
		__atomic_fetch_and(&flow->holders[slot / 64], ~bit, __ATOMIC_ACQ_REL);
		for (int word = 0; word < L45_HOLDER_WORDS; word++)
			others |= l45_load(&flow->holders[word]);
		if (others == 0 && flow->protocol == 17)
			l45_store(&tap->state->keys[i].cookie, 0);
		else if (others == 0)
			l45_store(&flow->orphan_ms, now);
	}
}

size_t l45_tap_sweep(struct l45_tap *tap)
{
	uint64_t now = (uint64_t)l45_now_ms();
	size_t living = 0;

	for (uint32_t i = 0; i < L45_TAP_PROCESSES_MAX; i++) {
		struct l45_process *process = &tap->state->processes[i];
		uint32_t state = l45_load(&process->state);

		if (state == L45_PROCESS_FREE)
			continue;
		if (alive(process)) {
			living += state == L45_PROCESS_LIVE;
			continue;
		}
		drop_holds(tap, i, now);
		for (int k = 0; k < L45_INFLIGHT_SLOTS; k++)
			l45_store(&process->inflight[k], 0);
		l45_store(&process->state, L45_PROCESS_FREE);
	}
	return living;
}

uint64_t l45_tap_in_force(const struct l45_tap *tap)
{
	const struct l45_rules_table *table = l45_tap_table(tap);
	uint64_t sequence = l45_load(&tap->rules->sequence);

	if (!table)
		return 0;
	/* Orders the publication before the look at the counters; the other half is in the process's entry to a call. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < L45_TAP_PROCESSES_MAX; i++) {
		const struct l45_process *process = &tap->state->processes[i];

		if (l45_load(&process->state) != L45_PROCESS_LIVE)
			continue;
		for (uint64_t back = 1; back < L45_INFLIGHT_SLOTS; back++) {
			if (l45_load(&process->inflight[(sequence - back) % L45_INFLIGHT_SLOTS]) == 0)
				continue;
			/* A call under way by an older table. A process that died in it is not waited for. */
			if (alive(process))
				return tap->rules->table[(sequence - 1) & 1].generation;
		}
	}
	return table->generation;
}
