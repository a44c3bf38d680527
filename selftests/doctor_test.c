// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper doctor on a machine with virtual AMT, and with parts of it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "schema.h"
#include "testlib.h"

/* Exit codes of doctor.rst. */
#define EXIT_PCI 20
#define EXIT_PERMISSION 23
#define EXIT_MANAGEABILITY 25
#define EXIT_LME 26
#define EXIT_BUS 27
#define EXIT_HOLDER 28
#define EXIT_MODULE 30
#define EXIT_PORTS 33
#define EXIT_PROVISIONING 34

#define AS_NOBODY "su", "nobody", "-c"
#define REPORT "amt-helper", "doctor", "--hardware-report"
#define ARGS(...) (const char *const[]){ __VA_ARGS__, NULL }

FIXTURE(doctor) {
	struct machine machine;
	struct process other;
	struct result r;
	struct genl events;
};

/* The clients of new firmware come to the bus one by one. */
FIXTURE_SETUP(doctor)
{
	struct link_state link;

	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, genl_open(&self->events, true));
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_IDLE, &link));
	genl_close(&self->events);
}

FIXTURE_TEARDOWN(doctor)
{
	EXPECT_EQ(0, machine_stop(&self->machine));
}

static int restart_sim(struct machine *machine, const char *const args[])
{
	int err = sim_vanish(machine);

	return err ? err : sim_start(machine, args);
}

/* Line by line, as an "ok" is not a result of this test. */
static int show(const struct result *r)
{
	const char *line = r->text;

	say("exit code %d", r->status);
	while (*line) {
		int length = (int)strcspn(line, "\n");

		say("%.*s", length, line);
		line += length + (line[length] == '\n');
	}
	return r->status;
}

static int doctor(struct result *r)
{
	run(r, "amt-helper", "doctor");
	return show(r);
}

/* Whether the line of a layer has this verdict, and that text. */
static bool says(const struct result *r, const char *verdict,
		 const char *layer, const char *text)
{
	char begin[32];

	snprintf(begin, sizeof(begin), "%-8s %-14s ", verdict, layer);
	for (const char *line = r->text; line; line = strchr(line, '\n')) {
		const char *found;

		line += *line == '\n';
		found = strstr(line, text);
		if (strncmp(line, begin, strlen(begin)) == 0)
			return found && found < line + strcspn(line, "\n");
	}
	return false;
}

TEST_F(doctor, all_is_ok_with_a_serving_helper)
{
	ASSERT_EQ(0, process_start(&self->other, -1, true,
				   ARGS("amt-helper", "serve")));
	ASSERT_EQ(0, process_expect(&self->other, "port 16992 bound"));
	ASSERT_EQ(0, process_expect(&self->other, "port 623 bound"));
	EXPECT_EQ(0, doctor(&self->r));
	EXPECT_EQ(NULL, strstr(self->r.text, "warn"));
	EXPECT_EQ(NULL, strstr(self->r.text, "fail"));
	EXPECT_EQ(NULL, strstr(self->r.text, "unknown "));
	EXPECT_TRUE(says(&self->r, "ok", "driver", "vmei is bound"));
	EXPECT_TRUE(says(&self->r, "ok", "device", "mei0, firmware 16.1.25"));
	EXPECT_TRUE(says(&self->r, "ok", "manageability", "AMT answers"));
	EXPECT_TRUE(says(&self->r, "ok", "provisioning", "admin control mode"));
	EXPECT_TRUE(says(&self->r, "ok", "lme", "1 connections, messages of 4096"));
	EXPECT_TRUE(says(&self->r, "ok", "bus", "amt_lme is bound"));
	EXPECT_TRUE(says(&self->r, "ok", "holder", "amt_lme has LME"));
	EXPECT_TRUE(says(&self->r, "ok", "link", "up, session 1"));
	EXPECT_TRUE(says(&self->r, "ok", "forwards", "16992 active"));
	EXPECT_TRUE(says(&self->r, "ok", "tls", "http on port 16992"));
	EXPECT_TRUE(says(&self->r, "ok", "ports", "16992: amt-helper["));
	EXPECT_EQ(0, process_end(&self->other, SIGTERM));
	process_close(&self->other);
}

