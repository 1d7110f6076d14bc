// SPDX-License-Identifier: GPL-2.0
/*
 * A message with its tag, or its segments each with its own, in a buffer of ours: stock code takes its bytes from one
 * kind of memory only, so the program's are copied once more.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "udp.h"

/* On the stack up to here: most messages of the kind that is asked and answered. */
#define SMALL_BYTES 384
/* What one call of stock code takes, with options and extension headers to come. */
#define CALL_BYTES_MAX 65000

/* Copies the message's next plain_bytes, with their tag, to out. */
static bool weave(const struct l45_module *module, struct iov_iter *from, size_t plain_bytes, u8 *out)
{
	const size_t tag_bytes = module->codec.dialect.tag_bytes;
	const size_t at = l45_datagram_position(&module->codec, plain_bytes);
	u8 cover[L45_COVER_BYTES], *start = out;

	if (!copy_from_iter_full(out, at, from) || !copy_from_iter_full(out + at + tag_bytes, plain_bytes - at, from))
		return false;
	if (!at) {
		start = out + tag_bytes;
	} else if (at < L45_COVER_BYTES && at < plain_bytes) {
		/* The cover lies on both sides. */
		memcpy(cover, out, at);
		memcpy(cover + at, out + at + tag_bytes, min_t(size_t, plain_bytes, L45_COVER_BYTES) - at);
		start = cover;
	}
	l45_datagram_tag(&module->codec, l45_way(module, true), start, plain_bytes, out + at);
	return true;
}

/* The value of the message's own UDP_SEGMENT; NULL: it has none. */
static u16 *segment_option(struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	u16 *found = NULL;

	if (!msg->msg_controllen || msg->msg_control_is_user)
		return NULL;
	for_each_cmsghdr(cmsg, msg)
		if (CMSG_OK(msg, cmsg) && cmsg->cmsg_level == SOL_UDP && cmsg->cmsg_type == UDP_SEGMENT &&
		    cmsg->cmsg_len == CMSG_LEN(sizeof(u16)))
			found = (u16 *)CMSG_DATA(cmsg);
	return found;
}

/* How a message is cut. */
struct cut {
	size_t segment_bytes; /* plain; 0: it is whole */
	u16 *option;          /* where the message says so; NULL: the socket does */
	void *control;        /* ours, when the socket does */
};

static int cut_make(struct cut *cut, const struct sock *sk, struct msghdr *msg, struct msghdr *wire, size_t len,
		    size_t tag_bytes)
{
	struct cmsghdr *cmsg;

	cut->option = segment_option(msg);
	cut->segment_bytes = cut->option ? *cut->option : READ_ONCE(udp_sk(sk)->gso_size);
	if (!cut->segment_bytes)
		return 0;
	if (cut->segment_bytes + tag_bytes > U16_MAX)
		return -EMSGSIZE;
	if (cut->option)
		return 0;
	/* Said with the message, for this once. */
	cut->control = kmalloc(CMSG_SPACE(sizeof(u16)) + msg->msg_controllen, GFP_KERNEL);
	if (!cut->control)
		return -ENOBUFS;
	cmsg = cut->control;
	memset(cmsg, 0, CMSG_SPACE(sizeof(u16)));
	cmsg->cmsg_level = SOL_UDP;
	cmsg->cmsg_type = UDP_SEGMENT;
	cmsg->cmsg_len = CMSG_LEN(sizeof(u16));
	*(u16 *)CMSG_DATA(cmsg) = cut->segment_bytes + tag_bytes;
	if (msg->msg_controllen)
		memcpy((u8 *)cut->control + CMSG_SPACE(sizeof(u16)), msg->msg_control, msg->msg_controllen);
	wire->msg_control = cut->control;
	wire->msg_controllen = CMSG_SPACE(sizeof(u16)) + msg->msg_controllen;
	return 0;
}

/* Hands over what lies in the buffer. */
static int hand_over(const struct l45_sock *ctx, struct msghdr *wire, u8 *buffer, size_t bytes)
{
	struct kvec vector = { buffer, bytes };

	iov_iter_kvec(&wire->msg_iter, ITER_SOURCE, &vector, 1, bytes);
	return ctx->stock->sendmsg(ctx->sk, wire, bytes);
}

/*
 * The segments of a message, as many at a time as one call takes with their tags: a program that fills its calls is
 * told EMSGSIZE for none of ours. Returns the plain bytes handed over, or -errno when none were.
 */
