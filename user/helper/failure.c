// SPDX-License-Identifier: GPL-2.0-only
/* Why a subcommand failed. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "helper/failure.h"
#include "lib/output.h"

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

int failure_print(struct json_object *document, bool json,
		  struct failure *failure)
{
	int ret;

	if (failure->code != EXIT_OK && json)
		output_error(document, failure->code, failure->message);
	ret = output_print(document, json);
	if (ret < 0 && failure->code == EXIT_OK)
		failure_set(failure, EXIT_INTERNAL, "cannot print: %s",
			    strerror(-ret));
	if (failure->code != EXIT_OK && (!json || ret < 0))
		failure_report(failure);
	return failure->code;
}
