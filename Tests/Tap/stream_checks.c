/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "conform.h"

#include <fcntl.h>
#include <sys/sendfile.h>

static void nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static bool exchange(int family, struct l45_tap_rule rule)
{
	const size_t bytes = 3000017;
	uint8_t *out = malloc(bytes), *in = malloc(bytes);
	struct pair pair;
	pthread_t thread;

	EXPECT(out && in && tcp_pair(&pair, family, rule));
	for (int way = 0; way < 2; way++) {
		struct sender sender = { .fd = way ? pair.server : pair.client, .data = out, .bytes = bytes };
		const int reader = way ? pair.client : pair.server;
		size_t done = 0;

		fill(out, bytes, (unsigned int)way);
		EXPECT(pthread_create(&thread, NULL, send_in_thread, &sender) == 0);
		/* Reads of many sizes. */
		for (size_t size = 1; done < bytes; size = size * 7 % 70001 + 1) {
			const ssize_t got = read(reader, in + done, size < bytes - done ? size : bytes - done);

			EXPECT(got > 0);
			done += (size_t)got;
		}
		pthread_join(thread, NULL);
		EXPECT(sender.ok && memcmp(in, out, bytes) == 0);
	}
	const struct l45_tap_module client = module_of(rule.mod_id), server = module_of(rule.mod_id + 1000);
	const uint64_t frames = (bytes + rule.dialect.frame_bytes - 1) / rule.dialect.frame_bytes;

	EXPECT(client.bytes_sent == bytes && client.bytes_received == bytes);
	EXPECT(server.bytes_sent == bytes && server.bytes_received == bytes);
	EXPECT(client.messages_sent == frames && server.messages_received == frames);
	EXPECT(client.streams_in_dialect == 1 && client.sockets == 1 && client.streams_left_plain == 0);
	EXPECT(shutdown(pair.client, SHUT_WR) == 0 && read(pair.server, in, 1) == 0);
	EXPECT(shutdown(pair.server, SHUT_WR) == 0 && read(pair.client, in, 1) == 0);
	close(pair.client);
	close(pair.server);
	EXPECT(module_of(rule.mod_id).streams_in_dialect == 0);
	return true;
}

static bool v4(void) { return exchange(AF_INET, rule_stream(301, BOTH, 0)); }
static bool v6(void) { return exchange(AF_INET6, rule_stream(302, BOTH, 0)); }

static bool mapped(void)
{
	struct l45_tap_rule rule = rule_stream(303, BOTH, 0);

	memset(rule.remote.address + 10, 0xff, 2);
	rule.remote.address[12] = 127;
	rule.remote.prefix_bits = 104;
	return exchange(AF_INET6 | MAPPED, rule);
}

static bool short_frames(void)
{
	struct l45_tap_rule rule = rule_stream(304, BOTH, 0);

	rule.dialect.frame_bytes = 16;
	rule.dialect.tag_bytes = 12;
	return exchange(AF_INET, rule);
}

static bool long_frames(void)
{
	struct l45_tap_rule rule = rule_stream(305, BOTH, 0);

	rule.dialect.frame_bytes = 1 << 20;
	rule.dialect.tag_bytes = 64;
	return exchange(AF_INET, rule);
}

/* A tapped client against somebody who reads the wire. */
static bool wire(void)
{
	const int from = raw_listener(), own = socket(AF_INET, SOCK_STREAM, 0);
	struct l45_tap_rule rule = rule_stream(306, BOTH, raw_port(from));
	const struct l45_codec codec = codec_of(&rule), *list[1] = { &codec };
	struct l45_stream_rx rx = { .mode = L45_FRAMED, .direction = L45_REQUEST };
	struct l45_stream_tx tx = { .direction = L45_RESPONSE };
	static uint8_t out[2500], in[4000];
	union address to;
	size_t got = 0, plain, consumed;

	EXPECT(publish(&rule, 1) == 0);
	EXPECT(connect(own, &to.any, loopback(AF_INET, raw_port(from), &to)) == 0);
	const int peer = raw_accept(from);

	fill(out, sizeof(out), 1);
	EXPECT(write_all(own, out, sizeof(out)));
	while (got < 2500 + 3 * 32) {
		const long more = raw_recv(peer, in + got, sizeof(in) - got, 0);

		EXPECT(more > 0);
		got += (size_t)more;
	}
	EXPECT(got == 2500 + 3 * 32);
	EXPECT(memcmp(in, codec.ident[L45_REQUEST], 4) == 0 && memcmp(in + 1032, codec.ident[L45_REQUEST], 4) == 0);
	EXPECT(l45_stream_rx_feed(&rx, list, 1, in, got, &plain) == 0 && plain == 2500 && memcmp(in, out, 2500) == 0);
	const size_t wire_bytes = l45_stream_encode(&tx, &codec, out, 2500, in, sizeof(in), &consumed);

	EXPECT(consumed == 2500 && raw_send(peer, in, wire_bytes) == (long)wire_bytes);
	EXPECT(recv(own, in, 2500, MSG_WAITALL) == 2500 && memcmp(in, out, 2500) == 0);
	return true;
}

