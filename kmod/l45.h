/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inside of l45.ko: what its files know of each other.
 *
 * Mechanism: each tapped socket has a context (struct l45_sock) that embeds its own copy of struct proto, so the
 * context is container_of(sk->sk_prot): no hash, no lock, no sk_user_data. Untapped sockets run stock code; no global
 * function pointer is touched.
 *
 * Rules of the house: a table is built aside and published once; a reader sees the old one or the new one. What a
 * socket does with a message is decided by its list (struct l45_list), a value made when the table or the socket's
 * names and ports change, so that the data path neither matches nor allocates. No failure of ours ends a program: its
 * socket goes on untapped, and that is reported.
 */
#ifndef L45_H
#define L45_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/refcount.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "compat.h"
#include "uapi/l45.h"
#include "../Sources/CL45Core/include/l45_core.h"

/* ---- tally.c: counters of one module id; they outlive tables ---- */

struct l45_counts {
	u64 messages_sent, messages_received, bytes_sent, bytes_received;
	u64 skipped, passed_plain, dropped, forged;
	u64 sent_ms, received_ms; /* wall clock of the last one on this CPU */
};

struct l45_tally {
	struct hlist_node node;     /* in l45_net.tallies */
	struct rcu_head rcu;
	refcount_t refs;
	u64 id;
	struct l45_counts __percpu *counts;
	atomic_t sockets;              /* open sockets with the module in their list */
	atomic_t streams_in_dialect;   /* streams whose frame under way, either way, is in it */
	atomic_t streams_left_plain;
	struct mutex check_lock;       /* of the chain below; process context */
	struct l45_check_chain check;  /* respond.c: keys of the security check. A module changes, its chain goes on */
};

struct l45_net;

struct l45_tally *l45_tally_get(struct l45_net *ln, u64 id); /* finds or makes; NULL: no memory */
void l45_tally_put(struct l45_net *ln, struct l45_tally *tally);
void l45_tally_sum(const struct l45_tally *tally, struct l45_counts *sum);
/* Any context. */
void l45_count_sent(struct l45_tally *tally, u64 messages, u64 bytes);
void l45_count_received(struct l45_tally *tally, u64 messages, u64 bytes);
enum l45_oddity { L45_SKIPPED, L45_PASSED_PLAIN, L45_DROPPED, L45_FORGED };
void l45_count_odd(struct l45_tally *tally, enum l45_oddity what);

/* ---- module.c: one customization module; immutable, shared by the tables and sockets that refer to it ---- */

struct l45_end {
	struct in6_addr address;
	u8 prefix_bits; /* 0 any */
	u16 port;       /* host order; 0 any */
};

struct l45_module {
	struct rcu_head rcu;
	refcount_t refs;
	struct l45_tally *tally;
	struct l45_net *ln;
	u64 id, group;
	s32 priority;
	u32 flags;      /* enum l45_module_flags */
	u32 delay_us;
	u64 since;            /* the round that brought it; set by l45_publish before anybody else sees the module */
	u64 deprecated_since; /* the round that deprecated it; 0: it is not */
	u8 state;       /* enum l45_module_state */
	u8 protocol;
	bool has_init_key;
	char process[L45_TASK_NAME_BYTES], thread[L45_TASK_NAME_BYTES];
	struct l45_end local;
	u32 remote_count;
	struct l45_end *remotes; /* kvmalloc; NULL: any */
	struct l45_codec codec;  /* codec.dialect.kind L45_MONITOR: counts only */
	u8 init_key[L45_INIT_KEY_BYTES];
};

static inline void l45_module_get(struct l45_module *module) { refcount_inc(&module->refs); }
void l45_module_put(struct l45_module *module); /* frees after a grace period, secrets wiped */

static inline bool l45_is_server(const struct l45_module *module) { return module->flags & L45_F_SERVER; }
/* Does this module's dialect go out (in) on this end? */
static inline bool l45_carries(const struct l45_module *module, bool outgoing)
{
	return module->flags & (l45_is_server(module) == outgoing ? L45_F_RESPONSES : L45_F_REQUESTS);
}

static inline enum l45_direction l45_way(const struct l45_module *module, bool outgoing)
{
	return l45_is_server(module) == outgoing ? L45_RESPONSE : L45_REQUEST;
}

