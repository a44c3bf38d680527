// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper info: what AMT says about itself, and all that may go wrong. */
#include <json-c/json.h>
#include <stdio.h>

#include "kselftest_harness.h"
#include "schema.h"
#include "testlib.h"

/* Exit codes of amt-helper(8). */
#define EXIT_USAGE 2
#define EXIT_NO_MEI 3
#define EXIT_PERMISSION 4
#define EXIT_BUSY 6
#define EXIT_TIMEOUT 7
#define EXIT_PROTOCOL 8
#define EXIT_AMT_STATUS 9
#define EXIT_PARTLY 10

static struct json_object *ask(struct result *r, const char *arguments)
{
	char command[256];

	snprintf(command, sizeof(command), "amt-helper info --json %s",
		 arguments);
	run(r, "sh", "-c", command);
	if (schema_check("info", r->text))
		return NULL;
	return json_tokener_parse(r->text);
}

FIXTURE(info) {
	struct machine machine;
	struct process helper;
	struct result r;
};

FIXTURE_SETUP(info)
{
	ASSERT_EQ(0, machine_start(&self->machine, (const char *const[]){
				   "--pthi-hosts", "1", NULL }));
}

FIXTURE_TEARDOWN(info)
{
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* What amt-sim puts on the wire, by the tables of pthi.rst. */
static const struct {
	const char *path;
	const char *text;
} facts[] = {
	{ "mei.device", "/dev/mei0" },
	{ "mei.kind", "mei" },
	{ "mei.max_message", "5120" },
	{ "versions.bios", "1.0.0" },
	{ "uuid", "00112233-4455-6677-8899-aabbccddeeff" },
	{ "provisioning_state.value", "2" },
	{ "provisioning_mode.mode.name", "enterprise" },
	{ "provisioning_mode.legacy", "false" },
	{ "ehbc", "false" },
	{ "mac.host", "02:50:56:ab:cd:ef" },
	{ "dns_suffix", "example.com" },
	{ "dns_suffixes", "[ \"example.com\" ]" },
	{ "lan.wired.address", "192.168.1.10" },
	{ "lan.wired.mac", "02:50:56:ab:cd:ef" },
	{ "lan.wired.dhcp_mode.name", "active" },
	{ "ipv6.wired.router", "fe80::1" },
	{ "ipv6.wired.addresses",
	  "[ { \"address\": \"fe80::50:56ff:feab:cdef\", \"type\": "
	  "{ \"value\": 0, \"name\": \"link-local\" }, \"state\": "
	  "{ \"value\": 1, \"name\": \"preferred\" } } ]" },
	{ "hash_handles", "[ { \"handle\": 0 }, { \"handle\": 1 } ]" },
	{ "remote_access.connection.name", "not-connected" },
	{ "remote_access.mps", "" },
	{ "user_initiated", "{ \"bios\": true, \"os_agent\": true }" },
	{ "tls_mode.name", "pki" },
	{ "zero_touch", "false" },
	{ "security.kvm", "true" },
	{ "security.tls", "false" },
	{ "features.web_ui", "true" },
	{ "features.eac", "false" },
	{ "features.kvm.active", "false" },
	{ "redirection", "{ \"sol\": true, \"ider\": true, \"kvm\": true }" },
	{ "power_policy", "Desktop: ON in S0" },
	{ "reset_reason.reason", "0" },
	{ "fqdn.fqdn", "amt.example.com" },
	{ "fqdn.host_name_length", "3" },
	{ "config_server.port", "9971" },
	{ "config_server.fqdn", "provisionserver.example.com" },
	{ "audit_record.hash",
	  "45140b3247eb9cc8c5b4f0d7b53091f73292089e6e5a63e2749dd3aca9198eda" },
	{ "audit_record.time", "2026-09-01T12:30:15" },
	{ "audit_record.server_address", "192.168.1.2" },
	{ "tcpip.dhcp_mode.name", "enabled" },
	{ "tcpip.domain", "example.com" },
	{ "amt_state.last_me_reset.name", "global" },
	{ "rng_status.name", "exists" },
	{ "cira_log.summary.keep_alive_interval", "30" },
	{ "cira_log.last_failed_tunnel.mps", "mps.example.com" },
	{ "cira_log.last_failed_tunnel.closed", "2026-08-29T10:40:00Z" },
	{ "cira_log.last_failed_connection.apf_reason", "11" },
	{ "firmware.capabilities.amt", "true" },
	{ "firmware.capabilities.cila", "false" },
	{ "firmware.platform.brand.name", "amt" },
	{ "firmware.platform.image_type", "4" },
	{ "firmware.update.name", "enabled" },
	{ "manageability.change_allowed", "true" },
};

TEST_F(info, every_fact_is_that_of_the_firmware)
{
	struct json_object *info = info_all(&self->r);

	EXPECT_EQ(0, self->r.status);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		EXPECT_STREQ(facts[i].text, json_text(info, facts[i].path))
			TH_LOG("%s", facts[i].path);
	}
	EXPECT_EQ(2, json_object_array_length(json_at(info, "hashes")));
	/* The account is a secret: its value is nowhere, nor is its name. */
	EXPECT_EQ(NULL, strstr(json_object_to_json_string(info), "OsAdmin"));
	json_object_put(info);
}

