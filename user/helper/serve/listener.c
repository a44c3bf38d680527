// SPDX-License-Identifier: GPL-2.0-only
/* A forwarded port on loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/serve/lifecycle.h"
#include "helper/serve/listener.h"

enum { DOOR_INET, DOOR_INET6, N_DOORS };

/* A loopback address of a port. */
struct door {
	sd_event_source *io; /* owns the socket; NULL if it is not bound */
	int error; /* why the last try failed */
};

struct listener {
	sd_event *event;
	unsigned int port;
	const struct listener_ops *ops;
	void *arg;
	struct door doors[N_DOORS];
	int reported; /* the error that was said, so that it is said once */
	bool paused;
};

/* A client that left before accept() is not an error of the listener. */
static bool client_left(int error)
{
	switch (error) {
	case EAGAIN:
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
		return true;
	default:
		return false;
	}
}

static int on_client(sd_event_source *source, int fd, uint32_t revents,
		     void *arg)
{
	struct listener *listener = arg;
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);
	const int on = 1;
	int client;

	(void)source;
	(void)revents;
	client = accept4(fd, (struct sockaddr *)&peer, &length,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client < 0) {
		if (!client_left(errno))
			listener->ops->exhausted(listener->arg);
		return 0;
	}
	/* Each write is a whole piece from AMT: nothing to wait for. */
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	listener->ops->accepted(listener->arg, listener->port, client,
				(struct sockaddr *)&peer);
	return 0;
}

static int bind_loopback(int fd, int family, unsigned int port)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr_in in4 = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	if (family == AF_INET6)
		return bind(fd, (struct sockaddr *)&in6, sizeof(in6));
	return bind(fd, (struct sockaddr *)&in4, sizeof(in4));
}

static int open_door(int family, unsigned int port)
{
	const int on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind_loopback(fd, family, port) < 0 || listen(fd, SOMAXCONN) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static int watch_door(struct listener *listener, struct door *door, int fd)
{
	int ret = sd_event_add_io(listener->event, &door->io, fd, EPOLLIN,
				  on_client, listener);

	if (ret < 0) {
		close(fd);
		return ret;
	}
	sd_event_source_set_io_fd_own(door->io, 1);
	if (listener->paused)
		sd_event_source_set_enabled(door->io, SD_EVENT_OFF);
	return 0;
}

/* True if the address is bound now and was not before. */
static bool try_door(struct listener *listener, int which)
{
	struct door *door = &listener->doors[which];
	int ret;

	if (door->io)
		return false;
	ret = open_door(which == DOOR_INET6 ? AF_INET6 : AF_INET,
			listener->port);
	if (ret >= 0)
		ret = watch_door(listener, door, ret);
	door->error = ret < 0 ? -ret : 0;
	if (which == DOOR_INET6 &&
	    (door->error == EAFNOSUPPORT || door->error == EADDRNOTAVAIL))
		door->error = 0; /* a host without IPv6 */
	return door->io;
}

static void report_failure(unsigned int port, int error)
{
	switch (error) {
	case EADDRINUSE:
		lifecycle(LIFECYCLE_PORT_FAILED,
			  "port %u: address in use; stop the program that has it (ss -ltnp sport = :%u)",
			  port, port);
		break;
	case EACCES:
		lifecycle(LIFECYCLE_PORT_FAILED,
			  "port %u: permission denied; ports below 1024 need CAP_NET_BIND_SERVICE",
			  port);
		break;
	default:
		lifecycle(LIFECYCLE_PORT_FAILED, "port %u: cannot listen: %s",
			  port, strerror(error));
	}
}

void listener_bind(struct listener *listener)
{
	bool inet = try_door(listener, DOOR_INET);
	bool inet6 = try_door(listener, DOOR_INET6);
	int error = listener->doors[DOOR_INET].error;

	if (!error)
		error = listener->doors[DOOR_INET6].error;
	if (error && error != listener->reported)
		report_failure(listener->port, error);
	listener->reported = error;
	if (inet || inet6)
		lifecycle(LIFECYCLE_PORT_BOUND, "port %u bound on %s%s%s",
			  listener->port, inet ? "127.0.0.1" : "",
			  inet && inet6 ? " and " : "", inet6 ? "[::1]" : "");
}

int listener_new(struct listener **out, sd_event *event, unsigned int port,
		 const struct listener_ops *ops, void *arg)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return -ENOMEM;
	listener->event = event;
	listener->port = port;
	listener->ops = ops;
	listener->arg = arg;
	listener_bind(listener);
	*out = listener;
	return 0;
}

void listener_free(struct listener *listener)
{
	for (int i = 0; i < N_DOORS; i++)
		sd_event_source_disable_unref(listener->doors[i].io);
	free(listener);
}

void listener_pause(struct listener *listener, bool pause)
{
	listener->paused = pause;
	for (int i = 0; i < N_DOORS; i++)
		if (listener->doors[i].io)
			sd_event_source_set_enabled(listener->doors[i].io,
						    pause ? SD_EVENT_OFF :
							    SD_EVENT_ON);
}

unsigned int listener_port(const struct listener *listener)
{
	return listener->port;
}
