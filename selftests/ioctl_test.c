// SPDX-License-Identifier: GPL-2.0-only
/* Arguments of the ioctls, as uapi/linux/amt_lme.h promises. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "testlib.h"

/* What a later kernel's structure may look like to this one. */
struct longer {
	struct amt_lme_connect connect;
	char unknown[16];
};

FIXTURE(ioctl) {
	struct machine machine;
	struct longer arg;
	int ctl;
};

FIXTURE_SETUP(ioctl)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	self->ctl = ctl_open();
	ASSERT_LE(0, self->ctl);
	self->arg.connect.size = sizeof(self->arg.connect);
	self->arg.connect.port = HTTP_PORT;
}

FIXTURE_TEARDOWN(ioctl)
{
	close(self->ctl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

static int connect_errno(int ctl, const void *arg)
{
	int fd = ioctl(ctl, AMT_LME_IOC_CONNECT, arg);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

TEST_F(ioctl, connect_of_a_good_argument_gives_a_cloexec_channel)
{
	struct http_answer answer;
	int fd = ioctl(self->ctl, AMT_LME_IOC_CONNECT, &self->arg);

	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	ASSERT_EQ(0, http_get(fd, "/down/5", false, &answer));
	EXPECT_EQ(5, answer.len);
	http_free(&answer);
	close(fd);
}

TEST_F(ioctl, connect_nonblock_gives_a_nonblocking_channel)
{
	int fd;

	self->arg.connect.flags = AMT_LME_CONNECT_NONBLOCK;
	fd = ioctl(self->ctl, AMT_LME_IOC_CONNECT, &self->arg);
	ASSERT_LE(0, fd);
	EXPECT_EQ(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
}

TEST_F(ioctl, connect_takes_ipv6_and_an_originator)
{
	self->arg.connect.family = AF_INET6;
	self->arg.connect.orig_port = 65535;
	strcpy(self->arg.connect.orig_addr, "2001:db8::1");
	EXPECT_EQ(0, connect_errno(self->ctl, &self->arg));
}

TEST_F(ioctl, connect_of_a_longer_structure_works_if_the_rest_is_zero)
{
	self->arg.connect.size = sizeof(self->arg);
	EXPECT_EQ(0, connect_errno(self->ctl, &self->arg));
}

TEST_F(ioctl, connect_of_a_longer_structure_gives_e2big_otherwise)
{
	self->arg.connect.size = sizeof(self->arg);
	self->arg.unknown[15] = 1;
	EXPECT_EQ(E2BIG, connect_errno(self->ctl, &self->arg));
	self->arg.unknown[15] = 0;
	self->arg.connect.size = UINT32_MAX;
	EXPECT_EQ(E2BIG, connect_errno(self->ctl, &self->arg));
}

TEST_F(ioctl, connect_of_a_shorter_structure_gives_einval)
{
	self->arg.connect.size = sizeof(self->arg.connect) - 1;
	EXPECT_EQ(EINVAL, connect_errno(self->ctl, &self->arg));
	self->arg.connect.size = 0;
	EXPECT_EQ(EINVAL, connect_errno(self->ctl, &self->arg));
}

TEST_F(ioctl, connect_of_an_unreadable_structure_gives_efault)
{
	EXPECT_EQ(EFAULT, connect_errno(self->ctl, NULL));
	EXPECT_EQ(EFAULT, connect_errno(self->ctl, (void *)-1L));
}

/* What makes a good argument bad: a number at an offset. */
static const struct {
	const char *what;
	size_t offset;
	uint32_t value;
} bad[] = {
	{ "unknown flag", offsetof(struct amt_lme_connect, flags), 0x2 },
	{ "all flags", offsetof(struct amt_lme_connect, flags), UINT32_MAX },
	{ "port 0", offsetof(struct amt_lme_connect, port), 0 },
	{ "port 65536", offsetof(struct amt_lme_connect, port), 65536 },
	{ "family", offsetof(struct amt_lme_connect, family), AF_UNIX },
	{ "window", offsetof(struct amt_lme_connect, window), 65537 },
	{ "orig_port", offsetof(struct amt_lme_connect, orig_port), 65536 },
	{ "reserved", offsetof(struct amt_lme_connect, reserved), 1 },
};

TEST_F(ioctl, connect_of_an_unknown_value_gives_einval)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct amt_lme_connect c = self->arg.connect;

		memcpy((char *)&c + bad[i].offset, &bad[i].value,
		       sizeof(bad[i].value));
		EXPECT_EQ(EINVAL, connect_errno(self->ctl, &c))
			TH_LOG("%s", bad[i].what);
	}
}

TEST_F(ioctl, connect_of_an_address_without_its_nul_gives_einval)
{
	memset(self->arg.connect.orig_addr, '1', AMT_LME_ADDR_LEN);
	EXPECT_EQ(EINVAL, connect_errno(self->ctl, &self->arg));
}

TEST_F(ioctl, connect_with_a_timeout_ends_in_time)
{
	struct process *sim = &self->machine.sim;

	ASSERT_EQ(0, carrier_stop());
	ASSERT_EQ(0, process_suspend(sim));
	ASSERT_EQ(0, carrier_start());
	self->arg.connect.timeout_ms = 500;
	EXPECT_EQ(ENETDOWN, connect_errno(self->ctl, &self->arg));
	kill(sim->pid, SIGCONT);
	self->arg.connect.timeout_ms = 0;
	EXPECT_EQ(0, connect_errno(self->ctl, &self->arg));
}

/* What waited would wait for ever. */
TEST_F(ioctl, ctl_hold_and_nonblocking_connect_never_wait_for_firmware)
{
	struct link_state link;
	int fd, ctl;

	ASSERT_EQ(0, carrier_stop());
	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	fd = ctl_connect(ctl, HTTP_PORT, AMT_LME_CONNECT_NONBLOCK, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, link_get(&link));
	if (relayed()) {
		EXPECT_EQ(AMT_LME_LINK_STATE_ABSENT, link.state);
	} else {
		EXPECT_EQ(AMT_LME_LINK_STATE_CONNECTING, link.state);
		EXPECT_EQ(2, link.users);
	}
	close(fd);
	close(ctl);
	kill(self->machine.sim.pid, SIGCONT);
}

TEST_F(ioctl, hold_can_be_asked_for_again)
{
	struct link_state link;
	struct genl events;

	ASSERT_EQ(0, genl_open(&events, true));
	EXPECT_EQ(0, ioctl(self->ctl, AMT_LME_IOC_HOLD));
	EXPECT_EQ(0, ioctl(self->ctl, AMT_LME_IOC_HOLD));
	ASSERT_EQ(0, link_wait(&events, AMT_LME_LINK_STATE_UP, &link));
	EXPECT_EQ(1 + carrier_users(), link.users);
	genl_close(&events);
}

TEST_F(ioctl, what_a_file_does_not_know_gives_enotty)
{
	int fd = ioctl(self->ctl, AMT_LME_IOC_CONNECT, &self->arg);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, ioctl(self->ctl, AMT_LME_IOC_SHUTDOWN));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(self->ctl, _IO(AMT_LME_IOC_MAGIC, 0x7f)));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(fd, AMT_LME_IOC_HOLD));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(fd, AMT_LME_IOC_CONNECT, &self->arg));
	EXPECT_EQ(ENOTTY, errno);
	close(fd);
}

TEST_HARNESS_MAIN
