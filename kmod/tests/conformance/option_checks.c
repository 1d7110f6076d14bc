/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Socket options that reach below a tap, and the ways in which taps of this kind have lost data. */
#include "sight.h"

#include <linux/errqueue.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif

bool sight_begin(struct sight *sight, uint64_t mod)
{
	sight->peer = raw_udp_bound();
	sight->own = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap_rule rule = rule_datagram(mod, BOTH, raw_port(sight->peer));

	sight->codec = codec_of(&rule);
	sight->to_bytes = loopback(AF_INET, raw_port(sight->peer), &sight->to);
	EXPECT(publish(&rule, 1) == 0);
	EXPECT(connect(sight->own, &sight->to.any, sight->to_bytes) == 0);
	return true;
}

bool sight_sees(const struct sight *sight, const void *plain, size_t bytes)
{
	uint8_t in[65536];
	const long got = raw_recv(sight->peer, in, sizeof(in), 0);

	EXPECT(got == (long)bytes + 32);
	EXPECT(l45_datagram_decode(&sight->codec, L45_REQUEST, in, (size_t)got) == (long)bytes);
	EXPECT(memcmp(in, plain, bytes) == 0);
	return true;
}

static bool udp_segment_cmsg(void)
{
	struct sight sight;
	uint8_t out[1100];
	char control[CMSG_SPACE(sizeof(uint16_t))] = { 0 };
	struct iovec iov[2] = { { out, 700 }, { out + 700, 400 } };
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
	memcpy(CMSG_DATA(c), &(uint16_t){ 400 }, sizeof(uint16_t));
	fill(out, sizeof(out), 41);
	EXPECT(sight_begin(&sight, 802));
	EXPECT(sendmsg(sight.own, &message, 0) == 1100);
	EXPECT(sight_sees(&sight, out, 400) && sight_sees(&sight, out + 400, 400) && sight_sees(&sight, out + 800, 300));
	return true;
}

static bool udp_gro(void)
{
	const int server = udp_bound(AF_INET), client = socket(AF_INET, SOCK_DGRAM, 0), on = 1, size = 300;
	static uint8_t out[3000], in[65536];
	union address to;
	size_t done = 0;

	/* What one send cut into ten arrives as ten, or gathered as GRO gathers: the same bytes, no tag among them. */
	EXPECT(setsockopt(server, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)) == 0);
	EXPECT(publish_pair(rule_datagram(803, BOTH, port_of(server))) == 0);
	EXPECT(connect(client, &to.any, loopback(AF_INET, port_of(server), &to)) == 0);
	EXPECT(setsockopt(client, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)) == 0);
	fill(out, sizeof(out), 42);
	EXPECT(send(client, out, sizeof(out), 0) == 3000);
	while (done < sizeof(out)) {
		const ssize_t got = recv(server, in + done, sizeof(in) - done, 0);

		EXPECT(got > 0 && got % 300 == 0);
		done += (size_t)got;
	}
	EXPECT(done == 3000 && memcmp(in, out, 3000) == 0);
	EXPECT(module_of(803).messages_sent > 0 && module_of(1803).messages_received > 0);
	return true;
}

static bool udp_icmp(void)
{
	const int client = socket(AF_INET, SOCK_DGRAM, 0), gone = udp_bound(AF_INET), on = 1;
	const uint16_t port = port_of(gone);
	char in[200], control[512];
	union address to;
	struct iovec iov = { in, sizeof(in) };
	struct msghdr message = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1,
				  .msg_control = control, .msg_controllen = sizeof(control) };

	/* The error queue gives back the message that could not be delivered, and why. */
	EXPECT(publish_pair(rule_datagram(804, BOTH, port)) == 0);
	EXPECT(connect(client, &to.any, loopback(AF_INET, port, &to)) == 0);
	EXPECT(setsockopt(client, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) == 0);
	close(gone);
	EXPECT(send(client, "lost", 4, 0) == 4);
	struct pollfd wait = { .fd = client };

	EXPECT(poll(&wait, 1, 5000) == 1 && (wait.revents & POLLERR));
	EXPECT(recvmsg(client, &message, MSG_ERRQUEUE) >= 0);
	const struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	EXPECT(c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR);
	const struct sock_extended_err *error = (const struct sock_extended_err *)CMSG_DATA(c);

	EXPECT(error->ee_errno == ECONNREFUSED && error->ee_origin == SO_EE_ORIGIN_ICMP);
	return true;
}

static bool large_unpaced(void)
{
	struct pair pair;
	const size_t bytes = 20000006;
	uint8_t *out = malloc(bytes), *in = malloc(bytes);
	pthread_t thread;

	EXPECT(out && in);
	fill(out, bytes, 45);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(814, BOTH, 0)));
	struct sender sender = { .fd = pair.client, .data = out, .bytes = bytes, .close_after = true };

	EXPECT(pthread_create(&thread, NULL, send_in_thread, &sender) == 0);
	/* Not a byte short at the end. */
	uint8_t more;

	EXPECT(read_all(pair.server, in, bytes) == bytes && read(pair.server, &more, 1) == 0);
	pthread_join(thread, NULL);
	EXPECT(sender.ok && memcmp(in, out, bytes) == 0);
	return true;
}

static bool two_flows(void)
{
	const int from = listener(AF_INET);
	static uint8_t out[2][30000], in[30000];
	int client[2], server[2];
	union address to;

	/* State is the socket's: two flows of one module, by turns and out of step. */
	EXPECT(publish_pair(rule_stream(815, BOTH, port_of(from))) == 0);
	for (int i = 0; i < 2; i++) {
		client[i] = socket(AF_INET, SOCK_STREAM, 0);
		EXPECT(connect(client[i], &to.any, loopback(AF_INET, port_of(from), &to)) == 0);
		server[i] = accept(from, NULL, NULL);
		fill(out[i], sizeof(out[i]), (unsigned int)i + 46);
	}
	for (size_t at = 0; at < 30000; at += 500)
		for (int i = 0; i < 2; i++)
			EXPECT(write(client[i], out[i] + at, 500) == 500);
	for (int i = 0; i < 2; i++)
		EXPECT(read_all(server[i], in, 30000) == 30000 && memcmp(in, out[i], 30000) == 0);
	return true;
}

static bool truncated_then_whole(void)
{
	struct pair pair;
	char in[20];

	/* recv(4) of a tagged message: the rest is there for the next. */
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(816, BOTH, 0)));
	EXPECT(write(pair.client, "0123456789", 10) == 10);
	EXPECT(recv(pair.server, in, 4, 0) == 4 && memcmp(in, "0123", 4) == 0);
	EXPECT(recv(pair.server, in, sizeof(in), 0) == 6 && memcmp(in, "456789", 6) == 0);
	return true;
}

const struct check option_checks[] = {
	{ "option: UDP_SEGMENT by control message", udp_segment_cmsg },
	{ "option: UDP_GRO gives plain segments", udp_gro },
	{ "option: IP_RECVERR, ICMP errors in the error queue", udp_icmp },
	{ "option: 20 MB, the end not a byte short", large_unpaced },
	{ "option: two flows of one module, out of step", two_flows },
	{ "option: four bytes of a message, then the rest", truncated_then_whole },
	{ NULL, NULL },
};
