// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper serve: its control socket, and what status and events make of it. */
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <json-c/json.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "schema.h"
#include "testlib.h"

/* Exit codes of amt-helper(8). */
#define EXIT_USAGE 2
#define EXIT_PERMISSION 4
#define EXIT_BUSY 6
#define EXIT_TIMEOUT 7
#define EXIT_NO_DAEMON 12

#define SOCKET "/run/amt-helper/sock"
#define CONFIG "/etc/amt-helper/amt-helper.conf"
#define CLIENTS_MAX 16
#define AS_NOBODY "su", "nobody", "-c"
#define SERVE (const char *const[]){ "amt-helper", "serve", NULL }
#define STATUS "{\"schema_version\":1,\"request\":\"status\"}\n"
#define FOLLOW "{\"schema_version\":1,\"request\":\"events\",\"follow\":true}\n"

FIXTURE(control) {
	struct machine machine;
	struct process serve;
	struct process other;
	struct json_object *status;
	struct result r;
};

FIXTURE_SETUP(control)
{
	unlink(CONFIG);
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, process_start(&self->serve, -1, true, SERVE));
	ASSERT_EQ(0, process_expect(&self->serve, "port 16992 bound"));
	ASSERT_EQ(0, process_expect(&self->serve, "port 623 bound"));
}

FIXTURE_TEARDOWN(control)
{
	json_object_put(self->status);
	if (self->serve.pid)
		EXPECT_EQ(0, process_end(&self->serve, SIGTERM));
	process_close(&self->serve);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* The row of a table with two columns as given, or NULL. */
static struct json_object *row(struct json_object *table, int port,
			       const char *address)
{
	for (size_t i = 0; i < json_object_array_length(table); i++) {
		struct json_object *row = json_object_array_get_idx(table, i);

		if (json_number(row, "port") == port &&
		    strcmp(json_text(row, "address"), address) == 0)
			return row;
	}
	return NULL;
}

/* Its exit code; the document is left in @status. */
static int ask_status(struct result *r, struct json_object **status)
{
	int code = run(r, "amt-helper", "status", "--json");

	json_object_put(*status);
	*status = json_tokener_parse(r->text);
	if (schema_check("status", r->text))
		return -EPROTO;
	if (json_number(*status, "error.code") == code)
		return code;
	say("exit code %d: %s", code, r->text);
	return -EPROTO;
}

/* ---- The socket ---- */

static int socket_open(void)
{
	struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = SOCKET,
	};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -errno;
}

/* A line without its end; NULL at the end, and after WAIT_MS. */
static const char *read_line(int fd, struct result *r)
{
	size_t n = 0;

	while (n < sizeof(r->text) - 1) {
		if (!fd_wait(fd, POLLIN, WAIT_MS) ||
		    read(fd, r->text + n, 1) <= 0)
			return NULL;
		if (r->text[n] == '\n')
			break;
		n++;
	}
	r->text[n] = 0;
	return r->text;
}

/* The code of the error that answers a request; 0 if it is no error. */
static int refusal(int fd, struct result *r)
{
	const char *line = read_line(fd, r);
	struct json_object *answer = line ? json_tokener_parse(line) : NULL;
	int code = answer ? json_number(answer, "error.code") : -EPIPE;

	json_object_put(answer);
	return code;
}

static int ask(const char *request, struct result *r)
{
	int fd = socket_open();
	int code = fd;

	if (fd < 0)
		return fd;
	send(fd, request, strlen(request), MSG_NOSIGNAL);
	code = refusal(fd, r);
	close(fd);
	return code;
}

/* ---- status ---- */

