// SPDX-License-Identifier: GPL-2.0-only
/*
 * The firmware resets the link, or the controller goes away and comes back:
 * channels end, everything else goes on, nothing has to be restarted.
 * Documentation/protocol.rst, "Reset and recovery".
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define RESETS 20
#define STREAMS 3
#define STREAM_BYTES 131072
#define STREAM_PATH "/down/131072"

FIXTURE(recovery) {
	struct machine machine;
	struct link_state link;
	struct result r;
	int ctl;
};

FIXTURE_VARIANT(recovery) {
	int (*strike)(struct machine *m);
	int (*return_)(struct machine *m);
};

static int firmware_resets(struct machine *m)
{
	(void)m;
	return sim_command("reset");
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

FIXTURE_VARIANT_ADD(recovery, firmware_reset) {
	.strike = firmware_resets,
	.return_ = nothing_to_do,
};

FIXTURE_VARIANT_ADD(recovery, controller_gone) {
	.strike = sim_vanish,
	.return_ = controller_returns,
};

FIXTURE_SETUP(recovery)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
}

FIXTURE_TEARDOWN(recovery)
{
	close(self->ctl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* A thread that reads one byte, and what came of it. */
struct reader {
	pthread_t thread;
	pid_t tid;
	int ready[2];
	int fd;
	ssize_t got;
	int err;
};

static void *read_byte(void *arg)
{
	struct reader *r = arg;
	char byte;

	r->tid = gettid();
	if (write(r->ready[1], "x", 1) != 1)
		return NULL;
	r->got = read(r->fd, &byte, 1);
	r->err = errno;
	return NULL;
}

/* Returns when the thread waits in read(). */
static int reader_start(struct reader *r)
{
	char byte;

	if (pipe(r->ready) ||
	    pthread_create(&r->thread, NULL, read_byte, r) ||
	    read(r->ready[0], &byte, 1) != 1)
		return -1;
	return task_wait_blocked(r->tid, SYS_read);
}

TEST_F(recovery, a_blocked_read_ends_with_econnreset)
{
	struct reader reader = { .fd = node_open(HTTP_PORT, 0) };
	char byte;

	ASSERT_LE(0, reader.fd);
	ASSERT_EQ(0, reader_start(&reader));
	ASSERT_EQ(0, variant->strike(&self->machine));
	ASSERT_EQ(0, pthread_join(reader.thread, NULL));
	EXPECT_EQ(-1, reader.got);
	EXPECT_EQ(ECONNRESET, reader.err);
	EXPECT_EQ(-1, read(reader.fd, &byte, 1));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_EQ(-1, write(reader.fd, "x", 1));
	EXPECT_EQ(ECONNRESET, errno);
	close(reader.fd);
	ASSERT_EQ(0, variant->return_(&self->machine));
}

TEST_F(recovery, queued_bytes_are_read_before_econnreset)
{
	int fd = node_open(HTTP_PORT, 0);
	int before, after;
	char data[4096];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_send(fd, "/down/1000", true, NULL, 0));
	ASSERT_EQ(POLLIN, fd_wait(fd, POLLIN, WAIT_MS));
	ASSERT_EQ(0, ioctl(fd, FIONREAD, &before));
	EXPECT_LT(0, before);
	ASSERT_EQ(0, variant->strike(&self->machine));
	EXPECT_EQ(POLLERR | POLLHUP, fd_wait(fd, 0, WAIT_MS));
	ASSERT_EQ(0, ioctl(fd, FIONREAD, &after));
	EXPECT_LE(before, after);
	EXPECT_EQ(after, read(fd, data, sizeof(data)));
	EXPECT_EQ(0, strncmp(data, "HTTP/1.1 200", 12));
	EXPECT_EQ(-1, read(fd, data, sizeof(data)));
	EXPECT_EQ(ECONNRESET, errno);
	close(fd);
	ASSERT_EQ(0, variant->return_(&self->machine));
}

