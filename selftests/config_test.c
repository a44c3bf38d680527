// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper serve: where it listens, from options and files. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "testlib.h"

/* Exit codes of amt-helper(8). */
#define EXIT_USAGE 2
#define EXIT_CONFIG 16

#define DIR "/etc/amt-helper"
#define MAIN DIR "/amt-helper.conf"
#define DROP_IN DIR "/amt-helper.conf.d"
#define SERVE(...) (const char *const[]){ "amt-helper", "serve", \
					  ##__VA_ARGS__, NULL }

FIXTURE(config) {
	struct machine machine;
	struct process helper;
	struct result r;
};

FIXTURE_SETUP(config)
{
	ASSERT_EQ(0, run(&self->r, "rm", "-rf", DIR));
	ASSERT_EQ(0, run(&self->r, "mkdir", "-p", DROP_IN));
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
}

FIXTURE_TEARDOWN(config)
{
	if (self->helper.pid)
		EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	if (self->helper.pidfd)
		process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
	EXPECT_EQ(0, run(&self->r, "rm", "-rf", DIR));
}

static int write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -errno;
	fputs(text, file);
	return fclose(file);
}

/* A connection to an IPv4 address of this machine, or -errno. */
static int connect_to(const char *address, unsigned int port)
{
	struct sockaddr_in in4 = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = inet_addr(address),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (connect(fd, (struct sockaddr *)&in4, sizeof(in4)))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Whether AMT's HTTP server answers there. */
static bool answers(int fd)
{
	struct http_answer answer;
	bool right;

	if (fd < 0 || http_get(fd, "/down/1000", true, &answer))
		return false;
	right = answer.status == 200 && answer.len == 1000;
	http_free(&answer);
	return right;
}

static bool answers_at(const char *address, unsigned int port)
{
	int fd = connect_to(address, port);
	bool right = answers(fd);

	close(fd);
	return right;
}

TEST_F(config, a_port_offset_moves_the_listener_and_not_amts_port)
{
	ASSERT_EQ(0, process_start(&self->helper, -1, true,
				   SERVE("--port-offset", "10000")));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 16992 bound on 127.0.0.1:26992 and [::1]:26992"));
	EXPECT_TRUE(answers_at("127.0.0.1", 26992));
	EXPECT_EQ(-ECONNREFUSED, connect_to("127.0.0.1", 16992));
	/* To AMT it is 16992 that is forwarded and connected to. */
	ASSERT_EQ(0, sim_ask(&self->r, "trace"));
	EXPECT_NE(NULL, strstr(self->r.text, "5100004260"))
		TH_LOG("sent: %s", self->r.text);
	EXPECT_NE(NULL, strstr(self->r.text, "3132372E302E302E3100004260"))
		TH_LOG("sent: %s", self->r.text);
}

TEST_F(config, the_offset_reaches_the_first_and_the_last_port)
{
	ASSERT_EQ(0, process_start(&self->helper, -1, true,
				   SERVE("--port-offset", "48543")));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 16992 bound on 127.0.0.1:65535"));
	EXPECT_TRUE(answers_at("127.0.0.1", 65535));
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);

	ASSERT_EQ(0, process_start(&self->helper, -1, true,
				   SERVE("--port-offset", "-622")));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 623 bound on 127.0.0.1:1"));
	EXPECT_TRUE(answers_at("127.0.0.1", 1));
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);

	ASSERT_EQ(0, process_start(&self->helper, -1, true,
				   SERVE("--port-offset=48544")));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 16992: with the port offset it is 65536"));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 623 bound on 127.0.0.1:49167"));
	EXPECT_TRUE(answers_at("127.0.0.1", 49167));
}

/* What sd_listen_fds(3) says of a descriptor 3. */
#define PASSED (const char *const[]){ "sh", "-c", \
	"export LISTEN_PID=$$ LISTEN_FDS=1; exec amt-helper serve", NULL }