TEST_F(info, only_the_topics_that_are_named)
{
	struct json_object *info = ask(&self->r, "uuid dns-suffix hash=1");

	EXPECT_EQ(0, self->r.status);
	EXPECT_EQ(4, json_object_object_length(info));
	EXPECT_STREQ("DigiCert Global Root G2",
		     json_text(json_object_array_get_idx(json_at(info, "hashes"), 0),
			     "name"));
	json_object_put(info);
	EXPECT_EQ(EXIT_USAGE, run(&self->r, "amt-helper", "info", "uid"));
	info = ask(&self->r, "hash=7");
	EXPECT_EQ(EXIT_AMT_STATUS, self->r.status);
	EXPECT_STREQ("AMT_STATUS_INVALID_HANDLE", info_lacks(info, "hashes"));
	json_object_put(info);
}

TEST_F(info, an_unknown_value_is_shown_by_its_number)
{
	struct json_object *info;

	ASSERT_EQ(0, sim_command("spoil patch 16 07"));
	info = ask(&self->r, "control-mode");
	EXPECT_EQ(0, self->r.status);
	EXPECT_STREQ("{ \"value\": 7, \"name\": null }",
		     json_text(info, "control_mode"));
	json_object_put(info);
	EXPECT_EQ(0, run(&self->r, "amt-helper", "info", "control-mode"));
	EXPECT_STREQ("control mode  7\n", self->r.text);
}

TEST_F(info, flags_without_a_name_are_shown_by_their_number)
{
	struct json_object *info;

	/* SOL, KVM, and bits 4 and 31 */
	ASSERT_EQ(0, sim_command("spoil patch 16 15000080"));
	info = ask(&self->r, "redirection");
	EXPECT_EQ(0, self->r.status);
	EXPECT_STREQ("{ \"sol\": true, \"ider\": false, \"kvm\": true, "
		     "\"bit4\": true, \"bit31\": true }",
		     json_text(info, "redirection"));
	json_object_put(info);
	EXPECT_EQ(0, run(&self->r, "amt-helper", "info", "redirection"));
	EXPECT_STREQ("redirection  sol, kvm, bit4, bit31\n", self->r.text);

	/* Without the new interface, those of bits 1, 5 and 6 say nothing. */
	ASSERT_EQ(0, sim_command("spoil patch 0 6B"));
	EXPECT_EQ(0, run(&self->r, "amt-helper", "info", "manageability"));
	EXPECT_STREQ("manageability  change_allowed, bit3\n", self->r.text);
}

/* ---- Responses that are wrong ---- */

/* One PTHI command, and several of MKHI */
#define MODE "control-mode"
#define FIRMWARE "firmware"

