// SPDX-License-Identifier: GPL-2.0
/*
 * Random and mutated messages against the generic netlink family of the loaded module, from its owner over two sockets at
 * once, and from those who may say nothing: another user, root of another user namespace (with a network namespace of its
 * own and without), and another user who was handed a privileged socket.
 *
 *   fuzz-netlink [MESSAGES [SEED]]     default 200000 1; last line: N passed, M failed
 *
 * Messages are built whole from uapi/l45.h, in orders that make sense, and then spoilt: bytes, lengths, types, nests, numbers.
 * After each batch: the table in force (generation, digest, modules) is what it was unless a COMMIT or FLUSH was accepted;
 * a stranger got nothing but refusals; the kernel's log holds no warning; and over the run kernel memory does not grow.
 *
 * Build: cc -std=gnu11 -O1 -Wall -Wextra -Werror -static -I Sources/CL45Core/include kmod/tests/fuzz-netlink.c
 *            kmod/tests/control/{client,attribute,table}.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control/client.h"

#define BATCH 1000
#define STRANGERS_BATCH 250
#define NOBODY 65534
#define SPOTS_MAX 512
/* Per-CPU caches of the allocator come and go: what a run may differ by without a leak. */
#define MEMORY_SLACK (192 * 1024)
#define GENERATION 1000000

static unsigned int passed, failed;
static unsigned long sent_messages, refused_messages, accepted_messages, table_changes;

static void expect(bool holds, const char *what, const char *detail)
{
	if (holds) {
		passed++;
		return;
	}
	failed++;
	printf("FAILED %s: %s\n", what, detail);
	fflush(stdout);
}

/* ---- chance ---- */

static uint64_t state;

