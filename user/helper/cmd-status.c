// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper status: the kernel's half and the daemon's. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "helper/command.h"
#include "helper/daemon.h"
#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/serve/transport.h"
#include "lib/holder.h"
#include "lib/netlink.h"
#include "lib/output.h"

static const char doc[] =
	"Show the link to AMT, the ports that AMT forwards, and where amt-helper\n"
	"serve listens for them.\v"
	"Exit code: 0 the link is up; 3 no MEI device; 5 the firmware offers\n"
	"no LME client; 6 another program uses it; 7 not up (yet), or the\n"
	"daemon does not answer; 11 no kernel module; 12 no daemon and nobody\n"
	"else uses the link, so it is let go.";

static const struct argp_option options[] = {
	OPTION_JSON,
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	(void)arg;
	if (key != 'j')
		return ARGP_ERR_UNKNOWN;
	*json = true;
	return 0;
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

static void add_holders(struct json_object *object, const struct tasks *holders)
{
	char text[TASKS_TEXT_SIZE];

	output_string(object, "holder", tasks_text(holders, text, sizeof(text)));
}

static void describe_link(struct json_object *document,
			  const struct link_info *link,
			  const struct tasks *holders)
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
	if (holders->count)
		add_holders(object, holders);
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

static void describe_kernel(struct json_object *document,
			    struct failure *failure)
{
	struct netlink_state state;
	struct tasks holders;

	if (ask(&state, failure) < 0)
		return;
	kernel_find_holders(&state.link, daemon_pid(), &holders);
	describe_link(document, &state.link, &holders);
	describe_forwards(document, &state);
	kernel_judge(&state.link, &holders, failure);
}

static int error_of(struct json_object *object)
{
	struct json_object *error = json_object_object_get(object, "error");

	return json_object_get_int(json_object_object_get(error, "value"));
}

static const char *text_of(struct json_object *object, const char *key)
{
	const char *text =
		json_object_get_string(json_object_object_get(object, key));

	return text ? text : "";
}

static void describe_listener(struct json_object *row)
{
	struct tasks holders = { .count = 0 };

	if (error_of(row) == EADDRINUSE)
		holders_of_port(text_of(row, "address"),
				json_object_get_int(json_object_object_get(
					row, "local_port")),
				&holders);
	add_holders(row, &holders);
}

static void describe_relay(struct json_object *relay)
{
	struct tasks holders = { .count = 0 };

	if (error_of(relay) == EBUSY)
		holders_of_file(text_of(relay, "device"), daemon_pid(),
				&holders);
	add_holders(relay, &holders);
}

/* Here and not in the daemon, which may not see processes of others. */
static void describe_holders(struct json_object *relay,
			     struct json_object *listeners)
{
	size_t count = json_object_array_length(listeners);

	if (json_object_is_type(relay, json_type_object))
		describe_relay(relay);
	for (size_t i = 0; i < count; i++)
		describe_listener(json_object_array_get_idx(listeners, i));
}

/* Take over what the daemon says; false if it does not say that much. */
static bool describe_running(struct json_object *document,
			     struct json_object *answer)
{
	struct json_object *about, *listeners, *relay;

	if (!json_object_object_get_ex(answer, "daemon", &about) ||
	    !json_object_object_get_ex(answer, "listeners", &listeners) ||
	    !json_object_is_type(listeners, json_type_array))
		return false;
	relay = json_object_object_get(answer, "relay");
	describe_holders(relay, listeners);
	json_object_object_add(document, "daemon", json_object_get(about));
	if (relay)
		json_object_object_add(document, "relay",
				       json_object_get(relay));
	json_object_object_add(document, "listeners",
			       json_object_get(listeners));
	return true;
}

static void describe_daemon(struct json_object *document,
			    struct failure *failure)
{
	struct daemon *daemon = NULL;
	enum daemon_state state =
		daemon_ask(&daemon, "status", false, failure);
	struct json_object *answer = daemon ? daemon_read(daemon) : NULL;

	if (!describe_running(document, answer))
		output_enum(output_object(document, "daemon"), "state", state,
			    daemon_state_name(state));
	json_object_put(answer);
	daemon_close(daemon);
}

/* All the kernel knows is that the bus shows no LME. */
static void judge_relay(struct json_object *document, struct failure *failure)
{
	struct json_object *relay = json_object_object_get(document, "relay");
	struct tasks holders = { .count = 0 };
	int error = error_of(relay);

	if (failure->code != EXIT_NO_CLIENT || !error)
		return;
	if (error == EBUSY)
		holders_of_file(text_of(relay, "device"), daemon_pid(),
				&holders);
	transport_failure(-error, text_of(relay, "device"), &holders, failure);
}

/* Then nobody uses the link, though serve runs. */
static void judge_released(struct json_object *document,
			   struct failure *failure)
{
	struct json_object *daemon = json_object_object_get(document, "daemon");
	struct json_object *state = json_object_object_get(daemon, "state");

	if (json_object_get_int(json_object_object_get(state, "value")) ==
		    DAEMON_RELEASED && failure->code == EXIT_NO_DAEMON)
		failure_set(failure, EXIT_BUSY,
			    "amt-helper serve has let go of the driver, until its amt-helper yield --module ends");
}

/* What is wrong with the kernel's half comes first: it is below. */
static void describe(struct json_object *document, struct failure *failure)
{
	struct failure other = { .code = EXIT_OK };

	describe_kernel(document, failure);
	describe_daemon(document, &other);
	judge_relay(document, failure);
	judge_released(document, failure);
	if (failure->code == EXIT_OK)
		*failure = other;
}

int cmd_status(int argc, char **argv)
{
	struct failure failure = { .code = EXIT_OK };
	struct json_object *document;
	bool json = false;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	document = output_new();
	describe(document, &failure);
	return failure_print(document, json, &failure);
}
