/* SPDX-License-Identifier: GPL-2.0-only */
/* The addresses of a host, by a deadline. */
#ifndef AMM_RESOLVE_H
#define AMM_RESOLVE_H

#include <stdint.h>
#include <sys/socket.h>

/* As many as go through a pipe at once. */
#define AMM_ADDRESSES_MAX 16

struct amm_error;

/**
 * struct amm_addresses - the addresses of a host
 * @error: of getaddrinfo(); then there are none
 * @count: how many
 * @list: in the order in which to try them
 * @size: of each
 */
struct amm_addresses {
	int error;
	unsigned int count;
	socklen_t size[AMM_ADDRESSES_MAX];
	struct sockaddr_storage list[AMM_ADDRESSES_MAX];
};

/**
 * amm_resolve() - find the addresses of a host
 * @addresses: to be filled
 * @host: a name or an address
 * @port: the port to put into them
 * @deadline: in nanoseconds of CLOCK_MONOTONIC
 * @error: set on failure
 *
 * Return: 0 with at least one address, or -1.
 */
int amm_resolve(struct amm_addresses *addresses, const char *host,
		unsigned int port, int64_t deadline, struct amm_error *error);

#endif /* AMM_RESOLVE_H */
