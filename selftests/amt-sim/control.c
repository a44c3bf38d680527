// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/types.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "fault.h"
#include "http.h"
#include "sim.h"

#define MAX_LINE CONTROL_MAX_LINE
#define MAX_REPLY 8192

const char control_later[] = "later";

struct control {
	struct sim *sim;
	int fd;
	sd_event_source *source;
	/* the client being served; the next one waits in the backlog */
	int client;
	sd_event_source *client_source;
	char line[MAX_LINE];
	size_t len;
	/* the command in @line waits for the host */
	bool waiting;
};

#define COUNTER(name) { #name, offsetof(struct sim_stats, name) }

static const struct {
	const char *name;
	size_t offset;
} counters[] = {
	COUNTER(hbm_starts),
	COUNTER(hbm_resets),
	COUNTER(enumerations),
	COUNTER(heci_errors),
	COUNTER(credit_violations),
	COUNTER(connects_refused),
	COUNTER(lme_connects),
	COUNTER(lme_disconnects),
	COUNTER(messages_from_host),
	COUNTER(messages_to_host),
	COUNTER(protocolversions),
	COUNTER(userauths),
	COUNTER(keepalives),
	COUNTER(forwards_accepted),
	COUNTER(forwards_failed),
	COUNTER(channels_opened),
	COUNTER(channels_refused),
	COUNTER(channels_open),
	COUNTER(channels_closed),
	COUNTER(closed_by_host),
	COUNTER(bytes_from_host),
	COUNTER(bytes_to_host),
	COUNTER(window_adjusts),
	COUNTER(window_violations),
	COUNTER(stray_messages),
	COUNTER(protocol_errors),
	COUNTER(answers),
	COUNTER(disconnects),
	COUNTER(last_disconnect_reason),
	COUNTER(requests),
	COUNTER(pthi_requests),
	COUNTER(requests_unknown),
	COUNTER(http_requests),
};

/*
 * Write the output to @out; return NULL or what went wrong. @args is what
 * stands behind the name, without the blank between them.
 */
typedef const char *(*command_fn)(struct sim *sim, const char *args,
				  FILE *out);

static __u64 counter(const struct sim *sim, size_t offset)
{
	const char *stats = (const char *)&sim->stats;
	__u64 value;

	memcpy(&value, stats + offset, sizeof(value));
	return value;
}

static const char *do_stats(struct sim *sim, const char *args, FILE *out)
{
	(void)args;
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		fprintf(out, "%s %llu\n", counters[i].name,
			counter(sim, counters[i].offset));
	return NULL;
}

static const char *do_until(struct sim *sim, const char *args, FILE *out)
{
	char name[32], more;
	__u64 least;

	(void)out;
	if (sscanf(args, "%31s %llu %c", name, &least, &more) != 2)
		return "usage: until NAME N";
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		if (strcmp(counters[i].name, name) == 0)
			return counter(sim, counters[i].offset) < least ?
				       control_later : NULL;
	return "no such counter; try stats";
}

static const char *do_certificate(struct sim *sim, const char *args, FILE *out)
{
	(void)args;
	fputs(http_certificate(sim->http), out);
	return NULL;
}

static const char *do_help(struct sim *sim, const char *args, FILE *out);

