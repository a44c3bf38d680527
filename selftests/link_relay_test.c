// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program carries the messages: LINK on the control node. No MEI is needed,
 * this program is AMT. The messages are hex from the layouts in
 * Documentation/protocol.rst, "Messages".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define MTU 4096
/* Where nothing is mapped; the compiler is not to know. */
static void *volatile nowhere = (void *)8;


#define ZEROS_8 "00000000"
#define ZEROS_16 "00000000000000000000000000000000"
#define VERSION_FIELDS "C00000000100000000"
#define AMT_VERSION \
	VERSION_FIELDS "00000004" ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16
#define PFWD "000000127066776440616D742E696E74656C2E636F6D"
#define FORWARD_16992 \
	"500000000D74637069702D666F727761726401" "00000000" "00004260"
#define FORWARDED_16992 "5100004260"
#define KEEPALIVE "D000000042"
#define KEEPALIVE_REPLY "D100000042"

FIXTURE(link_relay) {
	struct amt_lme_link arg;
	char hex[2 * MTU + 1];
	int ctl;
	int link;
};

FIXTURE_SETUP(link_relay)
{
	struct result r;

	ASSERT_NE(0, access("/dev/mei0", F_OK));
	ASSERT_EQ(0, run(&r, "modprobe", "amt_lme"));
	self->ctl = ctl_open();
	ASSERT_LE(0, self->ctl);
	self->arg = (struct amt_lme_link){
		.size = sizeof(self->arg),
		.max_message = MTU,
	};
	self->link = -1;
}

FIXTURE_TEARDOWN(link_relay)
{
	if (self->link >= 0)
		close(self->link);
	close(self->ctl);
	EXPECT_EQ(0, module_unload("amt_lme"));
}

static int link_open(int ctl, struct amt_lme_link *arg)
{
	int fd = ioctl(ctl, AMT_LME_IOC_LINK, arg);

	return fd < 0 ? -errno : fd;
}

/* A message from AMT. */
static int say_hex(int link, const char *hex)
{
	unsigned char message[MTU + 1];
	size_t len = strlen(hex) / 2;
	ssize_t n;

	for (size_t i = 0; i < len; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &message[i]) != 1)
			return -EINVAL;
	n = write(link, message, len);
	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

/* The next message to AMT as hex; "" after the end. */
static const char *hear_hex(int link, char hex[static 2 * MTU + 1])
{
	unsigned char message[MTU];
	ssize_t n;

	if (!(fd_wait(link, POLLIN, WAIT_MS) & POLLIN))
		return "nothing came";
	n = read(link, message, sizeof(message));
	if (n < 0)
		return strerror(errno);
	hex[0] = 0;
	for (ssize_t i = 0; i < n; i++)
		sprintf(hex + 2 * i, "%02X", message[i]);
	return hex;
}

/* AMT's half of the handshake, and a forward. */
static void shake_hands(struct __test_metadata *_metadata,
			FIXTURE_DATA(link_relay) *self)
{
	self->link = link_open(self->ctl, &self->arg);
	ASSERT_LE(0, self->link);
	ASSERT_EQ(0, say_hex(self->link, AMT_VERSION));
	ASSERT_EQ(0, strncmp(VERSION_FIELDS, hear_hex(self->link, self->hex),
			     strlen(VERSION_FIELDS))) TH_LOG("%s", self->hex);
	ASSERT_EQ(0, say_hex(self->link, "05" PFWD));
	ASSERT_STREQ("06" PFWD, hear_hex(self->link, self->hex));
	ASSERT_EQ(0, say_hex(self->link, FORWARD_16992));
	ASSERT_STREQ(FORWARDED_16992, hear_hex(self->link, self->hex));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
}

