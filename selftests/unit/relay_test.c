// SPDX-License-Identifier: GPL-2.0-only
/*
 * The relay of amt-helper between a real TCP client and a socket pair that
 * stands for the channel to AMT.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "helper/serve/relay.h"

/* Far more than all buffers on the way hold. */
#define LONG_STREAM (8 << 20)

/* A quiet relay wakes up never; a few last steps are no endless loop. */
#define MANY_STEPS 1000

/* The loop has nothing to do for so long: what is awaited will not come. */
#define STUCK_USEC 10000000

static int half_closes;

static void half_close(int channel)
{
	half_closes++;
	shutdown(channel, SHUT_WR);
}

struct outcome {
	int calls;
	struct relay_end end;
};

static void done(void *arg, const struct relay_end *end)
{
	struct outcome *outcome = arg;

	outcome->calls++;
	outcome->end = *end;
}

static const struct relay_ops ops = {
	.half_close = half_close,
	.done = done,
};

static int set_nonblocking(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/*
 * A connected TCP pair on loopback: fds[0] the client, fds[1] our side. Small
 * buffers, so that much is left to send when it comes to the end, and small
 * segments, because TCP waits before it fills less than one.
 */
static int tcp_pair(int fds[2])
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (set(fds[0], SOL_SOCKET, SO_RCVBUF, 4096) < 0 ||
	    set(fds[0], IPPROTO_TCP, TCP_MAXSEG, 1000) < 0 ||
	    set(listener, SOL_SOCKET, SO_SNDBUF, 16384) < 0 ||
	    bind(listener, (struct sockaddr *)&address, length) < 0 ||
	    listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) < 0 ||
	    connect(fds[0], (struct sockaddr *)&address, length) < 0)
		return -1;
	fds[1] = accept(listener, NULL, NULL);
	close(listener);
	return fds[1] < 0 ? -1 : 0;
}

static unsigned char pattern(size_t position)
{
	return (position * 2654435761u) >> 13;
}

/* Write the stream from @position on, as much as fits; how far it came. */
static size_t write_stream(int fd, size_t position, size_t end)
{
	unsigned char data[4096];

	while (position < end) {
		size_t n = end - position < sizeof(data) ? end - position :
							   sizeof(data);
		ssize_t written;

		for (size_t i = 0; i < n; i++)
			data[i] = pattern(position + i);
		written = send(fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (written < 0)
			break;
		position += written;
	}
	return position;
}

/*
 * Read the stream from *@position on, at most @limit bytes. Returns the last
 * result of recv() as 0 or -errno, -EBADMSG for a byte that is not right, and
 * 1 when the limit is reached.
 */
static int read_stream(int fd, size_t *position, size_t limit)
{
	unsigned char data[4096];

	while (limit > 0) {
		size_t want = limit < sizeof(data) ? limit : sizeof(data);
		ssize_t n = recv(fd, data, want, MSG_DONTWAIT);

		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (ssize_t i = 0; i < n; i++)
			if (data[i] != pattern((*position)++))
				return -EBADMSG;
		limit -= n;
	}
	return 1;
}

FIXTURE(relay)
{
	sd_event *event;
	int client; /* the TCP client */
	int amt; /* the far end of the channel */
	int relay_client; /* these two belong to the relay */
	int relay_channel;
	ino_t inodes[2]; /* of these two: numbers are used again */
	struct relay *relay;
	struct outcome outcome;
};

static ino_t inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

FIXTURE_SETUP(relay)
{
	int tcp[2], channel[2];

	signal(SIGPIPE, SIG_IGN);
	half_closes = 0;
	ASSERT_LE(0, sd_event_new(&self->event));
	ASSERT_EQ(0, tcp_pair(tcp));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, channel));
	self->client = tcp[0];
	self->relay_client = tcp[1];
	self->relay_channel = channel[0];
	self->amt = channel[1];
	self->inodes[0] = inode(self->relay_client);
	self->inodes[1] = inode(self->relay_channel);
	ASSERT_EQ(0, set_nonblocking(self->relay_client));
	ASSERT_EQ(0, set_nonblocking(self->relay_channel));
	ASSERT_EQ(0, relay_new(&self->relay, self->event, self->relay_client,
			       self->relay_client, self->relay_channel, &ops,
			       &self->outcome));
}

