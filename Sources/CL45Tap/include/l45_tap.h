/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * CL45Tap: the memory that an agent and the processes under its user-space tap share, and the calls on it.
 * A tap folder holds two files, both mapped whole:
 *
 *   rules   written by the agent alone, mapped read-only by tapped processes: the rule table, two copies and a
 *           generation, so that a reader sees the old table or the new one and never a mix;
 *   state   written by tapped processes: one slot per process, one entry per module, one per tapped socket.
 *
 * The agent may die and come back: rules stay in force, and nothing is lost from the state.
 */
#ifndef L45_TAP_H
#define L45_TAP_H

#include "l45_core.h"

#define L45_TAP_RULES_MAX 512
#define L45_TAP_PROCESSES_MAX 512
#define L45_TAP_FLOWS_MAX 16384
#define L45_TAP_NAME_BYTES 16
#define L45_TAP_DIGEST_BYTES 64

enum l45_tap_state {
	L45_TAP_DEACTIVATED = 0,
	L45_TAP_STANDBY = 1,    /* decodes, never sends */
	L45_TAP_ACTIVE = 2,
	L45_TAP_DEPRECATED = 3, /* no new socket, no new frame; decodes what is under way */
};

enum l45_tap_rule_flags {
	L45_TAP_SERVER = 1u << 0,           /* this device answers: it sends responses, receives requests */
	L45_TAP_REQUESTS = 1u << 1,         /* requests carry the dialect */
	L45_TAP_RESPONSES = 1u << 2,        /* responses carry it */
	L45_TAP_ENFORCE = 1u << 3,          /* drop what arrives plain */
	L45_TAP_NEW_SOCKETS_ONLY = 1u << 4, /* attach = new */
};

/* One end of a flow. Addresses in 16-byte form, IPv4 as ::ffff:a.b.c.d. */
struct l45_tap_endpoint {
	uint8_t address[16];
	uint8_t prefix_bits; /* 0: any */
	uint8_t reserved;
	uint16_t port;       /* host order; 0: any */
};

/* One tap_socket of one module. A module with several remotes has several rules with the same mod_id. */
struct l45_tap_rule {
	uint64_t mod_id;
	uint64_t group;    /* one per intent and flow: editions of one dialect share it */
	int32_t priority;  /* higher is tried first */
	uint32_t flags;
	uint8_t state;     /* enum l45_tap_state */
	uint8_t protocol;  /* 6 or 17 */
	uint8_t reserved[2];
	uint32_t delay_us;
	char process[L45_TAP_NAME_BYTES]; /* TGID name; "" any; trailing '*' any ending */
	char thread[L45_TAP_NAME_BYTES];  /* PID name */
	struct l45_tap_endpoint local;
	struct l45_tap_endpoint remote;
	struct l45_dialect dialect;
};

/* Counters of one module, summed over processes. */
struct l45_tap_module {
	uint64_t mod_id;  /* 0: free */
	uint64_t messages_sent, messages_received, bytes_sent, bytes_received;
	uint64_t skipped, passed_plain, dropped, forged;
	int64_t active_ms, sent_ms, received_ms; /* wall clock, ms since 1970; 0 never */
	/* Filled in by l45_tap_read_module from sockets and processes: */
	uint32_t sockets, streams_in_dialect, streams_left_plain, reserved;
};

struct l45_tap; /* the agent's handle */

/*
 * Opens, or makes, the tap folder (0700) and its files for the agent; one agent at a time (flock).
 * Returns 0; -EBUSY another agent has it; -EPROTO files of another version; -errno.
 */
int l45_tap_open(const char *folder, struct l45_tap **tap);
void l45_tap_close(struct l45_tap *tap);

/*
 * Puts a whole table in force. generation orders tables, digest (64 hex digits) names its content.
 * 0; -ESTALE older than the one in force; -EEXIST the same generation with another digest; -E2BIG; -EINVAL a rule is
 * out of bounds (nothing changed). The same table again is 0 and does nothing.
 */
int l45_tap_publish(struct l45_tap *tap, uint64_t generation, const char *digest, const struct l45_tap_rule *rules,
		    size_t count);

/* What is published: generation 0 and an empty digest when nothing is. Survives the agent. */
void l45_tap_published(const struct l45_tap *tap, uint64_t *generation, char digest[L45_TAP_DIGEST_BYTES + 1]);

/*
 * The oldest generation that a hooked call still works by: the published one when every process has moved on.
 * A process that sleeps in a receive counts as moved on: it reads the table again before it decodes what woke it.
 */
uint64_t l45_tap_in_force(const struct l45_tap *tap);

/* Frees slots and sockets of processes that are gone. Call before reading. Returns the processes alive. */
size_t l45_tap_sweep(struct l45_tap *tap);

/* Reads one module's state: 0, -ENOENT when no process has met it (counters zero). */
int l45_tap_read_module(const struct l45_tap *tap, uint64_t mod_id, struct l45_tap_module *out);

/* One filled-in tap_socket as text; returns entries written, newest first. */
#define L45_TAP_FLOW_TEXT 160
size_t l45_tap_read_flows(const struct l45_tap *tap, uint64_t mod_id, char (*text)[L45_TAP_FLOW_TEXT], size_t max);

#endif
