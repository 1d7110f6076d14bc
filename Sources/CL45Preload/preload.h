/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The inside of libl45tap.so: what its files know of each other. Everything here is hidden from the program; only the
 * hooks (hooks_*.c) are seen.
 *
 * Rules of the house: no allocation and no lock on the way of a socket that no rule is for; no lock held across a call
 * that may block, but for a stream's send lock; errno as the program would have seen it; no failure of ours ends the
 * program: it goes on untapped.
 */
#ifndef L45_PRELOAD_H
#define L45_PRELOAD_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "../CL45Tap/layout.h"

#define L45_HOOK __attribute__((visibility("default")))
#define l45_likely(x) __builtin_expect(!!(x), 1)
#define l45_unlikely(x) __builtin_expect(!!(x), 0)

/* ---- tap.c: this process's place in the tap ---- */

enum fd_kind {
	FD_UNKNOWN = 0,  /* not looked at yet */
	FD_FOREIGN = 1,  /* never ours: a file, a pipe, a Unix socket */
	FD_IDLE = 2,     /* stream that nothing is done to, at the sequence in the verdict */
	FD_IDLE_UDP = 3, /* datagram socket that nothing is done to, at that sequence */
	FD_DATAGRAM = 4, /* tapped */
	FD_STREAM = 5,   /* tapped */
};
#define FD_KIND_BITS 3

/* What the process knows of one of its descriptors. One cache line. */
struct fd_info {
	uint64_t verdict; /* sequence << FD_KIND_BITS | enum fd_kind */
	uint64_t born;    /* sequence when it was made here; 0: before the tap or elsewhere */
	uint32_t flow;    /* index + 1; 0 none */
	uint8_t opened;   /* enum l45_opened */
	uint8_t named;    /* thread is filled in */
	uint8_t segmented; /* UDP_SEGMENT was set on it */
	uint8_t batched;   /* UDP_GRO was set on it */
	uint8_t protocol;  /* 6, 17; 0 not known yet */
	char thread[L45_TAP_NAME_BYTES]; /* of the thread that first used it */
	int32_t epoll;         /* the epoll instance it was last put in, + 1; 0 none */
	uint32_t epoll_events;
	uint64_t epoll_data;
};
_Static_assert(sizeof(struct fd_info) == 64, "one cache line");

struct tap {
	struct l45_rules_file *rules;   /* an empty table of our own while untapped */
	struct l45_state_file *state;   /* NULL: untapped */
	struct fd_info *fds;
	uint32_t fds_count;             /* 0: untapped */
	uint32_t slot;                  /* in state->processes */
	uint16_t *flow_refs;            /* descriptors of this process, by flow */
	int pid;
};
extern struct tap tap;

void tap_start(void); /* once; also by the first hook that runs before the library's own constructor */

static inline uint64_t tap_sequence(void)
{
	return l45_load(&tap.rules->sequence);
}

/* ---- lock.c ---- */

/* 0; -EINTR a signal came (interruptible only), or this thread has it already; 1: had, taken over from a dead owner. */
int lock_take(struct l45_lock *lock, bool interruptible);
bool lock_try(struct l45_lock *lock);
void lock_give(struct l45_lock *lock);
uint32_t lock_thread(void);
void lock_forked(void);

/* ---- names.c ---- */
void names_start(void);
void names_changed(void);
const char *names_process(void);
void names_thread(char name[L45_TAP_NAME_BYTES]);

/* ---- rules.c: the private copy of the table, and the sections in which it is used ---- */
struct prepared_rule {
	struct l45_table_rule entry;
	struct l45_codec codec;
};
struct rules {
	uint64_t sequence;
	uint64_t may_match[2]; /* [0] udp, [1] tcp: any rule for a process of this name */
	uint32_t count;
	uint32_t bytes;        /* of the mapping */
	struct rules *retired;
	struct prepared_rule rule[];
};
/* Counts this call as one that works by the table in force. NULL (and no leave) when there is none. */
const struct rules *rules_enter(uint64_t *sequence);
void rules_leave(uint64_t sequence);
void rules_name_changed(void);
void rules_lock(void);
void rules_unlock(void);

