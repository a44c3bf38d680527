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
	struct process other[2]; /* have LME until @end is closed */
	struct genl events;
	struct link_state link;
	struct result r;
	int end;
};

/* What status says meanwhile: of the link, and as a whole. */
struct known {
	uint32_t state;
	uint32_t error;
	int status;
	const char *message;
};

/* How AMT goes and comes back. */
FIXTURE_VARIANT(away) {
	int (*go)(FIXTURE_DATA(away) *self);
	int (*back)(FIXTURE_DATA(away) *self);
	struct known bus;
	struct known relay;
	const char *later; /* serve says it, maybe after another reason */
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
	.bus = { AMT_LME_LINK_STATE_ABSENT, ENOTTY, EXIT_NO_CLIENT,
		"LME of AMT is away" },
	.relay = { AMT_LME_LINK_STATE_ABSENT, ENODEV, EXIT_NO_CLIENT,
		"LME of AMT is away" },
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
	.bus = { AMT_LME_LINK_STATE_ABSENT, ENOTTY, EXIT_NO_CLIENT,
		"LME of AMT is away" },
	.relay = { AMT_LME_LINK_STATE_ABSENT, ENODEV, EXIT_NO_CLIENT,
		"LME of AMT is away" },
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
	.bus = { AMT_LME_LINK_STATE_ABSENT, ENODEV, EXIT_NO_MEI,
		"no MEI device" },
	.relay = { AMT_LME_LINK_STATE_ABSENT, ENODEV, EXIT_NO_MEI,
		"no MEI device" },
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
	.bus = { AMT_LME_LINK_STATE_ABSENT, ENOTTY, EXIT_NO_CLIENT,
		"mei.ko has disabled" },
	.relay = { AMT_LME_LINK_STATE_ABSENT, ENODEV, EXIT_NO_CLIENT,
		"mei.ko has disabled" },
	.later = "link waiting: mei.ko has disabled",
};

/* To LME. */
static int connections(void)
{
	return relayed() ? 2 : 1;
}

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
	      process_expect(&p, "LME is free");
	for (int i = 0; !err && i < connections(); i++)
		err = process_start(&self->other[i], pipe[0], true, other) ?:
		      process_expect(&self->other[i], "16992");
	err = err ?: process_end(&p, SIGTERM);
	process_close(&p);
	close(pipe[0]);
	self->end = pipe[1];
	return err;
}

static int it_lets_go(FIXTURE_DATA(away) *self)
{
	int err = 0;

	close(self->end);
	for (int i = 0; i < connections(); i++) {
		err = err ?: process_wait(&self->other[i]);
		process_close(&self->other[i]);
	}
	return err;
}

FIXTURE_VARIANT_ADD(away, another_program_has_lme) {
	.go = another_program_takes_it,
	.back = it_lets_go,
	.bus = { AMT_LME_LINK_STATE_CONNECTING, EBUSY, EXIT_BUSY,
		"another program uses the LME client" },
	.relay = { AMT_LME_LINK_STATE_ABSENT, 0, EXIT_BUSY,
		"all connections of /dev/mei0 to LME are taken" },
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
static int status_is(struct result *r, const struct known *known)
{
	int wrong = run(r, "amt-helper", "status", "--json") != known->status;
	struct json_object *status = json_tokener_parse(r->text);

	wrong += json_number(status, "link.state.value") != (int)known->state;
	wrong += json_number(status, "link.error.value") != (int)known->error;
	wrong += json_number(status, "error.code") != known->status;
	wrong += !strstr(json_text(status, "error.message"), known->message);
	json_object_put(status);
	if (wrong)
		say("status: %s", r->text);
	return wrong;
}

/* What serve has said: that the link was lost, and reasons. */
struct said {
	int lost;
	int again; /* the same once more */
	int connecting;
	char reason[512];
};

/* Its lines up to one that begins so. */
static int hear(struct process *helper, const char *last, struct said *said)
{
	char line[512];
	int err;

	do {
		err = process_expect_line(helper, "", line, sizeof(line));
		if (err)
			return err;
		said->lost += !!strstr(line, "link lost: generation 1");
		if (strstr(line, "link waiting: ")) {
			said->again += !strcmp(line, said->reason);
			said->connecting += !!strstr(line, "connecting");
			strcpy(said->reason, line);
		}
	} while (!strstr(line, last));
	return 0;
}

TEST_F(away, who_connects_meanwhile_waits_and_is_served)
{
	const struct known *known = relayed() ? &variant->relay : &variant->bus;
	struct said said = { .lost = 0 };
	int tcp, node, next;
	char byte = 0;

	ASSERT_EQ(0, variant->go(self));
	ASSERT_EQ(0, wait_for(self, known->state, known->error));
	ASSERT_EQ(0, hear(&self->helper, variant->later ?: "link waiting: ",
			  &said));
	EXPECT_EQ(0, status_is(&self->r, known));

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
	/* However often it was tried. */
	ASSERT_EQ(0, hear(&self->helper, "link recovered: generation 2", &said));
	EXPECT_EQ(1, said.lost);
	EXPECT_EQ(0, said.again) TH_LOG("%s", said.reason);
	/* What the bus shows is not relayed. */
	if (!relayed())
		EXPECT_EQ(0, said.connecting);
	ASSERT_EQ(0, wait_settled(self));
	/* What another program has is refused to serve, and not to the driver. */
	EXPECT_EQ(!!known->error, logged(&self->r, "no link to AMT: "));
	EXPECT_EQ(!!known->error,
		  logged(&self->r, "the link to AMT is back: session 2"));
}

TEST_HARNESS_MAIN
