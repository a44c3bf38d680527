// SPDX-License-Identifier: GPL-2.0-only
/*
 * Megabytes through one channel and through all of AMT's at once, by nodes and
 * by TCP, arrive as they were sent. AMT_LME_MIB in the environment says how
 * many MiB go through each channel; without it 16 go through all together.
 */
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <time.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define CHANNELS_AT_ONCE 8
#define TOGETHER (16ul * MIB)
/* For 128 MiB on two emulated CPUs. */
#define TRANSFER_SECONDS 1200
/* From one channel's data to the next one's. */
#define STRIDE 4099

/**
 * struct transfer - one stream, in a thread of its own
 * @fd: the connection
 * @data: what goes up
 * @len: how much goes up or down
 * @hex: SHA-256 of what came down, or of what AMT says that it got
 * @err: negative errno
 */
struct transfer {
	pthread_t thread;
	int fd;
	const char *data;
	size_t len;
	char hex[65];
	int err;
};

FIXTURE(transfer) {
	struct machine machine;
	struct process helper;
	struct transfer transfers[CHANNELS_AT_ONCE];
	size_t len;
};

FIXTURE_VARIANT(transfer) {
	enum way way;
	int channels;
};

FIXTURE_VARIANT_ADD(transfer, one_node) {
	.way = WAY_NODE,
	.channels = 1,
};

FIXTURE_VARIANT_ADD(transfer, eight_nodes) {
	.way = WAY_NODE,
	.channels = CHANNELS_AT_ONCE,
};

FIXTURE_VARIANT_ADD(transfer, one_tcp_client) {
	.way = WAY_TCP,
	.channels = 1,
};

FIXTURE_VARIANT_ADD(transfer, eight_tcp_clients) {
	.way = WAY_TCP,
	.channels = CHANNELS_AT_ONCE,
};

static size_t bytes_of_each(int channels)
{
	const char *mib = getenv("AMT_LME_MIB");

	return mib ? strtoul(mib, NULL, 10) * MIB : TOGETHER / channels;
}

FIXTURE_SETUP(transfer)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	self->len = bytes_of_each(variant->channels);
	for (int i = 0; i < variant->channels; i++) {
		self->transfers[i].len = self->len;
		self->transfers[i].fd = way_open(variant->way);
		ASSERT_LE(0, self->transfers[i].fd);
		ASSERT_EQ(0, channel_works(self->transfers[i].fd));
	}
}

FIXTURE_TEARDOWN(transfer)
{
	for (int i = 0; i < variant->channels; i++)
		close(self->transfers[i].fd);
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

static void put_hex(gnutls_hash_hd_t hash, char hex[65])
{
	unsigned char digest[32];

	gnutls_hash_deinit(hash, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
}

static int hash_of(const char *data, size_t len, char hex[65])
{
	gnutls_hash_hd_t hash;

	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0 ||
	    gnutls_hash(hash, data, len) < 0)
		return -ENOMEM;
	put_hex(hash, hex);
	return 0;
}

/* Reads @len bytes and hashes them; the bytes that came before an error. */
static size_t hash_stream(int fd, size_t len, gnutls_hash_hd_t hash)
{
	char block[65536];
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, block, len - done < sizeof(block) ? len - done :
							       sizeof(block));
		if (n <= 0)
			break;
		gnutls_hash(hash, block, n);
		done += n;
	}
	return done;
}

static int download(struct transfer *t)
{
	struct http_answer answer;
	gnutls_hash_hd_t hash;
	char path[32];
	size_t done;
	int err;

	snprintf(path, sizeof(path), "/down/%zu", t->len);
	err = http_send(t->fd, path, true, NULL, 0);
	if (!err)
		err = http_receive_head(t->fd, &answer);
	if (!err && (size_t)answer.len != t->len)
		err = -EPROTO;
	if (!err && gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0)
		err = -ENOMEM;
	if (err)
		return err;
	done = hash_stream(t->fd, t->len, hash);
	put_hex(hash, t->hex);
	if (done == t->len)
		return 0;
	say("%zu of %zu bytes came down", done, t->len);
	return -EPIPE;
}

static void *run_download(void *arg)
{
	struct transfer *t = arg;

	t->err = download(t);
	return NULL;
}

static void *run_upload(void *arg)
{
	struct transfer *t = arg;
	struct http_answer answer = { 0 };

	t->err = http_send(t->fd, "/up", true, t->data, t->len);
	if (!t->err)
		t->err = http_receive(t->fd, &answer);
	if (!t->err)
		snprintf(t->hex, sizeof(t->hex), "%.64s", answer.body);
	http_free(&answer);
	return NULL;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* All at once; says how long it took. */
static void run_all(struct transfer *t, int channels, void *(*run)(void *))
{
	double start = now();

	for (int i = 0; i < channels; i++)
		t[i].err = -pthread_create(&t[i].thread, NULL, run, &t[i]);
	for (int i = 0; i < channels; i++)
		if (t[i].thread)
			pthread_join(t[i].thread, NULL);
	start = now() - start;
	say("%d x %zu bytes: %.1f s, %.2f MB/s", channels, t->len, start,
	    channels * t->len / start / 1e6);
}

TEST_F_TIMEOUT(transfer, down_is_what_amt_hashed, TRANSFER_SECONDS)
{
	struct http_answer answer;
	char path[64];

	EXPECT_EQ(variant->channels, sim_stat("channels_open"));
	run_all(self->transfers, variant->channels, run_download);
	snprintf(path, sizeof(path), "/down/%zu/sha256", self->len);
	ASSERT_EQ(0, http_get(self->transfers[0].fd, path, true, &answer));
	for (int i = 0; i < variant->channels; i++) {
		EXPECT_EQ(0, self->transfers[i].err);
		EXPECT_EQ(0, strncmp(self->transfers[i].hex, answer.body, 64))
			TH_LOG("channel %d: AMT: %s, here: %s", i, answer.body,
			       self->transfers[i].hex);
	}
	http_free(&answer);
}

/* Different bytes through each, so that none can stand for another's. */
TEST_F_TIMEOUT(transfer, up_is_what_amt_hashes, TRANSFER_SECONDS)
{
	size_t size = self->len + (variant->channels - 1) * STRIDE;
	char *data = malloc(size + sizeof(int));
	char hex[65];

	ASSERT_NE(NULL, data);
	srandom(1);
	for (size_t i = 0; i < size; i += sizeof(int))
		*(int *)(data + i) = random();
	for (int i = 0; i < variant->channels; i++)
		self->transfers[i].data = data + i * STRIDE;
	EXPECT_EQ(variant->channels, sim_stat("channels_open"));
	run_all(self->transfers, variant->channels, run_upload);
	for (int i = 0; i < variant->channels; i++) {
		EXPECT_EQ(0, self->transfers[i].err);
		ASSERT_EQ(0, hash_of(self->transfers[i].data, self->len, hex));
		EXPECT_STREQ(hex, self->transfers[i].hex)
			TH_LOG("channel %d", i);
	}
	free(data);
}

TEST_HARNESS_MAIN
