/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A dialect that begins after a TLS handshake. The records' contents mean nothing here: the tap looks at their headers. */
#include "conform.h"

enum { HELLO = 22, CHANGE = 20, DATA = 23 };
#define STEP_MAX (300u * 1024)

static struct l45_tap_rule after_handshake(uint64_t mod, uint32_t flags)
{
	struct l45_tap_rule rule = rule_stream(mod, flags, 0);

	rule.dialect.start = L45_AFTER_TLS_HANDSHAKE;
	rule.dialect.frame_bytes = 100;
	return rule;
}

/* Appends a record. Returns the bytes that are there now. */
static size_t record(uint8_t *out, size_t at, uint8_t type, size_t bytes)
{
	const uint8_t header[5] = { type, 3, 3, (uint8_t)(bytes >> 8), (uint8_t)bytes };

	memcpy(out + at, header, sizeof(header));
	fill(out + at + 5, bytes, (unsigned int)(at + type));
	return at + 5 + bytes;
}

static size_t handshake(uint8_t *out)
{
	return record(out, record(out, record(out, 0, HELLO, 517), CHANGE, 1), HELLO, 40);
}

/* A tapped server and a peer whose wire we write ourselves. */
static bool server_of(struct l45_tap_rule rule, int *server, int *peer)
{
	const int from = listener(AF_INET);

	rule.flags |= L45_TAP_SERVER;
	rule.local.port = port_of(from);
	rule.remote.port = 0;
	EXPECT(publish(&rule, 1) == 0);
	*peer = raw_connect(port_of(from));
	*server = accept(from, NULL, NULL);
	EXPECT(*server >= 0 && *peer >= 0);
	return true;
}

/* What a client sends, in one write: the handshake as it is, then tags, begun at the first record of application data. */
static bool wire(void)
{
	const int from = raw_listener(), own = socket(AF_INET, SOCK_STREAM, 0);
	struct l45_tap_rule rule = after_handshake(701, BOTH);
	static uint8_t out[4000], in[6000];
	union address to;
	size_t got = 0, plain = 0;

	rule.remote.port = raw_port(from);
	const struct l45_codec codec = codec_of(&rule), *list[1] = { &codec };
	struct l45_stream_rx rx = { .mode = L45_FRAMED, .direction = L45_REQUEST };

	EXPECT(publish(&rule, 1) == 0);
	EXPECT(connect(own, &to.any, loopback(AF_INET, raw_port(from), &to)) == 0);
	const int peer = raw_accept(from);
	const size_t before = handshake(out), bytes = record(out, record(out, before, DATA, 1000), DATA, 0);
	const size_t tags = (bytes - before + 99) / 100;

	EXPECT(write_all(own, out, bytes));
	while (got < bytes + tags * rule.dialect.tag_bytes) {
		const long more = raw_recv(peer, in + got, sizeof(in) - got, 0);

		EXPECT(more > 0);
		got += (size_t)more;
	}
	EXPECT(got == bytes + tags * rule.dialect.tag_bytes && memcmp(in, out, before) == 0);
	EXPECT(memcmp(in + before, codec.ident[L45_REQUEST], 4) == 0);
	EXPECT(l45_stream_rx_feed(&rx, list, 1, in + before, got - before, &plain) == 0);
	EXPECT(plain == bytes - before && memcmp(in + before, out + before, plain) == 0);
	return true;
}

/* Reads exactly so many bytes by reads of size. */
static bool takes(int fd, const uint8_t *want, size_t bytes, size_t size)
{
	static uint8_t in[STEP_MAX];
	size_t done = 0;

	while (done < bytes) {
		const ssize_t got = read(fd, in + done, size < bytes - done ? size : bytes - done);

		EXPECT(got > 0);
		done += (size_t)got;
	}
	EXPECT(memcmp(in, want, bytes) == 0);
	return true;
}

