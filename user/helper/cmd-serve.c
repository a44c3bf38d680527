// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper serve: AMT's ports on loopback. One thread, one event loop. */
#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "helper/command.h"
#include "helper/failure.h"
#include "helper/parse.h"
#include "helper/serve/config.h"
#include "helper/serve/connections.h"
#include "helper/serve/driver.h"
#include "helper/serve/forwards.h"
#include "helper/serve/inherited.h"
#include "helper/serve/instance.h"
#include "helper/serve/lifecycle.h"
#include "helper/serve/link.h"
#include "helper/serve/listener.h"
#include "helper/serve/report.h"
#include "helper/serve/transport.h"
#include "lib/mei.h"
#include "lib/netlink.h"

struct serve {
	struct serve_config command_line;
	struct serve_config config; /* the files, then the command line */
	struct instance instance;
	const char *device; /* to relay; NULL: the first that has LME */
	sd_event *event;
	struct driver *driver;
	struct transport *transport;
	struct link *link;
	struct forwards *forwards;
	struct connections *connections;
	struct report *report;
	struct failure failure;
};

static const char doc[] =
	"Hold the link to AMT and listen for every port that AMT forwards, on\n"
	"127.0.0.1 and [::1] or as the options or /etc/amt-helper/ say, until\n"
	"SIGTERM. SIGHUP reads the files again.\v"
	"Exit code: 0 after SIGTERM or SIGINT; 3 no MEI device; 4 no\n"
	"permission; 6 it runs already, or the MEI bus shows LME and a\n"
	"device was given; 11 no kernel module; 16 wrong configuration file.";

