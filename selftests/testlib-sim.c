// SPDX-License-Identifier: GPL-2.0-only
/* The virtual AMT that a test starts and talks to. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "testlib.h"

#define CONTROL "/run/amt-sim.sock"

static int fail(int err, const char *what)
{
	say("amt-sim: %s: %s", what, strerror(-err));
	return err;
}

static int wait_ready(int fd)
{
	char text[8];
	int r = fd_wait(fd, POLLIN, WAIT_MS);

	if (!r)
		return fail(-ETIME, "not ready");
	if (read(fd, text, sizeof(text)) <= 0)
		return fail(-EPIPE, "ended before it was ready");
	return 0;
}

int sim_start(struct machine *m, const char *const sim_args[])
{
	const char *argv[32] = { "amt-sim", "--control", CONTROL,
				 "--ready-fd", "3" };
	size_t argc = 5;
	int ready[2];
	int err;

	for (; sim_args && *sim_args; sim_args++)
		argv[argc++] = *sim_args;
	relay_options(argv, argc);
	if (pipe2(ready, O_CLOEXEC))
		return fail(-errno, "pipe");
	err = process_start(&m->sim, ready[1], false, argv);
	close(ready[1]);
	if (!err)
		err = wait_ready(ready[0]);
	close(ready[0]);
	return err;
}

int sim_vanish(struct machine *m)
{
	int status = process_end(&m->sim, SIGKILL);

	process_close(&m->sim);
	return status == 128 + SIGKILL ? 0 : -EIO;
}

static int control_connect(void)
{
	struct sockaddr_un address = {
		.sun_family = AF_UNIX,
		.sun_path = CONTROL,
	};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* All up to the end, NUL-terminated and cut to @size. */
static int receive_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	do {
		if (!fd_wait(fd, POLLIN, WAIT_MS))
			return -ETIME;
		n = recv(fd, text + len, size - 1 - len, 0);
		if (n > 0)
			len += n;
	} while (n > 0 && len < size - 1);
	text[len] = 0;
	return n < 0 ? -errno : 0;
}

/* Its program for this, amt-sim control, takes longer to start than to ask. */
int sim_ask(struct result *r, const char *command)
{
	static const char ok[] = "ok\n";
	int fd = control_connect();
	int err = fd < 0 ? fd : 0;

	r->text[0] = 0;
	if (!err && dprintf(fd, "%s\n", command) < 0)
		err = -errno;
	if (!err)
		err = receive_all(fd, r->text, sizeof(r->text));
	if (fd >= 0)
		close(fd);
	if (err)
		return fail(err, command);
	if (strncmp(r->text, ok, strlen(ok))) {
		say("amt-sim: %s: %s", command, r->text);
		return -EIO;
	}
	memmove(r->text, r->text + strlen(ok), strlen(r->text + strlen(ok)) + 1);
	return 0;
}

int sim_command(const char *command)
{
	struct result r;

	return sim_ask(&r, command);
}

/* @text has lines of a name and a number. */
static int64_t number_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, name, len) && text[len] == ' ')
			return strtoll(text + len, NULL, 10);
	}
	return fail(-ENOENT, name);
}

int64_t sim_stat(const char *name)
{
	struct result r;
	int err = sim_ask(&r, "stats");

	return err ? err : number_of(r.text, name);
}

int sim_until(const char *name, int64_t least)
{
	char command[64];

	snprintf(command, sizeof(command), "until %s %" PRId64, name, least);
	return sim_command(command);
}

int sim_certificate(const char *path)
{
	struct result r;
	FILE *file;
	int err = sim_ask(&r, "certificate");

	if (err)
		return err;
	file = fopen(path, "we");
	if (!file)
		return fail(-errno, path);
	fputs(r.text, file);
	return fclose(file) ? fail(-errno, path) : 0;
}
