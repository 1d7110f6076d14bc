// SPDX-License-Identifier: GPL-2.0
/* A module's dialect: the bounds of l45_codec_prepare once more, with a text for each. */
#include "control.h"

static int l45_datagram_check(const struct l45_module *module, const struct l45_dialect *dialect,
			      const struct nlattr *at, struct l45_fault *fault)
{
	if (module->protocol != IPPROTO_UDP)
		return l45_fault(fault, -EINVAL, at, "module %llu: a datagram tag can not go on protocol %u",
				 module->id, module->protocol);
	/* The user-space tap's alone. */
	if (dialect->coding != L45_AS_IT_IS)
		return l45_fault(fault, -EINVAL, at,
				 "module %llu: its messages are coded (%u), which this tap can not do", module->id,
				 dialect->coding);
	if (dialect->place > L45_AT_END)
		return l45_fault(fault, -EINVAL, at, "module %llu: its tag's place %u is outside 0 to %d", module->id,
				 dialect->place, L45_AT_END);
	if (dialect->place == L45_AT_OFFSET && dialect->offset > L45_OFFSET_MAX)
		return l45_fault(fault, -EINVAL, at, "module %llu: its tag stands at offset %u, above %d", module->id,
				 dialect->offset, L45_OFFSET_MAX);
	return 0;
}

static int l45_stream_check(const struct l45_module *module, const struct l45_dialect *dialect, const struct nlattr *at,
			    struct l45_fault *fault)
{
	if (module->protocol != IPPROTO_TCP)
		return l45_fault(fault, -EINVAL, at, "module %llu: a stream tag can not go on protocol %u", module->id,
				 module->protocol);
	/* The user-space tap's alone. */
	if (dialect->start != L45_FROM_FIRST_BYTE)
		return l45_fault(fault, -EINVAL, at,
				 "module %llu: its dialect begins after a handshake (%u), which this tap can not do",
				 module->id, dialect->start);
	if (dialect->frame_bytes < L45_FRAME_BYTES_MIN || dialect->frame_bytes > L45_FRAME_BYTES_MAX)
		return l45_fault(fault, -EINVAL, at, "module %llu: its frames of %u bytes are outside %d to %u",
				 module->id, dialect->frame_bytes, L45_FRAME_BYTES_MIN, L45_FRAME_BYTES_MAX);
	return 0;
}

static int l45_dialect_check(const struct l45_module *module, const struct l45_dialect *dialect,
			     const struct nlattr *at, struct l45_fault *fault)
{
	if (dialect->kind > L45_STREAM)
		return l45_fault(fault, -EINVAL, at, "module %llu: its dialect's kind %u is outside 0 to %d",
				 module->id, dialect->kind, L45_STREAM);
	if (dialect->kind == L45_MONITOR)
		return 0;
	if (dialect->tag_bytes < L45_TAG_BYTES_MIN || dialect->tag_bytes > L45_TAG_BYTES_MAX)
		return l45_fault(fault, -EINVAL, at, "module %llu: its tag of %u bytes is outside %d to %d", module->id,
				 dialect->tag_bytes, L45_TAG_BYTES_MIN, L45_TAG_BYTES_MAX);
	if (dialect->label_bytes > dialect->tag_bytes - L45_TAG_BYTES_MIN)
		return l45_fault(fault, -EINVAL, at, "module %llu: its label of %u bytes is above %d, its tag's room",
				 module->id, dialect->label_bytes, dialect->tag_bytes - L45_TAG_BYTES_MIN);
	if (dialect->kind == L45_DATAGRAM)
		return l45_datagram_check(module, dialect, at, fault);
	return l45_stream_check(module, dialect, at, fault);
}

int l45_dialect_parse(struct l45_module *module, const struct nlattr *at, struct l45_fault *fault)
{
	struct l45_dialect dialect;
	int error;

	memcpy(&dialect, nla_data(at), sizeof(dialect));
	error = l45_dialect_check(module, &dialect, at, fault);
	/* The engine has the last word: should its bounds ever be narrower than ours, that is a refusal and no oops. */
	if (!error && l45_codec_prepare(&module->codec, &dialect))
		error = l45_fault(fault, -EINVAL, at, "module %llu: the engine takes no such dialect", module->id);
	memzero_explicit(&dialect, sizeof(dialect));
	return error;
}
