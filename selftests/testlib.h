/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests in the virtual machine share.
 *
 * A wait is always for an event; WAIT_MS only bounds a hang. Functions that
 * return an int return a negative errno on failure unless they say otherwise,
 * and print what they saw to stderr as a TAP comment.
 */
#ifndef SELFTESTS_TESTLIB_H
#define SELFTESTS_TESTLIB_H

#include <linux/amt_lme.h>
#include <linux/amt_lme_netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WAIT_MS 120000
#define MIB (1024 * 1024)
#define HTTP_PORT 16992
#define HTTP_URL "http://127.0.0.1:16992"
#define CREDENTIALS "admin:P@ssw0rd"

/* Under emulation on a busy machine the harness's own 30 s are too few. */
#ifdef TEST_TIMEOUT_DEFAULT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300
#endif

/* For TEST_F_TIMEOUT(): each wait in the test has its own bound, the whole none. */
#define UNBOUNDED (24 * 60 * 60)

/** say() - print a TAP comment to stderr */
void __attribute__((format(printf, 1, 2))) say(const char *format, ...);

/** now_ms() - milliseconds of CLOCK_MONOTONIC */
int64_t now_ms(void);

/** env_number() - a number of the environment, or @otherwise */
unsigned int env_number(const char *name, unsigned int otherwise);

/** net_admin() - have CAP_NET_ADMIN in effect, or not, in this process */
int net_admin(bool on);

/* ---- Processes ---- */

/**
 * struct process - a program that was started
 * @pid: its process id, 0 when it was waited for
 * @pidfd: readable when it ended
 * @out: file with what it printed to stdout
 * @err: its stderr if it was asked for, else -1
 * @line: what was read of @err and did not end in a newline yet
 * @line_len: how much that is
 *
 * It dies with the test.
 */
struct process {
	pid_t pid;
	int pidfd;
	int out;
	int err;
	char line[512];
	size_t line_len;
};

/**
 * process_start() - start a program
 * @p: to be filled
 * @fd3: what is to be its descriptor 3, or -1
 * @catch_stderr: for process_expect()
 * @argv: the command, found in PATH
 */
int process_start(struct process *p, int fd3, bool catch_stderr,
		  const char *const argv[]);

/**
 * process_expect() - read stderr up to a line that contains a text
 *
 * Return: 0; -EPIPE when it ended before; -ETIME.
 */
int process_expect(struct process *p, const char *text);

/** process_expect_line() - the same, and copy the line */
int process_expect_line(struct process *p, const char *text, char *line,
			size_t size);

/**
 * process_drain() - read what there is of its stderr, without waiting
 *
 * One that says much and is not read stands still when the pipe is full.
 */
void process_drain(struct process *p);

/** process_is_running() - whether it has not ended */
bool process_is_running(const struct process *p);

/** process_wait() - its exit status, or 128 + the signal that ended it */
int process_wait(struct process *p);

/** process_end() - send a signal, then process_wait() */
int process_end(struct process *p, int signal);

/** process_suspend() - stop it; returns when it stands still */
int process_suspend(struct process *p);

/**
 * process_output() - what it printed to stdout, NUL-terminated, cut to @size
 *
 * Return: the bytes printed, which may be more.
 */
ssize_t process_output(const struct process *p, char *text, size_t size);

/** process_close() - close its descriptors */
void process_close(struct process *p);

/**
 * struct result - how a command ended
 * @status: as of process_wait()
 * @text: what it printed to stdout, cut
 */
struct result {
	int status;
	char text[8192];
};

/** run() - run a command to its end; returns its status */
#define run(result, ...) \
	run_argv(result, (const char *const[]){ __VA_ARGS__, NULL })
int run_argv(struct result *result, const char *const argv[]);

/**
 * task_wait_blocked() - wait until a task sleeps in a system call
 * @tid: process or thread
 * @syscall: SYS_*
 */
int task_wait_blocked(pid_t tid, long syscall);

