// SPDX-License-Identifier: GPL-2.0-only
/* The codec of PTHI and its neighbours against vectors that it did not make. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "hex.h"
#include "pthi/pthi.h"
#include "pthi_vectors.h"

#define HASH_20 "000102030405060708090a0b0c0d0e0f10111213"
#define HASH_32 \
	"a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"

/* A response, and what is in it: name=value, list[(row)], group{} */
struct response {
	const char *command;
	const char *part;
	const char *hex;
	const char *text;
};

static const struct response responses[] = {
	{ "GetCodeVersions", NULL, HEX_CODE_VERSIONS,
	  "bios='1.0.0' components[(name='Flash' version='16.1.25' "
	  "(name='AMT' version='16.1.25' ] " },
	{ "GetProvisioningState", NULL, HEX_STATE_POST, "-=2 " },
	{ "GetControlMode", NULL, HEX_CONTROL_MODE_CLIENT, "-=1 " },
	{ "Unprovision", NULL, HEX_UNPROVISION_IN_ADMIN_MODE, "status 3 " },
	{ "GetLanInterfaceSettings", "wireless", HEX_WIRELESS,
	  "enabled=1 address=3232235786 dhcp=1 dhcp_mode=1 link_up=1 "
	  "mac=025056abcdef " },
	{ "GetUUID", NULL, HEX_UUID, "-=33221100554477668899aabbccddeeff " },
	{ "GetPKIFQDNSuffix", NULL, HEX_DNS_SUFFIX, "-='example.com' " },
	{ "GetDNSSuffixList", NULL, HEX_DNS_SUFFIXES,
	  "-=612e636f6d006200 " },
	{ "GetLocalSystemAccount", NULL, HEX_ACCOUNT_68,
	  "user='$$OsAdmin' password='Secret1!' " },
	{ "GetLocalSystemAccount", NULL, HEX_ACCOUNT_66,
	  "user='$$OsAdmin' password='Secret1!' " },
	{ "GetAMTState", NULL, HEX_AMT_STATE,
	  "link_up=1 crypto_fuse=2 flash_protection=3 last_me_reset=2 " },
	{ "IsChangeToAMTEnabled", NULL, "83", "-=131 " },
	{ "IsChangeToAMTEnabled", NULL, "E0", "-=224 " },
	{ "IsChangeToAMTEnabled", NULL, "01000000", "-=1 " },
	{ "IsChangeToAMTEnabled", NULL, "05065110 89000000", "status 137 " },
	{ "SetAmtOperationalState", NULL, "05065310 A8000000", "status 168 " },
	{ "GetFWVersion", NULL, HEX_FW_VERSION,
	  "code=010010004c081900 nftp=010010004d081900 " },
	{ "GetRule", "capabilities", HEX_RULE, "-=2359300 " },
	{ "GetRule", "platform", "03820000 1D000000 04 02143A00",
	  "type=3806210 image_type=4 brand=1 cpu=10 chipset=3 " },
	{ "GetRule", "capabilities", "03820089", "status 137 " },
	{ "EnumerateHashHandles", NULL, HEX_HASH_HANDLES,
	  "-[(handle=0 (handle=7 ] " },
	{ "GetCertificateHashEntry", NULL, HEX_HASH_SHA1,
	  "default=1 active=0 hash=" HASH_20 " algorithm=1 name='Root' " },
	{ "GetIPv6LanInterfaceStatus", "wired", HEX_IPV6,
	  "router='fe80::1' dns1='::1' dns2='' "
	  "addresses[(address='fe80::2' type=0 state=1 ] " },
	{ "StartConfigurationHBased", "rpc-go", HEX_HBASED_32,
	  "algorithm=2 hash=" HASH_32 " " },
};

