/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Socket addresses in the one form that rules know: 16 bytes, IPv4 as ::ffff:a.b.c.d. */
#include "preload.h"

#include <netinet/in.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool address_read(const struct sockaddr *from, socklen_t bytes, struct l45_tap_endpoint *to)
{
	memset(to, 0, sizeof(*to));
	to->prefix_bits = 128;
	if (bytes >= sizeof(struct sockaddr_in) && from->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, from, sizeof(v4));
		memcpy(to->address, mapped, sizeof(mapped));
		memcpy(to->address + 12, &v4.sin_addr, 4);
		to->port = ntohs(v4.sin_port);
		return true;
	}
	if (bytes >= offsetof(struct sockaddr_in6, sin6_scope_id) && from->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memset(&v6, 0, sizeof(v6));
		memcpy(&v6, from, bytes < sizeof(v6) ? bytes : sizeof(v6));
		memcpy(to->address, &v6.sin6_addr, 16);
		to->port = ntohs(v6.sin6_port);
		return true;
	}
	return false;
}

bool address_is_any(const struct l45_tap_endpoint *endpoint)
{
	static const uint8_t zero[16];

	return memcmp(endpoint->address, zero, 16) == 0 ||
	       (memcmp(endpoint->address, mapped, 12) == 0 && memcmp(endpoint->address + 12, zero, 4) == 0);
}
