/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host said to LME, for whoever judges it. */
#ifndef AMT_SIM_TRACE_H
#define AMT_SIM_TRACE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Kept of each message; all but DATA are shorter. */
#define TRACE_BYTES 96

struct trace;

/**
 * trace_new - an empty trace
 *
 * Return: the trace, or NULL: out of memory.
 */
struct trace *trace_new(void);

/**
 * trace_free - forget it
 * @trace: the trace, or NULL
 */
void trace_free(struct trace *trace);

/**
 * trace_add - the host sent a message; the oldest may be forgotten for it
 * @trace: the trace
 * @msg: the message
 * @len: its length
 */
void trace_add(struct trace *trace, const __u8 *msg, size_t len);

/**
 * trace_take - print messages in hex, one on a line, and forget them
 * @trace: the trace
 * @start: take those up to the first message that begins with these bytes
 * @len: how many; with 0 all are taken
 * @out: where to print
 *
 * Return: false when there is none that begins so; nothing is taken then.
 */
bool trace_take(struct trace *trace, const __u8 *start, size_t len, FILE *out);

#endif /* AMT_SIM_TRACE_H */
