// SPDX-License-Identifier: GPL-2.0-only
/*
 * `amt-helper amm` against peers that are broken or hostile: the cases H1 to
 * H32 of Documentation/amm.rst, through the program. All of it on loopback.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "amm_expect.h"

TEST_F(amm, h1_other_protocols_are_refused_with_their_first_bytes)
{
	static const struct {
		const char *bytes;
		const char *seen;
	} others[] = {
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", "48545450" },
		{ "\x15\x03\x01\0\x02\x02\x46 alert and more", "15030100" },
		{ "SSH-2.0-OpenSSH_9.2\r\n", "5353482d" },
		{ "\x1b]0;owned\a\x1b[2J", "1b5d303b" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		reply.size = 13;
		memcpy(reply.bytes, others[i].bytes, reply.size);
		EXPECT_EQ(PROTOCOL, answer());
		EXPECT_SAID(others[i].seen);
	}
	/* One bit is enough, in each of the four bytes. */
	for (size_t i = 0; i < 4; i++) {
		message_set(&reply, ENDPOINTS, ENDPOINTS_SIZE);
		reply.bytes[i] ^= 0x80;
		EXPECT_EQ(PROTOCOL, answer());
		EXPECT_SAID("expected a55a5aa5");
	}
}

TEST_F(amm, h2_a_wrong_complement_is_refused)
{
	static const struct {
		unsigned int complement;
		const char *said;
	} wrong[] = {
		{ 0xfdf2, "length 0x020c with complement 0xfdf2" },
		{ 0x7df3, "length 0x020c with complement 0x7df3" },
		{ 0x0000, "length 0x020c with complement 0x0000" },
		{ 0x020c, "length 0x020c with complement 0x020c" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		message_put(&reply, AT_COMPLEMENT, wrong[i].complement, 2);
		EXPECT_EQ(PROTOCOL, answer());
		EXPECT_SAID(wrong[i].said);
	}
}

TEST_F(amm, h3_a_swapped_length_is_recognized)
{
	message_put(&reply, AT_LENGTH, 3074, 2);
	message_put(&reply, AT_COMPLEMENT, 0xffff - 3074, 2);
	EXPECT_EQ(PROTOCOL, answer());
	EXPECT_SAID("length 3074, expected 524; byte order?");
}

TEST_F(amm, h4_another_version_is_refused_unless_allowed)
{
	static const uint8_t versions[][2] = {
		{ 2, 0 }, { 1, 1 }, { 0, 0 }, { 0, 1 },
	};
	char said[40];

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		reply.bytes[AT_MAJOR] = versions[i][0];
		reply.bytes[AT_MINOR] = versions[i][1];
		snprintf(said, sizeof(said), "version %u.%u, expected 1.0",
			 versions[i][0], versions[i][1]);
		EXPECT_EQ(PROTOCOL, answer());
		EXPECT_SAID(said);
		EXPECT_EQ(i == 3, strstr(peer.err, "AppEndpoint") != NULL);
	}
	ASSERT_EQ(0, START("amm", "endpoints", PEER, "--allow-version", "0.1"));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	EXPECT_EQ(OK, peer_finish(&peer));
	EXPECT_PRINTED("version   0.1\n");
}

TEST_F(amm, h5_a_reserved_field_is_only_warned_of)
{
	message_put(&reply, AT_RESERVED, 0x8001, 2);
	EXPECT_EQ(OK, answer());
	EXPECT_WARNED("reserved field is 0x8001");
}

TEST_F(amm, h6_a_payload_without_a_code_is_refused)
{
	char said[40];

	for (unsigned int length = 0; length < 4; length++) {
		message_resize(&reply, length);
		snprintf(said, sizeof(said), "length %u is too short", length);
		EXPECT_EQ(PROTOCOL, answer());
		EXPECT_SAID(said);
	}
}

