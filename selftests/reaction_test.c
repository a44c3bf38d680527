// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the driver does with whatever AMT sends: one test for each rule of
 * Documentation/protocol.rst, "Session", "Forwards", "Channels", "Windows" and
 * "Closing". The messages are written down in hex, from the layouts there and
 * not by an encoder.
 */
#include <errno.h>
#include <poll.h>

#include "kselftest_harness.h"
#include "testlib.h"

/* After the fields of each: 16 bytes of UUID and 64 of zeros. */
#define ZEROS_16 "00000000000000000000000000000000"
#define ZEROS_80 \
	ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16
#define VERSION(major, minor) \
	"C0" major minor "000000FE" ZEROS_80
#define VERSION_1_0 VERSION("00000001", "00000000")
#define PFWD "0000001270667764""40616D742E696E74656C2E636F6D"
#define AUTH "0000001261757468""40616D742E696E74656C2E636F6D"
#define FORWARD "500000000D""74637069702D666F7277617264""01"
#define CANCEL "5000000014""63616E63656C2D74637069702D666F7277617264""01"
#define LOOPBACK "00000009""3132372E302E302E31"
#define PORT_16992 "00004260"

#define DISCONNECT_2 "01000000020000\n"
#define DISCONNECT_7 "01000000070000\n"
#define DISCONNECT_8 "01000000080000\n"

/* Our first channel has the number 1, AMT's the number 0. */
#define OURS "00000001"
#define AMTS "00000000"

FIXTURE(reaction) {
	struct machine machine;
	struct link_state link;
	struct result r;
	int ctl;
};

FIXTURE_SETUP(reaction)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, node_wait(623));
	ASSERT_EQ(0, sim_command("trace"));
}

/* Without the module, whose counters each test has judged with blame(). */
FIXTURE_TEARDOWN(reaction)
{
	close(self->ctl);
	EXPECT_EQ(0, module_unload("amt_lme"));
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* ---- Messages of no consequence ---- */

TEST_F(reaction, unknown_types_are_ignored)
{
	EXPECT_STREQ("", reaction(&self->r, "FF"));
	EXPECT_STREQ("", reaction(&self->r, "00"));
	/* EOF and a channel request, which SSH has and APF has not */
	EXPECT_STREQ("", reaction(&self->r, "6000000001"));
	EXPECT_STREQ("", reaction(&self->r, "6200000001"));
	EXPECT_EQ(0, blame("rx_unknown_type", 4));
	EXPECT_EQ(0, next_open_works());
}

TEST_F(reaction, types_that_only_hosts_send_are_ignored)
{
	/* One is cut: what it says is not even looked at. */
	static const char *const of_hosts[] = {
		"06" PFWD, "06000000FF", "330000000870617373776F726400", "34",
		"51" PORT_16992, "51", "52", "D100000042",
		"D30000001E0000000A",
	};

	for (size_t i = 0; i < ARRAY_SIZE(of_hosts); i++) {
		EXPECT_STREQ("", reaction(&self->r, of_hosts[i]))
			TH_LOG("%s", of_hosts[i]);
	}
	EXPECT_EQ(0, blame("rx_unknown_type", ARRAY_SIZE(of_hosts)));
	EXPECT_EQ(0, next_open_works());
}

TEST_F(reaction, trailing_bytes_are_ignored)
{
	EXPECT_STREQ("D100000042\n", reaction(&self->r, "D000000042FF"));
	EXPECT_EQ(0, blame("rx_trailing", 1));
}

TEST_F(reaction, data_of_length_zero_is_ignored)
{
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("trace"));
	EXPECT_STREQ("", reaction(&self->r, "5E" OURS "00000000"));
	EXPECT_EQ(0, fd_wait(fd, POLLIN, 0));
	EXPECT_EQ(0, channel_works(fd));
	EXPECT_EQ(0, blame("rx_empty_data", 1));
	close(fd);
}

TEST_F(reaction, messages_for_unknown_channels_are_ignored)
{
	EXPECT_STREQ("", reaction(&self->r, "5B000000630000000100001000FFFFFFFF"));
	EXPECT_STREQ("", reaction(&self->r, "5C00000063000000020000000000000000"));
	EXPECT_STREQ("", reaction(&self->r, "5D0000006300000200"));
	EXPECT_STREQ("", reaction(&self->r, "5E000000630000000568656C6C6F"));
	EXPECT_STREQ("", reaction(&self->r, "6100000063"));
	EXPECT_EQ(0, blame("rx_unknown_channel", 5));
	EXPECT_EQ(0, next_open_works());
}

