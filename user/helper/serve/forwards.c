// SPDX-License-Identifier: GPL-2.0-only
/* The ports that AMT forwards, and a listener for each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/serve/forwards.h"
#include "helper/serve/lifecycle.h"
#include "helper/serve/listener.h"
#include "lib/netlink.h"

struct forwards {
	sd_event *event;
	const struct serve_config *config;
	const struct listener_ops *ops;
	void *arg;
	struct forward_info list[AMT_LME_MAX_FORWARDS];
	int count;
	struct listener *listeners[AMT_LME_MAX_FORWARDS];
	int listener_count;
	bool paused;
};

static bool same_forward(const struct forward_info *a,
			 const struct forward_info *b)
{
	return a->port == b->port && strcmp(a->address, b->address) == 0;
}

static struct forward_info *find_forward(struct forwards *forwards,
					 const struct forward_info *forward)
{
	for (int i = 0; i < forwards->count; i++)
		if (same_forward(&forwards->list[i], forward))
			return &forwards->list[i];
	return NULL;
}

/* A port is active if one of its forwards is, gone if it has none. */
static uint32_t port_state(const struct forwards *forwards, uint32_t port)
{
	uint32_t state = AMT_LME_FORWARD_STATE_GONE;

	for (int i = 0; i < forwards->count; i++) {
		if (forwards->list[i].port != port)
			continue;
		if (forwards->list[i].state == AMT_LME_FORWARD_STATE_ACTIVE)
			return AMT_LME_FORWARD_STATE_ACTIVE;
		state = AMT_LME_FORWARD_STATE_DORMANT;
	}
	return state;
}

/* At most one listener for each forward, so there is room for one more. */
static void listen_port(struct forwards *forwards, uint32_t port)
{
	struct listener *listener;

	if (listener_new(&listener, forwards->event, port, forwards->config,
			 forwards->ops, forwards->arg) < 0) {
		lifecycle(LIFECYCLE_PORT_FAILED, "port %u: out of memory",
			  port);
		return;
	}
	listener_pause(listener, forwards->paused);
	forwards->listeners[forwards->listener_count++] = listener;
}

static struct listener **find_listener(struct forwards *forwards,
				       uint32_t port)
{
	for (int i = 0; i < forwards->listener_count; i++)
		if (listener_port(forwards->listeners[i]) == port)
			return &forwards->listeners[i];
	return NULL;
}

static void drop_port(struct forwards *forwards, uint32_t port)
{
	struct listener **listener = find_listener(forwards, port);

	if (listener) {
		listener_free(*listener);
		*listener = forwards->listeners[--forwards->listener_count];
	}
	lifecycle(LIFECYCLE_PORT_GONE, "port %u gone", port);
}

static void keep_port(struct forwards *forwards, uint32_t port)
{
	struct listener **listener = find_listener(forwards, port);

	if (listener)
		listener_bind(*listener);
	else
		listen_port(forwards, port);
}

static void port_changed(struct forwards *forwards, uint32_t port,
			 uint32_t before)
{
	uint32_t after = port_state(forwards, port);

	if (after == AMT_LME_FORWARD_STATE_GONE) {
		if (before != after)
			drop_port(forwards, port);
		return;
	}
	keep_port(forwards, port);
	if (before == after)
		return;
	if (after == AMT_LME_FORWARD_STATE_DORMANT)
		lifecycle(LIFECYCLE_PORT_DORMANT, "port %u dormant", port);
	else if (before == AMT_LME_FORWARD_STATE_DORMANT)
		lifecycle(LIFECYCLE_PORT_ACTIVE, "port %u active", port);
}

void forwards_update(struct forwards *forwards,
		     const struct forward_info *forward)
{
	struct forward_info *known = find_forward(forwards, forward);
	uint32_t before = port_state(forwards, forward->port);

	if (forward->state != AMT_LME_FORWARD_STATE_GONE) {
		if (!known && forwards->count == AMT_LME_MAX_FORWARDS)
			return; /* more than the kernel can have */
		if (!known)
			known = &forwards->list[forwards->count++];
		*known = *forward;
	} else if (known) {
		*known = forwards->list[--forwards->count];
	}
	port_changed(forwards, forward->port, before);
}

static bool listed(const struct forward_info *forward,
		   const struct forward_info *list, int count)
{
	for (int i = 0; i < count; i++)
		if (same_forward(forward, &list[i]))
			return true;
	return false;
}

void forwards_replace(struct forwards *forwards,
		      const struct forward_info *list, int count)
{
	/* Backwards: removing one moves the last into its place. */
	for (int i = forwards->count - 1; i >= 0; i--) {
		struct forward_info gone = forwards->list[i];

		if (listed(&gone, list, count))
			continue;
		gone.state = AMT_LME_FORWARD_STATE_GONE;
		forwards_update(forwards, &gone);
	}
	for (int i = 0; i < count; i++)
		forwards_update(forwards, &list[i]);
}

void forwards_configure(struct forwards *forwards)
{
	for (int i = 0; i < forwards->listener_count; i++)
		listener_configure(forwards->listeners[i], forwards->config);
}

void forwards_list(const struct forwards *forwards,
		   void (*door)(void *arg, const struct door_info *door),
		   void *arg)
{
	for (int i = 0; i < forwards->listener_count; i++)
		listener_list(forwards->listeners[i], door, arg);
}

void forwards_pause(struct forwards *forwards, bool pause)
{
	forwards->paused = pause;
	for (int i = 0; i < forwards->listener_count; i++)
		listener_pause(forwards->listeners[i], pause);
}

int forwards_new(struct forwards **out, sd_event *event,
		 const struct serve_config *config,
		 const struct listener_ops *ops, void *arg)
{
	struct forwards *forwards = calloc(1, sizeof(*forwards));

	if (!forwards)
		return -ENOMEM;
	forwards->event = event;
	forwards->config = config;
	forwards->ops = ops;
	forwards->arg = arg;
	*out = forwards;
	return 0;
}

void forwards_free(struct forwards *forwards)
{
	if (!forwards)
		return;
	for (int i = 0; i < forwards->listener_count; i++)
		listener_free(forwards->listeners[i]);
	free(forwards);
}
