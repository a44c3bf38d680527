// SPDX-License-Identifier: GPL-2.0-only
/* The driver, open and let go. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/serve/driver.h"
#include "helper/serve/lifecycle.h"
#include "helper/watch.h"
#include "lib/device.h"
#include "lib/netlink.h"

/*
 * Between two tries: the module may be missing, or its node without its group; or
 * the kernel has no memory for an answer.
 */
#define BACKOFF_MIN_USEC 50000
#define BACKOFF_MAX_USEC 5000000

struct driver {
	sd_event *event;
	const struct driver_ops *ops;
	void *arg;
	int ctl; /* -1 while it is not open */
	struct netlink *nl;
	struct watch *watch; /* NULL while it is not open or cannot be watched */
	struct netlink_state last; /* as told */
	bool anew; /* opened again, and no session has settled since */
	bool released;
	sd_event_source *timer; /* until the next try */
	uint64_t backoff;
	struct failure failure; /* of the last try */
};

/* The answer to a query that failed may still come on its connection. */
static void stop_watching(struct driver *driver)
{
	watch_free(driver->watch);
	driver->watch = NULL;
	netlink_close(driver->nl);
	driver->nl = NULL;
}

static void close_driver(struct driver *driver)
{
	stop_watching(driver);
	if (driver->ctl >= 0)
		close(driver->ctl);
	driver->ctl = -1;
}

static int open_driver(struct driver *driver, struct failure *failure)
{
	int ret;

	if (kernel_open(&driver->nl, failure) < 0)
		return -1;
	driver->ctl = kernel_open_ctl(failure);
	if (driver->ctl < 0)
		return -1;
	ret = device_hold(driver->ctl);
	if (ret < 0)
		return failure_set(failure, EXIT_INTERNAL,
				   "cannot hold the link: %s", strerror(-ret));
	return 0;
}

static bool listed(const struct netlink_state *state,
		   const struct forward_info *forward)
{
	for (int i = 0; i < state->forward_count; i++)
		if (state->forwards[i].port == forward->port &&
		    strcmp(state->forwards[i].address, forward->address) == 0)
			return true;
	return false;
}

static void add_dormant(struct netlink_state *state,
			const struct forward_info *forward)
{
	struct forward_info *dormant;

	if (state->forward_count == AMT_LME_MAX_FORWARDS)
		return;
	dormant = &state->forwards[state->forward_count++];
	*dormant = *forward;
	dormant->state = AMT_LME_FORWARD_STATE_DORMANT;
}

/*
 * As the driver has it: what a session named is dormant until a later one has
 * settled. A driver that was loaded anew does not know of the ones before.
 */
static void on_state(void *arg, const struct netlink_state *now)
{
	struct driver *driver = arg;
	struct netlink_state state = *now;

	driver->anew &= !state.link.settled;
	for (int i = 0; i < driver->last.forward_count; i++)
		if (driver->anew &&
		    !listed(&state, &driver->last.forwards[i]))
			add_dormant(&state, &driver->last.forwards[i]);
	driver->last = state;
	driver->ops->state(driver->arg, &state);
}

static void tell_closed(struct driver *driver, uint32_t link_state)
{
	struct netlink_state state = {
		.link.state = link_state,
		.link.generation = driver->last.link.generation,
	};

	driver->anew = true;
	on_state(driver, &state);
}

static int on_timer(sd_event_source *source, uint64_t now, void *arg);

static void try_later(struct driver *driver)
{
	sd_event_add_time_relative(driver->event, &driver->timer,
				   CLOCK_MONOTONIC, driver->backoff,
				   driver->backoff / 50, on_timer, driver);
	driver->backoff = 2 * driver->backoff < BACKOFF_MAX_USEC ?
			  2 * driver->backoff : BACKOFF_MAX_USEC;
}

static void open_later(struct driver *driver)
{
	close_driver(driver);
	tell_closed(driver, AMT_LME_LINK_STATE_ABSENT);
	try_later(driver);
}

/*
 * Channels are files and do not end with a query that failed, so it is only asked
 * again; but a driver without its family is not the one that is open.
 */
static void on_watch_failed(void *arg, int error)
{
	struct driver *driver = arg;

	driver->backoff = BACKOFF_MIN_USEC;
	kernel_watch_failed(&driver->failure, error);
	if (error == -ENOENT) {
		driver->ops->closing(driver->arg);
		open_later(driver);
		return;
	}
	lifecycle(LIFECYCLE_UNWATCHED, "%s", driver->failure.message);
	stop_watching(driver);
	try_later(driver);
}

static const struct watch_ops watch_ops = {
	.state = on_state,
	.failed = on_watch_failed,
};

static int watch_driver(struct driver *driver)
{
	return watch_new(&driver->watch, driver->event, driver->nl, &watch_ops,
			 driver);
}

static int watch_opened(struct driver *driver)
{
	driver->ops->opened(driver->arg, driver->ctl);
	return watch_driver(driver);
}

/* Without memory too, libnl says that there is no such family. */
static void watch_again(struct driver *driver)
{
	struct failure failure;

	if (kernel_open(&driver->nl, &failure) == 0 &&
	    watch_driver(driver) == 0) {
		lifecycle(LIFECYCLE_WATCHED,
			  "the state of the link is watched again");
		return;
	}
	stop_watching(driver);
	try_later(driver);
}

static void open_again(struct driver *driver)
{
	int ret;

	if (open_driver(driver, &driver->failure) < 0) {
		open_later(driver);
		return;
	}
	ret = watch_opened(driver);
	if (ret < 0)
		on_watch_failed(driver, ret);
}

static int on_timer(sd_event_source *source, uint64_t now, void *arg)
{
	struct driver *driver = arg;

	(void)source;
	(void)now;
	driver->timer = sd_event_source_disable_unref(driver->timer);
	if (driver->ctl >= 0)
		watch_again(driver);
	else
		open_again(driver);
	return 0;
}

void driver_release(struct driver *driver)
{
	driver->timer = sd_event_source_disable_unref(driver->timer);
	driver->released = true;
	if (driver->ctl < 0)
		return;
	driver->ops->closing(driver->arg);
	close_driver(driver);
	tell_closed(driver, AMT_LME_LINK_STATE_YIELDED);
}

void driver_retake(struct driver *driver)
{
	driver->released = false;
	driver->backoff = BACKOFF_MIN_USEC;
	open_again(driver);
}

bool driver_judge(const struct driver *driver, struct failure *failure)
{
	if (driver->ctl >= 0)
		return false;
	if (driver->released)
		failure_set(failure, EXIT_BUSY,
			    "the driver is let go until its amt-helper yield --module ends");
	else
		*failure = driver->failure;
	return true;
}

int driver_watch(struct driver *driver, sd_event *event,
		 const struct driver_ops *ops, void *arg)
{
	driver->event = event;
	driver->ops = ops;
	driver->arg = arg;
	return watch_opened(driver);
}

int driver_new(struct driver **out, struct failure *failure)
{
	struct driver *driver = calloc(1, sizeof(*driver));

	if (!driver)
		return failure_set(failure, EXIT_INTERNAL, "out of memory");
	driver->ctl = -1;
	if (open_driver(driver, failure) < 0 ||
	    !kernel_has_mei(driver->nl, failure)) {
		driver_free(driver);
		return -1;
	}
	*out = driver;
	return 0;
}

void driver_free(struct driver *driver)
{
	if (!driver)
		return;
	sd_event_source_disable_unref(driver->timer);
	close_driver(driver);
	free(driver);
}