static uint64_t draw(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint32_t below(uint32_t bound)
{
	return bound ? (uint32_t)(draw() % bound) : 0;
}

static bool one_in(uint32_t n)
{
	return below(n) == 0;
}

static uint64_t awkward(void)
{
	static const uint64_t values[] = {0, 1, 2, 15, 16, 127, 128, 129, 255, 1024, 1025, 3072, 3073, 65535, 65536,
					  10000000, 10000001, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX, GENERATION - 1,
					  GENERATION, GENERATION + 1};

	return one_in(4) ? draw() : values[below(sizeof(values) / sizeof(values[0]))];
}

/* ---- messages that are right ---- */

static unsigned char room[MESSAGE_BYTES];

static struct request message(const struct client *client, int command, int flags)
{
	struct request request = {room, NLMSG_HDRLEN + GENL_HDRLEN};
	struct nlmsghdr *header = (struct nlmsghdr *)room;
	struct genlmsghdr *generic = NLMSG_DATA(header);

	memset(room, 0, request.count);
	header->nlmsg_type = client->family;
	header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	generic->cmd = (uint8_t)command;
	generic->version = L45_GENL_VERSION;
	return request;
}

static struct module any_module(void)
{
	/* Few ids, so that they repeat; the counters of a module outlive its tables. */
	struct module module = module_make(1 + below(40));

	module.priority = (int32_t)below(1000) - 500;
	module.state = (uint8_t)below(4);
	module.flags = below(L45_F_ALL + 1);
	module.protocol = one_in(2) ? 6 : 17;
	module.dialect.kind = (uint8_t)below(3);
	module.dialect.frame_bytes = 1000;
	module.dialect.place = (uint8_t)below(3);
	module.remotes = one_in(50) ? 3000 : below(4);
	module.without_key = one_in(2);
	return module;
}

/* What comes next in the dialogue of this client, more often than not in order. */
static struct request sensible(const struct client *client)
{
	const uint32_t turn = below(100);
	struct request request;
	uint32_t i, count;
	char digest[L45_TABLE_DIGEST_BYTES + 1] = "";

	if (turn < 25) {
		request = message(client, L45_CMD_BEGIN, 0);
		memset(digest, "0123456789abcdef"[below(16)], L45_TABLE_DIGEST_BYTES);
		request_u64(&request, L45_A_GENERATION, GENERATION - 2 + below(6));
		request_text(&request, L45_A_DIGEST, digest);
		request_u32(&request, L45_A_COUNT, one_in(20) ? (uint32_t)awkward() : below(5));
	} else if (turn < 60) {
		request = message(client, L45_CMD_ADD, 0);
		for (i = 0, count = below(4); i < count; i++) {
			struct module module = any_module();

			/* No second large one in a message: it would not fit. */
			if (i)
				module.remotes %= 4;
			request_module(&request, &module);
		}
	} else if (turn < 75) {
		request = message(client, L45_CMD_COMMIT, 0);
		request_u64(&request, L45_A_GENERATION, GENERATION - 2 + below(6));
	} else if (turn < 80) {
		request = message(client, L45_CMD_STATUS, 0);
	} else if (turn < 84) {
		request = message(client, L45_CMD_MODULES, one_in(5) ? 0 : NLM_F_DUMP);
	} else if (turn < 88) {
		request = message(client, L45_CMD_SOCKETS, one_in(5) ? 0 : NLM_F_DUMP);
		if (one_in(2))
			request_u64(&request, L45_A_MOD_ID, below(4));
	} else if (turn < 95) {
		unsigned char challenge[L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MAX + 8];

		for (i = 0; i < sizeof(challenge); i++)
			challenge[i] = (unsigned char)draw();
		request = message(client, L45_CMD_RESPOND, 0);
		request_u64(&request, L45_A_MOD_ID, below(4));
		request_put(&request, L45_A_CHALLENGE, challenge, below(sizeof(challenge) + 1));
	} else if (turn < 96) {
		request = message(client, L45_CMD_FLUSH, 0);
	} else {
		request = message(client, (int)below(256), one_in(4) ? NLM_F_DUMP : 0);
		request_u64(&request, (int)below(L45_A_MAX + 4), awkward());
	}
	return request;
}

/* ---- what spoils them ---- */

static size_t spots[SPOTS_MAX];
static size_t spot_count;

/* Every attribute, those in nests too, wherever what stands there can be read as one. */
static void find_spots(size_t from, size_t to, int depth)
{
	while (from + NLA_HDRLEN <= to && spot_count < SPOTS_MAX) {
		const struct nlattr *here = (const struct nlattr *)(room + from);
		const size_t end = from + here->nla_len;

		if (here->nla_len < NLA_HDRLEN || end > to)
			return;
		spots[spot_count++] = from;
		if (depth < 3 && here->nla_len >= 2 * NLA_HDRLEN)
			find_spots(from + NLA_HDRLEN, end, depth + 1);
		from = NLA_ALIGN(end);
	}
}

static struct nlattr *any_attribute(size_t count)
{
	spot_count = 0;
	find_spots(NLMSG_HDRLEN + GENL_HDRLEN, count, 0);
	return spot_count ? (struct nlattr *)(room + spots[below((uint32_t)spot_count)]) : NULL;
}

/* Nests in nests, to a depth that a recursive reader would feel. */
static size_t nest_deep(size_t count)
{
	uint32_t depth = 1 + below(300);
	const uint32_t levels = depth;

	if (count + levels * NLA_HDRLEN > 32768)
		return count;
	for (; depth; depth--) {
		struct nlattr *here = (struct nlattr *)(room + count);

		here->nla_type = (uint16_t)(NLA_F_NESTED | (1 + below(L45_A_MAX)));
		here->nla_len = (uint16_t)(depth * NLA_HDRLEN);
		count += NLA_HDRLEN;
	}
	return count;
}

static size_t spoil(size_t count)
{
	struct nlattr *at = any_attribute(count);
	struct nlmsghdr *header = (struct nlmsghdr *)room;
	struct genlmsghdr *generic = NLMSG_DATA(header);
	size_t i, bytes;
	uint64_t value;

	switch (below(at ? 14 : 8)) {
	case 0: /* a bit */
		room[below((uint32_t)count)] ^= (unsigned char)(1u << below(8));
		break;
	case 1: /* some bytes */
		for (i = 1 + below(16); i; i--)
			room[below((uint32_t)count)] = (unsigned char)draw();
		break;
	case 2: /* truncated */
		count = below((uint32_t)count + 1);
		header->nlmsg_len = (uint32_t)count;
		break;
	case 3: /* garbage after it */
		for (i = below(one_in(50) ? 60000 : 200); i && count < MESSAGE_BYTES - 1; i--)
			room[count++] = (unsigned char)draw();
		header->nlmsg_len = (uint32_t)count;
		break;
	case 4:
		header->nlmsg_len = (uint32_t)awkward();
		break;
	case 5:
		header->nlmsg_flags = (uint16_t)draw();
		break;
	case 6:
		generic->cmd = (uint8_t)draw();
		generic->version = (uint8_t)below(3);
		generic->reserved = (uint16_t)below(2);
		break;
	case 7:
		count = nest_deep(count);
		header->nlmsg_len = (uint32_t)count;
		break;
	case 8:
		at->nla_len = one_in(3) ? (uint16_t)awkward() : (uint16_t)(at->nla_len + below(9) - 4);
		break;
	case 9:
		at->nla_type = one_in(3) ? (uint16_t)draw() : (uint16_t)below(L45_S_MAX + 3);
		break;
	case 10: /* a number, or what takes its place */
	case 11:
		value = awkward();
		bytes = at->nla_len > NLA_HDRLEN ? at->nla_len - NLA_HDRLEN : 0;
		if (bytes && (unsigned char *)at + at->nla_len <= room + count)
			memcpy((unsigned char *)at + NLA_HDRLEN, &value, bytes < sizeof(value) ? bytes : sizeof(value));
		break;
	case 12: /* twice */
		bytes = NLA_ALIGN(at->nla_len);
		if ((unsigned char *)at + bytes <= room + count && count + bytes < MESSAGE_BYTES) {
			memmove(room + count, at, bytes);
			count += bytes;
			header->nlmsg_len = (uint32_t)count;
		}
		break;
	default: /* gone */
		bytes = NLA_ALIGN(at->nla_len);
		if ((unsigned char *)at + bytes <= room + count) {
			memmove(at, (unsigned char *)at + bytes, (size_t)(room + count - (unsigned char *)at) - bytes);
			count -= bytes;
			header->nlmsg_len = (uint32_t)count;
		}
		break;
	}
	return count;
}

/*
 * Whatever the kernel will read as a header is for our family, and asks for an acknowledgement: other families are not what
 * is tried here, and an acceptance must not pass in silence.
 */
static void keep_ours(const struct client *client, size_t count)
{
	size_t at = 0;

	while (at + NLMSG_HDRLEN <= count) {
		struct nlmsghdr *header = (struct nlmsghdr *)(room + at);

		header->nlmsg_type = client->family;
		header->nlmsg_flags |= NLM_F_ACK;
		if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > count - at)
			return;
		at += NLMSG_ALIGN(header->nlmsg_len);
	}
}

