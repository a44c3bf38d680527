// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command lines of `amt-helper amm` and `inventory`: what they send, what
 * they print, which hosts they find, and that many calls leave nothing behind.
 */
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "amm_expect.h"
#include "helper/command.h"

#define MANY 1000

/* ---- Lists ---- */

TEST_F(amm, both_documented_replies_are_printed_as_tables)
{
	EXPECT_EQ(OK, answer());
	EXPECT_STREQ("", peer.err);
	EXPECT_PRINTED("0x1122334455667788  0x99aabbccddeeff00\n");
	EXPECT_PRINTED("0x0102030405060708  0x0000000000000000\n");
	EXPECT_EQ(OK, answer_atrs());
	EXPECT_PRINTED("1 bootstrap    0x00000000000000a1  0x0000000000000000\n");
	EXPECT_PRINTED("3 operational  0x0123456789abcdef  0xfedcba9876543210\n");
}

TEST_F(amm, json_has_both_lists_of_one_connection)
{
	EXPECT_EQ(OK, answer_json(&self->json));
	EXPECT_STREQ("", peer.err);
	EXPECT_FALSE(peer_waits(&peer));
	EXPECT_JSON("/schema_version", "1");
	EXPECT_JSON("/error", "(none)");
	EXPECT_JSON("/amm/host", "127.0.0.1");
	EXPECT_JSON("/amm/address", "127.0.0.1");
	EXPECT_JSON("/amm/version", "1.0");
	EXPECT_JSON("/amm/complete", "true");
	EXPECT_JSON("/amm/endpoints/filter", "0");
	EXPECT_JSON("/amm/endpoints/response", "0x41");
	EXPECT_JSON("/amm/endpoints/confirmation", "0");
	EXPECT_JSON("/amm/endpoints/layout", "fixed");
	EXPECT_JSON("/amm/endpoints/count", "2");
	EXPECT_JSON("/amm/endpoints/capacity", "32");
	EXPECT_JSON("/amm/endpoints/items/0/index", "0");
	EXPECT_JSON("/amm/endpoints/items/0/lower64", "0x1122334455667788");
	EXPECT_JSON("/amm/endpoints/items/0/upper64", "0x99aabbccddeeff00");
	EXPECT_JSON("/amm/endpoints/items/0/category", "(none)");
	EXPECT_JSON("/amm/endpoints/items/2", "(none)");
	EXPECT_JSON("/amm/atrs/response", "0x45");
	EXPECT_JSON("/amm/atrs/capacity", "64");
	EXPECT_JSON("/amm/atrs/items/1/category/value", "3");
	EXPECT_JSON("/amm/atrs/items/1/category/name", "operational");
	EXPECT_JSON("/amm/atrs/items/1/lower64", "0x0123456789abcdef");
	EXPECT_JSON("/amm/atrs/items/1/upper64", "0xfedcba9876543210");
	EXPECT_JSON("/amm/warnings/0", "(none)");
}

TEST_F(amm, a_failure_is_in_the_json_and_nowhere_else)
{
	reply.bytes[0] = 0;
	ASSERT_EQ(0, START("amm", "endpoints", PEER, "--json"));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	EXPECT_EQ(PROTOCOL, peer_finish(&peer));
	EXPECT_STREQ("", peer.err);
	self->json = json_tokener_parse(peer.out);
	EXPECT_JSON("/error/code", "8");
	EXPECT_JSON("/error/name", "protocol");
	EXPECT_JSON("/amm/complete", "false");
	EXPECT_JSON("/amm/endpoints", "(none)");
}

TEST_F(amm, a_filter_is_sent_and_echoed)
{
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, START("amm", "endpoints", PEER, "--filter",
				   i ? "0x01020304" : "16909060"));
		ASSERT_EQ(0, asked(ASK_ENDPOINTS_FILTERED));
		ASSERT_EQ(0, peer_reply(&peer, &reply));
		EXPECT_EQ(OK, peer_finish(&peer));
		EXPECT_PRINTED("filter        16909060\n");
	}
}

TEST_F(amm, sorted_by_id_the_index_is_that_of_the_reply)
{
	ASSERT_EQ(0, START("amm", "endpoints", PEER, "--sort", "id"));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	EXPECT_EQ(OK, peer_finish(&peer));
	EXPECT_PRINTED("\n      1      0x0102030405060708  0x0000000000000000"
		       "\n      0      0x1122334455667788  0x99aabbccddeeff00\n");
}

