/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Readiness: a queue that holds only tag bytes is not readable. The peer's wire is written by hand, tag first. */
#include "conform.h"

#include <sys/epoll.h>
#include <sys/select.h>

struct scene {
	int server, peer;
	uint8_t wire[4000];
	uint8_t plain[2000];
	size_t bytes;
};

static bool scene_begin(struct scene *scene, uint64_t mod)
{
	const int from = listener(AF_INET);
	struct l45_tap_rule rule = rule_stream(mod, BOTH | L45_TAP_SERVER, port_of(from));
	const struct l45_codec codec = codec_of(&rule);
	struct l45_stream_tx tx = { .direction = L45_REQUEST };
	size_t consumed;

	EXPECT(publish(&rule, 1) == 0);
	scene->peer = raw_connect(port_of(from));
	scene->server = accept(from, NULL, NULL);
	EXPECT(scene->server >= 0);
	fill(scene->plain, sizeof(scene->plain), 21);
	scene->bytes = l45_stream_encode(&tx, &codec, scene->plain, sizeof(scene->plain), scene->wire, sizeof(scene->wire),
					 &consumed);
	EXPECT(scene->bytes == 2064);
	return true;
}

/* Asks by one way of waiting: is the server's end readable within ms? */
typedef bool (*readable_within)(struct scene *scene, int ms);

static bool by_poll(struct scene *scene, int ms)
{
	struct pollfd wait = { .fd = scene->server, .events = POLLIN };

	return poll(&wait, 1, ms) == 1 && (wait.revents & POLLIN);
}

static bool by_ppoll(struct scene *scene, int ms)
{
	struct pollfd wait = { .fd = scene->server, .events = POLLIN };
	const struct timespec span = { ms / 1000, ms % 1000 * 1000000L };

	return ppoll(&wait, 1, &span, NULL) == 1;
}

static bool by_select(struct scene *scene, int ms)
{
	struct timeval span = { ms / 1000, ms % 1000 * 1000L };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(scene->server, &set);
	return select(scene->server + 1, &set, NULL, NULL, &span) == 1 && FD_ISSET(scene->server, &set);
}

static bool by_pselect(struct scene *scene, int ms)
{
	const struct timespec span = { ms / 1000, ms % 1000 * 1000000L };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(scene->server, &set);
	return pselect(scene->server + 1, &set, NULL, NULL, &span, NULL) == 1;
}

static int instance;

static bool by_epoll(struct scene *scene, int ms)
{
	struct epoll_event event;

	(void)scene;
	return epoll_wait(instance, &event, 1, ms) == 1 && (event.events & EPOLLIN);
}

static bool tag_only(readable_within ready, struct scene *scene)
{
	uint8_t in[3000];
	const long start = now_ms();

	EXPECT(!ready(scene, 20));
	EXPECT(now_ms() - start >= 19);
	EXPECT(raw_send(scene->peer, scene->wire, 10) == 10); /* part of a tag */
	EXPECT(!ready(scene, 20));
	EXPECT(raw_send(scene->peer, scene->wire + 10, 22) == 22); /* the rest of it */
	const long again = now_ms();

	EXPECT(!ready(scene, 20));
	EXPECT(now_ms() - again >= 19);
	EXPECT(recv(scene->server, in, 10, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	EXPECT(raw_send(scene->peer, scene->wire + 32, 1000) == 1000);
	EXPECT(ready(scene, 2000));
	EXPECT(read(scene->server, in, sizeof(in)) == 1000 && memcmp(in, scene->plain, 1000) == 0);
	EXPECT(raw_send(scene->peer, scene->wire + 1032, 31) == 31);
	EXPECT(!ready(scene, 20));
	EXPECT(raw_send(scene->peer, scene->wire + 1063, 2) == 2);
	EXPECT(ready(scene, 2000));
	EXPECT(read(scene->server, in, sizeof(in)) == 1 && in[0] == scene->plain[1000]);
	raw_syscall(SYS_close, scene->peer, 0, 0, 0, 0, 0);
	EXPECT(ready(scene, 2000)); /* the end is news */
	EXPECT(read(scene->server, in, sizeof(in)) == 0);
	return true;
}

static bool with(readable_within ready, uint64_t mod)
{
	struct scene scene;

	return scene_begin(&scene, mod) && tag_only(ready, &scene);
}

static bool with_poll(void) { return with(by_poll, 501); }
static bool with_ppoll(void) { return with(by_ppoll, 502); }
static bool with_select(void) { return with(by_select, 503); }
static bool with_pselect(void) { return with(by_pselect, 504); }

static bool with_epoll(uint64_t mod, uint32_t events, uint64_t data)
{
	struct scene scene;

	EXPECT(scene_begin(&scene, mod));
	struct epoll_event event = { .events = events, .data = { .u64 = data ? data : (uint64_t)scene.server } };

	instance = epoll_create1(0);
	EXPECT(epoll_ctl(instance, EPOLL_CTL_ADD, scene.server, &event) == 0);
	return tag_only(by_epoll, &scene);
}

static bool epoll_level(void) { return with_epoll(505, EPOLLIN, 0); }
static bool epoll_edge(void) { return with_epoll(506, EPOLLIN | EPOLLET, 0x7fff12345678ull); }

static bool by_epoll_again(struct scene *scene, int ms)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data = { .u64 = 77 } };

	epoll_ctl(instance, EPOLL_CTL_MOD, scene->server, &event);
	return by_epoll(scene, ms);
}