static inline bool l45_may_send(const struct l45_module *module, u8 kind)
{
	return module->state == L45_STATE_ACTIVE && module->codec.dialect.kind == kind && l45_carries(module, true);
}

static inline bool l45_may_read(const struct l45_module *module, u8 kind)
{
	return module->state != L45_STATE_DEACTIVATED && module->codec.dialect.kind == kind &&
	       l45_carries(module, false);
}

static inline bool l45_watches(const struct l45_module *module)
{
	return module->codec.dialect.kind == L45_MONITOR || module->state == L45_STATE_DEACTIVATED;
}

/* Holds back what it does not change. */
static inline bool l45_only_delays(const struct l45_module *module)
{
	return module->delay_us && module->state == L45_STATE_ACTIVE &&
	       module->codec.dialect.kind == L45_MONITOR && l45_carries(module, true);
}

/* ---- match.c: pure ---- */

/* A name of at most 15 bytes against a pattern: "" any, a trailing '*' any ending. */
bool l45_match_name(const char *pattern, const char *name);
bool l45_match_end(const struct l45_end *pattern, const struct in6_addr *address, u16 port);
struct l45_self;
bool l45_match_self(const struct l45_module *module, const struct l45_self *self);
/* Any of the module's remotes; true when it names none. */
bool l45_match_remote(const struct l45_module *module, const struct in6_addr *address, u16 port);

/* ---- table.c: the table of a namespace ---- */

/* Patterns, each once; what does not fit makes it any. */
#define L45_NAMES_MAX 4
struct l45_names {
	bool any;
	u8 count;
	char pattern[L45_NAMES_MAX][L45_TASK_NAME_BYTES];
};

void l45_names_add(struct l45_names *names, const char *pattern);
static inline bool l45_names_know(const struct l45_names *names, const char *name)
{
	u8 i;

	for (i = 0; !names->any && i < names->count; i++)
		if (l45_match_name(names->pattern[i], name))
			return true;
	return names->any;
}

/* One of 64 bits that stand for all ports: what is not set is no module's port. */
static inline u64 l45_port_bit(u16 port)
{
	return 1ull << ((port ^ port >> 6) & 63);
}

struct l45_table {
	struct rcu_head rcu;
	struct rcu_head force; /* until no call works by an older table */
	refcount_t refs;       /* the namespace, and force; set by l45_publish */
	struct l45_net *ln;    /* set by l45_publish */
	u64 generation;
	u64 round;             /* set by l45_publish; see l45_net */
	char digest[L45_TABLE_DIGEST_BYTES + 1];
	u32 count;
	bool any_udp, any_tcp;
	/* Set by l45_publish. */
	struct l45_names udp_names, tcp_names; /* of the programs that modules are for */
	u64 local_ports;       /* l45_port_bit of each local port of a datagram module */
	u64 udp_peers;         /* l45_port_bit of each remote port of one for the connecting end; ~0: of any */
	struct l45_module *module[]; /* by rank: active before the rest, then by priority, then by id */
};

/* What events of one kind may still be sent: a token bucket. */
#define L45_EVENT_KINDS (L45_EVENT_ALERT + 1)
struct l45_budget {
	spinlock_t lock; /* of this budget */
	u32 tokens;
	u32 lost;           /* left out since the last one that went */
	unsigned long at;   /* jiffies of the last refill */
};

struct l45_net {
	struct net *net;
	struct l45_table __rcu *table;   /* NULL: none */
	struct mutex lock;               /* publishing, staging, flushing */
	struct l45_stage *stage;         /* between BEGIN and COMMIT; stage.c */
	u32 stage_owner;                 /* the port id that began it; 0 none. READ_ONCE */
	u32 table_sequence;              /* of publishings and flushes, for consistent dumps; stage.c */
	struct srcu_struct calls;        /* calls that work by a table; see l45_enter */
	u64 in_force;                    /* READ_ONCE */
	u64 in_force_round;              /* of that table; under socks_lock */
	u64 round;                       /* tables published, ever: what "opened before" is told by */
	u64 life;                        /* another one when all chains of keys are gone: respond.c. READ_ONCE */
	bool used;                       /* there was a table once */
	bool armed;                      /* the table holds the hooks */
	struct hlist_head tallies[64];
	spinlock_t tallies_lock;         /* of the lists above */
	spinlock_t socks_lock;           /* BH */
	struct list_head socks;          /* struct l45_sock.node, by serial */
	u32 socks_count;
	u32 socks_sequence;              /* of changes to the list, for consistent dumps */
	u64 socks_serial;                /* l45_sock.serial of the one attached last */
	atomic64_t refused, failed;
	struct l45_peer *peers;          /* peers.c; made with the first UDP server module */
	u8 peer_key[16];
	struct l45_budget budgets[L45_EVENT_KINDS]; /* events.c; by kind */
};

