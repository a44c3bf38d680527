// SPDX-License-Identifier: GPL-2.0-only
/* One description of what there is to say, printed as text or as JSON. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "lib/output.h"

/* Keys of a document that are for programs only. */
#define KEY_SCHEMA "schema_version"
#define KEY_ERROR "error"

struct json_object *output_new(void)
{
	struct json_object *document = json_object_new_object();

	output_u32(document, KEY_SCHEMA, OUTPUT_SCHEMA);
	return document;
}

/* json_object_object_add() takes over @child; both may be NULL here. */
static struct json_object *add(struct json_object *parent, const char *key,
			       struct json_object *child)
{
	if (json_object_object_add(parent, key, child) == 0)
		return child;
	json_object_put(child);
	return NULL;
}

struct json_object *output_object(struct json_object *parent, const char *key)
{
	return parent ? add(parent, key, json_object_new_object()) : NULL;
}

struct json_object *output_array(struct json_object *parent, const char *key)
{
	return parent ? add(parent, key, json_object_new_array()) : NULL;
}

struct json_object *output_row(struct json_object *array)
{
	struct json_object *row;

	if (!array)
		return NULL;
	row = json_object_new_object();
	if (json_object_array_add(array, row) == 0)
		return row;
	json_object_put(row);
	return NULL;
}

void output_add(struct json_object *parent, const char *key,
		struct json_object *value)
{
	if (parent)
		add(parent, key, value);
	else
		json_object_put(value);
}

void output_null(struct json_object *object, const char *key)
{
	if (object)
		add(object, key, NULL);
}

void output_u32(struct json_object *object, const char *key, uint32_t value)
{
	if (object)
		add(object, key, json_object_new_int64(value));
}

void output_bool(struct json_object *object, const char *key, bool value)
{
	if (object)
		add(object, key, json_object_new_boolean(value));
}

/* Escaped, so that what AMT sends is ASCII and cannot steer a terminal. */
static struct json_object *new_string(const char *value, size_t length)
{
	char *text = malloc(length * 4 + 1); /* all of it as \xNN */
	struct json_object *string;
	char *end = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = value[i];

		if (c >= ' ' && c <= '~' && c != '\\')
			*end++ = c;
		else
			end += sprintf(end, "\\x%02x", c);
	}
	string = json_object_new_string_len(text, (int)(end - text));
	free(text);
	return string;
}

void output_string(struct json_object *object, const char *key,
		   const char *value)
{
	if (object)
		add(object, key, new_string(value, strlen(value)));
}

void output_append(struct json_object *array, const char *value, size_t length)
{
	struct json_object *string;

	if (!array)
		return;
	string = new_string(value, length);
	if (!string || json_object_array_add(array, string) < 0)
		json_object_put(string);
}

void output_enum(struct json_object *object, const char *key, uint32_t value,
		 const char *name)
{
	struct json_object *child = output_object(object, key);

	output_u32(child, "value", value);
	if (name)
		output_string(child, "name", name);
	else
		output_null(child, "name");
}

void output_error(struct json_object *document, enum exit_code code,
		  const char *message)
{
	struct json_object *error = output_object(document, KEY_ERROR);

	output_u32(error, "code", code);
	output_string(error, "name", exit_name(code));
	output_string(error, "message", message);
}

static bool is_enum(struct json_object *object)
{
	return json_object_object_get_ex(object, "name", NULL) &&
	       json_object_object_get_ex(object, "value", NULL);
}

static bool is_flags(struct json_object *object)
{
	json_object_object_foreach(object, key, value) {
		(void)key;
		if (!json_object_is_type(value, json_type_boolean))
			return false;
	}
	return true;
}

static struct json_object *enum_text(struct json_object *value)
{
	struct json_object *name = json_object_object_get(value, "name");

	return name ? name : json_object_object_get(value, "value");
}

/* All below return how long a text is, and print it if @to is not NULL. */
static int put_text(FILE *to, const char *text)
{
	if (to)
		fputs(text, to);
	return (int)strlen(text);
}

/* With a comma before it if @length says that there is something. */
static int put_next(FILE *to, int length, const char *text)
{
	if (length > 0)
		length += put_text(to, ", ");
	return length + put_text(to, text);
}

/* Flags: the names of those that are set. */
static int put_flags(FILE *to, struct json_object *flags)
{
	int length = 0;

	json_object_object_foreach(flags, key, value)
		if (json_object_get_boolean(value))
			length = put_next(to, length, key);
	return length;
}

static int put_strings(FILE *to, struct json_object *array)
{
	int length = 0;

	for (size_t i = 0; i < json_object_array_length(array); i++)
		length = put_next(to, length, json_object_get_string(
					json_object_array_get_idx(array, i)));
	return length;
}

/* One line; nothing if the value is empty. */
static int put_value(FILE *to, struct json_object *value)
{
	if (is_enum(value))
		value = enum_text(value);
	switch (json_object_get_type(value)) {
	case json_type_boolean:
		return put_text(to, json_object_get_boolean(value) ? "yes" :
								     "no");
	case json_type_object:
		return put_flags(to, value);
	case json_type_array:
		return put_strings(to, value);
	case json_type_null:
		return 0;
	default:
		return put_text(to, json_object_get_string(value));
	}
}