TEST_F(reaction, a_second_confirmation_with_the_same_id_is_ignored)
{
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("trace"));
	EXPECT_STREQ("", reaction(&self->r,
				  "5B" OURS AMTS "00000001" "FFFFFFFF"));
	EXPECT_EQ(0, channel_works(fd));
	EXPECT_EQ(0, blame("rx_unexpected", 1));
	close(fd);
}

TEST_F(reaction, close_for_channel_0_ends_no_channel)
{
	int fd = node_open(HTTP_PORT, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("trace"));
	ASSERT_EQ(0, sim_command("close 0"));
	EXPECT_STREQ("", reaction(&self->r, "6100000000"));
	EXPECT_EQ(0, channel_works(fd));
	EXPECT_EQ(0, blame("rx_unknown_channel", 2));
	close(fd);
}

/* ---- Messages that end the session ---- */

TEST_F(reaction, a_message_shorter_than_its_fields_ends_the_session)
{
	static const char *const cut[] = {
		"5E" OURS "0000000568656C6C",
		"5D" OURS "000002",
		"5A0000000C6469726563742D746370697000000003",
		FORWARD "000000FF6100004260",
		"C00000000100000000",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cut); i++) {
		EXPECT_STREQ(DISCONNECT_2, last_words(&self->r, cut[i], "01"))
			TH_LOG("%s", cut[i]);
		EXPECT_EQ(0, blame("rx_short", i + 1));
		ASSERT_EQ(0, next_open_works());
		EXPECT_EQ(2 + i, counter("sessions"));
		ASSERT_EQ(0, sim_command("trace 61"));
	}
}

TEST_F(reaction, nothing_but_its_version_comes_before_it)
{
	static const char *const early[] = {
		"05" PFWD,
		"32" "0000000561646D696E" PFWD "000000046E6F6E65",
		FORWARD "00000000" PORT_16992,
		"5E" OURS "0000000568656C6C6F",
		"61" OURS,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(early); i++) {
		EXPECT_STREQ(DISCONNECT_2, greeting(&self->r, early[i], "01"))
			TH_LOG("%s", early[i]);
		ASSERT_EQ(0, next_open_works());
		ASSERT_EQ(0, sim_command("trace 61"));
	}
	EXPECT_EQ(0, blame("none", 0));
}

TEST_F(reaction, no_request_or_channel_comes_before_its_service)
{
	static const char *const early[] = {
		FORWARD "00000000" PORT_16992,
		CANCEL "00000000" PORT_16992,
		"5A0000000C6469726563742D7463706970" "00000003" "00000400"
		"FFFFFFFF" "000000096C6F63616C686F7374" "00000000"
		LOOPBACK PORT_16992,
		"5B" OURS "0000000100001000FFFFFFFF",
		"5C" OURS "000000020000000000000000",
		"5D" OURS "00000200",
		"5E" OURS "0000000568656C6C6F",
		"61" OURS,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(early); i++) {
		/* Its version takes the session back to where it began. */
		EXPECT_STREQ(VERSION_1_0 "\n",
			     reaction(&self->r, VERSION_1_0));
		EXPECT_STREQ(DISCONNECT_2, last_words(&self->r, early[i], "01"))
			TH_LOG("%s", early[i]);
		ASSERT_EQ(0, next_open_works());
		ASSERT_EQ(0, sim_command("trace 61"));
	}
	EXPECT_EQ(0, blame("none", 0));
}

TEST_F(reaction, a_request_for_another_service_ends_the_session)
{
	EXPECT_STREQ(DISCONNECT_7,
		     last_words(&self->r, "0500000003666F6F", "01"));
	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(2, counter("sessions"));
}

TEST_F(reaction, disconnect_ends_the_session_and_a_new_one_begins)
{
	int fd = node_open(HTTP_PORT, 0);
	char byte;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("trace"));
	ASSERT_EQ(0, sim_command("send 010000000B0000"));
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(ECONNRESET, errno);
	close(fd);
	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(2, counter("sessions"));
	EXPECT_EQ(0, sim_stat("disconnects"));
	EXPECT_EQ(0, blame("none", 0));
}