FIXTURE_TEARDOWN(relay)
{
	relay_free(self->relay);
	/* Whatever happened, the relay closed both of its descriptors. */
	EXPECT_NE(self->inodes[0], inode(self->relay_client));
	EXPECT_NE(self->inodes[1], inode(self->relay_channel));
	EXPECT_GE(1, self->outcome.calls);
	sd_event_unref(self->event);
	if (self->client >= 0)
		close(self->client);
	if (self->amt >= 0)
		close(self->amt);
}

/* Run until nothing is to be done; false if it never comes to rest. */
static bool settle(FIXTURE_DATA(relay) *self)
{
	int steps = 0;

	while (sd_event_run(self->event, 0) > 0)
		if (++steps > MANY_STEPS)
			return false;
	return true;
}

/* Run until the relay is done; false if it gets stuck. */
static bool run_done(FIXTURE_DATA(relay) *self)
{
	while (self->outcome.calls == 0)
		if (sd_event_run(self->event, STUCK_USEC) <= 0)
			return false;
	return true;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents,
		       void *arg)
{
	bool *readable = arg;

	(void)source;
	(void)fd;
	(void)revents;
	*readable = true;
	return 0;
}

/* Run until @fd has something to read, an end or an error. */
static bool run_readable(FIXTURE_DATA(relay) *self, int fd)
{
	sd_event_source *source = NULL;
	bool readable = false;

	sd_event_add_io(self->event, &source, fd, EPOLLIN, on_readable,
			&readable);
	while (!readable)
		if (sd_event_run(self->event, STUCK_USEC) <= 0)
			break;
	sd_event_source_disable_unref(source);
	return readable;
}

static bool arrives(FIXTURE_DATA(relay) *self, int fd, const char *text)
{
	char got[64] = "";
	size_t length = strlen(text);
	size_t have = 0;

	while (have < length && run_readable(self, fd)) {
		ssize_t n = recv(fd, got + have, length - have, MSG_DONTWAIT);

		if (n <= 0)
			break;
		have += n;
	}
	return strcmp(got, text) == 0;
}

/* The next recv() on @fd: 0 at the end, -errno, or the number of bytes. */
static int next(FIXTURE_DATA(relay) *self, int fd)
{
	char byte;
	ssize_t n;

	if (!run_readable(self, fd))
		return -ETIME;
	n = recv(fd, &byte, 1, MSG_DONTWAIT);
	return n < 0 ? -errno : (int)n;
}

static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		abort();
}