TEST_F(control, status_shows_both_halves)
{
	struct json_object *listeners;
	int fd = tcp_connect(AF_INET, HTTP_PORT);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, channel_works(fd)); /* it is in the daemon's count */
	ASSERT_EQ(0, ask_status(&self->r, &self->status));
	close(fd);
	EXPECT_STREQ("up", json_text(self->status, "link.state.name"));
	EXPECT_STREQ("running", json_text(self->status, "daemon.state.name"));
	EXPECT_EQ(self->serve.pid, json_number(self->status, "daemon.pid"));
	EXPECT_EQ(1, json_number(self->status, "daemon.connections"));
	EXPECT_EQ(1, json_number(self->status, "link.channels"));
	listeners = json_at(self->status, "listeners");
	EXPECT_EQ(4, json_object_array_length(listeners));
	EXPECT_STREQ("bound", json_text(row(listeners, 16992, "127.0.0.1"),
				   "state.name"));
	EXPECT_STREQ("bound", json_text(row(listeners, 16992, "::1"),
				   "state.name"));
	EXPECT_EQ(623, json_number(row(listeners, 623, "::1"), "local_port"));
	EXPECT_EQ(0, run(&self->r, "amt-helper", "status"));
	EXPECT_NE(NULL, strstr(self->r.text, "PORT   ADDRESS    LOCAL PORT"))
		TH_LOG("status: %s", self->r.text);
	EXPECT_EQ(NULL, strchr(self->r.text, '\033'));
}

TEST_F(control, without_a_daemon_status_shows_the_kernels_half)
{
	struct genl events;
	struct link_state link;
	int ctl;

	SKIP_RELAYED("the daemon is what carries the link");
	ASSERT_EQ(0, genl_open(&events, true));
	EXPECT_EQ(0, process_end(&self->serve, SIGTERM));
	EXPECT_EQ(-ENOENT, socket_open());
	ASSERT_EQ(0, link_wait(&events, AMT_LME_LINK_STATE_IDLE, &link));
	ASSERT_EQ(EXIT_NO_DAEMON, ask_status(&self->r, &self->status));
	EXPECT_STREQ("absent", json_text(self->status, "daemon.state.name"));
	EXPECT_EQ(NULL, json_at(self->status, "listeners"));
	/* Somebody else has the link: that half is as it should be. */
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	ASSERT_EQ(0, link_wait(&events, AMT_LME_LINK_STATE_UP, &link));
	EXPECT_EQ(0, ask_status(&self->r, &self->status));
	EXPECT_STREQ("absent", json_text(self->status, "daemon.state.name"));
	close(ctl);
	genl_close(&events);
}

TEST_F(control, a_taken_port_is_shown_with_who_has_it)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(623),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct json_object *listeners;
	const int on = 1;
	char holder[64];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	EXPECT_EQ(0, process_end(&self->serve, SIGTERM));
	process_close(&self->serve);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&address, sizeof(address)));
	ASSERT_EQ(0, listen(fd, 1));
	ASSERT_EQ(0, process_start(&self->serve, -1, true, SERVE));
	ASSERT_EQ(0, process_expect(&self->serve,
				    "port 623: address in use; stop the program that has it (ss -ltnp sport = :623)"));
	ASSERT_EQ(0, process_expect(&self->serve, "port 623 bound on [::1]"));
	ASSERT_EQ(0, ask_status(&self->r, &self->status));
	listeners = json_at(self->status, "listeners");
	EXPECT_EQ(EADDRINUSE, json_number(row(listeners, 623, "127.0.0.1"),
				     "error.value"));
	snprintf(holder, sizeof(holder), "control_test[%d]", getpid());
	EXPECT_STREQ(holder, json_text(row(listeners, 623, "127.0.0.1"), "holder"));
	EXPECT_STREQ("bound", json_text(row(listeners, 623, "::1"), "state.name"));
	EXPECT_STREQ("", json_text(row(listeners, 623, "::1"), "holder"));
	EXPECT_STREQ("bound", json_text(row(listeners, 16992, "127.0.0.1"),
				   "state.name"));
	close(fd);
}

TEST_F(control, a_silent_daemon_is_7)
{
	ASSERT_EQ(0, process_suspend(&self->serve));
	EXPECT_EQ(EXIT_TIMEOUT, ask_status(&self->r, &self->status));
	EXPECT_STREQ("silent", json_text(self->status, "daemon.state.name"));
	EXPECT_STREQ("up", json_text(self->status, "link.state.name"));
	ASSERT_EQ(0, kill(self->serve.pid, SIGCONT));
	EXPECT_EQ(0, ask_status(&self->r, &self->status));
}

/* ---- One daemon ---- */

