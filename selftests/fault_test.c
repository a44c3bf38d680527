// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMT refuses, gives no credit, forgets to close, goes away and comes back.
 * Documentation/protocol.rst, "Channels", "Windows", "Closing" and "Reset and
 * recovery".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>

#include "kselftest_harness.h"
#include "testlib.h"

FIXTURE(fault) {
	struct machine machine;
	struct genl events;
	struct link_state link;
	struct result r;
	int ctl;
};

FIXTURE_SETUP(fault)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, genl_open(&self->events, true));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, node_wait(623));
	ASSERT_EQ(0, sim_command("trace"));
}

/* Without the module, whose counters each test has judged with blame(). */
FIXTURE_TEARDOWN(fault)
{
	close(self->ctl);
	genl_close(&self->events);
	EXPECT_EQ(0, module_unload("amt_lme"));
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* ---- Opening ---- */

/* How often the host asked for a channel since the last look. */
static int opens(struct result *r)
{
	int n = 0;

	if (sim_ask(r, "trace"))
		return -1;
	for (const char *p = r->text; (p = strstr(p, "5A0000000F")); p++)
		n += p == r->text || p[-1] == '\n';
	return n;
}

TEST_F(fault, reason_1_is_retried_three_times)
{
	long long start = now_ms();

	ASSERT_EQ(0, sim_command("refuse 4 1"));
	EXPECT_EQ(-ECONNREFUSED, node_open(HTTP_PORT, 0));
	EXPECT_LE(3 * 250, now_ms() - start);
	EXPECT_EQ(4, opens(&self->r));

	ASSERT_EQ(0, sim_command("refuse 3 1"));
	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(7, counter("open_refused"));
}

TEST_F(fault, reason_2_is_econnrefused)
{
	ASSERT_EQ(0, sim_command("refuse 1 2"));
	EXPECT_EQ(-ECONNREFUSED, node_open(HTTP_PORT, 0));
	EXPECT_EQ(1, opens(&self->r));
	EXPECT_EQ(0, next_open_works());
}

TEST_F(fault, reason_3_is_eprotonosupport)
{
	ASSERT_EQ(0, sim_command("refuse 1 3"));
	EXPECT_EQ(-EPROTONOSUPPORT, node_open(HTTP_PORT, 0));
	EXPECT_EQ(1, opens(&self->r));
	EXPECT_EQ(0, next_open_works());
}

TEST_F(fault, reason_4_waits_for_a_slot)
{
	int first, second;

	ASSERT_EQ(0, sim_command("slots 1"));
	first = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, first);
	ASSERT_EQ(0, sim_command("trace 5A0000000F"));
	second = ctl_connect(self->ctl, HTTP_PORT, AMT_LME_CONNECT_NONBLOCK, 0);
	ASSERT_LE(0, second);
	ASSERT_EQ(0, sim_command("trace 5A0000000F"));
	EXPECT_EQ(0, fd_wait(second, POLLOUT, 0));
	close(first);
	EXPECT_EQ(POLLOUT, fd_wait(second, POLLOUT, WAIT_MS));
	EXPECT_EQ(0, fcntl(second, F_SETFL, 0));
	EXPECT_EQ(0, channel_works(second));
	EXPECT_EQ(1, sim_stat("channels_refused"));
	close(second);
}

TEST_F(fault, reason_4_without_a_channel_is_tried_again)
{
	ASSERT_EQ(0, sim_command("refuse 2 4"));
	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(3, opens(&self->r));
}

/* ---- Closing ---- */

TEST_F(fault, a_slot_that_amt_never_gives_back_is_free_after_10_s)
{
	long long start;
	int fd[8];

	ASSERT_EQ(0, sim_command("slots 16"));
	ASSERT_EQ(0, sim_command("ignore close on"));
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = node_open(HTTP_PORT, 0);
		ASSERT_LE(0, fd[i]);
	}
	start = now_ms();
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	/* All eight are taken; the next opener waits for one. */
	EXPECT_EQ(0, next_open_works());
	EXPECT_LE(9900, now_ms() - start);
	EXPECT_LE(1, counter("slot_leaked"));
}

TEST_F(fault, a_firmware_that_resets_after_each_close_serves)
{
	ASSERT_EQ(0, sim_command("reset-after-close on"));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, link_get(&self->link));
		ASSERT_EQ(0, next_open_works());
		ASSERT_EQ(0, sim_command("trace 61"));
		ASSERT_EQ(0, link_wait_session(&self->events,
					       self->link.generation + 1,
					       &self->link));
	}
	EXPECT_LE(3, sim_stat("hbm_starts"));
}

/* ---- Windows ---- */

