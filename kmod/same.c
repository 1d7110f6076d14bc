// SPDX-License-Identifier: GPL-2.0
/* Whether a module has changed from one table to the next. */
#include <linux/string.h>
#include <net/ipv6.h>

#include "control.h"

static bool l45_end_same(const struct l45_end *a, const struct l45_end *b)
{
	return ipv6_addr_equal(&a->address, &b->address) && a->prefix_bits == b->prefix_bits && a->port == b->port;
}

static bool l45_remotes_same(const struct l45_module *a, const struct l45_module *b)
{
	u32 i;

	if (a->remote_count != b->remote_count)
		return false;
	for (i = 0; i < a->remote_count; i++)
		if (!l45_end_same(&a->remotes[i], &b->remotes[i]))
			return false;
	return true;
}

bool l45_module_same(const struct l45_module *a, const struct l45_module *b)
{
	return a->id == b->id && a->group == b->group && a->priority == b->priority && a->flags == b->flags &&
	       a->delay_us == b->delay_us && a->state == b->state && a->protocol == b->protocol &&
	       !memcmp(a->process, b->process, sizeof(a->process)) &&
	       !memcmp(a->thread, b->thread, sizeof(a->thread)) &&
	       l45_end_same(&a->local, &b->local) && l45_remotes_same(a, b) &&
	       !memcmp(&a->codec.dialect, &b->codec.dialect, sizeof(a->codec.dialect)) &&
	       a->has_init_key == b->has_init_key && !memcmp(a->init_key, b->init_key, sizeof(a->init_key));
}
