/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What only a tap in the kernel has to be transparent to: calls that never pass the C library, and the stack's own ways. */
#include "conform.h"

#include <linux/errqueue.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/prctl.h>

#include "ring.h"

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif
#ifndef TCP_INQ
#define TCP_INQ 36
#endif
#ifndef TCP_CM_INQ
#define TCP_CM_INQ TCP_INQ
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef SO_PEEK_OFF
#define SO_PEEK_OFF 42
#endif

static bool both_framed(uint64_t mod)
{
	const struct l45_tap_module client = module_of(mod), server = module_of(mod + 1000);

	EXPECT(client.messages_sent > 0 && server.messages_received > 0);
	return true;
}

static bool io_uring_stream(void)
{
	static uint8_t out[200000], in[200000];
	struct ring *ring = ring_open();
	struct sender sender = { .data = out, .bytes = sizeof(out) };
	size_t done = 0;
	pthread_t thread;
	struct pair pair;

	EXPECT(ring != NULL);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(900, BOTH, 0)));
	fill(out, sizeof(out), 1);
	sender.fd = pair.client;
	EXPECT(pthread_create(&thread, NULL, send_in_thread, &sender) == 0);
	while (done < sizeof(in)) {
		const int got = ring_transfer(ring, false, pair.server, in + done, sizeof(in) - done);

		EXPECT(got > 0);
		done += (size_t)got;
	}
	pthread_join(thread, NULL);
	EXPECT(memcmp(in, out, sizeof(in)) == 0);
	for (done = 0; done < 100000;) {
		const size_t step = 100000 - done < 9999 ? 100000 - done : 9999;
		const int sent = ring_transfer(ring, true, pair.server, out + done, step);

		EXPECT(sent > 0);
		EXPECT(recv(pair.client, in + done, (size_t)sent, MSG_WAITALL) == sent);
		done += (size_t)sent;
	}
	EXPECT(memcmp(in, out, 100000) == 0);
	ring_close(ring);
	return both_framed(900);
}

static bool io_uring_datagram(void)
{
	struct l45_tap_rule rule = rule_datagram(901, BOTH, 0);
	const int server = udp_bound(AF_INET), client = socket(AF_INET, SOCK_DGRAM, 0);
	struct ring *ring = ring_open();
	union address to;
	uint8_t in[100];

	EXPECT(ring != NULL);
	rule.remote.port = port_of(server);
	EXPECT(publish_pair(rule) == 0);
	EXPECT(connect(client, &to.any, loopback(AF_INET, port_of(server), &to)) == 0);
	EXPECT(ring_transfer(ring, true, client, "by the ring", 11) == 11);
	EXPECT(ring_transfer(ring, false, server, in, sizeof(in)) == 11 && memcmp(in, "by the ring", 11) == 0);
	ring_close(ring);
	return both_framed(901);
}

static bool zerocopy(void)
{
	static uint8_t out[100000], in[100000];
	char control[128];
	struct msghdr message = { .msg_control = control, .msg_controllen = sizeof(control) };
	const int one = 1;
	struct pair pair;
	struct pollfd error;
	size_t done = 0;
	ssize_t sent;

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(902, BOTH, 0)));
	EXPECT(setsockopt(pair.client, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)) == 0);
	fill(out, sizeof(out), 2);
	sent = send(pair.client, out, sizeof(out), MSG_ZEROCOPY);
	EXPECT(sent > 0);
	while (done < (size_t)sent) {
		const ssize_t got = recv(pair.server, in + done, (size_t)sent - done, 0);

		EXPECT(got > 0);
		done += (size_t)got;
	}
	EXPECT(memcmp(in, out, (size_t)sent) == 0);
	/* The program waits for this before it uses its buffer again. */
	error = (struct pollfd){ .fd = pair.client };
	EXPECT(poll(&error, 1, 5000) == 1 && (error.revents & POLLERR));
	EXPECT(recvmsg(pair.client, &message, MSG_ERRQUEUE) == 0);
	const struct cmsghdr *first = CMSG_FIRSTHDR(&message);

	EXPECT(first != NULL);
	const struct sock_extended_err *told = (const void *)CMSG_DATA(first);

	EXPECT(told->ee_origin == SO_EE_ORIGIN_ZEROCOPY && told->ee_errno == 0);
	return both_framed(902);
}

