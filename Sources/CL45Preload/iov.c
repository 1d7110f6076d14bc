/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "preload.h"

size_t iov_total(const struct iovec *iov, size_t count)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += iov[i].iov_len;
	return total;
}

size_t iov_gather(const struct iovec *iov, size_t count, size_t offset, void *to, size_t bytes)
{
	size_t copied = 0;

	for (size_t i = 0; i < count && copied < bytes; i++) {
		if (offset >= iov[i].iov_len) {
			offset -= iov[i].iov_len;
			continue;
		}
		size_t take = iov[i].iov_len - offset;

		if (take > bytes - copied)
			take = bytes - copied;
		memcpy((char *)to + copied, (const char *)iov[i].iov_base + offset, take);
		copied += take;
		offset = 0;
	}
	return copied;
}

size_t iov_scatter(const struct iovec *iov, size_t count, const void *from, size_t bytes)
{
	size_t copied = 0;

	for (size_t i = 0; i < count && copied < bytes; i++) {
		const size_t take = iov[i].iov_len < bytes - copied ? iov[i].iov_len : bytes - copied;

		if (take)
			memcpy(iov[i].iov_base, (const char *)from + copied, take);
		copied += take;
	}
	return copied;
}

size_t iov_cut(const struct iovec *iov, size_t count, uint64_t skip, uint64_t bytes, struct iovec *out)
{
	size_t made = 0;

	for (size_t i = 0; i < count && bytes > 0; i++) {
		size_t take = iov[i].iov_len;

		if (skip >= take) {
			skip -= take;
			continue;
		}
		take -= skip;
		if (take > bytes)
			take = bytes;
		out[made++] = (struct iovec){ (char *)iov[i].iov_base + skip, take };
		skip = 0;
		bytes -= take;
	}
	return made;
}
