/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the fuzzers share: bytes drawn from the input, and a check that ends the run where it does not hold. */
#ifndef L45_FUZZ_H
#define L45_FUZZ_H

#include "l45_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                 \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

/* The next byte; 0 past the end. */
static inline uint8_t draw8(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->at++;
}

static inline uint16_t draw16(struct input *input)
{
	const uint16_t low = draw8(input);

	return (uint16_t)(low | (uint16_t)draw8(input) << 8);
}

/* Plain bytes that differ by place, so that one out of place is seen. */
static inline uint8_t plain_at(uint64_t offset)
{
	return (uint8_t)(offset * 0x9e3779b97f4a7c15ULL >> 56);
}

/* Stream codecs of different tags and frames; 2 and 3 share a dialect's shape but not its epoch. */
#define FUZZ_CODECS 4
static inline void make_stream_codecs(struct l45_codec codecs[FUZZ_CODECS])
{
	static const struct {
		uint8_t tag_bytes, label_bytes;
		uint32_t frame_bytes;
	} shape[FUZZ_CODECS] = {{12, 0, 16}, {64, 52, 33}, {32, 3, 100}, {32, 3, 100}};
	struct l45_dialect dialect;
	unsigned int i;

	for (i = 0; i < FUZZ_CODECS; i++) {
		memset(&dialect, 0, sizeof(dialect));
		dialect.kind = L45_STREAM;
		dialect.tag_bytes = shape[i].tag_bytes;
		dialect.label_bytes = shape[i].label_bytes;
		dialect.frame_bytes = shape[i].frame_bytes;
		dialect.epoch = i;
		memset(dialect.label, 'a', shape[i].label_bytes);
		CHECK(l45_codec_prepare(&codecs[i], &dialect) == 0);
	}
}

#endif
