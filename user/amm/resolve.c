// SPDX-License-Identifier: GPL-2.0-only
/*
 * The addresses of a host, by a deadline. getaddrinfo() has none and cannot be
 * interrupted, so a child calls it, and is killed when it takes too long.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "amm/deadline.h"
#include "amm/message.h"
#include "amm/resolve.h"

/* Then a write is whole, and so is a read. */
_Static_assert(sizeof(struct amm_addresses) <= PIPE_BUF,
	       "the addresses go through a pipe at once");

static void look_up(struct amm_addresses *addresses, const char *host,
		    unsigned int port, int flags)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = flags | AI_NUMERICSERV,
	};
	struct addrinfo *found;
	char service[8];

	memset(addresses, 0, sizeof(*addresses));
	snprintf(service, sizeof(service), "%u", port);
	addresses->error = getaddrinfo(host, service, &hints, &found);
	if (addresses->error)
		return;
	for (const struct addrinfo *one = found;
	     one && addresses->count < AMM_ADDRESSES_MAX; one = one->ai_next) {
		unsigned int i = addresses->count++;

		memcpy(&addresses->list[i], one->ai_addr, one->ai_addrlen);
		addresses->size[i] = one->ai_addrlen;
	}
	freeaddrinfo(found);
}

static void run_child(int out, const char *host, unsigned int port)
{
	struct amm_addresses addresses;

	look_up(&addresses, host, port, 0);
	_exit(write(out, &addresses, sizeof(addresses)) !=
	      (ssize_t)sizeof(addresses));
}

/* Takes over @child. */
static int await(struct amm_addresses *addresses, int in, pid_t child,
		 int64_t deadline)
{
	int ret = deadline_poll(in, POLLIN, deadline);

	if (ret == 0 && read(in, addresses, sizeof(*addresses)) !=
			(ssize_t)sizeof(*addresses))
		ret = -EIO;
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return ret;
}

static int look_up_in_child(struct amm_addresses *addresses, const char *host,
			    unsigned int port, int64_t deadline)
{
	int pipe[2], ret;
	pid_t child;

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child == 0)
		run_child(pipe[1], host, port);
	ret = child < 0 ? -errno : 0;
	close(pipe[1]);
	if (child > 0)
		ret = await(addresses, pipe[0], child, deadline);
	close(pipe[0]);
	return ret;
}

int amm_resolve(struct amm_addresses *addresses, const char *host,
		unsigned int port, int64_t deadline, struct amm_error *error)
{
	int ret = 0;

	look_up(addresses, host, port, AI_NUMERICHOST);
	if (addresses->error)
		ret = look_up_in_child(addresses, host, port, deadline);
	if (ret == -ETIMEDOUT)
		return amm_error_set(error, AMM_TIMEOUT,
				     "its name was not resolved in time");
	if (ret < 0)
		return amm_error_set(error, AMM_SYSTEM,
				     "its name cannot be resolved: %s",
				     strerror(-ret));
	if (addresses->error)
		return amm_error_set(error, AMM_UNREACHABLE,
				     "its name cannot be resolved: %s",
				     gai_strerror(addresses->error));
	return 0;
}
