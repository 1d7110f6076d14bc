// SPDX-License-Identifier: GPL-2.0
/* One customization module out of its nest of attributes. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <net/ipv6.h>

#include "control.h"

static_assert(sizeof(struct l45_remote) == 20);
static_assert(sizeof(struct l45_dialect) == 100);
/* A nest's length has 16 bits; what is not remotes stays below 1 KiB. */
static_assert(L45_REMOTES_MAX * sizeof(struct l45_remote) + 1024 <= U16_MAX);

static const struct nla_policy l45_end_policy[L45_E_MAX + 1] = {
	[L45_E_ADDRESS] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[L45_E_PREFIX] = { .type = NLA_U8 },
	[L45_E_PORT] = { .type = NLA_U16 },
};

/* Types and lengths; bounds are looked at below, where a text can name the number. */
static const struct nla_policy l45_module_policy[L45_M_MAX + 1] = {
	[L45_M_ID] = { .type = NLA_U64 },
	[L45_M_GROUP] = { .type = NLA_U64 },
	[L45_M_PRIORITY] = { .type = NLA_S32 },
	[L45_M_STATE] = { .type = NLA_U8 },
	[L45_M_FLAGS] = { .type = NLA_U32 },
	[L45_M_PROTOCOL] = { .type = NLA_U8 },
	[L45_M_DELAY_US] = { .type = NLA_U32 },
	[L45_M_PROCESS] = { .type = NLA_NUL_STRING },
	[L45_M_THREAD] = { .type = NLA_NUL_STRING },
	[L45_M_LOCAL] = NLA_POLICY_NESTED(l45_end_policy),
	[L45_M_REMOTES] = { .type = NLA_BINARY },
	[L45_M_DIALECT] = NLA_POLICY_EXACT_LEN(sizeof(struct l45_dialect)),
	[L45_M_INIT_KEY] = NLA_POLICY_EXACT_LEN(L45_INIT_KEY_BYTES),
};

static const char *const l45_module_field[L45_M_MAX + 1] = {
	[L45_M_ID] = "ID",
	[L45_M_GROUP] = "GROUP",
	[L45_M_PRIORITY] = "PRIORITY",
	[L45_M_STATE] = "STATE",
	[L45_M_FLAGS] = "FLAGS",
	[L45_M_PROTOCOL] = "PROTOCOL",
	[L45_M_DELAY_US] = "DELAY_US",
	[L45_M_PROCESS] = "PROCESS",
	[L45_M_THREAD] = "THREAD",
	[L45_M_LOCAL] = "LOCAL",
	[L45_M_REMOTES] = "REMOTES",
	[L45_M_DIALECT] = "DIALECT",
	[L45_M_INIT_KEY] = "INIT_KEY",
};

/* The field of a nest that the kernel's parser found fault with: attributes within LOCAL count as LOCAL. */
static const char *l45_field_at(const struct nlattr *nest, const struct nlattr *bad)
{
	const struct nlattr *at;
	int left;

	nla_for_each_nested(at, nest, left) {
		if (bad < at || (const void *)bad >= nla_data(at) + nla_len(at))
			continue;
		if (nla_type(at) <= L45_M_MAX && l45_module_field[nla_type(at)])
			return l45_module_field[nla_type(at)];
	}
	return "?";
}

static int l45_fields_parse(struct nlattr **fields, const struct nlattr *nest, unsigned int place,
			    struct l45_fault *fault)
{
	static const u8 needed[] = { L45_M_ID, L45_M_STATE, L45_M_PROTOCOL, L45_M_DIALECT };
	struct netlink_ext_ack extack = {};
	size_t i;

	if (nla_parse_nested(fields, L45_M_MAX, nest, l45_module_policy, &extack))
		return l45_fault(fault, -EINVAL, extack.bad_attr ?: nest,
				 "module at place %u of this message: field %s: %s", place,
				 extack.bad_attr ? l45_field_at(nest, extack.bad_attr) : "?",
				 extack._msg ?: "malformed");
	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!fields[needed[i]])
			return l45_fault(fault, -EINVAL, nest, "module at place %u of this message: its %s is missing",
					 place, l45_module_field[needed[i]]);
	if (!nla_get_u64(fields[L45_M_ID]))
		return l45_fault(fault, -EINVAL, fields[L45_M_ID],
				 "module at place %u of this message: 0 is no module id: it stands for none", place);
	return 0;
}