TEST_F(amm, h7_a_reply_without_a_list_is_no_empty_list)
{
	message_put(&reply, AT_CONFIRMATION, 77, 4);
	for (unsigned int length = 4; length < 12; length++) {
		message_resize(&reply, length);
		EXPECT_EQ(PROTOCOL, answer());
		EXPECT_SAID("reply without a list");
		EXPECT_EQ(length >= 8, strstr(peer.err, "confirmation 77 "
					      "(0x0000004d)") != NULL);
		EXPECT_NE(NULL, strstr(peer.err, "payload 41000000"));
	}
}

TEST_F(amm, h8_a_huge_length_is_refused_before_the_payload_comes)
{
	message_resize(&reply, 65535);
	reply.size = 12;
	EXPECT_EQ(PROTOCOL, answer());
	EXPECT_SAID("length 65535, expected 524\n");
	message_resize(&second, 1293);
	second.size = 12;
	EXPECT_EQ(PROTOCOL, answer_atrs());
	EXPECT_SAID("length 1293, expected 1292\n");
}

TEST_F(amm, h9_raw_prints_all_of_the_longest_reply)
{
	const char *hex;

	for (size_t i = 16; i < MESSAGE_MAX; i++)
		reply.bytes[i] = i * 31 & 0xff;
	message_put(&reply, AT_CODE, 0x42, 4);
	message_resize(&reply, 65535);
	ASSERT_EQ(0, START("amm", "raw", "-c", "2", "--allow-undocumented",
			   "--json", PEER));
	ASSERT_EQ(0, asked(ASK_DETAILS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	EXPECT_EQ(OK, peer_finish(&peer));
	self->json = json_tokener_parse(peer.out);
	EXPECT_JSON("/amm/response", "0x42");
	EXPECT_JSON("/amm/length", "65535");
	EXPECT_JSON("/amm/confirmation_inferred", "true");
	hex = member(self->json, "/amm/payload_hex");
	ASSERT_EQ(2 * 65535, strlen(hex));
	for (size_t i = 0; i < 65535; i++) {
		unsigned int byte;

		sscanf(hex + 2 * i, "%2x", &byte);
		ASSERT_EQ(reply.bytes[12 + i], byte) TH_LOG("byte %zu", i);
	}
}

TEST_F(amm, h10_a_reply_that_ends_early_is_13)
{
	reply.size = 112;
	ASSERT_EQ(0, START("amm", "endpoints", PEER));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	peer_hang_up(&peer, false);
	EXPECT_EQ(PEER_LOST, peer_finish(&peer));
	EXPECT_SAID("after 112 of 536 bytes");
}

TEST_F(amm, h11_fin_at_any_place_is_13)
{
	static const size_t places[] = { 0, 1, 11, 12, 13, 31, 535 };
	char said[40];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		reply.size = places[i];
		ASSERT_EQ(0, START("amm", "endpoints", PEER));
		ASSERT_EQ(0, asked(ASK_ENDPOINTS));
		ASSERT_EQ(0, peer_reply(&peer, &reply));
		peer_hang_up(&peer, false);
		EXPECT_EQ(PEER_LOST, peer_finish(&peer));
		snprintf(said, sizeof(said), "after %zu of %d bytes",
			 places[i], places[i] < 12 ? 12 : ENDPOINTS_SIZE);
		EXPECT_SAID(said);
	}
	/* Behind the last byte it may come. */
	reply.size = ENDPOINTS_SIZE;
	ASSERT_EQ(0, START("amm", "endpoints", PEER));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	peer_hang_up(&peer, false);
	EXPECT_EQ(OK, peer_finish(&peer));
	EXPECT_STREQ("", peer.err);
}

TEST_F(amm, h12_rst_is_13_and_kills_nobody)
{
	static const size_t places[] = { 0, 5, 12, 100 };

	ASSERT_EQ(0, START("amm", "endpoints", PEER));
	ASSERT_EQ(0, peer_accept(&peer));
	peer_hang_up(&peer, true);
	EXPECT_EQ(PEER_LOST, peer_finish(&peer));
	EXPECT_SAID("Connection reset by peer");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		reply.size = places[i];
		ASSERT_EQ(0, START("amm", "endpoints", PEER));
		ASSERT_EQ(0, asked(ASK_ENDPOINTS));
		ASSERT_EQ(0, peer_reply(&peer, &reply));
		peer_hang_up(&peer, true);
		EXPECT_EQ(PEER_LOST, peer_finish(&peer));
		EXPECT_SAID("Connection reset by peer");
	}
}

