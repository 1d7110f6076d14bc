// SPDX-License-Identifier: GPL-2.0
/* A table between BEGIN and COMMIT: gathered aside, checked, ranked, and handed to l45_publish whole. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "control.h"

/* Drops the modules from place first on. */
static void l45_stage_cut(struct l45_stage *stage, u32 first)
{
	while (stage->count > first) {
		struct l45_module *module = stage->module[--stage->count];

		stage->remotes -= module->remote_count;
		l45_module_put(module);
	}
}

void l45_stage_drop(struct l45_net *ln)
{
	struct l45_stage *stage = ln->stage;

	if (!stage)
		return;
	ln->stage = NULL;
	WRITE_ONCE(ln->stage_owner, 0);
	l45_stage_cut(stage, 0);
	kvfree(stage);
}

void l45_stage_release(struct l45_net *ln, u32 portid)
{
	/*
	 * Every generic netlink socket that closes comes by, and must not wait while another's table is put in force.
	 */
	if (READ_ONCE(ln->stage_owner) != portid)
		return;
	mutex_lock(&ln->lock);
	if (ln->stage && ln->stage->portid == portid)
		l45_stage_drop(ln);
	mutex_unlock(&ln->lock);
}

/* What the sender of this request has begun; NULL: nothing, and the fault says so. */
static struct l45_stage *l45_stage_of(struct l45_net *ln, const struct genl_info *info, struct l45_fault *fault)
{
	if (ln->stage && ln->stage->portid == info->snd_portid)
		return ln->stage;
	l45_fault(fault, -EPROTO, NULL, "no table is begun by this socket%s: send BEGIN",
		  ln->stage ? " (another has begun one since)" : "");
	return NULL;
}

/* The module of this id in the table in force, when it is the same: lists then keep the object that they have. */
static struct l45_module *l45_module_reuse(struct l45_net *ln, struct l45_module *module)
{
	const struct l45_table *table = l45_table_in_force(ln);
	u32 i;

	for (i = 0; table && i < table->count; i++) {
		struct l45_module *old = table->module[i];

		if (old->id != module->id)
			continue;
		if (!l45_module_same(old, module))
			break;
		l45_module_get(old);
		l45_module_put(module);
		return old;
	}
	return module;
}

static int l45_add_one(struct l45_net *ln, struct l45_stage *stage, const struct nlattr *nest, unsigned int place,
		       struct l45_fault *fault)
{
	struct l45_module *module;
	u32 i;

	if (stage->count == stage->announced)
		return l45_fault(fault, -E2BIG, nest, "module %u of this message is one more than the %u announced",
				 place, stage->announced);
	module = l45_module_parse(ln, nest, place, fault);
	if (IS_ERR(module))
		return PTR_ERR(module);
	for (i = 0; i < stage->count; i++) {
		if (stage->module[i]->id != module->id)
			continue;
		l45_fault(fault, -EINVAL, nest, "module %llu is in this table already", module->id);
		goto refuse;
	}
	if (module->remote_count > L45_TABLE_REMOTES_MAX - stage->remotes) {
		l45_fault(fault, -E2BIG, nest, "module %llu brings the table to %u remotes, above the limit of %d",
			  module->id, stage->remotes + module->remote_count, L45_TABLE_REMOTES_MAX);
		goto refuse;
	}
	stage->remotes += module->remote_count;
	stage->module[stage->count++] = l45_module_reuse(ln, module);
	return 0;
refuse:
	l45_module_put(module);
	return fault->error;
}

static int l45_add(struct l45_net *ln, struct sk_buff *skb, struct genl_info *info, struct l45_fault *fault)
{
	struct l45_stage *stage = l45_stage_of(ln, info, fault);
	const struct nlmsghdr *message = nlmsg_hdr(skb);
	const struct nlattr *nest;
	unsigned int place = 0;
	int left;
	u32 before;

	if (!stage || l45_require(info, L45_A_MODULE, "MODULE", fault))
		return fault->error;
	if (stage->in_force)
		return 0;
	before = stage->count;
	nlmsg_for_each_attr(nest, message, GENL_HDRLEN, left) {
		if (l45_add_one(ln, stage, nest, ++place, fault)) {
			l45_stage_cut(stage, before);
			return fault->error;
		}
	}
	return 0;
}

static int l45_commit(struct l45_net *ln, struct genl_info *info, struct l45_fault *fault)
{
	struct l45_stage *stage = l45_stage_of(ln, info, fault);
	const struct nlattr *at = info->attrs[L45_A_GENERATION];
	struct l45_table *table;
	int error;

	if (!stage || l45_require(info, L45_A_GENERATION, "GENERATION", fault))
		return fault->error;
	if (nla_get_u64(at) != stage->generation)
		return l45_fault(fault, -EPROTO, at, "generation %llu is not %llu, which was begun", nla_get_u64(at),
				 stage->generation);
	if (stage->in_force) {
		l45_stage_drop(ln);
		return 0;
	}
	if (stage->count != stage->announced)
		return l45_fault(fault, -EPROTO, NULL, "%u modules were added, %u announced", stage->count,
				 stage->announced);
	table = l45_table_make(stage->generation, stage->digest, stage->module, stage->count);
	if (!table)
		return l45_fault_memory(fault, "the table");
	error = l45_publish(ln, table);
	if (error) {
		/* The stage stands: the same COMMIT may be tried again. */
		l45_table_free(table);
		return l45_fault(fault, error, NULL,
				 "generation %llu can not be put in force (%d); nothing has changed", stage->generation,
				 error);
	}
	WRITE_ONCE(ln->table_sequence, ln->table_sequence + 1);
	l45_event_table(ln, stage->generation);
	l45_stage_drop(ln);
	return 0;
}

int l45_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct l45_net *ln = l45_net(genl_info_net(info));
	struct l45_fault fault = {};
	const struct nlattr *nest;
	int left;

	mutex_lock(&ln->lock);
	l45_add(ln, skb, info, &fault);
	mutex_unlock(&ln->lock);
	nlmsg_for_each_attr(nest, nlmsg_hdr(skb), GENL_HDRLEN, left)
		l45_module_wipe(nest);
	return l45_fault_answer(skb, &fault);
}

int l45_commit_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct l45_net *ln = l45_net(genl_info_net(info));
	struct l45_fault fault = {};

	mutex_lock(&ln->lock);
	l45_commit(ln, info, &fault);
	mutex_unlock(&ln->lock);
	return l45_fault_answer(skb, &fault);
}

int l45_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct l45_net *ln = l45_net(genl_info_net(info));

	mutex_lock(&ln->lock);
	l45_stage_drop(ln);
	l45_flush(ln);
	WRITE_ONCE(ln->table_sequence, ln->table_sequence + 1);
	l45_event_table(ln, 0);
	mutex_unlock(&ln->lock);
	return 0;
}
