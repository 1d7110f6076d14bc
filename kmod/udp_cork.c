// SPDX-License-Identifier: GPL-2.0
/*
 * UDP_CORK and MSG_MORE, and sendfile, whose pages come like that: the parts of one datagram are gathered here, since
 * its tag covers the whole. The address and the control messages are the first part's, as in stock code; what they
 * are worth is told when the datagram is whole.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "udp.h"

static void forget(struct l45_cork *cork)
{
	kfree(cork->control);
	cork->control = NULL;
	cork->count = 0;
	WRITE_ONCE(cork->open, false);
}

static int begin(struct l45_cork *cork, const struct msghdr *msg)
{
	if (msg->msg_name && msg->msg_namelen > sizeof(cork->name))
		return -EINVAL;
	if (!cork->bytes)
		cork->bytes = kvmalloc(L45_DATAGRAM_MAX, GFP_KERNEL_ACCOUNT);
	if (!cork->bytes)
		return -ENOBUFS;
	cork->name_bytes = 0;
	if (msg->msg_name) {
		memcpy(&cork->name, msg->msg_name, msg->msg_namelen);
		cork->name_bytes = msg->msg_namelen;
	}
	cork->control_bytes = 0;
	if (msg->msg_controllen && !msg->msg_control_is_user) {
		cork->control = kmemdup(msg->msg_control, msg->msg_controllen, GFP_KERNEL_ACCOUNT);
		if (!cork->control)
			return -ENOBUFS;
		cork->control_bytes = msg->msg_controllen;
	}
	cork->flags = msg->msg_flags & ~(MSG_MORE | L45_MSG_BY_PAGE);
	WRITE_ONCE(cork->open, true);
	return 0;
}

/* Under the mutex. The datagram is whole. */
static int finish(struct l45_cork *cork, struct sock *sk)
{
	struct kvec vector = { cork->bytes, cork->count };
	struct msghdr msg = {
		.msg_name = cork->name_bytes ? &cork->name : NULL,
		.msg_namelen = cork->name_bytes,
		.msg_control = cork->control_bytes ? cork->control : NULL,
		.msg_controllen = cork->control_bytes,
		.msg_flags = cork->flags,
	};
	int sent;

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vector, 1, cork->count);
	sent = l45_udp_send_whole(sk, &msg, cork->count);
	forget(cork);
	return sent;
}

int l45_cork_send(struct l45_sock *ctx, struct sock *sk, struct msghdr *msg, size_t len, bool more)
{
	struct l45_cork *cork = &ctx->udp->cork;
	int error = 0;

	mutex_lock(&cork->lock);
	if (!cork->open)
		error = begin(cork, msg);
	if (!error && len > L45_DATAGRAM_MAX - cork->count)
		error = -EMSGSIZE;
	if (!error && !copy_from_iter_full(cork->bytes + cork->count, len, &msg->msg_iter))
		error = -EFAULT;
	if (error) {
		forget(cork);
	} else {
		cork->count += len;
		if (!more)
			error = finish(cork, sk);
	}
	mutex_unlock(&cork->lock);
	return error < 0 ? error : len;
}

int l45_cork_push(struct sock *sk)
{
	struct l45_net *ln = l45_net(sock_net(sk));
	struct l45_sock *ctx;
	int entered, sent = 0;

	entered = l45_enter(ln);
	ctx = l45_sk(sk);
	if (ctx && !(l45_cork_is_open(&ctx->udp->cork) && refcount_inc_not_zero(&ctx->refs)))
		ctx = NULL;
	l45_leave(ln, entered);
	if (!ctx)
		return 0;
	mutex_lock(&ctx->udp->cork.lock);
	if (ctx->udp->cork.open)
		sent = finish(&ctx->udp->cork, sk);
	mutex_unlock(&ctx->udp->cork.lock);
	l45_sock_put(ctx);
	return sent < 0 ? sent : 0;
}