TEST_F(control, a_second_daemon_is_6_and_says_who_is_the_first)
{
	char who[64];

	snprintf(who, sizeof(who), "as process %d;", self->serve.pid);
	ASSERT_EQ(0, process_start(&self->other, -1, true, SERVE));
	EXPECT_EQ(0, process_expect(&self->other, who));
	EXPECT_EQ(EXIT_BUSY, process_wait(&self->other));
	process_close(&self->other);
	/* It has left the first alone. */
	EXPECT_EQ(0, ask(STATUS, &self->r));
}

TEST_F(control, a_socket_that_was_left_over_is_replaced)
{
	EXPECT_EQ(128 + SIGKILL, process_end(&self->serve, SIGKILL));
	process_close(&self->serve);
	EXPECT_EQ(-ECONNREFUSED, socket_open());
	EXPECT_LE(0, ask_status(&self->r, &self->status));
	EXPECT_STREQ("absent", json_text(self->status, "daemon.state.name"));
	ASSERT_EQ(0, process_start(&self->serve, -1, true, SERVE));
	ASSERT_EQ(0, process_expect(&self->serve, "port 16992 bound"));
	EXPECT_EQ(0, ask(STATUS, &self->r));
}

TEST_F(control, without_its_folder_it_serves_and_says_so)
{
	EXPECT_EQ(0, process_end(&self->serve, SIGTERM));
	process_close(&self->serve);
	ASSERT_EQ(0, rename("/run/amt-helper", "/run/amt-helper.away"));
	fclose(fopen("/run/amt-helper", "w"));
	ASSERT_EQ(0, process_start(&self->serve, -1, true, SERVE));
	EXPECT_EQ(0, process_expect(&self->serve, "no control socket"));
	EXPECT_EQ(0, process_expect(&self->serve, "port 16992 bound"));
	EXPECT_EQ(0, unlink("/run/amt-helper"));
	EXPECT_EQ(0, rename("/run/amt-helper.away", "/run/amt-helper"));
}

/* ---- Who may ask ---- */

/* The answer to a status request of another user, with one more group. */
static int ask_as(uid_t uid, gid_t group, struct result *r)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgroups(1, &group) || setgid(65534) || setuid(uid))
			_exit(255);
		status = ask(STATUS, r);
		_exit(status < 0 ? 200 - status : status);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

TEST_F(control, owner_root_and_group_may_ask_and_nobody_else)
{
	struct stat st;

	ASSERT_EQ(0, stat(SOCKET, &st));
	EXPECT_EQ(0660, st.st_mode & 0777);
	EXPECT_EQ(200 + EACCES, ask_as(65534, 65534, &self->r));
	EXPECT_EQ(0, ask_as(65534, st.st_gid, &self->r));
	EXPECT_EQ(0, run(&self->r, AS_NOBODY, "amt-helper status"));
	EXPECT_NE(NULL, strstr(self->r.text, "no permission"))
		TH_LOG("status: %s", self->r.text);
	/* Whatever the mode of the file becomes. */
	ASSERT_EQ(0, chmod(SOCKET, 0666));
	EXPECT_EQ(EXIT_PERMISSION, ask_as(65534, 65534, &self->r));
	EXPECT_EQ(0, ask_as(65534, st.st_gid, &self->r));
	EXPECT_EQ(0, run(&self->r, AS_NOBODY, "amt-helper status"));
	EXPECT_NE(NULL, strstr(self->r.text, "no permission"))
		TH_LOG("status: %s", self->r.text);
	/* Events are then those of the kernel, which anybody may have. */
	EXPECT_EQ(0, run(&self->r, AS_NOBODY, "amt-helper events"));
	EXPECT_NE(NULL, strstr(self->r.text, "link-up"));
	EXPECT_EQ(NULL, strstr(self->r.text, "listener"));
}

/* ---- Clients that are slow or worse ---- */