static u32 l45_u32_or_zero(const struct nlattr *at)
{
	return at ? nla_get_u32(at) : 0;
}

static int l45_numbers_parse(struct l45_module *module, struct nlattr **fields, struct l45_fault *fault)
{
	module->group = fields[L45_M_GROUP] ? nla_get_u64(fields[L45_M_GROUP]) : 0;
	module->priority = fields[L45_M_PRIORITY] ? nla_get_s32(fields[L45_M_PRIORITY]) : 0;
	module->state = nla_get_u8(fields[L45_M_STATE]);
	module->flags = l45_u32_or_zero(fields[L45_M_FLAGS]);
	module->protocol = nla_get_u8(fields[L45_M_PROTOCOL]);
	module->delay_us = l45_u32_or_zero(fields[L45_M_DELAY_US]);
	if (module->priority < -L45_PRIORITY_MAX || module->priority > L45_PRIORITY_MAX)
		return l45_fault(fault, -EINVAL, fields[L45_M_PRIORITY],
				 "module %llu: its priority %d is outside -%d to %d", module->id, module->priority,
				 L45_PRIORITY_MAX, L45_PRIORITY_MAX);
	if (module->state > L45_STATE_DEPRECATED)
		return l45_fault(fault, -EINVAL, fields[L45_M_STATE], "module %llu: its state %u is outside 0 to %d",
				 module->id, module->state, L45_STATE_DEPRECATED);
	if (module->flags & ~L45_F_ALL)
		return l45_fault(fault, -EINVAL, fields[L45_M_FLAGS],
				 "module %llu: its flags %#x have bits that are none of %#x", module->id, module->flags,
				 L45_F_ALL);
	if (module->protocol != IPPROTO_TCP && module->protocol != IPPROTO_UDP)
		return l45_fault(fault, -EINVAL, fields[L45_M_PROTOCOL],
				 "module %llu: its protocol %u is neither 6 nor 17", module->id, module->protocol);
	if (module->delay_us > L45_DELAY_US_MAX)
		return l45_fault(fault, -EINVAL, fields[L45_M_DELAY_US], "module %llu: its delay of %u us is above %d",
				 module->id, module->delay_us, L45_DELAY_US_MAX);
	return 0;
}

static int l45_name_parse(struct l45_module *module, char name[L45_TASK_NAME_BYTES], const struct nlattr *at,
			  const char *what, struct l45_fault *fault)
{
	size_t length;

	if (!at)
		return 0;
	length = strnlen(nla_data(at), nla_len(at));
	if (length >= L45_TASK_NAME_BYTES)
		return l45_fault(fault, -EINVAL, at, "module %llu: its %s name has %zu bytes, the kernel keeps %d",
				 module->id, what, length, L45_TASK_NAME_BYTES - 1);
	memcpy(name, nla_data(at), length);
	return 0;
}

static int l45_local_parse(struct l45_module *module, const struct nlattr *nest, struct l45_fault *fault)
{
	struct nlattr *fields[L45_E_MAX + 1];

	/* It was validated with its parent: what can go wrong has gone wrong there. */
	if (!nest || nla_parse_nested(fields, L45_E_MAX, nest, l45_end_policy, NULL))
		return 0;
	if (fields[L45_E_PREFIX])
		module->local.prefix_bits = nla_get_u8(fields[L45_E_PREFIX]);
	if (fields[L45_E_PORT])
		module->local.port = nla_get_u16(fields[L45_E_PORT]);
	if (fields[L45_E_ADDRESS])
		module->local.address = nla_get_in6_addr(fields[L45_E_ADDRESS]);
	if (module->local.prefix_bits > 128)
		return l45_fault(fault, -EINVAL, fields[L45_E_PREFIX],
				 "module %llu: its local prefix of %u bits is above 128", module->id,
				 module->local.prefix_bits);
	if (module->local.prefix_bits && !fields[L45_E_ADDRESS])
		return l45_fault(fault, -EINVAL, nest, "module %llu: its local prefix of %u bits has no address",
				 module->id, module->local.prefix_bits);
	return 0;
}

