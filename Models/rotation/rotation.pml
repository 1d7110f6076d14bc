/*
 * The rotation of a dialect between N devices, an orchestrator and wires that lose, delay, repeat and reorder; everyone
 * may die at any step. See README.md for what is assumed.
 */
#include "decide.pml"

#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef TURNS
#define TURNS 2 /* how often the operator wants something else */
#endif
#define GENERATIONS 24
#define SERVERS (N - CLIENTS)
#define PAIRS (CLIENTS * SERVERS)

/* The inventory: what was decided, by device and generation. It outlives the orchestrator. Two bits an edition. */
byte history[N * GENERATIONS];
#define PACK(d) (DEC(d, 1) | (DEC(d, 2) << 2))
#define CONTENT(d, g) history[(d) * GENERATIONS + (g)]
#define STATE(d, g, e) ((CONTENT(d, g) >> (((e) - 1) * 2)) & 3)
byte decided[N];
/* What was ever sent: a wire may hand over any of it, at any time. */
byte sent[N];

/* The device: the agent's ledger, then its tap. */
byte ledger[N];
byte tap[N];
/* Rebooted, and not tapped yet: its services wait for the agent (the unit's ordering). */
bool dark[N];

/* The connection: a report under way on it, and the last one that came by it. Generation + 1; 0 none. */
byte under_way[N];
byte reported[N];

/* Messages of an edition on their way, by pair and direction: one stands for any number. */
bool request[PAIRS * 2];
bool response[PAIRS * 2];
#define CLIENT(i) (((i) / 2) / SERVERS)
#define SERVER(i) (CLIENTS + ((i) / 2) % SERVERS)
#define EDITION(i) ((i) % 2 + 1)

byte faults = FAULTS;
byte turns = TURNS;
bool draining;

#define SPEAKS(d, e) (!dark[d] && STATE(d, tap[d], e) == ACTIVE)
#define READS(d, e) (STATE(d, tap[d], e) != ABSENT)

bool settled_now;
hidden byte at;
inline look()
{
	settled_now = true;
	at = 0;
	do
	:: at < N ->
		if
		:: tap[at] != decided[at] || reported[at] != decided[at] + 1 || dark[at] -> settled_now = false
		:: want == 1 && (DEC(at, 1) != ACTIVE || DEC(at, 2) != ABSENT) -> settled_now = false
		:: want == 2 && (DEC(at, 2) != ACTIVE || DEC(at, 1) != ABSENT) -> settled_now = false
		:: want == 0 && (DEC(at, 1) != ABSENT || DEC(at, 2) != ABSENT) -> settled_now = false
		:: else
		fi;
		at++
	:: else -> break
	od
}

/* One pass of the reconciler. What it decides it sends, to whoever has not confirmed it, again and again. */
active proctype nco()
{
	byte i;
	bool quiet;

	do
	:: atomic {
		i = 0;
		do
		:: i < N -> confirmed[i] = (reported[i] == decided[i] + 1); i++
		:: else -> break
		od;
		/*
		 * The bound is longer than a message lives: once it has passed since every tap confirmed that nobody sends
		 * an edition, none of it is under way. `draining` is the clock; whatever turns stops it.
		 */
		quiet = true;
		i = 0;
		do
		:: i < PAIRS * 2 ->
			if
			:: (i % 2) + 1 != want && (request[i] || response[i]) -> quiet = false
			:: else
			fi;
			i++
		:: else -> break
		od;
#ifdef BUG_NO_DRAIN
		lasted = true;
#else
		lasted = draining && quiet;
#endif
		decide();
		draining = true;
		i = 0;
		do
		:: i < N ->
			if
			:: changed[i] ->
				assert(decided[i] + 1 < GENERATIONS);
				decided[i]++;
				CONTENT(i, decided[i]) = PACK(i)
			:: else
			fi;
			draining = draining && !changed[i] && confirmed[i];
#ifdef BUG_NO_RESEND
			if
			:: changed[i] && reported[i] != 0 -> sent[i] = decided[i]
			:: else
			fi;
#else
			sent[i] = decided[i];
#endif
			confirmed[i] = false; changed[i] = false;
			i++
		:: else -> break
		od;
		lasted = false; i = 0; quiet = false;
		look()
	   }
	od
}

/* A report comes in. */
proctype hear(byte me)
{
	do
	:: atomic { under_way[me] != 0 -> reported[me] = under_way[me]; under_way[me] = 0; look() }
	od
}

