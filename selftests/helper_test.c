// SPDX-License-Identifier: GPL-2.0-only
/* The subcommands of amt-helper that need no daemon. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <sched.h>
#include <signal.h>
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
#define EXIT_NO_MODULE 11
#define EXIT_PEER 13

#define REQUEST "GET /down/100000 HTTP/1.1\\r\\nHost: amt\\r\\n\\r\\n"
#define AS_NOBODY "su", "nobody", "-c"

FIXTURE(helper) {
	struct machine machine;
	struct process helper;
	struct result r;
	struct result hash;
};

FIXTURE_SETUP(helper)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, carrier_start());
}

FIXTURE_TEARDOWN(helper)
{
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* ---- connect ---- */

/* The body of an HTTP answer: what comes behind the first empty line. */
#define BODY_HASH "sed '1,/^\r$/d' /tmp/answer | head -c 100000 | sha256sum"

TEST_F(helper, connect_sends_a_request_and_gets_all_of_the_answer)
{
	struct result *r = &self->r;

	/* AMT keeps the connection open: it is the end of stdin that closes. */
	ASSERT_EQ(0, run(r, "sh", "-c", "printf '" REQUEST "' | "
			 "amt-helper connect 16992 > /tmp/answer"));
	ASSERT_EQ(0, run(r, "sh", "-c", BODY_HASH));
	ASSERT_EQ(0, run(&self->hash, "sh", "-c",
			 "printf 'GET /down/100000/sha256 HTTP/1.1\\r\\n"
			 "Host: amt\\r\\n\\r\\n' | amt-helper connect -6 16992"));
	r->text[64] = '\0';
	EXPECT_NE(NULL, strstr(self->hash.text, r->text))
		TH_LOG("here: %s, AMT: %s", r->text, self->hash.text);
	EXPECT_EQ(2, sim_stat("channels_opened"));
	EXPECT_EQ(0, sim_stat("channels_open"));
}

TEST_F(helper, connect_tells_amt_the_originator)
{
	static const struct {
		const char *option;
		const char *tail; /* of CHANNEL_OPEN, behind the window */
	} tests[] = {
		/* "127.0.0.1" 16992 is connected to by "192.0.2.1" 40000 */
		{ "--originator=192.0.2.1:40000",
		  "FFFFFFFF000000093132372E302E302E3100004260"
		  "000000093139322E302E322E3100009C40\n" },
		/* "::1" 16992 by "2001:db8::1" 40000 */
		{ "--originator=[2001:db8::1]:40000",
		  "FFFFFFFF000000033A3A3100004260"
		  "0000000B323030313A6462383A3A3100009C40\n" },
		{ "-4", "FFFFFFFF000000093132372E302E302E3100004260"
			"000000093132372E302E302E31" },
		{ "-6", "FFFFFFFF000000033A3A3100004260000000033A3A31" },
	};
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		char command[128];

		snprintf(command, sizeof(command),
			 "amt-helper connect 16992 %s < /dev/null",
			 tests[i].option);
		EXPECT_EQ(0, run(&self->r, "sh", "-c", command));
		ASSERT_EQ(0, sim_ask(&self->r, "trace 5A0000000F"));
		EXPECT_NE(NULL, strstr(self->r.text, tests[i].tail))
			TH_LOG("%s: %s", tests[i].option, self->r.text);
	}
}

TEST_F(helper, connect_takes_files_for_stdin_and_stdout)
{
	ASSERT_EQ(0, run(&self->r, "sh", "-c", "printf '" REQUEST
			 "' > /tmp/request; amt-helper connect 16992 "
			 "< /tmp/request > /tmp/answer"));
	ASSERT_EQ(0, run(&self->r, "sh", "-c", BODY_HASH));
	ASSERT_EQ(0, run(&self->hash, "sh", "-c", "printf '" REQUEST
			 "' | amt-helper connect 16992 "
			 "--originator 192.0.2.1:4000 > /tmp/answer;" BODY_HASH));
	EXPECT_STREQ(self->hash.text, self->r.text);
}

/* Its stdin stays open; what reads its stdout says when the answer begins. */
#define LOSE_LINK "mkfifo /tmp/in; exec 4<>/tmp/in; printf '" REQUEST "' >&4; " \
	"{ amt-helper connect 16992 <&4; echo exit $? >&2; } | " \
	"{ head -c 1 >/dev/null; echo got >&2; cat >/dev/null; }"

