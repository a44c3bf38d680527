// SPDX-License-Identifier: GPL-2.0-only
/* Messages of the AMM HMI API: Documentation/amm.rst. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "amm/message.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define SOM 0xA55A5AA5u

/* Code, confirmation and count come before the slots of a list. */
#define LIST_HEAD 12
#define CODE_SIZE 4
#define WORD1_END 8

#define HEX_MAX (LIST_HEAD * 2 + 1)

/* A list in a reply: so many slots of so many bytes. */
struct shape {
	uint32_t code;
	unsigned int capacity;
	unsigned int slot;
};

static const struct shape shapes[] = {
	{ AMM_LIST_ENDPOINTS, 32, 16 },
	{ AMM_LIST_ATRS, AMM_ITEMS_MAX, 20 },
};

int amm_error_set(struct amm_error *error, enum amm_trouble trouble,
		  const char *format, ...)
{
	va_list args;

	error->trouble = trouble;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -1;
}

static const struct shape *find_shape(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (shapes[i].code == code)
			return &shapes[i];
	return NULL;
}

bool amm_is_list(uint32_t code)
{
	return find_shape(code);
}

static const char *name_of(const char *const *names, size_t count,
			   uint32_t value)
{
	return value < count && names[value] ? names[value] : "unknown";
}

const char *amm_code_name(uint32_t code)
{
	static const char *const names[] = {
		[AMM_LIST_ENDPOINTS] = "LIST_ENDPOINTS",
		[AMM_GET_ENDPOINT_DETAILS] = "GET_ENDPOINT_DETAILS",
		[AMM_PROVISION_ENDPOINT] = "PROVISION_ENDPOINT",
		[AMM_CREATE_OPERATIONAL_ATR] = "CREATE_OPERATIONAL_ATR",
		[AMM_LIST_ATRS] = "LIST_ATRS",
		[AMM_DELETE_ENDPOINT] = "DELETE_ENDPOINT",
		[AMM_DELETE_ATR] = "DELETE_ATR",
	};

	return name_of(names, ARRAY_SIZE(names), code);
}

const char *amm_category_name(uint32_t category)
{
	static const char *const names[] = {
		"illegal", "bootstrap", "provisional", "operational",
	};

	return name_of(names, ARRAY_SIZE(names), category);
}

static void put16(uint8_t *to, uint16_t value)
{
	to[0] = value & 0xff;
	to[1] = value >> 8;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value & 0xffff);
	put16(to + 2, value >> 16);
}

static uint16_t get16(const uint8_t *from)
{
	return (uint16_t)(from[0] | from[1] << 8);
}

static uint32_t get32(const uint8_t *from)
{
	return get16(from) | (uint32_t)get16(from + 2) << 16;
}

static uint64_t get64(const uint8_t *from)
{
	return get32(from) | (uint64_t)get32(from + 4) << 32;
}

size_t amm_encode(uint8_t *message, uint32_t code, const uint8_t *arguments,
		  size_t length)
{
	uint16_t payload = (uint16_t)(CODE_SIZE + length);

	put32(message, SOM);
	message[4] = 1;
	message[5] = 0;
	put16(message + 6, payload);
	put16(message + 8, (uint16_t)~payload);
	put16(message + 10, 0);
	put32(message + AMM_HEADER_SIZE, code);
	if (length)
		memcpy(message + AMM_HEADER_SIZE + CODE_SIZE, arguments,
		       length);
	return AMM_HEADER_SIZE + CODE_SIZE + length;
}

size_t amm_encode_list(uint8_t *message, uint32_t code, uint32_t filter)
{
	uint8_t arguments[4];

	put32(arguments, filter);
	return amm_encode(message, code, arguments, sizeof(arguments));
}

/* As many bytes as @text has room for. */
static const char *hex(char text[HEX_MAX], const uint8_t *bytes, size_t count)
{
	char *end = text;

	for (size_t i = 0; i < count; i++)
		end += sprintf(end, "%02x", bytes[i]);
	return text;
}

static const char *order_hint(bool swapped)
{
	return swapped ? "; byte order?" : "";
}

static int check_version(const struct amm_expect *expect,
			 struct amm_version version, struct amm_error *error)
{
	const char *hint = "";

	if ((version.major == 1 && version.minor == 0) ||
	    (version.major == expect->version.major &&
	     version.minor == expect->version.minor))
		return 0;
	if (version.major == 0 && version.minor == 1)
		hint = "; is this AppEndpoint (port 49600)?";
	return amm_error_set(error, AMM_VIOLATION,
			     "version %u.%u, expected 1.0%s (accept it: --allow-version)",
			     version.major, version.minor, hint);
}

static unsigned int full_size(const struct shape *shape)
{
	return LIST_HEAD + shape->capacity * shape->slot;
}

/* What can be said of the length before the payload is there. */
static int check_length(const struct amm_expect *expect,
			struct amm_reply *reply, struct amm_error *error)
{
	const struct shape *shape = find_shape(expect->code);
	unsigned int length = reply->length;

