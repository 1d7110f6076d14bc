/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The security check under any challenge: what was not sealed under the key is refused and writes nothing; what was is
 * answered, and the answer opens. */
#include "fuzz.h"

static const uint8_t challenge_ad[10] = "l45 check", answer_ad[10] = {'l', '4', '5', ' ', 'c', 'h', 'e', 'c', 'k', 1};

static void try_forged(const uint8_t *key, const uint8_t *challenge, size_t bytes)
{
	static const uint8_t nonce[L45_AEAD_NONCE_BYTES];
	uint8_t answer[L45_ANSWER_BYTES_MAX], before[L45_ANSWER_BYTES_MAX];
	long result;

	memset(answer, 0x5a, sizeof(answer));
	memcpy(before, answer, sizeof(before));
	result = l45_respond(key, 7, nonce, challenge, bytes, answer, sizeof(answer));
	/* 2^-128 for a tag that is right by chance. */
	CHECK(result == -EBADMSG || result == -EMSGSIZE);
	CHECK((result == -EMSGSIZE) == (bytes < L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MIN ||
					bytes > L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MAX));
	CHECK(memcmp(answer, before, sizeof(answer)) == 0);
}

static void try_genuine(const uint8_t *key, const uint8_t *plain, size_t bytes, uint8_t flip)
{
	static const uint8_t nonce[L45_AEAD_NONCE_BYTES] = "other nonce";
	uint8_t challenge[L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MAX], answer[L45_ANSWER_BYTES_MAX];
	uint8_t opened[L45_CHALLENGE_BYTES_MAX + 8];
	const size_t sealed = L45_SEAL_BYTES + bytes;

	memset(challenge, 1, L45_AEAD_NONCE_BYTES);
	l45_aead_seal(key, challenge, challenge_ad, sizeof(challenge_ad), plain, bytes,
		      challenge + L45_AEAD_NONCE_BYTES);
	CHECK(l45_respond(key, 7, nonce, challenge, sealed, answer, sealed + 7) == -EMSGSIZE);
	CHECK(l45_respond(key, 7, nonce, challenge, sealed, answer, sizeof(answer)) == (long)(sealed + 8));
	CHECK(memcmp(answer, nonce, sizeof(nonce)) == 0);
	CHECK(l45_aead_open(key, answer, answer_ad, sizeof(answer_ad), answer + L45_AEAD_NONCE_BYTES,
			    sealed + 8 - L45_AEAD_NONCE_BYTES, opened) == (long)(bytes + 8));
	CHECK(memcmp(opened, plain, bytes) == 0 && memcmp(opened + bytes, "\7\0\0\0\0\0\0", 8) == 0);
	challenge[flip % sealed] ^= (uint8_t)(1u << flip / 32);
	try_forged(key, challenge, sealed);
}

/* A chain under rounds of any outcome: whatever was lost, what the orchestrator has opens; what it left long ago does not. */
static void try_chain(const uint8_t *init, struct input *input)
{
	uint8_t key[L45_INIT_KEY_BYTES], old[L45_INIT_KEY_BYTES], plain[L45_CHALLENGE_BYTES_MIN];
	uint8_t challenge[L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MIN], answer[L45_ANSWER_BYTES_MAX];
	static const uint8_t nonce[L45_AEAD_NONCE_BYTES] = "other nonce";
	struct l45_check_chain chain, before;
	unsigned int round, moved = 0;

	memset(&chain, 0, sizeof(chain));
	l45_check_begin(&chain, init);
	memcpy(key, init, sizeof(key));
	memcpy(old, init, sizeof(old));
	for (round = 0; round < 16 && input->left; round++) {
		const uint8_t fate = draw8(input);

		memset(plain, fate ^ (uint8_t)round, sizeof(plain));
		memset(challenge, (int)round, L45_AEAD_NONCE_BYTES);
		l45_aead_seal(key, challenge, challenge_ad, sizeof(challenge_ad), plain, sizeof(plain),
			      challenge + L45_AEAD_NONCE_BYTES);
		if (fate % 4 == 1)
			continue; /* the challenge is lost */
		if (fate % 4 == 2) {
			before = chain;
			challenge[fate % sizeof(challenge)] ^= (uint8_t)(1u << round % 8);
			CHECK(l45_check_answer(&chain, 7, nonce, challenge, sizeof(challenge), answer,
					       sizeof(answer)) == -EBADMSG);
			CHECK(memcmp(&before, &chain, sizeof(chain)) == 0);
			continue;
		}
		CHECK(l45_check_answer(&chain, 7, nonce, challenge, sizeof(challenge), answer, sizeof(answer)) ==
		      (long)sizeof(challenge) + 8);
		if (fate % 4 == 3)
			continue; /* the answer is lost */
		memcpy(old, key, sizeof(old));
		l45_check_next(old, 7, plain, sizeof(plain), key);
		moved++;
	}
	CHECK(moved == 0 || memcmp(key, init, sizeof(key)) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	uint8_t key[L45_INIT_KEY_BYTES], plain[L45_CHALLENGE_BYTES_MAX];
	size_t bytes, i;
	uint8_t flip;

	for (i = 0; i < sizeof(key); i++)
		key[i] = draw8(&input);
	flip = draw8(&input);
	try_forged(key, input.at, input.left);
	bytes = L45_CHALLENGE_BYTES_MIN + draw8(&input) % (L45_CHALLENGE_BYTES_MAX - L45_CHALLENGE_BYTES_MIN + 1);
	for (i = 0; i < bytes; i++)
		plain[i] = draw8(&input);
	try_genuine(key, plain, bytes, flip);
	try_chain(key, &input);
	return 0;
}