TEST_F(helper, connect_ends_with_13_when_the_link_is_lost)
{
	ASSERT_EQ(0, process_start(&self->helper, -1, true,
				   (const char *const[]){ "sh", "-c",
				   LOSE_LINK, NULL }));
	ASSERT_EQ(0, process_expect(&self->helper, "got"));
	ASSERT_EQ(0, sim_command("reset"));
	EXPECT_EQ(0, process_expect(&self->helper,
				    "port 16992: the link to AMT was lost"));
	EXPECT_EQ(0, process_expect(&self->helper, "exit 13"));
	EXPECT_EQ(0, process_wait(&self->helper));
	process_close(&self->helper);
	unlink("/tmp/in");
}

TEST_F(helper, connect_to_a_port_that_amt_does_not_forward_is_13)
{
	EXPECT_EQ(EXIT_PEER, run(&self->r, "amt-helper", "connect", "16995"));
	EXPECT_EQ(0, sim_stat("channels_opened"));
}

/* The shell and the programs after it have the same file. */
TEST_F(helper, connect_puts_the_flags_of_its_stdin_back_at_a_signal)
{
	static const int signals[] = { SIGHUP, SIGTERM };
	int in[2];

	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, process_start(&self->helper, in[0], false,
			  (const char *const[]){ "sh", "-c",
			  "exec amt-helper connect 16992 <&3", NULL }));
		while (!(fcntl(in[0], F_GETFL) & O_NONBLOCK))
			sched_yield();
		EXPECT_EQ(128 + signals[i],
			  process_end(&self->helper, signals[i]));
		EXPECT_EQ(0, fcntl(in[0], F_GETFL) & O_NONBLOCK);
		process_close(&self->helper);
	}
	close(in[0]);
	close(in[1]);
}

/* When that is said the channel, the only user of the link, is closed. */
TEST_F(helper, connect_to_an_lme_that_is_taken_is_6)
{
	static const char *const hold[] = { "sh", "-c",
		"exec bare --hold open <&3 >&2", NULL };
	struct process other;
	int in[2];

	SKIP_RELAYED("LME takes two connections");
	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	ASSERT_EQ(0, process_start(&other, in[0], true, hold));
	ASSERT_EQ(0, process_expect(&other, "16992"));
	EXPECT_EQ(EXIT_BUSY, run(&self->r, "sh", "-c",
				 "amt-helper connect 16992 </dev/null 2>&1"));
	EXPECT_NE(NULL, strstr(self->r.text, "the MEI device is open in bare["))
		TH_LOG("%s", self->r.text);
	close(in[1]);
	EXPECT_EQ(0, process_wait(&other));
	process_close(&other);
	close(in[0]);
}

TEST_F(helper, without_permission_it_is_4)
{
	EXPECT_EQ(EXIT_PERMISSION, run(&self->r, AS_NOBODY,
				       "amt-helper connect 16992"));
	EXPECT_EQ(EXIT_PERMISSION, run(&self->r, AS_NOBODY,
				       "amt-helper serve"));
}

TEST_F(helper, connect_refuses_what_is_no_port_or_address)
{
	static const char *const wrong[][3] = {
		{ NULL }, { "0" }, { "65536" }, { "-1" }, { "1 " },
		{ "16992", "623" }, { "16992", "--originator=localhost:1" },
		{ "16992", "--originator=127.0.0.1" },
		{ "16992", "--originator=127.0.0.1:0" },
		{ "16992", "--originator=::1:5" },
		{ "-6", "16992", "--originator=127.0.0.1:5" },
	};

	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		EXPECT_EQ(EXIT_USAGE,
			  run(&self->r, "amt-helper", "connect", wrong[i][0],
			      wrong[i][1], wrong[i][2]))
			TH_LOG("arguments %zu", i);
}

/* ---- wait ---- */

#define WAIT_AS_NOBODY(...) AS_NOBODY, "amt-helper wait " __VA_ARGS__

TEST_F(helper, wait_brings_the_link_up)
{
	struct link_state link;

	EXPECT_EQ(0, run(&self->r, "amt-helper", "wait"));
	ASSERT_EQ(0, link_get(&link));
	EXPECT_EQ(AMT_LME_LINK_STATE_UP, link.state);
}

