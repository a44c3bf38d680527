// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of a channel as AMT sees them: windows and credit, who sends next,
 * how it ends. Documentation/protocol.rst, "Channels", "Windows", "Closing".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>

#include "kselftest_harness.h"
#include "testlib.h"

/* Each test's first channel has the number 1 here and 0 at AMT. */
#define OURS "00000001"
#define AMTS "00000000"
#define OPEN "5A0000000F"
#define WINDOW 4096
#define SMALL_MESSAGE 512
#define DATA_HEADER 9
/* Messages that may be on their way before a suspended AMT takes none. */
#define UNDER_WAY 3

FIXTURE(channel) {
	struct machine machine;
	struct result r;
	int ctl;
};

FIXTURE_SETUP(channel)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, node_wait(623));
	ASSERT_EQ(0, sim_command("trace"));
}

/* Without the module, whose counters each test has judged with blame(). */
FIXTURE_TEARDOWN(channel)
{
	close(self->ctl);
	EXPECT_EQ(0, module_unload("amt_lme"));
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* A field of CHANNEL_OPEN: behind its type, and the type's name. */
static long open_field(const char *text, unsigned int index)
{
	const char *open = strstr(text, OPEN);
	char digits[9] = "";

	if (!open)
		return -1;
	memcpy(digits, open + 2 * (5 + 15) + 8 * index, 8);
	return strtol(digits, NULL, 16);
}

/* Waits for the next CHANNEL_OPEN. */
static long opened_id(struct result *r)
{
	return sim_ask(r, "trace " OPEN) ? -1 : open_field(r->text, 0);
}

static long opened_window(struct result *r)
{
	return sim_ask(r, "trace " OPEN) ? -1 : open_field(r->text, 1);
}

TEST_F(channel, ids_count_up_and_are_never_used_twice)
{
	int fd;

	for (long id = 1; id <= 3; id++) {
		fd = node_open(HTTP_PORT, 0);
		ASSERT_LE(0, fd);
		EXPECT_EQ(id, opened_id(&self->r));
		if (id < 3)
			close(fd);
	}
	ASSERT_EQ(0, sim_command("reset"));
	ASSERT_EQ(POLLERR, fd_wait(fd, 0, WAIT_MS) & POLLERR);
	close(fd);
	fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(4, opened_id(&self->r));
	close(fd);
	EXPECT_EQ(0, blame("none", 0));
}

/* ---- Windows ---- */

TEST_F(channel, its_window_is_that_of_the_link_the_parameter_or_connect)
{
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(WINDOW - DATA_HEADER, opened_window(&self->r));
	close(fd);
	ASSERT_EQ(0, run(&self->r, "sh", "-c",
			 "echo 2000 >/sys/module/amt_lme/parameters/window"));
	fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(2000, opened_window(&self->r));
	close(fd);
	fd = ctl_connect(self->ctl, HTTP_PORT, 0, 30000);
	ASSERT_LE(0, fd);
	EXPECT_EQ(30000, opened_window(&self->r));
	close(fd);
}

TEST_F(channel, credit_is_for_half_a_window_or_an_empty_buffer)
{
	char data[16];
	int fd = ctl_connect(self->ctl, HTTP_PORT, 0, 16);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("trace"));
	EXPECT_STREQ("", reaction(&self->r, "5E" OURS "0000000C"
				  "4142434445464748494A4B4C"));
	EXPECT_EQ(7, read(fd, data, 7));
	/* Twice: answers to AMT go out before credit. */
	EXPECT_STREQ("", reaction(&self->r, "FF"));
	EXPECT_STREQ("", reaction(&self->r, "FF"));
	EXPECT_EQ(1, read(fd, data, 1));
	ASSERT_EQ(0, sim_ask(&self->r, "trace 5D"));
	EXPECT_STREQ("5D" AMTS "00000008\n", self->r.text);
	EXPECT_EQ(3, read(fd, data, 3));
	EXPECT_EQ(1, read(fd, data, 1));
	ASSERT_EQ(0, sim_ask(&self->r, "trace 5D"));
	EXPECT_STREQ("5D" AMTS "00000004\n", self->r.text);
	EXPECT_EQ(0, blame("rx_unknown_type", 2));
	close(fd);
}

