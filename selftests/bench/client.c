// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-client: what bare measures, through channels of amt_lme.ko or through
 * the TCP listener of amt-helper.
 *
 * Blocking reads and writes, the same requests, and the same clock: from the
 * request's first byte to the answer's last. Each channel has a thread.
 */
#include <argp.h>
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/amt_lme.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

#define CTL "/dev/amt_lme/ctl"
#define PORT 16992
#define MAX_CHANNELS 64
/* A blocking write() returns when all is written: in pieces that are counted. */
#define WRITE_SIZE 16384

struct client;

/**
 * struct channel - a channel, and what goes through it
 * @client: all of them
 * @thread: has it
 * @fd: a channel file or a socket
 * @body: the bytes
 * @done: how many of them have gone through
 * @sha256: of them, in hex, as AMT said
 * @first_ns: the first byte of the answer is there
 */
struct channel {
	struct client *client;
	pthread_t thread;
	int fd;
	__u8 *body;
	atomic_ullong done;
	char sha256[SHA256_HEX_SIZE + 1];
	__u64 first_ns;
};

struct verb {
	const char *name;
	void (*transfer)(struct channel *ch); /* NULL: first bytes */
	bool asks_hash; /* before */
};

/**
 * struct client - what is to be done
 * @verb: what
 * @number: bytes through each channel, or rounds
 * @count: channels
 * @tcp: by TCP
 * @hold: keep them open until standard input ends
 * @start: all threads are there
 * @ended: one channel has ended its transfer
 * @fairness: Jain's index of the bytes until then
 * @channel: the channels
 */
struct client {
	const struct verb *verb;
	__u64 number;
	unsigned int count;
	bool tcp;
	bool hold;
	pthread_barrier_t start;
	atomic_flag ended;
	double fairness;
	struct channel channel[MAX_CHANNELS];
};

static int open_node(void)
{
	struct amt_lme_connect c = { .size = sizeof(c), .port = PORT };
	int ctl = open(CTL, O_RDWR | O_CLOEXEC);
	int fd;

	if (ctl < 0)
		err(1, CTL);
	fd = ioctl(ctl, AMT_LME_IOC_CONNECT, &c);
	if (fd < 0)
		err(1, "port %u", PORT);
	close(ctl);
	return fd;
}

static int open_tcp(void)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "127.0.0.1:%u", PORT);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void send_some(struct channel *ch, const void *data, size_t len,
		      bool counts)
{
	const char *p = data;
	ssize_t n;

	for (; len; p += n, len -= n) {
		n = write(ch->fd, p, len < WRITE_SIZE ? len : WRITE_SIZE);
		if (n < 0)
			err(1, "write");
		if (counts)
			ch->done += n;
	}
}

static void send_request(struct channel *ch, const char *method,
			 const char *path, __u64 body)
{
	char head[256];
	int len = snprintf(head, sizeof(head),
			   "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: %llu\r\n\r\n",
			   method, path, PORT, body);

	send_some(ch, head, len, false);
}

static size_t receive(struct channel *ch, void *buf, size_t size)
{
	ssize_t n = read(ch->fd, buf, size);

	if (n < 0)
		err(1, "read");
	if (!n)
		errx(1, "AMT closed the channel too early");
	return n;
}

/* Reads an answer whose body must have @bytes. */
static void receive_answer(struct channel *ch, void *body, __u64 bytes,
			   bool counts)
{
	char head[4096];
	size_t len = receive(ch, head, sizeof(head) - 1);
	const char *end;

	ch->first_ns = measure_now();
	head[len] = '\0';
	while (!(end = strstr(head, "\r\n\r\n"))) {
		if (len == sizeof(head) - 1)
			errx(1, "the header of the answer is too long");
		len += receive(ch, head + len, sizeof(head) - 1 - len);
		head[len] = '\0';
	}
	if (strncmp(head, "HTTP/1.1 200 ", 13))
		errx(1, "AMT answers: %.*s", (int)strcspn(head, "\r\n"), head);
	len -= end + 4 - head;
	if (len > bytes)
		errx(1, "the answer is longer than expected");
	memcpy(body, end + 4, len);
	while (len < bytes) {
		len += receive(ch, (char *)body + len, bytes - len);
		if (counts)
			ch->done = len;
	}
}

/*
 * Verbs
 */

static void ask_hash(struct channel *ch)
{
	char path[64];

	snprintf(path, sizeof(path), "/down/%llu/sha256", ch->client->number);
	send_request(ch, "GET", path, 0);
	receive_answer(ch, ch->sha256, sizeof(ch->sha256), false);
}

static void download(struct channel *ch)
{
	char path[64];

	snprintf(path, sizeof(path), "/down/%llu", ch->client->number);
	send_request(ch, "GET", path, 0);
	receive_answer(ch, ch->body, ch->client->number, true);
}

static void upload(struct channel *ch)
{
	send_request(ch, "POST", "/up", ch->client->number);
	send_some(ch, ch->body, ch->client->number, true);
	receive_answer(ch, ch->sha256, sizeof(ch->sha256), false);
}

