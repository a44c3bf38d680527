// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel log says of the link: a line when it fails for the first
 * time, a line when it is back, and nothing for each try between the two.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "testlib.h"

/* More than the 35 after which other programs for LME give up. */
#define TRIES 40
#define FAILED "no link to AMT: "
#define BACK "the link to AMT is back: session "

FIXTURE(log) {
	struct machine machine;
	struct genl events;
	struct result r;
};

FIXTURE_SETUP(log)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, genl_open(&self->events, true));
	ASSERT_EQ(0, run(&self->r, "sh", "-c", "dmesg -c > /dev/null"));
}

FIXTURE_TEARDOWN(log)
{
	genl_close(&self->events);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* How many lines the driver wrote with that text. */
static int logged(struct result *r, const char *text)
{
	run(r, "sh", "-c", "dmesg | grep -c \"amt_lme: $0\"", text);
	return atoi(r->text);
}

/* How many at level warning or worse. */
static int warnings(struct result *r)
{
	run(r, "sh", "-c", "dmesg -r | grep -c '^<[0-4]>.*amt_lme: '");
	return atoi(r->text);
}

/* The event of it follows the line in the log. */
static int wait_settled(struct genl *events, uint32_t generation)
{
	struct genl_answer event = { 0 };
	int err = 0;

	while (!err && !(event.links && event.link.settled &&
			 event.link.generation == generation))
		err = genl_event(events, &event, WAIT_MS);
	return err;
}

/* A user that comes makes a try, of which there may be one each second. */
TEST_F(log, an_lme_that_is_taken_is_one_line_for_all_tries)
{
	static const char *const hold[] = { "sh", "-c",
		"exec bare --hold open <&3 >&2", NULL };
	struct process other;
	int ctl[TRIES + 1], in[2];

	SKIP_RELAYED("amt-helper is refused, and not the driver");
	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	ASSERT_EQ(0, process_start(&other, in[0], true, hold));
	ASSERT_EQ(0, process_expect(&other, "16992"));
	for (int i = 0; i < TRIES; i++) {
		ctl[i] = ctl_hold();
		ASSERT_LE(0, ctl[i]);
		ASSERT_EQ(0, sim_until("connects_refused", i + 1));
	}
	EXPECT_EQ(1, logged(&self->r, FAILED));
	EXPECT_EQ(0, logged(&self->r, BACK));
	/* So many tries are more events than fit. */
	genl_close(&self->events);
	ASSERT_EQ(0, genl_open(&self->events, true));
	close(in[1]);
	EXPECT_EQ(0, process_wait(&other));
	process_close(&other);
	/* The pause before the next try may have grown to a minute. */
	ctl[TRIES] = ctl_hold();
	ASSERT_LE(0, ctl[TRIES]);
	ASSERT_EQ(0, wait_settled(&self->events, 1));
	EXPECT_EQ(1, logged(&self->r, FAILED));
	EXPECT_EQ(1, logged(&self->r, BACK "1"));
	for (int i = 0; i <= TRIES; i++)
		close(ctl[i]);
	close(in[0]);
}

FIXTURE(loss) {
	struct machine machine;
	struct genl events;
	struct result r;
	int ctl;
};

FIXTURE_VARIANT(loss) {
	int (*strike)(struct machine *m);
	int (*return_)(struct machine *m);
};

static int firmware_resets(struct machine *m)
{
	(void)m;
	return sim_command("reset");
}

static int lme_is_away(struct machine *m)
{
	(void)m;
	return sim_command("away 10000");
}

static int nothing_to_do(struct machine *m)
{
	(void)m;
	return 0;
}

static int controller_returns(struct machine *m)
{
	return sim_start(m, NULL);
}

FIXTURE_VARIANT_ADD(loss, firmware_reset) {
	.strike = firmware_resets,
	.return_ = nothing_to_do,
};

FIXTURE_VARIANT_ADD(loss, lme_away_for_10_s) {
	.strike = lme_is_away,
	.return_ = nothing_to_do,
};

FIXTURE_VARIANT_ADD(loss, controller_gone) {
	.strike = sim_vanish,
	.return_ = controller_returns,
};

FIXTURE_SETUP(loss)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, genl_open(&self->events, true));
	ASSERT_EQ(0, run(&self->r, "sh", "-c", "dmesg -c > /dev/null"));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, wait_settled(&self->events, 1));
	ASSERT_EQ(0, logged(&self->r, ""));
}

FIXTURE_TEARDOWN(loss)
{
	close(self->ctl);
	genl_close(&self->events);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(loss, is_one_line_and_its_end_another)
{
	ASSERT_EQ(0, variant->strike(&self->machine));
	ASSERT_EQ(0, variant->return_(&self->machine));
	ASSERT_EQ(0, wait_settled(&self->events, 2));
	EXPECT_EQ(1, logged(&self->r, FAILED));
	EXPECT_EQ(1, logged(&self->r, BACK "2"));
	ASSERT_EQ(0, variant->strike(&self->machine));
	ASSERT_EQ(0, variant->return_(&self->machine));
	ASSERT_EQ(0, wait_settled(&self->events, 3));
	EXPECT_EQ(2, logged(&self->r, FAILED));
	EXPECT_EQ(1, logged(&self->r, BACK "3"));
	/* A suspend is no more than that. */
	EXPECT_EQ(0, warnings(&self->r));
}

/* As of firmware that ends each session after its start. */
TEST_F(loss, of_a_session_that_has_not_settled_is_the_same_failure)
{
	struct link_state link;

	for (uint32_t i = 0; i < 3; i++) {
		ASSERT_EQ(0, variant->strike(&self->machine));
		ASSERT_EQ(0, variant->return_(&self->machine));
		ASSERT_EQ(0, link_wait_session(&self->events, 2 + i, &link));
		ASSERT_EQ(2 + i, link.generation);
	}
	ASSERT_EQ(0, wait_settled(&self->events, 4));
	EXPECT_EQ(1, logged(&self->r, FAILED));
	EXPECT_EQ(1, logged(&self->r, BACK));
}

/* It is a link all the same, and nothing is left of what others named. */
TEST_F(log, a_session_in_which_amt_names_no_port_is_the_end_of_a_failure)
{
	int ctl = ctl_hold();

	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, wait_settled(&self->events, 1));
	ASSERT_EQ(0, sim_vanish(&self->machine));
	ASSERT_EQ(0, sim_start(&self->machine, (const char *const[]){
			       "--ports", "", NULL }));
	ASSERT_EQ(0, wait_settled(&self->events, 2));
	EXPECT_EQ(1, logged(&self->r, FAILED));
	EXPECT_EQ(1, logged(&self->r, BACK "2"));
	EXPECT_EQ(-ENXIO, ctl_connect(ctl, HTTP_PORT, 0, 0));
	EXPECT_EQ(-ENOENT, node_open(HTTP_PORT, 0));
	close(ctl);
}

TEST_HARNESS_MAIN
