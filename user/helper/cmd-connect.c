// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper connect: stdin and stdout to a port inside AMT. */
#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <systemd/sd-event.h>

#include "helper/command.h"
#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/parse.h"
#include "helper/serve/relay.h"
#include "lib/device.h"
#include "lib/netlink.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct connect {
	unsigned int port;
	int family; /* as on the command line, or AF_UNSPEC */
	struct sockaddr_storage originator; /* AF_UNSPEC if none was given */
	sd_event *event;
	struct netlink *nl;
	int channel; /* -1 when the relay has it */
	int signal; /* that ended it, or 0 */
	struct relay *relay;
	struct failure failure;
};

static const char doc[] =
	"Connect stdin and stdout to a TCP port inside AMT. At the end of\n"
	"stdin the sending side closes; the command ends when AMT closes the\n"
	"connection, or nobody reads its stdout any more.\v"
	"Exit code: 0 AMT closed the connection; 3 no MEI device; 4 no\n"
	"permission; 5 the firmware offers no LME client; 6 all channels or\n"
	"the client are in use; 7 no answer in time; 8 AMT broke the protocol;\n"
	"11 no kernel module; 13 AMT refused the port, or the link was lost.";

static const struct argp_option options[] = {
	{ "ipv4", '4', NULL, 0, "AMT sees a connection to 127.0.0.1 (default)",
	  0 },
	{ "ipv6", '6', NULL, 0, "AMT sees a connection to ::1", 0 },
	{ "originator", 'o', "ADDR:PORT", 0,
	  "On whose behalf; [ADDR]:PORT with IPv6", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct connect *connect = state->input;

	switch (key) {
	case '4':
		connect->family = AF_INET;
		return 0;
	case '6':
		connect->family = AF_INET6;
		return 0;
	case 'o':
		if (parse_endpoint(arg, &connect->originator) < 0)
			argp_error(state,
				   "\"%s\" is not ADDR:PORT or [ADDR]:PORT",
				   arg);
		return 0;
	case ARGP_KEY_ARG:
		if (connect->port)
			argp_error(state, "one port only");
		if (parse_port(arg, &connect->port) < 0)
			argp_error(state, "\"%s\" is not a port (1 to 65535)",
				   arg);
		return 0;
	case ARGP_KEY_END:
		if (!connect->port)
			argp_error(state, "the port is missing");
		if (connect->family && connect->originator.ss_family &&
		    connect->family != connect->originator.ss_family)
			argp_error(state,
				   "the originator is of the other IP version");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "PORT",
	.doc = doc,
};

/* Port 0 lets the driver name the one that is connected to. */
static void set_originator(struct connect *connect)
{
	struct sockaddr_in6 *in6 = (void *)&connect->originator;
	struct sockaddr_in *in4 = (void *)&connect->originator;

	if (connect->originator.ss_family)
		return;
	if (connect->family == AF_INET6)
		*in6 = (struct sockaddr_in6){
			.sin6_family = AF_INET6,
			.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		};
	else
		*in4 = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
}

/* Why no link came up; 0 if nothing is known to be wrong with it. */
static int judge_link(struct connect *connect)
{
	struct netlink_state state;

	if (netlink_get_state(connect->nl, &state) < 0)
		return 0;
	/* Without our channel, perhaps; it was wanted until just now. */
	if (state.link.state == AMT_LME_LINK_STATE_IDLE)
		state.link.state = AMT_LME_LINK_STATE_CONNECTING;
	kernel_judge_beside(&state.link, &connect->failure);
	return connect->failure.code == EXIT_OK ? 0 : -1;
}

static void explain(struct connect *connect, int error)
{
	struct failure *failure = &connect->failure;
	unsigned int port = connect->port;

	switch (error) {
	case ECONNREFUSED:
		failure_set(failure, EXIT_PEER,
			    "port %u: AMT refused it; nothing in AMT listens there now",
			    port);
		break;
	case ENXIO:
		failure_set(failure, EXIT_PEER,
			    "port %u: AMT does not forward it; see: amt-helper status",
			    port);
		break;
	case ECONNRESET:
		failure_set(failure, EXIT_PEER,
			    "port %u: the link to AMT was lost; try again", port);
		break;
	case ENOBUFS:
		failure_set(failure, EXIT_BUSY,
			    "port %u: all channels of AMT are taken; close some clients",
			    port);
		break;
	case ETIMEDOUT:
		failure_set(failure, EXIT_TIMEOUT,
			    "port %u: AMT did not answer in time; see: amt-helper doctor",
			    port);
		break;
	case ENETDOWN:
		if (judge_link(connect) == 0)
			failure_set(failure, EXIT_TIMEOUT,
				    "port %u: no link to AMT came up in time",
				    port);
		break;
	case EPROTO:
	case EPROTONOSUPPORT:
		failure_set(failure, EXIT_PROTOCOL,
			    "port %u: AMT broke the protocol; see dmesg", port);
		break;
	default:
		failure_set(failure, EXIT_INTERNAL, "port %u: %s", port,
			    strerror(error));
	}
}

static void half_close(int channel)
{
	/* It fails on a channel that is over, and read() then says why. */
	device_shutdown(channel);
}

static void on_done(void *arg, const struct relay_end *end)
{
	struct connect *connect = arg;

	if (end->error)
		explain(connect, end->error);
	else if (end->client_error && end->client_error != EPIPE)
		failure_set(&connect->failure, EXIT_INTERNAL,
			    "stdin or stdout: %s",
			    strerror(end->client_error));
	sd_event_exit(connect->event, 0);
}

static const struct relay_ops relay_ops = {
	.half_close = half_close,
	.done = on_done,
};

static int open_channel(struct connect *connect)
{
	int ctl = kernel_open_ctl(&connect->failure);

	if (ctl < 0)
		return -1;
	connect->channel = device_connect(ctl, connect->port,
				(const struct sockaddr *)&connect->originator);
	close(ctl);
	if (connect->channel >= 0)
		return 0;
	explain(connect, -connect->channel);
	return -1;
}

/* Other processes may share the file: the caller puts the flags back. */
static int borrow(int fd, int *flags)
{
	int copy;

	*flags = fcntl(fd, F_GETFL);
	if (*flags < 0 || fcntl(fd, F_SETFL, *flags | O_NONBLOCK) < 0)
		return -errno;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return copy < 0 ? -errno : copy;
}

static int start_relay(struct connect *connect, int in, int out)
{
	int ret = in < 0 ? in : out;

	if (ret >= 0)
		ret = relay_new(&connect->relay, connect->event, in, out,
				connect->channel, &relay_ops, connect);
	if (ret >= 0) {
		connect->channel = -1;
		return ret;
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return ret;
}

static const int ending[] = { SIGHUP, SIGINT, SIGTERM };

/* What our caller ignores or has blocked does not come, as it would from here. */
static void block_signals(sigset_t *set, sigset_t *mask)
{
	struct sigaction action;

	sigemptyset(set);
	sigprocmask(SIG_BLOCK, NULL, mask);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		if (sigaction(ending[i], NULL, &action) == 0 &&
		    action.sa_handler == SIG_DFL &&
		    !sigismember(mask, ending[i]))
			sigaddset(set, ending[i]);
	sigprocmask(SIG_BLOCK, set, NULL);
}

static int on_signal(sd_event_source *source,
		     const struct signalfd_siginfo *info, void *arg)
{
	struct connect *connect = arg;

	(void)source;
	connect->signal = (int)info->ssi_signo;
	return sd_event_exit(connect->event, 0);
}

static int watch_signals(struct connect *connect, const sigset_t *set)
{
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ending) && ret >= 0; i++)
		if (sigismember(set, ending[i]))
			ret = sd_event_add_signal(connect->event, NULL,
						  ending[i], on_signal,
						  connect);
	return ret;
}

static void run_loop(struct connect *connect, const sigset_t *signals, int in,
		     int out)
{
	int ret;

	signal(SIGPIPE, SIG_IGN); /* it is an errno of write() */
	ret = sd_event_default(&connect->event);
	if (ret >= 0)
		ret = watch_signals(connect, signals);
	if (ret >= 0)
		ret = start_relay(connect, in, out);
	if (ret >= 0)
		ret = sd_event_loop(connect->event);
	if (ret < 0)
		failure_set(&connect->failure, EXIT_INTERNAL,
			    "stdin or stdout: %s", strerror(-ret));
	relay_free(connect->relay);
	sd_event_unref(connect->event);
}

static void relay_stdio(struct connect *connect)
{
	int in, out, in_flags, out_flags;
	sigset_t signals, mask;

	block_signals(&signals, &mask);
	in = borrow(STDIN_FILENO, &in_flags);
	out = borrow(STDOUT_FILENO, &out_flags);
	run_loop(connect, &signals, in, out);
	/* Backwards, if both are the same file. */
	if (out_flags >= 0)
		fcntl(STDOUT_FILENO, F_SETFL, out_flags);
	if (in_flags >= 0)
		fcntl(STDIN_FILENO, F_SETFL, in_flags);
	if (connect->signal)
		raise(connect->signal);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

int cmd_connect(int argc, char **argv)
{
	struct connect connect = { .channel = -1 };

	argp_parse(&argp, argc, argv, 0, NULL, &connect);
	set_originator(&connect);
	if (kernel_open(&connect.nl, &connect.failure) == 0 &&
	    kernel_has_mei(connect.nl, &connect.failure) &&
	    open_channel(&connect) == 0)
		relay_stdio(&connect);
	netlink_close(connect.nl);
	if (connect.channel >= 0)
		close(connect.channel);
	if (connect.failure.code != EXIT_OK)
		return failure_report(&connect.failure);
	return EXIT_OK;
}