TEST_F(fault, without_credit_nothing_is_sent_beyond_the_window)
{
	static const char data[2 * 4096];
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("mute adjust on"));
	/* It fills AMT's window and our buffer. */
	ASSERT_EQ(0, write_all(fd, data, sizeof(data)));
	reaction(&self->r, "FF");
	EXPECT_EQ(4096, sim_stat("bytes_from_host"));
	EXPECT_EQ(0, fd_wait(fd, POLLOUT, 0));
	ASSERT_EQ(0, sim_command("mute adjust off"));
	EXPECT_EQ(POLLOUT, fd_wait(fd, POLLOUT, WAIT_MS) & POLLOUT);
	close(fd);
	EXPECT_EQ(0, blame("rx_unknown_type", 1));
}

/* Sends @len bytes up and compares their hash. */
static int upload(int fd, size_t len)
{
	struct http_answer answer = { 0 };
	char *data = malloc(len);
	char hex[65];
	int err;

	if (!data)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		data[i] = i * 7 + (i >> 8);
	err = sha256(data, len, hex);
	if (!err)
		err = http_send(fd, "/up", true, data, len);
	if (!err)
		err = http_receive(fd, &answer);
	if (!err && strncmp(answer.body, hex, 64))
		err = -EILSEQ;
	http_free(&answer);
	free(data);
	return err;
}

TEST_F(fault, late_credit_only_takes_longer)
{
	long long start = now_ms();
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("delay adjust 200"));
	EXPECT_EQ(0, upload(fd, 16384));
	/* At least 3 windows had to wait for their credit. */
	EXPECT_LE(3 * 200, now_ms() - start);
	close(fd);
	EXPECT_EQ(0, blame("none", 0));
}

/* What has to come is asked for from AMT itself, in the same way. */
static int download(int fd, size_t len)
{
	struct http_answer answer, expected = { 0 };
	char path[64], hex[65];
	int err;

	snprintf(path, sizeof(path), "/down/%zu", len);
	err = http_get(fd, path, true, &answer);
	if (!err)
		err = sha256(answer.body, answer.len, hex);
	snprintf(path, sizeof(path), "/down/%zu/sha256", len);
	if (!err)
		err = http_get(fd, path, true, &expected);
	if (!err && (answer.len != (ssize_t)len ||
		     strncmp(expected.body, hex, 64)))
		err = -EILSEQ;
	http_free(&answer);
	http_free(&expected);
	return err;
}

#define BY_THE_BYTE 1024

TEST_F(fault, credit_of_one_byte_at_a_time_is_enough)
{
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("grant 1"));
	/* Behind what fits in AMT's window. */
	EXPECT_EQ(0, upload(fd, 4096 + BY_THE_BYTE));
	close(fd);
	EXPECT_EQ(0, blame("none", 0));
}

TEST_F(fault, a_window_of_one_byte_is_enough)
{
	int fd = ctl_connect(self->ctl, HTTP_PORT, 0, 1);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, download(fd, BY_THE_BYTE));
	close(fd);
	EXPECT_EQ(0, blame("none", 0));
}

/* ---- AMT comes and goes ---- */

TEST_F(fault, an_lme_that_was_away_is_found_again)
{
	ASSERT_EQ(0, sim_command("away 1000"));
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_ABSENT,
			       &self->link));
	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(2, counter("sessions"));
	EXPECT_EQ(0, blame("none", 0));
}

TEST_F(fault, a_forward_taken_back_is_refused_until_it_is_back)
{
	ASSERT_EQ(0, sim_command("cancel 16992"));
	ASSERT_EQ(0, sim_command("trace 51"));
	EXPECT_EQ(-ECONNREFUSED, node_open(HTTP_PORT, 0));
	EXPECT_EQ(4, opens(&self->r));
	ASSERT_EQ(0, sim_command("forward 16992"));
	ASSERT_EQ(0, sim_command("trace 5100004260"));
	EXPECT_EQ(0, next_open_works());
}

TEST_F(fault, a_forward_asked_for_twice_disturbs_no_channel)
{
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("forward 16992"));
	ASSERT_EQ(0, sim_command("trace 5100004260"));
	EXPECT_EQ(0, channel_works(fd));
	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(1, counter("sessions"));
	close(fd);
	EXPECT_EQ(0, blame("none", 0));
}

/* ---- Garbage ---- */

/* Some of it ends a session; then what follows meets none. */
TEST_F(fault, garbage_is_survived)
{
	char command[5 + 2 * 64 + 1];

	srand(1);
	for (int i = 0; i < 60; i++) {
		int n = sprintf(command, "send ");

		for (int bytes = 1 + rand() % 64; bytes; bytes--)
			n += sprintf(command + n, "%02X", rand() & 0xff);
		sim_ask(&self->r, command);
	}
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_UP,
			       &self->link));
	EXPECT_EQ(0, next_open_works());
	EXPECT_LE(1, counter("rx_unknown_type"));
}

TEST_HARNESS_MAIN
