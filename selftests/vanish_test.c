// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client that is killed leaves no slot taken, whatever it was about to do.
 * AMT has one slot here: the next client is served when it is free again.
 * Documentation/protocol.rst, "Closing".
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define BYTES 1000000
#define PATH "/down/1000000"
/* What a channel is given that was half-closed within a request, in ms. */
#define NO_ANSWER_MS 20000
/* How long a client may wait for its channel, in ms. */
#define OPEN_MS 20000

FIXTURE(vanish) {
	struct machine machine;
	struct process helper;
	int files;
	int ctl;
};

FIXTURE_VARIANT(vanish) {
	enum way way;
	bool reset;
};

FIXTURE_VARIANT_ADD(vanish, node) {
	.way = WAY_NODE,
};

/* TCP ends in order, unless something was not read. */
FIXTURE_VARIANT_ADD(vanish, tcp) {
	.way = WAY_TCP,
};

FIXTURE_VARIANT_ADD(vanish, tcp_reset) {
	.way = WAY_TCP,
	.reset = true,
};

FIXTURE_SETUP(vanish)
{
	static const char *const one_slot[] = { "--ports", "16992",
						"--slots", "1", NULL };

	ASSERT_EQ(0, machine_start(&self->machine, one_slot));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	self->files = files_of(self->helper.pid);
	self->ctl = ctl_open();
	ASSERT_LE(0, self->ctl);
}

FIXTURE_TEARDOWN(vanish)
{
	close(self->ctl);
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* What the client is about when it is killed; 0 when it got there. */
typedef int (*pursuit)(int fd);

static int idles(int fd)
{
	return channel_works(fd);
}

static int downloads(int fd)
{
	struct http_answer answer;

	return http_send(fd, PATH, true, NULL, 0) ?:
	       http_receive_head(fd, &answer);
}

static int uploads(int fd)
{
	static const char head[] = "PUT /up HTTP/1.1\r\nHost: amt\r\n"
				   "Content-Length: 1000000\r\n\r\n";
	static const char body[BYTES / 2];

	/* Without the answer it could still wait for its channel. */
	return channel_works(fd) ?: write_all(fd, head, sizeof(head) - 1) ?:
	       write_all(fd, body, sizeof(body));
}

/* Tells by a byte on @ready that it is in its pursuit. */
static void client(enum way way, bool reset, pursuit pursue, int ready)
{
	const struct linger linger = { .l_onoff = 1 };
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = way_open(way);
	if (reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (fd < 0 || pursue(fd) || write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static pid_t client_start(enum way way, bool reset, pursuit pursue, int ready)
{
	pid_t pid = fork();

	if (!pid)
		client(way, reset, pursue, ready);
	return pid;
}

static int client_kill(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? 0 : -1;
}

/* Returns when the client was killed in its pursuit. */
static int vanish(enum way way, bool reset, pursuit pursue)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		return -errno;
	pid = client_start(way, reset, pursue, ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		say("the client did not get there");
		return -EPIPE;
	}
	close(ready[0]);
	return client_kill(pid);
}

/* The milliseconds until a client after it was served, or a negative errno. */
static int64_t next_served(int ctl)
{
	struct amt_lme_connect c = {
		.size = sizeof(c),
		.port = HTTP_PORT,
		.timeout_ms = WAIT_MS,
	};
	int64_t start = now_ms();
	int fd = ioctl(ctl, AMT_LME_IOC_CONNECT, &c);
	int err = fd < 0 ? -errno : channel_works(fd);

	close(fd);
	return err ? err : now_ms() - start;
}

TEST_F(vanish, an_idle_client_frees_its_slot)
{
	int64_t ms;

	ASSERT_EQ(0, vanish(variant->way, variant->reset, idles));
	ms = next_served(self->ctl);
	EXPECT_LE(0, ms);
	EXPECT_GT(NO_ANSWER_MS / 2, ms);
	EXPECT_EQ(0, clients_gone(&self->helper, self->files));
}

TEST_F(vanish, a_client_in_a_download_frees_its_slot)
{
	int64_t ms;

	ASSERT_EQ(0, vanish(variant->way, variant->reset, downloads));
	ms = next_served(self->ctl);
	EXPECT_LE(0, ms);
	EXPECT_GT(NO_ANSWER_MS / 2, ms);
	EXPECT_EQ(0, clients_gone(&self->helper, self->files));
}

TEST_F(vanish, a_client_in_an_upload_frees_its_slot)
{
	int64_t ms;

	ASSERT_EQ(0, vanish(variant->way, variant->reset, uploads));
	ms = next_served(self->ctl);
	EXPECT_LE(0, ms);
	/* The end of a TCP stream may also be a half-close before an answer. */
	if (variant->way == WAY_NODE || variant->reset)
		EXPECT_GT(NO_ANSWER_MS / 2, ms);
	EXPECT_EQ(0, clients_gone(&self->helper, self->files));
}

/* Waits until so many clients have a channel or wait for one. */
static int wait_for_channels(int n)
{
	struct genl_answer answer = { 0 };
	struct genl genl;
	int err = genl_open(&genl, false);

	while (!err && answer.channels != n) {
		sched_yield();
		err = channels_dump(&genl, &answer);
	}
	genl_close(&genl);
	return err;
}

/* Connected, it has nothing to do; the open of a node does not return. */
static int waits(int fd)
{
	(void)fd;
	return 0;
}

/* Returns when it waits behind another, and will end as it should. */
static int client_wait(enum way way, bool reset, pid_t *pid)
{
	int ready[2], err = 0;
	char byte;

	if (pipe(ready))
		return -errno;
	*pid = client_start(way, reset, waits, ready[1]);
	close(ready[1]);
	if (way != WAY_NODE && read(ready[0], &byte, 1) != 1)
		err = -EPIPE;
	close(ready[0]);
	return err ?: wait_for_channels(2);
}

TEST_F(vanish, a_client_that_waits_for_a_slot_leaves_the_queue)
{
	int first = way_open(variant->way);
	int64_t start;
	pid_t pid;

	ASSERT_LE(0, first);
	ASSERT_EQ(0, channel_works(first));
	ASSERT_EQ(0, client_wait(variant->way, variant->reset, &pid));
	start = now_ms();
	ASSERT_EQ(0, client_kill(pid));
	/* Of one that hangs up in order its half-close could be all. */
	if (variant->way == WAY_NODE || variant->reset) {
		ASSERT_EQ(0, wait_for_channels(1));
		/* And not as its time to wait was over. */
		EXPECT_GT(OPEN_MS / 2, now_ms() - start);
	}
	close(first);
	EXPECT_LE(0, next_served(self->ctl));
	EXPECT_EQ(0, clients_gone(&self->helper, self->files));
}

TEST_HARNESS_MAIN
