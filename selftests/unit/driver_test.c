// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver as amt-helper serve has it, over a kernel that has no answer to
 * some questions, or no driver any more.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/serve/driver.h"
#include "helper/serve/lifecycle.h"
#include "lib/device.h"
#include "lib/netlink.h"

/* The loop has nothing to do for so long: what is awaited will not come. */
#define STUCK_USEC 10000000

/* ---- The kernel ---- */

static struct {
	int event; /* readable: something has changed */
	int error; /* of each question */
	bool gone; /* for who connects */
	int questions;
	int connections; /* that are open */
	int nodes;
	uint32_t generation;
} kernel;

struct netlink {
	bool failed; /* whoever asks once more takes the answer before for his own */
};

int kernel_open(struct netlink **nl, struct failure *failure)
{
	if (kernel.gone)
		return failure_set(failure, EXIT_NO_MODULE, "no module");
	*nl = calloc(1, sizeof(**nl));
	kernel.connections++;
	return 0;
}

void netlink_close(struct netlink *nl)
{
	kernel.connections -= !!nl;
	free(nl);
}

int netlink_subscribe(struct netlink *nl)
{
	return 0;
}

int netlink_fd(const struct netlink *nl)
{
	return kernel.event;
}

int netlink_receive(struct netlink *nl)
{
	eventfd_t events;

	return eventfd_read(kernel.event, &events);
}

int netlink_get_state(struct netlink *nl, struct netlink_state *state)
{
	kernel.questions++;
	if (nl->failed)
		return -EIO;
	nl->failed = kernel.error;
	*state = (struct netlink_state){
		.link.state = AMT_LME_LINK_STATE_UP,
		.link.generation = kernel.generation,
	};
	return kernel.error;
}

int kernel_open_ctl(struct failure *failure)
{
	kernel.nodes++;
	return dup(kernel.event);
}

int device_hold(int ctl)
{
	return 0;
}

bool kernel_has_mei(struct netlink *nl, struct failure *failure)
{
	return true;
}

void kernel_watch_failed(struct failure *failure, int error)
{
	failure_set(failure, EXIT_INTERNAL, "cannot watch: %s",
		    strerror(-error));
}

/* ---- What the driver tells ---- */

static struct {
	int opened;
	int closing;
	struct link_info link;
	int unwatched;
	int watched;
	char line[128];
} told;

void lifecycle(enum lifecycle kind, const char *format, ...)
{
	va_list args;

	told.unwatched += kind == LIFECYCLE_UNWATCHED;
	told.watched += kind == LIFECYCLE_WATCHED;
	va_start(args, format);
	vsnprintf(told.line, sizeof(told.line), format, args);
	va_end(args);
}

static void on_opened(void *arg, int ctl)
{
	told.opened++;
}

static void on_closing(void *arg)
{
	told.closing++;
}

static void on_state(void *arg, const struct netlink_state *state)
{
	told.link = state->link;
}

static const struct driver_ops ops = {
	.opened = on_opened,
	.closing = on_closing,
	.state = on_state,
};

/* ---- Tests ---- */

FIXTURE(driver) {
	sd_event *event;
	struct driver *driver;
	struct failure failure;
};

FIXTURE_SETUP(driver)
{
	kernel.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	kernel.generation = 1;
	ASSERT_LE(0, sd_event_new(&self->event));
	ASSERT_EQ(0, driver_new(&self->driver, &self->failure));
	ASSERT_EQ(0, driver_watch(self->driver, self->event, &ops, NULL));
	ASSERT_EQ(1, told.link.generation);
}

FIXTURE_TEARDOWN(driver)
{
	driver_free(self->driver);
	EXPECT_EQ(0, kernel.connections);
	sd_event_unref(self->event);
	close(kernel.event);
}

/* Something changes, and the driver asks what. */
static int change(FIXTURE_DATA(driver) *self)
{
	kernel.generation++;
	eventfd_write(kernel.event, 1);
	return sd_event_run(self->event, STUCK_USEC);
}

/* As many more questions. */
static int run(FIXTURE_DATA(driver) *self, int questions)
{
	int ret = 1;

	questions += kernel.questions;
	while (ret > 0 && kernel.questions < questions)
		ret = sd_event_run(self->event, STUCK_USEC);
	return ret;
}

