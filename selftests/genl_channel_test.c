// SPDX-License-Identifier: GPL-2.0-only
/* Channels over netlink: who talks to AMT, for CAP_NET_ADMIN only. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define NOBODY 65534

FIXTURE(channel) {
	struct machine machine;
	struct genl genl;
	struct genl events;
	struct genl_answer answer;
	struct channel_state *ch;
};

FIXTURE_SETUP(channel)
{
	static const char *const two_slots[] = { "--slots", "2", NULL };

	ASSERT_EQ(0, machine_start(&self->machine, two_slots));
	ASSERT_EQ(0, genl_open(&self->genl, false));
	ASSERT_EQ(0, genl_open(&self->events, false));
	self->ch = self->answer.channel;
}

FIXTURE_TEARDOWN(channel)
{
	genl_close(&self->events);
	genl_close(&self->genl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

static int get(struct genl *g, uint32_t id, struct genl_answer *answer)
{
	struct nl_msg *msg = genl_message(g, AMT_LME_CMD_CHANNEL_GET, 0);

	nla_put_u32(msg, AMT_LME_A_CHANNEL_ID, id);
	return genl_ask(g, msg, answer);
}

/* On 5.10 no group can ask for a capability, so channels have none. */
static bool has_events(void)
{
	struct utsname name;

	return !uname(&name) && strncmp(name.release, "5.10.", 5);
}

/* A node has to be there before it can be opened. */
static int first_open(void)
{
	int ctl = ctl_hold();
	int fd = ctl < 0 ? ctl : node_wait(16992);

	if (!fd)
		fd = node_open(16992, O_RDWR);
	close(ctl);
	return fd;
}

TEST_F(channel, dump_tells_both_ends_the_opener_and_the_bytes)
{
	struct http_answer http;
	int fd = first_open();
	char comm[16];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_get(fd, "/down/1000", true, &http));
	ASSERT_EQ(0, channels_dump(&self->genl, &self->answer));
	ASSERT_EQ(1, self->answer.channels)
		TH_LOG("error %d: %s", self->answer.error, self->answer.why);
	EXPECT_LT(0, self->ch->id);
	EXPECT_EQ(0, self->ch->amt_id);
	EXPECT_EQ(AMT_LME_CHANNEL_TYPE_FORWARDED_TCPIP, self->ch->type);
	EXPECT_EQ(AMT_LME_CHANNEL_DIRECTION_TO_AMT, self->ch->direction);
	EXPECT_EQ(AMT_LME_CHANNEL_STATE_OPEN, self->ch->state);
	EXPECT_EQ(16992, self->ch->port);
	EXPECT_EQ(16992, self->ch->orig_port);
	EXPECT_STREQ("127.0.0.1", self->ch->address);
	EXPECT_STREQ("127.0.0.1", self->ch->orig_address);
	EXPECT_EQ(1, self->ch->generation);
	EXPECT_EQ(0, self->ch->error);
	EXPECT_EQ(getpid(), self->ch->pid);
	prctl(PR_GET_NAME, comm);
	EXPECT_STREQ(comm, self->ch->comm);
	EXPECT_LE(1000, self->ch->rx_bytes);
	EXPECT_LT(0, self->ch->tx_bytes);
	EXPECT_LE(self->ch->rx_window, 4087);
	EXPECT_LT(0, self->ch->tx_window);
	http_free(&http);
	close(fd);
}

TEST_F(channel, get_by_id_finds_the_same_and_no_other)
{
	int fd = first_open();
	uint32_t id;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, channels_dump(&self->genl, &self->answer));
	ASSERT_EQ(1, self->answer.channels);
	id = self->ch->id;
	ASSERT_EQ(0, get(&self->genl, id, &self->answer));
	ASSERT_EQ(1, self->answer.channels);
	EXPECT_EQ(id, self->ch->id);
	ASSERT_EQ(0, get(&self->genl, id + 1, &self->answer));
	EXPECT_EQ(ENOENT, self->answer.error);
	EXPECT_STREQ("no such channel", self->answer.why);
	ASSERT_EQ(0, get(&self->genl, 0, &self->answer));
	EXPECT_EQ(EINVAL, self->answer.error);
	close(fd);
}

TEST_F(channel, what_waits_for_a_slot_is_queued_and_has_no_id)
{
	struct genl_answer event;
	int fd[3];
	int i;

	if (!has_events())
		SKIP(return, "5.10 has no events of channels");
	ASSERT_EQ(0, genl_join(&self->events, AMT_LME_MCGRP_CHANNEL));
	fd[0] = first_open();
	fd[1] = node_open(16992, O_RDWR);
	fd[2] = node_open(16992, O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, fd[0]);
	ASSERT_LE(0, fd[1]);
	ASSERT_LE(0, fd[2]);
	/* AMT has to say first that it has no slot for the third. */
	ASSERT_EQ(0, channels_dump(&self->genl, &self->answer));
	while (self->ch[2].state == AMT_LME_CHANNEL_STATE_OPENING) {
		ASSERT_EQ(0, genl_event(&self->events, &event, WAIT_MS));
		ASSERT_EQ(0, channels_dump(&self->genl, &self->answer));
	}
	ASSERT_EQ(3, self->answer.channels);
	EXPECT_EQ(AMT_LME_CHANNEL_STATE_OPEN, self->ch[0].state);
	EXPECT_EQ(AMT_LME_CHANNEL_STATE_OPEN, self->ch[1].state);
	EXPECT_LT(self->ch[0].id, self->ch[1].id);
	EXPECT_EQ(AMT_LME_CHANNEL_STATE_QUEUED, self->ch[2].state);
	EXPECT_EQ(0, self->ch[2].id);
	for (i = 0; i < 3; i++)
		close(fd[i]);
}