static bool corked(int by_flag)
{
	struct l45_tap_rule rule = rule_datagram(903 + (uint64_t)by_flag, BOTH, 0);
	const int server = udp_bound(AF_INET), client = socket(AF_INET, SOCK_DGRAM, 0), one = 1, none = 0;
	union address to;
	uint8_t in[200];

	rule.remote.port = port_of(server);
	EXPECT(publish_pair(rule) == 0);
	EXPECT(connect(client, &to.any, loopback(AF_INET, port_of(server), &to)) == 0);
	if (by_flag) {
		EXPECT(send(client, "first ", 6, MSG_MORE) == 6);
		EXPECT(send(client, "second ", 7, MSG_MORE) == 7);
		EXPECT(send(client, "third", 5, 0) == 5);
	} else {
		EXPECT(setsockopt(client, IPPROTO_UDP, UDP_CORK, &one, sizeof(one)) == 0);
		EXPECT(send(client, "first ", 6, 0) == 6);
		EXPECT(send(client, "second ", 7, 0) == 7);
		EXPECT(send(client, "third", 5, 0) == 5);
		EXPECT(setsockopt(client, IPPROTO_UDP, UDP_CORK, &none, sizeof(none)) == 0);
	}
	EXPECT(recv(server, in, sizeof(in), 0) == 18 && memcmp(in, "first second third", 18) == 0);
	/* And what comes after is as it was before. */
	EXPECT(send(client, "alone", 5, 0) == 5);
	EXPECT(recv(server, in, sizeof(in), 0) == 5 && memcmp(in, "alone", 5) == 0);
	return both_framed(903 + (uint64_t)by_flag);
}

static bool cork(void) { return corked(0); }
static bool more(void) { return corked(1); }

static bool zerocopy_receive(void)
{
	struct pair pair;
	uint8_t zc[64] = { 0 };
	socklen_t bytes = sizeof(zc);

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(905, BOTH, 0)));
	/* It would map the tags into the program. */
	EXPECT(getsockopt(pair.server, IPPROTO_TCP, 35 /* TCP_ZEROCOPY_RECEIVE */, zc, &bytes) < 0);
	EXPECT(write_all(pair.client, "still here", 10));
	EXPECT(recv(pair.server, zc, 10, MSG_WAITALL) == 10 && memcmp(zc, "still here", 10) == 0);
	return both_framed(905);
}

static bool upper_layer(void)
{
	struct pair pair;
	char in[10];

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(906, BOTH, 0)));
	EXPECT(setsockopt(pair.client, IPPROTO_TCP, 31 /* TCP_ULP */, "tls", 3) < 0);
	EXPECT(write_all(pair.client, "still here", 10));
	EXPECT(recv(pair.server, in, 10, MSG_WAITALL) == 10 && memcmp(in, "still here", 10) == 0);
	return both_framed(906);
}

static bool family_change(void)
{
	const int v4 = AF_INET;
	struct pair pair;
	char in[10];

	EXPECT(tcp_pair(&pair, AF_INET6 | MAPPED, rule_stream(907, BOTH, 0)));
	EXPECT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_ADDRFORM, &v4, sizeof(v4)) < 0);
	EXPECT(write_all(pair.client, "still here", 10));
	EXPECT(recv(pair.server, in, 10, MSG_WAITALL) == 10 && memcmp(in, "still here", 10) == 0);
	return both_framed(907);
}

static bool multipath(void)
{
	const int own = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	const int peer = raw_listener();
	struct l45_tap_rule rule = rule_stream(908, BOTH, raw_port(peer));
	union address to;
	char in[10];
	int accepted;

	EXPECT(own >= 0 || errno == EPROTONOSUPPORT || errno == ENOPROTOOPT);
	if (own < 0)
		return true; /* this kernel has no MPTCP: there is nothing to refuse */
	EXPECT(publish(&rule, 1) == 0);
	EXPECT(connect(own, &to.any, loopback(AF_INET, raw_port(peer), &to)) == 0);
	accepted = raw_accept(peer);
	EXPECT(write_all(own, "plain text", 10));
	EXPECT(raw_recv(accepted, in, 10, MSG_WAITALL) == 10 && memcmp(in, "plain text", 10) == 0);
	EXPECT(module_of(908).messages_sent == 0);
	return true;
}

static bool queue_length_told(void)
{
	char control[64], in[100];
	struct iovec iov = { in, 10 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	const int one = 1;
	struct pair pair;
	int left = -1;

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(909, BOTH, 0)));
	EXPECT(setsockopt(pair.server, IPPROTO_TCP, TCP_INQ, &one, sizeof(one)) == 0);
	EXPECT(write_all(pair.client, "0123456789abcdefghijklmno", 25));
	/* All of it is there before we look. */
	EXPECT(recv(pair.server, in, 25, MSG_PEEK | MSG_WAITALL) == 25);
	EXPECT(recvmsg(pair.server, &message, 0) == 10);
	for (const struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, (struct cmsghdr *)c))
		if (c->cmsg_level == IPPROTO_TCP && c->cmsg_type == TCP_CM_INQ)
			memcpy(&left, CMSG_DATA(c), sizeof(left));
	/* Plain bytes: what one more read can give. */
	EXPECT(left == 15);
	return both_framed(909);
}

