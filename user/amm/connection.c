// SPDX-License-Identifier: GPL-2.0-only
/* A TCP connection to an AMM, and requests on it, by one deadline. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "amm/connection.h"
#include "amm/deadline.h"
#include "amm/message.h"
#include "amm/resolve.h"

#define NSEC_PER_SEC 1000000000LL

static int wait_connected(int fd, int64_t deadline)
{
	socklen_t size = sizeof(int);
	int error = 0;
	int ret = deadline_poll(fd, POLLOUT, deadline);

	if (ret < 0)
		return ret;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	return -error;
}

/* The socket, or a negative errno. */
static int connect_one(const struct sockaddr *address, socklen_t size,
		       int64_t deadline)
{
	int fd = socket(address->sa_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, address, size) < 0)
		ret = errno == EINPROGRESS ? wait_connected(fd, deadline) :
					     -errno;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

/*
 * Each address has its share of the time that is left, so a dead one does not
 * take that of the next.
 */
static int connect_any(struct amm_connection *connection,
		       const struct amm_addresses *addresses)
{
	int ret = -EHOSTUNREACH;

	for (unsigned int i = 0; i < addresses->count; i++) {
		const struct sockaddr *address =
			(const struct sockaddr *)&addresses->list[i];
		int64_t now = deadline_now();
		int64_t share = (connection->deadline - now) /
				(addresses->count - i);

		getnameinfo(address, addresses->size[i], connection->address,
			    sizeof(connection->address), NULL, 0,
			    NI_NUMERICHOST);
		ret = connect_one(address, addresses->size[i], now + share);
		if (ret >= 0) {
			connection->fd = ret;
			return 0;
		}
	}
	return ret;
}

int amm_connect(struct amm_connection *connection, const char *host,
		unsigned int port, unsigned int timeout,
		struct amm_error *error)
{
	struct amm_addresses addresses;
	int ret;

	memset(connection, 0, sizeof(*connection));
	connection->fd = -1;
	connection->deadline = deadline_now() + timeout * NSEC_PER_SEC;
	if (amm_resolve(&addresses, host, port, connection->deadline,
			error) < 0)
		return -1;
	ret = connect_any(connection, &addresses);
	if (ret == 0)
		return 0;
	return amm_error_set(error, ret == -ETIMEDOUT ? AMM_TIMEOUT :
							AMM_UNREACHABLE,
			     "no connection to %s: %s", connection->address,
			     strerror(-ret));
}

static enum amm_trouble trouble_of(int error)
{
	return error == -ETIMEDOUT ? AMM_TIMEOUT : AMM_UNREACHABLE;
}

/* An AMM speaks only when it is asked, so there is nothing to read now. */
static int check_quiet(const struct amm_connection *connection,
		       struct amm_error *error)
{
	unsigned char bytes[4] = { 0 };
	ssize_t count = recv(connection->fd, bytes, sizeof(bytes),
			     MSG_PEEK | MSG_DONTWAIT);

	if (count > 0)
		return amm_error_set(error, AMM_VIOLATION,
				     "bytes before the request: %02x%02x%02x%02x",
				     bytes[0], bytes[1], bytes[2], bytes[3]);
	if (count == 0)
		return amm_error_set(error, AMM_UNREACHABLE,
				     "it closed the connection before the request");
	if (errno == EAGAIN)
		return 0;
	return amm_error_set(error, AMM_UNREACHABLE, "before the request: %s",
			     strerror(errno));
}

static int send_all(struct amm_connection *connection, const uint8_t *request,
		    size_t size, struct amm_error *error)
{
	int ret = 0;

	while (connection->sent < size && ret == 0) {
		ssize_t count = send(connection->fd,
				     request + connection->sent,
				     size - connection->sent, MSG_NOSIGNAL);

		if (count >= 0)
			connection->sent += count;
		else if (errno == EAGAIN)
			ret = deadline_poll(connection->fd, POLLOUT,
					    connection->deadline);
		else
			ret = -errno;
	}
	if (ret == 0)
		return 0;
	return amm_error_set(error, trouble_of(ret),
			     "%zu of %zu bytes of the request sent: %s",
			     connection->sent, size, strerror(-ret));
}

/* The bytes from @from to @to of a reply; @from is 0 for the header. */
static int receive(struct amm_connection *connection, uint8_t *message,
		   size_t from, size_t to, struct amm_error *error)
{
	size_t got = from;
	int ret = 0;

	while (got < to && ret == 0) {
		ssize_t count = recv(connection->fd, message + got, to - got,
				     0);

		if (count > 0)
			got += count;
		else if (count == 0)
			return amm_error_set(error, AMM_UNREACHABLE,
					     "it closed the connection after %zu of %zu bytes",
					     got, to);
		else if (errno == EAGAIN)
			ret = deadline_poll(connection->fd, POLLIN,
					    connection->deadline);
		else
			ret = -errno;
	}
	if (ret == 0)
		return 0;
	return amm_error_set(error, trouble_of(ret),
			     "%zu of %zu bytes of the reply came: %s", got, to,
			     strerror(-ret));
}

int amm_exchange(struct amm_connection *connection, const uint8_t *request,
		 size_t size, const struct amm_expect *expect,
		 uint8_t *message, struct amm_reply *reply,
		 struct amm_error *error)
{
	size_t whole;

	connection->sent = 0;
	if (check_quiet(connection, error) < 0 ||
	    send_all(connection, request, size, error) < 0 ||
	    receive(connection, message, 0, AMM_HEADER_SIZE, error) < 0 ||
	    amm_parse_header(reply, expect, message, error) < 0)
		return -1;
	whole = AMM_HEADER_SIZE + reply->payload;
	if (receive(connection, message, AMM_HEADER_SIZE, whole, error) < 0)
		return -1;
	return amm_parse_reply(reply, expect, message, whole, error);
}

bool amm_has_more(const struct amm_connection *connection)
{
	char byte;

	return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void amm_close(struct amm_connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
}
