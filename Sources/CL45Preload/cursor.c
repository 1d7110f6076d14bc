/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "stream.h"

void cursor_put(struct cursor *to, const uint8_t *from, size_t bytes)
{
	while (bytes > 0 && to->count > 0) {
		size_t take = to->iov->iov_len - to->offset;

		if (take > bytes)
			take = bytes;
		memmove((char *)to->iov->iov_base + to->offset, from, take);
		from += take;
		bytes -= take;
		to->offset += take;
		if (to->offset == to->iov->iov_len) {
			to->iov++;
			to->count--;
			to->offset = 0;
		}
	}
}

void cursor_skip(struct cursor *at, uint64_t bytes)
{
	while (bytes > 0 && at->count > 0) {
		const size_t take = at->iov->iov_len - at->offset;

		if (bytes < take) {
			at->offset += bytes;
			return;
		}
		bytes -= take;
		at->iov++;
		at->count--;
		at->offset = 0;
	}
}
