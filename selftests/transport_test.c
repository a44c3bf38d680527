// SPDX-License-Identifier: GPL-2.0-only
/*
 * Firmware that allows several LME connections: the MEI bus shows no LME, and
 * amt-helper serve carries the messages.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "schema.h"
#include "testlib.h"

#define CURL "curl", "--silent", "--show-error", "--max-time", "100"
/* As of amt-helper(8). */
#define EXIT_NO_MEI 3
#define EXIT_NO_CLIENT 5
#define EXIT_BUSY 6
#define EXIT_TIMEOUT 7
#define EXIT_NO_MODULE 11
#define LME_UUID "6733a4db-0476-4e7b-b3af-bcfc29bee7a7"

static const char *const one_connection[] = { "--connections", "1", NULL };
static const char *const two_connections[] = { "--connections", "2", NULL };

FIXTURE(transport) {
	struct machine machine;
	struct process helper;
	struct link_state link;
	struct genl events;
	struct result r;
};

FIXTURE_SETUP(transport)
{
	ASSERT_EQ(0, machine_start(&self->machine, two_connections));
	ASSERT_EQ(0, genl_open(&self->events, true));
	ASSERT_EQ(0, serve_start(&self->helper));
}

FIXTURE_TEARDOWN(transport)
{
	if (self->helper.pid)
		EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	genl_close(&self->events);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

static int curl_works(struct result *r)
{
	int status = run(r, CURL, HTTP_URL "/down/1000/sha256");

	return status ? status : (int)strcspn(r->text, "\n") - 64;
}

#define WAIT_FOR(link_state) \
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_##link_state, \
			       &self->link))

TEST_F(transport, the_bus_shows_no_lme_and_serve_relays)
{
	EXPECT_NE(0, run(&self->r, "sh", "-c",
			 "ls /sys/bus/mei/devices | grep " LME_UUID));
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(AMT_LME_TRANSPORT_RELAY, self->link.transport);
	EXPECT_EQ(0, curl_works(&self->r)) TH_LOG("%s", self->r.text);
	EXPECT_EQ(0, run(&self->r, "amt-helper", "status"));
	EXPECT_NE(NULL, strstr(self->r.text, "\n  transport     relay\n"))
		TH_LOG("%s", self->r.text);
	EXPECT_NE(NULL, strstr(self->r.text, "\n  reason  not on the bus\n"))
		TH_LOG("%s", self->r.text);
}

TEST_F(transport, a_mebibyte_each_way_is_unharmed)
{
	struct result hash;

	ASSERT_EQ(0, run(&self->r, CURL, "--output", "/tmp/down",
			 HTTP_URL "/down/1048576"));
	ASSERT_EQ(0, run(&hash, CURL, HTTP_URL "/down/1048576/sha256"));
	ASSERT_EQ(0, run(&self->r, "sha256sum", "/tmp/down"));
	EXPECT_EQ(0, strncmp(self->r.text, hash.text, 64))
		TH_LOG("AMT: %s, here: %s", hash.text, self->r.text);
	ASSERT_EQ(0, run(&hash, CURL, "--data-binary", "@/tmp/down",
			 HTTP_URL "/up"));
	EXPECT_EQ(0, strncmp(self->r.text, hash.text, 64))
		TH_LOG("AMT: %s, here: %s", hash.text, self->r.text);
	unlink("/tmp/down");
}

TEST_F(transport, it_is_back_after_a_reset_of_the_firmware)
{
	ASSERT_EQ(0, sim_command("reset"));
	ASSERT_EQ(0, link_wait_session(&self->events, 2, &self->link));
	EXPECT_EQ(2, self->link.generation);
	EXPECT_EQ(0, curl_works(&self->r)) TH_LOG("%s", self->r.text);
}

/* Milliseconds from a reset of the firmware to the next session. */
static int64_t reset_takes(struct genl *events)
{
	struct link_state link;
	int64_t start = now_ms();
	int err = link_get(&link) ?: sim_command("reset");

	err = err ?: link_wait_session(events, link.generation + 1, &link);
	return err ?: now_ms() - start;
}