TEST_F(amm, an_unexpected_confirmation_is_14)
{
	message_put(&reply, AT_CONFIRMATION, 5, 4);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, START("amm", "endpoints", PEER,
				   "--expect-confirmation", i ? "5" : "0"));
		ASSERT_EQ(0, asked(ASK_ENDPOINTS));
		ASSERT_EQ(0, peer_reply(&peer, &reply));
		EXPECT_EQ(i ? OK : UNEXPECTED, peer_finish(&peer));
		EXPECT_PRINTED("0x1122334455667788");
		EXPECT_EQ(!i, is_one_line(peer.err));
	}
}

TEST_F(amm, a_fixed_read_says_so)
{
	message_put(&reply, AT_LENGTH, 0, 4);
	ASSERT_EQ(0, START("amm", "endpoints", PEER, "--fixed-read"));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	EXPECT_EQ(OK, peer_finish(&peer));
	EXPECT_WARNED("length 0 and complement 0x0000 were not checked");
	EXPECT_PRINTED("fixed read    yes\n");
}

TEST_F(amm, wrong_command_lines_are_2_and_connect_nowhere)
{
	static const char *const wrong[][6] = {
		{ "amm" }, { "amm", "list" }, { "amm", "@" },
		{ "amm", "list", "@", "@" }, { "amm", "lists", "@" },
		{ "amm", "list", "@", "--timeout=0" },
		{ "amm", "list", "@", "--timeout=1.5" },
		{ "amm", "list", "@", "--filter=4294967296" },
		{ "amm", "list", "@", "--filter=-1" },
		{ "amm", "list", "@", "--filter=0x" },
		{ "amm", "list", "@", "--sort=size" },
		{ "amm", "list", "@", "--allow-version=1" },
		{ "amm", "list", "@", "--allow-version=1.256" },
		{ "amm", "list", "127.0.0.1:0" }, { "amm", "list", ":49200" },
		{ "amm", "list", "[::1" }, { "amm", "list", "[::1]49200" },
		{ "amm", "list", "a b" }, { "amm", "list", "a\x1b[2J" },
		{ "amm", "list", "" },
		{ "amm", "raw", "@" }, { "amm", "raw", "--code=1" },
		{ "amm", "raw", "@", "--code=NOTHING" },
		{ "amm", "raw", "@", "--code=8", "--allow-undocumented",
		  "--yes-change-state" },
		{ "amm", "raw", "@", "--code=1", "--payload-hex=0" },
		{ "amm", "raw", "@", "--code=1", "--payload-hex=0 0" },
		{ "amm", "raw", "@", "--code=1", "--payload-hex=xy" },
		{ "amm", "raw", "@", "--code=1", "--payload-file=/dev/zero" },
		{ "amm", "raw", "@", "--code=1", "--payload-file=/" },
		{ "amm", "raw", "@", "--code=1", "--payload-hex=00",
		  "--payload-file=/dev/null" },
		{ "inventory" }, { "inventory", "@" },
		{ "inventory", "--amm=@:x" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		ASSERT_EQ(0, START(wrong[i][0], wrong[i][1], wrong[i][2],
				   wrong[i][3], wrong[i][4], wrong[i][5]));
		EXPECT_EQ(USAGE, peer_finish(&peer)) TH_LOG("line %zu", i);
		EXPECT_STREQ("", peer.out);
		EXPECT_FALSE(peer_waits(&peer)) TH_LOG("line %zu", i);
	}
}

/* ---- raw ---- */

TEST_F(amm, raw_sends_a_change_only_if_told_twice)
{
	static const char *const names[] = {
		"PROVISION_ENDPOINT", "CREATE_OPERATIONAL_ATR",
		"DELETE_ENDPOINT", "DELETE_ATR", "3", "0x04", "6", "7",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, START("amm", "raw", PEER, "-c", names[i]));
		EXPECT_EQ(USAGE, peer_finish(&peer));
		ASSERT_EQ(0, START("amm", "raw", PEER, "-c", names[i],
				   "--allow-undocumented"));
		EXPECT_EQ(USAGE, peer_finish(&peer));
		ASSERT_EQ(0, START("amm", "raw", PEER, "-c", names[i],
				   "--yes-change-state"));
		EXPECT_EQ(USAGE, peer_finish(&peer));
		EXPECT_FALSE(peer_waits(&peer));
	}
	ASSERT_EQ(0, START("amm", "raw", PEER, "-c", "2"));
	EXPECT_EQ(USAGE, peer_finish(&peer));
	EXPECT_FALSE(peer_waits(&peer));
}

