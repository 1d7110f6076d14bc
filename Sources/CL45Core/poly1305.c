/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Poly1305: RFC 8439, section 2.5. A number of 130 bits stands in five limbs of 26, so no product passes 64 bits. */
#include "internal.h"

#define BLOCK_BYTES 16
#define LIMB_BITS 26
#define LIMB_MASK 0x3ffffffu

/* 16 bytes as limbs. */
static void limbs(uint32_t to[5], const uint8_t *bytes)
{
	to[0] = l45_load32(bytes) & LIMB_MASK;
	to[1] = l45_load32(bytes + 3) >> 2 & LIMB_MASK;
	to[2] = l45_load32(bytes + 6) >> 4 & LIMB_MASK;
	to[3] = l45_load32(bytes + 9) >> 6 & LIMB_MASK;
	to[4] = l45_load32(bytes + 12) >> 8;
}

/* What stands above a limb's 26 bits goes to the next; above the last one counts five-fold at the first: 2^130 = 5. */
static void carry(uint32_t h[5])
{
	uint32_t over = 0;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		h[i] += over;
		over = h[i] >> LIMB_BITS;
		h[i] &= LIMB_MASK;
	}
	h[0] += over * 5;
	h[1] += h[0] >> LIMB_BITS;
	h[0] &= LIMB_MASK;
}

/* h = (h + block) * r. top: the bit above the block, as it counts in the last limb. */
static void absorb(struct l45_poly1305 *state, const uint8_t block[BLOCK_BYTES], uint32_t top)
{
	uint32_t m[5];
	uint64_t product[5] = {0}, over = 0;
	unsigned int i, j;

	limbs(m, block);
	m[4] |= top;
	for (i = 0; i < 5; i++)
		state->h[i] += m[i];
	for (i = 0; i < 5; i++) {
		for (j = 0; j < 5; j++) {
			const uint32_t r = i >= j ? state->r[i - j] : state->r[5 + i - j] * 5;

			product[i] += (uint64_t)state->h[j] * r;
		}
	}
	/* Five products of 27 and 29 bits and a carry stay below 2^59. */
	for (i = 0; i < 5; i++) {
		product[i] += over;
		over = product[i] >> LIMB_BITS;
		state->h[i] = (uint32_t)product[i] & LIMB_MASK;
	}
	over = over * 5 + state->h[0];
	state->h[0] = (uint32_t)over & LIMB_MASK;
	state->h[1] += (uint32_t)(over >> LIMB_BITS);
	l45_wipe(m, sizeof(m));
	l45_wipe(product, sizeof(product));
}

void l45_poly1305_begin(struct l45_poly1305 *state, const uint8_t key[32])
{
	/* Section 2.5.1: the bits of r that must be clear. */
	static const uint32_t clamp[5] = {0x3ffffff, 0x3ffff03, 0x3ffc0ff, 0x3f03fff, 0x00fffff};
	unsigned int i;

	memset(state, 0, sizeof(*state));
	limbs(state->r, key);
	for (i = 0; i < 5; i++)
		state->r[i] &= clamp[i];
	memcpy(state->pad, key + 16, sizeof(state->pad));
}

void l45_poly1305_add(struct l45_poly1305 *state, const uint8_t *bytes, size_t count)
{
	while (count > 0) {
		const size_t room = BLOCK_BYTES - state->held;
		const size_t now = count < room ? count : room;

		memcpy(state->block + state->held, bytes, now);
		state->held += (uint32_t)now;
		bytes += now;
		count -= now;
		if (state->held == BLOCK_BYTES) {
			absorb(state, state->block, 1u << 24);
			state->held = 0;
		}
	}
}

/* h mod 2^130 - 5, without a branch on it: h + 5 carries out of bit 130 exactly when h is not below the modulus. */
static void reduce(uint32_t h[5])
{
	uint32_t less[5], over = 5, keep;
	unsigned int i;

	carry(h);
	carry(h);
	for (i = 0; i < 5; i++) {
		less[i] = h[i] + over;
		over = less[i] >> LIMB_BITS;
		less[i] &= LIMB_MASK;
	}
	keep = over - 1; /* all ones: h stays */
	for (i = 0; i < 5; i++)
		h[i] = (h[i] & keep) | (less[i] & ~keep);
	l45_wipe(less, sizeof(less));
}

void l45_poly1305_end(struct l45_poly1305 *state, uint8_t tag[L45_AEAD_TAG_BYTES])
{
	uint32_t *h = state->h;
	uint32_t word[4];
	uint64_t sum = 0;
	unsigned int i;

	if (state->held > 0) {
		/* The bit above a short block stands in the block itself. */
		state->block[state->held] = 1;
		memset(state->block + state->held + 1, 0, BLOCK_BYTES - state->held - 1);
		absorb(state, state->block, 0);
	}
	reduce(h);
	word[0] = h[0] | h[1] << 26;
	word[1] = h[1] >> 6 | h[2] << 20;
	word[2] = h[2] >> 12 | h[3] << 14;
	word[3] = h[3] >> 18 | h[4] << 8;
	for (i = 0; i < 4; i++) {
		sum += (uint64_t)word[i] + l45_load32(state->pad + 4 * i);
		l45_store32(tag + 4 * i, (uint32_t)sum);
		sum >>= 32;
	}
	l45_wipe(word, sizeof(word));
	l45_wipe(state, sizeof(*state));
}