/* A channel: ours has the number 1, AMT's the number 7. */
static int open_channel(struct __test_metadata *_metadata,
			FIXTURE_DATA(link_relay) *self)
{
	int fd = node_open(HTTP_PORT, O_RDWR | O_NONBLOCK);

	EXPECT_LE(0, fd);
	EXPECT_EQ(0, strncmp("5A0000000F666F727761726465642D7463706970"
			     "00000001",
			     hear_hex(self->link, self->hex), 48))
		TH_LOG("%s", self->hex);
	EXPECT_EQ(0, say_hex(self->link, "5B" "00000001" "00000007"
					 "00001000" "FFFFFFFF"));
	EXPECT_EQ(POLLOUT, fd_wait(fd, POLLOUT, WAIT_MS));
	return fd;
}

TEST_F(link_relay, messages_make_a_session_with_nodes_and_channels)
{
	struct link_state link;
	char bytes[8] = "";
	int fd;

	shake_hands(_metadata, self);
	ASSERT_EQ(0, link_get(&link));
	EXPECT_EQ(AMT_LME_LINK_STATE_UP, link.state);
	EXPECT_EQ(AMT_LME_TRANSPORT_RELAY, link.transport);
	EXPECT_EQ(MTU, link.message_size);
	EXPECT_EQ(1, link.users);

	fd = open_channel(_metadata, self);
	ASSERT_EQ(2, write(fd, "hi", 2));
	EXPECT_STREQ("5E00000007000000026869", hear_hex(self->link, self->hex));
	ASSERT_EQ(0, say_hex(self->link, "5E0000000100000003" "796F75"));
	ASSERT_EQ(POLLIN, fd_wait(fd, POLLIN, WAIT_MS));
	EXPECT_EQ(3, read(fd, bytes, sizeof(bytes)));
	EXPECT_STREQ("you", bytes);
	EXPECT_STREQ("5D0000000700000003", hear_hex(self->link, self->hex));
	close(fd);
	EXPECT_STREQ("6100000007", hear_hex(self->link, self->hex));
	ASSERT_EQ(0, say_hex(self->link, "6100000001"));
}

/* The program was quicker than the bus, and has LME. */
TEST_F(link_relay, to_a_device_on_the_bus_it_gives_way)
{
	struct machine machine;
	struct link_state link;
	struct genl events;
	struct result r;

	shake_hands(_metadata, self);
	ASSERT_EQ(0, genl_open(&events, true));
	ASSERT_EQ(0, machine_start(&machine, (const char *const[]){
				   "--connections", "1", NULL }));
	EXPECT_STREQ("010000000B0000", hear_hex(self->link, self->hex));
	EXPECT_STREQ("", hear_hex(self->link, self->hex));
	EXPECT_EQ(0, link_wait(&events, AMT_LME_LINK_STATE_UP, &link));
	EXPECT_EQ(AMT_LME_TRANSPORT_BUS, link.transport);
	genl_close(&events);
	close(self->link);
	self->link = -1;
	close(self->ctl);
	EXPECT_EQ(0, machine_stop(&machine));
	/* As the others find and leave it. */
	ASSERT_EQ(0, run(&r, "modprobe", "amt_lme"));
	self->ctl = ctl_open();
}

TEST_F(link_relay, closing_it_ends_the_session)
{
	struct link_state link;
	char byte;
	int fd;

	shake_hands(_metadata, self);
	fd = open_channel(_metadata, self);
	close(self->link);
	self->link = -1;
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP,
		  fd_wait(fd, POLLIN, WAIT_MS) & ~POLLRDHUP);
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(ECONNRESET, errno);
	close(fd);
	ASSERT_EQ(0, link_get(&link));
	EXPECT_EQ(AMT_LME_LINK_STATE_ABSENT, link.state);
	EXPECT_EQ(AMT_LME_TRANSPORT_NONE, link.transport);
}

TEST_F(link_relay, a_new_one_is_a_new_session_and_who_waited_is_served)
{
	struct link_state link;
	int fd;

	shake_hands(_metadata, self);
	close(self->link);
	fd = node_open(HTTP_PORT, O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, fd);
	shake_hands(_metadata, self);
	ASSERT_EQ(0, link_get(&link));
	EXPECT_EQ(2, link.generation);
	EXPECT_EQ(0, strncmp("5A", hear_hex(self->link, self->hex), 2));
	close(fd);
}