static bool epoll_once(void)
{
	struct scene scene;
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data = { .u64 = 77 } };

	EXPECT(scene_begin(&scene, 507));
	instance = epoll_create1(0);
	EXPECT(epoll_ctl(instance, EPOLL_CTL_ADD, scene.server, &event) == 0);
	return tag_only(by_epoll_again, &scene);
}

/* Edge-triggered, as nginx reads: until a read comes short, and then not before the next event. */
static bool epoll_edge_bulk(void)
{
	struct pair pair;
	const size_t bytes = 5000000;
	uint8_t *out = malloc(bytes), *in = malloc(bytes);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET | EPOLLRDHUP, .data = { .ptr = &pair } };
	pthread_t thread;
	size_t done = 0;

	EXPECT(out && in && tcp_pair(&pair, AF_INET, rule_stream(508, BOTH, 0)));
	fill(out, bytes, 22);
	fcntl(pair.server, F_SETFL, O_NONBLOCK);
	instance = epoll_create1(0);
	EXPECT(epoll_ctl(instance, EPOLL_CTL_ADD, pair.server, &event) == 0);
	struct sender sender = { .fd = pair.client, .data = out, .bytes = bytes };

	EXPECT(pthread_create(&thread, NULL, send_in_thread, &sender) == 0);
	while (done < bytes) {
		EXPECT(epoll_wait(instance, &event, 1, 5000) == 1 && event.data.ptr == &pair);
		for (;;) {
			const size_t want = bytes - done < 16384 ? bytes - done : 16384;
			const ssize_t got = want ? read(pair.server, in + done, want) : 0;

			if (got <= 0)
				break;
			done += (size_t)got;
			if ((size_t)got < want)
				break; /* short: drained */
		}
	}
	pthread_join(thread, NULL);
	EXPECT(memcmp(in, out, bytes) == 0);
	return true;
}

static bool writable_too(void)
{
	struct scene scene;

	EXPECT(scene_begin(&scene, 509));
	EXPECT(raw_send(scene.peer, scene.wire, 32) == 32);
	struct pollfd wait = { .fd = scene.server, .events = POLLIN | POLLOUT };

	EXPECT(poll(&wait, 1, 1000) == 1 && wait.revents == POLLOUT);
	struct pollfd both[2] = { { .fd = scene.server, .events = POLLIN }, { .fd = STDOUT_FILENO, .events = POLLOUT } };

	EXPECT(poll(both, 2, 1000) == 1 && both[0].revents == 0 && (both[1].revents & POLLOUT));
	EXPECT(poll(&wait, 1, 0) == 1 && poll(both, 1, 0) == 0);
	return true;
}

static void nothing(int signal)
{
	(void)signal;
}

struct knock {
	pthread_t whom;
	int peer;
	const void *data;
	size_t bytes;
};

static void *knock_then_send(void *argument)
{
	struct knock *knock = argument;
	struct pollfd none = { .fd = -1 };

	poll(&none, 1, 50);
	pthread_kill(knock->whom, SIGUSR1);
	poll(&none, 1, 50);
	raw_send(knock->peer, knock->data, knock->bytes);
	return NULL;
}

static bool signals(void)
{
	struct scene scene;
	struct sigaction action = { .sa_handler = nothing };
	struct knock knock;
	pthread_t thread;
	char in[3000];

	EXPECT(scene_begin(&scene, 510));
	knock = (struct knock){ pthread_self(), scene.peer, scene.wire, scene.bytes };
	EXPECT(sigaction(SIGUSR1, &action, NULL) == 0);
	EXPECT(pthread_create(&thread, NULL, knock_then_send, &knock) == 0);
	EXPECT(read(scene.server, in, sizeof(in)) == -1 && errno == EINTR);
	pthread_join(thread, NULL);
	EXPECT(read(scene.server, in, 2000) == 2000);
	/* With SA_RESTART the read goes on by itself. */
	EXPECT(scene_begin(&scene, 511));
	knock = (struct knock){ pthread_self(), scene.peer, scene.wire, scene.bytes };
	action.sa_flags = SA_RESTART;
	EXPECT(sigaction(SIGUSR1, &action, NULL) == 0);
	EXPECT(pthread_create(&thread, NULL, knock_then_send, &knock) == 0);
	EXPECT(read(scene.server, in, sizeof(in)) == 2000 && memcmp(in, scene.plain, 2000) == 0);
	pthread_join(thread, NULL);
	return true;
}

static bool receive_timeout(void)
{
	struct scene scene;
	const struct timeval soon = { 0, 40000 };
	char in[10];

	EXPECT(scene_begin(&scene, 512));
	EXPECT(setsockopt(scene.server, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)) == 0);
	EXPECT(raw_send(scene.peer, scene.wire, 32) == 32);
	const long start = now_ms();

	EXPECT(read(scene.server, in, sizeof(in)) == -1 && errno == EAGAIN && now_ms() - start >= 35);
	return true;
}

const struct check wait_checks[] = {
	{ "wait: poll, tag bytes alone are not readable", with_poll },
	{ "wait: ppoll", with_ppoll },
	{ "wait: select", with_select },
	{ "wait: pselect", with_pselect },
	{ "wait: epoll, level-triggered", epoll_level },
	{ "wait: epoll, edge-triggered, data is a pointer", epoll_edge },
	{ "wait: epoll, one shot", epoll_once },
	{ "wait: epoll, edge-triggered, 5 MB read as nginx reads", epoll_edge_bulk },
	{ "wait: writable while not readable, others ready", writable_too },
	{ "wait: EINTR, and SA_RESTART", signals },
	{ "wait: SO_RCVTIMEO", receive_timeout },
	{ NULL, NULL },
};
