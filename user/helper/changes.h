/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events: what changed from one state of the driver to the next, as documents
 * for output_print_line() and for the clients of the daemon.
 */
#ifndef HELPER_CHANGES_H
#define HELPER_CHANGES_H

#include <stdbool.h>

#include "lib/netlink.h"

struct json_object;

/* The numbers and the names are promised to stay. */
enum event_kind {
	EVENT_LINK_UP = 1,
	EVENT_LINK_DOWN,
	EVENT_LINK_RECOVERED,
	EVENT_FORWARD_ACTIVE,
	EVENT_FORWARD_DORMANT,
	EVENT_FORWARD_GONE,
	EVENT_LISTENER_BOUND,
	EVENT_LISTENER_FAILED,
	EVENT_LISTENER_CLOSED,
	EVENT_ERROR,
};

/** event_new() - begin a document that is an event */
struct json_object *event_new(enum event_kind kind);

/**
 * struct changes - the state that was told last
 * @emit: takes each event, and owns it
 * @arg: passed to @emit
 * @any: @last is set
 * @lost: the link was up, and wanted ever since
 * @last: the state
 *
 * Begin with all but the first two zeroed: then the first state is told whole.
 */
struct changes {
	void (*emit)(void *arg, struct json_object *event);
	void *arg;
	bool any;
	bool lost;
	struct netlink_state last;
};

/** changes_update() - the state now; tells what is new in it */
void changes_update(struct changes *changes, const struct netlink_state *state);

#endif /* HELPER_CHANGES_H */