/* A tapped server, a peer whose wire we write ourselves. */
static bool framed_server(struct l45_tap_rule rule, int *server, int *peer, struct l45_codec *codec)
{
	const int from = listener(AF_INET);

	rule.flags |= L45_TAP_SERVER;
	rule.remote.port = 0;
	rule.local.port = port_of(from);
	*codec = codec_of(&rule);
	EXPECT(publish(&rule, 1) == 0);
	*peer = raw_connect(port_of(from));
	*server = accept(from, NULL, NULL);
	EXPECT(*server >= 0);
	close(from);
	return true;
}

static bool plain_client(void)
{
	int server, peer;
	struct l45_codec codec;
	char in[100];

	EXPECT(framed_server(rule_stream(307, BOTH, 0), &server, &peer, &codec));
	EXPECT(raw_send(peer, "GET", 3) == 3);
	EXPECT(read(server, in, sizeof(in)) == 3 && memcmp(in, "GET", 3) == 0);
	EXPECT(write(server, "OK", 2) == 2);
	EXPECT(raw_recv(peer, in, sizeof(in), 0) == 2 && memcmp(in, "OK", 2) == 0);
	EXPECT(module_of(307).passed_plain == 1 && module_of(307).streams_left_plain == 1);
	return true;
}

static bool responses_only(void)
{
	int server, peer;
	struct l45_codec codec;
	char in[100];

	EXPECT(framed_server(rule_stream(308, L45_TAP_RESPONSES, 0), &server, &peer, &codec));
	EXPECT(write(server, "220 ready", 9) == 9);
	EXPECT(raw_recv(peer, in, sizeof(in), 0) == 41 && memcmp(in, codec.ident[L45_RESPONSE], 4) == 0);
	EXPECT(raw_send(peer, "HELO", 4) == 4 && read(server, in, sizeof(in)) == 4);
	return true;
}

static bool server_first(void)
{
	struct pair pair;
	char in[100];

	/* Who answers in kind and speaks first can not know: plain, and both ends agree on it. */
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(309, BOTH, 0)));
	EXPECT(write(pair.server, "220 ready", 9) == 9);
	EXPECT(read(pair.client, in, sizeof(in)) == 9 && memcmp(in, "220 ready", 9) == 0);
	EXPECT(write(pair.client, "HELO", 4) == 4 && read(pair.server, in, sizeof(in)) == 4);
	EXPECT(module_of(309).messages_sent == 1 && module_of(309).messages_received == 0);
	return true;
}

static bool partial_writes(void)
{
	struct pair pair;
	const size_t bytes = 1000000;
	uint8_t *out = malloc(bytes), *in = malloc(bytes);
	size_t sent = 0, got = 0;
	int small = 4096, again = 0;

	EXPECT(out && in);
	fill(out, bytes, 5);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(310, BOTH, 0)));
	EXPECT(setsockopt(pair.client, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) == 0);
	nonblocking(pair.client);
	nonblocking(pair.server);
	/* The peer reads only when nothing more goes in: every write ends short, often inside a tag. */
	while (got < bytes) {
		while (sent < bytes) {
			const size_t size = 1 + (sent * 31) % 3001;
			const ssize_t taken = write(pair.client, out + sent, size < bytes - sent ? size : bytes - sent);

			if (taken < 0) {
				EXPECT(errno == EAGAIN);
				again++;
				break;
			}
			sent += (size_t)taken;
		}
		const ssize_t here = read(pair.server, in + got, bytes - got < 10000 ? bytes - got : 10000);

		if (here < 0) {
			struct pollfd wait = { .fd = pair.server, .events = POLLIN };

			EXPECT(errno == EAGAIN && poll(&wait, 1, 5000) == 1);
			continue;
		}
		EXPECT(here > 0);
		got += (size_t)here;
	}
	EXPECT(memcmp(in, out, bytes) == 0 && again > 10);
	return true;
}

