// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many clients at once, and many one after the other: all are served, and
 * nothing is left of them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define SLOTS 8
#define CLIENTS 20
#define CONNECTIONS 1000
/* Until caches and pools are as full as they get. */
#define WARM_UP 50
/* A client's slot is kept for up to 750 ms after it left: 94 s with eight. */
#define THOUSAND_SECONDS 600

FIXTURE(load) {
	struct machine machine;
	struct process helper;
	struct genl genl;
	struct genl_answer answer;
};

FIXTURE_VARIANT(load) {
	enum way way;
};

FIXTURE_VARIANT_ADD(load, nodes) {
	.way = WAY_NODE,
};

FIXTURE_VARIANT_ADD(load, tcp) {
	.way = WAY_TCP,
};

FIXTURE_SETUP(load)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, genl_open(&self->genl, false));
}

FIXTURE_TEARDOWN(load)
{
	genl_close(&self->genl);
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* How many channels of a dump are in a state. */
static int in_state(const struct genl_answer *answer, uint32_t state)
{
	int n = 0;

	for (int i = 0; i < answer->channels; i++)
		n += answer->channel[i].state == state;
	return n;
}

/* ---- At once ---- */

/**
 * struct client - one of them, in a thread of its own
 * @len: bytes that it asks for
 * @answer: what it got
 * @err: negative errno
 */
struct client {
	pthread_t thread;
	enum way way;
	int len;
	struct http_answer answer;
	int err;
};

static void *client_run(void *arg)
{
	struct client *c = arg;
	char path[32];
	int fd = way_open(c->way);

	snprintf(path, sizeof(path), "/down/%d", c->len);
	c->err = fd < 0 ? fd : http_get(fd, path, true, &c->answer);
	close(fd);
	return NULL;
}

TEST_F(load, twenty_clients_at_once_queue_for_the_slots_and_are_all_served)
{
	struct client c[CLIENTS] = { 0 };
	int longest = CLIENTS - 1;

	/* Nobody is answered before all are there. */
	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	for (int i = 0; i < CLIENTS; i++) {
		c[i].way = variant->way;
		c[i].len = 20000 + i;
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, client_run,
					    &c[i]));
	}
	do {
		sched_yield();
		ASSERT_EQ(0, channels_dump(&self->genl, &self->answer));
	} while (self->answer.channels < CLIENTS);
	EXPECT_EQ(SLOTS, in_state(&self->answer,
				  AMT_LME_CHANNEL_STATE_OPENING));
	EXPECT_EQ(CLIENTS - SLOTS, in_state(&self->answer,
					    AMT_LME_CHANNEL_STATE_QUEUED));
	kill(self->machine.sim.pid, SIGCONT);

	for (int i = 0; i < CLIENTS; i++)
		ASSERT_EQ(0, pthread_join(c[i].thread, NULL));
	for (int i = 0; i < CLIENTS; i++) {
		EXPECT_EQ(0, c[i].err) TH_LOG("client %d", i);
		ASSERT_EQ(c[i].len, c[i].answer.len) TH_LOG("client %d", i);
		EXPECT_EQ(0, memcmp(c[longest].answer.body, c[i].answer.body,
				    c[i].len)) TH_LOG("client %d", i);
	}
	for (int i = 0; i < CLIENTS; i++)
		http_free(&c[i].answer);
	EXPECT_EQ(CLIENTS, sim_stat("channels_opened"));
	EXPECT_EQ(0, sim_stat("channels_refused"));
}

