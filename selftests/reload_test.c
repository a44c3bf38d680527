// SPDX-License-Identifier: GPL-2.0-only
/*
 * Below a running amt-helper serve modules are unloaded and loaded; and serve
 * itself is started again. Nobody who connects meanwhile is turned away.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "schema.h"
#include "testlib.h"

/* Exit codes of amt-helper(8). */
#define EXIT_PERMISSION 4
#define EXIT_BUSY 6
#define EXIT_TIMEOUT 7
/* How many it takes at a time. */
#define CLIENTS_MAX 64
#define NOBODY 65534

FIXTURE(reload) {
	struct machine machine;
	struct process helper;
	struct link_state link;
	struct result r;
};

FIXTURE_SETUP(reload)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, serve_start(&self->helper));
}

FIXTURE_TEARDOWN(reload)
{
	if (self->helper.pid)
		EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* It has let go as long as it runs. */
static int yield_start(struct process *p)
{
	static const char *const argv[] = { "amt-helper", "yield", "--module",
					    NULL };
	int err = process_start(p, -1, true, argv);

	return err ? err : process_expect(p, "the driver is free");
}

static int client_works(void)
{
	int fd = tcp_connect(AF_INET, HTTP_PORT);
	int err = fd < 0 ? fd : channel_works(fd);

	close(fd);
	return err;
}

#define EXPECT_LINE(text) EXPECT_EQ(0, process_expect(&self->helper, text))

TEST_F(reload, the_module_below_serve)
{
	int before = tcp_connect(AF_INET, HTTP_PORT);
	struct process yield;
	int waits, node;
	char byte;

	ASSERT_EQ(0, channel_works(before));
	EXPECT_EQ(-EAGAIN, module_unload("amt_lme"));
	ASSERT_EQ(0, yield_start(&yield));
	EXPECT_LINE("link lost: generation 1");
	EXPECT_EQ(-1, read(before, &byte, 1));
	EXPECT_EQ(ECONNRESET, errno);
	close(before);
	ASSERT_EQ(0, module_unload("amt_lme"));
	EXPECT_EQ(11, sim_stat("last_disconnect_reason"));

	/* Its listeners are there, and who connects waits. */
	waits = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, waits);
	ASSERT_EQ(0, http_send(waits, "/down/100", true, NULL, 0));
	EXPECT_EQ(0, fd_wait(waits, POLLIN, 0));

	ASSERT_EQ(0, run(&self->r, "modprobe", "amt_lme"));
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(0, self->link.users);
	EXPECT_EQ(0, process_end(&yield, SIGTERM));
	process_close(&yield);
	EXPECT_EQ(POLLIN, fd_wait(waits, POLLIN, WAIT_MS));
	EXPECT_EQ(1, read(waits, &byte, 1));
	close(waits);
	EXPECT_LINE("link recovered: generation 1, ");

	node = node_open(HTTP_PORT, 0);
	EXPECT_EQ(0, channel_works(node));
	close(node);
	EXPECT_EQ(0, client_works());
	EXPECT_TRUE(process_is_running(&self->helper));
}

TEST_F(reload, the_documented_command)
{
	EXPECT_EQ(0, run(&self->r, "amt-helper", "yield", "--module", "--",
			 "sh", "-c", "rmmod amt_lme && modprobe amt_lme"));
	EXPECT_EQ(0, client_works());
	EXPECT_EQ(3, run(&self->r, "amt-helper", "yield", "--module", "--",
			 "sh", "-c", "rmmod amt_lme; exit 3"));
	/* It is loaded by who needs it. */
	EXPECT_EQ(0, client_works());
	EXPECT_EQ(EXIT_TIMEOUT, run(&self->r, "amt-helper", "yield", "--module",
				    "--for", "1", "tail", "-f", "/dev/null"));
	EXPECT_EQ(0, client_works());
}

TEST_F(reload, no_listener_is_closed_in_between)
{
	struct process events;
	char line[512];

	ASSERT_EQ(0, process_start(&events, -1, true, (const char *const[]){
				   "sh", "-c", "amt-helper events --follow >&2",
				   NULL }));
	ASSERT_EQ(0, process_expect(&events,
				    "listener-bound port=623 address=::1"));
	EXPECT_EQ(0, run(&self->r, "amt-helper", "yield", "--module", "--",
			 "sh", "-c", "rmmod amt_lme && modprobe amt_lme"));
	do {
		ASSERT_EQ(0, process_expect_line(&events, "", line,
						 sizeof(line)));
		EXPECT_EQ(NULL, strstr(line, "listener-")) TH_LOG("%s", line);
		EXPECT_EQ(NULL, strstr(line, "-gone")) TH_LOG("%s", line);
	} while (!strstr(line, "link-recovered"));
	EXPECT_EQ(128 + SIGTERM, process_end(&events, SIGTERM));
	process_close(&events);
}

