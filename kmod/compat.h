/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the kernels that l45.ko is built for differ: by feature, never by version. For TCP's inside see tcp_compat.h.
 */
#ifndef L45_COMPAT_H
#define L45_COMPAT_H

#include <linux/build_bug.h>
#include <linux/ftrace.h>
#include <linux/kconfig.h>
#include <linux/socket.h>
#include <net/inet_sock.h>

/* Counters are u64 and read without a sequence: a 32-bit kernel would tear them. */
static_assert(IS_ENABLED(CONFIG_64BIT));

/* Sockets are caught as they bind by ftrace, which must be able to send the call elsewhere. */
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS
#define L45_FTRACE_FLAGS (FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT)
#else
#define L45_FTRACE_FLAGS (FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT)
#endif

#ifdef ftrace_regs_set_instruction_pointer
#define l45_redirect(fregs, to) ftrace_regs_set_instruction_pointer(fregs, (unsigned long)(to))
#else
#define l45_redirect(fregs, to) ftrace_instruction_pointer_set(fregs, (unsigned long)(to))
#endif

/* Flags that say how pages are handed over: what we hand over is bytes in a buffer of ours. */
#ifdef MSG_SPLICE_PAGES
#define L45_MSG_BY_PAGE (MSG_ZEROCOPY | MSG_SPLICE_PAGES)
#else
#define L45_MSG_BY_PAGE MSG_ZEROCOPY
#endif

/* The socket's options became bits of a word. */
#ifdef inet_test_bit
#define l45_recverr4(sk) inet_test_bit(RECVERR, sk)
#define l45_recverr6(sk) inet6_test_bit(RECVERR6, sk)
#else
#define l45_recverr4(sk) (inet_sk(sk)->recverr)
#define l45_recverr6(sk) (inet6_sk(sk)->recverr)
#endif

#endif
