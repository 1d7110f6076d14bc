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

/* The message as it goes on the wire beside its tag, written to out. Returns its bytes. */
static size_t code(const struct l45_codec *codec, unsigned int direction, uint64_t auth, const uint8_t *in, size_t in_bytes,
		   uint8_t *out)
{
	uint8_t form[L45_SHORT_PLAIN_MAX];
	size_t bytes;

	if (codec->dialect.coding == L45_SHORT_DNS) {
		bytes = l45_dns_shorten(in, in_bytes, form);
		if (bytes > 0) {
			memcpy(out, form, bytes);
			return bytes;
		}
		out[0] = 0;
		if (in_bytes > 0)
			memcpy(out + 1, in, in_bytes);
		return in_bytes + 1;
	}
	if (in_bytes > 0)
		memcpy(out, in, in_bytes);
	l45_mask(codec, direction, auth, out, in_bytes);
	return in_bytes;
}

static long encode_coded(const struct l45_codec *codec, enum l45_direction direction, const uint8_t *in, size_t in_bytes,
			 uint8_t *out, size_t out_cap)
{
	const size_t tag_bytes = codec->dialect.tag_bytes;
	const size_t added = codec->dialect.coding == L45_SHORT_DNS ? L45_CODING_ADDS_MAX : 0;
	uint8_t tag[L45_TAG_BYTES_MAX];
	size_t bytes, position;

	if (out_cap < tag_bytes + added || out_cap - tag_bytes - added < in_bytes)
		return -EMSGSIZE;
	l45_datagram_tag(codec, direction, in, in_bytes, tag);
	bytes = code(codec, direction & 1, l45_load64(tag + L45_IDENT_BYTES), in, in_bytes, out + tag_bytes);
	position = l45_datagram_position(codec, bytes);
	if (position > 0)
		memmove(out, out + tag_bytes, position);
	memcpy(out + position, tag, tag_bytes);
	return (long)(bytes + tag_bytes);
}

long l45_datagram_encode(const struct l45_codec *codec, enum l45_direction direction, const uint8_t *in,
			 size_t in_bytes, uint8_t *out, size_t out_cap)
{
	const size_t tag_bytes = codec->dialect.kind == L45_DATAGRAM ? codec->dialect.tag_bytes : 0;
	const size_t position = l45_datagram_position(codec, in_bytes);

	if (codec->dialect.kind == L45_DATAGRAM && codec->dialect.coding != L45_AS_IT_IS)
		return encode_coded(codec, direction, in, in_bytes, out, out_cap);
	if (out_cap < tag_bytes || out_cap - tag_bytes < in_bytes)
		return -EMSGSIZE;
	l45_datagram_tag(codec, direction, in, in_bytes, out + position);
	if (position > 0)
		memcpy(out, in, position);
	if (in_bytes > position)
		memcpy(out + position + tag_bytes, in + position, in_bytes - position);
	return (long)(in_bytes + tag_bytes);
}

/* The first bytes of a message around a tag at position, at most max of them. Returns how many. */
static size_t around(const uint8_t *message, size_t body_bytes, size_t position, size_t tag_bytes, uint8_t *out, size_t max)
{
	const size_t bytes = body_bytes < max ? body_bytes : max;
	const size_t before = position < bytes ? position : bytes;

	memcpy(out, message, before);
	memcpy(out + before, message + position + tag_bytes, bytes - before);
	return bytes;
}

/*
 * Undoes a coding as far as the authenticator looks: the first L45_COVER_BYTES (or fewer) to cover. Returns the bytes of
 * the plain message, or -EBADMSG.
 */
