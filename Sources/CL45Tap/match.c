/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Whether a rule is meant for a socket: pure decisions on values. */
#define _GNU_SOURCE
#include <string.h>

#include "layout.h"

int l45_match_name(const char *pattern, const char *name)
{
	size_t length = strnlen(pattern, L45_TAP_NAME_BYTES);

	if (length == 0)
		return 1;
	if (pattern[length - 1] == '*')
		return strncmp(pattern, name, length - 1) == 0;
	return strncmp(pattern, name, L45_TAP_NAME_BYTES) == 0;
}

static int in_block(const struct l45_tap_endpoint *pattern, const uint8_t address[16])
{
	unsigned whole = pattern->prefix_bits / 8, rest = pattern->prefix_bits % 8;

	if (memcmp(pattern->address, address, whole) != 0)
		return 0;
	if (rest == 0)
		return 1;
	return (uint8_t)((pattern->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

int l45_match_remote(const struct l45_tap_rule *rule, const uint8_t address[16], uint16_t port)
{
	if (rule->remote.port != 0 && rule->remote.port != port)
		return 0;
	return rule->remote.prefix_bits == 0 || in_block(&rule->remote, address);
}

int l45_match_socket(const struct l45_table_rule *entry, const struct l45_flow *flow)
{
	const struct l45_tap_rule *rule = &entry->rule;

	if (rule->protocol != flow->protocol)
		return 0;
	if (rule->local.port != 0 && rule->local.port != flow->local.port)
		return 0;
	/* A socket bound to the wildcard address may receive on any address of the device: its port decides. */
	if (rule->local.prefix_bits != 0 && !flow->local_any && !in_block(&rule->local, flow->local.address))
		return 0;
	if (!l45_match_name(rule->process, flow->process) || !l45_match_name(rule->thread, flow->thread))
		return 0;
	if ((rule->flags & L45_TAP_NEW_SOCKETS_ONLY) && flow->born < entry->since)
		return 0;
	/* A deprecated module attaches to no new socket. */
	if (rule->state == L45_TAP_DEPRECATED && flow->born >= entry->deprecated_since)
		return 0;
	if (flow->protocol == 6 && flow->opened != L45_UNOPENED &&
	    ((rule->flags & L45_TAP_SERVER) != 0) != (flow->opened == L45_ACCEPTED))
		return 0;
	return !flow->connected || l45_match_remote(rule, flow->remote.address, flow->remote.port);
}