/* A whole conversation as TLS 1.3 has it: the server's first records of application data come before the client's. */
static bool converse(uint64_t mod, size_t write_size, size_t read_size, bool tagged)
{
	struct pair pair;
	static uint8_t out[STEP_MAX];

	EXPECT(tcp_pair(&pair, AF_INET, after_handshake(mod, BOTH)));
	for (int turn = 0; turn < 6; turn++) {
		const int from = turn % 2 ? pair.server : pair.client, to = turn % 2 ? pair.client : pair.server;
		size_t bytes = 0;

		switch (turn) {
		case 0:
			bytes = record(out, 0, HELLO, 300);
			break;
		case 1:
			bytes = record(out, record(out, record(out, 0, HELLO, 122), CHANGE, 1), DATA, 2500);
			break;
		case 2:
			bytes = record(out, record(out, record(out, 0, CHANGE, 1), DATA, 53), DATA, 120);
			break;
		default:
			for (int i = 0; i < (write_size == 1 ? 1 : 12); i++)
				bytes = record(out, bytes, DATA, write_size == 1 ? 700 : 16401);
		}
		struct sender whole = { .fd = from, .data = out, .bytes = bytes };
		pthread_t thread;

		if (write_size >= bytes) {
			EXPECT(pthread_create(&thread, NULL, send_in_thread, &whole) == 0);
			EXPECT(takes(to, out, bytes, read_size));
			pthread_join(thread, NULL);
			EXPECT(whole.ok);
		} else {
			for (size_t at = 0; at < bytes; at += write_size) {
				const size_t some = write_size < bytes - at ? write_size : bytes - at;

				EXPECT(write_all(from, out + at, some));
			}
			EXPECT(takes(to, out, bytes, read_size));
		}
	}
	const struct l45_tap_module client = module_of(mod), server = module_of(mod + 1000);

	EXPECT(tagged == (client.messages_received > 0) && tagged == (server.messages_received > 0));
	EXPECT(client.forged == 0 && server.forged == 0 && client.passed_plain == 0 && server.passed_plain == 0);
	EXPECT(shutdown(pair.client, SHUT_WR) == 0 && read(pair.server, out, 1) == 0);
	return true;
}

static bool one_record_a_call(void) { return converse(702, STEP_MAX, STEP_MAX, true); }
static bool strict_reads(void) { return converse(703, STEP_MAX, 5, true); }
static bool byte_by_byte(void) { return converse(704, 1, 1, true); }
static bool odd_writes(void) { return converse(705, 1777, 333, true); }

/* Who goes on plain is answered plain, and counted once he shows it. */
static bool plain_client(void)
{
	int server, peer;
	uint8_t out[3000], in[3000];

	EXPECT(server_of(after_handshake(706, BOTH), &server, &peer));
	const size_t before = handshake(out), bytes = record(out, before, DATA, 200);

	EXPECT(raw_send(peer, out, before) == (long)before && takes(server, out, before, sizeof(in)));
	EXPECT(module_of(706).passed_plain == 0);
	EXPECT(raw_send(peer, out + before, bytes - before) == (long)(bytes - before));
	EXPECT(takes(server, out + before, bytes - before, sizeof(in)));
	EXPECT(module_of(706).passed_plain == 1);
	const size_t answer = record(out, 0, DATA, 100);

	EXPECT(write(server, out, answer) == (ssize_t)answer);
	EXPECT(raw_recv(peer, in, sizeof(in), 0) == (long)answer && memcmp(in, out, answer) == 0);
	return true;
}

/* What is no TLS at all begins with no record: plain for good, or dropped. */
static bool foreign(void)
{
	int server, peer;
	uint8_t in[100];

	EXPECT(server_of(after_handshake(707, BOTH), &server, &peer));
	EXPECT(raw_send(peer, "GET / HTTP/1.0", 14) == 14 && read(server, in, sizeof(in)) == 14);
	EXPECT(write(server, "no TLS", 6) == 6 && raw_recv(peer, in, sizeof(in), 0) == 6);
	EXPECT(module_of(707).passed_plain == 1);
	EXPECT(server_of(after_handshake(708, BOTH | L45_TAP_ENFORCE), &server, &peer));
	EXPECT(raw_send(peer, "\x16\x03\x01\xff\xff", 5) == 5);
	EXPECT(read(server, in, sizeof(in)) > 0 && read(server, in, sizeof(in)) <= 0);
	return true;
}

static bool enforced(void)
{
	int server, peer;
	uint8_t out[3000], in[100];

	EXPECT(server_of(after_handshake(709, BOTH | L45_TAP_ENFORCE), &server, &peer));
	const size_t before = handshake(out), bytes = record(out, before, DATA, 200);

	EXPECT(raw_send(peer, out, bytes) == (long)bytes && takes(server, out, before, before));
	EXPECT(read(server, in, sizeof(in)) == -1 && errno == ECONNRESET);
	EXPECT(module_of(709).dropped == 1 && raw_recv(peer, in, sizeof(in), 0) <= 0);
	return true;
}

