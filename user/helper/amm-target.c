// SPDX-License-Identifier: GPL-2.0-only
/* The AMM that a command talks to, and how: what all such commands share. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "helper/amm-target.h"
#include "helper/command.h"
#include "helper/failure.h"
#include "helper/parse.h"
#include "lib/output.h"

#define TIMEOUT_MAX 1000000

/* Room for "0x", 8 digits and NUL. */
#define CODE_TEXT_SIZE 11

#define WARNING_SIZE 160

static const struct argp_option options[] = {
	OPTION_JSON,
	{ "timeout", 't', "SECONDS", 0, "For all of it; default 10", 0 },
	{ "allow-version", 'V', "MAJOR.MINOR", 0,
	  "Take replies of this version too, besides 1.0", 0 },
	{ 0 }
};

static int parse_version(const char *text, struct amm_version *version)
{
	const char *dot = strchr(text, '.');
	unsigned int major, minor;
	char begin[4];

	if (!dot || (size_t)(dot - text) >= sizeof(begin))
		return -1;
	snprintf(begin, sizeof(begin), "%.*s", (int)(dot - text), text);
	if (parse_number(begin, UINT8_MAX, &major) < 0 ||
	    parse_number(dot + 1, UINT8_MAX, &minor) < 0)
		return -1;
	version->major = (uint8_t)major;
	version->minor = (uint8_t)minor;
	return 0;
}

void amm_target_set(struct amm_target *target, char *text,
		    struct argp_state *state)
{
	if (target->host[0])
		argp_error(state, "one host only");
	if (parse_host(text, target->host, sizeof(target->host),
		       &target->port) < 0)
		argp_error(state, "\"%s\" is not HOST[:PORT] or [ADDR]:PORT",
			   text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct amm_target *target = state->input;

	switch (key) {
	case 'j':
		target->json = true;
		return 0;
	case 't':
		if (parse_number(arg, TIMEOUT_MAX, &target->timeout) < 0 ||
		    target->timeout == 0)
			argp_error(state, "\"%s\" is not a number of seconds",
				   arg);
		return 0;
	case 'V':
		if (parse_version(arg, &target->version) < 0)
			argp_error(state, "\"%s\" is not MAJOR.MINOR", arg);
		return 0;
	case ARGP_KEY_ARG:
		amm_target_set(target, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (!target->host[0])
			argp_error(state, "the host is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
};

const struct argp_child amm_target_children[] = {
	{ .argp = &argp },
	{ 0 }
};

int amm_target_failed(const struct amm_target *target, struct failure *failure,
		      const struct amm_error *error)
{
	enum exit_code code = EXIT_INTERNAL;
	const char *hint = "";

	switch (error->trouble) {
	case AMM_SYSTEM:
		break;
	case AMM_TIMEOUT:
		code = EXIT_TIMEOUT;
		hint = "; to wait longer: --timeout";
		break;
	case AMM_UNREACHABLE:
		code = EXIT_PEER;
		hint = "; is it on, and is this its port?";
		break;
	case AMM_VIOLATION:
		code = EXIT_PROTOCOL;
		break;
	}
	return failure_set(failure, code, "%.40s port %u: %s%s", target->host,
			   target->port, error->text, hint);
}

void amm_target_describe(const struct amm_target *target,
			 struct json_object *object)
{
	output_string(object, "host", target->host);
	output_u32(object, "port", target->port);
}

void amm_describe_peer(struct json_object *object, const char *address,
		       struct amm_version version)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[32];

	output_string(object, "address", address);
	snprintf(text, sizeof(text), "%u.%u", version.major, version.minor);
	output_string(object, "version", text);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&now, &utc));
	output_string(object, "time", text);
}

void amm_describe_code(struct json_object *object, uint32_t code)
{
	char text[CODE_TEXT_SIZE];

	snprintf(text, sizeof(text), "0x%02x", code);
	output_string(object, "response", text);
}

void amm_warn(struct json_object *warnings, const char *name,
	      const char *format, ...)
{
	struct json_object *row = output_row(warnings);
	char text[WARNING_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (warnings) {
		output_string(row, "name", name);
		output_string(row, "message", text);
	} else {
		fprintf(stderr, "amt-helper: warning: %s\n", text);
	}
}

void amm_warn_reply(struct json_object *warnings,
		    const struct amm_reply *reply)
{
	if (reply->reserved)
		amm_warn(warnings, "reserved",
			 "reply 0x%02x: the reserved field is 0x%04x",
			 reply->code, reply->reserved);
}

void amm_warn_more(struct json_object *warnings)
{
	amm_warn(warnings, "extra-bytes", "bytes came after the last reply");
}