/* ---- The machine: virtual AMT and modules ---- */

/**
 * struct machine - the machine under test
 * @lock: held by the test and all that it starts
 * @sim: the virtual AMT
 */
struct machine {
	int lock;
	struct process sim;
};

/**
 * machine_start() - modprobe vmei, start amt-sim, modprobe amt_lme
 * @m: to be filled
 * @sim_args: options of amt-sim behind those that are always there, or NULL
 *
 * What an earlier test left behind when it crashed is waited for and removed.
 */
int machine_start(struct machine *m, const char *const sim_args[]);

/**
 * machine_stop() - unload and stop all, and judge
 * @m: the machine
 *
 * Return: how many things were wrong: a module that could not be unloaded, an
 * amt-sim that did not end with 0, a rule that one side saw the other break.
 */
int machine_stop(struct machine *m);

/** sim_start() - start amt-sim; returns when the host has enumerated it */
int sim_start(struct machine *m, const char *const sim_args[]);

/** sim_vanish() - kill amt-sim: the controller is gone */
int sim_vanish(struct machine *m);

/** sim_ask() - send a command to amt-sim, and take its answer */
int sim_ask(struct result *r, const char *command);

/** sim_command() - the same, without the answer */
int sim_command(const char *command);

/** sim_stat() - a number of amt-sim, or a negative errno */
int64_t sim_stat(const char *name);

/** sim_until() - wait until a number of amt-sim is @least or more */
int sim_until(const char *name, int64_t least);

/** sim_certificate() - write what AMT shows to TLS clients into a file */
int sim_certificate(const char *path);

/** counter() - a counter of the link by its name, or a negative errno */
int64_t counter(const char *name);

/** module_load() - load a module, and what it needs */
int module_load(const char *name);

/** module_unload() - carrier_stop(), then unload a module, without waiting */
int module_unload(const char *name);

/* ---- The relay ---- */

/**
 * relay_options() - with AMT_LME_TRANSPORT=relay, have the MEI bus hide AMT
 * @argv: options of amt-sim; two more behind them if they do not say how many
 *        connections LME takes
 * @argc: how many there are
 */
void relay_options(const char *argv[], size_t argc);

/**
 * relayed() - whether relay_options() did so
 *
 * What carries the messages is amt-helper serve: one that the test starts, or
 * else the carrier.
 */
bool relayed(void);

/**
 * carrier_start() - if the link is relayed, and none runs, start amt-helper
 *
 * Returns when it runs; the link comes later.
 */
int carrier_start(void);

/** carrier_stop() - end what carrier_start() started; returns its status */
int carrier_stop(void);

/** carrier_users() - as how many users of the link the carrier counts */
unsigned int carrier_users(void);

/** unused_state() - the state of a link that nobody uses, or carries */
uint32_t unused_state(void);

/* A row that only the bus has says why. */
#define SKIP_RELAYED(why) \
	do { \
		if (relayed()) \
			SKIP(return, "relayed: " why); \
	} while (0)

/* ---- Device nodes ---- */

/** ctl_open() - open /dev/amt_lme/ctl, then carrier_start() */
int ctl_open(void);

/** ctl_hold() - ctl_open(), and hold the link with it; returns the file */
int ctl_hold(void);

/** ctl_connect() - CONNECT with a window; returns the channel */
int ctl_connect(int ctl, unsigned int port, unsigned int flags,
		unsigned int window);

/** node_wait() - wait until the node of a port exists */
int node_wait(unsigned int port);

/** node_open() - open the node of a port; returns the channel */
int node_open(unsigned int port, int flags);

/** fd_wait() - poll one file; returns what happened, 0 after @ms */
int fd_wait(int fd, short events, int ms);

/* ---- HTTP over a channel ---- */

/**
 * struct http_answer - what AMT answered
 * @status: the HTTP status
 * @body: the body, NUL-terminated; to be freed with http_free()
 * @len: its length in bytes
 * @head_len: length of what came before it
 */
