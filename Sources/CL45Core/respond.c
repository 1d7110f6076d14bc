/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The module's part of the security check. */
#include "internal.h"

#define MOD_ID_BYTES 8

/* What a message of the check is sealed with: "l45 check" and which of the two it is. */
static const uint8_t check_ad[2][10] = {
	{'l', '4', '5', ' ', 'c', 'h', 'e', 'c', 'k', L45_CHECK_CHALLENGE},
	{'l', '4', '5', ' ', 'c', 'h', 'e', 'c', 'k', L45_CHECK_ANSWER},
};

long l45_respond(const uint8_t init_key[L45_INIT_KEY_BYTES], uint64_t mod_id, const uint8_t nonce[12],
		 const uint8_t *challenge, size_t bytes, uint8_t *answer, size_t answer_cap)
{
	uint8_t plain[L45_CHALLENGE_BYTES_MAX + MOD_ID_BYTES];
	long opened;

	if (bytes < L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MIN || bytes > L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MAX)
		return -EMSGSIZE;
	if (answer_cap < bytes + MOD_ID_BYTES)
		return -EMSGSIZE;
	opened = l45_aead_open(init_key, challenge, check_ad[L45_CHECK_CHALLENGE], sizeof(check_ad[0]),
			       challenge + L45_AEAD_NONCE_BYTES, bytes - L45_AEAD_NONCE_BYTES, plain);
	if (opened < 0)
		return opened;
	l45_store64(plain + opened, mod_id);
	memcpy(answer, nonce, L45_AEAD_NONCE_BYTES);
	l45_aead_seal(init_key, nonce, check_ad[L45_CHECK_ANSWER], sizeof(check_ad[0]), plain,
		      (size_t)opened + MOD_ID_BYTES, answer + L45_AEAD_NONCE_BYTES);
	l45_wipe(plain, sizeof(plain));
	return (long)(bytes + MOD_ID_BYTES);
}