/* Close so that TCP sends a reset. */
static void vanish(FIXTURE_DATA(relay) *self)
{
	const struct linger reset = { .l_onoff = 1 };

	setsockopt(self->client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(self->client);
	self->client = -1;
}

/* The channel breaks: on a socket pair, a close with bytes unread does it. */
static void break_channel(FIXTURE_DATA(relay) *self)
{
	close(self->amt);
	self->amt = -1;
}

TEST_F(relay, bytes_go_both_ways)
{
	say(self->client, "question");
	EXPECT_TRUE(arrives(self, self->amt, "question"));
	say(self->amt, "answer");
	EXPECT_TRUE(arrives(self, self->client, "answer"));
	EXPECT_TRUE(settle(self));
	EXPECT_EQ(0, self->outcome.calls);
}

TEST_F(relay, client_is_not_read_before_the_channel_is_open)
{
	char junk[4096] = { 0 };
	int unread = 0;

	while (write(self->relay_channel, junk, sizeof(junk)) > 0)
		;
	say(self->client, "early");
	EXPECT_TRUE(settle(self));
	ASSERT_EQ(0, ioctl(self->relay_client, FIONREAD, &unread));
	EXPECT_EQ(5, unread);

	while (recv(self->amt, junk, sizeof(junk), MSG_DONTWAIT) > 0)
		;
	EXPECT_TRUE(arrives(self, self->amt, "early"));
}

TEST_F(relay, refused_channel_resets_the_client)
{
	ASSERT_EQ(1, write(self->relay_channel, "x", 1));
	break_channel(self);
	EXPECT_TRUE(run_done(self));
	EXPECT_FALSE(self->outcome.end.opened);
	EXPECT_EQ(ECONNRESET, self->outcome.end.error);
	EXPECT_EQ(-ECONNRESET, next(self, self->client));
}

TEST_F(relay, client_that_vanishes_early_closes_the_channel)
{
	char junk[4096] = { 0 };

	while (write(self->relay_channel, junk, sizeof(junk)) > 0)
		;
	EXPECT_TRUE(settle(self));
	vanish(self);
	EXPECT_TRUE(run_done(self));
	EXPECT_EQ(0, self->outcome.end.error);
	while (recv(self->amt, junk, sizeof(junk), MSG_DONTWAIT) > 0)
		;
	EXPECT_EQ(0, next(self, self->amt));
}

TEST_F(relay, half_closed_client_gets_its_answer)
{
	say(self->client, "question");
	shutdown(self->client, SHUT_WR);
	EXPECT_TRUE(arrives(self, self->amt, "question"));
	EXPECT_EQ(0, next(self, self->amt));
	EXPECT_EQ(1, half_closes);
	EXPECT_TRUE(settle(self));

	say(self->amt, "answer");
	break_channel(self);
	EXPECT_TRUE(arrives(self, self->client, "answer"));
	EXPECT_EQ(0, next(self, self->client));
	EXPECT_TRUE(run_done(self));
	EXPECT_EQ(0, self->outcome.end.error);
	EXPECT_TRUE(self->outcome.end.opened);
	EXPECT_EQ(1, half_closes);
}

TEST_F(relay, half_close_waits_for_all_bytes)
{
	char junk[4096] = { 0 };

	EXPECT_TRUE(settle(self));
	while (write(self->relay_channel, junk, sizeof(junk)) > 0)
		;
	say(self->client, "question");
	shutdown(self->client, SHUT_WR);
	EXPECT_TRUE(settle(self));
	EXPECT_EQ(0, half_closes);
	while (recv(self->amt, junk, sizeof(junk), MSG_DONTWAIT) > 0)
		;
	EXPECT_TRUE(arrives(self, self->amt, "question"));
	EXPECT_EQ(0, next(self, self->amt));
	EXPECT_EQ(1, half_closes);
}

TEST_F(relay, long_streams_are_whole_both_ways)
{
	size_t up_sent = 0, down_sent = 0, up_got = 0, down_got = 0;

	while (up_got < LONG_STREAM || down_got < LONG_STREAM) {
		up_sent = write_stream(self->client, up_sent, LONG_STREAM);
		down_sent = write_stream(self->amt, down_sent, LONG_STREAM);
		ASSERT_LE(0, sd_event_run(self->event, 0));
		ASSERT_NE(-EBADMSG, read_stream(self->amt, &up_got, 65536));
		ASSERT_NE(-EBADMSG, read_stream(self->client, &down_got, 65536));
	}
	EXPECT_TRUE(settle(self));
	EXPECT_EQ(0, self->outcome.calls);
}

/* Give the relay all it takes while nobody reads; how much that is. */
static size_t stall(FIXTURE_DATA(relay) *self, int from)
{
	size_t sent = 0;

	for (;;) {
		size_t now = write_stream(from, sent, LONG_STREAM);

		if (!settle(self))
			return 0;
		if (now == sent)
			return sent;
		sent = now;
	}
}

TEST_F(relay, slow_client_stops_amt_and_loses_nothing)
{
	size_t sent = stall(self, self->amt);
	size_t got = 0;

	EXPECT_LT(RELAY_BUFFER_SIZE, sent);
	EXPECT_GT(LONG_STREAM, sent);
	while (got < LONG_STREAM) {
		ASSERT_NE(-EBADMSG, read_stream(self->client, &got, 1000));
		ASSERT_LE(0, sd_event_run(self->event, 0));
		sent = write_stream(self->amt, sent, LONG_STREAM);
	}
}

TEST_F(relay, stalled_relay_sleeps_when_amt_closes)
{
	size_t sent = stall(self, self->amt);
	size_t got = 0;

	break_channel(self);
	EXPECT_TRUE(settle(self));
	while (read_stream(self->client, &got, 1000) != 0)
		ASSERT_TRUE(run_readable(self, self->client));
	EXPECT_EQ(sent, got);
	EXPECT_EQ(0, self->outcome.end.error);
}

TEST_F(relay, lost_channel_gives_what_came_then_a_reset)
{
	say(self->client, "question");
	EXPECT_TRUE(run_readable(self, self->amt));
	say(self->amt, "half an ans");
	break_channel(self);
	EXPECT_TRUE(run_done(self));
	EXPECT_TRUE(self->outcome.end.opened);
	EXPECT_EQ(ECONNRESET, self->outcome.end.error);
	EXPECT_TRUE(arrives(self, self->client, "half an ans"));
	EXPECT_EQ(-ECONNRESET, next(self, self->client));
}

/* The client reads all that AMT sent, slowly, and then sees a reset. */
static int read_slowly(FIXTURE_DATA(relay) *self, size_t *got)
{
	int ret;

	do {
		if (!run_readable(self, self->client))
			return -ETIME;
		ret = read_stream(self->client, got, 1000);
	} while (ret > 0 || ret == -EAGAIN);
	return ret;
}

TEST_F(relay, lost_channel_gives_a_slow_client_all_that_came)
{
	size_t sent, got = 0;

	say(self->client, "question");
	EXPECT_TRUE(run_readable(self, self->amt));
	sent = stall(self, self->amt);
	break_channel(self);
	EXPECT_TRUE(settle(self));
	EXPECT_EQ(-ECONNRESET, read_slowly(self, &got));
	EXPECT_EQ(sent, got);
}

/* Bytes that are in TCP, on either side, and not in the relay. */
static size_t in_tcp(FIXTURE_DATA(relay) *self)
{
	int unacknowledged = 0, unread = 0;

	ioctl(self->relay_client, TIOCOUTQ, &unacknowledged);
	ioctl(self->client, FIONREAD, &unread);
	return unacknowledged + unread;
}

TEST_F(relay, lost_channel_gives_what_the_relay_still_has)
{
	size_t sent = 0, got = 0;

	say(self->client, "question");
	EXPECT_TRUE(run_readable(self, self->amt));
	do {
		sent = write_stream(self->amt, sent,
				    sent + RELAY_BUFFER_SIZE / 2 + 1);
		ASSERT_TRUE(settle(self));
	} while (in_tcp(self) >= sent);
	break_channel(self);
	EXPECT_TRUE(settle(self));
	EXPECT_EQ(-ECONNRESET, read_slowly(self, &got));
	EXPECT_EQ(sent, got);
}

TEST_F(relay, channel_lost_while_both_sides_stall)
{
	size_t sent, got = 0;

	EXPECT_LT(0, stall(self, self->client));
	sent = stall(self, self->amt);
	break_channel(self);
	EXPECT_TRUE(settle(self));
	EXPECT_EQ(-ECONNRESET, read_slowly(self, &got));
	EXPECT_EQ(sent, got);
}

TEST_F(relay, vanished_client_closes_the_channel)
{
	say(self->client, "question");
	EXPECT_TRUE(arrives(self, self->amt, "question"));
	vanish(self);
	EXPECT_TRUE(run_done(self));
	EXPECT_EQ(0, self->outcome.end.error);
	EXPECT_EQ(0, next(self, self->amt));
	EXPECT_EQ(0, half_closes);
}

TEST_F(relay, vanished_slow_client_closes_the_channel)
{
	EXPECT_LT(0, stall(self, self->amt));
	vanish(self);
	EXPECT_TRUE(run_done(self));
	EXPECT_EQ(0, self->outcome.end.error);
}

TEST_F(relay, client_that_still_sends_gets_the_answer)
{
	EXPECT_LT(0, stall(self, self->client));
	say(self->amt, "no");
	shutdown(self->amt, SHUT_RDWR);
	EXPECT_TRUE(arrives(self, self->client, "no"));
	EXPECT_EQ(0, next(self, self->client));
	EXPECT_TRUE(settle(self));
	say(self->client, "still sending");
	EXPECT_TRUE(settle(self));
	EXPECT_EQ(0, self->outcome.calls);
	EXPECT_EQ(0, next(self, self->client)); /* and no reset */
	close(self->client);
	self->client = -1;
	EXPECT_TRUE(run_done(self));
	EXPECT_EQ(0, self->outcome.end.error);
}

TEST_F(relay, client_that_never_hangs_up_is_closed)
{
	uint64_t start, end;

	EXPECT_TRUE(settle(self));
	sd_event_now(self->event, CLOCK_MONOTONIC, &start);
	break_channel(self);
	EXPECT_EQ(0, next(self, self->client));
	EXPECT_EQ(0, self->outcome.calls);
	EXPECT_TRUE(run_done(self));
	sd_event_now(self->event, CLOCK_MONOTONIC, &end);
	EXPECT_LE(RELAY_LINGER_USEC, end - start);
	EXPECT_EQ(0, self->outcome.end.error);
}

/* A program's stdin and stdout in place of a socket. */
FIXTURE(stdio) {
	sd_event *event;
	struct relay *relay;
	struct outcome outcome;
	int amt;
	int channel;
};

FIXTURE_SETUP(stdio)
{
	int channel[2];

	signal(SIGPIPE, SIG_IGN);
	half_closes = 0;
	ASSERT_LE(0, sd_event_new(&self->event));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
				channel));
	self->amt = channel[0];
	self->channel = channel[1];
}

