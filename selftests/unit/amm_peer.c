// SPDX-License-Identifier: GPL-2.0-only
/* The far end of `amt-helper amm`. */
#include <arpa/inet.h>
#include <libgen.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "amm_peer.h"

#define ARGUMENTS_MAX 16

/* It only bounds a hang. */
#define STUCK_MSEC 25000

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

void message_set(struct message *message, const char *hex, size_t size)
{
	memset(message, 0, sizeof(*message));
	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		message->bytes[message->size++] =
			(uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
		hex++;
	}
	if (size)
		message->size = size;
}

void message_put(struct message *message, size_t at, uint64_t value,
		 unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		message->bytes[at + i] = value >> (8 * i) & 0xff;
}

void message_resize(struct message *message, unsigned int payload)
{
	message_put(message, 6, payload, 2);
	message_put(message, 8, 0xffff - payload, 2);
	message->size = 12 + payload;
}

static int make_address(struct sockaddr_storage *address, const char *text,
			unsigned int port, socklen_t *size)
{
	struct sockaddr_in6 *in6 = (void *)address;
	struct sockaddr_in *in4 = (void *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(port);
		*size = sizeof(*in4);
		return 0;
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	*size = sizeof(*in6);
	return inet_pton(AF_INET6, text, &in6->sin6_addr) == 1 ? 0 : -1;
}

int peer_listen(struct peer *peer, const char *address, unsigned int port,
		int queue)
{
	struct sockaddr_storage bound;
	socklen_t size;

	peer->fd = -1;
	peer->pid = 0;
	peer->pidfd = -1;
	peer->output[0] = -1;
	peer->output[1] = -1;
	if (make_address(&bound, address, port, &size) < 0)
		return -1;
	peer->listener = socket(bound.ss_family, SOCK_STREAM | SOCK_CLOEXEC,
				0);
	if (peer->listener < 0 ||
	    setsockopt(peer->listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 },
		       sizeof(int)) < 0 ||
	    bind(peer->listener, (struct sockaddr *)&bound, size) < 0 ||
	    listen(peer->listener, queue) < 0 ||
	    getsockname(peer->listener, (struct sockaddr *)&bound, &size) < 0)
		return -1;
	/* At the same place in both kinds of address. */
	peer->port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
	return 0;
}

/* build/unit/NAME_test: the program is build/bin/amt-helper. */
const char *peer_path(void)
{
	static char path[PATH_MAX + 32];
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[length < 0 ? 0 : length] = '\0';
	snprintf(path, sizeof(path), "%s/../bin/amt-helper", dirname(self));
	return path;
}

static void run_child(const int output[2], const char *const arguments[])
{
	char *argv[ARGUMENTS_MAX + 1] = { 0 };

	for (int i = 0; arguments[i] && i < ARGUMENTS_MAX; i++)
		argv[i] = strdup(arguments[i]);
	dup2(output[0], STDOUT_FILENO);
	dup2(output[1], STDERR_FILENO);
	execv(argv[0], argv);
	_exit(127);
}

int peer_spawn(struct peer *peer, const char *const arguments[], int out)
{
	int output[2];

	for (int i = 0; i < 2; i++) {
		if (peer->output[i] >= 0)
			close(peer->output[i]);
		peer->output[i] = memfd_create("output", MFD_CLOEXEC);
		output[i] = peer->output[i];
	}
	if (out >= 0)
		output[0] = out;
	peer->pid = fork();
	if (peer->pid == 0)
		run_child(output, arguments);
	if (peer->pid < 0)
		return -1;
	peer->pidfd = pidfd_open(peer->pid, 0);
	return peer->pidfd < 0 ? -1 : 0;
}

int peer_start(struct peer *peer, const char *const arguments[])
{
	const char *argv[ARGUMENTS_MAX + 1] = { peer_path() };
	char address[32];

	snprintf(address, sizeof(address), "127.0.0.1:%u", peer->port);
	for (int i = 0; arguments[i] && i < ARGUMENTS_MAX - 1; i++)
		argv[i + 1] = strcmp(arguments[i], PEER) ? arguments[i] :
							   address;
	return peer_spawn(peer, argv, -1);
}

