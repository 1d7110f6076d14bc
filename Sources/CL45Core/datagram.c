/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* One tag in each datagram. */
#include "internal.h"

/*
 * A function of the plain length alone. The receiver knows that length (what came less the tag), so it looks in the one
 * place where the sender put the tag: this is what makes the coding a bijection at every length.
 */
size_t l45_datagram_position(const struct l45_codec *codec, size_t plain_bytes)
{
	switch (codec->dialect.place) {
	case L45_AT_OFFSET:
		return codec->dialect.offset < plain_bytes ? codec->dialect.offset : plain_bytes;
	case L45_AT_END:
		return plain_bytes;
	default:
		return 0;
	}
}

/* input = 4 bytes of room, then the cover. */
static uint64_t authenticator(const struct l45_codec *codec, enum l45_direction direction,
			      uint8_t input[4 + L45_COVER_BYTES], size_t plain_bytes)
{
	const size_t cover_bytes = plain_bytes < L45_COVER_BYTES ? plain_bytes : L45_COVER_BYTES;

	l45_store32(input, (uint32_t)plain_bytes);
	return l45_siphash24(codec->key[direction & 1], input, 4 + cover_bytes);
}

void l45_datagram_tag(const struct l45_codec *codec, enum l45_direction direction, const uint8_t *cover,
		      size_t plain_bytes, uint8_t *out)
{
	const size_t cover_bytes = plain_bytes < L45_COVER_BYTES ? plain_bytes : L45_COVER_BYTES;
	uint8_t input[4 + L45_COVER_BYTES];

	if (codec->dialect.kind != L45_DATAGRAM)
		return;
	if (cover_bytes > 0)
		memcpy(input + 4, cover, cover_bytes);
	l45_tag_write(codec, codec->ident[direction & 1], authenticator(codec, direction, input, plain_bytes), out);
}

long l45_datagram_encode(const struct l45_codec *codec, enum l45_direction direction, const uint8_t *in,
			 size_t in_bytes, uint8_t *out, size_t out_cap)
{
	const size_t tag_bytes = codec->dialect.kind == L45_DATAGRAM ? codec->dialect.tag_bytes : 0;
	const size_t position = l45_datagram_position(codec, in_bytes);

	if (out_cap < tag_bytes || out_cap - tag_bytes < in_bytes)
		return -EMSGSIZE;
	l45_datagram_tag(codec, direction, in, in_bytes, out + position);
	if (position > 0)
		memcpy(out, in, position);
	if (in_bytes > position)
		memcpy(out + position + tag_bytes, in + position, in_bytes - position);
	return (long)(in_bytes + tag_bytes);
}

int l45_datagram_recognise(const struct l45_codec *codec, enum l45_direction direction, const uint8_t *message,
			   size_t bytes)
{
	const size_t tag_bytes = codec->dialect.tag_bytes;
	size_t plain_bytes, position, cover_bytes, before;
	uint8_t input[4 + L45_COVER_BYTES];
	const uint8_t *tag;

	if (codec->dialect.kind != L45_DATAGRAM || bytes < tag_bytes)
		return -ENOENT;
	plain_bytes = bytes - tag_bytes;
	position = l45_datagram_position(codec, plain_bytes);
	tag = message + position;
	if (memcmp(tag, codec->ident[direction & 1], L45_IDENT_BYTES) != 0)
		return -ENOENT;

	/* The cover may lie on both sides of the tag. */
	cover_bytes = plain_bytes < L45_COVER_BYTES ? plain_bytes : L45_COVER_BYTES;
	before = position < cover_bytes ? position : cover_bytes;
	memcpy(input + 4, message, before);
	memcpy(input + 4 + before, tag + tag_bytes, cover_bytes - before);
	if (!l45_auth_equal(tag + L45_IDENT_BYTES, authenticator(codec, direction, input, plain_bytes)))
		return -EBADMSG;
	if (memcmp(tag + L45_TAG_BYTES_MIN, codec->dialect.label, tag_bytes - L45_TAG_BYTES_MIN) != 0)
		return -EBADMSG;
	return 0;
}

long l45_datagram_decode(const struct l45_codec *codec, enum l45_direction direction, uint8_t *message, size_t bytes)
{
	const int refused = l45_datagram_recognise(codec, direction, message, bytes);
	size_t plain_bytes, position;

	if (refused)
		return refused;
	plain_bytes = bytes - codec->dialect.tag_bytes;
	position = l45_datagram_position(codec, plain_bytes);
	memmove(message + position, message + position + codec->dialect.tag_bytes, plain_bytes - position);
	return (long)plain_bytes;
}
