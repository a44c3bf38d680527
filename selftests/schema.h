/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON that programs print against its schema in Documentation/schema/. */
#ifndef SELFTESTS_SCHEMA_H
#define SELFTESTS_SCHEMA_H

/**
 * schema_check() - is a text what a schema says
 * @name: of the schema, such as "doctor"
 * @text: the JSON
 *
 * Knows of JSON Schema what the schemas here use, and says so of a keyword that
 * it does not know.
 *
 * Return: how many things are wrong; each is printed to stderr.
 */
int schema_check(const char *name, const char *text);

struct json_object;
struct result;

/** info_all() - run "amt-helper info"; NULL if its schema says otherwise */
struct json_object *info_all(struct result *r);

/** info_lacks() - the status of a topic that is not in there, "" if it is */
const char *info_lacks(struct json_object *info, const char *topic);

/** json_at() - the member at a path of keys with dots between them, or NULL */
struct json_object *json_at(struct json_object *at, const char *path);

/** json_number() - the number there, or 0 */
int json_number(struct json_object *at, const char *path);

/** json_text() - the string there, or "(none)" */
const char *json_text(struct json_object *at, const char *path);

#endif /* SELFTESTS_SCHEMA_H */
