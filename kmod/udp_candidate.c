// SPDX-License-Identifier: GPL-2.0
/*
 * Candidates: datagram sockets that only modules for the connecting end could want, of programs that have not spoken
 * yet to anyone whom such a module names. The connecting end speaks first, so there is nothing to decode before: such
 * a socket has no context, but a shared struct proto that looks where each message goes, and taps the socket when it
 * goes to a module's remote. A program that opens a socket for each query, to others, pays for a look instead of a
 * context.
 *
 * The protos are static, and a candidate's record is found by its socket, under the lock of a bucket: nobody else has
 * a pointer to it, and it goes at once.
 */
#include <linux/hash.h>
#include <linux/skmsg.h>
#include <linux/slab.h>

#include "udp.h"

#define BUCKET_BITS 8

struct candidate {
	struct hlist_node node;
	struct sock *sk;       /* not referenced: its close forgets the candidate */
	struct l45_net *ln;
	u64 born;              /* the round in which it was opened */
	char process[L45_TASK_NAME_BYTES];
};

static struct bucket {
	spinlock_t lock; /* of the list */
	struct hlist_head candidates;
} buckets[1 << BUCKET_BITS];

static struct kmem_cache *candidates_cache;
static struct proto candidate4, candidate6;

bool l45_is_candidate(const struct sock *sk)
{
	const struct proto *proto = READ_ONCE(sk->sk_prot);

	return proto == &candidate4 || proto == &candidate6;
}

static const struct proto *stock_of(const struct sock *sk)
{
	return sk->sk_family == AF_INET6 ? l45_stock.udp6 : l45_stock.udp;
}

static struct bucket *bucket_of(const struct sock *sk)
{
	return &buckets[hash_ptr(sk, BUCKET_BITS)];
}

/* Under the bucket's lock. */
static struct candidate *find(const struct bucket *bucket, const struct sock *sk)
{
	struct candidate *candidate;

	hlist_for_each_entry(candidate, &bucket->candidates, node)
		if (candidate->sk == sk)
			return candidate;
	return NULL;
}

void l45_candidate_forget(struct sock *sk)
{
	struct bucket *bucket = bucket_of(sk);
	struct candidate *candidate;

	spin_lock(&bucket->lock);
	candidate = find(bucket, sk);
	if (candidate)
		hlist_del(&candidate->node);
	spin_unlock(&bucket->lock);
	if (candidate)
		kmem_cache_free(candidates_cache, candidate);
}

/* Back to stock code. Socket lock held. */
static void drop(struct sock *sk)
{
	if (!l45_is_candidate(sk))
		return;
	WRITE_ONCE(sk->sk_prot, (struct proto *)stock_of(sk));
	l45_candidate_forget(sk);
}

/* Socket lock held. False: no memory. */
static bool become(struct sock *sk, struct l45_net *ln, u64 born)
{
	struct candidate *candidate = kmem_cache_alloc(candidates_cache, GFP_KERNEL | __GFP_NOWARN);
	struct bucket *bucket = bucket_of(sk);

	if (!candidate)
		return false;
	candidate->sk = sk;
	candidate->ln = ln;
	candidate->born = born;
	memcpy(candidate->process, current->group_leader->comm, sizeof(candidate->process));
	spin_lock(&bucket->lock);
	hlist_add_head(&candidate->node, &bucket->candidates);
	spin_unlock(&bucket->lock);
	WRITE_ONCE(sk->sk_prot, sk->sk_family == AF_INET6 ? &candidate6 : &candidate4);
	return true;
}

/* Whether nothing of the module can matter before the socket's own program has spoken to one of its remotes. */
static bool may_wait(const struct l45_module *module)
{
	return !l45_is_server(module) && module->remotes && !(module->flags & L45_F_ENFORCE) && !l45_watches(module);
}

enum need { NEED_NONE, NEED_LATER, NEED_NOW };

static enum need need(const struct l45_table *table, const struct l45_self *self)
{
	enum need need = NEED_NONE;
	u32 i;

	for (i = 0; i < table->count; i++) {
		const struct l45_module *module = table->module[i];

		if (need == NEED_LATER && may_wait(module))
			continue;
		if (!l45_match_self(module, self))
			continue;
		if (!may_wait(module))
			return NEED_NOW;
		need = NEED_LATER;
	}
	return need;
}

void l45_udp_open(struct sock *sk, struct l45_net *ln, u16 port)
{
	const struct l45_table *table;
	enum need found = NEED_NONE;
	struct l45_self self;
	enum l45_refusal why;
	int entered;

	/* Who takes the table away waits for us, and then drops what we made. */
	entered = l45_enter(ln);
	table = srcu_dereference(ln->table, &ln->calls);
	if (table) {
		l45_self_of(&self, sk, current->group_leader->comm, current->comm, table->round);
		self.any_thread = true;
		if (port)
			self.port = port;
		found = need(table, &self);
	}
	if (found == NEED_LATER && l45_is_candidate(sk))
		found = NEED_NONE;
	/* A refusal is told, and so is it that there is no memory. */
	if (found == NEED_LATER && (l45_refusal_of(sk) || !become(sk, ln, self.born)))
		found = NEED_NOW;
	if (found == NEED_NOW)
		l45_attach_bind(sk, ln, port, &why);
	l45_leave(ln, entered);
}

