// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target for responses of PTHI, MKHI and the manageability client.
 *
 * The first byte chooses the command. What is read must lie inside the message,
 * groups and lists must close, and a response that is whole must stay so with
 * a byte of padding behind it.
 */
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "pthi/pthi.h"

#define require(cond) \
	do { \
		if (!(cond)) \
			__builtin_trap(); \
	} while (0)

/* Return: how many items there are, or -1. */
static int read_all(const struct pthi_command *command,
		    const struct pthi_reply *reply)
{
	const uint8_t *end = reply->data + reply->len;
	struct pthi_reader reader;
	struct pthi_item item;
	int count = 0, open = 0;
	int ret;

	pthi_read(&reader, command->response, reply->data, reply->len);
	while ((ret = pthi_next(&reader, &item)) > 0) {
		count++;
		open += item.kind == PTHI_OPEN_GROUP ||
			item.kind == PTHI_OPEN_LIST;
		open -= item.kind == PTHI_CLOSE;
		require(open >= 0 && open < PTHI_DEPTH);
		if (!item.bytes)
			continue;
		require(item.bytes >= reply->data &&
			item.len <= (size_t)(end - item.bytes));
		require(pthi_text_len(&item) <= item.len);
	}
	require(ret < 0 || open == 0);
	return ret < 0 ? ret : count;
}

static int check(const struct pthi_command *command, const uint8_t *data,
		 size_t len)
{
	struct pthi_reply reply;

	if (pthi_check(command, data, len, &reply) || !reply.data)
		return -1;
	require(reply.data + reply.len <= data + len);
	return read_all(command, &reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pthi_command *command;
	uint8_t *longer;
	int count;

	if (size == 0)
		return 0;
	command = &pthi_commands[data[0] % pthi_command_count];
	data++;
	size--;
	count = check(command, data, size);
	if (count < 0 || command->client != PTHI_AMTHI)
		return 0;
	longer = calloc(1, size + 1);
	require(longer);
	memcpy(longer, data, size);
	require(check(command, longer, size + 1) == count);
	free(longer);
	return 0;
}
