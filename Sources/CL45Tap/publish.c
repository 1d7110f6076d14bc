/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Puts a rule table in force: checked whole, built aside, published by one store. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tap_handle.h"

const struct l45_rules_table *l45_tap_table(const struct l45_tap *tap)
{
	uint64_t sequence = l45_load(&tap->rules->sequence);

	return sequence ? &tap->rules->table[sequence & 1] : NULL;
}

void l45_tap_published(const struct l45_tap *tap, uint64_t *generation, char digest[L45_TAP_DIGEST_BYTES + 1])
{
	const struct l45_rules_table *table = l45_tap_table(tap);

	*generation = table ? table->generation : 0;
	memset(digest, 0, L45_TAP_DIGEST_BYTES + 1);
	if (table)
		memcpy(digest, table->digest, L45_TAP_DIGEST_BYTES);
}

static int endpoint_valid(const struct l45_tap_endpoint *endpoint)
{
	return endpoint->prefix_bits <= 128;
}

static int rule_valid(const struct l45_tap_rule *rule)
{
	const uint32_t known = L45_TAP_SERVER | L45_TAP_REQUESTS | L45_TAP_RESPONSES | L45_TAP_ENFORCE |
			       L45_TAP_NEW_SOCKETS_ONLY;
	struct l45_codec codec;

	if (rule->mod_id == 0 || (rule->flags & ~known) || rule->state > L45_TAP_DEPRECATED)
		return 0;
	if (rule->protocol != 6 && rule->protocol != 17)
		return 0;
	if (rule->delay_us > 10u * 1000 * 1000)
		return 0;
	if (memchr(rule->process, '\0', sizeof(rule->process)) == NULL ||
	    memchr(rule->thread, '\0', sizeof(rule->thread)) == NULL)
		return 0;
	if (!endpoint_valid(&rule->local) || !endpoint_valid(&rule->remote))
		return 0;
	if (rule->dialect.kind == L45_MONITOR)
		return 1;
	if ((rule->dialect.kind == L45_STREAM) != (rule->protocol == 6))
		return 0;
	return l45_codec_prepare(&codec, &rule->dialect) == 0;
}

static int state_rank(uint8_t state)
{
	switch (state) {
	case L45_TAP_ACTIVE:
		return 0;
	case L45_TAP_STANDBY:
		return 1;
	case L45_TAP_DEPRECATED:
		return 2;
	default:
		return 3;
	}
}

static int by_rank(const void *left, const void *right)
{
	const struct l45_tap_rule *a = &((const struct l45_table_rule *)left)->rule;
	const struct l45_tap_rule *b = &((const struct l45_table_rule *)right)->rule;
	int ranks = state_rank(a->state) - state_rank(b->state);

	if (ranks != 0)
		return ranks;
	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	if (a->mod_id != b->mod_id)
		return a->mod_id < b->mod_id ? -1 : 1;
	/* Rules of one module differ in their remotes: any fixed order serves, so long as it is fixed. */
	return memcmp(a, b, sizeof(*a));
}

static const struct l45_table_rule *find_module(const struct l45_rules_table *table, uint64_t mod_id)
{
	for (uint32_t i = 0; table && i < table->count; i++)
		if (table->rules[i].rule.mod_id == mod_id)
			return &table->rules[i];
	return NULL;
}

static int in_rules(const struct l45_table_rule *rules, size_t count, uint64_t mod_id)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].rule.mod_id == mod_id)
			return 1;
	return 0;
}

/* The module's entry in the state file, made when it has none: counters of a revoked module go last, oldest first. */
static uint32_t module_entry(struct l45_tap *tap, const struct l45_table_rule *rules, size_t count, uint64_t mod_id)
{
	struct l45_module_slot *modules = tap->state->modules;
	const struct l45_rules_table *old = l45_tap_table(tap);
	uint32_t entry = L45_NO_MODULE;
	int64_t oldest = INT64_MAX;

	for (uint32_t i = 0; i < L45_MODULES_MAX; i++)
		if (modules[i].counters.mod_id == mod_id)
			return i;
	for (uint32_t i = 0; i < L45_MODULES_MAX; i++) {
		uint64_t holder = modules[i].counters.mod_id;
		int64_t active = holder == 0 ? -1 : modules[i].counters.active_ms;

		if (active >= oldest)
			continue;
		if (holder != 0 && (in_rules(rules, count, holder) || find_module(old, holder)))
			continue;
		entry = i;
		oldest = active;
		if (holder == 0)
			break;
	}
	if (entry != L45_NO_MODULE) {
		memset(&modules[entry], 0, sizeof(modules[entry]));
		modules[entry].counters.mod_id = mod_id;
	}
	return entry;
}

int l45_tap_publish(struct l45_tap *tap, uint64_t generation, const char *digest, const struct l45_tap_rule *rules,
		    size_t count)
{
	const struct l45_rules_table *old = l45_tap_table(tap);
	uint64_t sequence = tap->rules->sequence + 1;
	struct l45_rules_table *next = &tap->rules->table[sequence & 1];

	if (count > L45_TAP_RULES_MAX)
		return -E2BIG;
	if (generation == 0 || strlen(digest) != L45_TAP_DIGEST_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (!rule_valid(&rules[i]))
			return -EINVAL;
	if (old && generation < old->generation)
		return -ESTALE;
	if (old && generation == old->generation)
		return memcmp(old->digest, digest, L45_TAP_DIGEST_BYTES) == 0 ? 0 : -EEXIST;

	next->generation = generation;
	next->count = (uint32_t)count;
	memset(next->digest, 0, sizeof(next->digest));
	memcpy(next->digest, digest, L45_TAP_DIGEST_BYTES);
	memset(next->rules, 0, sizeof(next->rules));
	for (size_t i = 0; i < count; i++) {
		struct l45_table_rule *entry = &next->rules[i];
		const struct l45_table_rule *before = find_module(old, rules[i].mod_id);

		entry->rule = rules[i];
		entry->since = before ? before->since : sequence;
		if (rules[i].state == L45_TAP_DEPRECATED)
			entry->deprecated_since = before && before->deprecated_since ? before->deprecated_since : sequence;
	}
	for (size_t i = 0; i < count; i++) {
		next->rules[i].module = module_entry(tap, next->rules, count, next->rules[i].rule.mod_id);
		if (next->rules[i].module == L45_NO_MODULE)
			return -E2BIG;
	}
	qsort(next->rules, count, sizeof(next->rules[0]), by_rank);
	l45_store(&tap->rules->sequence, sequence);
	return 0;
}
