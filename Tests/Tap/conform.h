/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The conformance program: runs under the library, publishes its own rules, and checks each point of transparency with
 * real system calls over loopback. Whoever looks at the wire does so by raw system calls, which the tap does not see.
 */
#ifndef CONFORM_H
#define CONFORM_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "l45_tap.h"
#ifdef L45_KERNEL_TAP
#include "raw_side.h"
#else
#include "../../Sources/CL45Preload/raw.h"
#endif

extern struct l45_tap *agent;
extern const char *program;

/* A check returns by this at the first thing that is not so. */
#define EXPECT(condition)                                                                                              \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "  %s:%d: not so: %s (errno %d: %s)\n", __FILE__, __LINE__, #condition, errno,     \
				strerror(errno));                                                                      \
			return false;                                                                                  \
		}                                                                                                      \
	} while (0)

struct check {
	const char *name;
	bool (*run)(void);
};
extern const struct check datagram_checks[], stream_checks[], wait_checks[], process_checks[], region_checks[], kernel_checks[];
extern const struct check prelude_checks[], coding_checks[]; /* of the user-space tap alone */
extern const struct check option_checks[], live_checks[], space_checks[]; /* of the kernel tap too */

/* ---- rules ---- */
#define BOTH (L45_TAP_REQUESTS | L45_TAP_RESPONSES)
struct l45_tap_rule rule_datagram(uint64_t mod, uint32_t flags, uint16_t port);
struct l45_tap_rule rule_stream(uint64_t mod, uint32_t flags, uint16_t port);
/* Puts a table in force under the next generation. */
int publish(const struct l45_tap_rule *rules, size_t count);
/* A client's and a server's rule for port, the same dialect. */
int publish_pair(struct l45_tap_rule client);
struct l45_tap_module module_of(uint64_t mod);
struct l45_codec codec_of(const struct l45_tap_rule *rule);

/* ---- sockets ---- */
union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};
socklen_t loopback(int family, uint16_t port, union address *out); /* family AF_INET6 | MAPPED: ::ffff:127.0.0.1 */
#define MAPPED 0x1000
uint16_t port_of(int fd);
int udp_bound(int family);
int listener(int family);
struct pair {
	int client, server;
	uint16_t port;
};
/* A connection between two tapped ends, under the rule and its mirror. */
bool tcp_pair(struct pair *pair, int family, struct l45_tap_rule client_rule);
/* Sockets that the tap does not see. */
int raw_udp_bound(void);
int raw_connect(uint16_t port);
int raw_listener(void);
int raw_accept(int fd);
long raw_send(int fd, const void *data, size_t bytes);
long raw_recv(int fd, void *data, size_t bytes, int flags);
uint16_t raw_port(int fd);

/* ---- data and time ---- */
void fill(void *data, size_t bytes, unsigned int seed);
bool write_all(int fd, const void *data, size_t bytes);
size_t read_all(int fd, void *data, size_t bytes); /* up to bytes, until the end */
long now_ms(void);
int join_status(pid_t child); /* exit status, or 128 + signal */
struct sender {
	int fd;
	const void *data;
	size_t bytes;
	bool close_after, ok;
};
void *send_in_thread(void *sender);

#endif
