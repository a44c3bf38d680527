// SPDX-License-Identifier: GPL-2.0-only
/* Listening sockets that the service manager passed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/amt_lme_netlink.h>
#include <systemd/sd-daemon.h>

#include "helper/failure.h"
#include "helper/serve/config.h"
#include "helper/serve/inherited.h"

#define SOCKETS_MAX (CONFIG_BIND_MAX * AMT_LME_MAX_FORWARDS)

/* Of the process, as the environment variables that announce them. */
static struct {
	int fd;
	struct sockaddr_storage address;
} sockets[SOCKETS_MAX];
static int socket_count;

static int add(int fd)
{
	struct sockaddr_storage *address;
	socklen_t length = sizeof(*address);
	int flags = fcntl(fd, F_GETFL);

	if (socket_count == SOCKETS_MAX)
		return -E2BIG;
	address = &sockets[socket_count].address;
	if (sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, 1, 0) <= 0)
		return -ENOTSOCK;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, &length) < 0)
		return -errno;
	sockets[socket_count++].fd = fd;
	return 0;
}

int inherited_list(struct failure *failure)
{
	int count = sd_listen_fds(1);
	int ret = count;

	for (int i = 0; ret >= 0 && i < count; i++)
		ret = add(SD_LISTEN_FDS_START + i);
	if (ret < 0)
		return failure_set(failure, EXIT_USAGE,
				   "not a listening TCP socket, or too many were passed (%s); see the .socket unit",
				   strerror(-ret));
	return 0;
}

int inherited_take(const struct sockaddr_storage *address)
{
	for (int i = 0; i < socket_count; i++)
		if (memcmp(&sockets[i].address, address, sizeof(*address)) == 0)
			return fcntl(sockets[i].fd, F_DUPFD_CLOEXEC, 0);
	return -1;
}
