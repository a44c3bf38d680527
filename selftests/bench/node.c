// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-node: what bare measures, through a channel of amt_lme.ko.
 *
 * One thread with blocking reads and writes, the same requests, and the same
 * clock: from the request's first byte to the answer's last. Hashing and
 * filling of buffers is done off the clock.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <linux/amt_lme.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define CTL "/dev/amt_lme/ctl"
#define PORT 16992
#define MAX_BODY (1024 * 1024 * 1024)
#define SHA256_SIZE 32
#define SHA256_HEX_SIZE (2 * SHA256_SIZE)

/**
 * struct clock - what is measured
 * @start: the request's first byte goes out (ns)
 * @first: the answer's first byte is there (ns)
 * @end: its last (ns)
 */
struct clock {
	uint64_t start;
	uint64_t first;
	uint64_t end;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static int open_channel(void)
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

static void send_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	for (; len; p += n, len -= n) {
		n = write(fd, p, len);
		if (n < 0)
			err(1, "write");
	}
}

static void send_request(int fd, const char *method, const char *path,
			 size_t body)
{
	char head[256];
	int len = snprintf(head, sizeof(head),
			   "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: %zu\r\n\r\n",
			   method, path, PORT, body);

	send_all(fd, head, len);
}

static size_t receive(int fd, char *buf, size_t size)
{
	ssize_t n = read(fd, buf, size);

	if (n < 0)
		err(1, "read");
	if (!n)
		errx(1, "AMT closed the channel too early");
	return n;
}

/* Reads an answer whose body must have @bytes; returns when its head began. */
static uint64_t receive_answer(int fd, char *body, size_t bytes)
{
	char head[4096];
	size_t len = receive(fd, head, sizeof(head) - 1);
	uint64_t first = now_ns();
	const char *end;

	head[len] = '\0';
	while (!(end = strstr(head, "\r\n\r\n"))) {
		if (len == sizeof(head) - 1)
			errx(1, "the header of the answer is too long");
		len += receive(fd, head + len, sizeof(head) - 1 - len);
		head[len] = '\0';
	}
	if (strncmp(head, "HTTP/1.1 200 ", 13))
		errx(1, "AMT answers: %.*s", (int)strcspn(head, "\r\n"), head);
	len -= end + 4 - head;
	if (len > bytes)
		errx(1, "the answer is longer than expected");
	memcpy(body, end + 4, len);
	while (len < bytes)
		len += receive(fd, body + len, bytes - len);
	return first;
}

static char *alloc_body(size_t bytes)
{
	void *body = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (body == MAP_FAILED)
		err(1, "%zu bytes", bytes);
	return body;
}

static bool hash_matches(const void *data, size_t len, const char *expected)
{
	unsigned char digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE + 1];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, digest) < 0)
		errx(1, "no SHA-256");
	for (size_t i = 0; i < sizeof(digest); i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	return !memcmp(hex, expected, SHA256_HEX_SIZE);
}

static bool download(int fd, char *body, size_t bytes, struct clock *clock)
{
	char path[64], hex[SHA256_HEX_SIZE + 1];

	snprintf(path, sizeof(path), "/down/%zu/sha256", bytes);
	send_request(fd, "GET", path, 0);
	receive_answer(fd, hex, sizeof(hex));

	*strrchr(path, '/') = '\0';
	clock->start = now_ns();
	send_request(fd, "GET", path, 0);
	clock->first = receive_answer(fd, body, bytes);
	clock->end = now_ns();
	return hash_matches(body, bytes, hex);
}

static bool upload(int fd, char *body, size_t bytes, struct clock *clock)
{
	char hex[SHA256_HEX_SIZE + 1];

	srandom(1);
	for (size_t i = 0; i < bytes; i++)
		body[i] = random();
	clock->start = now_ns();
	send_request(fd, "POST", "/up", bytes);
	send_all(fd, body, bytes);
	clock->first = receive_answer(fd, hex, sizeof(hex));
	clock->end = now_ns();
	return hash_matches(body, bytes, hex);
}

int main(int argc, char **argv)
{
	bool up = argc == 3 && !strcmp(argv[1], "up");
	struct clock clock;
	size_t bytes;
	char *body;
	bool ok;

	if (argc != 3 || (!up && strcmp(argv[1], "down")))
		errx(2, "usage: bench-node down|up BYTES");
	bytes = strtoul(argv[2], NULL, 10);
	if (!bytes || bytes > MAX_BODY)
		errx(2, "%s is no number from 1 to %d", argv[2], MAX_BODY);
	body = alloc_body(bytes);
	ok = (up ? upload : download)(open_channel(), body, bytes, &clock);
	printf("{\"bytes\":%zu,\"seconds\":%.6f,\"first_byte_us\":%llu,\"sha256_ok\":%s}\n",
	       bytes, (double)(clock.end - clock.start) / 1e9,
	       (unsigned long long)(clock.first - clock.start) / 1000,
	       ok ? "true" : "false");
	return ok ? 0 : 1;
}
