// SPDX-License-Identifier: GPL-2.0
/* What is known of tapped streams from outside: counters, and the streams that speak a module's dialect. */
#include <linux/jiffies.h>
#include <linux/rcupdate.h>

#include "tcp_internal.h"

/* Places are read under RCU by l45_tcp_survey: a module outlives its last reference by a grace period. */
void l45_tcp_set_module(struct l45_module **place, struct l45_module *module)
{
	struct l45_module *before = *place;

	if (before == module)
		return;
	if (module)
		l45_module_get(module);
	WRITE_ONCE(*place, module);
	if (before)
		l45_module_put(before);
}

void l45_tcp_count_watchers(const struct l45_sock *ctx, bool outgoing, u64 bytes)
{
	const struct l45_list *list;
	u16 i;

	rcu_read_lock();
	list = rcu_dereference(ctx->list);
	for (i = 0; list && list->watched && i < list->count; i++) {
		struct l45_module *module = list->module[i];

		if (!l45_watches(module))
			continue;
		if (outgoing)
			l45_count_sent(module->tally, 1, bytes);
		else
			l45_count_received(module->tally, 1, bytes);
	}
	rcu_read_unlock();
}

void l45_tcp_modes(const struct l45_sock *ctx, u8 *tx, u8 *rx)
{
	*tx = READ_ONCE(ctx->tcp->tx.mode);
	*rx = READ_ONCE(ctx->tcp->rx.mode);
}

/*
 * Does a direction still speak the dialect of a module that is on its way out? Until its frame is another's, or it has
 * been still for a while (a send that sleeps is not still): a silent direction needs no module of the table, for the
 * stream keeps the codecs it had.
 */
#define STILL_JIFFIES (2 * HZ)

static bool speaks(const struct l45_module *spoken, const struct l45_list *list, bool busy, unsigned long moved)
{
	u16 i;

	if (busy || time_before(jiffies, moved + STILL_JIFFIES))
		return true;
	for (i = 0; list && i < list->count; i++)
		if (list->module[i]->id == spoken->id)
			return list->module[i]->state == L45_STATE_ACTIVE;
	return false;
}

static bool left_plain(const struct l45_tcp_sock *tcp, const struct l45_module *module)
{
	if (module->codec.dialect.kind != L45_STREAM || module->state == L45_STATE_DEACTIVATED ||
	    tcp->opened == L45_LISTENS)
		return false;
	return (l45_carries(module, true) && READ_ONCE(tcp->tx.mode) == L45_PLAIN) ||
	       (l45_carries(module, false) && READ_ONCE(tcp->rx.mode) == L45_PLAIN);
}

static void survey(const struct l45_sock *ctx)
{
	const struct l45_tcp_sock *tcp = ctx->tcp;
	const struct l45_list *list = rcu_dereference(ctx->list);
	const struct l45_module *tx = READ_ONCE(tcp->tx_module), *rx = READ_ONCE(tcp->rx_module);
	u16 i;

	if (tx && (READ_ONCE(tcp->tx.mode) != L45_FRAMED ||
		   !speaks(tx, list, READ_ONCE(tcp->tx_busy), READ_ONCE(tcp->tx_moved))))
		tx = NULL;
	if (rx && (READ_ONCE(tcp->rx.mode) != L45_FRAMED || !speaks(rx, list, false, READ_ONCE(tcp->rx_moved))))
		rx = NULL;
	if (tx)
		atomic_inc(&tx->tally->streams_in_dialect);
	if (rx && (!tx || rx->id != tx->id))
		atomic_inc(&rx->tally->streams_in_dialect);
	for (i = 0; list && i < list->count; i++) {
		const struct l45_module *module = list->module[i];

		if ((!tx || tx->id != module->id) && (!rx || rx->id != module->id) && left_plain(tcp, module))
			atomic_inc(&module->tally->streams_left_plain);
	}
}

void l45_tcp_survey(struct l45_net *ln)
{
	struct l45_tally *tally;
	struct l45_sock *ctx;
	int i;

	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(ln->tallies); i++) {
		hlist_for_each_entry_rcu(tally, &ln->tallies[i], node) {
			atomic_set(&tally->streams_in_dialect, 0);
			atomic_set(&tally->streams_left_plain, 0);
		}
	}
	spin_lock_bh(&ln->socks_lock);
	list_for_each_entry(ctx, &ln->socks, node)
		if (ctx->sk->sk_protocol == IPPROTO_TCP)
			survey(ctx);
	spin_unlock_bh(&ln->socks_lock);
	rcu_read_unlock();
}
