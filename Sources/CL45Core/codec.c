/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A dialect made ready: bounds checked, keys derived. */
#include "internal.h"

#define DIGEST_BYTES 32

enum mark { MARK_DATAGRAM = 'd', MARK_STREAM = 's', MARK_LEAVE = 'l' };

/* The first out_bytes of BLAKE2s(key = secret, label | epoch | direction | mark). */
static void derive(const struct l45_dialect *dialect, const char *label, size_t label_bytes, uint8_t direction,
		   enum mark mark, uint8_t *out, size_t out_bytes)
{
	uint8_t digest[DIGEST_BYTES], input[16];

	memcpy(input, label, label_bytes);
	l45_store32(input + label_bytes, dialect->epoch);
	input[label_bytes + 4] = direction;
	input[label_bytes + 5] = (uint8_t)mark;
	l45_blake2s(digest, sizeof(digest), dialect->secret, L45_SECRET_BYTES, input, label_bytes + 6);
	memcpy(out, digest, out_bytes);
}

static void derive_ident(const struct l45_dialect *dialect, uint8_t direction, enum mark mark, uint8_t out[4])
{
	derive(dialect, "l45 ident", 9, direction, mark, out, 4);
}

static void derive_key(const struct l45_dialect *dialect, uint8_t direction, enum mark mark, uint8_t out[16])
{
	derive(dialect, "l45 tag", 7, direction, mark, out, 16);
}

static int in_bounds(const struct l45_dialect *dialect)
{
	if (dialect->kind == L45_MONITOR)
		return 1;
	if (dialect->kind != L45_DATAGRAM && dialect->kind != L45_STREAM)
		return 0;
	if (dialect->tag_bytes < L45_TAG_BYTES_MIN || dialect->tag_bytes > L45_TAG_BYTES_MAX)
		return 0;
	if (dialect->label_bytes > dialect->tag_bytes - L45_TAG_BYTES_MIN)
		return 0;
	if (dialect->kind == L45_STREAM && dialect->start > L45_AFTER_TLS_HANDSHAKE)
		return 0;
	if (dialect->kind == L45_STREAM)
		return dialect->frame_bytes >= L45_FRAME_BYTES_MIN && dialect->frame_bytes <= L45_FRAME_BYTES_MAX;
	if (dialect->coding > L45_SHORT_DNS)
		return 0;
	if (dialect->place == L45_AT_OFFSET)
		return dialect->offset <= L45_OFFSET_MAX;
	return dialect->place == L45_AT_FRONT || dialect->place == L45_AT_END;
}

int l45_codec_prepare(struct l45_codec *codec, const struct l45_dialect *dialect)
{
	struct l45_codec ready;
	const enum mark mark = dialect->kind == L45_STREAM ? MARK_STREAM : MARK_DATAGRAM;
	uint8_t direction;

	if (!in_bounds(dialect))
		return -EINVAL;
	memset(&ready, 0, sizeof(ready));
	ready.dialect = *dialect;
	if (dialect->kind != L45_MONITOR) {
		/* Zero-padded here once, so that a tag's label is one copy and one compare. */
		memset(ready.dialect.label + dialect->label_bytes, 0, L45_LABEL_BYTES_MAX - dialect->label_bytes);
		for (direction = 0; direction < 2; direction++) {
			derive_ident(dialect, direction, mark, ready.ident[direction]);
			derive_key(dialect, direction, mark, ready.key[direction]);
		}
	}
	if (dialect->kind == L45_STREAM) {
		for (direction = 0; direction < 2; direction++) {
			derive_ident(dialect, direction, MARK_LEAVE, ready.leave_ident[direction]);
			derive_key(dialect, direction, MARK_LEAVE, ready.leave_key[direction]);
		}
	}
	*codec = ready;
	return 0;
}

void l45_tag_write(const struct l45_codec *codec, const uint8_t ident[L45_IDENT_BYTES], uint64_t auth, uint8_t *out)
{
	memcpy(out, ident, L45_IDENT_BYTES);
	l45_store64(out + L45_IDENT_BYTES, auth);
	memcpy(out + L45_TAG_BYTES_MIN, codec->dialect.label, codec->dialect.tag_bytes - L45_TAG_BYTES_MIN);
}