/* ---- sending, and what came back ---- */

struct outcome {
	unsigned long accepted; /* requests that were acknowledged, and answers with data */
	unsigned long changes;  /* COMMITs and FLUSHes among them */
	unsigned long refused;
};

/* The family answers before sendto returns, dumps apart: they go on as they are read. */
static void read_answers(const struct client *client, struct outcome *outcome)
{
	static unsigned char answer[MESSAGE_BYTES];
	ssize_t count;
	int turns = 0;

	while (turns++ < 10000 && (count = recv(client->socket, answer, sizeof(answer), MSG_DONTWAIT)) > 0) {
		const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
		int left = (int)count;

		for (; NLMSG_OK(header, (unsigned int)left); header = NLMSG_NEXT(header, left)) {
			const struct nlmsgerr *error = NLMSG_DATA(header);

			if (header->nlmsg_type == client->family)
				outcome->accepted++;
			if (header->nlmsg_type != NLMSG_ERROR)
				continue;
			if (error->error) {
				outcome->refused++;
				continue;
			}
			/* What asks for nothing is acknowledged by netlink itself, unread. */
			if (!(error->msg.nlmsg_flags & NLM_F_REQUEST))
				continue;
			outcome->accepted++;
			/* It repeats the header of netlink alone; which command it was for is known by the number. */
			outcome->changes += error->msg.nlmsg_seq == L45_CMD_COMMIT || error->msg.nlmsg_seq == L45_CMD_FLUSH;
		}
	}
}

/* The sequence number says the command, for the acknowledgement does not. */
static void number(size_t count)
{
	size_t at = 0;

	while (at + NLMSG_HDRLEN + GENL_HDRLEN <= count) {
		struct nlmsghdr *header = (struct nlmsghdr *)(room + at);

		header->nlmsg_seq = ((const struct genlmsghdr *)NLMSG_DATA(header))->cmd;
		if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > count - at)
			return;
		at += NLMSG_ALIGN(header->nlmsg_len);
	}
}

