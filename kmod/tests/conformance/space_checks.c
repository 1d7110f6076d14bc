/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Network namespaces, and sockets that must not be tapped. Two namespaces are two devices: each has a table of its own. */
#include "sight.h"
#include "kernel_tap.h"

#include <net/if.h>
#include <sched.h>

static bool loopback_up(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	EXPECT(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0);
	close(fd);
	return true;
}

static bool space_goes_with_sockets(void)
{
	/* The last process of a namespace dies with tapped sockets open and a connection in mid-frame. */
	for (int i = 0; i < 5; i++) {
		const pid_t child = fork();

		if (child == 0) {
			struct pair pair;

			EXPECT(unshare(CLONE_NEWNET) == 0 && loopback_up());
			EXPECT(tcp_pair(&pair, AF_INET, rule_stream(903, BOTH, 0)));
			EXPECT(write(pair.client, "abc", 3) == 3);
			raise(SIGKILL);
		}
		EXPECT(join_status(child) == 128 + SIGKILL);
	}
	return true;
}

static bool encapsulating(void)
{
	const int server = udp_bound(AF_INET), esp = 2 /* UDP_ENCAP_ESPINUDP */;
	struct l45_tap_rule rule = rule_datagram(904, BOTH | L45_TAP_SERVER, port_of(server));

	EXPECT(setsockopt(server, IPPROTO_UDP, 100 /* UDP_ENCAP */, &esp, sizeof(esp)) == 0);
	const uint64_t before = l45_tap_refused(agent);

	EXPECT(publish(&rule, 1) == 0);
	EXPECT(module_of(904).sockets == 0);
	EXPECT(l45_tap_refused(agent) == before + 1);
	return true;
}

static bool kernel_tls(void)
{
	union address to;
	const int from = listener(AF_INET), own = socket(AF_INET, SOCK_STREAM, 0);
	char in[10];

	EXPECT(connect(own, &to.any, loopback(AF_INET, port_of(from), &to)) == 0);
	const int server = accept(from, NULL, NULL);

	EXPECT(setsockopt(own, IPPROTO_TCP, TCP_ULP, "tls", 4) == 0); /* with tls.ko loaded */
	const uint64_t before = l45_tap_refused(agent);
	struct l45_tap_rule rule = rule_stream(905, BOTH, port_of(from));

	EXPECT(publish(&rule, 1) == 0);
	EXPECT(l45_tap_refused(agent) == before + 1);
	EXPECT(write(own, "x", 1) == 1 && read(server, in, sizeof(in)) == 1);
	return true;
}

const struct check space_checks[] = {
	{ "space: a namespace dies with tapped sockets in it", space_goes_with_sockets },
	{ "refusal: a socket that encapsulates stays untapped, and is counted", encapsulating },
	{ "refusal: a socket with kernel TLS stays untapped, and is counted", kernel_tls },
	{ NULL, NULL },
};
