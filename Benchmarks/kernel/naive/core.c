// SPDX-License-Identifier: GPL-2.0
/* The engine, in one unit. */
#include "../CL45Core/blake2s.c"
#include "../CL45Core/codec.c"
#include "../CL45Core/datagram.c"
#include "../CL45Core/siphash.c"
#include "../CL45Core/stream_rx.c"
#include "../CL45Core/stream_tx.c"
