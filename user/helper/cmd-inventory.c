// SPDX-License-Identifier: GPL-2.0-only
/*
 * amt-helper inventory: AMT of this machine and the lists of an AMM in one
 * document. Neither half needs the other, and their ids are not joined: no
 * document says how they belong together.
 */
#include <argp.h>
#include <signal.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "helper/amm-lists.h"
#include "helper/amt.h"
#include "helper/command.h"
#include "helper/failure.h"
#include "helper/info.h"
#include "lib/output.h"

static const char doc[] =
	"Show the state of AMT in this machine, and the endpoints and ATRs of an\n"
	"AKM Management Module (AMM). A half that cannot be had does not hide\n"
	"the other.\v"
	"Exit code: 0 both were had; otherwise that of the half that was not, of\n"
	"AMT if neither.";

#define KEY_DEVICE 0x200

struct inventory {
	struct amm_target target;
	struct amt amt;
};

static const struct argp_option options[] = {
	{ "amm", 'a', "HOST[:PORT]", 0, "The AMM; there is no default", 0 },
	{ "device", KEY_DEVICE, "PATH", 0,
	  "MEI device; default: /dev/mei0 and so on, then /dev/mei", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct inventory *inventory = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &inventory->target;
		return 0;
	case 'a':
		amm_target_set(&inventory->target, arg, state);
		return 0;
	case KEY_DEVICE:
		inventory->amt.device = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "takes no argument");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "--amm HOST[:PORT]",
	.doc = doc,
	.children = amm_target_children,
};

/* As JSON only: as text the failure is a line on stderr. */
static void describe_outcome(struct json_object *half,
			     const struct failure *failure)
{
	output_bool(half, "ok", failure->code == EXIT_OK);
	if (failure->code != EXIT_OK)
		output_error(half, failure->code, failure->message);
}

static void describe_amt(struct json_object *document, struct amt *amt,
			 bool json, struct failure *failure)
{
	struct json_object *half = info_json(amt, failure);

	amt_close(amt);
	if (json)
		describe_outcome(half, failure);
	output_add(document, "amt", half);
}

static void describe_amm(struct json_object *document,
			 const struct amm_target *target,
			 struct failure *failure)
{
	static const struct amm_query query = {
		.endpoints = true,
		.atrs = true,
	};
	struct json_object *half;
	struct amm_lists lists;

	amm_lists_fetch(&lists, target, &query, failure);
	if (!lists.complete && !target->json)
		return;
	half = amm_lists_describe(document, &lists, target, &query);
	if (target->json)
		describe_outcome(half, failure);
}

int cmd_inventory(int argc, char **argv)
{
	struct failure no_amt = { .code = EXIT_OK };
	struct failure no_amm = { .code = EXIT_OK };
	struct inventory inventory = { AMM_TARGET, AMT_CLOSED };
	struct json_object *document;
	bool json;

	signal(SIGPIPE, SIG_IGN); /* it is an errno of write() */
	argp_parse(&argp, argc, argv, 0, NULL, &inventory);
	json = inventory.target.json;
	document = output_new();
	describe_amt(document, &inventory.amt, json, &no_amt);
	describe_amm(document, &inventory.target, &no_amm);
	if (no_amt.code == EXIT_OK)
		return failure_print(document, json, &no_amm);
	if (no_amm.code != EXIT_OK && !json)
		failure_report(&no_amm);
	return failure_print(document, json, &no_amt);
}