TEST_F(helper, a_port_that_was_waited_for_can_be_opened)
{
	int fd;

	EXPECT_EQ(0, run(&self->r, "amt-helper", "wait", "--port", "16992"));
	fd = node_open(HTTP_PORT, 0);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(helper, wait_without_permission_only_watches)
{
	struct link_state link;
	int ctl;

	SKIP_RELAYED("what carries the link holds it");
	EXPECT_EQ(EXIT_TIMEOUT, run(&self->r, WAIT_AS_NOBODY("--timeout 1")));
	ASSERT_EQ(0, link_get(&link));
	EXPECT_EQ(0, link.generation);
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	EXPECT_EQ(0, run(&self->r, WAIT_AS_NOBODY("--port 16992")));
	EXPECT_EQ(0, run(&self->r, WAIT_AS_NOBODY("--port 16992 --timeout 0")));
	close(ctl);
}

TEST_F(helper, wait_for_a_port_that_does_not_come_is_7)
{
	EXPECT_EQ(EXIT_TIMEOUT, run(&self->r, "amt-helper", "wait", "--port",
				    "16995", "--timeout", "1"));
}

TEST_F(helper, wait_ends_when_somebody_else_brings_the_link_up)
{
	int ctl;

	EXPECT_EQ(0, carrier_stop());
	ASSERT_EQ(0, process_start(&self->helper, -1, false,
				   (const char *const[]){
				   WAIT_AS_NOBODY("--timeout 100"), NULL }));
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	EXPECT_EQ(0, process_wait(&self->helper));
	process_close(&self->helper);
	close(ctl);
}

/* ---- events ---- */

#define DOWN_UNUSED (relayed() ? "link-down state=absent" : \
				 "link-down state=idle")
#define UP_FIRST (relayed() ? "link-up generation=1 transport=relay" : \
			      "link-up generation=1 transport=bus")

/* Its stdout where process_expect() reads. */
static int follow(struct process *p)
{
	return process_start(p, -1, true, (const char *const[]){ "sh", "-c",
			     "exec amt-helper events --follow >&2",
			     NULL });
}

TEST_F(helper, a_follower_gets_what_there_is_and_what_changes)
{
	int ctl;

	EXPECT_EQ(0, carrier_stop());
	ASSERT_EQ(0, follow(&self->helper));
	ASSERT_EQ(0, process_expect(&self->helper, DOWN_UNUSED));
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	EXPECT_EQ(0, process_expect(&self->helper, UP_FIRST));
	EXPECT_EQ(0, process_expect(&self->helper,
				    "forward-active port=16992 generation=1"));
	ASSERT_EQ(0, sim_command("reset"));
	EXPECT_EQ(0, process_expect(&self->helper, "link-down"));
	EXPECT_EQ(0, process_expect(&self->helper,
				    "link-recovered generation=2"));
	close(ctl);
	EXPECT_EQ(0, carrier_stop());
	EXPECT_EQ(0, process_expect(&self->helper, DOWN_UNUSED));
	ctl = ctl_hold();
	EXPECT_EQ(0, process_expect(&self->helper, relayed() ?
				    "link-recovered generation=3" :
				    "link-up generation=3"));
	close(ctl);
	EXPECT_EQ(0, carrier_stop());
	EXPECT_EQ(0, process_expect(&self->helper, DOWN_UNUSED));
	/* Nothing of it keeps the module loaded, and it notices. */
	ASSERT_EQ(0, module_unload("amt_lme"));
	EXPECT_EQ(0, process_expect(&self->helper, "was unloaded"));
	EXPECT_EQ(EXIT_NO_MODULE, process_wait(&self->helper));
	process_close(&self->helper);
}

TEST_F(helper, a_port_that_amt_no_longer_names_is_gone)
{
	int ctl = ctl_hold();

	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, node_wait(623));
	ASSERT_EQ(0, follow(&self->helper));
	EXPECT_EQ(0, process_expect(&self->helper, "forward-active port=623"));
	ASSERT_EQ(0, sim_vanish(&self->machine));
	EXPECT_EQ(0, process_expect(&self->helper, "forward-dormant port=623"));
	ASSERT_EQ(0, sim_start(&self->machine, (const char *const[]){
			       "--ports", "16992", NULL }));
	EXPECT_EQ(0, process_expect(&self->helper,
				    "forward-active port=16992 generation=2"));
	EXPECT_EQ(0, process_expect(&self->helper, "forward-gone port=623"));
	EXPECT_EQ(128 + SIGTERM, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	close(ctl);
}

/* tcpip-forward of port 9, for an address that would turn a terminal red. */
#define FORWARD_RED "send 50 0000000D 74637069702D666F7277617264 01 " \
	"0000000A 1B5B33316D225C0AFF78 00000009"
#define SHOWN_RED "\\x1b[31m\"\\x5c\\x0a\\xffx"

