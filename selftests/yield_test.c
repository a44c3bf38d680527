// SPDX-License-Identifier: GPL-2.0-only
/* The link is left to another program, and taken back. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "testlib.h"

FIXTURE(yield) {
	struct machine machine;
	struct link_state link;
	struct genl events;
	struct result r;
	int hold;
	int ctl;
};

FIXTURE_SETUP(yield)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, genl_open(&self->events, true));
	self->hold = ctl_hold();
	ASSERT_LE(0, self->hold);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	self->ctl = ctl_open();
	ASSERT_LE(0, self->ctl);
}

FIXTURE_TEARDOWN(yield)
{
	if (self->ctl >= 0)
		close(self->ctl);
	close(self->hold);
	genl_close(&self->events);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

static int yield_now(int ctl)
{
	return ioctl(ctl, AMT_LME_IOC_YIELD) ? -errno : 0;
}

#define WAIT_FOR(link_state) \
	ASSERT_EQ(0, link_wait(&self->events, AMT_LME_LINK_STATE_##link_state, \
			       &self->link))

/* Relayed, AMT takes two connections; bare makes one of its own. */
TEST_F(yield, another_program_has_lme_meanwhile)
{
	if (!relayed())
		EXPECT_NE(0, run(&self->r, "bare", "open"));
	ASSERT_EQ(0, yield_now(self->ctl));
	ASSERT_EQ(0, yield_now(self->ctl));
	WAIT_FOR(YIELDED);
	EXPECT_EQ(11, sim_stat("last_disconnect_reason"));
	EXPECT_EQ(0, run(&self->r, "bare", "open")) TH_LOG("%s", self->r.text);
	close(self->ctl);
	self->ctl = -1;
	WAIT_FOR(UP);
	EXPECT_EQ(2, self->link.generation);
	EXPECT_EQ(0, next_open_works());
}

TEST_F(yield, channels_end_and_openers_wait)
{
	int before = node_open(HTTP_PORT, O_RDWR);
	char byte;
	int fd;

	ASSERT_LE(0, before);
	ASSERT_EQ(0, yield_now(self->ctl));
	EXPECT_EQ(-1, read(before, &byte, 1));
	EXPECT_EQ(ECONNRESET, errno);
	close(before);
	WAIT_FOR(YIELDED);
	fd = node_open(HTTP_PORT, O_RDWR | O_NONBLOCK);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, fd_wait(fd, POLLOUT, 0));
	close(self->ctl);
	self->ctl = -1;
	EXPECT_EQ(POLLOUT, fd_wait(fd, POLLOUT, WAIT_MS));
	EXPECT_EQ(0, fcntl(fd, F_SETFL, 0));
	EXPECT_EQ(0, channel_works(fd));
	close(fd);
}

TEST_F(yield, it_lasts_until_the_last_file_is_closed)
{
	int second = ctl_open();

	ASSERT_LE(0, second);
	ASSERT_EQ(0, yield_now(self->ctl));
	ASSERT_EQ(0, yield_now(second));
	WAIT_FOR(YIELDED);
	close(second);
	EXPECT_EQ(0, run(&self->r, "bare", "open")) TH_LOG("%s", self->r.text);
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(AMT_LME_LINK_STATE_YIELDED, self->link.state);
}

TEST_F(yield, it_needs_cap_net_admin)
{
	ASSERT_EQ(0, net_admin(false));
	EXPECT_EQ(-EPERM, yield_now(self->ctl));
	ASSERT_EQ(0, net_admin(true));
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(AMT_LME_LINK_STATE_UP, self->link.state);
}

TEST_F(yield, the_helper_runs_a_command_and_returns_its_status)
{
	EXPECT_EQ(0, run(&self->r, "amt-helper", "yield", "bare", "open"));
	EXPECT_NE(NULL, strstr(self->r.text, "16992")) TH_LOG("%s", self->r.text);
	EXPECT_EQ(3, run(&self->r, "amt-helper", "yield", "--", "sh", "-c",
			 "exit 3"));
	EXPECT_EQ(127, run(&self->r, "amt-helper", "yield", "no-such-command"));
	WAIT_FOR(UP);
	EXPECT_EQ(0, next_open_works());
}

TEST_F(yield, who_ignores_its_children_gets_the_status_all_the_same)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGCHLD, SIG_IGN);
		execlp("amt-helper", "amt-helper", "yield", "--", "sh", "-c",
		       "exit 3", NULL);
		_exit(127);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(3, WEXITSTATUS(status));
	WAIT_FOR(UP);
}

