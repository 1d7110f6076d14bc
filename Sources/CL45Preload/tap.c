/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * This process's place in the tap: the two files of L45_TAP_DIR, mapped once at the start so that a program that
 * changes its root or its user later keeps working, and a slot in the process table. Without the folder, or with one
 * of another version, the program runs untapped.
 */
#include "preload.h"
#include "real.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw.h"

#define FDS_MAX (1u << 20)
#define SLOT_NONE UINT32_MAX

/* Stands in for the shared table while there is none: sequence 0 for ever. Read only up to its tables. */
static union {
	uint8_t bytes[offsetof(struct l45_rules_file, table)];
	uint64_t align;
} no_rules;

struct tap tap = { .rules = (struct l45_rules_file *)&no_rules };

/* The slot put aside for the child of the fork under way. */
static uint32_t child_slot = SLOT_NONE;

static uint32_t descriptors_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max > FDS_MAX)
		return FDS_MAX;
	return (uint32_t)limit.rlim_max;
}

static void *reserve(size_t bytes)
{
	void *made = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return made == MAP_FAILED ? NULL : made;
}

static void fill_slot(uint32_t slot, uint32_t state)
{
	struct l45_process *process = &tap.state->processes[slot];

	memcpy(process->name, names_process(), L45_TAP_NAME_BYTES);
	process->start = l45_process_start(getpid());
	__atomic_store_n(&process->pid, getpid(), __ATOMIC_RELEASE);
	l45_store(&process->state, state);
}

static uint32_t take_slot(uint32_t as)
{
	for (uint32_t i = 0; i < L45_TAP_PROCESSES_MAX; i++) {
		struct l45_process *process = &tap.state->processes[i];
		uint32_t none = L45_PROCESS_FREE;

		if (l45_load(&process->state) != L45_PROCESS_FREE ||
		    !__atomic_compare_exchange_n(&process->state, &none, L45_PROCESS_RESERVED, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED))
			continue;
		memset(process->inflight, 0, sizeof(process->inflight));
		fill_slot(i, as);
		return i;
	}
	return SLOT_NONE;
}

/* The slot of the image that this process was before exec: its holds on sockets are ours. */
static uint32_t former_slot(void)
{
	const int pid = getpid();
	const uint64_t start = l45_process_start(pid);

	for (uint32_t i = 0; i < L45_TAP_PROCESSES_MAX; i++) {
		struct l45_process *process = &tap.state->processes[i];

		if (l45_load(&process->state) == L45_PROCESS_LIVE && process->pid == pid && process->start == start)
			return i;
	}
	return SLOT_NONE;
}

static void before_fork(void)
{
	rules_lock();
	/* The child must hold its parent's sockets from its first breath: the parent may close them at once. */
	child_slot = take_slot(L45_PROCESS_RESERVED);
	if (child_slot == SLOT_NONE)
		return;
	const uint32_t own = tap.slot;

	tap.slot = child_slot;
	fd_forked();
	tap.slot = own;
}

static void after_fork_parent(void)
{
	/* A fork that failed leaves its slot behind until this process ends: nothing here tells the two cases apart. */
	rules_unlock();
}

static void after_fork_child(void)
{
	rules_unlock();
	lock_forked();
	if (child_slot == SLOT_NONE) {
		/* No room in the process table: untapped from here. */
		tap.rules = (struct l45_rules_file *)&no_rules;
		tap.fds_count = 0;
		return;
	}
	tap.slot = child_slot;
	tap.pid = getpid();
	child_slot = SLOT_NONE;
	fill_slot(tap.slot, L45_PROCESS_LIVE);
}

static void map_tap(const char *folder)
{
	void *rules = NULL, *state = NULL;

	if (l45_layout_map(folder, "rules", sizeof(struct l45_rules_file), 0, &rules) != 0)
		return;
	if (l45_layout_map(folder, "state", sizeof(struct l45_state_file), 1, &state) != 0)
		goto err_rules;
	const struct l45_rules_file *found = rules;

	tap.state = state;
	if (found->magic != L45_LAYOUT_MAGIC || found->version != L45_LAYOUT_VERSION ||
	    tap.state->magic != L45_LAYOUT_MAGIC || tap.state->version != L45_LAYOUT_VERSION)
		goto err_state;
	const uint32_t count = descriptors_max();

	tap.fds = reserve(count * sizeof(*tap.fds));
	tap.flow_refs = reserve(L45_TAP_FLOWS_MAX * sizeof(*tap.flow_refs));
	if (!tap.fds || !tap.flow_refs)
		goto err_state;
	tap.slot = former_slot();
	const bool inherited = tap.slot != SLOT_NONE;

	if (inherited) {
		memset(tap.state->processes[tap.slot].inflight, 0, sizeof(tap.state->processes[tap.slot].inflight));
		fill_slot(tap.slot, L45_PROCESS_LIVE);
	} else {
		tap.slot = take_slot(L45_PROCESS_LIVE);
	}
	if (tap.slot == SLOT_NONE)
		goto err_state;
	tap.pid = getpid();
	tap.fds_count = count;
	pthread_atfork(before_fork, after_fork_parent, after_fork_child);
	__atomic_store_n(&tap.rules, (struct l45_rules_file *)rules, __ATOMIC_RELEASE);
	if (inherited || l45_load(&tap.state->streams) != 0)
		fd_inherited();
	return;

err_state:
	tap.state = NULL;
	munmap(state, sizeof(struct l45_state_file));
err_rules:
	munmap(rules, sizeof(struct l45_rules_file));
}

__attribute__((constructor(101))) void tap_start(void)
{
	static int started;
	const int keep = errno;

	if (__atomic_exchange_n(&started, 1, __ATOMIC_ACQ_REL))
		return;
	real_find();
	names_start();
	/* secure_getenv: a program with more rights than its caller takes no folder from the caller. */
	const char *folder = secure_getenv("L45_TAP_DIR");

	if (folder && folder[0] == '/')
		map_tap(folder);
	errno = keep;
}

