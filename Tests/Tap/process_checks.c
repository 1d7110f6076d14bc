/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Sockets shared, passed on and fought over. */
#include "conform.h"

#include <spawn.h>

extern char **environ;

static bool dup_shared(void)
{
	struct pair pair;
	static uint8_t out[9000], in[9000];

	fill(out, sizeof(out), 31);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(601, BOTH, 0)));
	const int copies[3] = { pair.client, dup(pair.client), fcntl(pair.client, F_DUPFD_CLOEXEC, 100) };

	for (int i = 0; i < 9; i++)
		EXPECT(write(copies[i % 3], out + i * 1000, 1000) == 1000);
	close(copies[0]);
	EXPECT(dup2(copies[1], 90) == 90);
	close(copies[1]);
	EXPECT(read_all(pair.server, in, sizeof(in)) == sizeof(in) && memcmp(in, out, sizeof(in)) == 0);
	EXPECT(write(90, out, 500) == 500 && write(copies[2], out + 500, 500) == 500);
	EXPECT(read_all(pair.server, in, 1000) == 1000 && memcmp(in, out, 1000) == 0);
	EXPECT(module_of(601).sockets == 1);
	close(90);
	EXPECT(module_of(601).sockets == 1);
	close(copies[2]);
	EXPECT(module_of(601).sockets == 0);
	return true;
}

static bool fork_shared(void)
{
	struct pair pair;
	static uint8_t out[20000], in[20000];
	int turn[2], back[2];
	char token = 0;

	fill(out, sizeof(out), 32);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(602, BOTH, 0)) && pipe(turn) == 0 && pipe(back) == 0);
	EXPECT(write(pair.client, out, 700) == 700);
	const pid_t child = fork();

	if (child == 0) {
		for (size_t at = 700; at + 1400 <= sizeof(out) && read(turn[0], &token, 1) == 1; at += 1400)
			if (write(pair.client, out + at, 700) != 700 || write(back[1], &token, 1) != 1)
				_exit(1);
		_exit(0);
	}
	size_t at = 700;

	for (; at + 1400 <= sizeof(out); at += 1400) {
		EXPECT(write(turn[1], &token, 1) == 1 && read(back[0], &token, 1) == 1);
		EXPECT(write(pair.client, out + at + 700, 700) == 700);
		/* The reader may change in mid-frame too. */
		EXPECT(read_all(pair.server, in + at - 700, 1400) == 1400);
	}
	EXPECT(join_status(child) == 0);
	EXPECT(read_all(pair.server, in + at - 700, 700) == 700 && memcmp(in, out, at) == 0);
	EXPECT(module_of(602).bytes_sent == at);
	return true;
}

int exec_child(int argc, char **argv);
int exec_child(int argc, char **argv)
{
	char in[2000];

	if (argc < 3)
		return 1;
	const int fd = atoi(argv[2]);

	/* Reads where its former image stopped, in the middle of a frame, and answers. */
	if (recv(fd, in, 1500, MSG_WAITALL) != 1500)
		return 2;
	return write(fd, in, 1500) == 1500 ? 0 : 3;
}

static bool exec_shared(void)
{
	struct pair pair;
	static uint8_t out[2000], in[2000];

	fill(out, sizeof(out), 33);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(603, BOTH, 0)));
	EXPECT(write_all(pair.client, out, 2000));
	const pid_t child = fork();

	if (child == 0) {
		char number[16], seen[500];

		if (read(pair.server, seen, 500) != 500)
			_exit(9);
		snprintf(number, sizeof(number), "%d", pair.server);
		execl("/proc/self/exe", program, "--exec-child", number, (char *)NULL);
		_exit(10);
	}
	close(pair.server);
	EXPECT(join_status(child) == 0);
	EXPECT(read_all(pair.client, in, 1500) == 1500 && memcmp(in, out + 500, 1500) == 0);
	return true;
}

static bool spawn_shared(void)
{
	struct pair pair;
	static uint8_t out[1500], in[1500];
	char number[16];
	pid_t child;

	/* As inetd does, and by vfork: the parent's own table must not suffer. */
	fill(out, sizeof(out), 34);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(604, BOTH, 0)));
	snprintf(number, sizeof(number), "%d", pair.server);
	char *const arguments[] = { (char *)program, "--exec-child", number, NULL };

	EXPECT(posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ) == 0);
	close(pair.server);
	EXPECT(write_all(pair.client, out, 1500));
	EXPECT(read_all(pair.client, in, 1500) == 1500 && memcmp(in, out, 1500) == 0);
	EXPECT(join_status(child) == 0);
	return true;
}

