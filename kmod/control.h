/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the control plane (netlink, stage, parse, dump, describe, events, respond) know of each other. */
#ifndef L45_CONTROL_H
#define L45_CONTROL_H

#include <net/genetlink.h>

#include "l45.h"

extern struct genl_family l45_family;

/* ---- fault.c ---- */

/*
 * Why a request is refused, in words. The kernel's own extack macros take texts that are fixed when it is built; a text
 * that names the module and the number needs room of its own until the answer is sent.
 */
#define L45_FAULT_BYTES 160
struct l45_fault {
	int error;
	const struct nlattr *at; /* in the request; NULL: none in particular */
	char text[L45_FAULT_BYTES];
};

/* Fills the fault and returns error. */
__printf(4, 5) int l45_fault(struct l45_fault *fault, int error, const struct nlattr *at, const char *format, ...);
int l45_fault_memory(struct l45_fault *fault, const char *what);
/* Answers the request with the fault. What it returns is what the doit callback has to return. */
int l45_fault_answer(struct sk_buff *request, const struct l45_fault *fault);
/* 0, or -EINVAL when an attribute of the request is missing. */
int l45_require(struct genl_info *info, int attribute, const char *name, struct l45_fault *fault);

/* ---- parse.c ---- */

/*
 * A module from its nest, checked and made ready; place: which one of its message it is, from 1. The caller owns the
 * reference. The fault's error as ERR_PTR when it is refused.
 */
struct l45_module *l45_module_parse(struct l45_net *ln, const struct nlattr *nest, unsigned int place,
				    struct l45_fault *fault);
/* Overwrites the secrets of a module's nest in the request: the buffer goes back to the allocator as it is. */
void l45_module_wipe(const struct nlattr *nest);

/* ---- same.c ---- */

/* Whether two modules of one id are the same in every field, so that the older can stand for the newer. */
bool l45_module_same(const struct l45_module *a, const struct l45_module *b);

/* ---- dialect.c ---- */

/* Checks the dialect against its bounds and the module's protocol, and makes the module's codec. */
int l45_dialect_parse(struct l45_module *module, const struct nlattr *at, struct l45_fault *fault);

/* ---- begin.c, stage.c ---- */

/* A table between BEGIN and COMMIT: of one socket, under l45_net.lock. */
struct l45_stage {
	u32 portid;     /* the socket that began it */
	bool in_force;  /* a retry of the table in force: nothing is left to do */
	u64 generation;
	char digest[L45_TABLE_DIGEST_BYTES + 1];
	u32 announced, count;
	u32 remotes;    /* of all modules */
	struct l45_module *module[]; /* room for announced; referenced */
};

static inline struct l45_table *l45_table_in_force(struct l45_net *ln)
{
	return rcu_dereference_protected(ln->table, lockdep_is_held(&ln->lock));
}

int l45_begin_doit(struct sk_buff *skb, struct genl_info *info);
int l45_add_doit(struct sk_buff *skb, struct genl_info *info);
int l45_commit_doit(struct sk_buff *skb, struct genl_info *info);
int l45_flush_doit(struct sk_buff *skb, struct genl_info *info);
/* The socket is gone: drops what it had begun. */
void l45_stage_release(struct l45_net *ln, u32 portid);

/* ---- rank.c ---- */

/* A table of count modules, of which it takes references of its own. NULL: no memory. */
struct l45_table *l45_table_make(u64 generation, const char digest[L45_TABLE_DIGEST_BYTES + 1],
				 struct l45_module *const *modules, u32 count);

/* ---- dump.c ---- */

extern const struct nla_policy l45_sockets_policy[L45_A_MOD_ID + 1];
int l45_status_doit(struct sk_buff *skb, struct genl_info *info);
int l45_modules_start(struct netlink_callback *cb);
int l45_modules_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int l45_sockets_start(struct netlink_callback *cb);
int l45_sockets_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

/* ---- describe.c ---- */

/* A socket to tell of: tapped (ctx), or one that is not and what it was matched by. */
struct l45_view {
	const struct sock *sk;
	const struct l45_sock *ctx;
	const char *process, *thread;
};

#define L45_DESCRIBE_BYTES 224
/* "udp dig/isc-net-0000 10.0.0.5:41234 -> 10.0.0.53:53". Returns the length. */
int l45_describe(const struct l45_view *view, char text[L45_DESCRIBE_BYTES]);
/* The SOCKET nest. 0, or -EMSGSIZE when it does not fit (skb as it was). */
int l45_put_socket(struct sk_buff *skb, const struct l45_view *view);

/* ---- respond.c ---- */

int l45_respond_doit(struct sk_buff *skb, struct genl_info *info);
/* The module of this id in the table in force, referenced; NULL: none. */
struct l45_module *l45_module_find(struct l45_net *ln, u64 id);

#endif