TEST_F(amm, h12_rst_after_a_change_leaves_the_outcome_unknown)
{
	ASSERT_EQ(0, START(CHANGE, PEER));
	ASSERT_EQ(0, asked(DELETE_ATR));
	peer_hang_up(&peer, true);
	EXPECT_EQ(OUTCOME_UNKNOWN, peer_finish(&peer));
	EXPECT_SAID("the outcome is unknown");
	EXPECT_FALSE(peer_waits(&peer));
}

TEST_F(amm, h13_a_reply_byte_by_byte_is_taken)
{
	ASSERT_EQ(0, START("amm", "endpoints", PEER));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	for (size_t i = 0; i < reply.size; i++) {
		ASSERT_EQ(0, peer_send(&peer, &reply.bytes[i], 1));
	}
	EXPECT_EQ(OK, peer_finish(&peer));
	EXPECT_PRINTED("0x1122334455667788  0x99aabbccddeeff00\n");
}

TEST_F(amm, h14_dripping_does_not_move_the_deadline)
{
	size_t sent = 0;

	ASSERT_EQ(0, START("amm", "endpoints", PEER, "--timeout", "1"));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	do {
		ASSERT_EQ(0, peer_send(&peer, &reply.bytes[sent++], 1));
	} while (!peer_ended(&peer, 900) && sent < 10);
	EXPECT_EQ(TIMEOUT, peer_finish(&peer));
	EXPECT_GE(3, sent);
	EXPECT_SAID("bytes of the reply came");
}

TEST_F(amm, h15_silence_is_7_and_15_after_a_change)
{
	ASSERT_EQ(0, START("amm", "endpoints", PEER, "--timeout", "1"));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	EXPECT_EQ(TIMEOUT, peer_finish(&peer));
	EXPECT_SAID("0 of 12 bytes of the reply came");
	ASSERT_EQ(0, START(CHANGE, PEER, "--timeout", "1"));
	ASSERT_EQ(0, asked(DELETE_ATR));
	EXPECT_EQ(OUTCOME_UNKNOWN, peer_finish(&peer));
	EXPECT_SAID("0 of 12 bytes of the reply came");
	EXPECT_FALSE(peer_waits(&peer));
}

/*
 * A request of the greatest length. With short segments and a small buffer the
 * two kernels do not hold all of it.
 */
static int start_long(const char *timeout)
{
	int file = memfd_create("arguments", 0);
	char path[64];

	if (ftruncate(file, 65531) < 0 ||
	    setsockopt(peer.listener, IPPROTO_TCP, TCP_MAXSEG, &(int){ 536 },
		       sizeof(int)) < 0 ||
	    setsockopt(peer.listener, SOL_SOCKET, SO_RCVBUF, &(int){ 2048 },
		       sizeof(int)) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), file);
	return START("amm", "raw", "-c", "PROVISION_ENDPOINT",
		     "--allow-undocumented", "--yes-change-state",
		     "--payload-file", path, PEER, "--timeout", timeout);
}

TEST_F(amm, h15_a_peer_that_never_reads_blocks_until_the_deadline)
{
	ASSERT_EQ(0, start_long("1"));
	ASSERT_EQ(0, peer_accept(&peer));
	EXPECT_EQ(OUTCOME_UNKNOWN, peer_finish(&peer));
	EXPECT_SAID("of 65547 bytes of the request sent");
}

TEST_F(amm, h16_a_closed_port_is_13)
{
	close(peer.listener);
	ASSERT_EQ(0, START("amm", "list", PEER));
	EXPECT_EQ(PEER_LOST, peer_finish(&peer));
	EXPECT_SAID("Connection refused");
}

