/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * How a stream begins, and which codecs it has. A dialect is attached when the connection is opened and never to one
 * that has begun plain: there is no frame boundary to switch at. The end that connected may speak from its first byte;
 * the end that accepted answers in kind.
 */
#include "preload.h"

static int after(const uint64_t words[L45_RULE_WORDS], int i)
{
	return i + 1 < L45_TAP_RULES_MAX ? rule_next(words, i + 1) : -1;
}

static bool may_send(const struct l45_tap_rule *rule)
{
	return rule->state == L45_TAP_ACTIVE && rule->dialect.kind == L45_STREAM && rule_carries(rule, true);
}

static bool may_read(const struct l45_tap_rule *rule)
{
	return rule->state != L45_TAP_DEACTIVATED && rule->dialect.kind == L45_STREAM && rule_carries(rule, false);
}

/* The codec to send by, by this table. Under tx_lock, or before the flow is shared. */
static void choose_send(struct l45_flow *flow, const struct rules *rules, const uint64_t words[L45_RULE_WORDS])
{
	for (int i = rule_next(words, 0); i >= 0; i = after(words, i)) {
		if (!may_send(&rules->rule[i].entry.rule))
			continue;
		flow->send = rules->rule[i].codec;
		flow->send_module = rules->rule[i].entry.module;
		return;
	}
	flow->send_module = L45_NO_MODULE;
}

static bool same_codec(const struct l45_codec *a, const struct l45_codec *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/*
 * The codecs to read by, by this table. Under rx_lock, or before the flow is shared. The codec of a tag that is under
 * way stays, revoked or not, and so does its place in the list.
 */
static void choose_read(struct l45_flow *flow, const struct rules *rules, const uint64_t words[L45_RULE_WORDS])
{
	struct l45_codec kept;
	uint32_t kept_module = L45_NO_MODULE, count = 0;
	bool keep = flow->rx.tag_done > 0 && flow->rx.codec < flow->rx_count;

	if (keep) {
		kept = flow->rx_codecs[flow->rx.codec];
		kept_module = flow->rx_modules[flow->rx.codec];
	}
	for (int i = rule_next(words, 0); i >= 0 && count < L45_CODECS_MAX - 1; i = after(words, i)) {
		const struct prepared_rule *rule = &rules->rule[i];

		if (!may_read(&rule->entry.rule))
			continue;
		if (count > 0 && same_codec(&flow->rx_codecs[count - 1], &rule->codec))
			continue; /* one module, several remotes */
		flow->rx_codecs[count] = rule->codec;
		flow->rx_modules[count++] = rule->entry.module;
		if (keep && same_codec(&kept, &rule->codec))
			keep = false;
	}
	if (keep) {
		flow->rx_codecs[count] = kept;
		flow->rx_modules[count++] = kept_module;
	}
	flow->rx_count = count;
}

static void set_direction(struct l45_flow *flow)
{
	/* The end that connected writes requests. */
	const bool client = flow->opened != L45_ACCEPTED;

	flow->tx.direction = client ? L45_REQUEST : L45_RESPONSE;
	flow->rx.direction = client ? L45_RESPONSE : L45_REQUEST;
}

void stream_opened(struct l45_flow *flow, const struct rules *rules)
{
	uint64_t words[L45_RULE_WORDS];
	bool in_kind = false;

	set_direction(flow);
	flow->tx.mode = flow->rx.mode = L45_PLAIN;
	flow->tx_sequence = flow->rx_sequence = rules->sequence;
	if (flow->opened == L45_UNOPENED || !flow_attached(flow, rules->sequence, words))
		return;
	choose_send(flow, rules, words);
	choose_read(flow, rules, words);
	for (int i = rule_next(words, 0); i >= 0; i = after(words, i))
		if (may_send(&rules->rule[i].entry.rule)) {
			in_kind = (rules->rule[i].entry.rule.flags & L45_TAP_REQUESTS) != 0;
			break;
		}
	if (flow->send_module != L45_NO_MODULE) {
		flow->tx.mode = L45_UNDECIDED;
		flow->tx_in_kind = flow->opened == L45_ACCEPTED && in_kind;
	}
	if (flow->rx_count > 0)
		flow->rx.mode = L45_UNDECIDED;
}

void stream_tx_refresh(struct l45_flow *flow)
{
	uint64_t words[L45_RULE_WORDS], sequence;

	if (flow->tx_sequence == tap_sequence())
		return;
	const struct rules *rules = rules_enter(&sequence);

	if (!rules)
		return;
	flow_match(flow, rules);
	if (flow_attached(flow, sequence, words)) {
		choose_send(flow, rules, words);
		flow->tx_sequence = sequence;
	}
	rules_leave(sequence);
}

void stream_rx_refresh(struct l45_flow *flow)
{
	uint64_t words[L45_RULE_WORDS], sequence;

	if (flow->rx_sequence == tap_sequence() || flow->rx.mode == L45_PLAIN)
		return;
	const struct rules *rules = rules_enter(&sequence);

	if (!rules)
		return;
	flow_match(flow, rules);
	if (flow_attached(flow, sequence, words)) {
		choose_read(flow, rules, words);
		flow->rx_sequence = sequence;
	}
	rules_leave(sequence);
}

size_t stream_codecs(const struct l45_flow *flow, const struct l45_codec *list[L45_CODECS_MAX])
{
	for (uint32_t i = 0; i < flow->rx_count; i++)
		list[i] = &flow->rx_codecs[i];
	return flow->rx_count;
}

bool stream_concerned(const struct l45_flow *flow)
{
	return flow->tx.mode != L45_PLAIN || flow->rx.mode != L45_PLAIN || flow->rx_error || flow->tx_broken;
}
