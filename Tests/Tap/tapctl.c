/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Publishes rule tables and reads the tap, for tests and benchmarks that run without an agent.
 *
 *   tapctl publish FOLDER GENERATION < RULES     one rule a line: key=value ... (see keys below)
 *   tapctl module FOLDER MOD_ID                  its counters, one "name value" a line
 *   tapctl flows FOLDER MOD_ID                   its sockets
 *   tapctl in-force FOLDER                       the oldest generation still worked by
 *   tapctl sweep FOLDER                          processes alive
 *   tapctl flush FOLDER                          the kernel tap's: no table, every socket let go
 *
 * Keys: mod group prio state(active standby deprecated deactivated) flags(server,req,resp,enforce,new) proto(udp tcp)
 * kind(monitor datagram stream) place(front offset end) offset tag label frame start(first handshake) epoch secret(one byte, repeated) delay
 * process thread local remote (ADDRESS[/BITS]:PORT, either may be *).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "l45_tap.h"
#ifdef L45_KERNEL_TAP
#include "kernel_tap.h"
#endif

static void die(const char *what, const char *detail)
{
	fprintf(stderr, "tapctl: %s: %s\n", what, detail);
	exit(2);
}

static void parse_endpoint(const char *text, struct l45_tap_endpoint *endpoint)
{
	char copy[128], *port, *bits;
	int v4;

	snprintf(copy, sizeof(copy), "%s", text);
	port = strrchr(copy, ':');
	if (!port)
		die("an endpoint is ADDRESS[/BITS]:PORT", text);
	*port++ = '\0';
	endpoint->port = strcmp(port, "*") == 0 ? 0 : (uint16_t)atoi(port);
	if (strcmp(copy, "*") == 0)
		return;
	bits = strchr(copy, '/');
	if (bits)
		*bits++ = '\0';
	v4 = inet_pton(AF_INET, copy, endpoint->address + 12) == 1;
	if (v4)
		memset(endpoint->address + 10, 0xff, 2);
	else if (inet_pton(AF_INET6, copy, endpoint->address) != 1)
		die("not an address", copy);
	endpoint->prefix_bits = (uint8_t)(bits ? atoi(bits) + (v4 ? 96 : 0) : 128);
}

static uint32_t parse_flags(char *text)
{
	uint32_t flags = 0;

	for (char *at = strtok(text, ","); at; at = strtok(NULL, ",")) {
		if (strcmp(at, "server") == 0)
			flags |= L45_TAP_SERVER;
		else if (strcmp(at, "req") == 0)
			flags |= L45_TAP_REQUESTS;
		else if (strcmp(at, "resp") == 0)
			flags |= L45_TAP_RESPONSES;
		else if (strcmp(at, "enforce") == 0)
			flags |= L45_TAP_ENFORCE;
		else if (strcmp(at, "new") == 0)
			flags |= L45_TAP_NEW_SOCKETS_ONLY;
		else
			die("not a flag", at);
	}
	return flags;
}

static int index_of(const char *value, const char *const *names, const char *key)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], value) == 0)
			return i;
	die(key, value);
	return 0;
}

static void set(struct l45_tap_rule *rule, const char *key, char *value)
{
	static const char *const states[] = { "deactivated", "standby", "active", "deprecated", NULL };
	static const char *const kinds[] = { "monitor", "datagram", "stream", NULL };
	static const char *const places[] = { "front", "offset", "end", NULL };
	static const char *const starts[] = { "first", "handshake", NULL };
	struct l45_dialect *dialect = &rule->dialect;

	if (strcmp(key, "mod") == 0)
		rule->mod_id = strtoull(value, NULL, 0);
	else if (strcmp(key, "group") == 0)
		rule->group = strtoull(value, NULL, 0);
	else if (strcmp(key, "prio") == 0)
		rule->priority = atoi(value);
	else if (strcmp(key, "state") == 0)
		rule->state = (uint8_t)index_of(value, states, key);
	else if (strcmp(key, "flags") == 0)
		rule->flags = parse_flags(value);
	else if (strcmp(key, "proto") == 0)
		rule->protocol = strcmp(value, "tcp") == 0 ? 6 : 17;
	else if (strcmp(key, "kind") == 0)
		dialect->kind = (uint8_t)index_of(value, kinds, key);
	else if (strcmp(key, "place") == 0)
		dialect->place = (uint8_t)index_of(value, places, key);
	else if (strcmp(key, "offset") == 0)
		dialect->offset = (uint16_t)atoi(value);
	else if (strcmp(key, "tag") == 0)
		dialect->tag_bytes = (uint8_t)atoi(value);
	else if (strcmp(key, "frame") == 0)
		dialect->frame_bytes = (uint32_t)atoi(value);
	else if (strcmp(key, "start") == 0)
		dialect->start = (uint8_t)index_of(value, starts, key);
	else if (strcmp(key, "epoch") == 0)
		dialect->epoch = (uint32_t)atoi(value);
	else if (strcmp(key, "secret") == 0)
		memset(dialect->secret, atoi(value), sizeof(dialect->secret));
	else if (strcmp(key, "label") == 0) {
		dialect->label_bytes = (uint8_t)strlen(value);
		memcpy(dialect->label, value, dialect->label_bytes);
	} else if (strcmp(key, "delay") == 0)
		rule->delay_us = (uint32_t)atoi(value);
	else if (strcmp(key, "process") == 0)
		snprintf(rule->process, sizeof(rule->process), "%s", value);
	else if (strcmp(key, "thread") == 0)
		snprintf(rule->thread, sizeof(rule->thread), "%s", value);
	else if (strcmp(key, "local") == 0)
		parse_endpoint(value, &rule->local);
	else if (strcmp(key, "remote") == 0)
		parse_endpoint(value, &rule->remote);
	else
		die("not a key", key);
}

