/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of the AMM HMI API: Documentation/amm.rst has every byte.
 *
 * What comes from the network is hostile until it is parsed. Nothing here
 * allocates, prints or knows of sockets.
 */
#ifndef AMM_MESSAGE_H
#define AMM_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AMM_PORT 49200

#define AMM_HEADER_SIZE 12
#define AMM_PAYLOAD_MAX 65535
#define AMM_MESSAGE_MAX (AMM_HEADER_SIZE + AMM_PAYLOAD_MAX)

/* What follows the code in a request. */
#define AMM_ARGUMENTS_MAX (AMM_PAYLOAD_MAX - 4)

/* The longest list there is. */
#define AMM_ITEMS_MAX 64

#define AMM_ERROR_SIZE 160

/* Requests; the code of the response has this bit too. */
#define AMM_RESPONSE 0x40

enum amm_code {
	AMM_LIST_ENDPOINTS = 1,
	AMM_GET_ENDPOINT_DETAILS = 2,
	AMM_PROVISION_ENDPOINT = 3,
	AMM_CREATE_OPERATIONAL_ATR = 4,
	AMM_LIST_ATRS = 5,
	AMM_DELETE_ENDPOINT = 6,
	AMM_DELETE_ATR = 7,
};

/**
 * enum amm_trouble - what went wrong
 * @AMM_SYSTEM: something on this machine
 * @AMM_TIMEOUT: the deadline passed
 * @AMM_UNREACHABLE: no connection, or it was lost
 * @AMM_VIOLATION: the peer does not speak the protocol
 */
enum amm_trouble {
	AMM_SYSTEM,
	AMM_TIMEOUT,
	AMM_UNREACHABLE,
	AMM_VIOLATION,
};

/**
 * struct amm_error - why there is no reply
 * @trouble: what kind
 * @text: one line; what the peer sent is in it as hex only
 */
struct amm_error {
	enum amm_trouble trouble;
	char text[AMM_ERROR_SIZE];
};

/** amm_error_set() - describe an error; returns -1 */
int __attribute__((format(printf, 3, 4)))
amm_error_set(struct amm_error *error, enum amm_trouble trouble,
	      const char *format, ...);

/** struct amm_version - version of the protocol; ours is 1.0 */
struct amm_version {
	uint8_t major;
	uint8_t minor;
};

/**
 * struct amm_expect - what makes a reply acceptable
 * @code: of the request
 * @list: the reply is a list; otherwise any bytes after the code
 * @fixed_read: the list is as long as it can be, whatever the header says
 * @version: acceptable in place of 1.0
 */
struct amm_expect {
	uint32_t code;
	bool list;
	bool fixed_read;
	struct amm_version version;
};

/**
 * struct amm_item - an endpoint or an ATR
 * @index: its place in the reply
 * @category: of an ATR, as sent
 * @lower: the lower 64 bits of the id
 * @upper: the upper 64 bits of the id
 */
struct amm_item {
	unsigned int index;
	uint32_t category;
	uint64_t lower;
	uint64_t upper;
};

/**
 * struct amm_reply - a reply that was verified
 * @version: as sent
 * @length: of the payload according to the header
 * @complement: as sent
 * @reserved: as sent
 * @payload: bytes that follow the header
 * @code: as sent
 * @has_word1: the payload is long enough for @word1
 * @word1: what follows the code: the confirmation in a list
 * @compact: the list has no unused slots
 * @count: items of a list
 * @capacity: how many it can have
 * @items: in the order in which they were sent
 */
struct amm_reply {
	struct amm_version version;
	uint16_t length;
	uint16_t complement;
	uint16_t reserved;
	size_t payload;
	uint32_t code;
	bool has_word1;
	uint32_t word1;
	bool compact;
	unsigned int count;
	unsigned int capacity;
	struct amm_item items[AMM_ITEMS_MAX];
};

/** amm_code_name() - name of a request, or "unknown" */
const char *amm_code_name(uint32_t code);

/** amm_category_name() - name of the category of an ATR, or "unknown" */
const char *amm_category_name(uint32_t category);

/** amm_is_list() - is it a request that changes nothing and has a list */
bool amm_is_list(uint32_t code);

/**
 * amm_encode() - write a request
 * @message: room for all of it
 * @code: of the request
 * @arguments: what follows the code
 * @length: in bytes, at most AMM_ARGUMENTS_MAX
 *
 * Return: its length.
 */
size_t amm_encode(uint8_t *message, uint32_t code, const uint8_t *arguments,
		  size_t length);

/** amm_encode_list() - write a request for a list; as amm_encode() */
size_t amm_encode_list(uint8_t *message, uint32_t code, uint32_t filter);

/**
 * amm_parse_header() - verify the header of a reply
 * @reply: all but the payload is set
 * @expect: what it must be
 * @header: AMM_HEADER_SIZE bytes
 * @error: set if it is none
 *
 * Return: 0, or -1.
 */
int amm_parse_header(struct amm_reply *reply, const struct amm_expect *expect,
		     const uint8_t *header, struct amm_error *error);

/**
 * amm_parse_reply() - verify and decode a reply
 * @reply: to be filled
 * @expect: what it must be
 * @message: header and payload
 * @size: how many bytes
 * @error: set if it is none
 *
 * Return: 0, or -1.
 */
int amm_parse_reply(struct amm_reply *reply, const struct amm_expect *expect,
		    const uint8_t *message, size_t size,
		    struct amm_error *error);

#endif /* AMM_MESSAGE_H */