static const struct argp_option options[] = {
	{ "bind", 'b', "ADDR", 0,
	  "Listen on this IP address, not on loopback; up to 4 times", 0 },
	{ "port-offset", 'o', "N", 0,
	  "Listen on AMT's port plus N; N may be negative", 0 },
	{ "device", 'd', "PATH", 0,
	  "While the MEI bus shows no LME, use that of this MEI device", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct serve *serve = state->input;
	const char *wrong = NULL;

	switch (key) {
	case 'b':
		wrong = config_add_bind(&serve->command_line, arg);
		break;
	case 'o':
		wrong = config_set_port_offset(&serve->command_line, arg);
		break;
	case 'd':
		serve->device = arg;
		break;
	case ARGP_KEY_ARG:
		wrong = "takes no argument";
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (wrong)
		argp_error(state, "\"%s\": %s", arg, wrong);
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = doc,
};

static void warn_exposed(const struct serve_config *config)
{
	char address[INET6_ADDRSTRLEN];

	for (int i = 0; i < config->bind_count; i++)
		if (!is_loopback(&config->bind[i], address))
			lifecycle(LIFECYCLE_EXPOSED,
				  "bind %s: not loopback, so other machines reach AMT through this one",
				  address);
}

static int load_config(struct serve *serve, struct failure *failure)
{
	struct serve_config config;

	if (config_load(&config, failure) < 0)
		return -1;
	config_override(&config, &serve->command_line);
	serve->config = config;
	warn_exposed(&config);
	return 0;
}

static void on_accepted(void *arg, unsigned int port, int client,
			const struct sockaddr_storage *peer)
{
	struct serve *serve = arg;

	connections_add(serve->connections, port, client, peer);
}

static void on_door(void *arg, const struct door_info *door)
{
	struct serve *serve = arg;

	report_door(serve->report, door);
}

static void on_exhausted(void *arg)
{
	struct serve *serve = arg;

	connections_exhausted(serve->connections);
}

static const struct listener_ops listener_ops = {
	.accepted = on_accepted,
	.door = on_door,
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

	transport_update(serve->transport, &state->link);
	link_update(serve->link, &state->link);
	report_state(serve->report, state);
	forwards_replace(serve->forwards, state->forwards,
			 state->forward_count);
}

static void on_relay_changed(void *arg)
{
	struct serve *serve = arg;

	link_reason_changed(serve->link);
}

static void on_relay_ended(void *arg)
{
	struct serve *serve = arg;

	report_released(serve->report);
}

static const struct transport_ops transport_ops = {
	.changed = on_relay_changed,
	.ended = on_relay_ended,
};

static void on_opened(void *arg, int ctl)
{
	struct serve *serve = arg;

	transport_open(serve->transport, ctl);
	connections_open(serve->connections, ctl);
}

static void on_closing(void *arg)
{
	struct serve *serve = arg;

	connections_close(serve->connections);
	transport_close(serve->transport);
}

static const struct driver_ops driver_ops = {
	.opened = on_opened,
	.closing = on_closing,
	.state = on_state,
};

/* A wrong file changes nothing; clients and their channels stay. */
static int on_hangup(sd_event_source *source,
		     const struct signalfd_siginfo *info, void *arg)
{
	struct serve *serve = arg;
	struct failure failure;

	(void)source;
	(void)info;
	sd_notify(0, "RELOADING=1");
	if (load_config(serve, &failure) < 0) {
		lifecycle(LIFECYCLE_CONFIG_FAILED,
			  "configuration not changed: %s", failure.message);
	} else {
		forwards_configure(serve->forwards);
		lifecycle(LIFECYCLE_CONFIG_LOADED, "configuration loaded");
	}
	sd_notify(0, "READY=1");
	return 0;
}

/* Without a function of ours, a signal ends the loop with 0. */
static int watch_signals(struct serve *serve)
{
	sigset_t set;
	int ret;

	signal(SIGPIPE, SIG_IGN); /* a closed peer is an errno of write() */
	signal(SIGCHLD, SIG_DFL); /* ignored, it would have no child waited for */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	ret = sd_event_add_signal(serve->event, NULL, SIGTERM, NULL, NULL);
	if (ret >= 0)
		ret = sd_event_add_signal(serve->event, NULL, SIGINT, NULL,
					  NULL);
	if (ret >= 0)
		ret = sd_event_add_signal(serve->event, NULL, SIGHUP, on_hangup,
					  serve);
	return ret;
}

static int start(struct serve *serve)
{
	int ret;

	ret = sd_event_default(&serve->event);
	if (ret >= 0)
		ret = watch_signals(serve);
	if (ret >= 0)
		ret = connections_new(&serve->connections, serve->event,
				      on_full, serve);
	if (ret >= 0)
		ret = forwards_new(&serve->forwards, serve->event,
				   &serve->config, &listener_ops, serve);
	if (ret >= 0)
		ret = transport_new(&serve->transport, serve->event,
				    serve->device, &transport_ops, serve);
	if (ret >= 0)
		ret = link_new(&serve->link, serve->event, serve->driver,
			       serve->transport);
	if (ret >= 0)
		ret = report_new(&serve->report, serve->event,
				 serve->instance.socket, serve->driver,
				 serve->link, serve->forwards,
				 serve->connections, serve->transport,
				 serve->device);
	if (ret >= 0)
		ret = driver_watch(serve->driver, serve->event, &driver_ops,
				   serve);
	if (ret < 0)
		return failure_set(&serve->failure, EXIT_INTERNAL,
				   "cannot start: %s", strerror(-ret));
	return 0;
}

static int check_device(struct serve *serve)
{
	if (!serve->device || !mei_on_bus(MEI_UUID_LME))
		return 0;
	return failure_set(&serve->failure, EXIT_BUSY,
			   "%s: the MEI bus shows LME, so the driver has it already; leave out --device",
			   serve->device);
}

static void run(struct serve *serve)
{
	int ret;

	if (inherited_list(&serve->failure) < 0 ||
	    load_config(serve, &serve->failure) < 0 ||
	    instance_open(&serve->instance, &serve->failure) < 0 ||
	    check_device(serve) < 0 ||
	    driver_new(&serve->driver, &serve->failure) < 0 || start(serve) < 0)
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
	forwards_free(serve->forwards);
	connections_free(serve->connections);
	report_free(serve->report);
	instance_close_socket(&serve->instance); /* the rest may take 30 s */
	link_free(serve->link);
	transport_free(serve->transport);
	driver_free(serve->driver);
	sd_event_unref(serve->event);
	instance_close(&serve->instance);
}

int cmd_serve(int argc, char **argv)
{
	struct serve serve = {
		.instance = { .lock = -1, .socket = -1 },
	};

	argp_parse(&argp, argc, argv, 0, NULL, &serve);
	run(&serve);
	stop(&serve);
	if (serve.failure.code != EXIT_OK)
		return failure_report(&serve.failure);
	return EXIT_OK;
}
