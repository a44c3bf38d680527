/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes written as hex text, upper case; blanks are for the reader. */
#ifndef SELFTESTS_UNIT_HEX_H
#define SELFTESTS_UNIT_HEX_H

#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

static inline int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * The bytes of @hex in a heap block of exactly their size, so that the address
 * sanitizer sees the first byte that is read behind them.
 */
static inline u8 *bytes_of(const char *hex, size_t *len)
{
	u8 *buf = malloc(strlen(hex) / 2 + 1);
	size_t digits = 0;

	if (!buf)
		abort();
	for (; *hex; hex++) {
		int v = nibble(*hex);

		if (v < 0)
			continue;
		if (digits % 2)
			buf[digits / 2] |= v;
		else
			buf[digits / 2] = v << 4;
		digits++;
	}
	if (digits % 2)
		abort();
	*len = digits / 2;
	buf = realloc(buf, *len);
	if (!buf)
		abort();
	return buf;
}

/* A copy of the first @len bytes, again in a block of exactly that size. */
static inline u8 *copy_of(const u8 *bytes, size_t len)
{
	u8 *copy = malloc(len);

	if (!copy)
		abort();
	memcpy(copy, bytes, len);
	return copy;
}

#endif /* SELFTESTS_UNIT_HEX_H */
