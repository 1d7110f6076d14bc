/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A lock in shared memory that survives its owner. The word is the owner's thread id: who finds it held by a thread
 * that is gone takes it over. Held only for short, non-blocking stretches, but for a stream's send lock.
 * All processes of a tap folder must see each other's thread ids (one PID namespace).
 */
#include "preload.h"

#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "raw.h"

#define LOCK_WAITERS 0x80000000u

static __thread uint32_t thread_id __attribute__((tls_model("initial-exec")));

uint32_t lock_thread(void)
{
	if (l45_unlikely(thread_id == 0))
		thread_id = (uint32_t)raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
	return thread_id;
}

void lock_forked(void)
{
	thread_id = 0;
}

bool lock_try(struct l45_lock *lock)
{
	uint32_t free_word = 0;

	return __atomic_compare_exchange_n(&lock->word, &free_word, lock_thread(), false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static bool owner_gone(uint32_t word)
{
	return raw_syscall(SYS_tkill, word & ~LOCK_WAITERS, 0, 0, 0, 0, 0) == -ESRCH;
}

int lock_take(struct l45_lock *lock, bool interruptible)
{
	const uint32_t self = lock_thread();

	for (;;) {
		uint32_t word = 0;

		if (__atomic_compare_exchange_n(&lock->word, &word, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return 0;
		if ((word & ~LOCK_WAITERS) == self)
			return -EINTR; /* a signal handler that uses the very stream it interrupted */
		if (owner_gone(word)) {
			if (__atomic_compare_exchange_n(&lock->word, &word, self | LOCK_WAITERS, false, __ATOMIC_ACQUIRE,
							__ATOMIC_RELAXED))
				return 1;
			continue;
		}
		if (!(word & LOCK_WAITERS) &&
		    !__atomic_compare_exchange_n(&lock->word, &word, word | LOCK_WAITERS, false, __ATOMIC_RELAXED,
						 __ATOMIC_RELAXED))
			continue;
		/* Looks again now and then: an owner that dies wakes nobody. */
		const struct timespec look_again = { .tv_sec = 0, .tv_nsec = 100 * 1000 * 1000 };
		const long slept = raw_syscall(SYS_futex, (long)&lock->word, FUTEX_WAIT, (long)(word | LOCK_WAITERS),
					       (long)&look_again, 0, 0);

		if (slept == -EINTR && interruptible)
			return -EINTR;
		/* Others may wait too: whoever gets it now must wake them. */
		word = 0;
		if (__atomic_compare_exchange_n(&lock->word, &word, self | LOCK_WAITERS, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return 0;
	}
}

void lock_give(struct l45_lock *lock)
{
	const uint32_t word = __atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE);

	if (l45_unlikely(word & LOCK_WAITERS))
		raw_syscall(SYS_futex, (long)&lock->word, FUTEX_WAKE, 1, 0, 0, 0);
}
