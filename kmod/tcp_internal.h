/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files tcp*.c know of each other: a tapped stream, the places where it stands, and who may touch them.
 *
 * Everything in struct l45_tcp_sock below "the stream" is under the socket lock, as TCP's own state is; the socket
 * keeps its context while that lock is held. Whoever slept with the lock given up (l45_tcp_wait_*) asks again.
 */
#ifndef L45_TCP_INTERNAL_H
#define L45_TCP_INTERNAL_H

#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>

#include "l45.h"
#include "tcp_compat.h"

/* How the stream came to be. A listener is no stream: it hands the tap on to its children. */
enum l45_opened {
	L45_OPEN_BEFORE = 0, /* under way when it was attached, or begun behind our back: plain for good */
	L45_CONNECTED = 1,
	L45_ACCEPTED = 2,
	L45_LISTENS = 3,
};

/* What a listener's children are made by; see tcp_child.c. Outlives readers by a grace period, as the context does. */
struct l45_tcp_listener {
	struct inet_connection_sock_af_ops ops;
	const struct inet_connection_sock_af_ops *stock;
	struct rcu_head rcu;
	bool early; /* was seen before the proto; holds the socket */
};

struct l45_tcp_sock {
	u8 opened;                        /* enum l45_opened; never changes */
	bool grafted;                     /* sock->ops is ours */
	bool renamed;                     /* accepted by a task of another name than the listener's */
	const struct proto_ops *stock_ops;
	struct l45_tcp_listener *listener;

	/* The stream. */
	struct l45_stream_tx tx;
	struct l45_stream_rx rx;
	const struct l45_list *chosen;    /* by which send and the codecs were chosen; compared, never looked into */
	struct l45_module *send;          /* to speak from the next frame on; referenced; NULL none */
	struct l45_module *tx_module;     /* of the frame last begun; referenced */
	struct l45_module *rx_module;     /* of the frame last read; referenced */
	unsigned long tx_moved, rx_moved; /* jiffies */
	u32 delay_us;                     /* of send */
	bool in_kind;                     /* undecided: answers as it is addressed */
	bool watched;                     /* a module of the list counts what passes */
	bool tx_busy;                     /* a call that sends is under way, perhaps asleep */
	u8 rx_count;
	struct l45_module *rx_modules[L45_CODECS_MAX];    /* referenced */
	const struct l45_codec *rx_codecs[L45_CODECS_MAX]; /* of those */
};

/* ---- tcp.c ---- */

/* Is this still the context of the socket? Socket lock held. */
static inline bool l45_tcp_still(const struct sock *sk, const struct l45_sock *ctx)
{
	return l45_sk(sk) == ctx;
}

/* A dialect may still be, or come to be, on this direction. */
static inline bool l45_tcp_tx_concerned(const struct l45_tcp_sock *tcp)
{
	return READ_ONCE(tcp->tx.mode) != L45_PLAIN;
}

static inline bool l45_tcp_rx_concerned(const struct l45_tcp_sock *tcp)
{
	return READ_ONCE(tcp->rx.mode) != L45_PLAIN;
}

bool l45_tcp_is_ours(const struct proto *proto);
/* sock->ops becomes ours, so that poll and splice do. Socket lock held. */
void l45_tcp_graft(struct l45_sock *ctx);

/* Where a call goes that is none of ours. */
static inline const struct proto *l45_tcp_stock(const struct sock *sk)
{
	const struct proto *proto = READ_ONCE(sk->sk_prot);

	return l45_tcp_is_ours(proto) ? container_of(proto, struct l45_sock, proto)->stock : proto;
}

/* ---- tcp_stretch.c: socket lock held; returns what the caller is told ---- */
int l45_tcp_send_locked(struct l45_sock *ctx, struct msghdr *msg, size_t size);
#ifdef L45_HAVE_SENDPAGE
int l45_tcp_sendpage_locked(struct l45_sock *ctx, struct page *page, int offset, size_t size, int flags);
#endif

/* ---- tcp_open.c ---- */

/* Chooses anew when the list has changed. Socket lock held. */
void l45_tcp_choose(struct l45_sock *ctx);
static inline void l45_tcp_refresh(struct l45_sock *ctx)
{
	/* A list that is replaced is not freed before every stream has been here: see l45_tcp_relist. */
	if (unlikely(rcu_access_pointer(ctx->list) != ctx->tcp->chosen))
		l45_tcp_choose(ctx);
}

/* Lets go of all modules. Nobody else can reach the context. */
void l45_tcp_forget(struct l45_tcp_sock *tcp);
/*
 * Decides how an undecided stream opens, by what has come. True: it is decided; false: too little is there to tell.
 * Socket lock held.
 */
