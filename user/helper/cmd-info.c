// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper info: what AMT tells about itself. */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/amt.h"
#include "helper/command.h"
#include "helper/failure.h"
#include "helper/info.h"
#include "lib/output.h"

static const char doc[] =
	"Show what AMT tells about itself: all topics, or those named.\v"
	"Topics:";

struct arguments {
	struct amt amt;
	char **topics;
	size_t count;
	bool json;
};

static const struct argp_option options[] = {
	OPTION_JSON,
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->amt;
		return 0;
	case 'j':
		arguments->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!info_has_topic(arg))
			argp_error(state, "no topic \"%s\"", arg);
		/* They stand together at the end of argv[]. */
		if (arguments->count++ == 0)
			arguments->topics = &state->argv[state->next - 1];
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The topics are those of the table. */
static char *add_topics(int key, const char *text, void *input)
{
	char *topics, *all = NULL;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	topics = info_topics();
	if (!topics || asprintf(&all, "%s %s\n", text, topics) < 0)
		all = NULL;
	free(topics);
	return all;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[TOPIC...]",
	.doc = doc,
	.children = amt_children,
	.help_filter = add_topics,
};

int cmd_info(int argc, char **argv)
{
	struct arguments arguments = { .amt = AMT_CLOSED };
	struct failure failure = { .code = EXIT_OK };
	struct json_object *document;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	document = output_new();
	info_read(&arguments.amt, arguments.topics, arguments.count, document,
		  &failure);
	amt_close(&arguments.amt);
	return failure_print(document, arguments.json, &failure);
}
