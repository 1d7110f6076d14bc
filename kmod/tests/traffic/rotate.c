// SPDX-License-Identifier: GPL-2.0
/*
 * Rotates the dialects of a TCP and of a UDP port on two devices, the network namespaces CLIENT and SERVER, in the order of an
 * orchestrator: the new edition is understood at both ends before one speaks it, and an old one is taken away when no stream
 * has a frame in it any more.
 *
 *   rotate CLIENT SERVER PORT TIMES
 *
 * Prints "rotations N forged N passed_plain N messages_received N" at the end: counters of both devices, of the editions after
 * the first. 1 when a rotation did not come to its end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "l45_tap.h"

#define EDITIONS 3 /* in a table at once: the new one, the last one, and the one before it */

struct device {
	struct l45_tap *tap;
	uint64_t generation;
	uint32_t server; /* L45_TAP_SERVER, or 0 */
	uint64_t heard;  /* datagrams that had come in the edition that is spoken, when it began to be */
};
static struct device devices[2];
static uint16_t port;
static uint64_t forged, received;

static struct l45_tap *tap_in(const char *space)
{
	char path[128];
	struct l45_tap *tap;
	int fd;

	snprintf(path, sizeof(path), "/var/run/netns/%s", space);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0 || l45_tap_open("/", &tap) != 0) {
		perror(path);
		exit(2);
	}
	close(fd);
	return tap;
}

/* Ids are reused: the tap keeps counters by id, and a thousand editions are no thousand modules to keep. */
static uint64_t id_of(unsigned int edition, bool stream)
{
	return 100 + edition % 8 + (stream ? 10 : 0);
}

static struct l45_tap_rule rule(const struct device *device, unsigned int edition, bool stream, uint8_t state)
{
	struct l45_tap_rule rule;

	memset(&rule, 0, sizeof(rule));
	rule.mod_id = id_of(edition, stream);
	rule.group = stream ? 1 : 2;
	rule.priority = 100;
	rule.flags = device->server | L45_TAP_REQUESTS | L45_TAP_RESPONSES;
	rule.state = state;
	rule.protocol = stream ? 6 : 17;
	if (device->server)
		rule.local.port = port;
	else
		rule.remote.port = port;
	rule.dialect.kind = stream ? L45_STREAM : L45_DATAGRAM;
	rule.dialect.tag_bytes = (uint8_t)(24 + edition % 40);
	rule.dialect.frame_bytes = 500 + edition % 7 * 300;
	rule.dialect.epoch = edition + 1;
	memset(rule.dialect.secret, (int)(edition % 250) + 1, sizeof(rule.dialect.secret));
	return rule;
}

/* Editions from oldest to newest, spoken the active one; older ones are understood, newer ones too. */
static bool put(struct device *device, unsigned int oldest, unsigned int newest, unsigned int spoken)
{
	struct l45_tap_rule rules[2 * EDITIONS];
	char digest[L45_TAP_DIGEST_BYTES + 1];
	size_t count = 0;

	for (unsigned int edition = oldest; edition <= newest; edition++)
		for (int stream = 0; stream < 2; stream++)
			rules[count++] = rule(device, edition, stream, edition == spoken ? L45_TAP_ACTIVE : L45_TAP_STANDBY);
	device->generation++;
	snprintf(digest, sizeof(digest), "%064llx", (unsigned long long)device->generation);
	const int result = l45_tap_publish(device->tap, device->generation, digest, rules, count);

	if (result != 0) {
		fprintf(stderr, "rotate: edition %u: %s\n", newest, strerror(-result));
		return false;
	}
	return true;
}

static bool in_force(const struct device *device)
{
	for (int i = 0; i < 5000; i++) {
		if (l45_tap_in_force(device->tap) == device->generation)
			return true;
		poll(NULL, 0, 1);
	}
	fprintf(stderr, "rotate: generation %llu does not come into force\n", (unsigned long long)device->generation);
	return false;
}

static bool drained(const struct device *device, unsigned int edition)
{
	struct l45_tap_module module;

	for (int i = 0; i < 20000; i++) {
		l45_tap_read_module(device->tap, id_of(edition, true), &module);
		if (module.streams_in_dialect == 0)
			return true;
		poll(NULL, 0, 1);
	}
	fprintf(stderr, "rotate: %u streams stay in edition %u\n", module.streams_in_dialect, edition);
	return false;
}

static uint64_t heard(const struct device *device, unsigned int edition)
{
	struct l45_tap_module module;

	l45_tap_read_module(device->tap, id_of(edition, false), &module);
	return module.messages_received;
}

/*
 * So many datagrams of the edition that is spoken have come that none of the one two before it can still be on its way:
 * the link puts a datagram behind some others, not behind all. A time would not do, on a processor that others use too.
 */
#define HEARD_SINCE 16

static bool settled(const struct device *device, unsigned int edition)
{
	for (int i = 0; i < 20000; i++) {
		if (heard(device, edition) - device->heard >= HEARD_SINCE)
			return true;
		poll(NULL, 0, 1);
	}
	fprintf(stderr, "rotate: no datagrams of edition %u come\n", edition);
	return false;
}

static bool turn(unsigned int newest)
{
	const unsigned int oldest = newest < 2 ? 0 : newest - 2;

	/* Who is to be taken away has no frame under way at either end. */
	if (newest > 2 && (!settled(&devices[0], newest - 1) || !settled(&devices[1], newest - 1)))
		return false;
	if (newest > 2 && (!drained(&devices[0], oldest - 1) || !drained(&devices[1], oldest - 1)))
		return false;
	for (int i = 0; i < 2; i++)
		if (!put(&devices[i], oldest, newest, newest - 1))
			return false;
	if (!in_force(&devices[0]) || !in_force(&devices[1]))
		return false;
	for (int i = 0; i < 2; i++)
		if (!put(&devices[i], oldest, newest, newest) || !in_force(&devices[i]))
			return false;
	for (int i = 0; i < 2; i++)
		devices[i].heard = heard(&devices[i], newest);
	return true;
}

int main(int argc, char **argv)
{
	struct l45_tap_module module;
	unsigned int times, done = 0;

	if (argc < 5)
		return 2;
	port = (uint16_t)atoi(argv[3]);
	times = (unsigned int)atoi(argv[4]);
	devices[0] = (struct device){ .tap = tap_in(argv[1]) };
	devices[1] = (struct device){ .tap = tap_in(argv[2]), .server = L45_TAP_SERVER };
	for (int i = 0; i < 2; i++) {
		char digest[L45_TAP_DIGEST_BYTES + 1];

		l45_tap_published(devices[i].tap, &devices[i].generation, digest);
	}
	/* 0 times: the first edition, and no more. */
	if (times == 0)
		return !(put(&devices[1], 0, 0, 0) && in_force(&devices[1]) && put(&devices[0], 0, 0, 0) && in_force(&devices[0]));
	while (done < times && turn(done + 1))
		done++;
	for (unsigned int edition = 0; edition < 8; edition++)
		for (int i = 0; i < 4; i++) {
			l45_tap_read_module(devices[i / 2].tap, id_of(edition, i % 2), &module);
			forged += module.forged;
			received += module.messages_received;
		}
	printf("rotations %u forged %llu messages_received %llu\n", done, (unsigned long long)forged,
	       (unsigned long long)received);
	return done != times;
}
