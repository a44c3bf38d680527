// SPDX-License-Identifier: GPL-2.0-only
/*
 * A port node is a byte stream to AMT: opening, data, the ends of it.
 * Documentation/protocol.rst, "Channels", "Windows", "Closing".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define HUP (POLLHUP | POLLRDHUP)
/* Forwarded, but AMT has no service there. */
#define DEAD_PORT 5900
#define NO_PORT 12345
#define WINDOW 4096

FIXTURE(node) {
	struct machine machine;
	int ctl;
};

FIXTURE_SETUP(node)
{
	ASSERT_EQ(0, machine_start(&self->machine,
				   (const char *const[]){
				   "--ports", "16992,623,5900", NULL }));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, node_wait(DEAD_PORT));
}

FIXTURE_TEARDOWN(node)
{
	close(self->ctl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(node, shell_opens_it_and_gets_an_http_answer)
{
	struct result r;

	ASSERT_EQ(0, run(&r, "sh", "-c",
			 "exec 3<>/dev/amt_lme/16992; "
			 "printf 'GET / HTTP/1.1\\r\\nHost: x\\r\\n"
			 "Connection: close\\r\\n\\r\\n' >&3; cat <&3"));
	EXPECT_EQ(0, strncmp(r.text, "HTTP/1.1 401 ", 13))
		TH_LOG("answer: %s", r.text);
	EXPECT_NE(NULL, strstr(r.text, "Log on to use this page"))
		TH_LOG("answer: %s", r.text);
}

TEST_F(node, nonblocking_open_returns_at_once_and_polls_writable_when_open)
{
	struct http_answer answer;
	char byte;
	int fd;

	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	fd = node_open(HTTP_PORT, O_NONBLOCK);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, fd_wait(fd, POLLIN | POLLOUT, 0));
	EXPECT_EQ(-1, write(fd, "x", 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(EAGAIN, errno);
	kill(self->machine.sim.pid, SIGCONT);

	ASSERT_EQ(POLLOUT, fd_wait(fd, POLLOUT, WAIT_MS));
	fcntl(fd, F_SETFL, O_RDWR);
	ASSERT_EQ(0, http_get(fd, "/down/100", false, &answer));
	EXPECT_EQ(200, answer.status);
	EXPECT_EQ(100, answer.len);
	http_free(&answer);
	close(fd);
}

TEST_F(node, a_mebibyte_down_is_what_amt_hashed)
{
	struct http_answer data, hash;
	char hex[65];
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_get(fd, "/down/1048576", true, &data));
	ASSERT_EQ(MIB, data.len);
	ASSERT_EQ(0, http_get(fd, "/down/1048576/sha256", false, &hash));
	ASSERT_EQ(0, sha256(data.body, data.len, hex));
	EXPECT_EQ(0, strncmp(hex, hash.body, 64))
		TH_LOG("AMT: %s, here: %s", hash.body, hex);
	http_free(&data);
	http_free(&hash);
	close(fd);
}

TEST_F(node, a_mebibyte_up_is_what_amt_hashes)
{
	struct http_answer answer;
	char hex[65], *data;
	int fd = node_open(HTTP_PORT, 0);

	data = malloc(MIB);
	ASSERT_NE(NULL, data);
	srandom(1);
	for (size_t i = 0; i < MIB; i++)
		data[i] = random();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_send(fd, "/up", false, data, MIB));
	ASSERT_EQ(0, http_receive(fd, &answer));
	ASSERT_EQ(0, sha256(data, MIB, hex));
	EXPECT_EQ(0, strncmp(hex, answer.body, 64))
		TH_LOG("AMT: %s, here: %s", answer.body, hex);
	http_free(&answer);
	free(data);
	close(fd);
}

TEST_F(node, a_window_of_one_byte_carries_all_bytes)
{
	struct http_answer answer, whole;
	int narrow = ctl_connect(self->ctl, HTTP_PORT, 0, 1);
	int wide = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, narrow);
	ASSERT_LE(0, wide);
	ASSERT_EQ(0, http_get(wide, "/down/300", false, &whole));
	ASSERT_EQ(0, http_get(narrow, "/down/300", false, &answer));
	ASSERT_EQ(300, answer.len);
	EXPECT_EQ(0, memcmp(answer.body, whole.body, 300));
	http_free(&answer);
	http_free(&whole);
	close(narrow);
	close(wide);
}

TEST_F(node, a_slow_reader_slows_only_itself)
{
	struct http_answer answer;
	int slow = ctl_connect(self->ctl, HTTP_PORT, 0, 2000);
	int fast = node_open(HTTP_PORT, 0);
	int queued = 0;

	ASSERT_LE(0, slow);
	ASSERT_LE(0, fast);
	ASSERT_EQ(0, http_send(slow, "/down/65536", false, NULL, 0));
	ASSERT_EQ(0, http_get(fast, "/down/65536", false, &answer));
	EXPECT_EQ(65536, answer.len);
	http_free(&answer);
	ASSERT_EQ(0, ioctl(slow, FIONREAD, &queued));
	EXPECT_LT(0, queued);
	EXPECT_GE(2000, queued);
	ASSERT_EQ(0, http_receive(slow, &answer));
	EXPECT_EQ(65536, answer.len);
	http_free(&answer);
	close(slow);
	close(fast);
}

