/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw_side.h"

/* Its calls go past libc: it shares our thread-local storage, errno among it. */
#define raw_syscall direct_syscall
#include "../../../Sources/CL45Preload/raw.h"
#undef raw_syscall

#define STACK_BYTES (64 * 1024)
/* Above any descriptor of ours, so that one that is mixed up is bad and not another's. */
#define FIRST_DESCRIPTOR 600

enum turn { IDLE, ASKED, ANSWERED };

static struct {
	int turn; /* enum turn, a futex */
	long number, arguments[6], answer;
} request;
static pid_t owner;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void turn_to(int turn)
{
	__atomic_store_n(&request.turn, turn, __ATOMIC_SEQ_CST);
	direct_syscall(SYS_futex, (long)&request.turn, FUTEX_WAKE, 1, 0, 0, 0);
}

static void wait_while(int turn)
{
	while (__atomic_load_n(&request.turn, __ATOMIC_SEQ_CST) == turn)
		direct_syscall(SYS_futex, (long)&request.turn, FUTEX_WAIT, turn, 0, 0, 0);
}

static long high_up(long descriptor)
{
	long high;

	if (descriptor < 0)
		return descriptor;
	high = direct_syscall(SYS_fcntl, descriptor, F_DUPFD, FIRST_DESCRIPTOR, 0, 0, 0);
	direct_syscall(SYS_close, descriptor, 0, 0, 0, 0, 0);
	return high;
}

static int serve(void *unused)
{
	(void)unused;
	direct_syscall(SYS_prctl, PR_SET_NAME, (long)"rawside", 0, 0, 0, 0);
	direct_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	direct_syscall(SYS_close_range, 3, ~0u, 0, 0, 0, 0);
	turn_to(IDLE);
	for (;;) {
		const long *a = request.arguments;

		wait_while(IDLE);
		wait_while(ANSWERED);
		if (__atomic_load_n(&request.turn, __ATOMIC_SEQ_CST) != ASKED)
			continue;
		request.answer = direct_syscall(request.number, a[0], a[1], a[2], a[3], a[4], a[5]);
		if (request.number == SYS_socket || request.number == SYS_accept4)
			request.answer = high_up(request.answer);
		turn_to(ANSWERED);
	}
	return 0;
}

/* Each process has its own: a fork shares no memory with ours. */
static void begin(void)
{
	uint8_t *stack;

	if (owner == getpid())
		return;
	stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	request.turn = ASKED; /* until it is ready */
	if (stack == MAP_FAILED || clone(serve, stack + STACK_BYTES, CLONE_VM, NULL) < 0)
		abort();
	wait_while(ASKED);
	owner = getpid();
}

long raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	long answer;

	pthread_mutex_lock(&lock);
	begin();
	request.number = number;
	request.arguments[0] = a;
	request.arguments[1] = b;
	request.arguments[2] = c;
	request.arguments[3] = d;
	request.arguments[4] = e;
	request.arguments[5] = f;
	turn_to(ASKED);
	wait_while(ASKED);
	answer = request.answer;
	turn_to(IDLE);
	pthread_mutex_unlock(&lock);
	return answer;
}