TEST_F(channel, credit_that_waits_to_be_sent_is_one_message)
{
	static const char data[WINDOW - DATA_HEADER];
	char bytes[16];
	int fd, other;

	SKIP_RELAYED("what carries the link takes one message more");
	fd = ctl_connect(self->ctl, HTTP_PORT, 0, 16);
	other = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, sim_command("trace"));
	EXPECT_STREQ("", reaction(&self->r, "5E" OURS "00000010"
				  "4142434445464748494A4B4C4D4E4F50"));
	/* One message keeps the way to AMT busy while credit piles up. */
	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	ASSERT_EQ(0, write_all(other, data, sizeof(data)));
	ASSERT_EQ(POLLOUT, fd_wait(other, POLLOUT, WAIT_MS));
	for (size_t i = 0; i < sizeof(bytes); i++)
		EXPECT_EQ(1, read(fd, bytes, 1));
	kill(self->machine.sim.pid, SIGCONT);
	ASSERT_EQ(0, sim_ask(&self->r, "trace 5D"));
	EXPECT_NE(NULL, strstr(self->r.text, "5D" AMTS "00000010\n"))
		TH_LOG("%s", self->r.text);
	close(other);
	close(fd);
	EXPECT_EQ(0, blame("none", 0));
}

/* Lengths of the host's DATA, as their hex digits, one behind the other. */
static void data_lengths(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (; text && n + 9 < size; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, "5E", 2))
			continue;
		memcpy(out + n, text + 10, 8);
		n += 8;
	}
	out[n] = 0;
}

TEST_F(channel, small_messages_wait_for_credit_when_there_is_more_to_send)
{
	static const char data[WINDOW];
	char lengths[64];
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("trace"));
	/* One message is on its way, and leaves 96 bytes of AMT's window. */
	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	ASSERT_EQ(0, write_all(fd, data, WINDOW - 96));
	ASSERT_EQ(POLLOUT, fd_wait(fd, POLLOUT, WAIT_MS));
	ASSERT_EQ(0, write_all(fd, data, WINDOW));
	close(fd);
	kill(self->machine.sim.pid, SIGCONT);
	ASSERT_EQ(0, sim_ask(&self->r, "trace 61"));
	data_lengths(self->r.text, lengths, sizeof(lengths));
	EXPECT_STREQ("00000FA0" "00000FF7" "00000009", lengths);
	EXPECT_EQ(0, blame("none", 0));
}

/* ---- Memory ---- */

#define MANY 512

/* What each CPU has counted since the last sum is added to it. */
static int memory_counts_refresh(void)
{
	char byte;
	int fd = open("/proc/sys/vm/stat_refresh", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, &byte, 1);

	close(fd);
	return n < 0 ? -errno : 0;
}

/*
 * What kmalloc() has given, in bytes: no page that a program took or left
 * counts.
 */
static long kernel_memory(void)
{
	char text[2048] = "";
	const char *line;
	ssize_t n;
	int fd;

	if (memory_counts_refresh())
		return -1;
	fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	line = strstr(text, "SUnreclaim:");
	return n < 0 || !line ? -1 : 1024 * strtol(line + 11, NULL, 10);
}

/* What each of many channels takes; they wait for slots, but that is all one. */
static long memory_of_channel(int ctl, unsigned int window)
{
	struct rlimit files = { 2 * MANY, 2 * MANY };
	int fd[MANY];
	long before, after;

	if (setrlimit(RLIMIT_NOFILE, &files))
		return -errno;
	before = kernel_memory();
	for (int i = 0; i < MANY; i++) {
		fd[i] = ctl_connect(ctl, HTTP_PORT, AMT_LME_CONNECT_NONBLOCK,
				    window);
		if (fd[i] < 0)
			return fd[i];
	}
	after = kernel_memory();
	for (int i = 0; i < MANY; i++)
		close(fd[i]);
	return (after - before) / MANY;
}

TEST_F(channel, it_takes_its_window_one_message_and_at_most_2_kib)
{
	long bytes;

	if (access("/proc/allocinfo", F_OK) == 0 ||
	    access("/sys/kernel/debug/kmemleak", F_OK) == 0)
		SKIP(return, "this kernel takes memory to watch memory");
	bytes = memory_of_channel(self->ctl, 4 * WINDOW);
	/* What ended before the test may be freed meanwhile. */
	EXPECT_LT(4 * WINDOW - 512, bytes);
	EXPECT_GE(4 * WINDOW + 4096 + 2048, bytes);
	say("%ld bytes with a window of %d", bytes, 4 * WINDOW);
}

/* ---- Closing ---- */

/* Fills AMT's window and our buffer. */
static int fill(int fd)
{
	static const char data[2 * WINDOW];

	return write_all(fd, data, sizeof(data));
}

