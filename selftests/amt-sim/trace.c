// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "trace.h"

#define MESSAGES 32

struct message {
	size_t len;
	__u8 data[TRACE_BYTES];
};

struct trace {
	unsigned int head;
	unsigned int count;
	struct message messages[MESSAGES];
};

struct trace *trace_new(void)
{
	return calloc(1, sizeof(struct trace));
}

void trace_free(struct trace *trace)
{
	free(trace);
}

static struct message *nth(struct trace *trace, unsigned int n)
{
	return &trace->messages[(trace->head + n) % MESSAGES];
}

static void forget(struct trace *trace, unsigned int count)
{
	trace->head = (trace->head + count) % MESSAGES;
	trace->count -= count;
}

void trace_add(struct trace *trace, const __u8 *msg, size_t len)
{
	struct message *m;

	if (trace->count == MESSAGES)
		forget(trace, 1);
	m = nth(trace, trace->count++);
	m->len = len < TRACE_BYTES ? len : TRACE_BYTES;
	memcpy(m->data, msg, m->len);
}

bool trace_take(struct trace *trace, const __u8 *start, size_t len, FILE *out)
{
	unsigned int count = 0;
	const struct message *m;

	for (; count < trace->count && len; count++) {
		m = nth(trace, count);
		if (m->len >= len && !memcmp(m->data, start, len))
			break;
	}
	if (len && count == trace->count)
		return false;
	count = len ? count + 1 : trace->count;
	for (unsigned int i = 0; i < count; i++) {
		m = nth(trace, i);
		for (size_t j = 0; j < m->len; j++)
			fprintf(out, "%02X", m->data[j]);
		fputc('\n', out);
	}
	forget(trace, count);
	return true;
}