TEST_F(control, what_is_no_request_is_refused)
{
	static const char *const wrong[] = {
		"\n", "status\n", "{}\n", "[]\n", "null\n", "{\"request\":1}\n",
		"{\"schema_version\":1}\n",
		"{\"schema_version\":2,\"request\":\"status\"}\n",
		"{\"schema_version\":1,\"request\":\"no\"}\n",
		"{\"schema_version\":1,\"request\":null}\n",
		"{\"schema_version\":1,\"request\":{\"a\":{\"b\":{}}}}\n",
		"{\"schema_version\":1,\"request\":\"status\"\n",
		"\xff\xfe\x01\n",
	};
	char endless[513];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		EXPECT_EQ(EXIT_USAGE, ask(wrong[i], &self->r))
			TH_LOG("request %zu: %s", i, self->r.text);
	memset(endless, '{', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = 0;
	EXPECT_EQ(EXIT_USAGE, ask(endless, &self->r));
	EXPECT_NE(NULL, strstr(self->r.text, "too long"));
	EXPECT_EQ(0, ask(STATUS, &self->r));
}

TEST_F(control, clients_that_say_nothing_are_bounded_in_number_and_time)
{
	int idle[CLIENTS_MAX];
	char byte;

	for (int i = 0; i < CLIENTS_MAX; i++) {
		idle[i] = socket_open();
		ASSERT_LE(0, idle[i]);
	}
	EXPECT_EQ(EXIT_BUSY, ask(STATUS, &self->r));
	EXPECT_EQ(EXIT_BUSY, ask_status(&self->r, &self->status));
	EXPECT_STREQ("refusing", json_text(self->status, "daemon.state.name"));
	EXPECT_EQ(EXIT_BUSY, run(&self->r, "amt-helper", "events"));
	/* It is no less a server of AMT's ports. */
	EXPECT_EQ(0, run(&self->r, "curl", "--silent", HTTP_URL "/down/1"));
	for (int i = 0; i < CLIENTS_MAX; i++) {
		EXPECT_EQ(0, read(idle[i], &byte, 1));
		close(idle[i]);
	}
	EXPECT_EQ(0, ask_status(&self->r, &self->status));
}

TEST_F(control, who_follows_and_talks_is_dropped)
{
	int fd = socket_open();
	char byte;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_all(fd, FOLLOW, strlen(FOLLOW)));
	ASSERT_NE(NULL, read_line(fd, &self->r));
	ASSERT_EQ(0, write_all(fd, "x", 1));
	while (read_line(fd, &self->r))
		EXPECT_NE(NULL, strstr(self->r.text, "event"));
	EXPECT_NE(0, fd_wait(fd, POLLIN, 0));
	EXPECT_GE(0, read(fd, &byte, 1));
	close(fd);
}

static int configure(int offset)
{
	FILE *file = fopen(CONFIG, "w");

	if (!file)
		return -errno;
	fprintf(file, "[serve]\nport-offset = %d\n", offset);
	return fclose(file);
}

/* Eight events: each of four listeners moves. */
static int move_listeners(struct process *serve, int offset)
{
	int err = configure(offset);

	if (!err && kill(serve->pid, SIGHUP))
		err = -errno;
	return err ? err : process_expect(serve, "configuration loaded");
}

#define MOVES 250

TEST_F(control, who_follows_and_does_not_read_is_dropped)
{
	struct process good;
	int fd = socket_open();
	char chunk[4096];
	ssize_t n = -1;
	int lines = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, run(&self->r, "mkdir", "-p", "/etc/amt-helper"));
	ASSERT_EQ(0, process_start(&good, -1, false, (const char *const[]){
				   "amt-helper", "events", "--follow", NULL }));
	ASSERT_EQ(0, write_all(fd, FOLLOW, strlen(FOLLOW)));
	ASSERT_NE(NULL, read_line(fd, &self->r));
	for (int i = 1; i <= MOVES; i++)
		ASSERT_EQ(0, move_listeners(&self->serve, i % 2));
	EXPECT_EQ(0, ask(STATUS, &self->r));
	while (fd_wait(fd, POLLIN, WAIT_MS) &&
	       (n = read(fd, chunk, sizeof(chunk))) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += chunk[i] == '\n';
	/* It was dropped in the middle: all there was, it did not get. */
	EXPECT_EQ(0, n);
	EXPECT_LT(lines, MOVES * 8) TH_LOG("%d lines", lines);
	EXPECT_GT(lines, 100) TH_LOG("%d lines", lines);
	/* The one beside it read all the time. */
	EXPECT_EQ(0, process_end(&self->serve, SIGTERM));
	EXPECT_EQ(EXIT_NO_DAEMON, process_wait(&good));
	EXPECT_LT(MOVES * 8 * 45, process_output(&good, self->r.text,
						 sizeof(self->r.text)));
	process_close(&good);
	close(fd);
	unlink(CONFIG);
}

