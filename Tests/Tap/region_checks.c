/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The agent's calls: publication, generations, processes. */
#include "conform.h"

static void digest_of(char digest[65], int number)
{
	snprintf(digest, 65, "%064d", number);
}

static bool generations(void)
{
	char digest[65], in_force[65];
	uint64_t before, now;
	struct l45_tap_rule rule = rule_datagram(701, BOTH, 53);

	l45_tap_published(agent, &before, in_force);
	digest_of(digest, 1);
	EXPECT(l45_tap_publish(agent, before + 10, digest, &rule, 1) == 0);
	l45_tap_published(agent, &now, in_force);
	EXPECT(now == before + 10 && strcmp(in_force, digest) == 0);
	EXPECT(l45_tap_publish(agent, before + 10, digest, &rule, 1) == 0); /* the same again */
	digest_of(digest, 2);
	EXPECT(l45_tap_publish(agent, before + 10, digest, &rule, 1) == -EEXIST);
	EXPECT(l45_tap_publish(agent, before + 9, digest, &rule, 1) == -ESTALE);
	EXPECT(l45_tap_publish(agent, before + 11, "short", &rule, 1) == -EINVAL);
	EXPECT(l45_tap_publish(agent, before + 11, digest, &rule, L45_TAP_RULES_MAX + 1) == -E2BIG);
	l45_tap_published(agent, &now, in_force);
	EXPECT(now == before + 10);
	return true;
}

static bool bad_rules(void)
{
	char digest[65], in_force[65];
	uint64_t before, now;

	l45_tap_published(agent, &before, in_force);
	digest_of(digest, 3);
	for (int i = 0; i < 9; i++) {
		struct l45_tap_rule rule = rule_datagram(702, BOTH, 53);

		switch (i) {
		case 0: rule.mod_id = 0; break;
		case 1: rule.protocol = 1; break;
		case 2: rule.protocol = 6; break; /* a datagram dialect on streams */
		case 3: rule.dialect.tag_bytes = 11; break;
		case 4: rule.delay_us = 10000001; break;
		case 5: rule.flags |= 1u << 20; break;
		case 6: rule.state = 9; break;
		case 7: memset(rule.process, 'x', sizeof(rule.process)); break;
		case 8: rule.remote.prefix_bits = 129; break;
		}
		EXPECT(l45_tap_publish(agent, before + 1, digest, &rule, 1) == -EINVAL);
	}
	l45_tap_published(agent, &now, in_force);
	EXPECT(now == before);
	return true;
}

static bool one_agent(void)
{
	struct l45_tap *second;

	EXPECT(l45_tap_open(getenv("L45_TAP_DIR"), &second) == -EBUSY);
	EXPECT(l45_tap_open("/nowhere/at/all", &second) == -ENOENT);
	return true;
}

static bool survives_agent(void)
{
	char folder[] = "/tmp/l45-region-XXXXXX", digest[65], in_force[65], path[64];
	struct l45_tap *tap;
	struct l45_tap_rule rule = rule_datagram(703, BOTH, 53);
	uint64_t generation;

	EXPECT(mkdtemp(folder) && l45_tap_open(folder, &tap) == 0);
	l45_tap_published(tap, &generation, in_force);
	EXPECT(generation == 0 && in_force[0] == '\0' && l45_tap_in_force(tap) == 0);
	digest_of(digest, 4);
	EXPECT(l45_tap_publish(tap, 7, digest, &rule, 1) == 0);
	l45_tap_close(tap);
	EXPECT(l45_tap_open(folder, &tap) == 0);
	l45_tap_published(tap, &generation, in_force);
	EXPECT(generation == 7 && strcmp(in_force, digest) == 0 && l45_tap_in_force(tap) == 7);
	struct l45_tap_module module;

	EXPECT(l45_tap_read_module(tap, 703, &module) == -ENOENT && module.mod_id == 703 && module.messages_sent == 0);
	l45_tap_close(tap);
	/* Of another version: refused, and left alone. */
	snprintf(path, sizeof(path), "%s/rules", folder);
	const int fd = open(path, O_WRONLY);

	EXPECT(pwrite(fd, "\xff", 1, 4) == 1);
	close(fd);
	EXPECT(l45_tap_open(folder, &tap) == -EPROTO);
	static const char *const names[] = { "rules", "state", "lock" };

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	EXPECT(rmdir(folder) == 0);
	return true;
}

