/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ports that AMT forwards, and a listener for each.
 *
 * AMT may forward one port for several addresses: they share the listener. A
 * dormant forward keeps it, because opening a channel is what may bring the
 * forward back (Documentation/protocol.rst, "Forwards").
 */
#ifndef SERVE_FORWARDS_H
#define SERVE_FORWARDS_H

#include <stdbool.h>

#include <systemd/sd-event.h>

struct door_info;
struct forward_info;
struct forwards;
struct listener_ops;
struct serve_config;

/**
 * forwards_new() - begin without forwards
 * @out: to be freed with forwards_free()
 * @event: the loop
 * @config: for the listeners; kept, and not changed but for
 *          forwards_configure()
 * @ops: for the listeners
 * @arg: passed to @ops
 *
 * Return: 0, or -ENOMEM.
 */
int forwards_new(struct forwards **out, sd_event *event,
		 const struct serve_config *config,
		 const struct listener_ops *ops, void *arg);

/** forwards_free() - close all listeners */
void forwards_free(struct forwards *forwards);

/** forwards_update() - one forward appeared, changed or is gone */
void forwards_update(struct forwards *forwards,
		     const struct forward_info *forward);

/**
 * forwards_replace() - take a dump as what there is
 * @forwards: the forwards
 * @list: all that there are now
 * @count: how many
 */
void forwards_replace(struct forwards *forwards,
		      const struct forward_info *list, int count);

/** forwards_configure() - the configuration changed */
void forwards_configure(struct forwards *forwards);

/** forwards_list() - call @door for each address of each listener */
void forwards_list(const struct forwards *forwards,
		   void (*door)(void *arg, const struct door_info *door),
		   void *arg);

/** forwards_pause() - stop or go on accepting clients, on all ports */
void forwards_pause(struct forwards *forwards, bool pause);

#endif /* SERVE_FORWARDS_H */
