// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMT is away, for each reason there is, while amt-helper serve runs: what is
 * said of it, and that who connects meanwhile waits and is served.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "schema.h"
#include "testlib.h"

/* Exit codes of amt-helper(8). */
#define EXIT_NO_MEI 3
#define EXIT_NO_CLIENT 5
#define EXIT_BUSY 6

FIXTURE(away) {
	struct machine machine;
	struct process helper;
	struct process other; /* has LME until @end is closed */
	struct genl events;
	struct link_state link;
	struct result r;
	int end;
};

/* How AMT goes and comes back, and what status says meanwhile. */
FIXTURE_VARIANT(away) {
	int (*go)(FIXTURE_DATA(away) *self);
	int (*back)(FIXTURE_DATA(away) *self);
	uint32_t state;
	uint32_t error;
	int status;
	const char *message;
	bool bus_only;
};

static int nothing_to_do(FIXTURE_DATA(away) *self)
{
	(void)self;
	return 0;
}

static int lme_goes_for_15_s(FIXTURE_DATA(away) *self)
{
	(void)self;
	return sim_command("away 15000");
}

FIXTURE_VARIANT_ADD(away, lme_gone_for_15_s) {
	.go = lme_goes_for_15_s,
	.back = nothing_to_do,
	.state = AMT_LME_LINK_STATE_ABSENT,
	.error = ENOTTY,
	.status = EXIT_NO_CLIENT,
	.message = "LME of AMT is away",
};

/*
 * Firmware that was told so starts anew, and does not name LME. Were the device
 * taken from the bus before the driver has tried again, the error would be that.
 */
static int amt_is_disabled(FIXTURE_DATA(away) *self)
{
	return sim_command("away 600000") ?:
	       link_wait(&self->events, AMT_LME_LINK_STATE_ABSENT,
			 &self->link) ?:
	       sim_command("reset");
}

static int amt_is_enabled(FIXTURE_DATA(away) *self)
{
	(void)self;
	return sim_command("away 0");
}

FIXTURE_VARIANT_ADD(away, amt_disabled) {
	.go = amt_is_disabled,
	.back = amt_is_enabled,
	.state = AMT_LME_LINK_STATE_ABSENT,
	.error = ENOTTY,
	.status = EXIT_NO_CLIENT,
	.message = "LME of AMT is away",
};

static int controller_goes(FIXTURE_DATA(away) *self)
{
	return sim_vanish(&self->machine);
}

static int controller_returns(FIXTURE_DATA(away) *self)
{
	return sim_start(&self->machine, NULL);
}

FIXTURE_VARIANT_ADD(away, controller_gone) {
	.go = controller_goes,
	.back = controller_returns,
	.state = AMT_LME_LINK_STATE_ABSENT,
	.error = ENODEV,
	.status = EXIT_NO_MEI,
	.message = "no MEI device",
};

/* mei.ko gives the controller up after some resets that come to nothing. */
static int firmware_hangs(FIXTURE_DATA(away) *self)
{
	int fd = open("/sys/class/mei/mei0/dev_state", O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : sim_command("hang");

	memset(self->r.text, 0, sizeof(self->r.text));
	while (!err && pread(fd, self->r.text, sizeof(self->r.text) - 1, 0) > 0 &&
	       strncmp(self->r.text, "DISABLED", 8))
		if (!fd_wait(fd, POLLPRI, WAIT_MS))
			err = -ETIME;
	close(fd);
	return err;
}

static int machine_starts_anew(FIXTURE_DATA(away) *self)
{
	return sim_vanish(&self->machine) ?: sim_start(&self->machine, NULL);
}

FIXTURE_VARIANT_ADD(away, mei_disabled) {
	.go = firmware_hangs,
	.back = machine_starts_anew,
	.state = AMT_LME_LINK_STATE_ABSENT,
	.error = ENOTTY,
	.status = EXIT_NO_CLIENT,
	.message = "mei.ko has disabled",
};

/* The link is yielded, and not given back. */
static int another_program_takes_it(FIXTURE_DATA(away) *self)
{
	static const char *const other[] = { "sh", "-c",
		"exec bare --hold open <&3 >&2", NULL };
	static const char *const yield[] = { "amt-helper", "yield", NULL };
	struct process p;
	int pipe[2];
	int err;

	if (pipe2(pipe, O_CLOEXEC))
		return -errno;
	err = process_start(&p, -1, true, yield) ?:
	      process_expect(&p, "LME is free") ?:
	      process_start(&self->other, pipe[0], true, other) ?:
	      process_expect(&self->other, "16992") ?:
	      process_end(&p, SIGTERM);
	process_close(&p);
	close(pipe[0]);
	self->end = pipe[1];
	return err;
}

static int it_lets_go(FIXTURE_DATA(away) *self)
{
	int err;

	close(self->end);
	err = process_wait(&self->other);
	process_close(&self->other);
	return err;
}

FIXTURE_VARIANT_ADD(away, another_program_has_lme) {
	.go = another_program_takes_it,
	.back = it_lets_go,
	.state = AMT_LME_LINK_STATE_CONNECTING,
	.error = EBUSY,
	.status = EXIT_BUSY,
	.message = "another program uses the LME client",
	.bus_only = true,
};

FIXTURE_SETUP(away)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, genl_open(&self->events, true));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, run(&self->r, "sh", "-c", "dmesg -c > /dev/null"));
}

