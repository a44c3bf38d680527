// SPDX-License-Identifier: GPL-2.0-only
/*
 * A channel file behaves as a stream socket does: splice, modes, signals, bad
 * pointers, and its node as Documentation/chardev.rst says.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define WINDOW 4096
#define BIG 100000
#define COPY "/tmp/copy"
#define REQUEST "GET /down/100 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

FIXTURE(stream) {
	struct machine machine;
	int ctl;
	int fd;
};

FIXTURE_SETUP(stream)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, node_wait(623));
	self->fd = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(stream)
{
	close(self->fd);
	close(self->ctl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* ---- splice ---- */

static ssize_t splice_all(int from, int to, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = splice(from, NULL, to, NULL, len - done, 0);
		if (n <= 0)
			return n ? -errno : (ssize_t)done;
		done += n;
	}
	return done;
}

TEST_F(stream, splice_carries_bytes_both_ways)
{
	char answer[1024] = "";
	int in[2], out[2];
	ssize_t n;

	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	ASSERT_EQ(0, write_all(in[1], REQUEST, strlen(REQUEST)));
	EXPECT_EQ(strlen(REQUEST), splice_all(in[0], self->fd, strlen(REQUEST)));
	/* Up to AMT's CLOSE. */
	n = splice_all(self->fd, out[1], sizeof(answer));
	ASSERT_LT(100, n) TH_LOG("%s", strerror(-n));
	ASSERT_EQ(n, read(out[0], answer, sizeof(answer)));
	EXPECT_EQ(0, strncmp(answer, "HTTP/1.1 200 ", 13)) TH_LOG("%s", answer);
	EXPECT_EQ(0, memcmp(answer + n - 104, "\r\n\r\n", 4));
}

TEST_F(stream, sendfile_sends_a_file_as_it_is)
{
	struct http_answer answer;
	char data[BIG], hex[65], head[128];
	int file = memfd_create("body", MFD_CLOEXEC);
	size_t sent = 0;
	ssize_t n;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + (i >> 8);
	ASSERT_EQ(0, write_all(file, data, sizeof(data)));
	ASSERT_EQ(0, lseek(file, 0, SEEK_SET));
	n = snprintf(head, sizeof(head),
		     "PUT /up HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
		     BIG);
	ASSERT_EQ(0, write_all(self->fd, head, n));
	while (sent < sizeof(data)) {
		n = sendfile(self->fd, file, NULL, sizeof(data) - sent);
		ASSERT_LT(0, n) TH_LOG("%s", strerror(errno));
		sent += n;
	}
	ASSERT_EQ(0, http_receive(self->fd, &answer));
	ASSERT_EQ(0, sha256(data, sizeof(data), hex));
	EXPECT_EQ(0, strncmp(hex, answer.body, 64));
	http_free(&answer);
	close(file);
}

/* ---- How it is opened ---- */

TEST_F(stream, a_file_opened_for_reading_only_reads)
{
	int fd = open("/dev/amt_lme/16992", O_RDONLY | O_CLOEXEC);
	char byte;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, write(fd, "x", 1));
	EXPECT_EQ(EBADF, errno);
	ASSERT_EQ(0, ioctl(fd, AMT_LME_IOC_SHUTDOWN));
	EXPECT_EQ(0, read(fd, &byte, 1));
	close(fd);
}

TEST_F(stream, a_file_opened_for_writing_only_writes)
{
	int64_t before = sim_stat("http_requests");
	int fd = open("/dev/amt_lme/16992", O_WRONLY | O_CLOEXEC);
	char byte;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(EBADF, errno);
	ASSERT_EQ(0, write_all(fd, REQUEST, strlen(REQUEST)));
	/* AMT closes when it has answered. */
	EXPECT_NE(0, fd_wait(fd, POLLRDHUP, WAIT_MS) & POLLHUP);
	EXPECT_EQ(before + 1, sim_stat("http_requests"));
	close(fd);
}

