// SPDX-License-Identifier: GPL-2.0
/*
 * Which datagram peers speak the dialect: a server answers in kind, so that plain clients of the same socket go on
 * being served. Only a request that was authenticated makes an entry, so a flood of plain or forged messages pushes
 * nobody out. One bounded table for all sockets of a namespace, 8 entries to a set; a peer that fell out is answered
 * plain once. Entries are read and written without a lock: each is one word that decides, and a lost race costs as much
 * as an entry that fell out.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/random.h>

#include "l45.h"

#define PEERS 16384
#define WAYS 8

struct l45_peer {
	u64 fingerprint; /* 0: free */
	unsigned long seen; /* jiffies */
};

int l45_peers_make(struct l45_net *ln)
{
	struct l45_peer *peers;

	if (ln->peers)
		return 0;
	peers = kvcalloc(PEERS, sizeof(*peers), GFP_KERNEL_ACCOUNT);
	if (!peers)
		return -ENOMEM;
	get_random_bytes(ln->peer_key, sizeof(ln->peer_key));
	/* Pairs with the loads below: the key is there before the table is. */
	smp_store_release(&ln->peers, peers);
	return 0;
}

static u64 print_of(const struct l45_net *ln, u64 cookie, const struct in6_addr *address, u16 port, u64 group)
{
	const struct {
		u64 cookie, group;
		struct in6_addr address;
		u64 port;
	} key = { cookie, group, *address, port };

	return l45_siphash24(ln->peer_key, (const u8 *)&key, sizeof(key)) | 1;
}

static struct l45_peer *set_of(struct l45_peer *peers, u64 print)
{
	return &peers[(print >> 16) % (PEERS / WAYS) * WAYS];
}

bool l45_peer_known(struct l45_net *ln, u64 cookie, const struct in6_addr *address, u16 port, u64 group)
{
	/* Pairs with l45_peers_make. */
	struct l45_peer *peers = smp_load_acquire(&ln->peers), *set;
	u64 print;
	int i;

	if (!peers)
		return false;
	print = print_of(ln, cookie, address, port, group);
	set = set_of(peers, print);
	for (i = 0; i < WAYS; i++)
		if (READ_ONCE(set[i].fingerprint) == print)
			return true;
	return false;
}

void l45_peer_note(struct l45_net *ln, u64 cookie, const struct in6_addr *address, u16 port, u64 group, bool in_dialect)
{
	/* Pairs with l45_peers_make. */
	struct l45_peer *peers = smp_load_acquire(&ln->peers), *set, *oldest;
	u64 print, found;
	int i;

	if (!peers)
		return;
	print = print_of(ln, cookie, address, port, group);
	set = set_of(peers, print);
	oldest = set;
	for (i = 0; i < WAYS; i++) {
		found = READ_ONCE(set[i].fingerprint);
		if (found == print) {
			if (in_dialect)
				WRITE_ONCE(set[i].seen, jiffies);
			else
				WRITE_ONCE(set[i].fingerprint, 0);
			return;
		}
		if (READ_ONCE(oldest->fingerprint) &&
		    (!found || time_before(READ_ONCE(set[i].seen), READ_ONCE(oldest->seen))))
			oldest = &set[i];
	}
	if (!in_dialect)
		return;
	WRITE_ONCE(oldest->seen, jiffies);
	WRITE_ONCE(oldest->fingerprint, print);
}