static bool strict_reads(void)
{
	struct pair pair;
	static uint8_t out[50000], in[50000];
	size_t done = 0;

	fill(out, sizeof(out), 6);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(311, BOTH, 0)));
	EXPECT(write_all(pair.client, out, sizeof(out)));
	/* All of it is there: a read must give exactly what is asked for, however many tags lie between. */
	for (size_t size = 1; done < sizeof(out); size = size * 3 % 7919 + 1) {
		const size_t want = size < sizeof(out) - done ? size : sizeof(out) - done;

		EXPECT(read(pair.server, in + done, want) == (ssize_t)want);
		done += want;
	}
	EXPECT(memcmp(in, out, sizeof(out)) == 0);
	EXPECT(recv(pair.server, in, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	/* Into pieces, some of them empty. */
	struct iovec iov[4] = { { in, 700 }, { in, 0 }, { in + 700, 1 }, { in + 701, 4000 } };

	EXPECT(write_all(pair.client, out, 4000));
	EXPECT(readv(pair.server, iov, 4) == 4000 && memcmp(in, out, 4000) == 0);
	struct iovec gather[3] = { { out, 1500 }, { out + 1500, 0 }, { out + 1500, 2500 } };

	EXPECT(writev(pair.client, gather, 3) == 4000);
	EXPECT(read(pair.server, in, sizeof(in)) == 4000 && memcmp(in, out, 4000) == 0);
	return true;
}

static bool peek(void)
{
	struct pair pair;
	static uint8_t out[5000], in[6000];

	fill(out, sizeof(out), 7);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(312, BOTH, 0)));
	EXPECT(write_all(pair.client, out, sizeof(out)));
	EXPECT(recv(pair.server, in, 10, MSG_PEEK) == 10 && memcmp(in, out, 10) == 0);
	EXPECT(recv(pair.server, in, sizeof(in), MSG_PEEK) == 5000 && memcmp(in, out, 5000) == 0);
	EXPECT(recv(pair.server, in, 1500, 0) == 1500 && memcmp(in, out, 1500) == 0);
	EXPECT(recv(pair.server, in, 2600, MSG_PEEK) == 2600 && memcmp(in, out + 1500, 2600) == 0);
	EXPECT(recv(pair.server, in, sizeof(in), 0) == 3500 && memcmp(in, out + 1500, 3500) == 0);
	EXPECT(recv(pair.server, in, 1, MSG_PEEK | MSG_DONTWAIT) == -1 && errno == EAGAIN);
	struct sender sender = { .fd = pair.client, .data = out, .bytes = sizeof(out) };
	pthread_t thread;

	EXPECT(pthread_create(&thread, NULL, send_in_thread, &sender) == 0);
	EXPECT(recv(pair.server, in, 5000, MSG_PEEK | MSG_WAITALL) == 5000 && memcmp(in, out, 5000) == 0);
	pthread_join(thread, NULL);
	EXPECT(recv(pair.server, NULL, 4000, MSG_TRUNC) == 4000);
	EXPECT(recv(pair.server, in, sizeof(in), 0) == 1000 && memcmp(in, out + 4000, 1000) == 0);
	return true;
}

static void *send_slowly(void *argument)
{
	struct sender *sender = argument;

	for (size_t at = 0; at < sender->bytes; at += 100) {
		struct pollfd none = { .fd = -1 };

		poll(&none, 1, 2);
		if (write(sender->fd, (const char *)sender->data + at, 100) != 100)
			return NULL;
	}
	sender->ok = true;
	return NULL;
}

static bool wait_all(void)
{
	struct pair pair;
	static uint8_t out[3000], in[3000];
	pthread_t thread;

	fill(out, sizeof(out), 8);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(313, BOTH, 0)));
	struct sender sender = { .fd = pair.client, .data = out, .bytes = sizeof(out) };

	EXPECT(pthread_create(&thread, NULL, send_slowly, &sender) == 0);
	EXPECT(recv(pair.server, in, sizeof(in), MSG_WAITALL) == 3000 && memcmp(in, out, 3000) == 0);
	pthread_join(thread, NULL);
	/* The end cuts it short. */
	EXPECT(write(pair.client, out, 10) == 10);
	close(pair.client);
	EXPECT(recv(pair.server, in, 100, MSG_WAITALL) == 10 && recv(pair.server, in, 100, MSG_WAITALL) == 0);
	return true;
}

static bool low_water(void)
{
	struct pair pair;
	static uint8_t out[3000], in[3000];
	int mark = 1500, told = 0;
	socklen_t bytes = sizeof(told);

	fill(out, sizeof(out), 9);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(314, BOTH, 0)));
	EXPECT(setsockopt(pair.server, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof(mark)) == 0);
	struct pollfd wait = { .fd = pair.server, .events = POLLIN };

	/* 1490 plain bytes and two tags: more than 1500 on the wire. */
	EXPECT(write(pair.client, out, 1490) == 1490);
	EXPECT(poll(&wait, 1, 30) == 0);
	EXPECT(getsockopt(pair.server, SOL_SOCKET, SO_RCVLOWAT, &told, &bytes) == 0 && told == 1500);
	EXPECT(write(pair.client, out + 1490, 10) == 10);
	EXPECT(poll(&wait, 1, 2000) == 1);
	EXPECT(recv(pair.server, in, sizeof(in), 0) == 1500 && memcmp(in, out, 1500) == 0);
	struct sender sender = { .fd = pair.client, .data = out, .bytes = 2000 };
	pthread_t thread;

	EXPECT(pthread_create(&thread, NULL, send_slowly, &sender) == 0);
	EXPECT(recv(pair.server, in, sizeof(in), 0) >= 1500);
	pthread_join(thread, NULL);
	return true;
}

static bool fionread(void)
{
	struct pair pair;
	uint8_t out[2500];
	int bytes = -1;

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(315, BOTH, 0)));
	EXPECT(ioctl(pair.server, FIONREAD, &bytes) == 0 && bytes == 0);
	fill(out, sizeof(out), 1);
	EXPECT(write_all(pair.client, out, sizeof(out)));
	EXPECT(ioctl(pair.server, FIONREAD, &bytes) == 0 && bytes == 2500);
	EXPECT(read(pair.server, out, 700) == 700);
	EXPECT(ioctl(pair.server, FIONREAD, &bytes) == 0 && bytes == 1800);
	return true;
}