/* The orchestrator dies: what it was told is forgotten, and the clock of the drain. The inventory stays. */
active proctype die()
{
	byte i;

	do
	:: atomic {
		faults > 0 ->
		faults--;
		draining = false;
		i = 0;
		do
		:: i < N -> reported[i] = 0; under_way[i] = 0; i++
		:: else -> break
		od;
		i = 0;
		look()
	   }
	od
}

/* The operator wants another edition, or the old one back, or none. */
active proctype operator()
{
	do
	:: atomic {
		turns > 0 ->
		turns--;
		if
		:: want != 1 -> want = 1
		:: want != 2 -> want = 2
		:: want != 0 -> want = 0
		fi;
		draining = false;
		look()
	   }
	od
}

/* Some table that was sent arrives, not always the last. What is older than the ledger's is refused. */
proctype take(byte me)
{
	byte g;

	do
	:: atomic {
#ifdef BUG_NO_FENCE
		ledger[me] != sent[me] || sent[me] > 1 ->
		g = 1;
#else
		ledger[me] < sent[me] ->
		g = ledger[me] + 1;
#endif
		do
		:: g < sent[me] -> g++
		:: break
		od;
		ledger[me] = g;
		g = 0
	   }
	od
}

/* The ledger first, then the tap: so after a death or a reboot too. */
proctype apply(byte me)
{
	do
	:: atomic {
		tap[me] != ledger[me] || dark[me] ->
#ifndef BUG_NO_FENCE
		assert(ledger[me] >= tap[me]);
#endif
		tap[me] = ledger[me];
		dark[me] = false;
		look()
	   }
	od
}

#ifdef BUG_LEDGER_FOR_TAP
#define RUNS(d) ledger[d]
#else
#define RUNS(d) tap[d]
#endif

/* It says what its tap runs. */
proctype tell(byte me)
{
	do
	:: atomic { under_way[me] == 0 && reported[me] != RUNS(me) + 1 && !dark[me] -> under_way[me] = RUNS(me) + 1 }
	od
}

proctype break_down(byte me)
{
	byte i;

	do
	:: atomic {
		/* The line breaks: reports on it are lost, and those of before do not count any more. */
		faults > 0 ->
		faults--;
		reported[me] = 0;
		under_way[me] = 0;
		look()
	   }
	:: atomic {
		/* A reboot: the tap is empty until the agent publishes its ledger; what was on its way finds nobody. */
		faults > 0 && tap[me] != 0 ->
		faults--;
		tap[me] = 0;
		dark[me] = true;
		reported[me] = 0;
		under_way[me] = 0;
		i = 0;
		do
		:: i < PAIRS * 2 ->
			if
			:: SERVER(i) == me -> request[i] = false
			:: CLIENT(i) == me -> response[i] = false
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0;
		look()
	   }
	od
}

/* Traffic: each end speaks to its peers in what its tap says now, and whoever is spoken to understands. */
proctype talk(byte i)
{
	do
	:: atomic {
		SPEAKS(CLIENT(i), EDITION(i)) ->
		assert(dark[SERVER(i)] || READS(SERVER(i), EDITION(i)));
		request[i] = true
	   }
	:: atomic {
		SPEAKS(SERVER(i), EDITION(i)) ->
		assert(dark[CLIENT(i)] || READS(CLIENT(i), EDITION(i)));
		response[i] = true
	   }
	:: atomic { request[i] -> assert(dark[SERVER(i)] || READS(SERVER(i), EDITION(i))) }
	:: atomic { response[i] -> assert(dark[CLIENT(i)] || READS(CLIENT(i), EDITION(i))) }
	od
}

/* No message lives for ever. */
proctype vanish(byte i)
{
	do
	:: atomic { request[i] -> request[i] = false }
	od
}
proctype vanish_back(byte i)
{
	do
	:: atomic { response[i] -> response[i] = false }
	od
}

init
{
	atomic {
		/* Edition 1 is in force everywhere. */
		byte k = 0;
		do
		:: k < N ->
			DEC(k, 1) = ACTIVE;
			decided[k] = 1; sent[k] = 1; ledger[k] = 1; tap[k] = 1; reported[k] = 2;
			CONTENT(k, 1) = PACK(k);
			k++
		:: else -> break
		od;
		want = 1;
		k = 0;
		do
		:: k < N -> run hear(k); run take(k); run apply(k); run tell(k); run break_down(k); k++
		:: else -> break
		od;
		k = 0;
		do
		:: k < PAIRS * 2 -> run talk(k); run vanish(k); run vanish_back(k); k++
		:: else -> break
		od;
		look()
	}
}

/* When the operator has made up his mind and nothing breaks any more, the fleet comes to rest as he wants it. */
ltl settles { (<> [] (faults == 0 && turns == 0)) -> (<> [] settled_now) }
