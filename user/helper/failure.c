// SPDX-License-Identifier: GPL-2.0-only
/* Why a subcommand failed. */
#include <stdarg.h>
#include <stdio.h>

#include "helper/failure.h"

int failure_set(struct failure *failure, enum exit_code code,
		const char *format, ...)
{
	va_list args;

	failure->code = code;
	va_start(args, format);
	vsnprintf(failure->message, sizeof(failure->message), format, args);
	va_end(args);
	return -1;
}

int failure_report(const struct failure *failure)
{
	fprintf(stderr, "amt-helper: %s\n", failure->message);
	return failure->code;
}