static bool peek_offset(void)
{
	char in[20];
	int offset = 0;
	struct pair pair;

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(910, BOTH, 0)));
	if (setsockopt(pair.server, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)) != 0)
		return errno == EOPNOTSUPP; /* TCP has it from Linux 6.9 on */
	EXPECT(write_all(pair.client, "0123456789", 10));
	EXPECT(recv(pair.server, in, 10, MSG_PEEK | MSG_WAITALL) == 10);
	offset = 0;
	EXPECT(setsockopt(pair.server, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)) == 0);
	EXPECT(recv(pair.server, in, 4, MSG_PEEK) == 4 && memcmp(in, "0123", 4) == 0);
	EXPECT(recv(pair.server, in, 4, MSG_PEEK) == 4 && memcmp(in, "4567", 4) == 0);
	EXPECT(recv(pair.server, in, 10, MSG_WAITALL) == 10 && memcmp(in, "0123456789", 10) == 0);
	return both_framed(910);
}

static bool timestamps(void)
{
	char control[256], in[20];
	struct iovec iov = { in, sizeof(in) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct l45_tap_rule rule = rule_datagram(911, BOTH, 0);
	const int server = udp_bound(AF_INET), client = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
	union address to;
	bool stamped = false;

	rule.remote.port = port_of(server);
	EXPECT(publish_pair(rule) == 0);
	EXPECT(setsockopt(server, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) == 0);
	EXPECT(connect(client, &to.any, loopback(AF_INET, port_of(server), &to)) == 0);
	EXPECT(send(client, "when", 4, 0) == 4);
	EXPECT(recvmsg(server, &message, 0) == 4 && memcmp(in, "when", 4) == 0);
	for (const struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, (struct cmsghdr *)c))
		stamped |= c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS;
	EXPECT(stamped);
	return both_framed(911);
}