/* poll, FIONREAD, MSG_PEEK and non-blocking reads, in the handshake and at its end. */
static bool looks(void)
{
	int server, peer, pending = 0;
	struct l45_tap_rule rule = after_handshake(710, BOTH);
	const struct l45_codec codec = codec_of(&rule);
	struct l45_stream_tx tx = { .direction = L45_REQUEST };
	static uint8_t out[3000], in[3000], tagged[4000];
	size_t consumed;

	EXPECT(server_of(rule, &server, &peer));
	struct pollfd poller = { .fd = server, .events = POLLIN };

	EXPECT(poll(&poller, 1, 0) == 0);
	const size_t first = record(out, 0, HELLO, 517);

	EXPECT(raw_send(peer, out, first) == (long)first && poll(&poller, 1, 2000) == 1);
	EXPECT(ioctl(server, FIONREAD, &pending) == 0 && pending == (int)first);
	EXPECT(recv(server, in, 5, MSG_PEEK) == 5 && memcmp(in, out, 5) == 0);
	EXPECT(takes(server, out, first, 100));
	EXPECT(poll(&poller, 1, 0) == 0 && recv(server, in, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	const size_t data = record(out, 0, DATA, 700);
	const size_t wire_bytes = l45_stream_encode(&tx, &codec, out, data, tagged, sizeof(tagged), &consumed);

	/* A tag alone is nothing to read. */
	EXPECT(consumed == data && raw_send(peer, tagged, 32) == 32);
	EXPECT(recv(server, in, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN && poll(&poller, 1, 0) == 0);
	EXPECT(raw_send(peer, tagged + 32, wire_bytes - 32) == (long)(wire_bytes - 32) && takes(server, out, data, 5));
	return true;
}

/* A client whose handshake and data do not fit the socket: what it is told is what has gone. */
static bool partial_writes(void)
{
	struct pair pair;
	static uint8_t out[STEP_MAX], in[STEP_MAX];
	size_t bytes, sent = 0, got = 0;

	EXPECT(tcp_pair(&pair, AF_INET, after_handshake(711, BOTH)));
	bytes = handshake(out);
	for (int i = 0; i < 15; i++)
		bytes = record(out, bytes, i % 4 ? HELLO : CHANGE, 9000);
	for (int i = 0; i < 12; i++)
		bytes = record(out, bytes, DATA, 12000);
	const int small = 4096;

	setsockopt(pair.client, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	EXPECT(fcntl(pair.client, F_SETFL, O_NONBLOCK) == 0);
	while (got < bytes) {
		const ssize_t gone = sent < bytes ? write(pair.client, out + sent, bytes - sent) : 0;

		EXPECT(gone >= 0 || errno == EAGAIN);
		sent += gone > 0 ? (size_t)gone : 0;
		const ssize_t come = recv(pair.server, in + got, bytes - got, sent < bytes ? MSG_DONTWAIT : 0);

		EXPECT(come > 0 || (come < 0 && errno == EAGAIN));
		got += come > 0 ? (size_t)come : 0;
		EXPECT(got <= sent);
	}
	EXPECT(memcmp(in, out, bytes) == 0 && module_of(1711).messages_received > 0);
	return true;
}

const struct check prelude_checks[] = {
	{ "tls: the handshake passes as it is, application data carries the tags", wire },
	{ "tls: a conversation, whole flights at once", one_record_a_call },
	{ "tls: a conversation, reads of 5 bytes", strict_reads },
	{ "tls: a conversation, byte by byte", byte_by_byte },
	{ "tls: a conversation, odd writes and reads", odd_writes },
	{ "tls: a client that goes on plain is served plain", plain_client },
	{ "tls: what is no TLS stays plain, or is dropped", foreign },
	{ "tls: enforce resets a client that goes on plain", enforced },
	{ "tls: poll, FIONREAD, MSG_PEEK and MSG_DONTWAIT", looks },
	{ "tls: short non-blocking writes", partial_writes },
	{ NULL, NULL },
};
