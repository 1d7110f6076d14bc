// SPDX-License-Identifier: GPL-2.0
/* The generic netlink family: which command takes which attributes, and who may send it. */
#include <linux/module.h>
#include <linux/netlink.h>

#include "control.h"

static const struct nla_policy l45_begin_policy[] = {
	[L45_A_GENERATION] = { .type = NLA_U64 },
	[L45_A_DIGEST] = { .type = NLA_NUL_STRING, .len = L45_TABLE_DIGEST_BYTES },
	[L45_A_COUNT] = { .type = NLA_U32 },
};

/* What is in the nest is looked at by l45_module_parse, which can say of which module it speaks. */
static const struct nla_policy l45_add_policy[] = {
	[L45_A_MODULE] = { .type = NLA_NESTED },
};

static const struct nla_policy l45_commit_policy[] = {
	[L45_A_GENERATION] = { .type = NLA_U64 },
};

static const struct nla_policy l45_respond_policy[] = {
	[L45_A_MOD_ID] = { .type = NLA_U64 },
	[L45_A_CHALLENGE] = { .type = NLA_BINARY },
};

/*
 * Each command's policy ends at its own last attribute and leaves out the others: strict validation then refuses every
 * attribute that a command does not take. The capability is asked for in the initial user namespace: who owns a
 * namespace of his own must not reach code that reads secrets and rewrites traffic.
 */
static const struct genl_ops l45_ops[] = {
	{ .cmd = L45_CMD_STATUS, .flags = GENL_ADMIN_PERM, .doit = l45_status_doit },
	{
		.cmd = L45_CMD_BEGIN, .flags = GENL_ADMIN_PERM, .doit = l45_begin_doit,
		.policy = l45_begin_policy, .maxattr = ARRAY_SIZE(l45_begin_policy) - 1,
	},
	{
		.cmd = L45_CMD_ADD, .flags = GENL_ADMIN_PERM, .doit = l45_add_doit,
		.policy = l45_add_policy, .maxattr = ARRAY_SIZE(l45_add_policy) - 1,
	},
	{
		.cmd = L45_CMD_COMMIT, .flags = GENL_ADMIN_PERM, .doit = l45_commit_doit,
		.policy = l45_commit_policy, .maxattr = ARRAY_SIZE(l45_commit_policy) - 1,
	},
	{ .cmd = L45_CMD_FLUSH, .flags = GENL_ADMIN_PERM, .doit = l45_flush_doit },
	{
		.cmd = L45_CMD_MODULES, .flags = GENL_ADMIN_PERM, .start = l45_modules_start,
		.dumpit = l45_modules_dumpit,
	},
	{
		.cmd = L45_CMD_SOCKETS, .flags = GENL_ADMIN_PERM, .start = l45_sockets_start,
		.dumpit = l45_sockets_dumpit, .policy = l45_sockets_policy, .maxattr = L45_A_MOD_ID,
	},
	{
		.cmd = L45_CMD_RESPOND, .flags = GENL_ADMIN_PERM, .doit = l45_respond_doit,
		.policy = l45_respond_policy, .maxattr = ARRAY_SIZE(l45_respond_policy) - 1,
	},
};

static const struct genl_multicast_group l45_groups[] = {
	/* Events tell who speaks with whom. */
	{ .name = L45_GENL_GROUP_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

/* parallel_ops: a table that takes its time in one namespace holds up no other family; l45_net.lock orders ours. */
struct genl_family l45_family __ro_after_init = {
	.name = L45_GENL_NAME,
	.version = L45_GENL_VERSION,
	.maxattr = L45_A_MAX,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = l45_ops,
	.n_ops = ARRAY_SIZE(l45_ops),
	.resv_start_op = L45_CMD_UNSPEC + 1,
	.mcgrps = l45_groups,
	.n_mcgrps = ARRAY_SIZE(l45_groups),
};

/* A socket that closes takes along what it had begun. */
static int l45_socket_closed(struct notifier_block *block, unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC && notify->portid)
		l45_stage_release(l45_net(notify->net), notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block l45_notifier = {
	.notifier_call = l45_socket_closed,
};

int __init l45_netlink_init(void)
{
	int error = netlink_register_notifier(&l45_notifier);

	if (error)
		return error;
	error = genl_register_family(&l45_family);
	if (error)
		netlink_unregister_notifier(&l45_notifier);
	return error;
}

void l45_netlink_exit(void)
{
	genl_unregister_family(&l45_family);
	netlink_unregister_notifier(&l45_notifier);
}