static int publish(struct l45_tap *tap, uint64_t generation)
{
	static struct l45_tap_rule rules[L45_TAP_RULES_MAX];
	char line[1024], digest[L45_TAP_DIGEST_BYTES + 1];
	uint64_t sum = 14695981039346656037ull;
	size_t count = 0;

	while (fgets(line, sizeof(line), stdin)) {
		struct l45_tap_rule *rule = &rules[count];
		char *words[32];
		int n = 0;

		for (char *at = line; *at; at++)
			sum = (sum ^ (uint8_t)*at) * 1099511628211ull;
		for (char *at = strtok(line, " \t\n"); at && n < 32; at = strtok(NULL, " \t\n"))
			words[n++] = at;
		if (n == 0 || words[0][0] == '#')
			continue;
		if (count == L45_TAP_RULES_MAX)
			die("too many rules", "512 at most");
		rule->state = L45_TAP_ACTIVE;
		rule->priority = 100;
		rule->group = 1;
		rule->protocol = 17;
		rule->dialect = (struct l45_dialect){ .kind = L45_DATAGRAM, .tag_bytes = 32, .frame_bytes = 1000, .epoch = 1 };
		memset(rule->dialect.secret, 7, sizeof(rule->dialect.secret));
		for (int i = 0; i < n; i++) {
			char *value = strchr(words[i], '=');

			if (!value)
				die("not key=value", words[i]);
			*value++ = '\0';
			set(rule, words[i], value);
		}
		count++;
	}
	snprintf(digest, sizeof(digest), "%016" PRIx64 "%048d", sum, 0);
	return l45_tap_publish(tap, generation, digest, rules, count);
}

static int module(struct l45_tap *tap, uint64_t mod_id)
{
	struct l45_tap_module m;
	const int found = l45_tap_read_module(tap, mod_id, &m);

	printf("messages_sent %" PRIu64 "\nmessages_received %" PRIu64 "\nbytes_sent %" PRIu64 "\nbytes_received %" PRIu64
	       "\nskipped %" PRIu64 "\npassed_plain %" PRIu64 "\ndropped %" PRIu64 "\nforged %" PRIu64 "\nactive_ms %" PRId64
	       "\nsockets %u\nstreams_in_dialect %u\nstreams_left_plain %u\n",
	       m.messages_sent, m.messages_received, m.bytes_sent, m.bytes_received, m.skipped, m.passed_plain, m.dropped,
	       m.forged, m.active_ms, m.sockets, m.streams_in_dialect, m.streams_left_plain);
	return found;
}

int main(int argc, char **argv)
{
	struct l45_tap *tap;
	int result = 0;

	if (argc < 3)
		die("usage", "tapctl publish|module|flows|in-force|sweep FOLDER [N]");
	const uint64_t number = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;

	result = l45_tap_open(argv[2], &tap);
	if (result != 0)
		die(argv[2], strerror(-result));
	if (strcmp(argv[1], "publish") == 0) {
		result = publish(tap, number);
	} else if (strcmp(argv[1], "module") == 0) {
		l45_tap_sweep(tap);
		result = module(tap, number);
	} else if (strcmp(argv[1], "flows") == 0) {
		static char text[256][L45_TAP_FLOW_TEXT];

		l45_tap_sweep(tap);
		const size_t count = l45_tap_read_flows(tap, number, text, 256);

		for (size_t i = 0; i < count; i++)
			puts(text[i]);
	} else if (strcmp(argv[1], "in-force") == 0) {
		printf("%" PRIu64 "\n", l45_tap_in_force(tap));
	} else if (strcmp(argv[1], "sweep") == 0) {
		printf("%zu\n", l45_tap_sweep(tap));
#ifdef L45_KERNEL_TAP
	} else if (strcmp(argv[1], "flush") == 0) {
		result = l45_tap_flush(tap);
#endif
	} else {
		die("not a verb", argv[1]);
	}
	l45_tap_close(tap);
	if (result != 0)
		fprintf(stderr, "tapctl: %s: %s\n", argv[1], strerror(-result));
	return result != 0;
}