TEST_F(doctor, it_leaves_an_idle_link_alone)
{
	struct link_state link;

	EXPECT_EQ(0, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "warn", "link", "idle"));
	EXPECT_TRUE(says(&self->r, "ok", "holder", "nobody has LME"));
	ASSERT_EQ(0, link_get(&link));
	EXPECT_EQ(0, link.generation);
	EXPECT_EQ(0, sim_stat("lme_connects"));
}

TEST_F(doctor, it_does_not_load_the_module)
{
	ASSERT_EQ(0, module_unload("amt_lme"));
	EXPECT_EQ(0, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "warn", "module", "not loaded"));
	EXPECT_TRUE(says(&self->r, "ok", "signature", "not signed"));
	EXPECT_TRUE(says(&self->r, "ok", "bus", "no driver is bound"));
	EXPECT_TRUE(says(&self->r, "unknown", "link", "not loaded"));
	EXPECT_NE(0, access("/sys/module/amt_lme", F_OK));
}

#define FORGET "cd /lib/modules/$(uname -r) && sed -i.old /amt_lme/d modules.dep"
#define REMEMBER "cd /lib/modules/$(uname -r) && mv modules.dep.old modules.dep"

TEST_F(doctor, a_module_that_is_not_installed_is_30)
{
	ASSERT_EQ(0, module_unload("amt_lme"));
	ASSERT_EQ(0, run(&self->r, "sh", "-c", FORGET));
	EXPECT_EQ(EXIT_MODULE, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "fail", "module", "not installed for "));
	EXPECT_EQ(0, run(&self->r, "sh", "-c", REMEMBER));
}

/* The holders that a layer names, as "NAME[PID]" each. */
static const char *holders(struct json_object *document, const char *layer,
			   char *text, size_t size)
{
	struct json_object *rows = json_object_object_get(document, "layers");
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct json_object *list;

		if (strcmp(json_text(row, "layer"), layer) != 0 ||
		    !json_object_object_get_ex(row, "holders", &list))
			continue;
		for (size_t j = 0; j < json_object_array_length(list); j++) {
			struct json_object *holder =
				json_object_array_get_idx(list, j);

			used += snprintf(text + used, size - used, "%s[%d]",
					 json_text(holder, "name"),
					 json_number(holder, "pid"));
		}
	}
	return text;
}

/* Its stdin stays open as long as it is to hold LME. */
#define HOLD "cp /usr/bin/bare /tmp/lms; mkfifo /tmp/hold; exec 4<>/tmp/hold; " \
	"exec /tmp/lms open --hold <&4 >&2"

TEST_F(doctor, an_lms_that_holds_lme_is_28_and_keeps_it)
{
	struct json_object *document;
	char name[32], text[64];

	ASSERT_EQ(0, process_start(&self->other, -1, true,
				   ARGS("sh", "-c", HOLD)));
	ASSERT_EQ(0, process_expect(&self->other, "16992"));
	EXPECT_EQ(EXIT_HOLDER, doctor(&self->r));
	snprintf(name, sizeof(name), "lms[%d]", self->other.pid);
	EXPECT_TRUE(says(&self->r, "fail", "holder", name));
	EXPECT_TRUE(says(&self->r, "warn", "lms", name));
	EXPECT_EQ(EXIT_HOLDER, run(&self->r, "amt-helper", "doctor", "--json"));
	EXPECT_EQ(0, schema_check("doctor", self->r.text));
	document = json_tokener_parse(self->r.text);
	EXPECT_STREQ(name, holders(document, "holder", text, sizeof(text)));
	json_object_put(document);
	EXPECT_TRUE(process_is_running(&self->other));
	EXPECT_EQ(1, sim_stat("lme_connects"));
	EXPECT_EQ(0, sim_stat("lme_disconnects"));
	EXPECT_EQ(128 + SIGKILL, process_end(&self->other, SIGKILL));
	process_close(&self->other);
	unlink("/tmp/hold");
	unlink("/tmp/lms");
}

