// SPDX-License-Identifier: GPL-2.0-only
/*
 * Firmware resets while clients come again and again, and modules come and go
 * around them: each client gets its data or an error, and nothing is left of it.
 * Documentation/protocol.rst, "Reset and recovery".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define SLOTS 8
/* Some of them wait for a slot. */
#define CLIENTS 12
#define BYTES 50000
#define RESETS 20
#define LOADS 4

/* All its listeners are there when the first is. */
static const char *const one_port[] = { "--ports", "16992", NULL };

/* ---- Moments ---- */

/* The same number makes the same choices. */
static unsigned int seed_choose(void)
{
	struct timespec t;
	unsigned int seed;

	clock_gettime(CLOCK_REALTIME, &t);
	seed = env_number("AMT_LME_SEED", t.tv_sec ^ t.tv_nsec);
	say("AMT_LME_SEED=%u", seed);
	return seed;
}

/* Up to half a second, as often within the first ms as within the last 256. */
static void nap(unsigned int *seed)
{
	unsigned int below = 1u << rand_r(seed) % 10;

	poll(NULL, 0, rand_r(seed) % below);
}

/* The state of the controller, to be waited for with POLLPRI. */
static int state_open(void)
{
	int fd = open("/sys/class/mei/mei0/dev_state", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int state_wait_enabled(int fd)
{
	char text[32] = "";

	for (;;) {
		if (pread(fd, text, sizeof(text) - 1, 0) < 0)
			return -errno;
		if (!strncmp(text, "ENABLED", 7))
			return 0;
		if (!fd_wait(fd, POLLPRI, WAIT_MS))
			return -ETIME;
	}
}

/*
 * Wait until the host has found the clients again: firmware that resets three
 * times before that is given up by the MEI core.
 */
static int reset(int state)
{
	int64_t before = sim_stat("enumerations");

	if (before < 0)
		return before;
	return sim_command("reset") ?: sim_until("enumerations", before + 1) ?:
	       state_wait_enabled(state);
}

/* ---- Clients ---- */

/**
 * struct storm - clients that come again and again
 * @lock: protects what follows
 * @progress: signalled when a client got data or went wrong
 * @end: they are to end
 * @served: requests that were answered
 * @broken: requests that a reset ended
 * @bytes: carried in either direction
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
	int64_t bytes;
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

/**
 * struct outcome - what came of a request
 * @err: 0 with the right data, or the error that the client saw
 * @right: it may be so
 * @opened: a channel was there for it
 * @bytes: what was carried of it
 */
struct outcome {
	int err;
	bool right;
	bool opened;
	int64_t bytes;
};

static struct outcome storm_request(const struct client *c, int fd)
{
	struct http_answer answer = { 0 };
	const char *data = c->storm->data;
	struct outcome o = { .opened = true };
	char path[32];

	snprintf(path, sizeof(path), "/down/%d", BYTES);
	o.err = http_send(fd, c->up ? "/up" : path, false, c->up ? data : NULL,
			  c->up ? BYTES : 0);
	/* An end that looks like any other would be no error. */
	o.right = !o.err || o.err == -EPIPE || o.err == -ECONNRESET;
	if (!o.err) {
		o.bytes = c->up ? BYTES : 0;
		o.err = http_receive(fd, &answer);
		o.right = !o.err || o.err == -ECONNRESET;
	}
	o.bytes += answer.len;
	if (answer.len && memcmp(answer.body, c->up ? c->storm->hex : data,
				 c->up ? 64 : answer.len))
		o.right = false;
	http_free(&answer);
	return o;
}

static void say_wrong(const struct client *c, const struct outcome *o,
		      int64_t start)
{
	say("%s, %s: %s, %s, %" PRId64 " ms after its start",
	    c->way == WAY_TCP ? "TCP" : "node", c->up ? "up" : "down",
	    o->opened ? "open" : "not open",
	    o->err ? strerror(-o->err) : "wrong data", now_ms() - start);
}

/* True until the storm ends, or something is wrong. */
static bool storm_goes_on(const struct client *c, const struct outcome *o,
			  int64_t start)
{
	struct storm *s = c->storm;
	bool end;

	pthread_mutex_lock(&s->lock);
	if (!o->right) {
		s->wrong++;
		say_wrong(c, o, start);
	} else if (o->err) {
		s->broken++;
	} else {
		s->served++;
	}
	s->bytes += o->bytes;
	pthread_cond_signal(&s->progress);
	end = s->end;
	pthread_mutex_unlock(&s->lock);
	return !end && o->right;
}

/* In the 20 s of a slow machine no session may live for long, no slot be free. */
static bool open_may_fail(int err)
{
	return err == -ECONNRESET || err == -ETIMEDOUT || err == -ENETDOWN ||
	       err == -ENOBUFS;
}

static void *storm_run(void *arg)
{
	struct client *c = arg;
	struct outcome o;
	int64_t start;

	do {
		int fd;

		start = now_ms();
		fd = way_open(c->way);
		if (fd < 0)
			o = (struct outcome){ .err = fd,
					      .right = open_may_fail(fd) };
		else
			o = storm_request(c, fd);
		close(fd);
	} while (storm_goes_on(c, &o, start));
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

/* A client that gets neither data nor an error hangs. */
static void storm_end(struct storm *s, struct client *clients)
{
	struct timespec until;

	pthread_mutex_lock(&s->lock);
	s->end = true;
	pthread_mutex_unlock(&s->lock);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_MS / 1000;
	for (int i = 0; i < CLIENTS; i++) {
		if (!pthread_timedjoin_np(clients[i].thread, NULL, &until))
			continue;
		say("client %d hangs: %s, %s", i,
		    clients[i].way == WAY_TCP ? "TCP" : "node",
		    clients[i].up ? "up" : "down");
		s->wrong++;
	}
	if (!s->wrong)
		free(s->data);
}

/* ---- Resets ---- */

/**
 * struct busy - channels that are open and have carried bytes
 * @genl: to ask for them
 * @generation: the session that the last reset ended, which may not be known yet:
 *              only channels of later ones count
 */
struct busy {
	struct genl genl;
	uint32_t generation;
};

/* How many, or a negative errno. */
static int busy_count(struct busy *b)
{
	struct genl_answer a;
	int err = channels_dump(&b->genl, &a);
	int n = 0;

	for (int i = 0; !err && i < a.channels; i++)
		n += a.channel[i].state == AMT_LME_CHANNEL_STATE_OPEN &&
		     a.channel[i].generation > b->generation &&
		     a.channel[i].rx_bytes + a.channel[i].tx_bytes > 0;
	return err ?: n;
}

static int busy_wait_all(struct busy *b)
{
	int64_t end = now_ms() + WAIT_MS;
	int n;

	do {
		n = busy_count(b);
	} while (n >= 0 && n < SLOTS && now_ms() < end && !sched_yield());
	return n < 0 ? n : n < SLOTS ? -ETIMEDOUT : 0;
}

static int busy_reset(struct busy *b, int state)
{
	struct link_state link;
	int err = link_get(&link);

	if (err)
		return err;
	b->generation = link.generation;
	return reset(state);
}

FIXTURE(storm) {
	struct machine machine;
	struct process helper;
	struct busy busy;
};

FIXTURE_SETUP(storm)
{
	ASSERT_EQ(0, machine_start(&self->machine, one_port));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, genl_open(&self->busy.genl, false));
}

FIXTURE_TEARDOWN(storm)
{
	genl_close(&self->busy.genl);
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* Three times of four all are busy; else the link may not even be up. */
TEST_F_TIMEOUT(storm, clients_get_their_data_or_an_error_while_firmware_resets,
	       UNBOUNDED)
{
	unsigned int resets = env_number("AMT_LME_RESETS", RESETS);
	struct client clients[CLIENTS] = { 0 };
	struct storm storm = {
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.progress = PTHREAD_COND_INITIALIZER,
	};
	int files = files_of(self->helper.pid);
	unsigned int seed = seed_choose();
	unsigned int all_busy = 0;
	int state = state_open();
	int busy;
	int64_t start = now_ms();

	ASSERT_LE(0, state);
	ASSERT_EQ(0, storm_start(&storm, clients));
	for (unsigned int i = 0; i < resets; i++) {
		if (i % 4)
			ASSERT_EQ(0, busy_wait_all(&self->busy))
				TH_LOG("after %u resets", i);
		nap(&seed);
		busy = busy_count(&self->busy);
		ASSERT_LE(0, busy);
		all_busy += busy == SLOTS;
		ASSERT_EQ(0, busy_reset(&self->busy, state))
			TH_LOG("after %u resets", i + 1);
		ASSERT_EQ(0, storm.wrong) TH_LOG("after %u resets", i + 1);
		process_drain(&self->helper);
	}
	close(state);
	ASSERT_EQ(0, storm_progress(&storm, CLIENTS));
	storm_end(&storm, clients);
	say("figures: %u resets, %u of them with %d busy channels, in %" PRId64 " s: %u requests served, %u broken, %" PRId64 " bytes",
	    resets, all_busy, SLOTS, (now_ms() - start) / 1000, storm.served,
	    storm.broken, storm.bytes);
	EXPECT_EQ(0, storm.wrong);
	EXPECT_LT(0, storm.broken);
	EXPECT_TRUE(process_is_running(&self->helper));
	EXPECT_EQ(0, clients_gone(&self->helper, files));
	EXPECT_EQ(0, sim_stat("channels_open"));
}

/* ---- Loads ---- */

FIXTURE(loads) {
	struct machine machine;
	struct process helper;
};

FIXTURE_SETUP(loads)
{
}

FIXTURE_TEARDOWN(loads)
{
}

/* Unloaded at any moment of a session's start; both modules stay loaded. */
static int unload_amid(unsigned int *seed)
{
	int ctl = ctl_hold();

	nap(seed);
	close(ctl);
	if (ctl < 0)
		return ctl;
	return module_unload("amt_lme") ?: module_load("amt_lme");
}

TEST_F_TIMEOUT(loads, modules_come_and_go_around_traffic, UNBOUNDED)
{
	unsigned int loads = env_number("AMT_LME_LOADS", LOADS);
	struct client clients[CLIENTS];
	unsigned int seed = seed_choose();
	unsigned int served = 0;
	int64_t start = now_ms();

	for (unsigned int i = 0; i < loads; i += 2) {
		struct storm storm = {
			.lock = PTHREAD_MUTEX_INITIALIZER,
			.progress = PTHREAD_COND_INITIALIZER,
		};

		ASSERT_EQ(0, machine_start(&self->machine, one_port));
		ASSERT_EQ(0, unload_amid(&seed)) TH_LOG("load %u", i);
		ASSERT_EQ(0, serve_start(&self->helper));
		ASSERT_EQ(0, node_wait(HTTP_PORT));
		ASSERT_EQ(0, storm_start(&storm, clients));
		nap(&seed);
		EXPECT_EQ(-EAGAIN, module_unload("amt_lme"));
		storm_end(&storm, clients);
		ASSERT_EQ(0, storm.wrong) TH_LOG("load %u", i + 1);
		EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
		process_close(&self->helper);
		if (rand_r(&seed) % 2)
			EXPECT_EQ(0, sim_command("reset"));
		ASSERT_EQ(0, machine_stop(&self->machine))
			TH_LOG("load %u", i + 1);
		served += storm.served;
	}
	say("figures: %u loads in %" PRId64 " s, %u requests served", loads,
	    (now_ms() - start) / 1000, served);
	EXPECT_LT(0, served);
}

TEST_HARNESS_MAIN