struct text {
	char data[1024];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
add(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->len += vsnprintf(text->data + text->len,
			       sizeof(text->data) - text->len, format, args);
	va_end(args);
	if (text->len >= sizeof(text->data))
		abort();
}

static void add_value(struct text *text, const struct pthi_item *item)
{
	const char *name = item->field->name ? item->field->name : "-";

	switch (item->field->type) {
	case PTHI_NUMBER:
	case PTHI_BITS:
		add(text, "%s=%u ", name, item->number);
		break;
	case PTHI_TEXT:
	case PTHI_COUNTED:
	case PTHI_ANSI:
		add(text, "%s='%.*s' ", name, (int)pthi_text_len(item),
		    (const char *)item->bytes);
		break;
	default:
		add(text, "%s=", name);
		for (size_t i = 0; i < item->len; i++)
			add(text, "%02x", item->bytes[i]);
		add(text, " ");
	}
}

/* Return: NULL, or what is wrong with it. */
static const char *show(const struct pthi_command *command, const u8 *msg,
			size_t len, struct text *text)
{
	struct pthi_reply reply;
	struct pthi_reader reader;
	struct pthi_item item;
	const char *wrong = pthi_check(command, msg, len, &reply);
	int ret;

	text->len = 0;
	text->data[0] = 0;
	if (wrong)
		return wrong;
	if (reply.status) {
		add(text, "status %u ", reply.status);
		return NULL;
	}
	pthi_read(&reader, command->response, reply.data, reply.len);
	while ((ret = pthi_next(&reader, &item)) > 0) {
		const char *name = item.field->name ? item.field->name : "-";

		if (item.kind == PTHI_VALUE)
			add_value(text, &item);
		else if (item.kind == PTHI_ROW)
			add(text, "(");
		else if (item.kind == PTHI_CLOSE)
			add(text, item.field->type == PTHI_GROUP ? "} " : "] ");
		else
			add(text, "%s%s", name, item.kind == PTHI_OPEN_GROUP ?
			    "{" : "[");
	}
	return ret < 0 ? "data are short" : NULL;
}

TEST(responses_say_what_the_byte_tables_say)
{
	struct text text;
	const char *wrong;
	size_t len;
	u8 *msg;

	for (size_t i = 0; i < ARRAY_SIZE(responses); i++) {
		const struct response *r = &responses[i];

		msg = bytes_of(r->hex, &len);
		wrong = show(pthi_find(r->command, r->part), msg, len, &text);
		EXPECT_EQ(NULL, wrong)
			TH_LOG("%s %zu: %s", r->command, i, wrong);
		EXPECT_STREQ(r->text, text.data);
		free(msg);
	}
}

/* Whatever the length that its header names, so that only the end is cut. */
static void fix_length(const struct pthi_command *command, u8 *msg, size_t len)
{
	if (command->client == PTHI_AMTHI && len >= 12)
		msg[8] = len - 12;
}

TEST(a_response_cut_anywhere_is_short_or_empty)
{
	const struct pthi_command *command;
	struct text text;
	size_t len;
	u8 *msg, *cut;

	for (size_t i = 0; i < ARRAY_SIZE(responses); i++) {
		const struct response *r = &responses[i];

		command = pthi_find(r->command, r->part);
		msg = bytes_of(r->hex, &len);
		if (!strcmp(r->hex, HEX_ACCOUNT_68))
			len -= 2; /* the padding */
		/* A state has no header, and any byte is one. */
		if (command->client == PTHI_MANAGEABILITY && command->response)
			len = 1;
		for (size_t n = 1; n < len; n++) {
			cut = copy_of(msg, n);
			EXPECT_NE(NULL, show(command, cut, n, &text))
				TH_LOG("%s at %zu: %s", r->command, n,
				       text.data);
			fix_length(command, cut, n);
			EXPECT_NE(NULL, show(command, cut, n, &text))
				TH_LOG("%s at %zu: %s", r->command, n,
				       text.data);
			free(cut);
		}
		free(msg);
	}
}

TEST(padding_is_no_part_of_a_response)
{
	const struct pthi_command *command;
	struct text text;
	u8 *msg, *longer;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(responses); i++) {
		const struct response *r = &responses[i];

		command = pthi_find(r->command, r->part);
		if (command->client == PTHI_MANAGEABILITY)
			continue;
		msg = bytes_of(r->hex, &len);
		longer = calloc(1, len + 7);
		ASSERT_NE(NULL, longer);
		memcpy(longer, msg, len);
		/* Once behind what the header counts, once within it. */
		EXPECT_EQ(NULL, show(command, longer, len + 7, &text));
		EXPECT_STREQ(r->text, text.data);
		fix_length(command, longer, len + 7);
		if (strstr(r->command, "HBased") == NULL) {
			EXPECT_EQ(NULL, show(command, longer, len + 7, &text));
			EXPECT_STREQ(r->text, text.data);
		}
		free(longer);
		free(msg);
	}
}