TEST_F(stream, it_has_no_position)
{
	char byte;

	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pread(self->fd, &byte, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pwrite(self->fd, "x", 1, 0));
	EXPECT_EQ(ESPIPE, errno);
}

/* ---- Nodes ---- */

TEST_F(stream, a_node_is_for_root_and_its_minor_is_its_port)
{
	struct stat st;

	ASSERT_EQ(0, stat("/dev/amt_lme/16992", &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	EXPECT_EQ(HTTP_PORT, minor(st.st_rdev));
	ASSERT_EQ(0, stat("/dev/amt_lme/623", &st));
	EXPECT_EQ(623, minor(st.st_rdev));
	ASSERT_EQ(0, stat("/dev/amt_lme/ctl", &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
}

/* Opens a node that was made by hand. */
static int open_copy(unsigned int port)
{
	struct stat st;
	int fd;

	if (stat("/dev/amt_lme/16992", &st) ||
	    mknod(COPY, S_IFCHR | 0600, makedev(major(st.st_rdev), port)))
		return -errno;
	fd = open(COPY, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	unlink(COPY);
	return fd;
}

TEST_F(stream, a_copied_node_reaches_its_port_and_no_other)
{
	struct result r;
	int fd;

	ASSERT_EQ(0, sim_command("trace"));
	fd = open_copy(623);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_ask(&r, "trace 5A"));
	/* connected to 127.0.0.1, port 623 */
	EXPECT_NE(NULL, strstr(r.text, "3132372E302E302E310000026F"))
		TH_LOG("%s", r.text);
	close(fd);
	EXPECT_EQ(-ENXIO, open_copy(12345));
	EXPECT_EQ(-ENXIO, open_copy(0));
}

/* ---- Buffers and pointers ---- */

TEST_F(stream, tiocoutq_tells_what_was_not_sent)
{
	static const char data[2 * WINDOW];
	int unsent = -1;

	ASSERT_EQ(0, ioctl(self->fd, TIOCOUTQ, &unsent));
	EXPECT_EQ(0, unsent);
	ASSERT_EQ(0, sim_command("mute adjust on"));
	ASSERT_EQ(0, write_all(self->fd, data, sizeof(data)));
	ASSERT_EQ(0, ioctl(self->fd, TIOCOUTQ, &unsent));
	EXPECT_EQ(WINDOW, unsent);
	ASSERT_EQ(0, sim_command("mute adjust off"));
	ASSERT_EQ(POLLOUT, fd_wait(self->fd, POLLOUT, WAIT_MS));
	ASSERT_EQ(0, ioctl(self->fd, TIOCOUTQ, &unsent));
	EXPECT_GE(WINDOW / 2, unsent);
}

TEST_F(stream, a_full_buffer_takes_what_fits_and_then_gives_eagain)
{
	static const char data[3 * WINDOW];

	ssize_t n;

	ASSERT_EQ(0, sim_command("mute adjust on"));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	n = write(self->fd, data, sizeof(data));
	EXPECT_LE(WINDOW, n);
	EXPECT_GE(2 * WINDOW, n);
	/* The rest of what AMT's window and the buffer can take. */
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
	ASSERT_EQ(0, write_all(self->fd, data, 2 * WINDOW - n));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(0, fd_wait(self->fd, POLLOUT, 0));
	EXPECT_EQ(-1, write(self->fd, data, 1));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, sim_command("mute adjust off"));
	EXPECT_EQ(POLLOUT, fd_wait(self->fd, POLLOUT, WAIT_MS));
}

TEST_F(stream, a_bad_pointer_gives_efault_and_loses_nothing)
{
	struct http_answer answer;
	void *bad = (void *)-4096L;

	EXPECT_EQ(-1, write(self->fd, bad, 10));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->fd, FIONREAD, bad));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->fd, TIOCOUTQ, bad));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(0, http_send(self->fd, "/down/100", true, NULL, 0));
	ASSERT_EQ(POLLIN, fd_wait(self->fd, POLLIN, WAIT_MS));
	EXPECT_EQ(-1, read(self->fd, bad, 10));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(0, http_receive(self->fd, &answer));
	EXPECT_EQ(100, answer.len);
	http_free(&answer);
}

