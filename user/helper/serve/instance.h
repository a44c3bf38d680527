/* SPDX-License-Identifier: GPL-2.0-only */
/* That there is one daemon, and the socket on which it can be asked. */
#ifndef SERVE_INSTANCE_H
#define SERVE_INSTANCE_H

struct failure;

/**
 * struct instance - this daemon
 * @lock: keeps others from starting; -1 if there is none
 * @socket: the control socket, listening; -1 if there is none
 */
struct instance {
	int lock;
	int socket;
};

/**
 * instance_open() - be the daemon
 * @instance: to be filled, and freed with instance_close()
 * @failure: EXIT_BUSY, with the process that is it already
 *
 * Where the folder cannot be written, a line says so, and the daemon goes on
 * without a socket.
 *
 * Return: 0, or -1 with @failure set.
 */
int instance_open(struct instance *instance, struct failure *failure);

/** instance_close_socket() - not to be asked any more, and still be it */
void instance_close_socket(struct instance *instance);

/** instance_close() - let another be it */
void instance_close(struct instance *instance);

#endif /* SERVE_INSTANCE_H */
