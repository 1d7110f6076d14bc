// SPDX-License-Identifier: GPL-2.0
/* What the tap tells when it is asked: its status, its modules, its sockets. */
#include "control.h"

const struct nla_policy l45_sockets_policy[L45_A_MOD_ID + 1] = {
	[L45_A_MOD_ID] = { .type = NLA_U64 },
};

static int l45_put_status(struct sk_buff *skb, struct l45_net *ln)
{
	struct nlattr *nest = nla_nest_start(skb, L45_A_STATUS);
	const struct l45_table *table;
	int error = -EMSGSIZE;

	if (!nest)
		return error;
	rcu_read_lock();
	table = rcu_dereference(ln->table);
	if (!nla_put_u32(skb, L45_ST_VERSION, L45_GENL_VERSION) &&
	    !nla_put_u64_64bit(skb, L45_ST_GENERATION, table ? table->generation : 0, L45_ST_PAD) &&
	    !nla_put_string(skb, L45_ST_DIGEST, table ? table->digest : "") &&
	    !nla_put_u64_64bit(skb, L45_ST_IN_FORCE, READ_ONCE(ln->in_force), L45_ST_PAD) &&
	    !nla_put_u32(skb, L45_ST_MODULES, table ? table->count : 0) &&
	    !nla_put_u32(skb, L45_ST_SOCKETS, READ_ONCE(ln->socks_count)) &&
	    !nla_put_u64_64bit(skb, L45_ST_REFUSED, atomic64_read(&ln->refused), L45_ST_PAD) &&
	    !nla_put_u64_64bit(skb, L45_ST_FAILED, atomic64_read(&ln->failed), L45_ST_PAD) &&
	    !nla_put_u32(skb, L45_ST_LIMIT_MODULES, L45_MODULES_MAX) &&
	    !nla_put_u64_64bit(skb, L45_ST_LIFE, READ_ONCE(ln->life), L45_ST_PAD))
		error = 0;
	rcu_read_unlock();
	nla_nest_end(skb, nest);
	return error;
}

int l45_status_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *answer = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	struct l45_fault fault = {};
	void *header;

	if (!answer) {
		l45_fault_memory(&fault, "the answer");
		return l45_fault_answer(skb, &fault);
	}
	header = genlmsg_put_reply(answer, info, &l45_family, 0, L45_CMD_STATUS);
	if (!header || l45_put_status(answer, l45_net(genl_info_net(info)))) {
		nlmsg_free(answer);
		return -EMSGSIZE;
	}
	genlmsg_end(answer, header);
	return genlmsg_reply(answer, info);
}

/* Where a dump stands: in netlink_callback.ctx, all zero at its begin. */
struct l45_cursor {
	u64 serial; /* of the socket told last */
	u64 module; /* sockets with this one in their list; 0 all */
	u32 index;  /* of the module to tell next */
};

static struct l45_cursor *l45_cursor_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct l45_cursor) > sizeof(cb->ctx));
	return (struct l45_cursor *)cb->ctx;
}

/* A dump is consistent while its seq stays; 0 would say that there is none yet. */
static u32 l45_seq(u32 sequence)
{
	return sequence ?: U32_MAX;
}

static void *l45_dump_header(struct sk_buff *skb, struct netlink_callback *cb, u8 command)
{
	void *header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &l45_family, NLM_F_MULTI,
				   command);

	if (header)
		genl_dump_check_consistent(cb, header);
	return header;
}

static int l45_put_counts(struct sk_buff *skb, const struct l45_tally *tally)
{
	struct l45_counts sum = {};

	l45_tally_sum(tally, &sum);
	if (nla_put_u32(skb, L45_S_SOCKETS, atomic_read(&tally->sockets)) ||
	    nla_put_u32(skb, L45_S_STREAMS_IN_DIALECT, atomic_read(&tally->streams_in_dialect)) ||
	    nla_put_u32(skb, L45_S_STREAMS_LEFT_PLAIN, atomic_read(&tally->streams_left_plain)) ||
	    nla_put_u64_64bit(skb, L45_S_MESSAGES_SENT, sum.messages_sent, L45_S_PAD) ||
	    nla_put_u64_64bit(skb, L45_S_MESSAGES_RECEIVED, sum.messages_received, L45_S_PAD) ||
	    nla_put_u64_64bit(skb, L45_S_BYTES_SENT, sum.bytes_sent, L45_S_PAD) ||
	    nla_put_u64_64bit(skb, L45_S_BYTES_RECEIVED, sum.bytes_received, L45_S_PAD) ||
	    nla_put_u64_64bit(skb, L45_S_SKIPPED, sum.skipped, L45_S_PAD) ||
	    nla_put_u64_64bit(skb, L45_S_PASSED_PLAIN, sum.passed_plain, L45_S_PAD) ||
	    nla_put_u64_64bit(skb, L45_S_DROPPED, sum.dropped, L45_S_PAD) ||
	    nla_put_u64_64bit(skb, L45_S_FORGED, sum.forged, L45_S_PAD) ||
	    nla_put_u64_64bit(skb, L45_S_ACTIVE_MS, max(sum.sent_ms, sum.received_ms), L45_S_PAD) ||
	    nla_put_u64_64bit(skb, L45_S_SENT_MS, sum.sent_ms, L45_S_PAD) ||
	    nla_put_u64_64bit(skb, L45_S_RECEIVED_MS, sum.received_ms, L45_S_PAD))
		return -EMSGSIZE;
	return 0;
}

