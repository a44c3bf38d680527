// SPDX-License-Identifier: GPL-2.0-only
/*
 * amt-helper amm raw: any request of the AMM HMI API. What five of the seven
 * contain is not public, so the bytes after the code are the user's.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "amm/connection.h"
#include "helper/amm-target.h"
#include "helper/command.h"
#include "helper/failure.h"
#include "helper/parse.h"
#include "lib/output.h"

enum {
	KEY_UNDOCUMENTED = 1000,
	KEY_CHANGE,
	KEY_ANY,
	KEY_DRY_RUN,
	KEY_HEX,
	KEY_FILE,
};

struct raw {
	struct amm_target target;
	bool has_code;
	uint32_t code;
	const char *hex;
	const char *file;
	bool undocumented;
	bool change;
	bool any_code;
	bool dry_run;
	uint8_t arguments[AMM_ARGUMENTS_MAX];
	size_t length;
};

static const char doc[] =
	"Send one request of the AMM HMI API and print the reply as hex. What\n"
	"follows the code is yours; for all but the two lists it is not public.\n"
	"The code itself is not part of it. Nothing is ever sent twice.\v"
	"Exit code: 0 a well-formed reply came, which does not mean that it was\n"
	"done: compare amt-helper amm list before and after; 7 not in time; 8 no\n"
	"AMM, or it broke the protocol; 13 it cannot be reached; 15 some of the\n"
	"request was sent and no valid reply came, so nobody knows.\n\n"
	"The HMI API is cleartext and knows no password: use it in a management\n"
	"network only.";

static const struct argp_option options[] = {
	{ "code", 'c', "NAME|N", 0,
	  "LIST_ENDPOINTS (1), GET_ENDPOINT_DETAILS (2), PROVISION_ENDPOINT (3), CREATE_OPERATIONAL_ATR (4), LIST_ATRS (5), DELETE_ENDPOINT (6) or DELETE_ATR (7)",
	  0 },
	{ "payload-hex", KEY_HEX, "HEX", 0,
	  "What follows the code; spaces and colons between bytes are fine",
	  0 },
	{ "payload-file", KEY_FILE, "FILE", 0,
	  "What follows the code, from a file", 0 },
	{ "allow-undocumented", KEY_UNDOCUMENTED, NULL, 0,
	  "Needed for all but the two lists", 0 },
	{ "yes-change-state", KEY_CHANGE, NULL, 0,
	  "Needed too for all but these and GET_ENDPOINT_DETAILS", 0 },
	{ "any-code", KEY_ANY, NULL, 0, "Codes other than these seven too", 0 },
	{ "dry-run", KEY_DRY_RUN, NULL, 0,
	  "Print what would be sent, and send nothing", 0 },
	{ 0 }
};

static int parse_code(const char *text, uint32_t *code)
{
	for (uint32_t i = AMM_LIST_ENDPOINTS; i <= AMM_DELETE_ATR; i++)
		if (strcasecmp(text, amm_code_name(i)) == 0) {
			*code = i;
			return 0;
		}
	return parse_u32(text, code);
}

static bool is_known(uint32_t code)
{
	return code >= AMM_LIST_ENDPOINTS && code <= AMM_DELETE_ATR;
}

static void check_allowed(const struct raw *raw, struct argp_state *state)
{
	if (!raw->has_code)
		argp_error(state, "the code is missing");
	if (!is_known(raw->code) && !raw->any_code)
		argp_error(state,
			   "code %u is none of the seven; to send it: --any-code",
			   raw->code);
	if (raw->dry_run || amm_is_list(raw->code))
		return;
	if (!raw->undocumented)
		argp_error(state,
			   "the payload of %s is not public; to send it: --allow-undocumented",
			   amm_code_name(raw->code));
	if (raw->code != AMM_GET_ENDPOINT_DETAILS && !raw->change)
		argp_error(state,
			   "%s changes the AMM; to send it: --yes-change-state",
			   amm_code_name(raw->code));
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct raw *raw = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &raw->target;
		return 0;
	case 'c':
		if (parse_code(arg, &raw->code) < 0)
			argp_error(state, "\"%s\" is not a code", arg);
		raw->has_code = true;
		return 0;
	case KEY_HEX:
		raw->hex = arg;
		return 0;
	case KEY_FILE:
		raw->file = arg;
		return 0;
	case KEY_UNDOCUMENTED:
		raw->undocumented = true;
		return 0;
	case KEY_CHANGE:
		raw->change = true;
		return 0;
	case KEY_ANY:
		raw->any_code = true;
		return 0;
	case KEY_DRY_RUN:
		raw->dry_run = true;
		return 0;
	case ARGP_KEY_END:
		if (raw->hex && raw->file)
			argp_error(state, "one payload only");
		check_allowed(raw, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp amm_raw_argp = {
	.options = options,
	.parser = parse,
	.args_doc = "HOST[:PORT]",
	.doc = doc,
	.children = amm_target_children,
};

static int read_hex(struct raw *raw, struct failure *failure)
{
	for (const char *at = raw->hex;; at += 2) {
		int byte;

		at += strspn(at, " :");
		if (!*at)
			return 0;
		byte = parse_hex_byte(at);
		if (byte < 0)
			return failure_set(failure, EXIT_USAGE,
					   "--payload-hex: no two hex digits after %zu bytes",
					   raw->length);
		if (raw->length == sizeof(raw->arguments))
			return failure_set(failure, EXIT_USAGE,
					   "--payload-hex: more than %zu bytes",
					   sizeof(raw->arguments));
		raw->arguments[raw->length++] = (uint8_t)byte;
	}
}

static int read_file(struct raw *raw, struct failure *failure)
{
	FILE *file = fopen(raw->file, "re");
	bool failed, longer;

	if (!file)
		return failure_set(failure, EXIT_USAGE, "%.80s: %s", raw->file,
				   strerror(errno));
	raw->length = fread(raw->arguments, 1, sizeof(raw->arguments), file);
	longer = fgetc(file) != EOF;
	failed = ferror(file);
	fclose(file);
	if (failed)
		return failure_set(failure, EXIT_USAGE,
				   "%.80s: it cannot be read", raw->file);
	if (longer)
		return failure_set(failure, EXIT_USAGE,
				   "%.80s: more than %zu bytes", raw->file,
				   sizeof(raw->arguments));
	return 0;
}

static void describe_hex(struct json_object *object, const char *key,
			 const uint8_t *bytes, size_t count)
{
	char *text = malloc(2 * count + 1);

	if (!text)
		return;
	for (size_t i = 0; i < count; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	output_string(object, key, text);
	free(text);
}

/* After a change that may or may not have happened. */
static void explain_unknown(struct failure *failure)
{
	char why[FAILURE_MESSAGE_SIZE];

	memcpy(why, failure->message, sizeof(why));
	failure_set(failure, EXIT_UNCONFIRMED,
		    "the outcome is unknown, do not just repeat it (compare: amt-helper amm list): %.150s",
		    why);
}