static const struct {
	const char *topic;
	const char *spoil;
	int status;
	const char *message;
} faults[] = {
	{ MODE, "patch 0 02", EXIT_PROTOCOL, "another version" },
	{ MODE, "patch 1 00", EXIT_PROTOCOL, "another version" },
	{ MODE, "patch 2 01", EXIT_PROTOCOL, "reserved bits" },
	{ MODE, "patch 3 80", EXIT_PROTOCOL, "reserved bits" },
	{ MODE, "patch 4 11", EXIT_PROTOCOL, "another command" },
	{ MODE, "patch 5 01", EXIT_PROTOCOL, "another command" },
	{ MODE, "patch 6 00", EXIT_PROTOCOL, "is a request" },
	{ MODE, "patch 7 05", EXIT_PROTOCOL, "another command" },
	{ MODE, "patch 8 09", EXIT_PROTOCOL, "shorter than it says" },
	{ MODE, "patch 8 FFFFFFFF", EXIT_PROTOCOL, "shorter than it says" },
	{ MODE, "patch 8 03", EXIT_PROTOCOL, "no room for its status" },
	{ MODE, "patch 8 07", EXIT_PROTOCOL, "shorter than its layout" },
	{ MODE, "cut 1", EXIT_PROTOCOL, "shorter than its header" },
	{ MODE, "cut 15", EXIT_PROTOCOL, "shorter than its header" },
	{ MODE, "cut 19", EXIT_PROTOCOL, "shorter than it says" },
	{ MODE, "patch 12 01", EXIT_AMT_STATUS,
	  "AMT_STATUS_INTERNAL_ERROR (0x0001)" },
	{ MODE, "patch 12 1708", EXIT_AMT_STATUS, "unknown status (0x0817)" },
	{ MODE, "empty", EXIT_AMT_STATUS, "AMT is disabled or not ready" },
	{ MODE, "silent", EXIT_TIMEOUT, "no reply within 1 s" },
	/* MKHI: group, command and response bit, result */
	{ FIRMWARE, "patch 0 04", EXIT_PROTOCOL, "another command" },
	{ FIRMWARE, "patch 1 83", EXIT_PROTOCOL, "another command" },
	{ FIRMWARE, "patch 1 02", EXIT_PROTOCOL, "is a request" },
	{ FIRMWARE, "patch 3 89", EXIT_AMT_STATUS,
	  "MKHI_NOT_SUPPORTED (0x0089)" },
	{ FIRMWARE, "patch 3 55", EXIT_AMT_STATUS, "unknown status (0x0055)" },
	{ FIRMWARE, "cut 3", EXIT_PROTOCOL, "shorter than its header" },
	{ FIRMWARE, "cut 8", EXIT_PROTOCOL, "shorter than its layout" },
	{ FIRMWARE, "empty", EXIT_AMT_STATUS, "AMT is disabled or not ready" },
	{ "manageability", "empty", EXIT_AMT_STATUS,
	  "AMT is disabled or not ready" },
};

TEST_F(info, each_fault_of_a_response_is_named)
{
	struct json_object *info;
	char command[64];

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		snprintf(command, sizeof(command), "spoil %s", faults[i].spoil);
		ASSERT_EQ(0, sim_command(command));
		snprintf(command, sizeof(command), "--timeout 1 %s",
			 faults[i].topic);
		info = ask(&self->r, command);
		EXPECT_EQ(faults[i].status, self->r.status)
			TH_LOG("%s: %s", faults[i].spoil, self->r.text);
		EXPECT_NE(NULL, strstr(json_text(info, "error.message"),
				       faults[i].message))
			TH_LOG("%s: %s", faults[i].spoil, self->r.text);
		json_object_put(info);
	}
}

static const struct {
	const char *spoil;
	int status;
	int rows;
} hash_faults[] = {
	/* Forty handles are announced, and two are there. */
	{ "patch 16 28000000", EXIT_PROTOCOL, 0 },
	/* The first handle is not known. */
	{ "patch 20 63000000", EXIT_PARTLY, 1 },
	{ "empty", EXIT_AMT_STATUS, 0 },
};

TEST_F(info, hashes_are_never_silently_incomplete)
{
	struct json_object *info;
	char command[64];

	for (size_t i = 0; i < ARRAY_SIZE(hash_faults); i++) {
		snprintf(command, sizeof(command), "spoil %s",
			 hash_faults[i].spoil);
		ASSERT_EQ(0, sim_command(command));
		info = ask(&self->r, "hashes");
		EXPECT_EQ(hash_faults[i].status, self->r.status)
			TH_LOG("%s: %s", command, self->r.text);
		EXPECT_EQ(hash_faults[i].rows, json_at(info, "hashes") ?
			  (int)json_object_array_length(json_at(info, "hashes")) : 0)
			TH_LOG("%s: %s", command, self->r.text);
		json_object_put(info);
	}
}

/* Handles from 0 on, and which one has no hash. */
static const struct {
	const char *hashes;
	int status;
	int rows;
	const char *lacking;
	const char *message;
} hash_lists[] = {
	{ "0", 0, 0, "", "(none)" },
	{ "33", 0, 33, "", "(none)" },
	{ "64", 0, 64, "", "(none)" },
	{ "65", EXIT_PARTLY, 64, "(none)",
	  "EnumerateHashHandles: more than 64 hashes" },
	{ "5 0", 0, 4, "AMT_STATUS_NOT_FOUND", "(none)" },
	{ "5 2", 0, 4, "AMT_STATUS_NOT_FOUND", "(none)" },
	{ "5 4", 0, 4, "AMT_STATUS_NOT_FOUND", "(none)" },
	{ "1 0", 0, 0, "AMT_STATUS_NOT_FOUND", "(none)" },
};

