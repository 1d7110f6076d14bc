/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included before every file of a module built with L45_FAULTS=1: each allocation of ours asks first whether it is the
 * one to fail. Stock kernels come without the kernel's own fault injection, and that one can not be told which module
 * to fail.
 */
#ifndef L45_FAULTS_H
#define L45_FAULTS_H

#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <net/genetlink.h>
#include <net/sock.h>

/* Counts an allocation; whether it fails. Any context. */
bool l45_fault_now(void);

#undef kmalloc
#undef kzalloc
#undef kmalloc_array
#undef kcalloc
#undef kvmalloc
#undef kvzalloc
#undef kvmalloc_array
#undef kvcalloc
#undef alloc_percpu
#undef alloc_percpu_gfp

#define L45_OR_FAIL(allocation) (l45_fault_now() ? NULL : (allocation))
#define kmalloc(size, flags) L45_OR_FAIL(kmalloc_node(size, flags, NUMA_NO_NODE))
#define kzalloc(size, flags) L45_OR_FAIL(kmalloc_node(size, (flags) | __GFP_ZERO, NUMA_NO_NODE))
#define kmalloc_array(n, size, flags) L45_OR_FAIL(kmalloc_node(array_size(n, size), flags, NUMA_NO_NODE))
#define kcalloc(n, size, flags) L45_OR_FAIL(kmalloc_node(array_size(n, size), (flags) | __GFP_ZERO, NUMA_NO_NODE))
#define kvmalloc(size, flags) L45_OR_FAIL(kvmalloc_node(size, flags, NUMA_NO_NODE))
#define kvzalloc(size, flags) L45_OR_FAIL(kvmalloc_node(size, (flags) | __GFP_ZERO, NUMA_NO_NODE))
#define kvmalloc_array(n, size, flags) L45_OR_FAIL(kvmalloc_node(array_size(n, size), flags, NUMA_NO_NODE))
#define kvcalloc(n, size, flags) L45_OR_FAIL(kvmalloc_node(array_size(n, size), (flags) | __GFP_ZERO, NUMA_NO_NODE))
#define alloc_percpu(type) L45_OR_FAIL((type __percpu *)__alloc_percpu(sizeof(type), __alignof__(type)))
#define alloc_percpu_gfp(type, gfp)                                                                                    \
	L45_OR_FAIL((type __percpu *)__alloc_percpu_gfp(sizeof(type), __alignof__(type), gfp))
#define genlmsg_new(payload, flags) L45_OR_FAIL(genlmsg_new(payload, flags))
#define sk_page_frag_refill(sk, frag) (!l45_fault_now() && sk_page_frag_refill(sk, frag))

#endif
