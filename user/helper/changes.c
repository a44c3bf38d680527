// SPDX-License-Identifier: GPL-2.0-only
/* Events: what changed from one state of the driver to the next. */
#include <string.h>

#include "helper/changes.h"
#include "helper/kernel.h"
#include "lib/output.h"

static const char *const event_names[] = {
	[EVENT_LINK_UP] = "link-up",
	[EVENT_LINK_DOWN] = "link-down",
	[EVENT_LINK_RECOVERED] = "link-recovered",
	[EVENT_FORWARD_ACTIVE] = "forward-active",
	[EVENT_FORWARD_DORMANT] = "forward-dormant",
	[EVENT_FORWARD_GONE] = "forward-gone",
	[EVENT_LISTENER_BOUND] = "listener-bound",
	[EVENT_LISTENER_FAILED] = "listener-failed",
	[EVENT_LISTENER_CLOSED] = "listener-closed",
	[EVENT_ERROR] = "error",
};

struct json_object *event_new(enum event_kind kind)
{
	struct json_object *event = output_new();

	output_enum(event, "event", kind, event_names[kind]);
	return event;
}

static void tell_up(struct changes *changes, const struct link_info *link)
{
	struct json_object *event = event_new(changes->lost ?
					      EVENT_LINK_RECOVERED :
					      EVENT_LINK_UP);

	output_u32(event, "generation", link->generation);
	output_enum(event, "transport", link->transport,
		    kernel_transport(link->transport));
	changes->emit(changes->arg, event);
	changes->lost = false;
}

static void tell_down(struct changes *changes, const struct link_info *link)
{
	struct json_object *event = event_new(EVENT_LINK_DOWN);

	output_enum(event, "state", link->state,
		    kernel_link_state(link->state));
	output_u32(event, "generation", link->generation);
	if (link->error)
		output_enum(event, "error", link->error,
			    strerror((int)link->error));
	changes->emit(changes->arg, event);
}

/* A session that followed another at once: in between, it was connecting. */
static void tell_gap(struct changes *changes)
{
	struct link_info gap = changes->last.link;

	gap.state = AMT_LME_LINK_STATE_CONNECTING;
	changes->lost = true;
	tell_down(changes, &gap);
}

static void compare_link(struct changes *changes, const struct link_info *link)
{
	const struct link_info *last = &changes->last.link;
	bool was_up = changes->any && last->state == AMT_LME_LINK_STATE_UP;
	bool changed = !changes->any || link->state != last->state ||
		       (was_up && link->generation != last->generation);

	if (link->state == AMT_LME_LINK_STATE_UP) {
		if (was_up && changed)
			tell_gap(changes);
		if (changed)
			tell_up(changes, link);
		return;
	}
	/* Let go because nobody wanted it, it is not lost. */
	if (link->state == AMT_LME_LINK_STATE_IDLE)
		changes->lost = false;
	else if (was_up)
		changes->lost = true;
	if (changed || link->error != last->error)
		tell_down(changes, link);
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

static void tell_forward(struct changes *changes, enum event_kind kind,
			 const struct forward_info *forward)
{
	struct json_object *event = event_new(kind);

	output_u32(event, "port", forward->port);
	output_u32(event, "generation", forward->generation);
	output_string(event, "address", forward->address);
	changes->emit(changes->arg, event);
}

static void compare_forwards(struct changes *changes,
			     const struct netlink_state *state)
{
	const struct forward_info *forward, *last;

	for (int i = 0; i < changes->last.forward_count; i++) {
		last = &changes->last.forwards[i];
		if (!find(state, last))
			tell_forward(changes, EVENT_FORWARD_GONE, last);
	}
	for (int i = 0; i < state->forward_count; i++) {
		forward = &state->forwards[i];
		last = find(&changes->last, forward);
		if (last && last->state == forward->state)
			continue;
		tell_forward(changes,
			     forward->state == AMT_LME_FORWARD_STATE_ACTIVE ?
			     EVENT_FORWARD_ACTIVE : EVENT_FORWARD_DORMANT,
			     forward);
	}
}

void changes_update(struct changes *changes, const struct netlink_state *state)
{
	compare_link(changes, &state->link);
	compare_forwards(changes, state);
	changes->last = *state;
	changes->any = true;
}
