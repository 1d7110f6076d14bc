/* libnl (libnl-genl-3-dev), and the kernel's own headers of netlink and generic netlink. */
#ifndef L45_CNETLINK_SHIM_H
#define L45_CNETLINK_SHIM_H

#include <stdint.h>
#include <linux/netlink.h>
#include <linux/genetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <netlink/genl/genl.h>
#include <netlink/genl/ctrl.h>

#endif