/* ---- Versions ---- */

TEST_F(reaction, a_version_below_1_0_ends_the_session)
{
	EXPECT_STREQ(DISCONNECT_8,
		     greeting(&self->r, VERSION("00000000", "00000009"), "01"));
	EXPECT_EQ(0, next_open_works());
}

TEST_F(reaction, a_higher_version_is_answered_with_1_0)
{
	EXPECT_STREQ(VERSION_1_0 "\n",
		     greeting(&self->r, VERSION("00000002", "00000005"), "C0"));
	EXPECT_EQ(0, next_open_works());
}

TEST_F(reaction, a_silent_amt_is_greeted_once)
{
	EXPECT_STREQ(VERSION_1_0 "\n" "06" PFWD "\n",
		     greeting(&self->r, "", "06"));
	EXPECT_EQ(0, next_open_works());
	EXPECT_EQ(2, counter("sessions"));
}

TEST_F(reaction, a_version_on_a_live_session_is_a_new_generation)
{
	int fd = node_open(HTTP_PORT, 0);
	char byte;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_command("trace"));
	EXPECT_STREQ(VERSION_1_0 "\n", reaction(&self->r, VERSION_1_0));
	/* The ladder begins again, with 10 s for each step. */
	EXPECT_STREQ("06" PFWD "\n", reaction(&self->r, "05" PFWD));
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(ECONNRESET, errno);
	close(fd);
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(2, self->link.generation);
	EXPECT_STREQ("51" PORT_16992 "\n",
		     reaction(&self->r, FORWARD "00000000" PORT_16992));
	EXPECT_EQ(0, next_open_works());
	/* It was not a new connection. */
	EXPECT_EQ(1, sim_stat("lme_connects"));
	EXPECT_EQ(0, blame("none", 0));
}

/* ---- Requests ---- */

TEST_F(reaction, both_services_are_accepted)
{
	EXPECT_STREQ("06" AUTH "\n", reaction(&self->r, "05" AUTH));
	EXPECT_STREQ("06" PFWD "\n", reaction(&self->r, "05" PFWD));
	EXPECT_EQ(0, blame("none", 0));
}

TEST_F(reaction, every_authentication_succeeds)
{
	EXPECT_STREQ("34\n", reaction(&self->r,
		"32" "0000000561646D696E" PFWD "000000046E6F6E65"));
	EXPECT_STREQ("34\n", reaction(&self->r,
		"32" "0000000561646D696E" AUTH "0000000870617373776F7264"
		"00" "000000085040737377307264"));
	EXPECT_STREQ("34\n", reaction(&self->r,
		"32" "00000000" PFWD "00000003666F6F"));
	EXPECT_EQ(0, blame("none", 0));
}

TEST_F(reaction, keep_alives_are_answered)
{
	EXPECT_STREQ("D100000042\n", reaction(&self->r, "D000000042"));
	EXPECT_STREQ("D30000001E0000000A\n",
		     reaction(&self->r, "D20000001E0000000A"));
	EXPECT_EQ(0, blame("none", 0));
}

TEST_F(reaction, an_unknown_request_fails_if_an_answer_is_wanted)
{
	EXPECT_STREQ("52\n", reaction(&self->r, "5000000003666F6F01"));
	EXPECT_STREQ("", reaction(&self->r, "5000000003666F6F00"));
	EXPECT_EQ(0, blame("none", 0));
}

TEST_F(reaction, a_datagram_is_not_answered)
{
	EXPECT_STREQ("", reaction(&self->r,
		"50" "000000197564702D73656E642D746F40616D742E696E74656C2E636F6D"
		"01" "000000093139322E302E322E37" "000000A2"
		"000000093139322E302E322E39" "00004260" "000000026869"));
	EXPECT_EQ(0, blame("rx_unexpected", 1));
}

TEST_F(reaction, forwards_are_answered_with_their_port)
{
	/* no address, AMT's name, all addresses; and each once more */
	static const char *const address[] = {
		"00000000", "0000000F616D742E6578616D706C652E636F6D",
		"00000007302E302E302E30", "00000000", "00000007302E302E302E30",
	};
	char hex[128];

	for (size_t i = 0; i < ARRAY_SIZE(address); i++) {
		snprintf(hex, sizeof(hex), FORWARD "%s" PORT_16992, address[i]);
		EXPECT_STREQ("51" PORT_16992 "\n", reaction(&self->r, hex));
	}
	EXPECT_EQ(0, blame("none", 0));
	EXPECT_EQ(0, next_open_works());
}

