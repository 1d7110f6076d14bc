/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What happens to sockets that are open, and to threads that are inside, when tables come and go. */
#include "sight.h"

#include <sched.h>

static bool wire_bytes(const char *process, const char *thread, long expected)
{
	const int peer = raw_udp_bound(), own = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rule = rule_datagram(861, BOTH, raw_port(peer));
	union address to;
	uint8_t in[100];

	snprintf(rule.process, sizeof(rule.process), "%s", process);
	snprintf(rule.thread, sizeof(rule.thread), "%s", thread);
	EXPECT(publish(&rule, 1) == 0);
	EXPECT(sendto(own, "x", 1, 0, &to.any, loopback(AF_INET, raw_port(peer), &to)) == 1);
	EXPECT(raw_recv(peer, in, sizeof(in), 0) == expected);
	close(own);
	raw_syscall(SYS_close, peer, 0, 0, 0, 0, 0);
	return true;
}

static void *in_thread(void *unused)
{
	(void)unused;
	pthread_setname_np(pthread_self(), "isc-net-0000");
	return (void *)(intptr_t)(wire_bytes("dig", "isc-net-*", 33) && wire_bytes("dig", "isc-net-0000", 33) &&
				  wire_bytes("dig", "", 33) && wire_bytes("dig", "isc-net-0001", 1) &&
				  wire_bytes("isc-net-0000", "", 1));
}

static bool names(void)
{
	pthread_t thread;
	void *so;

	/* Of a program whose sockets belong to a thread of another name, as dig's do. */
	EXPECT(pthread_setname_np(pthread_self(), "dig") == 0);
	EXPECT(wire_bytes("dig", "", 33) && wire_bytes("di*", "", 33) && wire_bytes("other", "", 1));
	EXPECT(wire_bytes("di", "", 1) && wire_bytes("dig", "isc-*", 1));
	EXPECT(pthread_create(&thread, NULL, in_thread, NULL) == 0 && pthread_join(thread, &so) == 0);
	EXPECT(so);
	return true;
}

struct reader {
	int fd;
	ssize_t got;
	int error;
	char in[100];
};

static void *read_once(void *argument)
{
	struct reader *reader = argument;

	reader->got = recv(reader->fd, reader->in, sizeof(reader->in), 0);
	reader->error = errno;
	return NULL;
}

/* Gives a thread that has nothing before it but a sleep all the time that it can need to get there. */
static void let_it_sleep(void)
{
	for (int i = 0; i < 50; i++)
		poll(NULL, 0, 1);
}

static bool flushed_under_readers(void)
{
	struct pair pair;
	struct reader stream, datagram;
	pthread_t threads[2];
	union address to;

	/* Both sleep in tapped receives; the table goes; what comes then is plain, and reaches them. */
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(863, BOTH, 0)));
	EXPECT(write(pair.client, "a", 1) == 1 && read(pair.server, stream.in, 10) == 1);
	const int server = udp_bound(AF_INET), client = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rules[4] = { rule_stream(863, BOTH, pair.port), rule_stream(1863, BOTH | L45_TAP_SERVER, pair.port),
					 rule_datagram(864, BOTH, port_of(server)),
					 rule_datagram(1864, BOTH | L45_TAP_SERVER, port_of(server)) };

	EXPECT(publish(rules, 4) == 0);
	stream = (struct reader){ .fd = pair.server };
	datagram = (struct reader){ .fd = server };
	EXPECT(pthread_create(&threads[0], NULL, read_once, &stream) == 0);
	EXPECT(pthread_create(&threads[1], NULL, read_once, &datagram) == 0);
	let_it_sleep();
	EXPECT(publish(NULL, 0) == 0);
	EXPECT(write(pair.client, "stream", 6) == 6);
	EXPECT(sendto(client, "datagram", 8, 0, &to.any, loopback(AF_INET, port_of(server), &to)) == 8);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	EXPECT(stream.got == 6 && memcmp(stream.in, "stream", 6) == 0);
	EXPECT(datagram.got == 8 && memcmp(datagram.in, "datagram", 8) == 0);
	return true;
}

