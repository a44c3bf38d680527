// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper: AMT's ports on loopback, and what it says of the link. */
#include <errno.h>
#include <json-c/json.h>
#include <linux/netlink.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "schema.h"
#include "testlib.h"

#define CLIENTS 4
#define CURL "curl", "--silent", "--show-error", "--max-time", "100"
#define PRINT_STATUS "--output", "/dev/null", "--write-out", "%{http_code}"
/* Exit codes of amt-helper(8). */
#define EXIT_NO_CLIENT 5
#define EXIT_NO_MODULE 11
#define EXIT_NO_DAEMON 12

FIXTURE(serve) {
	struct machine machine;
	struct process helper;
	struct result r;
};

FIXTURE_SETUP(serve)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, serve_start(&self->helper));
}

FIXTURE_TEARDOWN(serve)
{
	if (self->helper.pid)
		EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(serve, curl_with_digest_gets_200)
{
	EXPECT_EQ(0, run(&self->r, CURL, "--digest", "--user", CREDENTIALS,
			 HTTP_URL "/"));
	EXPECT_NE(NULL, strstr(self->r.text,
			       "Intel(R) Active Management Technology"))
		TH_LOG("answer: %s", self->r.text);
	EXPECT_EQ(0, run(&self->r, CURL, PRINT_STATUS, "--digest", "--user",
			 CREDENTIALS, HTTP_URL "/"));
	EXPECT_STREQ("200", self->r.text);
}

TEST_F(serve, curl_over_ipv6_gets_200)
{
	EXPECT_EQ(0, run(&self->r, CURL, PRINT_STATUS, "--digest", "--user",
			 CREDENTIALS, "http://[::1]:16992/"));
	EXPECT_STREQ("200", self->r.text);
}

TEST_F(serve, curl_with_a_wrong_password_gets_401)
{
	EXPECT_EQ(0, run(&self->r, CURL, PRINT_STATUS, "--digest", "--user",
			 "admin:wrong", HTTP_URL "/"));
	EXPECT_STREQ("401", self->r.text);
}

TEST_F(serve, a_mebibyte_down_is_what_amt_hashed)
{
	struct result *r = &self->r;
	struct result hash;

	ASSERT_EQ(0, run(r, CURL, "--output", "/tmp/down",
			 HTTP_URL "/down/1048576"));
	ASSERT_EQ(0, run(&hash, CURL, HTTP_URL "/down/1048576/sha256"));
	ASSERT_EQ(0, run(r, "sha256sum", "/tmp/down"));
	EXPECT_EQ(0, strncmp(r->text, hash.text, 64))
		TH_LOG("AMT: %s, here: %s", hash.text, r->text);
	unlink("/tmp/down");
}

TEST_F(serve, a_mebibyte_up_is_what_amt_hashes)
{
	struct result *r = &self->r;
	struct result hash;

	ASSERT_EQ(0, run(r, "dd", "if=/dev/urandom", "of=/tmp/up", "bs=1048576",
			 "count=1", "iflag=fullblock", "status=none"));
	ASSERT_EQ(0, run(&hash, CURL, "--data-binary", "@/tmp/up",
			 HTTP_URL "/up"));
	ASSERT_EQ(0, run(r, "sha256sum", "/tmp/up"));
	EXPECT_EQ(0, strncmp(r->text, hash.text, 64))
		TH_LOG("AMT: %s, here: %s", hash.text, r->text);
	unlink("/tmp/up");
}

TEST_F(serve, four_clients_in_parallel_each_get_their_bytes)
{
	struct process clients[CLIENTS];
	char path[CLIENTS][32], url[64];
	struct result hash;

	for (int i = 0; i < CLIENTS; i++) {
		snprintf(path[i], sizeof(path[i]), "/tmp/down.%d", i);
		snprintf(url, sizeof(url), HTTP_URL "/down/%d", 300000 + i);
		ASSERT_EQ(0, process_start(&clients[i], -1, false,
					   (const char *const[]){ CURL,
					   "--output", path[i], url, NULL }));
	}
	for (int i = 0; i < CLIENTS; i++) {
		EXPECT_EQ(0, process_wait(&clients[i]));
		process_close(&clients[i]);
		snprintf(url, sizeof(url), HTTP_URL "/down/%d/sha256",
			 300000 + i);
		ASSERT_EQ(0, run(&hash, CURL, url));
		ASSERT_EQ(0, run(&self->r, "sha256sum", path[i]));
		EXPECT_EQ(0, strncmp(self->r.text, hash.text, 64))
			TH_LOG("client %d: AMT: %s, here: %s", i, hash.text,
			       self->r.text);
		unlink(path[i]);
	}
}

TEST_F(serve, a_client_that_closes_frees_its_slot)
{
	char byte;
	int fd = tcp_connect(AF_INET, HTTP_PORT);

	ASSERT_LE(0, fd);
	/* The end of an idle client: its half-close comes back as the end. */
	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	EXPECT_EQ(0, read(fd, &byte, 1));
	EXPECT_EQ(1, sim_stat("channels_opened"));
	EXPECT_EQ(0, sim_stat("channels_open"));
	close(fd);
}

TEST_F(serve, a_client_that_half_closes_gets_its_answer)
{
	struct http_answer answer;
	char byte;
	int fd = tcp_connect(AF_INET, HTTP_PORT);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, http_send(fd, "/down/100000", true, NULL, 0));
	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	ASSERT_EQ(0, http_receive(fd, &answer));
	EXPECT_EQ(100000, answer.len);
	EXPECT_EQ(0, read(fd, &byte, 1));
	http_free(&answer);
	close(fd);
}

