/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The keeper's file: a chain of keys for each module of the rules. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "keeper_wire.h"
#include "layout.h"

#define CHECKS_VERSION 1u
#define CHECKS_MAX L45_TAP_RULES_MAX
#define LOCK_TRIES 500

/* Two copies: a keeper that dies in the middle of a step leaves the one in force whole. */
struct entry {
	uint64_t mod_id; /* 0: free */
	uint64_t turn;   /* chain[turn & 1] is in force */
	struct l45_check_chain chain[2];
};

struct checks_file {
	uint32_t magic, version;
	uint64_t file_bytes;
	char boot[40];
	uint64_t life;
	struct entry entry[CHECKS_MAX];
};

struct l45_checks {
	int lock_fd;
	const struct l45_rules_file *rules;
	struct checks_file *file;
};

static void wipe(void *secret, size_t bytes)
{
	memset(secret, 0, bytes);
	__asm__ __volatile__("" : : "r"(secret) : "memory");
}

static int path_of(char path[4096], const char *folder, const char *name)
{
	return snprintf(path, 4096, "%s/%s", folder, name) >= 4096 ? -ENAMETOOLONG : 0;
}

static void boot_of(char boot[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(boot, 0, 40);
	if (fd < 0)
		return;
	if (read(fd, boot, 36) < 0)
		boot[0] = '\0';
	close(fd);
}

static int lock_folder(const char *folder)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	char path[4096];
	int error = path_of(path, folder, "checks.lock");

	if (error)
		return error;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	for (int attempt = 0; attempt < LOCK_TRIES; attempt++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		nanosleep(&pause, NULL);
	}
	close(fd);
	return -EBUSY;
}

/* Whole under another name first: a keeper that dies meanwhile leaves none, and never half of one. */
static int make_file(const char *folder)
{
	struct checks_file header = {
		.magic = L45_LAYOUT_MAGIC, .version = CHECKS_VERSION, .file_bytes = sizeof(struct checks_file),
	};
	const size_t bytes = offsetof(struct checks_file, entry);
	char path[4096], fresh[4096];
	int error = path_of(path, folder, "checks");

	if (!error)
		error = path_of(fresh, folder, "checks.new");
	if (error)
		return error;
	boot_of(header.boot);
	if (getrandom(&header.life, sizeof(header.life), 0) != (ssize_t)sizeof(header.life))
		return -EIO;
	int fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)sizeof(struct checks_file)) != 0 ||
	    pwrite(fd, &header, bytes, 0) != (ssize_t)bytes)
		error = errno ? -errno : -EIO;
	close(fd);
	if (!error && rename(fresh, path) != 0)
		error = -errno;
	if (error)
		unlink(fresh);
	return error;
}

/* A file of another boot, or one that is none, is made anew: the chains are new then, and their life says so. */
static int open_file(const char *folder, struct checks_file **file)
{
	void *map = NULL;
	char boot[40];

	boot_of(boot);
	for (int attempt = 0; attempt < 2; attempt++) {
		int error = l45_layout_map(folder, "checks", sizeof(**file), 1, &map);

		if (error == 0) {
			*file = map;
			if ((*file)->magic == L45_LAYOUT_MAGIC && (*file)->version == CHECKS_VERSION &&
			    memcmp(boot, (*file)->boot, sizeof(boot)) == 0)
				return 0;
			munmap(map, sizeof(**file));
		} else if (error != -ENOENT && error != -EPROTO) {
			return error;
		}
		error = make_file(folder);
		if (error)
			return error;
	}
	return -EPROTO;
}

int l45_checks_open(const char *folder, struct l45_checks **out)
{
	struct l45_checks *checks = calloc(1, sizeof(*checks));
	void *rules = NULL;
	int error;

	if (!checks)
		return -ENOMEM;
	checks->lock_fd = lock_folder(folder);
	if (checks->lock_fd < 0) {
		error = checks->lock_fd;
		goto err_free;
	}
	error = l45_layout_map(folder, "rules", sizeof(struct l45_rules_file), 0, &rules);
	if (error)
		goto err_lock;
	checks->rules = rules;
	error = -EPROTO;
	if (checks->rules->magic != L45_LAYOUT_MAGIC || checks->rules->version != L45_LAYOUT_VERSION)
		goto err_rules;
	error = open_file(folder, &checks->file);
	if (error)
		goto err_rules;
	*out = checks;
	return 0;

err_rules:
	munmap(rules, sizeof(struct l45_rules_file));
err_lock:
	close(checks->lock_fd);
err_free:
	free(checks);
	return error;
}

