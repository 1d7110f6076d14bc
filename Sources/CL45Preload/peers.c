/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Which datagram peers speak the dialect: a server answers in kind, so that plain clients of the same socket go on
 * being served. Only a request that was authenticated makes an entry, so a flood of plain or forged messages pushes
 * nobody out. One bounded table for all sockets, 8 entries to a set; a peer that fell out is answered plain once.
 */
#include "preload.h"

static uint64_t fingerprint(const struct l45_flow *flow, const struct l45_tap_endpoint *peer, uint64_t group)
{
	struct {
		uint64_t cookie, group;
		uint8_t address[16];
		uint64_t port;
	} key;

	memset(&key, 0, sizeof(key));
	key.cookie = flow->cookie;
	key.group = group;
	memcpy(key.address, peer->address, sizeof(key.address));
	key.port = peer->port;
	return l45_siphash24(tap.state->peer_key, (const uint8_t *)&key, sizeof(key)) | 1;
}

static struct l45_peer *set_of(uint64_t print)
{
	return &tap.state->peers[(print >> 16) % (L45_PEERS_MAX / L45_PEER_WAYS) * L45_PEER_WAYS];
}

bool peer_known(const struct l45_flow *flow, const struct l45_tap_endpoint *peer, uint64_t group)
{
	const uint64_t print = fingerprint(flow, peer, group);
	const struct l45_peer *set = set_of(print);

	for (int i = 0; i < L45_PEER_WAYS; i++)
		if (__atomic_load_n(&set[i].fingerprint, __ATOMIC_RELAXED) == print)
			return true;
	return false;
}

void peer_note(const struct l45_flow *flow, const struct l45_tap_endpoint *peer, uint64_t group, bool in_dialect)
{
	const uint64_t print = fingerprint(flow, peer, group);
	struct l45_peer *set = set_of(print);
	struct l45_peer *oldest = &set[0];

	for (int i = 0; i < L45_PEER_WAYS; i++) {
		const uint64_t found = __atomic_load_n(&set[i].fingerprint, __ATOMIC_RELAXED);

		if (found == print) {
			if (in_dialect)
				__atomic_store_n(&set[i].seen_ms, (uint64_t)l45_now_ms(), __ATOMIC_RELAXED);
			else
				__atomic_store_n(&set[i].fingerprint, 0, __ATOMIC_RELAXED);
			return;
		}
		if (oldest->fingerprint != 0 && (found == 0 || set[i].seen_ms < oldest->seen_ms))
			oldest = &set[i];
	}
	if (!in_dialect)
		return;
	__atomic_store_n(&oldest->seen_ms, (uint64_t)l45_now_ms(), __ATOMIC_RELAXED);
	__atomic_store_n(&oldest->fingerprint, print, __ATOMIC_RELAXED);
}
