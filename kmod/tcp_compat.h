/* SPDX-License-Identifier: GPL-2.0 */
/* Where TCP's inside differs between the kernels that l45.ko is built for: by feature, never by version. */
#ifndef L45_TCP_COMPAT_H
#define L45_TCP_COMPAT_H

#include <linux/fs.h>
#include <linux/socket.h>
#include <linux/splice.h>
#include <net/inet_sock.h>

/*
 * One release took struct proto's sendpage and its flag away, handed ioctls their result's place, and brought
 * copy_splice_read. MSG_SPLICE_PAGES itself is no sign of it: 6.1 has the name too.
 */
#ifdef MSG_SENDPAGE_NOTLAST
#define L45_MSG_SPLICE_PAGES 0
#define L45_HAVE_SENDPAGE
#define l45_splice_by_reading generic_file_splice_read
#else
#define L45_MSG_SPLICE_PAGES MSG_SPLICE_PAGES
#define L45_IOCTL_BY_VALUE
#define l45_splice_by_reading copy_splice_read
#endif

/* TCP_FASTOPEN_CONNECT: connect() has returned, the SYN waits for the first write. */
static inline bool l45_defer_connect(const struct sock *sk)
{
#ifdef inet_test_bit
	return inet_test_bit(DEFER_CONNECT, sk);
#else
	return inet_sk(sk)->defer_connect;
#endif
}

#endif
