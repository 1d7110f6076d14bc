/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Task names as the kernel keeps them: of the process (its first thread) and of the calling thread. Cached. */
#include "preload.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "raw.h"

static char process_name[L45_TAP_NAME_BYTES];
/* Counts renamings: a thread whose cached name is of an older count asks again. */
static uint32_t renamings = 1;
static __thread uint32_t thread_named_at __attribute__((tls_model("initial-exec")));
static __thread char thread_name[L45_TAP_NAME_BYTES] __attribute__((tls_model("initial-exec")));

static void read_process_name(void)
{
	char text[L45_TAP_NAME_BYTES + 1] = "";
	const long fd = raw_syscall(SYS_openat, AT_FDCWD, (long)"/proc/self/comm", O_RDONLY | O_CLOEXEC, 0, 0, 0);

	/* Without /proc (chroot) the name known from the start stands. */
	if (fd < 0)
		return;
	const long count = raw_syscall(SYS_read, fd, (long)text, L45_TAP_NAME_BYTES, 0, 0, 0);

	raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
	if (count <= 0)
		return;
	if (text[count - 1] == '\n')
		text[count - 1] = '\0';
	text[L45_TAP_NAME_BYTES - 1] = '\0';
	memcpy(process_name, text, sizeof(process_name));
}

void names_start(void)
{
	read_process_name();
}

void names_changed(void)
{
	read_process_name();
	__atomic_fetch_add(&renamings, 1, __ATOMIC_RELEASE);
}

const char *names_process(void)
{
	return process_name;
}

void names_thread(char name[L45_TAP_NAME_BYTES])
{
	const uint32_t now = l45_load(&renamings);

	if (thread_named_at != now) {
		memset(thread_name, 0, sizeof(thread_name));
		raw_syscall(SYS_prctl, PR_GET_NAME, (long)thread_name, 0, 0, 0, 0);
		thread_named_at = now;
	}
	memcpy(name, thread_name, L45_TAP_NAME_BYTES);
}
