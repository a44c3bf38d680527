// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients that are slow, that take a byte at a time, or that stop sending.
 * Documentation/protocol.rst, "Windows" and "Closing".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define WINDOW_PARAMETER "/sys/module/amt_lme/parameters/window"
#define CHANNELS_AT_ONCE 8
/* More than all buffers on its way, which have a limit here. */
#define SLOW_BYTES MIB
#define SLOW_PATH "/down/1048576"
#define TCP_SEND_BUFFER "/proc/sys/net/ipv4/tcp_wmem"
#define TCP_RECEIVE_BUFFER "/proc/sys/net/ipv4/tcp_rmem"
#define TCP_BUFFER "4096 65536 131072"
#define FAST_BYTES MIB
#define FAST_PATH "/down/1048576"
/* 1 KiB per second. */
#define SLOW_PIECE 128
#define SLOW_PERIOD_NS 125000000
#define SLOW_SECONDS 4

FIXTURE(flow) {
	struct machine machine;
	struct process helper;
};

FIXTURE_VARIANT(flow) {
	enum way way;
};

FIXTURE_VARIANT_ADD(flow, nodes) {
	.way = WAY_NODE,
};

FIXTURE_VARIANT_ADD(flow, tcp) {
	.way = WAY_TCP,
};

static int set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = write_all(fd, value, strlen(value));

	close(fd);
	return err;
}

FIXTURE_SETUP(flow)
{
	ASSERT_EQ(0, set(TCP_SEND_BUFFER, TCP_BUFFER));
	ASSERT_EQ(0, set(TCP_RECEIVE_BUFFER, TCP_BUFFER));
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
}

FIXTURE_TEARDOWN(flow)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* ---- A slow reader ---- */

/**
 * struct slow_reader - reads at 1 KiB per second, in a thread of its own
 * @fd: the connection
 * @timer: expires for each piece
 * @stop: readable when it is to stop
 * @data: what it has read
 * @len: how much
 * @err: negative errno
 */
struct slow_reader {
	pthread_t thread;
	int fd;
	int timer;
	int stop[2];
	char *data;
	size_t len;
	int err;
};

static void *read_slowly(void *arg)
{
	struct slow_reader *r = arg;
	uint64_t periods;
	ssize_t n;

	while (fd_wait(r->stop[0], POLLIN, 0) == 0 && !r->err) {
		if (read(r->timer, &periods, sizeof(periods)) < 0) {
			r->err = -errno;
			break;
		}
		n = read_all(r->fd, r->data + r->len, periods * SLOW_PIECE);
		if (n != (ssize_t)periods * SLOW_PIECE)
			r->err = n < 0 ? n : -EPIPE;
		else
			r->len += n;
	}
	return NULL;
}

static int slow_start(struct slow_reader *r, enum way way)
{
	static const struct itimerspec period = {
		.it_interval.tv_nsec = SLOW_PERIOD_NS,
		.it_value.tv_nsec = SLOW_PERIOD_NS,
	};
	struct http_answer answer;

	r->fd = way_open(way);
	r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	r->data = malloc(SLOW_BYTES);
	r->len = 0;
	r->err = 0;
	if (!r->data || pipe2(r->stop, O_CLOEXEC) ||
	    http_send(r->fd, SLOW_PATH, true, NULL, 0) ||
	    http_receive_head(r->fd, &answer) || answer.len != SLOW_BYTES ||
	    timerfd_settime(r->timer, 0, &period, NULL))
		return -1;
	return pthread_create(&r->thread, NULL, read_slowly, r);
}

