// SPDX-License-Identifier: GPL-2.0-only
/*
 * amt-helper yield: leave LME to a program that insists on /dev/meiN, or the
 * driver to one that loads it anew.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-event.h>

#include "helper/child.h"
#include "helper/command.h"
#include "helper/daemon.h"
#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/parse.h"
#include "helper/watch.h"
#include "lib/device.h"
#include "lib/netlink.h"

#define SECONDS_MAX 1000000
/* The driver may take 30 s to end a connection to firmware that hangs. */
#define LET_GO_USEC 60000000
/* So that a command that has been asked to end can clean up. */
#define GRACE_USEC 10000000

/* As the shell says it. */
#define STATUS_NOT_FOUND 127
#define STATUS_NOT_RUN 126
#define STATUS_SIGNAL 128

struct yield {
	unsigned int seconds; /* 0: no end by itself */
	bool module; /* serve lets go, not the driver */
	struct daemon *daemon; /* it has let go until this is closed */
	char **command; /* NULL: none */
	sd_event *event;
	struct netlink *nl;
	int ctl;
	struct watch *watch;
	sd_event_source *timer;
	pid_t pid; /* of the command, 0 when it does not run */
	bool yielded;
	bool overdue; /* the command was asked to end */
	int status; /* of the command; or of what ended us before LME was free */
	struct failure failure;
};

static const char doc[] =
	"Let go of LME for a program that needs it for itself, and take it back\n"
	"when COMMAND has ended, or after --for SECONDS; without COMMAND, at a\n"
	"signal. Channels end; connections made meanwhile wait. After --for\n"
	"COMMAND gets SIGTERM, and 10 s later SIGKILL. With --module amt-helper\n"
	"serve closes the driver, so that COMMAND can unload and load it.\v"
	"Exit code: that of COMMAND, as the shell's; 0 without one; 128 and the\n"
	"number of a signal that came before LME was free; 4 no permission; 6 too\n"
	"many ask serve; 7 AMT was not let go, serve does not answer, or COMMAND\n"
	"ended by --for; 11 no kernel module.";

static const struct argp_option options[] = {
	{ "for", 'f', "SECONDS", 0, "Not longer than this", 0 },
	{ "module", 'm', NULL, 0, "Let go of the kernel module, not of LME", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct yield *yield = state->input;

	switch (key) {
	case 'f':
		if (parse_number(arg, SECONDS_MAX, &yield->seconds) < 0 ||
		    yield->seconds == 0)
			argp_error(state, "\"%s\" is not a number of seconds",
				   arg);
		return 0;
	case 'm':
		yield->module = true;
		return 0;
	case ARGP_KEY_ARGS:
		yield->command = state->argv + state->next;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[-- COMMAND [ARGUMENT...]]",
	.doc = doc,
};

static void end(struct yield *yield)
{
	sd_event_exit(yield->event, 0);
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *arg)
{
	struct yield *yield = arg;

	(void)source;
	yield->pid = 0;
	yield->status = info->si_code == CLD_EXITED ?
			info->si_status : STATUS_SIGNAL + info->si_status;
	end(yield);
	return 0;
}

/* The command's own signals are those that it had without us. */
static void exec_command(char **command)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(command[0], command);
	fprintf(stderr, "amt-helper yield: %s: %s\n", command[0],
		strerror(errno));
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN);
}

static void start_command(struct yield *yield)
{
	int ret;

	yield->pid = fork();
	if (yield->pid == 0)
		exec_command(yield->command);
	ret = child_watch(yield->event, NULL, &yield->pid, on_child, yield);
	if (ret == 0)
		return;
	failure_set(&yield->failure, EXIT_INTERNAL, "cannot run %s: %s",
		    yield->command[0], strerror(-ret));
	end(yield);
}

static int on_time(sd_event_source *source, uint64_t now, void *arg);

static int set_timer(struct yield *yield, uint64_t usec)
{
	yield->timer = sd_event_source_disable_unref(yield->timer);
	return sd_event_add_time_relative(yield->event, &yield->timer,
					  CLOCK_MONOTONIC, usec, 0, on_time,
					  yield);
}

/* The kernel takes LME back, or serve the driver, when the file is closed. */
static void take_back(struct yield *yield)
{
	if (yield->ctl >= 0)
		close(yield->ctl);
	yield->ctl = -1;
	daemon_close(yield->daemon);
	yield->daemon = NULL;
}

/* First that of --for; if the command is still there then, that of its grace. */
static int on_time(sd_event_source *source, uint64_t now, void *arg)
{
	struct yield *yield = arg;

	(void)source;
	(void)now;
	take_back(yield);
	if (!yield->yielded)
		failure_set(&yield->failure, EXIT_TIMEOUT,
			    "the driver does not let go of LME; see dmesg");
	if (yield->pid <= 0) {
		end(yield);
		return 0;
	}
	failure_set(&yield->failure, EXIT_TIMEOUT, "%s was ended after %u s",
		    yield->command[0], yield->seconds);
	kill(yield->pid, yield->overdue ? SIGKILL : SIGTERM);
	if (yield->overdue)
		return 0;
	yield->overdue = true;
	return set_timer(yield, GRACE_USEC);
}