static bool vfork_closes(void)
{
	struct pair pair;
	char in[10];

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(605, BOTH, 0)));
	EXPECT(write(pair.client, "a", 1) == 1 && read(pair.server, in, 10) == 1);
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
	const pid_t child = vfork();
#pragma clang diagnostic pop

	if (child == 0) {
		close(pair.client);
		close(pair.server);
		_exit(0);
	}
	EXPECT(join_status(child) == 0);
	EXPECT(write(pair.client, "b", 1) == 1 && read(pair.server, in, 10) == 1 && in[0] == 'b');
	EXPECT(module_of(605).bytes_sent == 2 && module_of(605).sockets == 1);
	return true;
}

static bool pass(int over, int fd)
{
	char byte = 'f', control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(over, &message, 0) == 1;
}

static int passed(int over)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(over, &message, 0) != 1)
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static bool descriptor_passing(void)
{
	struct pair pair;
	static uint8_t out[3000], in[3000];
	int over[2];

	fill(out, sizeof(out), 35);
	EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, over) == 0);
	const pid_t child = fork(); /* before the sockets are there: it can have them by passing alone */

	if (child == 0) {
		const int fd = passed(over[1]);
		char seen[2000];

		if (fd < 0 || read_all(fd, seen, 2000) != 2000)
			_exit(1);
		_exit(write_all(fd, seen, 2000) ? 0 : 2);
	}
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(606, BOTH, 0)));
	EXPECT(write_all(pair.client, out, 2500) && read_all(pair.server, in, 500) == 500);
	EXPECT(pass(over[0], pair.server));
	close(pair.server); /* for a while nobody holds it */
	EXPECT(read_all(pair.client, in, 2000) == 2000 && memcmp(in, out + 500, 2000) == 0);
	EXPECT(join_status(child) == 0);
	return true;
}

struct writer {
	int fd, id;
	bool ok;
};

static void *write_records(void *argument)
{
	struct writer *writer = argument;
	uint8_t record[333];

	memset(record, writer->id, sizeof(record));
	writer->ok = true;
	for (int i = 0; i < 500; i++)
		writer->ok &= write(writer->fd, record, sizeof(record)) == (ssize_t)sizeof(record);
	return NULL;
}

static bool threads(void)
{
	struct pair pair;
	struct writer writers[4];
	pthread_t ids[4];
	int counts[5] = { 0 };
	uint8_t in[333];

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(607, BOTH, 0)));
	for (int i = 0; i < 4; i++) {
		writers[i] = (struct writer){ pair.client, i + 1, false };
		EXPECT(pthread_create(&ids[i], NULL, write_records, &writers[i]) == 0);
	}
	for (int i = 0; i < 2000; i++) {
		EXPECT(recv(pair.server, in, sizeof(in), MSG_WAITALL) == (ssize_t)sizeof(in));
		EXPECT(in[0] >= 1 && in[0] <= 4);
		for (size_t k = 1; k < sizeof(in); k++)
			EXPECT(in[k] == in[0]);
		counts[in[0]]++;
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(ids[i], NULL);
		EXPECT(writers[i].ok && counts[i + 1] == 500);
	}
	return true;
}

static void *close_it(void *argument)
{
	struct pollfd none = { .fd = -1 };

	poll(&none, 1, 50);
	shutdown(*(int *)argument, SHUT_RDWR);
	close(*(int *)argument);
	return NULL;
}

static bool closed_elsewhere(void)
{
	struct pair pair;
	pthread_t thread;
	char in[10];

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(608, BOTH, 0)));
	EXPECT(pthread_create(&thread, NULL, close_it, &pair.server) == 0);
	EXPECT(read(pair.server, in, sizeof(in)) == 0);
	pthread_join(thread, NULL);
	EXPECT(module_of(1608).sockets == 0 && read(pair.server, in, 1) == -1 && errno == EBADF);
	return true;
}

static bool peer_killed(void)
{
	static uint8_t out[100000], in[100000];
	struct pair pair;

	fill(out, sizeof(out), 36);
	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(609, BOTH, 0)));
	const pid_t child = fork();

	if (child == 0) {
		close(pair.server);
		if (!write_all(pair.client, out, sizeof(out)))
			_exit(1);
		raise(SIGKILL);
	}
	close(pair.client);
	EXPECT(read_all(pair.server, in, sizeof(in)) == sizeof(in) && memcmp(in, out, sizeof(out)) == 0);
	EXPECT(join_status(child) == 128 + SIGKILL && read(pair.server, in, 1) == 0);
	EXPECT(module_of(609).sockets == 0 && module_of(1609).sockets == 1);
	return true;
}

