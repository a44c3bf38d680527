// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper amm: what an AKM Management Module knows. */
#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "helper/amm-lists.h"
#include "helper/command.h"
#include "helper/failure.h"
#include "helper/parse.h"
#include "lib/output.h"

struct amm {
	struct amm_target target;
	struct amm_query query;
	bool expects;
	uint32_t confirmation;
};

static const char doc[] =
	"Ask an AKM Management Module (AMM) for its endpoints, its ATRs (trust\n"
	"relationships) or both, over its HMI API. That is cleartext and knows\n"
	"no password: use it in a management network only.\n\n"
	"For other requests: amt-helper amm raw --help\v"
	"Exit code: 0 all of it came; 7 not in time; 8 no AMM, or it broke the\n"
	"protocol; 13 it cannot be reached, or the connection was lost; 14 an\n"
	"unexpected confirmation.";

static const struct argp_option options[] = {
	{ "filter", 'f', "N", 0, "Sent as it is; default 0", 0 },
	{ "sort", 's', "id", 0, "Sort by id, not as they were sent", 0 },
	{ "expect-confirmation", 'e', "N", 0,
	  "Any other confirmation is exit code 14", 0 },
	{ "fixed-read", 'F', NULL, 0,
	  "Do not look at the length that a reply states", 0 },
	{ 0 }
};

static void parse_action(struct amm_query *query, const char *action,
			 struct argp_state *state)
{
	bool both = strcmp(action, "list") == 0;

	if (strcmp(action, "raw") == 0)
		argp_error(state,
			   "raw has other options; see: amt-helper amm raw --help");
	query->endpoints = both || strcmp(action, "endpoints") == 0;
	query->atrs = both || strcmp(action, "atrs") == 0;
	if (!query->endpoints && !query->atrs)
		argp_error(state,
			   "\"%s\" is not endpoints, atrs, list or raw",
			   action);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct amm *amm = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &amm->target;
		return 0;
	case 'f':
		if (parse_u32(arg, &amm->query.filter) < 0)
			argp_error(state, "\"%s\" is not a 32-bit number", arg);
		return 0;
	case 's':
		if (strcmp(arg, "id") != 0)
			argp_error(state, "only \"id\" can be sorted by");
		amm->query.sort = true;
		return 0;
	case 'e':
		if (parse_u32(arg, &amm->confirmation) < 0)
			argp_error(state, "\"%s\" is not a 32-bit number", arg);
		amm->expects = true;
		return 0;
	case 'F':
		amm->query.fixed_read = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			return ARGP_ERR_UNKNOWN;
		parse_action(&amm->query, arg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "endpoints|atrs|list HOST[:PORT]\nraw --code NAME|N HOST[:PORT]",
	.doc = doc,
	.children = amm_target_children,
};

static void check_confirmation(const struct amm *amm,
			       const struct amm_reply *reply,
			       struct failure *failure)
{
	if (reply->word1 != amm->confirmation)
		failure_set(failure, EXIT_UNEXPECTED,
			    "%.40s port %u: the confirmation of %s is %u (0x%08x), expected %u",
			    amm->target.host, amm->target.port,
			    amm_code_name(reply->code & ~AMM_RESPONSE),
			    reply->word1, reply->word1, amm->confirmation);
}

static int run_lists(const struct amm *amm)
{
	struct failure failure = { .code = EXIT_OK };
	struct amm_lists lists;
	struct json_object *document;

	if (amm_lists_fetch(&lists, &amm->target, &amm->query, &failure) == 0 &&
	    amm->expects) {
		if (amm->query.endpoints)
			check_confirmation(amm, &lists.endpoints, &failure);
		if (amm->query.atrs)
			check_confirmation(amm, &lists.atrs, &failure);
	}
	if (!lists.complete && !amm->target.json)
		return failure_report(&failure);
	document = output_new();
	amm_lists_describe(document, &lists, &amm->target, &amm->query);
	return failure_print(document, amm->target.json, &failure);
}

int cmd_amm(int argc, char **argv)
{
	struct amm amm = { .target = AMM_TARGET };

	if (take_word(argc, argv, "raw", &amm_raw_argp))
		return cmd_amm_raw(argc - 1, argv);
	signal(SIGPIPE, SIG_IGN); /* it is an errno of write() */
	argp_parse(&argp, argc, argv, 0, NULL, &amm);
	return run_lists(&amm);
}