TEST_F(channel, after_amts_close_nothing_is_sent_but_the_answer)
{
	int fd = node_open(HTTP_PORT, 0);
	int unsent = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("mute adjust on"));
	ASSERT_EQ(0, fill(fd));
	ASSERT_EQ(0, ioctl(fd, TIOCOUTQ, &unsent));
	EXPECT_EQ(WINDOW, unsent);
	reaction(&self->r, "D000000042");
	EXPECT_STREQ("61" AMTS "\n", last_words(&self->r, "61" OURS, "61"));
	/* Credit comes too late. */
	EXPECT_STREQ("", reaction(&self->r, "5D" OURS "00001000"));
	EXPECT_EQ(-1, write(fd, "x", 1));
	EXPECT_EQ(EPIPE, errno);
	ASSERT_EQ(0, ioctl(fd, TIOCOUTQ, &unsent));
	EXPECT_EQ(0, unsent);
	close(fd);
	EXPECT_STREQ("D100000042\n", reaction(&self->r, "D000000042"));
	/* AMT takes our answer for a CLOSE of ours, and answers it. */
	EXPECT_EQ(0, blame("rx_unknown_channel", 2));
}

TEST_F(channel, after_amts_close_no_credit_is_given)
{
	char data[16];
	int fd = ctl_connect(self->ctl, HTTP_PORT, 0, 16);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("trace"));
	EXPECT_STREQ("", reaction(&self->r, "5E" OURS "0000000C"
				  "4142434445464748494A4B4C"));
	EXPECT_STREQ("61" AMTS "\n", last_words(&self->r, "61" OURS, "61"));
	EXPECT_EQ(12, read(fd, data, sizeof(data)));
	EXPECT_EQ(0, read(fd, data, sizeof(data)));
	EXPECT_STREQ("", reaction(&self->r, "FF"));
	EXPECT_STREQ("", reaction(&self->r, "FF"));
	close(fd);
}

TEST_F(channel, close_does_not_wait_and_unsent_bytes_are_dropped_after_5_s)
{
	long long start;
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("mute adjust on"));
	ASSERT_EQ(0, fill(fd));
	start = now_ms();
	close(fd);
	EXPECT_GT(4000, now_ms() - start);
	ASSERT_EQ(0, sim_command("trace 61"));
	EXPECT_LE(5000, now_ms() - start);
	EXPECT_EQ(WINDOW, sim_stat("bytes_from_host"));
	ASSERT_EQ(0, sim_command("mute adjust off"));
	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(0, blame("linger_dropped", 1));
}

TEST_F(channel, unsent_bytes_that_amt_takes_in_time_arrive_after_close)
{
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("mute adjust on"));
	ASSERT_EQ(0, fill(fd));
	close(fd);
	ASSERT_EQ(0, sim_command("mute adjust off"));
	ASSERT_EQ(0, sim_command("trace 61"));
	EXPECT_EQ(2 * WINDOW, sim_stat("bytes_from_host"));
	EXPECT_EQ(0, blame("none", 0));
}

/* ---- Openers that do not wait for AMT's answer ---- */

TEST_F(channel, an_open_times_out_after_20_s_and_a_late_answer_is_closed)
{
	long long start = now_ms();

	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	EXPECT_EQ(-ETIMEDOUT, node_open(HTTP_PORT, 0));
	EXPECT_LE(20000, now_ms() - start);
	kill(self->machine.sim.pid, SIGCONT);
	ASSERT_EQ(0, sim_command("trace 61"));
	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(2, sim_stat("channels_opened"));
	EXPECT_EQ(0, blame("none", 0));
}

TEST_F(channel, an_open_that_is_never_answered_costs_its_slot_for_10_s)
{
	struct amt_lme_connect c = {
		.size = sizeof(c),
		.port = HTTP_PORT,
		.timeout_ms = 100,
	};
	long long start = now_ms();

	ASSERT_EQ(0, sim_command("ignore open on"));
	for (int i = 0; i < 8; i++) {
		EXPECT_EQ(-1, ioctl(self->ctl, AMT_LME_IOC_CONNECT, &c));
		EXPECT_EQ(ETIMEDOUT, errno);
	}
	EXPECT_EQ(-1, ioctl(self->ctl, AMT_LME_IOC_CONNECT, &c));
	EXPECT_EQ(ENOBUFS, errno);
	ASSERT_EQ(0, sim_command("ignore open off"));
	EXPECT_EQ(0, next_open_works());
	EXPECT_LE(10000, now_ms() - start);
	EXPECT_LE(1, counter("slot_leaked"));
}

