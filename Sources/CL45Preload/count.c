/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Counters of the modules, in the shared state: one atomic addition each, summed over processes as they happen. */
#include "preload.h"

static struct l45_tap_module *counters(uint32_t module)
{
	return module < L45_MODULES_MAX ? &tap.state->modules[module].counters : NULL;
}

void count_sent(uint32_t module, uint64_t messages, uint64_t bytes)
{
	struct l45_tap_module *to = counters(module);

	if (!to)
		return;
	const int64_t now = l45_now_ms();

	l45_add(&to->messages_sent, messages);
	l45_add(&to->bytes_sent, bytes);
	__atomic_store_n(&to->sent_ms, now, __ATOMIC_RELAXED);
	__atomic_store_n(&to->active_ms, now, __ATOMIC_RELAXED);
}

void count_received(uint32_t module, uint64_t messages, uint64_t bytes)
{
	struct l45_tap_module *to = counters(module);

	if (!to)
		return;
	const int64_t now = l45_now_ms();

	l45_add(&to->messages_received, messages);
	l45_add(&to->bytes_received, bytes);
	__atomic_store_n(&to->received_ms, now, __ATOMIC_RELAXED);
	__atomic_store_n(&to->active_ms, now, __ATOMIC_RELAXED);
}

void count_event(uint32_t module, size_t counter)
{
	struct l45_tap_module *to = counters(module);

	if (to)
		l45_add((uint64_t *)((char *)to + counter), 1);
}

void count_met(uint32_t module)
{
	if (module < L45_MODULES_MAX)
		__atomic_store_n(&tap.state->modules[module].met, 1, __ATOMIC_RELAXED);
}

void count_watchers(const struct rules *rules, const uint64_t words[L45_RULE_WORDS],
		    const struct l45_tap_endpoint *peer, bool outgoing, uint64_t bytes)
{
	uint64_t last = 0;

	for (int i = rule_next(words, 0); i >= 0; i = i + 1 < L45_TAP_RULES_MAX ? rule_next(words, i + 1) : -1) {
		const struct l45_table_rule *entry = &rules->rule[i].entry;

		if (entry->rule.dialect.kind != L45_MONITOR && entry->rule.state != L45_TAP_DEACTIVATED)
			continue;
		/* Rules of one module stand together: a message counts once for it. */
		if (entry->rule.mod_id == last || (peer && !l45_match_remote(&entry->rule, peer->address, peer->port)))
			continue;
		last = entry->rule.mod_id;
		if (outgoing)
			count_sent(entry->module, 1, bytes);
		else
			count_received(entry->module, 1, bytes);
	}
}
