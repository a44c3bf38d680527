// SPDX-License-Identifier: GPL-2.0-only
/*
 * bare: one APF channel through /dev/meiN, without module and helper.
 *
 * It shows that a firmware, virtual or real, speaks LME as it should, and what
 * one thread with blocking reads and writes gets out of the MEI driver: the
 * measure for everything that stands in between.
 */
#include <argp.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "session.h"

/* AMT marks no last forward; this long without one means there are no more */
#define FORWARDS_QUIET_MS 500

/* One HTTP answer: the header until its empty line, then the body */
struct answer {
	char head[4096];
	size_t head_len;
	bool in_body;
	__u64 left;
	__u8 *body;
	size_t body_size;
	size_t body_len;
	__u64 first_byte_ns;
};

struct verb;

struct options {
	struct session *session;
	const char *device;
	bool hold;
	const struct verb *verb;
	const char *path;
	__u64 number;
};

static void take_body(struct answer *a, const __u8 *data, size_t len)
{
	if (len > a->left || len > a->body_size - a->body_len)
		errx(EXIT_PROTOCOL, "the answer is longer than expected");
	memcpy(a->body + a->body_len, data, len);
	a->body_len += len;
	a->left -= len;
}

static void parse_head(struct answer *a)
{
	const char *length = strcasestr(a->head, "\r\nContent-Length:");

	if (strncmp(a->head, "HTTP/1.1 200 ", 13) != 0)
		errx(EXIT_PROTOCOL, "AMT answers: %.*s",
		     (int)strcspn(a->head, "\r\n"), a->head);
	if (!length)
		errx(EXIT_PROTOCOL, "the answer has no Content-Length");
	a->left = strtoull(length + 17, NULL, 10);
	a->in_body = true;
}

static void take_answer(void *context, const __u8 *data, size_t len)
{
	struct answer *a = context;
	size_t old = a->head_len, n = sizeof(a->head) - 1 - old;
	const char *end;

	if (a->in_body) {
		take_body(a, data, len);
		return;
	}
	if (!old)
		a->first_byte_ns = measure_now();
	if (n > len)
		n = len;
	memcpy(a->head + old, data, n);
	a->head_len += n;
	a->head[a->head_len] = '\0';
	end = strstr(a->head, "\r\n\r\n");
	if (!end && n < len)
		errx(EXIT_PROTOCOL, "the header of the answer is too long");
	if (!end)
		return;
	n = end + 4 - a->head - old;
	parse_head(a);
	take_body(a, data + n, len - n);
}

static void receive_answer(struct session *s)
{
	const struct answer *a = s->context;

	while (!a->in_body || a->left) {
		if (s->channel != CHANNEL_OPEN)
			errx(EXIT_PROTOCOL, "AMT closed the channel too early");
		session_receive(s);
	}
}

static void send_request(struct session *s, const char *method,
			 const char *path, const char *more)
{
	char *head;
	int len = asprintf(&head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
			   "%s\r\n", method, path, s->port, more);

	if (len < 0)
		errx(EXIT_INTERNAL, "no memory");
	session_send(s, head, len);
	free(head);
}

/*
 * Verbs
 */

static void print_data(void *context, const __u8 *data, size_t len)
{
	(void)context;
	if (fwrite(data, 1, len, stdout) != len)
		err(EXIT_INTERNAL, "standard output");
}

static int get(struct session *s, const struct options *o)
{
	s->on_data = print_data;
	session_open_channel(s);
	send_request(s, "GET", o->path, "Connection: close\r\n");
	while (s->channel == CHANNEL_OPEN)
		session_receive(s);
	if (fflush(stdout))
		err(EXIT_INTERNAL, "standard output");
	return 0;
}

/* The clock runs from the request's first byte to the answer's last */
static int download(struct session *s, const struct options *o)
{
	char path[64], hex[SHA256_HEX_SIZE + 2] = "";
	struct answer hash = { .body = (__u8 *)hex, .body_size = sizeof(hex) };
	struct answer a = { .body = body_alloc(o->number), .body_size = o->number };
	struct measure m = { .bytes = o->number };
	bool ok;

	session_open_channel(s);
	s->on_data = take_answer;
	s->context = &hash;
	snprintf(path, sizeof(path), "/down/%llu/sha256", o->number);
	send_request(s, "GET", path, "");
	receive_answer(s);

	s->context = &a;
	*strrchr(path, '/') = '\0';
	measure_start(&m);
	send_request(s, "GET", path, "");
	receive_answer(s);
	measure_end(&m);
	m.first_ns = a.first_byte_ns;

	session_close_channel(s);
	ok = body_matches(a.body, a.body_len, hex);
	return measure_report(&m, ok) ? 0 : EXIT_PROTOCOL;
}

static int upload(struct session *s, const struct options *o)
{
	char more[64], hex[SHA256_HEX_SIZE + 2] = "";
	struct answer a = { .body = (__u8 *)hex, .body_size = sizeof(hex) };
	struct measure m = { .bytes = o->number };
	__u8 *body = body_alloc(o->number);
	bool ok;

	body_fill(body, o->number);
	session_open_channel(s);
	s->on_data = take_answer;
	s->context = &a;
	snprintf(more, sizeof(more), "Content-Length: %llu\r\n", o->number);
	measure_start(&m);
	send_request(s, "POST", "/up", more);
	session_send(s, body, o->number);
	receive_answer(s);
	measure_end(&m);
	m.first_ns = a.first_byte_ns;

	session_close_channel(s);
	ok = body_matches(body, o->number, hex);
	return measure_report(&m, ok) ? 0 : EXIT_PROTOCOL;
}