TEST_F(reload, what_amt_names_no_more_goes_when_the_new_session_settles)
{
	struct process yield;

	ASSERT_EQ(0, yield_start(&yield));
	ASSERT_EQ(0, module_unload("amt_lme"));
	ASSERT_EQ(0, sim_vanish(&self->machine));
	ASSERT_EQ(0, sim_start(&self->machine, (const char *const[]){
			       "--ports", "16992", NULL }));
	ASSERT_EQ(0, process_end(&yield, SIGTERM));
	process_close(&yield);
	EXPECT_LINE("link recovered: generation 1");
	EXPECT_LINE("port 623 gone");
	EXPECT_EQ(0, client_works());
	EXPECT_EQ(-ECONNREFUSED, tcp_connect(AF_INET, 623));
}

TEST_F(reload, while_it_is_let_go_status_says_so)
{
	struct json_object *status;
	struct process yield;

	ASSERT_EQ(0, yield_start(&yield));
	EXPECT_LINE("link waiting: the driver is let go");
	EXPECT_EQ(EXIT_BUSY, run(&self->r, "amt-helper", "status", "--json"));
	EXPECT_EQ(0, schema_check("status", self->r.text));
	status = json_tokener_parse(self->r.text);
	EXPECT_STREQ("released", json_text(status, "daemon.state.name"));
	json_object_put(status);
	/* Killed, it has let go of the driver no more. */
	EXPECT_EQ(128 + SIGKILL, process_end(&yield, SIGKILL));
	process_close(&yield);
	EXPECT_LINE("link recovered: ");
	EXPECT_EQ(0, run(&self->r, "amt-helper", "status"));
}

TEST_F(reload, a_module_that_stays_away_is_said_and_taken_when_it_is_there)
{
	struct process yield;

	ASSERT_EQ(0, yield_start(&yield));
	ASSERT_EQ(0, module_unload("amt_lme"));
	ASSERT_EQ(0, rename("/lib/modules", "/lib/modules.away"));
	ASSERT_EQ(0, process_end(&yield, SIGTERM));
	process_close(&yield);
	EXPECT_LINE("link waiting: the kernel module amt_lme is not loaded");
	ASSERT_EQ(0, rename("/lib/modules.away", "/lib/modules"));
	EXPECT_LINE("link recovered: ");
	EXPECT_EQ(0, client_works());
}

static int clients(struct result *r)
{
	struct json_object *status;
	int clients;

	run(r, "amt-helper", "status", "--json");
	status = json_tokener_parse(r->text);
	clients = json_number(status, "daemon.connections");
	json_object_put(status);
	return clients;
}

/* For 20 s of its own, however long the driver has been let go. */
TEST_F(reload, each_who_connects_meanwhile_waits_as_long)
{
	struct process yield;
	int first, second, third;
	char byte;

	ASSERT_EQ(0, yield_start(&yield));
	first = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, first);
	EXPECT_EQ(0, fd_wait(first, POLLIN, 11000));
	second = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, second);
	EXPECT_EQ(2, clients(&self->r));
	EXPECT_EQ(-1, read(first, &byte, 1));
	EXPECT_EQ(ECONNRESET, errno);
	close(first);
	EXPECT_LINE("port 16992: no channel: no link to AMT");
	third = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, third);
	EXPECT_EQ(2, clients(&self->r));

	ASSERT_EQ(0, process_end(&yield, SIGTERM));
	process_close(&yield);
	EXPECT_EQ(0, channel_works(second));
	EXPECT_EQ(0, channel_works(third));
	close(second);
	close(third);
}

static void reset(int fd)
{
	const struct linger at_once = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

TEST_F(reload, who_hangs_up_meanwhile_makes_room_for_another)
{
	int fd[CLIENTS_MAX + 1], files;
	struct process yield;

	ASSERT_EQ(0, yield_start(&yield));
	files = files_of(self->helper.pid);
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = tcp_connect(AF_INET, HTTP_PORT);
		ASSERT_LE(0, fd[i]);
	}
	EXPECT_EQ(files + CLIENTS_MAX,
		  files_settle(self->helper.pid, files + CLIENTS_MAX));
	reset(fd[0]);
	reset(fd[1]);
	EXPECT_EQ(files + CLIENTS_MAX - 1,
		  files_settle(self->helper.pid, files + CLIENTS_MAX - 1));
	for (size_t i = 2; i < ARRAY_SIZE(fd); i++)
		reset(fd[i]);
	EXPECT_EQ(files, files_settle(self->helper.pid, files));
	EXPECT_EQ(0, process_end(&yield, SIGTERM));
	process_close(&yield);
	EXPECT_EQ(0, client_works());
}

