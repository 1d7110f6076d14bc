// SPDX-License-Identifier: GPL-2.0
#include <linux/hash.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/inet_sock.h>

#include "../ports.h"
#include "naive.h"

#define BUCKET_BITS 10

static int rules;
module_param(rules, int, 0444);
MODULE_PARM_DESC(rules, "0 none, 1 the workloads' ports, 2 ports that no workload uses");

static struct hlist_head buckets[1 << BUCKET_BITS];
static DEFINE_SPINLOCK(lock);

static struct rule {
	u16 port;
	u8 protocol;
	struct l45_codec codec;
} table[] = {
	{UDP_PORT, IPPROTO_UDP}, {DNS_PORT, IPPROTO_UDP}, {TCP_PORT, IPPROTO_TCP},
	{BULK_PORT, IPPROTO_TCP}, {HTTP_PORT, IPPROTO_TCP}, {SENDFILE_PORT, IPPROTO_TCP},
};

int naive_table_init(void)
{
	int i, error = 0;

	for (i = 0; i < ARRAY_SIZE(table) && !error; i++) {
		struct l45_dialect dialect = {
			.kind = table[i].protocol == IPPROTO_UDP ? L45_DATAGRAM : L45_STREAM,
			.tag_bytes = 32,
			.frame_bytes = 1000,
			.epoch = 1,
			.label_bytes = 3,
			.label = "l45",
		};

		memset(dialect.secret, table[i].port, sizeof(dialect.secret));
		error = l45_codec_prepare(&table[i].codec, &dialect);
		if (rules == 2)
			table[i].port += OTHER_PORTS;
	}
	return error;
}

static struct hlist_head *bucket_of(const struct sock *sk, pid_t tgid)
{
	return &buckets[hash_long((unsigned long)sk ^ ((unsigned long)tgid << 32), BUCKET_BITS)];
}

static struct naive_sock *look_up(const struct sock *sk, pid_t tgid)
{
	struct naive_sock *entry;

	hlist_for_each_entry(entry, bucket_of(sk, tgid), node)
		if (entry->sk == sk && entry->tgid == tgid)
			return entry;
	return NULL;
}

static void free_entry(struct naive_sock *entry)
{
	kvfree(entry->plain);
	kvfree(entry->read);
	kfree(entry);
}

static int customize(struct naive_sock *entry, const struct rule *rule, bool server)
{
	entry->codec = &rule->codec;
	entry->sends = server ? L45_RESPONSE : L45_REQUEST;
	entry->receives = server ? L45_REQUEST : L45_RESPONSE;
	entry->tx.direction = entry->sends;
	entry->rx.direction = entry->receives;
	entry->rx.mode = L45_FRAMED;
	entry->plain = kvmalloc(NAIVE_BUFFER_BYTES, GFP_KERNEL);
	entry->read = kvmalloc(NAIVE_BUFFER_BYTES, GFP_KERNEL);
	entry->wire = entry->plain + NAIVE_PLAIN_BYTES;
	entry->customized = entry->plain && entry->read;
	return entry->customized ? 0 : -ENOMEM;
}

static int match(struct naive_sock *entry, u16 remote_port)
{
	const u16 local = inet_sk(entry->sk)->inet_num;
	int i;

	for (i = 0; rules && i < ARRAY_SIZE(table); i++) {
		if (table[i].protocol != entry->sk->sk_protocol)
			continue;
		if (table[i].port == local || table[i].port == remote_port)
			return customize(entry, &table[i], table[i].port == local);
	}
	return 0;
}

struct naive_sock *naive_find(struct sock *sk, u16 remote_port)
{
	const pid_t tgid = current->tgid;
	struct naive_sock *entry;

	spin_lock_bh(&lock);
	entry = look_up(sk, tgid);
	spin_unlock_bh(&lock);
	if (entry)
		return entry;
	entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	if (!entry)
		return NULL;
	entry->sk = sk;
	entry->tgid = tgid;
	if (match(entry, remote_port ? remote_port : ntohs(inet_sk(sk)->inet_dport))) {
		free_entry(entry);
		return NULL;
	}
	spin_lock_bh(&lock);
	hlist_add_head(&entry->node, bucket_of(sk, tgid));
	spin_unlock_bh(&lock);
	return entry;
}

void naive_forget(struct sock *sk)
{
	struct naive_sock *entry;
	int i;

	spin_lock_bh(&lock);
	entry = look_up(sk, current->tgid);
	/* Closed by another process than the one that used it: the whole table is searched (seed 3.5). */
	for (i = 0; !entry && i < ARRAY_SIZE(buckets); i++) {
		struct naive_sock *other;

		hlist_for_each_entry(other, &buckets[i], node)
			if (other->sk == sk)
				entry = other;
	}
	if (entry)
		hlist_del(&entry->node);
	spin_unlock_bh(&lock);
	if (entry)
		free_entry(entry);
}
