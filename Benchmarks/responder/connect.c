/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Opens connections to a web server one after the other, each for one short answer, and prints the nanoseconds of processor time
 * that this took, the median of the connections' durations, and how many were answered.
 *
 * usage: connect ADDRESS PORT COUNT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static int ask(const struct sockaddr_in *to)
{
	static const char request[] = "GET /page HTTP/1.0\r\n\r\n";
	char answer[4096];
	ssize_t count, total = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0 ||
	    send(fd, request, sizeof(request) - 1, 0) < 0)
		total = -1;
	while (total >= 0 && (count = recv(fd, answer, sizeof(answer), 0)) > 0)
		total += count;
	if (fd >= 0)
		close(fd);
	return total > 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	uint64_t *durations, start;
	long count, answered = 0;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || (count = atol(argv[3])) < 1)
		return 2;
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	durations = calloc((size_t)count, sizeof(*durations));
	if (!durations)
		return 1;
	start = now(CLOCK_PROCESS_CPUTIME_ID);
	for (long at = 0; at < count; at++) {
		uint64_t begun = now(CLOCK_MONOTONIC);

		answered += ask(&to);
		durations[at] = now(CLOCK_MONOTONIC) - begun;
	}
	start = now(CLOCK_PROCESS_CPUTIME_ID) - start;
	qsort(durations, (size_t)count, sizeof(*durations), by_size);
	printf("%llu %llu %ld\n", (unsigned long long)start, (unsigned long long)durations[count / 2], answered);
	free(durations);
	return 0;
}
