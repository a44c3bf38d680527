// SPDX-License-Identifier: GPL-2.0-only
/* The clients that are connected. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/amt_lme_netlink.h>

#include "helper/serve/config.h"
#include "helper/serve/connections.h"
#include "helper/serve/control.h"
#include "helper/serve/lifecycle.h"
#include "helper/serve/relay.h"
#include "lib/device.h"

#define EXHAUSTED_USEC 1000000
/* As long as the driver has a channel wait for the link. */
#define AWAY_USEC 20000000

/* Descriptors for all else: the listeners, the control socket, and a dozen. */
#define OTHER_DESCRIPTORS \
	(CONFIG_BIND_MAX * AMT_LME_MAX_FORWARDS + CONTROL_CLIENTS_MAX + 16)

struct connection {
	TAILQ_ENTRY(connection) entry;
	struct connections *owner;
	unsigned int port;
	struct sockaddr_storage peer;
	int client; /* until the relay has it: then -1 */
	sd_event_source *hangup; /* both armed while it waits for the driver */
	sd_event_source *deadline;
	struct relay *relay; /* NULL before */
};

struct connections {
	sd_event *event;
	int ctl;
	void (*full)(void *arg, bool full);
	void *arg;
	TAILQ_HEAD(, connection) all; /* in the order they came */
	unsigned int count;
	unsigned int limit;
	sd_event_source *exhausted; /* armed while descriptors are short */
	bool is_full; /* as last told */
	unsigned int failed_port; /* the last failure that was said */
	int failed_error;
};

static void tell_full(struct connections *connections)
{
	bool full = connections->count >= connections->limit ||
		    connections->exhausted;

	if (full == connections->is_full)
		return;
	connections->is_full = full;
	connections->full(connections->arg, full);
}

static void end_exhausted(struct connections *connections)
{
	connections->exhausted =
		sd_event_source_disable_unref(connections->exhausted);
	tell_full(connections);
}

static int on_exhausted_end(sd_event_source *source, uint64_t now, void *arg)
{
	(void)source;
	(void)now;
	end_exhausted(arg);
	return 0;
}

void connections_exhausted(struct connections *connections)
{
	if (connections->exhausted)
		return;
	lifecycle(LIFECYCLE_FULL,
		  "no descriptor or memory for another client; clients wait");
	sd_event_add_time_relative(connections->event, &connections->exhausted,
				   CLOCK_MONOTONIC, EXHAUSTED_USEC, 0,
				   on_exhausted_end, connections);
	tell_full(connections);
}

static const char *explain(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "AMT refused the channel";
	case ENOBUFS:
		return "all channels of AMT are taken; close some clients";
	case ETIMEDOUT:
		return "AMT did not answer in time";
	case ENETDOWN:
		return "no link to AMT came up in time; see: amt-helper status";
	case ENXIO:
		return "AMT does not forward this port now";
	default:
		return strerror(error);
	}
}

/* Clients may try again and again: the same failure is said once. */
static void report_failure(struct connections *connections, unsigned int port,
			   int error)
{
	if (port == connections->failed_port &&
	    error == connections->failed_error)
		return;
	connections->failed_port = port;
	connections->failed_error = error;
	lifecycle(LIFECYCLE_CHANNEL_FAILED, "port %u: no channel: %s", port,
		  explain(error));
}

static void stop_waiting(struct connection *connection)
{
	connection->hangup = sd_event_source_disable_unref(connection->hangup);
	connection->deadline =
		sd_event_source_disable_unref(connection->deadline);
}

static void connection_free(struct connection *connection)
{
	TAILQ_REMOVE(&connection->owner->all, connection, entry);
	connection->owner->count--;
	stop_waiting(connection);
	relay_free(connection->relay);
	if (connection->client >= 0)
		relay_reset_client(connection->client);
	free(connection);
}