/* Firmware that ends each session after its start is not hammered. */
TEST_F(transport, pauses_grow_with_sessions_that_do_nothing_only)
{
	int64_t idle, useful;

	for (int i = 0; i < 7; i++) {
		idle = reset_takes(&self->events);
		ASSERT_LE(0, idle);
	}
	/* 50 ms, each time doubled. */
	EXPECT_LE(3200, idle);
	ASSERT_EQ(0, curl_works(&self->r)) TH_LOG("%s", self->r.text);
	useful = reset_takes(&self->events);
	ASSERT_LE(0, useful);
	EXPECT_GT(idle / 2, useful)
		TH_LOG("%" PRId64 " ms, idle %" PRId64 " ms", useful, idle);
}

TEST_F(transport, it_is_back_when_the_controller_is)
{
	ASSERT_EQ(0, sim_vanish(&self->machine));
	WAIT_FOR(ABSENT);
	ASSERT_EQ(0, sim_start(&self->machine, two_connections));
	WAIT_FOR(UP);
	EXPECT_EQ(0, curl_works(&self->r)) TH_LOG("%s", self->r.text);
}

TEST_F(transport, it_goes_over_to_the_bus_when_that_shows_lme)
{
	struct genl_answer answer;

	ASSERT_EQ(0, sim_vanish(&self->machine));
	WAIT_FOR(ABSENT);
	ASSERT_EQ(0, sim_start(&self->machine, one_connection));
	/* Or over the relay for a moment, if serve is quicker than the bus. */
	do {
		ASSERT_EQ(0, genl_event(&self->events, &answer, WAIT_MS));
		ASSERT_EQ(0, link_get(&self->link));
	} while (self->link.state != AMT_LME_LINK_STATE_UP ||
		 self->link.transport != AMT_LME_TRANSPORT_BUS);
	EXPECT_EQ(0, curl_works(&self->r)) TH_LOG("%s", self->r.text);
}

TEST_F(transport, at_the_end_amt_is_told)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	EXPECT_EQ(1, sim_stat("disconnects"));
	EXPECT_EQ(11, sim_stat("last_disconnect_reason"));
	WAIT_FOR(ABSENT);
}

TEST_F(transport, yield_frees_the_connection)
{
	EXPECT_EQ(0, run(&self->r, "amt-helper", "yield", "bare", "open"));
	EXPECT_EQ(11, sim_stat("last_disconnect_reason"));
	WAIT_FOR(UP);
	EXPECT_EQ(0, curl_works(&self->r)) TH_LOG("%s", self->r.text);
}

/* A program has a connection until @end is closed. */
static int hold_start(struct process *p, int end)
{
	static const char *const argv[] = { "sh", "-c",
		"bare open --hold <&3 | { read -r x; echo held >&2; cat; }",
		NULL };
	int err = process_start(p, end, true, argv);

	return err ? err : process_expect(p, "held");
}

/* What status says, as JSON; its exit code is in @r. */
static struct json_object *status(struct result *r)
{
	run(r, "amt-helper", "status", "--json");
	return schema_check("status", r->text) ? NULL :
						 json_tokener_parse(r->text);
}

/* The next line of the link says that it is up, and not again that it waits. */
static int expect_up(struct process *helper)
{
	char line[256];
	int err = process_expect_line(helper, "link ", line, sizeof(line));

	if (!err && !strstr(line, "link up"))
		err = -EPROTO;
	return err;
}

