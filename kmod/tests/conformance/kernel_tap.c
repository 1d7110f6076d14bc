/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The calls of l45_tap.h on the kernel tap: so the checks that were written for the tap of user space hold this one to the
 * same words. A folder means nothing here. A rule that names no process is for the program that publishes it: a test's own
 * helpers, and the machine's other programs, are left alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_tap.h"
#include "../control/client.h"

struct l45_tap {
	struct client client;
};

int l45_tap_open(const char *folder, struct l45_tap **out)
{
	(void)folder;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	client_open(&(*out)->client);
	return 0;
}

void l45_tap_close(struct l45_tap *tap)
{
	client_close(&tap->client);
	free(tap);
}

static void put_endpoint(struct request *request, const struct l45_tap_endpoint *end)
{
	const size_t nest = request_nest(request, L45_M_LOCAL);

	request_put(request, L45_E_ADDRESS, end->address, sizeof(end->address));
	request_u8(request, L45_E_PREFIX, end->prefix_bits);
	request_u16(request, L45_E_PORT, end->port);
	request_nest_end(request, nest);
}

/* One module from all the rules that have its id. */
static void put_module(struct request *request, const struct l45_tap_rule *rules, size_t count, size_t first)
{
	const struct l45_tap_rule *rule = &rules[first];
	const size_t nest = request_nest(request, L45_A_MODULE);
	struct l45_remote *remotes = calloc(count, sizeof(*remotes));
	const char *any = getenv("L45_TAP_PROCESS");
	const int32_t priority = rule->priority;
	uint8_t key[L45_INIT_KEY_BYTES] = { 1 };
	size_t made = 0, at;

	if (!remotes)
		exit(2);
	for (at = first; at < count; at++) {
		const struct l45_tap_endpoint *end = &rules[at].remote;

		if (rules[at].mod_id != rule->mod_id || (end->prefix_bits == 0 && end->port == 0))
			continue;
		memcpy(remotes[made].address, end->address, sizeof(end->address));
		remotes[made].prefix_bits = end->prefix_bits;
		remotes[made++].port = end->port;
	}
	request_u64(request, L45_M_ID, rule->mod_id);
	request_u64(request, L45_M_GROUP, rule->group);
	request_put(request, L45_M_PRIORITY, &priority, sizeof(priority));
	request_u8(request, L45_M_STATE, rule->state);
	request_u32(request, L45_M_FLAGS, rule->flags);
	request_u8(request, L45_M_PROTOCOL, rule->protocol);
	request_u32(request, L45_M_DELAY_US, rule->delay_us);
	request_text(request, L45_M_PROCESS, rule->process[0] ? rule->process : any ? any : "conform");
	if (rule->thread[0])
		request_text(request, L45_M_THREAD, rule->thread);
	put_endpoint(request, &rule->local);
	if (made)
		request_put(request, L45_M_REMOTES, remotes, made * sizeof(*remotes));
	request_put(request, L45_M_DIALECT, &rule->dialect, sizeof(rule->dialect));
	request_put(request, L45_M_INIT_KEY, key, sizeof(key));
	request_nest_end(request, nest);
	free(remotes);
}

static bool is_first(const struct l45_tap_rule *rules, size_t at)
{
	size_t before;

	for (before = 0; before < at; before++)
		if (rules[before].mod_id == rules[at].mod_id)
			return false;
	return true;
}

int l45_tap_publish(struct l45_tap *tap, uint64_t generation, const char *digest, const struct l45_tap_rule *rules,
		    size_t count)
{
	struct request begin = request_begin(&tap->client, L45_CMD_BEGIN, NLM_F_ACK), commit;
	uint32_t modules = 0;
	size_t at;

	for (at = 0; at < count; at++)
		modules += is_first(rules, at);
	request_u64(&begin, L45_A_GENERATION, generation);
	request_text(&begin, L45_A_DIGEST, digest);
	request_u32(&begin, L45_A_COUNT, modules);
	if (client_call(&tap->client, begin))
		goto refused;
	for (at = 0; at < count; at++) {
		struct request add;

		if (!is_first(rules, at))
			continue;
		add = request_begin(&tap->client, L45_CMD_ADD, NLM_F_ACK);
		put_module(&add, rules, count, at);
		if (client_call(&tap->client, add))
			goto refused;
	}
	commit = request_begin(&tap->client, L45_CMD_COMMIT, NLM_F_ACK);
	request_u64(&commit, L45_A_GENERATION, generation);
	if (!client_call(&tap->client, commit))
		return 0;
refused:
	fprintf(stderr, "  refused: %s (%s)\n", tap->client.text, strerror(-tap->client.error));
	return tap->client.error;
}

int l45_tap_flush(struct l45_tap *tap)
{
	return client_call(&tap->client, request_begin(&tap->client, L45_CMD_FLUSH, NLM_F_ACK));
}

