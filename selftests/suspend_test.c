// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend and resume, as far as the kernel's pm_test goes: processes are frozen
 * and devices suspended, then all comes back. vmei does what mei-me does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define PM_TEST "/sys/power/pm_test"

FIXTURE(suspend) {
	struct machine machine;
	struct process helper;
	struct genl events;
	struct link_state link;
	struct result r;
};

FIXTURE_VARIANT(suspend) {
	const char *state;
};

FIXTURE_VARIANT_ADD(suspend, freeze) {
	.state = "freeze",
};

FIXTURE_VARIANT_ADD(suspend, mem) {
	.state = "mem",
};

FIXTURE_SETUP(suspend)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, genl_open(&self->events, true));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
}

FIXTURE_TEARDOWN(suspend)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	genl_close(&self->events);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* Returns when all is awake again. Without a pause in which all would hang. */
static int suspend(struct result *r, const char *state)
{
	return run(r, "sh", "-c",
		   "echo 0 > /sys/module/suspend/parameters/pm_test_delay && "
		   "echo devices > " PM_TEST " && echo $0 > /sys/power/state",
		   state);
}

static bool offered(struct result *r, const char *state)
{
	return run(r, "grep", "-q", "devices", PM_TEST) == 0 &&
	       run(r, "grep", "-qw", state, "/sys/power/state") == 0;
}

TEST_F(suspend, channels_end_and_who_waits_is_served)
{
	int node, tcp, waits;
	char byte;

	if (!offered(&self->r, variant->state))
		SKIP(return, "this kernel has no " PM_TEST " or no such state");
	node = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, node);
	tcp = tcp_connect(AF_INET, HTTP_PORT);
	EXPECT_EQ(0, channel_works(tcp));
	ASSERT_EQ(0, sim_command("ignore open on"));
	waits = node_open(HTTP_PORT, O_NONBLOCK);
	ASSERT_LE(0, waits);

	ASSERT_EQ(0, suspend(&self->r, variant->state));
	EXPECT_EQ(-1, read(node, &byte, 1));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EQ(-1, read(tcp, &byte, 1));
	EXPECT_EQ(ECONNRESET, errno);
	close(node);
	close(tcp);

	/* Asked again by the new session, it is not answered yet. */
	EXPECT_EQ(0, process_expect(&self->helper, "link lost: generation 1"));
	EXPECT_EQ(0, process_expect(&self->helper,
				    "link recovered: generation 2"));
	EXPECT_EQ(0, fd_wait(waits, POLLOUT, 0));
	ASSERT_EQ(0, sim_command("ignore open off"));
	ASSERT_EQ(0, sim_command("reset"));
	EXPECT_EQ(POLLOUT, fd_wait(waits, POLLOUT, WAIT_MS));
	EXPECT_EQ(0, fcntl(waits, F_SETFL, 0));
	EXPECT_EQ(0, channel_works(waits));
	close(waits);
}

TEST_F(suspend, again_and_again)
{
	int fd;

	if (!offered(&self->r, variant->state))
		SKIP(return, "this kernel has no " PM_TEST " or no such state");
	for (uint32_t i = 1; i <= 3; i++) {
		fd = tcp_connect(AF_INET, HTTP_PORT);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, channel_works(fd));
		ASSERT_EQ(0, suspend(&self->r, variant->state));
		close(fd);
		/* Who comes at once waits for the link. */
		fd = tcp_connect(AF_INET, HTTP_PORT);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, channel_works(fd));
		close(fd);
		EXPECT_EQ(0, next_open_works());
		ASSERT_EQ(0, link_get(&self->link));
		EXPECT_EQ(i + 1, self->link.generation);
	}
	EXPECT_TRUE(process_is_running(&self->helper));
}

TEST_HARNESS_MAIN
