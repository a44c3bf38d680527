/* SPDX-License-Identifier: GPL-2.0-only */
/* A forwarded port on loopback: 127.0.0.1 and, if the host has IPv6, [::1]. */
#ifndef SERVE_LISTENER_H
#define SERVE_LISTENER_H

#include <stdbool.h>

#include <systemd/sd-event.h>

struct listener;
struct sockaddr;

/**
 * struct listener_ops - what a listener tells its owner
 * @accepted: a client came; @client is non-blocking and now the owner's
 * @exhausted: no descriptors or memory for another client: the owner pauses
 *             its listeners, or they would be called without end
 */
struct listener_ops {
	void (*accepted)(void *arg, unsigned int port, int client,
			 const struct sockaddr *peer);
	void (*exhausted)(void *arg);
};

/**
 * listener_new() - listen on a port
 * @out: the listener, to be freed with listener_free()
 * @event: the loop
 * @port: the port
 * @ops: whom to tell
 * @arg: passed to @ops
 *
 * A port that cannot be bound is no error: it is reported as a lifecycle line,
 * and listener_bind() tries again.
 *
 * Return: 0, or -ENOMEM.
 */
int listener_new(struct listener **out, sd_event *event, unsigned int port,
		 const struct listener_ops *ops, void *arg);

/** listener_free() - stop listening; accepted clients are not touched */
void listener_free(struct listener *listener);

/** listener_bind() - try again to bind the addresses that are not bound */
void listener_bind(struct listener *listener);

/** listener_pause() - stop or go on accepting; clients wait in the backlog */
void listener_pause(struct listener *listener, bool pause);

/** listener_port() - the port */
unsigned int listener_port(const struct listener *listener);

#endif /* SERVE_LISTENER_H */
