// SPDX-License-Identifier: GPL-2.0
/* The security check: a challenge goes to the module that it is for, and the module's answer back. */
#include <linux/random.h>

#include "control.h"

struct l45_module *l45_module_find(struct l45_net *ln, u64 id)
{
	struct l45_module *found = NULL;
	const struct l45_table *table;
	u32 i;

	rcu_read_lock();
	table = rcu_dereference(ln->table);
	for (i = 0; table && i < table->count && !found; i++)
		if (table->module[i]->id == id && refcount_inc_not_zero(&table->module[i]->refs))
			found = table->module[i];
	rcu_read_unlock();
	return found;
}

/* Returns the answer's length. */
static int l45_challenge(struct l45_net *ln, const struct l45_module *module, const struct nlattr *challenge,
			 u8 answer[L45_ANSWER_BYTES_MAX], struct l45_fault *fault)
{
	u8 nonce[L45_AEAD_NONCE_BYTES];
	long bytes;

	if (!module->has_init_key)
		return l45_fault(fault, -EOPNOTSUPP, NULL, "module %llu has no init key: it can not be challenged",
				 module->id);
	get_random_bytes(nonce, sizeof(nonce));
	mutex_lock(&module->tally->check_lock);
	l45_check_begin(&module->tally->check, module->init_key);
	bytes = l45_check_answer(&module->tally->check, module->id, nonce, nla_data(challenge), nla_len(challenge),
				 answer, L45_ANSWER_BYTES_MAX);
	mutex_unlock(&module->tally->check_lock);
	if (bytes == -EMSGSIZE)
		return l45_fault(fault, -EMSGSIZE, challenge,
				 "module %llu: a challenge of %d bytes is outside %d to %d", module->id,
				 nla_len(challenge), L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MIN,
				 L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MAX);
	if (bytes < 0) {
		l45_event_alert(ln, module->id, NULL, "a challenge does not open under the module's keys");
		return l45_fault(fault, bytes, challenge, "module %llu: the challenge does not open under its keys",
				 module->id);
	}
	return bytes;
}

static int l45_answer_send(struct genl_info *info, u64 id, const u8 *answer, int bytes, struct l45_fault *fault)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *header;

	if (!skb)
		return l45_fault_memory(fault, "the answer");
	header = genlmsg_put_reply(skb, info, &l45_family, 0, L45_CMD_RESPOND);
	if (!header || nla_put_u64_64bit(skb, L45_A_MOD_ID, id, L45_A_PAD) ||
	    nla_put(skb, L45_A_ANSWER, bytes, answer)) {
		nlmsg_free(skb);
		return l45_fault(fault, -EMSGSIZE, NULL, "an answer of %d bytes fits in no message", bytes);
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

int l45_respond_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct l45_net *ln = l45_net(genl_info_net(info));
	struct l45_fault fault = {};
	u8 answer[L45_ANSWER_BYTES_MAX];
	struct l45_module *module;
	int result;
	u64 id;

	if (l45_require(info, L45_A_MOD_ID, "MOD_ID", &fault) ||
	    l45_require(info, L45_A_CHALLENGE, "CHALLENGE", &fault))
		return l45_fault_answer(skb, &fault);
	id = nla_get_u64(info->attrs[L45_A_MOD_ID]);
	module = l45_module_find(ln, id);
	if (!module) {
		l45_fault(&fault, -ENOENT, info->attrs[L45_A_MOD_ID], "no module %llu is in the table in force", id);
		return l45_fault_answer(skb, &fault);
	}
	result = l45_challenge(ln, module, info->attrs[L45_A_CHALLENGE], answer, &fault);
	l45_module_put(module);
	if (result > 0)
		result = l45_answer_send(info, id, answer, result, &fault);
	return fault.error ? l45_fault_answer(skb, &fault) : result;
}