TEST_F(serve, sigterm_ends_it_with_0_and_closes_the_ports)
{
	int fd = tcp_connect(AF_INET, HTTP_PORT);
	char byte;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	EXPECT_GE(0, read(fd, &byte, 1));
	close(fd);
	EXPECT_EQ(-ECONNREFUSED, tcp_connect(AF_INET, HTTP_PORT));
	EXPECT_EQ(-ECONNREFUSED, tcp_connect(AF_INET6, HTTP_PORT));
}

TEST_F(serve, status_says_that_the_link_is_up_and_lists_the_ports)
{
	EXPECT_EQ(0, run(&self->r, "amt-helper", "status"));
	EXPECT_NE(NULL, strstr(self->r.text, "up"))
		TH_LOG("status: %s", self->r.text);
	EXPECT_NE(NULL, strstr(self->r.text, "16992"))
		TH_LOG("status: %s", self->r.text);
}

static bool lists_port(struct json_object *forwards, int port)
{
	for (size_t i = 0; i < json_object_array_length(forwards); i++)
		if (json_number(json_object_array_get_idx(forwards, i), "port") ==
		    port)
			return true;
	return false;
}

TEST_F(serve, status_as_json_parses_and_says_the_same)
{
	struct json_object *status, *forwards;

	EXPECT_EQ(0, run(&self->r, "amt-helper", "status", "--json"));
	status = json_tokener_parse(self->r.text);
	ASSERT_NE(NULL, status) TH_LOG("not JSON: %s", self->r.text);
	EXPECT_STREQ("up", json_text(status, "link.state.name"));
	EXPECT_EQ(AMT_LME_LINK_STATE_UP,
		  json_number(status, "link.state.value"));
	EXPECT_STREQ(relayed() ? "relay" : "bus",
		     json_text(status, "link.transport.name"));
	EXPECT_EQ(1, json_number(status, "link.generation"));
	EXPECT_EQ(NULL, json_object_object_get(status, "error"));
	forwards = json_object_object_get(status, "forwards");
	ASSERT_TRUE(json_object_is_type(forwards, json_type_array))
		TH_LOG("status: %s", self->r.text);
	EXPECT_TRUE(lists_port(forwards, HTTP_PORT))
		TH_LOG("status: %s", self->r.text);
	json_object_put(status);
}

FIXTURE(helper) {
	struct machine machine;
	struct result r;
};

FIXTURE_SETUP(helper)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
}

FIXTURE_TEARDOWN(helper)
{
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(helper, status_without_users_of_the_link_says_so)
{
	SKIP_RELAYED("what carries the link holds it");
	EXPECT_EQ(EXIT_NO_DAEMON, run(&self->r, "amt-helper", "status"));
	EXPECT_NE(NULL, strstr(self->r.text, "idle"))
		TH_LOG("status: %s", self->r.text);
}

/* The groups of link and forward, and the one that tells of families. */
#define MEMBERSHIPS 3

/* Start it, and stop it when it has subscribed and not asked for the state. */
static int start_subscribed(struct process *p)
{
	struct __ptrace_syscall_info info;
	const int options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
	int err = process_start(p, -1, true, (const char *const[]){
				"sh", "-c",
				"kill -STOP $$; exec amt-helper serve", NULL });
	int joined = 0, status;

	if (err || waitpid(p->pid, &status, WUNTRACED) < 0 ||
	    ptrace(PTRACE_SEIZE, p->pid, 0, options) < 0 ||
	    kill(p->pid, SIGCONT) < 0)
		return -1;
	while (joined < 2 * MEMBERSHIPS) { /* each on its way in and out */
		if (waitpid(p->pid, &status, 0) < 0 || !WIFSTOPPED(status) ||
		    ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info),
			   &info) < 0)
			return -1;
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			joined += info.entry.nr == SYS_setsockopt &&
				  info.entry.args[1] == SOL_NETLINK &&
				  info.entry.args[2] == NETLINK_ADD_MEMBERSHIP;
		else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
			joined += joined % 2;
		if (joined < 2 * MEMBERSHIPS &&
		    ptrace(PTRACE_SYSCALL, p->pid, 0, 0) < 0)
			return -1;
	}
	return 0;
}

