/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A forwarded port on this host: on 127.0.0.1 and, if the host has IPv6, on
 * [::1], or as it was configured.
 */
#ifndef SERVE_LISTENER_H
#define SERVE_LISTENER_H

#include <netinet/in.h>
#include <stdbool.h>

#include <systemd/sd-event.h>

struct listener;
struct serve_config;

/* The numbers are promised to stay. */
enum door_state {
	DOOR_BOUND = 1,
	DOOR_FAILED,
	DOOR_CLOSED,
};

/**
 * struct door_info - an address that a listener has, wants, or had
 * @state: which
 * @error: errno if it failed, ERANGE if @local_port is no port; else 0
 * @port: AMT's port
 * @local_port: with the port offset
 * @address: the IP address
 */
struct door_info {
	enum door_state state;
	int error;
	unsigned int port;
	int local_port;
	char address[INET6_ADDRSTRLEN];
};

/**
 * struct listener_ops - what a listener tells its owner
 * @accepted: a client came; @client is non-blocking and now the owner's
 * @door: an address was bound, could not be for a new reason, or was closed
 * @exhausted: no descriptors or memory for another client: the owner pauses
 *             its listeners, or they would be called without end
 */
struct listener_ops {
	void (*accepted)(void *arg, unsigned int port, int client,
			 const struct sockaddr_storage *peer);
	void (*door)(void *arg, const struct door_info *door);
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

/** listener_list() - call @door for each address, bound or failed */
void listener_list(const struct listener *listener,
		   void (*door)(void *arg, const struct door_info *door),
		   void *arg);

/** listener_port() - AMT's port */
unsigned int listener_port(const struct listener *listener);

#endif /* SERVE_LISTENER_H */