bool l45_tcp_settle(struct l45_sock *ctx);
/* An accepted stream answers as it was addressed; what has not come by now was not said first. Socket lock held. */
void l45_tcp_answer_in_kind(struct l45_sock *ctx);

/* ---- tcp_count.c ---- */

void l45_tcp_count_watchers(const struct l45_sock *ctx, bool outgoing, u64 bytes);
void l45_tcp_set_module(struct l45_module **place, struct l45_module *module);

/* ---- tcp_decode.c: the queue as the engine sees it. Socket lock held. ---- */

/*
 * Takes tags at the head of the queue. Returns true when a plain byte, the end or an error is what a read would meet.
 * A wrong tag breaks the stream (rx.mode).
 */
bool l45_tcp_take_tags(struct l45_sock *ctx);
/* Plain bytes that could be read now, looking no further than limit of them. Changes nothing. tcp_peek.c */
u32 l45_tcp_plain_bytes(struct l45_sock *ctx, u32 limit);
/* Copies the first bytes of the queue; *pushed: the sender's write ended behind the last of them. */
u32 l45_tcp_head(const struct sock *sk, u8 *to, u32 room, bool *pushed);
/* The next byte at seq is urgent, and has come. */
bool l45_tcp_at_mark(const struct sock *sk, u32 seq);

/* What one receiving call is about. */
struct l45_tcp_reading {
	struct l45_sock *ctx;
	struct msghdr *msg;
	size_t want;    /* left to deliver */
	size_t got;
	size_t uncounted; /* and frames: of the module last read, not counted yet */
	u32 frames;
	bool discard;   /* MSG_TRUNC: counts, and copies nothing */
	bool stamped;
	int error;
	ktime_t software, hardware; /* receive times of the last segment that bytes came from */
};

/* Decodes from the queue into the caller's buffers as far as it goes. Adds to reading->got. 0, or -errno. */
int l45_tcp_take(struct l45_tcp_reading *reading);

/* ---- tcp_peek.c ---- */
/*
 * Decodes a copy of the state over the queue as it stands, behind skip plain bytes. Adds to reading->got. 0, or
 * -errno.
 */
int l45_tcp_look(struct l45_tcp_reading *reading, u32 skip);

/* ---- tcp_stamp.c ---- */
void l45_tcp_note_stamp(struct l45_tcp_reading *reading, struct sk_buff *skb);
/* Receive times and TCP_INQ. Socket lock not held. */
void l45_tcp_ancillary(struct sock *sk, struct l45_tcp_reading *reading, int plain_left);

/* ---- tcp_poll.c: a read would meet a plain byte, the end or an error. Takes tags. Socket lock not held ---- */
bool l45_tcp_readable(struct sock *sk);

/* ---- hooks of struct proto and struct proto_ops ---- */
int l45_tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);
int l45_tcp_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len);
__poll_t l45_tcp_poll(struct file *file, struct socket *sock, poll_table *wait);
ssize_t l45_tcp_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags);
int l45_tcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval, unsigned int optlen);
int l45_tcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval, int __user *option);
#ifdef L45_IOCTL_BY_VALUE
int l45_tcp_ioctl(struct sock *sk, int cmd, int *karg);
#else
int l45_tcp_ioctl(struct sock *sk, int cmd, unsigned long arg);
#endif
#ifdef L45_HAVE_SENDPAGE
int l45_tcp_sendpage(struct sock *sk, struct page *page, int offset, size_t size, int flags);
#endif

/* ---- tcp_child.c ---- */
/* Makes a listener's children come tapped. Nothing is visible before l45_tcp_listener_on. */
int l45_tcp_listener_make(struct l45_sock *ctx, gfp_t gfp);
void l45_tcp_listener_on(struct l45_sock *ctx);
void l45_tcp_listener_off(struct l45_sock *ctx);
void l45_tcp_listener_free(struct l45_sock *ctx);
void l45_tcp_release_cb(struct sock *sk);
/* An accepted stream is under its listener's names until the task that accepted it is known. Process context. */
void l45_tcp_rename(struct sock *sk);
/* The socket's context at the beginning of a call; NULL: none. */
static inline struct l45_sock *l45_tcp_first_use(struct sock *sk)
{
	struct l45_sock *ctx = l45_sk(sk);

	if (likely(!ctx || !READ_ONCE(ctx->tcp->renamed)))
		return ctx;
	l45_tcp_rename(sk);
	return l45_sk(sk);
}

#endif
