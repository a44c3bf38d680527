// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon tells of itself on its control socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/changes.h"
#include "helper/command.h"
#include "helper/daemon.h"
#include "helper/failure.h"
#include "helper/serve/connections.h"
#include "helper/serve/control.h"
#include "helper/serve/driver.h"
#include "helper/serve/forwards.h"
#include "helper/serve/lifecycle.h"
#include "helper/serve/link.h"
#include "helper/serve/listener.h"
#include "helper/serve/report.h"
#include "helper/serve/transport.h"
#include "lib/holder.h"
#include "lib/output.h"

/* Why the messages are relayed. */
enum reason {
	REASON_NOT_ON_BUS = 1,
	REASON_DEVICE,
};

struct report {
	sd_event *event;
	struct control *control; /* NULL without a socket */
	struct driver *driver;
	const struct link *link;
	const struct forwards *forwards;
	const struct connections *connections;
	const struct transport *transport;
	enum reason reason; /* for @transport to relay */
	uint64_t since; /* when the program started, us */
	struct changes changes;
};

static const char *door_state_name(enum door_state state)
{
	switch (state) {
	case DOOR_BOUND:
		return "bound";
	case DOOR_FAILED:
		return "failed";
	case DOOR_CLOSED:
		break;
	}
	return "closed";
}

static void describe_address(struct json_object *object,
			     const struct door_info *door)
{
	output_u32(object, "port", door->port);
	output_string(object, "address", door->address);
	output_u32(object, "local_port",
		   door->error == ERANGE ? 0 : door->local_port);
}

static void describe_error(struct json_object *object, int error)
{
	output_enum(object, "error", error, error ? strerror(error) : "");
}

static void add_listener(void *arg, const struct door_info *door)
{
	struct json_object *row = output_row(arg);

	describe_address(row, door);
	output_enum(row, "state", door->state, door_state_name(door->state));
	describe_error(row, door->error);
}

static uint32_t uptime(const struct report *report)
{
	uint64_t now = report->since;

	sd_event_now(report->event, CLOCK_BOOTTIME, &now);
	return (uint32_t)((now - report->since) / 1000000);
}

static const char *reason_name(enum reason reason)
{
	return reason == REASON_DEVICE ? "--device" : "not on the bus";
}

static void add_relay(struct json_object *answer, const struct report *report)
{
	struct transport_info info;
	struct json_object *relay;

	if (!transport_get(report->transport, &info))
		return;
	relay = output_object(answer, "relay");
	output_string(relay, "device", info.device);
	output_enum(relay, "reason", report->reason,
		    reason_name(report->reason));
	describe_error(relay, info.error);
}

/* Who has LME is named by who asks, and sees more of /proc. */
static void add_waiting(struct json_object *answer, const struct link *link)
{
	const struct tasks nobody = { .count = 0 };
	struct json_object *waiting;
	struct failure failure;

	if (!link_judge(link, &nobody, &failure))
		return;
	waiting = output_object(answer, "waiting");
	output_u32(waiting, "code", failure.code);
	output_string(waiting, "message", failure.message);
}

static void on_status(void *arg, struct json_object *answer)
{
	struct json_object *daemon = output_object(answer, "daemon");
	struct report *report = arg;
	struct failure failure;
	enum daemon_state state = driver_judge(report->driver, &failure) ?
				  DAEMON_RELEASED : DAEMON_RUNNING;

	output_enum(daemon, "state", state, daemon_state_name(state));
	output_u32(daemon, "pid", getpid());
	output_string(daemon, "version", AMT_HELPER_VERSION);
	output_u32(daemon, "uptime", uptime(report));
	output_u32(daemon, "connections", connections_count(report->connections));
	add_waiting(answer, report->link);
	add_relay(answer, report);
	forwards_list(report->forwards, add_listener,
		      output_array(answer, "listeners"));
}

static struct json_object *door_event(const struct door_info *door)
{
	static const enum event_kind kinds[] = {
		[DOOR_BOUND] = EVENT_LISTENER_BOUND,
		[DOOR_FAILED] = EVENT_LISTENER_FAILED,
		[DOOR_CLOSED] = EVENT_LISTENER_CLOSED,
	};
	struct json_object *event = event_new(kinds[door->state]);

	describe_address(event, door);
	if (door->state == DOOR_FAILED)
		describe_error(event, door->error);
	return event;
}

static void send_event(void *client, struct json_object *event)
{
	control_send(client, event);
}

static void send_door(void *client, const struct door_info *door)
{
	control_send(client, door_event(door));
}

static void on_present(void *arg, struct control_client *client)
{
	struct report *report = arg;
	struct changes whole = { .emit = send_event, .arg = client };

	if (report->changes.any)
		changes_update(&whole, &report->changes.last);
	forwards_list(report->forwards, send_door, client);
}

static void on_release(void *arg)
{
	struct report *report = arg;

	driver_release(report->driver);
	report_released(report);
}

static void on_retake(void *arg)
{
	struct report *report = arg;

	driver_retake(report->driver);
}

static const struct control_ops control_ops = {
	.status = on_status,
	.present = on_present,
	.release = on_release,
	.retake = on_retake,
};

static void publish(void *arg, struct json_object *event)
{
	struct report *report = arg;

	control_publish(report->control, event);
}

static void on_error(void *arg, const char *line)
{
	struct json_object *event = event_new(EVENT_ERROR);

	output_string(event, "message", line);
	publish(arg, event);
}

void report_state(struct report *report, const struct netlink_state *state)
{
	changes_update(&report->changes, state);
}

void report_released(struct report *report)
{
	if (report->control && !transport_is_ending(report->transport))
		control_released(report->control);
}

void report_door(struct report *report, const struct door_info *door)
{
	publish(report, door_event(door));
}

int report_new(struct report **out, sd_event *event, int socket,
	       struct driver *driver, const struct link *link,
	       const struct forwards *forwards,
	       const struct connections *connections,
	       const struct transport *transport, bool device_given)
{
	struct report *report = calloc(1, sizeof(*report));
	int ret = 0;

	if (!report)
		return -ENOMEM;
	report->event = event;
	report->driver = driver;
	report->link = link;
	report->forwards = forwards;
	report->connections = connections;
	report->transport = transport;
	report->reason = device_given ? REASON_DEVICE : REASON_NOT_ON_BUS;
	report->changes.emit = publish;
	report->changes.arg = report;
	sd_event_now(event, CLOCK_BOOTTIME, &report->since);
	if (socket >= 0)
		ret = control_new(&report->control, event, socket, &control_ops,
				  report);
	if (ret < 0) {
		free(report);
		return ret;
	}
	lifecycle_watch(on_error, report);
	*out = report;
	return 0;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	lifecycle_watch(NULL, NULL);
	control_free(report->control);
	free(report);
}
