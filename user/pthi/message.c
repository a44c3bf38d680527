// SPDX-License-Identifier: GPL-2.0-only
/* Whole messages: header and data. */
#include <endian.h>
#include <string.h>

#include "pthi/pthi.h"

#define AMTHI_HEADER 12
#define AMTHI_RESPONSE 0x00800000u
#define AMTHI_MAJOR 1
#define AMTHI_MINOR 1
#define STATUS_SIZE 4

#define SHORT_HEADER 4
#define MKHI_RESPONSE 0x80

static uint32_t get_le32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static void put_le32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

struct writer {
	uint8_t *data;
	size_t len;
	size_t room;
};

static int put(struct writer *w, const void *bytes, size_t len, size_t size)
{
	if (len > size || size > w->room - w->len)
		return -1;
	if (len)
		memcpy(w->data + w->len, bytes, len);
	memset(w->data + w->len + len, 0, size - len);
	w->len += size;
	return 0;
}

static int put_number(struct writer *w, uint32_t number, size_t size)
{
	uint8_t bytes[sizeof(number)];

	put_le32(bytes, number);
	if (size < sizeof(number) && number >> (8 * size))
		return -1;
	return put(w, bytes, size, size);
}

static int put_ansi(struct writer *w, const struct pthi_argument *arg,
		    bool with_nul)
{
	size_t len = arg->len + (with_nul ? 1 : 0);

	if (len > UINT16_MAX || put_number(w, len, 2) < 0)
		return -1;
	return put(w, arg->bytes, arg->len, len);
}

/* Return: 1 if it took the argument, 0, or -1. */
static int put_field(struct writer *w, const struct pthi_field *field,
		     const struct pthi_argument *arg)
{
	int ret;

	switch (field->type) {
	case PTHI_PAD:
		return put(w, NULL, 0, field->size);
	case PTHI_CONST:
		return put_number(w, field->value, field->size);
	default:
		break;
	}
	if (!arg)
		return -1;
	switch (field->type) {
	case PTHI_NUMBER:
		ret = put_number(w, arg->number, field->size);
		break;
	case PTHI_BYTES:
		if (field->value && arg->len == 0)
			return 1;
		/* fall through */
	case PTHI_TEXT:
		ret = put(w, arg->bytes, arg->len, field->size);
		break;
	case PTHI_ANSI:
		ret = put_ansi(w, arg, field->value);
		break;
	default:
		ret = -1;
		break;
	}
	return ret < 0 ? ret : 1;
}

static size_t header_size(const struct pthi_command *command)
{
	return command->client == PTHI_AMTHI ? AMTHI_HEADER : SHORT_HEADER;
}

static void put_header(const struct pthi_command *command, uint8_t *msg,
		       size_t data_len)
{
	switch (command->client) {
	case PTHI_AMTHI:
		memset(msg, 0, AMTHI_HEADER);
		msg[0] = AMTHI_MAJOR;
		msg[1] = AMTHI_MINOR;
		put_le32(msg + 4, command->id);
		put_le32(msg + 8, data_len);
		break;
	case PTHI_MANAGEABILITY:
		put_le32(msg, command->id);
		msg[1] = data_len + 2;
		break;
	default:
		put_le32(msg, command->id);
		break;
	}
}

ssize_t pthi_encode(const struct pthi_command *command,
		    const struct pthi_argument *args,
		    uint8_t request[PTHI_REQUEST_MAX])
{
	const size_t header = header_size(command);
	struct writer w = {
		.data = request + header,
		.room = PTHI_REQUEST_MAX - header,
	};
	const struct pthi_field *field = command->request;
	int ret;

	for (; field && field->type != PTHI_END; field++) {
		ret = put_field(&w, field, args);
		if (ret < 0)
			return -1;
		if (ret)
			args++;
	}
	put_header(command, request, w.len);
	return (ssize_t)(header + w.len);
}

static const char *check_amthi(const struct pthi_command *command,
			       const uint8_t *msg, size_t len,
			       struct pthi_reply *reply)
{
	size_t counted;

	if (len < AMTHI_HEADER + STATUS_SIZE)
		return "is shorter than its header";
	if (msg[0] != AMTHI_MAJOR || msg[1] < AMTHI_MINOR)
		return "has another version";
	if (msg[2] || msg[3])
		return "has reserved bits set";
	if (!(get_le32(msg + 4) & AMTHI_RESPONSE))
		return "is a request";
	if (get_le32(msg + 4) != (command->id | AMTHI_RESPONSE))
		return "is to another command";
	counted = get_le32(msg + 8);
	if (counted < STATUS_SIZE)
		return "has no room for its status";
	if (counted > len - AMTHI_HEADER)
		return "is shorter than it says";
	reply->status = get_le32(msg + AMTHI_HEADER);
	reply->data = msg + AMTHI_HEADER + STATUS_SIZE;
	reply->len = counted - STATUS_SIZE;
	return NULL;
}

static const char *check_mkhi(const struct pthi_command *command,
			      const uint8_t *msg, size_t len,
			      struct pthi_reply *reply)
{
	if (len < SHORT_HEADER)
		return "is shorter than its header";
	if (!(msg[1] & MKHI_RESPONSE))
		return "is a request";
	if (msg[0] != (command->id & 0xff) ||
	    (msg[1] & ~MKHI_RESPONSE) != (command->id >> 8 & 0xff))
		return "is to another command";
	reply->status = msg[3];
	reply->data = msg + SHORT_HEADER;
	reply->len = len - SHORT_HEADER;
	return NULL;
}

/*
 * A state comes without a header: one byte, or a word on old firmware. With a
 * header there is a status.
 */
static const char *check_manageability(const struct pthi_command *command,
				       const uint8_t *msg, size_t len,
				       struct pthi_reply *reply)
{
	if (command->response && len < SHORT_HEADER + STATUS_SIZE) {
		reply->status = 0;
		reply->data = msg;
		reply->len = len;
		return NULL;
	}
	if (len < SHORT_HEADER + STATUS_SIZE)
		return "is shorter than its header";
	if (msg[0] != (command->id & 0xff) ||
	    msg[2] != (command->id >> 16 & 0xff))
		return "is to another command";
	reply->status = get_le32(msg + SHORT_HEADER);
	reply->data = msg + SHORT_HEADER + STATUS_SIZE;
	reply->len = len - SHORT_HEADER - STATUS_SIZE;
	return NULL;
}

const char *pthi_check(const struct pthi_command *command, const uint8_t *msg,
		       size_t len, struct pthi_reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	if (len == 0) {
		reply->status = PTHI_EMPTY;
		return NULL;
	}
	switch (command->client) {
	case PTHI_MKHI:
		return check_mkhi(command, msg, len, reply);
	case PTHI_MANAGEABILITY:
		return check_manageability(command, msg, len, reply);
	default:
		return check_amthi(command, msg, len, reply);
	}
}

const struct pthi_command *pthi_find(const char *name, const char *part)
{
	for (size_t i = 0; i < pthi_command_count; i++) {
		const struct pthi_command *command = &pthi_commands[i];

		if (strcmp(command->name, name) == 0 &&
		    (!part || strcmp(command->part, part) == 0))
			return command;
	}
	return NULL;
}
