// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/vmei call by call, as selftests/vmei/vmei.h promises them. The firmware
 * is this program. Documentation/protocol.rst, "HECI and HBM".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mei.h>
#include <poll.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "testlib.h"
#include "vmei.h"

#define VMEI "/dev/vmei"
#define MAX_MESSAGE 516
#define CLIENT 0x22
#define UUID 0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
/* The host gives up after more than so many resets that come to nothing. */
#define MAX_RESETS 3

/* HECI headers of whole messages of HBM, and then their payload */
static const uint8_t start_answer[] = { 0, 0, 4, 0x80, 0x81, 0, 0, 2 };
static const uint8_t no_clients[4 + 36] = { 0, 0, 36, 0x80, 0x84 };
static const uint8_t add_client[4 + 28] = {
	0, 0, 28, 0x80, 0x0f, CLIENT, 0, 0, UUID, 1, 1, 0, 0, 0, 2, 0, 0,
};
/* To a client of the host that nobody is: it resets the link. */
static const uint8_t to_nobody[] = { CLIENT, 77, 4, 0x80, 1, 2, 3, 4 };

FIXTURE(vmei) {
	int fd;
	uint8_t msg[MAX_MESSAGE];
};

FIXTURE_SETUP(vmei)
{
	struct result r;

	ASSERT_EQ(0, run(&r, "modprobe", "vmei"));
	self->fd = open(VMEI, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(vmei)
{
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, module_unload("vmei"));
}

/* ---- The least that firmware does ---- */

static int nonblocking(int fd, bool on)
{
	return fcntl(fd, F_SETFL, on ? O_NONBLOCK : 0);
}

static ssize_t take(int fd, uint8_t *msg)
{
	ssize_t n = read(fd, msg, MAX_MESSAGE);

	return n < 0 ? -errno : n;
}

/* Return: 0 when a message of HBM comes with that command, or what came. */
static int expect(int fd, uint8_t command, uint8_t *msg)
{
	ssize_t n = take(fd, msg);

	if (n >= 5 && !msg[0] && !msg[1] && msg[4] == command)
		return 0;
	say("not command 0x%02x: %zd bytes, command 0x%02x", command, n,
	    n >= 5 ? msg[4] : 0);
	return n < 0 ? n : -EBADMSG;
}

static int give(int fd, const void *msg, size_t len)
{
	ssize_t n = write(fd, msg, len);

	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

static int answer_start(int fd, uint8_t *msg)
{
	int err = expect(fd, 0x01, msg);

	return err ? err : give(fd, start_answer, sizeof(start_answer));
}

/* The answer to the client that is added says that the host is done. */
static int enumerate(int fd, uint8_t *msg)
{
	int err = answer_start(fd, msg);

	if (!err)
		err = expect(fd, 0x04, msg);
	if (!err)
		err = give(fd, no_clients, sizeof(no_clients));
	if (!err)
		err = give(fd, add_client, sizeof(add_client));
	return err ? err : expect(fd, 0x8f, msg);
}

/* Return: 0 as soon as it is there. */
static int file_wait(const char *path)
{
	int fd = inotify_init1(IN_CLOEXEC);
	char event[4096];
	int err = 0;

	if (fd < 0 || inotify_add_watch(fd, "/dev", IN_CREATE) < 0)
		return -errno;
	while (!err && access(path, F_OK)) {
		if (!fd_wait(fd, POLLIN, WAIT_MS))
			err = -ETIME;
		else if (read(fd, event, sizeof(event)) < 0)
			err = -errno;
	}
	close(fd);
	return err;
}

/* Return: 0 as soon as the core says that of its device; it tells by POLLPRI. */
static int state_wait(const char *state)
{
	char text[32];
	ssize_t n;
	int fd, err = file_wait("/dev/mei0");

	if (err)
		return err;
	fd = open("/sys/class/mei/mei0/dev_state", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (;;) {
		n = pread(fd, text, sizeof(text) - 1, 0);
		text[n < 0 ? 0 : n] = 0;
		if (!strncmp(text, state, strlen(state)))
			break;
		if (!fd_wait(fd, POLLPRI, WAIT_MS)) {
			say("state: %s", text);
			err = -ETIME;
			break;
		}
	}
	close(fd);
	return err;
}

/* ---- A host program, in a process of its own ---- */

static int connect_client(int fd)
{
	struct mei_connect_client_data data = {
		.in_client_uuid = { .b = { UUID } },
	};

	return ioctl(fd, IOCTL_MEI_CONNECT_CLIENT, &data) ? -errno : 0;
}

/* Sends 100 bytes, and waits for an answer that does not come: its errno. */
static int host_program(void)
{
	char bytes[100] = { 0 };
	int fd = open("/dev/mei0", O_RDWR | O_CLOEXEC);

	if (fd < 0 || connect_client(fd))
		return errno;
	if (write(fd, bytes, sizeof(bytes)) != sizeof(bytes))
		return errno;
	return read(fd, bytes, sizeof(bytes)) < 0 ? errno : 0;
}

static pid_t start_host_program(int vmei)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	close(vmei);
	_exit(host_program());
}

static int status_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ?
	       WEXITSTATUS(status) : -1;
}

/* It connects and gets a credit. Returns its address, or a negative errno. */
static int accept_host_program(int fd, uint8_t *msg)
{
	uint8_t answer[8] = { 0, 0, 4, 0x80, 0x86, CLIENT };
	uint8_t credit[12] = { 0, 0, 8, 0x80, 0x08, CLIENT };
	int err = expect(fd, 0x06, msg);
	uint8_t host = msg[6];

	answer[6] = host;
	credit[6] = host;
	if (!err)
		err = give(fd, answer, sizeof(answer));
	if (!err)
		err = give(fd, credit, sizeof(credit));
	return err ? err : host;
}

/* What the program sent; its credit for an answer comes at any time. */
static ssize_t take_data(int fd, uint8_t *msg)
{
	ssize_t n;

	do
		n = take(fd, msg);
	while (n > 0 && !msg[0]);
	return n;
}

/* ---- open ---- */

TEST_F(vmei, is_off_until_the_first_call)
{
	EXPECT_NE(0, access("/sys/class/mei/mei0", F_OK));
	EXPECT_EQ(0, fd_wait(self->fd, 0, 0));
	EXPECT_EQ(0, enumerate(self->fd, self->msg));
	EXPECT_EQ(0, state_wait("ENABLED"));
}

TEST_F(vmei, each_open_is_a_controller)
{
	int second = open(VMEI, O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, second);
	ASSERT_EQ(0, enumerate(self->fd, self->msg));
	EXPECT_EQ(0, file_wait("/dev/mei0"));
	EXPECT_NE(0, access("/dev/mei1", F_OK));
	ASSERT_EQ(0, enumerate(second, self->msg));
	EXPECT_EQ(0, file_wait("/dev/mei1"));
	close(second);
	EXPECT_EQ(0, access("/dev/mei0", F_OK));
	EXPECT_NE(0, access("/dev/mei1", F_OK));
}

/* ---- read ---- */

TEST_F(vmei, read_gives_header_and_payload)
{
	ASSERT_EQ(8, take(self->fd, self->msg));
	EXPECT_EQ(0, memcmp(self->msg, "\0\0\4\x80\1\0", 6));
	EXPECT_EQ(2, self->msg[7]);
}

TEST_F(vmei, read_without_a_message_is_eagain_or_waits)
{
	pid_t reader = getpid(), child;

	ASSERT_EQ(0, enumerate(self->fd, self->msg));
	ASSERT_EQ(0, state_wait("ENABLED"));
	ASSERT_EQ(0, nonblocking(self->fd, true));
	EXPECT_EQ(-EAGAIN, take(self->fd, self->msg));
	EXPECT_EQ(0, fd_wait(self->fd, POLLIN, 0));
	ASSERT_EQ(0, nonblocking(self->fd, false));
	child = fork();
	if (!child) {
		task_wait_blocked(reader, SYS_read);
		close(self->fd);
		_exit(host_program());
	}
	/* The connect of the program that waited for this to sleep. */
	EXPECT_EQ(0, expect(self->fd, 0x06, self->msg));
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_NE(0, status_of(child));
}

TEST_F(vmei, read_into_a_short_buffer_loses_nothing)
{
	EXPECT_EQ(POLLIN, fd_wait(self->fd, POLLIN, WAIT_MS));
	EXPECT_EQ(-1, read(self->fd, self->msg, 7));
	EXPECT_EQ(EMSGSIZE, errno);
	EXPECT_EQ(0, enumerate(self->fd, self->msg));
}

/* ---- write ---- */

TEST_F(vmei, write_refuses_what_is_no_message)
{
	uint8_t msg[MAX_MESSAGE + 1] = { CLIENT, 0, 4, 0x80 };

	EXPECT_EQ(-EINVAL, give(self->fd, msg, 3));
	EXPECT_EQ(-EMSGSIZE, give(self->fd, msg, 4 + 3));
	EXPECT_EQ(-EMSGSIZE, give(self->fd, msg, 4 + 5));
	EXPECT_EQ(-EMSGSIZE, give(self->fd, msg, sizeof(msg)));
	EXPECT_EQ(0, enumerate(self->fd, self->msg));
}

/*
 * Nothing takes this thread's CPU away, and on this CPU the host would read.
 * The message is for a client of fixed address, which the host drops silently.
 */
TEST_F(vmei, write_to_a_full_buffer_is_eagain_or_waits)
{
	const struct sched_param first = { .sched_priority = 1 };
	uint8_t msg[512] = { CLIENT, 0, 508 & 0xff, 0x80 | 508 >> 8 };
	int n, err = 0;

	ASSERT_EQ(0, enumerate(self->fd, self->msg));
	ASSERT_EQ(0, state_wait("ENABLED"));
	ASSERT_EQ(POLLOUT, fd_wait(self->fd, POLLOUT, WAIT_MS));
	ASSERT_EQ(0, nonblocking(self->fd, true));
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &first));
	for (n = 0; !err && n < 100; n += !err)
		err = give(self->fd, msg, sizeof(msg));
	EXPECT_EQ(-EAGAIN, err);
	EXPECT_EQ(0, fd_wait(self->fd, POLLOUT, 0));
	EXPECT_EQ(1024 / 128, n);
	ASSERT_EQ(0, nonblocking(self->fd, false));
	EXPECT_EQ(0, give(self->fd, msg, sizeof(msg)));
	EXPECT_EQ(POLLOUT, fd_wait(self->fd, POLLOUT, WAIT_MS));
	EXPECT_EQ(0, state_wait("ENABLED"));
}