static bool in_force(void)
{
	const int own = socket(AF_INET, SOCK_DGRAM, 0), peer = raw_udp_bound();
	struct l45_tap_rule rule = rule_datagram(704, BOTH, raw_port(peer));
	char digest[65], in[100];
	uint64_t before;
	union address to;
	int ready[2];

	/* A child in the middle of a delayed send works by no table: it chooses again when it wakes. */
	rule.delay_us = 300000;
	EXPECT(publish(&rule, 1) == 0 && pipe(ready) == 0);
	l45_tap_published(agent, &before, digest);
	const socklen_t bytes = loopback(AF_INET, raw_port(peer), &to);
	const pid_t child = fork();

	if (child == 0) {
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		_exit(sendto(own, "x", 1, 0, &to.any, bytes) == 1 ? 0 : 1);
	}
	EXPECT(read(ready[0], in, 1) == 1);
	poll(NULL, 0, 50);
	EXPECT(publish(NULL, 0) == 0);
	EXPECT(l45_tap_in_force(agent) == before + 1);
	EXPECT(raw_recv(peer, in, sizeof(in), 0) == 1); /* plain: the rule was gone when it was sent */
	EXPECT(join_status(child) == 0);
	return true;
}

static bool sweeping(void)
{
	const size_t before = l45_tap_sweep(agent);
	int hold[2];
	char byte;

	EXPECT(before >= 2 && pipe(hold) == 0); /* this one and its parent */
	pid_t children[5];

	for (int i = 0; i < 5; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			close(hold[1]);
			_exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
		}
	}
	/* A child takes its slot before fork returns in it; it may not have got that far yet. */
	for (int i = 0; i < 2000 && l45_tap_sweep(agent) != before + 5; i++)
		poll(NULL, 0, 1);
	EXPECT(l45_tap_sweep(agent) == before + 5);
	kill(children[0], SIGKILL);
	EXPECT(join_status(children[0]) == 128 + SIGKILL && l45_tap_sweep(agent) == before + 4);
	close(hold[1]);
	for (int i = 1; i < 5; i++)
		EXPECT(join_status(children[i]) == 0);
	EXPECT(l45_tap_sweep(agent) == before);
	return true;
}

static bool filled_in(void)
{
	struct pair pair;
	char text[4][L45_TAP_FLOW_TEXT], expected[160];

	EXPECT(pthread_setname_np(pthread_self(), "teller") == 0);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(705, BOTH, 0)));
	EXPECT(l45_tap_read_flows(agent, 705, text, 4) == 1);
	snprintf(expected, sizeof(expected), "tcp teller/teller 127.0.0.1:%u -> 127.0.0.1:%u", port_of(pair.client), pair.port);
	EXPECT(strcmp(text[0], expected) == 0);
	EXPECT(l45_tap_read_flows(agent, 1705, text, 4) == 1 && l45_tap_read_flows(agent, 9999, text, 4) == 0);
	return true;
}

const struct check region_checks[] = {
	{ "region: generations never go back, one generation has one content", generations },
	{ "region: a rule out of bounds changes nothing", bad_rules },
	{ "region: one agent at a time, a folder that cannot be made", one_agent },
	{ "region: rules outlive the agent, another version is refused", survives_agent },
	{ "region: in force, and a delayed send chooses again", in_force },
	{ "region: slots of processes that are gone are freed", sweeping },
	{ "region: the filled-in tap_socket", filled_in },
	{ NULL, NULL },
};
