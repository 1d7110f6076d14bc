/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The datagram decoder: on bytes of the wire, and on good messages with bytes changed, cut or added. What it refuses it
 * leaves unchanged; what it takes is the encoding of what it yields, to the byte.
 */
#include "fuzz.h"

#define MESSAGE_MAX 4096

static void decode(const struct l45_codec *codec, enum l45_direction direction, const uint8_t *wire, size_t bytes)
{
	/* Of the exact size, on the heap: a read or write past the end is seen. */
	uint8_t *message = malloc(bytes + 1), *again = malloc(bytes + 1);
	int recognised;
	long plain;

	CHECK(message && again);
	message = realloc(message, bytes ? bytes : 1);
	CHECK(message);
	memcpy(message, wire, bytes);
	recognised = l45_datagram_recognise(codec, direction, message, bytes);
	plain = l45_datagram_decode(codec, direction, message, bytes);
	if (recognised != 0) {
		CHECK(recognised == -ENOENT || recognised == -EBADMSG);
		CHECK(plain == recognised);
		CHECK(memcmp(message, wire, bytes) == 0);
	} else {
		CHECK(plain >= 0 && (size_t)plain + codec->dialect.tag_bytes == bytes);
		CHECK(l45_datagram_encode(codec, direction, message, (size_t)plain, again, bytes) == (long)bytes);
		CHECK(memcmp(again, wire, bytes) == 0);
	}
	free(again);
	free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	static uint8_t wire[MESSAGE_MAX + L45_TAG_BYTES_MAX + 1];
	struct l45_dialect dialect;
	struct l45_codec codec;
	enum l45_direction direction;
	unsigned int changes;
	size_t bytes;

	memset(&dialect, 0, sizeof(dialect));
	dialect.kind = L45_DATAGRAM;
	dialect.place = draw8(&input) % 3;
	dialect.tag_bytes = (uint8_t)(L45_TAG_BYTES_MIN + draw8(&input) % (L45_TAG_BYTES_MAX - L45_TAG_BYTES_MIN + 1));
	dialect.label_bytes = (uint8_t)(draw8(&input) % (dialect.tag_bytes - L45_TAG_BYTES_MIN + 1));
	dialect.offset = draw16(&input) % (L45_OFFSET_MAX + 1);
	memset(dialect.label, 'x', dialect.label_bytes);
	CHECK(l45_codec_prepare(&codec, &dialect) == 0);
	direction = draw8(&input) & 1;
	changes = draw8(&input) % 4;
	bytes = draw8(&input) & 1 ? draw16(&input) % (MESSAGE_MAX + 1) : input.left;
	if (bytes > MESSAGE_MAX)
		bytes = MESSAGE_MAX;

	/* As it came. */
	decode(&codec, direction, input.at, input.left);

	/* A good one of some length, then changed. */
	{
		uint8_t plain[MESSAGE_MAX];
		size_t i;

		for (i = 0; i < bytes; i++)
			plain[i] = i < input.left ? input.at[i] : plain_at(i);
		CHECK(l45_datagram_encode(&codec, direction, plain, bytes, wire, sizeof(wire)) > 0);
		bytes += dialect.tag_bytes;
		CHECK(l45_datagram_recognise(&codec, direction, wire, bytes) == 0);
		decode(&codec, direction, wire, bytes);
	}
	while (changes-- > 0)
		wire[draw16(&input) % bytes] ^= draw8(&input);
	decode(&codec, direction, wire, bytes);
	decode(&codec, direction, wire, bytes - draw8(&input) % bytes);
	wire[bytes] = draw8(&input);
	decode(&codec, direction, wire, bytes + 1);
	decode(&codec, direction ^ 1, wire, bytes);
	return 0;
}
