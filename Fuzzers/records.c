/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* TLS records of chance, walked over whole and in pieces of chance: both must come to the same place and say the same. */
#include "fuzz.h"

#define WIRE_MAX 4096

static size_t make_wire(struct input *input, uint8_t wire[WIRE_MAX])
{
	size_t bytes = 0, i;

	while (input->left > 3 && bytes + 300 < WIRE_MAX) {
		const uint8_t what = draw8(input), length = draw8(input);

		if (what % 16 == 0) { /* bytes of chance */
			for (i = 0; i < length % 8; i++)
				wire[bytes++] = draw8(input);
			continue;
		}
		wire[bytes++] = (uint8_t)(20 + what % 5);
		wire[bytes++] = 3;
		wire[bytes++] = 3;
		wire[bytes++] = 0;
		wire[bytes++] = length;
		for (i = 0; i < length; i++)
			wire[bytes++] = what;
	}
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	const int through = draw8(&input) & 1;
	const uint8_t chop = draw8(&input);
	uint8_t wire[WIRE_MAX];
	const size_t bytes = make_wire(&input, wire);
	struct l45_records whole = {0}, pieces = {0};
	enum l45_record next, last = L45_RECORD_OTHER;
	const size_t passed = l45_records_pass(&whole, wire, bytes, through, &next);
	size_t done = 0;

	CHECK(passed <= bytes && (next != L45_RECORD_OTHER || passed == bytes));
	CHECK(next != L45_RECORD_DATA || (!through && whole.at == 0 && wire[passed] == 23));
	while (done < bytes && last == L45_RECORD_OTHER) {
		const uint32_t rest = l45_records_rest(&pieces);
		size_t take = 1 + (chop * (done + 1)) % 97, went;

		if (take > bytes - done)
			take = bytes - done;
		went = l45_records_pass(&pieces, wire + done, take, through, &last);
		CHECK(went == take || last != L45_RECORD_OTHER);
		/* What was said to belong to a record is not where the next one begins. */
		CHECK(last != L45_RECORD_DATA || rest <= went);
		done += went;
	}
	CHECK(done == passed && last == next && pieces.at == whole.at);
	return 0;
}