FIXTURE_TEARDOWN(away)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	genl_close(&self->events);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* An event only wakes: what it says may be older than the last answer. */
static int next_state(FIXTURE_DATA(away) *self)
{
	struct genl_answer event;
	int err = genl_event(&self->events, &event, WAIT_MS);

	if (err)
		say("state %u, error %u", self->link.state, self->link.error);
	return err ?: link_get(&self->link);
}

static int wait_for(FIXTURE_DATA(away) *self, uint32_t state, uint32_t error)
{
	int err = link_get(&self->link);

	while (!err && (self->link.state != state ||
			self->link.error != error))
		err = next_state(self);
	return err;
}

static int wait_settled(FIXTURE_DATA(away) *self)
{
	int err = link_get(&self->link);

	while (!err && !self->link.settled)
		err = next_state(self);
	return err;
}

/* How many lines the driver wrote with that text. */
static int logged(struct result *r, const char *text)
{
	run(r, "sh", "-c", "dmesg | grep -c \"amt_lme: $0\"", text);
	return atoi(r->text);
}

/* The program that relays says more than the kernel knows. */
static int status_is(struct result *r, uint32_t state, uint32_t error,
		     int code, const char *message)
{
	int wrong = run(r, "amt-helper", "status", "--json") != code;
	struct json_object *status = json_tokener_parse(r->text);

	wrong += json_number(status, "link.state.value") != (int)state;
	wrong += json_number(status, "link.error.value") != (int)error;
	wrong += json_number(status, "error.code") != code;
	wrong += !strstr(json_text(status, "error.message"), message);
	json_object_put(status);
	if (wrong)
		say("status: %s", r->text);
	return wrong;
}

/* Lines of serve up to the one that begins so, with this text in them. */
static int lines(struct process *helper, const char *last, const char *text)
{
	char line[512];
	int n = 0;

	do {
		if (process_expect_line(helper, "", line, sizeof(line)))
			return -1;
		n += !!strstr(line, text);
	} while (!strstr(line, last));
	return n;
}

TEST_F(away, who_connects_meanwhile_waits_and_is_served)
{
	int tcp, node, next, lost = 0;
	char byte = 0;

	if (relayed() && variant->bus_only)
		SKIP(return, "relayed: LME takes two connections");
	ASSERT_EQ(0, variant->go(self));
	if (relayed()) {
		ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_ABSENT,
				       &self->link));
	} else {
		ASSERT_EQ(0, wait_for(self, variant->state, variant->error));
		lost = lines(&self->helper, "link waiting: ",
			     "link lost: generation 1");
		EXPECT_EQ(0, status_is(&self->r, variant->state, variant->error,
				       variant->status, variant->message));
	}

	tcp = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, tcp);
	ASSERT_EQ(0, http_send(tcp, "/down/100", true, NULL, 0));
	node = node_open(HTTP_PORT, O_NONBLOCK);
	ASSERT_LE(0, node);
	EXPECT_EQ(0, fd_wait(tcp, POLLIN, 0));
	EXPECT_EQ(0, fd_wait(node, POLLOUT, 0));

	ASSERT_EQ(0, variant->back(self));
	/* The pause before the next try may have grown; who comes ends it. */
	next = node_open(HTTP_PORT, O_NONBLOCK);
	EXPECT_EQ(POLLIN, fd_wait(tcp, POLLIN, WAIT_MS));
	EXPECT_EQ(1, read(tcp, &byte, 1));
	EXPECT_EQ('H', byte); /* of HTTP; an end of the connection has none */
	EXPECT_EQ(POLLOUT, fd_wait(node, POLLOUT, WAIT_MS));
	EXPECT_EQ(POLLOUT, fd_wait(next, POLLOUT, WAIT_MS));
	EXPECT_EQ(0, fcntl(node, F_SETFL, 0));
	EXPECT_EQ(0, channel_works(node));
	close(tcp);
	close(node);
	close(next);
	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(2, counter("sessions"));
	lost += lines(&self->helper, "link recovered: generation 2",
		      "link lost: generation 1");
	EXPECT_EQ(1, lost);
	/* However often it was tried. */
	ASSERT_EQ(0, wait_settled(self));
	EXPECT_EQ(1, logged(&self->r, "no link to AMT: "));
	EXPECT_EQ(1, logged(&self->r, "the link to AMT is back: session 2"));
}

TEST_HARNESS_MAIN
