/* SPDX-License-Identifier: GPL-2.0 */
/* A generic netlink client of the l45 family, bare enough to send what no library would: one socket, one message. */
#ifndef L45_TEST_CLIENT_H
#define L45_TEST_CLIENT_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../uapi/l45.h"
#include "l45_core.h"

#define MESSAGE_BYTES (256 * 1024)

/* ---- client.c, attribute.c ---- */

struct client {
	int socket;
	uint16_t family;
	uint32_t group; /* of events */
	uint32_t sequence;
	/* The last answer. */
	int error;      /* 0 or -errno */
	char text[256]; /* extack; "" none */
	int offset;     /* of the attribute at fault; -1 none */
	unsigned char *answer;
	size_t answer_bytes; /* attributes only */
};

struct request {
	unsigned char *bytes;
	size_t count;
};

void client_open(struct client *client);
void client_close(struct client *client);

struct request request_begin(const struct client *client, int command, int flags);
void request_put(struct request *request, int attribute, const void *payload, size_t bytes);
void request_u8(struct request *request, int attribute, uint8_t value);
void request_u16(struct request *request, int attribute, uint16_t value);
void request_u32(struct request *request, int attribute, uint32_t value);
void request_u64(struct request *request, int attribute, uint64_t value);
void request_text(struct request *request, int attribute, const char *text);
size_t request_nest(struct request *request, int attribute);
void request_nest_end(struct request *request, size_t nest);

/* Sends and frees the request, waits for its answer. Returns client->error. */
int client_call(struct client *client, struct request request);
/* Sends and frees the request. */
void client_send(struct client *client, struct request request);

/* Bounded in waiting: 0 after five seconds without a message. */
size_t client_receive(struct client *client, unsigned char *bytes, size_t room);

/*
 * Runs a dump to its end, each(...) for every message's attributes. Returns the messages, or -errno; *interrupted: the
 * kernel said that it is not consistent. between is called after the first packet; NULL: nothing.
 */
int client_dump(struct client *client, struct request request, bool *interrupted,
		void (*each)(const unsigned char *attributes, size_t bytes, void *context), void (*between)(void),
		void *context);

const struct nlattr *attribute_find(const void *attributes, size_t bytes, int attribute);
/* Of an attribute within a nest; NULL when either is missing. */
const struct nlattr *attribute_within(const void *attributes, size_t bytes, int nest, int attribute);
const void *attribute_data(const struct nlattr *attribute);
uint64_t attribute_u64(const struct nlattr *attribute); /* 0 when it is NULL */
uint32_t attribute_u32(const struct nlattr *attribute);
uint8_t attribute_u8(const struct nlattr *attribute);

/* ---- table.c ---- */

/* A module as a test wants it, wrong fields included. */
struct module {
	uint64_t id;
	int32_t priority;
	uint8_t state, protocol;
	uint32_t flags, delay_us;
	const char *process;
	uint8_t local_prefix, remote_prefix, remote_reserved;
	unsigned int remotes;
	size_t remote_bytes; /* 0: as many as the remotes have */
	bool without_key;
	int without; /* an attribute to leave out; 0 none */
	struct l45_dialect dialect;
};

struct module module_make(uint64_t id);
void request_module(struct request *request, const struct module *module);
int table_begin(struct client *client, uint64_t generation, char digest, uint32_t count);
int table_add(struct client *client, struct module module);
int table_commit(struct client *client, uint64_t generation);
int table_flush(struct client *client);

struct status {
	uint64_t generation, in_force, failed;
	uint32_t modules, sockets;
	char digest[L45_TABLE_DIGEST_BYTES + 1];
};

struct status status_read(struct client *client);
/* The same once this generation is in force, or after five seconds. */
struct status status_in_force(struct client *client, uint64_t generation);

/* ---- check.c ---- */

/* Prints "ok NAME" or "FAIL NAME: what"; the run ends with their count. */
__attribute__((format(printf, 3, 4))) void check(bool holds, const char *name, const char *format, ...);
/* The last call was refused with this error, and the text has these words. */
void check_refused(const struct client *client, int error, const char *words, const char *name);
extern unsigned int checks_failed, checks_done;

/* ---- memory.c ---- */

/* The n-th allocation from now on fails, once; 0 none. false: the module was built without L45_FAULTS=1. */
bool fail_at(unsigned int n);
/* Whether the allocation that was to fail has been reached. */
bool has_failed(void);

/* ---- the checks, by file ---- */

void check_refusals(void);
void check_staging(void);
void check_dumps(void);
void check_respond(void);
void check_events(void);
void check_strangers(void);
void check_memory(void);
void check_attach(void);
void check_streams(void);
void check_storm(void);

#endif