static bool queued_before(void)
{
	const int server = udp_bound(AF_INET), client = socket(AF_INET, SOCK_DGRAM, 0);
	union address to;
	char in[100];

	/* What was queued before the table changed is what it was, either way. */
	EXPECT(publish(NULL, 0) == 0);
	const socklen_t bytes = loopback(AF_INET, port_of(server), &to);

	EXPECT(sendto(client, "plain", 5, 0, &to.any, bytes) == 5);
	EXPECT(publish_pair(rule_datagram(865, BOTH, port_of(server))) == 0);
	EXPECT(sendto(client, "tagged", 6, 0, &to.any, bytes) == 6);
	EXPECT(publish(NULL, 0) == 0);
	EXPECT(recv(server, in, sizeof(in), 0) == 5 && memcmp(in, "plain", 5) == 0);
	EXPECT(recv(server, in, sizeof(in), 0) == 6 && memcmp(in, "tagged", 6) == 0);
	return true;
}

static bool killed_inside_send(void)
{
	struct pair pair;
	const size_t bytes = 30000000;
	uint8_t *out = malloc(bytes), *in = malloc(bytes);
	size_t got = 0;

	EXPECT(out && in);
	fill(out, bytes, 61);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(866, BOTH, 0)));
	const pid_t child = fork();

	if (child == 0) {
		write_all(pair.client, out, bytes);
		_exit(1);
	}
	struct pollfd wait = { .fd = pair.client, .events = POLLOUT };

	for (int i = 0; i < 20000 && poll(&wait, 1, 0) == 1; i++)
		poll(NULL, 0, 1);
	EXPECT(poll(&wait, 1, 0) == 0);
	kill(child, SIGKILL);
	EXPECT(join_status(child) == 128 + SIGKILL);
	/* The kernel knows what it took: the stream goes on behind that. */
	fcntl(pair.server, F_SETFL, O_NONBLOCK);
	for (;;) {
		const ssize_t more = read(pair.server, in + got, bytes - got);

		if (more > 0) {
			got += (size_t)more;
			continue;
		}
		EXPECT(more == -1 && errno == EAGAIN);
		wait = (struct pollfd){ .fd = pair.server, .events = POLLIN };
		if (poll(&wait, 1, 300) == 0)
			break;
	}
	EXPECT(got > 0 && memcmp(in, out, got) == 0);
	EXPECT(write(pair.client, "and on", 6) == 6);
	wait = (struct pollfd){ .fd = pair.server, .events = POLLIN };
	EXPECT(poll(&wait, 1, 5000) == 1 && read(pair.server, in, 100) == 6 && memcmp(in, "and on", 6) == 0);
	return true;
}

static bool passed_and_in_flight(void)
{
	const int server = udp_bound(AF_INET), client = socket(AF_INET, SOCK_DGRAM, 0);
	char byte = 'f', control[CMSG_SPACE(sizeof(int))], in[100];
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	union address to;
	int over[2], fd;

	/* A descriptor that lies in a Unix socket is in no process: the table still changes under it, and lets go of it. */
	EXPECT(publish_pair(rule_datagram(867, BOTH, port_of(server))) == 0);
	const socklen_t bytes = loopback(AF_INET, port_of(server), &to);

	EXPECT(sendto(client, "one", 3, 0, &to.any, bytes) == 3 && recv(server, in, sizeof(in), 0) == 3);
	EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, over) == 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &server, sizeof(server));
	EXPECT(sendmsg(over[0], &message, 0) == 1 && close(server) == 0);
	EXPECT(publish(NULL, 0) == 0);
	EXPECT(sendto(client, "two", 3, 0, &to.any, bytes) == 3);
	EXPECT(recvmsg(over[1], &message, 0) == 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	EXPECT(recv(fd, in, sizeof(in), 0) == 3 && memcmp(in, "two", 3) == 0);
	return true;
}

static bool second_thread(void)
{
	struct sight sight;
	struct sender sender = { .data = "other", .bytes = 5 };
	pthread_t thread;

	EXPECT(sight_begin(&sight, 868));
	EXPECT(write(sight.own, "first", 5) == 5 && sight_sees(&sight, "first", 5));
	sender.fd = sight.own;
	EXPECT(pthread_create(&thread, NULL, send_in_thread, &sender) == 0 && pthread_join(thread, NULL) == 0);
	EXPECT(sender.ok && sight_sees(&sight, "other", 5));
	return true;
}