static void describe_reply(struct json_object *amm, bool json,
			   const struct amm_connection *connection,
			   const struct amm_reply *reply,
			   const uint8_t *message)
{
	struct json_object *warnings = NULL;

	amm_describe_peer(amm, connection->address, reply->version);
	amm_describe_code(amm, reply->code);
	output_u32(amm, "length", reply->length);
	if (reply->has_word1) {
		output_u32(amm, "word1", reply->word1);
		output_bool(amm, "confirmation_inferred",
			    !amm_is_list(reply->code & ~AMM_RESPONSE));
	}
	describe_hex(amm, "payload_hex", message + AMM_HEADER_SIZE,
		     reply->payload);
	if (json)
		warnings = output_array(amm, "warnings");
	amm_warn_reply(warnings, reply);
	if (amm_has_more(connection))
		amm_warn_more(warnings);
}

static int exchange(struct raw *raw, const uint8_t *request, size_t size,
		    struct json_object *amm, struct failure *failure)
{
	const struct amm_expect expect = {
		.code = raw->code,
		.version = raw->target.version,
	};
	struct amm_connection connection;
	uint8_t message[AMM_MESSAGE_MAX];
	struct amm_reply reply;
	struct amm_error error;
	int ret = amm_connect(&connection, raw->target.host, raw->target.port,
			      raw->target.timeout, &error);

	if (ret == 0)
		ret = amm_exchange(&connection, request, size, &expect,
				   message, &reply, &error);
	if (ret == 0)
		describe_reply(amm, raw->target.json, &connection, &reply,
			       message);
	else
		amm_target_failed(&raw->target, failure, &error);
	if (ret < 0 && connection.sent && !amm_is_list(raw->code))
		explain_unknown(failure);
	amm_close(&connection);
	return ret;
}

static int run_raw(struct raw *raw, struct failure *failure)
{
	struct json_object *document, *amm;
	uint8_t request[AMM_MESSAGE_MAX];
	size_t size;
	int ret = 0;

	if (raw->hex)
		ret = read_hex(raw, failure);
	else if (raw->file)
		ret = read_file(raw, failure);
	if (ret < 0)
		return failure_report(failure);
	document = output_new();
	amm = output_object(document, "amm");
	amm_target_describe(&raw->target, amm);
	output_enum(amm, "code", raw->code, amm_code_name(raw->code));
	size = amm_encode(request, raw->code, raw->arguments, raw->length);
	if (raw->dry_run)
		describe_hex(amm, "request_hex", request, size);
	else
		ret = exchange(raw, request, size, amm, failure);
	if (ret == 0 || raw->target.json)
		return failure_print(document, raw->target.json, failure);
	json_object_put(document);
	return failure_report(failure);
}

int cmd_amm_raw(int argc, char **argv)
{
	struct failure failure = { .code = EXIT_OK };
	struct raw raw = { .target = AMM_TARGET };
	char name[] = "amt-helper amm raw";

	argv[0] = name;
	signal(SIGPIPE, SIG_IGN); /* it is an errno of write() */
	argp_parse(&amm_raw_argp, argc, argv, 0, NULL, &raw);
	return run_raw(&raw, &failure);
}
