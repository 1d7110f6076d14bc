/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the engine's files share among themselves. */
#ifndef L45_INTERNAL_H
#define L45_INTERNAL_H

#include "l45_core.h"

#ifdef __KERNEL__
#include <linux/string.h>
#elif defined(L45_FREESTANDING)
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
#else
#include <string.h>
#endif

/* The kernel has no UINT32_MAX. */
#define L45_UINT32_MAX ((uint32_t)-1)
#define L45_UINT64_MAX ((uint64_t)-1)

#define L45_IDENT_BYTES 4
#define L45_AUTH_BYTES 8

/* By shifts: right on either endianness and at any alignment; compilers make one load of it. */
static inline uint32_t l45_load32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t l45_load64(const uint8_t *p)
{
	return (uint64_t)l45_load32(p) | (uint64_t)l45_load32(p + 4) << 32;
}

static inline void l45_store32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static inline void l45_store64(uint8_t *p, uint64_t v)
{
	l45_store32(p, (uint32_t)v);
	l45_store32(p + 4, (uint32_t)(v >> 32));
}

/*
 * Whether the 8 bytes at wire are this authenticator. In constant time: a compare that stops at the first wrong byte
 * would let a forger find the right one byte by byte.
 */
static inline int l45_auth_equal(const uint8_t *wire, uint64_t auth)
{
	uint64_t difference = l45_load64(wire) ^ auth;

	return (uint32_t)(difference | difference >> 32) == 0;
}

/* Whether two tags of the AEAD are the same, in constant time as above. */
static inline int l45_aead_tag_equal(const uint8_t *a, const uint8_t *b)
{
	uint64_t difference = (l45_load64(a) ^ l45_load64(b)) | (l45_load64(a + 8) ^ l45_load64(b + 8));

	return (uint32_t)(difference | difference >> 32) == 0;
}

/* Overwrites a secret on the stack. A plain memset before the end of a function is no store that anyone reads. */
static inline void l45_wipe(void *secret, size_t bytes)
{
	memset(secret, 0, bytes);
	__asm__ __volatile__("" : : "r"(secret) : "memory");
}

/* The longest message that has a short form. */
#define L45_SHORT_PLAIN_MAX 384

/* XORs bytes of a message, from its first on, with the mask of this authenticator. */
void l45_mask(const struct l45_codec *codec, unsigned int direction, uint64_t auth, uint8_t *bytes, size_t count);

/* The short form of a DNS query: 0, or its bytes, less than bytes and at most L45_SHORT_PLAIN_MAX, written to out. */
size_t l45_dns_shorten(const uint8_t *message, size_t bytes, uint8_t out[L45_SHORT_PLAIN_MAX]);

/* The way back. 0: this is no short form, or another than l45_dns_shorten makes. */
size_t l45_dns_restore(const uint8_t *form, size_t bytes, uint8_t out[L45_SHORT_PLAIN_MAX]);

/* Writes tag_bytes bytes. */
void l45_tag_write(const struct l45_codec *codec, const uint8_t ident[L45_IDENT_BYTES], uint64_t auth, uint8_t *out);

/* The authenticator of a stream's tag at this plain offset. */
uint64_t l45_stream_auth(const uint8_t key[16], uint64_t plain_offset);

#endif
