// SPDX-License-Identifier: GPL-2.0-only
/* Connections to /dev/meiN: the lock, and what is said of a message. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/mei.h"

FIXTURE(mei) {
	char path[32];
	int other;
	struct mei mei;
};

/* A file can be locked, and no client is connected to by it. */
FIXTURE_SETUP(mei)
{
	self->mei = (struct mei)MEI_CLOSED;
	strcpy(self->path, "/tmp/mei.XXXXXX");
	self->other = mkstemp(self->path);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(mei)
{
	close(self->other);
	unlink(self->path);
}

#define CONNECT(seconds) \
	mei_connect(&self->mei, self->path, mei_guid_amthi, seconds)

TEST_F(mei, the_lock_is_taken_when_it_is_free)
{
	EXPECT_EQ(-ENOTTY, CONNECT(1));
	EXPECT_EQ(0, flock(self->other, LOCK_EX | LOCK_NB));
}

TEST_F(mei, others_are_waited_for_so_long)
{
	struct timespec begin, end;

	ASSERT_EQ(0, flock(self->other, LOCK_EX));
	clock_gettime(CLOCK_MONOTONIC, &begin);
	EXPECT_EQ(-ETIME, CONNECT(2));
	clock_gettime(CLOCK_MONOTONIC, &end);
	EXPECT_LE(2000, (end.tv_sec - begin.tv_sec) * 1000 +
			(end.tv_nsec - begin.tv_nsec) / 1000000);
	EXPECT_EQ(-ENOTTY, mei_connect_shared(&self->mei, self->path,
					      mei_guid_amthi));
}

/* A parent may leave it so, and it is inherited: the wait would have no end. */
TEST_F(mei, a_blocked_alarm_does_not_make_the_wait_endless)
{
	sigset_t alarm, mask;
	struct itimerval timer;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &alarm, NULL));
	ASSERT_EQ(0, flock(self->other, LOCK_EX));
	EXPECT_EQ(-ETIME, CONNECT(1));
	/* It is as it was, and nothing will ring. */
	sigprocmask(SIG_BLOCK, NULL, &mask);
	EXPECT_TRUE(sigismember(&mask, SIGALRM));
	sigpending(&mask);
	EXPECT_FALSE(sigismember(&mask, SIGALRM));
	ASSERT_EQ(0, getitimer(ITIMER_REAL, &timer));
	EXPECT_FALSE(timerisset(&timer.it_value));
}

#define SEND() mei_send(&self->mei, message, sizeof(message), &unsent)

/* No device: a pipe without room, and a disk. */
TEST_F(mei, a_message_that_was_not_sent_is_told_from_one_that_may_be)
{
	static const char message[4096];
	bool unsent;
	int ends[2];

	ASSERT_EQ(0, pipe2(ends, O_NONBLOCK | O_CLOEXEC));
	self->mei.fd = ends[1];
	while (SEND() == 0)
		EXPECT_FALSE(unsent);
	EXPECT_EQ(-EAGAIN, SEND());
	EXPECT_TRUE(unsent);
	close(ends[0]);
	close(ends[1]);
	self->mei.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->mei.fd);
	EXPECT_EQ(-ENOSPC, SEND());
	EXPECT_FALSE(unsent);
	mei_close(&self->mei);
}

TEST_HARNESS_MAIN
