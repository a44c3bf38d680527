/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What carries the messages of the driver. Where the MEI bus shows LME, the
 * driver does it by itself. Firmware that allows several connections to LME is
 * hidden by the bus; then this program connects to it on /dev/meiN, and relays
 * whole messages between that connection and a link descriptor of the driver.
 */
#ifndef SERVE_TRANSPORT_H
#define SERVE_TRANSPORT_H

#include <stdbool.h>

#include <systemd/sd-event.h>

struct failure;
struct link_info;
struct tasks;
struct transport;

/**
 * struct transport_ops - whom to tell
 * @changed: what transport_judge() says is another thing now
 * @ended: transport_is_ending() says no now
 */
struct transport_ops {
	void (*changed)(void *arg);
	void (*ended)(void *arg);
};

/**
 * transport_new() - be ready to relay
 * @out: to be freed with transport_free()
 * @event: the loop
 * @device: the MEI device to relay, whatever the bus shows; NULL: relay only
 *          if the bus shows no LME, from the first device that has it
 * @ops: whom to tell
 * @arg: passed to @ops
 *
 * Return: 0, or -ENOMEM.
 */
int transport_new(struct transport **out, sd_event *event, const char *device,
		  const struct transport_ops *ops, void *arg);

/** transport_free() - transport_close() to its end, and free; may be NULL */
void transport_free(struct transport *transport);

/** transport_open() - @ctl, from device_open_ctl(), is there; not closed */
void transport_open(struct transport *transport, int ctl);

/**
 * transport_close() - use the control node no more
 * @transport: the transport
 *
 * Ends the connection in an orderly way, if there is one. Firmware may keep the
 * MEI device open for a while: transport_is_ending().
 */
void transport_close(struct transport *transport);

/** transport_is_ending() - whether transport_close() has not done all of it yet */
bool transport_is_ending(const struct transport *transport);

/**
 * transport_update() - begin or stop trying to relay
 * @transport: the transport
 * @info: the newest state of the link
 */
void transport_update(struct transport *transport,
		      const struct link_info *info);

/** transport_find_holders() - who may have LME, if it is taken */
void transport_find_holders(const struct transport *transport,
			    struct tasks *holders);

/**
 * transport_judge() - why nothing can be relayed
 * @transport: the transport
 * @holders: of transport_find_holders()
 * @failure: filled if nothing is, but should be
 *
 * Return: false if there is nothing to say, as nothing is to be relayed.
 */
bool transport_judge(const struct transport *transport,
		     const struct tasks *holders, struct failure *failure);

/**
 * transport_failure() - why a device cannot be relayed
 * @error: a negative errno
 * @device: path of the MEI device; may be empty
 * @holders: who has it open, if all its connections are taken
 * @failure: to be filled
 */
void transport_failure(int error, const char *device,
		       const struct tasks *holders, struct failure *failure);

/**
 * struct transport_info - what is relayed, or should be
 * @device: path of the MEI device; empty if there is none
 * @error: errno of the last try, EINPROGRESS during the first one; 0 if it is
 *	relayed
 */
struct transport_info {
	const char *device;
	int error;
};

/** transport_get() - what is relayed; false if nothing is, nor should be */
bool transport_get(const struct transport *transport,
		   struct transport_info *info);

#endif /* SERVE_TRANSPORT_H */
