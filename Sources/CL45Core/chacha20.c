/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* ChaCha20: RFC 8439, section 2.4. For messages of the control path, so small rather than fast. */
#include "internal.h"

#define BLOCK_BYTES 64

static uint32_t rotl(uint32_t x, unsigned int b)
{
	return x << b | x >> (32 - b);
}

/* Section 2.1. */
static void quarter(uint32_t *x, unsigned int a, unsigned int b, unsigned int c, unsigned int d)
{
	x[a] += x[b];
	x[d] = rotl(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotl(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotl(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotl(x[b] ^ x[c], 7);
}

/* Section 2.3: the key stream of one counter. x is room to work in, wiped by the caller. */
static void stream_block(const uint32_t state[16], uint32_t x[16], uint8_t out[BLOCK_BYTES])
{
	unsigned int i;

	memcpy(x, state, BLOCK_BYTES);
	for (i = 0; i < 10; i++) {
		quarter(x, 0, 4, 8, 12);
		quarter(x, 1, 5, 9, 13);
		quarter(x, 2, 6, 10, 14);
		quarter(x, 3, 7, 11, 15);
		quarter(x, 0, 5, 10, 15);
		quarter(x, 1, 6, 11, 12);
		quarter(x, 2, 7, 8, 13);
		quarter(x, 3, 4, 9, 14);
	}
	for (i = 0; i < 16; i++)
		l45_store32(out + 4 * i, x[i] + state[i]);
}

void l45_chacha20(const uint8_t key[L45_AEAD_KEY_BYTES], const uint8_t nonce[L45_AEAD_NONCE_BYTES], uint32_t counter,
		  const uint8_t *in, size_t bytes, uint8_t *out)
{
	/* "expand 32-byte k" */
	uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	uint32_t x[16];
	uint8_t stream[BLOCK_BYTES];
	size_t i;

	for (i = 0; i < 8; i++)
		state[4 + i] = l45_load32(key + 4 * i);
	state[12] = counter;
	for (i = 0; i < 3; i++)
		state[13 + i] = l45_load32(nonce + 4 * i);
	while (bytes > 0) {
		const size_t now = bytes < BLOCK_BYTES ? bytes : BLOCK_BYTES;

		stream_block(state, x, stream);
		for (i = 0; i < now; i++)
			out[i] = in[i] ^ stream[i];
		state[12]++;
		in += now;
		out += now;
		bytes -= now;
	}
	l45_wipe(state, sizeof(state));
	l45_wipe(x, sizeof(x));
	l45_wipe(stream, sizeof(stream));
}