static int l45_remotes_parse(struct l45_module *module, const struct nlattr *at, struct l45_fault *fault)
{
	const struct l45_remote *remote;
	u32 count, i;

	if (!at || !nla_len(at))
		return 0;
	if (nla_len(at) % sizeof(*remote))
		return l45_fault(fault, -EINVAL, at, "module %llu: its remotes of %d bytes are no multiple of %zu",
				 module->id, nla_len(at), sizeof(*remote));
	count = nla_len(at) / sizeof(*remote);
	if (count > L45_REMOTES_MAX)
		return l45_fault(fault, -E2BIG, at, "module %llu: its %u remotes are above the limit of %d", module->id,
				 count, L45_REMOTES_MAX);
	module->remotes = kvcalloc(count, sizeof(*module->remotes), GFP_KERNEL_ACCOUNT);
	if (!module->remotes)
		return l45_fault_memory(fault, "a module's remotes");
	module->remote_count = count;
	remote = nla_data(at); /* its shorts are aligned: an attribute's payload is, to 4 */
	for (i = 0; i < count; i++, remote++) {
		struct l45_end *end = &module->remotes[i];

		memcpy(&end->address, remote->address, sizeof(end->address));
		end->prefix_bits = remote->prefix_bits;
		end->port = remote->port;
		if (remote->prefix_bits > 128)
			return l45_fault(fault, -EINVAL, at,
					 "module %llu: the prefix of its remote %u, %u bits, is above 128", module->id,
					 i + 1, remote->prefix_bits);
		if (remote->reserved)
			return l45_fault(fault, -EINVAL, at,
					 "module %llu: the reserved byte of its remote %u is %u, not 0", module->id,
					 i + 1, remote->reserved);
	}
	return 0;
}

struct l45_module *l45_module_parse(struct l45_net *ln, const struct nlattr *nest, unsigned int place,
				    struct l45_fault *fault)
{
	struct nlattr *fields[L45_M_MAX + 1];
	struct l45_module *module;

	if (l45_fields_parse(fields, nest, place, fault))
		return ERR_PTR(fault->error);
	module = kzalloc(sizeof(*module), GFP_KERNEL_ACCOUNT);
	if (!module) {
		l45_fault_memory(fault, "a module");
		return ERR_PTR(fault->error);
	}
	refcount_set(&module->refs, 1);
	module->ln = ln;
	module->id = nla_get_u64(fields[L45_M_ID]);
	if (l45_numbers_parse(module, fields, fault) ||
	    l45_name_parse(module, module->process, fields[L45_M_PROCESS], "process", fault) ||
	    l45_name_parse(module, module->thread, fields[L45_M_THREAD], "thread", fault) ||
	    l45_local_parse(module, fields[L45_M_LOCAL], fault) ||
	    l45_dialect_parse(module, fields[L45_M_DIALECT], fault) ||
	    l45_remotes_parse(module, fields[L45_M_REMOTES], fault))
		goto refuse;
	if (fields[L45_M_INIT_KEY]) {
		module->has_init_key = true;
		memcpy(module->init_key, nla_data(fields[L45_M_INIT_KEY]), sizeof(module->init_key));
	}
	module->tally = l45_tally_get(ln, module->id);
	if (module->tally)
		return module;
	l45_fault_memory(fault, "a module's counters");
refuse:
	/* Nobody has seen it: no grace period, no tally to give back. */
	kvfree(module->remotes);
	kfree_sensitive(module);
	return ERR_PTR(fault->error);
}

void l45_module_wipe(const struct nlattr *nest)
{
	struct nlattr *at;
	int left;

	if (nla_type(nest) != L45_A_MODULE)
		return;
	nla_for_each_nested(at, nest, left)
		if (nla_type(at) == L45_M_DIALECT || nla_type(at) == L45_M_INIT_KEY)
			memzero_explicit(nla_data(at), nla_len(at));
}
