/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* SipHash-2-4: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. */
#include "internal.h"

#define ROTL(x, b) ((x) << (b) | (x) >> (64 - (b)))

#define ROUND(v0, v1, v2, v3)                                                                                          \
	do {                                                                                                           \
		v0 += v1;                                                                                              \
		v1 = ROTL(v1, 13) ^ v0;                                                                                \
		v0 = ROTL(v0, 32);                                                                                     \
		v2 += v3;                                                                                              \
		v3 = ROTL(v3, 16) ^ v2;                                                                                \
		v0 += v3;                                                                                              \
		v3 = ROTL(v3, 21) ^ v0;                                                                                \
		v2 += v1;                                                                                              \
		v1 = ROTL(v1, 17) ^ v2;                                                                                \
		v2 = ROTL(v2, 32);                                                                                     \
	} while (0)

uint64_t l45_siphash24(const uint8_t key[16], const uint8_t *in, size_t in_bytes)
{
	const uint64_t k0 = l45_load64(key), k1 = l45_load64(key + 8);
	uint64_t v0 = k0 ^ 0x736f6d6570736575ULL, v1 = k1 ^ 0x646f72616e646f6dULL;
	uint64_t v2 = k0 ^ 0x6c7967656e657261ULL, v3 = k1 ^ 0x7465646279746573ULL;
	uint64_t last = (uint64_t)in_bytes << 56;
	size_t at, i;

	for (at = 0; in_bytes - at >= 8; at += 8) {
		const uint64_t word = l45_load64(in + at);

		v3 ^= word;
		ROUND(v0, v1, v2, v3);
		ROUND(v0, v1, v2, v3);
		v0 ^= word;
	}
	for (i = 0; at + i < in_bytes; i++)
		last |= (uint64_t)in[at + i] << (8 * i);
	v3 ^= last;
	ROUND(v0, v1, v2, v3);
	ROUND(v0, v1, v2, v3);
	v0 ^= last;
	v2 ^= 0xff;
	ROUND(v0, v1, v2, v3);
	ROUND(v0, v1, v2, v3);
	ROUND(v0, v1, v2, v3);
	ROUND(v0, v1, v2, v3);
	return v0 ^ v1 ^ v2 ^ v3;
}
