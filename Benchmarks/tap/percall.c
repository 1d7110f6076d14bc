/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * One process talks to itself over loopback: N pairs of send and receive of 64 bytes. Prints nanoseconds of CPU time a
 * pair.  percall udp|tcp PORT PAIRS
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
	char data[64] = "benchmark";

	if (argc != 4)
		return 2;
	const int tcp = strcmp(argv[1], "tcp") == 0;
	const long pairs = atol(argv[3]);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2])) };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int server = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	const int client = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0), one = 1;

	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(server, (struct sockaddr *)&to, sizeof(to)) != 0 || (tcp && listen(server, 1) != 0) ||
	    connect(client, (struct sockaddr *)&to, sizeof(to)) != 0)
		return 1;
	if (tcp) {
		server = accept(server, NULL, NULL);
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	for (long i = 0; i < pairs / 10; i++)
		if (send(client, data, sizeof(data), 0) != sizeof(data) || recv(server, data, sizeof(data), 0) != sizeof(data))
			return 1;
	const double start = cpu_ns();

	for (long i = 0; i < pairs; i++)
		if (send(client, data, sizeof(data), 0) != sizeof(data) || recv(server, data, sizeof(data), 0) != sizeof(data))
			return 1;
	printf("%.1f\n", (cpu_ns() - start) / (double)pairs);
	return 0;
}
