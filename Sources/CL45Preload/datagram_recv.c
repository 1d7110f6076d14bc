/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Receiving on a tapped datagram socket. The datagram is read whole, whatever room the program gave: the authenticator
 * covers all of it, and what the program is told (bytes, MSG_TRUNC) is about the plain message.
 */
#include "preload.h"
#include "real.h"

#include <sys/ioctl.h>

#define DATAGRAM_BYTES_MAX 65536
#define PIECES_MAX 64

static bool may_read(const struct l45_tap_rule *rule, const struct l45_tap_endpoint *peer)
{
	return rule->state != L45_TAP_DEACTIVATED && rule->dialect.kind == L45_DATAGRAM && rule_carries(rule, false) &&
	       l45_match_remote(rule, peer->address, peer->port);
}

static int after(const uint64_t words[L45_RULE_WORDS], int i)
{
	return i + 1 < L45_TAP_RULES_MAX ? rule_next(words, i + 1) : -1;
}

/*
 * Tries the rules by rank; the first that recognises the message takes its tag out. Peeking changes no count and
 * notes no peer: the message comes again.
 */
static ssize_t judge(const struct l45_flow *flow, const struct rules *rules, const uint64_t words[L45_RULE_WORDS],
		     const struct l45_tap_endpoint *peer, uint8_t *message, size_t bytes, bool peeking)
{
	int taken = -1;
	ssize_t plain = (ssize_t)bytes;

	for (int i = rule_next(words, 0); i >= 0; i = after(words, i)) {
		const struct prepared_rule *rule = &rules->rule[i];

		if (!may_read(&rule->entry.rule, peer))
			continue;
		const long left =
			l45_datagram_decode(&rule->codec, rule_direction(&rule->entry.rule, false), message, bytes);

		if (left >= 0) {
			taken = i;
			plain = left;
			break;
		}
		if (left == -EBADMSG && !peeking)
			COUNT(rule->entry.module, forged);
	}

	uint64_t last = 0;
	int enforcing = -1;

	for (int i = rule_next(words, 0); i >= 0; i = after(words, i)) {
		const struct prepared_rule *rule = &rules->rule[i];
		const bool same = rule->entry.rule.mod_id == last;

		if (!may_read(&rule->entry.rule, peer))
			continue;
		if (i == taken && !peeking) {
			count_received(rule->entry.module, 1, (uint64_t)plain);
			if (rule_is_server(&rule->entry.rule))
				peer_note(flow, peer, rule->entry.rule.group, true);
		}
		if (i == taken)
			break;
		last = rule->entry.rule.mod_id;
		if (taken >= 0) {
			if (!same && !peeking)
				COUNT(rule->entry.module, skipped);
			continue;
		}
		if ((rule->entry.rule.flags & L45_TAP_ENFORCE) && enforcing < 0)
			enforcing = i;
		if (!peeking && rule_is_server(&rule->entry.rule))
			peer_note(flow, peer, rule->entry.rule.group, false);
	}
	if (taken >= 0)
		goto out;
	if (enforcing >= 0) {
		COUNT(rules->rule[enforcing].entry.module, dropped);
		return -1;
	}
	if (peeking)
		return plain;
	last = 0;
	for (int i = rule_next(words, 0); i >= 0; i = after(words, i)) {
		const struct l45_table_rule *entry = &rules->rule[i].entry;

		if (!may_read(&entry->rule, peer) || entry->rule.mod_id == last)
			continue;
		last = entry->rule.mod_id;
		COUNT(entry->module, passed_plain);
	}
out:
	if (!peeking)
		count_watchers(rules, words, peer, false, (uint64_t)plain);
	return plain;
}

/* The table may have changed while we slept in the kernel: what came is judged by the one in force now. */
static ssize_t decode(int fd, const struct sockaddr_storage *from, socklen_t from_bytes, uint8_t *message, size_t bytes,
		      bool peeking)
{
	struct l45_tap_endpoint peer = { .port = 0 };
	uint64_t words[L45_RULE_WORDS], sequence;
	ssize_t plain = (ssize_t)bytes;

	/* Looks at the socket anew when the table changed: it may have become ours, or ceased to be. */
	fd_kind_of(fd);
	struct l45_flow *flow = fd_flow(fd);
	const struct rules *rules = flow ? rules_enter(&sequence) : NULL;

	if (!rules)
		return plain;
	if (!address_read((const struct sockaddr *)from, from_bytes, &peer))
		peer = flow->remote;
	flow_match(flow, rules);
	if (flow_attached(flow, sequence, words))
		plain = judge(flow, rules, words, &peer, message, bytes, peeking);
	rules_leave(sequence);
	return plain;
}

static void give_name(struct msghdr *message, const struct sockaddr_storage *from, socklen_t bytes)
{
	if (!message->msg_name)
		return;
	const socklen_t room = message->msg_namelen;

	memcpy(message->msg_name, from, bytes < room ? bytes : room);
	message->msg_namelen = bytes;
}

