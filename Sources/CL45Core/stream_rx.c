/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A stream, receiving. Decoding never yields more than it read, so the receiver needs no buffer for plain bytes: only
 * the tag under way is held.
 */
#include "internal.h"

/* What a tag, of which some bytes have come, may still be. */
enum candidate { TAG_OF_FRAME = 1, TAG_OF_LEAVE = 2 };

/* Whether the first done bytes of a tag agree with this identification, key and the codec's label. */
static int agrees(const struct l45_codec *codec, const uint8_t ident[4], const uint8_t key[16], uint64_t plain_offset,
		  const uint8_t *tag, size_t done)
{
	/* Before the first byte there may be no buffer to look into. */
	if (done == 0)
		return 1;
	if (memcmp(tag, ident, done < L45_IDENT_BYTES ? done : L45_IDENT_BYTES) != 0)
		return 0;
	if (done < L45_TAG_BYTES_MIN)
		return 1;
	if (!l45_auth_equal(tag + L45_IDENT_BYTES, l45_stream_auth(key, plain_offset)))
		return 0;
	return memcmp(tag + L45_TAG_BYTES_MIN, codec->dialect.label, done - L45_TAG_BYTES_MIN) == 0;
}

/*
 * The candidates of one codec, or 0. Each codec of the list is asked, to the end of its tag: two may share an
 * identification (one chance in 2^32), and then the authenticator tells.
 */
static int candidates(const struct l45_codec *codec, unsigned int direction, uint64_t plain_offset, const uint8_t *tag,
		      size_t done)
{
	int found = 0;

	if (codec->dialect.kind != L45_STREAM || done > codec->dialect.tag_bytes)
		return 0;
	if (agrees(codec, codec->ident[direction], codec->key[direction], plain_offset, tag, done))
		found |= TAG_OF_FRAME;
	if (agrees(codec, codec->leave_ident[direction], codec->leave_key[direction], plain_offset, tag, done))
		found |= TAG_OF_LEAVE;
	return found;
}

static size_t bounded(size_t codec_count)
{
	return codec_count < L45_CODECS_MAX ? codec_count : L45_CODECS_MAX;
}

enum l45_opening l45_stream_opening(const struct l45_codec *const *codecs, size_t codec_count,
				    enum l45_direction direction, const uint8_t *bytes, size_t count)
{
	enum l45_opening opening = L45_OPENING_PLAIN;
	size_t i;

	for (i = 0; i < bounded(codec_count); i++) {
		const size_t tag_bytes = codecs[i]->dialect.tag_bytes;
		const size_t done = count < tag_bytes ? count : tag_bytes;

		/* No stream begins by leaving. */
		if (!(candidates(codecs[i], direction & 1, 0, bytes, done) & TAG_OF_FRAME))
			continue;
		if (done >= L45_IDENT_BYTES)
			return L45_OPENING_FRAMED;
		opening = L45_OPENING_MORE;
	}
	return opening;
}

void l45_stream_rx_expect(const struct l45_stream_rx *rx, const struct l45_codec *const *codecs, size_t codec_count,
			  struct l45_expect *expect)
{
	uint32_t shortest = 0;
	size_t i;

	expect->is_tag = 0;
	expect->bytes = L45_UINT32_MAX;
	if (rx->mode == L45_UNDECIDED || rx->mode == L45_PLAIN)
		return;
	if (rx->mode == L45_FRAMED && rx->frame_left > 0) {
		expect->bytes = rx->frame_left;
		return;
	}
	for (i = 0; i < bounded(codec_count); i++) {
		const uint32_t tag_bytes = codecs[i]->dialect.tag_bytes;

		if (tag_bytes <= rx->tag_done || (shortest > 0 && tag_bytes >= shortest))
			continue;
		/* Before its first byte a tag may be any stream codec's. */
		if (rx->tag_done == 0 ? codecs[i]->dialect.kind == L45_STREAM :
					candidates(codecs[i], rx->direction & 1, rx->plain_offset, rx->tag, rx->tag_done))
			shortest = tag_bytes;
	}
	expect->is_tag = 1;
	/* A broken stream, or no codec for it: l45_stream_rx_tag refuses the next byte. */
	expect->bytes = shortest > 0 && rx->mode == L45_FRAMED ? shortest - rx->tag_done : 1;
}

/*
 * The common case: a whole tag, of a frame, that was not begun before. Returns the place of its codec, the first of
 * those that agree as below, or codec_count: it is something else, and is read step by step.
 */
static size_t whole_frame_tag(const struct l45_stream_rx *rx, const struct l45_codec *const *codecs, size_t codec_count,
			      const uint8_t *tag, uint32_t bytes)
{
	const unsigned int direction = rx->direction & 1;
	size_t i;

	if (rx->tag_done > 0 || bytes < L45_TAG_BYTES_MIN)
		return codec_count;
	for (i = 0; i < codec_count; i++) {
		const struct l45_codec *codec = codecs[i];

		if (codec->dialect.kind == L45_STREAM && codec->dialect.tag_bytes == bytes &&
		    l45_load32(codec->ident[direction]) == l45_load32(tag) &&
		    agrees(codec, codec->ident[direction], codec->key[direction], rx->plain_offset, tag, bytes))
			break;
	}
	return i;
}