TEST_F(transport, without_a_free_connection_it_says_who_has_them_and_waits)
{
	static const char *const serve[] = { "amt-helper", "serve", NULL };
	struct process first, second;
	struct json_object *said;
	int end[2];

	ASSERT_EQ(0, pipe2(end, O_CLOEXEC));
	ASSERT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	ASSERT_EQ(0, hold_start(&first, end[0]));
	ASSERT_EQ(0, hold_start(&second, end[0]));
	ASSERT_EQ(0, process_start(&self->helper, -1, true, serve));
	EXPECT_EQ(0, process_expect(&self->helper,
				    "link waiting: all connections of /dev/mei0 to LME are taken; the MEI device is open in bare["));
	said = status(&self->r);
	EXPECT_EQ(EXIT_BUSY, self->r.status);
	EXPECT_STREQ("/dev/mei0", json_text(said, "relay.device"));
	EXPECT_EQ(EBUSY, json_number(said, "relay.error.value"));
	EXPECT_EQ(0, strncmp("bare[", json_text(said, "relay.holder"), 5));
	EXPECT_NE(NULL, strstr(json_text(said, "relay.holder"), ", bare["));
	EXPECT_NE(NULL, strstr(json_text(said, "error.message"),
			       json_text(said, "relay.holder")));
	json_object_put(said);
	close(end[1]);
	EXPECT_EQ(0, process_wait(&first));
	EXPECT_EQ(0, process_wait(&second));
	process_close(&first);
	process_close(&second);
	EXPECT_EQ(0, expect_up(&self->helper));
	said = status(&self->r);
	EXPECT_EQ(0, self->r.status);
	EXPECT_EQ(0, json_number(said, "relay.error.value"));
	EXPECT_STREQ("", json_text(said, "relay.holder"));
	json_object_put(said);
	close(end[0]);
}

/* A new serve, whose child tries to connect. */
static int hang(FIXTURE_DATA(transport) *self, pid_t *child)
{
	static const char *const serve[] = { "amt-helper", "serve", NULL };
	int err = process_end(&self->helper, SIGTERM);
	char find[64];

	process_close(&self->helper);
	err = err ?: process_suspend(&self->machine.sim);
	err = err ?: process_start(&self->helper, -1, true, serve);
	snprintf(find, sizeof(find), "grep -ls '^PPid:\t%d$' /proc/*/status",
		 self->helper.pid);
	do {
		err = err ?: run(&self->r, "sh", "-c", find) < 0;
	} while (!err && sscanf(self->r.text, "/proc/%d/", child) != 1 &&
		 process_is_running(&self->helper));
	return err ?: task_wait_blocked(*child, SYS_ioctl);
}

/* The kernel waits 15 s for an answer, and says nothing meanwhile. */
TEST_F(transport, firmware_that_hangs_is_said_before_and_after_the_first_try)
{
	struct json_object *said;
	char line[512];
	pid_t child;

	ASSERT_EQ(0, hang(self, &child));
	EXPECT_EQ(0, process_expect(&self->helper,
				    "link waiting: /dev/mei0 to LME: connecting"));
	said = status(&self->r);
	EXPECT_EQ(EXIT_TIMEOUT, self->r.status);
	EXPECT_EQ(EINPROGRESS, json_number(said, "relay.error.value"));
	json_object_put(said);
	ASSERT_EQ(0, process_expect_line(&self->helper, "link waiting: ", line,
					 sizeof(line)));
	EXPECT_EQ(NULL, strstr(line, "enable AMT")) TH_LOG("%s", line);
	EXPECT_EQ(NULL, strstr(line, "connecting")) TH_LOG("%s", line);
	/* That stays so, whether it is being tried again or not. */
	said = status(&self->r);
	EXPECT_NE(NULL, strstr(line, json_text(said, "error.message")))
		TH_LOG("%s\n%s", line, self->r.text);
	json_object_put(said);
	kill(self->machine.sim.pid, SIGCONT);
}