TEST_F(link_relay, after_a_protocol_error_it_is_over)
{
	struct link_state link;
	struct genl events;
	char byte;

	shake_hands(_metadata, self);
	ASSERT_EQ(0, genl_open(&events, true));
	ASSERT_EQ(0, say_hex(self->link, "5E000000"));
	EXPECT_STREQ("01000000020000", hear_hex(self->link, self->hex));
	EXPECT_TRUE(fd_wait(self->link, 0, WAIT_MS) & POLLHUP);
	EXPECT_EQ(0, read(self->link, &byte, 1));
	EXPECT_EQ(-EPIPE, say_hex(self->link, KEEPALIVE));
	EXPECT_EQ(0, link_wait(&events, AMT_LME_LINK_STATE_ABSENT, &link));
	genl_close(&events);
	close(self->link);
	shake_hands(_metadata, self);
}

/* What the handshake waits for ends with it: 300 ms for AMT's version. */
TEST_F(link_relay, one_that_ends_before_the_handshake_leaves_no_deadline)
{
	struct link_state link;

	self->link = link_open(self->ctl, &self->arg);
	ASSERT_LE(0, self->link);
	ASSERT_EQ(POLLOUT, fd_wait(self->link, POLLOUT, WAIT_MS));
	close(self->link);
	self->link = ctl_hold();
	ASSERT_LE(0, self->link);
	poll(NULL, 0, 500); /* nothing is to happen */
	ASSERT_EQ(0, link_get(&link));
	EXPECT_EQ(AMT_LME_LINK_STATE_ABSENT, link.state);
	EXPECT_EQ(ENODEV, link.error);
	EXPECT_EQ(1, counter("link_lost"));
}

/* ---- Refusals ---- */

/* The OPEN with that number, which is refused with reason 1. */
static int refuse(FIXTURE_DATA(link_relay) *self, unsigned int number,
		  bool name_first)
{
	char open[64], failure[64];

	snprintf(open, sizeof(open),
		 "5A0000000F666F727761726465642D7463706970%08X", number);
	snprintf(failure, sizeof(failure), "5C%08X" "00000001" ZEROS_8 ZEROS_8,
		 number);
	if (strncmp(open, hear_hex(self->link, self->hex), strlen(open)))
		return -EPROTO;
	if (name_first &&
	    (say_hex(self->link, FORWARD_16992) ||
	     strcmp(FORWARDED_16992, hear_hex(self->link, self->hex))))
		return -EPROTO;
	return say_hex(self->link, failure);
}

/*
 * As of firmware that needs some more time. The first one is tried again at
 * once, the others 250 ms later; less what may be missing of a jiffy.
 */
TEST_F(link_relay, a_port_named_at_each_open_makes_no_burst_of_them)
{
	long long start;
	char byte;
	int fd;

	shake_hands(_metadata, self);
	fd = node_open(HTTP_PORT, O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, fd);
	start = now_ms();
	for (unsigned int i = 1; i <= 4; i++) {
		ASSERT_EQ(0, refuse(self, i, true))
			TH_LOG("%u: %s", i, self->hex);
	}
	EXPECT_TRUE(fd_wait(fd, POLLIN, WAIT_MS) & POLLERR);
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(ECONNREFUSED, errno);
	EXPECT_LE(2 * 240, now_ms() - start);
	close(fd);
}

/* It says nothing of what AMT makes of the OPEN. */
TEST_F(link_relay, a_port_named_while_the_open_is_queued_does_not_hasten_it)
{
	long long start;
	int fd;

	shake_hands(_metadata, self);
	/* As long as the reply is not read nothing else is sent. */
	ASSERT_EQ(0, say_hex(self->link, KEEPALIVE));
	ASSERT_EQ(POLLIN, fd_wait(self->link, POLLIN, WAIT_MS));
	fd = node_open(HTTP_PORT, O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, say_hex(self->link, FORWARD_16992));
	ASSERT_STREQ(KEEPALIVE_REPLY, hear_hex(self->link, self->hex));
	ASSERT_STREQ(FORWARDED_16992, hear_hex(self->link, self->hex));
	start = now_ms();
	ASSERT_EQ(0, refuse(self, 1, false)) TH_LOG("%s", self->hex);
	ASSERT_EQ(0, strncmp("5A", hear_hex(self->link, self->hex), 2));
	EXPECT_LE(240, now_ms() - start);
	close(fd);
}