int l45_stream_rx_tag(struct l45_stream_rx *rx, const struct l45_codec *const *codecs, size_t codec_count,
		      const uint8_t *tag, uint32_t bytes)
{
	int unfinished = 0;
	size_t i;

	if (rx->mode != L45_FRAMED || bytes > (uint32_t)(L45_TAG_BYTES_MAX - rx->tag_done))
		goto broken;
	if (bytes == 0)
		return 0;
	i = whole_frame_tag(rx, codecs, bounded(codec_count), tag, bytes);
	if (i < bounded(codec_count)) {
		rx->frame_left = codecs[i]->dialect.frame_bytes;
		rx->codec = (uint8_t)i;
		return 0;
	}
	memcpy(rx->tag + rx->tag_done, tag, bytes);
	rx->tag_done = (uint8_t)(rx->tag_done + bytes);
	for (i = 0; i < bounded(codec_count); i++) {
		const int found = candidates(codecs[i], rx->direction & 1, rx->plain_offset, rx->tag, rx->tag_done);

		if (!found)
			continue;
		if (rx->tag_done < codecs[i]->dialect.tag_bytes) {
			unfinished = 1;
			continue;
		}
		if (found & TAG_OF_FRAME)
			rx->frame_left = codecs[i]->dialect.frame_bytes;
		else
			rx->mode = L45_PLAIN;
		rx->codec = (uint8_t)i;
		rx->tag_done = 0;
		return 0;
	}
	if (unfinished)
		return 0;
broken:
	rx->mode = L45_BROKEN;
	return -EBADMSG;
}

void l45_stream_rx_plain(struct l45_stream_rx *rx, uint64_t bytes)
{
	if (bytes == 0)
		return;
	rx->plain_offset += bytes;
	if (rx->mode == L45_UNDECIDED)
		rx->mode = L45_PLAIN;
	else if (rx->mode == L45_FRAMED)
		rx->frame_left = bytes < rx->frame_left ? rx->frame_left - (uint32_t)bytes : 0;
}

int l45_stream_rx_feed(struct l45_stream_rx *rx, const struct l45_codec *const *codecs, size_t codec_count,
		       uint8_t *bytes, size_t count, size_t *plain)
{
	struct l45_expect expect;
	size_t in = 0, out = 0, take;
	int refused = 0;

	while (in < count) {
		l45_stream_rx_expect(rx, codecs, codec_count, &expect);
		take = count - in < expect.bytes ? count - in : expect.bytes;
		if (expect.is_tag) {
			refused = l45_stream_rx_tag(rx, codecs, codec_count, bytes + in, (uint32_t)take);
			if (refused)
				break;
		} else {
			if (out != in)
				memmove(bytes + out, bytes + in, take);
			l45_stream_rx_plain(rx, take);
			out += take;
		}
		in += take;
	}
	*plain = out;
	return refused;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a + b < a ? L45_UINT64_MAX : a + b;
}

/*
 * The stream that spends the fewest bytes on tags leaves its dialect at the first boundary, by the shortest tag: only
 * the tag under way and that one are sure to come before the byte that is one too many.
 */
uint64_t l45_stream_rx_wire_bytes(const struct l45_stream_rx *rx, const struct l45_codec *const *codecs,
				  size_t codec_count, uint64_t plain_bytes)
{
	uint64_t fewest = L45_UINT64_MAX;
	uint32_t shortest = 0;
	int any = 0;
	size_t i;

	if (rx->mode != L45_FRAMED)
		return plain_bytes;
	for (i = 0; i < bounded(codec_count); i++) {
		const uint32_t tag_bytes = codecs[i]->dialect.tag_bytes;

		if (codecs[i]->dialect.kind == L45_STREAM && (shortest == 0 || tag_bytes < shortest))
			shortest = tag_bytes;
	}
	if (rx->frame_left > 0)
		return plain_bytes < rx->frame_left ? plain_bytes : sum(plain_bytes, shortest);
	for (i = 0; i < bounded(codec_count); i++) {
		const struct l45_dialect *dialect = &codecs[i]->dialect;
		const int found = candidates(codecs[i], rx->direction & 1, rx->plain_offset, rx->tag, rx->tag_done);
		uint64_t wire;

		if (!found)
			continue;
		any = 1;
		wire = sum(plain_bytes, dialect->tag_bytes - rx->tag_done);
		if (!(found & TAG_OF_LEAVE) && plain_bytes >= dialect->frame_bytes)
			wire = sum(wire, shortest);
		if (wire < fewest)
			fewest = wire;
	}
	return any ? fewest : plain_bytes;
}
