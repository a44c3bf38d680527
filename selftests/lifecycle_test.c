// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper serve: what it writes of its life, and how it ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define CONFIG "/etc/amt-helper/amt-helper.conf"
#define JOURNAL "/run/systemd/journal/socket"
/* syslog(3) */
#define ERROR 3
#define WARNING 4
#define INFO 6

FIXTURE(lifecycle) {
	struct machine machine;
	struct process serve;
	struct result r;
	int journal;
	int taken;
};

/* As journald has it: a datagram for each entry. */
static int journal_open(void)
{
	struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = JOURNAL,
	};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	mkdir("/run/systemd", 0755);
	mkdir("/run/systemd/journal", 0755);
	unlink(JOURNAL);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return fd;
}

/* A listener in the way of the helper's. */
static int take_port(unsigned int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 1))
		return -errno;
	return fd;
}

/* Its stderr is the journal's, as far as it can see. */
FIXTURE_SETUP(lifecycle)
{
	ASSERT_EQ(0, run(&self->r, "mkdir", "-p", "/etc/amt-helper"));
	unlink(CONFIG);
	self->journal = journal_open();
	ASSERT_LE(0, self->journal);
	self->taken = take_port(623);
	ASSERT_LE(0, self->taken);
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, process_start(&self->serve, -1, true,
				   (const char *const[]){ "sh", "-c",
				   "export JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2); "
				   "exec amt-helper serve", NULL }));
}

FIXTURE_TEARDOWN(lifecycle)
{
	if (self->serve.pid)
		EXPECT_EQ(0, process_end(&self->serve, SIGTERM));
	process_close(&self->serve);
	EXPECT_EQ(0, machine_stop(&self->machine));
	close(self->taken);
	close(self->journal);
	unlink(JOURNAL);
	unlink(CONFIG);
}

static bool has_line(const char *entry, const char *field, const char *value)
{
	char line[512];

	snprintf(line, sizeof(line), "\n%s=%s", field, value);
	return strstr(entry, line);
}

/* Take entries up to the one with that message; what is wrong with it. */
static int expect_entry(int journal, const char *message, const char *id,
			int priority)
{
	char entry[4096] = "\n", number[16];
	ssize_t n;

	do {
		if (!fd_wait(journal, POLLIN, WAIT_MS)) {
			say("no entry \"%s\"", message);
			return -ETIME;
		}
		n = read(journal, entry + 1, sizeof(entry) - 2);
		if (n < 0)
			return -errno;
		entry[n + 1] = 0;
	} while (!has_line(entry, "MESSAGE", message));
	snprintf(number, sizeof(number), "%d\n", priority);
	if (has_line(entry, "MESSAGE_ID", id) &&
	    has_line(entry, "PRIORITY", number))
		return 0;
	say("not with %s and %d: %s", id, priority, entry);
	return -EPROTO;
}

#define EXPECT_ENTRY(message, id, priority) \
	EXPECT_EQ(0, expect_entry(self->journal, message, id, priority))