TEST(each_field_of_the_header_is_checked)
{
	static const struct {
		const char *hex;
		const char *wrong;
	} faults[] = {
		{ "02010000 11008004 08000000 00000000 02000000",
		  "has another version" },
		{ "01000000 11008004 08000000 00000000 02000000",
		  "has another version" },
		{ "01010100 11008004 08000000 00000000 02000000",
		  "has reserved bits set" },
		{ "01010001 11008004 08000000 00000000 02000000",
		  "has reserved bits set" },
		{ "01010000 11000004 08000000 00000000 02000000",
		  "is a request" },
		{ "01010000 6B008004 08000000 00000000 02000000",
		  "is to another command" },
		{ "01010000 11008001 08000000 00000000 02000000",
		  "is to another command" },
		{ "01010000 11008004 09000000 00000000 02000000",
		  "is shorter than it says" },
		{ "01010000 11008004 FFFFFFFF 00000000 02000000",
		  "is shorter than it says" },
		{ "01010000 11008004 03000000 00000000 02000000",
		  "has no room for its status" },
		{ "01010000 11008004 04000000 000000",
		  "is shorter than its header" },
		{ "01010000 11008004 04000000 00000000", "data are short" },
	};
	const struct pthi_command *command =
		pthi_find("GetProvisioningState", NULL);
	struct text text;
	size_t len;
	u8 *msg;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		msg = bytes_of(faults[i].hex, &len);
		EXPECT_STREQ(faults[i].wrong, show(command, msg, len, &text))
			TH_LOG("fault %zu: %s", i, text.data);
		free(msg);
	}
}

TEST(mkhi_and_manageability_headers_are_checked)
{
	static const struct {
		const char *command;
		const char *hex;
		const char *wrong;
	} faults[] = {
		{ "GetFWVersion", "FF8200", "is shorter than its header" },
		{ "GetFWVersion", "FF020000 01001000", "is a request" },
		{ "GetFWVersion", "FF830000", "is to another command" },
		{ "GetFWVersion", "03820000", "is to another command" },
		{ "GetFWVersion", "FF820000 0100", "data are short" },
		{ "SetAmtOperationalState", "05065310",
		  "is shorter than its header" },
		{ "SetAmtOperationalState", "05065110 00000000",
		  "is to another command" },
		{ "IsChangeToAMTEnabled", "02065110 00000000",
		  "is to another command" },
	};
	struct text text;
	size_t len;
	u8 *msg;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		msg = bytes_of(faults[i].hex, &len);
		EXPECT_STREQ(faults[i].wrong,
			     show(pthi_find(faults[i].command, NULL), msg, len,
				  &text))
			TH_LOG("fault %zu: %s", i, text.data);
		free(msg);
	}
}

TEST(an_empty_response_is_a_status)
{
	struct text text;
	u8 nothing = 0;

	for (size_t i = 0; i < pthi_command_count; i++) {
		EXPECT_EQ(NULL, show(&pthi_commands[i], &nothing, 0, &text));
		EXPECT_STREQ("status 16384 ", text.data);
	}
}

/* ---- Requests ---- */

/* SHA-256 in a field for the longest hash */
static const u8 hash[64] = {
	0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
	0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf,
	0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7,
	0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf,
};

static const struct {
	const char *command;
	const char *part;
	const char *hex;
	struct pthi_argument args[5];
} requests[] = {
	{ "GetCodeVersions", NULL, HEX_CODE_VERSIONS_REQUEST, { { 0 } } },
	{ "GetProvisioningState", NULL, HEX_STATE_REQUEST, { { 0 } } },
	{ "Unprovision", NULL, HEX_UNPROVISION_REQUEST, { { 0 } } },
	{ "GetLanInterfaceSettings", "wireless", HEX_WIRELESS_REQUEST,
	  { { 0 } } },
	{ "SetHostFQDN", NULL, HEX_SET_HOST_FQDN_REQUEST,
	  { { .bytes = "host.lan", .len = 8 } } },
	{ "GetLocalSystemAccount", NULL, HEX_ACCOUNT_REQUEST, { { 0 } } },
	{ "GetAMTState", NULL, HEX_AMT_STATE_REQUEST, { { 0 } } },
	{ "GetCertificateHashEntry", NULL, HEX_HASH_REQUEST,
	  { { .number = 7 } } },
	{ "SetPKIFQDNSuffix", NULL, "01010000 2F000004 06000000 0400 622E6465",
	  { { .bytes = "b.de", .len = 4 } } },
	{ "StartConfigurationHBased", "meshcentral", HEX_HBASED_COUNT_REQUEST,
	  { { .number = 2 }, { .bytes = hash, .len = 64 }, { .number = 1 },
	    { .number = 0 }, { .len = 0 } } },
	{ "StartConfigurationHBased", "meshcentral", HEX_HBASED_SUFFIX_REQUEST,
	  { { .number = 2 }, { .bytes = hash, .len = 64 }, { .number = 0 },
	    { .number = 1 }, { .bytes = "b.de", .len = 4 } } },
	{ "StartConfigurationHBased", "rpc-go", HEX_HBASED_BYTES_REQUEST,
	  { { .number = 2 }, { .bytes = hash, .len = 64 }, { .number = 1 },
	    { .number = 0 }, { .len = 0 } } },
	{ "StartConfigurationHBased", "meshagent", HEX_HBASED_WORD_REQUEST,
	  { { .number = 2 }, { .bytes = hash, .len = 64 }, { .number = 1 },
	    { .number = 0 }, { .len = 0 } } },
	{ "IsChangeToAMTEnabled", NULL, HEX_MANAGEABILITY_REQUEST, { { 0 } } },
	{ "SetAmtOperationalState", NULL, HEX_SET_STATE_REQUEST,
	  { { .number = 1 } } },
	{ "GetFWVersion", NULL, HEX_FW_VERSION_REQUEST, { { 0 } } },
	{ "GetRule", "capabilities", HEX_RULE_REQUEST, { { 0 } } },
};