static const struct nlattr *status_of(const struct l45_tap *tap, int attribute)
{
	struct client *client = (struct client *)&tap->client;

	if (client_call(client, request_begin(client, L45_CMD_STATUS, NLM_F_ACK)))
		return NULL;
	return attribute_within(client->answer, client->answer_bytes, L45_A_STATUS, attribute);
}

void l45_tap_published(const struct l45_tap *tap, uint64_t *generation, char digest[L45_TAP_DIGEST_BYTES + 1])
{
	const struct nlattr *text;

	*generation = attribute_u64(status_of(tap, L45_ST_GENERATION));
	text = status_of(tap, L45_ST_DIGEST);
	snprintf(digest, L45_TAP_DIGEST_BYTES + 1, "%s", text ? (const char *)attribute_data(text) : "");
}

uint64_t l45_tap_in_force(const struct l45_tap *tap)
{
	return attribute_u64(status_of(tap, L45_ST_IN_FORCE));
}

/* The kernel's sockets go by themselves. Returns the sockets tapped. */
size_t l45_tap_sweep(struct l45_tap *tap)
{
	return attribute_u32(status_of(tap, L45_ST_SOCKETS));
}

struct search {
	uint64_t mod_id;
	struct l45_tap_module *out;
	bool found;
};

static void module_seen(const unsigned char *attributes, size_t bytes, void *context)
{
	struct search *search = context;
	struct l45_tap_module *out = search->out;

#define IN(attribute) attribute_within(attributes, bytes, L45_A_MODULE_STATE, attribute)
	if (attribute_u64(IN(L45_S_ID)) != search->mod_id)
		return;
	search->found = true;
	out->sockets = attribute_u32(IN(L45_S_SOCKETS));
	out->streams_in_dialect = attribute_u32(IN(L45_S_STREAMS_IN_DIALECT));
	out->streams_left_plain = attribute_u32(IN(L45_S_STREAMS_LEFT_PLAIN));
	out->messages_sent = attribute_u64(IN(L45_S_MESSAGES_SENT));
	out->messages_received = attribute_u64(IN(L45_S_MESSAGES_RECEIVED));
	out->bytes_sent = attribute_u64(IN(L45_S_BYTES_SENT));
	out->bytes_received = attribute_u64(IN(L45_S_BYTES_RECEIVED));
	out->skipped = attribute_u64(IN(L45_S_SKIPPED));
	out->passed_plain = attribute_u64(IN(L45_S_PASSED_PLAIN));
	out->dropped = attribute_u64(IN(L45_S_DROPPED));
	out->forged = attribute_u64(IN(L45_S_FORGED));
	out->active_ms = (int64_t)attribute_u64(IN(L45_S_ACTIVE_MS));
	out->sent_ms = (int64_t)attribute_u64(IN(L45_S_SENT_MS));
	out->received_ms = (int64_t)attribute_u64(IN(L45_S_RECEIVED_MS));
}

int l45_tap_read_module(const struct l45_tap *tap, uint64_t mod_id, struct l45_tap_module *out)
{
	struct client *client = (struct client *)&tap->client;
	struct search search = { .mod_id = mod_id, .out = out };
	bool interrupted;

	memset(out, 0, sizeof(*out));
	out->mod_id = mod_id;
	client_dump(client, request_begin(client, L45_CMD_MODULES, NLM_F_DUMP), &interrupted, module_seen, NULL, &search);
	return search.found ? 0 : -ENOENT;
}

struct flows {
	char (*text)[L45_TAP_FLOW_TEXT];
	size_t count, max;
};

static void flow_seen(const unsigned char *attributes, size_t bytes, void *context)
{
	struct flows *flows = context;
	const struct nlattr *text = attribute_within(attributes, bytes, L45_A_SOCKET, L45_K_TEXT);

	if (text && flows->count < flows->max)
		snprintf(flows->text[flows->count++], L45_TAP_FLOW_TEXT, "%s", (const char *)attribute_data(text));
}

size_t l45_tap_read_flows(const struct l45_tap *tap, uint64_t mod_id, char (*text)[L45_TAP_FLOW_TEXT], size_t max)
{
	struct client *client = (struct client *)&tap->client;
	struct request request = request_begin(client, L45_CMD_SOCKETS, NLM_F_DUMP);
	struct flows flows = { .text = text, .max = max };
	bool interrupted;

	request_u64(&request, L45_A_MOD_ID, mod_id);
	client_dump(client, request, &interrupted, flow_seen, NULL, &flows);
	return flows.count;
}

uint64_t l45_tap_refused(const struct l45_tap *tap)
{
	struct client *client = (struct client *)&tap->client;

	if (client_call(client, request_begin(client, L45_CMD_STATUS, NLM_F_ACK)))
		return 0;
	return attribute_u64(attribute_within(client->answer, client->answer_bytes, L45_A_STATUS, L45_ST_REFUSED));
}
