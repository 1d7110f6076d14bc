// SPDX-License-Identifier: GPL-2.0
/*
 * How a stream begins, and which codecs it has. A dialect is attached when the connection is opened and never to one
 * that has begun plain: there is no frame boundary to switch at. The end that connected may speak from its first byte;
 * the end that accepted answers in kind.
 */
#include <linux/rcupdate.h>

#include "tcp_internal.h"

/* Is the module for this end of the connection? */
static bool on_our_end(const struct l45_tcp_sock *tcp, const struct l45_module *module)
{
	return module->codec.dialect.kind == L45_STREAM && l45_is_server(module) == (tcp->opened == L45_ACCEPTED);
}

static struct l45_module *sender(const struct l45_tcp_sock *tcp, const struct l45_list *list)
{
	u16 i;

	for (i = 0; list && i < list->count; i++)
		if (on_our_end(tcp, list->module[i]) && l45_may_send(list->module[i], L45_STREAM))
			return list->module[i];
	return NULL;
}

/* What a stream could read before. */
struct readers {
	u8 count;
	struct l45_module *module[L45_CODECS_MAX];
};

/* Adds a codec unless the list has it or is full. Returns its place, or -1. Takes a reference of its own. */
static int add(struct l45_tcp_sock *tcp, struct l45_module *module)
{
	int i;

	for (i = 0; i < tcp->rx_count; i++)
		if (!memcmp(tcp->rx_codecs[i], &module->codec, sizeof(module->codec)))
			return i;
	if (tcp->rx_count == L45_CODECS_MAX)
		return -1;
	l45_module_get(module);
	tcp->rx_modules[i] = module;
	tcp->rx_codecs[i] = &module->codec;
	return tcp->rx_count++;
}

/*
 * What the stream could read before it can read on, revoked or not, as far as there is room: tags in it may still be in
 * the queue, and a sender that has been silent since leaves by a tag of the codec that it last spoke. The codec of the
 * last frame is sure of its place.
 */
static void choose_readers(struct l45_tcp_sock *tcp, const struct l45_list *list)
{
	struct readers before = { .count = tcp->rx_count };
	u8 last = tcp->rx.codec < tcp->rx_count ? tcp->rx.codec : 0;
	int place = 0;
	u16 i;

	memcpy(before.module, tcp->rx_modules, sizeof(before.module));
	tcp->rx_count = 0;
	if (tcp->rx_module && before.count)
		place = add(tcp, before.module[last]);
	for (i = 0; list && i < list->count; i++)
		if (on_our_end(tcp, list->module[i]) && l45_may_read(list->module[i], L45_STREAM))
			add(tcp, list->module[i]);
	for (i = 0; i < before.count; i++)
		add(tcp, before.module[i]);
	tcp->rx.codec = place < 0 ? 0 : place;
	for (i = 0; i < before.count; i++)
		l45_module_put(before.module[i]);
}

static u32 watchers_delay(const struct l45_tcp_sock *tcp, const struct l45_list *list)
{
	const bool accepted = tcp->opened == L45_ACCEPTED;
	u16 i;

	for (i = 0; list && i < list->count; i++)
		if (l45_only_delays(list->module[i]) && l45_is_server(list->module[i]) == accepted)
			return list->module[i]->delay_us;
	return 0;
}

static void choose(struct l45_tcp_sock *tcp, const struct l45_list *list)
{
	WRITE_ONCE(tcp->watched, list && list->watched);
	WRITE_ONCE(tcp->delay_us, watchers_delay(tcp, list));
	if (tcp->opened == L45_OPEN_BEFORE || tcp->opened == L45_LISTENS)
		return;
	l45_tcp_set_module(&tcp->send, sender(tcp, list));
	if (tcp->send)
		WRITE_ONCE(tcp->delay_us, tcp->send->delay_us);
	choose_readers(tcp, list);
	tcp->in_kind = tcp->tx.mode == L45_UNDECIDED && tcp->opened == L45_ACCEPTED && tcp->send &&
		       (tcp->send->flags & L45_F_REQUESTS);
}

void l45_tcp_choose(struct l45_sock *ctx)
{
	const struct l45_list *list;

	rcu_read_lock();
	list = rcu_dereference(ctx->list);
	choose(ctx->tcp, list);
	ctx->tcp->chosen = list;
	rcu_read_unlock();
}

void l45_tcp_forget(struct l45_tcp_sock *tcp)
{
	l45_tcp_set_module(&tcp->send, NULL);
	l45_tcp_set_module(&tcp->tx_module, NULL);
	l45_tcp_set_module(&tcp->rx_module, NULL);
	while (tcp->rx_count)
		l45_module_put(tcp->rx_modules[--tcp->rx_count]);
}

/* The module that wants what arrives plain to be dropped; NULL: none does. */
static struct l45_module *enforcer(const struct l45_tcp_sock *tcp, const struct l45_list *list)
{
	u16 i;

	for (i = 0; list && list->enforces && i < list->count; i++) {
		struct l45_module *module = list->module[i];

		if ((module->flags & L45_F_ENFORCE) && on_our_end(tcp, module) && l45_may_read(module, L45_STREAM))
			return module;
	}
	return NULL;
}

static void opened_plain(struct l45_sock *ctx)
{
	struct l45_tcp_sock *tcp = ctx->tcp;
	struct l45_module *module;
	u8 i;

	rcu_read_lock();
	module = tcp->rx_count ? enforcer(tcp, rcu_dereference(ctx->list)) : NULL;
	if (module)
		l45_count_odd(module->tally, L45_DROPPED);
	rcu_read_unlock();
	WRITE_ONCE(tcp->rx.mode, module ? L45_BROKEN : L45_PLAIN);
	for (i = 0; !module && i < tcp->rx_count; i++)
		l45_count_odd(tcp->rx_modules[i]->tally, L45_PASSED_PLAIN);
}

/*
 * 1 to 3 bytes that could open a tag: a sender hands a tag and what follows to TCP at once, so a segment that ends a
 * write (it carries PSH) inside the identification is no tag, and one that does not is followed by more. No timer is
 * needed, and no byte of a plain stream waits for one.
 */
bool l45_tcp_settle(struct l45_sock *ctx)
{
	struct l45_tcp_sock *tcp = ctx->tcp;
	const struct sock *sk = ctx->sk;
	enum l45_opening opening;
	u8 head[L45_TAG_BYTES_MAX];
	bool pushed;
	u32 count;

	if (tcp->rx.mode != L45_UNDECIDED)
		return true;
	l45_tcp_refresh(ctx);
	count = l45_tcp_head(sk, head, sizeof(head), &pushed);
	if (!count)
		return false;
	opening = l45_stream_opening(tcp->rx_codecs, tcp->rx_count, tcp->rx.direction, head, count);
	if (opening == L45_OPENING_MORE && !pushed && !(sk->sk_shutdown & RCV_SHUTDOWN) && sk->sk_state != TCP_CLOSE)
		return false;
	if (opening == L45_OPENING_FRAMED)
		WRITE_ONCE(tcp->rx.mode, L45_FRAMED);
	else
		opened_plain(ctx);
	return true;
}

void l45_tcp_answer_in_kind(struct l45_sock *ctx)
{
	struct l45_tcp_sock *tcp = ctx->tcp;

	if (!tcp->in_kind || tcp->tx.mode != L45_UNDECIDED)
		return;
	l45_tcp_settle(ctx);
	if (tcp->rx.mode != L45_FRAMED)
		WRITE_ONCE(tcp->tx.mode, L45_PLAIN);
	tcp->in_kind = false;
}
