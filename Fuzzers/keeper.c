/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The keeper of the user-space tap under any bytes from its socket: there is a reply of the right form to each, no answer to what was not
 * sealed under the module's key, and the module's own chain goes on. */
#define _GNU_SOURCE
#include <unistd.h>

#include "fuzz.h"
#include "l45_checks.h"

static const uint8_t challenge_ad[10] = "l45 check";
static uint8_t key[L45_INIT_KEY_BYTES] = {9};
static struct l45_checks *checks;

static void begin(void)
{
	char folder[] = "/tmp/l45-fuzz-XXXXXX", digest[L45_TAP_DIGEST_BYTES + 1], path[64];
	struct l45_tap_rule rule = { .mod_id = 7, .protocol = 17, .state = L45_TAP_ACTIVE };
	static const char *const files[] = {"rules", "state", "lock", "checks", "checks.lock"};
	struct l45_tap *tap;
	size_t i;

	memset(digest, 'a', L45_TAP_DIGEST_BYTES);
	digest[L45_TAP_DIGEST_BYTES] = '\0';
	CHECK(mkdtemp(folder) != NULL && l45_tap_open(folder, &tap) == 0);
	CHECK(l45_tap_publish(tap, 1, digest, &rule, 1) == 0);
	CHECK(l45_checks_open(folder, &checks) == 0);
	CHECK(l45_checks_install(checks, 7, key) == 0 && l45_checks_install(checks, 8, key) == -ENOENT);
	l45_tap_close(tap);
	/* Mapped, they are not needed by name. */
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t challenge[L45_SEAL_BYTES + L45_CHALLENGE_BYTES_MIN], answer[L45_ANSWER_BYTES_MAX], next[sizeof(key)];
	uint8_t plain[L45_CHALLENGE_BYTES_MIN] = {0}, request[L45_KEEPER_MESSAGE_MAX], reply[L45_KEEPER_MESSAGE_MAX];
	const size_t bytes = size < sizeof(request) ? size : sizeof(request);
	int64_t status;

	if (!checks)
		begin();
	memcpy(request, data, bytes);
	/* Half of the inputs are for the module that there is; the init_key of a module may be given anew, not changed. */
	if (bytes >= 16 && request[1] & 1) {
		memset(request + 8, 0, 8);
		request[8] = 7;
		if (request[0] == 1)
			request[0] = 2;
	}
	if (bytes >= 16 && request[0] == 1 && request[8] == 7 && memcmp(request + 9, "\0\0\0\0\0\0\0", 7) == 0)
		return 0;
	CHECK(l45_keeper_serve(checks, request, bytes, reply) == 16);
	memcpy(&status, reply, sizeof(status));
	CHECK(status < 0);
	memset(plain, size ? data[0] : 0, sizeof(plain));
	memset(challenge, 5, L45_AEAD_NONCE_BYTES);
	l45_aead_seal(key, challenge, challenge_ad, sizeof(challenge_ad), plain, sizeof(plain),
		      challenge + L45_AEAD_NONCE_BYTES);
	CHECK(l45_checks_respond(checks, 7, challenge, sizeof(challenge), answer) == (long)sizeof(challenge) + 8);
	l45_check_next(key, 7, plain, sizeof(plain), next);
	memcpy(key, next, sizeof(key));
	return 0;
}