/* Until it takes signals by itself: before, they just end it. */
static int wait_takes_signals(const struct process *p)
{
	char path[32], line[128];
	unsigned long blocked = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", p->pid);
	while (!(blocked & 1UL << (SIGTERM - 1))) {
		sched_yield();
		file = fopen(path, "re");
		if (!file)
			return -errno;
		while (fgets(line, sizeof(line), file))
			sscanf(line, "SigBlk: %lx", &blocked);
		fclose(file);
	}
	return 0;
}

/* Firmware that says nothing keeps LME from being free. */
static void end_before_it_is_free(struct __test_metadata *_metadata,
				  FIXTURE_DATA(yield) *self,
				  const char *const argv[])
{
	struct process p;

	ASSERT_EQ(0, process_suspend(&self->machine.sim));
	ASSERT_EQ(0, process_start(&p, -1, true, argv));
	WAIT_FOR(CONNECTING);
	ASSERT_EQ(0, wait_takes_signals(&p));
	EXPECT_EQ(128 + SIGTERM, process_end(&p, SIGTERM));
	process_close(&p);
	EXPECT_EQ(0, kill(self->machine.sim.pid, SIGCONT));
	WAIT_FOR(UP);
}

TEST_F(yield, a_command_that_never_ran_has_not_succeeded)
{
	end_before_it_is_free(_metadata, self, (const char *const[]){
			      "amt-helper", "yield", "--", "true", NULL });
}

TEST_F(yield, what_was_never_free_was_not_yielded)
{
	end_before_it_is_free(_metadata, self, (const char *const[]){
			      "amt-helper", "yield", NULL });
}

/* The socket for events is the one that does not block. */
static int watch_of(const struct process *p)
{
	int domain = 0, fd = -1;

	for (int i = 0; i < 32; i++) {
		fd = (int)syscall(SYS_pidfd_getfd, p->pidfd, i, 0);
		if (fd >= 0 && !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain,
					   &(socklen_t){ sizeof(domain) }) &&
		    domain == AF_NETLINK && fcntl(fd, F_GETFL) & O_NONBLOCK)
			return fd;
		close(fd);
	}
	return -ENOENT;
}

/* A request that no family has is answered with an error, which it reads. */
static int break_watch(const struct process *p)
{
	const struct nlmsghdr nonsense = {
		.nlmsg_len = sizeof(nonsense),
		.nlmsg_type = 0x7fff,
		.nlmsg_flags = NLM_F_REQUEST,
	};
	int fd = watch_of(p);
	char byte;

	if (fd < 0)
		return fd;
	if (send(fd, &nonsense, sizeof(nonsense), 0) < 0)
		return -errno;
	while (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		sched_yield();
	close(fd);
	return 0;
}

TEST_F(yield, a_command_runs_on_when_the_link_cannot_be_watched)
{
	static const char *const argv[] = { "amt-helper", "yield", "--", "sh",
		"-c", "echo runs >&2; read -r end <&3; exit 3", NULL };
	struct process p;
	int end[2];

	ASSERT_EQ(0, pipe2(end, O_CLOEXEC));
	ASSERT_EQ(0, process_start(&p, end[0], true, argv));
	ASSERT_EQ(0, process_expect(&p, "runs"));
	EXPECT_EQ(0, break_watch(&p));
	close(end[1]);
	EXPECT_EQ(3, process_wait(&p));
	process_close(&p);
	close(end[0]);
	WAIT_FOR(UP);
}

TEST_F(yield, the_helper_ends_a_command_in_time)
{
	EXPECT_EQ(7, run(&self->r, "amt-helper", "yield", "--for", "1", "--",
			 "tail", "-f", "/dev/null"));
	WAIT_FOR(UP);
}

#define IGNORE_TERM "trap '' TERM; exec tail -f /dev/null"

/* LME first, and then the command. */
TEST_F(yield, the_helper_takes_lme_from_a_command_that_does_not_end)
{
	static const char *const argv[] = { "amt-helper", "yield", "--for",
					    "1", "--", "sh", "-c",
					    IGNORE_TERM, NULL };
	struct process p;

	ASSERT_EQ(0, process_start(&p, -1, true, argv));
	WAIT_FOR(YIELDED);
	WAIT_FOR(UP);
	EXPECT_TRUE(process_is_running(&p));
	EXPECT_EQ(0, process_expect(&p, "sh was ended after 1 s"));
	EXPECT_EQ(7, process_wait(&p));
	process_close(&p);
}

#define SAY_SIGNALS \
	"trap 'echo got INT' INT; trap 'echo got TERM; kill $!; exit 5' TERM;" \
	"tail -f /dev/null & echo ready; while :; do wait; done"

/* On a terminal: Ctrl-C, and then SIGTERM for the helper. */
static int end_on_terminal(char *seen, size_t size)
{
	bool typed = false, ended = false;
	int terminal, status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		execlp("amt-helper", "amt-helper", "yield", "--", "sh", "-c",
		       SAY_SIGNALS, NULL);
		_exit(127);
	}
	/* The end of a terminal is EIO. */
	while ((n = read(terminal, seen + len, size - 1 - len)) > 0) {
		len += n;
		seen[len] = 0;
		if (!typed && strstr(seen, "ready"))
			typed = write(terminal, "\3", 1) == 1;
		if (!ended && strstr(seen, "got INT"))
			ended = kill(pid, SIGTERM) == 0;
	}
	waitpid(pid, &status, 0);
	close(terminal);
	return WEXITSTATUS(status);
}