TEST_F(amm, raw_prints_what_came)
{
	message_put(&reply, AT_CODE, 0x47, 4);
	message_put(&reply, AT_CONFIRMATION, 9, 4);
	message_resize(&reply, 8);
	ASSERT_EQ(0, START(CHANGE, PEER));
	ASSERT_EQ(0, asked(DELETE_ATR));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	EXPECT_EQ(OK, peer_finish(&peer));
	EXPECT_STREQ("", peer.err);
	EXPECT_PRINTED("DELETE_ATR");
	EXPECT_PRINTED("confirmation inferred  yes\n");
	EXPECT_PRINTED("word1                  9\n");
	EXPECT_PRINTED("4700000009000000\n");
}

TEST_F(amm, raw_as_text_is_whole)
{
	const char *payload;

	ASSERT_EQ(0, START("amm", "raw", PEER, "-c", "1",
			   "--payload-hex", "00000000"));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	EXPECT_EQ(OK, peer_finish(&peer));
	payload = strrchr(peer.out, ' ');
	ASSERT_NE(NULL, payload);
	EXPECT_EQ(2 * 524, strcspn(payload + 1, "\n")) TH_LOG("%s", peer.out);
}

TEST_F(amm, raw_lists_need_no_permission_and_have_a_confirmation)
{
	ASSERT_EQ(0, START("amm", "raw", PEER, "-c", "list_endpoints",
			   "--payload-hex", "00:00 0000", "--json"));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	EXPECT_EQ(OK, peer_finish(&peer));
	self->json = json_tokener_parse(peer.out);
	EXPECT_JSON("/amm/code/value", "1");
	EXPECT_JSON("/amm/code/name", "LIST_ENDPOINTS");
	EXPECT_JSON("/amm/confirmation_inferred", "false");
	EXPECT_EQ(2 * 524, strlen(member(self->json, "/amm/payload_hex")));
	/* Nothing was changed, so its outcome is nothing to worry about. */
	ASSERT_EQ(0, START("amm", "raw", PEER, "-c", "1"));
	ASSERT_EQ(0, peer_accept(&peer));
	peer_hang_up(&peer, false);
	EXPECT_EQ(PEER_LOST, peer_finish(&peer));
}

TEST_F(amm, raw_without_a_valid_reply_to_a_change_is_15)
{
	static const size_t broken[] = { 0, AT_MAJOR, AT_COMPLEMENT, AT_CODE };

	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		message_set(&reply, ENDPOINTS, ENDPOINTS_SIZE);
		message_put(&reply, AT_CODE, 0x47, 4);
		reply.bytes[broken[i]] ^= 4;
		ASSERT_EQ(0, START(CHANGE, PEER));
		ASSERT_EQ(0, asked(DELETE_ATR));
		ASSERT_EQ(0, peer_reply(&peer, &reply));
		EXPECT_EQ(OUTCOME_UNKNOWN, peer_finish(&peer));
		EXPECT_SAID("the outcome is unknown");
		EXPECT_FALSE(peer_waits(&peer));
	}
}

TEST_F(amm, raw_dry_run_prints_the_request_and_sends_nothing)
{
	ASSERT_EQ(0, START("amm", "raw", PEER, "-c", "DELETE_ATR",
			   "--payload-hex", "abCD", "--dry-run"));
	EXPECT_EQ(OK, peer_finish(&peer));
	EXPECT_PRINTED("a55a5aa501000600f9ff000007000000abcd\n");
	EXPECT_FALSE(peer_waits(&peer));
}

