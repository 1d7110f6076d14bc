/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What each descriptor is to the tap. A verdict holds until the descriptor is closed or the table changes, so that a
 * socket that no rule is for costs two loads and a comparison per call.
 */
#include "preload.h"
#include "real.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "raw.h"

static void file(struct fd_info *info, enum fd_kind kind, uint64_t sequence)
{
	const uint64_t verdict = kind == FD_FOREIGN ? FD_FOREIGN : (sequence << FD_KIND_BITS) | kind;

	__atomic_store_n(&info->verdict, verdict, __ATOMIC_RELAXED);
}

/* vfork: the child runs in its parent's memory until it execs, but closes and copies descriptors of its own. */
static bool borrowed_memory(void)
{
	return raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0) != tap.pid;
}

static int protocol_of(int fd)
{
	int domain = 0, type = 0, protocol = 0;
	socklen_t bytes = sizeof(int);

	if (real(getsockopt)(fd, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) != 0)
		return 0;
	if (domain != AF_INET && domain != AF_INET6)
		return 0;
	bytes = sizeof(int);
	if (real(getsockopt)(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) != 0)
		return 0;
	bytes = sizeof(int);
	if (real(getsockopt)(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &bytes) != 0)
		return 0;
	if (type == SOCK_STREAM && protocol == IPPROTO_TCP)
		return 6;
	if (type == SOCK_DGRAM && protocol == IPPROTO_UDP)
		return 17;
	return 0;
}

/* The peer of a connection under way: the kernel does not tell it before the handshake is done. */
static __thread const struct l45_tap_endpoint *pending_remote __attribute__((tls_model("initial-exec")));
/* This thread is in the connect or accept that opens the stream: the one moment at which a dialect can be attached. */
static __thread bool opening __attribute__((tls_model("initial-exec")));

/* Fills in what of the socket does not depend on the table. False: not a socket any more. */
static bool read_ends(int fd, struct l45_flow *flow)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);

	if (real(getsockname)(fd, (struct sockaddr *)&address, &bytes) != 0 ||
	    !address_read((struct sockaddr *)&address, bytes, &flow->local))
		return false;
	flow->local_any = address_is_any(&flow->local);
	bytes = sizeof(address);
	if (flow->protocol == 17 && flow->born != 0 && flow->opened == L45_UNOPENED)
		return true; /* made here, and never connected */
	flow->connected = real(getpeername)(fd, (struct sockaddr *)&address, &bytes) == 0 &&
			  address_read((struct sockaddr *)&address, bytes, &flow->remote);
	if (!flow->connected && pending_remote) {
		flow->remote = *pending_remote;
		flow->connected = 1;
	}
	return true;
}

static void describe(struct l45_flow *flow, const struct fd_info *info, int protocol)
{
	flow->protocol = (uint8_t)protocol;
	flow->opened = info->opened;
	flow->born = info->born;
	memcpy(flow->process, names_process(), L45_TAP_NAME_BYTES);
	memcpy(flow->thread, info->thread, L45_TAP_NAME_BYTES);
}

static bool any_rule(const struct l45_flow *flow, const struct rules *rules)
{
	for (uint32_t i = 0; i < rules->count; i++)
		if (l45_match_socket(&rules->rule[i].entry, flow))
			return true;
	return false;
}

static bool any_attached(const struct l45_flow *flow)
{
	for (int word = 0; word < L45_RULE_WORDS; word++)
		if (flow->attached[word])
			return true;
	return false;
}

/* A plain stream has nothing done to it but counting. */
static bool any_watcher(const struct l45_flow *flow, const struct rules *rules)
{
	for (int i = rule_next(flow->attached, 0); i >= 0 && i < (int)rules->count;
	     i = i + 1 < L45_TAP_RULES_MAX ? rule_next(flow->attached, i + 1) : -1)
		if (rules->rule[i].entry.rule.dialect.kind == L45_MONITOR ||
		    rules->rule[i].entry.rule.state == L45_TAP_DEACTIVATED)
			return true;
	return false;
}

/* False: its last holder let go of it between our finding it and our holding it. */
static bool adopt(struct fd_info *info, const struct l45_flow *flow)
{
	const uint32_t index = flow_index(flow);

	flow_hold(index);
	if (l45_load(&tap.state->keys[index].cookie) != flow->cookie) {
		flow_release(index);
		return false;
	}
	info->flow = index + 1;
	return true;
}

/* The ends of a datagram socket change by bind, connect and its first send: taken down anew, and matched anew. */
static void refresh_ends(struct l45_flow *flow, const struct l45_flow *now)
{
	if (lock_take(&flow->lock, false) < 0)
		return;
	if (flow->connected != now->connected || flow->local_any != now->local_any ||
	    memcmp(&flow->local, &now->local, sizeof(now->local)) != 0 ||
	    memcmp(&flow->remote, &now->remote, sizeof(now->remote)) != 0) {
		flow->local = now->local;
		flow->local_any = now->local_any;
		flow->remote = now->remote;
		flow->connected = now->connected;
		l45_store(&flow->attached_sequence, 0);
	}
	lock_give(&flow->lock);
}

