// SPDX-License-Identifier: GPL-2.0
#include "fuzz.h"

static uint64_t state;

void chance_begin(uint64_t seed)
{
	state = seed;
}

uint64_t draw(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t below(uint32_t bound)
{
	return bound ? (uint32_t)(draw() % bound) : 0;
}

bool one_in(uint32_t n)
{
	return below(n) == 0;
}

uint64_t awkward(void)
{
	static const uint64_t values[] = {0, 1, 2, 15, 16, 127, 128, 129, 255, 1024, 1025, 3072, 3073, 65535, 65536,
					  10000000, 10000001, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX, GENERATION - 1,
					  GENERATION, GENERATION + 1};

	return one_in(4) ? draw() : values[below(sizeof(values) / sizeof(values[0]))];
}