/* Each gets its next bytes although the seven others are not at their end. */
TEST_F(load, eight_channels_carry_their_bytes_in_turns)
{
	struct http_answer answer;
	char block[2000];
	int fd[SLOTS];
	ssize_t n;

	for (int i = 0; i < SLOTS; i++) {
		fd[i] = way_open(variant->way);
		ASSERT_LE(0, fd[i]);
		ASSERT_EQ(0, http_send(fd[i], "/down/200000", true, NULL, 0));
	}
	for (int i = 0; i < SLOTS; i++) {
		ASSERT_EQ(0, http_receive_head(fd[i], &answer));
		ASSERT_EQ(200000, answer.len);
	}
	EXPECT_EQ(SLOTS, sim_stat("channels_open"));
	for (int done = 0; done < 200000; done += sizeof(block)) {
		for (int i = 0; i < SLOTS; i++) {
			n = read_all(fd[i], block, sizeof(block));
			ASSERT_EQ(sizeof(block), n)
				TH_LOG("channel %d after %d bytes", i, done);
		}
	}
	for (int i = 0; i < SLOTS; i++)
		close(fd[i]);
}

/* ---- One after the other ---- */

/**
 * struct usage - what must not become more with each client
 * @files: descriptors of the helper, of amt-sim, and of the test
 * @anon: memory of the helper and of amt-sim, in KiB
 * @kmalloc: what the kernel has allocated, in bytes
 * @opened: channels opened, as AMT counts
 * @closed: channels closed, as AMT counts
 * @to_host: bytes AMT sent in channels
 * @from_host: bytes AMT got in channels
 */
struct usage {
	int files[3];
	int64_t anon[2];
	int64_t kmalloc;
	int64_t opened;
	int64_t closed;
	int64_t to_host;
	int64_t from_host;
};

/* In KiB. */
static int64_t anon_memory(pid_t pid)
{
	int64_t kib = -1;
	char line[256];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/status", pid);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "RssAnon: %" SCNd64, &kib);
	if (f)
		fclose(f);
	return kib;
}

/* So that what each CPU keeps for itself is counted as free. */
static void shrink_kmalloc(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	char path[300];
	int fd;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (strncmp(e->d_name, "kmalloc-", 8) != 0)
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 e->d_name);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write_all(fd, "1", 1))
			say("%s: %s", path, strerror(errno));
		close(fd);
	}
	if (dir)
		closedir(dir);
}

/* Not all of slab: sockets in TIME_WAIT go by themselves, later. */
static int64_t kmalloc_bytes(void)
{
	unsigned long objects, size;
	int64_t bytes = 0;
	char line[256];
	FILE *f;

	shrink_kmalloc();
	f = fopen("/proc/slabinfo", "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "kmalloc-%*s %lu %*u %lu", &objects,
			   &size) == 2)
			bytes += objects * size;
	if (f)
		fclose(f);
	return bytes;
}

static void get_usage(const struct machine *m, const struct process *helper,
		      int sim_files, struct usage *u)
{
	u->files[0] = files_of(helper->pid);
	u->files[1] = files_settle(m->sim.pid, sim_files);
	u->files[2] = files_of(getpid());
	u->anon[0] = anon_memory(helper->pid);
	u->anon[1] = anon_memory(m->sim.pid);
	u->kmalloc = kmalloc_bytes();
	u->opened = sim_stat("channels_opened");
	u->closed = sim_stat("channels_closed");
	u->to_host = sim_stat("bytes_to_host");
	u->from_host = sim_stat("bytes_from_host");
}

/**
 * struct tally - what all clients together sent and got
 * @sent: bytes
 * @got: bytes
 */
struct tally {
	int64_t sent;
	int64_t got;
};

static int one_connection(enum way way, const char *request, bool keep,
			  struct tally *tally)
{
	struct http_answer answer = { 0 };
	int fd = way_open(way);
	char byte;
	int err = fd < 0 ? fd : write_all(fd, request, strlen(request));

	if (!err)
		err = http_receive(fd, &answer);
	/* Who asks AMT to close sees that it does. */
	if (!err && !keep && read(fd, &byte, 1) != 0)
		err = -EPROTO;
	close(fd);
	http_free(&answer);
	tally->sent += strlen(request);
	tally->got += answer.head_len + answer.len;
	return err;
}