TEST_F(helper, control_characters_from_amt_are_escaped)
{
	static const char *const commands[][2] = {
		{ "status" }, { "status", "--json" }, { "events" },
		{ "events", "--json" },
	};
	char line[512];
	int ctl = ctl_hold();
	size_t i;

	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, sim_command(FORWARD_RED));
	ASSERT_EQ(0, node_wait(9));
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		EXPECT_EQ(0, run(&self->r, "amt-helper", commands[i][0],
				 commands[i][1]));
		EXPECT_EQ(NULL, strpbrk(self->r.text, "\033\377"))
			TH_LOG("%s", self->r.text);
		if (!commands[i][1])
			EXPECT_NE(NULL, strstr(self->r.text, SHOWN_RED))
				TH_LOG("%s", self->r.text);
	}
	/* In JSON, the backslashes and the quote are escaped once more. */
	snprintf(line, sizeof(line), "%s",
		 "\"\\\\x1b[31m\\\"\\\\x5c\\\\x0a\\\\xffx\"");
	EXPECT_NE(NULL, strstr(self->r.text, line))
		TH_LOG("not %s in %s", line, self->r.text);
	close(ctl);
}

/* What the event on a line of JSON is called, or NULL. */
static const char *event_name(const char *line, struct json_object **event)
{
	*event = json_tokener_parse(line);
	return json_object_get_string(json_object_object_get(
			json_object_object_get(*event, "event"), "name"));
}

TEST_F(helper, events_as_json_are_an_object_a_line)
{
	struct json_object *event;
	const char *name;
	char *line, *rest;
	int ctl = ctl_hold(), ports = 0;

	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, node_wait(623));
	EXPECT_EQ(0, run(&self->r, "amt-helper", "events", "--json"));
	line = strtok_r(self->r.text, "\n", &rest);
	ASSERT_NE(NULL, line);
	EXPECT_STREQ("link-up", event_name(line, &event));
	EXPECT_EQ(1, json_object_get_int(json_object_object_get(event,
							"schema_version")));
	EXPECT_EQ(1, json_object_get_int(json_object_object_get(event,
							"generation")));
	json_object_put(event);
	while ((line = strtok_r(NULL, "\n", &rest))) {
		name = event_name(line, &event);
		/* Those of the carrier are no ports of AMT. */
		if (!relayed() || strcmp(name, "listener-bound")) {
			EXPECT_STREQ("forward-active", name);
			ports++;
		}
		json_object_put(event);
	}
	EXPECT_EQ(2, ports);
	close(ctl);
}

/* ---- inventory ---- */

TEST_F(helper, inventory_shows_amt_without_an_amm)
{
	struct json_object *json;

	EXPECT_EQ(EXIT_PEER, run(&self->r, "sh", "-c",
				 "amt-helper inventory --json "
				 "--amm 127.0.0.1:1 > /tmp/inventory"));
	json = json_object_from_file("/tmp/inventory");
	EXPECT_STREQ("true", json_text(json, "amt.ok"));
	EXPECT_NE(NULL, json_at(json, "amt.firmware"));
	EXPECT_STREQ("false", json_text(json, "amm.ok"));
	EXPECT_EQ(EXIT_PEER, json_number(json, "amm.error.code"));
	EXPECT_EQ(EXIT_PEER, json_number(json, "error.code"));
	EXPECT_EQ(0, schema_check("inventory",
				  json_object_to_json_string(json)));
	json_object_put(json);
}

/* ---- Without the machine ---- */

TEST(version_and_help_need_nothing)
{
	static const char *const commands[][3] = {
		{ "help" }, { "--help" }, { "-h" }, { "version" },
		{ "--version" }, { "help", "version" }, { "help", "status" },
		{ "serve", "--help" }, { "connect", "--usage" },
	};
	struct result r;
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		EXPECT_EQ(0, run(&r, "amt-helper", commands[i][0],
				 commands[i][1]))
			TH_LOG("arguments %zu", i);
		EXPECT_NE(NULL, strstr(r.text, "amt-helper"))
			TH_LOG("arguments %zu: %s", i, r.text);
	}
	EXPECT_EQ(EXIT_USAGE, run(&r, "amt-helper"));
	EXPECT_EQ(EXIT_USAGE, run(&r, "amt-helper", "help", "nonsense"));
	EXPECT_STREQ("", r.text);
}

TEST(without_a_controller_each_command_is_3)
{
	struct result r;

	ASSERT_EQ(0, run(&r, "modprobe", "amt_lme"));
	EXPECT_EQ(EXIT_NO_MEI, run(&r, "amt-helper", "status"));
	EXPECT_EQ(EXIT_NO_MEI, run(&r, "amt-helper", "serve"));
	EXPECT_EQ(EXIT_NO_MEI, run(&r, "amt-helper", "connect", "16992"));
	EXPECT_EQ(EXIT_NO_MEI, run(&r, "amt-helper", "wait"));
	EXPECT_EQ(EXIT_NO_MEI, run(&r, "amt-helper", "events"));
	EXPECT_EQ(EXIT_NO_MEI, run(&r, "amt-helper", "events", "--follow"));
	EXPECT_EQ(0, module_unload("amt_lme"));
}

TEST_HARNESS_MAIN
