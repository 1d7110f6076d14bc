/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The messages of l45.ko as Swift sees them: the module's own header, so that there is no second copy to fall behind.
 */
#ifndef L45_NETLINK_H
#define L45_NETLINK_H

#include "../../../kmod/uapi/l45.h"

#endif
