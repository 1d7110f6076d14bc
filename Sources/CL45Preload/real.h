/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The functions that the hooks stand in front of, found once behind us (RTLD_NEXT). */
#ifndef L45_REAL_H
#define L45_REAL_H

#include <poll.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#define REAL_FUNCTIONS(F)                                                                                              \
	F(int, socket, (int, int, int))                                                                                \
	F(int, connect, (int, const struct sockaddr *, socklen_t))                                                     \
	F(int, getsockname, (int, struct sockaddr *, socklen_t *))                                                     \
	F(int, getpeername, (int, struct sockaddr *, socklen_t *))                                                     \
	F(int, bind, (int, const struct sockaddr *, socklen_t))                                                        \
	F(int, accept, (int, struct sockaddr *, socklen_t *))                                                          \
	F(int, accept4, (int, struct sockaddr *, socklen_t *, int))                                                    \
	F(int, close, (int))                                                                                           \
	F(int, close_range, (unsigned int, unsigned int, int))                                                         \
	F(void, closefrom, (int))                                                                                      \
	F(int, fclose, (FILE *))                                                                                       \
	F(int, fileno, (FILE *))                                                                                        \
	F(int, vdprintf, (int, const char *, va_list))                                                                  \
	F(FILE *, fdopen, (int, const char *))                                                                         \
	F(int, dup, (int))                                                                                             \
	F(int, dup2, (int, int))                                                                                       \
	F(int, dup3, (int, int, int))                                                                                  \
	F(int, fcntl, (int, int, ...))                                                                                 \
	F(int, fcntl64, (int, int, ...))                                                                               \
	F(int, ioctl, (int, unsigned long, ...))                                                                       \
	F(int, setsockopt, (int, int, int, const void *, socklen_t))                                                   \
	F(int, getsockopt, (int, int, int, void *, socklen_t *))                                                       \
	F(int, prctl, (int, ...))                                                                                      \
	F(int, pthread_setname_np, (pthread_t, const char *))                                                          \
	F(ssize_t, send, (int, const void *, size_t, int))                                                             \
	F(ssize_t, sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t))                       \
	F(ssize_t, sendmsg, (int, const struct msghdr *, int))                                                         \
	F(int, sendmmsg, (int, struct mmsghdr *, unsigned int, int))                                                   \
	F(ssize_t, write, (int, const void *, size_t))                                                                 \
	F(ssize_t, writev, (int, const struct iovec *, int))                                                           \
	F(ssize_t, recv, (int, void *, size_t, int))                                                                   \
	F(ssize_t, recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *))                               \
	F(ssize_t, recvmsg, (int, struct msghdr *, int))                                                               \
	F(int, recvmmsg, (int, struct mmsghdr *, unsigned int, int, struct timespec *))                                \
	F(ssize_t, read, (int, void *, size_t))                                                                        \
	F(ssize_t, readv, (int, const struct iovec *, int))                                                            \
	F(ssize_t, sendfile, (int, int, off_t *, size_t))                                                              \
	F(ssize_t, splice, (int, off64_t *, int, off64_t *, size_t, unsigned int))                                     \
	F(int, poll, (struct pollfd *, nfds_t, int))                                                                   \
	F(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))                            \
	F(int, select, (int, fd_set *, fd_set *, fd_set *, struct timeval *))                                          \
	F(int, pselect, (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *))                \
	F(int, epoll_ctl, (int, int, int, struct epoll_event *))                                                       \
	F(int, epoll_wait, (int, struct epoll_event *, int, int))                                                      \
	F(int, epoll_pwait, (int, struct epoll_event *, int, int, const sigset_t *))                                   \
	F(int, epoll_pwait2, (int, struct epoll_event *, int, const struct timespec *, const sigset_t *))

struct real {
#define REAL_MEMBER(type, name, arguments) type(*name) arguments;
	REAL_FUNCTIONS(REAL_MEMBER)
#undef REAL_MEMBER
	int ready;
};
extern struct real real_table;
void real_find(void);

/* real(send)(fd, ...) */
#define real(name) (*(l45_likely(real_table.ready) ? real_table.name : (real_find(), real_table.name)))

#endif