static const struct {
	const char *name;
	const char *args;
	const char *help;
	command_fn run;
} commands[] = {
	{ "stats", "", "counters since the start", do_stats },
	{ "until", "NAME N", "waits until that counter is N or more", do_until },
	{ "trace", "[HEX]",
	  "what the host said since the last trace, up to what begins so",
	  fault_trace },
	{ "certificate", "", "what AMT shows to TLS clients", do_certificate },
	{ "reset", "", "firmware resets the link", fault_reset },
	{ "hang", "", "and says nothing any more", fault_hang },
	{ "reset-after-close", "on|off", "and does it after each CLOSE",
	  fault_reset_after_close },
	{ "away", "MS", "LME disconnects and is gone for so long", fault_away },
	{ "greet", "[HEX]",
	  "the next session begins with that, or with silence", fault_greet },
	{ "send", "HEX", "any message, now", fault_send },
	{ "forward", "PORT [ADDRESS]", "tcpip-forward", fault_forward },
	{ "cancel", "PORT [ADDRESS]", "cancel-tcpip-forward", fault_cancel },
	{ "rest", "", "take all forwards back until the host wants one",
	  fault_rest },
	{ "refuse", "N REASON", "the next N opens", fault_refuse },
	{ "slots", "N", "channels open at once from now on", fault_slots },
	{ "mute adjust", "on|off", "give no credit", fault_mute },
	{ "delay adjust", "MS", "give it late", fault_delay_adjust },
	{ "delay data", "MS", "each piece of data so much later",
	  fault_delay_data },
	{ "grant", "N", "give it N bytes at a time", fault_grant },
	{ "close", "ID", "CLOSE with any recipient", fault_close },
	{ "ignore open", "on|off", "never answer OPEN", fault_ignore_open },
	{ "ignore close", "on|off", "never answer CLOSE", fault_ignore_close },
	{ "state", "pre|in|ccm|acm|disabled", "of provisioning", fault_state },
	{ "hashes", "N [MISSING]",
	  "certificate hashes, and the handle that has none", fault_hashes },
	{ "busy", "on|off", "PTHI takes no connection", fault_busy },
	{ "think", "MS", "responses of PTHI, MKHI, manageability come later",
	  fault_think },
	{ "spoil", "WHAT", "every response of PTHI, MKHI, manageability",
	  spoil_command },
	{ "help", "", "this list", do_help },
};

static const char *do_help(struct sim *sim, const char *args, FILE *out)
{
	(void)sim;
	(void)args;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "%s%s%-*s %s\n", commands[i].name,
			*commands[i].args ? " " : "",
			26 - (int)strlen(commands[i].name), commands[i].args,
			commands[i].help);
	return NULL;
}

static const char *run_line(struct sim *sim, const char *line, FILE *out)
{
	const char *args;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		len = strlen(commands[i].name);
		args = line + len;
		if (strncmp(commands[i].name, line, len) != 0 ||
		    (*args && *args != ' '))
			continue;
		args += strspn(args, " ");
		if (*args && !*commands[i].args)
			return "that command takes no argument";
		return commands[i].run(sim, args, out);
	}
	return "unknown command; try help";
}

/* Return: false when the answer has to wait. */
static bool answer(struct control *control)
{
	char body[MAX_REPLY] = "", head[128] = "ok\n";
	FILE *out = fmemopen(body, sizeof(body), "w");
	const char *error = "out of memory";

	if (out) {
		error = run_line(control->sim, control->line, out);
		fclose(out);
	}
	if (error == control_later)
		return false;
	if (error)
		snprintf(head, sizeof(head), "error %s\n", error);
	/* both fit in an empty socket buffer; nobody waits for a slow reader */
	send(control->client, head, strlen(head), MSG_NOSIGNAL | MSG_DONTWAIT);
	send(control->client, body, strlen(body), MSG_NOSIGNAL | MSG_DONTWAIT);
	return true;
}

static void end_client(struct control *control)
{
	control->client_source =
		sd_event_source_disable_unref(control->client_source);
	close(control->client);
	control->client = -1;
	control->waiting = false;
	sd_event_source_set_enabled(control->source, SD_EVENT_ON);
}

void control_retry(struct control *control)
{
	if (control && control->waiting && answer(control))
		end_client(control);
}

static int on_client(sd_event_source *source, int fd, uint32_t revents,
		     void *data)
{
	struct control *control = data;
	char *end;
	ssize_t n;

	(void)source;
	(void)revents;
	n = recv(fd, control->line + control->len,
		 sizeof(control->line) - 1 - control->len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0 || control->waiting) {
		end_client(control);
		return 0;
	}
	control->len += n;
	end = memchr(control->line, '\n', control->len);
	if (!end && control->len < sizeof(control->line) - 1)
		return 0;
	if (!end)
		end = control->line + control->len;
	*end = '\0';
	control->waiting = !answer(control);
	if (!control->waiting)
		end_client(control);
	return 0;
}

