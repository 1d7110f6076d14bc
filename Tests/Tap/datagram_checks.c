/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "conform.h"

struct talk {
	int client, server;
	uint16_t port;
	union address to;
	socklen_t to_bytes;
};

static bool talk_begin(struct talk *talk, int family, struct l45_tap_rule rule)
{
	talk->server = udp_bound(family);
	EXPECT(talk->server >= 0);
	talk->client = socket(family & ~MAPPED, SOCK_DGRAM, 0);
	talk->port = port_of(talk->server);
	talk->to_bytes = loopback(family, talk->port, &talk->to);
	rule.remote.port = talk->port;
	EXPECT(publish_pair(rule) == 0);
	return true;
}

static bool say(struct talk *talk, const void *data, size_t bytes)
{
	return sendto(talk->client, data, bytes, 0, &talk->to.any, talk->to_bytes) == (ssize_t)bytes;
}

static bool there_and_back(int family, struct l45_tap_rule rule)
{
	static const size_t sizes[] = { 0, 1, 11, 47, 48, 49, 100, 512, 1400, 4000, 60000 };
	static uint8_t out[60000], in[65536];
	struct talk talk;

	EXPECT(talk_begin(&talk, family, rule));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		union address from;
		socklen_t from_bytes = sizeof(from);

		fill(out, sizes[i], (unsigned int)i);
		EXPECT(say(&talk, out, sizes[i]));
		EXPECT(recvfrom(talk.server, in, sizeof(in), 0, &from.any, &from_bytes) == (ssize_t)sizes[i]);
		EXPECT(memcmp(in, out, sizes[i]) == 0);
		EXPECT(ntohs(from.v4.sin_port) == port_of(talk.client));
		EXPECT(sendto(talk.server, in, sizes[i], 0, &from.any, from_bytes) == (ssize_t)sizes[i]);
		EXPECT(recv(talk.client, in, sizeof(in), 0) == (ssize_t)sizes[i]);
		EXPECT(memcmp(in, out, sizes[i]) == 0);
	}
	const struct l45_tap_module client = module_of(rule.mod_id), server = module_of(rule.mod_id + 1000);

	EXPECT(client.messages_sent == 11 && client.messages_received == 11);
	EXPECT(server.messages_sent == 11 && server.messages_received == 11);
	EXPECT(client.bytes_sent == server.bytes_received && client.bytes_sent == 66168);
	/* The unconnected server socket may yet talk to that remote port too. */
	EXPECT(client.sockets == 2 && server.sockets == 1);
	EXPECT(client.active_ms > 0 && client.sent_ms > 0 && client.received_ms > 0);
	EXPECT(client.passed_plain == 0 && client.dropped == 0 && client.forged == 0);
	return true;
}

static bool v4(void) { return there_and_back(AF_INET, rule_datagram(101, BOTH, 0)); }
static bool v6(void) { return there_and_back(AF_INET6, rule_datagram(102, BOTH, 0)); }

static bool mapped(void)
{
	struct l45_tap_rule rule = rule_datagram(103, BOTH, 0);

	/* An IPv4 rule: ::ffff:127.0.0.0/104 */
	memset(rule.remote.address + 10, 0xff, 2);
	rule.remote.address[12] = 127;
	rule.remote.prefix_bits = 104;
	return there_and_back(AF_INET6 | MAPPED, rule);
}

static bool at_offset(void)
{
	struct l45_tap_rule rule = rule_datagram(104, BOTH, 0);

	rule.dialect.place = L45_AT_OFFSET;
	rule.dialect.offset = 12;
	return there_and_back(AF_INET, rule);
}

static bool at_end(void)
{
	struct l45_tap_rule rule = rule_datagram(105, BOTH, 0);

	rule.dialect.place = L45_AT_END;
	rule.dialect.tag_bytes = 20;
	rule.dialect.label_bytes = 4;
	memcpy(rule.dialect.label, "dns!", 4);
	return there_and_back(AF_INET, rule);
}

static bool wire(void)
{
	const int peer = raw_udp_bound(), own = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rule = rule_datagram(110, BOTH, raw_port(peer));
	const struct l45_codec codec = codec_of(&rule);
	union address to;
	uint8_t in[200], out[200];

	EXPECT(publish(&rule, 1) == 0);
	EXPECT(connect(own, &to.any, loopback(AF_INET, raw_port(peer), &to)) == 0);
	EXPECT(send(own, "question", 8, 0) == 8);
	EXPECT(raw_recv(peer, in, sizeof(in), 0) == 40);
	EXPECT(l45_datagram_recognise(&codec, L45_REQUEST, in, 40) == 0);
	EXPECT(l45_datagram_decode(&codec, L45_REQUEST, in, 40) == 8 && memcmp(in, "question", 8) == 0);
	EXPECT(l45_datagram_encode(&codec, L45_RESPONSE, (const uint8_t *)"answer", 6, out, sizeof(out)) == 38);
	const socklen_t back = loopback(AF_INET, port_of(own), &to);

	EXPECT(raw_syscall(SYS_sendto, peer, (long)out, 38, 0, (long)&to, back) == 38);
	EXPECT(recv(own, in, sizeof(in), 0) == 6 && memcmp(in, "answer", 6) == 0);
	return true;
}

