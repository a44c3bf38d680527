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

void output_string(struct json_object *object, const char *key,
		   const char *value)
{
	size_t room = strlen(value) * 4 + 1; /* all of it as \xNN */
	char *text = malloc(room);
	char *end = text;

	if (!text)
		return;
	for (; *value; value++) {
		unsigned char c = *value;

		if (c >= ' ' && c <= '~' && c != '\\')
			*end++ = c;
		else
			end += sprintf(end, "\\x%02x", c);
	}
	*end = '\0';
	if (object)
		add(object, key, json_object_new_string(text));
	free(text);
}

void output_enum(struct json_object *object, const char *key, uint32_t value,
		 const char *name)
{
	struct json_object *child = output_object(object, key);

	output_u32(child, "value", value);
	output_string(child, "name", name);
}

void output_error(struct json_object *document, enum exit_code code,
		  const char *message)
{
	struct json_object *error = output_object(document, KEY_ERROR);

	output_u32(error, "code", code);
	output_string(error, "name", exit_name(code));
	output_string(error, "message", message);
}

static const char *cell(struct json_object *value)
{
	struct json_object *name;

	switch (json_object_get_type(value)) {
	case json_type_boolean:
		return json_object_get_boolean(value) ? "yes" : "no";
	case json_type_object:
		if (json_object_object_get_ex(value, "name", &name))
			return json_object_get_string(name);
		return "-";
	case json_type_null:
		return "-";
	default:
		if (json_object_get_string_len(value) == 0 &&
		    json_object_is_type(value, json_type_string))
			return "-";
		return json_object_get_string(value);
	}
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

static void print_object(struct json_object *object)
{
	int width = 0;

	json_object_object_foreach(object, key, value) {
		int length = (int)strlen(key);

		(void)value;
		if (length > width)
			width = length;
	}
	json_object_object_foreach(object, label, item) {
		printf("  ");
		print_label(label, width + 2, same);
		printf("%s\n", cell(item));
	}
}

static int column_width(struct json_object *array, const char *key)
{
	size_t rows = json_object_array_length(array);
	int width = (int)strlen(key);

	for (size_t i = 0; i < rows; i++) {
		struct json_object *row = json_object_array_get_idx(array, i);
		struct json_object *value = json_object_object_get(row, key);
		int length = (int)strlen(cell(value));

		if (length > width)
			width = length;
	}
	return width;
}

/* Two spaces before each column, and what fills up the one before. */
static void print_row(struct json_object *array, struct json_object *first,
		      struct json_object *row)
{
	int fill = 0;

	json_object_object_foreach(first, key, value) {
		const char *text = key;

		(void)value;
		printf("%*s", fill + 2, "");
		if (row) {
			text = cell(json_object_object_get(row, key));
			fputs(text, stdout);
		} else {
			print_label(key, 0, toupper);
		}
		fill = column_width(array, key) - (int)strlen(text);
	}
	putchar('\n');
}

static void print_table(struct json_object *array)
{
	size_t rows = json_object_array_length(array);
	struct json_object *first = json_object_array_get_idx(array, 0);

	if (rows == 0) {
		printf("  none\n");
		return;
	}
	print_row(array, first, NULL);
	for (size_t i = 0; i < rows; i++)
		print_row(array, first, json_object_array_get_idx(array, i));
}

static void print_text(struct json_object *document)
{
	json_object_object_foreach(document, key, value) {
		if (strcmp(key, KEY_SCHEMA) == 0 || strcmp(key, KEY_ERROR) == 0)
			continue;
		print_label(key, 0, same);
		putchar('\n');
		if (json_object_is_type(value, json_type_array))
			print_table(value);
		else
			print_object(value);
	}
}

static void print_pairs(struct json_object *document)
{
	bool first = true;

	json_object_object_foreach(document, key, value) {
		const char *text = cell(value);

		if (strcmp(key, KEY_SCHEMA) == 0 || strcmp(text, "-") == 0)
			continue;
		if (first)
			fputs(text, stdout);
		else
			printf(" %s=%s", key, text);
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
