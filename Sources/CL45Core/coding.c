/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What is done to a datagram beside its tag: it is masked, or a DNS query is made short. */
#include "internal.h"

void l45_mask(const struct l45_codec *codec, unsigned int direction, uint64_t auth, uint8_t *bytes, size_t count)
{
	static const uint8_t nonce[L45_AEAD_NONCE_BYTES];
	uint8_t input[8 + 4 + 1 + 8], key[L45_AEAD_KEY_BYTES];

	memcpy(input, "l45 mask", 8);
	l45_store32(input + 8, codec->dialect.epoch);
	input[12] = (uint8_t)direction;
	l45_store64(input + 13, auth);
	l45_blake2s(key, sizeof(key), codec->dialect.secret, L45_SECRET_BYTES, input, sizeof(input));
	l45_chacha20(key, nonce, 0, bytes, count, bytes);
	l45_wipe(key, sizeof(key));
}

/*
 * The short form: [what it is 1][id 2][type 2, unless it is in the first byte][UDP size 2, unless ...][name][options].
 * A query has one question of class IN, at most an OPT record without flags behind it (RFC 6891), and no other record;
 * of its flags at most RD and AD are set (RFC 1035, 4.1.1; RFC 6840). All of that is in the first byte.
 */
#define IS_SHORT 0x80u
#define HAS_AD 0x01u
#define HAS_RD 0x02u
#define TYPE_SHIFT 2 /* 0 it follows, 1 A, 2 AAAA */
#define OPT_SHIFT 4  /* 0 none, 1 of 1232 bytes, 2 of 4096, 3 its size follows */
#define HEADER_BYTES 12
#define QUESTION_BYTES 4
#define OPT_BYTES 11
#define NAME_BYTES_MAX 255

static const uint16_t types[3] = {0, 1, 28};
static const uint16_t sizes[4] = {0, 1232, 4096, 0};

static unsigned int load16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static void store16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The bytes of the name at p, its root included; 0: it is none, or a compressed one. */
static size_t name_bytes(const uint8_t *p, size_t bytes)
{
	size_t at = 0;

	while (at < bytes && at < NAME_BYTES_MAX) {
		if (p[at] == 0)
			return at + 1;
		if (p[at] > 63)
			return 0;
		at += 1u + p[at];
	}
	return 0;
}

size_t l45_dns_shorten(const uint8_t *message, size_t bytes, uint8_t out[L45_SHORT_PLAIN_MAX])
{
	static const uint8_t one_question[6] = {0, 1, 0, 0, 0, 0};
	const uint8_t *question, *opt;
	unsigned int form = IS_SHORT, flags, type, size = 0;
	size_t name, left, made = 3;

	if (bytes < HEADER_BYTES || bytes > L45_SHORT_PLAIN_MAX)
		return 0;
	flags = load16(message + 2);
	if ((flags & ~0x0120u) || memcmp(message + 4, one_question, sizeof(one_question)) != 0 || load16(message + 10) > 1)
		return 0;
	name = name_bytes(message + HEADER_BYTES, bytes - HEADER_BYTES);
	if (name == 0 || bytes - HEADER_BYTES - name < QUESTION_BYTES)
		return 0;
	question = message + HEADER_BYTES + name;
	if (load16(question + 2) != 1)
		return 0;
	opt = question + QUESTION_BYTES;
	left = bytes - HEADER_BYTES - name - QUESTION_BYTES;
	if (load16(message + 10) == 0) {
		if (left != 0)
			return 0;
	} else {
		/* The root's name, type OPT, its size; no version and no flags; what is left is its options. */
		if (left < OPT_BYTES || opt[0] != 0 || load16(opt + 1) != 41 || load16(opt + 5) != 0 || load16(opt + 7) != 0 ||
		    load16(opt + 9) != left - OPT_BYTES)
			return 0;
		size = load16(opt + 3);
		form |= (size == sizes[1] ? 1u : size == sizes[2] ? 2u : 3u) << OPT_SHIFT;
		opt += OPT_BYTES;
		left -= OPT_BYTES;
	}
	form |= (flags & 0x0100u ? HAS_RD : 0) | (flags & 0x0020u ? HAS_AD : 0);
	type = load16(question);
	form |= (type == types[1] ? 1u : type == types[2] ? 2u : 0u) << TYPE_SHIFT;
	out[0] = (uint8_t)form;
	memcpy(out + 1, message, 2);
	if ((form >> TYPE_SHIFT & 3) == 0) {
		store16(out + made, type);
		made += 2;
	}
	if ((form >> OPT_SHIFT & 3) == 3) {
		store16(out + made, size);
		made += 2;
	}
	memcpy(out + made, message + HEADER_BYTES, name);
	made += name;
	memcpy(out + made, opt, left);
	return made + left;
}

size_t l45_dns_restore(const uint8_t *form, size_t bytes, uint8_t out[L45_SHORT_PLAIN_MAX])
{
	unsigned int what, type, size, opt;
	size_t at = 3, name, left, made;

	if (bytes < 3 || bytes > L45_SHORT_PLAIN_MAX || !(form[0] & IS_SHORT) || form[0] & 0x40u)
		return 0;
	what = form[0] >> TYPE_SHIFT & 3;
	opt = form[0] >> OPT_SHIFT & 3;
	if (what == 3)
		return 0;
	if (bytes < at + (what == 0 ? 2 : 0) + (opt == 3 ? 2 : 0))
		return 0;
	type = types[what];
	if (what == 0) {
		type = load16(form + at);
		at += 2;
		/* These have a shorter form. */
		if (type == types[1] || type == types[2])
			return 0;
	}
	size = sizes[opt];
	if (opt == 3) {
		size = load16(form + at);
		at += 2;
		if (size == sizes[1] || size == sizes[2])
			return 0;
	}
	name = name_bytes(form + at, bytes - at);
	if (name == 0)
		return 0;
	left = bytes - at - name;
	made = HEADER_BYTES + name + QUESTION_BYTES + (opt ? OPT_BYTES + left : 0);
	if (made > L45_SHORT_PLAIN_MAX || (!opt && left != 0))
		return 0;
	memset(out, 0, HEADER_BYTES);
	memcpy(out, form + 1, 2);
	store16(out + 2, (form[0] & HAS_RD ? 0x0100u : 0) | (form[0] & HAS_AD ? 0x0020u : 0));
	out[5] = 1;
	out[11] = opt ? 1 : 0;
	memcpy(out + HEADER_BYTES, form + at, name);
	made = HEADER_BYTES + name;
	store16(out + made, type);
	store16(out + made + 2, 1);
	made += QUESTION_BYTES;
	if (opt) {
		memset(out + made, 0, OPT_BYTES);
		store16(out + made + 1, 41);
		store16(out + made + 3, size);
		store16(out + made + 9, (unsigned int)left);
		memcpy(out + made + OPT_BYTES, form + at + name, left);
		made += OPT_BYTES + left;
	}
	return made;
}
