// SPDX-License-Identifier: GPL-2.0-only
/* A forwarded port on this host. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/parse.h"
#include "helper/serve/config.h"
#include "helper/serve/inherited.h"
#include "helper/serve/lifecycle.h"
#include "helper/serve/listener.h"

/* An address and a port that clients connect to. */
struct door {
	struct sockaddr_storage address;
	sd_event_source *io; /* owns the socket; NULL if it is not bound */
	int local_port; /* AMT's, with the offset; may be no port */
	int error; /* why the last try failed */
	bool optional; /* it may not exist on this host */
};

struct listener {
	sd_event *event;
	unsigned int port;
	const struct listener_ops *ops;
	void *arg;
	struct door doors[CONFIG_BIND_MAX];
	int door_count;
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
	listener->ops->accepted(listener->arg, listener->port, client, &peer);
	return 0;
}

static socklen_t address_length(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
						sizeof(struct sockaddr_in);
}

static int open_door(const struct sockaddr_storage *address)
{
	const int on = 1;
	int fd = socket(address->ss_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (address->ss_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(fd, (const struct sockaddr *)address,
		 address_length(address)) < 0 ||
	    listen(fd, SOMAXCONN) < 0) {
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

static struct door_info describe(const struct listener *listener,
				 const struct door *door)
{
	struct door_info info = {
		.state = DOOR_CLOSED,
		.error = door->error,
		.port = listener->port,
		.local_port = door->local_port,
	};

	if (door->io)
		info.state = DOOR_BOUND;
	else if (door->error)
		info.state = DOOR_FAILED;
	is_loopback(&door->address, info.address);
	return info;
}

static void tell(const struct listener *listener, const struct door *door)
{
	struct door_info info = describe(listener, door);

	listener->ops->door(listener->arg, &info);
}

static bool is_port(int number)
{
	return number >= 1 && number <= 65535;
}

/* 0 if it is bound, or need not be; else a negative errno. */
static int bind_door(struct listener *listener, struct door *door)
{
	int ret;

	if (!is_port(door->local_port))
		return -ERANGE;
	ret = inherited_take(&door->address);
	if (ret < 0)
		ret = open_door(&door->address);
	if (door->optional && (ret == -EAFNOSUPPORT || ret == -EADDRNOTAVAIL))
		return 0;
	return ret < 0 ? ret : watch_door(listener, door, ret);
}

/* True if the address is bound now and was not before. */
static bool try_door(struct listener *listener, struct door *door)
{
	int before = door->error;

	if (door->io)
		return false;
	door->error = -bind_door(listener, door);
	if (door->io || (door->error && door->error != before))
		tell(listener, door);
	return door->io;
}

static void report_failure(const struct listener *listener, int error)
{
	int local_port = listener->doors[0].local_port;
	unsigned int port = listener->port;

	switch (error) {
	case EADDRINUSE:
		lifecycle(LIFECYCLE_PORT_FAILED,
			  "port %u: address in use; stop the program that has it (ss -ltnp sport = :%d)",
			  port, local_port);
		break;
	case EACCES:
		lifecycle(LIFECYCLE_PORT_FAILED,
			  "port %u: permission denied; ports below 1024 need CAP_NET_BIND_SERVICE",
			  port);
		break;
	case ERANGE:
		lifecycle(LIFECYCLE_PORT_FAILED,
			  "port %u: with the port offset it is %d, which is no port",
			  port, local_port);
		break;
	default:
		lifecycle(LIFECYCLE_PORT_FAILED, "port %u: cannot listen: %s",
			  port, strerror(error));
	}
}

/* " and " between addresses; the port only if it is not AMT's own. */
static void append_address(const struct listener *listener,
			   const struct door *door, char *text, size_t size)
{
	struct door_info info = describe(listener, door);
	bool is_in6 = door->address.ss_family == AF_INET6;
	size_t length = strlen(text);
	char port[16] = "";

	if (info.local_port != (int)info.port)
		snprintf(port, sizeof(port), ":%d", info.local_port);
	snprintf(text + length, size - length, "%s%s%s%s%s",
		 length ? " and " : "", is_in6 ? "[" : "", info.address,
		 is_in6 ? "]" : "", port);
}

void listener_bind(struct listener *listener)
{
	char bound[CONFIG_BIND_MAX * 64] = "";
	int error = 0;

	for (int i = 0; i < listener->door_count; i++) {
		struct door *door = &listener->doors[i];

		if (try_door(listener, door))
			append_address(listener, door, bound, sizeof(bound));
		if (!error)
			error = door->error;
	}
	if (error && error != listener->reported)
		report_failure(listener, error);
	listener->reported = error;
	if (bound[0])
		lifecycle(LIFECYCLE_PORT_BOUND, "port %u bound on %s",
			  listener->port, bound);
}

/* The doors of a configuration, closed. */
static void list_doors(struct listener *listener,
		       const struct serve_config *config)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr_in in4 = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int local_port = (int)listener->port + config->port_offset;
	struct door *doors = listener->doors;

	memset(doors, 0, sizeof(listener->doors));
	listener->door_count = config->bind_count;
	for (int i = 0; i < config->bind_count; i++)
		doors[i].address = config->bind[i];
	if (config->bind_count == 0) {
		memcpy(&doors[0].address, &in4, sizeof(in4));
		memcpy(&doors[1].address, &in6, sizeof(in6));
		doors[1].optional = true; /* a host without IPv6 */
		listener->door_count = 2;
	}
	for (int i = 0; i < listener->door_count; i++) {
		doors[i].local_port = local_port;
		if (is_port(local_port))
			set_port(&doors[i].address, local_port);
	}
}

static void close_door(struct listener *listener, struct door *door)
{
	if (!door->io)
		return;
	door->io = sd_event_source_disable_unref(door->io);
	tell(listener, door);
}

/* It stays open if the new configuration has it too. */
static void take_door(struct listener *listener, struct door *old)
{
	for (int i = 0; i < listener->door_count; i++) {
		struct door *door = &listener->doors[i];

		if (memcmp(&door->address, &old->address,
			   sizeof(old->address)) == 0) {
			door->io = old->io;
			old->io = NULL;
		}
	}
	close_door(listener, old);
}

void listener_configure(struct listener *listener,
			const struct serve_config *config)
{
	struct door old[CONFIG_BIND_MAX];
	int old_count = listener->door_count;

	memcpy(old, listener->doors, sizeof(old));
	list_doors(listener, config);
	/* First close what goes: it may be what is in the way. */
	for (int i = 0; i < old_count; i++)
		take_door(listener, &old[i]);
	listener->reported = 0;
	listener_bind(listener);
}

int listener_new(struct listener **out, sd_event *event, unsigned int port,
		 const struct serve_config *config,
		 const struct listener_ops *ops, void *arg)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return -ENOMEM;
	listener->event = event;
	listener->port = port;
	listener->ops = ops;
	listener->arg = arg;
	list_doors(listener, config);
	listener_bind(listener);
	*out = listener;
	return 0;
}

void listener_free(struct listener *listener)
{
	for (int i = 0; i < listener->door_count; i++)
		close_door(listener, &listener->doors[i]);
	free(listener);
}

void listener_pause(struct listener *listener, bool pause)
{
	listener->paused = pause;
	for (int i = 0; i < listener->door_count; i++)
		if (listener->doors[i].io)
			sd_event_source_set_enabled(listener->doors[i].io,
						    pause ? SD_EVENT_OFF :
							    SD_EVENT_ON);
}

void listener_list(const struct listener *listener,
		   void (*door)(void *arg, const struct door_info *door),
		   void *arg)
{
	for (int i = 0; i < listener->door_count; i++) {
		struct door_info info = describe(listener, &listener->doors[i]);

		if (info.state != DOOR_CLOSED)
			door(arg, &info);
	}
}

unsigned int listener_port(const struct listener *listener)
{
	return listener->port;
}