/* What is left of stderr; only for one that ended. */
static void read_rest(const struct process *p, char *text, size_t size)
{
	ssize_t n = read(p->err, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
}

TEST_F(helper, events_older_than_the_first_answer_make_no_line)
{
	struct link_state link;
	struct genl_answer answer;
	struct process serve;
	struct genl events;
	char rest[4096];
	int ctl;

	SKIP_RELAYED("the link can not recover while serve stands still");
	ASSERT_EQ(0, genl_open(&events, true));
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, link_wait(&events, AMT_LME_LINK_STATE_UP, &link));
	ASSERT_EQ(0, start_subscribed(&serve));
	/* The link is lost and recovers while nobody takes the events. */
	ASSERT_EQ(0, sim_command("reset"));
	while (link.generation < 2 || !link.settled) {
		ASSERT_EQ(0, genl_event(&events, &answer, WAIT_MS));
		ASSERT_EQ(0, link_get(&link));
	}
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, serve.pid, 0, 0));
	ASSERT_EQ(0, process_expect(&serve, "link up: generation 2"));
	ASSERT_EQ(0, process_expect(&serve, "port 16992 bound"));
	ASSERT_EQ(0, run(&self->r, CURL, PRINT_STATUS, HTTP_URL "/down/1"));
	EXPECT_EQ(0, process_end(&serve, SIGTERM));
	read_rest(&serve, rest, sizeof(rest));
	EXPECT_EQ(NULL, strstr(rest, "link")) TH_LOG("said: %s", rest);
	EXPECT_EQ(NULL, strstr(rest, "dormant")) TH_LOG("said: %s", rest);
	process_close(&serve);
	genl_close(&events);
	close(ctl);
}

TEST(a_client_that_the_bus_hides_is_explained)
{
	struct machine machine;
	struct result r;

	ASSERT_EQ(0, machine_start(&machine, (const char *const[]){
				   "--connections", "2", NULL }));
	EXPECT_EQ(EXIT_NO_CLIENT, run(&r, "amt-helper", "status", "--json"));
	EXPECT_NE(NULL, strstr(r.text, "the bus hides LME"))
		TH_LOG("status: %s", r.text);
	EXPECT_EQ(0, machine_stop(&machine));
}

TEST_F(helper, without_the_module_it_fails_as_documented)
{
	struct json_object *status;

	ASSERT_EQ(0, rename("/lib/modules", "/lib/modules.away"));
	EXPECT_EQ(0, module_unload("amt_lme"));
	EXPECT_EQ(EXIT_NO_MODULE, run(&self->r, "amt-helper", "status"));
	EXPECT_EQ(EXIT_NO_MODULE, run(&self->r, "amt-helper", "serve"));
	EXPECT_EQ(EXIT_NO_MODULE, run(&self->r, "amt-helper", "events"));
	EXPECT_EQ(EXIT_NO_MODULE, run(&self->r, "amt-helper", "wait"));
	EXPECT_EQ(EXIT_NO_MODULE,
		  run(&self->r, "amt-helper", "connect", "16992"));
	EXPECT_EQ(EXIT_NO_MODULE,
		  run(&self->r, "amt-helper", "status", "--json"));
	ASSERT_EQ(0, rename("/lib/modules.away", "/lib/modules"));
	status = json_tokener_parse(self->r.text);
	ASSERT_NE(NULL, status) TH_LOG("not JSON: %s", self->r.text);
	EXPECT_EQ(EXIT_NO_MODULE, json_number(status, "error.code"))
		TH_LOG("status: %s", self->r.text);
	json_object_put(status);
}

TEST_F(helper, status_loads_the_module_where_it_is_installed)
{
	const int without_serve = relayed() ? EXIT_NO_CLIENT : EXIT_NO_DAEMON;

	EXPECT_EQ(0, module_unload("amt_lme"));
	EXPECT_EQ(without_serve, run(&self->r, "amt-helper", "status"))
		TH_LOG("status: %s", self->r.text);
}

TEST_HARNESS_MAIN
