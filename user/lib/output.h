/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a subcommand has to say, described once and printed as text for people
 * or as JSON for programs.
 *
 * A document is a tree of json-c objects. As text, keys become labels, an
 * object becomes lines below its label, an array of objects a table; what fits
 * stands beside its label: a scalar, an enumeration, strings, and of an object
 * of truth values the names of those that are true.
 * Control characters, which AMT may send, are escaped in both.
 */
#ifndef LIB_OUTPUT_H
#define LIB_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/exit.h"

struct json_object;

/* Version of all JSON that is printed; raised when a key changes meaning. */
#define OUTPUT_SCHEMA 1

/** output_new() - begin a document; NULL without memory, as all below take */
struct json_object *output_new(void);

/** output_object() - add an object under @key and return it */
struct json_object *output_object(struct json_object *parent, const char *key);

/** output_array() - add an empty array under @key and return it */
struct json_object *output_array(struct json_object *parent, const char *key);

/** output_row() - append an object to @array and return it */
struct json_object *output_row(struct json_object *array);

/** output_u32() - add a number */
void output_u32(struct json_object *object, const char *key, uint32_t value);

/** output_add() - add what was made elsewhere, and take it over */
void output_add(struct json_object *parent, const char *key,
		struct json_object *value);

/** output_null() - add the place of a value that there is not */
void output_null(struct json_object *object, const char *key);

/** output_bool() - add a truth value; "yes" or "no" as text */
void output_bool(struct json_object *object, const char *key, bool value);

/** output_string() - add a string; not UTF-8 from AMT is made so */
void output_string(struct json_object *object, const char *key,
		   const char *value);

/** output_append() - add a string, as above, to an array */
void output_append(struct json_object *array, const char *value, size_t length);

/** output_enum() - add {value, name}; as text the name, or else the value */
void output_enum(struct json_object *object, const char *key, uint32_t value,
		 const char *name);

/** output_error() - add the error of the command; not shown as text */
void output_error(struct json_object *document, enum exit_code code,
		  const char *message);

/**
 * output_print() - print a document to stdout and free it
 * @document: from output_new()
 * @json: as JSON
 *
 * Return: 0, or a negative errno when it could not be written.
 */
int output_print(struct json_object *document, bool json);

/**
 * output_print_line() - print a flat document as one line and free it
 * @document: from output_new(); its first value is what the line is about
 * @json: as JSON
 *
 * As text: the first value, then key=value for all that is not empty.
 *
 * Return: 0, or a negative errno when it could not be written.
 */
int output_print_line(struct json_object *document, bool json);

#endif /* LIB_OUTPUT_H */