static bool file_of(int *fd, uint8_t *data, size_t bytes)
{
	char path[] = "/tmp/l45-conform-XXXXXX";

	*fd = mkstemp(path);
	EXPECT(*fd >= 0);
	unlink(path);
	fill(data, bytes, 11);
	EXPECT(write_all(*fd, data, bytes));
	EXPECT(lseek(*fd, 0, SEEK_SET) == 0);
	return true;
}

static void *read_in_thread(void *argument)
{
	struct sender *reader = argument;

	reader->ok = read_all(reader->fd, (void *)reader->data, reader->bytes) == reader->bytes;
	return NULL;
}

static bool send_file(void)
{
	struct pair pair;
	const size_t bytes = 1000003;
	uint8_t *out = malloc(bytes), *in = malloc(bytes);
	struct sender reader;
	pthread_t thread;
	off_t offset = 1000;
	int file;

	EXPECT(out && in && file_of(&file, out, bytes));
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(316, BOTH, 0)));
	reader = (struct sender){ .fd = pair.server, .data = in, .bytes = bytes - 1000 };
	EXPECT(pthread_create(&thread, NULL, read_in_thread, &reader) == 0);
	while (offset < (off_t)bytes)
		EXPECT(sendfile(pair.client, file, &offset, 300000) > 0);
	pthread_join(thread, NULL);
	EXPECT(reader.ok && memcmp(in, out + 1000, bytes - 1000) == 0);
	EXPECT(lseek(file, 0, SEEK_CUR) == 0); /* an offset of the caller's leaves the file's alone */
	EXPECT(sendfile(pair.client, file, &offset, 10) == 0);
	/* By the file's own position, non-blocking, into a full socket: exactly what was taken is told and moved over. */
	nonblocking(pair.client);
	size_t sent = 0;
	for (;;) {
		const ssize_t taken = sendfile(pair.client, file, NULL, bytes - sent);

		if (taken <= 0) {
			EXPECT(taken == 0 || errno == EAGAIN);
			break;
		}
		sent += (size_t)taken;
		EXPECT(lseek(file, 0, SEEK_CUR) == (off_t)sent);
	}
	EXPECT(read_all(pair.server, in, sent) == sent && memcmp(in, out, sent) == 0);
	EXPECT(module_of(316).bytes_sent == bytes - 1000 + sent);
	return true;
}

static bool splice_both(void)
{
	struct pair pair;
	static uint8_t out[30000], in[30000];
	int pipe_fds[2];

	fill(out, sizeof(out), 12);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(317, BOTH, 0)) && pipe(pipe_fds) == 0);
	EXPECT(write_all(pipe_fds[1], out, sizeof(out)));
	for (size_t done = 0; done < sizeof(out);) {
		const ssize_t moved = splice(pipe_fds[0], NULL, pair.client, NULL, sizeof(out) - done, 0);

		EXPECT(moved > 0);
		done += (size_t)moved;
	}
	for (size_t done = 0; done < sizeof(out);) {
		const ssize_t moved = splice(pair.server, NULL, pipe_fds[1], NULL, sizeof(out) - done, 0);

		EXPECT(moved > 0 && read_all(pipe_fds[0], in + done, (size_t)moved) == (size_t)moved);
		done += (size_t)moved;
	}
	EXPECT(memcmp(in, out, sizeof(out)) == 0);
	EXPECT(splice(pair.server, NULL, pipe_fds[1], NULL, 100, SPLICE_F_NONBLOCK) == -1 && errno == EAGAIN);
	EXPECT(module_of(317).bytes_sent == sizeof(out));
	return true;
}

static bool half_close(void)
{
	struct pair pair;
	static uint8_t data[20000], in[20000];

	fill(data, sizeof(data), 13);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(318, BOTH, 0)));
	EXPECT(write(pair.client, "request", 7) == 7 && shutdown(pair.client, SHUT_WR) == 0);
	EXPECT(read_all(pair.server, in, 100) == 7);
	EXPECT(write_all(pair.server, data, sizeof(data)));
	close(pair.server);
	EXPECT(read_all(pair.client, in, sizeof(in)) == sizeof(in) && memcmp(in, data, sizeof(data)) == 0);
	EXPECT(read(pair.client, in, 1) == 0);
	return true;
}

static bool urgent(void)
{
	struct pair pair;
	char in[100];

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(319, BOTH, 0)));
	EXPECT(write(pair.client, "before", 6) == 6 && send(pair.client, "!", 1, MSG_OOB) == 1);
	struct pollfd wait = { .fd = pair.server, .events = POLLPRI };

	EXPECT(poll(&wait, 1, 2000) == 1 && (wait.revents & POLLPRI));
	EXPECT(recv(pair.server, in, 1, MSG_OOB) == 1 && in[0] == '!');
	EXPECT(write(pair.client, "after", 5) == 5);
	EXPECT(read_all(pair.server, in, 11) == 11 && memcmp(in, "beforeafter", 11) == 0);
	return true;
}

