/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes of AMT: asked for twice, sent once. */
#ifndef HELPER_AMT_CHANGE_H
#define HELPER_AMT_CHANGE_H

#include <stdbool.h>

#include "helper/amt.h"

struct argp;
struct failure;
struct json_object;
struct pthi_command;

/**
 * struct change_options - the options of all changes
 * @amt: the conversation
 * @yes: do not ask
 * @json: print JSON
 */
struct change_options {
	struct amt amt;
	bool yes;
	bool json;
};

/** change_argp - their options; its input is a struct change_options */
extern const struct argp change_argp;

/**
 * change_confirm() - ask whether it is meant
 * @options: of the command line
 * @effect: what is about to happen: "remove ..."
 * @failure: why it is not to happen
 *
 * Asks on a terminal; without one, --yes is the answer.
 *
 * Return: 0, or -1 with @failure set.
 */
int change_confirm(const struct change_options *options, const char *effect,
		   struct failure *failure);

/**
 * change_send() - make a change
 * @options: of the command line
 * @command: the change
 * @args: its values
 * @document: gets what AMT answers
 * @failure: what went wrong
 *
 * A status that tells that access was granted is a success too.
 *
 * Return: 0, or -1 with @failure set.
 */
int change_send(struct change_options *options,
		const struct pthi_command *command,
		const struct pthi_argument *args, struct json_object *document,
		struct failure *failure);

#endif /* HELPER_AMT_CHANGE_H */