static void expect_asked_again(struct __test_metadata *_metadata,
			       FIXTURE_DATA(driver) *self, int error)
{
	kernel.error = error;
	ASSERT_EQ(1, change(self));
	EXPECT_EQ(1, told.unwatched);
	EXPECT_NE(NULL, strstr(told.line, strerror(-error)));
	EXPECT_EQ(1, run(self, 3));
	EXPECT_FALSE(driver_judge(self->driver, &self->failure));
	kernel.error = 0;
	EXPECT_EQ(1, run(self, 1));
	EXPECT_EQ(2, told.link.generation);
	EXPECT_EQ(1, told.unwatched);
	EXPECT_EQ(1, told.watched);
	EXPECT_EQ(1, change(self));
	EXPECT_EQ(3, told.link.generation);
	EXPECT_EQ(1, told.opened);
	EXPECT_EQ(0, told.closing);
	EXPECT_EQ(1, kernel.nodes);
}

TEST_F(driver, without_memory_for_an_answer_it_stays_open_and_asks_again)
{
	expect_asked_again(_metadata, self, -ENOBUFS);
}

TEST_F(driver, interrupted_too_often_it_stays_open_and_asks_again)
{
	expect_asked_again(_metadata, self, -EINTR);
}

/* After pauses of 50, 100 ms and so on up to 1600 ms, and again from 50 ms. */
TEST_F(driver, it_does_not_ask_all_the_time)
{
	uint64_t before, after;

	kernel.error = -ENOBUFS;
	ASSERT_EQ(1, change(self));
	ASSERT_EQ(0, sd_event_now(self->event, CLOCK_MONOTONIC, &before));
	EXPECT_EQ(1, run(self, 6));
	ASSERT_EQ(0, sd_event_now(self->event, CLOCK_MONOTONIC, &after));
	EXPECT_LE(3150000, after - before);
	kernel.error = 0;
	EXPECT_EQ(1, run(self, 1));
	kernel.error = -ENOBUFS;
	ASSERT_EQ(1, change(self));
	ASSERT_EQ(0, sd_event_now(self->event, CLOCK_MONOTONIC, &before));
	EXPECT_EQ(1, run(self, 1));
	ASSERT_EQ(0, sd_event_now(self->event, CLOCK_MONOTONIC, &after));
	EXPECT_LE(50000, after - before);
	EXPECT_GT(3150000, after - before);
	EXPECT_EQ(2, told.unwatched);
}

/* libnl says the same of a kernel without memory as of one without the driver. */
TEST_F(driver, without_a_new_connection_it_stays_open)
{
	kernel.error = -ENOBUFS;
	kernel.gone = true;
	ASSERT_EQ(1, change(self));
	EXPECT_EQ(1, sd_event_run(self->event, STUCK_USEC));
	kernel.gone = false;
	kernel.error = 0;
	EXPECT_EQ(1, run(self, 1));
	EXPECT_EQ(2, told.link.generation);
	EXPECT_EQ(0, told.closing);
}

TEST_F(driver, let_go_meanwhile_it_asks_no_more)
{
	kernel.error = -ENOBUFS;
	ASSERT_EQ(1, change(self));
	driver_release(self->driver);
	EXPECT_EQ(1, told.closing);
	EXPECT_EQ(AMT_LME_LINK_STATE_YIELDED, told.link.state);
	EXPECT_TRUE(driver_judge(self->driver, &self->failure));
	EXPECT_EQ(0, sd_event_run(self->event, 1000000));
	kernel.error = 0;
	driver_retake(self->driver);
	EXPECT_EQ(2, told.opened);
	EXPECT_EQ(2, told.link.generation);
	EXPECT_EQ(0, told.watched);
}

TEST_F(driver, taken_back_without_an_answer_it_stays_open)
{
	driver_release(self->driver);
	kernel.error = -ENOBUFS;
	driver_retake(self->driver);
	EXPECT_EQ(2, told.opened);
	EXPECT_EQ(1, told.unwatched);
	EXPECT_FALSE(driver_judge(self->driver, &self->failure));
	kernel.error = 0;
	kernel.generation++;
	EXPECT_EQ(1, run(self, 1));
	EXPECT_EQ(2, told.link.generation);
	EXPECT_EQ(1, told.closing);
	EXPECT_EQ(2, kernel.nodes);
}

TEST_F(driver, one_that_is_gone_is_opened_anew)
{
	kernel.error = -ENOENT;
	ASSERT_EQ(1, change(self));
	EXPECT_EQ(1, told.closing);
	EXPECT_EQ(0, kernel.connections);
	EXPECT_EQ(AMT_LME_LINK_STATE_ABSENT, told.link.state);
	EXPECT_TRUE(driver_judge(self->driver, &self->failure));
	kernel.error = 0;
	EXPECT_EQ(1, run(self, 1));
	EXPECT_EQ(2, told.opened);
	EXPECT_EQ(2, kernel.nodes);
	EXPECT_EQ(2, told.link.generation);
	EXPECT_EQ(0, told.unwatched + told.watched);
}

TEST_HARNESS_MAIN