/* The kernel waits 15 s for firmware to take that LME is let go. */
TEST_F(transport, firmware_that_hangs_at_the_end_keeps_serve_from_nothing)
{
	static const char *const yield[] = { "amt-helper", "yield", NULL };
	struct json_object *said;
	struct process yielding;
	bool yielded, running;

	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	ASSERT_EQ(0, process_start(&yielding, -1, true, yield));
	do {
		said = status(&self->r);
		yielded = !strcmp("yielded",
				  json_text(said, "link.state.name"));
		running = !strcmp("running",
				  json_text(said, "daemon.state.name"));
		json_object_put(said);
	} while (!yielded && running && process_is_running(&yielding));
	EXPECT_TRUE(yielded) TH_LOG("%s", self->r.text);
	EXPECT_TRUE(running) TH_LOG("%s", self->r.text);
	kill(self->machine.sim.pid, SIGCONT);
	EXPECT_EQ(0, process_end(&yielding, SIGINT));
	process_close(&yielding);
}

/* Starts yield --module; returns when serve, asked meanwhile, says so. */
static int release_start(FIXTURE_DATA(transport) *self, struct process *yield,
			 const char *command)
{
	int err = process_start(yield, -1, true, (const char *const[]){
				"amt-helper", "yield", "--module", "--", "sh",
				"-c", command, NULL });
	struct json_object *said;
	bool released = false;

	while (!err && !released && process_is_running(yield)) {
		said = status(&self->r);
		released = !strcmp("released",
				   json_text(said, "daemon.state.name"));
		json_object_put(said);
	}
	return err ?: released ? 0 : -EPIPE;
}

/* What connects has the device open until the kernel waits no more. */
TEST_F(transport, let_go_it_has_no_child_that_has_the_device)
{
	struct process yield;
	char command[64];
	pid_t child;

	ASSERT_EQ(0, hang(self, &child));
	snprintf(command, sizeof(command), "! [ -e /proc/%d ]", child);
	EXPECT_EQ(0, release_start(self, &yield, command));
	kill(self->machine.sim.pid, SIGCONT);
	EXPECT_EQ(0, process_wait(&yield));
	process_close(&yield);
	EXPECT_EQ(0, process_expect(&self->helper, "link up"));
}

TEST_F(transport, taken_back_before_it_was_let_go_it_relays)
{
	struct process yield;
	pid_t child;

	ASSERT_EQ(0, hang(self, &child));
	ASSERT_EQ(0, release_start(self, &yield, "true"));
	EXPECT_EQ(128 + SIGKILL, process_end(&yield, SIGKILL));
	process_close(&yield);
	kill(self->machine.sim.pid, SIGCONT);
	EXPECT_EQ(0, process_expect(&self->helper, "link up"));
	EXPECT_EQ(0, curl_works(&self->r)) TH_LOG("%s", self->r.text);
}

TEST_F(transport, its_child_does_not_outlive_it)
{
	char path[32];
	pid_t child;

	ASSERT_EQ(0, hang(self, &child));
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	snprintf(path, sizeof(path), "/proc/%d", child);
	EXPECT_NE(0, access(path, F_OK));
	kill(self->machine.sim.pid, SIGCONT);
}

/* What serve says next it waits for, and status says the same. */
static void expect_same_reason(struct __test_metadata *_metadata,
			       FIXTURE_DATA(transport) *self, const char *text)
{
	struct json_object *said;
	char line[512];

	ASSERT_EQ(0, process_expect_line(&self->helper, "link waiting: ", line,
					 sizeof(line)));
	EXPECT_NE(NULL, strstr(line, text)) TH_LOG("%s", line);
	said = status(&self->r);
	EXPECT_NE(NULL, strstr(line, json_text(said, "error.message")))
		TH_LOG("%s\n%s", line, self->r.text);
	json_object_put(said);
}

TEST_F(transport, lme_that_is_away_is_not_said_to_be_disabled)
{
	ASSERT_EQ(0, sim_command("away 600000"));
	WAIT_FOR(ABSENT);
	expect_same_reason(_metadata, self, "LME of AMT is away");
	EXPECT_EQ(EXIT_NO_CLIENT, self->r.status);
	EXPECT_EQ(EXIT_TIMEOUT, run(&self->r, "sh", "-c",
				    "amt-helper wait --timeout 0 2>&1"));
	EXPECT_NE(NULL, strstr(self->r.text, "see: amt-helper status"))
		TH_LOG("%s", self->r.text);
}

