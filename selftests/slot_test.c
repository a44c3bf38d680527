// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMT has few channel slots; who comes late waits for one.
 * Documentation/protocol.rst, "Channels".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define SLOTS 8
#define WAITERS 4

FIXTURE(slot) {
	struct machine machine;
	int ctl;
};

FIXTURE_VARIANT(slot) {
	const char *slots;
};

/* As many as the module reckons with. */
FIXTURE_VARIANT_ADD(slot, eight) {
	.slots = "8",
};

/* AMT says that it has no more only when it is asked. */
FIXTURE_VARIANT_ADD(slot, three) {
	.slots = "3",
};

FIXTURE_SETUP(slot)
{
	ASSERT_EQ(0, machine_start(&self->machine,
				   (const char *const[]){
				   "--slots", variant->slots, NULL }));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
}

FIXTURE_TEARDOWN(slot)
{
	close(self->ctl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* A thread that opens the node, and what came of it. */
struct opener {
	pthread_t thread;
	int tid_pipe[2];
	int fd;
	int err;
	ssize_t len;
};

static void *open_and_ask(void *arg)
{
	struct opener *o = arg;
	struct http_answer answer;
	pid_t tid = gettid();

	if (write(o->tid_pipe[1], &tid, sizeof(tid)) != sizeof(tid))
		return NULL;
	o->fd = node_open(HTTP_PORT, 0);
	if (o->fd < 0)
		return NULL;
	o->err = http_get(o->fd, "/down/5000", true, &answer);
	o->len = answer.len;
	http_free(&answer);
	close(o->fd);
	return NULL;
}

/* Returns when the thread waits in open(). */
static int opener_start(struct opener *o)
{
	pid_t tid;

	if (pipe2(o->tid_pipe, O_CLOEXEC) ||
	    pthread_create(&o->thread, NULL, open_and_ask, o) ||
	    read(o->tid_pipe[0], &tid, sizeof(tid)) != sizeof(tid))
		return -1;
	return task_wait_blocked(tid, SYS_openat);
}

static void opener_join(struct opener *o)
{
	pthread_join(o->thread, NULL);
	close(o->tid_pipe[0]);
	close(o->tid_pipe[1]);
}

TEST_F(slot, more_openers_than_slots_are_all_served)
{
	struct opener openers[WAITERS] = { 0 };
	int slots = atoi(variant->slots);
	int fd[SLOTS];

	for (int i = 0; i < slots; i++) {
		fd[i] = node_open(HTTP_PORT, 0);
		ASSERT_LE(0, fd[i]);
	}
	for (int i = 0; i < WAITERS; i++)
		ASSERT_EQ(0, opener_start(&openers[i]));
	EXPECT_EQ(slots, sim_stat("channels_opened"));

	/* One slot is enough for all, in turn. */
	close(fd[0]);
	for (int i = 0; i < WAITERS; i++) {
		opener_join(&openers[i]);
		EXPECT_LE(0, openers[i].fd);
		EXPECT_EQ(0, openers[i].err);
		EXPECT_EQ(5000, openers[i].len);
	}
	for (int i = 1; i < slots; i++)
		close(fd[i]);
	EXPECT_EQ(slots + WAITERS, sim_stat("channels_opened"));
	if (slots == SLOTS)
		EXPECT_EQ(0, sim_stat("channels_refused"));
}

TEST_F(slot, openers_are_served_in_the_order_they_came)
{
	int slots = atoi(variant->slots);
	int waiting[WAITERS];
	struct result r;
	int fd[SLOTS];

	for (int i = 0; i < slots; i++) {
		fd[i] = node_open(HTTP_PORT, 0);
		ASSERT_LE(0, fd[i]);
	}
	for (int i = 0; i < WAITERS; i++) {
		waiting[i] = node_open(HTTP_PORT, O_NONBLOCK);
		ASSERT_LE(0, waiting[i]);
	}
	/* By then AMT has refused those that it was asked for. */
	reaction(&r, "D000000042");
	reaction(&r, "D000000042");
	close(fd[0]);
	for (int i = 0; i < WAITERS; i++) {
		EXPECT_EQ(POLLOUT, fd_wait(waiting[i], POLLOUT, WAIT_MS));
		if (i + 1 < WAITERS)
			EXPECT_EQ(0, fd_wait(waiting[i + 1], POLLOUT, 0));
		close(waiting[i]);
	}
	for (int i = 1; i < slots; i++)
		close(fd[i]);
}

TEST_F(slot, an_opener_that_finds_no_slot_in_time_gets_enobufs)
{
	struct amt_lme_connect c = {
		.size = sizeof(c),
		.port = HTTP_PORT,
		.timeout_ms = 300,
	};
	int slots = atoi(variant->slots);
	int fd[SLOTS];

	for (int i = 0; i < slots; i++) {
		fd[i] = node_open(HTTP_PORT, 0);
		ASSERT_LE(0, fd[i]);
	}
	EXPECT_EQ(-1, ioctl(self->ctl, AMT_LME_IOC_CONNECT, &c));
	EXPECT_EQ(ENOBUFS, errno);
	for (int i = 0; i < slots; i++)
		close(fd[i]);
}

#define QUEUE_MAX 1024

TEST_F(slot, so_many_openers_may_wait_and_the_next_gets_enobufs)
{
	struct rlimit files = { 2 * QUEUE_MAX, 2 * QUEUE_MAX };
	struct amt_lme_connect c = {
		.size = sizeof(c),
		.flags = AMT_LME_CONNECT_NONBLOCK,
		.port = HTTP_PORT,
		.window = 1,
		.timeout_ms = WAIT_MS,
	};
	int slots = atoi(variant->slots);
	int fd[QUEUE_MAX + SLOTS];
	int n, last = 0;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	for (n = 0; n < QUEUE_MAX + SLOTS && last >= 0; n++) {
		last = ioctl(self->ctl, AMT_LME_IOC_CONNECT, &c);
		fd[n] = last;
	}
	/* Those that AMT was asked for wait no more. */
	if (last >= 0)
		last = ioctl(self->ctl, AMT_LME_IOC_CONNECT, &c);
	else
		n--;
	EXPECT_EQ(-1, last);
	EXPECT_EQ(ENOBUFS, errno);
	EXPECT_LE(QUEUE_MAX, n);
	EXPECT_GE(QUEUE_MAX + slots, n);
	for (int i = 0; i < n; i++)
		close(fd[i]);
	EXPECT_EQ(0, next_open_works());
}

FIXTURE(limit) {
	struct machine machine;
	struct result r;
};

FIXTURE_SETUP(limit)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
}

FIXTURE_TEARDOWN(limit)
{
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(limit, the_parameter_says_how_many_slots_amt_has)
{
	int ctl, fd[3];

	ASSERT_EQ(0, run(&self->r, "sh", "-c",
			 "echo 2 >/sys/module/amt_lme/parameters/slots"));
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	fd[0] = ctl_connect(ctl, HTTP_PORT, 0, 0);
	fd[1] = ctl_connect(ctl, HTTP_PORT, 0, 0);
	fd[2] = ctl_connect(ctl, HTTP_PORT, AMT_LME_CONNECT_NONBLOCK, 0);
	ASSERT_LE(0, fd[0]);
	ASSERT_LE(0, fd[1]);
	ASSERT_LE(0, fd[2]);
	ASSERT_EQ(0, sim_command("trace"));
	/* AMT, which has eight, is not asked for a third: answers go first. */
	EXPECT_STREQ("D100000042\n", reaction(&self->r, "D000000042"));
	EXPECT_STREQ("D100000042\n", reaction(&self->r, "D000000042"));
	EXPECT_EQ(2, sim_stat("channels_opened"));
	close(fd[0]);
	EXPECT_EQ(POLLOUT, fd_wait(fd[2], POLLOUT, WAIT_MS));
	close(fd[1]);
	close(fd[2]);
	close(ctl);
}

TEST_HARNESS_MAIN
