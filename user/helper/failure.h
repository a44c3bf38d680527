/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a subcommand failed: an exit code and one line for people. */
#ifndef HELPER_FAILURE_H
#define HELPER_FAILURE_H

#include <stdbool.h>

#include "lib/exit.h"

struct json_object;

#define FAILURE_MESSAGE_SIZE 256

/**
 * struct failure - why a subcommand failed
 * @code: EXIT_OK when it did not
 * @message: what, where, and what to do
 */
struct failure {
	enum exit_code code;
	char message[FAILURE_MESSAGE_SIZE];
};

/**
 * failure_set() - describe a failure
 * @failure: to be filled
 * @code: the exit code
 * @format: as of printf(), without a newline
 *
 * Return: -1, so that a function can end with it.
 */
int __attribute__((format(printf, 3, 4)))
failure_set(struct failure *failure, enum exit_code code, const char *format,
	    ...);

/**
 * failure_report() - print the failure as one line to stderr
 * @failure: what failed
 *
 * Return: the exit code.
 */
int failure_report(const struct failure *failure);

/**
 * failure_print() - print a document, and what failed
 * @document: from output_new(); freed
 * @json: as JSON, and the failure in it
 * @failure: what failed, if anything
 *
 * Return: the exit code.
 */
int failure_print(struct json_object *document, bool json,
		  struct failure *failure);

#endif /* HELPER_FAILURE_H */