/* What it has used of the processor, in seconds. */
static double processor(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			    &user, &system) != 2)
		say("%s is not as expected", path);
	if (file)
		fclose(file);
	return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

TEST_F(control, without_descriptors_it_waits_and_does_not_spin)
{
	struct rlimit few = { 3, 0 }, old;
	double before;
	int fd;

	ASSERT_EQ(0, prlimit(self->serve.pid, RLIMIT_NOFILE, NULL, &old));
	few.rlim_max = old.rlim_max;
	ASSERT_EQ(0, prlimit(self->serve.pid, RLIMIT_NOFILE, &few, NULL));
	before = processor(self->serve.pid);
	fd = socket_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_all(fd, STATUS, strlen(STATUS)));
	EXPECT_EQ(0, fd_wait(fd, POLLIN, 3000));
	EXPECT_GT(1.0, processor(self->serve.pid) - before)
		TH_LOG("%f s", processor(self->serve.pid) - before);
	ASSERT_EQ(0, prlimit(self->serve.pid, RLIMIT_NOFILE, &old, NULL));
	EXPECT_EQ(0, refusal(fd, &self->r)) TH_LOG("%s", self->r.text);
	close(fd);
}

/* ---- events ---- */

/* Its stdout where process_expect() reads. */
static int follow(struct process *p)
{
	return process_start(p, -1, true, (const char *const[]){ "sh", "-c",
			     "exec amt-helper events --follow >&2", NULL });
}

TEST_F(control, a_follower_gets_the_present_state_and_what_changes)
{
	ASSERT_EQ(0, run(&self->r, "mkdir", "-p", "/etc/amt-helper"));
	ASSERT_EQ(0, follow(&self->other));
	EXPECT_EQ(0, process_expect(&self->other, relayed() ?
				    "link-up generation=1 transport=relay" :
				    "link-up generation=1 transport=bus"));
	EXPECT_EQ(0, process_expect(&self->other,
				    "forward-active port=16992 generation=1"));
	EXPECT_EQ(0, process_expect(&self->other,
				    "listener-bound port=16992 address=127.0.0.1 local_port=16992"));
	EXPECT_EQ(0, process_expect(&self->other,
				    "listener-bound port=623 address=::1 local_port=623"));
	ASSERT_EQ(0, sim_command("reset"));
	EXPECT_EQ(0, process_expect(&self->other, "link-down"));
	EXPECT_EQ(0, process_expect(&self->other,
				    "link-recovered generation=2"));
	ASSERT_EQ(0, sim_command("forward 664"));
	EXPECT_EQ(0, process_expect(&self->other, "forward-active port=664"));
	EXPECT_EQ(0, process_expect(&self->other, "listener-bound port=664"));
	ASSERT_EQ(0, sim_command("cancel 664"));
	EXPECT_EQ(0, process_expect(&self->other, "forward-dormant port=664"));
	ASSERT_EQ(0, move_listeners(&self->serve, -700));
	EXPECT_EQ(0, process_expect(&self->other,
				    "listener-closed port=16992 address=127.0.0.1 local_port=16992"));
	EXPECT_EQ(0, process_expect(&self->other,
				    "listener-bound port=16992 address=::1 local_port=16292"));
	EXPECT_EQ(0, process_expect(&self->other, "listener-failed port=623"));
	ASSERT_EQ(0, sim_command("refuse 9 2"));
	EXPECT_NE(0, run(&self->r, "curl", "--silent",
			 "http://127.0.0.1:16292/down/1"));
	EXPECT_EQ(0, process_expect(&self->other,
				    "error message=port 16992: no channel: AMT refused the channel"));
	EXPECT_EQ(0, process_end(&self->serve, SIGTERM));
	EXPECT_EQ(0, process_expect(&self->other, "amt-helper serve ended"));
	EXPECT_EQ(EXIT_NO_DAEMON, process_wait(&self->other));
	process_close(&self->other);
	unlink(CONFIG);
}

