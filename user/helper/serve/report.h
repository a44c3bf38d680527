/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon tells of itself on its control socket. */
#ifndef SERVE_REPORT_H
#define SERVE_REPORT_H

#include <stdbool.h>

#include <systemd/sd-event.h>

struct connections;
struct door_info;
struct driver;
struct forwards;
struct link;
struct netlink_state;
struct report;
struct transport;

/**
 * report_new() - answer from now on
 * @out: to be freed with report_free()
 * @event: the loop
 * @socket: the control socket, or -1: then there is nobody to tell
 * @driver: let go of for who asks for it
 * @link: that is up, or why not
 * @forwards: with the listeners
 * @connections: with the clients
 * @transport: what is relayed
 * @device_given: it is, as --device says so; else as the bus shows no LME
 *
 * Return: 0, or a negative errno.
 */
int report_new(struct report **out, sd_event *event, int socket,
	       struct driver *driver, const struct link *link,
	       const struct forwards *forwards,
	       const struct connections *connections,
	       const struct transport *transport, bool device_given);

/** report_free() - end; @report may be NULL */
void report_free(struct report *report);

/** report_state() - the state of the driver, new or not */
void report_state(struct report *report, const struct netlink_state *state);

/** report_released() - @transport may have let go of the MEI device */
void report_released(struct report *report);

/** report_door() - a listener changed */
void report_door(struct report *report, const struct door_info *door);

#endif /* SERVE_REPORT_H */
