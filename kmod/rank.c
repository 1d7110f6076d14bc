// SPDX-License-Identifier: GPL-2.0
/* A table out of its modules, each at its rank: the order in which a socket's list holds them. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "control.h"

/* Who may send comes first, then the higher priority, then the lower id. */
static int l45_rank(const void *left, const void *right)
{
	const struct l45_module *a = *(const struct l45_module *const *)left;
	const struct l45_module *b = *(const struct l45_module *const *)right;
	const bool a_sends = a->state == L45_STATE_ACTIVE, b_sends = b->state == L45_STATE_ACTIVE;

	if (a_sends != b_sends)
		return a_sends ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

struct l45_table *l45_table_make(u64 generation, const char digest[L45_TABLE_DIGEST_BYTES + 1],
				 struct l45_module *const *modules, u32 count)
{
	struct l45_table *table;
	u32 i;

	table = kvzalloc(struct_size(table, module, count), GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	table->generation = generation;
	memcpy(table->digest, digest, sizeof(table->digest));
	table->count = count;
	for (i = 0; i < count; i++) {
		table->module[i] = modules[i];
		l45_module_get(table->module[i]);
		table->any_udp |= table->module[i]->protocol == IPPROTO_UDP;
		table->any_tcp |= table->module[i]->protocol == IPPROTO_TCP;
	}
	sort(table->module, count, sizeof(table->module[0]), l45_rank, NULL);
	return table;
}