static bool sender_killed_in_send(void)
{
	struct pair pair;
	const size_t bytes = 30000000;
	uint8_t *out = calloc(1, bytes);

	EXPECT(out && tcp_pair(&pair, AF_INET, rule_stream(610, BOTH, 0)));
	const pid_t child = fork();

	if (child == 0) {
		write_all(pair.client, out, bytes); /* nobody reads: it sleeps in send, with the stream's lock */
		_exit(1);
	}
	struct pollfd wait = { .fd = pair.client, .events = POLLOUT };

	/* Until the child has filled the socket. */
	for (int i = 0; i < 5000 && poll(&wait, 1, 0) == 1; i++)
		poll(NULL, 0, 1);
	poll(NULL, 0, 20);
	kill(child, SIGKILL);
	EXPECT(join_status(child) == 128 + SIGKILL);
#ifdef L45_KERNEL_TAP
	/* The kernel knows how many of its bytes went: the stream goes on in step. */
	struct sender sender = { .fd = pair.client, .data = out, .bytes = 100000, .close_after = true };
	pthread_t thread;
	uint8_t in[4096];
	size_t got = 0;
	ssize_t step;

	EXPECT(pthread_create(&thread, NULL, send_in_thread, &sender) == 0);
	while ((step = read(pair.server, in, sizeof(in))) > 0) {
		EXPECT(memcmp(in, out, (size_t)step) == 0);
		got += (size_t)step;
	}
	pthread_join(thread, NULL);
	EXPECT(step == 0 && sender.ok && got > 100000);
#else
	/* Nobody knows how many of its bytes went: better an error than a stream that is out of step. */
	EXPECT(write(pair.client, out, 1) == -1 && errno == ECONNRESET);
#endif
	return true;
}

static bool fork_while_busy(void)
{
	struct pair pair;
	struct writer writer;
	pthread_t thread;
	uint8_t in[333];

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(611, BOTH, 0)));
	writer = (struct writer){ pair.client, 1, false };
	EXPECT(pthread_create(&thread, NULL, write_records, &writer) == 0);
	for (int i = 0; i < 500; i++) {
		if (i % 25 == 0) {
			const pid_t child = fork();

			if (child == 0) {
				const int fd = socket(AF_INET, SOCK_DGRAM, 0);

				_exit(fd >= 0 && close(fd) == 0 ? 0 : 1);
			}
			EXPECT(join_status(child) == 0);
		}
		EXPECT(recv(pair.server, in, sizeof(in), MSG_WAITALL) == (ssize_t)sizeof(in));
	}
	pthread_join(thread, NULL);
	EXPECT(writer.ok);
	return true;
}

static bool ranges(void)
{
	struct pair pair;

	EXPECT(tcp_pair(&pair, AF_INET, rule_stream(612, BOTH, 0)));
	EXPECT(dup2(pair.client, 200) == 200 && dup2(pair.server, 201) == 201);
	close(pair.client);
	close(pair.server);
	EXPECT(module_of(612).sockets == 1);
	EXPECT(syscall(436 /* close_range */, 200, 201, 0) == 0);
	EXPECT(module_of(612).sockets == 0 && fcntl(200, F_GETFD) == -1);
	return true;
}

const struct check process_checks[] = {
	{ "process: dup, dup2, fcntl share a stream", dup_shared },
	{ "process: fork, parent and child write by turns", fork_shared },
	{ "process: exec in the middle of a frame", exec_shared },
	{ "process: spawned as inetd does, the parent closes at once", spawn_shared },
	{ "process: a vfork child's close is its own", vfork_closes },
	{ "process: a descriptor passed over a Unix socket", descriptor_passing },
	{ "process: four threads write records to one stream", threads },
	{ "process: closed by another thread while read", closed_elsewhere },
	{ "process: the peer is killed, what it wrote arrives", peer_killed },
	{ "process: a sender killed inside send breaks the stream, hangs nobody", sender_killed_in_send },
	{ "process: fork while another thread sends", fork_while_busy },
	{ "process: close_range", ranges },
	{ NULL, NULL },
};
