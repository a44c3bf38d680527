/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What AMT does wrong with a response to one request: PTHI, MKHI and the
 * manageability client alike.
 */
#ifndef AMT_SIM_SPOIL_H
#define AMT_SIM_SPOIL_H

#include <linux/types.h>
#include <stddef.h>
#include <stdio.h>

#define SPOIL_MAX_PATCH 16

struct sim;

enum spoil_kind {
	SPOIL_NONE,
	SPOIL_PATCH,
	SPOIL_CUT,
	SPOIL_PAD,
	SPOIL_EMPTY,
	SPOIL_SILENT,
	SPOIL_LATE,
	SPOIL_RESET,
};

/**
 * struct spoil - what is wrong with every response from now on
 * @kind: what
 * @offset: of the bytes that are changed
 * @n: bytes that are changed, left or added
 * @bytes: what they are changed to
 */
struct spoil {
	enum spoil_kind kind;
	size_t offset;
	size_t n;
	__u8 bytes[SPOIL_MAX_PATCH];
};

/**
 * spoil_command - the control command "spoil"
 * @sim: the virtual AMT
 * @args: what it is to do
 * @out: not used
 *
 * Return: NULL or what is wrong with @args.
 */
const char *spoil_command(struct sim *sim, const char *args, FILE *out);

/**
 * spoil_response - spoil a response
 * @sim: the virtual AMT
 * @rsp: the response
 * @len: its length
 * @room: and what there is room for
 *
 * Return: its new length; EXCHANGE_EMPTY; 0 for none.
 */
size_t spoil_response(struct sim *sim, __u8 *rsp, size_t len, size_t room);

#endif /* AMT_SIM_SPOIL_H */
