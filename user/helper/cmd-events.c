// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper events: what there is, and what changes, a line each. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-event.h>

#include "helper/command.h"
#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/watch.h"
#include "lib/netlink.h"
#include "lib/output.h"

/* The numbers and the names are promised to stay. */
enum event_kind {
	EVENT_LINK_UP = 1,
	EVENT_LINK_DOWN,
	EVENT_LINK_RECOVERED,
	EVENT_FORWARD_ACTIVE,
	EVENT_FORWARD_DORMANT,
	EVENT_FORWARD_GONE,
};

static const char *const event_names[] = {
	[EVENT_LINK_UP] = "link-up",
	[EVENT_LINK_DOWN] = "link-down",
	[EVENT_LINK_RECOVERED] = "link-recovered",
	[EVENT_FORWARD_ACTIVE] = "forward-active",
	[EVENT_FORWARD_DORMANT] = "forward-dormant",
	[EVENT_FORWARD_GONE] = "forward-gone",
};

struct events {
	bool follow;
	bool json;
	bool lost; /* it was up, and wanted ever since */
	bool any; /* @last is set */
	struct netlink_state last;
	sd_event *event;
	struct netlink *nl;
	struct failure failure;
};

static const char doc[] =
	"Print the state of the link to AMT and of its ports as events, one a\n"
	"line, and with --follow those to come.\v"
	"Exit code: 0 all was printed; 11 no kernel module, or it was\n"
	"unloaded.";

static const struct argp_option options[] = {
	{ "follow", 'f', NULL, 0, "Go on until a signal", 0 },
	{ "json", 'j', NULL, 0, "Print a JSON object a line", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct events *events = state->input;

	(void)arg;
	switch (key) {
	case 'f':
		events->follow = true;
		return 0;
	case 'j':
		events->json = true;
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

static struct json_object *new_event(enum event_kind kind)
{
	struct json_object *document = output_new();

	output_enum(document, "event", kind, event_names[kind]);
	return document;
}

static void print(struct events *events, struct json_object *document)
{
	int ret = output_print_line(document, events->json);

	if (ret == 0 || events->failure.code != EXIT_OK)
		return;
	failure_set(&events->failure, EXIT_INTERNAL, "cannot print: %s",
		    strerror(-ret));
	sd_event_exit(events->event, 0);
}

static void print_up(struct events *events, const struct link_info *link)
{
	struct json_object *document = new_event(events->lost ?
						 EVENT_LINK_RECOVERED :
						 EVENT_LINK_UP);

	output_u32(document, "generation", link->generation);
	output_enum(document, "transport", link->transport,
		    kernel_transport(link->transport));
	print(events, document);
	events->lost = false;
}

static void print_down(struct events *events, const struct link_info *link)
{
	struct json_object *document = new_event(EVENT_LINK_DOWN);

	output_enum(document, "state", link->state,
		    kernel_link_state(link->state));
	output_u32(document, "generation", link->generation);
	if (link->error)
		output_enum(document, "error", link->error,
			    strerror((int)link->error));
	print(events, document);
}

/* A session that followed another at once: in between, it was connecting. */
static void print_gap(struct events *events)
{
	struct link_info gap = events->last.link;

	gap.state = AMT_LME_LINK_STATE_CONNECTING;
	events->lost = true;
	print_down(events, &gap);
}

static void compare_link(struct events *events, const struct link_info *link)
{
	const struct link_info *last = &events->last.link;
	bool was_up = events->any && last->state == AMT_LME_LINK_STATE_UP;
	bool changed = !events->any || link->state != last->state ||
		       (was_up && link->generation != last->generation);

	if (link->state == AMT_LME_LINK_STATE_UP) {
		if (was_up && changed)
			print_gap(events);
		if (changed)
			print_up(events, link);
		return;
	}
	/* Let go because nobody wanted it, it is not lost. */
	if (link->state == AMT_LME_LINK_STATE_IDLE)
		events->lost = false;
	else if (was_up)
		events->lost = true;
	if (changed || link->error != last->error)
		print_down(events, link);
}

static const struct forward_info *find(const struct netlink_state *state,
				       const struct forward_info *forward)
{
	for (int i = 0; i < state->forward_count; i++)
		if (state->forwards[i].port == forward->port &&
		    strcmp(state->forwards[i].address, forward->address) == 0)
			return &state->forwards[i];
	return NULL;
}

static void print_forward(struct events *events, enum event_kind kind,
			  const struct forward_info *forward)
{
	struct json_object *document = new_event(kind);

	output_u32(document, "port", forward->port);
	output_u32(document, "generation", forward->generation);
	output_string(document, "address", forward->address);
	print(events, document);
}

static void compare_forwards(struct events *events,
			     const struct netlink_state *state)
{
	const struct forward_info *forward, *last;

	for (int i = 0; i < events->last.forward_count; i++) {
		last = &events->last.forwards[i];
		if (!find(state, last))
			print_forward(events, EVENT_FORWARD_GONE, last);
	}
	for (int i = 0; i < state->forward_count; i++) {
		forward = &state->forwards[i];
		last = find(&events->last, forward);
		if (last && last->state == forward->state)
			continue;
		print_forward(events,
			      forward->state == AMT_LME_FORWARD_STATE_ACTIVE ?
			      EVENT_FORWARD_ACTIVE : EVENT_FORWARD_DORMANT,
			      forward);
	}
}

static void on_state(void *arg, const struct netlink_state *state)
{
	struct events *events = arg;

	compare_link(events, &state->link);
	compare_forwards(events, state);
	events->last = *state;
	events->any = true;
}

static void on_watch_failed(void *arg, int error)
{
	struct events *events = arg;

	kernel_watch_failed(&events->failure, error);
	sd_event_exit(events->event, 0);
}

static const struct watch_ops watch_ops = {
	.state = on_state,
	.failed = on_watch_failed,
};

static void run_loop(struct events *events)
{
	struct watch *watch = NULL;
	int ret = sd_event_default(&events->event);

	if (ret >= 0)
		ret = watch_new(&watch, events->event, events->nl, &watch_ops,
				events);
	if (ret >= 0 && events->follow)
		ret = sd_event_loop(events->event);
	if (ret < 0)
		kernel_watch_failed(&events->failure, ret);
	watch_free(watch);
	sd_event_unref(events->event);
}

int cmd_events(int argc, char **argv)
{
	struct events events = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &events);
	if (kernel_open(&events.nl, &events.failure) == 0)
		run_loop(&events);
	netlink_close(events.nl);
	if (events.failure.code != EXIT_OK)
		return failure_report(&events.failure);
	return EXIT_OK;
}
