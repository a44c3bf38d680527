// SPDX-License-Identifier: GPL-2.0-only
/* Changes of AMT: asked for twice, sent once. */
#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <json-c/json.h>

#include "helper/amt-change.h"
#include "helper/command.h"
#include "helper/describe.h"
#include "helper/failure.h"
#include "lib/output.h"

static const struct argp_option options[] = {
	{ "yes", 'y', NULL, 0, "Do not ask", 0 },
	OPTION_JSON,
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct change_options *change = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &change->amt;
		return 0;
	case 'y':
		change->yes = true;
		return 0;
	case 'j':
		change->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp change_argp = {
	.options = options,
	.parser = parse,
	.children = amt_children,
};

int change_confirm(const struct change_options *change, const char *effect,
		   struct failure *failure)
{
	char answer[16] = "";

	if (change->yes)
		return 0;
	if (!isatty(STDIN_FILENO))
		return failure_set(failure, EXIT_USAGE,
				   "this would %s; --yes does it", effect);
	fprintf(stderr, "This will %s. Continue? [y/N] ", effect);
	if (fgets(answer, sizeof(answer), stdin) &&
	    (strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0))
		return 0;
	return failure_set(failure, EXIT_USAGE, "nothing was changed");
}

/* REMOTE_ACCESS_GRANTED_WITHOUT_DDNS and _WITH_DDNS */
static bool is_success(uint32_t status)
{
	return status == 0 || status == 0x202 || status == 0x203;
}

int change_send(struct change_options *change,
		const struct pthi_command *command,
		const struct pthi_argument *args, struct json_object *document,
		struct failure *failure)
{
	struct json_object *object;
	struct pthi_reply reply;

	if (amt_ask(&change->amt, command, args, &reply, failure) < 0)
		return -1;
	object = output_object(document, "change");
	output_string(object, "command", command->name);
	describe_status(object, command, &reply);
	if (!is_success(reply.status))
		return amt_refused(command, reply.status, failure);
	if (!command->response ||
	    describe_reply(object, "reply", command, &reply) == 0)
		return 0;
	return failure_set(failure, EXIT_PROTOCOL,
			   "%s: done, but the reply is shorter than its layout",
			   command->name);
}
