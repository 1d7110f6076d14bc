// SPDX-License-Identifier: GPL-2.0
/* BEGIN: whether a table may follow the one in force, and the room to gather it in. */
#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "control.h"

/* The digest in lower case, so that two spellings of one are the same. */
static int l45_digest_read(char digest[L45_TABLE_DIGEST_BYTES + 1], const struct nlattr *at, struct l45_fault *fault)
{
	const char *text = nla_data(at);
	size_t length = strnlen(text, nla_len(at)), i;

	if (length != L45_TABLE_DIGEST_BYTES)
		return l45_fault(fault, -EINVAL, at, "the digest has %zu characters, %d are needed", length,
				 L45_TABLE_DIGEST_BYTES);
	for (i = 0; i < length; i++) {
		if (!isxdigit(text[i]))
			return l45_fault(fault, -EINVAL, at, "character %zu of the digest is no hex digit", i + 1);
		digest[i] = tolower(text[i]);
	}
	digest[length] = 0;
	return 0;
}

static int l45_begin(struct l45_net *ln, struct genl_info *info, struct l45_fault *fault)
{
	const struct l45_table *table = l45_table_in_force(ln);
	const struct nlattr *at = info->attrs[L45_A_GENERATION];
	char digest[L45_TABLE_DIGEST_BYTES + 1];
	struct l45_stage *stage;
	u64 generation;
	u32 announced;

	if (l45_require(info, L45_A_GENERATION, "GENERATION", fault) ||
	    l45_require(info, L45_A_DIGEST, "DIGEST", fault) || l45_require(info, L45_A_COUNT, "COUNT", fault) ||
	    l45_digest_read(digest, info->attrs[L45_A_DIGEST], fault))
		return fault->error;
	generation = nla_get_u64(at);
	announced = nla_get_u32(info->attrs[L45_A_COUNT]);
	if (!generation)
		return l45_fault(fault, -EINVAL, at, "generation 0 is no table's: it stands for none");
	if (announced > L45_MODULES_MAX)
		return l45_fault(fault, -E2BIG, info->attrs[L45_A_COUNT],
				 "a table of %u modules is above the limit of %d", announced, L45_MODULES_MAX);
	if (table && generation < table->generation)
		return l45_fault(fault, -ESTALE, at, "generation %llu is older than %llu, which is in force",
				 generation, table->generation);
	if (table && generation == table->generation && strcmp(digest, table->digest))
		return l45_fault(fault, -EEXIST, at,
				 "generation %llu is in force with another digest (%.12s..., not %.12s...)", generation,
				 table->digest, digest);

	stage = kvzalloc(struct_size(stage, module, announced), GFP_KERNEL_ACCOUNT);
	if (!stage)
		return l45_fault_memory(fault, "a table of as many modules");
	stage->portid = info->snd_portid;
	stage->in_force = table && generation == table->generation;
	stage->generation = generation;
	memcpy(stage->digest, digest, sizeof(digest));
	stage->announced = announced;
	l45_stage_drop(ln);
	ln->stage = stage;
	WRITE_ONCE(ln->stage_owner, stage->portid);
	return 0;
}

int l45_begin_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct l45_net *ln = l45_net(genl_info_net(info));
	struct l45_fault fault = {};

	mutex_lock(&ln->lock);
	l45_begin(ln, info, &fault);
	mutex_unlock(&ln->lock);
	return l45_fault_answer(skb, &fault);
}
