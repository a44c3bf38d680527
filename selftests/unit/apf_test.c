// SPDX-License-Identifier: GPL-2.0-only
/* The APF codec against vectors that it did not make. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "apf.h"
#include "apf_vectors.h"
#include "hex.h"

/**
 * struct vector - one message
 * @name: shown when a test fails
 * @hex: its bytes
 * @len: its length as the byte tables give it, which catches slips in @hex
 * @type: enum apf_type
 * @rc: what apf_decode() returns for it
 */
struct vector {
	const char *name;
	const char *hex;
	size_t len;
	u8 type;
	int rc;
};

static const struct vector vectors[] = {
	{ "version", HEX_VERSION, 93, APF_PROTOCOLVERSION, 0 },
	{ "pfwd request", HEX_PFWD_REQUEST, 23, APF_SERVICE_REQUEST, 0 },
	{ "pfwd accept", HEX_PFWD_ACCEPT, 23, APF_SERVICE_ACCEPT,
	  -EOPNOTSUPP },
	{ "auth request", HEX_AUTH_REQUEST, 23, APF_SERVICE_REQUEST, 0 },
	{ "userauth none", HEX_USERAUTH_NONE, 40, APF_USERAUTH_REQUEST, 0 },
	{ "userauth password", HEX_USERAUTH_PASSWORD, 57,
	  APF_USERAUTH_REQUEST, 0 },
	{ "userauth success", HEX_USERAUTH_SUCCESS, 1,
	  APF_USERAUTH_SUCCESS, -EOPNOTSUPP },
	{ "userauth failure", HEX_USERAUTH_FAILURE, 14,
	  APF_USERAUTH_FAILURE, -EOPNOTSUPP },
	{ "forward 0.0.0.0", HEX_FORWARD_ANY, 34, APF_GLOBAL_REQUEST, 0 },
	{ "forward empty", HEX_FORWARD_EMPTY, 27, APF_GLOBAL_REQUEST, 0 },
	{ "cancel", HEX_CANCEL, 41, APF_GLOBAL_REQUEST, 0 },
	{ "udp send to", HEX_UDP_SEND_TO, 71, APF_GLOBAL_REQUEST, 0 },
	{ "success 16992", "51 00004260", 5, APF_REQUEST_SUCCESS,
	  -EOPNOTSUPP },
	{ "success", HEX_REQUEST_SUCCESS, 1, APF_REQUEST_SUCCESS,
	  -EOPNOTSUPP },
	{ "failure", HEX_REQUEST_FAILURE, 1, APF_REQUEST_FAILURE,
	  -EOPNOTSUPP },
	{ "open IPv4", HEX_OPEN_IPV4, 66, APF_CHANNEL_OPEN, 0 },
	{ "open IPv6", HEX_OPEN_IPV6, 54, APF_CHANNEL_OPEN, 0 },
	{ "open direct", HEX_OPEN_DIRECT, 63, APF_CHANNEL_OPEN, 0 },
	{ "confirmation", HEX_CONFIRMATION, 17,
	  APF_CHANNEL_OPEN_CONFIRMATION, 0 },
	{ "open failure", HEX_OPEN_FAILURE, 17, APF_CHANNEL_OPEN_FAILURE, 0 },
	{ "adjust", HEX_ADJUST, 9, APF_CHANNEL_WINDOW_ADJUST, 0 },
	{ "data", HEX_DATA, 14, APF_CHANNEL_DATA, 0 },
	{ "close", HEX_CLOSE, 5, APF_CHANNEL_CLOSE, 0 },
	{ "disconnect", HEX_DISCONNECT, 7, APF_DISCONNECT, 0 },
	{ "keep-alive", HEX_KEEPALIVE_REQUEST, 5, APF_KEEPALIVE_REQUEST, 0 },
	{ "keep-alive reply", HEX_KEEPALIVE_REPLY, 5, APF_KEEPALIVE_REPLY,
	  -EOPNOTSUPP },
	{ "options", HEX_OPTIONS_REQUEST, 9,
	  APF_KEEPALIVE_OPTIONS_REQUEST, 0 },
	{ "options reply", HEX_OPTIONS_REPLY, 9,
	  APF_KEEPALIVE_OPTIONS_REPLY, -EOPNOTSUPP },
};

FIXTURE(decode)
{
	struct apf_msg msg;
	u8 *buf;
	size_t len;
};

