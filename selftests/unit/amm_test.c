// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of the AMM HMI API against the bytes of Documentation/amm.rst, and
 * the exchange of them on a connection. amm_hostile_test.c has the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "amm/connection.h"
#include "amm/deadline.h"
#include "amm/message.h"
#include "amm_peer.h"
#include "amm_vectors.h"

#define NSEC_PER_SEC 1000000000LL

static const struct amm_expect endpoints = {
	.code = AMM_LIST_ENDPOINTS,
	.list = true,
	.version = { 1, 0 },
};

static const struct amm_expect atrs = {
	.code = AMM_LIST_ATRS,
	.list = true,
	.version = { 1, 0 },
};

static struct message message, expected;
static struct amm_reply reply;
static struct amm_error error;

/* From a heap block of exactly that size, so that ASan sees a byte too many. */
static int parse(const struct amm_expect *expect, size_t size)
{
	uint8_t *copy = malloc(size);
	int ret;

	memcpy(copy, message.bytes, size);
	ret = amm_parse_reply(&reply, expect, copy, size, &error);
	free(copy);
	return ret;
}

/* ---- Requests ---- */

#define EXPECT_REQUEST(hex, length) do { \
	message_set(&expected, hex, 0); \
	EXPECT_EQ(expected.size, length); \
	EXPECT_EQ(0, memcmp(expected.bytes, message.bytes, expected.size)); \
} while (0)

TEST(requests_for_lists_are_as_documented)
{
	EXPECT_REQUEST(ASK_ENDPOINTS, amm_encode_list(message.bytes,
						      AMM_LIST_ENDPOINTS, 0));
	EXPECT_REQUEST(ASK_ATRS, amm_encode_list(message.bytes,
						 AMM_LIST_ATRS, 0));
	EXPECT_REQUEST(ASK_ENDPOINTS_FILTERED,
		       amm_encode_list(message.bytes, AMM_LIST_ENDPOINTS,
				       0x01020304));
}

TEST(other_requests_have_the_bytes_of_the_user_behind_the_code)
{
	EXPECT_REQUEST(ASK_DETAILS, amm_encode(message.bytes,
					       AMM_GET_ENDPOINT_DETAILS, NULL,
					       0));
	EXPECT_REQUEST(DELETE_ATR, amm_encode(message.bytes, AMM_DELETE_ATR,
					      (const uint8_t *)"\xab\xcd", 2));
}

TEST(the_longest_request_fits_its_length)
{
	static const uint8_t arguments[AMM_ARGUMENTS_MAX];

	EXPECT_EQ(AMM_MESSAGE_MAX, amm_encode(message.bytes, 3, arguments,
					      sizeof(arguments)));
	message_set(&expected, "a55a5aa5 01 00 ffff 0000 0000 03000000", 0);
	EXPECT_EQ(0, memcmp(expected.bytes, message.bytes, expected.size));
}