extern unsigned int l45_net_id;
static inline struct l45_net *l45_net(const struct net *net);

/*
 * A call in process context that decides by the table stands between these two, so that "in force" is known: it does
 * not span a sleep for the peer (a full send buffer), only what it takes to hand a message to the stock code.
 */
static inline int l45_enter(struct l45_net *ln) { return srcu_read_lock(&ln->calls); }
static inline void l45_leave(struct l45_net *ln, int index) { srcu_read_unlock(&ln->calls, index); }

/*
 * Publishes a table, built whole by the caller who gives it away on success: switches every tapped socket's list,
 * lets go of UDP sockets that no module is for, taps open sockets that match (attach = all). Under ln->lock. 0 or
 * -ENOMEM (nothing changed).
 */
int l45_publish(struct l45_net *ln, struct l45_table *table);
void l45_table_free(struct l45_table *table);
/*
 * Takes the table away and lets every socket go. When it returns nothing of ours is left on any, but for streams in
 * mid-dialect: those go as they leave it, or close, and the module stays loaded until then. Under ln->lock.
 */
void l45_flush(struct l45_net *ln);

/* ---- sock.c: the context of a tapped socket ---- */

#define L45_LIST_MAX L45_CODECS_MAX

/* The modules of one socket under one table, by rank. Immutable; freed after a grace period. */
struct l45_list {
	struct rcu_head rcu;
	u64 generation;
	u16 count;
	bool watched;    /* one of them counts whatever passes */
	bool sends;      /* one of them may send */
	bool reads;      /* one of them may decode */
	bool enforces;
	bool by_address; /* one of them asks for a local address: the list is made anew when the socket's changes */
	bool by_thread;  /* one of them asks for a thread: the list is made anew when it is known */
	struct l45_module *module[]; /* referenced */
};

struct l45_sock {
	struct proto proto;           /* sk->sk_prot points here */
	struct proto *stock;
	struct sock *sk;              /* not referenced: the socket's close lets go of the context */
	struct l45_net *ln;
	struct list_head node;        /* in l45_net.socks, added at its tail; off it before sk is gone */
	u64 serial;                   /* ++socks_serial, set with node under socks_lock: where a dump goes on */
	struct rcu_head rcu;
	refcount_t refs;              /* the socket, and a publishing that looks at it */
	struct l45_list __rcu *list;  /* changes under ln->socks_lock, or under ln->lock and the socket lock */
	char process[L45_TASK_NAME_BYTES], thread[L45_TASK_NAME_BYTES];
	u64 cookie;
	u64 since_ms;
	bool closed;                  /* by its program; set before the socket's reference goes */
	bool unnamed;                 /* datagrams: no thread has sent yet; changes under the socket lock */
	u64 born;                     /* the round in which the socket was opened, at the latest */
	u64 tx_id, rx_id;             /* module of the last message or frame; 0 none. Diagnostics */
	union {
		struct l45_udp_sock *udp;
		struct l45_tcp_sock *tcp;
	};
};

/* What the node of a proto of ours points to: a stock proto's is in the kernel's list of protos. */
extern struct list_head l45_mark;

/*
 * The context of a socket; NULL: not tapped, or no more. It stays as it is under the socket lock, and its memory in
 * an RCU section, between l45_enter and l45_leave, and until a function of struct proto sleeps: whoever slept asks
 * again.
 */