FIXTURE_SETUP(decode)
{
	/* Nothing of an earlier message may shine through. */
	memset(&self->msg, 0xA5, sizeof(self->msg));
	self->buf = NULL;
}

FIXTURE_TEARDOWN(decode)
{
	free(self->buf);
}

#define DECODE(hex) ({ \
	free(self->buf); \
	self->buf = bytes_of(hex, &self->len); \
	apf_decode(&self->msg, self->buf, self->len); \
})

#define EXPECT_TEXT(text, str) \
	EXPECT_TRUE(apf_str_eq(&(str), text))

TEST(vectors_have_the_lengths_of_the_byte_tables)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		size_t len;
		u8 *buf = bytes_of(vectors[i].hex, &len);

		EXPECT_EQ(vectors[i].len, len)
			TH_LOG("%s", vectors[i].name);
		EXPECT_EQ(vectors[i].type, buf[0])
			TH_LOG("%s", vectors[i].name);
		free(buf);
	}
}

TEST(every_vector_is_taken_at_its_length)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct apf_msg msg;
		size_t len;
		u8 *buf = bytes_of(vectors[i].hex, &len);

		EXPECT_EQ(vectors[i].rc, apf_decode(&msg, buf, len))
			TH_LOG("%s", vectors[i].name);
		EXPECT_EQ(vectors[i].type, msg.type)
			TH_LOG("%s", vectors[i].name);
		EXPECT_EQ(0, msg.trailing);
		free(buf);
	}
}

TEST(every_truncation_of_every_vector_is_rejected)
{
	size_t i, cut;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		size_t len;
		u8 *buf = bytes_of(vectors[i].hex, &len);

		for (cut = 0; cut < len; cut++) {
			int want = cut && vectors[i].rc ? vectors[i].rc :
							  -EBADMSG;
			u8 *part = copy_of(buf, cut);
			struct apf_msg msg;

			EXPECT_EQ(want, apf_decode(&msg, part, cut))
				TH_LOG("%s cut to %zu bytes",
				       vectors[i].name, cut);
			free(part);
		}
		free(buf);
	}
}

TEST(bytes_behind_a_message_are_counted_and_ignored)
{
	size_t i, more;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		for (more = 1; more <= 16; more++) {
			struct apf_msg msg;
			size_t len;
			u8 *buf = bytes_of(vectors[i].hex, &len);

			buf = realloc(buf, len + more);
			ASSERT_NE(NULL, buf);
			memset(buf + len, 0xFF, more);
			EXPECT_EQ(vectors[i].rc,
				  apf_decode(&msg, buf, len + more))
				TH_LOG("%s and %zu bytes",
				       vectors[i].name, more);
			EXPECT_EQ(vectors[i].rc ? 0 : more, msg.trailing)
				TH_LOG("%s", vectors[i].name);
			free(buf);
		}
	}
}

static bool is_decoded(int type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		if (vectors[i].type == type)
			return !vectors[i].rc;
	return false;
}

TEST(types_that_amt_does_not_send_are_reported_with_their_number)
{
	u8 buf[256] = { 0 };
	int type;

	for (type = 0; type < 256; type++) {
		struct apf_msg msg;

		buf[0] = type;
		EXPECT_EQ(is_decoded(type) ? 0 : -EOPNOTSUPP,
			  apf_decode(&msg, buf, sizeof(buf)))
			TH_LOG("type %d", type);
		EXPECT_EQ(type, msg.type);
	}
}

TEST_F(decode, version_keeps_the_uuid_in_wire_order)
{
	static const u8 uuid[APF_UUID_SIZE] = {
		0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
		0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
	};

	ASSERT_EQ(0, DECODE(HEX_VERSION_OF_AMT));
	EXPECT_EQ(1, self->msg.version.major);
	EXPECT_EQ(0, self->msg.version.minor);
	EXPECT_EQ(4, self->msg.version.trigger);
	EXPECT_EQ(0, memcmp(uuid, self->msg.version.uuid, sizeof(uuid)));
}

TEST_F(decode, version_of_a_host_has_a_uuid_of_zeros)
{
	static const u8 zero[APF_UUID_SIZE];

	ASSERT_EQ(0, DECODE(HEX_VERSION));
	EXPECT_EQ(1, self->msg.version.major);
	EXPECT_EQ(0, self->msg.version.minor);
	EXPECT_EQ(APF_TRIGGER_LME_REQUEST, self->msg.version.trigger);
	EXPECT_EQ(0, memcmp(zero, self->msg.version.uuid, sizeof(zero)));
}

