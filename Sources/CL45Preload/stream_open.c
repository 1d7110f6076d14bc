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
	uint8_t watched = 0;

	for (int i = rule_next(words, 0); i >= 0; i = after(words, i))
		watched |= rules->rule[i].entry.rule.dialect.kind == L45_MONITOR ||
			   rules->rule[i].entry.rule.state == L45_TAP_DEACTIVATED;
	flow->watched = watched;
	flow->send_module = L45_NO_MODULE;
	flow->tx_delay_us = 0; /* with a module to send by: its own; else a monitor's */
	for (int i = rule_next(words, 0); i >= 0 && !flow->tx_delay_us; i = after(words, i))
		if (rule_only_delays(&rules->rule[i].entry.rule))
			flow->tx_delay_us = rules->rule[i].entry.rule.delay_us;
	for (int i = rule_next(words, 0); i >= 0; i = after(words, i)) {
		if (!may_send(&rules->rule[i].entry.rule))
			continue;
		flow->send = rules->rule[i].codec;
		flow->send_module = rules->rule[i].entry.module;
		flow->tx_delay_us = rules->rule[i].entry.rule.delay_us;
		break;
	}
}

static bool same_codec(const struct l45_codec *a, const struct l45_codec *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Adds a codec unless the list has it or is full. Returns its place, or -1. */
static int add_codec(struct l45_codec *list, uint32_t *modules, uint32_t *count, const struct l45_codec *codec,
		     uint32_t module)
{
	for (uint32_t i = 0; i < *count; i++)
		if (same_codec(&list[i], codec))
			return (int)i; /* one module, several remotes */
	if (*count == L45_CODECS_MAX)
		return -1;
	list[*count] = *codec;
	modules[*count] = module;
	return (int)(*count)++;
}

/*
 * The codecs to read by, by this table. Under rx_lock, or before the flow is shared. What the stream could read before
 * it can read on, revoked or not, as far as there is room: tags in it may still be in the queue, and a sender that has
 * been silent since leaves by a tag of the codec that it last spoke. The codec of the last frame is sure of its place.
 */
static void choose_read(struct l45_flow *flow, const struct rules *rules, const uint64_t words[L45_RULE_WORDS])
{
	struct l45_codec *before = scratch_take();
	uint32_t modules[L45_CODECS_MAX];
	const uint32_t before_count = flow->rx_count;
	const uint32_t last = flow->rx.codec < before_count ? flow->rx.codec : 0;
	int place = 0;

	if (!before)
		return; /* as it was; the next call tries again */
	memcpy(before, flow->rx_codecs, before_count * sizeof(*before));
	memcpy(modules, flow->rx_modules, sizeof(modules));
	flow->rx_count = 0;
	if (flow->rx_module != L45_NO_MODULE && before_count > 0)
		place = add_codec(flow->rx_codecs, flow->rx_modules, &flow->rx_count, &before[last], modules[last]);
	for (int i = rule_next(words, 0); i >= 0; i = after(words, i))
		if (may_read(&rules->rule[i].entry.rule))
			add_codec(flow->rx_codecs, flow->rx_modules, &flow->rx_count, &rules->rule[i].codec,
				  rules->rule[i].entry.module);
	for (uint32_t i = 0; i < before_count; i++)
		add_codec(flow->rx_codecs, flow->rx_modules, &flow->rx_count, &before[i], modules[i]);
	flow->rx.codec = (uint8_t)(place < 0 ? 0 : place);
	scratch_give(before);
}

static void set_direction(struct l45_flow *flow)
{
	/* The end that connected writes requests. */
	const bool client = flow->opened != L45_ACCEPTED;

	flow->tx.direction = client ? L45_REQUEST : L45_RESPONSE;
	flow->rx.direction = client ? L45_RESPONSE : L45_REQUEST;
}

void stream_opened(struct l45_flow *flow, const struct rules *rules, bool opening)
{
	uint64_t words[L45_RULE_WORDS];
	bool in_kind = false;

	set_direction(flow);
	flow->tx.mode = flow->rx.mode = L45_PLAIN;
	flow->tx_sequence = flow->rx_sequence = rules->sequence;
	if (!flow_attached(flow, rules->sequence, words))
		return;
	choose_send(flow, rules, words);
	if (!opening || flow->opened == L45_UNOPENED)
		return;
	choose_read(flow, rules, words);
	for (int i = rule_next(words, 0); i >= 0; i = after(words, i))
		if (may_send(&rules->rule[i].entry.rule)) {
			in_kind = (rules->rule[i].entry.rule.flags & L45_TAP_REQUESTS) != 0;
			break;
		}
	if (flow->send_module != L45_NO_MODULE) {
		flow->tx.mode = L45_UNDECIDED;
		if (flow->send.dialect.start == L45_AFTER_TLS_HANDSHAKE)
			flow->tx_prelude = L45_IN_PRELUDE;
		flow->tx_in_kind = flow->opened == L45_ACCEPTED && in_kind;
	}
	if (flow->rx_count > 0)
		flow->rx.mode = L45_UNDECIDED;
	for (uint32_t i = 0; i < flow->rx_count; i++)
		if (flow->rx_codecs[i].dialect.start == L45_AFTER_TLS_HANDSHAKE)
			flow->rx_prelude = L45_IN_PRELUDE;
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