static long uncover(const struct l45_codec *codec, unsigned int direction, const uint8_t *message, size_t body_bytes,
		    size_t position, uint8_t cover[L45_COVER_BYTES])
{
	const size_t tag_bytes = codec->dialect.tag_bytes;
	uint8_t form[1 + L45_SHORT_PLAIN_MAX], plain[L45_SHORT_PLAIN_MAX];
	size_t bytes;

	if (codec->dialect.coding != L45_SHORT_DNS) {
		bytes = around(message, body_bytes, position, tag_bytes, cover, L45_COVER_BYTES);
		if (codec->dialect.coding == L45_MASKED)
			l45_mask(codec, direction, l45_load64(message + position + L45_IDENT_BYTES), cover, bytes);
		return (long)body_bytes;
	}
	/* One message has one form: what could be short and is not was made by nobody who speaks this. */
	bytes = around(message, body_bytes, position, tag_bytes, form, sizeof(form));
	if (bytes > 0 && form[0] == 0) {
		if (bytes == body_bytes && l45_dns_shorten(form + 1, bytes - 1, plain) > 0)
			return -EBADMSG;
		memcpy(cover, form + 1, bytes - 1 < L45_COVER_BYTES ? bytes - 1 : L45_COVER_BYTES);
		return (long)(body_bytes - 1);
	}
	bytes = bytes == body_bytes ? l45_dns_restore(form, bytes, plain) : 0;
	memcpy(cover, plain, bytes < L45_COVER_BYTES ? bytes : L45_COVER_BYTES);
	return bytes > 0 ? (long)bytes : -EBADMSG;
}

int l45_datagram_recognise(const struct l45_codec *codec, enum l45_direction direction, const uint8_t *message,
			   size_t bytes)
{
	const size_t tag_bytes = codec->dialect.tag_bytes;
	uint8_t input[4 + L45_COVER_BYTES];
	const uint8_t *tag;
	size_t position;
	long plain_bytes;

	if (codec->dialect.kind != L45_DATAGRAM || bytes < tag_bytes)
		return -ENOENT;
	position = l45_datagram_position(codec, bytes - tag_bytes);
	tag = message + position;
	if (memcmp(tag, codec->ident[direction & 1], L45_IDENT_BYTES) != 0)
		return -ENOENT;
	plain_bytes = uncover(codec, direction & 1, message, bytes - tag_bytes, position, input + 4);
	if (plain_bytes < 0)
		return (int)plain_bytes;
	if (!l45_auth_equal(tag + L45_IDENT_BYTES, authenticator(codec, direction, input, (size_t)plain_bytes)))
		return -EBADMSG;
	if (memcmp(tag + L45_TAG_BYTES_MIN, codec->dialect.label, tag_bytes - L45_TAG_BYTES_MIN) != 0)
		return -EBADMSG;
	return 0;
}

/* Undoes the coding of a message that was recognised, its tag taken out. Returns the plain bytes. */
static size_t restore(const struct l45_codec *codec, unsigned int direction, uint64_t auth, uint8_t *message, size_t bytes)
{
	uint8_t plain[L45_SHORT_PLAIN_MAX];
	size_t plain_bytes;

	if (codec->dialect.coding == L45_MASKED) {
		l45_mask(codec, direction, auth, message, bytes);
		return bytes;
	}
	if (codec->dialect.coding != L45_SHORT_DNS)
		return bytes;
	if (message[0] == 0) {
		memmove(message, message + 1, bytes - 1);
		return bytes - 1;
	}
	plain_bytes = l45_dns_restore(message, bytes, plain);
	memcpy(message, plain, plain_bytes);
	return plain_bytes;
}

long l45_datagram_decode(const struct l45_codec *codec, enum l45_direction direction, uint8_t *message, size_t bytes)
{
	const int refused = l45_datagram_recognise(codec, direction, message, bytes);
	size_t body_bytes, position;
	uint64_t auth;

	if (refused)
		return refused;
	body_bytes = bytes - codec->dialect.tag_bytes;
	position = l45_datagram_position(codec, body_bytes);
	auth = l45_load64(message + position + L45_IDENT_BYTES);
	memmove(message + position, message + position + codec->dialect.tag_bytes, body_bytes - position);
	return (long)restore(codec, direction & 1, auth, message, body_bytes);
}
