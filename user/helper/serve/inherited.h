/* SPDX-License-Identifier: GPL-2.0-only */
/* Listening sockets that the service manager passed, see sd_listen_fds(3). */
#ifndef SERVE_INHERITED_H
#define SERVE_INHERITED_H

struct failure;
struct sockaddr_storage;

/**
 * inherited_list() - find those that were passed
 * @failure: EXIT_USAGE if one is no listening TCP socket
 *
 * Return: 0, or -1 with @failure set.
 */
int inherited_list(struct failure *failure);

/**
 * inherited_take() - get the one that listens on an address
 * @address: with the port
 *
 * Return: the socket, non-blocking and the caller's; -1 if there is none.
 */
int inherited_take(const struct sockaddr_storage *address);

#endif /* SERVE_INHERITED_H */
