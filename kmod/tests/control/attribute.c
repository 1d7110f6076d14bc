// SPDX-License-Identifier: GPL-2.0
/* Attributes, read and written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

const struct nlattr *attribute_find(const void *attributes, size_t bytes, int attribute)
{
	const unsigned char *at = attributes;

	while (bytes >= NLA_HDRLEN) {
		const struct nlattr *here = (const struct nlattr *)at;
		const size_t step = NLA_ALIGN(here->nla_len);

		if (here->nla_len < NLA_HDRLEN || here->nla_len > bytes)
			return NULL;
		if ((here->nla_type & NLA_TYPE_MASK) == attribute)
			return here;
		if (step >= bytes)
			return NULL;
		at += step;
		bytes -= step;
	}
	return NULL;
}

const struct nlattr *attribute_within(const void *attributes, size_t bytes, int nest, int attribute)
{
	const struct nlattr *outer = attribute_find(attributes, bytes, nest);

	return outer ? attribute_find(attribute_data(outer), outer->nla_len - NLA_HDRLEN, attribute) : NULL;
}

const void *attribute_data(const struct nlattr *attribute)
{
	return (const unsigned char *)attribute + NLA_HDRLEN;
}

uint64_t attribute_u64(const struct nlattr *attribute)
{
	uint64_t value = 0;

	if (attribute)
		memcpy(&value, attribute_data(attribute), sizeof(value));
	return value;
}

uint32_t attribute_u32(const struct nlattr *attribute)
{
	uint32_t value = 0;

	if (attribute)
		memcpy(&value, attribute_data(attribute), sizeof(value));
	return value;
}

uint8_t attribute_u8(const struct nlattr *attribute)
{
	return attribute ? *(const uint8_t *)attribute_data(attribute) : 0;
}

void request_put(struct request *request, int attribute, const void *payload, size_t bytes)
{
	struct nlattr *here = (struct nlattr *)(request->bytes + request->count);

	if (request->count + NLA_HDRLEN + NLA_ALIGN(bytes) > MESSAGE_BYTES || NLA_HDRLEN + bytes > UINT16_MAX) {
		fprintf(stderr, "no room for %zu bytes\n", bytes);
		exit(2);
	}
	here->nla_type = (uint16_t)attribute;
	here->nla_len = (uint16_t)(NLA_HDRLEN + bytes);
	memcpy(request->bytes + request->count + NLA_HDRLEN, payload, bytes);
	request->count += NLA_HDRLEN + NLA_ALIGN(bytes);
}

void request_u8(struct request *request, int attribute, uint8_t value)
{
	request_put(request, attribute, &value, sizeof(value));
}

void request_u16(struct request *request, int attribute, uint16_t value)
{
	request_put(request, attribute, &value, sizeof(value));
}

void request_u32(struct request *request, int attribute, uint32_t value)
{
	request_put(request, attribute, &value, sizeof(value));
}

void request_u64(struct request *request, int attribute, uint64_t value)
{
	request_put(request, attribute, &value, sizeof(value));
}

void request_text(struct request *request, int attribute, const char *text)
{
	request_put(request, attribute, text, strlen(text) + 1);
}

size_t request_nest(struct request *request, int attribute)
{
	const size_t nest = request->count;

	request_put(request, attribute | NLA_F_NESTED, "", 0);
	return nest;
}

void request_nest_end(struct request *request, size_t nest)
{
	((struct nlattr *)(request->bytes + nest))->nla_len = (uint16_t)(request->count - nest);
}