/* Small requests, one after the other */
static int first_bytes(struct session *s, const struct options *o)
{
	__u64 *first_ns = calloc(o->number, sizeof(*first_ns));
	__u64 start_ns;
	__u8 byte;

	if (!first_ns)
		errx(EXIT_INTERNAL, "no memory");
	session_open_channel(s);
	s->on_data = take_answer;
	for (__u64 i = 0; i < o->number; i++) {
		struct answer a = { .body = &byte, .body_size = 1 };

		s->context = &a;
		start_ns = measure_now();
		send_request(s, "GET", "/down/1", "");
		receive_answer(s);
		first_ns[i] = a.first_byte_ns - start_ns;
	}
	session_close_channel(s);
	measure_report_rounds(first_ns, o->number);
	free(first_ns);
	return 0;
}

/* Serves AMT until standard input ends */
static void hold(struct session *s)
{
	struct pollfd p[] = {
		{ .fd = s->fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	char byte[256];

	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].revents)
			session_receive(s);
		if (p[1].revents && read(STDIN_FILENO, byte, sizeof(byte)) <= 0)
			return;
	}
}

static void print_forward(__u32 port)
{
	printf("%u\n", port);
}

static int list_forwards(struct session *s, const struct options *o)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	s->on_forward = print_forward;
	if (o->hold) {
		hold(s);
		return 0;
	}
	while (!s->pfwd)
		session_receive(s);
	while (session_readable(s, FORWARDS_QUIET_MS))
		session_receive(s);
	return 0;
}

enum argument {
	ARGUMENT_NONE,
	ARGUMENT_PATH,
	ARGUMENT_BYTES,
	ARGUMENT_ROUNDS,
};

struct verb {
	const char *name;
	enum argument argument;
	int (*run)(struct session *s, const struct options *o);
};

static const struct verb verbs[] = {
	{ "get", ARGUMENT_PATH, get },
	{ "down", ARGUMENT_BYTES, download },
	{ "up", ARGUMENT_BYTES, upload },
	{ "first", ARGUMENT_ROUNDS, first_bytes },
	{ "open", ARGUMENT_NONE, list_forwards },
};

/*
 * Command line
 */

static const struct argp_option argp_options[] = {
	{ "device", 'd', "PATH", 0, "the MEI device, default /dev/mei0", 0 },
	{ "port", 'p', "PORT", 0, "the AMT port, default 16992", 0 },
	{ "window", 'w', "BYTES", 0, "our receive window, default 4096", 0 },
	{ "hold", 'h', NULL, 0, "open: keep LME until standard input ends", 0 },
	{ 0 }
};

static __u64 parse_number(struct argp_state *state, const char *text,
			  __u64 min, __u64 max)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || n < min || n > max)
		argp_error(state, "%s is no number from %llu to %llu", text,
			   min, max);
	return n;
}

static void parse_verb(struct argp_state *state, struct options *o,
		       const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verbs[i].name, name))
			o->verb = &verbs[i];
	if (!o->verb)
		argp_error(state, "no verb %s", name);
}

static void parse_argument(struct argp_state *state, struct options *o,
			   const char *text)
{
	switch (o->verb->argument) {
	case ARGUMENT_PATH:
		o->path = text;
		break;
	case ARGUMENT_BYTES:
		o->number = parse_number(state, text, 0, MEASURE_MAX_BYTES);
		break;
	case ARGUMENT_ROUNDS:
		o->number = parse_number(state, text, 1, MEASURE_MAX_ROUNDS);
		break;
	case ARGUMENT_NONE:
		break;
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'd':
		o->device = arg;
		return 0;
	case 'p':
		o->session->port = parse_number(state, arg, 1, UINT16_MAX);
		return 0;
	case 'w':
		o->session->window = parse_number(state, arg, 1, UINT32_MAX);
		return 0;
	case 'h':
		o->hold = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!o->verb)
			parse_verb(state, o, arg);
		else if (state->arg_num == 1 && o->verb->argument)
			parse_argument(state, o, arg);
		else
			return ARGP_ERR_UNKNOWN;
		return 0;
	case ARGP_KEY_END:
		if (!o->verb || (o->verb->argument && state->arg_num < 2))
			argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "get PATH\ndown BYTES\nup BYTES\nfirst ROUNDS\nopen",
	.doc = "Speak APF with AMT through the MEI device itself.\v\n"
	       "get prints the HTTP answer, open the ports that AMT has\n"
	       "forwarded, and the others what they measured, as JSON: a\n"
	       "download, an upload, the first byte of small answers.\n\n"
	       "Exit status: 0 ok, 1 internal, 2 usage, 3 no device,\n"
	       "4 permission, 5 no LME, 6 busy, 7 timeout,\n"
	       "8 protocol error or wrong data, 13 port refused.",
};

int main(int argc, char **argv)
{
	struct options o = { .device = "/dev/mei0" };
	struct session s = { .port = 16992, .window = 4096 };
	int ret;

	argp_err_exit_status = EXIT_USAGE;
	o.session = &s;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	session_start(&s, o.device);
	ret = o.verb->run(&s, &o);
	session_end(&s);
	return ret;
}