TEST_F(decode, service_requests_carry_a_name)
{
	ASSERT_EQ(0, DECODE(HEX_PFWD_REQUEST));
	EXPECT_TEXT(APF_SERVICE_PFWD, self->msg.service.name);
	ASSERT_EQ(0, DECODE(HEX_AUTH_REQUEST));
	EXPECT_TEXT(APF_SERVICE_AUTH, self->msg.service.name);
}

TEST_F(decode, userauth_without_a_password_ends_after_the_method)
{
	ASSERT_EQ(0, DECODE(HEX_USERAUTH_NONE));
	EXPECT_TEXT("admin", self->msg.userauth.user);
	EXPECT_TEXT(APF_SERVICE_PFWD, self->msg.userauth.service);
	EXPECT_TEXT("none", self->msg.userauth.method);
}

TEST_F(decode, userauth_with_a_password_must_hold_all_of_it)
{
	ASSERT_EQ(0, DECODE(HEX_USERAUTH_PASSWORD));
	EXPECT_TEXT("admin", self->msg.userauth.user);
	EXPECT_TEXT(APF_SERVICE_AUTH, self->msg.userauth.service);
	EXPECT_TEXT("password", self->msg.userauth.method);

	/* The password's count is one more than its bytes. */
	EXPECT_EQ(-EBADMSG, DECODE(HEX_USERAUTH_CUT_PASSWORD));
}

TEST_F(decode, forward_names_an_address_and_a_port)
{
	ASSERT_EQ(0, DECODE(HEX_FORWARD_ANY));
	EXPECT_EQ(APF_REQ_FORWARD, self->msg.global.request);
	EXPECT_TRUE(self->msg.global.want_reply);
	EXPECT_TEXT("0.0.0.0", self->msg.global.addr);
	EXPECT_EQ(16992, self->msg.global.port);
}

TEST_F(decode, forward_may_name_an_empty_address)
{
	ASSERT_EQ(0, DECODE(HEX_FORWARD_EMPTY));
	EXPECT_EQ(APF_REQ_FORWARD, self->msg.global.request);
	EXPECT_EQ(0, self->msg.global.addr.len);
	EXPECT_EQ(16993, self->msg.global.port);
}

TEST_F(decode, cancel_names_an_address_and_a_port)
{
	ASSERT_EQ(0, DECODE(HEX_CANCEL));
	EXPECT_EQ(APF_REQ_CANCEL_FORWARD, self->msg.global.request);
	EXPECT_TRUE(self->msg.global.want_reply);
	EXPECT_TEXT("0.0.0.0", self->msg.global.addr);
	EXPECT_EQ(16992, self->msg.global.port);
}

TEST_F(decode, datagram_names_both_ends_and_its_data)
{
	ASSERT_EQ(0, DECODE(HEX_UDP_SEND_TO));
	EXPECT_EQ(APF_REQ_UDP_SEND_TO, self->msg.global.request);
	EXPECT_FALSE(self->msg.global.want_reply);
	EXPECT_TEXT("192.0.2.7", self->msg.global.addr);
	EXPECT_EQ(162, self->msg.global.port);
	EXPECT_TEXT("192.0.2.9", self->msg.global.orig_addr);
	EXPECT_EQ(16992, self->msg.global.orig_port);
	EXPECT_TEXT("hi", self->msg.global.data);
}

TEST_F(decode, unknown_request_needs_no_more_than_name_and_want_reply)
{
	ASSERT_EQ(0, DECODE("50 00000003 666F6F 01"));
	EXPECT_EQ(APF_REQ_UNKNOWN, self->msg.global.request);
	EXPECT_TRUE(self->msg.global.want_reply);
	EXPECT_TEXT("foo", self->msg.global.name);

	ASSERT_EQ(0, DECODE("50 00000003 666F6F 00"));
	EXPECT_FALSE(self->msg.global.want_reply);
	EXPECT_EQ(-EBADMSG, DECODE("50 00000003 666F6F"));
	EXPECT_EQ(-EBADMSG, DECODE("50 00000003 666F"));
}

TEST_F(decode, fields_that_a_request_does_not_have_are_zero)
{
	ASSERT_EQ(0, DECODE(HEX_FORWARD_ANY));
	EXPECT_EQ(0, self->msg.global.orig_addr.len);
	EXPECT_EQ(0, self->msg.global.orig_port);
	EXPECT_EQ(0, self->msg.global.data.len);

	memset(&self->msg, 0xA5, sizeof(self->msg));
	ASSERT_EQ(0, DECODE("50 00000003 666F6F 01"));
	EXPECT_EQ(0, self->msg.global.addr.len);
	EXPECT_EQ(0, self->msg.global.port);
}

