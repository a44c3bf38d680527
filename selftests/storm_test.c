// SPDX-License-Identifier: GPL-2.0-only
/*
 * Firmware resets while clients come again and again: each gets its data or an
 * error, and nothing is left of it.
 * Documentation/protocol.rst, "Reset and recovery".
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define CLIENTS 12
#define BYTES 50000
#define RESETS 10

FIXTURE(storm) {
	struct machine machine;
	struct process helper;
};

FIXTURE_SETUP(storm)
{
	/* All its listeners are there when the first is. */
	static const char *const one_port[] = { "--ports", "16992", NULL };

	ASSERT_EQ(0, machine_start(&self->machine, one_port));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
}

FIXTURE_TEARDOWN(storm)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/**
 * struct storm - clients that come again and again
 * @lock: protects what follows
 * @progress: signalled when a client got data or went wrong
 * @end: they are to end
 * @served: requests that were answered
 * @broken: requests that a reset ended
 * @wrong: what should not have happened
 * @data: what each of them gets, and sends
 * @hex: its SHA-256
 */
struct storm {
	pthread_mutex_t lock;
	pthread_cond_t progress;
	bool end;
	unsigned int served;
	unsigned int broken;
	unsigned int wrong;
	char *data;
	char hex[65];
};

/**
 * struct client - one of them
 * @storm: all of them
 * @way: how it connects
 * @up: it sends
 */
struct client {
	pthread_t thread;
	struct storm *storm;
	enum way way;
	bool up;
};

/* 0 with the right data, or the error that the client saw. */
static int storm_request(const struct client *c, int fd, bool *right)
{
	struct http_answer answer = { 0 };
	const char *data = c->storm->data;
	char path[32];
	int err;

	snprintf(path, sizeof(path), "/down/%d", BYTES);
	err = http_send(fd, c->up ? "/up" : path, false, c->up ? data : NULL,
			c->up ? BYTES : 0);
	/* An end that looks like any other would be no error. */
	*right = !err || err == -EPIPE || err == -ECONNRESET;
	if (!err) {
		err = http_receive(fd, &answer);
		*right = !err || err == -ECONNRESET;
	}
	if (answer.len && memcmp(answer.body, c->up ? c->storm->hex : data,
				 c->up ? 64 : answer.len))
		*right = false;
	http_free(&answer);
	return err;
}

/* True until the storm ends. */
static bool storm_goes_on(struct storm *s, int err, bool right)
{
	bool end;

	pthread_mutex_lock(&s->lock);
	if (!right) {
		s->wrong++;
		say("client: %s", err ? strerror(-err) : "wrong data");
	} else if (err) {
		s->broken++;
	} else {
		s->served++;
	}
	pthread_cond_signal(&s->progress);
	end = s->end;
	pthread_mutex_unlock(&s->lock);
	return !end;
}

static void *storm_run(void *arg)
{
	struct client *c = arg;
	bool right;
	int err;

	do {
		int fd = way_open(c->way);

		right = false;
		err = fd < 0 ? fd : storm_request(c, fd, &right);
		close(fd);
	} while (storm_goes_on(c->storm, err, right));
	return NULL;
}

/* Wait until @n more requests were answered. */
static int storm_progress(struct storm *s, unsigned int n)
{
	struct timespec until;
	unsigned int goal;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_MS / 1000;
	pthread_mutex_lock(&s->lock);
	goal = s->served + n;
	while (s->served < goal && !s->wrong && !err)
		err = pthread_cond_timedwait(&s->progress, &s->lock, &until);
	if (s->wrong)
		err = EIO;
	pthread_mutex_unlock(&s->lock);
	return -err;
}

static int storm_start(struct storm *s, struct client *clients)
{
	struct http_answer answer;
	int fd = way_open(WAY_NODE);
	char path[32];
	int err;

	snprintf(path, sizeof(path), "/down/%d", BYTES);
	err = http_get(fd, path, false, &answer);
	close(fd);
	s->data = answer.body;
	if (!err)
		err = sha256(s->data, BYTES, s->hex);
	for (int i = 0; i < CLIENTS && !err; i++) {
		clients[i].storm = s;
		clients[i].way = i % 2 ? WAY_TCP : WAY_NODE;
		clients[i].up = i % 4 > 1;
		err = -pthread_create(&clients[i].thread, NULL, storm_run,
				      &clients[i]);
	}
	return err;
}

static void storm_end(struct storm *s, struct client *clients)
{
	pthread_mutex_lock(&s->lock);
	s->end = true;
	pthread_mutex_unlock(&s->lock);
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(clients[i].thread, NULL);
	free(s->data);
}

TEST_F(storm, clients_get_their_data_or_an_error_while_firmware_resets)
{
	struct client clients[CLIENTS] = { 0 };
	struct storm storm = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.progress = PTHREAD_COND_INITIALIZER,
	};
	int files = files_of(self->helper.pid);

	ASSERT_EQ(0, storm_start(&storm, clients));
	for (int i = 0; i < RESETS; i++) {
		/* Both in full flow and right at the start of a session. */
		ASSERT_EQ(0, storm_progress(&storm, i % 2 ? 1 : CLIENTS))
			TH_LOG("after %d resets", i);
		ASSERT_EQ(0, sim_command("reset"));
	}
	ASSERT_EQ(0, storm_progress(&storm, CLIENTS));
	storm_end(&storm, clients);
	say("%u served, %u broken", storm.served, storm.broken);
	EXPECT_EQ(0, storm.wrong);
	EXPECT_LT(0, storm.broken);
	EXPECT_TRUE(process_is_running(&self->helper));
	EXPECT_EQ(0, clients_gone(&self->helper, files));
	EXPECT_EQ(0, sim_stat("channels_open"));
}

TEST_HARNESS_MAIN
