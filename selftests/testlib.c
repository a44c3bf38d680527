// SPDX-License-Identifier: GPL-2.0-only
/* What the tests in the virtual machine share. See testlib.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "testlib.h"

#define LOCK "/run/amt_lme_test.lock"
#define NODES "/dev/amt_lme"

void say(const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "# %s\n", line);
}

static int fail(int err, const char *what)
{
	say("%s: %s", what, strerror(-err));
	return err;
}

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

unsigned int env_number(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

int net_admin(bool on)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return fail(-errno, "capget");
	data[0].effective &= ~(1u << CAP_NET_ADMIN);
	data[0].effective |= (unsigned int)on << CAP_NET_ADMIN;
	return syscall(SYS_capset, &header, data) ? fail(-errno, "capset") : 0;
}

int fd_wait(int fd, short events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do {
		n = poll(&p, 1, ms);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : p.revents;
}

/* ---- Processes ---- */

static void child(int fd3, int out, int err, const char *const argv[])
{
	/* Also when the harness kills the test after its time. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	if (err >= 0)
		dup2(err, STDERR_FILENO);
	if (fd3 == 3)
		fcntl(3, F_SETFD, 0);
	else if (fd3 >= 0)
		dup2(fd3, 3);
	execvp(argv[0], (char *const *)argv);
	say("%s: %s", argv[0], strerror(errno));
	_exit(127);
}

int process_start(struct process *p, int fd3, bool catch_stderr,
		  const char *const argv[])
{
	int err[2] = { -1, -1 };

	memset(p, 0, sizeof(*p));
	p->out = memfd_create(argv[0], MFD_CLOEXEC);
	if (p->out < 0 || (catch_stderr && pipe2(err, O_CLOEXEC)))
		return fail(-errno, argv[0]);
	p->err = err[0];
	fflush(NULL);
	p->pid = fork();
	if (p->pid < 0)
		return fail(-errno, "fork");
	if (!p->pid)
		child(fd3, p->out, err[1], argv);
	if (catch_stderr)
		close(err[1]);
	p->pidfd = pidfd_open(p->pid, 0);
	return p->pidfd < 0 ? fail(-errno, "pidfd_open") : 0;
}

/* Takes the next line out of what was read; false when there is none. */
static bool next_line(struct process *p, char *line, size_t size)
{
	char *end = memchr(p->line, '\n', p->line_len);
	size_t n;

	if (!end && p->line_len == sizeof(p->line))
		end = p->line + p->line_len - 1;
	if (!end)
		return false;
	*end = 0;
	snprintf(line, size, "%s", p->line);
	n = end + 1 - p->line;
	p->line_len -= n;
	memmove(p->line, end + 1, p->line_len);
	return true;
}

int process_expect_line(struct process *p, const char *text, char *line,
			size_t size)
{
	ssize_t n;

	for (;;) {
		while (next_line(p, line, size)) {
			say("%s", line);
			if (strstr(line, text))
				return 0;
		}
		n = fd_wait(p->err, POLLIN, WAIT_MS);
		if (!n)
			return fail(-ETIME, text);
		n = read(p->err, p->line + p->line_len,
			 sizeof(p->line) - p->line_len);
		if (n <= 0)
			return fail(n ? -errno : -EPIPE, text);
		p->line_len += n;
	}
}

int process_expect(struct process *p, const char *text)
{
	char line[sizeof(p->line)];

	return process_expect_line(p, text, line, sizeof(line));
}

void process_drain(struct process *p)
{
	p->line_len = 0;
	while (fd_wait(p->err, POLLIN, 0) == POLLIN &&
	       read(p->err, p->line, sizeof(p->line)) > 0)
		;
}

bool process_is_running(const struct process *p)
{
	return p->pid && fd_wait(p->pidfd, POLLIN, 0) == 0;
}

int process_wait(struct process *p)
{
	siginfo_t info = { 0 };

	if (fd_wait(p->pidfd, POLLIN, WAIT_MS) == 0) {
		say("process %d does not end", p->pid);
		kill(p->pid, SIGKILL);
	}
	if (waitid(P_PIDFD, p->pidfd, &info, WEXITED))
		return fail(-errno, "waitid");
	p->pid = 0;
	return info.si_code == CLD_EXITED ? info.si_status :
					    128 + info.si_status;
}

int process_end(struct process *p, int signal)
{
	if (kill(p->pid, signal))
		return fail(-errno, "kill");
	return process_wait(p);
}

int process_suspend(struct process *p)
{
	siginfo_t info;

	if (kill(p->pid, SIGSTOP) ||
	    waitid(P_PIDFD, p->pidfd, &info, WSTOPPED))
		return fail(-errno, "suspend");
	return 0;
}

ssize_t process_output(const struct process *p, char *text, size_t size)
{
	off_t len = lseek(p->out, 0, SEEK_END);
	ssize_t n = pread(p->out, text, size - 1, 0);

	if (len < 0 || n < 0)
		return fail(-errno, "output");
	text[n] = 0;
	return len;
}

void process_close(struct process *p)
{
	close(p->pidfd);
	close(p->out);
	if (p->err >= 0)
		close(p->err);
}

int run_argv(struct result *result, const char *const argv[])
{
	struct process p;

	result->text[0] = 0;
	result->status = process_start(&p, -1, false, argv);
	if (result->status)
		return result->status;
	result->status = process_wait(&p);
	process_output(&p, result->text, sizeof(result->text));
	process_close(&p);
	return result->status;
}

/* /proc shows the system call of a sleeping task, "running" otherwise. */
int task_wait_blocked(pid_t tid, long syscall)
{
	char path[64], text[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	do {
		sched_yield();
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return fail(-errno, path);
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		if (n < 0)
			return fail(-errno, path);
		text[n] = 0;
	} while (text[0] == 'r' || strtol(text, NULL, 10) != syscall);
	return 0;
}

/* ---- The machine ---- */

int module_unload(const char *name)
{
	carrier_stop();
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

/* Only for one that needs no other than mei. */
static bool load_alone(const char *name)
{
	struct utsname system;
	char path[256];
	int fd, err;

	if (access("/sys/module/mei", F_OK) || uname(&system))
		return false;
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/%s.ko",
		 system.release, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	err = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return !err;
}

/* An emulated CPU takes longer to start modprobe than to load the module. */
int module_load(const char *name)
{
	struct result r;

	if (load_alone(name) || run(&r, "modprobe", name) == 0)
		return 0;
	say("modprobe %s: status %d", name, r.status);
	return -EIO;
}

/* The lock ends with the last process of the test that holds it. */
static int wait_for_others(struct machine *m)
{
	m->lock = open(LOCK, O_RDWR | O_CREAT, 0600);
	if (m->lock < 0 || flock(m->lock, LOCK_EX))
		return fail(-errno, LOCK);
	module_unload("amt_lme");
	module_unload("vmei");
	return 0;
}

int machine_start(struct machine *m, const char *const sim_args[])
{
	int err = wait_for_others(m);

	if (!err)
		err = module_load("vmei");
	if (!err)
		err = sim_start(m, sim_args);
	if (!err)
		err = module_load("amt_lme");
	return err;
}

/* What never counts up as long as both sides keep the rules. */
static int judge(const char *who, int64_t (*number)(const char *name),
		 const char *const names[])
{
	int wrong = 0;

	for (; *names; names++) {
		int64_t value = number(*names);

		if (value)
			say("%s: %s is %" PRId64, who, *names, value);
		wrong += !!value;
	}
	return wrong;
}

static int judge_module(void)
{
	static const char *const names[] = {
		"rx_short", "rx_unknown_type", "rx_unknown_channel",
		"rx_unexpected", "rx_empty_data", "rx_window_overrun",
		"rx_adjust_overflow", "reply_overflow", "forward_refused",
		"slot_leaked", NULL
	};

	return judge("amt_lme", counter, names);
}

static int judge_sim(void)
{
	static const char *const names[] = {
		"heci_errors", "credit_violations", "window_violations",
		"protocol_errors", "stray_messages", NULL
	};

	return judge("amt-sim", sim_stat, names);
}

static int unload(const char *name)
{
	int err = module_unload(name);

	if (err)
		say("rmmod %s: %s", name, strerror(-err));
	return !!err;
}

int machine_stop(struct machine *m)
{
	int wrong = !!carrier_stop();
	int status;

	if (access("/sys/module/amt_lme", F_OK) == 0) {
		wrong += judge_module();
		wrong += unload("amt_lme");
	}
	wrong += judge_sim();
	status = process_end(&m->sim, SIGTERM);
	if (status)
		say("amt-sim ended with %d", status);
	wrong += !!status;
	process_close(&m->sim);
	wrong += unload("vmei");
	close(m->lock);
	return wrong;
}

/* ---- Device nodes ---- */

int ctl_open(void)
{
	int fd = open(NODES "/ctl", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return fail(-errno, NODES "/ctl");
	return carrier_start() ?: fd;
}

int ctl_hold(void)
{
	int fd = ctl_open();

	if (fd >= 0 && ioctl(fd, AMT_LME_IOC_HOLD))
		return fail(-errno, "HOLD");
	return fd;
}

int ctl_connect(int ctl, unsigned int port, unsigned int flags,
		unsigned int window)
{
	struct amt_lme_connect c = {
		.size = sizeof(c),
		.flags = flags,
		.port = port,
		.window = window,
	};
	int fd = ioctl(ctl, AMT_LME_IOC_CONNECT, &c);

	return fd < 0 ? -errno : fd;
}

static void node_path(unsigned int port, char path[64])
{
	snprintf(path, 64, NODES "/%u", port);
}

int node_wait(unsigned int port)
{
	char path[64], event[sizeof(struct inotify_event) + NAME_MAX + 1];
	int fd = inotify_init1(IN_CLOEXEC);
	int err = 0;

	node_path(port, path);
	if (fd < 0 || inotify_add_watch(fd, NODES, IN_CREATE) < 0)
		return fail(-errno, "inotify " NODES);
	while (!err && access(path, F_OK)) {
		if (!fd_wait(fd, POLLIN, WAIT_MS))
			err = fail(-ETIME, path);
		else if (read(fd, event, sizeof(event)) < 0)
			err = fail(-errno, "inotify");
	}
	close(fd);
	return err;
}

int node_open(unsigned int port, int flags)
{
	char path[64];
	int fd;

	node_path(port, path);
	fd = open(path, O_RDWR | O_CLOEXEC | flags);
	return fd < 0 ? -errno : fd;
}

/* ---- HTTP ---- */

int write_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	for (; len; p += n, len -= n) {
		n = write(fd, p, len);
		if (n < 0)
			return -errno;
	}
	return 0;
}

ssize_t read_all(int fd, void *data, size_t len)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < len && n > 0) {
		n = read(fd, (char *)data + done, len - done);
		if (n > 0)
			done += n;
	}
	return n < 0 ? -errno : (ssize_t)done;
}

int http_send(int fd, const char *path, bool keep, const void *body,
	      size_t len)
{
	char head[512];
	int err, n;

	n = snprintf(head, sizeof(head),
		     "%s %s HTTP/1.1\r\nHost: amt\r\nContent-Length: %zu\r\n%s\r\n",
		     body ? "PUT" : "GET", path, len,
		     keep ? "" : "Connection: close\r\n");
	err = write_all(fd, head, n);
	if (!err && body)
		err = write_all(fd, body, len);
	return err;
}

/* Reads up to the empty line; the length of the head, with the line. */
static ssize_t receive_head(int fd, char *head, size_t size)
{
	size_t len = 0;
	ssize_t n;

	/* By single bytes: what follows belongs to the body. */
	while (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4)) {
		if (len + 1 == size)
			return fail(-EMSGSIZE, "HTTP head");
		n = read(fd, head + len, 1);
		if (n <= 0)
			return n ? -errno : -EPIPE;
		len++;
	}
	head[len] = 0;
	return len;
}