TEST_F(decode, request_names_are_compared_byte_by_byte)
{
	/* "TCPIP-forward": case counts */
	ASSERT_EQ(0, DECODE("50 0000000D 54435049502D666F7277617264 01"));
	EXPECT_EQ(APF_REQ_UNKNOWN, self->msg.global.request);
	/* "tcpip-forwards": so does every byte, not just a prefix */
	ASSERT_EQ(0, DECODE("50 0000000E 74637069702D666F727761726473 01"));
	EXPECT_EQ(APF_REQ_UNKNOWN, self->msg.global.request);
	/* "tcpip-forwar" */
	ASSERT_EQ(0, DECODE("50 0000000C 74637069702D666F72776172 01"));
	EXPECT_EQ(APF_REQ_UNKNOWN, self->msg.global.request);
}

TEST_F(decode, open_by_a_host_over_ipv4)
{
	ASSERT_EQ(0, DECODE(HEX_OPEN_IPV4));
	EXPECT_TEXT(APF_FORWARDED_TCPIP, self->msg.open.type);
	EXPECT_EQ(1, self->msg.open.sender);
	EXPECT_EQ(4096, self->msg.open.window);
	EXPECT_TEXT("127.0.0.1", self->msg.open.addr);
	EXPECT_EQ(16992, self->msg.open.port);
	EXPECT_TEXT("127.0.0.1", self->msg.open.orig_addr);
	EXPECT_EQ(51000, self->msg.open.orig_port);
}

TEST_F(decode, open_by_a_host_over_ipv6)
{
	ASSERT_EQ(0, DECODE(HEX_OPEN_IPV6));
	EXPECT_TEXT(APF_FORWARDED_TCPIP, self->msg.open.type);
	EXPECT_EQ(2, self->msg.open.sender);
	EXPECT_EQ(4096, self->msg.open.window);
	EXPECT_TEXT("::1", self->msg.open.addr);
	EXPECT_EQ(16992, self->msg.open.port);
	EXPECT_TEXT("::1", self->msg.open.orig_addr);
	EXPECT_EQ(123, self->msg.open.orig_port);
}

TEST_F(decode, open_by_amt_with_port_0)
{
	ASSERT_EQ(0, DECODE(HEX_OPEN_DIRECT));
	EXPECT_TEXT(APF_DIRECT_TCPIP, self->msg.open.type);
	EXPECT_EQ(3, self->msg.open.sender);
	EXPECT_EQ(1024, self->msg.open.window);
	EXPECT_TEXT("localhost", self->msg.open.addr);
	EXPECT_EQ(0, self->msg.open.port);
	EXPECT_TEXT("127.0.0.1", self->msg.open.orig_addr);
	EXPECT_EQ(16992, self->msg.open.orig_port);
}

TEST_F(decode, confirmation_names_both_numbers_and_the_window)
{
	ASSERT_EQ(0, DECODE(HEX_CONFIRMATION));
	EXPECT_EQ(1, self->msg.confirm.recipient);
	EXPECT_EQ(6, self->msg.confirm.sender);
	EXPECT_EQ(4096, self->msg.confirm.window);
}

TEST_F(decode, open_failure_names_a_reason)
{
	ASSERT_EQ(0, DECODE(HEX_OPEN_FAILURE));
	EXPECT_EQ(1, self->msg.failure.recipient);
	EXPECT_EQ(APF_OPEN_CONNECT_FAILED, self->msg.failure.reason);
}

TEST_F(decode, adjust_takes_all_32_bits)
{
	ASSERT_EQ(0, DECODE(HEX_ADJUST));
	EXPECT_EQ(6, self->msg.adjust.recipient);
	EXPECT_EQ(512, self->msg.adjust.bytes);
	ASSERT_EQ(0, DECODE("5D 80000001 FFFFFFFF"));
	EXPECT_EQ(0x80000001, self->msg.adjust.recipient);
	EXPECT_EQ(0xFFFFFFFF, self->msg.adjust.bytes);
}

TEST_F(decode, data_points_into_the_message)
{
	ASSERT_EQ(0, DECODE(HEX_DATA));
	EXPECT_EQ(6, self->msg.data.recipient);
	EXPECT_EQ(self->buf + APF_DATA_HDR_SIZE, self->msg.data.payload.p);
	EXPECT_TEXT("hello", self->msg.data.payload);
}

