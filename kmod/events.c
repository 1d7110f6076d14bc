// SPDX-License-Identifier: GPL-2.0
/* What the tap tells without being asked: multicast, limited in rate, from any context. */
#include "control.h"

/* The place of L45_GENL_GROUP_EVENTS in the family's groups. */
#define L45_GROUP_EVENTS 0
/* Header, all attributes of an event, a described socket and a sentence about it. */
#define L45_EVENT_BYTES 1024

/*
 * Events of one kind in a second, and at once after a calm. A host that opens ten thousand sockets a second is told of
 * some and of how many more there were; alerts and refusals are rarer and weigh more than their number.
 */
static const struct {
	u32 per_second, at_once;
} l45_rate[L45_EVENT_KINDS] = {
	[L45_EVENT_TABLE] = { 100, 100 },
	[L45_EVENT_ATTACHED] = { 50, 200 },
	[L45_EVENT_REFUSED] = { 20, 100 },
	[L45_EVENT_FAILED] = { 20, 100 },
	[L45_EVENT_ALERT] = { 20, 100 },
};

static const char *const l45_refusal_text[] = {
	[L45_REFUSED_NONE] = "for no reason that is known",
	[L45_REFUSED_KERNEL_SOCKET] = "it belongs to the kernel",
	[L45_REFUSED_MPTCP] = "it is part of an MPTCP connection",
	[L45_REFUSED_ULP] = "another protocol (as kTLS) sits on it",
	[L45_REFUSED_PSOCK] = "it is in a sockmap, or its user data is taken",
	[L45_REFUSED_ENCAP] = "it encapsulates already",
	[L45_REFUSED_FOREIGN] = "its protocol functions are not the stock ones",
	[L45_REFUSED_BEGAN_PLAIN] = "its connection began plain, and a stream dialect can not join later",
};

void l45_events_init(struct l45_net *ln)
{
	int kind;

	for (kind = 0; kind < L45_EVENT_KINDS; kind++) {
		spin_lock_init(&ln->budgets[kind].lock);
		ln->budgets[kind].tokens = l45_rate[kind].at_once;
		ln->budgets[kind].at = jiffies;
	}
}

/* Whether one more may go now; *lost: how many did not since the last that went. */
static bool l45_budget_take(struct l45_net *ln, enum l45_event_kind kind, u32 *lost)
{
	struct l45_budget *budget = &ln->budgets[kind];
	const u32 rate = l45_rate[kind].per_second, most = l45_rate[kind].at_once;
	unsigned long flags, elapsed;
	bool taken = false;

	/* Sockets are caught in probes, where interrupts may be off. */
	spin_lock_irqsave(&budget->lock, flags);
	elapsed = min(jiffies - budget->at, (unsigned long)HZ * most);
	if (elapsed * rate >= HZ) {
		budget->tokens = min_t(unsigned long, most, budget->tokens + elapsed * rate / HZ);
		budget->at = jiffies;
	}
	if (budget->tokens) {
		budget->tokens--;
		*lost = budget->lost;
		budget->lost = 0;
		taken = true;
	} else {
		budget->lost++;
	}
	spin_unlock_irqrestore(&budget->lock, flags);
	return taken;
}

static void l45_budget_lose(struct l45_net *ln, enum l45_event_kind kind, u32 count)
{
	unsigned long flags;

	spin_lock_irqsave(&ln->budgets[kind].lock, flags);
	ln->budgets[kind].lost += count;
	spin_unlock_irqrestore(&ln->budgets[kind].lock, flags);
}

/* What an event carries; what is 0 or NULL is left out. */
struct l45_event {
	enum l45_event_kind kind;
	const struct l45_view *view;
	const u64 *generation;
	u64 module;
	enum l45_refusal why;
	const char *text;
};

static int l45_event_put(struct sk_buff *skb, const struct l45_event *event, u32 lost)
{
	void *header = genlmsg_put(skb, 0, 0, &l45_family, 0, L45_CMD_EVENT);

	if (!header)
		return -EMSGSIZE;
	if (nla_put_u8(skb, L45_A_EVENT_KIND, event->kind) ||
	    nla_put_string(skb, L45_A_TEXT, event->text) ||
	    (event->module && nla_put_u64_64bit(skb, L45_A_MOD_ID, event->module, L45_A_PAD)) ||
	    (event->generation && nla_put_u64_64bit(skb, L45_A_GENERATION, *event->generation, L45_A_PAD)) ||
	    (event->why && nla_put_u8(skb, L45_A_REASON, event->why)) ||
	    (lost && nla_put_u32(skb, L45_A_LOST, lost)) ||
	    (event->view && l45_put_socket(skb, event->view)))
		return -EMSGSIZE;
	genlmsg_end(skb, header);
	return 0;
}

static bool l45_event_wanted(struct l45_net *ln)
{
	return genl_has_listeners(&l45_family, ln->net, L45_GROUP_EVENTS);
}

static void l45_event_send(struct l45_net *ln, const struct l45_event *event)
{
	struct sk_buff *skb;
	u32 lost;

	if (!l45_budget_take(ln, event->kind, &lost))
		return;
	skb = genlmsg_new(L45_EVENT_BYTES, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb || l45_event_put(skb, event, lost)) {
		nlmsg_free(skb);
		l45_budget_lose(ln, event->kind, lost + 1);
		return;
	}
	genlmsg_multicast_netns(&l45_family, ln->net, skb, 0, L45_GROUP_EVENTS, GFP_ATOMIC);
}

void l45_event_socket(struct l45_net *ln, enum l45_event_kind kind, struct sock *sk, u64 module, enum l45_refusal why,
		      const char *process, const char *thread)
{
	const struct l45_view view = { .sk = sk, .process = process, .thread = thread };
	struct l45_event event = { .kind = kind, .view = &view, .module = module, .why = why };

	if (!l45_event_wanted(ln))
		return;
	switch (kind) {
	case L45_EVENT_REFUSED:
		event.text = why < ARRAY_SIZE(l45_refusal_text) ? l45_refusal_text[why] : l45_refusal_text[0];
		break;
	case L45_EVENT_FAILED:
		event.text = "no memory to tap it: it works on, plain";
		break;
	default:
		event.text = "tapped";
	}
	l45_event_send(ln, &event);
}

void l45_event_alert(struct l45_net *ln, u64 module, const struct l45_sock *ctx, const char *text)
{
	const struct l45_view view = { .sk = ctx ? ctx->sk : NULL, .ctx = ctx };
	const struct l45_event event = {
		.kind = L45_EVENT_ALERT, .view = ctx ? &view : NULL, .module = module, .text = text,
	};

	if (l45_event_wanted(ln))
		l45_event_send(ln, &event);
}

void l45_event_table(struct l45_net *ln, u64 generation)
{
	const struct l45_event event = {
		.kind = L45_EVENT_TABLE, .generation = &generation,
		.text = generation ? "a table is in force" : "no table is in force any more",
	};

	if (l45_event_wanted(ln))
		l45_event_send(ln, &event);
}