static bool rotation(void)
{
	struct pair pair;
	const size_t bytes = 20000000;
	uint8_t *out = malloc(bytes), *in = malloc(bytes);
	struct l45_tap_rule rules[4];
	pthread_t thread;
	uint64_t sent[6] = { 0 }, received[6] = { 0 };
	size_t done = 0;
	int turns = 0;

	EXPECT(out && in);
	fill(out, bytes, 14);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(400, BOTH, 0)));
	struct sender sender = { .fd = pair.client, .data = out, .bytes = bytes };
	/* Small buffers hold the sender in step: it is never a phase ahead of the reader. */
	const int step = 65536;

	EXPECT(setsockopt(pair.client, SOL_SOCKET, SO_SNDBUF, &step, sizeof(step)) == 0);
	EXPECT(setsockopt(pair.server, SOL_SOCKET, SO_RCVBUF, &step, sizeof(step)) == 0);
	EXPECT(pthread_create(&thread, NULL, send_in_thread, &sender) == 0);
	while (done < bytes) {
		const size_t want = bytes - done < 64000 ? bytes - done : 64000;
		const ssize_t got = read(pair.server, in + done, want);

		EXPECT(got > 0);
		/* Every megabyte a phase. The new edition has other frames and other tags; at last the old one is revoked. */
		if (done / 1000000 != (done + (size_t)got) / 1000000) {
			const int phase = turns % 4, edition = turns / 4;
			size_t count = 0;

			/* Read while it is in a table: what is revoked may be forgotten. */
			sent[edition] = module_of(400 + (uint64_t)edition).messages_sent;
			received[edition] = module_of(1400 + (uint64_t)edition).messages_received;
			for (int i = 0; i < 4; i++) {
				struct l45_tap_rule rule = rule_stream(400 + (uint64_t)edition + (uint64_t)(i >= 2),
								       BOTH | (i % 2 ? L45_TAP_SERVER : 0), pair.port);

				rule.mod_id += i % 2 ? 1000 : 0;
				rule.dialect.epoch = 1 + (uint32_t)(edition + (i >= 2));
				if ((edition + (i >= 2)) % 2) {
					rule.dialect.frame_bytes = 700;
					rule.dialect.tag_bytes = 48;
				}
				/* standby, clients over, servers over, deprecated */
				rule.state = i >= 2 ? (phase >= 1 + i % 2 ? L45_TAP_ACTIVE : L45_TAP_STANDBY)
						    : (phase == 3 ? L45_TAP_DEPRECATED
								  : phase >= 1 + i % 2 ? L45_TAP_STANDBY : L45_TAP_ACTIVE);
				rules[count++] = rule;
			}
			EXPECT(publish(rules, count) == 0);
			turns++;
		}
		done += (size_t)got;
		if (turns % 4 == 2 && done % 3 == 0)
			EXPECT(write(pair.server, "ack", 3) == 3 && read_all(pair.client, rules, 3) == 3);
	}
	pthread_join(thread, NULL);
	EXPECT(sender.ok && memcmp(in, out, bytes) == 0 && turns >= 19);
	for (int edition = 0; edition < turns / 4; edition++)
		EXPECT(sent[edition] > 100 && received[edition] > 100);
	/* Which edition its last frame is in depends on how far the sender ran ahead; it is one, and the acks may be in another. */
	uint32_t spoken = 0;

	for (uint64_t module = 400; module <= 405; module++)
		spoken += module_of(module).streams_in_dialect;
	EXPECT(spoken >= 1 && spoken <= 2);
	return true;
}

static bool leave(void)
{
	struct pair pair;
	static uint8_t out[10000], in[10000];

	fill(out, sizeof(out), 15);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(320, BOTH, 0)));
	EXPECT(write_all(pair.client, out, 2500) && read_all(pair.server, in, 2500) == 2500);
	EXPECT(write(pair.server, "x", 1) == 1 && read(pair.client, in, 10) == 1);
	struct l45_tap_rule rules[2] = { rule_stream(320, BOTH, pair.port), rule_stream(1320, BOTH | L45_TAP_SERVER, pair.port) };

	rules[0].state = rules[1].state = L45_TAP_DEPRECATED;
	EXPECT(publish(rules, 2) == 0);
	EXPECT(module_of(320).streams_in_dialect == 1);
	/* 500 bytes finish the frame under way; then it leaves. All in one write and one read. */
	EXPECT(write_all(pair.client, out, 7500) && read_all(pair.server, in, 7500) == 7500);
	EXPECT(memcmp(in, out, 7500) == 0);
	EXPECT(write_all(pair.server, out, 3000) && read_all(pair.client, in, 3000) == 3000);
	EXPECT(memcmp(in, out, 3000) == 0);
	EXPECT(module_of(320).streams_in_dialect == 0 && module_of(1320).streams_in_dialect == 0);
	/* Revoked: plain for good, also when a new rule comes. */
	EXPECT(publish(NULL, 0) == 0);
	EXPECT(publish_pair(rule_stream(321, BOTH, pair.port)) == 0);
	EXPECT(write_all(pair.client, out, 5000) && read_all(pair.server, in, 5000) == 5000);
	EXPECT(memcmp(in, out, 5000) == 0);
	EXPECT(module_of(321).streams_left_plain == 1 && module_of(321).messages_sent == 0);
	return true;
}

