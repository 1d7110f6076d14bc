// SPDX-License-Identifier: GPL-2.0
/* What the files of the netlink fuzzer know of each other. */
#ifndef L45_FUZZ_H
#define L45_FUZZ_H

#include "control/client.h"

#define GENERATION 1000000

/* chance.c: everything is drawn from one seed */
void chance_begin(uint64_t seed);
uint64_t draw(void);
uint32_t below(uint32_t bound);
bool one_in(uint32_t n);
/* A number at the edge of something, or any. */
uint64_t awkward(void);

/* message.c: what is said, as it should be */
extern unsigned char room[MESSAGE_BYTES];
struct request message(const struct client *client, int command, int flags);
struct request sensible(const struct client *client);

/* spoil.c: returns the bytes that it has then */
size_t spoil(size_t count);

/* exchange.c */
struct outcome {
	unsigned long accepted; /* requests that were acknowledged, and answers with data */
	unsigned long changes;  /* COMMITs and FLUSHes among them */
	unsigned long refused;
};

void throw_one(const struct client *client, struct outcome *outcome);
void press_limits(const struct client *client, struct outcome *outcome);

/* strangers.c: those who may say nothing */
void throw_as_strangers(void);

/* vitals.c: how the kernel is. false: its log can not be read */
bool log_begin(void);
void check_log(void);
long long memory_settled(struct client *client);

/* main.c */
extern unsigned long sent_messages;
void expect(bool holds, const char *what, const char *detail);

#endif