TEST(all_seven_names_are_known)
{
	static const char *const names[] = {
		"unknown", "LIST_ENDPOINTS", "GET_ENDPOINT_DETAILS",
		"PROVISION_ENDPOINT", "CREATE_OPERATIONAL_ATR", "LIST_ATRS",
		"DELETE_ENDPOINT", "DELETE_ATR", "unknown",
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_STREQ(names[i], amm_code_name(i));
	EXPECT_STREQ("unknown", amm_code_name(UINT32_MAX));
}

/* ---- Replies ---- */

TEST(the_documented_endpoints_are_decoded)
{
	message_set(&message, ENDPOINTS, ENDPOINTS_SIZE);
	ASSERT_EQ(0, parse(&endpoints, message.size)) TH_LOG("%s", error.text);
	EXPECT_EQ(0x41, reply.code);
	EXPECT_EQ(0, reply.word1);
	EXPECT_EQ(2, reply.count);
	EXPECT_EQ(32, reply.capacity);
	EXPECT_FALSE(reply.compact);
	EXPECT_EQ(0x1122334455667788, reply.items[0].lower);
	EXPECT_EQ(0x99aabbccddeeff00, reply.items[0].upper);
	EXPECT_EQ(0x0102030405060708, reply.items[1].lower);
	EXPECT_EQ(0, reply.items[1].upper);
	EXPECT_EQ(1, reply.items[1].index);
}

TEST(the_documented_atrs_are_decoded)
{
	message_set(&message, ATRS, ATRS_SIZE);
	ASSERT_EQ(0, parse(&atrs, message.size)) TH_LOG("%s", error.text);
	EXPECT_EQ(0x45, reply.code);
	EXPECT_EQ(2, reply.count);
	EXPECT_EQ(64, reply.capacity);
	EXPECT_STREQ("bootstrap", amm_category_name(reply.items[0].category));
	EXPECT_EQ(0xa1, reply.items[0].lower);
	EXPECT_EQ(0, reply.items[0].upper);
	EXPECT_STREQ("operational",
		     amm_category_name(reply.items[1].category));
	EXPECT_EQ(0x0123456789abcdef, reply.items[1].lower);
	EXPECT_EQ(0xfedcba9876543210, reply.items[1].upper);
}

TEST(the_last_of_all_items_is_where_the_tables_say)
{
	message_set(&message, ENDPOINTS, ENDPOINTS_SIZE);
	message_put(&message, AT_COUNT, 32, 4);
	message_put(&message, 536 - 16, 0x1111, 8);
	message_put(&message, 536 - 8, 0x2222, 8);
	ASSERT_EQ(0, parse(&endpoints, message.size));
	EXPECT_EQ(0x1111, reply.items[31].lower);
	EXPECT_EQ(0x2222, reply.items[31].upper);
	message_set(&message, ATRS, ATRS_SIZE);
	message_put(&message, AT_COUNT, 64, 4);
	message_put(&message, 1304 - 20, 3, 4);
	message_put(&message, 1304 - 16, 0x3333, 8);
	message_put(&message, 1304 - 8, 0x4444, 8);
	ASSERT_EQ(0, parse(&atrs, message.size));
	EXPECT_EQ(3, reply.items[63].category);
	EXPECT_EQ(0x3333, reply.items[63].lower);
	EXPECT_EQ(0x4444, reply.items[63].upper);
}

TEST(a_reply_cut_anywhere_is_refused)
{
	message_set(&message, ENDPOINTS, ENDPOINTS_SIZE);
	for (size_t size = 0; size < ENDPOINTS_SIZE; size++) {
		EXPECT_EQ(-1, parse(&endpoints, size)) TH_LOG("%zu", size);
	}
	message_set(&message, ATRS, ATRS_SIZE);
	for (size_t size = 0; size < ATRS_SIZE; size++) {
		EXPECT_EQ(-1, parse(&atrs, size)) TH_LOG("%zu", size);
	}
	EXPECT_EQ(-1, parse(&atrs, ATRS_SIZE + 1));
}

/* What the header says is as long as what is there, in all of these. */
TEST(only_the_full_and_the_exact_length_are_taken)
{
	for (unsigned int length = 0; length <= 600; length++) {
		bool right = length == 524 || length == 12 + 3 * 16;

		message_set(&message, ENDPOINTS, ENDPOINTS_SIZE);
		message_put(&message, AT_COUNT, 3, 4);
		message_resize(&message, length);
		EXPECT_EQ(right ? 0 : -1, parse(&endpoints, message.size))
			TH_LOG("length %u", length);
		EXPECT_EQ(right && length != 524, right && reply.compact);
	}
}

TEST(of_the_header_only_reserved_bits_may_change)
{
	for (unsigned int bit = 0; bit < 96; bit++) {
		message_set(&message, ATRS, ATRS_SIZE);
		message.bytes[bit / 8] ^= 1 << bit % 8;
		EXPECT_EQ(bit < 80 ? -1 : 0, parse(&atrs, message.size))
			TH_LOG("bit %u", bit);
	}
}

TEST(each_bit_of_the_code_counts)
{
	struct amm_expect raw = { .code = AMM_DELETE_ATR };

	for (unsigned int bit = 0; bit < 32; bit++) {
		message_set(&message, ENDPOINTS, ENDPOINTS_SIZE);
		message_put(&message, AT_CODE, 0x41u ^ 1u << bit, 4);
		EXPECT_EQ(-1, parse(&endpoints, message.size))
			TH_LOG("bit %u", bit);
		message_put(&message, AT_CODE, 0x47u ^ 1u << bit, 4);
		EXPECT_EQ(-1, parse(&raw, message.size)) TH_LOG("bit %u", bit);
	}
}

TEST(raw_takes_any_length_from_a_code_on)
{
	struct amm_expect raw = { .code = AMM_DELETE_ATR };

	message_set(&message, ENDPOINTS, 0);
	message_put(&message, AT_CODE, 0x47, 4);
	message_put(&message, AT_CONFIRMATION, 0x12345678, 4);
	for (unsigned int length = 0; length < 70; length++) {
		message_resize(&message, length);
		EXPECT_EQ(length < 4 ? -1 : 0, parse(&raw, message.size))
			TH_LOG("length %u", length);
		EXPECT_EQ(length >= 8, reply.has_word1);
	}
	EXPECT_EQ(0x12345678, reply.word1);
}

TEST(a_version_is_taken_if_it_is_allowed)
{
	struct amm_expect allowing = endpoints;

	allowing.version = (struct amm_version){ 2, 1 };
	message_set(&message, ENDPOINTS, ENDPOINTS_SIZE);
	EXPECT_EQ(0, parse(&allowing, message.size));
	message.bytes[AT_MAJOR] = 2;
	EXPECT_EQ(-1, parse(&allowing, message.size));
	message.bytes[AT_MINOR] = 1;
	EXPECT_EQ(0, parse(&allowing, message.size));
	EXPECT_EQ(-1, parse(&endpoints, message.size));
}

TEST(a_fixed_read_looks_at_neither_length_nor_complement)
{
	struct amm_expect fixed = endpoints;

	fixed.fixed_read = true;
	message_set(&message, ENDPOINTS, ENDPOINTS_SIZE);
	message_put(&message, AT_LENGTH, 3, 2);
	message_put(&message, AT_COMPLEMENT, 7, 2);
	EXPECT_EQ(-1, parse(&endpoints, message.size));
	EXPECT_EQ(0, parse(&fixed, message.size)) TH_LOG("%s", error.text);
	EXPECT_EQ(2, reply.count);
	EXPECT_FALSE(reply.compact);
	message_put(&message, AT_COUNT, 33, 4);
	EXPECT_EQ(-1, parse(&fixed, message.size));
}

/* ---- Exchanges ---- */

FIXTURE(exchange)
{
	struct amm_connection connection;
	int far; /* end of it */
	pid_t child;
	uint8_t request[AMM_MESSAGE_MAX];
	uint8_t got[AMM_MESSAGE_MAX];
};

FIXTURE_SETUP(exchange)
{
	int pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
				pair));
	self->connection.fd = pair[0];
	self->connection.deadline = deadline_now() + 20 * NSEC_PER_SEC;
	self->far = pair[1];
	self->child = 0;
	message_set(&message, ENDPOINTS, ENDPOINTS_SIZE);
}

