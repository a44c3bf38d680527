/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A forwarded port on this host: on 127.0.0.1 and, if the host has IPv6, on
 * [::1], or as it was configured.
 */
#ifndef SERVE_LISTENER_H
#define SERVE_LISTENER_H

#include <stdbool.h>

#include <systemd/sd-event.h>

struct listener;
struct serve_config;
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
 * @port: AMT's port
 * @config: where to listen for it; not kept
 * @ops: whom to tell
 * @arg: passed to @ops
 *
 * A port that cannot be bound is no error: it is reported as a lifecycle line,
 * and listener_bind() tries again.
 *
 * Return: 0, or -ENOMEM.
 */
int listener_new(struct listener **out, sd_event *event, unsigned int port,
		 const struct serve_config *config,
		 const struct listener_ops *ops, void *arg);

/** listener_free() - stop listening; accepted clients are not touched */
void listener_free(struct listener *listener);

/** listener_configure() - move; what is in both configurations stays bound */
void listener_configure(struct listener *listener,
			const struct serve_config *config);

/** listener_bind() - try again to bind the addresses that are not bound */
void listener_bind(struct listener *listener);

/** listener_pause() - stop or go on accepting; clients wait in the backlog */
void listener_pause(struct listener *listener, bool pause);

/** listener_port() - AMT's port */
unsigned int listener_port(const struct listener *listener);

#endif /* SERVE_LISTENER_H */
