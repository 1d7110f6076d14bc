/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What lies in the two files of a tap folder. Known to CL45Tap (the agent's side) and CL45Preload (the tapped
 * process's side), and to nobody else. Any change of layout is a new L45_LAYOUT_VERSION: a file of another version is
 * refused, never guessed at.
 */
#ifndef L45_LAYOUT_H
#define L45_LAYOUT_H

#include "l45_tap.h"

#define L45_LAYOUT_MAGIC 0x3534746cu
#define L45_LAYOUT_VERSION 1u

#define L45_MODULES_MAX 1024
#define L45_PEERS_MAX 65536
#define L45_PEER_WAYS 8
/* Generations that calls under way can be told apart by; a call that outlives this many publications aliases. */
#define L45_INFLIGHT_SLOTS 16
#define L45_RULE_WORDS (L45_TAP_RULES_MAX / 64)
#define L45_HOLDER_WORDS (L45_TAP_PROCESSES_MAX / 64)

#define l45_load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define l45_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define l45_add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)

/* ---- rules ---- */

/* A rule as published, with what the publisher knows of its history. */
struct l45_table_rule {
	struct l45_tap_rule rule;
	uint64_t since;            /* sequence at which its module first stood in a table */
	uint64_t deprecated_since; /* sequence at which it became deprecated; 0 when it is not */
	uint32_t module;           /* its entry in the module table of the state file */
	uint32_t reserved;
};

/* Sorted: active, standby, deprecated, deactivated; within a state by falling priority. So an index is a rank. */
struct l45_rules_table {
	uint64_t generation;
	uint32_t count;
	uint32_t reserved;
	char digest[L45_TAP_DIGEST_BYTES + 8];
	struct l45_table_rule rules[L45_TAP_RULES_MAX];
};

struct l45_rules_file {
	uint32_t magic, version;
	uint64_t file_bytes;
	uint64_t sequence; /* publications so far; table[sequence & 1] is in force; 0: none */
	uint64_t reserved[5];
	struct l45_rules_table table[2];
};

/* ---- state ---- */

/* Process-shared lock: 0 free, else the owner's thread id, top bit set when somebody waits. */
struct l45_lock {
	uint32_t word;
};

enum l45_process_state { L45_PROCESS_FREE = 0, L45_PROCESS_RESERVED = 1, L45_PROCESS_LIVE = 2 };

struct l45_process {
	uint32_t state; /* enum l45_process_state */
	int32_t pid;
	uint64_t start; /* field 22 of /proc/PID/stat: with pid, an identity that is not used again */
	char name[L45_TAP_NAME_BYTES];
	uint64_t reserved[4];
	uint32_t inflight[L45_INFLIGHT_SLOTS]; /* calls that work by sequence s, at s % L45_INFLIGHT_SLOTS */
};

struct l45_module_slot {
	struct l45_tap_module counters; /* mod_id 0: free */
	uint32_t met;                   /* a process has matched a socket to it */
	uint32_t reserved;
};

/* A datagram peer whose last request came in the dialect: a keyed fingerprint of (socket, peer, group). */
struct l45_peer {
	uint64_t fingerprint; /* 0: free */
	uint64_t seen_ms;
};

/* UNOPENED: found, not seen opening. The end that connects is the client of a stream. */
enum l45_opened { L45_UNOPENED = 0, L45_CONNECTED = 1, L45_ACCEPTED = 2 };

/* What a stream is in before it opens in a dialect with L45_AFTER_TLS_HANDSHAKE; its mode is L45_UNDECIDED meanwhile. */
enum l45_prelude { L45_NO_PRELUDE = 0, L45_IN_PRELUDE = 1, L45_AFTER_PRELUDE = 2 };

#define L45_NO_MODULE 0xffffffffu

/* A tapped socket, found by its kernel cookie, so that every process that holds it works on the same place. */
struct l45_flow {
	uint64_t cookie; /* as in its key */
	uint64_t holders[L45_HOLDER_WORDS]; /* one bit per process slot */
	uint64_t orphan_ms; /* since when nobody holds it; 0 while held. Kept for a while: a socket may be in passing. */
	uint64_t first_ms;
	uint64_t born;      /* sequence in force when the socket was made; 0: before the tap */

	struct l45_lock lock; /* guards the block below */
	uint8_t protocol;     /* 6 or 17 */
	uint8_t opened;       /* enum l45_opened */
	uint8_t local_any;    /* bound to the wildcard address */
	uint8_t connected;    /* remote is known for the whole socket */
	struct l45_tap_endpoint local, remote;
	char process[L45_TAP_NAME_BYTES], thread[L45_TAP_NAME_BYTES];

	uint64_t attached_sequence;         /* the table that attached is of; 0 while it is rewritten */
	uint64_t attached[L45_RULE_WORDS];  /* one bit per rule */

	/* Streams only. Each half under its own lock. */
	struct l45_lock tx_lock;
	uint32_t tx_busy;          /* a send is under way: an owner that dies now leaves the position unknown */
	uint64_t tx_sequence;      /* the table that the send codec was chosen by */
	uint32_t tx_module;        /* of the frame under way or last sent; L45_NO_MODULE none */
	uint32_t send_module;      /* of send, L45_NO_MODULE none */
	uint32_t tx_delay_us;      /* of send */
	uint8_t tx_broken, tx_in_kind;
	uint8_t watched;           /* a monitor or a deactivated module counts what passes, as of tx_sequence */
	uint8_t tx_prelude;        /* enum l45_prelude */
	int64_t tx_ms;             /* when a frame was last begun or went on */
	struct l45_stream_tx tx;
	struct l45_codec send;

	struct l45_lock rx_lock;
	uint32_t rx_busy;
	uint64_t rx_sequence;
	uint32_t rx_module;        /* of the frame under way or last received; L45_NO_MODULE none */
	uint32_t rx_count;
	uint32_t rx_lowat;         /* SO_RCVLOWAT in plain bytes; 0 and 1 are the same */
	int32_t rx_error;          /* an errno met after bytes were taken: told at the next call */
	uint8_t rx_broken;
	uint8_t rx_prelude;        /* enum l45_prelude */
	struct l45_records rx_records, tx_records; /* in the prelude */
	uint8_t reserved[2];
	int64_t rx_ms;
	struct l45_stream_rx rx;
	uint32_t rx_modules[L45_CODECS_MAX];
	struct l45_codec rx_codecs[L45_CODECS_MAX];
};

/* The keys of the flows apart from them: a search, or a walk over all, touches no memory of flows that are not there. */
struct l45_flow_key {
	uint64_t cookie; /* 0: free */
};

struct l45_state_file {
	uint32_t magic, version;
	uint64_t file_bytes;
	char boot[40];          /* kernel boot id: sockets and processes of another boot are gone */
	uint8_t peer_key[16];
	struct l45_lock flows_lock;
	uint32_t streams;       /* stream flows ever made: 0 lets poll and its like go straight on */
	struct l45_process processes[L45_TAP_PROCESSES_MAX];
	struct l45_module_slot modules[L45_MODULES_MAX];
	struct l45_peer peers[L45_PEERS_MAX];
	struct l45_flow_key keys[L45_TAP_FLOWS_MAX];
	struct l45_flow flows[L45_TAP_FLOWS_MAX];
};

/* ---- shared by both sides ---- */

/* Maps folder/name. 0, -errno, -EPROTO when it is of another version. writable: as said; the file must exist. */
int l45_layout_map(const char *folder, const char *name, size_t bytes, int writable, void **map);

/* Field 22 of /proc/PID/stat, clock ticks since boot; 0 when there is no such process. */
uint64_t l45_process_start(int pid);

/* Wall clock in ms since 1970. */
int64_t l45_now_ms(void);

/* The parts of a rule that hold for a socket whatever its peer: protocol, names, local end, attach mode, deprecation. */
int l45_match_socket(const struct l45_table_rule *rule, const struct l45_flow *flow);
/* address in 16-byte form. */
int l45_match_remote(const struct l45_tap_rule *rule, const uint8_t address[16], uint16_t port);
/* pattern: "" any, trailing '*' any ending. */
int l45_match_name(const char *pattern, const char *name);

#endif
