/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* How a stream opens: framed or plain for good, by the first bytes that come. */
#include "stream.h"
#include "real.h"

/* A stream whose first 1 to 3 bytes could open a tag: looked at again this often, a millisecond apart, then plain. */
#define OPENING_LOOKS_MAX 200

static bool enforced(struct l45_flow *flow, uint32_t *module)
{
	uint64_t words[L45_RULE_WORDS], sequence;
	const struct rules *rules = rules_enter(&sequence);
	bool found = false;

	if (!rules)
		return false;
	flow_match(flow, rules);
	if (flow_attached(flow, sequence, words))
		for (int i = rule_next(words, 0); i >= 0 && !found;
		     i = i + 1 < L45_TAP_RULES_MAX ? rule_next(words, i + 1) : -1) {
			const struct l45_tap_rule *rule = &rules->rule[i].entry.rule;

			if (!(rule->flags & L45_TAP_ENFORCE) || rule->dialect.kind != L45_STREAM ||
			    rule->state == L45_TAP_DEACTIVATED || !rule_carries(rule, false))
				continue;
			*module = rules->rule[i].entry.module;
			found = true;
		}
	rules_leave(sequence);
	return found;
}

void stream_settle_plain(struct l45_flow *flow)
{
	uint32_t module = L45_NO_MODULE;

	flow->rx.mode = L45_PLAIN;
	if (flow->rx_count > 0 && enforced(flow, &module)) {
		COUNT(module, dropped);
		flow->rx_broken = 1;
	} else {
		for (uint32_t i = 0; i < flow->rx_count; i++)
			COUNT(flow->rx_modules[i], passed_plain);
	}
}

int stream_settle(int fd, struct l45_flow *flow)
{
	const struct l45_codec *codecs[L45_CODECS_MAX];
	uint8_t head[L45_TAG_BYTES_MAX];
	enum l45_opening opening = L45_OPENING_PLAIN;
	ssize_t got = 0;

	/* Inside a record there is nothing to decide. */
	if (flow->rx_prelude == L45_IN_PRELUDE && flow->rx_records.at != 0) {
		got = real(recv)(fd, head, 1, MSG_PEEK | MSG_DONTWAIT);
		if (got > 0)
			return STREAM_PRELUDE;
		return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? -EAGAIN : 1;
	}
	stream_rx_refresh(flow);
	for (int look = 0; look < OPENING_LOOKS_MAX; look++) {
		got = real(recv)(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
		if (got < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? -EAGAIN : 1;
		if (got == 0)
			return 1;
		opening = l45_stream_opening(codecs, stream_codecs(flow, codecs), flow->rx.direction, head, (size_t)got);
		if (opening != L45_OPENING_MORE)
			break;
		pause_for(1000);
	}
	if (opening != L45_OPENING_FRAMED && prelude_goes_on(flow, head, (size_t)got))
		return STREAM_PRELUDE;
	if (flow->rx_prelude == L45_IN_PRELUDE)
		flow->rx_prelude = L45_AFTER_PRELUDE;
	if (opening == L45_OPENING_FRAMED) {
		flow->rx.mode = L45_FRAMED;
		return 0;
	}
	stream_settle_plain(flow);
	return 0;
}