TEST_F(amm, raw_may_have_its_options_before_it)
{
	static const char *const lines[][10] = {
		{ "amm", "--json", "raw", PEER, "-c", "1", "--dry-run" },
		{ "amm", "-jt", "5", "--code=1", "--dry-run", "raw", PEER },
		{ "amm", "--allow-version", "1.0", "--dry-run", "raw", "-jc1",
		  PEER },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ASSERT_EQ(0, peer_start(&peer, lines[i]));
		EXPECT_EQ(OK, peer_finish(&peer)) TH_LOG("%s", peer.err);
		json_object_put(self->json);
		self->json = json_tokener_parse(peer.out);
		EXPECT_JSON("/amm/request_hex",
			    "a55a5aa501000400fbff000001000000");
	}
	ASSERT_EQ(0, START("amm", "--filter", "1", "raw", PEER, "-c", "1"));
	EXPECT_EQ(USAGE, peer_finish(&peer));
}

TEST_F(amm, raw_takes_any_code_if_told)
{
	ASSERT_EQ(0, START("amm", "raw", PEER, "-c", "0x1234", "--any-code",
			   "--allow-undocumented", "--yes-change-state"));
	ASSERT_EQ(0, asked("a55a5aa5 01 00 0400 fbff 0000 34120000"));
	message_put(&reply, AT_CODE, 0x1274, 4);
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	EXPECT_EQ(OK, peer_finish(&peer));
}

/* ---- inventory ---- */

TEST_F(amm, inventory_shows_the_amm_without_an_amt)
{
	const char *amt;
	int code;

	ASSERT_EQ(0, START("inventory", "--amm", PEER, "--json"));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	ASSERT_EQ(0, peer_expect(&peer, ASK_ATRS));
	ASSERT_EQ(0, peer_reply(&peer, &second));
	code = peer_finish(&peer);
	self->json = json_tokener_parse(peer.out);
	EXPECT_JSON("/amm/ok", "true");
	EXPECT_JSON("/amm/error", "(none)");
	EXPECT_JSON("/amm/endpoints/count", "2");
	EXPECT_JSON("/amm/atrs/count", "2");
	amt = member(self->json, "/amt/ok");
	if (strcmp(amt, "true") == 0)
		SKIP(return, "this machine has an AMT");
	EXPECT_STREQ("false", amt);
	EXPECT_NE(OK, code);
	EXPECT_EQ(code, atoi(member(self->json, "/amt/error/code")));
	EXPECT_EQ(code, atoi(member(self->json, "/error/code")));
	EXPECT_STREQ("", peer.err);
}

TEST_F(amm, inventory_as_text_shows_the_half_there_is)
{
	ASSERT_EQ(0, START("inventory", "--amm", PEER));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	ASSERT_EQ(0, peer_expect(&peer, ASK_ATRS));
	ASSERT_EQ(0, peer_reply(&peer, &second));
	peer_finish(&peer);
	EXPECT_PRINTED("0x1122334455667788  0x99aabbccddeeff00\n");
	EXPECT_PRINTED("3 operational  0x0123456789abcdef");
	ASSERT_EQ(0, START("inventory", "--amm", PEER));
	ASSERT_EQ(0, asked(ASK_ENDPOINTS));
	peer_hang_up(&peer, false);
	EXPECT_NE(OK, peer_finish(&peer));
	EXPECT_EQ(NULL, strstr(peer.out, "amm\n")) TH_LOG("%s", peer.out);
	EXPECT_NE(NULL, strstr(peer.err, "after 0 of 12 bytes"));
}

/* ---- Schemas ---- */

/* What was printed last against a schema; 0, or what the validator says. */
static int validate(const char *schema)
{
	int document = memfd_create("document", 0), ret;
	char path[32];

	dprintf(document, "%s", peer.out);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), document);
	if (peer_spawn(&peer, (const char *const[]){
			"/usr/bin/python3", "-m", "jsonschema", "-i", path,
			schema, NULL }, -1) < 0)
		return -1;
	ret = peer_finish(&peer);
	close(document);
	return ret;
}

#define EXPECT_VALID(schema) \
	EXPECT_EQ(0, validate(SCHEMAS "/" schema)) TH_LOG("%s", peer.err)

