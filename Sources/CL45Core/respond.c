/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The module's part of the security check: answers, and the chain of keys that they are made with. */
#include "internal.h"

#define MOD_ID_BYTES 8
#define LABEL_BYTES 14

/* What a message of the check is sealed with: "l45 check" and which of the two it is. */
static const uint8_t check_ad[2][10] = {
	{'l', '4', '5', ' ', 'c', 'h', 'e', 'c', 'k', L45_CHECK_CHALLENGE},
	{'l', '4', '5', ' ', 'c', 'h', 'e', 'c', 'k', L45_CHECK_ANSWER},
};
static const uint8_t next_label[LABEL_BYTES] = {'l', '4', '5', ' ', 'c', 'h', 'e', 'c', 'k', ' ', 'n', 'e', 'x', 't'};

static int check_lengths(size_t bytes, size_t answer_cap)
{
	if (bytes < L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MIN || bytes > L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MAX)
		return -EMSGSIZE;
	return answer_cap < bytes + MOD_ID_BYTES ? -EMSGSIZE : 0;
}

static long open_challenge(const uint8_t key[L45_INIT_KEY_BYTES], const uint8_t *challenge, size_t bytes,
			   uint8_t plain[L45_CHALLENGE_BYTES_MAX])
{
	return l45_aead_open(key, challenge, check_ad[L45_CHECK_CHALLENGE], sizeof(check_ad[0]),
			     challenge + L45_AEAD_NONCE_BYTES, bytes - L45_AEAD_NONCE_BYTES, plain);
}

/* plain has room for the id behind the challenge. Returns the answer's bytes. */
static long seal_answer(const uint8_t key[L45_INIT_KEY_BYTES], uint64_t mod_id, const uint8_t nonce[12],
			uint8_t plain[L45_CHALLENGE_BYTES_MAX + MOD_ID_BYTES], size_t bytes, uint8_t *answer)
{
	l45_store64(plain + bytes, mod_id);
	memcpy(answer, nonce, L45_AEAD_NONCE_BYTES);
	l45_aead_seal(key, nonce, check_ad[L45_CHECK_ANSWER], sizeof(check_ad[0]), plain, bytes + MOD_ID_BYTES,
		      answer + L45_AEAD_NONCE_BYTES);
	return (long)(bytes + MOD_ID_BYTES + L45_SEAL_BYTES);
}

long l45_respond(const uint8_t init_key[L45_INIT_KEY_BYTES], uint64_t mod_id, const uint8_t nonce[12],
		 const uint8_t *challenge, size_t bytes, uint8_t *answer, size_t answer_cap)
{
	uint8_t plain[L45_CHALLENGE_BYTES_MAX + MOD_ID_BYTES];
	int refused = check_lengths(bytes, answer_cap);
	long opened;

	if (refused)
		return refused;
	opened = open_challenge(init_key, challenge, bytes, plain);
	if (opened < 0)
		return opened;
	opened = seal_answer(init_key, mod_id, nonce, plain, (size_t)opened, answer);
	l45_wipe(plain, sizeof(plain));
	return opened;
}

void l45_check_next(const uint8_t key[L45_INIT_KEY_BYTES], uint64_t mod_id, const uint8_t *challenge, size_t bytes,
		    uint8_t next[L45_INIT_KEY_BYTES])
{
	uint8_t input[LABEL_BYTES + MOD_ID_BYTES + L45_CHALLENGE_BYTES_MAX];

	memcpy(input, next_label, LABEL_BYTES);
	l45_store64(input + LABEL_BYTES, mod_id);
	memcpy(input + LABEL_BYTES + MOD_ID_BYTES, challenge, bytes);
	l45_blake2s(next, L45_INIT_KEY_BYTES, key, L45_INIT_KEY_BYTES, input, LABEL_BYTES + MOD_ID_BYTES + bytes);
	l45_wipe(input, sizeof(input));
}

void l45_check_begin(struct l45_check_chain *chain, const uint8_t init_key[L45_INIT_KEY_BYTES])
{
	if (chain->begun && memcmp(chain->init, init_key, L45_INIT_KEY_BYTES) == 0)
		return;
	memcpy(chain->init, init_key, L45_INIT_KEY_BYTES);
	memcpy(chain->sure, init_key, L45_INIT_KEY_BYTES);
	memcpy(chain->next, init_key, L45_INIT_KEY_BYTES);
	chain->answered = 0;
	chain->begun = 1;
}

long l45_check_answer(struct l45_check_chain *chain, uint64_t mod_id, const uint8_t nonce[12],
		      const uint8_t *challenge, size_t bytes, uint8_t *answer, size_t answer_cap)
{
	const uint8_t *const keys[] = {chain->next, chain->sure, chain->init};
	uint8_t plain[L45_CHALLENGE_BYTES_MAX + MOD_ID_BYTES];
	int refused = check_lengths(bytes, answer_cap);
	long opened = -EBADMSG;
	unsigned int at;

	if (refused)
		return refused;
	for (at = 0; at < 3; at++) {
		opened = open_challenge(keys[at], challenge, bytes, plain);
		if (opened >= 0)
			break;
	}
	if (opened < 0)
		return opened;
	if (keys[at] != chain->sure)
		memcpy(chain->sure, keys[at], L45_INIT_KEY_BYTES);
	l45_check_next(chain->sure, mod_id, plain, (size_t)opened, chain->next);
	chain->answered++;
	opened = seal_answer(chain->sure, mod_id, nonce, plain, (size_t)opened, answer);
	l45_wipe(plain, sizeof(plain));
	return opened;
}
