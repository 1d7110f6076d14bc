/* SPDX-License-Identifier: GPL-2.0 */
/* Where the workloads' servers listen; guest.sh has the same numbers. */
#ifndef L45_BENCH_PORTS_H
#define L45_BENCH_PORTS_H

#define UDP_PORT 7001
#define TCP_PORT 7002
#define BULK_PORT 7003
#define DNS_PORT 53
#define HTTP_PORT 8001     /* without sendfile */
#define SENDFILE_PORT 8002

/* One module for each end of each of them; those that match nothing are for ports this much above. */
#define OTHER_PORTS 10000

#endif