static enum fd_kind look_datagram(int fd, struct fd_info *info, const struct rules *rules)
{
	struct l45_flow now;
	struct l45_flow *flow = info->flow ? &tap.state->flows[info->flow - 1] : NULL;
	bool made = false;

	if (!flow && !rules->may_match[0])
		return FD_IDLE_UDP;
	memset(&now, 0, offsetof(struct l45_flow, tx_lock));
	describe(&now, info, 17);
	if (!read_ends(fd, &now))
		return FD_UNKNOWN;
	if (!flow) {
		const bool wanted = any_rule(&now, rules);

		/* One that was made here is in nobody's hands but ours. */
		if (wanted || info->born == 0)
			flow = flow_find(fd, wanted, false, &made);
		if (!flow) {
			/* Not bound yet: its port is known only after the first send. */
			return now.local.port == 0 ? FD_UNKNOWN : FD_IDLE_UDP;
		}
		if (made)
			describe(flow, info, 17);
		if (!adopt(info, flow))
			return FD_UNKNOWN; /* the next call looks again */
		/* A batch in one buffer has no place for a tag in each message; the option only permits batching. */
		if (info->batched || info->born == 0) {
			const int off = 0;

			real(setsockopt)(fd, IPPROTO_UDP, 104 /* UDP_GRO */, &off, sizeof(off));
		}
	}
	refresh_ends(flow, &now);
	flow_match(flow, rules);
	return now.local.port == 0 ? FD_UNKNOWN : any_attached(flow) ? FD_DATAGRAM : FD_IDLE_UDP;
}

static void read_lowat(int fd, struct l45_flow *flow)
{
	int lowat = 1;
	socklen_t bytes = sizeof(lowat);

	if (real(getsockopt)(fd, SOL_SOCKET, SO_RCVLOWAT, &lowat, &bytes) == 0 && lowat > 1)
		flow->rx_lowat = (uint32_t)lowat;
}

static enum fd_kind look_stream(int fd, struct fd_info *info, const struct rules *rules)
{
	struct l45_flow now;
	struct l45_flow *flow = info->flow ? &tap.state->flows[info->flow - 1] : NULL;
	bool made = false;

	if (!flow && !rules->may_match[1] && l45_load(&tap.state->streams) == 0)
		return FD_IDLE;
	if (!flow) {
		memset(&now, 0, offsetof(struct l45_flow, tx_lock));
		describe(&now, info, 6);
		if (!read_ends(fd, &now))
			return FD_UNKNOWN;
		/* A listener, or not connected yet: connect and accept look again. A tapped stream may have lost its peer. */
		flow = flow_find(fd, now.connected && any_rule(&now, rules), true, &made);
		if (!flow)
			return FD_IDLE;
		if (made) {
			describe(flow, info, 6);
			flow->local = now.local;
			flow->remote = now.remote;
			flow->connected = now.connected;
			flow_match(flow, rules);
			stream_opened(flow, rules, opening);
			read_lowat(fd, flow);
			__atomic_fetch_add(&tap.state->streams, 1, __ATOMIC_ACQ_REL);
		}
		if (!adopt(info, flow))
			return FD_UNKNOWN;
	}
	flow_match(flow, rules);
	return stream_concerned(flow) || any_watcher(flow, rules) ? FD_STREAM : FD_IDLE;
}

enum fd_kind fd_look(int fd)
{
	const int keep = errno;
	struct fd_info *info = &tap.fds[fd];
	uint64_t sequence = tap_sequence();
	const int protocol = info->protocol ? info->protocol : protocol_of(fd);
	enum fd_kind kind = FD_FOREIGN;

	if (protocol == 0) {
		/* A number that is no descriptor at all may become a socket unseen; anything else is not ours till closed. */
		if (raw_syscall(SYS_fcntl, fd, F_GETFD, 0, 0, 0, 0) >= 0)
			file(info, FD_FOREIGN, 0);
		errno = keep;
		return FD_FOREIGN;
	}
	info->protocol = (uint8_t)protocol;
	if (!info->named) {
		names_thread(info->thread);
		info->named = 1;
	}
	const struct rules *rules = rules_enter(&sequence);

	if (rules) {
		kind = protocol == 17 ? look_datagram(fd, info, rules) : look_stream(fd, info, rules);
		rules_leave(sequence);
	} else {
		kind = protocol == 17 ? FD_IDLE_UDP : FD_IDLE;
	}
	file(info, kind, kind == FD_UNKNOWN ? 0 : sequence);
	if (kind == FD_UNKNOWN)
		kind = info->flow && protocol == 17 && any_attached(&tap.state->flows[info->flow - 1]) ? FD_DATAGRAM
												 : FD_IDLE_UDP;
	errno = keep;
	return kind;
}