TEST_F(recovery, the_next_open_works)
{
	struct http_answer answer;
	int64_t sessions = counter("sessions");
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, variant->strike(&self->machine));
	EXPECT_EQ(POLLERR | POLLHUP, fd_wait(fd, 0, WAIT_MS));
	ASSERT_EQ(0, variant->return_(&self->machine));
	close(fd);

	fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_get(fd, "/down/100", false, &answer));
	EXPECT_EQ(100, answer.len);
	http_free(&answer);
	close(fd);
	EXPECT_EQ(sessions + 1, counter("sessions"));
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(2, self->link.generation);
}

TEST_F(recovery, an_open_that_waits_is_served_by_the_next_session)
{
	struct amt_lme_connect c = {
		.size = sizeof(c),
		.flags = AMT_LME_CONNECT_NONBLOCK,
		.port = HTTP_PORT,
		.timeout_ms = WAIT_MS,
	};
	int fd;

	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	fd = ioctl(self->ctl, AMT_LME_IOC_CONNECT, &c);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, fd_wait(fd, POLLOUT, 0));
	/* Without having answered, it goes away. */
	ASSERT_EQ(0, sim_vanish(&self->machine));
	ASSERT_EQ(0, sim_start(&self->machine, NULL));
	EXPECT_EQ(POLLOUT, fd_wait(fd, POLLOUT, WAIT_MS));
	close(fd);
}

/**
 * struct traffic - streams that run through all resets
 * @lock: protects what follows and struct stream.served
 * @served: signalled when a stream is served or something is wrong
 * @end: the streams are to end
 * @wrong: how often something went wrong
 * @data: what AMT sends down and is sent up
 * @hex: its SHA-256
 */
struct traffic {
	pthread_mutex_t lock;
	pthread_cond_t served;
	bool end;
	int wrong;
	const char *data;
	char hex[65];
};

/**
 * struct stream - one of them
 * @carry: asks and takes the answer on a channel
 * @served: channels that carried an answer to its end; each channel lives
 *          until a reset, so it counts the resets that were recovered from
 */
struct stream {
	pthread_t thread;
	struct traffic *traffic;
	int (*carry)(struct traffic *t, int fd);
	unsigned int served;
};

static bool ends(struct traffic *t)
{
	bool end;

	pthread_mutex_lock(&t->lock);
	end = t->end;
	pthread_mutex_unlock(&t->lock);
	return end;
}

static void count_served(struct stream *s)
{
	pthread_mutex_lock(&s->traffic->lock);
	s->served++;
	pthread_cond_signal(&s->traffic->served);
	pthread_mutex_unlock(&s->traffic->lock);
}

static int wrong(struct traffic *t, const char *what, int err)
{
	say("stream: %s: %s", what, strerror(-err));
	pthread_mutex_lock(&t->lock);
	t->wrong++;
	pthread_cond_signal(&t->served);
	pthread_mutex_unlock(&t->lock);
	return err;
}

static int carry_down(struct traffic *t, int fd)
{
	struct http_answer answer;
	int err = http_get(fd, STREAM_PATH, true, &answer);

	/* Also what came before a reset must be the right bytes. */
	if (answer.len && memcmp(answer.body, t->data, answer.len))
		err = wrong(t, "wrong bytes came down", -EIO);
	http_free(&answer);
	return err;
}

static int carry_up(struct traffic *t, int fd)
{
	struct http_answer answer = { 0 };
	int err = http_send(fd, "/up", true, t->data, STREAM_BYTES);

	if (!err)
		err = http_receive(fd, &answer);
	if (!err && strncmp(answer.body, t->hex, 64))
		err = wrong(t, "wrong bytes went up", -EIO);
	http_free(&answer);
	return err;
}

