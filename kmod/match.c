// SPDX-License-Identifier: GPL-2.0
/* Whether a module is meant for a socket, or a peer: pure decisions on values, the user-space tap's. */
#include <linux/string.h>

#include <net/ipv6.h>

#include "l45.h"

bool l45_match_name(const char *pattern, const char *name)
{
	size_t length = strnlen(pattern, L45_TASK_NAME_BYTES);

	if (!length)
		return true;
	if (pattern[length - 1] == '*')
		return !strncmp(pattern, name, length - 1);
	return !strncmp(pattern, name, L45_TASK_NAME_BYTES);
}

void l45_names_add(struct l45_names *names, const char *pattern)
{
	u8 i;

	for (i = 0; i < names->count; i++)
		if (!strncmp(names->pattern[i], pattern, L45_TASK_NAME_BYTES))
			return;
	if (!pattern[0] || names->count == L45_NAMES_MAX)
		names->any = true;
	else
		memcpy(names->pattern[names->count++], pattern, L45_TASK_NAME_BYTES);
}

static bool in_block(const struct l45_end *pattern, const struct in6_addr *address)
{
	return !pattern->prefix_bits || ipv6_prefix_equal(&pattern->address, address, pattern->prefix_bits);
}

bool l45_match_end(const struct l45_end *pattern, const struct in6_addr *address, u16 port)
{
	return (!pattern->port || pattern->port == port) && in_block(pattern, address);
}

bool l45_match_remote(const struct l45_module *module, const struct in6_addr *address, u16 port)
{
	u32 i;

	if (!module->remotes)
		return true;
	for (i = 0; i < module->remote_count; i++)
		if (l45_match_end(&module->remotes[i], address, port))
			return true;
	return false;
}

bool l45_match_self(const struct l45_module *module, const struct l45_self *self)
{
	if (module->protocol != self->protocol)
		return false;
	if (module->local.port && module->local.port != self->port)
		return false;
	/* A socket bound to the wildcard address may receive on any address of the device: its port decides. */
	if (!self->any_address && !in_block(&module->local, &self->address))
		return false;
	if (!l45_match_name(module->process, self->process))
		return false;
	if (!self->any_thread && !l45_match_name(module->thread, self->thread))
		return false;
	if (self->role == L45_ACCEPTING_END && !l45_is_server(module))
		return false;
	if (self->role && self->role != L45_ACCEPTING_END && l45_is_server(module))
		return false;
	if ((module->flags & L45_F_NEW_ONLY) && self->born < module->since)
		return false;
	/* A deprecated module attaches to no new socket. */
	if (module->state == L45_STATE_DEPRECATED && self->born >= module->deprecated_since)
		return false;
	return !self->has_peer || l45_match_remote(module, &self->peer, self->peer_port);
}