FIXTURE_TEARDOWN(stdio)
{
	relay_free(self->relay);
	sd_event_unref(self->event);
	close(self->amt);
}

/* How many steps until there is nothing to do, or MANY_STEPS. */
static int steps_to_rest(sd_event *event)
{
	int steps = 0;

	while (steps < MANY_STEPS && sd_event_run(event, 0) > 0)
		steps++;
	return steps;
}

TEST_F(stdio, files_are_relayed_to_their_end)
{
	int in = memfd_create("in", 0), out = memfd_create("out", 0);
	int kept = dup(out);
	char text[64] = "";

	ASSERT_EQ(8, pwrite(in, "question", 8, 0));
	ASSERT_EQ(0, relay_new(&self->relay, self->event, in, out,
			       self->channel, &ops, &self->outcome));
	EXPECT_GT(MANY_STEPS, steps_to_rest(self->event));
	EXPECT_EQ(8, read(self->amt, text, sizeof(text)));
	EXPECT_EQ(0, read(self->amt, text, sizeof(text)));
	EXPECT_EQ(1, half_closes);
	say(self->amt, "answer");
	EXPECT_GT(MANY_STEPS, steps_to_rest(self->event));
	EXPECT_EQ(0, self->outcome.calls);
	shutdown(self->amt, SHUT_WR);
	EXPECT_GT(MANY_STEPS, steps_to_rest(self->event));
	EXPECT_EQ(1, self->outcome.calls);
	EXPECT_EQ(0, self->outcome.end.error);
	EXPECT_EQ(6, pread(kept, text, sizeof(text), 0));
	EXPECT_EQ(0, strncmp(text, "answer", 6));
	close(kept);
}

