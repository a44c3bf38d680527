// SPDX-License-Identifier: GPL-2.0-only
/*
 * Questions and changes over a device that fails in ways and at moments that no
 * virtual one can be made to, by a clock of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kselftest_harness.h"

#include "helper/amt.h"
#include "helper/failure.h"

#define NO_MEI 3
#define PERMISSION 4
#define NO_CLIENT 5
#define BUSY 6
#define TIMEOUT 7
#define PROTOCOL 8
#define UNCONFIRMED 15
#define TRY_MS 250

/* ---- The device, and the clock ---- */

/* What each call returns, and how long it takes; counted down to success. */
struct fault {
	int error;
	int times;
	int ms;
};

static struct {
	struct fault connect;
	struct fault send;
	struct fault receive;
	uint32_t max_message;
	unsigned int lock_seconds;
	int good_connects; /* the first ones */
	bool partly; /* what could not be sent may have been */
	int connects;
	int sends;
	int receives;
	int pauses;
	int64_t pause_ms;
	int64_t now_ms;
} device;

const uint8_t mei_guid_amthi[MEI_GUID_SIZE];
const uint8_t mei_guid_mkhi[MEI_GUID_SIZE];
const uint8_t mei_guid_manageability[MEI_GUID_SIZE];

int clock_gettime(clockid_t id, struct timespec *now)
{
	now->tv_sec = device.now_ms / 1000;
	now->tv_nsec = device.now_ms % 1000 * 1000000;
	return 0;
}

int nanosleep(const struct timespec *pause, struct timespec *left)
{
	device.pauses++;
	device.pause_ms = pause->tv_sec * 1000 + pause->tv_nsec / 1000000;
	device.now_ms += device.pause_ms;
	return 0;
}

static int play(struct fault *fault)
{
	device.now_ms += fault->ms;
	if (fault->times == 0)
		return 0;
	fault->times--;
	return fault->error;
}

int mei_connect(struct mei *mei, const char *path, const uint8_t *guid,
		unsigned int seconds)
{
	device.connects++;
	device.lock_seconds = seconds;
	snprintf(mei->path, sizeof(mei->path), "/dev/mei0");
	mei->max_message = device.max_message;
	if (device.connects <= device.good_connects)
		return 0;
	return play(&device.connect);
}

void mei_close(struct mei *mei)
{
}

int mei_send(struct mei *mei, const void *msg, size_t len, bool *unsent)
{
	int ret = play(&device.send);

	device.sends++;
	*unsent = ret < 0 && !device.partly;
	return ret;
}

/* Success, and a control mode of 1; an unprovision has the status alone. */
ssize_t mei_receive(struct mei *mei, void *msg, unsigned int timeout_ms)
{
	static const uint8_t mode[] = {
		0x01, 0x01, 0x00, 0x00, 0x6b, 0x00, 0x80, 0x04,
		0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x01, 0x00, 0x00, 0x00,
	};
	int ret = play(&device.receive);

	device.receives++;
	if (ret < 0)
		return ret;
	memcpy(msg, mode, sizeof(mode));
	return sizeof(mode);
}

/* ---- What is asked ---- */

#define ALWAYS 1000000

FIXTURE(amt) {
	struct amt amt;
	struct failure failure;
	uint32_t mode;
};

FIXTURE_SETUP(amt)
{
	memset(&device, 0, sizeof(device));
	device.max_message = 5120;
	self->amt = (struct amt)AMT_CLOSED;
}

FIXTURE_TEARDOWN(amt)
{
	amt_close(&self->amt);
}

#define ASK() \
	amt_ask_number(&self->amt, "GetControlMode", &self->mode, \
		       &self->failure)

static int unprovision(struct amt *amt, struct failure *failure)
{
	struct pthi_argument mode = { .number = 0 };
	struct pthi_reply reply;

	return amt_ask(amt, pthi_find("Unprovision", NULL), &mode, &reply,
		       failure);
}

#define CHANGE() unprovision(&self->amt, &self->failure)

#define EXPECT_SAID(text) \
	EXPECT_NE(NULL, strstr(self->failure.message, text)) \
		TH_LOG("%s", self->failure.message)

/* ---- Tries ---- */

TEST_F(amt, a_busy_client_is_tried_twenty_times)
{
	device.connect = (struct fault){ -EBUSY, ALWAYS, 0 };
	EXPECT_EQ(-1, ASK());
	EXPECT_EQ(BUSY, self->failure.code);
	EXPECT_EQ(20, device.connects);
	EXPECT_EQ(19, device.pauses);
	EXPECT_EQ(TRY_MS, device.pause_ms);
}