TEST_F(amm, json_is_what_its_schema_says)
{
	message_put(&second, AT_SLOTS, 77, 4);
	EXPECT_EQ(OK, answer_json(&self->json));
	EXPECT_VALID("amm.json");
	ASSERT_EQ(0, START("amm", "raw", PEER, "-c", "1", "--json"));
	ASSERT_EQ(0, asked("a55a5aa5 01 00 0400 fbff 0000 01000000"));
	ASSERT_EQ(0, peer_reply(&peer, &reply));
	EXPECT_EQ(OK, peer_finish(&peer));
	EXPECT_VALID("amm.json");
	ASSERT_EQ(0, START("amm", "raw", PEER, "-c", "2", "--json",
			   "--dry-run"));
	EXPECT_EQ(OK, peer_finish(&peer));
	EXPECT_VALID("amm.json");
	ASSERT_EQ(0, START("inventory", "--amm", "127.0.0.1:1", "--json"));
	EXPECT_NE(OK, peer_finish(&peer));
	EXPECT_VALID("inventory.json");
	ASSERT_EQ(0, START("amm", "list", "127.0.0.1:1", "--json"));
	EXPECT_EQ(PEER_LOST, peer_finish(&peer));
	EXPECT_VALID("amm.json");
	EXPECT_NE(0, validate(SCHEMAS "/inventory.json"));
}

/* ---- Names ---- */

static int write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -1;
	fputs(text, file);
	return fclose(file);
}

/* Another /etc/NAME, for this process and its children. */
static int replace_etc(const char *name, const char *text)
{
	char path[64], copy[] = "/tmp/amm_command_test.XXXXXX";
	int fd = mkostemp(copy, O_CLOEXEC), ret;

	if (fd < 0)
		return -1;
	close(fd);
	chmod(copy, 0644);
	snprintf(path, sizeof(path), "/etc/%s", name);
	ret = write_text(copy, text) || mount(copy, path, NULL, MS_BIND, NULL);
	unlink(copy);
	return ret;
}

static int set_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = ioctl(fd, SIOCSIFFLAGS, &request);

	close(fd);
	return ret;
}

/* A network and an /etc of its own, in which it may do as it likes. */
static int enter_namespace(void)
{
	char map[32];
	int user = getuid();

	if (user && unshare(CLONE_NEWUSER) < 0)
		return -1;
	snprintf(map, sizeof(map), "0 %d 1", user);
	if (user && write_text("/proc/self/uid_map", map) < 0)
		return -1;
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 || set_up_loopback() < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	return replace_etc("nsswitch.conf", "hosts: files dns\n") ||
	       replace_etc("resolv.conf", "nameserver 127.0.0.1\n"
					  "options timeout:30\n") ||
	       replace_etc("hosts", "127.0.0.2 two\n127.0.0.3 two\n"
				    "127.0.0.1 six\n::1 six\n");
}

#define NAMESPACE_OR_SKIP() do { \
	if (enter_namespace() < 0) \
		SKIP(return, "it may have no namespaces"); \
} while (0)

/* The exit code of a list from @host, which is at @address in truth. */
static int list_from(const char *host, const char *address, unsigned int port)
{
	close(peer.listener);
	if (peer_listen(&peer, address, port, 4) < 0 ||
	    START("amm", "list", host, "--timeout", "4") < 0 ||
	    asked(ASK_ENDPOINTS) < 0 || peer_reply(&peer, &reply) < 0 ||
	    peer_expect(&peer, ASK_ATRS) < 0 || peer_reply(&peer, &second) < 0)
		return -1;
	return peer_finish(&peer);
}

TEST_F(amm, addresses_and_names_are_found_with_and_without_a_port)
{
	NAMESPACE_OR_SKIP();
	EXPECT_EQ(OK, list_from("127.0.0.9", "127.0.0.9", 49200));
	EXPECT_EQ(OK, list_from("127.0.0.1:5000", "127.0.0.1", 5000));
	EXPECT_EQ(OK, list_from("::1", "::1", 49200));
	EXPECT_EQ(OK, list_from("[::1]", "::1", 49200));
	EXPECT_EQ(OK, list_from("[::1]:49201", "::1", 49201));
	EXPECT_PRINTED("address   ::1\n");
	EXPECT_EQ(OK, list_from("six", "::1", 49200));
	EXPECT_EQ(OK, list_from("six:5001", "127.0.0.1", 5001));
}

/* Its first address drops what comes, whichever of the two that is. */
TEST_F(amm, h16_a_dead_address_does_not_take_the_time_of_the_next)
{
	static const char *const addresses[] = { "127.0.0.2", "127.0.0.3" };
	static const char *const hosts[] = { "two:5000", "two:5001" };
	struct peer full;
	int first;

	NAMESPACE_OR_SKIP();
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, peer_listen(&full, addresses[i], 5000 + i, 0));
		first = peer_dial(&full, addresses[i]);
		ASSERT_LE(0, first);
		EXPECT_EQ(OK, list_from(hosts[i], addresses[!i], 5000 + i))
			TH_LOG("%s%s", peer.out, peer.err);
		close(first);
		peer_close(&full);
	}
}

