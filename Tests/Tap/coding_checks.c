/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Datagrams that are another on the wire: masked, or a DNS query made short. */
#include "conform.h"

static struct l45_tap_rule coded(uint64_t mod, uint8_t coding, uint8_t place)
{
	struct l45_tap_rule rule = rule_datagram(mod, BOTH, 0);

	rule.dialect.coding = coding;
	rule.dialect.place = place;
	rule.dialect.offset = 12;
	rule.dialect.tag_bytes = 12;
	rule.dialect.label_bytes = 0;
	return rule;
}

/* As dig asks for the address of NAME: AD and RD set, an OPT record of 1232 bytes with a cookie. */
static size_t query(uint8_t *out, const char *name)
{
	static const uint8_t header[12] = { 0xab, 0xcd, 1, 0x20, 0, 1, 0, 0, 0, 0, 0, 1 };
	static const uint8_t rest[] = { 0, 0, 1, 0, 1, 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
	const size_t bytes = strlen(name);

	memcpy(out, header, sizeof(header));
	out[12] = (uint8_t)bytes;
	memcpy(out + 13, name, bytes);
	memcpy(out + 13 + bytes, rest, sizeof(rest));
	return 13 + bytes + sizeof(rest);
}

struct talk {
	int client, server;
	union address to;
	socklen_t to_bytes;
};

static bool talk_begin(struct talk *talk, struct l45_tap_rule rule)
{
	talk->server = udp_bound(AF_INET);
	talk->client = socket(AF_INET, SOCK_DGRAM, 0);
	EXPECT(talk->server >= 0 && talk->client >= 0);
	talk->to_bytes = loopback(AF_INET, port_of(talk->server), &talk->to);
	rule.remote.port = port_of(talk->server);
	EXPECT(publish_pair(rule) == 0);
	return true;
}

/* Of each size, in one piece or in three, there and back. */
static bool there_and_back(struct l45_tap_rule rule)
{
	static const size_t sizes[] = { 0, 1, 11, 12, 13, 47, 48, 49, 100, 384, 385, 512, 1400, 1500, 1501, 4000, 60000 };
	static uint8_t out[60000], in[65536];
	struct talk talk;

	EXPECT(talk_begin(&talk, rule));
	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		const size_t bytes = i % 2 && sizes[i / 2] == 100 ? query(out, "a-name-in-one-label") : sizes[i / 2];
		struct iovec pieces[3] = { { out, bytes / 3 }, { out + bytes / 3, 0 }, { out + bytes / 3, bytes - bytes / 3 } };
		struct iovec room[2] = { { in, bytes / 2 }, { in + bytes / 2, bytes - bytes / 2 } };
		union address from;
		struct msghdr message = { .msg_name = &talk.to, .msg_namelen = talk.to_bytes, .msg_iov = pieces, .msg_iovlen = 3 };
		struct msghdr answer = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = room, .msg_iovlen = 2 };
		char control[64];

		if (bytes == sizes[i / 2])
			fill(out, bytes, (unsigned int)i);
		EXPECT(sendmsg(talk.client, &message, 0) == (ssize_t)bytes);
		/* With room for control data the message is read as it lies, into exactly the room that it needs. */
		answer.msg_control = i % 2 ? control : NULL;
		answer.msg_controllen = i % 2 ? sizeof(control) : 0;
		EXPECT(recvmsg(talk.server, &answer, 0) == (ssize_t)bytes && !(answer.msg_flags & MSG_TRUNC));
		EXPECT(memcmp(in, out, bytes) == 0);
		EXPECT(sendto(talk.server, out, bytes, 0, &from.any, answer.msg_namelen) == (ssize_t)bytes);
		memset(in, 0, bytes);
		EXPECT(recv(talk.client, in, sizeof(in), 0) == (ssize_t)bytes && memcmp(in, out, bytes) == 0);
	}
	EXPECT(module_of(rule.mod_id).forged == 0 && module_of(rule.mod_id).passed_plain == 0);
	EXPECT(module_of(rule.mod_id).messages_received == 2 * sizeof(sizes) / sizeof(sizes[0]));
	return true;
}