/* Whether a module of the table in force is for whom this message goes to. */
static bool concerns(const struct sock *sk, const struct msghdr *msg)
{
	const struct l45_table *table;
	struct l45_peer_end peer;
	bool found = false;
	u32 i;

	rcu_read_lock();
	table = rcu_dereference(l45_net(sock_net(sk))->table);
	if (!table || !l45_udp_destination(sk, msg, &peer) || !(table->udp_peers & l45_port_bit(peer.port)))
		goto out;
	for (i = 0; i < table->count && !found; i++)
		found = table->module[i]->protocol == IPPROTO_UDP && !l45_is_server(table->module[i]) &&
			l45_match_remote(table->module[i], &peer.address, peer.port);
out:
	rcu_read_unlock();
	return found;
}

/* By the name of the program that opened it, and of the thread that speaks now (seed 2.2.2). */
static void tap(struct sock *sk)
{
	struct bucket *bucket = bucket_of(sk);
	struct candidate candidate = {};
	const struct candidate *found;
	enum l45_refusal why;
	int error;

	lock_sock(sk);
	if (!l45_is_candidate(sk))
		goto out;
	spin_lock(&bucket->lock);
	found = find(bucket, sk);
	if (found)
		candidate = *found;
	spin_unlock(&bucket->lock);
	if (WARN_ON_ONCE(!candidate.ln))
		goto out;
	error = l45_attach_born(sk, candidate.ln, candidate.process, current->comm, candidate.born, &why);
	/* It must not be tapped, or cannot; that is told, once. No module for it: one of another thread may be. */
	if (error && error != -ENOENT)
		drop(sk);
out:
	release_sock(sk);
}

/* The proto of a candidate that has just been looked at: its context's, or the stock one. */
static const struct proto *next_of(const struct sock *sk)
{
	const struct proto *proto = READ_ONCE(sk->sk_prot);

	return proto == &candidate4 || proto == &candidate6 ? stock_of(sk) : proto;
}

static int candidate_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	int sent;

	l45_come();
	if (unlikely(concerns(sk, msg)))
		tap(sk);
	sent = next_of(sk)->sendmsg(sk, msg, len);
	l45_go();
	return sent;
}

#ifdef MSG_SENDPAGE_NOTLAST
static int candidate_sendpage(struct sock *sk, struct page *page, int offset, size_t bytes, int flags)
{
	const struct msghdr to_the_peer = {};
	int sent;

	l45_come();
	if (unlikely(concerns(sk, &to_the_peer)))
		tap(sk);
	sent = next_of(sk)->sendpage(sk, page, offset, bytes, flags);
	l45_go();
	return sent;
}
#endif

static void candidate_close(struct sock *sk, long timeout)
{
	l45_come();
	lock_sock(sk);
	drop(sk);
	release_sock(sk);
	READ_ONCE(sk->sk_prot)->close(sk, timeout);
	l45_go();
}

/* Stock code would put the IPv4 proto in ours' place. */
static int candidate_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval, unsigned int optlen)
{
	int error;

	l45_come();
	if (level == SOL_IPV6 && optname == IPV6_ADDRFORM) {
		lock_sock(sk);
		drop(sk);
		release_sock(sk);
	}
	error = next_of(sk)->setsockopt(sk, level, optname, optval, optlen);
	l45_go();
	return error;
}

#ifdef CONFIG_BPF_SYSCALL
/* A sockmap takes the socket, with the lock held: it goes back to stock code, and so it does when the map lets go. */
static int candidate_psock(struct sock *sk, struct sk_psock *psock, bool restore)
{
	const struct proto *stock = stock_of(sk);

	drop(sk);
	psock->sk_proto = (struct proto *)stock;
	return stock->psock_update_sk_prot ? stock->psock_update_sk_prot(sk, psock, restore) : -EOPNOTSUPP;
}
#endif

void l45_candidates_drop(const struct l45_net *ln)
{
	struct candidate *candidate;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(buckets); i++) {
		struct bucket *bucket = &buckets[i];
		struct sock *sk;

		do {
			sk = NULL;
			spin_lock(&bucket->lock);
			hlist_for_each_entry(candidate, &bucket->candidates, node) {
				if (candidate->ln != ln)
					continue;
				sk = candidate->sk;
				sock_hold(sk);
				break;
			}
			spin_unlock(&bucket->lock);
			if (sk) {
				lock_sock(sk);
				drop(sk);
				release_sock(sk);
				sock_put(sk);
			}
			cond_resched();
		} while (sk);
	}
}

static void derive(struct proto *proto, const struct proto *stock)
{
	*proto = *stock;
	proto->sendmsg = candidate_sendmsg;
	proto->close = candidate_close;
	proto->setsockopt = candidate_setsockopt;
#ifdef MSG_SENDPAGE_NOTLAST
	proto->sendpage = candidate_sendpage;
#endif
#ifdef CONFIG_BPF_SYSCALL
	proto->psock_update_sk_prot = candidate_psock;
#endif
}

int l45_candidates_init(void)
{
	unsigned int i;

	candidates_cache = kmem_cache_create("l45_candidate", sizeof(struct candidate), 0, SLAB_ACCOUNT, NULL);
	if (!candidates_cache)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(buckets); i++)
		spin_lock_init(&buckets[i].lock);
	derive(&candidate4, l45_stock.udp);
	derive(&candidate6, l45_stock.udp6);
	return 0;
}

void l45_candidates_exit(void)
{
	kmem_cache_destroy(candidates_cache);
}
