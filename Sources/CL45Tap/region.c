/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The tap folder and its two files: made, locked and mapped by the agent; mapped by tapped processes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap_handle.h"

int l45_layout_map(const char *folder, const char *name, size_t bytes, int writable, void **map)
{
	char path[4096];
	struct stat st;
	int length = snprintf(path, sizeof(path), "%s/%s", folder, name);
	int error = 0;

	if (length < 0 || (size_t)length >= sizeof(path))
		return -ENAMETOOLONG;
	int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0)
		error = -errno;
	else if ((uint64_t)st.st_size != bytes)
		error = -EPROTO;
	if (error == 0) {
		*map = mmap(NULL, bytes, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
		if (*map == MAP_FAILED)
			error = -errno;
	}
	close(fd);
	return error;
}

static void read_boot(char boot[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(boot, 0, 40);
	if (fd < 0)
		return;
	ssize_t count = read(fd, boot, 36);

	if (count < 0)
		boot[0] = '\0';
	close(fd);
}

/* Makes the file whole under another name first: a process that starts meanwhile finds none, or a good one. */
static int make_file(const char *folder, const char *name, size_t bytes, const void *header, size_t header_bytes)
{
	char path[4096], fresh[4096];

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path) ||
	    snprintf(fresh, sizeof(fresh), "%s/%s.new", folder, name) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	int fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)bytes) != 0 || pwrite(fd, header, header_bytes, 0) != (ssize_t)header_bytes)
		error = errno ? -errno : -EIO;
	close(fd);
	if (error == 0 && rename(fresh, path) != 0)
		error = -errno;
	if (error)
		unlink(fresh);
	return error;
}

static int open_rules(const char *folder, struct l45_rules_file **rules)
{
	struct l45_rules_file *header = calloc(1, sizeof(*header));
	void *map = NULL;

	if (!header)
		return -ENOMEM;
	int error = l45_layout_map(folder, "rules", sizeof(**rules), 1, &map);

	if (error == -ENOENT) {
		header->magic = L45_LAYOUT_MAGIC;
		header->version = L45_LAYOUT_VERSION;
		header->file_bytes = sizeof(**rules);
		error = make_file(folder, "rules", sizeof(**rules), header, offsetof(struct l45_rules_file, table));
		if (error == 0)
			error = l45_layout_map(folder, "rules", sizeof(**rules), 1, &map);
	}
	free(header);
	if (error)
		return error;
	*rules = map;
	if ((*rules)->magic == L45_LAYOUT_MAGIC && (*rules)->version == L45_LAYOUT_VERSION &&
	    (*rules)->file_bytes == sizeof(**rules))
		return 0;
	munmap(map, sizeof(**rules));
	return -EPROTO;
}

static int make_state(const char *folder)
{
	/* All of it, so that it is one: memory that is not touched costs nothing. */
	struct l45_state_file *header = calloc(1, sizeof(*header));

	if (!header)
		return -ENOMEM;
	header->magic = L45_LAYOUT_MAGIC;
	header->version = L45_LAYOUT_VERSION;
	header->file_bytes = sizeof(struct l45_state_file);
	read_boot(header->boot);
	int error = 0;

	if (getrandom(header->peer_key, sizeof(header->peer_key), 0) != (ssize_t)sizeof(header->peer_key))
		error = -EIO;
	if (error == 0)
		error = make_file(folder, "state", sizeof(struct l45_state_file), header,
				  offsetof(struct l45_state_file, processes));
	free(header);
	return error;
}

static int open_state(const char *folder, struct l45_state_file **state)
{
	void *map = NULL;
	char boot[40];

	for (int attempt = 0; attempt < 2; attempt++) {
		int error = l45_layout_map(folder, "state", sizeof(**state), 1, &map);

		if (error == 0) {
			*state = map;
			if ((*state)->magic != L45_LAYOUT_MAGIC || (*state)->version != L45_LAYOUT_VERSION ||
			    (*state)->file_bytes != sizeof(**state)) {
				munmap(map, sizeof(**state));
				return -EPROTO;
			}
			read_boot(boot);
			if (memcmp(boot, (*state)->boot, sizeof(boot)) == 0)
				return 0;
			/* The machine has been started anew: every socket and process in it is gone. */
			munmap(map, sizeof(**state));
			error = -ENOENT;
		}
		if (error != -ENOENT)
			return error;
		error = make_state(folder);
		if (error)
			return error;
	}
	return -EPROTO;
}

int l45_tap_open(const char *folder, struct l45_tap **out)
{
	char path[4096];
	struct l45_tap *tap = calloc(1, sizeof(*tap));
	int error = 0;

	if (!tap)
		return -ENOMEM;
	tap->lock_fd = -1;
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		error = -errno;
	else if (snprintf(path, sizeof(path), "%s/lock", folder) >= (int)sizeof(path))
		error = -ENAMETOOLONG;
	if (error)
		goto err_free;
	tap->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (tap->lock_fd < 0) {
		error = -errno;
		goto err_free;
	}
	if (flock(tap->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		error = errno == EWOULDBLOCK ? -EBUSY : -errno;
		goto err_lock;
	}
	error = open_rules(folder, &tap->rules);
	if (error)
		goto err_lock;
	error = open_state(folder, &tap->state);
	if (error)
		goto err_rules;
	*out = tap;
	return 0;

err_rules:
	munmap(tap->rules, sizeof(*tap->rules));
err_lock:
	close(tap->lock_fd);
err_free:
	free(tap);
	return error;
}

void l45_tap_close(struct l45_tap *tap)
{
	if (!tap)
		return;
	munmap(tap->state, sizeof(*tap->state));
	munmap(tap->rules, sizeof(*tap->rules));
	/* Said, since a child that was just forked has the same open file until it executes. */
	flock(tap->lock_fd, LOCK_UN);
	close(tap->lock_fd);
	free(tap);
}