TEST_F(amm, h16_a_name_server_that_is_silent_is_7)
{
	struct sockaddr_in dns = {
		.sin_family = AF_INET,
		.sin_port = htons(53),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	char query[512];
	int fd;

	NAMESPACE_OR_SKIP();
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* whom it leaves behind comes here */
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&dns, sizeof(dns)));
	ASSERT_EQ(0, START("amm", "list", "amm.example", "--timeout", "1"));
	/* A minute before the library gives up. */
	EXPECT_TRUE(peer_ended(&peer, 20000));
	EXPECT_EQ(TIMEOUT, peer_finish(&peer));
	EXPECT_SAID("its name was not resolved in time");
	EXPECT_LT(0, recv(fd, query, sizeof(query), MSG_DONTWAIT));
	EXPECT_EQ(-1, waitpid(-1, NULL, 0));
	close(fd);
}

TEST_F(amm, h16_a_name_that_nobody_knows_is_13)
{
	NAMESPACE_OR_SKIP();
	ASSERT_EQ(0, START("amm", "list", "amm.example"));
	EXPECT_EQ(PEER_LOST, peer_finish(&peer));
	EXPECT_SAID("its name cannot be resolved");
}

/* ---- Many calls ---- */

static int serve_both(int times)
{
	for (int i = 0; i < times; i++)
		if (asked(ASK_ENDPOINTS) < 0 || peer_reply(&peer, &reply) < 0 ||
		    peer_expect(&peer, ASK_ATRS) < 0 ||
		    peer_reply(&peer, &second) < 0)
			return -1;
	return 0;
}

static int count_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Of the sanitizer, if there is one. */
size_t __attribute__((weak)) __sanitizer_get_current_allocated_bytes(void);

static size_t count_memory(void)
{
	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	return mallinfo2().uordblks;
}

static int list_here(char *host)
{
	char *argv[] = { "amt-helper", "list", host, "--json", NULL };

	return cmd_amm(4, argv);
}

TEST_F_TIMEOUT(amm, a_thousand_lists_in_one_process_leave_nothing, 200)
{
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int kept = dup(STDOUT_FILENO), files = 0, failed = 0;
	size_t memory = 0;
	char host[32];
	pid_t server = fork();

	if (server == 0)
		_exit(serve_both(MANY) != 0);
	snprintf(host, sizeof(host), "127.0.0.1:%u", peer.port);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	for (int i = 0; i < MANY; i++) {
		if (i == 10) { /* what is allocated once is there by now */
			files = count_files();
			memory = count_memory();
		}
		failed += list_here(host) != OK;
	}
	dup2(kept, STDOUT_FILENO);
	EXPECT_EQ(0, failed);
	EXPECT_EQ(files, count_files());
	EXPECT_EQ(memory, count_memory());
	EXPECT_EQ(server, waitpid(server, &failed, 0));
	EXPECT_EQ(0, failed);
}

#define LOOP "i=0; while [ $i -lt $2 ]; do " \
	"\"$0\" amm list \"$1\" > /dev/null || exit; i=$((i+1)); done"

TEST_F_TIMEOUT(amm, a_thousand_lists_in_a_shell_leave_nothing, 200)
{
	char host[32], times[8];
	int files;

	snprintf(host, sizeof(host), "127.0.0.1:%u", peer.port);
	snprintf(times, sizeof(times), "%d", MANY);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ASSERT_EQ(0, peer_spawn(&peer, (const char *const[]){
			"/bin/sh", "-c", LOOP, peer_path(), host, times, NULL },
			-1));
	ASSERT_EQ(0, serve_both(1));
	files = count_files();
	EXPECT_EQ(0, serve_both(MANY - 1));
	EXPECT_EQ(files, count_files());
	EXPECT_EQ(OK, peer_finish(&peer));
	EXPECT_STREQ("", peer.err);
	EXPECT_FALSE(peer_waits(&peer));
	EXPECT_EQ(-1, waitpid(-1, NULL, 0));
}

TEST_HARNESS_MAIN
