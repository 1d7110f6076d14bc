// SPDX-License-Identifier: GPL-2.0
/*
 * Streams and datagrams whose every byte is checked, until told to stop. The server's end answers with what it got.
 *
 *   traffic serve ADDRESS PORT                    until SIGTERM
 *   traffic call ADDRESS PORT SECONDS STREAMS     one flow of datagrams, STREAMS connections at a time; 0 seconds: until SIGTERM
 *   traffic reconnect ADDRESS PORT SECONDS N      the same, each connection ends after N bytes and another is opened
 *
 * Stream bytes at offset n are a hash of n, so that a lost, doubled or foreign byte shows wherever it is. A datagram carries
 * its number and the rest of it follows from that; one that comes in another form than it was sent is "undecodable". Lost and
 * doubled datagrams are the network's. Ends with a line, "bytes N datagrams N back N undecodable N broken N", and 1 when
 * something was undecodable, broken, or nothing went at all.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STREAMS_MAX 16
#define DATAGRAM_MAX 1200
#define PIECE 16384

static volatile sig_atomic_t stopping;
static struct sockaddr_in where;
static double ends_at;
static uint64_t bytes_checked, datagrams_sent, datagrams_back, undecodable, broken, connection_bytes;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static bool over(void)
{
	return stopping || (ends_at > 0 && now() >= ends_at);
}

static uint64_t mixed(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	return x * 0xc4ceb9fe1a85ec53ull >> 8;
}

/* bytes of a stream from offset on; offset and count are multiples of 8 but at an end. */
static void stretch(uint8_t *out, uint64_t offset, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint64_t word = mixed((offset + i) / 8 + 1);

		out[i] = (uint8_t)(word >> (offset + i) % 8 * 7);
	}
}

static void add(uint64_t *counter, uint64_t by)
{
	__atomic_add_fetch(counter, by, __ATOMIC_RELAXED);
}

/* Sends and receives at once, on one connection, what the other end gives back. false: it ended before its time. */
static bool converse(int fd)
{
	uint8_t out[PIECE], in[PIECE], expected[PIECE];
	uint64_t sent = 0, got = 0;
	double quiet_since = now();

	for (;;) {
		const bool enough = over() || (connection_bytes && sent >= connection_bytes);
		const bool room = !enough && sent - got < 300000;
		struct pollfd wait = { .fd = fd, .events = (short)(POLLIN | (room ? POLLOUT : 0)) };

		if (enough && got == sent)
			return true;
		if (poll(&wait, 1, 200) < 0 && errno != EINTR)
			return false;
		if (now() - quiet_since > 30) {
			fprintf(stderr, "traffic: a stream hangs: %llu sent, %llu back\n", (unsigned long long)sent,
				(unsigned long long)got);
			return false;
		}
		if (wait.revents & POLLOUT) {
			const size_t count = 1 + mixed(sent) % (PIECE - 1);

			stretch(out, sent, count);
			const ssize_t taken = send(fd, out, count, MSG_DONTWAIT | MSG_NOSIGNAL);

			/* A pace, so that whoever changes tables meanwhile has a processor too. */
			poll(NULL, 0, 1);
			if (taken > 0)
				sent += (uint64_t)taken;
			else if (errno != EAGAIN && errno != EINTR)
				return false;
		}
		if (wait.revents & (POLLIN | POLLERR | POLLHUP)) {
			const ssize_t more = recv(fd, in, 1 + mixed(got) % (PIECE - 1), MSG_DONTWAIT);

			if (more == 0 || (more < 0 && errno != EAGAIN && errno != EINTR)) {
				fprintf(stderr, "traffic: a stream ended: %s, %llu sent, %llu back\n",
					more ? strerror(errno) : "closed", (unsigned long long)sent, (unsigned long long)got);
				return false;
			}
			if (more < 0)
				continue;
			stretch(expected, got, (size_t)more);
			if (memcmp(in, expected, (size_t)more) != 0) {
				fprintf(stderr, "traffic: other bytes than were sent, between offset %llu and %llu\n",
					(unsigned long long)got, (unsigned long long)got + (uint64_t)more);
				return false;
			}
			got += (uint64_t)more;
			add(&bytes_checked, (uint64_t)more);
			quiet_since = now();
		}
	}
}

static void *call_streams(void *unused)
{
	(void)unused;
	do {
		const int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (connect(fd, (struct sockaddr *)&where, sizeof(where)) != 0) {
			fprintf(stderr, "traffic: connect: %s\n", strerror(errno));
			add(&broken, 1);
		} else if (!converse(fd)) {
			add(&broken, 1);
		}
		close(fd);
	} while (connection_bytes && !over());
	return NULL;
}

static size_t datagram(uint8_t *out, uint64_t number)
{
	const size_t bytes = 8 + mixed(number) % (DATAGRAM_MAX - 8);

	memcpy(out, &number, 8);
	stretch(out + 8, number * 4096, bytes - 8);
	return bytes;
}