static int slow_stop(struct slow_reader *r)
{
	if (write(r->stop[1], "x", 1) != 1)
		return -errno;
	pthread_join(r->thread, NULL);
	return r->err;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Seconds that the download took, or a negative errno; @bytes counts on. */
static double fast_download(int fd, struct http_answer *answer, int64_t *bytes)
{
	double start = now();
	int err = http_get(fd, FAST_PATH, true, answer);

	if (!err && answer->len != FAST_BYTES)
		err = -EPROTO;
	*bytes += answer->head_len + answer->len;
	return err ? err : now() - start;
}

/* The time of the fastest of some downloads, for so many seconds at least. */
static double best_download(int fd, double seconds, int64_t *bytes)
{
	double end = now() + seconds, best = 0, took;
	struct http_answer answer;

	do {
		took = fast_download(fd, &answer, bytes);
		http_free(&answer);
		if (took < 0)
			return took;
		if (!best || took < best)
			best = took;
	} while (now() < end);
	return best;
}

TEST_F(flow, a_reader_at_1_kib_per_second_gets_all_and_slows_nobody)
{
	double before, beside, after, start;
	struct slow_reader slow = { 0 };
	struct http_answer answer;
	int fast = way_open(variant->way);
	int64_t bytes = 0;
	ssize_t rest;

	ASSERT_LE(0, fast);
	before = best_download(fast, SLOW_SECONDS, &bytes);
	ASSERT_LT(0, before);
	ASSERT_EQ(0, slow_start(&slow, variant->way));
	start = now();
	beside = best_download(fast, SLOW_SECONDS, &bytes);
	ASSERT_LT(0, beside);
	ASSERT_EQ(0, slow_stop(&slow));
	EXPECT_LE(1024 * (SLOW_SECONDS - 1), slow.len);
	EXPECT_GE(1024 * (now() - start + 1), slow.len);
	/* AMT had to wait: it cannot have sent the rest to some buffer. */
	EXPECT_GT(bytes + SLOW_BYTES, sim_stat("bytes_to_host"));

	rest = SLOW_BYTES - slow.len;
	ASSERT_EQ(rest, read_all(slow.fd, slow.data + slow.len, rest));
	ASSERT_EQ(0, http_get(fast, SLOW_PATH, true, &answer));
	EXPECT_EQ(0, memcmp(answer.body, slow.data, SLOW_BYTES));
	http_free(&answer);
	free(slow.data);
	close(slow.fd);

	/* The machine under the VM has its moods. */
	after = best_download(fast, SLOW_SECONDS, &bytes);
	say("%zu bytes read slowly; the other: %.3f s, alone %.3f and %.3f s",
	    slow.len, beside, before, after);
	EXPECT_GT(2 * (before > after ? before : after), beside);
	close(fast);
}

/* ---- A byte at a time ---- */

FIXTURE(byte) {
	struct machine machine;
	struct process helper;
};

FIXTURE_VARIANT(byte) {
	enum way way;
};

FIXTURE_VARIANT_ADD(byte, nodes) {
	.way = WAY_NODE,
};

FIXTURE_VARIANT_ADD(byte, tcp) {
	.way = WAY_TCP,
};

FIXTURE_SETUP(byte)
{
	ASSERT_EQ(0, machine_start(&self->machine, (const char *const[]){
				   "--window", "1", NULL }));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
}

FIXTURE_TEARDOWN(byte)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* Neither side may ever have more than a byte on its way. */
TEST_F(byte, windows_of_one_byte_carry_all_bytes_both_ways)
{
	struct http_answer down, up, whole;
	char hex[65];
	int fd = way_open(variant->way);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_get(fd, "/down/2000", false, &whole));
	ASSERT_EQ(2000, whole.len);
	close(fd);
	ASSERT_EQ(0, set(WINDOW_PARAMETER, "1"));
	fd = way_open(variant->way);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_get(fd, "/down/2000", true, &down));
	ASSERT_EQ(2000, down.len);
	EXPECT_EQ(0, memcmp(whole.body, down.body, 2000));
	ASSERT_EQ(0, http_send(fd, "/up", true, down.body, 2000));
	ASSERT_EQ(0, http_receive(fd, &up));
	ASSERT_EQ(0, sha256(down.body, 2000, hex));
	EXPECT_EQ(0, strncmp(hex, up.body, 64))
		TH_LOG("AMT: %s, here: %s", up.body, hex);
	http_free(&down);
	http_free(&up);
	http_free(&whole);
	close(fd);
}

/* ---- Half-close ---- */

TEST_F(flow, eight_clients_that_half_close_all_get_their_answers)
{
	struct http_answer answer[CHANNELS_AT_ONCE];
	int fd[CHANNELS_AT_ONCE];
	char hex[65], byte;

	for (int i = 0; i < CHANNELS_AT_ONCE; i++) {
		fd[i] = way_open(variant->way);
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_EQ(0, http_get(fd[0], "/down/100000", true, &answer[0]));
	ASSERT_EQ(0, sha256(answer[0].body, 100000, hex));
	for (int i = 1; i < CHANNELS_AT_ONCE; i++) {
		ASSERT_EQ(0, http_send(fd[i], i % 2 ? "/up" : "/down/100000",
				       true, i % 2 ? answer[0].body : NULL,
				       i % 2 ? 100000 : 0));
		ASSERT_EQ(0, way_half_close(variant->way, fd[i]));
	}
	for (int i = 1; i < CHANNELS_AT_ONCE; i++) {
		ASSERT_EQ(0, http_receive(fd[i], &answer[i]))
			TH_LOG("client %d", i);
		EXPECT_EQ(0, memcmp(i % 2 ? hex : answer[0].body,
				    answer[i].body, i % 2 ? 64 : 100000))
			TH_LOG("client %d", i);
		EXPECT_EQ(0, read(fd[i], &byte, 1));
		http_free(&answer[i]);
		close(fd[i]);
	}
	http_free(&answer[0]);
	close(fd[0]);
}

TEST_HARNESS_MAIN
