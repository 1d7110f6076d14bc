/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The stream decoder on a wire made of good frames, leave tags, changed bytes and chance, read in pieces of chance. The
 * copying path (feed) and the scattering one (expect, tag, plain) must agree in all they say, and a read of
 * l45_stream_rx_wire_bytes never yields more than was asked for.
 */
#include "fuzz.h"

#define WIRE_MAX 8192

static struct l45_codec codecs[FUZZ_CODECS];

static size_t make_wire(struct input *input, uint8_t wire[WIRE_MAX])
{
	struct l45_stream_tx tx = {0};
	size_t bytes = 0, consumed, i;
	uint8_t plain[256];

	while (input->left > 2 && bytes < WIRE_MAX) {
		const uint8_t what = draw8(input);
		const struct l45_codec *send = &codecs[what & 3];
		size_t count = draw8(input);

		switch (what >> 2 & 7) {
		case 0: /* bytes of chance */
			for (i = 0; i < count && input->left > 2 && bytes < WIRE_MAX; i++)
				wire[bytes++] = draw8(input);
			continue;
		case 1: /* a change to what is there */
			if (bytes > 0)
				wire[bytes - 1 - count % bytes] ^= (uint8_t)(1 + draw8(input));
			continue;
		case 2: /* some taken back */
			bytes -= count < bytes ? count : bytes;
			continue;
		case 3:
			send = NULL;
			break;
		default:
			break;
		}
		count = count ? count : 1;
		for (i = 0; i < count; i++)
			plain[i] = plain_at(tx.plain_offset + i);
		bytes += l45_stream_encode(&tx, send, plain, count, wire + bytes, WIRE_MAX - bytes, &consumed);
	}
	return bytes;
}

/* A tag that was taken is, byte for byte, the one that a sender of that codec lays at this offset. */
static void check_tag(const struct l45_stream_rx *rx, const struct l45_codec *codec, const uint8_t *tag, size_t bytes)
{
	struct l45_stream_tx tx = {0};
	struct l45_segment segment;

	if (rx->mode == L45_PLAIN) { /* a leave tag: one frame in that codec first */
		l45_stream_tx_accept(&tx, codec, codec->dialect.frame_bytes,
				     codec->dialect.tag_bytes + codec->dialect.frame_bytes);
		codec = NULL;
	}
	tx.plain_offset = rx->plain_offset;
	l45_stream_tx_next(&tx, codec, 1, &segment);
	CHECK(segment.is_tag && segment.bytes == bytes);
	CHECK(memcmp(segment.tag, tag, bytes) == 0);
}

static int scatter(struct l45_stream_rx *rx, const struct l45_codec *const *list, size_t count, const uint8_t *wire,
		   size_t bytes, uint8_t *plain, size_t *plain_bytes)
{
	struct l45_expect expect;
	size_t in = 0;

	*plain_bytes = 0;
	while (in < bytes) {
		size_t take = bytes - in;

		l45_stream_rx_expect(rx, list, count, &expect);
		CHECK(expect.bytes > 0);
		if (take > expect.bytes)
			take = expect.bytes;
		if (expect.is_tag) {
			uint8_t tag[L45_TAG_BYTES_MAX];
			const size_t before = rx->tag_done;

			CHECK(before + take <= sizeof(tag));
			memcpy(tag, rx->tag, before);
			memcpy(tag + before, wire + in, take);
			if (l45_stream_rx_tag(rx, list, count, wire + in, (uint32_t)take) != 0)
				return -EBADMSG;
			if (rx->tag_done == 0)
				check_tag(rx, list[rx->codec], tag, before + take);
		} else {
			memcpy(plain + *plain_bytes, wire + in, take);
			*plain_bytes += take;
			l45_stream_rx_plain(rx, take);
		}
		in += take;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size}, sizes;
	const struct l45_codec *list[FUZZ_CODECS];
	static uint8_t wire[WIRE_MAX], plain[WIRE_MAX];
	struct l45_stream_rx feeding = {0}, scattering = {0};
	enum l45_opening opening;
	size_t count, bytes, at = 0, i, shift;

	if (codecs[0].dialect.kind == 0)
		make_stream_codecs(codecs);
	count = draw8(&input) % (FUZZ_CODECS + 1);
	shift = draw8(&input);
	for (i = 0; i < count; i++)
		list[i] = &codecs[(i + shift) % FUZZ_CODECS];
	sizes = input;
	bytes = make_wire(&input, wire);

	opening = l45_stream_opening(list, count, L45_REQUEST, wire, bytes);
	for (i = 0; i < bytes && i < 4; i++) {
		const enum l45_opening early = l45_stream_opening(list, count, L45_REQUEST, wire, i);

		/* More bytes never take back a verdict that something is plain. */
		CHECK(early != L45_OPENING_FRAMED);
		CHECK(early != L45_OPENING_PLAIN || opening == L45_OPENING_PLAIN);
	}
	feeding.mode = scattering.mode = shift & 0x80 || opening == L45_OPENING_FRAMED ? L45_FRAMED : L45_PLAIN;

	while (at < bytes) {
		const uint64_t asked = draw8(&sizes);
		const uint64_t most = l45_stream_rx_wire_bytes(&feeding, list, count, asked);
		size_t take = bytes - at, fed, scattered;
		uint8_t *buffer;
		int refused;

		CHECK(most >= asked);
		if (take > most)
			take = most;
		if (take == 0)
			take = 1;
		buffer = malloc(take);
		CHECK(buffer);
		memcpy(buffer, wire + at, take);
		refused = l45_stream_rx_feed(&feeding, list, count, buffer, take, &fed);
		CHECK(fed <= asked || asked == 0);
		CHECK(fed <= take);
		CHECK(scatter(&scattering, list, count, wire + at, take, plain, &scattered) == refused);
		CHECK(fed == scattered && memcmp(buffer, plain, fed) == 0);
		CHECK(memcmp(&feeding, &scattering, sizeof(feeding)) == 0);
		free(buffer);
		if (refused) {
			CHECK(refused == -EBADMSG && feeding.mode == L45_BROKEN);
			break;
		}
		at += take;
	}
	return 0;
}
