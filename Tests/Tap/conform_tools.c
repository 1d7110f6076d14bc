/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "conform.h"

static struct l45_tap_rule rule_of(uint64_t mod, uint32_t flags, uint16_t port)
{
	struct l45_tap_rule rule;

	memset(&rule, 0, sizeof(rule));
	rule.mod_id = mod;
	rule.group = 1;
	rule.priority = 100;
	rule.flags = flags;
	rule.state = L45_TAP_ACTIVE;
	if (flags & L45_TAP_SERVER)
		rule.local.port = port;
	else
		rule.remote.port = port;
	rule.dialect.tag_bytes = 32;
	rule.dialect.epoch = 1;
	memset(rule.dialect.secret, 7, sizeof(rule.dialect.secret));
	return rule;
}

struct l45_tap_rule rule_datagram(uint64_t mod, uint32_t flags, uint16_t port)
{
	struct l45_tap_rule rule = rule_of(mod, flags, port);

	rule.protocol = 17;
	rule.dialect.kind = L45_DATAGRAM;
	return rule;
}

struct l45_tap_rule rule_stream(uint64_t mod, uint32_t flags, uint16_t port)
{
	struct l45_tap_rule rule = rule_of(mod, flags, port);

	rule.protocol = 6;
	rule.dialect.kind = L45_STREAM;
	rule.dialect.frame_bytes = 1000;
	return rule;
}

int publish(const struct l45_tap_rule *rules, size_t count)
{
	char digest[L45_TAP_DIGEST_BYTES + 1];
	uint64_t generation;

	l45_tap_published(agent, &generation, digest);
	snprintf(digest, sizeof(digest), "%064llx", (unsigned long long)generation + 1);
	return l45_tap_publish(agent, generation + 1, digest, rules, count);
}

int publish_pair(struct l45_tap_rule client)
{
	struct l45_tap_rule rules[2] = { client, client };

	rules[1].mod_id += 1000;
	rules[1].flags |= L45_TAP_SERVER;
	rules[1].local = client.remote;
	rules[1].remote = client.local;
	return publish(rules, 2);
}

struct l45_tap_module module_of(uint64_t mod)
{
	struct l45_tap_module module;

	l45_tap_sweep(agent);
	l45_tap_read_module(agent, mod, &module);
	return module;
}

struct l45_codec codec_of(const struct l45_tap_rule *rule)
{
	struct l45_codec codec;

	if (l45_codec_prepare(&codec, &rule->dialect) != 0)
		abort();
	return codec;
}

socklen_t loopback(int family, uint16_t port, union address *out)
{
	memset(out, 0, sizeof(*out));
	if (family == AF_INET) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		out->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(out->v4);
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(port);
	inet_pton(AF_INET6, (family & MAPPED) ? "::ffff:127.0.0.1" : "::1", &out->v6.sin6_addr);
	return sizeof(out->v6);
}

uint16_t port_of(int fd)
{
	union address address;
	socklen_t bytes = sizeof(address);

	if (getsockname(fd, &address.any, &bytes) != 0)
		return 0;
	return ntohs(address.v4.sin_port); /* the same place in both families */
}

int udp_bound(int family)
{
	union address address;
	const int fd = socket(family & ~MAPPED, SOCK_DGRAM, 0);
	const socklen_t bytes = loopback(family, 0, &address);

	return fd >= 0 && bind(fd, &address.any, bytes) == 0 ? fd : -1;
}

int listener(int family)
{
	union address address;
	const int fd = socket(family & ~MAPPED, SOCK_STREAM, 0);
	const socklen_t bytes = loopback(family, 0, &address);

	return fd >= 0 && bind(fd, &address.any, bytes) == 0 && listen(fd, 16) == 0 ? fd : -1;
}

bool tcp_pair(struct pair *pair, int family, struct l45_tap_rule rule)
{
	union address address;
	const int from = listener(family);

	EXPECT(from >= 0);
	pair->port = port_of(from);
	rule.remote.port = pair->port;
	EXPECT(publish_pair(rule) == 0);
	pair->client = socket(family & ~MAPPED, SOCK_STREAM, 0);
	EXPECT(pair->client >= 0);
	EXPECT(connect(pair->client, &address.any, loopback(family, pair->port, &address)) == 0);
	pair->server = accept(from, NULL, NULL);
	EXPECT(pair->server >= 0);
	close(from);
	return true;
}

int raw_udp_bound(void)
{
	union address address;
	const socklen_t bytes = loopback(AF_INET, 0, &address);
	const int fd = (int)raw_syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0, 0, 0, 0);

	return raw_syscall(SYS_bind, fd, (long)&address, bytes, 0, 0, 0) == 0 ? fd : -1;
}

int raw_connect(uint16_t port)
{
	union address address;
	const socklen_t bytes = loopback(AF_INET, port, &address);
	const int fd = (int)raw_syscall(SYS_socket, AF_INET, SOCK_STREAM, 0, 0, 0, 0);
	const int one = 1;

	raw_syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, (long)&one, sizeof(one), 0);
	return raw_syscall(SYS_connect, fd, (long)&address, bytes, 0, 0, 0) == 0 ? fd : -1;
}

int raw_listener(void)
{
	union address address;
	const socklen_t bytes = loopback(AF_INET, 0, &address);
	const int fd = (int)raw_syscall(SYS_socket, AF_INET, SOCK_STREAM, 0, 0, 0, 0);

	if (raw_syscall(SYS_bind, fd, (long)&address, bytes, 0, 0, 0) != 0)
		return -1;
	return raw_syscall(SYS_listen, fd, 16, 0, 0, 0, 0) == 0 ? fd : -1;
}

int raw_accept(int fd)
{
	return (int)raw_syscall(SYS_accept4, fd, 0, 0, 0, 0, 0);
}

long raw_send(int fd, const void *data, size_t bytes)
{
	return raw_syscall(SYS_sendto, fd, (long)data, (long)bytes, 0, 0, 0);
}

long raw_recv(int fd, void *data, size_t bytes, int flags)
{
	return raw_syscall(SYS_recvfrom, fd, (long)data, (long)bytes, flags, 0, 0);
}

uint16_t raw_port(int fd)
{
	union address address;
	socklen_t bytes = sizeof(address);

	raw_syscall(SYS_getsockname, fd, (long)&address, (long)&bytes, 0, 0, 0);
	return ntohs(address.v4.sin_port);
}

void fill(void *data, size_t bytes, unsigned int seed)
{
	uint64_t state = seed * 2654435761u + 88172645463325252ull;

	for (size_t i = 0; i < bytes; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		((uint8_t *)data)[i] = (uint8_t)state;
	}
}

bool write_all(int fd, const void *data, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		const ssize_t sent = write(fd, (const char *)data + done, bytes - done);

		if (sent <= 0)
			return false;
		done += (size_t)sent;
	}
	return true;
}

size_t read_all(int fd, void *data, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		const ssize_t got = read(fd, (char *)data + done, bytes - done);

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int join_status(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void *send_in_thread(void *argument)
{
	struct sender *sender = argument;

	sender->ok = write_all(sender->fd, sender->data, sender->bytes);
	if (sender->close_after)
		close(sender->fd);
	return NULL;
}
