// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that are already open, found where their owners are: in the tables of open files, whose tasks also tell the
 * names. A socket that is in no table at the time (on its way in a message, or registered with io_uring alone) stays
 * untapped.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "l45.h"

#define BATCH 64
#define THREADS_MAX 64

struct walk {
	struct l45_net *ln;
	const struct l45_table *table;
	unsigned int next; /* descriptor to go on with */
	u32 count;
	struct file *file[BATCH];
	bool by_thread;    /* a module asks for the thread's name */
	u32 threads;
	char process[L45_TASK_NAME_BYTES];
	char thread[THREADS_MAX][L45_TASK_NAME_BYTES];
};

static bool may_concern(const struct walk *walk, const struct sock *sk)
{
	if (!net_eq(sock_net(sk), walk->ln->net) || (sk->sk_family != AF_INET && sk->sk_family != AF_INET6))
		return false;
	if (!(sk->sk_protocol == IPPROTO_UDP ? walk->table->any_udp :
	      sk->sk_protocol == IPPROTO_TCP && walk->table->any_tcp))
		return false;
	return !l45_sk(sk);
}

/* Under the lock of the file table: looks, and takes a reference. */
static int note(const void *data, struct file *file, unsigned int descriptor)
{
	struct walk *walk = (struct walk *)data;
	struct socket *sock = sock_from_file(file);

	walk->next = descriptor + 1;
	if (!sock || !sock->sk || sock->file != file || !may_concern(walk, sock->sk))
		return 0;
	walk->file[walk->count++] = get_file(file);
	return walk->count == BATCH;
}

/* By the name of the process' first thread, then by each other thread's, until a module is for it. */
static void attach_one(const struct walk *walk, struct sock *sk)
{
	enum l45_refusal why;
	int error;
	u32 i;

	lock_sock(sk);
	/* One that is not bound yet is caught as it is. */
	if (sk->sk_protocol == IPPROTO_UDP ? !inet_sk(sk)->inet_num : sk->sk_state == TCP_CLOSE)
		goto out;
	for (i = 0, error = -ENOENT; i < walk->threads && error == -ENOENT; i++)
		error = l45_attach_open(sk, walk->ln, walk->process, walk->thread[i], &why);
	if (error)
		goto out;
	release_sock(sk);
	/* Who sleeps in a stock receive would hand the wire's bytes to the program. */
	if (sk->sk_protocol == IPPROTO_TCP)
		l45_live_kick(sk);
	return;
out:
	release_sock(sk);
}

static void attach_batch(struct walk *walk)
{
	while (walk->count) {
		struct file *file = walk->file[--walk->count];
		struct socket *sock = sock_from_file(file);

		attach_one(walk, sock->sk);
		fput(file);
	}
}

static void add_thread(struct walk *walk, const char *comm)
{
	char name[L45_TASK_NAME_BYTES];
	u32 i;

	strscpy_pad(name, comm, sizeof(name));
	for (i = 0; i < walk->threads; i++)
		if (!memcmp(walk->thread[i], name, sizeof(name)))
			return;
	if (walk->threads < THREADS_MAX)
		memcpy(walk->thread[walk->threads++], name, sizeof(name));
}

static void note_names(struct walk *walk, struct task_struct *task)
{
	struct task_struct *thread;

	walk->threads = 0;
	rcu_read_lock();
	strscpy_pad(walk->process, task->group_leader->comm, sizeof(walk->process));
	add_thread(walk, task->group_leader->comm);
	if (walk->by_thread)
		for_each_thread(task, thread)
			add_thread(walk, thread->comm);
	rcu_read_unlock();
}

/* A file table may grow while we attach a batch: each descriptor is passed once, so the walk ends. */
static void walk_files(struct walk *walk, struct task_struct *task)
{
	bool more = true;

	note_names(walk, task);
	walk->next = 0;
	while (more) {
		task_lock(task);
		more = task->files && iterate_fd(task->files, walk->next, note, walk);
		task_unlock(task);
		attach_batch(walk);
		cond_resched();
	}
}

/* The next task with a file table of its own, by number from *nr on; referenced. */
static struct task_struct *next_task_with_files(int *nr)
{
	struct task_struct *task = NULL;
	struct pid *pid;

	rcu_read_lock();
	while (!task && (pid = find_ge_pid(*nr, &init_pid_ns))) {
		*nr = pid_nr(pid) + 1;
		task = pid_task(pid, PIDTYPE_PID);
		if (task && ((task->flags & PF_KTHREAD) ||
			     (task != task->group_leader && READ_ONCE(task->files) ==
							    READ_ONCE(task->group_leader->files))))
			task = NULL;
		if (task)
			get_task_struct(task);
	}
	rcu_read_unlock();
	return task;
}

void l45_live_attach(struct l45_net *ln, const struct l45_table *table)
{
	struct task_struct *task;
	struct walk *walk;
	bool any = false;
	int nr = 1;
	u32 i;

	for (i = 0; i < table->count; i++)
		any |= !(table->module[i]->flags & L45_F_NEW_ONLY);
	if (!any)
		return;
	walk = kzalloc(sizeof(*walk), GFP_KERNEL);
	if (!walk) {
		atomic64_inc(&ln->failed);
		return;
	}
	walk->ln = ln;
	walk->table = table;
	for (i = 0; i < table->count; i++)
		walk->by_thread |= table->module[i]->thread[0] != 0;
	while ((task = next_task_with_files(&nr))) {
		walk_files(walk, task);
		put_task_struct(task);
	}
	kfree(walk);
}

/*
 * A task that waits for the socket's data does so by woken_wake_function. With TIF_NOTIFY_SIGNAL it leaves the call
 * as for a signal, finds none on its way out, and makes the same call again, unseen by the program.
 */
void l45_live_kick(struct sock *sk)
{
	struct wait_queue_head *queue;
	struct wait_queue_entry *entry;
	unsigned long flags;

	rcu_read_lock();
	queue = sk_sleep(sk);
	if (!rcu_access_pointer(sk->sk_wq))
		goto out;
	spin_lock_irqsave(&queue->lock, flags);
	list_for_each_entry(entry, &queue->head, entry) {
		struct task_struct *task = entry->private;

		if (entry->func != woken_wake_function || !task)
			continue;
		set_tsk_thread_flag(task, TIF_NOTIFY_SIGNAL);
		wake_up_process(task);
	}
	spin_unlock_irqrestore(&queue->lock, flags);
out:
	rcu_read_unlock();
}