/* Its connection and its open file are looked for when AMT has answered. */
TEST_F(doctor, who_ends_while_amt_is_asked_holds_nothing)
{
	struct process asks;

	ASSERT_EQ(0, process_start(&self->other, -1, true,
				   ARGS("sh", "-c", HOLD)));
	ASSERT_EQ(0, process_expect(&self->other, "16992"));
	ASSERT_EQ(0, sim_command("think 5000"));
	ASSERT_EQ(0, process_start(&asks, -1, true,
				   ARGS("amt-helper", "doctor")));
	ASSERT_EQ(0, sim_until("pthi_requests", 1));
	EXPECT_EQ(128 + SIGKILL, process_end(&self->other, SIGKILL));
	process_close(&self->other);
	self->r.status = process_wait(&asks);
	process_output(&asks, self->r.text, sizeof(self->r.text));
	EXPECT_EQ(0, show(&self->r));
	EXPECT_TRUE(says(&self->r, "ok", "holder", "nobody has LME"));
	process_close(&asks);
	unlink("/tmp/hold");
	unlink("/tmp/lms");
}

TEST_F(doctor, lme_for_two_is_hidden_by_the_bus_which_is_27)
{
	ASSERT_EQ(0, restart_sim(&self->machine, ARGS("--connections", "2")));
	EXPECT_EQ(EXIT_BUS, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "ok", "lme", "2 connections"));
	EXPECT_TRUE(says(&self->r, "fail", "bus", "hides LME"));
	EXPECT_TRUE(says(&self->r, "fail", "link", "absent"));
}

TEST_F(doctor, a_hidden_lme_is_ok_where_serve_carries_the_link)
{
	struct json_object *report;

	ASSERT_EQ(0, restart_sim(&self->machine, ARGS("--profile", "shared")));
	ASSERT_EQ(0, process_start(&self->other, -1, true,
				   ARGS("amt-helper", "serve")));
	ASSERT_EQ(0, process_expect(&self->other, "transport relay"));
	ASSERT_EQ(0, process_expect(&self->other, "port 16992 bound"));
	EXPECT_EQ(0, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "ok", "bus", "a program carries the link"));
	EXPECT_TRUE(says(&self->r, "ok", "link", "transport relay"));
	/* It has the device open, but not for AMTHI. */
	ASSERT_EQ(0, sim_command("busy on"));
	EXPECT_EQ(0, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "unknown", "manageability",
			 "no process but amt-helper serve has the MEI device open"));
	ASSERT_EQ(0, sim_command("busy off"));
	EXPECT_EQ(0, run(&self->r, REPORT));
	report = json_tokener_parse(self->r.text);
	EXPECT_STREQ("relay", json_text(report, "lme.transport"));
	EXPECT_EQ(4096, json_number(report, "lme.amt_window"));
	json_object_put(report);
	EXPECT_EQ(0, process_end(&self->other, SIGTERM));
	process_close(&self->other);
}

TEST_F(doctor, an_lme_that_is_away_is_26)
{
	struct link_state link;
	int ctl = ctl_hold();

	/* The host forgets a client when it cannot connect it. */
	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, genl_open(&self->events, true));
	ASSERT_EQ(0, sim_command("away 600000"));
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_ABSENT,
			       &link));
	EXPECT_EQ(EXIT_LME, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "fail", "lme", "no client LME"));
	EXPECT_TRUE(says(&self->r, "ok", "amthi", "AMTHI takes"));
	genl_close(&self->events);
	close(ctl);
}

TEST_F(doctor, a_taken_port_is_33_and_names_who_has_it)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(HTTP_PORT),
	};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char name[64];

	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&any, sizeof(any)));
	ASSERT_EQ(0, listen(fd, 1));
	EXPECT_EQ(EXIT_PORTS, doctor(&self->r));
	snprintf(name, sizeof(name), "16992: doctor_test[%d]", getpid());
	EXPECT_TRUE(says(&self->r, "fail", "ports", name));
	EXPECT_EQ(EXIT_PERMISSION, run(&self->r, AS_NOBODY, "amt-helper doctor"));
	EXPECT_TRUE(says(&self->r, "unknown", "ports", "16992: somebody"));
	close(fd);
}

TEST_F(doctor, an_amt_with_tls_only_is_told)
{
	int ctl;

	ASSERT_EQ(0, restart_sim(&self->machine, ARGS("--ports", "16993,664")));
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, node_wait(16993));
	EXPECT_EQ(0, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "warn", "tls", "TLS only"));
	close(ctl);
}