TEST(requests_are_what_the_byte_tables_say)
{
	u8 request[PTHI_REQUEST_MAX];
	size_t len;
	u8 *msg;

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		memset(request, 0xee, sizeof(request));
		msg = bytes_of(requests[i].hex, &len);
		EXPECT_EQ((ssize_t)len,
			  pthi_encode(pthi_find(requests[i].command,
						requests[i].part),
				      requests[i].args, request))
			TH_LOG("request %zu", i);
		EXPECT_EQ(0, memcmp(msg, request, len))
			TH_LOG("request %zu: %s", i, requests[i].command);
		free(msg);
	}
}

TEST(a_value_that_does_not_fit_is_no_request)
{
	static const char text[PTHI_REQUEST_MAX];
	const struct pthi_argument too_long = { .bytes = text,
						.len = sizeof(text) - 13 };
	const struct pthi_argument large = { .number = 256 };
	u8 request[PTHI_REQUEST_MAX];

	EXPECT_EQ(-1, pthi_encode(pthi_find("SetPKIFQDNSuffix", NULL),
				  &too_long, request));
	EXPECT_EQ(-1, pthi_encode(pthi_find("SetAmtOperationalState", NULL),
				  &large, request));
	EXPECT_EQ(-1, pthi_encode(pthi_find("SetHostFQDN", NULL), NULL,
				  request));
}

/* ---- The table ---- */

TEST(no_two_queries_have_the_same_place)
{
	for (size_t i = 0; i < pthi_command_count; i++) {
		const struct pthi_command *a = &pthi_commands[i];

		EXPECT_EQ(a->topic && a->change, false);
		for (size_t j = i + 1; a->topic && j < pthi_command_count; j++) {
			const struct pthi_command *b = &pthi_commands[j];

			if (!b->topic || strcmp(a->topic, b->topic))
				continue;
			EXPECT_NE(NULL, a->part);
			EXPECT_NE(0, strcmp(a->part, b->part))
				TH_LOG("%s %s", a->topic, a->part);
		}
	}
}

/* Whatever is open ends before, or where, what it lies in ends. */
static bool is_nested(const struct pthi_field *layout)
{
	const struct pthi_field *ends[PTHI_DEPTH], *end = layout;
	int depth = 0;

	while (end->type != PTHI_END)
		end++;
	ends[0] = end;
	for (const struct pthi_field *field = layout; field < end; field++) {
		while (field == ends[depth])
			depth--;
		if (field->type != PTHI_GROUP && field->type != PTHI_LIST &&
		    field->type != PTHI_ARRAY)
			continue;
		if (field->size == 0 || depth + 1 == PTHI_DEPTH ||
		    field + 1 + field->size > ends[depth])
			return false;
		ends[++depth] = field + 1 + field->size;
	}
	return true;
}

TEST(groups_and_lists_lie_within_each_other)
{
	for (size_t i = 0; i < pthi_command_count; i++) {
		EXPECT_TRUE(!pthi_commands[i].response ||
			    is_nested(pthi_commands[i].response))
			TH_LOG("%s", pthi_commands[i].name);
	}
}

TEST(a_number_is_found_by_its_name)
{
	const struct pthi_command *command =
		pthi_find("GetProvisioningState", NULL);
	struct pthi_reply reply;
	uint32_t number = 0;
	size_t len;
	u8 *msg = bytes_of(HEX_STATE_POST, &len);

	ASSERT_EQ(NULL, pthi_check(command, msg, len, &reply));
	EXPECT_EQ(0, pthi_number(command, &reply, NULL, &number));
	EXPECT_EQ(2, number);
	EXPECT_EQ(PTHI_SHORT, pthi_number(command, &reply, "mode", &number));
	reply.len = 3;
	EXPECT_EQ(PTHI_SHORT, pthi_number(command, &reply, NULL, &number));
	free(msg);
}

TEST_HARNESS_MAIN
