/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A TCP connection to an AMM. All that is done on it, from the resolution of
 * the name on, ends by one deadline. Nothing is ever sent twice.
 */
#ifndef AMM_CONNECTION_H
#define AMM_CONNECTION_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct amm_error;
struct amm_expect;
struct amm_reply;

/**
 * struct amm_connection - a connection
 * @fd: non-blocking socket, -1 without one
 * @deadline: in nanoseconds of CLOCK_MONOTONIC
 * @sent: how many bytes of the latest request may have reached the peer
 * @address: of the peer, numeric
 */
struct amm_connection {
	int fd;
	int64_t deadline;
	size_t sent;
	char address[NI_MAXHOST];
};

/**
 * amm_connect() - connect to a host
 * @connection: to be ended with amm_close(), also after a failure
 * @host: a name or an address; all its addresses are tried
 * @port: its port
 * @timeout: seconds until the deadline
 * @error: set on failure
 *
 * Return: 0, or -1.
 */
int amm_connect(struct amm_connection *connection, const char *host,
		unsigned int port, unsigned int timeout,
		struct amm_error *error);

/**
 * amm_exchange() - send a request and receive its reply
 * @connection: without another request under way
 * @request: from amm_encode()
 * @size: how many bytes
 * @expect: what the reply must be
 * @message: AMM_MESSAGE_MAX bytes, for the reply as it came
 * @reply: what is in it
 * @error: set on failure
 *
 * Return: 0, or -1; the connection is of no use then.
 */
int amm_exchange(struct amm_connection *connection, const uint8_t *request,
		 size_t size, const struct amm_expect *expect,
		 uint8_t *message, struct amm_reply *reply,
		 struct amm_error *error);

/** amm_has_more() - did the peer send what nobody asked for */
bool amm_has_more(const struct amm_connection *connection);

/** amm_close() - close the connection, if there is one */
void amm_close(struct amm_connection *connection);

#endif /* AMM_CONNECTION_H */
