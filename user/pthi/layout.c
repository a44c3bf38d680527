// SPDX-License-Identifier: GPL-2.0-only
/* Data field by field, as a layout says. */
#include <endian.h>
#include <string.h>

#include "pthi/pthi.h"

#define HASH_SIZE_MAX 64

static uint32_t get_le(const uint8_t *p, size_t size)
{
	uint32_t v = 0;

	memcpy(&v, p, size);
	return le32toh(v);
}

static const uint8_t *take(struct pthi_reader *reader, size_t len)
{
	const uint8_t *p = reader->data;

	if (len > reader->len)
		return NULL;
	reader->data += len;
	reader->len -= len;
	return p;
}

static int take_number(struct pthi_reader *reader, size_t size,
		       uint32_t *number)
{
	const uint8_t *p = take(reader, size);

	if (!p)
		return PTHI_SHORT;
	*number = get_le(p, size);
	return 1;
}

static int take_bytes(struct pthi_reader *reader, size_t len,
		      struct pthi_item *item)
{
	item->bytes = take(reader, len);
	item->len = len;
	return item->bytes ? 1 : PTHI_SHORT;
}

/* A length, and a field of its own size or of that length. */
static int take_counted(struct pthi_reader *reader, size_t size,
			struct pthi_item *item)
{
	uint32_t len;

	if (take_number(reader, 2, &len) < 0 ||
	    take_bytes(reader, size ? size : len, item) < 0)
		return PTHI_SHORT;
	if (item->len > len)
		item->len = len;
	return 1;
}

/* MD5, SHA-1, SHA-256, SHA-384, SHA-224, SHA-512 */
static size_t hash_size(uint32_t algorithm)
{
	static const uint8_t sizes[] = { 16, 20, 32, 48, 28, 64 };

	return algorithm < sizeof(sizes) ? sizes[algorithm] : HASH_SIZE_MAX;
}

static int take_hash(struct pthi_reader *reader, const struct pthi_field *field,
		     struct pthi_item *item)
{
	size_t len = field->size ? field->size : reader->len;
	size_t hash;

	/* A layout with the algorithm in front has been read up to here. */
	if (field->value >= 0 && reader->len <= (size_t)field->value)
		return PTHI_SHORT;
	hash = hash_size(reader->data[field->value]);
	if (take_bytes(reader, len, item) < 0 || hash > len)
		return PTHI_SHORT;
	item->len = hash;
	return 1;
}

static void enter(struct pthi_reader *reader, const struct pthi_field *field,
		  uint32_t rows)
{
	const struct pthi_field *first = field + 1;
	const struct pthi_field *end = first + field->size;

	reader->open[reader->depth].at = end;
	reader->depth++;
	reader->open[reader->depth].field = field;
	reader->open[reader->depth].first = first;
	reader->open[reader->depth].end = end;
	reader->open[reader->depth].rows = rows;
	/* What has rows begins where a row has ended. */
	reader->open[reader->depth].at =
		field->type == PTHI_GROUP ? first : end;
}

static int open_rows(struct pthi_reader *reader, const struct pthi_field *field,
		     struct pthi_item *item)
{
	uint32_t rows = field->value;

	if (field->type == PTHI_LIST && take_number(reader, 4, &rows) < 0)
		return PTHI_SHORT;
	enter(reader, field, rows);
	item->kind = PTHI_OPEN_LIST;
	return 1;
}

/* Return: 1 with an item, 0 without one, PTHI_SHORT. */
static int read_field(struct pthi_reader *reader,
		      const struct pthi_field *field, struct pthi_item *item)
{
	switch (field->type) {
	case PTHI_NUMBER:
		item->number = 0;
		if (take_number(reader, field->size, &item->number) < 0)
			return PTHI_SHORT;
		reader->number = item->number;
		return 1;
	case PTHI_BITS:
		item->number = reader->number >> field->value &
			       ((1u << field->size) - 1);
		return 1;
	case PTHI_PAD:
	case PTHI_CONST:
		return take(reader, field->size) ? 0 : PTHI_SHORT;
	case PTHI_BYTES:
	case PTHI_TEXT:
		return take_bytes(reader, field->size, item);
	case PTHI_COUNTED:
	case PTHI_ANSI:
	case PTHI_STRINGS:
		return take_counted(reader, field->size, item);
	case PTHI_HASH:
		return take_hash(reader, field, item);
	case PTHI_GROUP:
		enter(reader, field, 0);
		item->kind = PTHI_OPEN_GROUP;
		return 1;
	case PTHI_ARRAY:
	case PTHI_LIST:
		return open_rows(reader, field, item);
	case PTHI_END:
		break;
	}
	return PTHI_SHORT;
}

void pthi_read(struct pthi_reader *reader, const struct pthi_field *layout,
	       const uint8_t *data, size_t len)
{
	const struct pthi_field *end = layout;

	memset(reader, 0, sizeof(*reader));
	while (end && end->type != PTHI_END)
		end++;
	reader->data = data;
	reader->len = len;
	reader->open[0].at = layout;
	reader->open[0].end = end;
}

/* At the end of the innermost fields: another row, or out of them. */
static int leave(struct pthi_reader *reader, struct pthi_item *item)
{
	item->field = reader->open[reader->depth].field;
	if (reader->open[reader->depth].rows) {
		reader->open[reader->depth].rows--;
		reader->open[reader->depth].at =
			reader->open[reader->depth].first;
		item->kind = PTHI_ROW;
		return 1;
	}
	if (reader->depth == 0)
		return 0;
	reader->depth--;
	item->kind = PTHI_CLOSE;
	return 1;
}

int pthi_next(struct pthi_reader *reader, struct pthi_item *item)
{
	int ret = 0;

	while (ret == 0) {
		const struct pthi_field **at =
			&reader->open[reader->depth].at;

		memset(item, 0, sizeof(*item));
		if (*at == reader->open[reader->depth].end)
			return leave(reader, item);
		item->field = (*at)++;
		ret = read_field(reader, item->field, item);
	}
	return ret;
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

int pthi_number(const struct pthi_command *command,
		const struct pthi_reply *reply, const char *name,
		uint32_t *number)
{
	struct pthi_reader reader;
	struct pthi_item item;

	pthi_read(&reader, command->response, reply->data, reply->len);
	while (pthi_next(&reader, &item) > 0) {
		if (item.field->type != PTHI_NUMBER ||
		    !same_name(item.field->name, name))
			continue;
		*number = item.number;
		return 0;
	}
	return PTHI_SHORT;
}

size_t pthi_text_len(const struct pthi_item *item)
{
	return strnlen((const char *)item->bytes, item->len);
}
