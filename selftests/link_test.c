// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link is held on demand: who brings it up, what keeps it, who may have
 * it when it is let go, and when the module may leave.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "kselftest_harness.h"
#include "testlib.h"

/* Longer than the 5 s for which the link outlives its last user. */
#define MORE_THAN_LINGER_MS 8000
#define DISCONNECT_BY_APPLICATION 11
/* Exit status of bare: another program has LME. */
#define BARE_BUSY 6

FIXTURE(link) {
	struct machine machine;
	struct genl events;
	struct link_state link;
	struct result r;
};

/* The nodes are there, and nobody uses the link. */
FIXTURE_SETUP(link)
{
	int ctl;

	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, genl_open(&self->events, true));
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	close(ctl);
	carrier_stop();
	ASSERT_EQ(0, link_wait(&self->events, unused_state(), &self->link));
}

FIXTURE_TEARDOWN(link)
{
	genl_close(&self->events);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

static int open_and_ask(void)
{
	struct http_answer answer;
	int fd = node_open(HTTP_PORT, 0);
	int err;

	if (fd < 0)
		return fd;
	err = http_get(fd, "/down/100", false, &answer);
	if (!err && answer.len != 100)
		err = -EIO;
	http_free(&answer);
	close(fd);
	return err;
}

TEST_F(link, two_opens_in_a_row_cost_one_handshake)
{
	int64_t before = sim_stat("protocolversions");

	SKIP_RELAYED("what carries the link holds it");
	EXPECT_EQ(0, open_and_ask());
	EXPECT_EQ(0, open_and_ask());
	EXPECT_EQ(before + 1, sim_stat("protocolversions"));
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(2, self->link.generation);
}

TEST_F(link, after_the_last_user_it_is_let_go_in_an_orderly_way)
{
	int64_t disconnects = sim_stat("disconnects");
	int64_t lme_disconnects = sim_stat("lme_disconnects");

	SKIP_RELAYED("what carries the link holds it");
	ASSERT_EQ(0, open_and_ask());
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_IDLE,
			       &self->link));
	EXPECT_EQ(0, self->link.users);
	EXPECT_EQ(AMT_LME_TRANSPORT_NONE, self->link.transport);
	EXPECT_EQ(disconnects + 1, sim_stat("disconnects"));
	EXPECT_EQ(DISCONNECT_BY_APPLICATION, sim_stat("last_disconnect_reason"));
	EXPECT_EQ(lme_disconnects + 1, sim_stat("lme_disconnects"));
	EXPECT_EQ(0, sim_stat("channels_open"));
}

TEST_F(link, an_open_node_keeps_it)
{
	struct genl_answer event;
	int fd;

	SKIP_RELAYED("what carries the link holds it");
	fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, fd);
	while (genl_event(&self->events, &event, MORE_THAN_LINGER_MS) == 0)
		if (event.links && event.link.generation == 2)
			EXPECT_NE(AMT_LME_LINK_STATE_IDLE, event.link.state);
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(AMT_LME_LINK_STATE_UP, self->link.state);
	EXPECT_EQ(2, self->link.generation);
	close(fd);
}

TEST_F(link, hold_keeps_it_until_its_file_is_closed)
{
	struct genl_answer event;
	int ctl;

	SKIP_RELAYED("what carries the link holds it");
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_UP,
			       &self->link));
	EXPECT_EQ(0, open_and_ask());
	while (genl_event(&self->events, &event, MORE_THAN_LINGER_MS) == 0)
		;
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(AMT_LME_LINK_STATE_UP, self->link.state);
	EXPECT_EQ(2, self->link.generation);
	EXPECT_EQ(1, self->link.users);
	close(ctl);
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_IDLE,
			       &self->link));
}

TEST_F(link, an_open_ctl_alone_does_not_bring_it_up)
{
	int ctl;

	SKIP_RELAYED("what carries the link holds it");
	ctl = ctl_open();
	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(AMT_LME_LINK_STATE_IDLE, self->link.state);
	EXPECT_EQ(0, self->link.users);
	close(ctl);
}

TEST_F(link, let_go_another_program_connects_through_mei)
{
	EXPECT_EQ(0, run(&self->r, "bare", "open"));
	EXPECT_NE(NULL, strstr(self->r.text, "16992"))
		TH_LOG("bare: %s", self->r.text);
	EXPECT_EQ(0, run(&self->r, "bare", "down", "100000"));
	EXPECT_NE(NULL, strstr(self->r.text, "\"sha256_ok\":true"))
		TH_LOG("bare: %s", self->r.text);
	EXPECT_EQ(0, run(&self->r, "bare", "up", "100000"));
	EXPECT_NE(NULL, strstr(self->r.text, "\"sha256_ok\":true"))
		TH_LOG("bare: %s", self->r.text);
}

