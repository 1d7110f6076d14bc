/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A sender whose writes are taken in part, at any byte, and that changes and leaves its dialect at will; a receiver
 * whose reads are of any size: every plain byte that the sender was told of arrives, in order.
 */
#include "fuzz.h"

#define WRITE_MAX 600

static struct l45_codec codecs[FUZZ_CODECS];
static const struct l45_codec *const list[FUZZ_CODECS] = {&codecs[0], &codecs[1], &codecs[2], &codecs[3]};

struct wire {
	uint8_t *bytes;
	size_t count, room;
};

static void put(struct wire *wire, const uint8_t *bytes, size_t count)
{
	if (count == 0)
		return;
	if (wire->room - wire->count < count) {
		wire->room = 2 * (wire->room + count);
		wire->bytes = realloc(wire->bytes, wire->room);
		CHECK(wire->bytes);
	}
	memcpy(wire->bytes + wire->count, bytes, count);
	wire->count += count;
}

/* Lays out a write from a copy of the state, commits what a kernel took of it. Returns the plain bytes told. */
static size_t scatter_write(struct l45_stream_tx *tx, const struct l45_codec *send, const uint8_t *plain, size_t bytes,
			    uint16_t share, struct wire *wire)
{
	struct l45_stream_tx trial = *tx;
	struct wire laid_out = {0};
	size_t at = 0, accepted, told;

	while (at < bytes) {
		struct l45_segment segment;

		l45_stream_tx_next(&trial, send, bytes - at, &segment);
		CHECK(segment.bytes > 0);
		if (segment.is_tag) {
			CHECK(segment.bytes <= L45_TAG_BYTES_MAX);
			put(&laid_out, segment.tag, segment.bytes);
		} else {
			CHECK(segment.bytes <= bytes - at);
			put(&laid_out, plain + at, segment.bytes);
			at += segment.bytes;
		}
	}
	accepted = laid_out.count * share / 0xffff;
	put(wire, laid_out.bytes, accepted);
	told = l45_stream_tx_accept(tx, send, bytes, accepted);
	CHECK(told <= bytes && told <= accepted);
	if (accepted == laid_out.count)
		CHECK(told == bytes && memcmp(tx, &trial, sizeof(trial)) == 0);
	free(laid_out.bytes);
	return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size}, sizes;
	struct l45_stream_tx tx = {0};
	struct l45_stream_rx rx = {0};
	const struct l45_codec *send;
	struct wire wire = {0};
	uint64_t told = 0, got = 0;
	size_t at = 0;

	if (codecs[0].dialect.kind == 0)
		make_stream_codecs(codecs);
	tx.direction = rx.direction = draw8(&input) & 1;
	sizes = input;
	while (input.left > 4) {
		const uint8_t what = draw8(&input);
		const size_t bytes = 1 + draw16(&input) % WRITE_MAX;
		uint8_t plain[WRITE_MAX];
		size_t i, taken;

		for (i = 0; i < bytes; i++)
			plain[i] = plain_at(told + i);
		send = (what >> 2 & 15) == 0 ? NULL : &codecs[what & 3];
		if (what & 0x40) {
			const size_t cap = draw16(&input) % 800;
			uint8_t *out = malloc(cap ? cap : 1);
			const size_t written = l45_stream_encode(&tx, send, plain, bytes, out, cap, &taken);

			CHECK(out && written <= cap && taken <= bytes);
			CHECK(taken == bytes || written == cap);
			put(&wire, out, written);
			free(out);
		} else {
			taken = scatter_write(&tx, send, plain, bytes, what & 0x80 ? 0xffff : draw16(&input), &wire);
		}
		told += taken;
		CHECK(tx.plain_offset == told);
	}

	switch (l45_stream_opening(list, FUZZ_CODECS, tx.direction, wire.bytes, wire.count)) {
	case L45_OPENING_FRAMED:
		rx.mode = L45_FRAMED;
		break;
	case L45_OPENING_MORE: /* the wire ends inside the first identification */
		CHECK(told == 0);
		free(wire.bytes);
		return 0;
	default:
		rx.mode = L45_PLAIN;
		break;
	}
	while (at < wire.count) {
		size_t count = 1 + draw16(&sizes) % 300, plain, i;

		if (count > wire.count - at)
			count = wire.count - at;
		CHECK(l45_stream_rx_feed(&rx, list, FUZZ_CODECS, wire.bytes + at, count, &plain) == 0);
		for (i = 0; i < plain; i++)
			CHECK(wire.bytes[at + i] == plain_at(got + i));
		got += plain;
		at += count;
	}
	CHECK(got == told && rx.plain_offset == told);
	CHECK(tx.mode == rx.mode || (tx.mode == L45_UNDECIDED && wire.count == 0));
	CHECK(tx.frame_left == rx.frame_left && tx.tag_done == rx.tag_done);
	free(wire.bytes);
	return 0;
}