/* The queue of a listener takes one more than it is told; then SYNs drop. */
TEST_F(amm, h16_a_port_that_drops_is_7)
{
	struct peer full;
	int first;

	ASSERT_EQ(0, peer_listen(&full, "127.0.0.1", 0, 0));
	first = peer_dial(&full, "127.0.0.1");
	ASSERT_LE(0, first);
	close(peer.listener);
	peer.listener = full.listener;
	peer.port = full.port;
	ASSERT_EQ(0, START("amm", "list", PEER, "--timeout", "1"));
	EXPECT_EQ(TIMEOUT, peer_finish(&peer));
	EXPECT_SAID("no connection to 127.0.0.1: Connection timed out");
	close(first);
}

TEST_F(amm, h17_another_response_code_is_refused)
{
	static const struct {
		uint32_t code;
		const char *said;
	} wrong[] = {
		{ 0x45, "0x00000045, expected 0x00000041" },
		{ 0x01, "0x00000001, expected 0x00000041" },
		{ 0x00, "0x00000000, expected 0x00000041" },
		{ 0x41000000,
		  "0x41000000, expected 0x00000041; byte order?" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		message_put(&reply, AT_CODE, wrong[i].code, 4);
		EXPECT_EQ(PROTOCOL, answer());
		EXPECT_SAID(wrong[i].said);
	}
}

TEST_F(amm, h18_all_bits_of_the_response_code_count)
{
	message_put(&reply, AT_CODE, 0x00010041, 4);
	EXPECT_EQ(PROTOCOL, answer());
	EXPECT_SAID("0x00010041, expected 0x00000041");
}

TEST_F(amm, h19_more_items_than_a_list_has_are_refused)
{
	static const uint32_t counts[] = { 33, 0x7fffffff, 0xffffffff };
	char said[60];

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		message_put(&reply, AT_COUNT, counts[i], 4);
		snprintf(said, sizeof(said), "%u items, but a list has 32",
			 counts[i]);
		EXPECT_EQ(PROTOCOL, answer());
		EXPECT_SAID(said);
	}
	message_put(&second, AT_COUNT, 65, 4);
	EXPECT_EQ(PROTOCOL, answer_atrs());
	EXPECT_SAID("65 items, but a list has 64");
}

TEST_F(amm, h20_a_count_that_wraps_is_refused)
{
	/* 16 times this is 16 in 32 bits: the size of one slot. */
	message_put(&reply, AT_COUNT, 0x10000001, 4);
	EXPECT_EQ(PROTOCOL, answer());
	EXPECT_SAID("268435457 items");
	message_resize(&reply, 12 + 16);
	EXPECT_EQ(PROTOCOL, answer());
	EXPECT_SAID("268435457 items");
}

TEST_F(amm, h21_an_empty_and_a_full_list_are_taken)
{
	message_put(&reply, AT_COUNT, 0, 4);
	EXPECT_EQ(OK, answer());
	EXPECT_PRINTED("    items\n      none\n");
	EXPECT_STREQ("", peer.err);
	message_put(&reply, AT_COUNT, 32, 4);
	for (unsigned int i = 0; i < 32; i++)
		message_put(&reply, AT_SLOTS + 16 * i, i + 1, 8);
	EXPECT_EQ(OK, answer());
	EXPECT_WARNED("the list is full (32)");
	EXPECT_PRINTED("0x0000000000000020");
}

TEST_F(amm, h22_unused_slots_are_not_shown)
{
	memset(reply.bytes + AT_SLOTS + 32, 0xff, 512 - 32);
	EXPECT_EQ(OK, answer());
	EXPECT_EQ(NULL, strstr(peer.out, "ffff")) TH_LOG("%s", peer.out);
	EXPECT_STREQ("", peer.err);
}

