/* SPDX-License-Identifier: GPL-2.0 */
/* What the files udp*.c know of each other. */
#ifndef L45_UDP_H
#define L45_UDP_H

#include <linux/udp.h>
#include <net/udp.h>

#include "l45.h"

/* One end of a datagram. */
struct l45_peer_end {
	struct in6_addr address;
	u16 port;
};

/* ---- udp_cork.c: what a program puts together to one datagram, until it says that it is whole ---- */

/* One datagram under way, as the first call that gave a part of it named it. Under the mutex. */
struct l45_cork {
	struct mutex lock;   /* of all below */
	bool open;
	u8 *bytes;           /* kvmalloc, L45_DATAGRAM_MAX; NULL: none yet */
	size_t count;
	struct sockaddr_storage name;
	int name_bytes;      /* 0: to the connected peer */
	void *control;
	size_t control_bytes;
	unsigned int flags;
};

#define L45_DATAGRAM_MAX 65535

/*
 * Takes a part. Returns its length, or -errno (what was gathered is lost then, as in stock code); or sends all when
 * the part is the last. Socket lock not held.
 */
int l45_cork_send(struct l45_sock *ctx, struct sock *sk, struct msghdr *msg, size_t len, bool more);
/* Sends what is gathered, if anything is. 0, or -errno. */
int l45_cork_push(struct sock *sk);
static inline bool l45_cork_is_open(const struct l45_cork *cork)
{
	return READ_ONCE(cork->open);
}

/* Of a context; freed with it. */
struct l45_udp_sock {
	struct l45_cork cork;
};

/* ---- udp_candidate.c ---- */
int l45_candidates_init(void);
void l45_candidates_exit(void);

/* ---- udp_send.c ---- */
/* Where this message goes; false: that is not known (stock code will say what is wrong with it). */
bool l45_udp_destination(const struct sock *sk, const struct msghdr *msg, struct l45_peer_end *peer);
int l45_udp_sendmsg(struct sock *sk, struct msghdr *msg, size_t len);
/* Sends one whole message, tagged if it is to be; no cork. */
int l45_udp_send_whole(struct sock *sk, struct msghdr *msg, size_t len);
void l45_udp_count_watchers(const struct l45_list *list, const struct l45_peer_end *peer, bool outgoing, u64 bytes);

/* ---- udp_write.c ---- */
/* Puts tags in, and hands the message over to stock code. Returns plain bytes, or -errno. */
int l45_udp_write(struct l45_sock *ctx, const struct l45_module *module, struct msghdr *msg, size_t len);

/* ---- udp_receive.c, udp_error.c: softirq ---- */
int l45_udp_receive(struct sock *sk, struct sk_buff *skb);
void l45_udp_set_error(struct udp_sock *up, bool ours);

/* ---- udp_options.c ---- */
int l45_udp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval, unsigned int optlen);
int l45_udp_getsockopt(struct sock *sk, int level, int optname, char __user *optval, int __user *option);

#endif
