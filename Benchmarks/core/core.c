/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the dialect engine costs, beside a memcpy of the same plain bytes measured in turn with it, so that a machine
 * that slows down slows both. Each figure is the median of ROUNDS rounds.
 */
#define _POSIX_C_SOURCE 200809L
#include "l45_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 31
#define DATAGRAM_MAX 1400
#define TAG_BYTES 32
#define FRAME_BYTES 1000
#define READ_BYTES 65536

static uint8_t plain[READ_BYTES], wire[2 * READ_BYTES], work[2 * READ_BYTES];
static struct l45_codec codec;

/* Keeps the compiler from leaving work out or carrying it across. */
static void settle(const void *memory)
{
	__asm__ volatile("" : : "r"(memory) : "memory");
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double rounds[ROUNDS])
{
	qsort(rounds, ROUNDS, sizeof(rounds[0]), ascending);
	return rounds[ROUNDS / 2];
}

static void prepare(uint8_t kind, uint8_t place)
{
	struct l45_dialect dialect;

	memset(&dialect, 0, sizeof(dialect));
	dialect.kind = kind;
	dialect.place = place;
	dialect.tag_bytes = TAG_BYTES;
	dialect.frame_bytes = FRAME_BYTES;
	if (l45_codec_prepare(&codec, &dialect) != 0) {
		fprintf(stderr, "core: the benchmark's dialect is out of bounds\n");
		exit(1);
	}
}

/* A step is one message; returns 0 when it did not do what it should. */
static int step_copy(size_t bytes)
{
	memcpy(work, plain, bytes);
	return 1;
}

static int step_encode(size_t bytes)
{
	return l45_datagram_encode(&codec, L45_REQUEST, plain, bytes, work, sizeof(work)) == (long)(bytes + TAG_BYTES);
}

/* Decoding is in place, so the message is put there first, as a receive does. */
static int step_decode(size_t bytes)
{
	memcpy(work, wire, bytes + TAG_BYTES);
	return l45_datagram_decode(&codec, L45_REQUEST, work, bytes + TAG_BYTES) == (long)bytes;
}

static double run(int (*step)(size_t), size_t bytes, int count)
{
	const double start = now_ns();
	int i;

	for (i = 0; i < count; i++) {
		if (!step(bytes)) {
			fprintf(stderr, "core: a message of %zu bytes was not coded\n", bytes);
			exit(1);
		}
		settle(work);
	}
	return (now_ns() - start) / count;
}

static void datagrams(size_t bytes)
{
	double copy[ROUNDS], encode[ROUNDS], decode[ROUNDS], copy_ns, encode_ns, decode_ns;
	int round;

	prepare(L45_DATAGRAM, L45_AT_FRONT);
	l45_datagram_encode(&codec, L45_REQUEST, plain, bytes, wire, sizeof(wire));
	for (round = 0; round < ROUNDS; round++) {
		copy[round] = run(step_copy, bytes, 20000);
		encode[round] = run(step_encode, bytes, 20000);
		decode[round] = run(step_decode, bytes, 20000);
	}
	copy_ns = median(copy);
	encode_ns = median(encode);
	decode_ns = median(decode);
	printf("RESULT core_encode_%zu_ns=%.1f ns\n", bytes, encode_ns);
	printf("RESULT core_encode_%zu_ratio=%.2f x memcpy\n", bytes, encode_ns / copy_ns);
	printf("RESULT core_decode_%zu_ns=%.1f ns\n", bytes, decode_ns);
	printf("RESULT core_decode_%zu_ratio=%.2f x memcpy\n", bytes, decode_ns / copy_ns);
}

static int step_read(size_t bytes)
{
	const struct l45_codec *const list[1] = {&codec};
	struct l45_stream_rx rx;
	size_t decoded;

	memset(&rx, 0, sizeof(rx));
	rx.mode = L45_FRAMED;
	memcpy(work, wire, bytes);
	return l45_stream_rx_feed(&rx, list, 1, work, bytes, &decoded) == 0;
}

static int step_write(size_t bytes)
{
	struct l45_stream_tx tx;
	size_t consumed;

	memset(&tx, 0, sizeof(tx));
	l45_stream_encode(&tx, &codec, plain, bytes, work, sizeof(work), &consumed);
	return consumed == bytes;
}

static void streams(void)
{
	double copy[ROUNDS], encode[ROUNDS], decode[ROUNDS], copy_ns, encode_ns, decode_ns;
	struct l45_stream_tx tx;
	size_t written, consumed;
	int round;

	prepare(L45_STREAM, 0);
	memset(&tx, 0, sizeof(tx));
	written = l45_stream_encode(&tx, &codec, plain, READ_BYTES, wire, sizeof(wire), &consumed);
	for (round = 0; round < ROUNDS; round++) {
		copy[round] = run(step_copy, READ_BYTES, 500);
		encode[round] = run(step_write, READ_BYTES, 500);
		decode[round] = run(step_read, written, 500);
	}
	copy_ns = median(copy);
	encode_ns = median(encode);
	decode_ns = median(decode);
	printf("RESULT core_stream_encode_gbs=%.2f GB/s\n", READ_BYTES / encode_ns);
	printf("RESULT core_stream_encode_ratio=%.2f x memcpy\n", encode_ns / copy_ns);
	printf("RESULT core_stream_decode_gbs=%.2f GB/s\n", READ_BYTES / decode_ns);
	printf("RESULT core_stream_decode_ratio=%.2f x memcpy\n", decode_ns / copy_ns);
}

int main(void)
{
	static const size_t sizes[] = {16, 64, 512, DATAGRAM_MAX};
	size_t i;

	for (i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 31);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		datagrams(sizes[i]);
	streams();
	return 0;
}