/* Carries until the channel ends, which only a reset may do. */
static int stream_channel(struct stream *s)
{
	struct traffic *t = s->traffic;
	bool served = false;
	int fd = node_open(HTTP_PORT, 0);
	int err = 0;

	if (fd < 0)
		return wrong(t, "open", fd);
	while (!err && !ends(t)) {
		err = s->carry(t, fd);
		if (!err && !served)
			count_served(s);
		served = true;
	}
	close(fd);
	if (err && err != -ECONNRESET)
		return wrong(t, "channel ended", err);
	return 0;
}

static void *stream_run(void *arg)
{
	struct stream *s = arg;

	while (!ends(s->traffic) && !stream_channel(s))
		;
	return NULL;
}

static int traffic_start(struct traffic *t, struct stream streams[STREAMS])
{
	struct http_answer answer;
	int fd = node_open(HTTP_PORT, 0);
	int err = http_get(fd, STREAM_PATH, false, &answer);

	close(fd);
	t->data = answer.body;
	if (err || answer.len != STREAM_BYTES)
		return -EIO;
	err = sha256(t->data, STREAM_BYTES, t->hex);
	for (int i = 0; i < STREAMS && !err; i++) {
		streams[i].traffic = t;
		streams[i].carry = i % 2 ? carry_up : carry_down;
		err = -pthread_create(&streams[i].thread, NULL, stream_run,
				      &streams[i]);
	}
	return err;
}

/* Waits until every stream was served by so many channels. */
static int traffic_flows(struct traffic *t, struct stream streams[STREAMS],
			 unsigned int channels)
{
	struct timespec until;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_MS / 1000;
	pthread_mutex_lock(&t->lock);
	for (int i = 0; i < STREAMS; i++)
		while (streams[i].served < channels && !t->wrong && !err)
			err = pthread_cond_timedwait(&t->served, &t->lock,
						     &until);
	if (t->wrong)
		err = EIO;
	pthread_mutex_unlock(&t->lock);
	return -err;
}

static void traffic_end(struct traffic *t, struct stream streams[STREAMS])
{
	pthread_mutex_lock(&t->lock);
	t->end = true;
	pthread_mutex_unlock(&t->lock);
	for (int i = 0; i < STREAMS; i++)
		pthread_join(streams[i].thread, NULL);
	free((void *)t->data);
}

static int curl_status(struct result *r)
{
	run(r, "curl", "--silent", "--show-error", "--max-time", "100",
	    "--output", "/dev/null", "--write-out", "%{http_code}",
	    "--digest", "--user", CREDENTIALS, HTTP_URL "/");
	return atoi(r->text);
}

TEST_F_TIMEOUT(recovery, traffic_and_helper_go_on_through_many, UNBOUNDED)
{
	struct traffic traffic = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.served = PTHREAD_COND_INITIALIZER,
	};
	struct stream streams[STREAMS] = { 0 };
	struct process helper;
	int64_t sessions;
	unsigned int i;

	ASSERT_EQ(0, carrier_stop());
	ASSERT_EQ(0, process_start(&helper, -1, false, (const char *const[]){
				   "amt-helper", "serve", NULL }));
	ASSERT_EQ(0, traffic_start(&traffic, streams));
	ASSERT_EQ(0, traffic_flows(&traffic, streams, 1));
	sessions = counter("sessions");
	for (i = 0; i < RESETS; i++) {
		ASSERT_EQ(0, variant->strike(&self->machine));
		ASSERT_EQ(0, variant->return_(&self->machine));
		ASSERT_EQ(0, traffic_flows(&traffic, streams, i + 2))
			TH_LOG("after reset %u", i + 1);
		ASSERT_EQ(200, curl_status(&self->r))
			TH_LOG("after reset %u: %s", i + 1, self->r.text);
	}
	traffic_end(&traffic, streams);
	EXPECT_TRUE(process_is_running(&helper));
	EXPECT_EQ(0, process_end(&helper, SIGTERM));
	process_close(&helper);
	EXPECT_EQ(0, traffic.wrong);
	/* Each reset made one session, and the module was never reloaded. */
	EXPECT_EQ(sessions + i, counter("sessions"));
}

TEST_HARNESS_MAIN