TEST_F(node, a_port_that_is_not_forwarded_gives_enxio_once_settled)
{
	struct link_state link;

	EXPECT_EQ(-ENXIO, ctl_connect(self->ctl, NO_PORT, 0, 0));
	ASSERT_EQ(0, link_get(&link));
	EXPECT_TRUE(link.settled);
}

TEST_F(node, a_port_that_amt_refuses_gives_econnrefused)
{
	EXPECT_EQ(-ECONNREFUSED, node_open(DEAD_PORT, 0));
}

TEST_F(node, a_failed_nonblocking_open_polls_error_and_read_says_why)
{
	char byte;
	int fd = ctl_connect(self->ctl, DEAD_PORT, AMT_LME_CONNECT_NONBLOCK, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(POLLERR | POLLHUP,
		  fd_wait(fd, 0, WAIT_MS) & (POLLERR | POLLHUP));
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(ECONNREFUSED, errno);
	EXPECT_EQ(-1, write(fd, "x", 1));
	EXPECT_EQ(ECONNREFUSED, errno);
	close(fd);
}

TEST_F(node, after_amts_close_read_drains_then_gives_0_and_write_epipe)
{
	char data[4096];
	int fd = node_open(HTTP_PORT, 0);
	int queued = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_send(fd, "/down/1000", false, NULL, 0));
	EXPECT_EQ(HUP, fd_wait(fd, POLLRDHUP, WAIT_MS) & HUP);
	EXPECT_EQ(-1, write(fd, "x", 1));
	EXPECT_EQ(EPIPE, errno);
	ASSERT_EQ(0, ioctl(fd, FIONREAD, &queued));
	EXPECT_LT(1000, queued);
	EXPECT_EQ(queued, read(fd, data, sizeof(data)));
	ASSERT_EQ(0, ioctl(fd, FIONREAD, &queued));
	EXPECT_EQ(0, queued);
	EXPECT_EQ(0, read(fd, data, sizeof(data)));
	EXPECT_EQ(0, read(fd, data, sizeof(data)));
	close(fd);
}

TEST_F(node, amts_close_is_answered_although_the_file_stays_open)
{
	int fd[20], last;

	/* More than AMT has slots. Each open goes out behind the answer. */
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = node_open(HTTP_PORT, 0);
		ASSERT_LE(0, fd[i]);
		ASSERT_EQ(0, http_send(fd[i], "/down/10", false, NULL, 0));
		EXPECT_EQ(HUP, fd_wait(fd[i], POLLRDHUP, WAIT_MS) & HUP);
	}
	last = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, last);
	EXPECT_EQ(1, sim_stat("channels_open"));
	EXPECT_EQ(0, sim_stat("channels_refused"));
	close(last);
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
}

TEST_F(node, dup_and_fork_share_one_channel)
{
	struct http_answer answer;
	int64_t opened = sim_stat("channels_opened");
	int fd = node_open(HTTP_PORT, 0);
	int status, copy;
	pid_t pid;

	ASSERT_LE(0, fd);
	copy = dup(fd);
	close(fd);
	pid = fork();
	if (!pid)
		_exit(http_send(copy, "/down/10", true, NULL, 0) ? 1 : 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, http_receive(copy, &answer));
	EXPECT_EQ(10, answer.len);
	http_free(&answer);
	EXPECT_EQ(opened + 1, sim_stat("channels_opened"));
	EXPECT_EQ(1, sim_stat("channels_open"));
	close(copy);
}

TEST_F(node, shutdown_of_an_idle_channel_frees_its_slot_at_once)
{
	int64_t start;
	char byte;
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, sim_stat("channels_open"));
	start = now_ms();
	ASSERT_EQ(0, ioctl(fd, AMT_LME_IOC_SHUTDOWN));
	ASSERT_EQ(0, ioctl(fd, AMT_LME_IOC_SHUTDOWN));
	EXPECT_EQ(-1, write(fd, "x", 1));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(0, read(fd, &byte, 1));
	/* And not the 3 or 20 s of a channel that is owed an answer. */
	EXPECT_GT(2500, now_ms() - start);
	EXPECT_EQ(0, sim_stat("channels_open"));
	close(fd);
}

TEST_F(node, shutdown_of_an_answered_channel_frees_its_slot_at_once)
{
	struct http_answer answer;
	int64_t start;
	char byte;
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_get(fd, "/down/10000", true, &answer));
	http_free(&answer);
	start = now_ms();
	ASSERT_EQ(0, ioctl(fd, AMT_LME_IOC_SHUTDOWN));
	EXPECT_EQ(0, read(fd, &byte, 1));
	EXPECT_GT(2500, now_ms() - start);
	close(fd);
}