/* ---- Reset ---- */

TEST_F(vmei, a_reset_of_the_host_is_econnreset_once)
{
	ASSERT_EQ(0, enumerate(self->fd, self->msg));
	ASSERT_EQ(0, give(self->fd, to_nobody, sizeof(to_nobody)));
	ASSERT_EQ(POLLIN, fd_wait(self->fd, POLLIN, WAIT_MS));
	/* Of the link that was: it vanishes, or it would reset this one. */
	EXPECT_EQ(0, give(self->fd, to_nobody, sizeof(to_nobody)));
	EXPECT_EQ(-ECONNRESET, take(self->fd, self->msg));
	EXPECT_EQ(0, enumerate(self->fd, self->msg));
	EXPECT_EQ(0, state_wait("ENABLED"));
}

TEST_F(vmei, the_firmware_can_reset_the_link)
{
	ASSERT_EQ(0, enumerate(self->fd, self->msg));
	ASSERT_EQ(0, ioctl(self->fd, VMEI_IOC_RESET));
	EXPECT_EQ(-ECONNRESET, take(self->fd, self->msg));
	EXPECT_EQ(0, enumerate(self->fd, self->msg));
	EXPECT_EQ(0, state_wait("ENABLED"));
}

TEST_F(vmei, resets_that_come_to_nothing_disable_the_device)
{
	ASSERT_EQ(0, enumerate(self->fd, self->msg));
	ASSERT_EQ(0, state_wait("ENABLED"));
	for (int i = 0; i < MAX_RESETS; i++) {
		ASSERT_EQ(0, ioctl(self->fd, VMEI_IOC_RESET));
		ASSERT_EQ(-ECONNRESET, take(self->fd, self->msg));
		ASSERT_EQ(0, expect(self->fd, 0x01, self->msg));
	}
	ASSERT_EQ(0, ioctl(self->fd, VMEI_IOC_RESET));
	EXPECT_EQ(0, state_wait("DISABLED"));
	EXPECT_EQ(-1, open("/dev/mei0", O_RDWR | O_CLOEXEC));
	EXPECT_EQ(ENODEV, errno);
}