void l45_checks_close(struct l45_checks *checks)
{
	if (!checks)
		return;
	munmap(checks->file, sizeof(*checks->file));
	munmap((void *)(uintptr_t)checks->rules, sizeof(*checks->rules));
	close(checks->lock_fd);
	free(checks);
}

uint64_t l45_checks_life(const struct l45_checks *checks)
{
	return checks->file->life;
}

/* A publication that comes in between has the other copy written: looked at again then. */
static int in_rules(const struct l45_checks *checks, uint64_t mod_id)
{
	for (int attempt = 0; attempt < 64; attempt++) {
		const uint64_t sequence = l45_load(&checks->rules->sequence);
		const struct l45_rules_table *table = &checks->rules->table[sequence & 1];
		const uint32_t count = l45_load(&table->count);
		int found = 0;

		for (uint32_t i = 0; sequence && i < count && i < L45_TAP_RULES_MAX && !found; i++)
			found = table->rules[i].rule.mod_id == mod_id;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (l45_load(&checks->rules->sequence) == sequence)
			return found;
	}
	return 0;
}

static struct entry *find(struct l45_checks *checks, uint64_t mod_id)
{
	for (size_t i = 0; i < CHECKS_MAX; i++)
		if (checks->file->entry[i].mod_id == mod_id)
			return &checks->file->entry[i];
	return NULL;
}

static void forget(struct entry *entry)
{
	l45_store(&entry->mod_id, 0);
	wipe(entry, sizeof(*entry));
}

int l45_checks_install(struct l45_checks *checks, uint64_t mod_id, const uint8_t init_key[L45_INIT_KEY_BYTES])
{
	struct l45_check_chain *chain;
	struct entry *entry;

	if (mod_id == 0 || !in_rules(checks, mod_id))
		return -ENOENT;
	for (size_t i = 0; i < CHECKS_MAX; i++)
		if (checks->file->entry[i].mod_id && !in_rules(checks, checks->file->entry[i].mod_id))
			forget(&checks->file->entry[i]);
	entry = find(checks, mod_id);
	if (!entry)
		entry = find(checks, 0);
	if (!entry)
		return -ENOSPC;
	chain = &entry->chain[(entry->turn + 1) & 1];
	*chain = entry->chain[entry->turn & 1];
	l45_check_begin(chain, init_key);
	l45_store(&entry->turn, entry->turn + 1);
	l45_store(&entry->mod_id, mod_id);
	return 0;
}

long l45_checks_respond(struct l45_checks *checks, uint64_t mod_id, const uint8_t *challenge, size_t bytes,
			uint8_t answer[L45_ANSWER_BYTES_MAX])
{
	struct entry *entry = mod_id ? find(checks, mod_id) : NULL;
	uint8_t nonce[L45_AEAD_NONCE_BYTES];
	struct l45_check_chain *chain;
	long result;

	if (mod_id == 0 || !in_rules(checks, mod_id)) {
		if (entry)
			forget(entry);
		return -ENOENT;
	}
	if (!entry)
		return -ENOKEY;
	if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
		return -EIO;
	chain = &entry->chain[(entry->turn + 1) & 1];
	*chain = entry->chain[entry->turn & 1];
	result = l45_check_answer(chain, mod_id, nonce, challenge, bytes, answer, L45_ANSWER_BYTES_MAX);
	if (result > 0)
		l45_store(&entry->turn, entry->turn + 1);
	return result;
}

size_t l45_keeper_serve(struct l45_checks *checks, const uint8_t *bytes, size_t count,
			uint8_t out[L45_KEEPER_MESSAGE_MAX])
{
	struct l45_keeper_reply reply = { .status = -EINVAL, .life = checks->file->life };
	struct l45_keeper_request request;
	size_t left, answered = 0;

	if (count >= sizeof(request)) {
		memcpy(&request, bytes, sizeof(request));
		left = count - sizeof(request);
		if (request.kind == L45_KEEPER_INSTALL && left == L45_INIT_KEY_BYTES)
			reply.status = l45_checks_install(checks, request.mod_id, bytes + sizeof(request));
		else if (request.kind == L45_KEEPER_RESPOND)
			reply.status = l45_checks_respond(checks, request.mod_id, bytes + sizeof(request), left,
							  out + sizeof(reply));
		if (request.kind == L45_KEEPER_RESPOND && reply.status > 0)
			answered = (size_t)reply.status;
	}
	memcpy(out, &reply, sizeof(reply));
	return sizeof(reply) + answered;
}
