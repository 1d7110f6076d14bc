/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What agent and keeper say to each other: one message, one packet, host order. */
#ifndef L45_KEEPER_WIRE_H
#define L45_KEEPER_WIRE_H

#include <string.h>

#include "l45_checks.h"

enum l45_keeper_kind { L45_KEEPER_INSTALL = 1, L45_KEEPER_RESPOND = 2 };

/* Behind it: the init_key, or the challenge. */
struct l45_keeper_request {
	uint8_t kind; /* enum l45_keeper_kind */
	uint8_t reserved[7];
	uint64_t mod_id;
};

/* Behind it: the answer. */
struct l45_keeper_reply {
	int64_t status; /* bytes of the answer, or -errno */
	uint64_t life;
};

#endif