/* Its first piece is there; the next ones come at the same pace. */
TEST_F(node, shutdown_amid_the_answer_of_a_slow_amt_gives_all_of_it)
{
	struct http_answer answer;
	char byte;
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("delay data 330"));
	ASSERT_EQ(0, http_send(fd, "/down/15000", true, NULL, 0));
	ASSERT_EQ(POLLIN, fd_wait(fd, POLLIN, WAIT_MS));
	ASSERT_EQ(0, ioctl(fd, AMT_LME_IOC_SHUTDOWN));
	ASSERT_EQ(0, http_receive(fd, &answer));
	EXPECT_EQ(15000, answer.len);
	http_free(&answer);
	EXPECT_EQ(0, read(fd, &byte, 1));
	close(fd);
}

TEST_F(node, shutdown_before_the_answer_gives_all_of_it_with_its_pauses)
{
	struct http_answer answer;
	char byte;
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("delay data 1500"));
	ASSERT_EQ(0, http_send(fd, "/down/6000", true, NULL, 0));
	ASSERT_EQ(0, ioctl(fd, AMT_LME_IOC_SHUTDOWN));
	ASSERT_EQ(0, http_receive(fd, &answer));
	EXPECT_EQ(6000, answer.len);
	http_free(&answer);
	EXPECT_EQ(0, read(fd, &byte, 1));
	EXPECT_EQ(0, sim_stat("channels_open"));
	close(fd);
}

TEST_F(node, shutdown_ends_a_channel_that_is_never_answered_after_20_s)
{
	int64_t start = now_ms();
	char byte;
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	/* A request without its end has no answer. */
	ASSERT_EQ(0, write_all(fd, "GET", 3));
	ASSERT_EQ(0, ioctl(fd, AMT_LME_IOC_SHUTDOWN));
	EXPECT_EQ(0, read(fd, &byte, 1));
	EXPECT_LE(20000, now_ms() - start);
	EXPECT_EQ(0, sim_stat("channels_open"));
	close(fd);
}

TEST_F(node, shutdown_drops_what_amt_takes_no_more_of_after_20_s)
{
	static const char data[2 * WINDOW];
	int64_t start;
	char byte;
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("mute adjust on"));
	/* Fills AMT's window and our buffer. */
	ASSERT_EQ(0, write_all(fd, data, sizeof(data)));
	start = now_ms();
	ASSERT_EQ(0, ioctl(fd, AMT_LME_IOC_SHUTDOWN));
	ASSERT_EQ(POLLIN, fd_wait(fd, POLLIN, WAIT_MS) & POLLIN);
	EXPECT_EQ(0, read(fd, &byte, 1));
	EXPECT_LE(20000, now_ms() - start);
	EXPECT_EQ(1, counter("linger_dropped"));
	EXPECT_EQ(0, sim_stat("channels_open"));
	close(fd);
}

TEST_F(node, shutdown_waits_for_an_answer_that_is_late)
{
	struct http_answer answer;
	char byte;
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	ASSERT_EQ(0, http_send(fd, "/down/100000", true, NULL, 0));
	ASSERT_EQ(0, ioctl(fd, AMT_LME_IOC_SHUTDOWN));
	/* Longer than the silence that ends an idle channel. */
	EXPECT_EQ(0, fd_wait(fd, POLLIN | POLLRDHUP, 1000));
	kill(self->machine.sim.pid, SIGCONT);
	ASSERT_EQ(0, http_receive(fd, &answer));
	EXPECT_EQ(100000, answer.len);
	http_free(&answer);
	EXPECT_EQ(0, read(fd, &byte, 1));
	EXPECT_EQ(0, sim_stat("channels_open"));
	close(fd);
}

TEST_F(node, closing_a_file_leaves_no_slot_taken)
{
	int fd;

	/* Each open goes out behind the CLOSE of the one before. */
	for (int i = 0; i < 20; i++) {
		fd = node_open(HTTP_PORT, 0);
		ASSERT_LE(0, fd);
		close(fd);
	}
	fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, sim_stat("channels_open"));
	EXPECT_EQ(20, sim_stat("channels_closed"));
	close(fd);
}

TEST_F(node, a_large_write_before_close_arrives_whole)
{
	int64_t before;
	char data[4000] = { 0 };
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	before = sim_stat("bytes_from_host");
	ASSERT_EQ(0, write_all(fd, data, sizeof(data)));
	close(fd);
	/* Its CLOSE goes out behind its data, the next OPEN behind that. */
	fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(before + (int64_t)sizeof(data), sim_stat("bytes_from_host"));
	close(fd);
}

TEST_F(node, an_opener_that_is_killed_leaves_no_slot_taken)
{
	int status, fd;
	pid_t pid;

	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	pid = fork();
	if (!pid)
		_exit(node_open(HTTP_PORT, 0) < 0);
	ASSERT_EQ(0, task_wait_blocked(pid, SYS_openat));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status)) TH_LOG("status %d", status);
	kill(self->machine.sim.pid, SIGCONT);

	fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, fd);
	close(fd);
	fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, sim_stat("channels_open"));
	close(fd);
}

TEST_HARNESS_MAIN
