// SPDX-License-Identifier: GPL-2.0-only
/* The netlink family, as Documentation/netlink/specs/amt_lme.yaml has it. */
#include <errno.h>
#include <grp.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sched.h>
#include <time.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define NOBODY 65534
#define UNKNOWN_COMMAND 200
#define UNKNOWN_ATTRIBUTE 77

FIXTURE(genl) {
	struct machine machine;
	struct genl genl;
	struct genl events;
	struct genl_answer answer;
	struct link_state link;
};

FIXTURE_SETUP(genl)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, genl_open(&self->genl, false));
	ASSERT_EQ(0, genl_open(&self->events, true));
}

FIXTURE_TEARDOWN(genl)
{
	genl_close(&self->events);
	genl_close(&self->genl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* Up, with all ports named. */
static int hold_until_settled(struct genl *events, struct link_state *link)
{
	struct genl_answer event;
	int ctl = ctl_hold();
	int err = ctl < 0 ? ctl : link_get(link);

	while (!err && !link->settled) {
		err = genl_event(events, &event, WAIT_MS);
		if (!err)
			err = link_get(link);
	}
	return err ? err : ctl;
}

static struct nl_msg *forward_request(const struct genl *g, int port,
				      const char *address)
{
	struct nl_msg *msg = genl_message(g, AMT_LME_CMD_FORWARD_GET, 0);

	if (port >= 0)
		nla_put_u32(msg, AMT_LME_A_FORWARD_PORT, port);
	if (address)
		nla_put_string(msg, AMT_LME_A_FORWARD_ADDRESS, address);
	return msg;
}

TEST_F(genl, link_get_before_the_first_session_says_idle)
{
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(unused_state(), self->link.state);
	EXPECT_EQ(0, self->link.generation);
	EXPECT_EQ(AMT_LME_TRANSPORT_NONE, self->link.transport);
	EXPECT_EQ(0, self->link.error);
	EXPECT_EQ(0, self->link.message_size);
	EXPECT_EQ(0, self->link.users);
	EXPECT_EQ(0, self->link.channels);
	EXPECT_FALSE(self->link.settled);
}

TEST_F(genl, link_get_of_a_settled_session_says_all_of_it)
{
	int ctl = hold_until_settled(&self->events, &self->link);
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, ctl);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(AMT_LME_LINK_STATE_UP, self->link.state);
	EXPECT_EQ(1, self->link.generation);
	EXPECT_EQ(relayed() ? AMT_LME_TRANSPORT_RELAY : AMT_LME_TRANSPORT_BUS,
		  self->link.transport);
	EXPECT_EQ(0, self->link.error);
	EXPECT_EQ(4096, self->link.message_size);
	EXPECT_EQ(2 + carrier_users(), self->link.users);
	EXPECT_EQ(1, self->link.channels);
	EXPECT_TRUE(self->link.settled);
	close(fd);
	close(ctl);
}

static uint64_t boottime_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

TEST_F(genl, since_is_when_the_state_began)
{
	uint64_t before = boottime_ms(), up;
	int ctl;

	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_GE(before, self->link.since);
	ctl = hold_until_settled(&self->events, &self->link);
	ASSERT_LE(0, ctl);
	up = self->link.since;
	EXPECT_LE(before, up);
	EXPECT_GE(boottime_ms(), up);
	close(ctl);
	carrier_stop();
	ASSERT_EQ(0, link_wait(&self->events, unused_state(), &self->link));
	EXPECT_LT(up, self->link.since);
}

TEST_F(genl, counters_tell_what_happened)
{
	int ctl = hold_until_settled(&self->events, &self->link);
	const uint64_t *counters = self->link.counters;
	uint64_t received, sent;

	ASSERT_LE(0, ctl);
	EXPECT_EQ(1, counters[AMT_LME_A_COUNTERS_SESSIONS]);
	EXPECT_EQ(0, counters[AMT_LME_A_COUNTERS_OPENED]);
	received = counters[AMT_LME_A_COUNTERS_RX_MESSAGES];
	sent = counters[AMT_LME_A_COUNTERS_TX_MESSAGES];
	close(node_open(HTTP_PORT, 0));
	ASSERT_EQ(0, next_open_works());
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(2, counters[AMT_LME_A_COUNTERS_OPENED]);
	/* two OPENs, CONFIRMATIONs and a CLOSE, and an exchange of data */
	EXPECT_LE(received + 4, counters[AMT_LME_A_COUNTERS_RX_MESSAGES]);
	EXPECT_LE(sent + 4, counters[AMT_LME_A_COUNTERS_TX_MESSAGES]);
	close(ctl);
}

TEST_F(genl, without_a_controller_the_link_is_absent)
{
	SKIP_RELAYED("what nobody carries is absent with a controller too");
	ASSERT_EQ(0, sim_vanish(&self->machine));
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_ABSENT,
			       &self->link));
	ASSERT_EQ(0, sim_start(&self->machine, NULL));
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_IDLE,
			       &self->link));
}

