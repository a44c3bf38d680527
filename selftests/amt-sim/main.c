// SPDX-License-Identifier: GPL-2.0-only
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "control.h"
#include "fault.h"
#include "hbm.h"
#include "heci.h"
#include "http.h"
#include "key.h"
#include "lme.h"
#include "sim.h"
#include "trace.h"

/* 00112233-4455-6677-8899-aabbccddeeff */
const __u8 sim_uuid[16] = {
	0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
	0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
};

enum {
	KEY_DEVICE = 0x100,
	KEY_PROFILE,
	KEY_CONTROL,
	KEY_USER,
	KEY_PASSWORD,
	KEY_MESSAGE_SIZE,
	KEY_WINDOW,
	KEY_SLOTS,
	KEY_PORTS,
	KEY_CONNECTIONS,
	KEY_ADDRESS,
	KEY_AUTH,
	KEY_REST,
	KEY_KEEPALIVE,
	KEY_TLS,
	KEY_PTHI_HOSTS,
	KEY_STATE,
	KEY_READY_FD,
	KEY_VERBOSE,
};

static const struct argp_option options[] = {
	{ "device", KEY_DEVICE, "PATH", 0,
	  "firmware side of the virtual controller (/dev/vmei)", 0 },
	{ "control", KEY_CONTROL, "SOCKET", 0,
	  "listen for control commands there", 0 },
	{ "user", KEY_USER, "NAME", 0, "HTTP Digest user (admin)", 0 },
	{ "password", KEY_PASSWORD, "TEXT", 0, "and password (P@ssw0rd)", 0 },
	{ "profile", KEY_PROFILE, "NAME", 0,
	  "the firmware to be, see below; options behind it change it", 0 },
	{ "message-size", KEY_MESSAGE_SIZE, "N", 0,
	  "longest LME message in bytes, 128 to 65536 (4096)", 0 },
	{ "window", KEY_WINDOW, "N", 0,
	  "receive window of a channel in bytes, 1 to 1048576 (4096)", 0 },
	{ "slots", KEY_SLOTS, "N", 0,
	  "channels open at once, 1 to 64 (8)", 0 },
	{ "ports", KEY_PORTS, "P,...", 0,
	  "ports to forward (16992,623): these speak HTTP, 16993 and 664 HTTPS, "
	  "others refuse", 0 },
	{ "connections", KEY_CONNECTIONS, "N", 0,
	  "hosts at once at LME (1); from 2 on the MEI bus does not show LME", 0 },
	{ "address", KEY_ADDRESS, "TEXT", 0, "of the forwards (empty)", 0 },
	{ "auth", KEY_AUTH, "none|password", 0,
	  "ask for a USERAUTH with that method first", 0 },
	{ "rest", KEY_REST, "MS", 0,
	  "take the forwards back after so long without a channel", 0 },
	{ "keepalive", KEY_KEEPALIVE, "SECONDS", 0,
	  "keep-alives, so far apart", 0 },
	{ "tls", KEY_TLS, "1.2|1.3", 0, "only that version of TLS (both)", 0 },
	{ "pthi-hosts", KEY_PTHI_HOSTS, "N", 0,
	  "hosts at once at PTHI (5)", 0 },
	{ "state", KEY_STATE, "NAME", 0,
	  "of provisioning: pre, in, ccm, acm or disabled (acm)", 0 },
	{ "ready-fd", KEY_READY_FD, "FD", 0,
	  "write \"ready\" there when the host knows all clients", 0 },
	{ "verbose", KEY_VERBOSE, NULL, 0, "log to standard error", 0 },
	{ 0 }
};

static const char doc[] =
	"The virtual AMT firmware.\vTry: amt-sim control SOCKET help";

static unsigned int to_number(struct argp_state *state, const char *name,
			      const char *text, unsigned long min,
			      unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < min ||
	    value > max)
		argp_error(state, "--%s %s: not a number from %lu to %lu",
			   name, text, min, max);
	return value;
}

static const char *one_of(struct argp_state *state, const char *name,
			  const char *text, const char *a, const char *b)
{
	if (strcmp(text, a) != 0 && strcmp(text, b) != 0)
		argp_error(state, "--%s %s: not %s or %s", name, text, a, b);
	return text;
}