/* Ctrl-C, which COMMAND gets too. */
static bool is_from_terminal(const struct signalfd_siginfo *info)
{
	return info->ssi_signo == SIGINT && info->ssi_code == SI_KERNEL;
}

/* With a command its end is the end. What was never free was not yielded. */
static int on_signal(sd_event_source *source,
		     const struct signalfd_siginfo *info, void *arg)
{
	struct yield *yield = arg;

	(void)source;
	if (yield->pid > 0) {
		if (!is_from_terminal(info))
			kill(yield->pid, (int)info->ssi_signo);
		return 0;
	}
	if (!yield->yielded)
		yield->status = STATUS_SIGNAL + (int)info->ssi_signo;
	end(yield);
	return 0;
}

static void begin(struct yield *yield)
{
	int ret = 0;

	yield->yielded = true;
	yield->timer = sd_event_source_disable_unref(yield->timer);
	if (yield->seconds > 0)
		ret = set_timer(yield, yield->seconds * 1000000ULL);
	if (ret < 0) {
		failure_set(&yield->failure, EXIT_INTERNAL,
			    "cannot set a timer for --for: %s", strerror(-ret));
		end(yield);
	} else if (yield->command) {
		start_command(yield);
	} else {
		fprintf(stderr, "amt-helper yield: %s is free until this ends\n",
			yield->module ? "the driver" : "LME");
	}
}

static void on_state(void *arg, const struct netlink_state *state)
{
	struct yield *yield = arg;

	if (!yield->yielded && state->link.state == AMT_LME_LINK_STATE_YIELDED)
		begin(yield);
}

/* Once LME is free, it is free for as long as the control node is open. */
static void on_watch_failed(void *arg, int error)
{
	struct yield *yield = arg;

	watch_free(yield->watch);
	yield->watch = NULL;
	if (yield->yielded)
		return;
	kernel_watch_failed(&yield->failure, error);
	end(yield);
}

static const struct watch_ops watch_ops = {
	.state = on_state,
	.failed = on_watch_failed,
};

static int watch_signals(struct yield *yield)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t set;
	int ret = 0;

	signal(SIGCHLD, SIG_DFL); /* ignored, it would have no child waited for */
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	for (size_t i = 0;
	     i < sizeof(signals) / sizeof(signals[0]) && ret >= 0; i++)
		ret = sd_event_add_signal(yield->event, NULL, signals[i],
					  on_signal, yield);
	return ret;
}

/* The driver says when it has let go; serve has, by now. */
static int await_let_go(struct yield *yield)
{
	int ret;

	if (yield->module) {
		begin(yield);
		return 0;
	}
	ret = set_timer(yield, LET_GO_USEC);
	return ret < 0 ? ret : watch_new(&yield->watch, yield->event, yield->nl,
					 &watch_ops, yield);
}

static void run_loop(struct yield *yield)
{
	int ret = sd_event_default(&yield->event);

	if (ret >= 0)
		ret = watch_signals(yield);
	if (ret >= 0)
		ret = await_let_go(yield);
	if (ret >= 0)
		ret = sd_event_loop(yield->event);
	if (ret < 0)
		kernel_watch_failed(&yield->failure, ret);
	watch_free(yield->watch);
	sd_event_source_disable_unref(yield->timer);
	sd_event_unref(yield->event);
}

static int let_go(struct yield *yield)
{
	int ret;

	if (kernel_open(&yield->nl, &yield->failure) < 0)
		return -1;
	yield->ctl = kernel_open_ctl(&yield->failure);
	if (yield->ctl < 0)
		return -1;
	ret = device_yield(yield->ctl);
	if (ret < 0)
		return failure_set(&yield->failure, EXIT_PERMISSION,
				   "only root (CAP_NET_ADMIN) may have the link let go");
	return 0;
}

/* Without serve there is nobody to ask. */
static int have_serve_let_go(struct yield *yield)
{
	switch (daemon_ask(&yield->daemon, "release", true, &yield->failure)) {
	case DAEMON_FORBIDDEN:
		return failure_set(&yield->failure, EXIT_PERMISSION,
				   "only root may have amt-helper serve let go of the driver");
	case DAEMON_SILENT:
	case DAEMON_REFUSING:
		return -1;
	default:
		return 0;
	}
}

int cmd_yield(int argc, char **argv)
{
	struct yield yield = { .ctl = -1 };

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &yield);
	if ((yield.module ? have_serve_let_go(&yield) : let_go(&yield)) == 0)
		run_loop(&yield);
	netlink_close(yield.nl);
	take_back(&yield);
	if (yield.failure.code != EXIT_OK)
		return failure_report(&yield.failure);
	return yield.status;
}