struct http_answer {
	int status;
	ssize_t head_len;
	char *body;
	ssize_t len;
};

/** http_send() - write a request, with a body if @body is not NULL */
int http_send(int fd, const char *path, bool keep, const void *body,
	      size_t len);

/** http_receive_head() - read an answer up to its body, whose length it is */
int http_receive_head(int fd, struct http_answer *answer);

/** http_receive() - read an answer to its end */
int http_receive(int fd, struct http_answer *answer);

/** http_get() - both, without a body */
int http_get(int fd, const char *path, bool keep,
	     struct http_answer *answer);

/** http_free() - free the body */
void http_free(struct http_answer *answer);

/** write_all() - write all bytes */
int write_all(int fd, const void *data, size_t len);

/** read_all() - read all bytes; fewer at the end, or a negative errno */
ssize_t read_all(int fd, void *data, size_t len);

/** sha256() - of @len bytes, by sha256sum, into 64 hex digits and a NUL */
int sha256(const void *data, size_t len, char hex[65]);

/* ---- Ways to a service inside AMT ---- */

/** enum way - through a device node, or through amt-helper serve */
enum way {
	WAY_NODE,
	WAY_TCP,
};

/** tcp_connect() - connect to a port on loopback, of AF_INET or AF_INET6 */
int tcp_connect(int family, unsigned int port);

/**
 * serve_start() - carrier_stop(), then start amt-helper serve
 *
 * Returns when HTTP_PORT is bound.
 */
int serve_start(struct process *helper);

/** way_open() - open a connection to HTTP_PORT; its file */
int way_open(enum way way);

/** way_half_close() - say that nothing more will be written */
int way_half_close(enum way way, int fd);

/** files_of() - how many descriptors a process has open */
int files_of(pid_t pid);

/**
 * files_settle() - wait until a process has so many descriptors open
 * @pid: the process
 * @files: how many
 *
 * No event tells of a descriptor that is closed elsewhere, so this looks again
 * and again, for some seconds.
 *
 * Return: how many it has.
 */
int files_settle(pid_t pid, int files);

/**
 * clients_gone() - wait until no channel is left, and no slot taken
 * @helper: amt-helper serve
 * @files: how many descriptors it has without a client
 *
 * As files_settle().
 *
 * Return: 0; -EBUSY when something is left, and says what.
 */
int clients_gone(const struct process *helper, int files);

/* ---- An AMT that breaks the rules ---- */

/**
 * reaction() - have AMT send a message
 * @r: room for the answer
 * @hex: the message
 *
 * Return: what the host answered, a line of hex for each message. A keep-alive
 * behind the message, which is answered in turn, is taken as the end.
 */
const char *reaction(struct result *r, const char *hex);

/** last_words() - the same up to a message of the host that begins with @last */
const char *last_words(struct result *r, const char *hex, const char *last);

/** greeting() - the same, with @hex as AMT's first message of a new session */
const char *greeting(struct result *r, const char *hex, const char *last);

/**
 * blame() - judge the module's counters
 * @name: a counter, or any other word
 * @expected: its value
 *
 * Return: how many counters are not as they should: @name, and all others that
 * count what AMT did wrong.
 */
int blame(const char *name, long long expected);

/** channel_works() - ask for 100 bytes over HTTP and take them */
int channel_works(int fd);

/** next_open_works() - the same on a new channel */
int next_open_works(void);

/* ---- Failures on demand ---- */

/**
 * struct range - a range of code
 * @start: its first byte
 * @end: the byte behind it
 */
struct range {
	uint64_t start;
	uint64_t end;
};

/** range_of_module() - the code of a module */
int range_of_module(const char *name, struct range *range);

/** range_of_function() - a function of the kernel */
int range_of_function(const char *name, struct range *range);

/** injector_exists() - whether that kind of failure can be confined to a range */
bool injector_exists(const char *injector);