TEST_F(transport, a_driver_that_is_let_go_is_not_said_to_lack_lme)
{
	static const char *const yield[] = { "amt-helper", "yield", "--module",
					     NULL };
	struct process p;

	ASSERT_EQ(0, process_start(&p, -1, true, yield));
	ASSERT_EQ(0, process_expect(&p, "the driver is free"));
	expect_same_reason(_metadata, self, "the driver is let go");
	EXPECT_EQ(EXIT_BUSY, self->r.status);
	EXPECT_EQ(128 + SIGKILL, process_end(&p, SIGKILL));
	process_close(&p);
}

#define SOCKET "/run/amt-helper/sock"

/* What status makes of a daemon with that answer. */
static int status_of(const char *answer, struct result *r)
{
	static const char *const status[] = { "sh", "-c",
		"exec amt-helper status --json 2>&1", NULL };
	const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = SOCKET,
	};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct process p;
	int client;

	if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 2) || process_start(&p, -1, true, status))
		return -errno;
	client = fd_wait(listener, POLLIN, WAIT_MS) ?
		 accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
	write_all(client, answer, strlen(answer));
	r->status = process_wait(&p);
	process_output(&p, r->text, sizeof(r->text));
	process_close(&p);
	close(client);
	close(listener);
	unlink(SOCKET);
	return r->status;
}

#define WAITING(code) "\"waiting\":{\"code\":" #code ",\"message\":\"why\"}"
#define RELAY(error) \
	"\"relay\":{\"device\":\"/dev/mei0\",\"error\":{\"value\":" #error "}}"

TEST_F(transport, status_takes_from_serve_what_it_could_say_itself)
{
	static const struct {
		const char *answer;
		int status;
		const char *text;
	} rows[] = {
		{ WAITING(3), EXIT_NO_MEI, "\"why\"" },
		{ WAITING(6), EXIT_BUSY, "\"why\"" },
		{ WAITING(11), EXIT_NO_MODULE, "\"why\"" },
		{ WAITING(4), EXIT_TIMEOUT, "\"amt-helper serve: why\"" },
		{ WAITING(1), EXIT_TIMEOUT, "\"amt-helper serve: why\"" },
		{ WAITING(0), EXIT_NO_CLIENT, "is away" },
		{ WAITING(300), EXIT_NO_CLIENT, "is away" },
		{ "\"waiting\":[]", EXIT_NO_CLIENT, "is away" },
		{ "\"relay\":\"none\"", EXIT_NO_CLIENT, "is away" },
		{ RELAY(16) "," WAITING(5), EXIT_BUSY, "are taken" },
		{ RELAY(115), EXIT_TIMEOUT, "connecting" },
		{ RELAY(115) "," WAITING(0), EXIT_TIMEOUT, "connecting" },
	};
	char answer[256];

	ASSERT_EQ(0, process_end(&self->helper, SIGTERM));
	WAIT_FOR(ABSENT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(answer, sizeof(answer),
			 "{\"daemon\":{},\"listeners\":[],%s}\n",
			 rows[i].answer);
		EXPECT_EQ(rows[i].status, status_of(answer, &self->r))
			TH_LOG("%s%s", answer, self->r.text);
		EXPECT_NE(NULL, strstr(self->r.text, rows[i].text))
			TH_LOG("%s%s", answer, self->r.text);
	}
}

/* Firmware that says nothing has it wait. */
TEST_F(transport, serve_that_is_ending_cannot_be_asked)
{
	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	ASSERT_EQ(0, kill(self->helper.pid, SIGTERM));
	while (access(SOCKET, F_OK) == 0)
		sched_yield();
	EXPECT_EQ(0, fd_wait(self->helper.pidfd, POLLIN, 1000));
	EXPECT_EQ(0, kill(self->machine.sim.pid, SIGCONT));
	EXPECT_EQ(0, process_wait(&self->helper));
}