TEST_F(genl, forward_get_by_port_finds_the_forward)
{
	int ctl = hold_until_settled(&self->events, &self->link);
	struct forward_state *fwd = &self->answer.forward[0];

	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, genl_ask(&self->genl,
			      forward_request(&self->genl, HTTP_PORT, ""),
			      &self->answer));
	ASSERT_EQ(1, self->answer.forwards)
		TH_LOG("error %d: %s", self->answer.error, self->answer.why);
	EXPECT_EQ(HTTP_PORT, fwd->port);
	EXPECT_STREQ("", fwd->address);
	EXPECT_EQ(AMT_LME_FORWARD_STATE_ACTIVE, fwd->state);
	EXPECT_EQ(1, fwd->generation);
	EXPECT_EQ(0, fwd->channels);
	close(ctl);
}

TEST_F(genl, forward_get_tells_how_many_channels_there_are)
{
	int ctl = hold_until_settled(&self->events, &self->link);
	struct forward_state *fwd = &self->answer.forward[0];
	int fd[3];

	ASSERT_LE(0, ctl);
	fd[0] = node_open(HTTP_PORT, 0);
	fd[1] = node_open(623, 0);
	fd[2] = node_open(HTTP_PORT, 0);
	for (int i = 0; i < 3; i++)
		ASSERT_LE(0, fd[i]);
	ASSERT_EQ(0, genl_ask(&self->genl,
			      forward_request(&self->genl, HTTP_PORT, ""),
			      &self->answer));
	EXPECT_EQ(2, fwd->channels);
	ASSERT_EQ(0, genl_ask(&self->genl,
			      forward_request(&self->genl, 623, ""),
			      &self->answer));
	EXPECT_EQ(1, fwd->channels);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	close(ctl);
}

TEST_F(genl, forward_dump_has_each_forward_once)
{
	int ctl = hold_until_settled(&self->events, &self->link);
	struct nl_msg *msg = genl_message(&self->genl, AMT_LME_CMD_FORWARD_GET,
					  NLM_F_DUMP);

	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, genl_ask(&self->genl, msg, &self->answer));
	ASSERT_EQ(2, self->answer.forwards);
	EXPECT_EQ(HTTP_PORT + 623, self->answer.forward[0].port +
				   self->answer.forward[1].port);
	EXPECT_NE(self->answer.forward[0].port, self->answer.forward[1].port);
	close(ctl);
}

TEST_F(genl, link_up_and_forward_active_are_announced)
{
	bool up = false, active = false, settled = false;
	int ctl = ctl_hold();

	ASSERT_LE(0, ctl);
	while (!up || !active || !settled) {
		ASSERT_EQ(0, genl_event(&self->events, &self->answer, WAIT_MS))
			TH_LOG("up %d, active %d, settled %d", up, active,
			       settled);
		if (self->answer.forwards)
			active |= self->answer.forward[0].port == HTTP_PORT &&
				  self->answer.forward[0].state ==
				  AMT_LME_FORWARD_STATE_ACTIVE;
		up |= self->answer.link.state == AMT_LME_LINK_STATE_UP;
		settled |= self->answer.link.settled;
	}
	close(ctl);
}