TEST_F(config, a_passed_socket_is_listened_on)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(623),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int passed = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1; /* as systemd does */
	int early;

	setsockopt(passed, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ASSERT_EQ(0, bind(passed, (struct sockaddr *)&address,
			  sizeof(address)));
	/* It is nobody's yet. */
	ASSERT_EQ(0, process_start(&self->helper, passed, true, PASSED));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "not a listening TCP socket"));
	EXPECT_EQ(EXIT_USAGE, process_wait(&self->helper));
	process_close(&self->helper);

	ASSERT_EQ(0, listen(passed, 8));
	early = connect_to("127.0.0.1", 623);
	ASSERT_LE(0, early);
	ASSERT_EQ(0, process_start(&self->helper, passed, true, PASSED));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 623 bound on 127.0.0.1 and [::1]"));
	EXPECT_TRUE(answers(early));
	close(early);
	EXPECT_TRUE(answers_at("127.0.0.1", 623));
	/* It moves, while the service manager listens on, and comes back. */
	ASSERT_EQ(0, write_file(MAIN, "[serve]\nport-offset = 7\n"));
	ASSERT_EQ(0, kill(self->helper.pid, SIGHUP));
	ASSERT_EQ(0, process_expect(&self->helper, "configuration loaded"));
	EXPECT_TRUE(answers_at("127.0.0.1", 630));
	ASSERT_EQ(0, write_file(MAIN, ""));
	ASSERT_EQ(0, kill(self->helper.pid, SIGHUP));
	ASSERT_EQ(0, process_expect(&self->helper, "configuration loaded"));
	EXPECT_TRUE(answers_at("127.0.0.1", 623));
	close(passed);
}

#define IPV6_OF_LO "/proc/sys/net/ipv6/conf/lo/disable_ipv6"

TEST_F(config, without_ipv6_there_is_127_0_0_1_and_no_complaint)
{
	char line[512];

	ASSERT_EQ(0, write_file(IPV6_OF_LO, "1"));
	ASSERT_EQ(0, process_start(&self->helper, -1, true, SERVE()));
	/* 623 is the last line, so there was none between. */
	EXPECT_EQ(0, process_expect_line(&self->helper, "16992", line,
					 sizeof(line)));
	EXPECT_STREQ("amt-helper: port 16992 bound on 127.0.0.1", line);
	EXPECT_EQ(0, process_expect_line(&self->helper, "", line,
					 sizeof(line)));
	EXPECT_STREQ("amt-helper: port 623 bound on 127.0.0.1", line);
	EXPECT_EQ(0, run(&self->r, "amt-helper", "status"));
	EXPECT_EQ(NULL, strstr(self->r.text, "failed"))
		TH_LOG("%s", self->r.text);
	EXPECT_TRUE(answers_at("127.0.0.1", HTTP_PORT));
	ASSERT_EQ(0, write_file(IPV6_OF_LO, "0"));
}

TEST_F(config, ports_623_and_664_are_like_the_others)
{
	int fd;

	ASSERT_EQ(0, process_start(&self->helper, -1, true, SERVE()));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 623 bound on 127.0.0.1 and [::1]"));
	EXPECT_TRUE(answers_at("127.0.0.1", 623));
	ASSERT_EQ(0, sim_command("forward 664"));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 664 bound on 127.0.0.1 and [::1]"));
	ASSERT_EQ(0, sim_command("trace"));
	fd = connect_to("127.0.0.1", 664);
	ASSERT_LE(0, fd);
	/* CHANNEL_OPEN to "127.0.0.1" 664 */
	ASSERT_EQ(0, sim_ask(&self->r, "trace 5A0000000F"));
	EXPECT_NE(NULL, strstr(self->r.text, "3132372E302E302E3100000298"))
		TH_LOG("sent: %s", self->r.text);
	close(fd);
}

TEST_F(config, a_result_that_is_no_port_costs_that_port_only)
{
	ASSERT_EQ(0, process_start(&self->helper, -1, true,
				   SERVE("--port-offset", "-700")));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 16992 bound on 127.0.0.1:16292"));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 623: with the port offset it is -77"));
	EXPECT_TRUE(answers_at("127.0.0.1", 16292));
}

TEST_F(config, bind_replaces_loopback_and_warns_of_the_rest)
{
	ASSERT_EQ(0, process_start(&self->helper, -1, true,
				   SERVE("--bind", "127.0.0.2")));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 16992 bound on 127.0.0.2"));
	EXPECT_TRUE(answers_at("127.0.0.2", 16992));
	EXPECT_EQ(-ECONNREFUSED, connect_to("127.0.0.1", 16992));
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);

	ASSERT_EQ(0, process_start(&self->helper, -1, true,
				   SERVE("--bind", "0.0.0.0", "--bind",
					 "[::1]")));
	EXPECT_EQ(0, process_expect(&self->helper,
				    "bind 0.0.0.0: not loopback"));
	EXPECT_EQ(0, process_expect(&self->helper,
				    "port 16992 bound on 0.0.0.0 and [::1]"));
	EXPECT_TRUE(answers_at("127.0.0.3", 16992));
}