TEST_F(transport, a_device_that_is_given_is_relayed)
{
	static const char *const serve[] = { "amt-helper", "serve", "--device",
					     "/dev/mei0", NULL };
	struct json_object *said;

	ASSERT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	ASSERT_EQ(0, process_start(&self->helper, -1, true, serve));
	ASSERT_EQ(0, process_expect(&self->helper, "port 16992 bound"));
	EXPECT_EQ(0, curl_works(&self->r)) TH_LOG("%s", self->r.text);
	said = status(&self->r);
	EXPECT_EQ(0, self->r.status);
	EXPECT_STREQ("relay", json_text(said, "link.transport.name"));
	EXPECT_STREQ("/dev/mei0", json_text(said, "relay.device"));
	EXPECT_STREQ("--device", json_text(said, "relay.reason.name"));
	EXPECT_EQ(0, json_number(said, "relay.error.value"));
	json_object_put(said);
}

TEST_F(transport, a_device_that_is_not_there_is_said)
{
	static const char *const serve[] = { "amt-helper", "serve", "--device",
					     "/dev/mei9", NULL };

	ASSERT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	ASSERT_EQ(0, process_start(&self->helper, -1, true, serve));
	EXPECT_EQ(0, process_expect(&self->helper, "/dev/mei9"));
}

FIXTURE(on_bus) {
	struct machine machine;
	struct result r;
};

FIXTURE_SETUP(on_bus)
{
	ASSERT_EQ(0, machine_start(&self->machine, one_connection));
}

FIXTURE_TEARDOWN(on_bus)
{
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(on_bus, a_device_is_refused_as_the_driver_has_lme_already)
{
	EXPECT_EQ(EXIT_BUSY, run(&self->r, "amt-helper", "serve", "--device",
			 "/dev/mei0"));
}

TEST_F(on_bus, who_has_lme_is_named_while_it_waits)
{
	static const char *const serve[] = { "amt-helper", "serve", NULL };
	struct process other, helper;
	struct json_object *said;
	int end[2];

	ASSERT_EQ(0, pipe2(end, O_CLOEXEC));
	ASSERT_EQ(0, hold_start(&other, end[0]));
	ASSERT_EQ(0, process_start(&helper, -1, true, serve));
	EXPECT_EQ(0, process_expect(&helper,
				    "link waiting: another program uses the LME client of AMT; the MEI device is open in bare["));
	said = status(&self->r);
	EXPECT_EQ(EXIT_BUSY, self->r.status);
	EXPECT_EQ(EBUSY, json_number(said, "link.error.value"));
	EXPECT_EQ(0, strncmp("bare[", json_text(said, "link.holder"), 5));
	EXPECT_NE(NULL, strstr(json_text(said, "error.message"),
			       json_text(said, "link.holder")));
	EXPECT_EQ(NULL, json_at(said, "relay"));
	json_object_put(said);
	/* To others /proc does not show it. */
	EXPECT_EQ(EXIT_BUSY, run(&self->r, "su", "nobody", "-c",
				 "amt-helper status"));
	EXPECT_EQ(NULL, strstr(self->r.text, "bare"));
	close(end[1]);
	EXPECT_EQ(0, process_wait(&other));
	process_close(&other);
	/* On old kernels the driver tries once a minute by now. */
	EXPECT_EQ(0, run(&self->r, "amt-helper", "wait"));
	EXPECT_EQ(0, expect_up(&helper));
	said = status(&self->r);
	EXPECT_EQ(0, self->r.status);
	EXPECT_EQ(NULL, json_at(said, "link.holder"));
	json_object_put(said);
	EXPECT_EQ(0, process_end(&helper, SIGTERM));
	process_close(&helper);
	close(end[0]);
}

TEST_HARNESS_MAIN