TEST_F(info, each_hash_behind_a_handle_is_shown)
{
	struct json_object *info, *hashes;
	char command[64];

	for (size_t i = 0; i < ARRAY_SIZE(hash_lists); i++) {
		snprintf(command, sizeof(command), "hashes %s",
			 hash_lists[i].hashes);
		ASSERT_EQ(0, sim_command(command));
		/* 65 hashes are longer than a struct result. */
		info = info_all(&self->r);
		hashes = json_at(info, "hashes");
		EXPECT_EQ(hash_lists[i].status, self->r.status)
			TH_LOG("%s: %s", command,
			       json_text(info, "error.message"));
		EXPECT_NE(NULL, strstr(json_text(info, "error.message"),
				       hash_lists[i].message))
			TH_LOG("%s: %s", command,
			       json_text(info, "error.message"));
		EXPECT_EQ(hash_lists[i].rows, hashes ?
			  (int)json_object_array_length(hashes) : 0)
			TH_LOG("%s", command);
		EXPECT_STREQ(hash_lists[i].lacking, info_lacks(info, "hashes"))
			TH_LOG("%s", command);
		json_object_put(info);
	}
}

/* Its name is longer than the reply. */
TEST_F(info, a_short_hash_leaves_no_half_row)
{
	struct json_object *info;

	ASSERT_EQ(0, sim_command("spoil patch 89 ffff"));
	info = ask(&self->r, "hash=1");
	EXPECT_EQ(EXIT_PROTOCOL, self->r.status) TH_LOG("%s", self->r.text);
	ASSERT_NE(NULL, info);
	EXPECT_EQ(0, json_object_array_length(json_at(info, "hashes")))
		TH_LOG("%s", self->r.text);
	json_object_put(info);
}

TEST_F(info, without_a_word_from_amt_the_first_failure_counts)
{
	struct json_object *info;

	ASSERT_EQ(0, sim_command("state disabled"));
	info = info_all(&self->r);
	EXPECT_EQ(EXIT_AMT_STATUS, self->r.status)
		TH_LOG("%s", json_text(info, "error.message"));
	json_object_put(info);
	ASSERT_EQ(0, sim_command("busy on"));
	info = info_all(&self->r);
	EXPECT_EQ(EXIT_BUSY, self->r.status)
		TH_LOG("%s", json_text(info, "error.message"));
	json_object_put(info);
	info = ask(&self->r, "hashes");
	EXPECT_EQ(EXIT_BUSY, self->r.status) TH_LOG("%s", self->r.text);
	json_object_put(info);
}

TEST_F(info, what_needs_no_amt_is_told_while_it_is_off)
{
	struct json_object *info;

	ASSERT_EQ(0, sim_command("state disabled"));
	info = ask(&self->r, "provisioning-state");
	EXPECT_EQ(EXIT_AMT_STATUS, self->r.status);
	EXPECT_NE(NULL, strstr(json_text(info, "error.message"),
			       "AMT is disabled or not ready"));
	json_object_put(info);
	info = ask(&self->r, "manageability");
	EXPECT_EQ(0, self->r.status);
	EXPECT_STREQ("false", json_text(info, "manageability.enabled"));
	json_object_put(info);
}

/* A state of the manageability client has no header, so only one length. */
TEST_F(info, padding_is_accepted)
{
	struct json_object *info;

	ASSERT_EQ(0, sim_command("spoil pad 100"));
	info = info_all(&self->r);
	EXPECT_STREQ("1 of 45 not read: IsChangeToAMTEnabled: the reply is to another command",
		     json_text(info, "error.message"));
	EXPECT_STREQ("admin", json_text(info, "control_mode.name"));
	EXPECT_STREQ("16.1.25.2124", json_text(info, "firmware.version.code"));
	json_object_put(info);
}

