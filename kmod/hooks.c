// SPDX-License-Identifier: GPL-2.0
/*
 * Catching sockets as they are opened. Streams: the tracepoint of the socket's state, as it goes to SYN_SENT or LISTEN.
 * Datagrams: udp_lib_get_port, which every bind and every first send passes with the socket lock held. Its calls are
 * sent through a function of ours (by ftrace, as live patches are), which runs as any function of the socket's task:
 * it may allocate, and it taps the socket before the port exists that a datagram could arrive at.
 */
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <net/inet_sock.h>
#include <net/udp.h>

#include "l45.h"

static DEFINE_MUTEX(hooks_lock);
static unsigned int hooks_users;
static struct tracepoint *state_tracepoint;

/* What the table in force asks of the hooks, for a socket of this task. */
struct wants {
	bool udp, tcp;
	u64 local_ports; /* l45_port_bit */
};

static struct wants wanted(const struct l45_net *ln)
{
	const struct l45_table *table;
	struct wants wants = {};

	rcu_read_lock();
	table = rcu_dereference(ln->table);
	if (table) {
		const char *process = current->group_leader->comm;

		wants.udp = table->any_udp && l45_names_know(&table->udp_names, process);
		wants.tcp = table->any_tcp && l45_names_know(&table->tcp_names, process);
		wants.local_ports = table->local_ports;
	}
	rcu_read_unlock();
	return wants;
}

/* Taps the socket as one with this port, or makes its list anew when it is tapped. */
static void tap_bind(struct sock *sk, u16 port)
{
	struct l45_sock *ctx = l45_sk(sk);

	if (ctx)
		l45_relist(ctx, port);
	else
		l45_udp_open(sk, l45_net(sock_net(sk)), port);
}

/* Socket locked, unbound; in the context of the task that binds or sends first. */
static int bind_wanted(struct sock *sk, unsigned short port, unsigned int hash2, u64 local_ports)
{
	int error;

	tap_bind(sk, port);
	error = udp_lib_get_port(sk, port, hash2);
	/* A module may ask for the very port that the kernel chose. */
	if (!error && !port && (local_ports & l45_port_bit(inet_sk(sk)->inet_num)))
		tap_bind(sk, 0);
	return error;
}

static int get_port(struct sock *sk, unsigned short port, unsigned int hash2)
{
	const struct wants wants = wanted(l45_net(sock_net(sk)));
	int error;

	/* One that is tapped may have been opened by another task. */
	if ((wants.udp || l45_sk(sk)) && sk->sk_protocol == IPPROTO_UDP)
		error = bind_wanted(sk, port, hash2, wants.local_ports);
	else
		error = udp_lib_get_port(sk, port, hash2);
	l45_go();
	return error;
}

static void notrace on_get_port(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
				struct ftrace_regs *fregs)
{
	/* get_port calls it too. */
	if (within_module(parent_ip, THIS_MODULE))
		return;
	l45_come();
	l45_redirect(fregs, get_port);
}

static struct ftrace_ops get_port_ops = {
	.func = on_get_port,
	.flags = L45_FTRACE_FLAGS,
};

/* Socket locked, preemption off. */
static void on_state(void *data, const struct sock *const_sk, const int oldstate, const int newstate)
{
	struct sock *sk = (struct sock *)const_sk;
	enum l45_refusal why;
	struct l45_net *ln;

	if (newstate != TCP_SYN_SENT && newstate != TCP_LISTEN)
		return;
	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	ln = l45_net(sock_net(sk));
	if (!l45_sk(sk) && wanted(ln).tcp)
		l45_attach(sk, ln, current->group_leader->comm, current->comm, GFP_ATOMIC, &why);
}

static void find_tracepoint(struct tracepoint *tracepoint, void *name)
{
	if (!strcmp(tracepoint->name, name))
		state_tracepoint = tracepoint;
}

static bool filtered;

static int arm(void)
{
	int error;

	if (!state_tracepoint)
		for_each_kernel_tracepoint(find_tracepoint, "inet_sock_set_state");
	if (!state_tracepoint)
		return -ENOENT;
	/* Set once and kept: ftrace_free_filter leaves ops that can not be used again. */
	if (!filtered) {
		error = ftrace_set_filter_ip(&get_port_ops, (unsigned long)udp_lib_get_port, 0, 1);
		if (error)
			return error;
		filtered = true;
	}
	error = register_ftrace_function(&get_port_ops);
	if (error)
		return error;
	error = tracepoint_probe_register(state_tracepoint, on_state, NULL);
	if (error)
		goto err_ftrace;
	return 0;
err_ftrace:
	unregister_ftrace_function(&get_port_ops);
	return error;
}

int l45_hooks_arm(void)
{
	int error = 0;

	mutex_lock(&hooks_lock);
	if (!hooks_users)
		error = arm();
	if (!error)
		hooks_users++;
	mutex_unlock(&hooks_lock);
	return error;
}

void l45_hooks_disarm(void)
{
	mutex_lock(&hooks_lock);
	if (!--hooks_users) {
		tracepoint_probe_unregister(state_tracepoint, on_state, NULL);
		tracepoint_synchronize_unregister();
		unregister_ftrace_function(&get_port_ops);
	}
	mutex_unlock(&hooks_lock);
}

void l45_hooks_exit(void)
{
	if (filtered)
		ftrace_free_filter(&get_port_ops);
}