static bool out_of_resources(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

static void connection_fail(struct connection *connection, int error)
{
	struct connections *connections = connection->owner;

	report_failure(connections, connection->port, error);
	connection_free(connection);
	if (out_of_resources(error))
		connections_exhausted(connections);
	else
		end_exhausted(connections);
}

static void on_done(void *arg, const struct relay_end *end)
{
	struct connection *connection = arg;
	struct connections *connections = connection->owner;

	if (end->opened)
		connections->failed_port = 0;
	else if (end->error)
		report_failure(connections, connection->port, end->error);
	connection_free(connection);
	end_exhausted(connections);
}

static void half_close(int channel)
{
	/* It fails on a channel that is over, and read() then says why. */
	device_shutdown(channel);
}

static const struct relay_ops relay_ops = {
	.half_close = half_close,
	.done = on_done,
};

/* Takes the client over if it succeeds. */
static int start_relay(struct connection *connection)
{
	struct connections *connections = connection->owner;
	int client = connection->client;
	int channel = device_connect(connections->ctl, connection->port,
				     (struct sockaddr *)&connection->peer);
	int ret;

	if (channel < 0)
		return channel;
	ret = relay_new(&connection->relay, connections->event, client, client,
			channel, &relay_ops, connection);
	if (ret < 0)
		close(channel);
	else
		connection->client = -1;
	return ret;
}

static int on_hangup(sd_event_source *source, int fd, uint32_t revents,
		     void *arg)
{
	struct connection *connection = arg;
	struct connections *connections = connection->owner;

	(void)source;
	(void)fd;
	(void)revents;
	connection_free(connection);
	end_exhausted(connections);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t now, void *arg)
{
	(void)source;
	(void)now;
	connection_fail(arg, ENETDOWN);
	return 0;
}

/* It is not read: EPOLLHUP and EPOLLERR come unasked. */
static int wait_for_driver(struct connection *connection)
{
	sd_event *event = connection->owner->event;
	int ret = sd_event_add_io(event, &connection->hangup,
				  connection->client, 0, on_hangup, connection);

	if (ret < 0)
		return ret;
	return sd_event_add_time_relative(event, &connection->deadline,
					  CLOCK_MONOTONIC, AWAY_USEC, 0,
					  on_deadline, connection);
}

void connections_add(struct connections *connections, unsigned int port,
		     int client, const struct sockaddr_storage *peer)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int ret;

	if (!connection) {
		report_failure(connections, port, ENOMEM);
		relay_reset_client(client);
		connections_exhausted(connections);
		return;
	}
	connection->owner = connections;
	connection->port = port;
	connection->peer = *peer;
	connection->client = client;
	TAILQ_INSERT_TAIL(&connections->all, connection, entry);
	connections->count++;
	ret = connections->ctl < 0 ? wait_for_driver(connection) :
				     start_relay(connection);
	if (ret < 0)
		connection_fail(connection, -ret);
	else
		tell_full(connections);
}

unsigned int connections_count(const struct connections *connections)
{
	return connections->count;
}

/* So that accept() takes no client for whom no descriptor is left. */
static unsigned int connection_limit(void)
{
	struct rlimit files;
	rlim_t limit;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 ||
	    files.rlim_cur < OTHER_DESCRIPTORS + 2)
		return 1;
	limit = (files.rlim_cur - OTHER_DESCRIPTORS) / 2;
	return limit < CONNECTIONS_MAX ? (unsigned int)limit : CONNECTIONS_MAX;
}

int connections_new(struct connections **out, sd_event *event,
		    void (*full)(void *arg, bool full), void *arg)
{
	struct connections *connections = calloc(1, sizeof(*connections));

	if (!connections)
		return -ENOMEM;
	connections->event = event;
	connections->ctl = -1;
	connections->limit = connection_limit();
	connections->full = full;
	connections->arg = arg;
	TAILQ_INIT(&connections->all);
	*out = connections;
	return 0;
}

static void free_all(struct connections *connections)
{
	struct connection *connection, *next;

	for (connection = TAILQ_FIRST(&connections->all); connection;
	     connection = next) {
		next = TAILQ_NEXT(connection, entry);
		connection_free(connection);
	}
}

void connections_open(struct connections *connections, int ctl)
{
	struct connection *connection, *next;
	int ret;

	connections->ctl = ctl;
	for (connection = TAILQ_FIRST(&connections->all); connection;
	     connection = next) {
		next = TAILQ_NEXT(connection, entry);
		stop_waiting(connection);
		ret = start_relay(connection);
		if (ret < 0)
			connection_fail(connection, -ret);
	}
}

void connections_close(struct connections *connections)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &connections->all, entry) {
		relay_abort(connection->relay);
		connection->relay = NULL;
	}
	free_all(connections);
	connections->ctl = -1;
	tell_full(connections);
}

void connections_free(struct connections *connections)
{
	if (!connections)
		return;
	free_all(connections);
	sd_event_source_disable_unref(connections->exhausted);
	free(connections);
}
