/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clients that are connected: each has a channel to AMT and a relay, or
 * waits for the driver.
 */
#ifndef SERVE_CONNECTIONS_H
#define SERVE_CONNECTIONS_H

#include <stdbool.h>

#include <systemd/sd-event.h>

struct connections;
struct sockaddr_storage;

/*
 * Most clients at a time. AMT has about 8 channels; the others wait for one,
 * in the kernel and in order. Only open channels cost buffers. Fewer if
 * RLIMIT_NOFILE does not allow so many, two descriptors each.
 */
#define CONNECTIONS_MAX 64

/**
 * connections_new() - begin without clients
 * @out: to be freed with connections_free()
 * @event: the loop
 * @full: told when no more clients can be taken, and when they can again
 * @arg: passed to @full
 *
 * Return: 0, or -ENOMEM.
 */
int connections_new(struct connections **out, sd_event *event,
		    void (*full)(void *arg, bool full), void *arg);

/** connections_free() - close all clients and their channels */
void connections_free(struct connections *connections);

/**
 * connections_open() - open channels for those who wait, and for who comes
 * @connections: all of them
 * @ctl: from device_open_ctl(); not closed
 */
void connections_open(struct connections *connections, int ctl);

/**
 * connections_close() - use the control node no more
 * @connections: all of them
 *
 * Who is connected is reset. Who comes waits for connections_open(), each as
 * long as a channel waits for the link, and then is reset.
 */
void connections_close(struct connections *connections);

/**
 * connections_add() - open a channel for a client and relay
 * @connections: all of them
 * @port: the port inside AMT
 * @client: a non-blocking TCP socket; taken over, and reset if this fails
 * @peer: the client's address, named to AMT as the originator
 */
void connections_add(struct connections *connections, unsigned int port,
		     int client, const struct sockaddr_storage *peer);

/** connections_count() - how many clients are connected, also those who wait */
unsigned int connections_count(const struct connections *connections);

/**
 * connections_exhausted() - the process cannot take another client now
 * @connections: all of them
 *
 * They are full until one ends, or for a second: the cause may be outside.
 */
void connections_exhausted(struct connections *connections);

#endif /* SERVE_CONNECTIONS_H */
