// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper serve: AMT's ports on loopback. One thread, one event loop. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "helper/command.h"
#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/serve/connections.h"
#include "helper/serve/forwards.h"
#include "helper/serve/link.h"
#include "helper/serve/listener.h"
#include "helper/watch.h"
#include "lib/device.h"
#include "lib/netlink.h"

struct serve {
	sd_event *event;
	struct netlink *nl;
	int ctl;
	struct watch *watch;
	struct link *link;
	struct forwards *forwards;
	struct connections *connections;
	struct failure failure;
};

static const char doc[] =
	"Hold the link to AMT and listen on 127.0.0.1 and [::1] for every\n"
	"port that AMT forwards, until SIGTERM.\v"
	"Exit code: 0 after SIGTERM or SIGINT; 3 no MEI device; 4 no\n"
	"permission; 11 no kernel module.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	argp_error(state, "takes no argument");
	return 0;
}

static const struct argp argp = { .parser = parse, .doc = doc };

static void on_accepted(void *arg, unsigned int port, int client,
			const struct sockaddr *peer)
{
	struct serve *serve = arg;

	connections_add(serve->connections, port, client, peer);
}

static void on_exhausted(void *arg)
{
	struct serve *serve = arg;

	connections_exhausted(serve->connections);
}

static const struct listener_ops listener_ops = {
	.accepted = on_accepted,
	.exhausted = on_exhausted,
};

static void on_full(void *arg, bool full)
{
	struct serve *serve = arg;

	forwards_pause(serve->forwards, full);
}

static void on_state(void *arg, const struct netlink_state *state)
{
	struct serve *serve = arg;

	link_update(serve->link, &state->link);
	forwards_replace(serve->forwards, state->forwards,
			 state->forward_count);
}

static void on_watch_failed(void *arg, int error)
{
	struct serve *serve = arg;

	kernel_watch_failed(&serve->failure, error);
	sd_event_exit(serve->event, EXIT_INTERNAL);
}

static const struct watch_ops watch_ops = {
	.state = on_state,
	.failed = on_watch_failed,
};

static int open_ctl(struct serve *serve)
{
	int ret;

	serve->ctl = kernel_open_ctl(&serve->failure);
	if (serve->ctl < 0)
		return -1;
	ret = device_hold(serve->ctl);
	if (ret < 0)
		return failure_set(&serve->failure, EXIT_INTERNAL,
				   "cannot hold the link: %s", strerror(-ret));
	return 0;
}

/* Without a function of ours, a signal ends the loop with 0. */
static int watch_signals(struct serve *serve)
{
	sigset_t set;
	int ret;

	signal(SIGPIPE, SIG_IGN); /* a closed peer is an errno of write() */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	ret = sd_event_add_signal(serve->event, NULL, SIGTERM, NULL, NULL);
	if (ret < 0)
		return ret;
	return sd_event_add_signal(serve->event, NULL, SIGINT, NULL, NULL);
}

static int start(struct serve *serve)
{
	int ret;

	ret = sd_event_default(&serve->event);
	if (ret >= 0)
		ret = watch_signals(serve);
	if (ret >= 0)
		ret = connections_new(&serve->connections, serve->event,
				      serve->ctl, on_full, serve);
	if (ret >= 0)
		ret = forwards_new(&serve->forwards, serve->event,
				   &listener_ops, serve);
	if (ret >= 0)
		ret = link_new(&serve->link, serve->event);
	if (ret >= 0)
		ret = watch_new(&serve->watch, serve->event, serve->nl,
				&watch_ops, serve);
	if (ret < 0)
		return failure_set(&serve->failure, EXIT_INTERNAL,
				   "cannot start: %s", strerror(-ret));
	return 0;
}

static void run(struct serve *serve)
{
	int ret;

	if (kernel_open(&serve->nl, &serve->failure) < 0 ||
	    !kernel_has_mei(serve->nl, &serve->failure) ||
	    open_ctl(serve) < 0 || start(serve) < 0)
		return;
	sd_notify(0, "READY=1");
	ret = sd_event_loop(serve->event);
	sd_notify(0, "STOPPING=1");
	if (ret < 0)
		failure_set(&serve->failure, EXIT_INTERNAL, "event loop: %s",
			    strerror(-ret));
}

/* Stop accepting, then close the channels, then let the link go. */
static void stop(struct serve *serve)
{
	watch_free(serve->watch);
	forwards_free(serve->forwards);
	connections_free(serve->connections);
	link_free(serve->link);
	sd_event_unref(serve->event);
	netlink_close(serve->nl);
	if (serve->ctl >= 0)
		close(serve->ctl);
}

int cmd_serve(int argc, char **argv)
{
	struct serve serve = { .ctl = -1 };

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	run(&serve);
	stop(&serve);
	if (serve.failure.code != EXIT_OK)
		return failure_report(&serve.failure);
	return EXIT_OK;
}