static int reload(const struct process *serve, const char *text)
{
	FILE *file = fopen(CONFIG, "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		return -errno;
	return kill(serve->pid, SIGHUP) ? -errno : 0;
}

/* The table in amt-helper.rst, "Lines". */
TEST_F(lifecycle, each_line_has_its_id_in_the_journal)
{
	char rest[64];

	EXPECT_ENTRY(relayed() ? "link up: generation 1, transport relay, " :
				 "link up: generation 1, transport bus, ",
		     "fb4054ab1a384653bef912f00d5a7dd4", INFO);
	EXPECT_ENTRY("port 16992 bound on 127.0.0.1 and [::1]",
		     "c1da0be02a7943dd9c0247d896923354", INFO);
	EXPECT_ENTRY("port 623: address in use",
		     "fec99eb8e7c24fc28b6b064f642db549", ERROR);
	ASSERT_EQ(0, sim_command("refuse 9 2"));
	EXPECT_NE(0, run(&self->r, "curl", "--silent", HTTP_URL "/down/1"));
	EXPECT_ENTRY("port 16992: no channel: AMT refused the channel",
		     "29bca52bb6444955a07ea828772e1dfa", WARNING);
	ASSERT_EQ(0, sim_command("cancel 16992"));
	EXPECT_ENTRY("port 16992 dormant",
		     "aeca4dfae8264a159e77f5c54e422ab6", INFO);
	ASSERT_EQ(0, sim_command("forward 16992"));
	EXPECT_ENTRY("port 16992 active",
		     "d0f585c170aa4bdd9913743fc950a0c9", INFO);
	ASSERT_EQ(0, sim_vanish(&self->machine));
	EXPECT_ENTRY("link lost: generation 1",
		     "0f7d7fbb585e459180fa1353aa0c35f9", WARNING);
	EXPECT_ENTRY("link waiting: ",
		     "98876e37af884b9cb14689a2f55cccfe", WARNING);
	ASSERT_EQ(0, sim_start(&self->machine, (const char *const[]){
			       "--ports", "16992", NULL }));
	EXPECT_ENTRY(relayed() ?
		     "link recovered: generation 2, transport relay, " :
		     "link recovered: generation 2, transport bus, ",
		     "c49c76fe1f5245399dddf5ee00208f6e", INFO);
	EXPECT_ENTRY("port 623 gone",
		     "2d38afa9dc734c2cb88cf2a2ca448195", INFO);
	ASSERT_EQ(0, reload(&self->serve, "[serve]\nbind = 0.0.0.0\n"));
	EXPECT_ENTRY("bind 0.0.0.0: not loopback",
		     "ac13bb6047ce4dc795a4c5416c9556ea", WARNING);
	EXPECT_ENTRY("configuration loaded",
		     "b3827e4abc9a47bc8b9ebf277ad4d4e6", INFO);
	ASSERT_EQ(0, reload(&self->serve, "nonsense\n"));
	EXPECT_ENTRY("configuration not changed: " CONFIG ":1: ",
		     "409283b41b674f868b129ebcdc04d9f8", ERROR);
	/* What goes to the journal by itself does not go there twice. */
	EXPECT_EQ(0, process_end(&self->serve, SIGTERM));
	EXPECT_EQ(0, read(self->serve.err, rest, sizeof(rest)));
}

/* ---- The end ---- */

TEST_F(lifecycle, sigterm_closes_channels_and_then_ends_the_session)
{
	const char *closed, *ended;
	int fd;

	EXPECT_ENTRY("port 16992 bound", "c1da0be02a7943dd9c0247d896923354",
		     INFO);
	fd = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, channel_works(fd));
	ASSERT_EQ(0, sim_command("trace"));
	EXPECT_EQ(0, process_end(&self->serve, SIGTERM));
	EXPECT_EQ(-ECONNREFUSED, tcp_connect(AF_INET, HTTP_PORT));
	/* CLOSE, then DISCONNECT(11) when the driver has lingered for 5 s. */
	ASSERT_EQ(0, sim_ask(&self->r, "trace 01"));
	closed = strstr(self->r.text, "61000000");
	ended = strstr(self->r.text, "010000000B");
	EXPECT_NE(NULL, closed) TH_LOG("sent: %s", self->r.text);
	EXPECT_NE(NULL, ended) TH_LOG("sent: %s", self->r.text);
	EXPECT_LT(closed, ended) TH_LOG("sent: %s", self->r.text);
	close(fd);
}

TEST_F(lifecycle, the_module_stays_while_it_is_served_from)
{
	int fd;

	EXPECT_ENTRY("port 16992 bound", "c1da0be02a7943dd9c0247d896923354",
		     INFO);
	EXPECT_EQ(-EAGAIN, module_unload("amt_lme"));
	fd = tcp_connect(AF_INET, HTTP_PORT);
	EXPECT_EQ(0, channel_works(fd));
	close(fd);
}

/* ---- Who AMT is told is connected ---- */

TEST_F(lifecycle, amt_is_told_the_clients_own_address_and_port)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	char tail[128];
	int fd;

	EXPECT_ENTRY("port 16992 bound", "c1da0be02a7943dd9c0247d896923354",
		     INFO);
	ASSERT_EQ(0, sim_command("trace"));
	fd = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, getsockname(fd, (struct sockaddr *)&address, &length));
	/* CHANNEL_OPEN: "127.0.0.1" 16992 is connected to by "127.0.0.1". */
	snprintf(tail, sizeof(tail),
		 "FFFFFFFF000000093132372E302E302E3100004260"
		 "000000093132372E302E302E31%08X\n", ntohs(address.sin_port));
	ASSERT_EQ(0, sim_ask(&self->r, "trace 5A0000000F"));
	EXPECT_NE(NULL, strstr(self->r.text, tail))
		TH_LOG("not %s in %s", tail, self->r.text);
	close(fd);
	/* "::1" 16992 by "::1". */
	fd = tcp_connect(AF_INET6, HTTP_PORT);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sim_ask(&self->r, "trace 5A0000000F"));
	EXPECT_NE(NULL, strstr(self->r.text,
			       "FFFFFFFF000000033A3A3100004260000000033A3A31"))
		TH_LOG("sent: %s", self->r.text);
	close(fd);
}

TEST_HARNESS_MAIN
