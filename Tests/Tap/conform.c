/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Runs each check in a process of its own, under a time limit, and prints one line for it. */
#include "conform.h"

struct l45_tap *agent;
const char *program;

#define SECONDS_MAX 30

int exec_child(int argc, char **argv);

static bool passes(const struct check *check)
{
	fflush(NULL);
	const pid_t child = fork();

	if (child < 0)
		return false;
	if (child == 0) {
		alarm(SECONDS_MAX);
		signal(SIGPIPE, SIG_IGN);
		const bool so = check->run();

		fflush(NULL);
		_exit(so ? 0 : 1);
	}
	const int status = join_status(child);

	if (status >= 128)
		fprintf(stderr, "  ended by signal %d%s\n", status - 128, status == 128 + SIGALRM ? " (it hung)" : "");
	l45_tap_sweep(agent);
	return status == 0;
}

int main(int argc, char **argv)
{
#ifdef L45_KERNEL_TAP
	const struct check *const suites[] = { datagram_checks, stream_checks, wait_checks,   process_checks,
					       kernel_checks,   option_checks, live_checks,   space_checks };
#else
	const struct check *const suites[] = { region_checks, datagram_checks, stream_checks, wait_checks, process_checks,
					       prelude_checks, coding_checks };
#endif
	const char *folder = getenv("L45_TAP_DIR");
	const char *only = argc > 1 ? argv[1] : NULL;
	int passed = 0, failed = 0;

	program = argv[0];
	if (only && strcmp(only, "--exec-child") == 0)
		return exec_child(argc, argv);
	if (!folder || l45_tap_open(folder, &agent) != 0) {
		fprintf(stderr, "conform: L45_TAP_DIR must name a tap folder that no agent has\n");
		return 2;
	}
	for (size_t s = 0; s < sizeof(suites) / sizeof(suites[0]); s++)
		for (const struct check *check = suites[s]; check->name; check++) {
			if (only && !strstr(check->name, only))
				continue;
			const bool so = passes(check);

			printf("%s %s\n", so ? "pass" : "FAIL", check->name);
			fflush(stdout);
			if (so)
				passed++;
			else
				failed++;
		}
	printf("%d passed, %d failed\n", passed, failed);
	l45_tap_close(agent);
	return failed != 0;
}