TEST_F(genl, a_forward_announced_as_active_has_its_node)
{
	int ctl = ctl_hold();
	int seen = 0;
	char path[64];

	ASSERT_LE(0, ctl);
	while (seen < 2) {
		ASSERT_EQ(0, genl_event(&self->events, &self->answer, WAIT_MS));
		if (!self->answer.forwards)
			continue;
		seen++;
		snprintf(path, sizeof(path), "/dev/amt_lme/%u",
			 self->answer.forward[0].port);
		EXPECT_EQ(0, access(path, F_OK)) TH_LOG("%s", path);
	}
	close(ctl);
}

TEST_F(genl, let_go_its_forwards_are_announced_as_dormant)
{
	int ctl = hold_until_settled(&self->events, &self->link);
	int dormant = 0;

	ASSERT_LE(0, ctl);
	close(ctl);
	carrier_stop();
	while (dormant < 2) {
		ASSERT_EQ(0, genl_event(&self->events, &self->answer, WAIT_MS));
		if (!self->answer.forwards)
			continue;
		dormant += self->answer.forward[0].state ==
			   AMT_LME_FORWARD_STATE_DORMANT;
	}
	EXPECT_EQ(0, access("/dev/amt_lme/16992", F_OK));
	ASSERT_EQ(0, link_wait(&self->events, unused_state(), &self->link));
}

/* Takes events up to one of a forward in this state. */
static int forward_wait(struct genl *events, struct genl_answer *event,
			uint32_t port, uint32_t state)
{
	int err;

	do {
		err = genl_event(events, event, WAIT_MS);
	} while (!err && !(event->forwards && event->forward[0].port == port &&
			   event->forward[0].state == state));
	return err;
}

TEST_F(genl, a_forward_that_amt_takes_back_is_dormant_and_keeps_its_node)
{
	int ctl = hold_until_settled(&self->events, &self->link);

	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, sim_command("cancel 16992"));
	ASSERT_EQ(0, forward_wait(&self->events, &self->answer, HTTP_PORT,
				  AMT_LME_FORWARD_STATE_DORMANT));
	EXPECT_EQ(0, access("/dev/amt_lme/16992", F_OK));
	ASSERT_EQ(0, sim_command("forward 16992"));
	ASSERT_EQ(0, forward_wait(&self->events, &self->answer, HTTP_PORT,
				  AMT_LME_FORWARD_STATE_ACTIVE));
	close(ctl);
}

TEST_F(genl, a_session_is_settled_3_s_after_its_last_forward)
{
	int ctl = ctl_hold();
	uint64_t last;

	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, forward_wait(&self->events, &self->answer, 623,
				  AMT_LME_FORWARD_STATE_ACTIVE));
	/* One more, while it is settling. */
	while (genl_event(&self->events, &self->answer, 500) == 0)
		ASSERT_FALSE(self->answer.link.settled);
	last = boottime_ms();
	ASSERT_EQ(0, sim_command("forward 5900"));
	do {
		ASSERT_EQ(0, genl_event(&self->events, &self->answer, WAIT_MS));
	} while (!self->answer.link.settled);
	EXPECT_LE(last + 3000, boottime_ms());
	close(ctl);
}

TEST_F(genl, a_forward_that_is_not_named_again_is_announced_as_gone)
{
	int ctl = hold_until_settled(&self->events, &self->link);
	bool gone = false;

	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, sim_vanish(&self->machine));
	ASSERT_EQ(0, sim_start(&self->machine, (const char *const[]){
			       "--ports", "16992", NULL }));
	while (!gone) {
		ASSERT_EQ(0, genl_event(&self->events, &self->answer, WAIT_MS));
		gone = self->answer.forwards &&
		       self->answer.forward[0].state ==
		       AMT_LME_FORWARD_STATE_GONE;
	}
	EXPECT_EQ(623, self->answer.forward[0].port);
	EXPECT_NE(0, access("/dev/amt_lme/623", F_OK));
	EXPECT_EQ(0, access("/dev/amt_lme/16992", F_OK));
	close(ctl);
}