static void throw_one(const struct client *client, struct outcome *outcome)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct request request = sensible(client);
	size_t count = request.count;
	int spoils = one_in(3) ? 0 : (int)(1 + below(4));

	((struct nlmsghdr *)room)->nlmsg_len = (uint32_t)count;
	while (spoils--)
		count = spoil(count);
	keep_ours(client, count);
	number(count);
	sendto(client->socket, room, count, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	read_answers(client, outcome);
}

/* ---- the limits, on purpose ---- */

static void press_limits(const struct client *client, struct outcome *outcome)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const bool modules = one_in(2);
	uint32_t i, j;

	for (i = 0; i < (modules ? 13u : 26u); i++) {
		struct request request = message(client, i ? L45_CMD_ADD : L45_CMD_BEGIN, 0);

		if (!i) {
			char digest[L45_TABLE_DIGEST_BYTES + 1] = "";

			memset(digest, 'e', L45_TABLE_DIGEST_BYTES);
			request_u64(&request, L45_A_GENERATION, GENERATION + 100);
			request_text(&request, L45_A_DIGEST, digest);
			request_u32(&request, L45_A_COUNT, L45_MODULES_MAX);
		}
		for (j = 0; i && j < (modules ? 100u : 1u); j++) {
			struct module module = module_make(modules ? i * 100 + j : i);

			module.remotes = modules ? 0 : L45_REMOTES_MAX;
			request_module(&request, &module);
		}
		((struct nlmsghdr *)room)->nlmsg_len = (uint32_t)request.count;
		number(request.count);
		sendto(client->socket, room, request.count, 0, (struct sockaddr *)&kernel, sizeof(kernel));
		read_answers(client, outcome);
	}
}

/* ---- who may say nothing ---- */

static int stranger_nobody(struct client *client)
{
	return setuid(NOBODY) ? -1 : (client_open(client), 0);
}

static int stranger_root(struct client *client)
{
	return setuid(NOBODY) || unshare(CLONE_NEWUSER) ? -1 : (client_open(client), 0);
}

static int stranger_owner(struct client *client)
{
	return setuid(NOBODY) || unshare(CLONE_NEWUSER | CLONE_NEWNET) ? -1 : (client_open(client), 0);
}

static int stranger_heir(struct client *client)
{
	client_open(client);
	return setuid(NOBODY);
}

static const struct stranger {
	const char *name;
	int (*become)(struct client *client);
} strangers[] = {
	{"another user", stranger_nobody},
	{"root of another user namespace", stranger_root},
	{"root of another user namespace, in a network namespace of its own", stranger_owner},
	{"another user with a privileged socket", stranger_heir},
};

static void throw_as(const struct stranger *stranger)
{
	int result, i;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		struct client client;
		struct outcome outcome = {0};

		if (stranger->become(&client))
			_exit(3);
		for (i = 0; i < STRANGERS_BATCH; i++)
			throw_one(&client, &outcome);
		_exit(outcome.accepted ? 1 : outcome.refused ? 0 : 2);
	}
	draw(); /* the next one does not throw the same */
	if (child < 0 || waitpid(child, &result, 0) != child || !WIFEXITED(result))
		result = 4 << 8;
	sent_messages += STRANGERS_BATCH;
	expect(WEXITSTATUS(result) == 0, stranger->name,
	      WEXITSTATUS(result) == 1 ? "was answered" :
	      WEXITSTATUS(result) == 2 ? "was not even refused" : "could not be tried");
}

/* ---- the kernel's log and memory ---- */

static int log_file;

static void check_log(void)
{
	static const char *const words[] = {"WARNING", "BUG", "Oops", "Call Trace", "general protection", "refcount_t",
					    "KASAN", "UBSAN", "leaked", "stall", "allocation failure", "l45:"};
	char line[2048], bad[256] = "";
	ssize_t count;
	int turns = 0;

	while (turns++ < 100000 && (count = read(log_file, line, sizeof(line) - 1)) > 0) {
		size_t i;

		line[count] = 0;
		for (i = 0; i < sizeof(words) / sizeof(words[0]) && !bad[0]; i++)
			/* Below "notice" and by us, or anything the kernel says when it is hurt. */
			if (strstr(line, words[i]) && (words[i][0] != 'l' || (atoi(line) & 7) <= 4))
				snprintf(bad, sizeof(bad), "%.200s", line);
	}
	expect(!bad[0], "the kernel's log", bad);
}