static inline struct l45_sock *l45_sk(const struct sock *sk)
{
	struct proto *proto = READ_ONCE(sk->sk_prot);
	struct l45_sock *ctx;

	if (proto->node.next != &l45_mark)
		return NULL;
	ctx = container_of(proto, struct l45_sock, proto);
	return likely(ctx->sk == sk) ? ctx : NULL;
}

/*
 * A call of ours that may sleep stands between these two: the module's text stays until it has returned. (The few
 * instructions before and after are covered by RCU tasks.)
 */
DECLARE_PER_CPU(long, l45_inside);
static inline void l45_come(void)
{
	this_cpu_inc(l45_inside);
}

static inline void l45_go(void)
{
	this_cpu_dec(l45_inside);
}

/*
 * Taps a socket that is being opened, by the table in force: makes its list and a context, and swaps. Socket lock held
 * (or the socket not yet seen by anyone); any allocation flags. Returns 0; -ENOENT no module is for it; -EEXIST it is
 * tapped; -EPERM it must not be, *why says (counted and told); -ENOMEM (counted and told; it goes on plain).
 */
int l45_attach(struct sock *sk, struct l45_net *ln, const char *process, const char *thread, gfp_t gfp,
	       enum l45_refusal *why);
/* The same for a socket that is about to get this port. */
int l45_attach_bind(struct sock *sk, struct l45_net *ln, u16 port, enum l45_refusal *why);
/* The same for a socket that was open before the table came (live.c). */
int l45_attach_open(struct sock *sk, struct l45_net *ln, const char *process, const char *thread,
		    enum l45_refusal *why);
/* The same for one that was opened in that round. */
int l45_attach_born(struct sock *sk, struct l45_net *ln, const char *process, const char *thread, u64 born,
		    enum l45_refusal *why);
/* Why it must not be tapped. */
enum l45_refusal l45_refusal_of(const struct sock *sk);
/* Puts the stock proto back and gives up the socket's reference. Socket lock held. */
void l45_detach(struct l45_sock *ctx);
/* The same when the program has closed the socket, so that no call is on it: datagrams. */
void l45_detach_closed(struct l45_sock *ctx);
void l45_sock_put(struct l45_sock *ctx);
/*
 * The socket's local end has changed, or will (port, 0: as it is): makes its list anew. Socket lock held.
 * 0, or -ENOMEM (the list stays).
 */
int l45_relist(struct l45_sock *ctx, u16 port);
/* Waits until every context and list that was let go before is free. */
void l45_settle(struct l45_net *ln);

/* What a socket is matched by. */
struct l45_self {
	const char *process, *thread;
	struct in6_addr address; /* local */
	struct in6_addr peer;    /* streams only */
	u64 born;
	u16 port, peer_port;
	u8 protocol;
	u8 role;                 /* enum l45_role; streams only */
	bool any_address;        /* bound to none in particular */
	bool any_thread;         /* not known yet: who binds a socket need not be who uses it */
	bool has_peer;
};

void l45_self_of(struct l45_self *self, const struct sock *sk, const char *process, const char *thread, u64 born);
/* ERR_PTR(-ENOMEM); NULL: no module is for it. */
struct l45_list *l45_list_for(const struct l45_table *table, const struct l45_self *self, gfp_t gfp);
/* Whether the table has a module for it that attaches to it. */
bool l45_table_wants(const struct l45_table *table, const struct l45_self *self);
/* The same from the socket itself; open_before: it was open when the table came. */
struct l45_list *l45_list_make(const struct l45_table *table, const struct sock *sk, const char *process,
			       const char *thread, bool open_before, gfp_t gfp);
void l45_list_free(struct l45_list *list);
void l45_list_free_closed(struct l45_list *list); /* of a socket that its program has closed */

/* ---- stock.c: the stock protos and proto_ops, read from sockets made for it ---- */
struct l45_stock {
	struct proto *udp, *udp6, *tcp, *tcp6;
	const struct proto_ops *stream, *stream6;
};

extern struct l45_stock l45_stock;
int l45_stock_find(void);