TEST_F(stdio, an_ended_pipe_and_a_quiet_amt_cost_nothing)
{
	int in[2], out[2];

	ASSERT_EQ(0, pipe2(in, O_NONBLOCK));
	ASSERT_EQ(0, pipe2(out, O_NONBLOCK));
	close(in[1]);
	ASSERT_EQ(0, relay_new(&self->relay, self->event, in[0], out[1],
			       self->channel, &ops, &self->outcome));
	EXPECT_GT(MANY_STEPS, steps_to_rest(self->event));
	EXPECT_EQ(1, half_closes);
	EXPECT_EQ(0, self->outcome.calls);
	close(out[0]); /* nobody will read the answer */
	EXPECT_GT(MANY_STEPS, steps_to_rest(self->event));
	EXPECT_EQ(1, self->outcome.calls);
	EXPECT_EQ(0, self->outcome.end.error);
}

TEST_F(stdio, a_full_disk_is_reported)
{
	int in = open("/dev/null", O_RDONLY), out = open("/dev/full", O_WRONLY);

	ASSERT_EQ(0, relay_new(&self->relay, self->event, in, out,
			       self->channel, &ops, &self->outcome));
	say(self->amt, "answer");
	EXPECT_GT(MANY_STEPS, steps_to_rest(self->event));
	EXPECT_EQ(1, self->outcome.calls);
	EXPECT_EQ(ENOSPC, self->outcome.end.client_error);
}

TEST_HARNESS_MAIN