TEST_F(doctor, the_state_of_provisioning_is_told)
{
	ASSERT_EQ(0, sim_command("state pre"));
	EXPECT_EQ(0, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "warn", "provisioning", "not set up"));
	ASSERT_EQ(0, sim_command("state in"));
	EXPECT_EQ(EXIT_PROVISIONING, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "fail", "provisioning", "half set up"));
	ASSERT_EQ(0, sim_command("state ccm"));
	EXPECT_EQ(0, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "ok", "provisioning", "client control mode"));
}

TEST_F(doctor, an_amt_that_is_disabled_is_25)
{
	ASSERT_EQ(0, sim_command("state disabled"));
	EXPECT_EQ(EXIT_MANAGEABILITY, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "fail", "manageability", "reply is empty"));
	EXPECT_TRUE(says(&self->r, "fail", "manageability", "enable AMT"));
	EXPECT_TRUE(says(&self->r, "unknown", "provisioning", "did not say"));
	EXPECT_EQ(0, run(&self->r, REPORT));
	EXPECT_EQ(0, schema_check("hardware-report", self->r.text));
}

TEST_F(doctor, without_permission_it_is_23_and_says_what_it_cannot_see)
{
	EXPECT_EQ(EXIT_PERMISSION, run(&self->r, AS_NOBODY, "amt-helper doctor"));
	show(&self->r);
	EXPECT_TRUE(says(&self->r, "fail", "permission", "may not open"));
	EXPECT_TRUE(says(&self->r, "ok", "device", "mei0"));
	EXPECT_TRUE(says(&self->r, "unknown", "amthi", "cannot be read"));
	EXPECT_TRUE(says(&self->r, "unknown", "holder", "do not show their files"));
	EXPECT_TRUE(says(&self->r, "warn", "link", "idle"));
}

/* The kernel's last question to new firmware is answered: this one is there. */
static void wait_enumerated(void)
{
	while (glob("/sys/bus/mei/devices/*-55213584-*", 0, NULL,
		    &(glob_t){ 0 }) != 0)
		sched_yield();
}

/* The kernel's limit for a connection is 15 s. */
TEST_F(doctor, firmware_that_hangs_is_25_and_does_not_hang_it)
{
	wait_enumerated();
	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	EXPECT_EQ(EXIT_MANAGEABILITY, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "fail", "manageability", "/dev/mei0"));
	EXPECT_TRUE(says(&self->r, "fail", "manageability",
			 "firmware does not answer"));
	EXPECT_TRUE(says(&self->r, "ok", "lme", "LME"));
	ASSERT_EQ(0, kill(self->machine.sim.pid, SIGCONT));
}

/* All other subcommands get this answer. */
TEST_F(doctor, an_answer_that_comes_after_5_s_is_one)
{
	ASSERT_EQ(0, sim_command("think 5000"));
	EXPECT_EQ(0, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "ok", "manageability", "AMT answers"));
}

TEST_F(doctor, an_amt_that_is_silent_is_25_and_not_called_disabled)
{
	ASSERT_EQ(0, sim_command("spoil silent"));
	EXPECT_EQ(EXIT_MANAGEABILITY, doctor(&self->r));
	EXPECT_TRUE(says(&self->r, "fail", "manageability",
			 "no reply within 15 s -> the firmware does not answer"));
	EXPECT_EQ(NULL, strstr(self->r.text, "MEBx"));
}

/* Has the device open, for as long as its stdin is. */
#define OPEN_MEI "exec 5<>/dev/mei0; echo open >&2; read -r end <&3; true"

TEST_F(doctor, an_amthi_that_is_taken_names_by_whom)
{
	struct json_object *document;
	char name[32], text[64];
	int end[2];

	ASSERT_EQ(0, pipe2(end, O_CLOEXEC));
	ASSERT_EQ(0, process_start(&self->other, end[0], true,
				   ARGS("sh", "-c", OPEN_MEI)));
	ASSERT_EQ(0, process_expect(&self->other, "open"));
	ASSERT_EQ(0, sim_command("busy on"));
	EXPECT_EQ(0, doctor(&self->r));
	snprintf(name, sizeof(name), "open in sh[%d]", self->other.pid);
	EXPECT_TRUE(says(&self->r, "unknown", "manageability", name));
	EXPECT_EQ(0, run(&self->r, "amt-helper", "doctor", "--json"));
	EXPECT_EQ(0, schema_check("doctor", self->r.text));
	document = json_tokener_parse(self->r.text);
	EXPECT_STREQ(name + strlen("open in "),
		     holders(document, "manageability", text, sizeof(text)));
	json_object_put(document);
	close(end[1]);
	EXPECT_EQ(0, process_wait(&self->other));
	process_close(&self->other);
	close(end[0]);
}

