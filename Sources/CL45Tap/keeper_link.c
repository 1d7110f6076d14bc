/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The agent's hold on its keeper: a child process, and a socket pair to it. */
#define _GNU_SOURCE
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper_wire.h"

#define SILENCE_SECONDS 5
#define END_TRIES 200

struct l45_keeper {
	int fd;
	pid_t pid;
};

/* The child gets the socket as its standard input, and nothing else of ours: all other descriptors close at exec. */
static int spawn(const char *program, const char *folder, int fd, pid_t *pid)
{
	char *const arguments[] = { (char *)(uintptr_t)"l45tap-keeper", (char *)(uintptr_t)folder, NULL };
	char *const environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return -error;
	error = posix_spawnattr_init(&attributes);
	if (error)
		goto err_actions;
	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawn_file_actions_adddup2(&actions, fd, 0);
	if (!error)
		error = posix_spawnattr_setsigmask(&attributes, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(&attributes, &all);
	/* A group of its own: what a terminal sends the agent is the agent's, and the keeper ends after it. */
	if (!error)
		error = posix_spawnattr_setpgroup(&attributes, 0);
	if (!error)
		error = posix_spawnattr_setflags(
			&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	if (!error)
		error = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
err_actions:
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

int l45_keeper_start(const char *program, const char *folder, struct l45_keeper **out)
{
	const struct timeval silence = { .tv_sec = SILENCE_SECONDS };
	struct l45_keeper *keeper = calloc(1, sizeof(*keeper));
	int pair[2], error;

	if (!keeper)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		error = -errno;
		free(keeper);
		return error;
	}
	error = spawn(program, folder, pair[1], &keeper->pid);
	close(pair[1]);
	if (!error && (setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence)) != 0 ||
		       setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof(silence)) != 0))
		error = -errno;
	keeper->fd = pair[0];
	if (error && keeper->pid > 0) {
		l45_keeper_stop(keeper);
		return error;
	}
	if (error) {
		close(pair[0]);
		free(keeper);
		return error;
	}
	*out = keeper;
	return 0;
}

void l45_keeper_stop(struct l45_keeper *keeper)
{
	const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
	pid_t ended = 0;

	if (!keeper)
		return;
	close(keeper->fd);
	for (int attempt = 0; attempt < END_TRIES && ended == 0; attempt++) {
		ended = waitpid(keeper->pid, NULL, WNOHANG);
		if (ended == 0)
			nanosleep(&pause, NULL);
	}
	if (ended == 0) {
		kill(keeper->pid, SIGKILL);
		waitpid(keeper->pid, NULL, 0);
	}
	free(keeper);
}

/* Returns the reply's status; an answer of that many bytes is in answer. */
static long ask(struct l45_keeper *keeper, enum l45_keeper_kind kind, uint64_t mod_id, const uint8_t *payload,
		size_t bytes, uint8_t answer[L45_ANSWER_BYTES_MAX], uint64_t *life)
{
	const struct l45_keeper_request request = { .kind = (uint8_t)kind, .mod_id = mod_id };
	uint8_t message[L45_KEEPER_MESSAGE_MAX];
	struct l45_keeper_reply reply;
	ssize_t count;

	if (bytes > sizeof(message) - sizeof(request))
		return -EMSGSIZE;
	memcpy(message, &request, sizeof(request));
	memcpy(message + sizeof(request), payload, bytes);
	if (send(keeper->fd, message, sizeof(request) + bytes, MSG_NOSIGNAL) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -EPIPE;
	do
		count = recv(keeper->fd, message, sizeof(message), 0);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -EPIPE;
	if ((size_t)count < sizeof(reply))
		return -EPIPE;
	memcpy(&reply, message, sizeof(reply));
	if (life)
		*life = reply.life;
	if (reply.status <= 0)
		return (long)reply.status;
	if (!answer || (size_t)reply.status != (size_t)count - sizeof(reply) || reply.status > L45_ANSWER_BYTES_MAX)
		return -EPIPE;
	memcpy(answer, message + sizeof(reply), (size_t)reply.status);
	return (long)reply.status;
}

int l45_keeper_install(struct l45_keeper *keeper, uint64_t mod_id, const uint8_t init_key[L45_INIT_KEY_BYTES])
{
	return (int)ask(keeper, L45_KEEPER_INSTALL, mod_id, init_key, L45_INIT_KEY_BYTES, NULL, NULL);
}

long l45_keeper_respond(struct l45_keeper *keeper, uint64_t mod_id, const uint8_t *challenge, size_t bytes,
			uint8_t answer[L45_ANSWER_BYTES_MAX], uint64_t *life)
{
	return ask(keeper, L45_KEEPER_RESPOND, mod_id, challenge, bytes, answer, life);
}