FIXTURE_TEARDOWN(exchange)
{
	int status = 0;

	amm_close(&self->connection);
	close(self->far);
	if (self->child) {
		EXPECT_EQ(self->child, waitpid(self->child, &status, 0));
		EXPECT_EQ(0, status);
	}
}

static int run_exchange(FIXTURE_DATA(exchange) *self,
			const struct amm_expect *expect, size_t size)
{
	return amm_exchange(&self->connection, self->request, size, expect,
			    self->got, &reply, &error);
}

static int ask_endpoints(FIXTURE_DATA(exchange) *self)
{
	return run_exchange(self, &endpoints,
			    amm_encode_list(self->request, AMM_LIST_ENDPOINTS,
					    0));
}

TEST_F(exchange, after_a_banner_nothing_is_sent)
{
	char byte;

	ASSERT_EQ(3, send(self->far, "hi!", 3, 0));
	EXPECT_EQ(-1, ask_endpoints(self));
	EXPECT_EQ(AMM_VIOLATION, error.trouble);
	EXPECT_EQ(0, self->connection.sent);
	EXPECT_EQ(-1, recv(self->far, &byte, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(exchange, to_a_connection_that_ended_nothing_is_sent)
{
	char byte;

	ASSERT_EQ(0, shutdown(self->far, SHUT_WR));
	EXPECT_EQ(-1, ask_endpoints(self));
	EXPECT_EQ(AMM_UNREACHABLE, error.trouble);
	EXPECT_NE(NULL, strstr(error.text, "closed the connection"));
	EXPECT_EQ(0, self->connection.sent);
	EXPECT_EQ(-1, recv(self->far, &byte, 1, 0));
}

TEST_F(exchange, a_peer_that_reads_no_more_kills_nobody)
{
	ASSERT_EQ(0, shutdown(self->far, SHUT_RD));
	EXPECT_EQ(-1, ask_endpoints(self));
	EXPECT_EQ(AMM_UNREACHABLE, error.trouble);
	EXPECT_NE(NULL, strstr(error.text, "Broken pipe"));
}

/* So a change is known not to have happened. */
TEST_F(exchange, after_rst_nothing_counts_as_sent)
{
	struct peer tcp;
	int flags;

	ASSERT_EQ(0, peer_listen(&tcp, "127.0.0.1", 0, 1));
	close(self->connection.fd);
	self->connection.fd = peer_dial(&tcp, "127.0.0.1");
	flags = fcntl(self->connection.fd, F_GETFL);
	fcntl(self->connection.fd, F_SETFL, flags | O_NONBLOCK);
	ASSERT_EQ(0, peer_accept(&tcp));
	peer_hang_up(&tcp, true);
	EXPECT_EQ(-1, ask_endpoints(self));
	EXPECT_EQ(AMM_UNREACHABLE, error.trouble);
	EXPECT_EQ(0, self->connection.sent);
	peer_close(&tcp);
}

TEST_F(exchange, a_passed_deadline_is_a_timeout)
{
	self->connection.deadline = deadline_now();
	EXPECT_EQ(-1, ask_endpoints(self));
	EXPECT_EQ(AMM_TIMEOUT, error.trouble);
	EXPECT_EQ(20, self->connection.sent);
}

static int ticks[2]; /* a pipe */

static void tick(int signal)
{
	(void)signal;
	if (write(ticks[1], "", 1) != 1)
		abort();
}

/* A signal every 2 ms, without SA_RESTART. */
static int tick_often(void)
{
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	struct sigaction action = { .sa_handler = tick };

	return sigaction(SIGALRM, &action, NULL) |
	       setitimer(ITIMER_REAL, &often, NULL);
}

/* With each tick it takes a part of a request, or sends one of the reply. */
static void be_slow(int fd, size_t size)
{
	uint8_t bytes[8192];
	size_t sent = 0;
	ssize_t n = 1;

	fcntl(fd, F_SETFL, 0);
	while (n > 0 && read(ticks[0], bytes, 1) == 1 && sent < message.size) {
		n = size ? read(fd, bytes, sizeof(bytes)) :
			   write(fd, message.bytes + sent, 67);
		if (size)
			size -= n;
		else
			sent += n;
	}
	_exit(n <= 0);
}

/* EINTR, EAGAIN, a request that goes in parts, and a reply that comes so. */
TEST_F(exchange, signals_and_full_buffers_are_waited_out)
{
	struct amm_expect raw = { .code = AMM_PROVISION_ENDPOINT };
	static const uint8_t arguments[AMM_ARGUMENTS_MAX];
	size_t size = amm_encode(self->request, raw.code, arguments,
				 sizeof(arguments));

	message_put(&message, AT_CODE, 0x43, 4);
	ASSERT_EQ(0, setsockopt(self->connection.fd, SOL_SOCKET, SO_SNDBUF,
				&(int){ 4096 }, sizeof(int)));
	ASSERT_EQ(0, pipe(ticks));
	self->child = fork();
	if (self->child == 0)
		be_slow(self->far, size);
	ASSERT_EQ(0, tick_often());
	EXPECT_EQ(0, run_exchange(self, &raw, size)) TH_LOG("%s", error.text);
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	EXPECT_EQ(size, self->connection.sent);
	EXPECT_EQ(0, memcmp(message.bytes, self->got, message.size));
	tick(0); /* the child ends with it */
}

TEST_HARNESS_MAIN