static bool masked(void)
{
	for (uint8_t place = L45_AT_FRONT; place <= L45_AT_END; place++)
		EXPECT(there_and_back(coded(751u + place, L45_MASKED, place)));
	return true;
}

static bool shortened(void)
{
	for (uint8_t place = L45_AT_FRONT; place <= L45_AT_END; place++)
		EXPECT(there_and_back(coded(761u + place, L45_SHORT_DNS, place)));
	return true;
}

/* What a client sends, for somebody who reads the wire. Returns its bytes. */
static long seen(struct l45_tap_rule rule, const uint8_t *message, size_t bytes, uint8_t *wire, size_t room)
{
	const int peer = raw_udp_bound(), own = socket(AF_INET, SOCK_DGRAM, 0);
	union address to;
	const socklen_t to_bytes = loopback(AF_INET, raw_port(peer), &to);

	rule.remote.port = raw_port(peer);
	if (publish(&rule, 1) != 0 || sendto(own, message, bytes, 0, &to.any, to_bytes) != (ssize_t)bytes)
		return -1;
	return raw_recv(peer, wire, room, 0);
}

static bool mask_on_the_wire(void)
{
	uint8_t out[300], wire[400], again[400];
	const size_t bytes = query(out, "who-is-it");
	const long got = seen(coded(771, L45_MASKED, L45_AT_FRONT), out, bytes, wire, sizeof(wire));

	EXPECT(got == (long)bytes + 12);
	EXPECT(memmem(wire, (size_t)got, "who-is-it", 9) == NULL && memmem(wire, (size_t)got, "who", 3) == NULL);
	/* Another id is another mask. */
	out[0]++;
	EXPECT(seen(coded(772, L45_MASKED, L45_AT_FRONT), out, bytes, again, sizeof(again)) == got);
	size_t same = 0;

	for (size_t i = 14; i < bytes + 12; i++)
		same += wire[i] == again[i];
	EXPECT(same < bytes / 4);
	return true;
}

static bool short_on_the_wire(void)
{
	uint8_t out[300], wire[400];
	const size_t bytes = query(out, "who-is-it");
	const long got = seen(coded(773, L45_SHORT_DNS, L45_AT_FRONT), out, bytes, wire, sizeof(wire));

	/* 24 bytes less, 12 of the tag more. */
	EXPECT(got == (long)bytes - 12 && memcmp(wire + 13, "\xab\xcd\x09who-is-it", 12) == 0);
	return true;
}

static bool small_buffer(void)
{
	uint8_t out[300], in[300];
	const size_t bytes = query(out, "who-is-it");
	struct talk talk;
	int pending = 0;

	EXPECT(talk_begin(&talk, coded(774, L45_SHORT_DNS, L45_AT_END)));
	for (int i = 0; i < 2; i++)
		EXPECT(sendto(talk.client, out, bytes, 0, &talk.to.any, talk.to_bytes) == (ssize_t)bytes);
	EXPECT(ioctl(talk.server, FIONREAD, &pending) == 0 && pending == (int)bytes);
	EXPECT(recv(talk.server, in, 20, MSG_TRUNC) == (ssize_t)bytes && memcmp(in, out, 20) == 0);
	EXPECT(recv(talk.server, in, bytes, MSG_PEEK) == (ssize_t)bytes && recv(talk.server, in, bytes, 0) == (ssize_t)bytes);
	EXPECT(memcmp(in, out, bytes) == 0);
	return true;
}

const struct check coding_checks[] = {
	{ "coding: masked, at each place, many sizes", masked },
	{ "coding: short DNS, at each place, many sizes", shortened },
	{ "coding: a masked query cannot be read on the wire, and no two are masked alike", mask_on_the_wire },
	{ "coding: a short query is its id and name on the wire", short_on_the_wire },
	{ "coding: small buffers, MSG_PEEK, MSG_TRUNC, FIONREAD", small_buffer },
	{ NULL, NULL },
};
