/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The process's own copy of the rule table, its codecs prepared once. A call that uses it stands in a section: it is
 * counted in the process's slot under the sequence that it works by, so that the agent can prove that nobody works by
 * an older table any more, and so that an older copy is not freed under it.
 */
#include "preload.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "raw.h"

static struct l45_lock build_lock;
static struct rules *current;

void rules_lock(void)
{
	lock_take(&build_lock, false);
}

void rules_unlock(void)
{
	lock_give(&build_lock);
}

static uint32_t *inflight(uint64_t sequence)
{
	return &tap.state->processes[tap.slot].inflight[sequence % L45_INFLIGHT_SLOTS];
}

/* Does any call stand in a section of another sequence than this one? */
static bool others_inside(uint64_t sequence)
{
	for (uint64_t i = 0; i < L45_INFLIGHT_SLOTS; i++)
		if (i != sequence % L45_INFLIGHT_SLOTS && l45_load(inflight(i)) != 0)
			return true;
	return false;
}

static void survey(struct rules *rules)
{
	uint64_t udp = 0, tcp = 0;

	for (uint32_t i = 0; i < rules->count; i++) {
		const struct l45_tap_rule *rule = &rules->rule[i].entry.rule;

		if (!l45_match_name(rule->process, names_process()))
			continue;
		if (rule->protocol == 17)
			udp = 1;
		else
			tcp = 1;
	}
	__atomic_store_n(&rules->may_match[0], udp, __ATOMIC_RELAXED);
	__atomic_store_n(&rules->may_match[1], tcp, __ATOMIC_RELAXED);
}

void rules_name_changed(void)
{
	rules_lock();
	if (current)
		survey(current);
	rules_unlock();
}

/* Copies the table that is in force as a whole, or returns NULL: it moved on meanwhile, or there is no memory. */
static struct rules *build(uint64_t sequence)
{
	const struct l45_rules_table *table = &tap.rules->table[sequence & 1];
	const uint32_t count = l45_load(&table->count);

	if (count > L45_TAP_RULES_MAX)
		return NULL;
	const size_t bytes = sizeof(struct rules) + count * sizeof(struct prepared_rule);
	const long made = raw_syscall(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (made < 0 && made > -4096)
		return NULL;
	struct rules *rules = (struct rules *)made;

	for (uint32_t i = 0; i < count; i++)
		rules->rule[i].entry = table->rules[i];
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (tap_sequence() != sequence) {
		raw_syscall(SYS_munmap, made, (long)bytes, 0, 0, 0, 0);
		return NULL;
	}
	rules->sequence = sequence;
	rules->count = count;
	rules->bytes = (uint32_t)bytes;
	for (uint32_t i = 0; i < count; i++) {
		const struct l45_tap_rule *rule = &rules->rule[i].entry.rule;

		/* The publisher has checked it; a rule that cannot be prepared all the same serves as a monitor. */
		if (rule->dialect.kind != L45_MONITOR && l45_codec_prepare(&rules->rule[i].codec, &rule->dialect) != 0)
			rules->rule[i].entry.rule.dialect.kind = L45_MONITOR;
	}
	survey(rules);
	return rules;
}

static void retire(struct rules *old, uint64_t sequence)
{
	static struct rules *retired;

	/* A copy goes at the second change after it was in use, and only when no call stands in an older section. */
	if (!others_inside(sequence)) {
		while (retired) {
			struct rules *next = retired->retired;

			raw_syscall(SYS_munmap, (long)retired, retired->bytes, 0, 0, 0, 0);
			retired = next;
		}
	}
	if (old) {
		old->retired = retired;
		retired = old;
	}
}

static const struct rules *copy_of(uint64_t sequence)
{
	struct rules *found = l45_load(&current);

	if (l45_likely(found && found->sequence == sequence))
		return found;
	if (lock_take(&build_lock, false) < 0)
		return NULL; /* a signal handler inside a build: this one call goes untapped */
	found = current;
	if (!found || found->sequence < sequence) {
		struct rules *made = build(sequence);

		if (made) {
			l45_store(&current, made);
			retire(found, sequence);
		}
		found = made;
	}
	lock_give(&build_lock);
	return found && found->sequence == sequence ? found : NULL;
}

const struct rules *rules_enter(uint64_t *sequence)
{
	/* Bounded: each round needs another publication to have come in between, or memory to be short. */
	for (int attempt = 0; attempt < 64; attempt++) {
		const uint64_t now = tap_sequence();

		if (now == 0 || !tap.state)
			return NULL;
		__atomic_fetch_add(inflight(now), 1, __ATOMIC_SEQ_CST);
		if (l45_likely(tap_sequence() == now)) {
			const struct rules *rules = copy_of(now);

			if (l45_likely(rules != NULL)) {
				*sequence = now;
				return rules;
			}
		}
		__atomic_fetch_sub(inflight(now), 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

void rules_leave(uint64_t sequence)
{
	__atomic_fetch_sub(inflight(sequence), 1, __ATOMIC_RELEASE);
}
