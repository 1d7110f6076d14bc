/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A few big buffers, taken and given back without a lock: the stacks of the program's threads may be small. */
#include "preload.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "raw.h"

#define SCRATCH_KEPT 8

static void *kept[SCRATCH_KEPT];

void *scratch_take(void)
{
	for (int i = 0; i < SCRATCH_KEPT; i++) {
		void *found = __atomic_load_n(&kept[i], __ATOMIC_RELAXED);

		if (found && __atomic_compare_exchange_n(&kept[i], &found, NULL, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return found;
	}
	const long made = raw_syscall(SYS_mmap, 0, SCRATCH_BYTES, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return made < 0 && made > -4096 ? NULL : (void *)made;
}

void scratch_give(void *scratch)
{
	if (!scratch)
		return;
	for (int i = 0; i < SCRATCH_KEPT; i++) {
		void *none = NULL;

		if (__atomic_compare_exchange_n(&kept[i], &none, scratch, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return;
	}
	raw_syscall(SYS_munmap, (long)scratch, SCRATCH_BYTES, 0, 0, 0, 0);
}