/**
 * injector_aim() - have what is called from a range fail, and nothing else
 * @injector: what fails, a folder in debugfs
 * @range: that code
 *
 * Nothing fails before its "times" is set, or somebody's fail-nth.
 */
int injector_aim(const char *injector, const struct range *range);

/** injector_set() - set a number of an injector */
int injector_set(const char *injector, const char *knob, uint64_t value);

/** injector_get() - a number of an injector */
int64_t injector_get(const char *injector, const char *knob);

/** number_write() - write a number into a file of the kernel */
int number_write(const char *path, uint64_t value);

/** number_read() - read a number from a file of the kernel */
int64_t number_read(const char *path);

/* ---- Netlink ---- */

/** struct link_state - attributes of the link; see amt_lme_netlink.h */
struct link_state {
	uint32_t state;
	uint32_t generation;
	uint32_t transport;
	uint32_t error;
	uint32_t message_size;
	uint32_t users;
	uint32_t channels;
	bool settled;
	uint64_t since;
	uint64_t counters[AMT_LME_A_COUNTERS_PAD];
};

/** struct forward_state - attributes of a forward */
struct forward_state {
	uint32_t port;
	uint32_t state;
	uint32_t generation;
	uint32_t channels;
	char address[256];
};

/* AMT has not confirmed the channel. */
#define NO_AMT_ID UINT32_MAX

/** struct channel_state - attributes of a channel */
struct channel_state {
	uint32_t id;
	uint32_t amt_id;
	uint32_t type;
	uint32_t direction;
	uint32_t state;
	uint32_t port;
	uint32_t orig_port;
	uint32_t rx_window;
	uint32_t tx_window;
	uint32_t error;
	uint32_t generation;
	uint32_t pid;
	uint64_t rx_bytes;
	uint64_t tx_bytes;
	char address[48];
	char orig_address[48];
	char comm[16];
};

#define CHANNELS_MAX 32

/**
 * struct genl - a connection to the family
 * @sock: libnl's socket
 * @family: its number
 */
struct genl {
	struct nl_sock *sock;
	int family;
};

struct nl_msg;

/**
 * struct genl_answer - what the kernel said
 * @error: errno of a refused request, else 0
 * @why: the text that came with it
 * @links: how many link messages came, the last in @link
 * @forwards: how many forward messages came, in @forward
 * @channels: how many channel messages came, in @channel
 */
struct genl_answer {
	int error;
	char why[160];
	int links;
	struct link_state link;
	int forwards;
	struct forward_state forward[AMT_LME_MAX_FORWARDS];
	int channels;
	struct channel_state channel[CHANNELS_MAX];
};

/** genl_open() - connect; @events subscribes to link and forward */
int genl_open(struct genl *g, bool events);

/** genl_join() - subscribe to a group */
int genl_join(struct genl *g, const char *group);

/** genl_close() - disconnect */
void genl_close(struct genl *g);

/** genl_message() - a new request */
struct nl_msg *genl_message(const struct genl *g, uint8_t cmd, int flags);

/**
 * genl_ask() - send a request, which is freed, and take the answer
 *
 * Return: 0, also when the kernel answered with an error; -EINTR when what was
 * dumped changed meanwhile; another negative errno.
 */
int genl_ask(struct genl *g, struct nl_msg *msg, struct genl_answer *answer);

/** genl_event() - the next event; -ETIME after @ms, -ENOBUFS: some were lost */
int genl_event(struct genl *g, struct genl_answer *answer, int ms);

/** channels_dump() - all channels, as often as it takes for all at one time */
int channels_dump(struct genl *g, struct genl_answer *answer);

/** link_get() - the state of the link */
int link_get(struct link_state *link);

/** link_wait() - wait until the link is in a state; takes events */
int link_wait(struct genl *events, uint32_t state, struct link_state *link);

/** link_wait_session() - wait until it is up in that generation or a later one */
int link_wait_session(struct genl *events, uint32_t generation,
		      struct link_state *link);

#endif /* SELFTESTS_TESTLIB_H */