static bool closed_leaves_none(void)
{
	struct sight sight;
	char text[4][L45_TAP_FLOW_TEXT];

	EXPECT(sight_begin(&sight, 869));
	EXPECT(write(sight.own, "x", 1) == 1 && sight_sees(&sight, "x", 1));
	EXPECT(module_of(869).sockets == 1 && l45_tap_read_flows(agent, 869, text, 4) == 1);
	close(sight.own);
	for (int i = 0; i < 1000 && module_of(869).sockets; i++)
		sched_yield();
	EXPECT(module_of(869).sockets == 0 && l45_tap_read_flows(agent, 869, text, 4) == 0);
	return true;
}

#define ROTATIONS 200

struct sink {
	int fd;
	uint8_t *in;
	size_t bytes, got;
};

static void *read_to_the_end(void *argument)
{
	struct sink *sink = argument;

	sink->got = read_all(sink->fd, sink->in, sink->bytes);
	return NULL;
}

/* Edition n goes out, edition n - 1 is still understood; of a stream on one port and of datagrams to another. */
static size_t editions(struct l45_tap_rule *rules, int turn, uint16_t stream_port, uint16_t datagram_port)
{
	size_t count = 0;

	for (int edition = turn; edition >= 0 && edition >= turn - 1; edition--)
		for (int server = 0; server < 2; server++) {
			const uint32_t flags = BOTH | (server ? L45_TAP_SERVER : 0);
			const uint64_t mod = 1100 + (uint64_t)(edition % 4) + (server ? 1000 : 0);
			struct l45_tap_rule stream = rule_stream(mod, flags, stream_port);
			struct l45_tap_rule datagram = rule_datagram(mod + 10, flags, datagram_port);

			stream.dialect.epoch = datagram.dialect.epoch = (uint32_t)edition + 1;
			stream.dialect.frame_bytes = edition % 2 ? 700 : 1000;
			stream.dialect.tag_bytes = datagram.dialect.tag_bytes = edition % 2 ? 48 : 32;
			stream.state = datagram.state = edition == turn ? L45_TAP_ACTIVE : L45_TAP_STANDBY;
			rules[count++] = stream;
			rules[count++] = datagram;
		}
	return count;
}

/* Editions turn while a stream is full and a datagram is under way across each turn; all of it is compared. */
static bool rotations(void)
{
	struct pair pair;
	const size_t bytes = 4000000;
	uint8_t *out = malloc(bytes), *in = malloc(bytes);
	const int server = udp_bound(AF_INET), client = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rules[8];
	pthread_t threads[2];
	union address to;
	char message[32], seen[100];

	EXPECT(out && in);
	fill(out, bytes, 62);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(1100, BOTH, 0)));
	struct sender sender = { .fd = pair.client, .data = out, .bytes = bytes };
	struct sink sink = { .fd = pair.server, .in = in, .bytes = bytes };
	const socklen_t to_bytes = loopback(AF_INET, port_of(server), &to);

	EXPECT(publish(rules, editions(rules, 0, pair.port, port_of(server))) == 0);
	EXPECT(pthread_create(&threads[0], NULL, send_in_thread, &sender) == 0);
	EXPECT(pthread_create(&threads[1], NULL, read_to_the_end, &sink) == 0);
	for (int turn = 1; turn <= ROTATIONS; turn++) {
		const int length = snprintf(message, sizeof(message), "turn %d", turn);

		EXPECT(sendto(client, message, (size_t)length, 0, &to.any, to_bytes) == length);
		EXPECT(publish(rules, editions(rules, turn, pair.port, port_of(server))) == 0);
		EXPECT(recv(server, seen, sizeof(seen), 0) == length && memcmp(seen, message, (size_t)length) == 0);
	}
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	EXPECT(sender.ok && sink.got == bytes && memcmp(in, out, bytes) == 0);
	for (uint64_t edition = 0; edition < 4; edition++)
		EXPECT(module_of(2100 + edition).forged == 0 && module_of(2110 + edition).forged == 0);
	return true;
}

const struct check live_checks[] = {
	{ "live: names, of the process and of the thread that opens", names },
	{ "live: the table goes under sleeping readers, what comes reaches them", flushed_under_readers },
	{ "live: what was queued before a table is what it was", queued_before },
	{ "live: a sender killed inside send, the stream goes on", killed_inside_send },
	{ "live: a table changes while the descriptor lies in a Unix socket", passed_and_in_flight },
	{ "live: a second thread of a socket is in the dialect too", second_thread },
	{ "live: a closed socket leaves no entry", closed_leaves_none },
	{ "live: 200 rotations under a full stream and datagrams", rotations },
	{ NULL, NULL },
};