static const struct verb verbs[] = {
	{ "down", download, true },
	{ "up", upload, false },
	{ "first", NULL, false },
};

/* (sum of x)^2 / (n * sum of x^2): 1 if all are equal, 1/n if one has all */
static double jain(const struct client *client)
{
	double x, sum = 0, squares = 0;


	for (unsigned int i = 0; i < client->count; i++) {
		x = (double)client->channel[i].done;
		sum += x;
		squares += x * x;
	}
	return sum * sum / (client->count * squares);
}

static void *run_channel(void *arg)
{
	struct channel *ch = arg;
	struct client *client = ch->client;

	if (client->verb->asks_hash)
		ask_hash(ch);
	pthread_barrier_wait(&client->start); /* all can go */
	pthread_barrier_wait(&client->start); /* the clock runs */
	client->verb->transfer(ch);
	if (!atomic_flag_test_and_set(&client->ended))
		client->fairness = jain(client);
	return NULL;
}

static bool transfer(struct client *client)
{
	struct measure m = { .bytes = client->number * client->count };
	struct channel *ch;
	bool ok = true;

	pthread_barrier_init(&client->start, NULL, client->count + 1);
	for (ch = client->channel; ch < client->channel + client->count; ch++) {
		ch->body = body_alloc(client->number);
		body_fill(ch->body, client->number);
		errno = pthread_create(&ch->thread, NULL, run_channel, ch);
		if (errno)
			err(1, "thread");
	}
	pthread_barrier_wait(&client->start);
	measure_start(&m);
	pthread_barrier_wait(&client->start);
	for (ch = client->channel; ch < client->channel + client->count; ch++)
		pthread_join(ch->thread, NULL);
	measure_end(&m);
	m.first_ns = client->channel->first_ns;
	m.fairness = client->count > 1 ? client->fairness : 0;

	for (ch = client->channel; ch < client->channel + client->count; ch++)
		ok = ok && body_matches(ch->body, client->number, ch->sha256);
	return measure_report(&m, ok);
}

/* Small requests, one after the other */
static void first_bytes(struct client *client)
{
	struct channel *ch = client->channel;
	__u64 *first_ns = calloc(client->number, sizeof(*first_ns));
	__u64 start_ns;
	__u8 byte;

	if (!first_ns)
		err(1, "%llu rounds", client->number);
	for (__u64 i = 0; i < client->number; i++) {
		start_ns = measure_now();
		send_request(ch, "GET", "/down/1", 0);
		receive_answer(ch, &byte, 1, false);
		first_ns[i] = ch->first_ns - start_ns;
	}
	measure_report_rounds(first_ns, client->number);
	free(first_ns);
}

/*
 * Command line
 */

static const struct argp_option argp_options[] = {
	{ "tcp", 't', NULL, 0, "through 127.0.0.1:16992", 0 },
	{ "channels", 'c', "N", 0, "this many at once, default 1", 0 },
	{ "hold", 'h', NULL, 0,
	  "keep the channels open until standard input ends", 0 },
	{ 0 }
};

static __u64 parse_number(struct argp_state *state, const char *text, __u64 max)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < 1 || n > max)
		argp_error(state, "%s is no number from 1 to %llu", text, max);
	return n;
}

static void parse_verb(struct argp_state *state, struct client *client,
		       const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		client->verb = &verbs[i];
		if (!strcmp(client->verb->name, name))
			return;
	}
	argp_error(state, "no verb %s", name);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct client *client = state->input;

	switch (key) {
	case 't':
		client->tcp = true;
		return 0;
	case 'c':
		client->count = parse_number(state, arg, MAX_CHANNELS);
		return 0;
	case 'h':
		client->hold = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			return ARGP_ERR_UNKNOWN;
		if (!state->arg_num)
			parse_verb(state, client, arg);
		else
			client->number = parse_number(state, arg,
						      client->verb->transfer ?
						      MEASURE_MAX_BYTES :
						      MEASURE_MAX_ROUNDS);
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num < 2)
			argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "down BYTES\nup BYTES\nfirst ROUNDS",
	.doc = "Measure channels of amt_lme, and print that as JSON: a download,\n"
	       "an upload, the first byte of small answers.",
};

int main(int argc, char **argv)
{
	static struct client client = {
		.verb = verbs,
		.number = 1,
		.count = 1,
		.ended = ATOMIC_FLAG_INIT,
	};
	char byte;
	bool ok = true;

	argp_parse(&argp, argc, argv, 0, NULL, &client);
	for (unsigned int i = 0; i < client.count; i++) {
		client.channel[i].client = &client;
		client.channel[i].fd = client.tcp ? open_tcp() : open_node();
	}
	if (client.verb->transfer)
		ok = transfer(&client);
	else
		first_bytes(&client);
	fflush(stdout);
	while (client.hold && read(STDIN_FILENO, &byte, 1) > 0)
		;
	return ok ? 0 : 1;
}
