/*
 * What the reconciler decides, as the model has it: one pass over one flow with one module per device and edition.
 * scripts/check-model holds it against the code's own table, row by row (transitions-*.txt).
 *
 * Editions are 1 and 2; `want` is the one wanted, 0 for none (a withdrawal). A device is a client below CLIENTS, else a
 * server. Sources: Sources/Reconciler/Rotation.swift, `advance`.
 */
#ifndef N
#define N 2
#endif
#ifndef CLIENTS
#define CLIENTS 1
#endif

#define ABSENT 0
#define STANDBY 1
#define ACTIVE 2
#define DEPRECATED 3

/* What was decided last, by device and edition. */
byte dec[N * 2];
#define DEC(d, e) dec[(d) * 2 + (e) - 1]
byte want;
/* By device: its tap confirmed what was decided last, over the present connection. */
bool confirmed[N];
/* The drain bound has passed since all confirmed that nobody sends the other editions. */
bool lasted;
/* By device: this pass decided something new for it. */
bool changed[N];

#define PUT(d, e, s) if :: DEC(d, e) != (s) -> DEC(d, e) = (s); changed[d] = true :: else fi

/* The ends of one role speak what is wanted, and nothing else. */
inline flip(first, last)
{
	d = first;
	do
	:: d < last ->
		if
		:: want != 0 && DEC(d, want) != ACTIVE -> PUT(d, want, ACTIVE); moved = true
		:: else
		fi;
		e = 1;
		do
		:: e <= 2 ->
			if
			:: e != want && DEC(d, e) == ACTIVE -> PUT(d, e, STANDBY); moved = true
			:: else
			fi;
			e++
		:: else -> break
		od;
		d++
	:: else -> break
	od
}

inline decide()
{
	byte d, e;
	bool armed, all, moved, leaving;

	armed = true; all = true; moved = false; leaving = false;
	d = 0;
	do
	:: d < N ->
		changed[d] = false;
		all = all && confirmed[d];
		if
		:: want != 0 ->
			if
			:: DEC(d, want) == ABSENT || DEC(d, want) == DEPRECATED ->
				armed = false;
				PUT(d, want, STANDBY)
			:: else
			fi
		:: else
		fi;
		d++
	:: else -> break
	od;
	if
#ifdef BUG_NO_ACKNOWLEDGEMENT
	:: armed ->
#else
	:: armed && all ->
#endif
		flip(0, CLIENTS);
		if
		:: !moved -> flip(CLIENTS, N)
		:: else
		fi;
		if
		:: !moved ->
			/* Nobody sends the others: they attach to nothing new. */
			d = 0;
			do
			:: d < N ->
				e = 1;
				do
				:: e <= 2 ->
					if
					:: e != want && (DEC(d, e) == STANDBY || DEC(d, e) == ACTIVE) ->
						PUT(d, e, DEPRECATED); moved = true
					:: else
					fi;
					if
					:: e != want && DEC(d, e) == DEPRECATED -> leaving = true
					:: else
					fi;
					e++
				:: else -> break
				od;
				d++
			:: else -> break
			od
		:: else
		fi;
		if
		:: !moved && leaving && lasted ->
			d = 0;
			do
			:: d < N ->
				e = 1;
				do
				:: e <= 2 ->
					if
					:: e != want && DEC(d, e) == DEPRECATED -> PUT(d, e, ABSENT)
					:: else
					fi;
					e++
				:: else -> break
				od;
				d++
			:: else -> break
			od
		:: else
		fi
	:: else
	fi
}