TEST_F(genl, forward_get_without_a_port_gives_einval)
{
	ASSERT_EQ(0, genl_ask(&self->genl,
			      forward_request(&self->genl, -1, ""),
			      &self->answer));
	EXPECT_EQ(EINVAL, self->answer.error);
	EXPECT_STREQ("the port is missing", self->answer.why);
}

TEST_F(genl, forward_get_of_an_unknown_port_gives_enoent)
{
	ASSERT_EQ(0, genl_ask(&self->genl,
			      forward_request(&self->genl, HTTP_PORT, "nowhere"),
			      &self->answer));
	EXPECT_EQ(ENOENT, self->answer.error);
	EXPECT_STREQ("no such forward", self->answer.why);
}

TEST_F(genl, an_attribute_of_a_wrong_length_gives_einval_with_text)
{
	struct nl_msg *msg = genl_message(&self->genl,
					  AMT_LME_CMD_FORWARD_GET, 0);

	nla_put_u8(msg, AMT_LME_A_FORWARD_PORT, 1);
	ASSERT_EQ(0, genl_ask(&self->genl, msg, &self->answer));
	EXPECT_EQ(EINVAL, self->answer.error);
	EXPECT_STRNE("", self->answer.why);
}

TEST_F(genl, an_unknown_attribute_gives_einval_with_text)
{
	struct nl_msg *msg = forward_request(&self->genl, HTTP_PORT, NULL);

	nla_put_u32(msg, UNKNOWN_ATTRIBUTE, 1);
	ASSERT_EQ(0, genl_ask(&self->genl, msg, &self->answer));
	EXPECT_EQ(EINVAL, self->answer.error);
	EXPECT_STRNE("", self->answer.why);
}

TEST_F(genl, an_unknown_command_gives_eopnotsupp)
{
	ASSERT_EQ(0, genl_ask(&self->genl,
			      genl_message(&self->genl, UNKNOWN_COMMAND, 0),
			      &self->answer));
	EXPECT_EQ(EOPNOTSUPP, self->answer.error);
}

/* Runs @body in a child, which tells by its status at which step it failed. */
static int in_child(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(body());
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int ask_as_nobody(void)
{
	struct genl_answer answer;
	struct genl g;

	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		return 1;
	if (genl_open(&g, true))
		return 2;
	if (genl_ask(&g, genl_message(&g, AMT_LME_CMD_LINK_GET, 0), &answer) ||
	    answer.links != 1)
		return 3;
	if (genl_ask(&g, genl_message(&g, AMT_LME_CMD_FORWARD_GET, NLM_F_DUMP),
		     &answer) || answer.forwards != 2)
		return 4;
	if (!access("/dev/amt_lme/ctl", R_OK) ||
	    !access("/dev/amt_lme/16992", R_OK))
		return 5;
	return 0;
}

TEST_F(genl, everybody_may_read_state_and_events_but_not_open_nodes)
{
	int ctl = hold_until_settled(&self->events, &self->link);

	ASSERT_LE(0, ctl);
	EXPECT_EQ(0, in_child(ask_as_nobody));
	close(ctl);
}

static int ask_in_another_namespace(void)
{
	struct genl_answer answer;
	struct genl g;

	if (unshare(CLONE_NEWNET) || genl_open(&g, false))
		return 1;
	if (genl_ask(&g, genl_message(&g, AMT_LME_CMD_LINK_GET, 0), &answer) ||
	    answer.error != EOPNOTSUPP || !answer.why[0])
		return 2;
	if (genl_ask(&g, genl_message(&g, AMT_LME_CMD_FORWARD_GET, NLM_F_DUMP),
		     &answer) || answer.error != EOPNOTSUPP || answer.forwards)
		return 3;
	return 0;
}

TEST_F(genl, other_network_namespaces_have_no_amt)
{
	EXPECT_EQ(0, in_child(ask_in_another_namespace));
}

TEST_HARNESS_MAIN