static int put_cell(FILE *to, struct json_object *value)
{
	int length = put_value(to, value);

	return length > 0 ? length : put_text(to, "-");
}

/* What is printed below its label and not beside it. */
static bool is_table(struct json_object *value)
{
	return json_object_is_type(value, json_type_array) &&
	       !json_object_is_type(json_object_array_get_idx(value, 0),
				    json_type_string);
}

static bool is_section(struct json_object *value)
{
	return json_object_is_type(value, json_type_object) &&
	       !is_enum(value) && !is_flags(value);
}

static void print_label(const char *key, int width, int (*change)(int))
{
	int length = (int)strlen(key);

	for (int i = 0; i < length; i++)
		putchar(key[i] == '_' ? ' ' : change(key[i]));
	printf("%*s", width > length ? width - length : 0, "");
}

static int same(int c)
{
	return c;
}

static int column_width(struct json_object *array, const char *key)
{
	size_t rows = json_object_array_length(array);
	int width = (int)strlen(key);

	for (size_t i = 0; i < rows; i++) {
		struct json_object *row = json_object_array_get_idx(array, i);
		struct json_object *value = json_object_object_get(row, key);
		int length = put_cell(NULL, value);

		if (length > width)
			width = length;
	}
	return width;
}

/* Two spaces between columns; the last is not filled up. */
static void print_row(struct json_object *array, struct json_object *first,
		      struct json_object *row, int indent)
{
	int fill = indent - 2;

	json_object_object_foreach(first, key, value) {
		int length = (int)strlen(key);

		(void)value;
		printf("%*s", fill + 2, "");
		if (row)
			length = put_cell(stdout,
					  json_object_object_get(row, key));
		else
			print_label(key, 0, toupper);
		fill = column_width(array, key) - length;
	}
	putchar('\n');
}

static void print_table(struct json_object *array, int indent)
{
	size_t rows = json_object_array_length(array);
	struct json_object *first = json_object_array_get_idx(array, 0);

	if (rows == 0) {
		printf("%*snone\n", indent, "");
		return;
	}
	print_row(array, first, NULL, indent);
	for (size_t i = 0; i < rows; i++)
		print_row(array, first, json_object_array_get_idx(array, i),
			  indent);
}

static bool for_programs(const char *key)
{
	return strcmp(key, KEY_SCHEMA) == 0 || strcmp(key, KEY_ERROR) == 0;
}

static int label_width(struct json_object *object)
{
	int width = 0;

	json_object_object_foreach(object, key, value) {
		int length = (int)strlen(key);

		if (!is_table(value) && !is_section(value) &&
		    !for_programs(key) && length > width)
			width = length;
	}
	return width;
}

/* The objects that the one being printed lies in. */
#define DEPTH 6

struct level {
	struct json_object_iterator at;
	struct json_object_iterator end;
	int width;
};

static void enter(struct level *level, struct json_object *object)
{
	level->at = json_object_iter_begin(object);
	level->end = json_object_iter_end(object);
	level->width = label_width(object);
}

static void print_text(struct json_object *document)
{
	struct level levels[DEPTH];
	int depth = 0;

	enter(&levels[0], document);
	while (depth >= 0) {
		struct level *level = &levels[depth];
		struct json_object *value;
		const char *key;

		if (json_object_iter_equal(&level->at, &level->end)) {
			depth--;
			continue;
		}
		key = json_object_iter_peek_name(&level->at);
		value = json_object_iter_peek_value(&level->at);
		json_object_iter_next(&level->at);
		if (depth == 0 && for_programs(key))
			continue;
		printf("%*s", 2 * depth, "");
		if (is_table(value)) {
			print_label(key, 0, same);
			putchar('\n');
			print_table(value, 2 * depth + 2);
		} else if (is_section(value) && depth + 1 < DEPTH) {
			print_label(key, 0, same);
			putchar('\n');
			enter(&levels[++depth], value);
		} else {
			print_label(key, level->width + 2, same);
			put_cell(stdout, value);
			putchar('\n');
		}
	}
}

static void print_pairs(struct json_object *document)
{
	bool first = true;

	json_object_object_foreach(document, key, value) {
		if (strcmp(key, KEY_SCHEMA) == 0 || put_value(NULL, value) == 0)
			continue;
		if (!first)
			printf(" %s=", key);
		put_value(stdout, value);
		first = false;
	}
	putchar('\n');
}

/* Frees the document too. */
static int end_print(struct json_object *document)
{
	json_object_put(document);
	if (fflush(stdout) != 0 || ferror(stdout))
		return errno ? -errno : -EIO;
	return 0;
}

int output_print_line(struct json_object *document, bool json)
{
	if (!document)
		return -ENOMEM;
	if (json)
		puts(json_object_to_json_string_ext(document,
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		print_pairs(document);
	return end_print(document);
}

int output_print(struct json_object *document, bool json)
{
	if (!document)
		return -ENOMEM;
	if (json)
		puts(json_object_to_json_string_ext(document,
						    JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		print_text(document);
	return end_print(document);
}
