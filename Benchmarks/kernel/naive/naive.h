/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NAIVE_H
#define NAIVE_H

#include <linux/list.h>
#include <linux/types.h>
#include <net/sock.h>

#include "../CL45Core/include/l45_core.h"

/* Two of them for each customized socket, as the prototype had: one to read into, one for what is sent, plain and tagged. */
#define NAIVE_BUFFER_BYTES 65536
#define NAIVE_PLAIN_BYTES 31744
/* Room for a tag in every 1000 bytes, and more. */
#define NAIVE_WIRE_BYTES (NAIVE_BUFFER_BYTES - NAIVE_PLAIN_BYTES)

/* The customization socket of the seed: one for each socket and process. */
struct naive_sock {
	struct hlist_node node;
	struct sock *sk;
	pid_t tgid;
	bool customized;
	enum l45_direction sends, receives;
	const struct l45_codec *codec;
	struct l45_stream_tx tx;
	struct l45_stream_rx rx;
	u8 *plain, *wire, *read;
};

extern struct proto naive_tcp, naive_udp; /* the pointers as they were */
extern unsigned long naive_tagged;

/* table.c */
int naive_table_init(void);
/* Finds the socket's entry, or makes and matches one. remote_port in host order, 0 not known. NULL: no memory. */
struct naive_sock *naive_find(struct sock *sk, u16 remote_port);
void naive_forget(struct sock *sk);

/* send.c, receive.c: what a customized socket does in the place of the stock call */
int naive_send_datagram(struct naive_sock *entry, struct msghdr *msg, size_t bytes);
int naive_send_stream(struct naive_sock *entry, struct msghdr *msg, size_t bytes);
int naive_receive_datagram(struct naive_sock *entry, struct msghdr *msg, size_t bytes, int flags, int *address_bytes);
int naive_receive_stream(struct naive_sock *entry, struct msghdr *msg, size_t bytes, int flags, int *address_bytes);

#endif
