/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What a lab of network namespaces needs of Linux. Every function returns 0 or more, or -errno. */
#ifndef L45_LAB_NETWORK_H
#define L45_LAB_NETWORK_H

/* A new network namespace; the calling thread stays where it is. Returns a descriptor. */
int l45_namespace_make(void);
int l45_namespace_open(const char *path);
/* Moves the calling thread, and no other. */
int l45_namespace_enter(int fd);
/* How many TCP sockets listen in the calling thread's network namespace. */
int l45_listens(void);

#endif
