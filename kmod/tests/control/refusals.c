// SPDX-License-Identifier: GPL-2.0
/* Every field out of its bounds is refused in words that name the module, the field, the number and the bound. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "client.h"

static struct client client;

static void refuse_module(struct module module, int error, const char *words, const char *name)
{
	table_add(&client, module);
	check_refused(&client, error, words, name);
}

static void check_begin(void)
{
	struct request request;

	table_begin(&client, 0, 'a', 1);
	check_refused(&client, -EINVAL, "generation 0", "BEGIN of generation 0");
	table_begin(&client, 1, 'g', 1);
	check_refused(&client, -EINVAL, "no hex digit", "BEGIN with a digest of other letters");
	table_begin(&client, 1, 'a', L45_MODULES_MAX + 1);
	check_refused(&client, -E2BIG, "1025 modules is above the limit of 1024", "BEGIN of too many modules");
	request = request_begin(&client, L45_CMD_BEGIN, NLM_F_ACK);
	request_u64(&request, L45_A_GENERATION, 1);
	client_call(&client, request);
	check_refused(&client, -EINVAL, "DIGEST is missing", "BEGIN without a digest");
	request = request_begin(&client, L45_CMD_BEGIN, NLM_F_ACK);
	request_u64(&request, L45_A_GENERATION, 1);
	request_text(&request, L45_A_DIGEST, "abc");
	request_u32(&request, L45_A_COUNT, 1);
	client_call(&client, request);
	check_refused(&client, -EINVAL, "3 characters, 64 are needed", "BEGIN with a short digest");
}

static void check_shapes(void)
{
	struct request request = request_begin(&client, L45_CMD_FLUSH, NLM_F_ACK);
	size_t nest;

	request_u8(&request, 200, 1);
	client_call(&client, request);
	check_refused(&client, -EINVAL, "Unknown attribute", "an attribute that no command has");
	request = request_begin(&client, L45_CMD_COMMIT, NLM_F_ACK);
	request_u64(&request, L45_A_MOD_ID, 1);
	client_call(&client, request);
	check_refused(&client, -EINVAL, "attribute", "an attribute of another command");
	request = request_begin(&client, L45_CMD_ADD, NLM_F_ACK);
	client_call(&client, request);
	check_refused(&client, -EINVAL, "MODULE is missing", "ADD of nothing");
	request = request_begin(&client, L45_CMD_ADD, NLM_F_ACK);
	request_put(&request, L45_A_MODULE, "abcd", 4);
	client_call(&client, request);
	check_refused(&client, -EINVAL, "NLA_F_NESTED", "a module that is no nest");
	request = request_begin(&client, L45_CMD_ADD, NLM_F_ACK);
	request_put(&request, L45_A_MODULE | NLA_F_NESTED, "\377\377\1\0", 4);
	client_call(&client, request);
	check_refused(&client, -EINVAL, "place 1", "a nest whose attribute ends behind it");
	request = request_begin(&client, L45_CMD_ADD, NLM_F_ACK);
	nest = request_nest(&request, L45_A_MODULE);
	request_u32(&request, L45_M_ID, 7);
	request_nest_end(&request, nest);
	client_call(&client, request);
	check_refused(&client, -EINVAL, "field ID", "a module id of four bytes");
	request = request_begin(&client, L45_CMD_ADD, NLM_F_ACK);
	nest = request_nest(&request, L45_A_MODULE);
	request_u64(&request, L45_M_ID, 7);
	request_u8(&request, 99, 1);
	request_nest_end(&request, nest);
	client_call(&client, request);
	check_refused(&client, -EINVAL, "Unknown attribute", "a module with an unknown field");
}

/* One field of a good module made wrong. */
#define REFUSE(field, value, words)                                                                                    \
	do {                                                                                                           \
		struct module module = module_make(1);                                                                 \
		module.field = (value);                                                                                \
		refuse_module(module, -EINVAL, words, "a module with " #field " = " #value);                           \
	} while (0)

static void check_fields(void)
{
	struct module module;

	REFUSE(id, 0, "0 is no module id");
	REFUSE(priority, L45_PRIORITY_MAX + 1, "module 1: its priority 1000001 is outside -1000000 to 1000000");
	REFUSE(priority, -L45_PRIORITY_MAX - 1, "priority -1000001");
	REFUSE(state, 4, "module 1: its state 4 is outside 0 to 3");
	REFUSE(flags, 0x20, "flags 0x20");
	REFUSE(protocol, 1, "protocol 1 is neither 6 nor 17");
	REFUSE(delay_us, L45_DELAY_US_MAX + 1, "delay of 10000001 us is above 10000000");
	REFUSE(process, "0123456789abcdef", "process name has 16 bytes, the kernel keeps 15");
	REFUSE(local_prefix, 129, "local prefix of 129 bits is above 128");
	REFUSE(remote_prefix, 129, "remote 1, 129 bits, is above 128");
	REFUSE(remote_reserved, 1, "reserved byte of its remote 1");
	REFUSE(remote_bytes, 39, "39 bytes are no multiple of 20");
	REFUSE(without, L45_M_ID, "its ID is missing");
	REFUSE(without, L45_M_STATE, "its STATE is missing");
	REFUSE(without, L45_M_PROTOCOL, "its PROTOCOL is missing");
	REFUSE(without, L45_M_DIALECT, "its DIALECT is missing");
	module = module_make(1);
	module.remotes = L45_REMOTES_MAX + 1;
	refuse_module(module, -E2BIG, "3073 remotes are above the limit of 3072", "a module with too many remotes");
}

static void check_dialects(void)
{
	struct module module;

	REFUSE(dialect.kind, 3, "kind 3 is outside 0 to 2");
	REFUSE(dialect.coding, 1, "messages are coded (1), which this tap can not do");
	REFUSE(dialect.tag_bytes, 11, "tag of 11 bytes is outside 12 to 64");
	REFUSE(dialect.tag_bytes, 65, "tag of 65 bytes is outside 12 to 64");
	REFUSE(dialect.label_bytes, 21, "label of 21 bytes is above 20");
	REFUSE(dialect.place, 3, "place 3 is outside 0 to 2");
	REFUSE(protocol, IPPROTO_TCP, "a datagram tag can not go on protocol 6");
	REFUSE(dialect.kind, L45_STREAM, "a stream tag can not go on protocol 17");
	module = module_make(1);
	module.dialect.place = L45_AT_OFFSET;
	module.dialect.offset = L45_OFFSET_MAX + 1;
	refuse_module(module, -EINVAL, "offset 1401, above 1400", "a tag at offset 1401");
	module = module_make(1);
	module.protocol = IPPROTO_TCP;
	module.dialect.kind = L45_STREAM;
	module.dialect.start = 1;
	module.dialect.frame_bytes = L45_FRAME_BYTES_MIN;
	refuse_module(module, -EINVAL, "begins after a handshake (1)", "a stream that begins after a handshake");
	module.dialect.start = 0;
	module.dialect.frame_bytes = L45_FRAME_BYTES_MIN - 1;
	refuse_module(module, -EINVAL, "frames of 15 bytes are outside 16 to 1048576", "frames of 15 bytes");
	module.dialect.frame_bytes = L45_FRAME_BYTES_MAX + 1;
	refuse_module(module, -EINVAL, "frames of 1048577 bytes", "frames of 1 MiB and a byte");
}

/* Eight remotes short of the table's limit is one module too many. */
static void check_remotes_of_table(void)
{
	struct module module;
	unsigned int id;

	table_begin(&client, 1, 'a', 22);
	for (id = 1; id <= 22 && !client.error; id++) {
		module = module_make(id);
		module.remotes = L45_REMOTES_MAX;
		table_add(&client, module);
	}
	check(id == 23, "21 modules of 3072 remotes fit", "module %u was refused: %s", id - 1, client.text);
	check_refused(&client, -E2BIG, "module 22 brings the table to 67584 remotes, above the limit of 65536",
		      "the 22nd does not");
}

void check_refusals(void)
{
	struct status status;

	client_open(&client);
	table_flush(&client);
	check_begin();
	table_begin(&client, 1, 'a', 3);
	check_shapes();
	check_fields();
	check_dialects();
	check_remotes_of_table();
	status = status_read(&client);
	check(status.generation == 0 && status.modules == 0, "after all that, no table is in force",
	      "generation %llu, %u modules", (unsigned long long)status.generation, status.modules);
	client_close(&client);
}