static bool revoked_mid_frame(void)
{
	struct pair pair;
	static uint8_t out[10000], in[10000];

	fill(out, sizeof(out), 16);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(322, BOTH, 0)));
	EXPECT(write_all(pair.client, out, 1500) && read_all(pair.server, in, 1500) == 1500);
	EXPECT(publish(NULL, 0) == 0);
	/* The sender ends its frame, and leaves by a tag that the receiver still knows only if it kept the codec. */
	EXPECT(write_all(pair.client, out, 900) && read_all(pair.server, in, 900) == 900);
	EXPECT(memcmp(in, out, 900) == 0);
	return true;
}

static bool opened_before(void)
{
	struct pair pair;
	union address to;
	char in[100];
	const int from = listener(AF_INET);

	EXPECT(publish(NULL, 0) == 0);
	pair.client = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT(connect(pair.client, &to.any, loopback(AF_INET, port_of(from), &to)) == 0);
	pair.server = accept(from, NULL, NULL);
	EXPECT(publish_pair(rule_stream(323, BOTH, port_of(from))) == 0);
	EXPECT(write(pair.client, "hello", 5) == 5 && read(pair.server, in, sizeof(in)) == 5);
	EXPECT(write(pair.server, "there", 5) == 5 && read(pair.client, in, sizeof(in)) == 5);
	EXPECT(module_of(323).streams_left_plain == 1 && module_of(1323).streams_left_plain == 1);
	EXPECT(module_of(323).messages_sent == 0);
	/* A new connection of the same programs is in the dialect. */
	const int second = socket(AF_INET, SOCK_STREAM, 0);

	EXPECT(connect(second, &to.any, loopback(AF_INET, port_of(from), &to)) == 0);
	const int accepted = accept(from, NULL, NULL);

	EXPECT(write(second, "hello", 5) == 5 && read(accepted, in, sizeof(in)) == 5);
	EXPECT(module_of(323).messages_sent == 1 && module_of(323).streams_in_dialect == 1);
	return true;
}

static bool enforce(void)
{
	int server, peer;
	struct l45_codec codec;
	char in[100];

	EXPECT(framed_server(rule_stream(324, BOTH | L45_TAP_ENFORCE, 0), &server, &peer, &codec));
	EXPECT(raw_send(peer, "GET", 3) == 3);
	EXPECT(read(server, in, sizeof(in)) == -1 && errno == ECONNRESET);
	EXPECT(module_of(324).dropped == 1);
	EXPECT(raw_recv(peer, in, sizeof(in), 0) <= 0);
	return true;
}

static bool broken_tag(void)
{
	int server, peer;
	struct l45_codec codec;
	struct l45_stream_tx tx = { .direction = L45_REQUEST };
	static uint8_t out[2000], wire_bytes[3000], in[3000];
	size_t consumed;

	EXPECT(framed_server(rule_stream(325, BOTH, 0), &server, &peer, &codec));
	fill(out, sizeof(out), 17);
	const size_t bytes = l45_stream_encode(&tx, &codec, out, sizeof(out), wire_bytes, sizeof(wire_bytes), &consumed);

	wire_bytes[1032 + 8] ^= 1; /* the second tag */
	EXPECT(raw_send(peer, wire_bytes, bytes) == (long)bytes);
	EXPECT(read(server, in, sizeof(in)) == 1000 && memcmp(in, out, 1000) == 0);
	EXPECT(read(server, in, sizeof(in)) == -1 && errno == ECONNRESET);
	EXPECT(module_of(325).forged == 1);
	return true;
}

static bool wrong_key(void)
{
	int server, peer;
	struct l45_codec codec;
	struct l45_stream_tx tx = { .direction = L45_REQUEST };
	uint8_t wire_bytes[100], in[100];
	size_t consumed;

	EXPECT(framed_server(rule_stream(326, BOTH, 0), &server, &peer, &codec));
	struct l45_dialect dialect = codec.dialect;

	dialect.secret[5] ^= 1;
	EXPECT(l45_codec_prepare(&codec, &dialect) == 0);
	const size_t bytes = l45_stream_encode(&tx, &codec, (const uint8_t *)"data", 4, wire_bytes, 100, &consumed);

	EXPECT(raw_send(peer, wire_bytes, bytes) == (long)bytes);
	EXPECT(read(server, in, sizeof(in)) == 36 && memcmp(in, wire_bytes, 36) == 0); /* a stranger's bytes, as they came */
	return true;
}

static bool opening_in_drops(void)
{
	int server, peer;
	struct l45_codec codec;
	struct l45_stream_tx tx = { .direction = L45_REQUEST };
	uint8_t wire_bytes[100];
	char in[100];
	size_t consumed;

	EXPECT(framed_server(rule_stream(327, BOTH, 0), &server, &peer, &codec));
	const size_t bytes = l45_stream_encode(&tx, &codec, (const uint8_t *)"data", 4, wire_bytes, 100, &consumed);

	/* A plain client whose first two bytes might open a tag, and no more come: it must not wait for ever. */
	(void)bytes;
	EXPECT(raw_send(peer, wire_bytes, 2) == 2);
	EXPECT(read(server, in, sizeof(in)) == 2 && memcmp(in, wire_bytes, 2) == 0);
	return true;
}

