/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A tapped datagram client, and a peer outside the tap who looks at the wire. */
#ifndef SIGHT_H
#define SIGHT_H

#include "conform.h"

struct sight {
	int own, peer;
	union address to;
	socklen_t to_bytes;
	struct l45_codec codec;
};
bool sight_begin(struct sight *sight, uint64_t mod);
/* The peer's next datagram is tagged and says this. */
bool sight_sees(const struct sight *sight, const void *plain, size_t bytes);

#endif
