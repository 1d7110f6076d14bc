/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The security check of the user-space tap. A module there is a rule in shared memory and the library that works by it,
 * in programs that come and go: none of them can be asked. Its keeper answers: a small process of its own, started by the
 * agent and talked to over one socket pair, so that what answers a challenge is not the agent that relays it.
 *
 * The keeper answers for modules in the rules in force and for no other. Chains of keys (l45_core.h) are kept in the file
 * "checks" of the tap folder, so that they outlive agent and keeper; a boot ends them, as it ends rules' processes.
 * Who has the agent's user can read that file, as it can read the rules: user space has no better place.
 */
#ifndef L45_CHECKS_H
#define L45_CHECKS_H

#include "l45_tap.h"

/* ---- the keeper's side ---- */

struct l45_checks;

/*
 * Opens the tap folder for answering; one keeper at a time: waits for one that is on its way out, 5 s at most.
 * 0; -EBUSY another one stays; -EPROTO files of another version; -errno.
 */
int l45_checks_open(const char *folder, struct l45_checks **checks);
void l45_checks_close(struct l45_checks *checks);

/* Drawn when the chains begin: another one says that all of them are new. */
uint64_t l45_checks_life(const struct l45_checks *checks);

/*
 * Gives a module of the rules in force its init_key; the same one again leaves its chain as it is. Chains of modules that
 * are no longer in the rules go. 0; -ENOENT it is not in the rules; -ENOSPC.
 */
int l45_checks_install(struct l45_checks *checks, uint64_t mod_id, const uint8_t init_key[L45_INIT_KEY_BYTES]);

/*
 * Answers a challenge, as l45_check_answer. Returns the answer's bytes; -ENOENT the module is not in the rules in force;
 * -ENOKEY it has no key yet; -EMSGSIZE, -EBADMSG as there; -EIO no random numbers.
 */
long l45_checks_respond(struct l45_checks *checks, uint64_t mod_id, const uint8_t *challenge, size_t bytes,
			uint8_t answer[L45_ANSWER_BYTES_MAX]);

/* One request of the agent's, answered into reply. Returns its bytes: there is an answer to any bytes. */
#define L45_KEEPER_MESSAGE_MAX 256
size_t l45_keeper_serve(struct l45_checks *checks, const uint8_t *request, size_t bytes,
			uint8_t reply[L45_KEEPER_MESSAGE_MAX]);

/* ---- the agent's side ---- */

struct l45_keeper;

/* Starts program (l45tap-keeper) for the folder. 0, or -errno. It ends with the handle, and with the agent. */
int l45_keeper_start(const char *program, const char *folder, struct l45_keeper **keeper);
void l45_keeper_stop(struct l45_keeper *keeper);

/* As l45_checks_install and l45_checks_respond; -EPIPE the keeper is gone, -ETIMEDOUT it says nothing for 5 s. */
int l45_keeper_install(struct l45_keeper *keeper, uint64_t mod_id, const uint8_t init_key[L45_INIT_KEY_BYTES]);
long l45_keeper_respond(struct l45_keeper *keeper, uint64_t mod_id, const uint8_t *challenge, size_t bytes,
			uint8_t answer[L45_ANSWER_BYTES_MAX], uint64_t *life);

#endif