/* ---- What a program may do ---- */

TEST_F(link_relay, a_short_buffer_loses_nothing)
{
	char byte;

	shake_hands(_metadata, self);
	ASSERT_EQ(0, say_hex(self->link, KEEPALIVE));
	ASSERT_EQ(POLLIN, fd_wait(self->link, POLLIN, WAIT_MS));
	EXPECT_EQ(-1, read(self->link, &byte, 1));
	EXPECT_EQ(EMSGSIZE, errno);
	EXPECT_EQ(-1, read(self->link, nowhere, MTU));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_STREQ(KEEPALIVE_REPLY, hear_hex(self->link, self->hex));
}

TEST_F(link_relay, a_message_is_as_long_as_was_said_and_not_empty)
{
	char message[MTU + 1] = { (char)0xFF };

	shake_hands(_metadata, self);
	EXPECT_EQ(-1, write(self->link, message, MTU + 1));
	EXPECT_EQ(EMSGSIZE, errno);
	EXPECT_EQ(-1, write(self->link, message, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->link, nowhere, 5));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MTU, write(self->link, message, MTU));
	EXPECT_EQ(1, counter("rx_unknown_type"));
}

TEST_F(link_relay, nonblocking_gives_eagain)
{
	char byte;

	shake_hands(_metadata, self);
	ASSERT_EQ(0, fcntl(self->link, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->link, &byte, 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(POLLOUT, fd_wait(self->link, POLLIN | POLLOUT, 0));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->link, F_GETFD));
}

TEST_F(link_relay, a_second_one_gives_ebusy_and_says_which)
{
	self->link = link_open(self->ctl, &self->arg);
	ASSERT_LE(0, self->link);
	EXPECT_EQ(-EBUSY, link_open(self->ctl, &self->arg));
	EXPECT_EQ(AMT_LME_TRANSPORT_RELAY, self->arg.transport);
}

TEST_F(link_relay, a_bad_argument_gives_einval)
{
	const struct amt_lme_link good = self->arg;

	self->arg.max_message = 511;
	EXPECT_EQ(-EINVAL, link_open(self->ctl, &self->arg));
	self->arg.max_message = 131073;
	EXPECT_EQ(-EINVAL, link_open(self->ctl, &self->arg));
	self->arg = good;
	self->arg.flags = 1;
	EXPECT_EQ(-EINVAL, link_open(self->ctl, &self->arg));
	self->arg = good;
	self->arg.size--;
	EXPECT_EQ(-EINVAL, link_open(self->ctl, &self->arg));
	EXPECT_EQ(-EFAULT, link_open(self->ctl, NULL));
}

TEST_F(link_relay, it_needs_cap_net_admin)
{
	ASSERT_EQ(0, net_admin(false));
	EXPECT_EQ(-EPERM, link_open(self->ctl, &self->arg));
	ASSERT_EQ(0, net_admin(true));
}

FIXTURE(bus) {
	struct machine machine;
	int ctl;
};

FIXTURE_SETUP(bus)
{
	ASSERT_EQ(0, machine_start(&self->machine, (const char *const[]){
				   "--connections", "1", NULL }));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
}

FIXTURE_TEARDOWN(bus)
{
	close(self->ctl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(bus, beside_a_device_on_the_bus_it_gives_ebusy_and_says_which)
{
	struct amt_lme_link arg = {
		.size = sizeof(arg),
		.max_message = MTU,
	};

	EXPECT_EQ(-EBUSY, link_open(self->ctl, &arg));
	EXPECT_EQ(AMT_LME_TRANSPORT_BUS, arg.transport);
}

TEST_HARNESS_MAIN