static int l45_dump_module(struct sk_buff *skb, struct netlink_callback *cb, const struct l45_table *table,
			   const struct l45_module *module)
{
	void *header = l45_dump_header(skb, cb, L45_CMD_MODULES);
	struct nlattr *nest;

	if (!header)
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, L45_A_GENERATION, table->generation, L45_A_PAD))
		goto full;
	nest = nla_nest_start(skb, L45_A_MODULE_STATE);
	if (!nest || nla_put_u64_64bit(skb, L45_S_ID, module->id, L45_S_PAD) ||
	    nla_put_u8(skb, L45_S_STATE, module->state) || nla_put_u32(skb, L45_S_FLAGS, module->flags) ||
	    l45_put_counts(skb, module->tally))
		goto full;
	nla_nest_end(skb, nest);
	genlmsg_end(skb, header);
	return 0;
full:
	genlmsg_cancel(skb, header);
	return -EMSGSIZE;
}

/* What is told of streams is counted when somebody asks. */
int l45_modules_start(struct netlink_callback *cb)
{
	struct l45_net *ln = l45_net(sock_net(cb->skb->sk));

	mutex_lock(&ln->lock);
	l45_tcp_survey(ln);
	mutex_unlock(&ln->lock);
	return 0;
}

int l45_modules_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct l45_net *ln = l45_net(sock_net(skb->sk));
	struct l45_cursor *cursor = l45_cursor_of(cb);
	const struct l45_table *table;

	rcu_read_lock();
	cb->seq = l45_seq(READ_ONCE(ln->table_sequence));
	table = rcu_dereference(ln->table);
	for (; table && cursor->index < table->count; cursor->index++)
		if (l45_dump_module(skb, cb, table, table->module[cursor->index]))
			break;
	rcu_read_unlock();
	return skb->len;
}

int l45_sockets_start(struct netlink_callback *cb)
{
	struct l45_net *ln = l45_net(sock_net(cb->skb->sk));
	struct nlattr *attributes[L45_A_MOD_ID + 1];
	struct l45_fault fault = {};
	struct l45_module *module;
	int error;
	u64 id;

	error = genlmsg_parse(cb->nlh, &l45_family, attributes, L45_A_MOD_ID, l45_sockets_policy, NULL);
	if (error || !attributes[L45_A_MOD_ID])
		return error;
	id = nla_get_u64(attributes[L45_A_MOD_ID]);
	module = l45_module_find(ln, id);
	if (!module) {
		l45_fault(&fault, -ENOENT, attributes[L45_A_MOD_ID], "no module %llu is in the table in force", id);
		return l45_fault_answer(cb->skb, &fault);
	}
	l45_module_put(module);
	l45_cursor_of(cb)->module = id;
	return 0;
}

/* Under rcu_read_lock. */
static bool l45_sock_lists(const struct l45_sock *ctx, u64 module)
{
	const struct l45_list *list = rcu_dereference(ctx->list);
	unsigned int i;

	for (i = 0; list && i < list->count; i++)
		if (list->module[i]->id == module)
			return true;
	return false;
}

static int l45_dump_socket(struct sk_buff *skb, struct netlink_callback *cb, const struct l45_sock *ctx)
{
	const struct l45_view view = { .sk = ctx->sk, .ctx = ctx };
	void *header = l45_dump_header(skb, cb, L45_CMD_SOCKETS);

	if (!header)
		return -EMSGSIZE;
	if (l45_put_socket(skb, &view)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/*
 * Goes on after the serial told last: a socket that was there all the time is told once, whatever came and went. The
 * lock is held while sockets are passed over (some nanoseconds each) and one message is filled.
 */
int l45_sockets_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct l45_net *ln = l45_net(sock_net(skb->sk));
	struct l45_cursor *cursor = l45_cursor_of(cb);
	const struct l45_sock *ctx;

	rcu_read_lock();
	spin_lock_bh(&ln->socks_lock);
	cb->seq = l45_seq(ln->socks_sequence);
	list_for_each_entry(ctx, &ln->socks, node) {
		if (ctx->serial <= cursor->serial)
			continue;
		if ((!cursor->module || l45_sock_lists(ctx, cursor->module)) && l45_dump_socket(skb, cb, ctx))
			break;
		cursor->serial = ctx->serial;
	}
	spin_unlock_bh(&ln->socks_lock);
	rcu_read_unlock();
	return skb->len;
}
