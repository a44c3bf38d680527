// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper status: the link to AMT and its ports, as the kernel has them. */
#include <argp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "helper/command.h"
#include "helper/failure.h"
#include "helper/kernel.h"
#include "lib/netlink.h"
#include "lib/output.h"

static const char doc[] =
	"Show the link to AMT and the ports that AMT forwards.\v"
	"Exit code: 0 the link is up; 3 no MEI device; 5 the firmware offers\n"
	"no LME client; 6 another program uses it; 7 not up (yet); 11 no\n"
	"kernel module; 12 nobody uses the link, so it is let go.";

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON for programs", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	(void)arg;
	switch (key) {
	case 'j':
		*json = true;
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
	.doc = doc,
};

static int ask(struct netlink_state *state, struct failure *failure)
{
	struct netlink *nl;
	int ret;

	if (kernel_open(&nl, failure) < 0)
		return -1;
	ret = netlink_get_state(nl, state);
	netlink_close(nl);
	if (ret < 0)
		return failure_set(failure, EXIT_INTERNAL,
				   "cannot read the state of the link: %s",
				   strerror(-ret));
	return 0;
}

static void describe_link(struct json_object *document,
			  const struct link_info *link)
{
	struct json_object *object = output_object(document, "link");

	output_enum(object, "state", link->state,
		    kernel_link_state(link->state));
	output_u32(object, "generation", link->generation);
	output_enum(object, "transport", link->transport,
		    kernel_transport(link->transport));
	if (link->error)
		output_enum(object, "error", link->error,
			    strerror((int)link->error));
	if (link->message_size)
		output_u32(object, "message_size", link->message_size);
	output_u32(object, "users", link->users);
	output_u32(object, "channels", link->channels);
	output_bool(object, "settled", link->settled);
}

static void describe_forwards(struct json_object *document,
			      const struct netlink_state *state)
{
	struct json_object *array = output_array(document, "forwards");

	for (int i = 0; i < state->forward_count; i++) {
		const struct forward_info *forward = &state->forwards[i];
		struct json_object *row = output_row(array);

		output_u32(row, "port", forward->port);
		output_string(row, "address", forward->address);
		output_enum(row, "state", forward->state,
			    kernel_forward_state(forward->state));
		output_u32(row, "generation", forward->generation);
	}
}

int cmd_status(int argc, char **argv)
{
	struct json_object *document;
	struct failure failure = { .code = EXIT_OK };
	struct netlink_state state;
	bool json = false;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	document = output_new();
	if (ask(&state, &failure) == 0) {
		describe_link(document, &state.link);
		describe_forwards(document, &state);
		kernel_judge(&state.link, &failure);
	}
	return failure_print(document, json, &failure);
}
