// SPDX-License-Identifier: GPL-2.0
/* The security check, as the orchestrator holds it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client.h"

#define CHALLENGE_BYTES (L45_SEAL_BYTES + 8)

static struct client client;
static unsigned char challenge[CHALLENGE_BYTES];
static unsigned char ad[10] = "l45 check";

static int respond(uint64_t module, size_t bytes)
{
	struct request request = request_begin(&client, L45_CMD_RESPOND, NLM_F_ACK);

	request_u64(&request, L45_A_MOD_ID, module);
	request_put(&request, L45_A_CHALLENGE, challenge, bytes);
	return client_call(&client, request);
}

static const struct nlattr *answer_of(void)
{
	return attribute_find(client.answer, client.answer_bytes, L45_A_ANSWER);
}

/* The key that table.c gives a module: its id in every byte. */
static void seal(uint8_t module)
{
	unsigned char key[L45_INIT_KEY_BYTES];

	memset(key, module, sizeof(key));
	memset(challenge, 1, L45_AEAD_NONCE_BYTES);
	ad[9] = L45_CHECK_CHALLENGE;
	l45_aead_seal(key, challenge, ad, sizeof(ad), (const uint8_t *)"\x2f\x53\x18\xc1\xcb\x24\x05\xd2", 8,
		      challenge + L45_AEAD_NONCE_BYTES);
}

static void check_answer(void)
{
	static const unsigned char expected[] = "\x2f\x53\x18\xc1\xcb\x24\x05\xd2\3\0\0\0\0\0\0";
	unsigned char key[L45_INIT_KEY_BYTES], plain[L45_ANSWER_BYTES_MAX], nonce[L45_AEAD_NONCE_BYTES] = "";
	const struct nlattr *answer;
	long bytes = -1;

	memset(key, 3, sizeof(key));
	seal(3);
	check(!respond(3, sizeof(challenge)), "a module answers its challenge", "%s", client.text);
	answer = answer_of();
	ad[9] = L45_CHECK_ANSWER;
	if (answer && answer->nla_len - NLA_HDRLEN == L45_SEAL_BYTES + 16) {
		const unsigned char *data = attribute_data(answer);

		memcpy(nonce, data, sizeof(nonce));
		bytes = l45_aead_open(key, data, ad, sizeof(ad), data + sizeof(nonce), L45_AEAD_TAG_BYTES + 16, plain);
	}
	check(bytes == sizeof(expected) && !memcmp(plain, expected, sizeof(expected)),
	      "the answer is the challenge and the module's id", "%ld bytes", bytes);
	respond(3, sizeof(challenge));
	answer = answer_of();
	check(answer && memcmp(nonce, attribute_data(answer), sizeof(nonce)), "the next answer has another nonce", "%s",
	      client.text);
}

/* Answers a challenge of bytes all plain under key, and takes key one step on. Whether the answer is right. */
static int round_of(uint64_t module, unsigned char key[L45_INIT_KEY_BYTES], unsigned char plain)
{
	unsigned char drawn[8], opened[L45_ANSWER_BYTES_MAX];
	const struct nlattr *answer;
	long bytes = -1;

	memset(drawn, plain, sizeof(drawn));
	memset(challenge, plain, L45_AEAD_NONCE_BYTES);
	ad[9] = L45_CHECK_CHALLENGE;
	l45_aead_seal(key, challenge, ad, sizeof(ad), drawn, sizeof(drawn), challenge + L45_AEAD_NONCE_BYTES);
	if (respond(module, sizeof(challenge)))
		return 0;
	answer = answer_of();
	ad[9] = L45_CHECK_ANSWER;
	if (answer && answer->nla_len - NLA_HDRLEN == L45_SEAL_BYTES + 16) {
		const unsigned char *data = attribute_data(answer);

		bytes = l45_aead_open(key, data, ad, sizeof(ad), data + L45_AEAD_NONCE_BYTES, L45_AEAD_TAG_BYTES + 16,
				      opened);
	}
	if (bytes != 16 || memcmp(opened, drawn, sizeof(drawn)))
		return 0;
	memcpy(opened, key, L45_INIT_KEY_BYTES);
	l45_check_next(opened, module, drawn, sizeof(drawn), key);
	return 1;
}

/* The keys move with each round; a table that changes the module does not take them back. */
static void check_chain(void)
{
	unsigned char key[L45_INIT_KEY_BYTES], before[L45_INIT_KEY_BYTES], first[L45_INIT_KEY_BYTES];
	struct module other = module_make(3);
	unsigned int round, right = 0;

	memset(key, 3, sizeof(key));
	memcpy(first, key, sizeof(first));
	for (round = 0; round < 10000; round++) {
		memcpy(before, key, sizeof(before));
		right += round_of(3, key, (unsigned char)round);
	}
	check(right == 10000, "10,000 challenges, each under the key that the one before made", "%u were answered",
	      right);
	/* The answer to the last one is lost: the orchestrator still has the key of before. */
	memcpy(key, before, sizeof(key));
	check(round_of(3, key, 200) && round_of(3, key, 201), "a lost answer leaves both ends able to go on", "%s",
	      client.text);
	memcpy(before, first, sizeof(before));
	l45_check_next(first, 3, (const unsigned char *)"\0\0\0\0\0\0\0", 8, before);
	check(!round_of(3, before, 1), "a key of long ago opens nothing", "%s", client.text);
	table_begin(&client, 2, 'b', 1);
	other.priority = 77;
	table_add(&client, other);
	table_commit(&client, 2);
	check(round_of(3, key, 202), "a module that changes goes on with its chain", "%s", client.text);
	check(round_of(3, first, 203) && round_of(3, first, 204), "a chain may begin again with the init key", "%s",
	      client.text);
}

void check_respond(void)
{
	struct module keyless = module_make(5);

	keyless.without_key = true;
	client_open(&client);
	table_flush(&client);
	table_begin(&client, 1, 'a', 2);
	table_add(&client, module_make(3));
	table_add(&client, keyless);
	table_commit(&client, 1);
	check_answer();
	respond(3, sizeof(challenge) - 1);
	check_refused(&client, -EMSGSIZE, "35 bytes is outside 36 to 92", "a challenge that is too short");
	respond(4, sizeof(challenge));
	check_refused(&client, -ENOENT, "no module 4", "a challenge to no module");
	respond(5, sizeof(challenge));
	check_refused(&client, -EOPNOTSUPP, "no init key", "a challenge to a module without a key");
	seal(4);
	respond(3, sizeof(challenge));
	check_refused(&client, -EBADMSG, "does not open", "a challenge under another key");
	seal(3);
	challenge[20] ^= 1;
	respond(3, sizeof(challenge));
	check_refused(&client, -EBADMSG, "does not open", "a challenge with a bit changed");
	check_chain();
	table_flush(&client);
	client_close(&client);
}
