/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AMT_SIM_HECI_H
#define AMT_SIM_HECI_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "connection.h"

/*
 * The largest fragment firmware sends: with its header it fills the host's
 * buffer of 128 slots, fits the 9-bit length and is a multiple of a slot.
 */
#define HECI_MAX_PAYLOAD 508
/* The longest bus message, rounded up to slots */
#define HECI_BUS_MESSAGE 36

struct heci;
struct sim;

/**
 * heci_new - open the firmware side of a controller
 * @sim: the virtual AMT, with options and event loop
 *
 * Return: the controller, or NULL with errno set and the error printed.
 */
struct heci *heci_new(struct sim *sim);

/**
 * heci_free - let the controller vanish
 * @heci: the controller, or NULL
 */
void heci_free(struct heci *heci);

/**
 * heci_reset - firmware resets the link
 * @heci: the controller
 *
 * Return: 0 or a negative errno.
 */
int heci_reset(struct heci *heci);

/**
 * heci_stop - hear nothing and say nothing any more
 * @heci: the transport
 */
void heci_stop(struct heci *heci);

/**
 * heci_bus_send - queue a bus message; they go before all other messages
 * @heci: the controller
 * @msg: the message
 * @len: its length, at most HECI_BUS_MESSAGE bytes
 */
void heci_bus_send(struct heci *heci, const __u8 *msg, size_t len);

/**
 * heci_drop - forget every message that has not left
 * @heci: the controller
 */
void heci_drop(struct heci *heci);

/**
 * heci_pump - send until everything has left or the host's buffer is full
 * @heci: the controller
 *
 * To be called at the end of every event that may have made something to send.
 */
void heci_pump(struct heci *heci);

#endif /* AMT_SIM_HECI_H */