static void parse_ports(struct argp_state *state, struct sim_options *opt,
			char *list)
{
	char *save, *text;
	unsigned int n = 0;

	memset(opt->profile.ports, 0, sizeof(opt->profile.ports));
	for (text = strtok_r(list, ",", &save); text;
	     text = strtok_r(NULL, ",", &save)) {
		if (n == SIM_MAX_PORTS)
			argp_error(state, "--ports: at most %d ports",
				   SIM_MAX_PORTS);
		opt->profile.ports[n++] = to_number(state, "ports", text, 1,
						    65535);
	}
}

static void parse_profile(struct argp_state *state, struct profile *profile,
			  const char *name)
{
	const struct profile *found = profile_find(name);

	if (!found)
		argp_error(state, "--profile %s: no such profile; try --help",
			   name);
	else
		*profile = *found;
}

/* Return: whether the option is one of those that change the profile. */
static bool parse_trait(int key, char *arg, struct argp_state *state)
{
	struct profile *profile = &((struct sim_options *)state->input)->profile;

	switch (key) {
	case KEY_MESSAGE_SIZE:
		profile->message_size = to_number(state, "message-size", arg,
						  128, 65536);
		break;
	case KEY_WINDOW:
		profile->window = to_number(state, "window", arg, 1, 1 << 20);
		break;
	case KEY_SLOTS:
		profile->slots = to_number(state, "slots", arg, 1,
					   SIM_MAX_SLOTS);
		break;
	case KEY_CONNECTIONS:
		profile->connections = to_number(state, "connections", arg, 1,
						 255);
		break;
	case KEY_ADDRESS:
		if (strlen(arg) > LME_MAX_ADDRESS)
			argp_error(state, "--address: at most %d bytes",
				   LME_MAX_ADDRESS);
		profile->address = arg;
		break;
	case KEY_AUTH:
		profile->auth = one_of(state, "auth", arg, "none", "password");
		break;
	case KEY_REST:
		profile->rest_ms = to_number(state, "rest", arg, 1, 3600000);
		break;
	case KEY_KEEPALIVE:
		profile->keepalive_s = to_number(state, "keepalive", arg, 1,
						 3600);
		break;
	case KEY_TLS:
		profile->tls = one_of(state, "tls", arg, "1.2", "1.3");
		break;
	default:
		return false;
	}
	return true;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct sim_options *opt = state->input;

	if (parse_trait(key, arg, state))
		return 0;
	switch (key) {
	case KEY_DEVICE:
		opt->device = arg;
		break;
	case KEY_CONTROL:
		opt->control = arg;
		break;
	case KEY_USER:
		opt->user = arg;
		break;
	case KEY_PASSWORD:
		opt->password = arg;
		break;
	case KEY_PROFILE:
		parse_profile(state, &opt->profile, arg);
		break;
	case KEY_PORTS:
		parse_ports(state, opt, arg);
		break;
	case KEY_PTHI_HOSTS:
		opt->pthi_hosts = to_number(state, "pthi-hosts", arg, 1, 255);
		break;
	case KEY_STATE:
		opt->state = arg;
		break;
	case KEY_READY_FD:
		opt->ready_fd = (int)to_number(state, "ready-fd", arg, 0, 1 << 20);
		break;
	case KEY_VERBOSE:
		opt->verbose = true;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The profiles stand behind the options. */
static char *help_filter(int key, const char *text, void *input)
{
	char *help = NULL;
	size_t len;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&help, &len);
	if (!out)
		return (char *)text;
	fputs("Profiles:\n", out);
	for (const struct profile *p = profiles; p->name; p++)
		fprintf(out, "  %-8s %s\n", p->name, p->summary);
	fprintf(out, "\n%s", text);
	fclose(out);
	return help;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "\ncontrol SOCKET COMMAND...",
	.doc = doc,
	.help_filter = help_filter,
};

void sim_log(const struct sim *sim, const char *format, ...)
{
	va_list ap;

	if (!sim->opt.verbose)
		return;
	va_start(ap, format);
	fputs("amt-sim: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void sim_fail(struct sim *sim, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("amt-sim: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	sd_event_exit(sim->event, EXIT_FAILURE);
}

void sim_ready(struct sim *sim)
{
	static const char text[] = "ready\n";

	if (sim->opt.ready_fd < 0)
		return;
	if (write(sim->opt.ready_fd, text, sizeof(text) - 1) < 0)
		sim_log(sim, "--ready-fd: %m");
	close(sim->opt.ready_fd);
	sim->opt.ready_fd = -1;
}

static int draw_password(char *text, size_t size)
{
	if (getrandom(text, size - 1, 0) != (ssize_t)(size - 1))
		return -EIO;
	/* 16 letters: 4 bits each, 128 bits in all */
	for (size_t i = 0; i < size - 1; i++)
		text[i] = (char)('A' + (text[i] & 15));
	text[size - 1] = '\0';
	return 0;
}

static int watch_signals(struct sim *sim)
{
	sigset_t set;
	int r;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	/* without a handler the loop ends with status 0 */
	r = sd_event_add_signal(sim->event, NULL, SIGTERM, NULL, NULL);
	if (r < 0)
		return r;
	return sd_event_add_signal(sim->event, NULL, SIGINT, NULL, NULL);
}

static int set_up(struct sim *sim)
{
	int r = sd_event_new(&sim->event);

	if (r >= 0)
		r = watch_signals(sim);
	if (r >= 0)
		r = draw_password(sim->os_admin_password,
				  sizeof(sim->os_admin_password));
	if (r >= 0)
		r = faults_init(sim);
	if (r >= 0)
		r = key_init(sim);
	if (r < 0) {
		fprintf(stderr, "amt-sim: cannot start: %s\n", strerror(-r));
		return r;
	}
	sim->http = http_new(sim);
	if (!sim->http) {
		fprintf(stderr, "amt-sim: cannot start the web server\n");
		return -EIO;
	}
	sim->trace = trace_new();
	sim->hbm = hbm_new(sim);
	if (!sim->trace || !sim->hbm) {
		fprintf(stderr, "amt-sim: out of memory\n");
		return -ENOMEM;
	}
	if (sim->opt.control) {
		sim->control = control_new(sim);
		if (!sim->control)
			return -EIO;
	}
	/* last: the host starts talking at once */
	sim->heci = heci_new(sim);
	return sim->heci ? 0 : -errno;
}

static void tear_down(struct sim *sim)
{
	hbm_free(sim->hbm);
	heci_free(sim->heci);
	control_free(sim->control);
	http_free(sim->http);
	trace_free(sim->trace);
	faults_free(sim);
	key_free(sim);
	sd_event_unref(sim->event);
	explicit_bzero(sim->os_admin_password, sizeof(sim->os_admin_password));
}

int main(int argc, char **argv)
{
	struct sim sim = {
		.opt = {
			.device = "/dev/vmei",
			.user = "admin",
			.password = "P@ssw0rd",
			.profile = profiles[0],
			.pthi_hosts = 5,
			.state = "acm",
			.ready_fd = -1,
		},
	};
	int r = EXIT_FAILURE;

	if (argc > 1 && !strcmp(argv[1], "control"))
		return control_main(argc - 2, argv + 2);
	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &sim.opt);
	if (sim.opt.ready_fd >= 0 &&
	    fcntl(sim.opt.ready_fd, F_SETFD, FD_CLOEXEC) < 0) {
		fprintf(stderr, "amt-sim: --ready-fd %d: %m\n",
			sim.opt.ready_fd);
		return 2;
	}
	pthi_init(&sim.pthi, sim.opt.profile.amt);
	if (!pthi_set_state(&sim.pthi, sim.opt.state)) {
		fprintf(stderr, "amt-sim: --state %s: no such state\n",
			sim.opt.state);
		return 2;
	}
	if (set_up(&sim) >= 0) {
		r = sd_event_loop(sim.event);
		if (r < 0)
			fprintf(stderr, "amt-sim: event loop: %s\n",
				strerror(-r));
	}
	tear_down(&sim);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
