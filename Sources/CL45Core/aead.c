/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* ChaCha20-Poly1305 as one cipher: RFC 8439, section 2.8. */
#include "internal.h"

/* The tag over associated data and ciphertext, each padded to 16 bytes, and their lengths. */
static void authenticate(const uint8_t *key, const uint8_t *nonce, const uint8_t *ad, size_t ad_bytes,
			 const uint8_t *sealed, size_t sealed_bytes, uint8_t tag[L45_AEAD_TAG_BYTES])
{
	static const uint8_t zero[32];
	struct l45_poly1305 state;
	uint8_t once[32], lengths[16];

	/* Section 2.6: block 0 of the key stream is the authenticator's key. */
	l45_chacha20(key, nonce, 0, zero, sizeof(once), once);
	l45_poly1305_begin(&state, once);
	l45_poly1305_add(&state, ad, ad_bytes);
	l45_poly1305_add(&state, zero, -ad_bytes & 15);
	l45_poly1305_add(&state, sealed, sealed_bytes);
	l45_poly1305_add(&state, zero, -sealed_bytes & 15);
	l45_store64(lengths, ad_bytes);
	l45_store64(lengths + 8, sealed_bytes);
	l45_poly1305_add(&state, lengths, sizeof(lengths));
	l45_poly1305_end(&state, tag);
	l45_wipe(once, sizeof(once));
}

void l45_aead_seal(const uint8_t key[L45_AEAD_KEY_BYTES], const uint8_t nonce[L45_AEAD_NONCE_BYTES], const uint8_t *ad,
		   size_t ad_bytes, const uint8_t *in, size_t in_bytes, uint8_t *out)
{
	l45_chacha20(key, nonce, 1, in, in_bytes, out);
	authenticate(key, nonce, ad, ad_bytes, out, in_bytes, out + in_bytes);
}

long l45_aead_open(const uint8_t key[L45_AEAD_KEY_BYTES], const uint8_t nonce[L45_AEAD_NONCE_BYTES], const uint8_t *ad,
		   size_t ad_bytes, const uint8_t *in, size_t in_bytes, uint8_t *out)
{
	uint8_t tag[L45_AEAD_TAG_BYTES];
	size_t plain;
	int genuine;

	if (in_bytes < L45_AEAD_TAG_BYTES)
		return -EBADMSG;
	plain = in_bytes - L45_AEAD_TAG_BYTES;
	authenticate(key, nonce, ad, ad_bytes, in, plain, tag);
	genuine = l45_aead_tag_equal(tag, in + plain);
	/* The right tag of a forged message would let it pass. */
	l45_wipe(tag, sizeof(tag));
	if (!genuine)
		return -EBADMSG;
	l45_chacha20(key, nonce, 1, in, plain, out);
	return (long)plain;
}
