// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper unprovision, config, cira and set: one row for each change. */
#include <argp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/amt-change.h"
#include "helper/command.h"
#include "helper/failure.h"
#include "helper/parse.h"
#include "lib/output.h"

#define TEXT_MAX 223
/* With a newline, and one byte more that says that it is too long. */
#define SECRET_SIZE (TEXT_MAX + 2)

/* What stands behind the name of a change. */
enum value {
	VALUE_NONE,
	VALUE_SWITCH,
	VALUE_TEXT,
	VALUE_STDIN,
	VALUE_ADDRESS,
};

/**
 * struct change - a row
 * @group: the subcommand
 * @name: the word behind it, or NULL
 * @value: and what follows
 * @command: what is sent
 * @effect: of it: "This will ..."
 */
struct change {
	const char *group;
	const char *name;
	enum value value;
	const char *command;
	const char *effect;
};

static const struct change changes[] = {
	{ "unprovision", NULL, VALUE_NONE, "Unprovision",
	  "remove all configuration of AMT" },
	{ "config", "start", VALUE_NONE, "StartConfiguration",
	  "let a provisioning server configure AMT" },
	{ "config", "start-ipv6", VALUE_SWITCH, "StartConfigurationEx",
	  "let a provisioning server configure AMT, by IPv6 too or not" },
	{ "config", "stop", VALUE_NONE, "StopConfiguration",
	  "end the configuration of AMT that is under way" },
	{ "cira", "open", VALUE_NONE, "OpenUserInitiatedConnection",
	  "connect AMT to its management server" },
	{ "cira", "close", VALUE_NONE, "CloseUserInitiatedConnection",
	  "disconnect AMT from its management server" },
	{ "set", "zero-touch", VALUE_SWITCH, "SetZeroTouchEnabled",
	  "let servers with a known certificate configure AMT, or not" },
	{ "set", "ehbc", VALUE_SWITCH, "SetEHBCState",
	  "change embedded host-based configuration" },
	{ "set", "dns-suffix", VALUE_TEXT, "SetPKIFQDNSuffix",
	  "change the DNS suffix that a provisioning server must have" },
	{ "set", "host-fqdn", VALUE_TEXT, "SetHostFQDN",
	  "tell AMT the name of this host" },
	{ "set", "otp", VALUE_STDIN, "SetProvisioningServerOTP",
	  "set the one-time password for a provisioning server" },
	{ "set", "rng-seed", VALUE_NONE, "GenerateRngSeed",
	  "make a new seed for the random numbers of AMT" },
	{ "set", "enterprise-access", VALUE_ADDRESS, "SetEnterpriseAccess",
	  "tell AMT whether the host is in the enterprise by VPN" },
	{ "set", "amt", VALUE_SWITCH, "SetAmtOperationalState",
	  "switch AMT on or off" },
	{ "set", "disable-and-clear", VALUE_NONE, "DisableAndClearAMT",
	  "switch AMT off and clear its data" },
	{ 0 }
};

static const char *const value_names[] = {
	[VALUE_NONE] = "",
	[VALUE_SWITCH] = "on|off",
	[VALUE_TEXT] = "TEXT",
	[VALUE_STDIN] = "< FILE (of 1 to 223 bytes)",
	[VALUE_ADDRESS] = "ADDRESS|none",
};

struct arguments {
	struct change_options options;
	const char *group;
	const struct change *change;
	const char *value;
};

static const struct argp_child children[] = {
	{ &change_argp, 0, NULL, 0 },
	{ 0 }
};

static const struct change *find_change(const char *group, const char *name)
{
	for (const struct change *change = changes; change->group; change++)
		if (strcmp(change->group, group) == 0 &&
		    (!change->name || (name && strcmp(change->name, name) == 0)))
			return change;
	return NULL;
}

static bool wants_value(const struct change *change)
{
	return change->value != VALUE_NONE && change->value != VALUE_STDIN;
}