TEST_F(channel, its_slot_is_not_kept_longer_by_a_file_that_is_closed_late)
{
	struct amt_lme_connect c = {
		.size = sizeof(c),
		.flags = AMT_LME_CONNECT_NONBLOCK,
		.port = HTTP_PORT,
		.timeout_ms = 2000,
	};
	long long start;
	int fd[8];

	ASSERT_EQ(0, sim_command("ignore open on"));
	for (int i = 0; i < 8; i++) {
		fd[i] = ioctl(self->ctl, AMT_LME_IOC_CONNECT, &c);
		ASSERT_LE(0, fd[i]);
	}
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(POLLERR, fd_wait(fd[i], POLLOUT, WAIT_MS) & POLLERR);
	start = now_ms();
	ASSERT_EQ(0, sim_command("ignore open off"));
	/* That their slots are still taken is what is to pass here. */
	EXPECT_EQ(0, poll(NULL, 0, 8000));
	for (int i = 0; i < 8; i++)
		close(fd[i]);
	EXPECT_EQ(0, next_open_works());
	/* 10 s from the end of the opening; 18 if counted from the close. */
	EXPECT_GT(16000, now_ms() - start);
	EXPECT_LE(1, counter("slot_leaked"));
}

/* ---- Who sends next, with messages so small that there are many ---- */

FIXTURE(turns) {
	struct machine machine;
	struct result r;
	int ctl;
	int fd;
};

FIXTURE_SETUP(turns)
{
	ASSERT_EQ(0, machine_start(&self->machine, (const char *const[]){
				   "--message-size", "512", NULL }));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	self->fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(turns)
{
	close(self->fd);
	close(self->ctl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(turns, windows_and_messages_are_not_longer_than_the_link_takes)
{
	struct http_answer answer;

	EXPECT_EQ(SMALL_MESSAGE - DATA_HEADER, opened_window(&self->r));
	ASSERT_EQ(0, http_send(self->fd, "/up", true, self->r.text,
			       sizeof(self->r.text)));
	ASSERT_EQ(0, http_receive(self->fd, &answer));
	EXPECT_EQ(200, answer.status);
	http_free(&answer);
}

/* Who sent each DATA: AMT's numbers of the channels, as digits. */
static size_t senders(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (; text && n + 1 < size; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, "5E", 2))
			out[n++] = text[9];
	}
	out[n] = 0;
	return n;
}

TEST_F(turns, channels_with_data_take_turns)
{
	static const char data[WINDOW];
	int second = node_open(HTTP_PORT, 0);
	char order[64];
	size_t i, n;

	ASSERT_LE(0, second);
	ASSERT_EQ(0, sim_command("trace"));
	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	ASSERT_EQ(0, write_all(self->fd, data, sizeof(data)));
	ASSERT_EQ(0, write_all(second, data, sizeof(data)));
	/* Their CLOSEs go out behind all of the data. */
	close(second);
	kill(self->machine.sim.pid, SIGCONT);
	ASSERT_EQ(0, sim_ask(&self->r, "trace 61"));
	n = senders(self->r.text, order, sizeof(order));
	ASSERT_LE(16, n) TH_LOG("%s", order);
	for (i = UNDER_WAY; i < 12; i++)
		EXPECT_NE(order[i - 1], order[i]) TH_LOG("%s", order);
}

TEST_F(turns, what_steers_channels_goes_before_data)
{
	static const char data[WINDOW];
	const char *open;
	char order[64];
	int second;

	ASSERT_EQ(0, sim_command("trace"));
	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	ASSERT_EQ(0, write_all(self->fd, data, sizeof(data)));
	second = node_open(HTTP_PORT, O_NONBLOCK);
	ASSERT_LE(0, second);
	kill(self->machine.sim.pid, SIGCONT);
	ASSERT_EQ(POLLOUT, fd_wait(second, POLLOUT, WAIT_MS));
	ASSERT_EQ(0, sim_ask(&self->r, "trace " OPEN));
	open = strstr(self->r.text, OPEN);
	ASSERT_NE(NULL, open);
	self->r.text[open - self->r.text] = 0;
	EXPECT_GE(UNDER_WAY, senders(self->r.text, order, sizeof(order)))
		TH_LOG("%s", order);
	close(second);
}

TEST_HARNESS_MAIN