static inline bool rule_is_server(const struct l45_tap_rule *rule) { return (rule->flags & L45_TAP_SERVER) != 0; }
static inline bool rule_carries(const struct l45_tap_rule *rule, bool outgoing)
{
	const uint32_t way = rule_is_server(rule) == outgoing ? L45_TAP_RESPONSES : L45_TAP_REQUESTS;

	return (rule->flags & way) != 0;
}
/* Holds back what it does not change. */
static inline bool rule_only_delays(const struct l45_tap_rule *rule)
{
	return rule->delay_us && rule->state == L45_TAP_ACTIVE && rule->dialect.kind == L45_MONITOR &&
	       rule_carries(rule, true);
}
static inline enum l45_direction rule_direction(const struct l45_tap_rule *rule, bool outgoing)
{
	return rule_is_server(rule) == outgoing ? L45_RESPONSE : L45_REQUEST;
}

/* ---- scratch.c: big buffers without malloc ---- */
#define SCRATCH_BYTES (160u * 1024)
void *scratch_take(void); /* NULL: no memory */
void scratch_give(void *scratch);

/* ---- address.c ---- */
/* 16-byte form and port of an inet address; false for another family. */
bool address_read(const struct sockaddr *from, socklen_t bytes, struct l45_tap_endpoint *to);
bool address_is_any(const struct l45_tap_endpoint *endpoint);

/* ---- flow.c ---- */
struct l45_flow *flow_find(int fd, bool make, bool stream, bool *made);
void flow_hold(uint32_t index);
void flow_release(uint32_t index);
void flow_match(struct l45_flow *flow, const struct rules *rules);
/* Copies the rules attached at this sequence; false when the flow stands at another one. */
bool flow_attached(const struct l45_flow *flow, uint64_t sequence, uint64_t words[L45_RULE_WORDS]);
static inline uint32_t flow_index(const struct l45_flow *flow) { return (uint32_t)(flow - tap.state->flows); }

/* Next set bit at or after from, or -1. */
static inline int rule_next(const uint64_t words[L45_RULE_WORDS], int from)
{
	for (int word = from / 64; word < L45_RULE_WORDS; word++) {
		uint64_t bits = words[word];

		if (word == from / 64)
			bits &= ~0ull << (from % 64);
		if (bits)
			return word * 64 + __builtin_ctzll(bits);
	}
	return -1;
}

/* ---- fd_table.c ---- */
enum fd_kind fd_look(int fd); /* the slow way: looks at the descriptor and files a verdict */
#define PROTOCOL_FOREIGN 255
void fd_made(int fd, int protocol); /* socket() or accept() gave it; 0: protocol not known */
void fd_opened(int fd, enum l45_opened opened);
/* connect() to address was begun. */
void fd_opened_to(int fd, const struct sockaddr *address, socklen_t bytes);
void fd_forget(int fd);       /* closed, or about to be */
void fd_forget_range(unsigned int first, unsigned int last);
void fd_copied(int from, int to);
void fd_recheck(int fd);      /* its address changed: look again at the next call */
void fd_inherited(void);      /* after exec */
void fd_forked(void);
struct l45_flow *fd_flow(int fd);

static inline enum fd_kind fd_kind_of(int fd)
{
	if (l45_unlikely((uint32_t)fd >= tap.fds_count))
		return FD_FOREIGN;
	const uint64_t verdict = __atomic_load_n(&tap.fds[fd].verdict, __ATOMIC_RELAXED);

	if (l45_likely(verdict == FD_FOREIGN))
		return FD_FOREIGN;
	if (l45_likely(verdict >> FD_KIND_BITS == tap_sequence() && (verdict & ((1u << FD_KIND_BITS) - 1))))
		return (enum fd_kind)(verdict & ((1u << FD_KIND_BITS) - 1));
	return fd_look(fd);
}

