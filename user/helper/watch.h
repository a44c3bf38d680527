/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of the driver, now and whenever it changes. */
#ifndef HELPER_WATCH_H
#define HELPER_WATCH_H

#include <systemd/sd-event.h>

struct netlink;
struct netlink_state;
struct watch;

/**
 * struct watch_ops - whom to tell
 * @state: the state now; often the same as the last time
 * @failed: it cannot be watched any more; -ENOENT when the driver was unloaded;
 *	    the watch may be freed meanwhile
 */
struct watch_ops {
	void (*state)(void *arg, const struct netlink_state *state);
	void (*failed)(void *arg, int error);
};

/**
 * watch_new() - watch from now on
 * @out: to be freed with watch_free()
 * @event: the loop
 * @nl: the connection; not closed
 * @ops: whom to tell, the first time before this returns
 * @arg: passed to @ops
 *
 * Return: 0, or a negative errno.
 */
int watch_new(struct watch **out, sd_event *event, struct netlink *nl,
	      const struct watch_ops *ops, void *arg);

/** watch_free() - end; @watch may be NULL */
void watch_free(struct watch *watch);

#endif /* HELPER_WATCH_H */