struct l45_flow *fd_flow(int fd)
{
	const uint32_t flow = tap.fds[fd].flow;

	return flow ? &tap.state->flows[flow - 1] : NULL;
}

void fd_forget(int fd)
{
	if ((uint32_t)fd >= tap.fds_count)
		return;
	struct fd_info *info = &tap.fds[fd];

	if (info->flow) {
		if (borrowed_memory())
			return;
		flow_release(info->flow - 1);
	} else if (info->verdict == 0 && info->born == 0 && !info->named && !info->protocol) {
		return; /* do not dirty a page for nothing */
	}
	memset(info, 0, sizeof(*info));
}

void fd_forget_range(unsigned int first, unsigned int last)
{
	if (borrowed_memory())
		return;
	for (uint32_t fd = first; fd <= last && fd < tap.fds_count; fd++)
		fd_forget((int)fd);
}

void fd_made(int fd, int protocol)
{
	if ((uint32_t)fd >= tap.fds_count)
		return;
	fd_forget(fd);
	if (protocol == PROTOCOL_FOREIGN) {
		file(&tap.fds[fd], FD_FOREIGN, 0);
		return;
	}
	tap.fds[fd].protocol = (uint8_t)protocol;
	/* Sequence 0 is before the first table; a socket of that time was still made under the tap. */
	tap.fds[fd].born = tap_sequence() + (tap_sequence() == 0);
}

void fd_opened(int fd, enum l45_opened opened)
{
	if ((uint32_t)fd >= tap.fds_count)
		return;
	struct fd_info *info = &tap.fds[fd];

	info->opened = (uint8_t)opened;
	if (info->born == 0)
		info->born = tap_sequence() + (tap_sequence() == 0);
	file(info, FD_UNKNOWN, 0);
	opening = true;
	fd_kind_of(fd);
	opening = false;
}

void fd_opened_to(int fd, const struct sockaddr *address, socklen_t bytes)
{
	struct l45_tap_endpoint remote;

	if (!address_read(address, bytes, &remote)) {
		fd_recheck(fd); /* a Unix socket; or AF_UNSPEC, which takes a datagram socket's peer away */
		return;
	}
	if ((tap.fds[fd].protocol ? tap.fds[fd].protocol : protocol_of(fd)) == 6) {
		pending_remote = &remote;
		fd_opened(fd, L45_CONNECTED);
		pending_remote = NULL;
	} else {
		tap.fds[fd].opened = L45_CONNECTED;
		fd_recheck(fd);
	}
}

void fd_recheck(int fd)
{
	if ((uint32_t)fd >= tap.fds_count || tap.fds[fd].verdict == FD_FOREIGN)
		return;
	file(&tap.fds[fd], FD_UNKNOWN, 0);
}

void fd_copied(int from, int to)
{
	if ((uint32_t)to >= tap.fds_count || (uint32_t)from >= tap.fds_count || from == to || borrowed_memory())
		return;
	fd_forget(to);
	if (tap.fds[from].flow)
		flow_hold(tap.fds[from].flow - 1);
	tap.fds[to] = tap.fds[from];
	tap.fds[to].epoll = 0;
}

void fd_forked(void)
{
	for (uint32_t i = 0; i < L45_TAP_FLOWS_MAX; i++)
		if (tap.flow_refs[i])
			__atomic_fetch_or(&tap.state->flows[i].holders[tap.slot / 64], 1ull << (tap.slot % 64),
					  __ATOMIC_ACQ_REL);
}

void fd_inherited(void)
{
	struct entry {
		uint64_t inode;
		int64_t offset;
		unsigned short bytes;
		unsigned char type;
		char name[];
	} *entry;
	char list[4096] __attribute__((aligned(8)));
	const uint64_t bit = 1ull << (tap.slot % 64);
	long count;
	const int folder = (int)raw_syscall(SYS_openat, AT_FDCWD, (long)"/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC,
					    0, 0, 0);

	if (folder < 0)
		return;
	while ((count = raw_syscall(SYS_getdents64, folder, (long)list, sizeof(list), 0, 0, 0)) > 0) {
		for (long at = 0; at < count; at += entry->bytes) {
			entry = (struct entry *)(list + at);
			const int fd = entry->name[0] == '.' ? folder : atoi(entry->name);

			if (fd != folder && (uint32_t)fd < tap.fds_count)
				fd_kind_of(fd);
		}
	}
	raw_syscall(SYS_close, folder, 0, 0, 0, 0, 0);
	/* Holds of the image before exec on sockets that exec closed. */
	for (uint32_t i = 0; i < L45_TAP_FLOWS_MAX; i++) {
		struct l45_flow *flow = &tap.state->flows[i];

		if (l45_load(&tap.state->keys[i].cookie) == 0 || tap.flow_refs[i] || !(l45_load(&flow->holders[tap.slot / 64]) & bit))
			continue;
		flow_hold(i);
		flow_release(i);
	}
}