static int receive_body(int fd, struct http_answer *answer, ssize_t len)
{
	ssize_t n;

	answer->body = calloc(1, len + 1);
	if (!answer->body)
		return -ENOMEM;
	while (answer->len < len) {
		n = read(fd, answer->body + answer->len, len - answer->len);
		if (n <= 0)
			return n ? -errno : -EPIPE;
		answer->len += n;
	}
	return 0;
}

int http_receive_head(int fd, struct http_answer *answer)
{
	const char *length;
	char head[2048];
	ssize_t n;

	memset(answer, 0, sizeof(*answer));
	n = receive_head(fd, head, sizeof(head));
	if (n < 0)
		return n;
	length = strcasestr(head, "\r\nContent-Length:");
	if (sscanf(head, "HTTP/1.1 %d", &answer->status) != 1 || !length) {
		say("not an HTTP answer: %s", head);
		return -EPROTO;
	}
	answer->head_len = n;
	answer->len = strtol(strchr(length, ':') + 1, NULL, 10);
	return 0;
}

int http_receive(int fd, struct http_answer *answer)
{
	int err = http_receive_head(fd, answer);
	ssize_t len = answer->len;

	answer->len = 0;
	return err ? err : receive_body(fd, answer, len);
}

int http_get(int fd, const char *path, bool keep, struct http_answer *answer)
{
	int err;

	memset(answer, 0, sizeof(*answer));
	err = http_send(fd, path, keep, NULL, 0);
	return err ? err : http_receive(fd, answer);
}

void http_free(struct http_answer *answer)
{
	free(answer->body);
	answer->body = NULL;
}

int sha256(const void *data, size_t len, char hex[65])
{
	char path[64];
	struct result r;
	int fd = memfd_create("sha256", MFD_CLOEXEC);
	int err;

	if (fd < 0)
		return fail(-errno, "memfd");
	err = write_all(fd, data, len);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	if (!err && run(&r, "sha256sum", path))
		err = fail(-EIO, "sha256sum");
	close(fd);
	snprintf(hex, 65, "%.64s", err ? "" : r.text);
	return err;
}