TEST_F(decode, data_of_length_zero_is_taken)
{
	ASSERT_EQ(0, DECODE("5E 00000006 00000000"));
	EXPECT_EQ(6, self->msg.data.recipient);
	EXPECT_EQ(0, self->msg.data.payload.len);
}

TEST_F(decode, close_may_name_number_zero)
{
	ASSERT_EQ(0, DECODE(HEX_CLOSE));
	EXPECT_EQ(6, self->msg.close.recipient);
	ASSERT_EQ(0, DECODE("61 00000000"));
	EXPECT_EQ(0, self->msg.close.recipient);
}

TEST_F(decode, disconnect_names_a_reason)
{
	ASSERT_EQ(0, DECODE(HEX_DISCONNECT));
	EXPECT_EQ(APF_DISCONNECT_BY_APPLICATION, self->msg.disconnect.reason);
}

TEST_F(decode, keepalives_carry_a_cookie)
{
	ASSERT_EQ(0, DECODE(HEX_KEEPALIVE_REQUEST));
	EXPECT_EQ(0x42, self->msg.keepalive.cookie);
}

TEST_F(decode, keepalive_options_carry_interval_and_timeout)
{
	ASSERT_EQ(0, DECODE(HEX_OPTIONS_REQUEST));
	EXPECT_EQ(30, self->msg.options.interval);
	EXPECT_EQ(10, self->msg.options.timeout);
}

TEST_F(decode, counts_that_wrap_or_exceed_the_message_are_rejected)
{
	static const char * const hostile[] = {
		"05 FFFFFFFF 70667764",
		"05 00000005 70667764",
		"5E 00000001 FFFFFFFF 41",
		"5E 00000001 FFFFFFF7 41",
		"5E 00000001 00000002 41",
		/* a first string that swallows the rest of its message */
		"50 0000000D 74637069702D666F7277617264 01 00000004 00004260",
		"50 0000000D 74637069702D666F7277617264 01 FFFFFFFF 00004260",
		"5A FFFFFFFF 666F",
		"5A 00000000 00000001 00001000 FFFFFFFF FFFFFFFC 00000001",
		"32 00000000 00000000 7FFFFFFF",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hostile); i++)
		EXPECT_EQ(-EBADMSG, DECODE(hostile[i]))
			TH_LOG("row %zu", i);
}

TEST(equal_strings_have_equal_lengths_and_bytes)
{
	static const u8 text[] = { 'p', 'o', 'r', 't', 0, 'x' };
	struct apf_str s = { .p = text, .len = 4 };

	EXPECT_TRUE(apf_str_eq(&s, "port"));
	EXPECT_FALSE(apf_str_eq(&s, "por"));
	EXPECT_FALSE(apf_str_eq(&s, "ports"));
	EXPECT_FALSE(apf_str_eq(&s, "Port"));
	EXPECT_FALSE(apf_str_eq(&s, ""));
	s.len = 6;
	EXPECT_FALSE(apf_str_eq(&s, "port"));
	s.len = 0;
	EXPECT_TRUE(apf_str_eq(&s, ""));
}

FIXTURE(encode)
{
	u8 *buf;
};

FIXTURE_SETUP(encode)
{
	/* Not zero: an encoder writes its zeros itself. */
	self->buf = malloc(APF_ENCODED_MAX);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, 0xA5, APF_ENCODED_MAX);
}

FIXTURE_TEARDOWN(encode)
{
	free(self->buf);
}

static void check_bytes(struct __test_metadata *_metadata, const char *hex,
			const u8 *buf, size_t len)
{
	size_t want_len;
	u8 *want = bytes_of(hex, &want_len);

	EXPECT_EQ(want_len, len)
		TH_LOG("%s", hex);
	EXPECT_EQ(0, want_len == len && memcmp(want, buf, len))
		TH_LOG("%s", hex);
	free(want);
}

#define EXPECT_BYTES(hex, len) check_bytes(_metadata, hex, self->buf, len)

TEST_F(encode, version_1_0)
{
	EXPECT_BYTES(HEX_VERSION, apf_encode_version(self->buf, 254));
}

TEST_F(encode, service_accept_repeats_the_name)
{
	EXPECT_BYTES(HEX_PFWD_ACCEPT,
		     apf_encode_service_accept(self->buf, APF_SERVICE_PFWD));
	EXPECT_BYTES("06 00000012 61757468 40616D74 2E696E74 656C2E63 6F6D",
		     apf_encode_service_accept(self->buf, APF_SERVICE_AUTH));
}

