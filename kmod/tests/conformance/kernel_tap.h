/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the kernel tap can do and the user-space tap can not. */
#ifndef L45_KERNEL_TAP_H
#define L45_KERNEL_TAP_H

#include "l45_tap.h"

/* Takes the table away, whatever its generation. 0 or -errno. */
int l45_tap_flush(struct l45_tap *tap);

/* Sockets that matched and must not be tapped, since the table was first set. */
uint64_t l45_tap_refused(const struct l45_tap *tap);

#endif
