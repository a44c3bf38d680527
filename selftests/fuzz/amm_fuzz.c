// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target for replies of the AMM HMI API.
 *
 * The first byte of the input says what was asked. A reply that is taken has
 * exactly the bytes that its items say, and is not taken with a byte less or
 * another complement. The error of one that is not is a line of plain text,
 * whatever the reply has in it.
 */
#include <stdlib.h>
#include <string.h>

#include "amm/message.h"

#define require(cond) \
	do { \
		if (!(cond)) \
			__builtin_trap(); \
	} while (0)

#define COMPLEMENT 8
#define SLOTS 24

static void choose(struct amm_expect *expect, uint8_t choice)
{
	memset(expect, 0, sizeof(*expect));
	expect->code = 1 + choice % 7;
	expect->list = amm_is_list(expect->code) && choice & 0x20;
	expect->fixed_read = choice & 0x40;
	expect->version.major = choice & 0x80 ? 0 : 1;
	expect->version.minor = choice & 0x80 ? 1 : 0;
}

static uint64_t read_number(const uint8_t *bytes, unsigned int count)
{
	uint64_t value = 0;

	while (count--)
		value = value << 8 | bytes[count];
	return value;
}

static void check_items(const struct amm_reply *reply, const uint8_t *message,
			size_t size)
{
	size_t at = SLOTS;

	require(reply->count <= reply->capacity);
	require(reply->capacity <= AMM_ITEMS_MAX);
	for (unsigned int i = 0; i < reply->count; i++) {
		const struct amm_item *item = &reply->items[i];

		require(item->index == i);
		if (reply->code == (AMM_LIST_ATRS | AMM_RESPONSE)) {
			require(item->category == read_number(message + at, 4));
			at += 4;
		}
		require(item->lower == read_number(message + at, 8));
		require(item->upper == read_number(message + at + 8, 8));
		at += 16;
	}
	require(at <= size && (!reply->compact || at == size));
}

static void check_error(const struct amm_error *error)
{
	size_t length = strnlen(error->text, sizeof(error->text));

	require(length > 0 && length < sizeof(error->text) - 1);
	for (size_t i = 0; i < length; i++)
		require(error->text[i] >= ' ' && error->text[i] <= '~');
}

/* Parses @size bytes from a heap block of exactly their size. */
static int parse_exact(struct amm_reply *reply, const struct amm_expect *expect,
		       const uint8_t *data, size_t size)
{
	struct amm_error error = { .text = "" };
	uint8_t *message = malloc(size);
	int ret;

	require(message);
	if (size)
		memcpy(message, data, size);
	ret = amm_parse_reply(reply, expect, message, size, &error);
	if (ret < 0)
		check_error(&error);
	else if (expect->list)
		check_items(reply, message, size);
	free(message);
	return ret;
}

static void check_complement(const struct amm_expect *expect,
			     const uint8_t *data, size_t size)
{
	uint8_t *other = malloc(size);
	struct amm_reply reply;

	require(other);
	memcpy(other, data, size);
	other[COMPLEMENT] ^= 1;
	require(parse_exact(&reply, expect, other, size) < 0);
	free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct amm_reply reply, cut;
	struct amm_expect expect;

	if (size == 0)
		return 0;
	choose(&expect, *data++);
	size--;
	if (parse_exact(&reply, &expect, data, size) < 0)
		return 0;
	require(size == AMM_HEADER_SIZE + reply.payload);
	require(reply.code == (expect.code | AMM_RESPONSE));
	require(parse_exact(&cut, &expect, data, size - 1) < 0);
	if (!expect.list || !expect.fixed_read)
		check_complement(&expect, data, size);
	return 0;
}