static int connections(enum way way, bool keep, int n, struct tally *tally)
{
	char request[256];
	int err = 0;

	snprintf(request, sizeof(request),
		 "GET /down/100 HTTP/1.1\r\nHost: amt\r\n%s\r\n",
		 keep ? "" : "Connection: close\r\n");
	for (int i = 0; i < n && !err; i++) {
		err = one_connection(way, request, keep, tally);
		if (err)
			say("connection %d: %s", i, strerror(-err));
	}
	return err;
}

/* What the kernel frees later. */
#define KMALLOC_SLACK (CONNECTIONS * 32)
/* What malloc() may keep of eight clients, in KiB. */
#define ANON_SLACK 256

static bool kmalloc_tells(void)
{
	/* A debug kernel keeps what is freed, and finds leaks by itself. */
	return access("/sys/kernel/debug/kmemleak", F_OK) != 0;
}

FIXTURE(thousand) {
	struct machine machine;
	struct process helper;
	int files;
	int sim_files; /* of amt-sim without a client */
	struct usage before;
	struct usage after;
};

FIXTURE_VARIANT(thousand) {
	enum way way;
	bool keep;
};

FIXTURE_VARIANT_ADD(thousand, nodes_closed_by_the_client) {
	.way = WAY_NODE,
	.keep = true,
};

FIXTURE_VARIANT_ADD(thousand, nodes_closed_by_amt) {
	.way = WAY_NODE,
};

FIXTURE_VARIANT_ADD(thousand, tcp_closed_by_the_client) {
	.way = WAY_TCP,
	.keep = true,
};

FIXTURE_VARIANT_ADD(thousand, tcp_closed_by_amt) {
	.way = WAY_TCP,
};

FIXTURE_SETUP(thousand)
{
	/* All its listeners are there when the first is. */
	static const char *const one_port[] = { "--ports", "16992", NULL };
	struct tally ignored;

	ASSERT_EQ(0, machine_start(&self->machine, one_port));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	self->files = files_of(self->helper.pid);
	self->sim_files = files_of(self->machine.sim.pid);
	ASSERT_EQ(0, connections(variant->way, variant->keep, WARM_UP,
				 &ignored));
	ASSERT_EQ(0, clients_gone(&self->helper, self->files));
}

FIXTURE_TEARDOWN(thousand)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F_TIMEOUT(thousand, connections_leave_nothing, THOUSAND_SECONDS)
{
	struct usage *before = &self->before, *after = &self->after;
	int64_t opened = counter("opened");
	struct tally tally = { 0 };

	get_usage(&self->machine, &self->helper, self->sim_files, before);
	ASSERT_EQ(0, connections(variant->way, variant->keep, CONNECTIONS,
				 &tally));
	ASSERT_EQ(0, clients_gone(&self->helper, self->files));
	get_usage(&self->machine, &self->helper, self->sim_files, after);
	say("kmalloc %+" PRId64 ", helper %+" PRId64 " KiB, sim %+" PRId64,
	    after->kmalloc - before->kmalloc, after->anon[0] - before->anon[0],
	    after->anon[1] - before->anon[1]);

	EXPECT_EQ(CONNECTIONS, after->opened - before->opened);
	EXPECT_EQ(CONNECTIONS, after->closed - before->closed);
	EXPECT_EQ(CONNECTIONS, counter("opened") - opened);
	EXPECT_EQ(tally.sent, after->from_host - before->from_host);
	EXPECT_EQ(tally.got, after->to_host - before->to_host);
	EXPECT_EQ(0, counter("linger_dropped"));
	for (size_t i = 0; i < ARRAY_SIZE(before->files); i++) {
		EXPECT_EQ(before->files[i], after->files[i])
			TH_LOG("process %zu", i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(before->anon); i++) {
		EXPECT_GE(ANON_SLACK, after->anon[i] - before->anon[i])
			TH_LOG("process %zu", i);
	}
	if (kmalloc_tells())
		EXPECT_GE(KMALLOC_SLACK, after->kmalloc - before->kmalloc);
}

TEST_HARNESS_MAIN