TEST_F(amt, a_question_is_repeated_after_a_pause)
{
	device.receive = (struct fault){ -ENODEV, 1, 0 };
	EXPECT_EQ(0, ASK());
	EXPECT_EQ(1, self->mode);
	EXPECT_EQ(2, device.sends);
	EXPECT_EQ(2, device.connects);
	EXPECT_EQ(1, device.pauses);
	EXPECT_EQ(TRY_MS, device.pause_ms);
}

/* How write() meets a reset, once it has begun. */
TEST_F(amt, a_question_that_is_cut_off_halfway_is_repeated)
{
	static const int errors[] = { -EIO, -EOVERFLOW };

	device.partly = true;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		device.sends = 0;
		device.send = (struct fault){ errors[i], 1, 0 };
		EXPECT_EQ(0, ASK());
		EXPECT_EQ(2, device.sends);
	}
	device.sends = 0;
	device.send = (struct fault){ -EFAULT, ALWAYS, 0 };
	EXPECT_EQ(-1, ASK());
	EXPECT_EQ(1, device.sends);
}

TEST_F(amt, a_question_that_is_always_cut_off_is_tried_twenty_times)
{
	device.receive = (struct fault){ -ENODEV, ALWAYS, 0 };
	EXPECT_EQ(-1, ASK());
	EXPECT_EQ(NO_MEI, self->failure.code);
	EXPECT_EQ(20, device.sends);
	EXPECT_EQ(19, device.pauses);
}

/* Five times busy, and then cut off each time. */
TEST_F(amt, connecting_and_asking_share_the_tries)
{
	device.receive = (struct fault){ -ENODEV, ALWAYS, 0 };
	device.connect = (struct fault){ -EBUSY, 5, 0 };
	EXPECT_EQ(-1, ASK());
	EXPECT_EQ(20, device.connects);
	EXPECT_EQ(15, device.sends);
	EXPECT_EQ(19, device.pauses);
}

TEST_F(amt, each_question_has_tries_of_its_own)
{
	for (int i = 0; i < 3; i++) {
		device.receive = (struct fault){ -ENODEV, 15, 0 };
		EXPECT_EQ(0, ASK());
	}
	EXPECT_EQ(48, device.sends);
}

/* As long as --timeout and the tries, from the first failure on. */
TEST_F(amt, slow_tries_end_in_time)
{
	device.receive = (struct fault){ -ENODEV, ALWAYS, 9000 };
	EXPECT_EQ(-1, ASK());
	EXPECT_EQ(NO_MEI, self->failure.code);
	EXPECT_EQ(4, device.sends);
	EXPECT_LE(device.now_ms, 9000 + 15000 + 5000 + 9000);

	device.sends = 0;
	self->amt.timeout = 60;
	EXPECT_EQ(-1, ASK());
	EXPECT_EQ(9, device.sends);

	device.connects = 0;
	device.connect = (struct fault){ -ENODEV, ALWAYS, 15000 };
	self->amt.timeout = 15;
	EXPECT_EQ(-1, ASK());
	EXPECT_EQ(3, device.connects);
}

TEST_F(amt, a_reply_that_does_not_come_is_not_asked_for_again)
{
	device.receive = (struct fault){ -ETIME, ALWAYS, 15000 };
	EXPECT_EQ(-1, ASK());
	EXPECT_EQ(TIMEOUT, self->failure.code);
	EXPECT_EQ(1, device.sends);
}

TEST_F(amt, a_reply_against_the_protocol_is_no_matter_of_size)
{
	device.receive = (struct fault){ -EPROTO, 1, 0 };
	EXPECT_EQ(-1, ASK());
	EXPECT_EQ(PROTOCOL, self->failure.code);
	EXPECT_SAID("/dev/mei0: the firmware breaks the protocol of the PTHI");
	EXPECT_EQ(1, device.sends);
}

/* ---- Changes ---- */

TEST_F(amt, a_change_that_could_not_be_sent_is_sent_when_it_can)
{
	device.send = (struct fault){ -ENODEV, 3, 0 };
	EXPECT_EQ(-1, CHANGE()); /* the reply is to another command */
	EXPECT_EQ(UNCONFIRMED, self->failure.code);
	EXPECT_EQ(4, device.sends);
	EXPECT_EQ(3, device.pauses);
	EXPECT_EQ(1, device.receives);
}