TEST_F(yield, a_command_gets_each_signal_once)
{
	char seen[1024] = "";
	char *got;

	EXPECT_EQ(5, end_on_terminal(seen, sizeof(seen)));
	got = strstr(seen, "got INT");
	ASSERT_NE(NULL, got) TH_LOG("%s", seen);
	EXPECT_EQ(NULL, strstr(got + 1, "got INT")) TH_LOG("%s", seen);
	EXPECT_NE(NULL, strstr(got, "got TERM"));
}

TEST_F(yield, the_helper_yields_until_it_is_ended)
{
	static const char *const argv[] = { "amt-helper", "yield", NULL };
	struct process p;

	ASSERT_EQ(0, process_start(&p, -1, true, argv));
	ASSERT_EQ(0, process_expect(&p, "LME is free"));
	EXPECT_EQ(6, run(&self->r, "amt-helper", "status"));
	EXPECT_EQ(0, process_end(&p, SIGTERM));
	process_close(&p);
	WAIT_FOR(UP);
}

TEST_F(yield, a_helper_that_is_killed_yields_no_more)
{
	static const char *const argv[] = { "amt-helper", "yield", NULL };
	struct process p;

	ASSERT_EQ(0, process_start(&p, -1, true, argv));
	ASSERT_EQ(0, process_expect(&p, "LME is free"));
	EXPECT_EQ(128 + SIGKILL, process_end(&p, SIGKILL));
	process_close(&p);
	WAIT_FOR(UP);
}

FIXTURE(without_command) {
	struct machine machine;
	struct process helper;
	struct link_state link;
	struct result r;
};

FIXTURE_VARIANT(without_command) {
	const char *option[2]; /* of yield */
	int signal; /* that ends it, or 0 */
};

FIXTURE_VARIANT_ADD(without_command, until_sigterm) {
	.signal = SIGTERM,
};

FIXTURE_VARIANT_ADD(without_command, until_sigint) {
	.signal = SIGINT,
};

FIXTURE_VARIANT_ADD(without_command, for_1_s) {
	.option = { "--for", "1" },
};

FIXTURE_SETUP(without_command)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, serve_start(&self->helper));
}

FIXTURE_TEARDOWN(without_command)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(without_command, who_connects_meanwhile_is_served_afterwards)
{
	const char *const argv[] = { "amt-helper", "yield", variant->option[0],
				     variant->option[1], NULL };
	struct http_answer answer;
	struct process p;
	int tcp;

	ASSERT_EQ(0, process_start(&p, -1, true, argv));
	ASSERT_EQ(0, process_expect(&p, "LME is free"));
	tcp = tcp_connect(AF_INET, HTTP_PORT);
	ASSERT_LE(0, tcp);
	ASSERT_EQ(0, http_send(tcp, "/down/100", false, NULL, 0));
	if (variant->signal) {
		EXPECT_EQ(6, run(&self->r, "amt-helper", "status"));
		EXPECT_NE(NULL, strstr(self->r.text, "connections  1"))
			TH_LOG("%s", self->r.text);
		EXPECT_EQ(0, fd_wait(tcp, POLLIN, 0));
		EXPECT_EQ(0, kill(p.pid, variant->signal));
	}
	EXPECT_EQ(0, process_wait(&p));
	process_close(&p);
	ASSERT_EQ(POLLIN, fd_wait(tcp, POLLIN, WAIT_MS));
	ASSERT_EQ(0, http_receive(tcp, &answer));
	EXPECT_EQ(200, answer.status);
	EXPECT_EQ(100, answer.len);
	http_free(&answer);
	close(tcp);
	ASSERT_EQ(0, link_get(&self->link));
	EXPECT_EQ(2, self->link.generation);
}

TEST_HARNESS_MAIN