TEST_F(channel, open_and_closed_are_announced_with_the_last_numbers)
{
	struct http_answer http;
	bool open = false, closed = false;
	int fd;

	if (!has_events())
		SKIP(return, "5.10 has no events of channels");
	ASSERT_EQ(0, genl_join(&self->events, AMT_LME_MCGRP_CHANNEL));
	fd = first_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_get(fd, "/down/1000", false, &http));
	http_free(&http);
	close(fd);
	while (!closed) {
		ASSERT_EQ(0, genl_event(&self->events, &self->answer, WAIT_MS))
			TH_LOG("open %d, closed %d", open, closed);
		ASSERT_EQ(1, self->answer.channels);
		open |= self->ch->state == AMT_LME_CHANNEL_STATE_OPEN;
		closed = self->ch->state == AMT_LME_CHANNEL_STATE_CLOSED;
	}
	EXPECT_TRUE(open);
	EXPECT_LE(1000, self->ch->rx_bytes);
	EXPECT_EQ(0, self->ch->error);
}

TEST_F(channel, one_that_amt_refused_has_no_number_at_amt)
{
	struct genl_answer event;
	int ctl = ctl_hold();

	if (!has_events())
		SKIP(return, "5.10 has no events of channels");
	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, node_wait(16992));
	ASSERT_EQ(0, genl_join(&self->events, AMT_LME_MCGRP_CHANNEL));
	ASSERT_EQ(0, sim_command("refuse 1 2"));
	EXPECT_EQ(-ECONNREFUSED, node_open(16992, O_RDWR));
	do {
		ASSERT_EQ(0, genl_event(&self->events, &event, WAIT_MS));
		EXPECT_EQ(NO_AMT_ID, event.channel->amt_id);
	} while (event.channel->state != AMT_LME_CHANNEL_STATE_CLOSED);
	EXPECT_EQ(ECONNREFUSED, event.channel->error);
	close(ctl);
}

TEST_F(channel, a_channel_that_the_link_took_with_it_tells_why)
{
	int fd;

	if (!has_events())
		SKIP(return, "5.10 has no events of channels");
	ASSERT_EQ(0, genl_join(&self->events, AMT_LME_MCGRP_CHANNEL));
	fd = first_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("reset"));
	do {
		ASSERT_EQ(0, genl_event(&self->events, &self->answer, WAIT_MS));
	} while (self->ch->state != AMT_LME_CHANNEL_STATE_CLOSED);
	EXPECT_EQ(ECONNRESET, self->ch->error);
	EXPECT_EQ(1, self->ch->generation);
	close(fd);
}

TEST_F(channel, windows_bytes_and_both_addresses_are_those_of_the_channel)
{
	struct amt_lme_connect c = {
		.size = sizeof(c),
		.port = 16992,
		.family = AF_INET6,
		.window = 1000,
		.orig_port = 54321,
		.orig_addr = "2001:db8::7",
	};
	char data[100];
	int ctl = ctl_open();
	int fd = ioctl(ctl, AMT_LME_IOC_CONNECT, &c);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_send(fd, "/down/5000", true, NULL, 0));
	ASSERT_EQ(100, read(fd, data, sizeof(data)));
	ASSERT_EQ(POLLIN, fd_wait(fd, POLLIN, WAIT_MS));
	ASSERT_EQ(0, channels_dump(&self->genl, &self->answer));
	ASSERT_EQ(1, self->answer.channels);
	EXPECT_STREQ("::1", self->ch->address);
	EXPECT_STREQ("2001:db8::7", self->ch->orig_address);
	EXPECT_EQ(54321, self->ch->orig_port);
	EXPECT_LT(100, self->ch->rx_bytes);
	EXPECT_GE(1000, self->ch->rx_bytes);
	/* No credit was given for the 100 that were read. */
	EXPECT_EQ(1000, self->ch->rx_bytes + self->ch->rx_window);
	EXPECT_EQ(4096, self->ch->tx_bytes + self->ch->tx_window);
	close(fd);
	close(ctl);
}

static int ask_as_nobody(void)
{
	struct genl_answer answer;
	struct genl g;

	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		return 1;
	if (genl_open(&g, false))
		return 2;
	if (channels_dump(&g, &answer) || answer.error != EPERM || answer.channels)
		return 3;
	if (get(&g, 1, &answer) || answer.error != EPERM || answer.channels)
		return 4;
	if (!genl_join(&g, AMT_LME_MCGRP_CHANNEL))
		return 5;
	return 0;
}

TEST_F(channel, without_cap_net_admin_there_is_nothing_to_see)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(ask_as_nobody());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status)) TH_LOG("step %d", WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