TEST_F(encode, userauth_success_is_one_byte)
{
	EXPECT_BYTES(HEX_USERAUTH_SUCCESS,
		     apf_encode_userauth_success(self->buf));
}

TEST_F(encode, success_of_a_forward_always_carries_the_port)
{
	static const struct {
		u32 port;
		const char *hex;
	} ports[] = {
		{ 16992, "51 00004260" }, { 16993, "51 00004261" },
		{ 623, "51 0000026F" },	  { 664, "51 00000298" },
		{ 16994, "51 00004262" }, { 16995, "51 00004263" },
		{ 5900, "51 0000170C" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ports); i++)
		EXPECT_BYTES(ports[i].hex,
			     apf_encode_forward_success(self->buf,
							ports[i].port));
}

TEST_F(encode, success_of_a_cancel_is_one_byte)
{
	EXPECT_BYTES(HEX_REQUEST_SUCCESS,
		     apf_encode_request_success(self->buf));
}

TEST_F(encode, failure_of_a_request_is_one_byte)
{
	EXPECT_BYTES(HEX_REQUEST_FAILURE,
		     apf_encode_request_failure(self->buf));
}

TEST_F(encode, open_over_ipv4)
{
	const struct apf_open open = {
		.sender = 1,
		.window = 4096,
		.addr = "127.0.0.1",
		.port = 16992,
		.orig_addr = "127.0.0.1",
		.orig_port = 51000,
	};

	EXPECT_BYTES(HEX_OPEN_IPV4, apf_encode_open(self->buf, &open));
}

TEST_F(encode, open_over_ipv6)
{
	const struct apf_open open = {
		.sender = 2,
		.window = 4096,
		.addr = "::1",
		.port = 16992,
		.orig_addr = "::1",
		.orig_port = 123,
	};

	EXPECT_BYTES(HEX_OPEN_IPV6, apf_encode_open(self->buf, &open));
}

TEST_F(encode, open_with_the_longest_addresses_fits)
{
	char addr[APF_ADDR_MAX + 1];
	const struct apf_open open = { .addr = addr, .orig_addr = addr };
	struct apf_msg msg;
	size_t len;

	memset(addr, 'a', APF_ADDR_MAX);
	addr[APF_ADDR_MAX] = '\0';
	len = apf_encode_open(self->buf, &open);
	ASSERT_EQ(33 + 15 + 2 * APF_ADDR_MAX, len);
	ASSERT_LE(len, APF_ENCODED_MAX);
	ASSERT_EQ(0, apf_decode(&msg, self->buf, len));
	EXPECT_TEXT(addr, msg.open.addr);
	EXPECT_TEXT(addr, msg.open.orig_addr);
}

TEST_F(encode, open_failure)
{
	EXPECT_BYTES(HEX_OPEN_FAILURE,
		     apf_encode_open_failure(self->buf, 1, 2));
}

TEST_F(encode, adjust)
{
	EXPECT_BYTES(HEX_ADJUST, apf_encode_adjust(self->buf, 6, 512));
}

TEST_F(encode, data_header_leaves_the_payload_alone)
{
	EXPECT_EQ(APF_DATA_HDR_SIZE, apf_encode_data_header(self->buf, 6, 5));
	memcpy(self->buf + APF_DATA_HDR_SIZE, "hello", 5);
	EXPECT_BYTES(HEX_DATA, APF_DATA_HDR_SIZE + 5);
	EXPECT_EQ(0xA5, self->buf[APF_DATA_HDR_SIZE + 5]);
}

TEST_F(encode, close)
{
	EXPECT_BYTES(HEX_CLOSE, apf_encode_close(self->buf, 6));
}

TEST_F(encode, disconnect_has_two_bytes_behind_the_reason)
{
	EXPECT_BYTES(HEX_DISCONNECT, apf_encode_disconnect(self->buf, 11));
}

TEST_F(encode, keepalive_reply_repeats_the_cookie)
{
	EXPECT_BYTES(HEX_KEEPALIVE_REPLY,
		     apf_encode_keepalive_reply(self->buf, 0x42));
}

TEST_F(encode, keepalive_options_reply_repeats_the_values)
{
	EXPECT_BYTES(HEX_OPTIONS_REPLY,
		     apf_encode_options_reply(self->buf, 30, 10));
}

TEST_HARNESS_MAIN
