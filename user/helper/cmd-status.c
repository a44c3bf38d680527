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

/**
 * struct status - what the two halves say
 * @kernel: the link and its forwards
 * @has_kernel: they are known
 * @state: of the daemon
 * @answer: of the daemon if it runs, or NULL
 * @relay: in @answer, or NULL
 * @waiting: in @answer, or NULL
 * @listeners: in @answer; an array if there is one
 * @on_bus: who has LME, if it is on the bus and taken
 * @on_relay: the same, if it is to be relayed
 * @ports: who has the ports of @listeners, one for each
 */
struct status {
	struct netlink_state kernel;
	bool has_kernel;
	enum daemon_state state;
	struct json_object *answer;
	struct json_object *relay;
	struct json_object *waiting;
	struct json_object *listeners;
	struct holding *on_bus;
	struct holding *on_relay;
	struct holding *ports;
};

/* ---- Asking ---- */

static bool ask_kernel(struct netlink_state *state, struct failure *failure)
{
	struct netlink *nl;
	int ret;

	if (kernel_open(&nl, failure) < 0)
		return false;
	ret = netlink_get_state(nl, state);
	netlink_close(nl);
	if (ret < 0)
		failure_set(failure, EXIT_INTERNAL,
			    "cannot read the state of the link: %s",
			    strerror(-ret));
	return ret == 0;
}

static struct json_object *object_in(struct json_object *answer,
				     const char *key)
{
	struct json_object *object = json_object_object_get(answer, key);

	return json_object_is_type(object, json_type_object) ? object : NULL;
}

/* An answer has to have at least what is always there. */
static void ask_daemon(struct status *status, struct failure *failure)
{
	struct daemon *daemon = NULL;
	struct json_object *answer;

	status->state = daemon_ask(&daemon, "status", false, failure);
	answer = daemon ? daemon_read(daemon) : NULL;
	daemon_close(daemon);
	if (!json_object_object_get_ex(answer, "daemon", NULL) ||
	    !json_object_object_get_ex(answer, "listeners",
				       &status->listeners) ||
	    !json_object_is_type(status->listeners, json_type_array)) {
		status->listeners = NULL;
		json_object_put(answer);
		return;
	}
	status->answer = answer;
	status->relay = object_in(answer, "relay");
	status->waiting = object_in(answer, "waiting");
}

