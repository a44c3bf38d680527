// SPDX-License-Identifier: GPL-2.0-only
/* JSON that programs print against its schema. See schema.h. */
#include <json-c/json.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "schema.h"
#include "testlib.h"

#define FOLDER "/selftests/schema"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int judge(struct json_object *schema, struct json_object *value,
		 const char *where);

static int wrong(const char *where, const char *rule, struct json_object *value)
{
	say("%s: %s: %s", where, rule, json_object_to_json_string(value));
	return 1;
}

static const char *type_name(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		return "object";
	case json_type_array:
		return "array";
	case json_type_string:
		return "string";
	case json_type_int:
		return "integer";
	case json_type_double:
		return "number";
	case json_type_boolean:
		return "boolean";
	default:
		return "null";
	}
}

static bool is_type(struct json_object *wanted, struct json_object *value)
{
	return strcmp(json_object_get_string(wanted), type_name(value)) == 0;
}

/* One name, or an array of those that it may be. */
static int is_of_type(struct json_object *rule, struct json_object *value,
		      const char *where)
{
	size_t count = json_object_is_type(rule, json_type_array) ?
			       json_object_array_length(rule) : 0;

	for (size_t i = 0; i < count; i++)
		if (is_type(json_object_array_get_idx(rule, i), value))
			return 0;
	if (count == 0 && is_type(rule, value))
		return 0;
	return wrong(where, json_object_get_string(rule), value);
}

static int is_equal(struct json_object *rule, struct json_object *value,
		    const char *where)
{
	return json_object_equal(rule, value) ? 0 :
						wrong(where, "const", value);
}

static int is_one_of(struct json_object *rule, struct json_object *value,
		     const char *where)
{
	for (size_t i = 0; i < json_object_array_length(rule); i++)
		if (json_object_equal(json_object_array_get_idx(rule, i),
				      value))
			return 0;
	return wrong(where, "enum", value);
}

static int is_at_least(struct json_object *rule, struct json_object *value,
		       const char *where)
{
	return json_object_get_int64(value) >= json_object_get_int64(rule) ?
		       0 : wrong(where, "minimum", value);
}

static int is_at_most(struct json_object *rule, struct json_object *value,
		      const char *where)
{
	return json_object_get_int64(value) <= json_object_get_int64(rule) ?
		       0 : wrong(where, "maximum", value);
}

static int is_long(struct json_object *rule, struct json_object *value,
		   const char *where)
{
	return json_object_get_string_len(value) >= json_object_get_int(rule) ?
		       0 : wrong(where, "minLength", value);
}

static int has_items(struct json_object *rule, struct json_object *value,
		     const char *where)
{
	return json_object_array_length(value) >=
			       (size_t)json_object_get_int(rule) ?
		       0 : wrong(where, "minItems", value);
}

static int has_all(struct json_object *rule, struct json_object *value,
		   const char *where)
{
	int count = 0;

	for (size_t i = 0; i < json_object_array_length(rule); i++) {
		struct json_object *key = json_object_array_get_idx(rule, i);

		if (!json_object_object_get_ex(value,
					       json_object_get_string(key),
					       NULL))
			count += wrong(where, "required", key);
	}
	return count;
}

static int judge_properties(struct json_object *rule, struct json_object *value,
			    const char *where)
{
	char path[256];
	int count = 0;

	json_object_object_foreach(rule, key, schema) {
		struct json_object *child;

		if (!json_object_object_get_ex(value, key, &child))
			continue;
		snprintf(path, sizeof(path), "%s.%s", where, key);
		count += judge(schema, child, path);
	}
	return count;
}

static bool matches(const char *pattern, const char *key)
{
	regex_t regex;
	bool match;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	match = regexec(&regex, key, 0, NULL, 0) == 0;
	regfree(&regex);
	return match;
}

static int judge_patterns(struct json_object *rule, struct json_object *value,
			  const char *where)
{
	char path[256];
	int count = 0;

	json_object_object_foreach(rule, pattern, schema) {
		json_object_object_foreach(value, key, child) {
			if (!matches(pattern, key))
				continue;
			snprintf(path, sizeof(path), "%s.%s", where, key);
			count += judge(schema, child, path);
		}
	}
	return count;
}

static int judge_items(struct json_object *rule, struct json_object *value,
		       const char *where)
{
	char path[256];
	int count = 0;

	for (size_t i = 0; i < json_object_array_length(value); i++) {
		snprintf(path, sizeof(path), "%s[%zu]", where, i);
		count += judge(rule, json_object_array_get_idx(value, i), path);
	}
	return count;
}

