// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper events: what there is, and what changes, a line each. */
#include <argp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-event.h>

#include "helper/changes.h"
#include "helper/command.h"
#include "helper/daemon.h"
#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/watch.h"
#include "lib/netlink.h"
#include "lib/output.h"

struct events {
	bool follow;
	bool json;
	struct changes changes;
	sd_event *event; /* NULL while the daemon is asked */
	struct netlink *nl;
	struct failure failure;
};

static const char doc[] =
	"Print the state of the link to AMT, of its ports and of the listeners\n"
	"of amt-helper serve as events, one a line, and with --follow those to\n"
	"come. Without a daemon there is nothing about listeners.\v"
	"Exit code: 0 all was printed; 3 no MEI device; 6 too many ask the\n"
	"daemon; 7 it does not answer; 11 no kernel module, or it was unloaded;\n"
	"12 the daemon ended.";

static const struct argp_option options[] = {
	{ "follow", 'f', NULL, 0, "Go on until a signal", 0 },
	OPTION_JSON,
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
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = doc,
};

static void print(void *arg, struct json_object *event)
{
	struct events *events = arg;
	int ret = output_print_line(event, events->json);

	if (ret == 0 || events->failure.code != EXIT_OK)
		return;
	failure_set(&events->failure, EXIT_INTERNAL, "cannot print: %s",
		    strerror(-ret));
	if (events->event)
		sd_event_exit(events->event, 0);
}

/* ---- From the daemon ---- */

static void print_all(struct events *events, struct daemon *daemon)
{
	struct json_object *event;

	while (events->failure.code == EXIT_OK) {
		event = daemon_read(daemon);
		if (!event)
			break;
		print(events, event);
	}
	if (events->follow && events->failure.code == EXIT_OK)
		failure_set(&events->failure, EXIT_NO_DAEMON,
			    "amt-helper serve ended, or dropped a reader that was too slow");
}

/* True if there is a daemon, also if it refused. */
static bool ask_daemon(struct events *events)
{
	struct daemon *daemon = NULL;
	enum daemon_state state = daemon_ask(&daemon, "events", events->follow,
					     &events->failure);

	if (state == DAEMON_ABSENT || state == DAEMON_FORBIDDEN)
		return false;
	if (daemon)
		print_all(events, daemon);
	daemon_close(daemon);
	return true;
}

/* ---- From the kernel ---- */

static void on_state(void *arg, const struct netlink_state *state)
{
	struct events *events = arg;

	changes_update(&events->changes, state);
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

static void watch_kernel(struct events *events)
{
	if (kernel_open(&events->nl, &events->failure) == 0 &&
	    kernel_has_mei(events->nl, &events->failure))
		run_loop(events);
	netlink_close(events->nl);
}

int cmd_events(int argc, char **argv)
{
	struct events events = { .changes.emit = print };

	events.changes.arg = &events;
	argp_parse(&argp, argc, argv, 0, NULL, &events);
	if (!ask_daemon(&events))
		watch_kernel(&events);
	if (events.failure.code != EXIT_OK)
		return failure_report(&events.failure);
	return EXIT_OK;
}