/* ---- ioctl ---- */

TEST_F(vmei, setup_is_for_a_controller_that_is_off)
{
	struct vmei_setup setup = {
		.slots = VMEI_SLOTS_MIN,
		.fw_status = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66 },
	};
	struct result r;

	setup.slots = VMEI_SLOTS_MIN - 1;
	EXPECT_EQ(-1, ioctl(self->fd, VMEI_IOC_SETUP, &setup));
	EXPECT_EQ(EINVAL, errno);
	setup.slots = VMEI_SLOTS_MAX + 1;
	EXPECT_EQ(-1, ioctl(self->fd, VMEI_IOC_SETUP, &setup));
	EXPECT_EQ(EINVAL, errno);
	setup.slots = VMEI_SLOTS_MAX;
	EXPECT_EQ(0, ioctl(self->fd, VMEI_IOC_SETUP, &setup));
	ASSERT_EQ(0, enumerate(self->fd, self->msg));
	EXPECT_EQ(-1, ioctl(self->fd, VMEI_IOC_SETUP, &setup));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, file_wait("/dev/mei0"));
	ASSERT_EQ(0, run(&r, "cat", "/sys/class/mei/mei0/fw_status"));
	EXPECT_STREQ("00000011\n00000022\n00000033\n00000044\n00000055\n"
		     "00000066\n", r.text);
	EXPECT_EQ(-1, ioctl(self->fd, _IO(VMEI_IOC_MAGIC, 0x7f)));
	EXPECT_EQ(ENOTTY, errno);
}