static void take_argument(struct arguments *arguments, const char *arg,
			  struct argp_state *state)
{
	if (!arguments->change) {
		arguments->change = find_change(arguments->group, arg);
		if (!arguments->change)
			argp_error(state, "there is no \"%s\" to change", arg);
	} else if (!arguments->value && wants_value(arguments->change)) {
		arguments->value = arg;
	} else {
		argp_error(state, "\"%s\" is one argument too many", arg);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(arguments, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (!arguments->change)
			argp_error(state, "what is to be changed?");
		else if (wants_value(arguments->change) && !arguments->value)
			argp_error(state, "%s needs: %s", arguments->change->name,
				   value_names[arguments->change->value]);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The words are those of the table. */
static char *add_words(int key, const char *text, void *input)
{
	const struct arguments *arguments = input;
	char *all = NULL;
	size_t size;
	FILE *out;

	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&all, &size);
	if (!out)
		return NULL;
	for (const struct change *change = changes; change->group; change++) {
		if (strcmp(change->group, arguments->group) != 0)
			continue;
		if (change->name)
			fprintf(out, "%s%s%s: %s\n", change->name,
				change->value == VALUE_NONE ? "" : " ",
				value_names[change->value], change->effect);
	}
	fprintf(out, "\n%s", text);
	fclose(out);
	return all;
}

/* ---- Values ---- */

static int parse_switch(const char *text, struct pthi_argument *arg)
{
	arg->number = strcmp(text, "on") == 0;
	return arg->number || strcmp(text, "off") == 0 ? 0 : -1;
}

static int parse_text(const char *text, struct pthi_argument *arg)
{
	arg->bytes = text;
	arg->len = strlen(text);
	return arg->len > 0 && arg->len <= TEXT_MAX ? 0 : -1;
}

/* Flags, address and access: bit 0 of the flags says that it is IPv6. */
static int parse_access(const char *text, struct pthi_argument args[3])
{
	static struct sockaddr_storage address;
	const struct sockaddr_in6 *in6 = (const void *)&address;
	const struct sockaddr_in *in4 = (const void *)&address;

	args[1].bytes = NULL;
	if (strcmp(text, "none") == 0)
		return 0;
	if (parse_address(text, &address) < 0)
		return -1;
	args[2].number = 1;
	if (address.ss_family == AF_INET6) {
		args[0].number = 1;
		args[1].bytes = &in6->sin6_addr;
		args[1].len = sizeof(in6->sin6_addr);
	} else {
		args[1].bytes = &in4->sin_addr;
		args[1].len = sizeof(in4->sin_addr);
	}
	return 0;
}

/* A secret: not on the command line, nor on a terminal, which show it. */
static int read_secret(char secret[SECRET_SIZE], struct pthi_argument *arg)
{
	ssize_t n, len = 0;

	if (isatty(STDIN_FILENO))
		return -1;
	do {
		n = read(STDIN_FILENO, secret + len, SECRET_SIZE - len);
		if (n > 0)
			len += n;
	} while (n > 0 && len < SECRET_SIZE);
	if (len > 0 && secret[len - 1] == '\n')
		len--;
	arg->bytes = secret;
	arg->len = len;
	return n == 0 && len > 0 && len <= TEXT_MAX ? 0 : -1;
}

static int parse_value(const struct arguments *arguments,
		       struct pthi_argument args[3], char secret[SECRET_SIZE])
{
	switch (arguments->change->value) {
	case VALUE_SWITCH:
		return parse_switch(arguments->value, &args[0]);
	case VALUE_TEXT:
		return parse_text(arguments->value, &args[0]);
	case VALUE_STDIN:
		return read_secret(secret, &args[0]);
	case VALUE_ADDRESS:
		return parse_access(arguments->value, args);
	case VALUE_NONE:
		break;
	}
	return 0;
}

static int make_change(struct arguments *arguments,
		       struct json_object *document, struct failure *failure)
{
	const struct change *change = arguments->change;
	struct pthi_argument args[3] = { { 0 } };
	char secret[SECRET_SIZE];
	int ret = 0;

	if (parse_value(arguments, args, secret) < 0)
		ret = failure_set(failure, EXIT_USAGE,
				  "%s: not a value of the form: %s",
				  change->name, value_names[change->value]);
	if (ret == 0)
		ret = change_confirm(&arguments->options, change->effect,
				     failure);
	if (ret == 0)
		ret = change_send(&arguments->options,
				  pthi_find(change->command, NULL), args,
				  document, failure);
	explicit_bzero(secret, sizeof(secret));
	return ret;
}

static int run(int argc, char **argv, const char *group, const struct argp *argp)
{
	struct arguments arguments = {
		.options = { .amt = AMT_CLOSED },
		.group = group,
		.change = find_change(group, NULL),
	};
	struct failure failure = { .code = EXIT_OK };
	struct json_object *document;

	argp_parse(argp, argc, argv, 0, NULL, &arguments);
	document = output_new();
	make_change(&arguments, document, &failure);
	amt_close(&arguments.options.amt);
	return failure_print(document, arguments.options.json, &failure);
}

#define ONCE \
	"A change is sent once. If its reply is lost, the exit code is 15, " \
	"and info tells what became of it."

int cmd_unprovision(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.children = children,
		.help_filter = add_words,
		.doc = "Remove AMT's configuration: all of it, as AMT ignores "
		       "any wish for less. In admin control mode AMT refuses; "
		       "there its own interface or the firmware setup must do "
		       "it.\v" ONCE,
	};

	return run(argc, argv, "unprovision", &argp);
}

int cmd_config(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.children = children,
		.help_filter = add_words,
		.args_doc = "start|start-ipv6|stop|start-hbased",
		.doc = "Begin or end AMT's configuration. start-hbased has "
		       "options of its own.\v" ONCE,
	};

	if (take_word(argc, argv, "start-hbased", &hbased_argp))
		return cmd_hbased(argc - 1, argv);
	return run(argc, argv, "config", &argp);
}

int cmd_cira(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.children = children,
		.help_filter = add_words,
		.args_doc = "open|close",
		.doc = "Open or close AMT's connection to its management "
		       "server.\v" ONCE,
	};

	return run(argc, argv, "cira", &argp);
}

int cmd_set(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.children = children,
		.help_filter = add_words,
		.args_doc = "WHAT [VALUE]",
		.doc = "Change a setting of AMT.\v" ONCE,
	};

	return run(argc, argv, "set", &argp);
}
