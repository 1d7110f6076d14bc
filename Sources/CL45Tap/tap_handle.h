/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The agent's handle on a tap folder. */
#ifndef L45_TAP_HANDLE_H
#define L45_TAP_HANDLE_H

#include "layout.h"

struct l45_tap {
	int lock_fd; /* flock held for as long as the handle lives: one agent at a time */
	struct l45_rules_file *rules;
	struct l45_state_file *state;
};

/* The table in force, or NULL. Only the publisher may hold on to it. */
const struct l45_rules_table *l45_tap_table(const struct l45_tap *tap);

#endif