/* ---- udp*.c, tcp*.c: what attach asks of each protocol ---- */
int l45_udp_prepare(struct l45_sock *ctx, gfp_t gfp); /* fills ctx->proto and ctx->udp; nothing is visible yet */
void l45_udp_swapped(struct l45_sock *ctx);           /* the rest of the swap: encap_rcv and so on */
void l45_udp_restore(struct l45_sock *ctx);
void l45_udp_free(struct l45_sock *ctx);
int l45_tcp_prepare(struct l45_sock *ctx, gfp_t gfp);
void l45_tcp_swapped(struct l45_sock *ctx);
void l45_tcp_restore(struct l45_sock *ctx);
void l45_tcp_free(struct l45_sock *ctx);
/* The socket's list changed (publish). Process context, socket lock not held. */
void l45_tcp_relist(struct l45_sock *ctx);
/* Sets streams_in_dialect and streams_left_plain of every tally, as they are now. One caller at a time: ln->lock. */
void l45_tcp_survey(struct l45_net *ln);
/*
 * Without modules: stops choosing any, and lets the socket go when stock code may have it (no byte of a dialect is on
 * it or on its way). Socket lock held.
 */
void l45_tcp_let_go(struct sock *sk);
/* Which end of its connection a TCP socket is, or is about to be. */
enum l45_role { L45_EITHER_END = 0, L45_CONNECTING_END = 1, L45_ACCEPTING_END = 2 };
enum l45_role l45_tcp_role(const struct sock *sk);
/* enum l45_stream_mode either way, for diagnostics. Any context, no lock but socks_lock. */
void l45_tcp_modes(const struct l45_sock *ctx, u8 *tx, u8 *rx);
/* Sets streams_in_dialect and streams_left_plain of every tally, as they are now. One caller at a time: ln->lock. */
void l45_tcp_survey(struct l45_net *ln);
/* A datagram socket is about to get this port (0: it has one, or the kernel's choice): taps it, or waits with that. */
void l45_udp_open(struct sock *sk, struct l45_net *ln, u16 port);
bool l45_is_candidate(const struct sock *sk);
/* It has a context now. Socket lock held. */
void l45_candidate_forget(struct sock *sk);
/* Puts the candidates of the namespace back to stock code. Process context. */
void l45_candidates_drop(const struct l45_net *ln);
int l45_udp_init(void);
void l45_udp_exit(void);
int l45_tcp_init(void);
void l45_tcp_exit(void);

/* ---- net.c: the per-namespace state ---- */
int l45_net_init(void);
void l45_net_exit(void);

/* ---- hooks.c: armed only while a table is anywhere; catches sockets as they bind, connect and listen ---- */
int l45_hooks_arm(void);
void l45_hooks_disarm(void);
void l45_hooks_exit(void);

/* ---- live.c: sockets that are already open ---- */
void l45_live_attach(struct l45_net *ln, const struct l45_table *table);
/* Wakes threads that sleep in a tapped call, so that they leave our code and start again in stock code. */
void l45_live_kick(struct sock *sk);

/* ---- peers.c: who speaks the dialect: a server answers in kind ---- */
int l45_peers_make(struct l45_net *ln);
bool l45_peer_known(struct l45_net *ln, u64 cookie, const struct in6_addr *address, u16 port, u64 group);
void l45_peer_note(struct l45_net *ln, u64 cookie, const struct in6_addr *address, u16 port, u64 group,
		   bool in_dialect);

/* ---- events.c: any context; nothing is built when nobody listens ---- */
void l45_events_init(struct l45_net *ln); /* with the namespace */
/* ATTACHED, REFUSED or FAILED. module 0: none in particular. */
void l45_event_socket(struct l45_net *ln, enum l45_event_kind kind, struct sock *sk, u64 module,
		      enum l45_refusal why, const char *process, const char *thread);
/* text: what happened, without a stop; the module and the socket (NULL: none) are added. */
void l45_event_alert(struct l45_net *ln, u64 module, const struct l45_sock *ctx, const char *text);
void l45_event_table(struct l45_net *ln, u64 generation);

/* ---- netlink.c, stage.c ---- */
int l45_netlink_init(void);  /* after the namespaces' */
void l45_netlink_exit(void); /* before them */
void l45_stage_drop(struct l45_net *ln); /* with the namespace, before its lock goes */

#include <net/netns/generic.h>
static inline struct l45_net *l45_net(const struct net *net)
{
	return net_generic(net, l45_net_id);
}

#endif