TEST_F(info, a_late_response_is_never_taken_for_the_next)
{
	struct json_object *info;

	/* Both questions are the same command: only the order tells. */
	ASSERT_EQ(0, sim_command("spoil late"));
	info = ask(&self->r, "--timeout 1 lan");
	EXPECT_EQ(EXIT_PARTLY, self->r.status);
	EXPECT_EQ(NULL, json_at(info, "lan"));
	EXPECT_STREQ("AMT_STATUS_INTERFACE_DOES_NOT_EXIST",
		     info_lacks(info, "lan.wireless"));
	json_object_put(info);
}

TEST_F(info, two_silent_commands_end_it)
{
	struct json_object *info;

	ASSERT_EQ(0, sim_command("spoil silent"));
	info = ask(&self->r, "--timeout 1");
	EXPECT_EQ(EXIT_TIMEOUT, self->r.status);
	EXPECT_EQ(2, json_object_array_length(json_at(info, "unavailable")));
	json_object_put(info);
}

/* ---- Resets, and others who have the device ---- */

TEST_F(info, a_question_is_repeated_after_a_reset)
{
	struct json_object *info;

	ASSERT_EQ(0, sim_command("spoil reset"));
	info = info_all(&self->r);
	EXPECT_EQ(0, self->r.status) TH_LOG("%s", json_text(info, "error.message"));
	EXPECT_STREQ("admin", json_text(info, "control_mode.name"));
	EXPECT_EQ(1, sim_stat("hbm_resets"));
	json_object_put(info);
}

TEST_F(info, a_foreign_program_is_waited_for)
{
	ASSERT_EQ(0, sim_command("busy on"));
	ASSERT_EQ(0, process_start(&self->helper, -1, false,
				   (const char *const[]){
				   "amt-helper", "info", "uuid", NULL }));
	ASSERT_EQ(0, sim_until("connects_refused", 2));
	ASSERT_EQ(0, sim_command("busy off"));
	EXPECT_EQ(0, process_wait(&self->helper));
	process_close(&self->helper);
}

TEST_F(info, and_named_when_it_does_not_let_go)
{
	struct json_object *info;

	ASSERT_EQ(0, sim_command("busy on"));
	info = ask(&self->r, "uuid");
	EXPECT_EQ(EXIT_BUSY, self->r.status);
	EXPECT_EQ(20, sim_stat("connects_refused"));
	json_object_put(info);
}

/* Ten topics of one answer each. */
#define TOPICS "uuid versions provisioning-state control-mode ehbc mac " \
	"dns-suffix tls-mode zero-touch redirection"
#define RUNS "i=0; while [ $i -lt 25 ]; do " \
	"amt-helper info " TOPICS " > /dev/null || exit; i=$((i + 1)); done"

TEST_F(info, four_programs_and_a_thousand_questions_meet_no_busy_client)
{
	struct process all[4];
	int64_t before = sim_stat("pthi_requests");

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		ASSERT_EQ(0, process_start(&all[i], -1, false,
					   (const char *const[]){
					   "sh", "-c", RUNS, NULL }));
	}
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		EXPECT_EQ(0, process_wait(&all[i]));
		process_close(&all[i]);
	}
	EXPECT_EQ(0, sim_stat("connects_refused"));
	EXPECT_EQ(1000, sim_stat("pthi_requests") - before);
}

/* ---- Which device ---- */

TEST_F(info, the_node_of_old_kernels_is_found)
{
	struct json_object *info;

	ASSERT_EQ(0, rename("/dev/mei0", "/dev/mei"));
	info = ask(&self->r, "mei uuid");
	EXPECT_EQ(0, self->r.status) TH_LOG("%s", self->r.text);
	EXPECT_STREQ("/dev/mei", json_text(info, "mei.device"));
	json_object_put(info);
	EXPECT_EQ(EXIT_NO_MEI, run(&self->r, "amt-helper", "info", "--device",
				   "/dev/mei0", "uuid"));
	EXPECT_EQ(0, run(&self->r, "amt-helper", "info", "--device",
			 "/dev/mei", "uuid"));
	EXPECT_EQ(0, rename("/dev/mei", "/dev/mei0"));
}

TEST_F(info, without_permission_it_is_4)
{
	EXPECT_EQ(EXIT_PERMISSION, run(&self->r, "su", "nobody", "-c",
				       "amt-helper info uuid"));
}

TEST(without_a_device_it_is_3)
{
	struct result r;
	struct json_object *info = ask(&r, "");

	EXPECT_EQ(EXIT_NO_MEI, r.status);
	EXPECT_STREQ("no-mei-device", json_text(info, "error.name"));
	json_object_put(info);
}

TEST_HARNESS_MAIN