static int write_segments(const struct l45_sock *ctx, const struct l45_module *module, struct msghdr *msg,
			  struct msghdr *wire, const struct cut *cut, size_t len)
{
	const size_t tag_bytes = module->codec.dialect.tag_bytes;
	const size_t most = max_t(size_t, CALL_BYTES_MAX / (cut->segment_bytes + tag_bytes), 1);
	const size_t room = min(most, DIV_ROUND_UP(len, cut->segment_bytes)) * (cut->segment_bytes + tag_bytes);
	u8 *buffer = kvmalloc(room, GFP_KERNEL);
	size_t done = 0;
	int error = 0;

	if (!buffer)
		return -ENOBUFS;
	while (done < len) {
		const size_t stretch = min(most * cut->segment_bytes, len - done);
		size_t plain, bytes = 0, at;

		for (at = 0; at < stretch && !error; at += plain, bytes += plain + tag_bytes) {
			plain = min(cut->segment_bytes, stretch - at);
			error = weave(module, &msg->msg_iter, plain, buffer + bytes) ? 0 : -EFAULT;
		}
		if (!error)
			error = hand_over(ctx, wire, buffer, bytes);
		if (error < 0) {
			iov_iter_revert(&msg->msg_iter, at);
			break;
		}
		error = 0;
		done += stretch;
		l45_count_sent(module->tally, DIV_ROUND_UP(stretch, cut->segment_bytes), stretch);
	}
	kvfree(buffer);
	return done ?: error;
}

static int write_whole(const struct l45_sock *ctx, const struct l45_module *module, struct msghdr *msg,
		       struct msghdr *wire, size_t len)
{
	const size_t bytes = len + module->codec.dialect.tag_bytes;
	u8 small[SMALL_BYTES], *buffer = small;
	int sent = -EFAULT;

	if (bytes > sizeof(small)) {
		buffer = kvmalloc(bytes, GFP_KERNEL);
		if (!buffer)
			return -ENOBUFS;
	}
	if (weave(module, &msg->msg_iter, len, buffer))
		sent = hand_over(ctx, wire, buffer, bytes);
	if (sent >= 0) {
		sent = len;
		l45_count_sent(module->tally, 1, len);
	} else {
		/* Whoever tries again (io_uring) begins where the message does. */
		iov_iter_revert(&msg->msg_iter, len - iov_iter_count(&msg->msg_iter));
	}
	if (buffer != small)
		kvfree(buffer);
	return sent;
}

/* MSG_ZEROCOPY on our copy: the program is told that its pages are its own again, and that they were copied. */
static struct ubuf_info *zerocopy_begin(struct sock *sk, const struct msghdr *msg, size_t len)
{
	if (!(msg->msg_flags & MSG_ZEROCOPY) || msg->msg_ubuf || !sock_flag(sk, SOCK_ZEROCOPY) || !len)
		return NULL;
	return msg_zerocopy_realloc(sk, len, NULL);
}

static void zerocopy_end(struct ubuf_info *ubuf, bool sent)
{
	if (!ubuf)
		return;
	if (!sent) {
		net_zcopy_put_abort(ubuf, true);
		return;
	}
	uarg_to_msgzc(ubuf)->zerocopy = 0;
	net_zcopy_put(ubuf);
}

int l45_udp_write(struct l45_sock *ctx, const struct l45_module *module, struct msghdr *msg, size_t len)
{
	const size_t tag_bytes = module->codec.dialect.tag_bytes;
	struct sock *sk = ctx->sk;
	struct msghdr wire = *msg;
	struct ubuf_info *ubuf;
	struct cut cut = {};
	int sent;

	/* Before anything is copied: no datagram is that long. */
	if (len > U16_MAX)
		return -EMSGSIZE;
	wire.msg_flags &= ~L45_MSG_BY_PAGE;
	wire.msg_ubuf = NULL;
	if (msg->msg_controllen || READ_ONCE(udp_sk(sk)->gso_size)) {
		sent = cut_make(&cut, sk, msg, &wire, len, tag_bytes);
		if (sent)
			return sent;
	}
	ubuf = zerocopy_begin(sk, msg, len);
	if (cut.option)
		*cut.option = cut.segment_bytes + tag_bytes;
	sent = cut.segment_bytes && len > cut.segment_bytes ? write_segments(ctx, module, msg, &wire, &cut, len) :
							      write_whole(ctx, module, msg, &wire, len);
	if (cut.option)
		*cut.option = cut.segment_bytes;
	zerocopy_end(ubuf, sent >= 0);
	kfree(cut.control);
	msg->msg_flags = wire.msg_flags | (msg->msg_flags & L45_MSG_BY_PAGE);
	return sent;
}