ssize_t datagram_recv(int fd, struct msghdr *message, int flags)
{
	if (flags & MSG_ERRQUEUE)
		return real(recvmsg)(fd, message, flags); /* our own datagrams come back as they were on the wire */
	if (message->msg_iovlen > PIECES_MAX - 1 || !tap.state)
		return real(recvmsg)(fd, message, flags);

	const size_t room = iov_total(message->msg_iov, message->msg_iovlen);
	const size_t first = message->msg_iovlen ? message->msg_iov[0].iov_len : 0;
	uint8_t *scratch = scratch_take();
	struct sockaddr_storage from;
	struct iovec iov[PIECES_MAX];
	ssize_t result = -1;

	if (!scratch) {
		errno = ENOMEM;
		return -1;
	}
	if (message->msg_iovlen > 0)
		memcpy(iov, message->msg_iov, message->msg_iovlen * sizeof(iov[0]));
	iov[message->msg_iovlen] = (struct iovec){ scratch, DATAGRAM_BYTES_MAX };
	for (;;) {
		struct msghdr wide = *message;

		wide.msg_name = &from;
		wide.msg_namelen = sizeof(from);
		wide.msg_iov = iov;
		wide.msg_iovlen = message->msg_iovlen + 1;
		/* Cheaper without a list of pieces, where nothing but the bytes is asked for. */
		const bool simple = message->msg_controllen == 0;
		const bool direct = simple && first >= DATAGRAM_BYTES_MAX - 1;
		const ssize_t got = simple ? real(recvfrom)(fd, direct ? message->msg_iov[0].iov_base : scratch,
							    DATAGRAM_BYTES_MAX - 1, flags & ~MSG_TRUNC,
							    (struct sockaddr *)&from, &wide.msg_namelen)
					   : real(recvmsg)(fd, &wide, flags & ~MSG_TRUNC);

		if (simple)
			wide.msg_flags = 0;
		if (got < 0)
			break;
		const size_t bytes = (size_t)got;
		const bool peeking = (flags & MSG_PEEK) != 0;
		/* A message may come out longer than it came; none so long that it would not fit such a buffer does. */
		const bool in_place = direct || (!simple && bytes + L45_CODING_SAVES_MAX <= first);
		uint8_t *whole = in_place ? message->msg_iov[0].iov_base : scratch;

		/* In place when it lies in one piece there; else put together behind what overflowed. */
		if (!simple && !in_place) {
			whole = scratch + DATAGRAM_BYTES_MAX;
			iov_gather(iov, wide.msg_iovlen, 0, whole, bytes);
		}
		const ssize_t plain = decode(fd, &from, wide.msg_namelen, whole, bytes, peeking);

		if (plain < 0) {
			/* Dropped, silently: the program goes on waiting, or is told that nothing is there. */
			if (peeking)
				real(recv)(fd, NULL, 0, MSG_DONTWAIT);
			continue;
		}
		if (!in_place)
			iov_scatter(message->msg_iov, message->msg_iovlen, whole, (size_t)plain);
		give_name(message, &from, wide.msg_namelen);
		message->msg_controllen = wide.msg_controllen;
		message->msg_flags = wide.msg_flags & ~MSG_TRUNC;
		result = plain;
		if ((size_t)plain > room) {
			message->msg_flags |= MSG_TRUNC;
			if (!(flags & MSG_TRUNC))
				result = (ssize_t)room;
		}
		break;
	}
	const int keep = errno;

	scratch_give(scratch);
	errno = keep;
	return result;
}

/*
 * No rule is for the socket now. A receive that would sleep may be woken under a table that has one: so what is there
 * is taken as it is, and only the sleep is done with room for a tag.
 */
ssize_t datagram_recv_idle(int fd, struct msghdr *message, int flags)
{
	uint32_t *inside = datagram_idle_enter(fd);
	const socklen_t name_bytes = message->msg_namelen;
	const size_t control_bytes = message->msg_controllen;

	if (!inside)
		return fd_kind_of(fd) == FD_DATAGRAM ? datagram_recv(fd, message, flags) : real(recvmsg)(fd, message, flags);
	const ssize_t got = real(recvmsg)(fd, message, flags | MSG_DONTWAIT);

	datagram_idle_leave(inside);
	if (got >= 0 || (flags & MSG_DONTWAIT) || (errno != EAGAIN && errno != EWOULDBLOCK))
		return got;
	message->msg_namelen = name_bytes;
	message->msg_controllen = control_bytes;
	return datagram_recv(fd, message, flags);
}

int datagram_pending(int fd, int *bytes)
{
	int on_wire = 0;

	if (real(ioctl)(fd, FIONREAD, &on_wire) != 0)
		return -1;
	*bytes = on_wire;
	if (on_wire == 0)
		return 0;
	/* The size of the next message, as a look at it would tell. */
	struct msghdr message;
	const int keep = errno;

	memset(&message, 0, sizeof(message));
	const ssize_t plain = datagram_recv(fd, &message, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);

	*bytes = plain < 0 ? 0 : (int)plain;
	errno = keep;
	return 0;
}
