// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of one module id. Modules of the same id, in the table, in lists and in what is being built, share
 * them.
 */
#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "l45.h"

static struct hlist_head *slot(struct l45_net *ln, u64 id)
{
	return &ln->tallies[hash_64(id, ilog2(ARRAY_SIZE(ln->tallies)))];
}

/* Under tallies_lock. The last reference may be about to go: such a one is let go, and made anew. */
static struct l45_tally *find(struct l45_net *ln, u64 id)
{
	struct l45_tally *tally;

	hlist_for_each_entry(tally, slot(ln, id), node)
		if (tally->id == id && refcount_inc_not_zero(&tally->refs))
			return tally;
	return NULL;
}

static void release(struct l45_tally *tally)
{
	free_percpu(tally->counts);
	kfree_sensitive(tally); /* the keys of the security check */
}

struct l45_tally *l45_tally_get(struct l45_net *ln, u64 id)
{
	struct l45_tally *found, *made;

	spin_lock_bh(&ln->tallies_lock);
	found = find(ln, id);
	spin_unlock_bh(&ln->tallies_lock);
	if (found)
		return found;
	made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);
	if (!made)
		return NULL;
	made->counts = alloc_percpu_gfp(struct l45_counts, GFP_KERNEL_ACCOUNT);
	if (!made->counts) {
		kfree(made);
		return NULL;
	}
	made->id = id;
	refcount_set(&made->refs, 1);
	mutex_init(&made->check_lock);
	spin_lock_bh(&ln->tallies_lock);
	found = find(ln, id);
	if (!found)
		hlist_add_head(&made->node, slot(ln, id));
	spin_unlock_bh(&ln->tallies_lock);
	if (found)
		release(made);
	return found ?: made;
}

static void release_rcu(struct rcu_head *head)
{
	release(container_of(head, struct l45_tally, rcu));
}

void l45_tally_put(struct l45_net *ln, struct l45_tally *tally)
{
	if (!refcount_dec_and_test(&tally->refs))
		return;
	spin_lock_bh(&ln->tallies_lock);
	hlist_del(&tally->node);
	spin_unlock_bh(&ln->tallies_lock);
	call_rcu(&tally->rcu, release_rcu);
}

void l45_tally_sum(const struct l45_tally *tally, struct l45_counts *sum)
{
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct l45_counts *counts = per_cpu_ptr(tally->counts, cpu);

		sum->messages_sent += READ_ONCE(counts->messages_sent);
		sum->messages_received += READ_ONCE(counts->messages_received);
		sum->bytes_sent += READ_ONCE(counts->bytes_sent);
		sum->bytes_received += READ_ONCE(counts->bytes_received);
		sum->skipped += READ_ONCE(counts->skipped);
		sum->passed_plain += READ_ONCE(counts->passed_plain);
		sum->dropped += READ_ONCE(counts->dropped);
		sum->forged += READ_ONCE(counts->forged);
		sum->sent_ms = max(sum->sent_ms, READ_ONCE(counts->sent_ms));
		sum->received_ms = max(sum->received_ms, READ_ONCE(counts->received_ms));
	}
}

/* To the tick: nobody asks for more of "when last". */
static u64 now_ms(void)
{
	struct timespec64 now;

	ktime_get_coarse_real_ts64(&now);
	return now.tv_sec * MSEC_PER_SEC + now.tv_nsec / NSEC_PER_MSEC;
}

void l45_count_sent(struct l45_tally *tally, u64 messages, u64 bytes)
{
	this_cpu_add(tally->counts->messages_sent, messages);
	this_cpu_add(tally->counts->bytes_sent, bytes);
	this_cpu_write(tally->counts->sent_ms, now_ms());
}

void l45_count_received(struct l45_tally *tally, u64 messages, u64 bytes)
{
	this_cpu_add(tally->counts->messages_received, messages);
	this_cpu_add(tally->counts->bytes_received, bytes);
	this_cpu_write(tally->counts->received_ms, now_ms());
}

void l45_count_odd(struct l45_tally *tally, enum l45_oddity what)
{
	switch (what) {
	case L45_SKIPPED:
		this_cpu_inc(tally->counts->skipped);
		break;
	case L45_PASSED_PLAIN:
		this_cpu_inc(tally->counts->passed_plain);
		break;
	case L45_DROPPED:
		this_cpu_inc(tally->counts->dropped);
		break;
	case L45_FORGED:
		this_cpu_inc(tally->counts->forged);
		break;
	}
}
