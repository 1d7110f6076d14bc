// SPDX-License-Identifier: GPL-2.0
/* Refusals in words. */
#include "control.h"

int l45_fault(struct l45_fault *fault, int error, const struct nlattr *at, const char *format, ...)
{
	va_list arguments;

	fault->error = error;
	fault->at = at;
	va_start(arguments, format);
	vscnprintf(fault->text, sizeof(fault->text), format, arguments);
	va_end(arguments);
	return error;
}

int l45_fault_memory(struct l45_fault *fault, const char *what)
{
	return l45_fault(fault, -ENOMEM, NULL, "no memory for %s; nothing has changed, try again", what);
}

int l45_fault_answer(struct sk_buff *request, const struct l45_fault *fault)
{
	struct netlink_ext_ack extack = {};

	if (!fault->error)
		return 0;
	/*
	 * The text lives on our caller's stack, so the answer goes out from here, and -EINTR tells netlink_rcv_skb that
	 * this has been done. (Formatted extack texts came with 6.3 and end at 80 bytes.)
	 */
	extack._msg = fault->text;
	extack.bad_attr = fault->at;
	netlink_ack(request, nlmsg_hdr(request), fault->error, &extack);
	return -EINTR;
}

int l45_require(struct genl_info *info, int attribute, const char *name, struct l45_fault *fault)
{
	if (info->attrs[attribute])
		return 0;
	return l45_fault(fault, -EINVAL, NULL, "the attribute %s is missing", name);
}
