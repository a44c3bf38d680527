/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver, as long as serve has it open. An open file keeps the module in
 * memory, so it can be let go of and is taken back later: then the module may
 * be another one, which knows no forwards yet.
 */
#ifndef SERVE_DRIVER_H
#define SERVE_DRIVER_H

#include <stdbool.h>

#include <systemd/sd-event.h>

struct driver;
struct failure;
struct netlink_state;

/**
 * struct driver_ops - whom to tell
 * @opened: there is a new control node; it is open until @closing returned
 * @closing: all that was opened by the control node has to be closed now
 * @state: the state now; often the same as the last time. After @closing the
 *         link is yielded, or absent if the driver cannot be taken back. None
 *         while the kernel cannot answer
 */
struct driver_ops {
	void (*opened)(void *arg, int ctl);
	void (*closing)(void *arg);
	void (*state)(void *arg, const struct netlink_state *state);
};

/**
 * driver_new() - open the driver and hold the link
 * @out: to be freed with driver_free()
 * @failure: filled on failure
 *
 * Return: 0 or -1.
 */
int driver_new(struct driver **out, struct failure *failure);

/** driver_free() - close it; @driver may be NULL */
void driver_free(struct driver *driver);

/**
 * driver_watch() - tell @ops from now on
 * @driver: open
 * @event: the loop
 * @ops: whom to tell, the first time before this returns
 * @arg: passed to @ops
 *
 * Return: 0, or a negative errno.
 */
int driver_watch(struct driver *driver, sd_event *event,
		 const struct driver_ops *ops, void *arg);

/** driver_release() - let go of it until driver_retake() */
void driver_release(struct driver *driver);

/** driver_retake() - open it again, now or as soon as that can be done */
void driver_retake(struct driver *driver);

/**
 * driver_judge() - why the driver is not open
 * @driver: the driver
 * @failure: filled if it is not
 *
 * Return: false if it is open.
 */
bool driver_judge(const struct driver *driver, struct failure *failure);

#endif /* SERVE_DRIVER_H */
