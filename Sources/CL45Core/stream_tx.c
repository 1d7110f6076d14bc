/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A stream, sending. The state is a position, not a buffer: a write that the kernel took in part is replayed from a
 * copy of the state over exactly the bytes taken, and comes to the same place.
 */
#include "internal.h"

uint64_t l45_stream_auth(const uint8_t key[16], uint64_t plain_offset)
{
	uint8_t input[8];

	l45_store64(input, plain_offset);
	return l45_siphash24(key, input, sizeof(input));
}

static void begin_frame(struct l45_stream_tx *tx, const struct l45_codec *send)
{
	const unsigned int direction = tx->direction & 1;

	l45_tag_write(send, send->ident[direction], l45_stream_auth(send->key[direction], tx->plain_offset), tx->tag);
	tx->tag_bytes = send->dialect.tag_bytes;
	tx->tag_done = 0;
	tx->leaving = 0;
	tx->tag_frame_bytes = send->dialect.frame_bytes;
	tx->leave_bytes = send->dialect.tag_bytes;
	memcpy(tx->leave_ident, send->leave_ident[direction], sizeof(tx->leave_ident));
	memcpy(tx->leave_key, send->leave_key[direction], sizeof(tx->leave_key));
}

/* The label in tag[] is that of the codec last spoken, as it should be. */
static void begin_leave(struct l45_stream_tx *tx)
{
	memcpy(tx->tag, tx->leave_ident, sizeof(tx->leave_ident));
	l45_store64(tx->tag + L45_IDENT_BYTES, l45_stream_auth(tx->leave_key, tx->plain_offset));
	tx->tag_bytes = tx->leave_bytes;
	tx->tag_done = 0;
	tx->leaving = 1;
	tx->tag_frame_bytes = 0;
}

static void end_tag(struct l45_stream_tx *tx)
{
	tx->frame_left = tx->tag_frame_bytes;
	if (tx->leaving)
		tx->mode = L45_PLAIN;
	tx->leaving = 0;
	tx->tag_bytes = 0;
	tx->tag_done = 0;
}

/*
 * Advances over the next stretch, cut to wire_max bytes. Returns its bytes; *is_tag says of what: for a tag they are
 * tx->tag[*tag_from...].
 */
static uint32_t step(struct l45_stream_tx *tx, const struct l45_codec *send, uint64_t plain_bytes, uint64_t wire_max,
		     uint8_t *is_tag, uint8_t *tag_from)
{
	uint64_t bytes = plain_bytes < wire_max ? plain_bytes : wire_max;

	*is_tag = 0;
	*tag_from = 0;
	if (bytes == 0)
		return 0;
	if (send && send->dialect.kind != L45_STREAM)
		send = NULL;
	if (tx->mode == L45_UNDECIDED)
		tx->mode = send ? L45_FRAMED : L45_PLAIN;
	if (tx->mode == L45_FRAMED && tx->frame_left == 0 && tx->tag_bytes == 0) {
		if (send)
			begin_frame(tx, send);
		else
			begin_leave(tx);
	}
	if (tx->tag_bytes > 0) {
		bytes = tx->tag_bytes - tx->tag_done;
		if (bytes > wire_max)
			bytes = wire_max;
		*is_tag = 1;
		*tag_from = tx->tag_done;
		tx->tag_done = (uint8_t)(tx->tag_done + bytes);
		if (tx->tag_done == tx->tag_bytes)
			end_tag(tx);
		return (uint32_t)bytes;
	}
	if (bytes > L45_UINT32_MAX)
		bytes = L45_UINT32_MAX;
	if (tx->mode == L45_FRAMED) {
		if (bytes > tx->frame_left)
			bytes = tx->frame_left;
		tx->frame_left -= (uint32_t)bytes;
	}
	tx->plain_offset += bytes;
	return (uint32_t)bytes;
}

void l45_stream_tx_next(struct l45_stream_tx *tx, const struct l45_codec *send, uint64_t plain_bytes,
			struct l45_segment *segment)
{
	uint8_t tag_from;

	segment->bytes = step(tx, send, plain_bytes, L45_UINT64_MAX, &segment->is_tag, &tag_from);
	if (segment->is_tag)
		memcpy(segment->tag, tx->tag + tag_from, segment->bytes);
}

uint64_t l45_stream_tx_accept(struct l45_stream_tx *tx, const struct l45_codec *send, uint64_t plain_bytes,
			      uint64_t wire_accepted)
{
	uint64_t plain = 0;
	uint8_t is_tag, tag_from;

	while (wire_accepted > 0 && plain < plain_bytes) {
		const uint32_t bytes = step(tx, send, plain_bytes - plain, wire_accepted, &is_tag, &tag_from);

		wire_accepted -= bytes;
		if (!is_tag)
			plain += bytes;
	}
	return plain;
}

size_t l45_stream_encode(struct l45_stream_tx *tx, const struct l45_codec *send, const uint8_t *in, size_t in_bytes,
			 uint8_t *out, size_t out_cap, size_t *consumed)
{
	size_t written = 0, plain = 0;
	uint8_t is_tag, tag_from;

	while (written < out_cap && plain < in_bytes) {
		const uint32_t bytes = step(tx, send, in_bytes - plain, out_cap - written, &is_tag, &tag_from);

		memcpy(out + written, is_tag ? tx->tag + tag_from : in + plain, bytes);
		written += bytes;
		if (!is_tag)
			plain += bytes;
	}
	*consumed = plain;
	return written;
}
