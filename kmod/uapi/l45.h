/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The generic netlink family of l45.ko, version 1: how a device's customization agent drives the kernel tap of its
 * network namespace. Every command needs CAP_NET_ADMIN in the initial user namespace.
 *
 * A table is replaced as a whole: BEGIN, any number of ADDs, COMMIT, all from one socket. Until COMMIT succeeds nothing
 * has changed; a BEGIN by anyone, a FLUSH and the end of the socket discard what was begun. A refusal changes nothing
 * and carries text (extack) that names the module, the field, the number and the bound; an ADD of several modules is
 * taken whole or not at all. Only a sender without the capability gets a bare -EPERM: its message is not looked at.
 *
 *   BEGIN   { GENERATION u64, DIGEST nul-string of 64 hex digits, COUNT u32 modules to come }
 *           -ESTALE older than the table in force; -EEXIST the same generation with another digest; 0 and nothing to
 *           do when both are the same (ADD and COMMIT are then accepted and change nothing); -E2BIG COUNT above the
 *           limit
 *   ADD     { MODULE nest ... }
 *           -EPROTO without a BEGIN from this socket; -EINVAL with the field, or for an id that the table has already;
 *           -E2BIG more modules than announced or more remotes than a table holds
 *   COMMIT  { GENERATION u64 }
 *           -EPROTO another generation than begun, or fewer modules than announced; -ENOMEM, and the same COMMIT may be
 *           sent again
 *   FLUSH   { }
 *           whatever the generation: no table, generation 0, every socket let go; a stream in mid-dialect leaves it
 *           at its next frame, and holds the module until then
 *   STATUS  { } -> { STATUS nest }
 *   MODULES dump -> { GENERATION u64, MODULE_STATE nest } each
 *           consistent: NLM_F_DUMP_INTR when the table changed meanwhile: ask again
 *   SOCKETS dump [{ MOD_ID u64 }] -> { SOCKET nest } each
 *           all tapped sockets, or those of one module (-ENOENT: no such module); consistent in the same way
 *   RESPOND { MOD_ID u64, CHALLENGE binary } -> { MOD_ID u64, ANSWER binary }
 *           the security check, see l45_check_answer in l45_core.h: each answer takes the module's chain of keys one
 *           step on, which begins with init_key and outlives what else changes of the module while the table holds it;
 *           -ENOENT no such module; -EOPNOTSUPP it has no init_key; -EMSGSIZE the challenge is no challenge's length;
 *           -EBADMSG it opens under no key of the chain (and an ALERT event says so)
 *
 * Events, group "events", to the namespace that they belong to and to listeners with CAP_NET_ADMIN in it:
 *   EVENT   { EVENT_KIND u8, TEXT, and what concerns it: MOD_ID, SOCKET nest, REASON, GENERATION, LOST }
 *           They are limited in rate by kind; LOST then says how many of the kind were left out since the last one.
 *
 * Addresses have 16 bytes, IPv4 as ::ffff:a.b.c.d; ports are in host order; times are wall clock, ms since 1970, 0
 * never.
 */
#ifndef L45_UAPI_L45_H
#define L45_UAPI_L45_H

#define L45_GENL_NAME "l45"
#define L45_GENL_VERSION 1
#define L45_GENL_GROUP_EVENTS "events"

/* Limits of one network namespace's table. */
#define L45_MODULES_MAX 1024
#define L45_REMOTES_MAX 3072 /* of one module: a nest has at most 65,535 bytes */
#define L45_TABLE_REMOTES_MAX 65536
#define L45_TASK_NAME_BYTES 16
#define L45_TABLE_DIGEST_BYTES 64
#define L45_INIT_KEY_BYTES 32
#define L45_DELAY_US_MAX 10000000
#define L45_PRIORITY_MAX 1000000

enum l45_command {
	L45_CMD_UNSPEC,
	L45_CMD_STATUS,
	L45_CMD_BEGIN,
	L45_CMD_ADD,
	L45_CMD_COMMIT,
	L45_CMD_FLUSH,
	L45_CMD_MODULES,
	L45_CMD_SOCKETS,
	L45_CMD_RESPOND,
	L45_CMD_EVENT,
	__L45_CMD_MAX
};

#define L45_CMD_MAX (__L45_CMD_MAX - 1)