TEST_F(link, in_use_another_program_can_not_connect_through_mei)
{
	int fd;

	SKIP_RELAYED("LME takes two connections");
	fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(BARE_BUSY, run(&self->r, "bare", "open"))
		TH_LOG("bare: %s", self->r.text);
	close(fd);
}

/* Opens the node in a thread. */
static void *open_thread(void *arg)
{
	int *err = arg;

	*err = open_and_ask();
	return NULL;
}

TEST_F(link, while_another_program_has_lme_an_open_waits_for_it)
{
	struct process other;
	struct genl_answer event = { 0 };
	pthread_t thread;
	int err = 1, in[2];

	SKIP_RELAYED("LME takes two connections");
	/* It has LME until its stdin ends, and prints the ports it got. */
	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	ASSERT_EQ(0, process_start(&other, in[0], true, (const char *const[]){
				   "sh", "-c", "exec bare --hold open <&3 >&2", NULL }));
	ASSERT_EQ(0, process_expect(&other, "16992"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, open_thread, &err));
	while (event.link.error != EBUSY)
		ASSERT_EQ(0, genl_event(&self->events, &event, WAIT_MS));
	EXPECT_EQ(AMT_LME_LINK_STATE_CONNECTING, event.link.state);

	close(in[1]);
	EXPECT_EQ(0, process_wait(&other));
	process_close(&other);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	close(in[0]);
	EXPECT_EQ(0, err) TH_LOG("%s", strerror(-err));
}

TEST_F(link, users_that_come_and_go_do_not_hammer_firmware)
{
	int64_t start, tries, elapsed;
	struct process other;
	int ctl, in[2];

	SKIP_RELAYED("LME takes two connections");
	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	ASSERT_EQ(0, process_start(&other, in[0], true, (const char *const[]){
				   "sh", "-c", "exec bare --hold open <&3 >&2", NULL }));
	ASSERT_EQ(0, process_expect(&other, "16992"));
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	start = now_ms();
	do {
		close(ctl_hold());
		elapsed = now_ms() - start;
	} while (elapsed < 3000);
	tries = sim_stat("connects_refused");
	EXPECT_LT(0, tries);
	/* The first ones follow the back-off. */
	EXPECT_GE(5 + elapsed / 50, tries);
	say("%lld tries in %lld ms", (long long)tries, (long long)elapsed);
	close(in[1]);
	EXPECT_EQ(0, process_wait(&other));
	process_close(&other);
	close(in[0]);
	close(ctl);
}

TEST_F(link, rmmod_is_refused_while_a_channel_is_open)
{
	int fd;

	ASSERT_EQ(0, carrier_start());
	fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EWOULDBLOCK, module_unload("amt_lme"));
	close(fd);
	EXPECT_EQ(0, module_unload("amt_lme"));
}

TEST_F(link, rmmod_is_refused_while_it_is_held)
{
	int ctl = ctl_hold();

	ASSERT_LE(0, ctl);
	EXPECT_EQ(-EWOULDBLOCK, module_unload("amt_lme"));
	close(ctl);
	EXPECT_EQ(0, module_unload("amt_lme"));
}

TEST_F(link, rmmod_ends_the_session_in_an_orderly_way)
{
	int64_t disconnects = sim_stat("disconnects");

	ASSERT_EQ(0, carrier_start());
	ASSERT_EQ(0, open_and_ask());
	ASSERT_EQ(0, module_unload("amt_lme"));
	EXPECT_EQ(disconnects + 1, sim_stat("disconnects"));
	EXPECT_EQ(DISCONNECT_BY_APPLICATION, sim_stat("last_disconnect_reason"));
	EXPECT_NE(0, access("/dev/amt_lme/ctl", F_OK));
	EXPECT_NE(0, access("/dev/amt_lme/16992", F_OK));
}

TEST_F(link, the_module_can_be_loaded_again_and_serves)
{
	int ctl;

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, module_unload("amt_lme"));
		ASSERT_EQ(0, run(&self->r, "modprobe", "amt_lme"));
		ctl = ctl_hold();
		ASSERT_LE(0, ctl);
		ASSERT_EQ(0, node_wait(HTTP_PORT));
		EXPECT_EQ(0, open_and_ask());
		close(ctl);
	}
}

TEST_F(link, autoconnect_keeps_it_without_users)
{
	ASSERT_EQ(0, module_unload("amt_lme"));
	ASSERT_EQ(0, run(&self->r, "modprobe", "amt_lme", "autoconnect=1"));
	ASSERT_EQ(0, carrier_start());
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(AMT_LME_LINK_STATE_UP, self->link.state);
	EXPECT_EQ(1 + carrier_users(), self->link.users);
	EXPECT_EQ(0, open_and_ask());
}

TEST_HARNESS_MAIN
