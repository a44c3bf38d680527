// SPDX-License-Identifier: GPL-2.0-only
/* Documents as text: what is joined in one place, however long it is. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "kselftest_harness.h"

#include "lib/output.h"

#define MANY 300

FIXTURE(output) {
	struct json_object *document;
	FILE *file;
	char joined[16384];
	char text[65536];
};

FIXTURE_SETUP(output)
{
	self->document = output_new();
	self->file = tmpfile();
	ASSERT_NE(NULL, self->file);
}

FIXTURE_TEARDOWN(output)
{
	fclose(self->file);
}

/* What @print writes to stdout, which the harness needs afterwards. */
static int capture(int (*print)(struct json_object *document, bool json),
		   struct json_object *document, FILE *file, char *text,
		   size_t size)
{
	int saved, ret;
	size_t len;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fileno(file), STDOUT_FILENO);
	ret = print(document, false);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	return ret;
}

#define CAPTURE(print) \
	capture(print, self->document, self->file, self->text, \
		sizeof(self->text))

/* "name000, name001" and so on; all of it, in an array or as flags. */
static void join(char *joined, size_t size)
{
	size_t len = 0;

	for (int i = 0; i < MANY; i++)
		len += snprintf(joined + len, size - len, "%sname%03d",
				i ? ", " : "", i);
}

static void add_strings(struct json_object *object)
{
	struct json_object *array = output_array(object, "strings");
	char name[8];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "name%03d", i);
		output_append(array, name, strlen(name));
	}
}

static void add_flags(struct json_object *object)
{
	struct json_object *flags = output_object(object, "flags");
	char name[8];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "none%03d", i);
		output_bool(flags, name, false);
		snprintf(name, sizeof(name), "name%03d", i);
		output_bool(flags, name, true);
	}
}

TEST_F(output, what_is_joined_is_whole)
{
	char expected[sizeof(self->text)];

	join(self->joined, sizeof(self->joined));
	add_strings(self->document);
	add_flags(self->document);
	EXPECT_EQ(0, CAPTURE(output_print));
	snprintf(expected, sizeof(expected), "strings  %s\nflags    %s\n",
		 self->joined, self->joined);
	EXPECT_STREQ(expected, self->text);
}

TEST_F(output, in_a_table_the_next_column_stands_behind_it)
{
	struct json_object *rows = output_array(self->document, "rows");
	struct json_object *row = output_row(rows);
	char expected[sizeof(self->text)];
	int width;

	join(self->joined, sizeof(self->joined));
	width = (int)strlen(self->joined);
	add_strings(row);
	output_u32(row, "last", 1);
	row = output_row(rows);
	output_array(row, "strings");
	output_u32(row, "last", 2);
	EXPECT_EQ(0, CAPTURE(output_print));
	snprintf(expected, sizeof(expected),
		 "rows\n  %-*s  LAST\n  %s  1\n  %-*s  2\n", width, "STRINGS",
		 self->joined, width, "-");
	EXPECT_STREQ(expected, self->text);
}

TEST_F(output, a_line_has_all_that_is_not_empty)
{
	char expected[sizeof(self->text)];

	join(self->joined, sizeof(self->joined));
	output_enum(self->document, "event", 4, "first");
	output_string(self->document, "empty", "");
	output_enum(self->document, "none", 0, "");
	output_null(self->document, "null");
	output_u32(self->document, "number", 0);
	output_enum(self->document, "unknown", 7, NULL);
	add_strings(self->document);
	EXPECT_EQ(0, CAPTURE(output_print_line));
	snprintf(expected, sizeof(expected),
		 "first number=0 unknown=7 strings=%s\n", self->joined);
	EXPECT_STREQ(expected, self->text);
}

/* Memory that there is not is NULL, as without ASan. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

TEST_F(output, a_string_without_memory_is_left_out)
{
	struct json_object *array = output_array(self->document, "strings");

	output_append(array, "before", 6);
	output_append(array, "", SIZE_MAX / 8);
	output_append(array, "behind", 6);
	EXPECT_EQ(0, CAPTURE(output_print));
	EXPECT_STREQ("strings  before, behind\n", self->text);
}

TEST_HARNESS_MAIN
