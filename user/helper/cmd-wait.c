// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper wait: until the link is up and a port can be used. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-event.h>

#include "helper/command.h"
#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/parse.h"
#include "helper/watch.h"
#include "lib/device.h"
#include "lib/netlink.h"

#define TIMEOUT_DEFAULT 30
#define TIMEOUT_MAX 1000000

struct wait {
	unsigned int port; /* 0: the link is enough */
	unsigned int timeout; /* seconds */
	sd_event *event;
	struct netlink *nl;
	struct link_info link; /* the newest */
	struct failure failure;
};

static const char doc[] =
	"Wait until the link to AMT is up and, with a port, until AMT forwards\n"
	"it. Holds the link meanwhile, if it may.\v"
	"Exit code: 0 it is; 3 no MEI device; 7 not in time; 11 no kernel\n"
	"module.";

static const struct argp_option options[] = {
	{ "port", 'p', "PORT", 0, "Wait for this port of AMT too", 0 },
	{ "timeout", 't', "SECONDS", 0,
	  "Default 30; 0 only looks", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct wait *wait = state->input;

	switch (key) {
	case 'p':
		if (parse_port(arg, &wait->port) < 0)
			argp_error(state, "\"%s\" is not a port (1 to 65535)",
				   arg);
		return 0;
	case 't':
		if (parse_number(arg, TIMEOUT_MAX, &wait->timeout) < 0)
			argp_error(state, "\"%s\" is not a number of seconds",
				   arg);
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

/*
 * A forward that AMT took back in this session comes back when a channel is
 * opened. One of an earlier session may be gone.
 */
static bool forwarded(const struct netlink_state *state, unsigned int port)
{
	for (int i = 0; i < state->forward_count; i++)
		if (state->forwards[i].port == port &&
		    (state->forwards[i].state == AMT_LME_FORWARD_STATE_ACTIVE ||
		     state->forwards[i].generation == state->link.generation))
			return true;
	return false;
}

/* Its own event follows when the node is there, so nothing is missed. */
static void on_state(void *arg, const struct netlink_state *state)
{
	struct wait *wait = arg;

	wait->link = state->link;
	if (state->link.state == AMT_LME_LINK_STATE_UP &&
	    (wait->port == 0 || (forwarded(state, wait->port) &&
				 device_node_ready(wait->port))))
		sd_event_exit(wait->event, 0);
}

static void on_watch_failed(void *arg, int error)
{
	struct wait *wait = arg;

	kernel_watch_failed(&wait->failure, error);
	sd_event_exit(wait->event, 0);
}

static const struct watch_ops watch_ops = {
	.state = on_state,
	.failed = on_watch_failed,
};

static int on_timeout(sd_event_source *source, uint64_t now, void *arg)
{
	struct wait *wait = arg;
	struct failure why;

	(void)source;
	(void)now;
	kernel_judge_beside(&wait->link, &why);
	if (why.code == EXIT_OK)
		failure_set(&wait->failure, EXIT_TIMEOUT,
			    "AMT does not forward port %u; see: amt-helper status",
			    wait->port);
	else
		failure_set(&wait->failure, EXIT_TIMEOUT, "%s", why.message);
	sd_event_exit(wait->event, 0);
	return 0;
}

static void run_loop(struct wait *wait)
{
	struct watch *watch = NULL;
	int ret = sd_event_default(&wait->event);

	if (ret >= 0)
		ret = watch_new(&watch, wait->event, wait->nl, &watch_ops,
				wait);
	if (ret >= 0)
		ret = sd_event_add_time_relative(wait->event, NULL,
						 CLOCK_MONOTONIC,
						 wait->timeout * 1000000ULL, 0,
						 on_timeout, wait);
	if (ret >= 0)
		ret = sd_event_loop(wait->event);
	if (ret < 0)
		kernel_watch_failed(&wait->failure, ret);
	watch_free(watch);
	sd_event_unref(wait->event);
}

/* Without permission it waits for others to hold the link. */
static void run_holding(struct wait *wait)
{
	int ctl = device_open_ctl();

	if (ctl >= 0)
		device_hold(ctl);
	run_loop(wait);
	if (ctl >= 0)
		close(ctl);
}

int cmd_wait(int argc, char **argv)
{
	struct wait wait = { .timeout = TIMEOUT_DEFAULT };

	argp_parse(&argp, argc, argv, 0, NULL, &wait);
	if (kernel_open(&wait.nl, &wait.failure) == 0 &&
	    kernel_has_mei(wait.nl, &wait.failure))
		run_holding(&wait);
	netlink_close(wait.nl);
	if (wait.failure.code != EXIT_OK)
		return failure_report(&wait.failure);
	return EXIT_OK;
}
