/* SPDX-License-Identifier: GPL-2.0-only */
/* A process that was forked, and the loop. */
#ifndef HELPER_CHILD_H
#define HELPER_CHILD_H

#include <sys/types.h>

#include <systemd/sd-event.h>

/**
 * child_watch() - have the loop wait for a child
 * @event: the loop
 * @source: as of sd_event_add_child()
 * @child: what fork() returned to its parent; 0 if it failed
 * @on_end: called when it has ended
 * @arg: passed to @on_end
 *
 * A child that cannot be waited for is killed.
 *
 * Return: 0, or a negative errno.
 */
int child_watch(sd_event *event, sd_event_source **source, pid_t *child,
		sd_event_child_handler_t on_end, void *arg);

#endif /* HELPER_CHILD_H */