/* ---- count.c: statistics ---- */
void count_sent(uint32_t module, uint64_t messages, uint64_t bytes);
void count_received(uint32_t module, uint64_t messages, uint64_t bytes);
void count_event(uint32_t module, size_t counter); /* offsetof(struct l45_tap_module, ...) */
void count_met(uint32_t module);
#define COUNT(module, field) count_event((module), offsetof(struct l45_tap_module, field))
/* Monitors and deactivated modules among those attached see every message. */
void count_watchers(const struct rules *rules, const uint64_t words[L45_RULE_WORDS],
		    const struct l45_tap_endpoint *peer, bool outgoing, uint64_t bytes);

/* ---- peers.c ---- */
bool peer_known(const struct l45_flow *flow, const struct l45_tap_endpoint *peer, uint64_t group);
void peer_note(const struct l45_flow *flow, const struct l45_tap_endpoint *peer, uint64_t group, bool in_dialect);

/* ---- datagram_send.c, datagram_recv.c ---- */
ssize_t datagram_send(int fd, const struct msghdr *message, int flags);
/*
 * No rule is for the socket: but the agent must be able to know that no message is under way by a table that said so.
 * Stands in a section until left; NULL when the table has moved on, and the socket must be looked at anew.
 */
uint32_t *datagram_idle_enter(int fd);
static inline void datagram_idle_leave(uint32_t *inside)
{
	if (inside)
		__atomic_fetch_sub(inside, 1, __ATOMIC_RELEASE);
}
ssize_t datagram_send_idle(int fd, const struct msghdr *message, int flags);
ssize_t datagram_recv(int fd, struct msghdr *message, int flags);
ssize_t datagram_recv_idle(int fd, struct msghdr *message, int flags);
int datagram_pending(int fd, int *bytes); /* FIONREAD */

/* ---- stream_*.c ---- */
/* opening: called from the connect or accept that opens it; else the stream is older than the rule, and stays plain. */
void stream_opened(struct l45_flow *flow, const struct rules *rules, bool opening);
ssize_t stream_send(int fd, struct l45_flow *flow, const struct msghdr *message, int flags);
ssize_t stream_recv(int fd, struct l45_flow *flow, struct msghdr *message, int flags);
/*
 * Decides how an undecided stream opens, by what has come. 0 decided; -EAGAIN nothing there yet; 1 end of stream;
 * STREAM_PRELUDE (stream.h) it does not open yet.
 */
int stream_settle(int fd, struct l45_flow *flow);
/* Takes what tags lie at the head of the queue. True when a read would give something: bytes, the end, an error. */
bool stream_readable(int fd, struct l45_flow *flow);
int stream_pending(int fd, struct l45_flow *flow, int *bytes);
/* A dialect may still be, or come to be, on the stream. */
bool stream_concerned(const struct l45_flow *flow);
size_t stream_codecs(const struct l45_flow *flow, const struct l45_codec *list[L45_CODECS_MAX]);
void stream_rx_refresh(struct l45_flow *flow);
void stream_tx_refresh(struct l45_flow *flow);

/* ---- transfer.c: by socket kind; what the hooks call ---- */
ssize_t transfer_send(int fd, const struct msghdr *message, int flags, enum fd_kind kind);
ssize_t transfer_recv(int fd, struct msghdr *message, int flags, enum fd_kind kind);

size_t iov_total(const struct iovec *iov, size_t count);
/* Copies up to bytes from the iovecs, beginning at offset. Returns the bytes copied. */
size_t iov_gather(const struct iovec *iov, size_t count, size_t offset, void *to, size_t bytes);
/* Lays bytes of the iovecs, from skip on, out anew; out has room for count. Returns the pieces. */
size_t iov_cut(const struct iovec *iov, size_t count, uint64_t skip, uint64_t bytes, struct iovec *out);
size_t iov_scatter(const struct iovec *iov, size_t count, const void *from, size_t bytes);

/* ---- wait.c ---- */
bool wait_concerned(void); /* is there any stream at all in this tap? */
/* After a wait said readable: is it, to the program? True for every descriptor that is not a tapped stream. */
bool wait_readable(int fd);
void pause_for(uint32_t microseconds);

#endif
