// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generations of AMT: what they forward, how they begin, and when they rest.
 * Documentation/protocol.rst, "Session" and "Forwards".
 */
#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define MAX_PORTS 4
#define LME "6733a4db-0476-4e7b-b3af-bcfc29bee7a7"

/* ---- Each profile, with a real client at each of its ports ---- */

FIXTURE(profile) {
	struct machine machine;
	struct process helper;
	struct genl genl;
	struct genl_answer answer;
	struct result r;
};

FIXTURE_VARIANT(profile) {
	const char *name;
	unsigned int ports[MAX_PORTS];
	const char *address;
	int userauths;
};

#define FQDN "amt.example.com"
FIXTURE_VARIANT_ADD(profile, 7) { "7", { 16992, 623 }, FQDN, 0 };
FIXTURE_VARIANT_ADD(profile, 11) { "11", { 16993, 16992, 664, 623 }, FQDN, 1 };
FIXTURE_VARIANT_ADD(profile, 16) { "16", { 16992, 623 }, "", 0 };
FIXTURE_VARIANT_ADD(profile, 18) { "18", { 16992, 16993, 623, 664 }, "", 0 };
FIXTURE_VARIANT_ADD(profile, 20) { "20", { 16993, 664 }, "", 0 };
FIXTURE_VARIANT_ADD(profile, 21) { "21", { 16993, 664 }, "", 0 };

FIXTURE_SETUP(profile)
{
	ASSERT_EQ(0, machine_start(&self->machine, (const char *const[]){
				   "--profile", variant->name, NULL }));
	ASSERT_EQ(0, genl_open(&self->genl, false));
	ASSERT_EQ(0, process_start(&self->helper, -1, true,
				   (const char *const[]){
				   "amt-helper", "serve", NULL }));
}

FIXTURE_TEARDOWN(profile)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	genl_close(&self->genl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

static bool is_tls(unsigned int port)
{
	return port == 16993 || port == 664;
}

static const char *get(struct result *r, unsigned int port)
{
	char url[64];

	snprintf(url, sizeof(url), "http%s://127.0.0.1:%u/",
		 is_tls(port) ? "s" : "", port);
	if (run(r, "curl", "--silent", "--show-error", "--max-time", "100",
		"--insecure", "--digest", "--user", CREDENTIALS, "--output",
		"/dev/null", "--write-out", "%{http_code}", url))
		return "no answer";
	return r->text;
}

TEST_F(profile, curl_gets_200_from_each_of_its_ports)
{
	char line[32];
	int n = 0;

	for (; n < MAX_PORTS && variant->ports[n]; n++) {
		snprintf(line, sizeof(line), "port %u bound",
			 variant->ports[n]);
		ASSERT_EQ(0, process_expect(&self->helper, line));
	}
	for (int i = 0; i < n; i++) {
		EXPECT_STREQ("200", get(&self->r, variant->ports[i]))
			TH_LOG("port %u: %s", variant->ports[i], self->r.text);
	}
	ASSERT_EQ(0, genl_ask(&self->genl,
			      genl_message(&self->genl,
					   AMT_LME_CMD_FORWARD_GET, NLM_F_DUMP),
			      &self->answer));
	ASSERT_EQ(n, self->answer.forwards);
	for (int i = 0; i < n; i++) {
		EXPECT_STREQ(variant->address, self->answer.forward[i].address);
	}
	EXPECT_EQ(variant->userauths, sim_stat("userauths"));
}

/* ---- Options ---- */

FIXTURE(option) {
	struct machine machine;
	struct genl genl;
	struct genl_answer answer;
	int ctl;
};

FIXTURE_VARIANT(option) {
	const char *name;
	const char *value;
};

FIXTURE_VARIANT_ADD(option, auth_none) { "--auth", "none" };
FIXTURE_VARIANT_ADD(option, auth_password) { "--auth", "password" };
FIXTURE_VARIANT_ADD(option, address_name) { "--address", "amt.example.net" };
FIXTURE_VARIANT_ADD(option, address_any) { "--address", "0.0.0.0" };

FIXTURE_SETUP(option)
{
	ASSERT_EQ(0, machine_start(&self->machine, (const char *const[]){
				   variant->name, variant->value, NULL }));
	ASSERT_EQ(0, genl_open(&self->genl, false));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, node_wait(623));
}

