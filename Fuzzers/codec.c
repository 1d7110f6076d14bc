/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* l45_codec_prepare on any dialect: what it takes is within bounds and works, what it refuses leaves no trace. */
#include "fuzz.h"

static void try_datagram(const struct l45_codec *codec, struct input *input)
{
	uint8_t plain[256], wire[256 + L45_TAG_BYTES_MAX + L45_CODING_SAVES_MAX];
	const size_t bytes = draw8(input);
	const size_t tag_bytes = codec->dialect.kind == L45_DATAGRAM ? codec->dialect.tag_bytes : 0;
	size_t i;

	for (i = 0; i < bytes; i++)
		plain[i] = draw8(input);
	const long written = l45_datagram_encode(codec, L45_RESPONSE, plain, bytes, wire, sizeof(wire));

	CHECK(written > 0 || bytes + tag_bytes == 0);
	CHECK((size_t)written == bytes + tag_bytes || (tag_bytes && codec->dialect.coding == L45_SHORT_DNS));
	if (tag_bytes == 0) {
		CHECK(memcmp(wire, plain, bytes) == 0);
		CHECK(l45_datagram_decode(codec, L45_RESPONSE, wire, bytes) == -ENOENT);
		return;
	}
	CHECK(l45_datagram_encode(codec, L45_RESPONSE, plain, bytes, wire, bytes + tag_bytes - 1) == -EMSGSIZE);
	CHECK(l45_datagram_recognise(codec, L45_REQUEST, wire, (size_t)written) != 0);
	CHECK(l45_datagram_decode(codec, L45_RESPONSE, wire, (size_t)written) == (long)bytes);
	CHECK(memcmp(wire, plain, bytes) == 0);
}

static void try_stream(const struct l45_codec *codec)
{
	const struct l45_codec *const list[1] = {codec};
	struct l45_stream_tx tx = {0};
	struct l45_stream_rx rx = {0};
	uint8_t plain[200], wire[200 + 14 * L45_TAG_BYTES_MAX];
	size_t consumed, written, decoded, i;

	for (i = 0; i < sizeof(plain); i++)
		plain[i] = plain_at(i);
	written = l45_stream_encode(&tx, codec, plain, sizeof(plain), wire, sizeof(wire), &consumed);
	CHECK(consumed == sizeof(plain));
	if (codec->dialect.kind == L45_STREAM) {
		CHECK(l45_stream_opening(list, 1, L45_REQUEST, wire, written) == L45_OPENING_FRAMED);
		rx.mode = L45_FRAMED;
	} else {
		CHECK(written == sizeof(plain));
	}
	CHECK(l45_stream_rx_feed(&rx, list, 1, wire, written, &decoded) == 0);
	CHECK(decoded == sizeof(plain) && memcmp(wire, plain, decoded) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct l45_dialect dialect;
	struct l45_codec codec, before;
	uint8_t *bytes = (uint8_t *)&dialect;
	size_t i;
	int result;

	for (i = 0; i < sizeof(dialect); i++)
		bytes[i] = draw8(&input);
	memset(&codec, 0x5a, sizeof(codec));
	before = codec;
	result = l45_codec_prepare(&codec, &dialect);
	if (result != 0) {
		CHECK(result == -EINVAL);
		CHECK(memcmp(&codec, &before, sizeof(codec)) == 0);
		return 0;
	}
	CHECK(dialect.kind <= L45_STREAM && (dialect.kind != L45_DATAGRAM || dialect.coding <= L45_SHORT_DNS));
	CHECK(dialect.kind != L45_STREAM || dialect.start <= L45_AFTER_TLS_HANDSHAKE);
	if (dialect.kind != L45_MONITOR) {
		CHECK(dialect.tag_bytes >= L45_TAG_BYTES_MIN && dialect.tag_bytes <= L45_TAG_BYTES_MAX);
		CHECK(dialect.label_bytes + L45_TAG_BYTES_MIN <= dialect.tag_bytes);
	}
	try_datagram(&codec, &input);
	try_stream(&codec);
	return 0;
}
