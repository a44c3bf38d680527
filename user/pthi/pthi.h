/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests and responses of the firmware's PTHI, MKHI and manageability
 * clients; the bytes are in Documentation/protocol.rst and Documentation/pthi.rst.
 *
 * A command is one row of the table in commands.c: its number, and what its
 * request and its response are made of. What is here knows no command by name,
 * and neither allocates, locks nor prints.
 */
#ifndef PTHI_PTHI_H
#define PTHI_PTHI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* No request is longer. */
#define PTHI_REQUEST_MAX 512

/* The reader's end of data that are shorter than their layout. */
#define PTHI_SHORT (-1)

enum pthi_client {
	PTHI_AMTHI,
	PTHI_MKHI,
	PTHI_MANAGEABILITY,
	PTHI_CLIENTS
};

/**
 * enum pthi_type - what a field is on the wire
 * @PTHI_END: no field; the layout ends here
 * @PTHI_NUMBER: little-endian, @size bytes
 * @PTHI_CONST: the same in a request, and always @value
 * @PTHI_BITS: @size bits of the number before, from bit @value on; no bytes
 * @PTHI_PAD: @size bytes without a meaning, 0 in a request
 * @PTHI_BYTES: @size bytes; with @value none at all in a request without them
 * @PTHI_TEXT: text in @size bytes, filled up with NUL
 * @PTHI_COUNTED: u16 length, then text in @size bytes
 * @PTHI_ANSI: u16 length, then so much text; with @value the length of a
 *             request's counts a NUL
 * @PTHI_STRINGS: u16 length, then so many bytes of NUL-terminated texts
 * @PTHI_HASH: a hash in @size bytes, or in the rest with 0; its algorithm, as a
 *             byte, lies @value bytes behind its begin
 * @PTHI_GROUP: the next @size fields belong together
 * @PTHI_ARRAY: the next @size fields, @value times
 * @PTHI_LIST: u32 count, then so many times the next @size fields
 */
enum pthi_type {
	PTHI_END,
	PTHI_NUMBER,
	PTHI_CONST,
	PTHI_BITS,
	PTHI_PAD,
	PTHI_BYTES,
	PTHI_TEXT,
	PTHI_COUNTED,
	PTHI_ANSI,
	PTHI_STRINGS,
	PTHI_HASH,
	PTHI_GROUP,
	PTHI_ARRAY,
	PTHI_LIST,
};

/* What a number or bytes mean. */
enum pthi_form {
	PTHI_PLAIN,
	PTHI_BOOL,
	PTHI_ENUM,
	PTHI_FLAGS,
	PTHI_IPV4,
	PTHI_TIME,
	PTHI_DATE,
	PTHI_MAC,
	PTHI_UUID,
	PTHI_VERSION,
	PTHI_HEX,
};

/**
 * struct pthi_name - a value of an enumeration, or a flag
 * @value: the value, or the bit
 * @name: NULL ends the list
 * @needs: a flag that says nothing without this one
 */
struct pthi_name {
	uint32_t value;
	const char *name;
	uint32_t needs;
};

/**
 * struct pthi_field - a field of a request or a response
 * @name: lower case with underscores; NULL if it is the only one
 * @type: what it is on the wire
 * @form: what it means
 * @size: see enum pthi_type
 * @value: see enum pthi_type
 * @names: of PTHI_ENUM and PTHI_FLAGS
 */
struct pthi_field {
	const char *name;
	enum pthi_type type;
	enum pthi_form form;
	uint16_t size;
	int32_t value;
	const struct pthi_name *names;
};

/**
 * struct pthi_command - a row of the table
 * @topic: what a query is called among all that can be read, or NULL
 * @part: and which part of the topic it is, or NULL for all of it
 * @id: PTHI: the command; the others: the header of the request
 * @client: who is asked
 * @change: it changes something, so it is never sent twice
 * @name: as documents call it
 * @request: layout of the data, or NULL
 * @response: layout of the data, or NULL
 */
struct pthi_command {
	const char *topic;
	const char *part;
	uint32_t id;
	enum pthi_client client;
	bool change;
	const char *name;
	const struct pthi_field *request;
	const struct pthi_field *response;
};

extern const struct pthi_command pthi_commands[];
extern const size_t pthi_command_count;

/**
 * pthi_find() - a row of the table
 * @name: of the command
 * @part: which of several rows; NULL for the first
 *
 * Return: the row, or NULL.
 */
const struct pthi_command *pthi_find(const char *name, const char *part);

