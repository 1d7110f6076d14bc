/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The datagram decoder, of every coding: on bytes of the wire, and on good messages with bytes changed, cut or added. What it refuses it
 * leaves unchanged; what it takes is the encoding of what it yields, to the byte.
 */
#include "fuzz.h"

#define MESSAGE_MAX 4096

static void decode(const struct l45_codec *codec, enum l45_direction direction, const uint8_t *wire, size_t bytes)
{
	/* Of the exact size, on the heap: a read or write past the end is seen. */
	const size_t more = codec->dialect.coding == L45_SHORT_DNS ? L45_CODING_SAVES_MAX : 0;
	uint8_t *message = malloc(bytes + more ? bytes + more : 1), *again = malloc(bytes + 1 + L45_CODING_ADDS_MAX);
	int recognised;
	long plain;

	CHECK(message && again);
	memcpy(message, wire, bytes);
	recognised = l45_datagram_recognise(codec, direction, message, bytes);
	plain = l45_datagram_decode(codec, direction, message, bytes);
	if (recognised != 0) {
		CHECK(recognised == -ENOENT || recognised == -EBADMSG);
		CHECK(plain == recognised);
		CHECK(memcmp(message, wire, bytes) == 0);
	} else {
		CHECK(plain >= 0 && (more || (size_t)plain + codec->dialect.tag_bytes == bytes));
		CHECK((size_t)plain <= bytes + more);
		CHECK(l45_datagram_encode(codec, direction, message, (size_t)plain, again,
					  (size_t)plain + codec->dialect.tag_bytes + L45_CODING_ADDS_MAX) == (long)bytes);
		CHECK(memcmp(again, wire, bytes) == 0);
	}
	free(again);
	free(message);
}

/* Makes what is there look like a DNS query, as far as it reaches: a name of one label, and perhaps an OPT record. */
static size_t make_query(uint8_t plain[MESSAGE_MAX], size_t bytes)
{
	static const uint8_t header[10] = {1, 0x20, 0, 1, 0, 0, 0, 0, 0, 1};
	static const uint8_t rest[] = {0, 0, 1, 0, 1, 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0};

	if (bytes < 12 + 1 + 40 + sizeof(rest) + 1 || bytes > 300)
		return bytes;
	memcpy(plain + 2, header, sizeof(header));
	plain[12] = (uint8_t)(plain[0] % 40 + 1);
	const size_t at = 13u + plain[12];

	memcpy(plain + at, rest, sizeof(rest));
	const size_t left = bytes - at - sizeof(rest) - 1;

	if (plain[1] & 1)
		plain[at + 2] = plain[1];
	plain[at + sizeof(rest)] = (uint8_t)left;
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	static uint8_t wire[MESSAGE_MAX + L45_TAG_BYTES_MAX + L45_CODING_ADDS_MAX + 1];
	struct l45_dialect dialect;
	struct l45_codec codec;
	enum l45_direction direction;
	unsigned int changes;
	size_t bytes;

	memset(&dialect, 0, sizeof(dialect));
	dialect.kind = L45_DATAGRAM;
	dialect.place = draw8(&input) % 3;
	dialect.coding = draw8(&input) % 3;
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
		if (dialect.coding == L45_SHORT_DNS && input.left & 1)
			bytes = make_query(plain, bytes);
		const long written = l45_datagram_encode(&codec, direction, plain, bytes, wire, sizeof(wire));

		CHECK(written > 0 && (dialect.coding == L45_SHORT_DNS || (size_t)written == bytes + dialect.tag_bytes));
		bytes = (size_t)written;
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