static bool is_known(struct json_object *schema, const char *key)
{
	struct json_object *patterns =
		json_object_object_get(schema, "patternProperties");

	if (json_object_object_get_ex(json_object_object_get(schema,
							     "properties"),
				      key, NULL))
		return true;
	if (!patterns)
		return false;
	json_object_object_foreach(patterns, pattern, rule) {
		(void)rule;
		if (matches(pattern, key))
			return true;
	}
	return false;
}

/* Looked at with the properties, as it needs both. */
static int judge_others(struct json_object *schema, struct json_object *value,
			const char *where)
{
	int count = 0;

	json_object_object_foreach(value, key, child) {
		(void)child;
		if (!is_known(schema, key)) {
			say("%s: has a %s", where, key);
			count++;
		}
	}
	return count;
}

/* What "$ref" names; a schema refers to itself only. */
static struct json_object *definitions;

static int judge_reference(struct json_object *rule, struct json_object *value,
			   const char *where)
{
	const char *path = json_object_get_string(rule);
	struct json_object *schema;

	if (strncmp(path, "#/$defs/", 8) != 0 ||
	    !json_object_object_get_ex(definitions, path + 8, &schema))
		return wrong(where, "$ref", rule);
	return judge(schema, value, where);
}

static const struct {
	const char *keyword;
	json_type type;	/* of values that it is about; null: of all */
	int (*judge)(struct json_object *rule, struct json_object *value,
		     const char *where);
} keywords[] = {
	{ "type", json_type_null, is_of_type },
	{ "const", json_type_null, is_equal },
	{ "enum", json_type_null, is_one_of },
	{ "minimum", json_type_int, is_at_least },
	{ "maximum", json_type_int, is_at_most },
	{ "minLength", json_type_string, is_long },
	{ "minItems", json_type_array, has_items },
	{ "required", json_type_object, has_all },
	{ "properties", json_type_object, judge_properties },
	{ "patternProperties", json_type_object, judge_patterns },
	{ "items", json_type_array, judge_items },
	{ "$ref", json_type_null, judge_reference },
	{ "$defs", json_type_null, NULL },
	{ "$schema", json_type_null, NULL },
	{ "title", json_type_null, NULL },
	{ "description", json_type_null, NULL },
};

static int judge_keyword(const char *keyword, struct json_object *rule,
			 struct json_object *value, const char *where)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (strcmp(keywords[i].keyword, keyword) != 0)
			continue;
		if (!keywords[i].judge ||
		    (keywords[i].type != json_type_null &&
		     !json_object_is_type(value, keywords[i].type)))
			return 0;
		return keywords[i].judge(rule, value, where);
	}
	say("%s: the schema has a keyword that is not known: %s", where,
	    keyword);
	return 1;
}

static int judge(struct json_object *schema, struct json_object *value,
		 const char *where)
{
	int count = 0;

	json_object_object_foreach(schema, keyword, rule) {
		if (strcmp(keyword, "additionalProperties") == 0) {
			if (json_object_is_type(value, json_type_object))
				count += judge_others(schema, value, where);
			continue;
		}
		count += judge_keyword(keyword, rule, value, where);
	}
	return count;
}

int schema_check(const char *name, const char *text)
{
	struct json_object *value = json_tokener_parse(text);
	struct json_object *schema;
	char path[128];
	int count = 1;

	snprintf(path, sizeof(path), FOLDER "/%s.json", name);
	schema = json_object_from_file(path);
	if (!schema) {
		say("%s: %s", path, json_util_get_last_err());
	} else if (!value) {
		say("%s: not JSON: %s", name, text);
	} else {
		definitions = json_object_object_get(schema, "$defs");
		count = judge(schema, value, name);
	}
	json_object_put(schema);
	json_object_put(value);
	return count;
}

struct json_object *json_at(struct json_object *at, const char *path)
{
	char key[64];

	while (at && *path) {
		size_t n = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)n, path);
		at = json_object_object_get(at, key);
		path += n + (path[n] == '.');
	}
	return at;
}

int json_number(struct json_object *at, const char *path)
{
	return json_object_get_int(json_at(at, path));
}

const char *json_text(struct json_object *at, const char *path)
{
	return json_object_get_string(json_at(at, path)) ?: "(none)";
}

struct json_object *info_all(struct result *r)
{
	struct json_object *info;

	/* All of it is longer than a struct result. */
	run(r, "sh", "-c", "amt-helper info --json > /tmp/info.json");
	info = json_object_from_file("/tmp/info.json");
	if (schema_check("info", json_object_to_json_string(info))) {
		json_object_put(info);
		return NULL;
	}
	return info;
}

const char *info_lacks(struct json_object *info, const char *topic)
{
	struct json_object *array = json_at(info, "unavailable"), *row;

	for (size_t i = 0; array && i < json_object_array_length(array); i++) {
		row = json_object_array_get_idx(array, i);
		if (strcmp(json_text(row, "topic"), topic) == 0)
			return json_text(row, "status.name");
	}
	return "";
}