TEST_F(stream, reading_and_writing_nothing_gives_0_at_once)
{
	char byte;

	EXPECT_EQ(0, read(self->fd, &byte, 0));
	EXPECT_EQ(0, write(self->fd, &byte, 0));
}

/* ---- Signals ---- */

static int signals;

static void on_signal(int signal)
{
	(void)signal;
	signals++;
}

/* A thread in a call that blocks, and what came of it. */
struct call {
	pthread_t thread;
	pid_t tid;
	int ready[2];
	ssize_t (*enter)(int fd);
	int fd;
	ssize_t result;
	int err;
};

static ssize_t call_read(int fd)
{
	char byte;

	return read(fd, &byte, 1);
}

static ssize_t call_write(int fd)
{
	static const char data[3 * WINDOW];

	return write(fd, data, sizeof(data));
}

static ssize_t call_open(int fd)
{
	(void)fd;
	return open("/dev/amt_lme/16992", O_RDWR | O_CLOEXEC);
}

static void *call_run(void *arg)
{
	struct call *c = arg;

	c->tid = gettid();
	if (write(c->ready[1], "x", 1) != 1)
		return NULL;
	c->result = c->enter(c->fd);
	c->err = errno;
	return NULL;
}

/* Signals a thread that waits in @syscall; no call is restarted. */
static int interrupt(struct call *c, long syscall)
{
	struct sigaction action = { .sa_handler = on_signal };
	char byte;

	if (sigaction(SIGUSR1, &action, NULL) || pipe2(c->ready, O_CLOEXEC) ||
	    pthread_create(&c->thread, NULL, call_run, c) ||
	    read(c->ready[0], &byte, 1) != 1 ||
	    task_wait_blocked(c->tid, syscall))
		return -1;
	pthread_kill(c->thread, SIGUSR1);
	close(c->ready[0]);
	close(c->ready[1]);
	return pthread_join(c->thread, NULL);
}

TEST_F(stream, a_signal_ends_a_read_with_eintr)
{
	struct call call = { .enter = call_read, .fd = self->fd };

	ASSERT_EQ(0, interrupt(&call, SYS_read));
	EXPECT_EQ(-1, call.result);
	EXPECT_EQ(EINTR, call.err);
}

TEST_F(stream, a_signal_ends_a_write_with_eintr)
{
	static const char data[2 * WINDOW];
	struct call call = { .enter = call_write, .fd = self->fd };

	ASSERT_EQ(0, sim_command("mute adjust on"));
	ASSERT_EQ(0, write_all(self->fd, data, sizeof(data)));
	ASSERT_EQ(0, interrupt(&call, SYS_write));
	EXPECT_EQ(-1, call.result);
	EXPECT_EQ(EINTR, call.err);
	ASSERT_EQ(0, sim_command("mute adjust off"));
}

TEST_F(stream, a_signal_ends_an_open_with_eintr)
{
	struct call call = { .enter = call_open };

	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	ASSERT_EQ(0, interrupt(&call, SYS_openat));
	EXPECT_EQ(-1, call.result);
	EXPECT_EQ(EINTR, call.err);
	kill(self->machine.sim.pid, SIGCONT);
	EXPECT_EQ(0, next_open_works());
}

TEST_F(stream, epipe_comes_without_a_signal)
{
	signal(SIGPIPE, on_signal);
	ASSERT_EQ(0, ioctl(self->fd, AMT_LME_IOC_SHUTDOWN));
	EXPECT_EQ(-1, write(self->fd, "x", 1));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(0, signals);
}

TEST_HARNESS_MAIN