TEST_F(config, wrong_options_are_2)
{
	EXPECT_EQ(EXIT_USAGE, run(&self->r, "amt-helper", "serve", "--bind",
				  "localhost"));
	EXPECT_EQ(EXIT_USAGE, run(&self->r, "amt-helper", "serve", "--bind",
				  "::1", "--bind", "[::1]"));
	EXPECT_EQ(EXIT_USAGE, run(&self->r, "amt-helper", "serve",
				  "--port-offset", "65535"));
	EXPECT_EQ(EXIT_USAGE, run(&self->r, "amt-helper", "serve",
				  "--port-offset", "1x"));
}

TEST_F(config, later_files_win_and_the_command_line_over_all)
{
	ASSERT_EQ(0, write_file(MAIN, "# comment\n[serve]\nbind = 127.0.0.2\n"
				"port-offset = 1\n"));
	ASSERT_EQ(0, write_file(DROP_IN "/20.conf", "[serve]\n"
				"port-offset = 3\n"));
	ASSERT_EQ(0, write_file(DROP_IN "/10.conf", "[serve]\nport-offset = 2\n"
				"bind =\nbind = 127.0.0.3\n"));
	ASSERT_EQ(0, write_file(DROP_IN "/30.conf.off", "nonsense\n"));
	ASSERT_EQ(0, process_start(&self->helper, -1, true, SERVE()));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 16992 bound on 127.0.0.3:16995"));
	EXPECT_TRUE(answers_at("127.0.0.3", 16995));
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);

	ASSERT_EQ(0, process_start(&self->helper, -1, true,
				   SERVE("--port-offset", "0", "--bind",
					 "127.0.0.4")));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "port 16992 bound on 127.0.0.4"));
	EXPECT_TRUE(answers_at("127.0.0.4", 16992));
}

TEST_F(config, a_wrong_file_is_16_and_says_where)
{
	static const struct {
		const char *text;
		const char *where;
	} wrong[] = {
		{ "[serve]\nbind = localhost\n", ":2: not an IP address" },
		{ "[serve]\n\nport-offset = many\n", ":3: not a number" },
		{ "bind = 127.0.0.1\n", ":1: outside of [serve]" },
		{ "[serve]\nbnd = 127.0.0.1\n", ":2: no such key" },
		{ "[serve]\nwhat is this\nbind = x\n", ":2: neither" },
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char line[128];

		ASSERT_EQ(0, write_file(DROP_IN "/1.conf", wrong[i].text));
		ASSERT_EQ(0, process_start(&self->helper, -1, true, SERVE()));
		snprintf(line, sizeof(line), DROP_IN "/1.conf%s",
			 wrong[i].where);
		EXPECT_EQ(0, process_expect(&self->helper, line));
		EXPECT_EQ(EXIT_CONFIG, process_wait(&self->helper));
		process_close(&self->helper);
	}
	self->helper.pidfd = 0;
}

TEST_F(config, a_folder_that_cannot_be_read_is_16)
{
	ASSERT_EQ(0, write_file(DROP_IN "/1.conf", "[serve]\nbind =\n"));
	ASSERT_EQ(0, chmod(DROP_IN, 0700));
	EXPECT_EQ(EXIT_CONFIG, run(&self->r, "su", "nobody", "-c",
				   "amt-helper serve 2>&1"));
	EXPECT_NE(NULL, strstr(self->r.text, DROP_IN ": Permission denied"))
		TH_LOG("%s", self->r.text);
}

TEST_F(config, sighup_moves_listeners_and_keeps_channels)
{
	int fd;

	ASSERT_EQ(0, process_start(&self->helper, -1, true, SERVE()));
	ASSERT_EQ(0, process_expect(&self->helper, "port 16992 bound"));
	fd = connect_to("127.0.0.1", HTTP_PORT);
	EXPECT_TRUE(answers(fd));

	ASSERT_EQ(0, write_file(MAIN, "[serve]\nport-offset = 7\n"));
	ASSERT_EQ(0, kill(self->helper.pid, SIGHUP));
	ASSERT_EQ(0, process_expect(&self->helper, "configuration loaded"));
	EXPECT_EQ(-ECONNREFUSED, connect_to("127.0.0.1", HTTP_PORT));
	EXPECT_TRUE(answers_at("127.0.0.1", HTTP_PORT + 7));
	EXPECT_TRUE(answers(fd));

	ASSERT_EQ(0, write_file(MAIN, "[serve]\nport-offset = x\n"));
	ASSERT_EQ(0, kill(self->helper.pid, SIGHUP));
	ASSERT_EQ(0, process_expect(&self->helper,
				    "configuration not changed: " MAIN ":2:"));
	EXPECT_TRUE(answers_at("127.0.0.1", HTTP_PORT + 7));
	EXPECT_TRUE(answers(fd));
	close(fd);
}

TEST_HARNESS_MAIN
