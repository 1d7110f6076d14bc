/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* BLAKE2s, keyed: RFC 7693. For key derivation, so small rather than fast. */
#include "internal.h"

#define BLOCK_BYTES 64

static const uint32_t initial[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* RFC 7693, section 2.7; BLAKE2s has ten rounds. */
static const uint8_t sigma[10][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static uint32_t rotr(uint32_t x, unsigned int b)
{
	return x >> b | x << (32 - b);
}

static void mix(uint32_t *v, unsigned int a, unsigned int b, unsigned int c, unsigned int d, uint32_t x, uint32_t y)
{
	v[a] += v[b] + x;
	v[d] = rotr(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = rotr(v[b] ^ v[c], 12);
	v[a] += v[b] + y;
	v[d] = rotr(v[d] ^ v[a], 8);
	v[c] += v[d];
	v[b] = rotr(v[b] ^ v[c], 7);
}

/* total = bytes hashed, those of this block included. */
static void compress(uint32_t h[8], const uint8_t block[BLOCK_BYTES], uint64_t total, int last)
{
	uint32_t v[16], m[16];
	unsigned int i;

	for (i = 0; i < 16; i++)
		m[i] = l45_load32(block + 4 * i);
	for (i = 0; i < 8; i++) {
		v[i] = h[i];
		v[i + 8] = initial[i];
	}
	v[12] ^= (uint32_t)total;
	v[13] ^= (uint32_t)(total >> 32);
	if (last)
		v[14] = ~v[14];
	for (i = 0; i < 10; i++) {
		const uint8_t *s = sigma[i];

		mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
		mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
		mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
		mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
		mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
		mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
		mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
		mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
	}
	for (i = 0; i < 8; i++)
		h[i] ^= v[i] ^ v[i + 8];
}

void l45_blake2s(uint8_t *out, size_t out_bytes, const uint8_t *key, size_t key_bytes, const uint8_t *in,
		 size_t in_bytes)
{
	uint32_t h[8];
	uint8_t block[BLOCK_BYTES];
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < 8; i++)
		h[i] = initial[i];
	h[0] ^= 0x01010000 ^ (uint32_t)key_bytes << 8 ^ (uint32_t)out_bytes;
	if (key_bytes > 0) {
		memset(block, 0, sizeof(block));
		memcpy(block, key, key_bytes);
		total = BLOCK_BYTES;
		compress(h, block, total, in_bytes == 0);
	}
	while (in_bytes > BLOCK_BYTES) {
		total += BLOCK_BYTES;
		compress(h, in, total, 0);
		in += BLOCK_BYTES;
		in_bytes -= BLOCK_BYTES;
	}
	if (in_bytes > 0 || key_bytes == 0) {
		memset(block, 0, sizeof(block));
		if (in_bytes > 0)
			memcpy(block, in, in_bytes);
		compress(h, block, total + in_bytes, 1);
	}
	for (i = 0; i < out_bytes; i++)
		out[i] = (uint8_t)(h[i / 4] >> (8 * (i % 4)));
}
