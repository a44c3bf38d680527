// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link carried by user space: for tests that start no amt-helper serve by
 * themselves, one that they do not see, the carrier. See testlib.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "testlib.h"

/* Locked by amt-helper serve for as long as it lives. */
#define SERVE_LOCK "/run/amt-helper/lock"
#define NOTIFY "/run/amt_lme_test.notify"

static struct process carrier;
static bool hidden;

bool relayed(void)
{
	return hidden;
}

void relay_options(const char *argv[], size_t argc)
{
	const char *transport = getenv("AMT_LME_TRANSPORT");

	hidden = transport && !strcmp(transport, "relay");
	for (size_t i = 0; i < argc; i++)
		if (!strcmp(argv[i], "--connections"))
			hidden = false;
	if (!hidden)
		return;
	argv[argc] = "--connections";
	argv[argc + 1] = "2";
}

/* One for HOLD, and one for the link descriptor. */
unsigned int carrier_users(void)
{
	return relayed() ? 2 : 0;
}

uint32_t unused_state(void)
{
	return relayed() ? AMT_LME_LINK_STATE_ABSENT : AMT_LME_LINK_STATE_IDLE;
}

static bool serve_runs(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	int fd = open(SERVE_LOCK, O_RDWR | O_CLOEXEC);
	bool locked = fd >= 0 && !fcntl(fd, F_GETLK, &lock) &&
		      lock.l_type != F_UNLCK;

	close(fd);
	return locked;
}

/* Where a service says that it is ready, as systemd has it. */
static int notify_open(void)
{
	const struct sockaddr_un address = {
		.sun_family = AF_UNIX,
		.sun_path = NOTIFY,
	};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	unlink(NOTIFY);
	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return fd;
}

static int wait_ready(int fd)
{
	struct pollfd p[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = carrier.pidfd, .events = POLLIN },
	};

	if (poll(p, 2, WAIT_MS) <= 0)
		return -ETIME;
	return p[0].revents ? 0 : -EPIPE;
}

int carrier_start(void)
{
	static const char *const argv[] = { "amt-helper", "serve", NULL };
	int fd, err;

	if (!relayed() || carrier.pid || serve_runs())
		return 0;
	fd = notify_open();
	if (fd < 0)
		return fd;
	setenv("NOTIFY_SOCKET", NOTIFY, 1);
	err = process_start(&carrier, -1, false, argv);
	unsetenv("NOTIFY_SOCKET");
	if (!err) {
		err = wait_ready(fd);
		if (err)
			carrier_stop();
	}
	close(fd);
	if (err)
		say("no carrier: %s", strerror(-err));
	return err;
}

int carrier_stop(void)
{
	int status;

	if (!carrier.pid)
		return 0;
	status = process_end(&carrier, SIGTERM);
	process_close(&carrier);
	if (status)
		say("the carrier ended with %d", status);
	return status;
}