	if ((uint16_t)(reply->length ^ reply->complement) != 0xffff)
		return amm_error_set(error, AMM_VIOLATION,
				     "length 0x%04x with complement 0x%04x, expected 0x%04x",
				     length, reply->complement,
				     ~length & 0xffff);
	if (length < CODE_SIZE)
		return amm_error_set(error, AMM_VIOLATION,
				     "length %u is too short for a response code",
				     length);
	if (expect->list && length > full_size(shape))
		return amm_error_set(error, AMM_VIOLATION,
				     "length %u, expected %u%s", length,
				     full_size(shape),
				     order_hint(__builtin_bswap16(length) ==
						full_size(shape)));
	reply->payload = length;
	return 0;
}

int amm_parse_header(struct amm_reply *reply, const struct amm_expect *expect,
		     const uint8_t *header, struct amm_error *error)
{
	char text[HEX_MAX];

	memset(reply, 0, sizeof(*reply));
	if (get32(header) != SOM)
		return amm_error_set(error, AMM_VIOLATION,
				     "the reply begins with %s, expected a55a5aa5",
				     hex(text, header, 4));
	reply->version.major = header[4];
	reply->version.minor = header[5];
	reply->length = get16(header + 6);
	reply->complement = get16(header + 8);
	reply->reserved = get16(header + 10);
	if (check_version(expect, reply->version, error) < 0)
		return -1;
	if (!expect->list || !expect->fixed_read)
		return check_length(expect, reply, error);
	reply->payload = full_size(find_shape(expect->code));
	return 0;
}

static int check_code(const struct amm_expect *expect, uint32_t code,
		      struct amm_error *error)
{
	uint32_t expected = expect->code | AMM_RESPONSE;

	if (code == expected)
		return 0;
	return amm_error_set(error, AMM_VIOLATION,
			     "response code 0x%08x, expected 0x%08x%s", code,
			     expected,
			     order_hint(__builtin_bswap32(code) == expected));
}

static void parse_items(struct amm_reply *reply, const struct shape *shape,
			const uint8_t *slots)
{
	for (unsigned int i = 0; i < reply->count; i++) {
		const uint8_t *slot = slots + i * shape->slot;
		struct amm_item *item = &reply->items[i];

		item->index = i;
		if (shape->code == AMM_LIST_ATRS) {
			item->category = get32(slot);
			slot += 4;
		}
		item->lower = get64(slot);
		item->upper = get64(slot + 8);
	}
}

static int no_list(const struct amm_reply *reply, const uint8_t *payload,
		   struct amm_error *error)
{
	char text[HEX_MAX];

	hex(text, payload, reply->payload);
	if (!reply->has_word1)
		return amm_error_set(error, AMM_VIOLATION,
				     "reply without a list: payload %s", text);
	return amm_error_set(error, AMM_VIOLATION,
			     "reply without a list: confirmation %u (0x%08x), payload %s",
			     reply->word1, reply->word1, text);
}

static int parse_list(struct amm_reply *reply, const struct shape *shape,
		      const uint8_t *payload, struct amm_error *error)
{
	unsigned int compact;
	uint32_t count;

	if (reply->payload < LIST_HEAD)
		return no_list(reply, payload, error);
	count = get32(payload + 8);
	if (count > shape->capacity)
		return amm_error_set(error, AMM_VIOLATION,
				     "%u items, but a list has %u at most",
				     count, shape->capacity);
	compact = LIST_HEAD + count * shape->slot;
	if (reply->payload != compact && reply->payload != full_size(shape))
		return amm_error_set(error, AMM_VIOLATION,
				     "length %zu with %u items, expected %u or %u",
				     reply->payload, count, full_size(shape),
				     compact);
	reply->count = count;
	reply->capacity = shape->capacity;
	reply->compact = reply->payload != full_size(shape);
	parse_items(reply, shape, payload + LIST_HEAD);
	return 0;
}

int amm_parse_reply(struct amm_reply *reply, const struct amm_expect *expect,
		    const uint8_t *message, size_t size,
		    struct amm_error *error)
{
	const uint8_t *payload = message + AMM_HEADER_SIZE;

	if (size < AMM_HEADER_SIZE)
		return amm_error_set(error, AMM_VIOLATION,
				     "%zu bytes are no header", size);
	if (amm_parse_header(reply, expect, message, error) < 0)
		return -1;
	if (size != AMM_HEADER_SIZE + reply->payload)
		return amm_error_set(error, AMM_VIOLATION,
				     "%zu bytes, expected %zu", size,
				     AMM_HEADER_SIZE + reply->payload);
	reply->code = get32(payload);
	if (check_code(expect, reply->code, error) < 0)
		return -1;
	reply->has_word1 = reply->payload >= WORD1_END;
	if (reply->has_word1)
		reply->word1 = get32(payload + CODE_SIZE);
	if (!expect->list)
		return 0;
	return parse_list(reply, find_shape(expect->code), payload, error);
}
