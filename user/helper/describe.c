// SPDX-License-Identifier: GPL-2.0-only
/* What AMT answered, as a document. */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "helper/describe.h"
#include "lib/output.h"
#include "pthi/pthi.h"

/* Those that have a name, and of the others those that are set. */
static void add_flags(struct json_object *parent, const char *key,
		      const struct pthi_name *names, uint32_t flags)
{
	struct json_object *object = output_object(parent, key);
	uint32_t others = flags;
	char name[8];

	for (; names->name; names++) {
		others &= ~names->value;
		if ((flags & names->needs) == names->needs)
			output_bool(object, names->name, flags & names->value);
	}
	for (unsigned int bit = 0; others; bit++, others >>= 1) {
		snprintf(name, sizeof(name), "bit%u", bit);
		if (others & 1)
			output_bool(object, name, true);
	}
}

static void add_time(struct json_object *parent, const char *key,
		     uint32_t seconds)
{
	time_t when = seconds;
	char text[32] = "";
	struct tm tm;

	if (seconds && gmtime_r(&when, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	output_string(parent, key, text);
}

static void add_number(struct json_object *parent, const char *key,
		       const struct pthi_item *item)
{
	uint32_t n = item->number;
	char text[16];

	switch (item->field->form) {
	case PTHI_BOOL:
		output_bool(parent, key, n);
		break;
	case PTHI_ENUM:
		output_enum(parent, key, n, pthi_name(item->field->names, n));
		break;
	case PTHI_FLAGS:
		add_flags(parent, key, item->field->names, n);
		break;
	case PTHI_IPV4:
		snprintf(text, sizeof(text), "%u.%u.%u.%u", n >> 24,
			 n >> 16 & 0xff, n >> 8 & 0xff, n & 0xff);
		output_string(parent, key, text);
		break;
	case PTHI_TIME:
		add_time(parent, key, n);
		break;
	default:
		output_u32(parent, key, n);
		break;
	}
}

static uint16_t get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* Bytes as hex, with @between behind those whose bit is set in @where. */
static void format_hex(char *text, const uint8_t *bytes, size_t len,
		       char between, uint32_t where)
{
	for (size_t i = 0; i < len; i++) {
		text += sprintf(text, "%02x", bytes[i]);
		if (i < 32 && where >> i & 1)
			*text++ = between;
	}
	*text = '\0';
}

/* The first three fields of a UUID are little-endian. */
static void format_uuid(char *text, const uint8_t *bytes)
{
	static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6,
					   8, 9, 10, 11, 12, 13, 14, 15 };
	uint8_t uuid[16];

	for (size_t i = 0; i < sizeof(uuid); i++)
		uuid[i] = bytes[order[i]];
	format_hex(text, uuid, sizeof(uuid), '-', 0x2a8);
}

/* On the wire the halves come in the order minor, major, build, hotfix. */
static void format_version(char *text, size_t size, const uint8_t *bytes)
{
	snprintf(text, size, "%u.%u.%u.%u", get_le16(bytes + 2),
		 get_le16(bytes), get_le16(bytes + 6), get_le16(bytes + 4));
}

/* Year, month, day of the week, day, hour, minute, second. */
static void format_date(char *text, size_t size, const uint8_t *bytes)
{
	snprintf(text, size, "%04u-%02u-%02uT%02u:%02u:%02u",
		 get_le16(bytes), get_le16(bytes + 2), get_le16(bytes + 6),
		 get_le16(bytes + 8), get_le16(bytes + 10),
		 get_le16(bytes + 12));
}

static void add_bytes(struct json_object *parent, const char *key,
		      const struct pthi_item *item)
{
	char text[160] = "";

	switch (item->field->form) {
	case PTHI_MAC:
		format_hex(text, item->bytes, item->len, ':', 0x1f);
		break;
	case PTHI_UUID:
		format_uuid(text, item->bytes);
		break;
	case PTHI_VERSION:
		format_version(text, sizeof(text), item->bytes);
		break;
	case PTHI_DATE:
		format_date(text, sizeof(text), item->bytes);
		break;
	default:
		format_hex(text, item->bytes, item->len, 0, 0);
		break;
	}
	output_string(parent, key, text);
}

static void add_text(struct json_object *parent, const char *key,
		     const struct pthi_item *item)
{
	char *text = strndup((const char *)item->bytes, pthi_text_len(item));

	if (text)
		output_string(parent, key, text);
	free(text);
}

static void add_strings(struct json_object *parent, const char *key,
			const struct pthi_item *item)
{
	struct json_object *array = output_array(parent, key);
	struct pthi_item text = *item;

	while (item->bytes + item->len > text.bytes) {
		text.len = item->bytes + item->len - text.bytes;
		text.len = pthi_text_len(&text);
		output_append(array, (const char *)text.bytes, text.len);
		text.bytes += text.len + 1;
	}
}

static void add_value(struct json_object *parent, const char *key,
		      const struct pthi_item *item)
{
	switch (item->field->type) {
	case PTHI_NUMBER:
	case PTHI_BITS:
		add_number(parent, key, item);
		break;
	case PTHI_TEXT:
	case PTHI_COUNTED:
	case PTHI_ANSI:
		add_text(parent, key, item);
		break;
	case PTHI_STRINGS:
		add_strings(parent, key, item);
		break;
	default:
		add_bytes(parent, key, item);
		break;
	}
}

/* Where the reader is: a document for each group and list that is open. */
struct place {
	struct json_object *open[PTHI_DEPTH + 1];
	struct json_object *row[PTHI_DEPTH + 1];
	int depth;
};

static void add_item(struct place *place, const char *key,
		     const struct pthi_item *item)
{
	struct json_object *parent = place->row[place->depth];

	switch (item->kind) {
	case PTHI_VALUE:
		add_value(parent, key, item);
		break;
	case PTHI_OPEN_GROUP:
		place->depth++;
		place->row[place->depth] = output_object(parent, key);
		break;
	case PTHI_OPEN_LIST:
		place->depth++;
		place->open[place->depth] = output_array(parent, key);
		break;
	case PTHI_ROW:
		place->row[place->depth] =
			output_row(place->open[place->depth]);
		break;
	case PTHI_CLOSE:
		place->depth--;
		break;
	}
}

/* Such a field has no name of its own, and its document is no object. */
static bool is_alone(const struct pthi_field *field)
{
	while (field && (field->type == PTHI_PAD || field->type == PTHI_CONST))
		field++;
	return field && !field->name;
}

static int describe(struct json_object *object, const char *key,
		    const struct pthi_command *command,
		    const struct pthi_reply *reply)
{
	struct place place = { .row = { object } };
	struct pthi_reader reader;
	struct pthi_item item;
	int ret;

	pthi_read(&reader, command->response, reply->data, reply->len);
	while ((ret = pthi_next(&reader, &item)) > 0)
		add_item(&place, item.field->name ? item.field->name : key,
			 &item);
	return ret;
}

int describe_fields(struct json_object *object,
		    const struct pthi_command *command,
		    const struct pthi_reply *reply)
{
	return describe(object, "value", command, reply);
}

int describe_reply(struct json_object *parent, const char *key,
		   const struct pthi_command *command,
		   const struct pthi_reply *reply)
{
	struct json_object *object = parent;

	if (!is_alone(command->response))
		object = output_object(parent, key);
	if (describe(object, key, command, reply) == 0)
		return 0;
	json_object_object_del(parent, key);
	return -1;
}

void describe_status(struct json_object *parent,
		     const struct pthi_command *command,
		     const struct pthi_reply *reply)
{
	if (reply)
		output_enum(parent, "status", reply->status,
			    pthi_status_name(command->client, reply->status));
	else
		output_null(parent, "status");
}