static size_t listener_count(const struct status *status)
{
	return status->listeners ? json_object_array_length(status->listeners) :
				   0;
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

static void look_for_device(struct status *status)
{
	char path[64];

	if (kernel_taken_device(&status->kernel.link, path, sizeof(path)))
		holding_of_file(status->on_bus, path, daemon_pid());
	if (error_of(status->relay) == EBUSY)
		holding_of_file(status->on_relay,
				text_of(status->relay, "device"), daemon_pid());
}

static void look_for_port(struct json_object *listener, struct holding *port)
{
	struct json_object *number =
		json_object_object_get(listener, "local_port");

	if (error_of(listener) == EADDRINUSE)
		holding_of_port(port, text_of(listener, "address"),
				json_object_get_int(number));
}

/* Here and not in the daemon, which may not see processes of others. */
static int find_holders(struct status *status, struct failure *failure)
{
	size_t count = listener_count(status);
	struct holding *all = calloc(2 + count, sizeof(*all));

	if (!all)
		return failure_set(failure, EXIT_INTERNAL, "out of memory");
	status->on_bus = all;
	status->on_relay = all + 1;
	status->ports = all + 2;
	look_for_device(status);
	for (size_t i = 0; i < count; i++)
		look_for_port(json_object_array_get_idx(status->listeners, i),
			      &status->ports[i]);
	holders_find(all, 2 + count);
	return 0;
}

/* ---- Describing ---- */

static void add_holders(struct json_object *object,
			const struct holding *holding)
{
	char text[TASKS_TEXT_SIZE];

	output_string(object, "holder",
		      tasks_text(&holding->holders, text, sizeof(text)));
}

static void describe_link(struct json_object *document,
			  const struct status *status)
{
	const struct link_info *link = &status->kernel.link;
	struct json_object *object = output_object(document, "link");

	output_enum(object, "state", link->state,
		    kernel_link_state(link->state));
	output_u32(object, "generation", link->generation);
	output_enum(object, "transport", link->transport,
		    kernel_transport(link->transport));
	if (link->error)
		output_enum(object, "error", link->error,
			    strerror((int)link->error));
	if (status->on_bus->holders.count)
		add_holders(object, status->on_bus);
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

static void take_over(struct json_object *document,
		      struct json_object *answer, const char *key)
{
	json_object_object_add(document, key,
			       json_object_get(json_object_object_get(answer,
								      key)));
}

static void describe_running(struct json_object *document,
			     const struct status *status)
{
	take_over(document, status->answer, "daemon");
	if (status->relay) {
		add_holders(status->relay, status->on_relay);
		take_over(document, status->answer, "relay");
	}
	for (size_t i = 0; i < listener_count(status); i++)
		add_holders(json_object_array_get_idx(status->listeners, i),
			    &status->ports[i]);
	take_over(document, status->answer, "listeners");
}

static void describe(struct json_object *document, const struct status *status)
{
	if (status->has_kernel) {
		describe_link(document, status);
		describe_forwards(document, &status->kernel);
	}
	if (status->answer)
		describe_running(document, status);
	else
		output_enum(output_object(document, "daemon"), "state",
			    status->state, daemon_state_name(status->state));
}

/* ---- Judging ---- */

/* What the daemon lacks itself, as permission, who asks does not. */
static bool judge_waiting(struct json_object *waiting, struct failure *failure)
{
	enum exit_code code = json_object_get_int(
			json_object_object_get(waiting, "code"));
	const char *message = text_of(waiting, "message");

	switch (code) {
	case EXIT_NO_MEI:
	case EXIT_NO_CLIENT:
	case EXIT_BUSY:
	case EXIT_TIMEOUT:
	case EXIT_NO_MODULE:
	case EXIT_NO_DAEMON:
		failure_set(failure, code, "%s", message);
		return true;
	case EXIT_INTERNAL:
	case EXIT_PERMISSION:
		failure_set(failure, EXIT_TIMEOUT, "amt-helper serve: %s",
			    message);
		return true;
	default:
		return false;
	}
}

/*
 * An old daemon has an error of its relay only. One with neither sees its link
 * up, and has not seen yet that it was lost.
 */
static void judge_daemon(const struct status *status, struct failure *failure)
{
	int error = error_of(status->relay);

	if (error != EBUSY && judge_waiting(status->waiting, failure))
		return;
	if (error == EBUSY || (error && failure->code == EXIT_NO_CLIENT))
		transport_failure(-error, text_of(status->relay, "device"),
				  &status->on_relay->holders, failure);
	else if (failure->code == EXIT_NO_CLIENT)
		kernel_judge_away(failure);
}

/* Where the bus shows no LME, or nobody uses it, the daemon knows why. */
static void judge(const struct status *status, struct failure *failure)
{
	kernel_judge(&status->kernel.link, &status->on_bus->holders, failure);
	if (status->answer && (failure->code == EXIT_NO_CLIENT ||
			       failure->code == EXIT_NO_DAEMON))
		judge_daemon(status, failure);
}

/* What is wrong with the kernel's half comes first: it is below. */
static void look(struct json_object *document, struct failure *failure)
{
	struct failure other = { .code = EXIT_OK };
	struct status status = { 0 };

	status.has_kernel = ask_kernel(&status.kernel, failure);
	ask_daemon(&status, &other);
	if (find_holders(&status, failure) == 0) {
		describe(document, &status);
		if (status.has_kernel)
			judge(&status, failure);
	}
	if (failure->code == EXIT_OK)
		*failure = other;
	free(status.on_bus);
	json_object_put(status.answer);
}

int cmd_status(int argc, char **argv)
{
	struct failure failure = { .code = EXIT_OK };
	struct json_object *document;
	bool json = false;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	document = output_new();
	look(document, &failure);
	return failure_print(document, json, &failure);
}