int peer_accept(struct peer *peer)
{
	struct pollfd wanted[2] = {
		{ .fd = peer->listener, .events = POLLIN },
		{ .fd = peer->pidfd, .events = POLLIN },
	};

	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
	if (poll(wanted, peer->pidfd < 0 ? 1 : 2, STUCK_MSEC) < 1 ||
	    !(wanted[0].revents & POLLIN))
		return -1;
	peer->fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
	if (peer->fd < 0)
		return -1;
	return setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 },
			  sizeof(int));
}

bool peer_waits(const struct peer *peer)
{
	struct pollfd wanted = { .fd = peer->listener, .events = POLLIN };

	return poll(&wanted, 1, 0) == 1;
}

int peer_dial(const struct peer *peer, const char *address)
{
	struct sockaddr_storage to;
	socklen_t size;
	int fd;

	if (make_address(&to, address, peer->port, &size) < 0)
		return -1;
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, size) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Up to so many bytes; fewer if no more come. */
static size_t receive(struct peer *peer, uint8_t *bytes, size_t count)
{
	struct pollfd wanted = { .fd = peer->fd, .events = POLLIN };
	size_t got = 0;

	while (got < count && poll(&wanted, 1, STUCK_MSEC) == 1) {
		ssize_t n = recv(peer->fd, bytes + got, count - got, 0);

		if (n <= 0)
			break;
		got += n;
	}
	return got;
}

int peer_expect(struct peer *peer, const char *hex)
{
	static struct message expected, seen;

	message_set(&expected, hex, 0);
	seen.size = receive(peer, seen.bytes, expected.size);
	if (seen.size == expected.size &&
	    memcmp(seen.bytes, expected.bytes, seen.size) == 0)
		return 0;
	fprintf(stderr, "# expected %s\n# got      ", hex);
	for (size_t i = 0; i < seen.size; i++)
		fprintf(stderr, "%02x", seen.bytes[i]);
	fputc('\n', stderr);
	return -1;
}

int peer_send(struct peer *peer, const void *bytes, size_t count)
{
	const uint8_t *at = bytes;

	while (count > 0) {
		ssize_t n = send(peer->fd, at, count, MSG_NOSIGNAL);

		if (n < 0)
			return -1;
		at += n;
		count -= n;
	}
	return 0;
}

int peer_reply(struct peer *peer, const struct message *message)
{
	return peer_send(peer, message->bytes, message->size);
}

void peer_hang_up(struct peer *peer, bool reset)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	if (reset)
		setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger,
			   sizeof(linger));
	close(peer->fd);
	peer->fd = -1;
}

bool peer_ended(const struct peer *peer, int milliseconds)
{
	struct pollfd wanted = { .fd = peer->pidfd, .events = POLLIN };

	return poll(&wanted, 1, milliseconds) == 1;
}

static void read_output(int fd, char *text)
{
	ssize_t n = pread(fd, text, OUTPUT_MAX - 1, 0);

	text[n > 0 ? n : 0] = '\0';
}

int peer_finish(struct peer *peer)
{
	int status = -1;

	if (!peer_ended(peer, STUCK_MSEC))
		kill(peer->pid, SIGKILL);
	waitpid(peer->pid, &status, 0);
	close(peer->pidfd);
	peer->pidfd = -1;
	peer->pid = 0;
	read_output(peer->output[0], peer->out);
	read_output(peer->output[1], peer->err);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

void peer_close(struct peer *peer)
{
	if (peer->pid > 0) {
		kill(peer->pid, SIGKILL);
		peer_finish(peer);
	}
	if (peer->fd >= 0)
		close(peer->fd);
	close(peer->listener);
	close(peer->output[0]);
	close(peer->output[1]);
}
