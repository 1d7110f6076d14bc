/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Sending on a tapped datagram socket: the highest active rule whose direction carries the dialect puts its tag between
 * the program's own buffers; nothing is copied.
 */
#include "preload.h"
#include "real.h"

#include <netinet/in.h>
#include <time.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#define SPLIT_MAX 64
#define SMALL_BYTES 1500
_Static_assert(SCRATCH_BYTES / 2 >= 65535 + L45_TAG_BYTES_MAX + L45_CODING_ADDS_MAX, "a message and its code fit a scratch buffer");

/* What is done to one message. Values only, so that they outlive the section they were found in. */
struct treatment {
	bool tagged;
	const struct l45_codec *coded; /* the message is another on the wire; holds while the table is in use */
	size_t position;
	enum l45_direction direction;
	uint32_t module, tag_bytes, delay_us;
	uint8_t tag[L45_TAG_BYTES_MAX];
};

static bool may_send(const struct l45_flow *flow, const struct l45_tap_rule *rule, const struct l45_tap_endpoint *peer)
{
	if (rule->state != L45_TAP_ACTIVE || rule->dialect.kind != L45_DATAGRAM || !rule_carries(rule, true))
		return false;
	if (!l45_match_remote(rule, peer->address, peer->port))
		return false;
	/* A server that takes requests in the dialect answers in kind. */
	return !rule_is_server(rule) || !(rule->flags & L45_TAP_REQUESTS) || peer_known(flow, peer, rule->group);
}

static int choose(const struct l45_flow *flow, const struct rules *rules, const uint64_t words[L45_RULE_WORDS],
		  const struct l45_tap_endpoint *peer)
{
	for (int i = rule_next(words, 0); i >= 0; i = i + 1 < L45_TAP_RULES_MAX ? rule_next(words, i + 1) : -1)
		if (may_send(flow, &rules->rule[i].entry.rule, peer))
			return i;
	return -1;
}

/* A monitor that holds back what it does not change. */
static uint32_t watchers_delay(const struct rules *rules, const uint64_t words[L45_RULE_WORDS],
			       const struct l45_tap_endpoint *peer)
{
	for (int i = rule_next(words, 0); i >= 0; i = i + 1 < L45_TAP_RULES_MAX ? rule_next(words, i + 1) : -1) {
		const struct l45_tap_rule *rule = &rules->rule[i].entry.rule;

		if (rule_only_delays(rule) && l45_match_remote(rule, peer->address, peer->port))
			return rule->delay_us;
	}
	return 0;
}

static void treat(const struct prepared_rule *rule, const struct iovec *iov, size_t count, size_t bytes,
		  struct treatment *out)
{
	uint8_t cover[L45_COVER_BYTES];
	const enum l45_direction direction = rule_direction(&rule->entry.rule, true);

	iov_gather(iov, count, 0, cover, sizeof(cover));
	out->tagged = true;
	out->module = rule->entry.module;
	out->delay_us = rule->entry.rule.delay_us;
	out->tag_bytes = rule->codec.dialect.tag_bytes;
	out->coded = rule->codec.dialect.coding != L45_AS_IT_IS ? &rule->codec : NULL;
	out->direction = direction;
	out->position = l45_datagram_position(&rule->codec, bytes);
	l45_datagram_tag(&rule->codec, direction, cover, bytes, out->tag);
}

/* The program's iovecs with the tag between them. Room for count + 2. Returns how many. */
static size_t weave(const struct iovec *iov, size_t count, struct treatment *treatment, struct iovec *out)
{
	size_t left = treatment->position, made = 0, i = 0;
	size_t begun = 0;

	for (; i < count && left >= iov[i].iov_len; i++) {
		left -= iov[i].iov_len;
		out[made++] = iov[i];
	}
	if (left > 0) {
		out[made++] = (struct iovec){ iov[i].iov_base, left };
		begun = left;
	}
	out[made++] = (struct iovec){ treatment->tag, treatment->tag_bytes };
	if (begun > 0) {
		out[made++] = (struct iovec){ (char *)iov[i].iov_base + begun, iov[i].iov_len - begun };
		i++;
	}
	for (; i < count; i++)
		out[made++] = iov[i];
	return made;
}

/* The destination of this message; false: none is known (the kernel will say what is wrong with that). */
static bool destination(const struct l45_flow *flow, const struct msghdr *message, struct l45_tap_endpoint *peer)
{
	if (message->msg_name && address_read(message->msg_name, message->msg_namelen, peer))
		return true;
	*peer = flow->remote;
	return flow->connected;
}