static const struct {
	int error;
	int code;
	int sends;
	const char *said;
} unsent[] = {
	{ -ENODEV, NO_MEI, 20, "firmware resets the link" },
	{ -ENOTTY, NO_CLIENT, 20, "has no PTHI client" },
	{ -EFBIG, 1, 1, "File too large" },
	{ -EAGAIN, 1, 1, "Resource temporarily" },
	{ -ENOMEM, 1, 1, "Cannot allocate memory" },
};

TEST_F(amt, a_change_that_was_not_sent_is_told_from_one_that_may_have_been)
{
	for (size_t i = 0; i < sizeof(unsent) / sizeof(unsent[0]); i++) {
		device.sends = 0;
		device.send = (struct fault){ unsent[i].error, ALWAYS, 0 };
		EXPECT_EQ(-1, CHANGE());
		EXPECT_EQ(unsent[i].code, self->failure.code)
			TH_LOG("%s", self->failure.message);
		EXPECT_SAID("Unprovision was not sent: /dev/mei0");
		EXPECT_SAID(unsent[i].said);
		EXPECT_EQ(unsent[i].sends, device.sends);
	}
	EXPECT_EQ(0, device.receives);

	device.sends = 0;
	device.partly = true;
	device.send = (struct fault){ -EOVERFLOW, 1, 0 };
	EXPECT_EQ(-1, CHANGE());
	EXPECT_EQ(UNCONFIRMED, self->failure.code);
	EXPECT_SAID("outcome unknown");
	EXPECT_SAID("Value too large");
	EXPECT_EQ(1, device.sends);
}

/* The reset takes the message back, and then the device. */
TEST_F(amt, a_change_that_cannot_be_tried_again_was_not_sent)
{
	static const struct {
		int error;
		int code;
		int connects;
		const char *said;
	} gone[] = {
		{ -ENODEV, NO_MEI, 20, "firmware resets the link" },
		{ -EBUSY, BUSY, 20, "another program uses the PTHI client" },
		{ -EACCES, PERMISSION, 2, "no permission" },
	};

	device.good_connects = 1;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		device.sends = 0;
		device.connects = 0;
		device.send = (struct fault){ -ENODEV, 1, 0 };
		device.connect = (struct fault){ gone[i].error, ALWAYS, 0 };
		EXPECT_EQ(-1, CHANGE());
		EXPECT_EQ(gone[i].code, self->failure.code);
		EXPECT_SAID("Unprovision was not sent: ");
		EXPECT_SAID(gone[i].said);
		EXPECT_EQ(1, device.sends);
		EXPECT_EQ(gone[i].connects, device.connects);
	}
}

TEST_F(amt, a_change_whose_reply_is_lost_is_sent_once)
{
	static const int errors[] = { -ENODEV, -ETIME, -EIO };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		device.sends = 0;
		device.receive = (struct fault){ errors[i], ALWAYS, 0 };
		EXPECT_EQ(-1, CHANGE());
		EXPECT_EQ(UNCONFIRMED, self->failure.code);
		EXPECT_EQ(1, device.sends);
	}
}

/* ---- Connections ---- */

TEST_F(amt, messages_of_an_impossible_size_break_the_protocol)
{
	static const uint32_t sizes[] = { 0, 65537, 0xffffffff };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		device.connects = 0;
		device.max_message = sizes[i];
		EXPECT_EQ(-1, ASK());
		EXPECT_EQ(PROTOCOL, self->failure.code);
		EXPECT_SAID("/dev/mei0: the PTHI client takes messages of");
		EXPECT_EQ(1, device.connects);
	}
	device.max_message = 65536;
	EXPECT_EQ(0, ASK());
}

/* The kernel waits for 15 s for a client; then there is the reply. */
TEST_F(amt, others_of_this_program_are_waited_for_as_long_as_they_may_take)
{
	device.connect = (struct fault){ -ETIME, ALWAYS, 0 };
	EXPECT_EQ(-1, ASK());
	EXPECT_EQ(BUSY, self->failure.code);
	EXPECT_SAID("another amt-helper");
	EXPECT_EQ(1, device.connects);
	EXPECT_LT(AMT_TIMEOUT_MAX + 15, device.lock_seconds);
}

TEST_HARNESS_MAIN