/* Top level of every message. */
enum l45_attribute {
	L45_A_UNSPEC,
	L45_A_PAD,
	L45_A_GENERATION,   /* u64 */
	L45_A_DIGEST,       /* nul-string, 64 hex digits */
	L45_A_COUNT,        /* u32 */
	L45_A_MODULE,       /* nest of l45_module_attribute; may repeat in ADD */
	L45_A_STATUS,       /* nest of l45_status_attribute */
	L45_A_MODULE_STATE, /* nest of l45_state_attribute */
	L45_A_SOCKET,       /* nest of l45_socket_attribute */
	L45_A_MOD_ID,       /* u64 */
	L45_A_CHALLENGE,    /* binary */
	L45_A_ANSWER,       /* binary */
	L45_A_EVENT_KIND,   /* u8, enum l45_event_kind */
	L45_A_REASON,       /* u8, enum l45_refusal */
	L45_A_TEXT,         /* nul-string for people */
	L45_A_LOST,         /* u32 */
	__L45_A_MAX
};

#define L45_A_MAX (__L45_A_MAX - 1)

/* One customization module, as an ADD carries it. */
enum l45_module_attribute {
	L45_M_UNSPEC,
	L45_M_PAD,
	L45_M_ID,       /* u64, not 0 */
	L45_M_GROUP,    /* u64: editions of one dialect share it */
	L45_M_PRIORITY, /* s32, -L45_PRIORITY_MAX..L45_PRIORITY_MAX: higher is tried first, after what is ACTIVE */
	L45_M_STATE,    /* u8, enum l45_module_state */
	L45_M_FLAGS,    /* u32, enum l45_module_flags */
	L45_M_PROTOCOL, /* u8: 6 or 17 */
	L45_M_DELAY_US, /* u32, at most L45_DELAY_US_MAX */
	L45_M_PROCESS,  /* nul-string below 16 bytes: TGID name; absent or "" any; a trailing '*' any ending */
	L45_M_THREAD,   /* the same, PID name */
	L45_M_LOCAL,    /* nest of l45_endpoint_attribute; absent: any */
	L45_M_REMOTES,  /* binary: struct l45_remote[]; absent or empty: any peer */
	L45_M_DIALECT,  /* binary: struct l45_dialect of l45_core.h, 100 bytes, host order */
	L45_M_INIT_KEY, /* binary, 32 bytes; absent: the module can not be challenged */
	/* ID, STATE, PROTOCOL and DIALECT must be there; GROUP, PRIORITY, FLAGS and DELAY_US are 0 when absent. */
	__L45_M_MAX
};

#define L45_M_MAX (__L45_M_MAX - 1)

enum l45_endpoint_attribute {
	L45_E_UNSPEC,
	L45_E_ADDRESS, /* binary, 16 bytes */
	L45_E_PREFIX,  /* u8, 0..128; 0 any */
	L45_E_PORT,    /* u16; 0 any */
	__L45_E_MAX
};

#define L45_E_MAX (__L45_E_MAX - 1)

/* A peer, or a block of them. 20 bytes, no padding. */
struct l45_remote {
	unsigned char address[16];
	unsigned char prefix_bits; /* 0..128; 0 any */
	unsigned char reserved;    /* 0 */
	unsigned short port;       /* host order; 0 any */
};

/* Numbers of enum l45_tap_state and enum l45_tap_rule_flags of the user-space tap. */
enum l45_module_state {
	L45_STATE_DEACTIVATED = 0, /* attached and counting, customizes nothing */
	L45_STATE_STANDBY = 1,     /* decodes, never sends */
	L45_STATE_ACTIVE = 2,
	L45_STATE_DEPRECATED = 3,  /* no new socket, no new frame; decodes what is under way */
};

enum l45_module_flags {
	L45_F_SERVER = 1u << 0,    /* this device answers: it sends responses, receives requests */
	L45_F_REQUESTS = 1u << 1,  /* requests carry the dialect */
	L45_F_RESPONSES = 1u << 2, /* responses carry it */
	L45_F_ENFORCE = 1u << 3,   /* drop what arrives plain */
	L45_F_NEW_ONLY = 1u << 4,  /* attach = new: no socket that was open at COMMIT */
};

#define L45_F_ALL 0x1fu