static bool filtered(void)
{
	struct sock_filter pass[] = { { BPF_RET | BPF_K, 0, 0, 0xffffffff } };
	struct sock_filter drop[] = { { BPF_RET | BPF_K, 0, 0, 0 } };
	struct sock_fprog program = { 1, pass };
	struct l45_tap_rule rule = rule_datagram(912, BOTH, 0);
	const int server = udp_bound(AF_INET), client = socket(AF_INET, SOCK_DGRAM, 0);
	union address to;
	char in[20];

	rule.remote.port = port_of(server);
	EXPECT(publish_pair(rule) == 0);
	EXPECT(connect(client, &to.any, loopback(AF_INET, port_of(server), &to)) == 0);
	EXPECT(setsockopt(server, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0);
	EXPECT(send(client, "passes", 6, 0) == 6);
	EXPECT(recv(server, in, sizeof(in), 0) == 6 && memcmp(in, "passes", 6) == 0);
	program.filter = drop;
	EXPECT(setsockopt(server, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0);
	EXPECT(send(client, "does not", 8, 0) == 8);
	EXPECT(recv(server, in, sizeof(in), MSG_DONTWAIT) < 0 && errno == EAGAIN);
	return both_framed(912);
}

static bool up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	const bool done = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;

	close(fd);
	return done;
}

static bool namespaces(void)
{
	struct l45_tap_rule rule = rule_datagram(913, BOTH, 0);
	const int outside = udp_bound(AF_INET);
	union address to;
	char in[20];

	rule.remote.port = port_of(outside);
	EXPECT(publish_pair(rule) == 0);
	EXPECT(unshare(CLONE_NEWNET) == 0 && up());
	/* The same program, the same port, another namespace: no table is in force there. */
	const int server = socket(AF_INET, SOCK_DGRAM, 0), client = socket(AF_INET, SOCK_DGRAM, 0);
	struct l45_tap *here;

	EXPECT(bind(server, &to.any, loopback(AF_INET, rule.remote.port, &to)) == 0);
	EXPECT(sendto(client, "apart", 5, 0, &to.any, sizeof(to.v4)) == 5);
	EXPECT(recv(server, in, sizeof(in), 0) == 5 && memcmp(in, "apart", 5) == 0);
	EXPECT(l45_tap_open("", &here) == 0);
	EXPECT(l45_tap_sweep(here) == 0);
	/* Nor is one of here in force there. */
	EXPECT(l45_tap_publish(here, 1, "0000000000000000000000000000000000000000000000000000000000000000", &rule, 1) == 0);
	for (int look = 0; look < 5000 && l45_tap_in_force(here) != 1; look++)
		poll(NULL, 0, 1); /* until no call works by an older table */
	EXPECT(l45_tap_in_force(here) == 1 && l45_tap_in_force(agent) > 1);
	EXPECT(module_of(913).messages_sent == 0);
	l45_tap_close(here);
	return true;
}

static void *accept_in_thread(void *listener)
{
	return (void *)(intptr_t)accept((int)(intptr_t)listener, NULL, NULL);
}

static bool accept_asleep(void)
{
	static uint8_t out[20000], in[20000];
	const int from = listener(AF_INET);
	struct l45_tap_rule rule = rule_stream(914, BOTH, port_of(from));
	struct timespec moment = { 0, 50000000 };
	pthread_t thread;
	union address to;
	void *accepted;

	EXPECT(pthread_create(&thread, NULL, accept_in_thread, (void *)(intptr_t)from) == 0);
	nanosleep(&moment, NULL); /* so that it sleeps in accept, most likely; it must work either way */
	EXPECT(publish_pair(rule) == 0);
	const int client = socket(AF_INET, SOCK_STREAM, 0);

	EXPECT(connect(client, &to.any, loopback(AF_INET, port_of(from), &to)) == 0);
	EXPECT(pthread_join(thread, &accepted) == 0 && (intptr_t)accepted >= 0);
	fill(out, sizeof(out), 3);
	EXPECT(write_all(client, out, sizeof(out)));
	EXPECT(recv((int)(intptr_t)accepted, in, sizeof(in), MSG_WAITALL) == sizeof(in));
	EXPECT(memcmp(in, out, sizeof(in)) == 0);
	return both_framed(914);
}

static bool used_again(void)
{
	const int from = listener(AF_INET), client = socket(AF_INET, SOCK_STREAM, 0);
	struct l45_tap_rule rule = rule_stream(915, BOTH, port_of(from));
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	union address to;

	EXPECT(publish_pair(rule) == 0);
	for (int round = 0; round < 3; round++) {
		char in[6];

		EXPECT(connect(client, &to.any, loopback(AF_INET, port_of(from), &to)) == 0);
		const int server = accept(from, NULL, NULL);

		EXPECT(server >= 0);
		EXPECT(write_all(client, "round", 6));
		EXPECT(recv(server, in, 6, MSG_WAITALL) == 6 && memcmp(in, "round", 6) == 0);
		EXPECT(connect(client, &none, sizeof(none)) == 0);
		close(server);
	}
	return both_framed(915);
}

static bool many_sockets(void)
{
	struct l45_tap_rule rule = rule_datagram(916, BOTH, 0);
	const int server = udp_bound(AF_INET);
	union address to;

	rule.remote.port = port_of(server);
	EXPECT(publish_pair(rule) == 0);
	const size_t before = l45_tap_sweep(agent);

	for (int round = 0; round < 2000; round++) {
		const int client = socket(AF_INET, SOCK_DGRAM, 0);
		char in[8];

		EXPECT(connect(client, &to.any, loopback(AF_INET, port_of(server), &to)) == 0);
		EXPECT(send(client, "query", 5, 0) == 5 && recv(server, in, sizeof(in), 0) == 5);
		close(client);
	}
	/* None is left behind. */
	EXPECT(l45_tap_sweep(agent) <= before + 1);
	return both_framed(916);
}

const struct check kernel_checks[] = {
	{ "kernel: an io_uring client of a stream", io_uring_stream },
	{ "kernel: an io_uring client of datagrams", io_uring_datagram },
	{ "kernel: MSG_ZEROCOPY completes, bytes identical", zerocopy },
	{ "kernel: UDP_CORK", cork },
	{ "kernel: MSG_MORE on datagrams", more },
	{ "kernel: TCP_ZEROCOPY_RECEIVE is refused", zerocopy_receive },
	{ "kernel: TCP_ULP is refused", upper_layer },
	{ "kernel: IPV6_ADDRFORM is refused", family_change },
	{ "kernel: MPTCP stays plain", multipath },
	{ "kernel: TCP_INQ tells plain bytes", queue_length_told },
	{ "kernel: SO_PEEK_OFF", peek_offset },
	{ "kernel: receive timestamps", timestamps },
	{ "kernel: socket filters", filtered },
	{ "kernel: network namespaces have tables of their own", namespaces },
	{ "kernel: a rule attaches to a listener while a thread sleeps in accept", accept_asleep },
	{ "kernel: a socket is connected, disconnected and used again", used_again },
	{ "kernel: 2000 sockets, one a query, none left behind", many_sockets },
	{ NULL, NULL },
};
