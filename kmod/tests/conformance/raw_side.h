/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A peer that the kernel tap does not see. It taps sockets by the name of their process, so these calls are made by another
 * one: it shares this process's memory, so that pointers hold, but not its descriptors, and its name is "rawside".
 */
#ifndef L45_RAW_SIDE_H
#define L45_RAW_SIDE_H

/* Returns the kernel's answer: -errno on failure. Descriptors that it gives are good in further calls of it only. */
long raw_syscall(long number, long a, long b, long c, long d, long e, long f);

#endif