static bool byte_by_byte(void)
{
	int server, peer;
	struct l45_codec codec;
	struct l45_stream_tx tx = { .direction = L45_REQUEST };
	static uint8_t wire_bytes[3000], out[1200];
	uint8_t in[10];
	size_t consumed, told = 0;

	EXPECT(framed_server(rule_stream(328, BOTH, 0), &server, &peer, &codec));
	fill(out, sizeof(out), 18);
	const size_t bytes = l45_stream_encode(&tx, &codec, out, sizeof(out), wire_bytes, sizeof(wire_bytes), &consumed);

	nonblocking(server);
	EXPECT(raw_send(peer, wire_bytes, 4) == 4);
	for (size_t i = 4; i <= bytes; i++) {
		const ssize_t got = read(server, in, sizeof(in));

		if (got > 0) {
			EXPECT(got == 1 && in[0] == out[told]);
			told++;
		} else {
			EXPECT(got == -1 && errno == EAGAIN);
		}
		if (i < bytes)
			EXPECT(raw_send(peer, wire_bytes + i, 1) == 1);
	}
	EXPECT(told == sizeof(out));
	return true;
}

static bool connect_later(void)
{
	union address to;
	char in[100];
	const int from = listener(AF_INET), own = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int error = -1;
	socklen_t bytes = sizeof(error);

	EXPECT(publish_pair(rule_stream(329, BOTH, port_of(from))) == 0);
	nonblocking(from);
	EXPECT(accept(from, NULL, NULL) == -1 && errno == EAGAIN);
	const int begun = connect(own, &to.any, loopback(AF_INET, port_of(from), &to));

	EXPECT(begun == 0 || errno == EINPROGRESS);
	struct pollfd wait = { .fd = own, .events = POLLOUT };

	EXPECT(poll(&wait, 1, 2000) == 1 && getsockopt(own, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 && error == 0);
	wait = (struct pollfd){ .fd = from, .events = POLLIN };
	EXPECT(poll(&wait, 1, 2000) == 1);
	const int server = accept4(from, NULL, NULL, SOCK_CLOEXEC);

	EXPECT(server >= 0 && write(own, "abc", 3) == 3 && read(server, in, sizeof(in)) == 3);
	EXPECT(module_of(329).messages_sent == 1);
	/* A refused connection is refused, and the socket can be used again. */
	close(from);
	const int other = socket(AF_INET, SOCK_STREAM, 0);

	EXPECT(connect(other, &to.any, sizeof(to.v4)) == -1 && errno == ECONNREFUSED);
	return true;
}

static bool fast_open(void)
{
	union address to;
	char in[100];
	const int from = listener(AF_INET), own = socket(AF_INET, SOCK_STREAM, 0);
	const socklen_t bytes = loopback(AF_INET, port_of(from), &to);

	EXPECT(publish_pair(rule_stream(330, BOTH, port_of(from))) == 0);
	EXPECT(sendto(own, "early", 5, MSG_FASTOPEN, &to.any, bytes) == 5);
	const int server = accept(from, NULL, NULL);

	EXPECT(read(server, in, sizeof(in)) == 5 && memcmp(in, "early", 5) == 0);
#ifdef L45_KERNEL_TAP
	/* Its bytes are on their way before the socket can be seen opening: such a connection stays plain, and works. */
	EXPECT(module_of(330).messages_sent == 0);
#else
	EXPECT(module_of(1330).messages_received == 1);
#endif
	return true;
}

static bool stdio(void)
{
	struct pair pair;
	char line[100];

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(331, BOTH, 0)));
	FILE *out = fdopen(pair.client, "w"), *in = fdopen(pair.server, "r");

	EXPECT(out && in && fileno(out) == pair.client);
	EXPECT(fprintf(out, "line one\nline two\n") > 0 && fflush(out) == 0);
	EXPECT(fgets(line, sizeof(line), in) && strcmp(line, "line one\n") == 0);
	EXPECT(fgets(line, sizeof(line), in) && strcmp(line, "line two\n") == 0);
	EXPECT(dprintf(pair.client, "%d\n", 42) == 3 && fgets(line, sizeof(line), in) && strcmp(line, "42\n") == 0);
	EXPECT(fclose(out) == 0 && fgets(line, sizeof(line), in) == NULL && feof(in));
	EXPECT(module_of(331).bytes_sent == 21);
	EXPECT(fclose(in) == 0 && fcntl(pair.server, F_GETFD) == -1);
	return true;
}

static bool watchers(void)
{
	struct pair pair;
	struct l45_tap_rule rule = rule_stream(332, BOTH, 0);
	char in[100];

	rule.dialect.kind = L45_MONITOR;
	EXPECT(tcp_pair(&pair, AF_INET, rule));
	EXPECT(write(pair.client, "hello", 5) == 5 && read(pair.server, in, sizeof(in)) == 5);
	EXPECT(module_of(332).bytes_sent == 5 && module_of(1332).bytes_received == 5);
	return true;
}

static bool refused_options(void)
{
	struct pair pair;

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(333, BOTH, 0)));
#ifndef L45_KERNEL_TAP /* which carries io_uring, and has a check of its own for kTLS */
	EXPECT(setsockopt(pair.client, IPPROTO_TCP, TCP_ULP, "tls", 4) == -1 && errno == ENOENT);
	EXPECT(syscall(425 /* io_uring_setup */, 8, NULL) == -1 && errno == ENOSYS);