TEST_F(reload, only_root_has_it_let_go)
{
	/* Its group may ask for the rest. */
	ASSERT_EQ(0, seteuid(NOBODY));
	EXPECT_EQ(0, run(&self->r, "amt-helper", "status"));
	EXPECT_NE(NULL, strstr(self->r.text, "running"));
	EXPECT_EQ(EXIT_PERMISSION, run(&self->r, "amt-helper", "yield",
				       "--module", "true"));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(-EAGAIN, module_unload("amt_lme"));
}

TEST_F(reload, without_serve_the_command_just_runs)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	EXPECT_EQ(3, run(&self->r, "amt-helper", "yield", "--module", "--",
			 "sh", "-c", "rmmod amt_lme; exit 3"));
}

/* The controller's module is not pinned by who is connected through it. */
TEST_F(reload, the_controller_below_serve)
{
	int waits;

	ASSERT_EQ(0, sim_vanish(&self->machine));
	EXPECT_LINE("link lost: generation 1");
	ASSERT_EQ(0, module_unload("vmei"));
	waits = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, waits);
	ASSERT_EQ(0, run(&self->r, "modprobe", "vmei"));
	ASSERT_EQ(0, sim_start(&self->machine, NULL));
	EXPECT_EQ(0, channel_works(waits));
	close(waits);
	EXPECT_LINE("link recovered: generation 2, ");
}

/* And mei.ko, which the driver needs. */
TEST_F(reload, all_modules_below_serve)
{
	struct process yield;
	int waits;

	ASSERT_EQ(0, yield_start(&yield));
	ASSERT_EQ(0, sim_vanish(&self->machine));
	ASSERT_EQ(0, run(&self->r, "modprobe", "-r", "amt_lme", "vmei", "mei"));
	ASSERT_NE(0, access("/sys/module/mei", F_OK));
	waits = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, waits);
	ASSERT_EQ(0, process_end(&yield, SIGTERM));
	process_close(&yield);
	ASSERT_EQ(0, run(&self->r, "modprobe", "vmei"));
	ASSERT_EQ(0, sim_start(&self->machine, NULL));
	EXPECT_EQ(0, channel_works(waits));
	close(waits);
}

/* ---- serve itself ---- */

static int kill_serve(struct process *helper)
{
	int status = process_end(helper, SIGKILL);

	process_close(helper);
	return status == 128 + SIGKILL ? 0 : -EIO;
}

/* Each of AMT's slots, at the same time. */
static int all_slots_work(void)
{
	int fd[8], err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = tcp_connect(AF_INET, HTTP_PORT);
		err = err ?: channel_works(fd[i]);
	}
	if (!err && sim_stat("channels_open") != ARRAY_SIZE(fd))
		err = -ENOBUFS;
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	return err;
}

TEST_F(reload, serve_killed_with_clients_and_started_again)
{
	int fd[4];
	char byte;

	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = tcp_connect(AF_INET, HTTP_PORT);
		ASSERT_EQ(0, channel_works(fd[i]));
	}
	ASSERT_EQ(0, kill_serve(&self->helper));
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		EXPECT_GE(0, read(fd[i], &byte, 1));
		close(fd[i]);
	}
	EXPECT_EQ(-ECONNREFUSED, tcp_connect(AF_INET, HTTP_PORT));
	/* At once: its socket, its lock and its ports are in nobody's way. */
	ASSERT_EQ(0, serve_start(&self->helper));
	EXPECT_EQ(0, all_slots_work());
	EXPECT_EQ(0, counter("slot_leaked"));
	EXPECT_EQ(0, run(&self->r, "amt-helper", "status"));
}

/* As systemd starts a service again that has a socket unit. */
static int start_with_socket(struct process *helper, int listener)
{
	static const char *const argv[] = { "sh", "-c",
		"export LISTEN_PID=$$ LISTEN_FDS=1; exec amt-helper serve",
		NULL };
	int err = process_start(helper, listener, true, argv);

	return err ? err : process_expect(helper, "port 16992 bound");
}

TEST_F(reload, with_a_passed_socket_who_comes_meanwhile_is_served)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(HTTP_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;
	int waits;

	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	ASSERT_EQ(0, setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on,
				sizeof(on)));
	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&address,
			  sizeof(address)));
	ASSERT_EQ(0, listen(listener, 8));
	ASSERT_EQ(0, start_with_socket(&self->helper, listener));
	EXPECT_EQ(0, client_works());
	ASSERT_EQ(0, kill_serve(&self->helper));
	waits = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, waits);
	ASSERT_EQ(0, start_with_socket(&self->helper, listener));
	EXPECT_EQ(0, channel_works(waits));
	close(waits);
	EXPECT_EQ(0, all_slots_work());
	close(listener);
}

TEST_HARNESS_MAIN