/* The size that the kernel is to cut this message by; 0: it is not. */
static size_t segment_size(int fd, const struct msghdr *message)
{
	int size = 0;
	socklen_t bytes = sizeof(size);

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR((struct msghdr *)message, c))
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_SEGMENT && c->cmsg_len >= CMSG_LEN(2)) {
			uint16_t found;

			memcpy(&found, CMSG_DATA(c), sizeof(found));
			return found;
		}
	if (tap.fds[fd].segmented && real(getsockopt)(fd, IPPROTO_UDP, UDP_SEGMENT, &size, &bytes) == 0 && size > 0)
		return (size_t)size;
	return 0;
}

void pause_for(uint32_t microseconds)
{
	struct timespec left = { microseconds / 1000000, (long)(microseconds % 1000000) * 1000 };

	/* A signal does not shorten it: the program never asked to wait, so it must not see EINTR for it either. */
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

/* Put together, and coded, in one buffer. */
static ssize_t send_coded(int fd, const struct msghdr *message, int flags, size_t plain, const struct treatment *treatment)
{
	uint8_t *in = scratch_take(), *out = in + SCRATCH_BYTES / 2;
	struct msghdr coded = *message;
	struct iovec one = { out, 0 };
	long bytes = -EMSGSIZE;
	ssize_t sent = -1;

	if (!in) {
		errno = ENOBUFS;
		return -1;
	}
	if (plain <= 65535) {
		iov_gather(message->msg_iov, message->msg_iovlen, 0, in, plain);
		bytes = l45_datagram_encode(treatment->coded, treatment->direction, in, plain, out, SCRATCH_BYTES / 2);
	}
	if (bytes >= 0) {
		one.iov_len = (size_t)bytes;
		coded.msg_iov = &one;
		coded.msg_iovlen = 1;
		sent = real(sendmsg)(fd, &coded, flags & ~MSG_ZEROCOPY);
	} else {
		errno = (int)-bytes;
	}
	const int keep = errno;

	scratch_give(in);
	errno = keep;
	return sent >= 0 ? (ssize_t)plain : -1;
}

static ssize_t send_one(int fd, const struct msghdr *message, int flags)
{
	struct l45_flow *flow = fd_flow(fd);
	struct l45_tap_endpoint peer = { .port = 0 };
	uint64_t words[L45_RULE_WORDS], sequence;
	struct treatment treatment;
	struct iovec woven[SPLIT_MAX + 2];
	const size_t plain = iov_total(message->msg_iov, message->msg_iovlen);
	bool waited = false;

again:
	treatment.tagged = false;
	treatment.delay_us = 0;
	const struct rules *rules = rules_enter(&sequence);

	if (!rules)
		return real(sendmsg)(fd, message, flags);
	const bool known = flow && destination(flow, message, &peer);

	if (known && (flow_match(flow, rules), flow_attached(flow, sequence, words))) {
		const int chosen = choose(flow, rules, words, &peer);

		if (chosen >= 0)
			treat(&rules->rule[chosen], message->msg_iov, message->msg_iovlen, plain, &treatment);
		else
			treatment.delay_us = watchers_delay(rules, words, &peer);
	} else {
		memset(words, 0, sizeof(words));
	}
	if (treatment.delay_us && !waited) {
		rules_leave(sequence);
		pause_for(treatment.delay_us);
		waited = true;
		goto again; /* the table may have changed while we waited */
	}

	ssize_t sent;

	if (treatment.tagged && treatment.coded) {
		sent = send_coded(fd, message, flags, plain, &treatment);
	} else if (treatment.tagged && plain <= SMALL_BYTES && message->msg_controllen == 0) {
		/* Cheaper in one piece than in three: the kernel copies the pieces' list too. */
		uint8_t whole[SMALL_BYTES + L45_TAG_BYTES_MAX];
		const size_t at = treatment.position;

		iov_gather(message->msg_iov, message->msg_iovlen, 0, whole, at);
		memcpy(whole + at, treatment.tag, treatment.tag_bytes);
		iov_gather(message->msg_iov, message->msg_iovlen, at, whole + at + treatment.tag_bytes, plain - at);
		sent = real(sendto)(fd, whole, plain + treatment.tag_bytes, flags & ~MSG_ZEROCOPY, message->msg_name,
				    message->msg_name ? message->msg_namelen : 0);
		if (sent >= 0)
			sent = (ssize_t)plain;
	} else if (treatment.tagged && message->msg_iovlen <= SPLIT_MAX) {
		struct msghdr tagged = *message;

		tagged.msg_iov = woven;
		tagged.msg_iovlen = weave(message->msg_iov, message->msg_iovlen, &treatment, woven);
		sent = real(sendmsg)(fd, &tagged, flags & ~MSG_ZEROCOPY);
		if (sent >= 0)
			sent = (ssize_t)plain;
	} else if (treatment.tagged) {
		/* More pieces than we have room for: put together in one buffer. */
		char *whole = scratch_take();

		if (!whole || plain > 65535) {
			scratch_give(whole);
			errno = whole ? EMSGSIZE : ENOBUFS;
			sent = -1;
		} else {
			struct iovec one = { whole, plain };
			struct msghdr tagged = *message;

			iov_gather(message->msg_iov, message->msg_iovlen, 0, whole, plain);
			tagged.msg_iov = woven;
			tagged.msg_iovlen = weave(&one, 1, &treatment, woven);
			sent = real(sendmsg)(fd, &tagged, flags & ~MSG_ZEROCOPY);
			if (sent >= 0)
				sent = (ssize_t)plain;
			scratch_give(whole);
		}
	} else {
		sent = real(sendmsg)(fd, message, flags);
	}
	const int keep = errno;

	if (sent >= 0) {
		if (treatment.tagged)
			count_sent(treatment.module, 1, plain);
		count_watchers(rules, words, known ? &peer : NULL, true, plain);
	}
	rules_leave(sequence);
	errno = keep;
	return sent;
}

/* The kernel would cut one buffer into many datagrams after us: each must carry its own tag, so we cut. */
static ssize_t send_segments(int fd, const struct msghdr *message, int flags, size_t size)
{
	const size_t total = iov_total(message->msg_iov, message->msg_iovlen);
	char *whole = total <= SCRATCH_BYTES ? scratch_take() : NULL;
	char control[256] __attribute__((aligned(8)));
	struct msghdr one = *message;
	ssize_t result = (ssize_t)total;

	if (!whole) {
		errno = total <= SCRATCH_BYTES ? ENOBUFS : EMSGSIZE;
		return -1;
	}
	iov_gather(message->msg_iov, message->msg_iovlen, 0, whole, total);
	one.msg_control = control;
	one.msg_controllen = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR((struct msghdr *)message, c)) {
		const size_t space = CMSG_ALIGN(c->cmsg_len);

		if ((c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_SEGMENT) ||
		    one.msg_controllen + space > sizeof(control))
			continue;
		memcpy(control + one.msg_controllen, c, c->cmsg_len);
		one.msg_controllen += space;
	}
	/* Each piece goes as it is, whatever the socket is set to: with its tag it is longer than the size set. */
	struct cmsghdr whole_piece = { .cmsg_len = CMSG_LEN(2), .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT };

	if (one.msg_controllen + CMSG_SPACE(2) <= sizeof(control)) {
		memset(control + one.msg_controllen, 0, CMSG_SPACE(2));
		memcpy(control + one.msg_controllen, &whole_piece, sizeof(whole_piece));
		one.msg_controllen += CMSG_SPACE(2);
	}
	for (size_t at = 0; at < total || at == 0; at += size) {
		struct iovec piece = { whole + at, total - at < size ? total - at : size };

		one.msg_iov = &piece;
		one.msg_iovlen = 1;
		if (send_one(fd, &one, flags) < 0) {
			result = at > 0 ? (ssize_t)at : -1;
			break;
		}
	}
	const int keep = errno;

	scratch_give(whole);
	errno = keep;
	return result;
}

