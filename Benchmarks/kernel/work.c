// SPDX-License-Identifier: GPL-2.0
/*
 * The workloads that run inside the virtual machine. Each is timed by CLOCK_MONOTONIC, which under QEMU's instruction
 * counter is virtual time: a nanosecond for each instruction that the machine executed, the server's included.
 *
 *   work ping|flows|connections|bulk ROUNDS   one line for each round: FIGURE name nanoseconds
 *   work run NAME ROUNDS COMMAND...           the same for a program, its output to /dev/null
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ports.h"

#define MESSAGE_BYTES 64
#define PINGS 3000
#define FLOWS 1000
#define CONNECTIONS 500
#define BULK_BYTES (20u << 20)
/* A multiple of what is checked below, and far from the size of a segment: chunks near it make the sender's pace chaotic. */
#define CHUNK_BYTES 65536

static unsigned char chunk[CHUNK_BYTES], got[CHUNK_BYTES];

static void die(const char *what)
{
	fprintf(stderr, "work: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static struct sockaddr_in address_of(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static int socket_of(int type)
{
	const int made = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (made < 0)
		die("socket");
	return made;
}

static int bound_socket(int type, uint16_t port)
{
	const struct sockaddr_in address = address_of(port);
	const int made = socket_of(type), on = 1;

	setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(made, (const struct sockaddr *)&address, sizeof(address)))
		die("bind");
	return made;
}

static int connected_socket(int type, uint16_t port)
{
	const struct sockaddr_in address = address_of(port);
	const int made = socket_of(type);

	if (connect(made, (const struct sockaddr *)&address, sizeof(address)))
		die("connect");
	return made;
}

/* What comes back must be what was sent: an unbalanced tag would show here. */
static void exchange(int socket)
{
	if (send(socket, chunk, MESSAGE_BYTES, 0) != MESSAGE_BYTES)
		die("send");
	if (recv(socket, got, sizeof(got), 0) != MESSAGE_BYTES || memcmp(got, chunk, MESSAGE_BYTES))
		die("the echo differs");
}

static void serve_datagrams(void)
{
	const int server = bound_socket(SOCK_DGRAM, UDP_PORT);

	for (;;) {
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		const ssize_t bytes = recvfrom(server, got, sizeof(got), 0, (struct sockaddr *)&from, &length);

		if (bytes < 0 || sendto(server, got, (size_t)bytes, 0, (struct sockaddr *)&from, length) != bytes)
			die("serve");
	}
}

/* Echoes one message on each connection. */
static void serve_connections(void)
{
	const int server = bound_socket(SOCK_STREAM, TCP_PORT);

	if (listen(server, 64))
		die("listen");
	for (;;) {
		const int peer = accept(server, NULL, NULL);
		const ssize_t bytes = recv(peer, got, sizeof(got), 0);

		if (peer < 0 || bytes <= 0 || send(peer, got, (size_t)bytes, 0) != bytes)
			die("serve");
		close(peer);
	}
}

/* Takes BULK_BYTES, says a byte. Bytes are compared in the first transfer only, which is not timed. */
static void serve_bulk(void)
{
	const int server = bound_socket(SOCK_STREAM, BULK_PORT);
	int transfer;

	if (listen(server, 4))
		die("listen");
	for (transfer = 0;; transfer++) {
		const int peer = accept(server, NULL, NULL);
		size_t total = 0;

		while (total < BULK_BYTES) {
			/* Never past the end of a chunk, so that what is read lies as the chunk does. */
			const size_t at = total % CHUNK_BYTES;
			const ssize_t bytes = recv(peer, got, CHUNK_BYTES - at, 0);

			if (bytes <= 0 || (transfer == 0 && memcmp(got, chunk + at, (size_t)bytes)))
				die("bulk differs");
			total += (size_t)bytes;
		}
		if (send(peer, got, 1, 0) != 1)
			die("send");
		close(peer);
	}
}

static void ping(void)
{
	static int client = -1;
	int i;

	if (client < 0)
		client = connected_socket(SOCK_DGRAM, UDP_PORT);
	for (i = 0; i < PINGS; i++)
		exchange(client);
}

static void flows(void)
{
	const struct sockaddr_in server = address_of(UDP_PORT);
	int i;

	for (i = 0; i < FLOWS; i++) {
		const int client = socket_of(SOCK_DGRAM);

		/* Unconnected, as a resolver's socket: the peer is known by the message alone. */
		if (sendto(client, chunk, MESSAGE_BYTES, 0, (const struct sockaddr *)&server, sizeof(server)) !=
		    MESSAGE_BYTES)
			die("sendto");
		if (recv(client, got, sizeof(got), 0) != MESSAGE_BYTES || memcmp(got, chunk, MESSAGE_BYTES))
			die("the echo differs");
		close(client);
	}
}

static void connections(void)
{
	int i;

	for (i = 0; i < CONNECTIONS; i++) {
		const int client = connected_socket(SOCK_STREAM, TCP_PORT);

		exchange(client);
		close(client);
	}
}

static void bulk(void)
{
	const int client = connected_socket(SOCK_STREAM, BULK_PORT);
	size_t total;

	for (total = 0; total < BULK_BYTES; total += CHUNK_BYTES)
		if (send(client, chunk, CHUNK_BYTES, 0) != CHUNK_BYTES)
			die("send");
	if (recv(client, got, 1, 0) != 1)
		die("recv");
	close(client);
}

static char **command;

static void run(void)
{
	int status;
	const pid_t child = fork();

	if (child == 0) {
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execvp(command[0], command);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
		fprintf(stderr, "work: %s failed\n", command[0]);
		exit(1);
	}
}

static const struct workload {
	const char *name;
	void (*serve)(void);
	void (*once)(void);
} workloads[] = {
	{"ping", serve_datagrams, ping},
	{"flows", serve_datagrams, flows},
	{"connections", serve_connections, connections},
	{"bulk", serve_bulk, bulk},
	{"run", NULL, run},
};

static pid_t start(void (*serve)(void))
{
	const pid_t child = fork();

	if (child == 0) {
		serve();
		_exit(1);
	}
	/* It runs until it waits for the first client: there is one processor, and we let it have it. */
	usleep(50000);
	return child;
}

int main(int count, char **words)
{
	const struct workload *workload = NULL;
	int i, rounds, first = 2;
	const char *name;
	pid_t server = 0;

	for (i = 0; count > 2 && i < (int)(sizeof(workloads) / sizeof(workloads[0])); i++)
		if (!strcmp(words[1], workloads[i].name))
			workload = &workloads[i];
	if (!workload || (workload->once == run && count < 5)) {
		fprintf(stderr, "usage: work ping|flows|connections|bulk ROUNDS | work run NAME ROUNDS COMMAND...\n");
		return 2;
	}
	name = words[1];
	if (workload->once == run) {
		name = words[2];
		first = 3;
		command = words + 4;
	}
	rounds = atoi(words[first]);
	for (i = 0; i < CHUNK_BYTES; i++)
		chunk[i] = (unsigned char)(i * 7 + (i >> 8));
	if (workload->once == bulk) {
		/* Sender and receiver take turns when one waits for the other, and not when a timer says so: else +-5 %. */
		const struct sched_param first_come = {.sched_priority = 1};

		if (sched_setscheduler(0, SCHED_FIFO, &first_come))
			die("sched_setscheduler");
	}
	if (workload->serve)
		server = start(workload->serve);
	workload->once(); /* caches and tables fill; bytes are compared */
	for (i = 0; i < rounds; i++) {
		const uint64_t begin = now();

		workload->once();
		printf("FIGURE %s %llu\n", name, (unsigned long long)(now() - begin));
	}
	if (server)
		kill(server, SIGKILL);
	return 0;
}