/* 16 slots hold a header and 60 bytes. */
TEST_F(vmei, a_message_longer_than_the_buffer_comes_in_pieces)
{
	const struct vmei_setup setup = { .slots = 16 };
	pid_t program;
	int host;

	ASSERT_EQ(0, ioctl(self->fd, VMEI_IOC_SETUP, &setup));
	ASSERT_EQ(0, enumerate(self->fd, self->msg));
	ASSERT_EQ(0, state_wait("ENABLED"));
	program = start_host_program(self->fd);
	host = accept_host_program(self->fd, self->msg);
	ASSERT_LT(0, host);
	EXPECT_EQ(64, take_data(self->fd, self->msg));
	EXPECT_EQ(host, self->msg[1]);
	EXPECT_EQ(0, self->msg[3]);
	EXPECT_EQ(44, take_data(self->fd, self->msg));
	EXPECT_EQ(0x80, self->msg[3]);
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_EQ(ENODEV, status_of(program));
}

/* ---- close ---- */

TEST_F(vmei, close_is_surprise_removal)
{
	pid_t program;

	ASSERT_EQ(0, enumerate(self->fd, self->msg));
	ASSERT_EQ(0, state_wait("ENABLED"));
	program = start_host_program(self->fd);
	ASSERT_LT(0, accept_host_program(self->fd, self->msg));
	ASSERT_EQ(104, take_data(self->fd, self->msg));
	ASSERT_EQ(0, task_wait_blocked(program, SYS_read));
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_NE(0, access("/dev/mei0", F_OK));
	EXPECT_EQ(ENODEV, status_of(program));
}

/* ---- ENODEV ---- */

TEST_F(vmei, a_start_without_an_answer_is_enodev)
{
	ASSERT_EQ(0, expect(self->fd, 0x01, self->msg));
	EXPECT_EQ(POLLERR | POLLHUP,
		  fd_wait(self->fd, 0, WAIT_MS) & (POLLERR | POLLHUP));
	while (take(self->fd, self->msg) != -ENODEV)
		say("command 0x%02x before the end", self->msg[4]);
	EXPECT_EQ(-ENODEV, give(self->fd, start_answer, sizeof(start_answer)));
	EXPECT_NE(0, access("/sys/class/mei/mei0", F_OK));
}

TEST_HARNESS_MAIN