#endif
	EXPECT(syscall(SYS_write, pair.client, "x", 1) == 1);
	char in[10];

	EXPECT(syscall(SYS_read, pair.server, in, sizeof(in)) == 1);
	EXPECT(module_of(333).bytes_sent == 1);
	return true;
}

static bool delayed(void)
{
	struct pair pair;
	struct l45_tap_rule rule = rule_stream(334, BOTH, 0);
	char in[10];

	rule.delay_us = 50000;
	EXPECT(tcp_pair(&pair, AF_INET, rule));
	const long start = now_ms();

	EXPECT(write(pair.client, "x", 1) == 1 && read(pair.server, in, 10) == 1);
	EXPECT(now_ms() - start >= 50);
	return true;
}

static bool watched_and_delayed(void)
{
	struct pair pair;
	struct l45_tap_rule rule = rule_stream(336, L45_TAP_REQUESTS, 0);
	char in[10];

	rule.delay_us = 50000;
	rule.dialect.kind = L45_MONITOR;
	EXPECT(tcp_pair(&pair, AF_INET, rule));
	const long start = now_ms();

	EXPECT(write(pair.client, "x", 1) == 1 && read(pair.server, in, 10) == 1);
	EXPECT(now_ms() - start >= 50);
	/* Requests alone: the answer is not held back. */
	const long turned = now_ms();

	EXPECT(write(pair.server, "y", 1) == 1 && read(pair.client, in, 10) == 1);
	EXPECT(now_ms() - turned < 50);
	return true;
}

static bool one_side_tapped_port(void)
{
	struct pair pair;
	struct l45_tap_rule rule = rule_stream(335, BOTH, 0);
	char in[100];

	/* A rule for another program: nothing happens, and the connection is not even counted. */
	snprintf(rule.process, sizeof(rule.process), "somebody-else");
	EXPECT(tcp_pair(&pair, AF_INET, rule));
	struct l45_tap_module module;
#ifdef L45_KERNEL_TAP
	/* It lists a module from its first table on. */
	EXPECT(write(pair.client, "abc", 3) == 3 && read(pair.server, in, sizeof(in)) == 3);
	EXPECT(l45_tap_read_module(agent, 335, &module) == 0 && module.sockets == 0 && module.messages_sent == 0);
#else
	EXPECT(write(pair.client, "abc", 3) == 3 && raw_recv(pair.server, in, sizeof(in), 0) == 3);
	EXPECT(l45_tap_read_module(agent, 335, &module) == -ENOENT && module.sockets == 0);
#endif
	return true;
}

const struct check stream_checks[] = {
	{ "tcp: IPv4, 3 MB each way, reads of many sizes", v4 },
	{ "tcp: IPv6", v6 },
	{ "tcp: v4-mapped sockets match an IPv4 rule", mapped },
	{ "tcp: frames of 16 bytes, tags of 12", short_frames },
	{ "tcp: frames of 1 MiB, tags of 64", long_frames },
	{ "tcp: the wire carries the tags, and a tagged answer comes plain", wire },
	{ "tcp: a plain client of a tapped server is served plain", plain_client },
	{ "tcp: responses only are tagged from the first byte", responses_only },
	{ "tcp: a server that speaks first stays plain", server_first },
	{ "tcp: short non-blocking writes, some inside a tag", partial_writes },
	{ "tcp: strict reads get exactly what they ask for", strict_reads },
	{ "tcp: MSG_PEEK, MSG_PEEK with MSG_WAITALL, MSG_TRUNC", peek },
	{ "tcp: MSG_WAITALL", wait_all },
	{ "tcp: SO_RCVLOWAT in plain bytes", low_water },
	{ "tcp: FIONREAD in plain bytes", fionread },
	{ "tcp: sendfile with and without an offset, blocking or not", send_file },
	{ "tcp: splice from and to a pipe", splice_both },
	{ "tcp: half-close", half_close },
	{ "tcp: urgent data", urgent },
	{ "tcp: 20 phases of rotation in one live stream", rotation },
	{ "tcp: a deprecated dialect is left at the frame boundary", leave },
	{ "tcp: a dialect revoked in mid-frame is left in order", revoked_mid_frame },
	{ "tcp: a connection opened before the rule stays plain and is counted", opened_before },
	{ "tcp: enforce resets a plain connection", enforce },
	{ "tcp: a broken tag ends the stream after what came before it", broken_tag },
	{ "tcp: another secret is a stranger", wrong_key },
	{ "tcp: an opening that might become a tag is not waited for long", opening_in_drops },
	{ "tcp: byte by byte", byte_by_byte },
	{ "tcp: non-blocking connect and accept, a refused connection", connect_later },
	{ "tcp: MSG_FASTOPEN", fast_open },
	{ "tcp: stdio on a socket", stdio },
	{ "tcp: a monitor counts and changes nothing", watchers },
	{ "tcp: kTLS and io_uring are declined, syscall() goes through", refused_options },
	{ "tcp: delay before sending", delayed },
	{ "tcp: a monitor holds back what it does not change", watched_and_delayed },
	{ "tcp: a rule for another process is none", one_side_tapped_port },
	{ NULL, NULL },
};
