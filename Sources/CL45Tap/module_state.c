/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the tapped processes say of one module: its counters, and the sockets that it is attached to. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>

#include "tap_handle.h"

static const struct l45_module_slot *find_slot(const struct l45_tap *tap, uint64_t mod_id, uint32_t *index)
{
	for (uint32_t i = 0; i < L45_MODULES_MAX; i++)
		if (tap->state->modules[i].counters.mod_id == mod_id) {
			*index = i;
			return &tap->state->modules[i];
		}
	return NULL;
}

static int held(const struct l45_tap *tap, uint32_t index)
{
	const struct l45_flow *flow = &tap->state->flows[index];
	uint64_t any = 0;

	if (l45_load(&tap->state->keys[index].cookie) == 0)
		return 0;
	for (int word = 0; word < L45_HOLDER_WORDS; word++)
		any |= l45_load(&flow->holders[word]);
	return any != 0;
}

/* The module's rule that matches the flow, or NULL. Matched here and now: the owner may not have made a call since. */
static const struct l45_table_rule *matching(const struct l45_rules_table *table, const struct l45_flow *flow,
					     uint64_t mod_id)
{
	for (uint32_t i = 0; table && i < table->count; i++)
		if (table->rules[i].rule.mod_id == mod_id && l45_match_socket(&table->rules[i], flow))
			return &table->rules[i];
	return NULL;
}

static int left_plain(const struct l45_tap_rule *rule, const struct l45_flow *flow)
{
	if (rule->dialect.kind != L45_STREAM || rule->state == L45_TAP_DEACTIVATED)
		return 0;
	/* The client writes requests and reads responses, the server the other way round. */
	int writes = (rule->flags & ((rule->flags & L45_TAP_SERVER) ? L45_TAP_RESPONSES : L45_TAP_REQUESTS)) != 0;
	int reads = (rule->flags & ((rule->flags & L45_TAP_SERVER) ? L45_TAP_REQUESTS : L45_TAP_RESPONSES)) != 0;

	return (writes && flow->tx.mode == L45_PLAIN) || (reads && flow->rx.mode == L45_PLAIN);
}

/*
 * Does a direction still speak the dialect of a module that is on its way out? Until its frame is another's, or it has
 * been still for a while (a send that sleeps is not still): a silent direction needs no decoder of the table, for the
 * flow keeps the codecs it had.
 */
#define STILL_MS 2000

static int speaks(uint32_t spoken, uint32_t module, int moves, int64_t moved_ms)
{
	return spoken == module && (moves || l45_now_ms() - moved_ms < STILL_MS);
}

/* rule: of the module, as it matches this flow now; NULL when none does. */
static int in_dialect(const struct l45_flow *flow, uint32_t module, const struct l45_table_rule *rule)
{
	const int stays = rule && rule->rule.state == L45_TAP_ACTIVE;

	return (flow->tx.mode == L45_FRAMED && speaks(flow->tx_module, module, stays || flow->tx_busy, flow->tx_ms)) ||
	       (flow->rx.mode == L45_FRAMED && speaks(flow->rx_module, module, stays, flow->rx_ms));
}

int l45_tap_read_module(const struct l45_tap *tap, uint64_t mod_id, struct l45_tap_module *out)
{
	const struct l45_rules_table *table = l45_tap_table(tap);
	uint32_t index = L45_NO_MODULE;
	const struct l45_module_slot *slot = mod_id ? find_slot(tap, mod_id, &index) : NULL;

	memset(out, 0, sizeof(*out));
	out->mod_id = mod_id;
	if (!slot || !l45_load(&slot->met))
		return -ENOENT;
	*out = slot->counters;
	out->sockets = out->streams_in_dialect = out->streams_left_plain = 0;
	for (uint32_t i = 0; i < L45_TAP_FLOWS_MAX; i++) {
		const struct l45_flow *flow = &tap->state->flows[i];

		if (!held(tap, i))
			continue;
		const struct l45_table_rule *rule = matching(table, flow, mod_id);

		if (rule)
			out->sockets++;
		if (flow->protocol != 6)
			continue;
		if (in_dialect(flow, index, rule))
			out->streams_in_dialect++;
		else if (rule && left_plain(&rule->rule, flow))
			out->streams_left_plain++;
	}
	return 0;
}

static void endpoint_text(char *text, size_t room, const struct l45_tap_endpoint *endpoint)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	char address[INET6_ADDRSTRLEN] = "?";

	if (memcmp(endpoint->address, mapped, sizeof(mapped)) == 0) {
		inet_ntop(AF_INET, endpoint->address + 12, address, sizeof(address));
		snprintf(text, room, "%s:%u", address, endpoint->port);
	} else {
		inet_ntop(AF_INET6, endpoint->address, address, sizeof(address));
		snprintf(text, room, "[%s]:%u", address, endpoint->port);
	}
}

static void flow_text(char text[L45_TAP_FLOW_TEXT], const struct l45_flow *flow)
{
	char local[64], remote[64] = "*";

	endpoint_text(local, sizeof(local), &flow->local);
	if (flow->connected)
		endpoint_text(remote, sizeof(remote), &flow->remote);
	snprintf(text, L45_TAP_FLOW_TEXT, "%s %.16s/%.16s %s -> %s", flow->protocol == 6 ? "tcp" : "udp", flow->process,
		 flow->thread, local, remote);
}

size_t l45_tap_read_flows(const struct l45_tap *tap, uint64_t mod_id, char (*text)[L45_TAP_FLOW_TEXT], size_t max)
{
	const struct l45_rules_table *table = l45_tap_table(tap);
	uint64_t below = UINT64_MAX;
	size_t written = 0;
	uint32_t index = L45_NO_MODULE;

	find_slot(tap, mod_id, &index);
	while (written < max) {
		const struct l45_flow *newest = NULL;
		uint64_t best = 0;

		/* The newest that is older than the last one given; the index breaks ties. */
		for (uint32_t i = 0; i < L45_TAP_FLOWS_MAX; i++) {
			const struct l45_flow *flow = &tap->state->flows[i];
			if (!held(tap, i))
				continue;
			const uint64_t order = (flow->first_ms << 14) | i;

			if (order >= below || order < best)
				continue;
			if (!matching(table, flow, mod_id) && !(flow->protocol == 6 && in_dialect(flow, index, NULL)))
				continue;
			newest = flow;
			best = order;
		}
		if (!newest)
			break;
		flow_text(text[written++], newest);
		below = best;
	}
	return written;
}