static bool small_buffers(void)
{
	struct talk talk;
	uint8_t out[100], in[200];
	struct iovec iov = { in, 4 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	EXPECT(talk_begin(&talk, AF_INET, rule_datagram(111, BOTH, 0)));
	fill(out, sizeof(out), 3);
	for (int i = 0; i < 6; i++)
		EXPECT(say(&talk, out, sizeof(out)));
	/* A look at the size without a buffer, then with one, then the message itself. */
	EXPECT(recv(talk.server, NULL, 0, MSG_PEEK | MSG_TRUNC) == 100);
	EXPECT(recv(talk.server, in, 4, MSG_PEEK) == 4 && memcmp(in, out, 4) == 0);
	EXPECT(recv(talk.server, in, sizeof(in), MSG_PEEK) == 100 && memcmp(in, out, 100) == 0);
	EXPECT(recv(talk.server, in, 4, 0) == 4 && memcmp(in, out, 4) == 0);
	EXPECT(recv(talk.server, in, 4, MSG_TRUNC) == 100 && memcmp(in, out, 4) == 0);
	EXPECT(recvmsg(talk.server, &message, 0) == 4 && (message.msg_flags & MSG_TRUNC) && memcmp(in, out, 4) == 0);
	iov.iov_len = 100; /* exactly as long as the plain message: not cut */
	EXPECT(recvmsg(talk.server, &message, 0) == 100 && !(message.msg_flags & MSG_TRUNC));
	EXPECT(memcmp(in, out, 100) == 0);
	EXPECT(read(talk.server, in, 110) == 100 && memcmp(in, out, 100) == 0);
	EXPECT(recv(talk.server, in, 0, 0) == 0); /* throws the message away, as it does without a tap */
	EXPECT(recv(talk.server, in, 4, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	return true;
}

static bool pieces(void)
{
	struct l45_tap_rule rule = rule_datagram(112, BOTH, 0);
	struct talk talk;
	uint8_t out[120], in[200];
	struct iovec gather[100], scatter[3] = { { in, 5 }, { in + 5, 40 }, { in + 45, 100 } };
	size_t count = 0;

	rule.dialect.place = L45_AT_OFFSET;
	rule.dialect.offset = 33;
	EXPECT(talk_begin(&talk, AF_INET, rule));
	EXPECT(connect(talk.client, &talk.to.any, talk.to_bytes) == 0);
	fill(out, sizeof(out), 4);
	for (size_t at = 0; at < sizeof(out); count++) {
		const size_t take = count % 3; /* some of them empty */

		gather[count] = (struct iovec){ out + at, take };
		at += take;
		if (count == 98) {
			gather[++count] = (struct iovec){ out + at, sizeof(out) - at };
			at = sizeof(out);
		}
	}
	EXPECT(writev(talk.client, gather, (int)count) == 120);
	EXPECT(readv(talk.server, scatter, 3) == 120 && memcmp(in, out, 120) == 0);
	EXPECT(write(talk.client, out, 7) == 7 && read(talk.server, in, 100) == 7 && memcmp(in, out, 7) == 0);
	return true;
}

static bool many_at_once(void)
{
	struct talk talk;
	char in[5][100];
	struct iovec out_iov[5], in_iov[5];
	struct mmsghdr out_mm[5], in_mm[5];

	EXPECT(talk_begin(&talk, AF_INET, rule_datagram(113, BOTH, 0)));
	memset(out_mm, 0, sizeof(out_mm));
	memset(in_mm, 0, sizeof(in_mm));
	for (int i = 0; i < 5; i++) {
		out_iov[i] = (struct iovec){ "abcdefghij", (size_t)i + 1 };
		in_iov[i] = (struct iovec){ in[i], sizeof(in[i]) };
		out_mm[i].msg_hdr = (struct msghdr){ .msg_name = &talk.to, .msg_namelen = talk.to_bytes, .msg_iov = &out_iov[i],
						     .msg_iovlen = 1 };
		in_mm[i].msg_hdr = (struct msghdr){ .msg_iov = &in_iov[i], .msg_iovlen = 1 };
	}
	for (int round = 0; round < 2; round++) {
		/* The second time by syscall(), as libuv does. */
		EXPECT((round ? syscall(SYS_sendmmsg, talk.client, out_mm, 5, 0) : sendmmsg(talk.client, out_mm, 5, 0)) == 5);
		EXPECT(out_mm[4].msg_len == 5);
		EXPECT((round ? syscall(SYS_recvmmsg, talk.server, in_mm, 5, MSG_WAITFORONE, NULL)
			      : recvmmsg(talk.server, in_mm, 5, MSG_WAITFORONE, NULL)) == 5);
		for (unsigned int i = 0; i < 5; i++)
			EXPECT(in_mm[i].msg_len == i + 1 && memcmp(in[i], "abcdefghij", i + 1) == 0);
	}
	EXPECT(recvmmsg(talk.server, in_mm, 5, MSG_DONTWAIT, NULL) == -1 && errno == EAGAIN);
	EXPECT(module_of(113).messages_sent == 10 && module_of(1113).messages_received == 10);
	return true;
}

static bool fionread(void)
{
	struct talk talk;
	int bytes = -1;
	char in[10];

	EXPECT(talk_begin(&talk, AF_INET, rule_datagram(114, BOTH, 0)));
	EXPECT(ioctl(talk.server, FIONREAD, &bytes) == 0 && bytes == 0);
	EXPECT(say(&talk, "12345", 5) && say(&talk, "123", 3));
	EXPECT(ioctl(talk.server, FIONREAD, &bytes) == 0 && bytes == 5);
	EXPECT(recv(talk.server, in, sizeof(in), 0) == 5);
	EXPECT(ioctl(talk.server, FIONREAD, &bytes) == 0 && bytes == 3);
	return true;
}

static bool reconnect(void)
{
	const int tagged = raw_udp_bound(), plain = raw_udp_bound(), own = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rule = rule_datagram(115, BOTH, raw_port(tagged));
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	union address a, b;
	char in[100];

	const socklen_t bytes = loopback(AF_INET, raw_port(tagged), &a);

	loopback(AF_INET, raw_port(plain), &b);
	EXPECT(publish(&rule, 1) == 0);
	EXPECT(connect(own, &a.any, bytes) == 0 && write(own, "x", 1) == 1);
	EXPECT(raw_recv(tagged, in, sizeof(in), 0) == 33);
	EXPECT(connect(own, &b.any, bytes) == 0 && write(own, "x", 1) == 1);
	EXPECT(raw_recv(plain, in, sizeof(in), 0) == 1);
	EXPECT(connect(own, &none, sizeof(none)) == 0);
	EXPECT(write(own, "x", 1) == -1 && errno == EDESTADDRREQ);
	/* Unconnected: each message by its own destination. */
	EXPECT(sendto(own, "yy", 2, 0, &b.any, bytes) == 2 && raw_recv(plain, in, sizeof(in), 0) == 2);
	EXPECT(sendto(own, "yy", 2, 0, &a.any, bytes) == 2 && raw_recv(tagged, in, sizeof(in), 0) == 34);
	return true;
}

static bool wildcard_two_peers(void)
{
	const int server = socket(AF_INET, SOCK_DGRAM, 0), one = raw_udp_bound(), two = raw_udp_bound();
	struct sockaddr_in any = { .sin_family = AF_INET };
	union address to, from;
	socklen_t to_bytes, from_bytes;
	uint8_t wire[100], in[100];

	EXPECT(bind(server, (struct sockaddr *)&any, sizeof(any)) == 0);
	struct l45_tap_rule rule = rule_datagram(116, BOTH | L45_TAP_SERVER, port_of(server));
	const struct l45_codec codec = codec_of(&rule);

	/* The local end of the rule is an address; the socket is bound to all of them. */
	memset(rule.local.address + 10, 0xff, 2);
	memcpy(rule.local.address + 12, "\x7f\0\0\1", 4);
	rule.local.prefix_bits = 128;
	EXPECT(publish(&rule, 1) == 0);
	to_bytes = loopback(AF_INET, port_of(server), &to);
	for (int round = 0; round < 3; round++) {
		const long bytes = l45_datagram_encode(&codec, L45_REQUEST, (const uint8_t *)"framed", 6, wire, sizeof(wire));

		EXPECT(raw_syscall(SYS_sendto, one, (long)wire, bytes, 0, (long)&to, to_bytes) == 38);
		EXPECT(raw_syscall(SYS_sendto, two, (long)"plain", 5, 0, (long)&to, to_bytes) == 5);
		for (int i = 0; i < 2; i++) {
			from_bytes = sizeof(from);
			const ssize_t got = recvfrom(server, in, sizeof(in), 0, &from.any, &from_bytes);

			EXPECT(got == 6 - i);
			EXPECT(sendto(server, in, (size_t)got, 0, &from.any, from_bytes) == got);
		}
		EXPECT(raw_recv(one, in, sizeof(in), 0) == 38);
		EXPECT(l45_datagram_decode(&codec, L45_RESPONSE, in, 38) == 6);
		EXPECT(raw_recv(two, in, sizeof(in), 0) == 5 && memcmp(in, "plain", 5) == 0);
	}
	EXPECT(module_of(116).passed_plain == 3 && module_of(116).messages_received == 3);
	/* A peer that speaks plain again is answered plain again. */
	EXPECT(raw_syscall(SYS_sendto, one, (long)"bare", 4, 0, (long)&to, to_bytes) == 4);
	from_bytes = sizeof(from);
	EXPECT(recvfrom(server, in, sizeof(in), 0, &from.any, &from_bytes) == 4);
	EXPECT(sendto(server, "bare", 4, 0, &from.any, from_bytes) == 4 && raw_recv(one, in, sizeof(in), 0) == 4);
	return true;
}

static bool responses_only(void)
{
	const int server = udp_bound(AF_INET), peer = raw_udp_bound();
	struct l45_tap_rule rule = rule_datagram(117, L45_TAP_RESPONSES | L45_TAP_SERVER, port_of(server));
	union address to;
	uint8_t in[100];

	EXPECT(publish(&rule, 1) == 0);
	EXPECT(sendto(server, "x", 1, 0, &to.any, loopback(AF_INET, raw_port(peer), &to)) == 1);
	EXPECT(raw_recv(peer, in, sizeof(in), 0) == 33);
	return true;
}

static bool packet_info(void)
{
	struct talk talk;
	const int on = 1;
	char in[100], control[256];
	struct iovec iov = { in, sizeof(in) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct in_pktinfo info;

	EXPECT(talk_begin(&talk, AF_INET, rule_datagram(118, BOTH, 0)));
	EXPECT(setsockopt(talk.server, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) == 0);
	EXPECT(say(&talk, "abc", 3));
	/* As dnsmasq does: a look at the size with no room at all, then the message. */
	iov.iov_len = 0;
	EXPECT(recvmsg(talk.server, &message, MSG_PEEK | MSG_TRUNC) == 3 && (message.msg_flags & MSG_TRUNC));
	iov.iov_len = sizeof(in);
	message.msg_control = control;
	message.msg_controllen = sizeof(control);
	EXPECT(recvmsg(talk.server, &message, 0) == 3 && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)));
	const struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	EXPECT(c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO);
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	EXPECT(info.ipi_addr.s_addr == htonl(INADDR_LOOPBACK));
	return true;
}

struct sleeper {
	int fd;
	ssize_t got;
	char in[40];
};

static void *sleep_in_recv(void *argument)
{
	struct sleeper *sleeper = argument;

	/* 10 bytes: the tagged message would not fit. */
	sleeper->got = recv(sleeper->fd, sleeper->in, 10, 0);
	return NULL;
}

static bool asleep(int fd)
{
	/* Waits until the thread is in the kernel: it shows in the queue's readers only by time, so ask often. */
	for (int i = 0; i < 100; i++) {
		struct pollfd none = { .fd = fd, .events = POLLIN };

		if (poll(&none, 1, 1) != 0)
			return false;
	}
	return true;
}

static bool attach_asleep(void)
{
	struct talk talk;
	struct l45_tap_rule rule = rule_datagram(119, BOTH, 0);
	pthread_t thread;

	EXPECT(publish(NULL, 0) == 0);
	talk.server = udp_bound(AF_INET);
	talk.client = socket(AF_INET, SOCK_DGRAM, 0);
	struct sleeper sleeper = { .fd = talk.server };

	EXPECT(pthread_create(&thread, NULL, sleep_in_recv, &sleeper) == 0);
	EXPECT(asleep(talk.server));
	rule.remote.port = port_of(talk.server);
	EXPECT(publish_pair(rule) == 0);
	talk.to_bytes = loopback(AF_INET, rule.remote.port, &talk.to);
	EXPECT(say(&talk, "0123456789", 10));
	pthread_join(thread, NULL);
	EXPECT(sleeper.got == 10 && memcmp(sleeper.in, "0123456789", 10) == 0);
	EXPECT(module_of(1119).messages_received == 1);
	return true;
}

static bool attach_live(void)
{
	struct talk talk;
	char in[100];

	EXPECT(publish(NULL, 0) == 0);
	talk.server = udp_bound(AF_INET);
	talk.client = socket(AF_INET, SOCK_DGRAM, 0);
	talk.to_bytes = loopback(AF_INET, port_of(talk.server), &talk.to);
	EXPECT(say(&talk, "plain", 5) && recv(talk.server, in, sizeof(in), 0) == 5);
	EXPECT(publish_pair(rule_datagram(120, BOTH, port_of(talk.server))) == 0);
	EXPECT(say(&talk, "tagged", 6) && recv(talk.server, in, sizeof(in), 0) == 6);
	EXPECT(module_of(120).messages_sent == 1 && module_of(1120).messages_received == 1);
	EXPECT(publish(NULL, 0) == 0);
	EXPECT(say(&talk, "plain", 5) && recv(talk.server, in, sizeof(in), 0) == 5);
	return true;
}

/* Two editions; the phases of a rotation; a message after each, and one that was under way across each. */
static bool rotation(void)
{
	struct talk talk;
	struct l45_tap_rule rules[4];
	char in[100];
	int lost = 0;

	talk.server = udp_bound(AF_INET);
	talk.client = socket(AF_INET, SOCK_DGRAM, 0);
	talk.to_bytes = loopback(AF_INET, port_of(talk.server), &talk.to);
	for (int round = 0; round < 50; round++) {
		static const uint8_t phases[5][4] = {
			/* client M1, server M1, client M2, server M2; 255: not there */
			{ L45_TAP_ACTIVE, L45_TAP_ACTIVE, 255, 255 },
			{ L45_TAP_ACTIVE, L45_TAP_ACTIVE, L45_TAP_STANDBY, L45_TAP_STANDBY },
			{ L45_TAP_STANDBY, L45_TAP_ACTIVE, L45_TAP_ACTIVE, L45_TAP_STANDBY },
			{ L45_TAP_STANDBY, L45_TAP_STANDBY, L45_TAP_ACTIVE, L45_TAP_ACTIVE },
			{ L45_TAP_DEPRECATED, L45_TAP_DEPRECATED, L45_TAP_ACTIVE, L45_TAP_ACTIVE },
		};
		for (int phase = 0; phase < 5; phase++) {
			size_t count = 0;

			EXPECT(say(&talk, "before", 6));
			for (int i = 0; i < 4; i++) {
				struct l45_tap_rule rule = rule_datagram(200 + (uint64_t)round + (uint64_t)(i >= 2),
									 BOTH | (i % 2 ? L45_TAP_SERVER : 0), port_of(talk.server));
				if (phases[phase][i] == 255)
					continue;
				rule.mod_id += i % 2 ? 1000 : 0;
				rule.dialect.epoch = (uint32_t)(round + (i >= 2));
				rule.state = phases[phase][i];
				rules[count++] = rule;
			}
			EXPECT(publish(rules, count) == 0);
			for (int k = 0; k < 2; k++) {
				union address from;
				socklen_t from_bytes = sizeof(from);
				const ssize_t got = recvfrom(talk.server, in, sizeof(in), 0, &from.any, &from_bytes);

				lost += !(k == 0 ? got == 6 : got == 5);
				lost += sendto(talk.server, in, (size_t)got, 0, &from.any, from_bytes) != got;
				lost += recv(talk.client, in, sizeof(in), 0) != got;
				if (k == 0)
					EXPECT(say(&talk, "after", 5));
			}
		}
	}
	EXPECT(lost == 0);
	return true;
}

static bool enforce(void)
{
	const int server = udp_bound(AF_INET), peer = raw_udp_bound();
	struct l45_tap_rule rule = rule_datagram(121, BOTH | L45_TAP_SERVER | L45_TAP_ENFORCE, port_of(server));
	const struct l45_codec codec = codec_of(&rule);
	union address to;
	const socklen_t to_bytes = loopback(AF_INET, port_of(server), &to);
	uint8_t wire[100], in[100];

	EXPECT(publish(&rule, 1) == 0);
	EXPECT(raw_syscall(SYS_sendto, peer, (long)"bad", 3, 0, (long)&to, to_bytes) == 3);
	EXPECT(recv(server, in, sizeof(in), MSG_DONTWAIT) == -1 && errno == EAGAIN);
	EXPECT(raw_syscall(SYS_sendto, peer, (long)"bad", 3, 0, (long)&to, to_bytes) == 3);
	EXPECT(recv(server, in, sizeof(in), MSG_DONTWAIT | MSG_PEEK) == -1 && errno == EAGAIN);
	EXPECT(raw_syscall(SYS_sendto, peer, (long)"bad", 3, 0, (long)&to, to_bytes) == 3);
	EXPECT(l45_datagram_encode(&codec, L45_REQUEST, (const uint8_t *)"good", 4, wire, sizeof(wire)) == 36);
	EXPECT(raw_syscall(SYS_sendto, peer, (long)wire, 36, 0, (long)&to, to_bytes) == 36);
	EXPECT(recv(server, in, sizeof(in), 0) == 4 && memcmp(in, "good", 4) == 0);
	EXPECT(module_of(121).dropped == 3 && module_of(121).messages_received == 1);
	return true;
}

static bool skip_to_next(void)
{
	const int server = udp_bound(AF_INET), peer = raw_udp_bound();
	struct l45_tap_rule rules[2] = { rule_datagram(122, BOTH | L45_TAP_SERVER, port_of(server)),
					 rule_datagram(123, BOTH | L45_TAP_SERVER, port_of(server)) };
	union address to;
	const socklen_t to_bytes = loopback(AF_INET, port_of(server), &to);
	uint8_t wire[100], in[100];

	rules[0].priority = 200;
	rules[1].dialect.epoch = 2;
	rules[1].state = L45_TAP_STANDBY;
	const struct l45_codec codec = codec_of(&rules[1]);

	EXPECT(publish(rules, 2) == 0);
	EXPECT(l45_datagram_encode(&codec, L45_REQUEST, (const uint8_t *)"next", 4, wire, sizeof(wire)) == 36);
	EXPECT(raw_syscall(SYS_sendto, peer, (long)wire, 36, 0, (long)&to, to_bytes) == 36);
	EXPECT(recv(server, in, sizeof(in), 0) == 4 && memcmp(in, "next", 4) == 0);
	EXPECT(module_of(122).skipped == 1 && module_of(122).messages_received == 0);
	EXPECT(module_of(123).messages_received == 1 && module_of(123).skipped == 0);
	return true;
}

static bool forged(void)
{
	const int server = udp_bound(AF_INET), peer = raw_udp_bound();
	struct l45_tap_rule rule = rule_datagram(124, BOTH | L45_TAP_SERVER, port_of(server));
	const struct l45_codec codec = codec_of(&rule);
	union address to;
	const socklen_t to_bytes = loopback(AF_INET, port_of(server), &to);
	uint8_t wire[100], in[100];

	EXPECT(publish(&rule, 1) == 0);
	EXPECT(l45_datagram_encode(&codec, L45_REQUEST, (const uint8_t *)"data", 4, wire, sizeof(wire)) == 36);
	wire[6] ^= 1; /* in the authenticator */
	EXPECT(raw_syscall(SYS_sendto, peer, (long)wire, 36, 0, (long)&to, to_bytes) == 36);
	EXPECT(recv(server, in, sizeof(in), 0) == 36 && memcmp(in, wire, 36) == 0);
	EXPECT(module_of(124).forged == 1 && module_of(124).messages_received == 0);
	return true;
}

static bool watched_and_delayed(void)
{
	struct l45_tap_rule rule = rule_datagram(138, L45_TAP_REQUESTS, 0);
	struct talk talk;
	char in[10];

	rule.delay_us = 60000;
	rule.dialect.kind = L45_MONITOR;
	EXPECT(talk_begin(&talk, AF_INET, rule));
	const long start = now_ms();

	EXPECT(say(&talk, "plain", 5) && recv(talk.server, in, sizeof(in), 0) == 5 && memcmp(in, "plain", 5) == 0);
	EXPECT(now_ms() - start >= 60);
	return true;
}

static bool delay(void)
{
	struct l45_tap_rule rule = rule_datagram(125, BOTH, 0);
	struct talk talk;
	char in[10];

	rule.delay_us = 60000;
	EXPECT(talk_begin(&talk, AF_INET, rule));
	const long start = now_ms();

	EXPECT(say(&talk, "x", 1) && recv(talk.server, in, sizeof(in), 0) == 1);
	EXPECT(now_ms() - start >= 60);
	return true;
}

static bool counts_only(uint8_t kind, uint8_t state, uint64_t mod)
{
	const int peer = raw_udp_bound(), own = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rule = rule_datagram(mod, BOTH, raw_port(peer));
	union address to;
	char in[100];

	rule.dialect.kind = kind;
	rule.state = state;
	EXPECT(publish(&rule, 1) == 0);
	EXPECT(connect(own, &to.any, loopback(AF_INET, raw_port(peer), &to)) == 0);
	EXPECT(send(own, "12345", 5, 0) == 5 && raw_recv(peer, in, sizeof(in), 0) == 5);
	const socklen_t back = loopback(AF_INET, port_of(own), &to);

	EXPECT(raw_syscall(SYS_sendto, peer, (long)"abc", 3, 0, (long)&to, back) == 3);
	EXPECT(recv(own, in, sizeof(in), 0) == 3);
	const struct l45_tap_module module = module_of(mod);

	EXPECT(module.messages_sent == 1 && module.bytes_sent == 5 && module.messages_received == 1);
	EXPECT(module.bytes_received == 3);
	EXPECT(module.sockets == 1);
	return true;
}

static bool monitor(void) { return counts_only(L45_MONITOR, L45_TAP_ACTIVE, 126); }
static bool deactivated(void) { return counts_only(L45_DATAGRAM, L45_TAP_DEACTIVATED, 127); }

static bool priority(void)
{
	const int peer = raw_udp_bound(), own = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rules[3];
	union address to;
	uint8_t in[100];

	for (int i = 0; i < 3; i++) {
		rules[i] = rule_datagram(130 + (uint64_t)i, BOTH, raw_port(peer));
		rules[i].dialect.tag_bytes = (uint8_t)(20 + i);
		rules[i].priority = 10 * i;
	}
	rules[2].state = L45_TAP_STANDBY;
	EXPECT(publish(rules, 3) == 0);
	EXPECT(connect(own, &to.any, loopback(AF_INET, raw_port(peer), &to)) == 0);
	EXPECT(send(own, "x", 1, 0) == 1 && raw_recv(peer, in, sizeof(in), 0) == 22);
	rules[2].state = L45_TAP_ACTIVE;
	EXPECT(publish(rules, 3) == 0);
	EXPECT(send(own, "x", 1, 0) == 1 && raw_recv(peer, in, sizeof(in), 0) == 23);
	rules[2].state = L45_TAP_DEPRECATED;
	EXPECT(publish(rules, 3) == 0);
	EXPECT(send(own, "x", 1, 0) == 1 && raw_recv(peer, in, sizeof(in), 0) == 22);
	return true;
}

static void *named_send(void *argument)
{
	pthread_setname_np(pthread_self(), "net-0007");
	return (void *)(intptr_t)send(*(int *)argument, "x", 1, 0);
}

static bool wire_bytes(const char *process, const char *thread, long expected, bool in_thread)
{
	const int peer = raw_udp_bound();
	int own = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rule = rule_datagram(140, BOTH, raw_port(peer));
	union address to;
	uint8_t in[100];
	pthread_t worker;

	snprintf(rule.process, sizeof(rule.process), "%s", process);
	snprintf(rule.thread, sizeof(rule.thread), "%s", thread);
	EXPECT(publish(&rule, 1) == 0);
	EXPECT(connect(own, &to.any, loopback(AF_INET, raw_port(peer), &to)) == 0);
	if (in_thread) {
		EXPECT(pthread_create(&worker, NULL, named_send, &own) == 0);
		pthread_join(worker, NULL);
	} else {
		EXPECT(send(own, "x", 1, 0) == 1);
	}
	EXPECT(raw_recv(peer, in, sizeof(in), 0) == expected);
	close(own);
	raw_syscall(SYS_close, peer, 0, 0, 0, 0, 0);
	return true;
}

static bool names(void)
{
	EXPECT(pthread_setname_np(pthread_self(), "conform-main") == 0);
	setenv("L45_TAP_PROCESS", "conform-main", 1); /* whom a rule without a process is for, in the kernel tap's checks */
	EXPECT(wire_bytes("conform-main", "", 33, false));
	EXPECT(wire_bytes("conform-*", "", 33, false));
	EXPECT(wire_bytes("conform", "", 1, false));
	EXPECT(wire_bytes("other", "", 1, false));
	EXPECT(wire_bytes("conform-main", "net-*", 33, true));
	EXPECT(wire_bytes("", "net-0007", 33, true));
	EXPECT(wire_bytes("", "net-0008", 1, true));
	EXPECT(wire_bytes("", "net-*", 1, false));
	EXPECT(pthread_setname_np(pthread_self(), "renamed") == 0);
	EXPECT(wire_bytes("renamed", "", 33, false));
	return true;
}

static bool too_long(void)
{
	static uint8_t out[65507];
	struct talk talk;

	EXPECT(talk_begin(&talk, AF_INET, rule_datagram(141, BOTH, 0)));
	EXPECT(sendto(talk.client, out, sizeof(out), 0, &talk.to.any, talk.to_bytes) == -1 && errno == EMSGSIZE);
	EXPECT(say(&talk, out, sizeof(out) - 32));
	EXPECT(recv(talk.server, out, sizeof(out), 0) == (ssize_t)sizeof(out) - 32);
	return true;
}

static bool segments(void)
{
	const int peer = raw_udp_bound(), own = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rule = rule_datagram(142, BOTH, raw_port(peer));
	const int size = 500, on = 1;
	union address to;
	uint8_t out[1700], in[2000];

	EXPECT(publish(&rule, 1) == 0);
	EXPECT(connect(own, &to.any, loopback(AF_INET, raw_port(peer), &to)) == 0);
	EXPECT(setsockopt(own, IPPROTO_UDP, 103 /* UDP_SEGMENT */, &size, sizeof(size)) == 0);
	EXPECT(setsockopt(own, IPPROTO_UDP, 104 /* UDP_GRO */, &on, sizeof(on)) == 0);
	fill(out, sizeof(out), 9);
	EXPECT(send(own, out, sizeof(out), 0) == 1700);
	const struct l45_codec codec = codec_of(&rule);

	for (size_t at = 0; at < sizeof(out); at += 500) {
		const long bytes = at + 500 <= sizeof(out) ? 500 : 200;

		EXPECT(raw_recv(peer, in, sizeof(in), 0) == bytes + 32);
		EXPECT(l45_datagram_decode(&codec, L45_REQUEST, in, (size_t)bytes + 32) == bytes);
		EXPECT(memcmp(in, out + at, (size_t)bytes) == 0);
	}
	return true;
}

static bool waiting(void)
{
	struct talk talk;
	const struct timeval soon = { 0, 30000 };
	char in[10];

	EXPECT(talk_begin(&talk, AF_INET, rule_datagram(143, BOTH, 0)));
	EXPECT(setsockopt(talk.server, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)) == 0);
	const long start = now_ms();

	EXPECT(recv(talk.server, in, sizeof(in), 0) == -1 && errno == EAGAIN);
	EXPECT(now_ms() - start >= 25);
	EXPECT(fcntl(talk.server, F_SETFL, O_NONBLOCK) == 0);
	EXPECT(recv(talk.server, in, sizeof(in), 0) == -1 && errno == EAGAIN);
	/* Nobody there: the kernel's own error comes through. */
	close(talk.server);
	EXPECT(connect(talk.client, &talk.to.any, talk.to_bytes) == 0);
	EXPECT(send(talk.client, "x", 1, 0) == 1);
	EXPECT(recv(talk.client, in, sizeof(in), 0) == -1 && errno == ECONNREFUSED);
	return true;
}

static bool new_sockets_only(void)
{
	const int peer = raw_udp_bound(), old = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rule = rule_datagram(144, BOTH | L45_TAP_NEW_SOCKETS_ONLY, raw_port(peer));
	union address to;
	const socklen_t bytes = loopback(AF_INET, raw_port(peer), &to);
	uint8_t in[100];

	EXPECT(sendto(old, "x", 1, 0, &to.any, bytes) == 1 && raw_recv(peer, in, sizeof(in), 0) == 1);
	EXPECT(publish(&rule, 1) == 0);
	const int fresh = socket(AF_INET, SOCK_DGRAM, 0);

	EXPECT(sendto(old, "x", 1, 0, &to.any, bytes) == 1 && raw_recv(peer, in, sizeof(in), 0) == 1);
	EXPECT(sendto(fresh, "x", 1, 0, &to.any, bytes) == 1 && raw_recv(peer, in, sizeof(in), 0) == 33);
	return true;
}

static bool deprecated_no_new_socket(void)
{
	struct l45_tap_rule rule;
	struct talk talk;
	uint8_t wire[100], in[100];
	union address to;

	const int peer = raw_udp_bound();

	talk.server = udp_bound(AF_INET);
	rule = rule_datagram(145, BOTH | L45_TAP_SERVER, port_of(talk.server));
	const struct l45_codec codec = codec_of(&rule);
	const socklen_t bytes = loopback(AF_INET, port_of(talk.server), &to);

	EXPECT(publish(&rule, 1) == 0);
	EXPECT(l45_datagram_encode(&codec, L45_REQUEST, (const uint8_t *)"late", 4, wire, sizeof(wire)) == 36);
	rule.state = L45_TAP_DEPRECATED;
	EXPECT(publish(&rule, 1) == 0);
	/* The socket was there: what is still under way is understood. */
	EXPECT(raw_syscall(SYS_sendto, peer, (long)wire, 36, 0, (long)&to, bytes) == 36);
	EXPECT(recv(talk.server, in, sizeof(in), 0) == 4);
	close(talk.server);
	const int fresh = socket(AF_INET, SOCK_DGRAM, 0);

	EXPECT(bind(fresh, &to.any, bytes) == 0);
	EXPECT(raw_syscall(SYS_sendto, peer, (long)wire, 36, 0, (long)&to, bytes) == 36);
	EXPECT(recv(fresh, in, sizeof(in), 0) == 36);
	return true;
}

static bool wrong_key(void)
{
	const int peer = raw_udp_bound(), own = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rule = rule_datagram(146, BOTH, raw_port(peer));
	union address to;
	uint8_t in[100];

	EXPECT(publish(&rule, 1) == 0);
	rule.dialect.secret[0] ^= 1;
	const struct l45_codec other = codec_of(&rule);

	EXPECT(connect(own, &to.any, loopback(AF_INET, raw_port(peer), &to)) == 0);
	EXPECT(send(own, "x", 1, 0) == 1 && raw_recv(peer, in, sizeof(in), 0) == 33);
	EXPECT(l45_datagram_recognise(&other, L45_REQUEST, in, 33) == -ENOENT);
	return true;
}

const struct check datagram_checks[] = {
	{ "udp: IPv4, both ways, 0 to 60000 bytes", v4 },
	{ "udp: IPv6, both ways", v6 },
	{ "udp: v4-mapped sockets match an IPv4 rule", mapped },
	{ "udp: tag at an offset", at_offset },
	{ "udp: tag at the end, with a label", at_end },
	{ "udp: the wire carries the tag, and a tagged answer comes plain", wire },
	{ "udp: another secret does not recognise the tag", wrong_key },
	{ "udp: small and exact buffers, MSG_PEEK, MSG_TRUNC", small_buffers },
	{ "udp: writev, readv, empty and many pieces", pieces },
	{ "udp: sendmmsg, recvmmsg, and by syscall()", many_at_once },
	{ "udp: FIONREAD in plain bytes", fionread },
	{ "udp: connect elsewhere, disconnect, send by destination", reconnect },
	{ "udp: a wildcard server answers each peer in kind", wildcard_two_peers },
	{ "udp: responses only are always tagged", responses_only },
	{ "udp: IP_PKTINFO and a sizing look stay as they are", packet_info },
	{ "udp: a rule attaches while a thread sleeps in recv", attach_asleep },
	{ "udp: a rule attaches to an open socket and leaves it", attach_live },
	{ "udp: 50 rotations under traffic, nothing lost", rotation },
	{ "udp: enforce drops what is plain and waits on", enforce },
	{ "udp: skip to the next module", skip_to_next },
	{ "udp: a forged tag is counted and handed over", forged },
	{ "udp: delay before sending", delay },
	{ "udp: a monitor holds back what it does not change", watched_and_delayed },
	{ "udp: a monitor counts and changes nothing", monitor },
	{ "udp: a deactivated module counts and changes nothing", deactivated },
	{ "udp: the highest active priority sends", priority },
	{ "udp: process and thread names", names },
	{ "udp: EMSGSIZE at the limit less the tag", too_long },
	{ "udp: UDP_SEGMENT tags each segment, UDP_GRO is declined", segments },
	{ "udp: timeouts, non-blocking, ICMP errors", waiting },
	{ "udp: attach = new leaves older sockets alone", new_sockets_only },
	{ "udp: a deprecated module attaches to no new socket", deprecated_no_new_socket },
	{ NULL, NULL },
};