TEST_F(control, events_are_as_documented)
{
	const int kinds[] = { 1, 4, 4, 7, 7, 7, 7 };
	char *line, *rest = self->r.text;
	struct json_object *event;
	size_t n = 0;

	ASSERT_EQ(0, run(&self->r, "amt-helper", "events", "--json"));
	while ((line = strtok_r(rest, "\n", &rest))) {
		event = json_tokener_parse(line);
		EXPECT_EQ(0, schema_check("event", line));
		ASSERT_GT(sizeof(kinds) / sizeof(kinds[0]), n);
		EXPECT_EQ(kinds[n], json_number(event, "event.value"))
			TH_LOG("%zu: %s", n, line);
		json_object_put(event);
		n++;
	}
	EXPECT_EQ(sizeof(kinds) / sizeof(kinds[0]), n);
}

/* The first event of that kind, which is freed; how it breaks its schema. */
static int violations_of_next(int fd, const char *kind, struct result *r)
{
	const char *line;
	int wrong = -1;

	while (wrong < 0 && (line = read_line(fd, r))) {
		struct json_object *event = json_tokener_parse(line);

		if (strcmp(json_text(event, "event.name"), kind) == 0)
			wrong = schema_check("event", line);
		json_object_put(event);
	}
	return wrong;
}

TEST_F(control, events_of_trouble_are_as_documented)
{
	int fd = socket_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, run(&self->r, "mkdir", "-p", "/etc/amt-helper"));
	ASSERT_EQ(0, write_all(fd, FOLLOW, strlen(FOLLOW)));
	ASSERT_EQ(0, sim_command("reset"));
	EXPECT_EQ(0, violations_of_next(fd, "link-down", &self->r));
	EXPECT_EQ(0, violations_of_next(fd, "link-recovered", &self->r));
	ASSERT_EQ(0, move_listeners(&self->serve, -700));
	EXPECT_EQ(0, violations_of_next(fd, "listener-closed", &self->r));
	EXPECT_EQ(0, violations_of_next(fd, "listener-failed", &self->r));
	ASSERT_EQ(0, configure(70000));
	ASSERT_EQ(0, kill(self->serve.pid, SIGHUP));
	EXPECT_EQ(0, violations_of_next(fd, "error", &self->r));
	EXPECT_NE(NULL, strstr(self->r.text, "not changed"))
		TH_LOG("%s", self->r.text);
	close(fd);
	unlink(CONFIG);
}

/* ---- Lines ---- */

TEST_F(control, a_loss_that_was_not_seen_has_no_duration)
{
	struct genl_answer answer;
	struct link_state link;
	struct genl events;
	char line[512];

	SKIP_RELAYED("the link can not recover while serve stands still");
	ASSERT_EQ(0, genl_open(&events, true));
	ASSERT_EQ(0, link_get(&link));
	ASSERT_EQ(0, process_suspend(&self->serve));
	ASSERT_EQ(0, sim_command("reset"));
	while (link.generation < 2 || !link.settled) {
		ASSERT_EQ(0, genl_event(&events, &answer, WAIT_MS));
		ASSERT_EQ(0, link_get(&link));
	}
	ASSERT_EQ(0, kill(self->serve.pid, SIGCONT));
	EXPECT_EQ(0, process_expect(&self->serve, "link lost: generation 1"));
	EXPECT_EQ(0, process_expect_line(&self->serve, "link recovered", line,
					 sizeof(line)));
	EXPECT_STREQ("amt-helper: link recovered: generation 2, transport bus",
		     line);
	/* And one that was seen has. */
	ASSERT_EQ(0, sim_command("away 1000"));
	EXPECT_EQ(0, process_expect(&self->serve, "link lost: generation 2"));
	EXPECT_EQ(0, process_expect_line(&self->serve, "link recovered", line,
					 sizeof(line)));
	EXPECT_NE(NULL, strstr(line, " ms")) TH_LOG("%s", line);
	genl_close(&events);
}

TEST_HARNESS_MAIN