TEST_F(amm, h23_a_list_without_unused_slots_is_taken_with_a_warning)
{
	message_resize(&reply, 12 + 2 * 16);
	EXPECT_EQ(OK, answer());
	EXPECT_WARNED("without its unused slots");
	EXPECT_PRINTED("layout        compact\n");
	message_resize(&second, 12 + 2 * 20);
	EXPECT_EQ(OK, answer_atrs());
	EXPECT_WARNED("without its unused slots");
}

TEST_F(amm, h24_a_length_in_between_is_refused)
{
	static const struct {
		unsigned int length;
		const char *said;
	} wrong[] = {
		{ 45, "length 45 with 2 items, expected 524 or 44" },
		{ 43, "length 43 with 2 items, expected 524 or 44" },
		{ 508, "length 508 with 2 items, expected 524 or 44" },
		{ 523, "length 523 with 2 items, expected 524 or 44" },
		{ 60, "length 60 with 2 items, expected 524 or 44" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		message_resize(&reply, wrong[i].length);
		EXPECT_EQ(PROTOCOL, answer());
		EXPECT_SAID(wrong[i].said);
	}
}

TEST_F(amm, h25_bytes_after_the_last_reply_are_warned_of)
{
	reply.size += 3;
	EXPECT_EQ(OK, answer());
	EXPECT_WARNED("bytes came after the last reply");
	memcpy(reply.bytes + ENDPOINTS_SIZE, reply.bytes, ENDPOINTS_SIZE);
	reply.size = 2 * ENDPOINTS_SIZE;
	EXPECT_EQ(OK, answer());
	EXPECT_WARNED("bytes came after the last reply");
}

TEST_F(amm, h25_bytes_before_the_next_request_are_refused)
{
	memcpy(reply.bytes + ENDPOINTS_SIZE, second.bytes, second.size);
	reply.size = ENDPOINTS_SIZE + second.size;
	ASSERT_EQ(0, START("amm", "list", PEER));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	EXPECT_EQ(PROTOCOL, peer_finish(&peer));
	EXPECT_SAID("bytes before the request: a55a5aa5");
}

TEST_F(amm, h26_a_banner_is_refused)
{
	/* Seen before the request is sent, or in place of its reply. */
	ASSERT_EQ(0, START("amm", "list", PEER));
	ASSERT_EQ(0, peer_accept(&peer));
	ASSERT_EQ(0, peer_send(&peer, "220 welcome\r\n", 13));
	EXPECT_EQ(PROTOCOL, peer_finish(&peer));
	EXPECT_SAID("32323020");
}

TEST_F(amm, h27_one_list_of_two_is_none)
{
	for (int json = 0; json < 2; json++) {
		ASSERT_EQ(0, START("amm", "list", PEER,
				   json ? "--json" : NULL));
		ASSERT_EQ(0, asked(ASK_ENDPOINTS));
		ASSERT_EQ(0, peer_reply(&peer, &reply));
		ASSERT_EQ(0, peer_expect(&peer, ASK_ATRS));
		peer_hang_up(&peer, false);
		EXPECT_EQ(PEER_LOST, peer_finish(&peer));
		if (!json)
			EXPECT_SAID("after 0 of 12 bytes");
	}
	self->json = json_tokener_parse(peer.out);
	EXPECT_JSON("/amm/complete", "false");
	EXPECT_JSON("/amm/endpoints", "(none)");
	EXPECT_JSON("/amm/atrs", "(none)");
	EXPECT_JSON("/error/code", "13");
	EXPECT_STREQ("", peer.err);
}

TEST_F(amm, h28_a_category_without_a_name_is_shown_as_a_number)
{
	static const struct {
		uint32_t category;
		const char *shown;
	} odd[] = {
		{ 0, "0 illegal " },
		{ 4, "4 unknown " },
		{ 0xffffffff, "4294967295 unknown " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		message_put(&second, AT_SLOTS, odd[i].category, 4);
		EXPECT_EQ(OK, answer_atrs());
		EXPECT_WARNED("item 0 has category");
		EXPECT_PRINTED(odd[i].shown);
	}
	EXPECT_EQ(OK, answer_json(&self->json));
	EXPECT_JSON("/amm/atrs/items/0/category/value", "4294967295");
	EXPECT_JSON("/amm/atrs/items/0/category/name", "unknown");
	EXPECT_JSON("/amm/warnings/0/name", "category");
}

TEST_F(amm, h29_ids_are_strings_and_doubles_are_warned_of)
{
	message_put(&reply, AT_SLOTS, UINT64_MAX, 8);
	message_put(&reply, AT_SLOTS + 8, UINT64_MAX, 8);
	message_put(&reply, AT_SLOTS + 16, 0, 8);
	EXPECT_EQ(OK, answer_json(&self->json));
	EXPECT_STREQ("", peer.err);
	EXPECT_PRINTED("\"lower64\":\"0xffffffffffffffff\"");
	EXPECT_PRINTED("\"upper64\":\"0x0000000000000000\"");
	EXPECT_JSON("/amm/warnings/0", "(none)");
	message_put(&reply, AT_SLOTS + 16, UINT64_MAX, 8);
	EXPECT_EQ(OK, answer()); /* the upper halves differ */
	EXPECT_STREQ("", peer.err);
	message_put(&reply, AT_SLOTS + 24, UINT64_MAX, 8);
	EXPECT_EQ(OK, answer());
	EXPECT_WARNED("items 0 and 1 have the same id");
}

TEST_F(amm, h30_any_confirmation_is_printed_as_it_is)
{
	static const uint32_t some[] = { 0, 1, 0x80000000, 0xffffffff };
	char shown[60];

	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		message_put(&reply, AT_CONFIRMATION, some[i], 4);
		EXPECT_EQ(OK, answer());
		snprintf(shown, sizeof(shown), "confirmation  %u (0x%08x)\n",
			 some[i], some[i]);
		EXPECT_PRINTED(shown);
		EXPECT_STREQ("", peer.err);
	}
	EXPECT_EQ(OK, answer_json(&self->json));
	EXPECT_JSON("/amm/endpoints/confirmation", "4294967295");
}

TEST_F(amm, h31_stopped_and_sent_in_parts_it_goes_on)
{
	static uint8_t request[MESSAGE_MAX];
	size_t got = 0;
	int status;

	ASSERT_EQ(0, start_long("20"));
	ASSERT_EQ(0, peer_accept(&peer));
	while (got < sizeof(request)) {
		ssize_t n = recv(peer.fd, request + got, 1000, 0);

		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_EQ(0, memcmp(request, "\xa5\x5a\x5a\xa5\x01\0\xff\xff\0\0\0\0"
				     "\x03\0\0\0\0", 17));
	message_put(&reply, AT_CODE, 0x43, 4);
	message_resize(&reply, 8);
	ASSERT_EQ(0, peer_send(&peer, reply.bytes, 7));
	kill(peer.pid, SIGSTOP);
	ASSERT_EQ(peer.pid, waitpid(peer.pid, &status, WUNTRACED));
	ASSERT_EQ(0, peer_send(&peer, reply.bytes + 7, reply.size - 7));
	kill(peer.pid, SIGCONT);
	EXPECT_EQ(OK, peer_finish(&peer));
	EXPECT_PRINTED("4300000000000000");
}

/* With an exit code of its own; a signal would be 128 and more. */
TEST_F(amm, h32_a_stdout_that_takes_nothing_is_1)
{
	int out[2], full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	char address[32];

	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	close(out[0]);
	snprintf(address, sizeof(address), "127.0.0.1:%u", peer.port);
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, peer_spawn(&peer, (const char *const[]){
				peer_path(), "amm", "endpoints", address,
				i & 1 ? "--json" : NULL, NULL },
				i & 2 ? full : out[1]));
		ASSERT_EQ(0, asked(ASK_ENDPOINTS));
		ASSERT_EQ(0, peer_reply(&peer, &reply));
		EXPECT_EQ(INTERNAL, peer_finish(&peer));
		EXPECT_SAID("cannot print");
	}
	close(out[1]);
	close(full);
}

TEST_HARNESS_MAIN