/* Bytes of the allocations whose size tells a leak of ours: kmalloc, and per CPU. */
static long long memory_now(void)
{
	char line[512], name[64];
	unsigned long active, objects, size;
	long long total = 0;
	FILE *file = fopen("/proc/slabinfo", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %lu %lu %lu", name, &active, &objects, &size) == 4 && !strncmp(name, "kmalloc-", 8))
			total += (long long)active * (long long)size;
	if (file)
		fclose(file);
	file = fopen("/proc/meminfo", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Percpu: %lu", &size) == 1)
			total += (long long)size * 1024;
	if (file)
		fclose(file);
	return total;
}

/* With no table and nothing under way; waits, bounded, for what is freed after a grace period. */
static long long memory_settled(struct client *client)
{
	long long least = -1;
	int same = 0, turns;

	table_flush(client);
	for (turns = 0; turns < 200 && same < 20; turns++) {
		const long long now = memory_now();

		same = least < 0 || now < least ? 0 : same + 1;
		if (least < 0 || now < least)
			least = now;
		usleep(20000);
	}
	return least;
}

/* ---- the run ---- */

static void put_reference(struct client *client)
{
	struct module large = module_make(3);

	large.remotes = 50;
	table_flush(client);
	if (table_begin(client, GENERATION, 'a', 3) || table_add(client, module_make(1)) ||
	    table_add(client, module_make(2)) || table_add(client, large) || table_commit(client, GENERATION)) {
		printf("FAILED the reference table: error %d %s\n", client->error, client->text);
		exit(1);
	}
}

static bool alike(const struct status *one, const struct status *other)
{
	return one->generation == other->generation && one->modules == other->modules && !strcmp(one->digest, other->digest);
}

static void batch(struct client *first, struct client *second, struct client *watcher)
{
	const struct status before = status_read(watcher);
	struct outcome outcome = {0};
	struct status after;
	char detail[160];
	int i;

	for (i = 0; i < BATCH && !outcome.changes; i++) {
		throw_one(one_in(2) ? first : second, &outcome);
		sent_messages++;
	}
	if (one_in(8))
		press_limits(first, &outcome);
	after = status_read(watcher);
	snprintf(detail, sizeof(detail), "generation %llu with %u modules became %llu with %u, and nothing was accepted",
		 (unsigned long long)before.generation, before.modules, (unsigned long long)after.generation, after.modules);
	/* When one was accepted the table may be any; it is set anew. */
	expect(outcome.changes || alike(&before, &after), "the table in force", detail);
	refused_messages += outcome.refused;
	accepted_messages += outcome.accepted;
	table_changes += outcome.changes;
	if (outcome.changes)
		put_reference(watcher);
}

int main(int count, char **words)
{
	const unsigned long messages = count > 1 ? strtoul(words[1], NULL, 0) : 200000;
	const uint64_t seed = count > 2 ? strtoull(words[2], NULL, 0) : 1;
	struct client first, second, watcher;
	long long baseline = -1, at_end;
	unsigned long round = 0;
	struct timespec begin, end;
	char detail[160];
	size_t i;

	state = seed;
	log_file = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (log_file < 0 || lseek(log_file, 0, SEEK_END) < 0) {
		perror("/dev/kmsg");
		return 2;
	}
	client_open(&first);
	client_open(&second);
	client_open(&watcher);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	put_reference(&watcher);
	while (sent_messages < messages) {
		batch(&first, &second, &watcher);
		if (round++ % 16 == 0) {
			const struct status before = status_read(&watcher);
			struct status after;

			for (i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
				throw_as(&strangers[i]);
			after = status_read(&watcher);
			expect(alike(&before, &after), "the table in force", "a stranger changed it");
			check_log();
		}
		if (baseline < 0 && sent_messages > messages / 4) {
			baseline = memory_settled(&watcher);
			put_reference(&watcher);
		}
	}
	check_log();
	at_end = memory_settled(&watcher);
	snprintf(detail, sizeof(detail), "%lld KiB after a quarter, %lld KiB at the end", baseline / 1024, at_end / 1024);
	expect(at_end - baseline < MEMORY_SLACK, "kernel memory", detail);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("fuzz-netlink: %lu messages, seed %llu: %lu refused, %lu accepted, %lu tables replaced, memory %s, %ld s\n",
	       sent_messages, (unsigned long long)seed, refused_messages, accepted_messages, table_changes, detail,
	       (long)(end.tv_sec - begin.tv_sec));
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