enum l45_status_attribute {
	L45_ST_UNSPEC,
	L45_ST_PAD,
	L45_ST_VERSION,     /* u32, L45_GENL_VERSION */
	L45_ST_GENERATION,  /* u64: the table in force for calls that begin now; 0 none */
	L45_ST_DIGEST,      /* nul-string, its digest */
	L45_ST_IN_FORCE,    /* u64: the oldest generation that a call still works by */
	L45_ST_MODULES,     /* u32 */
	L45_ST_SOCKETS,     /* u32: tapped sockets */
	L45_ST_REFUSED,     /* u64: sockets that matched and must not be tapped, since the table was first set */
	L45_ST_FAILED,      /* u64: sockets left untapped for want of memory */
	L45_ST_LIMIT_MODULES, /* u32 */
	L45_ST_LIFE,        /* u64, drawn when the namespace's tap begins, and at each FLUSH: chains of keys begin anew */
	__L45_ST_MAX
};

#define L45_ST_MAX (__L45_ST_MAX - 1)

/* One module as the tap sees it. Counters begin at the module's first table and outlive later ones. */
enum l45_state_attribute {
	L45_S_UNSPEC,
	L45_S_PAD,
	L45_S_ID,                /* u64 */
	L45_S_STATE,             /* u8 */
	L45_S_FLAGS,             /* u32 */
	L45_S_SOCKETS,           /* u32: open sockets with it in their list */
	L45_S_STREAMS_IN_DIALECT, /* u32: streams whose frame under way, either way, is in it */
	L45_S_STREAMS_LEFT_PLAIN, /* u32: matching connections that began plain */
	L45_S_MESSAGES_SENT,     /* u64 from here on */
	L45_S_MESSAGES_RECEIVED,
	L45_S_BYTES_SENT,
	L45_S_BYTES_RECEIVED,
	L45_S_SKIPPED,
	L45_S_PASSED_PLAIN,
	L45_S_DROPPED,
	L45_S_FORGED,
	L45_S_ACTIVE_MS,         /* active_ts */
	L45_S_SENT_MS,
	L45_S_RECEIVED_MS,
	__L45_S_MAX
};

#define L45_S_MAX (__L45_S_MAX - 1)

/* One tapped socket: what the wildcards were filled with. */
enum l45_socket_attribute {
	L45_K_UNSPEC,
	L45_K_PAD,
	L45_K_COOKIE,    /* u64 */
	L45_K_PROTOCOL,  /* u8 */
	L45_K_LOCAL,     /* nest of l45_endpoint_attribute */
	L45_K_REMOTE,    /* the same; absent: none yet, or unconnected */
	L45_K_PROCESS,   /* nul-string */
	L45_K_THREAD,    /* nul-string */
	L45_K_TX_MODE,   /* u8, enum l45_stream_mode; streams only */
	L45_K_RX_MODE,   /* u8 */
	L45_K_TX_MOD_ID, /* u64: of the last message or frame sent in a dialect; absent: none */
	L45_K_RX_MOD_ID, /* u64 */
	L45_K_SINCE_MS,  /* u64: when it was attached */
	L45_K_TEXT,      /* nul-string: "udp dig/isc-net-0000 10.0.0.5:41234 -> 10.0.0.53:53" */
	__L45_K_MAX
};

#define L45_K_MAX (__L45_K_MAX - 1)

enum l45_event_kind {
	L45_EVENT_TABLE = 1,    /* another table is in force */
	L45_EVENT_ATTACHED = 2, /* a socket was tapped */
	L45_EVENT_REFUSED = 3,  /* a socket that matched stays untapped: REASON */
	L45_EVENT_FAILED = 4,   /* the same for want of memory: it goes on working, plain */
	L45_EVENT_ALERT = 5,    /* forged tags, a broken stream */
};

/* Why a socket that matched must not be tapped. */
enum l45_refusal {
	L45_REFUSED_NONE = 0,
	L45_REFUSED_KERNEL_SOCKET = 1,
	L45_REFUSED_MPTCP = 2,
	L45_REFUSED_ULP = 3,        /* kTLS and others own the socket */
	L45_REFUSED_PSOCK = 4,      /* sockmap, or another user of sk_user_data */
	L45_REFUSED_ENCAP = 5,      /* already encapsulates */
	L45_REFUSED_FOREIGN = 6,    /* its struct proto is not the stock one */
	L45_REFUSED_BEGAN_PLAIN = 7, /* a stream dialect on a connection that is under way */
};

#endif
