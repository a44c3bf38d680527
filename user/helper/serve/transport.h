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
struct transport;

/**
 * transport_new() - be ready to relay
 * @out: to be freed with transport_free()
 * @event: the loop
 * @ctl: from device_open_ctl(); not closed
 * @device: the MEI device to relay, whatever the bus shows; NULL: relay only
 *          if the bus shows no LME, from the first device that has it
 *
 * Return: 0, or -ENOMEM.
 */
int transport_new(struct transport **out, sd_event *event, int ctl,
		  const char *device);

/** transport_free() - end the connection in an orderly way, if there is one */
void transport_free(struct transport *transport);

/**
 * transport_update() - begin or stop trying to relay
 * @transport: the transport
 * @info: the newest state of the link
 */
void transport_update(struct transport *transport,
		      const struct link_info *info);

/**
 * transport_judge() - why nothing can be relayed
 * @transport: the transport
 * @failure: filled if the last try failed
 *
 * Return: false if there is nothing to say, as nothing is to be relayed.
 */
bool transport_judge(const struct transport *transport,
		     struct failure *failure);

/**
 * transport_device() - what is relayed
 * @transport: the transport
 *
 * Return: the path of the MEI device, or NULL.
 */
const char *transport_device(const struct transport *transport);

#endif /* SERVE_TRANSPORT_H */