TEST_F(reaction, forwards_without_a_port_fail)
{
	EXPECT_STREQ("52\n", reaction(&self->r, FORWARD "00000000" "00000000"));
	EXPECT_STREQ("52\n", reaction(&self->r, FORWARD "00000000" "00010000"));
	EXPECT_EQ(0, blame("forward_refused", 2));
}

TEST_F(reaction, the_33rd_forward_fails)
{
	char hex[128], expected[32];

	/* Two are there. */
	for (unsigned int port = 1000; port < 1031; port++) {
		snprintf(hex, sizeof(hex), FORWARD "00000000%08X", port);
		snprintf(expected, sizeof(expected), "51%08X\n", port);
		EXPECT_STREQ(port < 1030 ? expected : "52\n",
			     reaction(&self->r, hex));
	}
	EXPECT_EQ(0, blame("forward_refused", 1));
}

TEST_F(reaction, cancel_of_an_unknown_forward_fails)
{
	EXPECT_STREQ("52\n", reaction(&self->r, CANCEL "00000000" "00004263"));
	EXPECT_STREQ("52\n", reaction(&self->r, CANCEL LOOPBACK PORT_16992));
	EXPECT_STREQ("51\n", reaction(&self->r, CANCEL "00000000" PORT_16992));
	EXPECT_EQ(0, blame("none", 0));
}

TEST_F(reaction, channels_that_amt_opens_are_refused)
{
	EXPECT_STREQ("5C00000003000000010000000000000000\n",
		     reaction(&self->r,
			      "5A0000000C6469726563742D7463706970"
			      "00000003" "00000400" "FFFFFFFF"
			      "000000096C6F63616C686F7374" "00000000"
			      LOOPBACK PORT_16992));
	EXPECT_STREQ("5C00000003000000030000000000000000\n",
		     reaction(&self->r,
			      "5A0000000773657373696F6E"
			      "00000003" "00000400" "FFFFFFFF"
			      "000000096C6F63616C686F7374" "00000000"
			      LOOPBACK PORT_16992));
	EXPECT_EQ(0, blame("none", 0));
}

/* ---- Messages that end a channel ---- */

FIXTURE(violation) {
	struct machine machine;
	struct result r;
	int ctl;
	int fd;
	int other;
};

FIXTURE_VARIANT(violation) {
	const char *hex;
	const char *counter;
};

FIXTURE_VARIANT_ADD(violation, data_beyond_the_window) {
	.hex = "5E" OURS "00000011" "4142434445464748494A4B4C4D4E4F5051",
	.counter = "rx_window_overrun",
};

FIXTURE_VARIANT_ADD(violation, adjust_overflow) {
	.hex = "5D" OURS "FFFFFFFF",
	.counter = "rx_adjust_overflow",
};

FIXTURE_VARIANT_ADD(violation, a_second_confirmation_with_another_id) {
	.hex = "5B" OURS "00000007" "00001000" "FFFFFFFF",
	.counter = "rx_unexpected",
};

FIXTURE_SETUP(violation)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	self->fd = ctl_connect(self->ctl, HTTP_PORT, 0, 16);
	ASSERT_LE(0, self->fd);
	self->other = node_open(HTTP_PORT, 0);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, sim_command("trace"));
}

FIXTURE_TEARDOWN(violation)
{
	close(self->fd);
	close(self->other);
	close(self->ctl);
	EXPECT_EQ(0, module_unload("amt_lme"));
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(violation, ends_its_channel_and_no_other)
{
	char byte;

	EXPECT_STREQ("61" AMTS "\n", last_words(&self->r, variant->hex, "61"));
	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(EPROTO, errno);
	EXPECT_EQ(0, channel_works(self->other));
	EXPECT_EQ(0, blame(variant->counter, 1));
	EXPECT_EQ(1, sim_stat("channels_open"));
	EXPECT_EQ(1, counter("sessions"));
}

TEST_HARNESS_MAIN