static void take_datagrams(int fd, uint64_t limit)
{
	uint8_t in[2048], expected[DATAGRAM_MAX];

	for (;;) {
		const ssize_t got = recv(fd, in, sizeof(in), MSG_DONTWAIT);
		uint64_t number = 0;

		if (got < 0)
			return;
		if (got >= 8)
			memcpy(&number, in, 8);
		if (got < 8 || number > limit || (size_t)got != datagram(expected, number) || memcmp(in, expected, (size_t)got) != 0)
			add(&undecodable, 1);
		else
			add(&datagrams_back, 1);
	}
}

static void *call_datagrams(void *unused)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	uint8_t out[DATAGRAM_MAX];
	uint64_t number = 0;

	(void)unused;
	while (!over()) {
		const size_t bytes = datagram(out, number);

		/* A few under way at a time; one that is lost is not waited for long. */
		if (sendto(fd, out, bytes, MSG_DONTWAIT, (struct sockaddr *)&where, sizeof(where)) == (ssize_t)bytes)
			add(&datagrams_sent, 1);
		number++;
		if (number % 4 == 0)
			poll(&wait, 1, 5);
		take_datagrams(fd, number);
	}
	while (poll(&wait, 1, 300) == 1)
		take_datagrams(fd, number);
	close(fd);
	return NULL;
}

static int call(int streams)
{
	pthread_t threads[STREAMS_MAX + 1];

	pthread_create(&threads[0], NULL, call_datagrams, NULL);
	for (int i = 0; i < streams; i++)
		pthread_create(&threads[i + 1], NULL, call_streams, NULL);
	for (int i = 0; i <= streams; i++)
		pthread_join(threads[i], NULL);
	printf("bytes %llu datagrams %llu back %llu undecodable %llu broken %llu\n", (unsigned long long)bytes_checked,
	       (unsigned long long)datagrams_sent, (unsigned long long)datagrams_back, (unsigned long long)undecodable,
	       (unsigned long long)broken);
	return undecodable || broken || !datagrams_back || (streams && !bytes_checked);
}

/* Gives back what it gets. */
static void *give_back(void *argument)
{
	const int fd = (int)(intptr_t)argument;
	uint8_t data[PIECE];

	for (;;) {
		const ssize_t got = recv(fd, data, sizeof(data), 0);

		if (got <= 0)
			break;
		for (ssize_t done = 0; done < got;) {
			const ssize_t taken = send(fd, data + done, (size_t)(got - done), MSG_NOSIGNAL);

			if (taken <= 0)
				goto end;
			done += taken;
		}
	}
end:
	close(fd);
	return NULL;
}

static void *serve_datagrams(void *argument)
{
	const int fd = (int)(intptr_t)argument;

	while (!stopping) {
		struct sockaddr_in from;
		socklen_t from_bytes = sizeof(from);
		uint8_t data[2048], expected[DATAGRAM_MAX];
		const ssize_t got = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &from_bytes);
		uint64_t number = 0;

		if (got < 0)
			continue;
		if (got >= 8)
			memcpy(&number, data, 8);
		if (got < 8 || (size_t)got != datagram(expected, number) || memcmp(data, expected, (size_t)got) != 0)
			add(&undecodable, 1); /* counted here; what is given back shows it there too */
		else
			add(&datagrams_back, 1);
		sendto(fd, data, (size_t)got, 0, (struct sockaddr *)&from, from_bytes);
	}
	return NULL;
}

static int serve(void)
{
	const int from = socket(AF_INET, SOCK_STREAM, 0), datagrams = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
	pthread_t thread;

	setsockopt(from, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(from, (struct sockaddr *)&where, sizeof(where)) != 0 || listen(from, 64) != 0 ||
	    bind(datagrams, (struct sockaddr *)&where, sizeof(where)) != 0) {
		perror("traffic: serve");
		return 2;
	}
	pthread_create(&thread, NULL, serve_datagrams, (void *)(intptr_t)datagrams);
	while (!stopping) {
		struct pollfd wait = { .fd = from, .events = POLLIN };
		const int fd = poll(&wait, 1, 200) == 1 ? accept(from, NULL, NULL) : -1;

		if (fd >= 0 && pthread_create(&thread, NULL, give_back, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
	printf("served %llu undecodable %llu\n", (unsigned long long)datagrams_back, (unsigned long long)undecodable);
	return undecodable != 0;
}

int main(int argc, char **argv)
{
	/* Without SA_RESTART, so that a signal ends a sleep. */
	const struct sigaction action = { .sa_handler = stop };

	if (argc < 4)
		return 2;
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	where.sin_family = AF_INET;
	where.sin_port = htons((uint16_t)atoi(argv[3]));
	if (inet_pton(AF_INET, argv[2], &where.sin_addr) != 1)
		return 2;
	if (strcmp(argv[1], "serve") == 0)
		return serve();
	if (argc < 6)
		return 2;
	ends_at = atoi(argv[4]) ? now() + atoi(argv[4]) : 0;
	if (strcmp(argv[1], "reconnect") == 0) {
		connection_bytes = strtoull(argv[5], NULL, 0);
		return call(2);
	}
	return call(atoi(argv[5]) > STREAMS_MAX ? STREAMS_MAX : atoi(argv[5]));
}
