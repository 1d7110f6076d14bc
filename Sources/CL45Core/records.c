/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* TLS records, as far as to see where the next one begins: [type 1][version 2][length 2 BE][length bytes]. */
#include "internal.h"

#define HEADER_BYTES 5
/* Of a record's body: RFC 8446 allows 2^14 + 256, TLS 1.2 2^14 + 2048. */
#define BODY_BYTES_MAX (16384 + 2048)
/* In the header: bytes of it so far in bits 8 to 10, the high byte of the length, once it is known, below. */
#define IN_HEADER 0x8000u

enum type { TYPE_FIRST = 20, TYPE_APPLICATION_DATA = 23, TYPE_LAST = 24 };

static unsigned int header_bytes(uint16_t at)
{
	return at >> 8 & 7;
}

/* Takes one byte of a header. False: no TLS. */
static int take_header(struct l45_records *records, uint8_t byte)
{
	const unsigned int done = header_bytes(records->at);
	unsigned int length;

	switch (done) {
	case 1:
		/* SSL 3 and all of TLS. */
		if (byte != 3)
			return 0;
		break;
	case 3:
		records->at = (uint16_t)(records->at | byte);
		break;
	case 4:
		length = (records->at & 0xffu) << 8 | byte;
		if (length > BODY_BYTES_MAX)
			return 0;
		records->at = (uint16_t)length;
		return 1;
	default:
		break;
	}
	records->at = (uint16_t)(records->at + 0x100);
	return 1;
}

size_t l45_records_pass(struct l45_records *records, const uint8_t *bytes, size_t count, int through,
			enum l45_record *next)
{
	size_t done = 0, take;

	*next = L45_RECORD_OTHER;
	while (done < count) {
		if (records->at == 0) {
			if (bytes[done] < TYPE_FIRST || bytes[done] > TYPE_LAST) {
				*next = L45_RECORD_FOREIGN;
				break;
			}
			if (bytes[done] == TYPE_APPLICATION_DATA && !through) {
				*next = L45_RECORD_DATA;
				break;
			}
			records->at = IN_HEADER | 1 << 8;
			done++;
		} else if (records->at & IN_HEADER) {
			if (!take_header(records, bytes[done])) {
				*next = L45_RECORD_FOREIGN;
				break;
			}
			done++;
		} else {
			take = count - done < records->at ? count - done : records->at;
			records->at = (uint16_t)(records->at - take);
			done += take;
		}
	}
	return done;
}

uint32_t l45_records_rest(const struct l45_records *records)
{
	return records->at & IN_HEADER ? HEADER_BYTES - header_bytes(records->at) : records->at;
}