static int on_accept(sd_event_source *source, int fd, uint32_t revents,
		     void *data)
{
	struct control *control = data;
	int client, r;

	(void)revents;
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client < 0)
		return 0;
	r = sd_event_add_io(control->sim->event, &control->client_source,
			    client, EPOLLIN, on_client, control);
	if (r < 0) {
		close(client);
		return 0;
	}
	control->client = client;
	control->len = 0;
	return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static int address_of(const char *path, struct sockaddr_un *address)
{
	size_t len = strlen(path);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (len >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memcpy(address->sun_path, path, len + 1);
	return 0;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address;
	int fd, r;

	r = address_of(path, &address);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/* A socket that nobody listens on is left over from a killed process. */
static int remove_stale(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return 0;
	fd = connect_to(path);
	if (fd >= 0) {
		close(fd);
		return -EADDRINUSE;
	}
	if (fd == -ECONNREFUSED && unlink(path) < 0)
		return -errno;
	return 0;
}

static int listen_on(const char *path)
{
	struct sockaddr_un address;
	mode_t mask;
	int fd, r;

	r = address_of(path, &address);
	if (r < 0)
		return r;
	r = remove_stale(path);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mask = umask(077);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (r < 0 || listen(fd, 16) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

struct control *control_new(struct sim *sim)
{
	struct control *control = calloc(1, sizeof(*control));
	int r;

	if (!control) {
		fprintf(stderr, "amt-sim: out of memory\n");
		return NULL;
	}
	control->sim = sim;
	control->client = -1;
	r = listen_on(sim->opt.control);
	if (r < 0)
		goto err_free;
	control->fd = r;
	r = sd_event_add_io(sim->event, &control->source, control->fd, EPOLLIN,
			    on_accept, control);
	if (r < 0)
		goto err_close;
	return control;

err_close:
	close(control->fd);
	unlink(sim->opt.control);
err_free:
	fprintf(stderr, "amt-sim: %s: cannot listen: %s\n", sim->opt.control,
		strerror(-r));
	free(control);
	return NULL;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	if (control->client >= 0)
		end_client(control);
	sd_event_source_unref(control->source);
	close(control->fd);
	unlink(control->sim->opt.control);
	free(control);
}

static int send_line(int fd, int argc, char **argv)
{
	char line[MAX_LINE];
	size_t len = 0;
	int n;

	for (int i = 0; i < argc; i++) {
		n = snprintf(line + len, sizeof(line) - len, "%s%c", argv[i],
			     i + 1 < argc ? ' ' : '\n');
		if (n < 0 || (size_t)n >= sizeof(line) - len)
			return -E2BIG;
		len += n;
	}
	return send(fd, line, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -EIO;
}

static int print_answer(const char *path, FILE *in)
{
	char line[MAX_LINE];

	if (!fgets(line, sizeof(line), in)) {
		fprintf(stderr, "amt-sim: %s: no answer\n", path);
		return 1;
	}
	if (strcmp(line, "ok\n") != 0) {
		fprintf(stderr, "amt-sim: %s: %s", path, line);
		return 1;
	}
	while (fgets(line, sizeof(line), in))
		fputs(line, stdout);
	return 0;
}

int control_main(int argc, char **argv)
{
	FILE *in;
	int fd, r;

	if (argc < 2) {
		fprintf(stderr,
			"amt-sim: usage: amt-sim control SOCKET COMMAND...\n");
		return 2;
	}
	fd = connect_to(argv[0]);
	if (fd < 0) {
		fprintf(stderr, "amt-sim: %s: %s; is amt-sim running?\n",
			argv[0], strerror(-fd));
		return 1;
	}
	r = send_line(fd, argc - 1, argv + 1);
	if (r < 0) {
		fprintf(stderr, "amt-sim: %s: cannot send: %s\n", argv[0],
			strerror(-r));
		close(fd);
		return 1;
	}
	in = fdopen(fd, "r");
	if (!in) {
		fprintf(stderr, "amt-sim: out of memory\n");
		close(fd);
		return 1;
	}
	r = print_answer(argv[0], in);
	fclose(in);
	return r;
}