ssize_t datagram_send(int fd, const struct msghdr *message, int flags)
{
	const size_t size = l45_unlikely(message->msg_controllen || tap.fds[fd].segmented) ? segment_size(fd, message) : 0;

	if (l45_unlikely(size > 0))
		return send_segments(fd, message, flags, size);
	return send_one(fd, message, flags);
}

uint32_t *datagram_idle_enter(int fd)
{
	const uint64_t sequence = tap_sequence();
	uint32_t *inside;

	if (!tap.state)
		return NULL;
	inside = &tap.state->processes[tap.slot].inflight[sequence % L45_INFLIGHT_SLOTS];
	__atomic_fetch_add(inside, 1, __ATOMIC_SEQ_CST);
	if (l45_likely(__atomic_load_n(&tap.fds[fd].verdict, __ATOMIC_RELAXED) == (sequence << FD_KIND_BITS | FD_IDLE_UDP) &&
		       tap_sequence() == sequence))
		return inside;
	__atomic_fetch_sub(inside, 1, __ATOMIC_RELEASE);
	return NULL;
}

ssize_t datagram_send_idle(int fd, const struct msghdr *message, int flags)
{
	uint32_t *inside = datagram_idle_enter(fd);

	if (!inside && fd_kind_of(fd) == FD_DATAGRAM)
		return datagram_send(fd, message, flags);
	const ssize_t sent = real(sendmsg)(fd, message, flags);

	datagram_idle_leave(inside);
	return sent;
}
