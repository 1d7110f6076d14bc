// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What stands as binary in a message has the layout that the contract says, whatever compiler reads it. */
#include <stddef.h>

#include "l45_core.h"
#include "l45_netlink.h"

#define HOLDS(name, condition) typedef char l45_holds_##name[(condition) ? 1 : -1]

HOLDS(remote_bytes, sizeof(struct l45_remote) == 20);
HOLDS(remote_port, offsetof(struct l45_remote, port) == 18);
HOLDS(dialect_bytes, sizeof(struct l45_dialect) == 100);
HOLDS(dialect_secret, offsetof(struct l45_dialect, secret) == 68);