/* As another amt-helper, which AMT does not answer. */
TEST_F(doctor, one_that_keeps_the_device_locked_is_named_after_15_s)
{
	int fd = open("/dev/mei0", O_RDWR | O_CLOEXEC);
	int64_t start = now_ms();
	char name[64];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, flock(fd, LOCK_EX));
	EXPECT_EQ(0, doctor(&self->r));
	EXPECT_GT(150000, now_ms() - start);
	snprintf(name, sizeof(name), "open in doctor_test[%d]", getpid());
	EXPECT_TRUE(says(&self->r, "unknown", "manageability", name));
	close(fd);
}

/* ---- JSON ---- */

static int64_t error_code(const char *text)
{
	struct json_object *document = json_tokener_parse(text);
	struct json_object *error = json_object_object_get(document, "error");
	int64_t code = json_object_get_int64(json_object_object_get(error,
								"code"));

	json_object_put(document);
	return code;
}

TEST_F(doctor, json_is_as_its_schema_says)
{
	EXPECT_EQ(0, run(&self->r, "amt-helper", "doctor", "--json"));
	EXPECT_EQ(0, schema_check("doctor", self->r.text));
	EXPECT_EQ(0, error_code(self->r.text));
	ASSERT_EQ(0, restart_sim(&self->machine, ARGS("--connections", "2")));
	EXPECT_EQ(EXIT_BUS, run(&self->r, "amt-helper", "doctor", "--json"));
	EXPECT_EQ(0, schema_check("doctor", self->r.text));
	EXPECT_EQ(EXIT_BUS, error_code(self->r.text));
}

/* ---- The report ---- */

/* What amt-sim says of itself in other places. */
static const char *const secrets[] = {
	"00112233", "33221100", "02:50:56", "025056", "example.com",
	"192.168", "OsAdmin",
};

TEST_F(doctor, a_report_has_facts_of_amt_and_no_names_of_the_machine)
{
	struct json_object *report;
	int ctl = ctl_hold();

	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, sim_command("forward 16994 amt.example.com"));
	ASSERT_EQ(0, node_wait(16994));
	ASSERT_EQ(0, run(&self->r, REPORT));
	show(&self->r);
	EXPECT_EQ(0, schema_check("hardware-report", self->r.text));
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		EXPECT_EQ(NULL, strstr(self->r.text, secrets[i]));
	report = json_tokener_parse(self->r.text);
	EXPECT_STREQ("16.1.25.2124", json_text(report, "me.firmware"));
	EXPECT_EQ(5, json_object_array_length(json_at(report, "clients")));
	EXPECT_STREQ("ok", json_text(report, "amthi.outcome"));
	EXPECT_EQ(5120, json_number(report, "amthi.message_size"));
	EXPECT_LT(0, json_number(report, "amthi.answer_us"));
	EXPECT_NE(NULL, strstr(self->r.text, "\"other\""));
	/* The link was up before. */
	EXPECT_EQ(NULL, json_at(report, "lme.up_ms"));
	json_object_put(report);
	close(ctl);
}

TEST_F(doctor, a_report_measures_the_link_and_lets_it_go)
{
	struct json_object *report;

	ASSERT_EQ(0, restart_sim(&self->machine, ARGS("--window", "2000")));
	ASSERT_EQ(0, run(&self->r, REPORT));
	show(&self->r);
	EXPECT_EQ(0, schema_check("hardware-report", self->r.text));
	report = json_tokener_parse(self->r.text);
	EXPECT_STREQ("", json_text(report, "lme.not_measured"));
	EXPECT_STREQ("bus", json_text(report, "lme.transport"));
	EXPECT_EQ(4096, json_number(report, "lme.message_size"));
	EXPECT_NE(NULL, json_at(report, "lme.up_ms"));
	EXPECT_LE(2500, json_number(report, "lme.settled_ms"));
	EXPECT_EQ(HTTP_PORT, json_number(report, "lme.port"));
	EXPECT_LT(0, json_number(report, "lme.open_us"));
	EXPECT_EQ(2000, json_number(report, "lme.amt_window"));
	EXPECT_EQ(4096 - 9, json_number(report, "lme.host_window"));
	EXPECT_EQ(1, sim_stat("channels_opened"));
	json_object_put(report);
}

