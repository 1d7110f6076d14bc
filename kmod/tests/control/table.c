// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

/* A module that nothing is wrong with: a datagram tag for UDP port 53 on 127.0.0.0/8. */
struct module module_make(uint64_t id)
{
	struct module module = {
		.id = id,
		.priority = (int32_t)(id % 7),
		.state = L45_STATE_ACTIVE,
		.protocol = IPPROTO_UDP,
		.flags = L45_F_REQUESTS | L45_F_RESPONSES,
		.process = "nobody-of-ours",
		.local_prefix = 104,
		.remote_prefix = 128,
		.remotes = 2,
		.dialect = {.kind = L45_DATAGRAM, .tag_bytes = 32, .label_bytes = 3, .label = "dns", .epoch = 1},
	};

	memset(module.dialect.secret, (int)id, sizeof(module.dialect.secret));
	return module;
}

static void request_local(struct request *request, const struct module *module)
{
	static const unsigned char loopback[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1};
	const size_t nest = request_nest(request, L45_M_LOCAL);

	request_put(request, L45_E_ADDRESS, loopback, sizeof(loopback));
	request_u8(request, L45_E_PREFIX, module->local_prefix);
	request_u16(request, L45_E_PORT, 53);
	request_nest_end(request, nest);
}

static void request_remotes(struct request *request, const struct module *module)
{
	struct l45_remote *remotes = calloc(module->remotes + 1, sizeof(*remotes));
	unsigned int i;

	if (!remotes)
		exit(2);
	for (i = 0; i < module->remotes; i++) {
		remotes[i].address[0] = 0xfd;
		remotes[i].address[14] = (unsigned char)(i >> 8);
		remotes[i].address[15] = (unsigned char)i;
		remotes[i].prefix_bits = module->remote_prefix;
		remotes[i].reserved = module->remote_reserved;
		remotes[i].port = 53;
	}
	request_put(request, L45_M_REMOTES, remotes,
		    module->remote_bytes ? module->remote_bytes : module->remotes * sizeof(*remotes));
	free(remotes);
}

void request_module(struct request *request, const struct module *module)
{
	const size_t nest = request_nest(request, L45_A_MODULE);
	unsigned char key[L45_INIT_KEY_BYTES];

	if (module->without != L45_M_ID)
		request_u64(request, L45_M_ID, module->id);
	request_u64(request, L45_M_GROUP, 9);
	request_put(request, L45_M_PRIORITY, &module->priority, sizeof(module->priority));
	if (module->without != L45_M_STATE)
		request_u8(request, L45_M_STATE, module->state);
	request_u32(request, L45_M_FLAGS, module->flags);
	if (module->without != L45_M_PROTOCOL)
		request_u8(request, L45_M_PROTOCOL, module->protocol);
	request_u32(request, L45_M_DELAY_US, module->delay_us);
	request_text(request, L45_M_PROCESS, module->process);
	if (module->without != L45_M_LOCAL)
		request_local(request, module);
	request_remotes(request, module);
	if (module->without != L45_M_DIALECT)
		request_put(request, L45_M_DIALECT, &module->dialect, sizeof(module->dialect));
	memset(key, (int)module->id, sizeof(key));
	if (!module->without_key)
		request_put(request, L45_M_INIT_KEY, key, sizeof(key));
	request_nest_end(request, nest);
}

int table_begin(struct client *client, uint64_t generation, char digest, uint32_t count)
{
	struct request request = request_begin(client, L45_CMD_BEGIN, NLM_F_ACK);
	char digits[L45_TABLE_DIGEST_BYTES + 1] = "";

	memset(digits, digest, L45_TABLE_DIGEST_BYTES);
	request_u64(&request, L45_A_GENERATION, generation);
	request_text(&request, L45_A_DIGEST, digits);
	request_u32(&request, L45_A_COUNT, count);
	return client_call(client, request);
}

int table_add(struct client *client, struct module module)
{
	struct request request = request_begin(client, L45_CMD_ADD, NLM_F_ACK);

	request_module(&request, &module);
	return client_call(client, request);
}

int table_commit(struct client *client, uint64_t generation)
{
	struct request request = request_begin(client, L45_CMD_COMMIT, NLM_F_ACK);

	request_u64(&request, L45_A_GENERATION, generation);
	return client_call(client, request);
}

int table_flush(struct client *client)
{
	return client_call(client, request_begin(client, L45_CMD_FLUSH, NLM_F_ACK));
}

struct status status_read(struct client *client)
{
	struct status status = {.generation = UINT64_MAX};
	const struct nlattr *at;

	if (client_call(client, request_begin(client, L45_CMD_STATUS, NLM_F_ACK)))
		return status;
#define WITHIN(attribute) attribute_within(client->answer, client->answer_bytes, L45_A_STATUS, attribute)
	status.generation = attribute_u64(WITHIN(L45_ST_GENERATION));
	status.in_force = attribute_u64(WITHIN(L45_ST_IN_FORCE));
	status.failed = attribute_u64(WITHIN(L45_ST_FAILED));
	status.modules = attribute_u32(WITHIN(L45_ST_MODULES));
	status.sockets = attribute_u32(WITHIN(L45_ST_SOCKETS));
	at = WITHIN(L45_ST_DIGEST);
	if (at)
		snprintf(status.digest, sizeof(status.digest), "%s", (const char *)attribute_data(at));
	return status;
}

/* A table is in force once the last call that began under an older one is over: moments after its COMMIT. */
struct status status_in_force(struct client *client, uint64_t generation)
{
	struct status status = status_read(client);
	int looks;

	for (looks = 0; looks < 500 && status.in_force != generation; looks++) {
		usleep(10000);
		status = status_read(client);
	}
	return status;
}
