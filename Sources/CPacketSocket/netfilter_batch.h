// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Messages to the kernel's netfilter, written one after the other and carried out at once (linux/netfilter/nfnetlink.h). */
#ifndef L45_NETFILTER_BATCH_H
#define L45_NETFILTER_BATCH_H

#include <stddef.h>
#include <stdint.h>

/* A batch under way. What does not fit sets full, and nothing is written any more. */
struct l45_nf_batch {
	char *bytes;
	size_t count;
	size_t capacity;
	uint32_t messages;
	int full;
};

/* Returns the message's place, for its end. */
size_t l45_nf_begin_message(struct l45_nf_batch *b, uint16_t type, uint16_t flags, uint8_t family, uint16_t resource);
void l45_nf_end_message(struct l45_nf_batch *b, size_t place);

void l45_nf_attribute(struct l45_nf_batch *b, uint16_t type, const void *data, size_t size);
void l45_nf_text(struct l45_nf_batch *b, uint16_t type, const char *value);
/* In network order. */
void l45_nf_number(struct l45_nf_batch *b, uint16_t type, uint32_t value);
void l45_nf_half(struct l45_nf_batch *b, uint16_t type, uint16_t value);
size_t l45_nf_begin_nest(struct l45_nf_batch *b, uint16_t type);
void l45_nf_end_nest(struct l45_nf_batch *b, size_t place);

/* Sends the batch over a new socket and waits, 5 s at most, until it is carried out. Returns the socket, or -errno. */
int l45_nf_carry_out(struct l45_nf_batch *b, uint32_t answers);

#endif