/**
 * struct pthi_argument - a value for a request
 * @number: of PTHI_NUMBER
 * @bytes: of PTHI_BYTES, PTHI_TEXT and PTHI_ANSI
 * @len: how many
 */
struct pthi_argument {
	uint32_t number;
	const void *bytes;
	size_t len;
};

/**
 * pthi_encode() - lay out a request
 * @command: which one
 * @args: a value for each number, bytes and text of its layout; NULL for none
 * @request: filled with header and data
 *
 * Return: its length, or -1 if a value does not fit its field.
 */
ssize_t pthi_encode(const struct pthi_command *command,
		    const struct pthi_argument *args,
		    uint8_t request[PTHI_REQUEST_MAX]);

/**
 * struct pthi_reply - a response without its header
 * @status: 0 is success
 * @data: inside the message
 * @len: how many bytes
 */
struct pthi_reply {
	uint32_t status;
	const uint8_t *data;
	size_t len;
};

/**
 * pthi_check() - take off the header of a response
 * @command: what was asked
 * @msg: the message
 * @len: its length; 0 is success with status PTHI_EMPTY
 * @reply: what is in it
 *
 * Return: NULL, or what is wrong with the header, for people.
 */
const char *pthi_check(const struct pthi_command *command, const uint8_t *msg,
		       size_t len, struct pthi_reply *reply);

/* Not of the firmware: it answered with nothing, as it does when AMT is off. */
#define PTHI_EMPTY 0x4000

/**
 * pthi_status_name() - name of a status
 * @client: whose
 * @status: as in struct pthi_reply
 *
 * Return: such as "AMT_STATUS_NOT_READY", or NULL if it has none.
 */
const char *pthi_status_name(enum pthi_client client, uint32_t status);

/** pthi_name() - the name of a value in a list, or NULL */
const char *pthi_name(const struct pthi_name *names, uint32_t value);

/**
 * enum pthi_kind - what a reader came to
 * @PTHI_VALUE: a number, bytes, a text or texts
 * @PTHI_OPEN_GROUP: fields follow up to PTHI_CLOSE
 * @PTHI_OPEN_LIST: rows follow up to PTHI_CLOSE
 * @PTHI_ROW: the fields of one row follow
 * @PTHI_CLOSE: the latest group or list ends
 */
enum pthi_kind {
	PTHI_VALUE,
	PTHI_OPEN_GROUP,
	PTHI_OPEN_LIST,
	PTHI_ROW,
	PTHI_CLOSE,
};

/**
 * struct pthi_item - what a reader came to
 * @kind: what
 * @field: which field of the layout
 * @number: of numbers and bits
 * @bytes: of all others; inside the data
 * @len: how many
 */
struct pthi_item {
	enum pthi_kind kind;
	const struct pthi_field *field;
	uint32_t number;
	const uint8_t *bytes;
	size_t len;
};

#define PTHI_DEPTH 4

/**
 * struct pthi_reader - goes through data field by field
 * @data: what is left of them
 * @len: how many bytes that are
 * @number: the latest number, which bits are taken of
 * @depth: groups and lists that are open
 * @open: their fields: where it is, the first, the end, rows to come
 */
struct pthi_reader {
	const uint8_t *data;
	size_t len;
	uint32_t number;
	int depth;
	struct {
		const struct pthi_field *at;
		const struct pthi_field *first;
		const struct pthi_field *end;
		const struct pthi_field *field;
		uint32_t rows;
	} open[PTHI_DEPTH];
};

/**
 * pthi_read() - begin to read data
 * @reader: to be filled
 * @layout: what they are made of; NULL for nothing
 * @data: the data
 * @len: how many bytes
 */
void pthi_read(struct pthi_reader *reader, const struct pthi_field *layout,
	       const uint8_t *data, size_t len);

/**
 * pthi_next() - the next field
 * @reader: from pthi_read()
 * @item: what it is
 *
 * Bytes behind the layout are padding.
 *
 * Return: 1; 0 at the end of the layout; PTHI_SHORT.
 */
int pthi_next(struct pthi_reader *reader, struct pthi_item *item);

/**
 * pthi_number() - a number of a response
 * @command: what was asked
 * @reply: what came
 * @name: of the field; NULL as in struct pthi_field
 * @number: set to it
 *
 * Return: 0, or PTHI_SHORT: there is none in the data.
 */
int pthi_number(const struct pthi_command *command,
		const struct pthi_reply *reply, const char *name,
		uint32_t *number);

/** pthi_text_len() - length of a text up to its first NUL */
size_t pthi_text_len(const struct pthi_item *item);

#endif /* PTHI_PTHI_H */
