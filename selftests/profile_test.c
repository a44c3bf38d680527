// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generations of AMT: what they forward, how they begin, when they rest, and how
 * soon there is a channel again.
 * Documentation/protocol.rst, "Session" and "Forwards".
 */
#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

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
	EXPECT_LE(3, sim_stat("keepalives"));
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

/* What is promised, from AMT's forward to a channel. */
#define BACK_MS 100

#define TRACING "/sys/kernel/tracing/"
/* Message types. */
#define GLOBAL_REQUEST 80
#define CONFIRMATION 91
#define OPEN_FAILURE 92

static int trace_start(struct result *r)
{
	return run(r, "sh", "-c", "cd " TRACING " && echo > trace && "
		   "echo 'prev_pid == 0 || next_pid == 0' "
		   "> events/sched/sched_switch/filter && "
		   "echo 1 > events/sched/sched_switch/enable && "
		   "echo 1 > events/amt_lme/apf_rx/enable && "
		   "echo 1 > tracing_on");
}

/* From the first forward on: AMT's messages, and when the machine is "idle". */
static int trace_stop(struct result *r)
{
	return run(r, "sh", "-c", "cd " TRACING " && "
		   "echo 0 > events/enable && "
		   "echo 0 > events/sched/sched_switch/filter && "
		   "sed -nE '/apf_rx: type=80 /,/apf_rx: type=91 /{"
		   "s/.* ([0-9.]+): apf_rx: type=([0-9]+) .*/\\1 rx \\2/p;"
		   "s/.* ([0-9.]+): sched_switch: .* next_pid=0 .*/\\1 idle 1/p;"
		   "s/.* ([0-9.]+): sched_switch: .* prev_pid=0 .*/\\1 idle 0/p"
		   "}' trace");
}

/**
 * struct back - from the first forward that AMT names to the first channel
 * @ms: how long that took
 * @idle_ms: how long nothing was to be done meanwhile
 * @refusals: how many opens AMT refused meanwhile
 *
 * How long it takes depends on what else the emulating machine does. But each
 * step follows from the one before, in the driver and in AMT, so the CPU is
 * idle only while something pauses.
 */
struct back {
	double ms;
	double idle_ms;
	int refusals;
};

static int back_read(struct back *back, const char *trace)
{
	double at, forward = 0, since = 0;
	const char *line;
	char what[8];
	int value;

	memset(back, 0, sizeof(*back));
	for (line = trace; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%lf %7s %d", &at, what, &value) != 3)
			break;
		if (!strcmp(what, "idle")) {
			if (!value && since)
				back->idle_ms += 1000 * (at - since);
			since = value ? at : 0;
		} else if (value == GLOBAL_REQUEST) {
			forward = forward ?: at;
		} else if (value == OPEN_FAILURE) {
			back->refusals++;
		} else if (value == CONFIRMATION) {
			back->ms = 1000 * (at - forward);
			return 0;
		}
	}
	say("trace: %s", trace);
	return -ENODATA;
}

static bool one_cpu(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) == 1;
}

/* AMT 16 names the port again, and then refuses the open that made it do so. */
TEST_F(rest, the_open_after_a_forward_came_back_does_not_pause)
{
	struct back back;

	if (!one_cpu())
		SKIP(return, "one of several CPUs may always be idle");
	ASSERT_EQ(0, both_forwards(&self->events, &self->answer,
				   AMT_LME_FORWARD_STATE_DORMANT));
	ASSERT_EQ(0, trace_start(&self->r));
	EXPECT_EQ(0, next_open_works());
	ASSERT_EQ(0, trace_stop(&self->r));
	ASSERT_EQ(0, back_read(&back, self->r.text));
	EXPECT_EQ(1, back.refusals);
	EXPECT_GT(BACK_MS, back.idle_ms) TH_LOG("trace: %s", self->r.text);
	say("figures: forward to channel after a rest: %.1f ms, idle %.1f ms",
	    back.ms, back.idle_ms);
}

FIXTURE(back) {
	struct machine machine;
	struct process helper;
	struct genl events;
	struct link_state link;
	struct result r;
};

FIXTURE_VARIANT(back) {
	const char *name;
	int (*go)(struct machine *m);
	int (*come)(struct machine *m);
};

static int lme_goes(struct machine *m)
{
	(void)m;
	return sim_command("away 600000");
}

static int lme_comes(struct machine *m)
{
	(void)m;
	return sim_command("away 0");
}

FIXTURE_VARIANT_ADD(back, lme) {
	.name = "LME",
	.go = lme_goes,
	.come = lme_comes,
};

static int controller_comes(struct machine *m)
{
	return sim_start(m, NULL);
}

FIXTURE_VARIANT_ADD(back, controller) {
	.name = "controller",
	.go = sim_vanish,
	.come = controller_comes,
};

FIXTURE_SETUP(back)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, genl_open(&self->events, true));
	ASSERT_EQ(0, serve_start(&self->helper));
}

FIXTURE_TEARDOWN(back)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	genl_close(&self->events);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(back, who_waits_is_served_as_soon_as_amt_names_the_port)
{
	struct back back;
	char byte = 0;
	int fd;

	if (!one_cpu())
		SKIP(return, "one of several CPUs may always be idle");
	ASSERT_EQ(0, variant->go(&self->machine));
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_ABSENT,
			       &self->link));
	fd = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_send(fd, "/down/100", true, NULL, 0));
	EXPECT_EQ(0, fd_wait(fd, POLLIN, 0));
	ASSERT_EQ(0, trace_start(&self->r));
	ASSERT_EQ(0, variant->come(&self->machine));
	EXPECT_EQ(POLLIN, fd_wait(fd, POLLIN, WAIT_MS));
	EXPECT_EQ(1, read(fd, &byte, 1));
	EXPECT_EQ('H', byte);
	close(fd);
	ASSERT_EQ(0, trace_stop(&self->r));
	ASSERT_EQ(0, back_read(&back, self->r.text));
	EXPECT_EQ(0, back.refusals);
	EXPECT_GT(BACK_MS, back.idle_ms) TH_LOG("trace: %s", self->r.text);
	say("figures: forward to channel after the %s was away: %.1f ms, idle %.1f ms",
	    variant->name, back.ms, back.idle_ms);
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
