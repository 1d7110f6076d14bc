/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Tapped sockets in the shared state, found by socket cookie: fork, exec, dup and descriptor passing all lead to the
 * same entry. A flow that nobody holds is kept a while, for its socket may be between two processes; room for new ones
 * is made from the oldest of those.
 */
#include "preload.h"
#include "real.h"

#include <netinet/in.h>

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif
#define FLOW_WINDOW 64
/* Flows of datagram sockets come first here: a socket per query then finds memory that is warm. */
#define WARM_START 0

/* Never used again while the kernel runs, and the same for every holder; since Linux 5.10 also across namespaces. */
static bool read_key(int fd, uint64_t *cookie)
{
	socklen_t bytes = sizeof(*cookie);

	return real(getsockopt)(fd, SOL_SOCKET, SO_COOKIE, cookie, &bytes) == 0 && *cookie != 0;
}

static uint32_t window_start(uint64_t cookie)
{
	return (uint32_t)((cookie * 0x9e3779b97f4a7c15ull) >> 40) % L45_TAP_FLOWS_MAX;
}

static struct l45_flow *search_from(uint32_t start, uint64_t cookie)
{
	for (uint32_t i = 0; i < FLOW_WINDOW; i++) {
		const uint32_t at = (start + i) % L45_TAP_FLOWS_MAX;

		if (l45_load(&tap.state->keys[at].cookie) == cookie)
			return &tap.state->flows[at];
	}
	return NULL;
}

static struct l45_flow *search(uint64_t cookie)
{
	struct l45_flow *found = search_from(window_start(cookie), cookie);

	return found ? found : search_from(WARM_START, cookie);
}

static bool unheld(const struct l45_flow *flow)
{
	for (int word = 0; word < L45_HOLDER_WORDS; word++)
		if (l45_load(&flow->holders[word]))
			return false;
	return true;
}

/* A free entry of the window, or the one longest without a holder. Under flows_lock. */
static struct l45_flow *vacancy_from(uint32_t start)
{
	struct l45_flow *oldest = NULL;

	for (uint32_t i = 0; i < FLOW_WINDOW; i++) {
		const uint32_t at = (start + i) % L45_TAP_FLOWS_MAX;
		struct l45_flow *flow = &tap.state->flows[at];

		if (tap.state->keys[at].cookie == 0)
			return flow;
		if (unheld(flow) && (!oldest || flow->orphan_ms < oldest->orphan_ms))
			oldest = flow;
	}
	return oldest;
}

static struct l45_flow *vacancy(uint64_t cookie, bool stream)
{
	struct l45_flow *found = NULL;

	if (!stream)
		for (uint32_t i = 0; i < FLOW_WINDOW && !found; i++)
			if (tap.state->keys[WARM_START + i].cookie == 0)
				found = &tap.state->flows[WARM_START + i];
	return found ? found : vacancy_from(window_start(cookie));
}

struct l45_flow *flow_find(int fd, bool make, bool stream, bool *made)
{
	uint64_t cookie;

	*made = false;
	if (!read_key(fd, &cookie))
		return NULL;
	struct l45_flow *flow = search(cookie);

	if (flow || !make)
		return flow;
	if (lock_take(&tap.state->flows_lock, false) < 0)
		return NULL;
	flow = search(cookie);
	if (!flow) {
		flow = vacancy(cookie, stream);
		if (flow) {
			struct l45_flow_key *key = &tap.state->keys[flow_index(flow)];

			l45_store(&key->cookie, 0);
			/* Codecs are counted, and datagram flows have none of the stream's part. */
			memset(flow, 0, stream ? offsetof(struct l45_flow, rx_codecs) : offsetof(struct l45_flow, tx_lock));
			flow->cookie = cookie;
			flow->protocol = stream ? 6 : 17;
			flow->first_ms = (uint64_t)l45_now_ms();
			flow->tx_module = flow->rx_module = flow->send_module = L45_NO_MODULE;
			/* Held before it is seen: else it might be taken for an orphan at once. */
			__atomic_fetch_or(&flow->holders[tap.slot / 64], 1ull << (tap.slot % 64), __ATOMIC_ACQ_REL);
			*made = true;
			/* The caller fills it in; nobody else has this socket's cookie from us yet. */
			l45_store(&key->cookie, cookie);
		}
	}
	lock_give(&tap.state->flows_lock);
	return flow;
}

void flow_hold(uint32_t index)
{
	struct l45_flow *flow = &tap.state->flows[index];

	__atomic_fetch_add(&tap.flow_refs[index], 1, __ATOMIC_ACQ_REL);
	__atomic_fetch_or(&flow->holders[tap.slot / 64], 1ull << (tap.slot % 64), __ATOMIC_ACQ_REL);
	l45_store(&flow->orphan_ms, 0);
}

void flow_release(uint32_t index)
{
	struct l45_flow *flow = &tap.state->flows[index];

	if (__atomic_sub_fetch(&tap.flow_refs[index], 1, __ATOMIC_ACQ_REL) != 0)
		return;
	__atomic_fetch_and(&flow->holders[tap.slot / 64], ~(1ull << (tap.slot % 64)), __ATOMIC_ACQ_REL);
	if (!unheld(flow))
		return;
	/* A datagram socket has no place to keep: whoever gets it by passing makes its entry anew. */
	if (flow->protocol == 17)
		l45_store(&tap.state->keys[index].cookie, 0);
	else
		l45_store(&flow->orphan_ms, (uint64_t)l45_now_ms());
}

void flow_match(struct l45_flow *flow, const struct rules *rules)
{
	if (l45_load(&flow->attached_sequence) == rules->sequence)
		return;
	if (lock_take(&flow->lock, false) < 0)
		return;
	if (flow->attached_sequence < rules->sequence) {
		uint64_t words[L45_RULE_WORDS] = { 0 };

		for (uint32_t i = 0; i < rules->count; i++) {
			if (!l45_match_socket(&rules->rule[i].entry, flow))
				continue;
			words[i / 64] |= 1ull << (i % 64);
			count_met(rules->rule[i].entry.module);
		}
		l45_store(&flow->attached_sequence, 0);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		for (int word = 0; word < L45_RULE_WORDS; word++)
			__atomic_store_n(&flow->attached[word], words[word], __ATOMIC_RELAXED);
		l45_store(&flow->attached_sequence, rules->sequence);
	}
	lock_give(&flow->lock);
}

bool flow_attached(const struct l45_flow *flow, uint64_t sequence, uint64_t words[L45_RULE_WORDS])
{
	if (l45_load(&flow->attached_sequence) != sequence)
		return false;
	for (int word = 0; word < L45_RULE_WORDS; word++)
		words[word] = __atomic_load_n(&flow->attached[word], __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&flow->attached_sequence, __ATOMIC_RELAXED) == sequence;
}