FIXTURE_TEARDOWN(option)
{
	close(self->ctl);
	genl_close(&self->genl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(option, shows_and_leaves_a_link_that_works)
{
	const char *address = strcmp(variant->name, "--address") ? "" :
			      variant->value;

	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(!strcmp(variant->name, "--auth"), sim_stat("userauths"));
	ASSERT_EQ(0, genl_ask(&self->genl,
			      genl_message(&self->genl,
					   AMT_LME_CMD_FORWARD_GET, NLM_F_DUMP),
			      &self->answer));
	EXPECT_STREQ(address, self->answer.forward[0].address);
}

/* ---- Keep-alives ---- */

FIXTURE(alive) {
	struct machine machine;
	struct result r;
	int ctl;
};

FIXTURE_SETUP(alive)
{
	ASSERT_EQ(0, machine_start(&self->machine, (const char *const[]){
				   "--keepalive", "1", NULL }));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
}

FIXTURE_TEARDOWN(alive)
{
	close(self->ctl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(alive, options_and_cookies_come_back_as_they_were)
{
	EXPECT_EQ(0, sim_command("trace D30000000100000000"));
	EXPECT_EQ(0, sim_command("trace D100000001"));
	EXPECT_EQ(0, sim_command("trace D100000002"));
	EXPECT_EQ(3, sim_stat("keepalives"));
}

/* ---- Rest ---- */

FIXTURE(rest) {
	struct machine machine;
	struct genl events;
	struct genl_answer answer;
	struct result r;
	int ctl;
};

FIXTURE_SETUP(rest)
{
	ASSERT_EQ(0, machine_start(&self->machine, (const char *const[]){
				   "--profile", "16", NULL }));
	ASSERT_EQ(0, genl_open(&self->events, true));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, node_wait(623));
}

FIXTURE_TEARDOWN(rest)
{
	close(self->ctl);
	genl_close(&self->events);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* Takes events until both forwards have been announced so. */
static int both_forwards(struct genl *events, struct genl_answer *answer,
			 uint32_t state)
{
	int found = 0, err;

	while (found < 2) {
		err = genl_event(events, answer, WAIT_MS);
		if (err)
			return err;
		found += answer->forwards && answer->forward[0].state == state;
	}
	return 0;
}

TEST_F(rest, forwards_of_an_idle_amt_come_back_with_the_next_open)
{
	ASSERT_EQ(0, both_forwards(&self->events, &self->answer,
				   AMT_LME_FORWARD_STATE_DORMANT));
	EXPECT_EQ(2, sim_stat("forwards_accepted"));
	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(1, sim_stat("channels_refused"));
	EXPECT_EQ(4, sim_stat("forwards_accepted"));
	EXPECT_EQ(0, both_forwards(&self->events, &self->answer,
				   AMT_LME_FORWARD_STATE_DORMANT));
}

/* 5 s of silence on an open channel are no rest. */
TEST_F(rest, an_open_channel_keeps_amt_awake)
{
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("trace"));
	EXPECT_EQ(0, fd_wait(fd, POLLIN, 5000));
	EXPECT_EQ(0, sim_ask(&self->r, "trace"));
	EXPECT_STREQ("", self->r.text);
	EXPECT_EQ(0, channel_works(fd));
	close(fd);
}

/* ---- How soon it is back ---- */

#define TRACING "/sys/kernel/tracing/"
/* Message types. */
#define GLOBAL_REQUEST 80
#define CHANNEL_OPEN 90
#define CONFIRMATION 91
#define OPEN_FAILURE 92

static int trace_start(struct result *r)
{
	return run(r, "sh", "-c", "cd " TRACING " && echo > trace && "
		   "echo 1 > events/amt_lme/apf_rx/enable && "
		   "echo 1 > events/amt_lme/apf_tx/enable && "
		   "echo 1 > events/workqueue/workqueue_execute_start/enable && "
		   "echo 1 > tracing_on");
}

/* In order, those of messages, and of the driver's clock as "clock". */
static int trace_stop(struct result *r)
{
	return run(r, "sh", "-c", "cd " TRACING " && "
		   "echo 0 > events/enable && "
		   "sed -nE 's/.* ([0-9.]+): apf_(.x): type=([0-9]+) .*/\\1 \\2 \\3/p; "
		   "s/.* ([0-9.]+): workqueue_execute_start:.* clock_work.*/\\1 clock 0/p' "
		   "trace");
}

/* The driver's, after an open that AMT has refused; s. */
#define REFUSAL_PAUSE 0.25

/*
 * AMT 16 names the port again, and then refuses the open that made it do so.
 * The next one follows at once: a pause would last its time, and the driver's
 * clock would end it. (Some older deadline may well run out meanwhile.)
 */
TEST_F(rest, the_open_after_a_forward_came_back_waits_for_no_clock)
{
	double at, forward = 0, refused = 0, confirmed = 0;
	bool clock = false, paused = false;
	const char *line;
	int type;
	char what[8];

	ASSERT_EQ(0, both_forwards(&self->events, &self->answer,
				   AMT_LME_FORWARD_STATE_DORMANT));
	ASSERT_EQ(0, trace_start(&self->r));
	EXPECT_EQ(0, next_open_works());
	ASSERT_EQ(0, trace_stop(&self->r));
	for (line = self->r.text; !confirmed && line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%lf %7s %d", &at, what, &type) != 3)
			break;
		clock |= !strcmp(what, "clock");
		if (type == GLOBAL_REQUEST) {
			forward = at;
		} else if (type == OPEN_FAILURE) {
			refused = at;
			clock = false;
		} else if (type == CHANNEL_OPEN) {
			paused |= refused && clock &&
				  at - refused >= REFUSAL_PAUSE;
		} else if (type == CONFIRMATION) {
			confirmed = at;
		}
	}
	EXPECT_LT(0, refused) TH_LOG("trace: %s", self->r.text);
	ASSERT_LT(0, forward) TH_LOG("trace: %s", self->r.text);
	ASSERT_LT(forward, confirmed) TH_LOG("trace: %s", self->r.text);
	EXPECT_FALSE(paused) TH_LOG("trace: %s", self->r.text);
	say("from the forward to the channel: %.1f ms",
	    1000 * (confirmed - forward));
}

/* ---- More than one connection ---- */

TEST(an_lme_of_two_connections_is_not_on_the_bus)
{
	struct machine machine;
	struct result r;

	ASSERT_EQ(0, machine_start(&machine, (const char *const[]){
				   "--connections", "1", NULL }));
	EXPECT_EQ(0, run(&r, "sh", "-c", "ls -d /sys/bus/mei/devices/*" LME));
	EXPECT_EQ(0, machine_stop(&machine));
	ASSERT_EQ(0, machine_start(&machine, (const char *const[]){
				   "--profile", "shared", NULL }));
	EXPECT_NE(0, run(&r, "sh", "-c", "ls -d /sys/bus/mei/devices/*" LME));
	EXPECT_EQ(0, machine_stop(&machine));
}

TEST_HARNESS_MAIN