TEST_F(doctor, a_report_leaves_lme_to_who_has_it)
{
	struct json_object *report;

	ASSERT_EQ(0, process_start(&self->other, -1, true,
				   ARGS("sh", "-c", HOLD)));
	ASSERT_EQ(0, process_expect(&self->other, "16992"));
	EXPECT_EQ(0, run(&self->r, REPORT));
	EXPECT_EQ(0, schema_check("hardware-report", self->r.text));
	report = json_tokener_parse(self->r.text);
	EXPECT_STREQ("another program has LME",
		     json_text(report, "lme.not_measured"));
	EXPECT_EQ(NULL, strstr(self->r.text, "lms["));
	json_object_put(report);
	EXPECT_EQ(1, sim_stat("lme_connects"));
	EXPECT_EQ(0, sim_stat("lme_disconnects"));
	EXPECT_EQ(128 + SIGKILL, process_end(&self->other, SIGKILL));
	process_close(&self->other);
	unlink("/tmp/hold");
	unlink("/tmp/lms");
}

TEST(a_report_without_an_me_goes_to_a_file_that_is_new)
{
	struct result r;

	EXPECT_EQ(0, run(&r, REPORT, "/tmp/report"));
	EXPECT_STREQ("", r.text);
	EXPECT_EQ(1, run(&r, REPORT, "/tmp/report"));
	EXPECT_EQ(0, run(&r, "cat", "/tmp/report"));
	EXPECT_EQ(0, schema_check("hardware-report", r.text));
	EXPECT_EQ(2, run(&r, "amt-helper", "doctor", "/tmp/other"));
	EXPECT_NE(0, access("/tmp/other", F_OK));
	unlink("/tmp/report");
}

TEST(schema_check_sees_what_is_wrong)
{
	static const char *const texts[] = {
		"", "[]", "{}",
		"{\"schema_version\":2,\"layers\":[]}",
		"{\"schema_version\":1,\"layers\":[]}",
		"{\"schema_version\":1,\"layers\":[{}]}",
		"{\"schema_version\":1,\"layers\":[{\"layer\":\"x\","
		"\"verdict\":{\"value\":0,\"name\":\"ok\"},\"evidence\":\"e\","
		"\"advice\":\"\"}]}",
		"{\"schema_version\":1,\"layers\":[{\"layer\":\"pci\","
		"\"verdict\":{\"value\":4,\"name\":\"ok\"},\"evidence\":\"e\","
		"\"advice\":\"\"}]}",
		"{\"schema_version\":1,\"layers\":[{\"layer\":\"pci\","
		"\"verdict\":{\"value\":0,\"name\":\"ok\"},\"evidence\":\"\","
		"\"advice\":\"\"}]}",
		"{\"schema_version\":1,\"layers\":[{\"layer\":\"pci\","
		"\"verdict\":{\"value\":0,\"name\":\"ok\"},\"evidence\":\"e\","
		"\"advice\":1}]}",
		"{\"schema_version\":1,\"layers\":[{\"layer\":\"pci\","
		"\"verdict\":{\"value\":0,\"name\":\"ok\"},\"evidence\":\"e\","
		"\"advice\":\"\"}],\"other\":1}",
	};

	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		EXPECT_LT(0, schema_check("doctor", texts[i]))
			TH_LOG("text %zu", i);
	EXPECT_EQ(0, schema_check("doctor",
		"{\"schema_version\":1,\"layers\":[{\"layer\":\"pci\","
		"\"verdict\":{\"value\":0,\"name\":\"ok\"},\"evidence\":\"e\","
		"\"advice\":\"\"}]}"));
}

/* ---- Without the machine ---- */

TEST(a_machine_without_an_me_is_20_and_says_so)
{
	struct result r;

	EXPECT_EQ(EXIT_PCI, doctor(&r));
	EXPECT_TRUE(says(&r, "fail", "pci", "no hardware"));
	EXPECT_EQ(EXIT_PCI, run(&r, "amt-helper", "doctor", "--json"));
	EXPECT_EQ(0, schema_check("doctor", r.text));
}

TEST_HARNESS_MAIN
