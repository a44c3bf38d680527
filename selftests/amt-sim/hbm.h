/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AMT_SIM_HBM_H
#define AMT_SIM_HBM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct connection;
struct hbm;
struct sim;

/**
 * hbm_new - the firmware clients and their bus
 * @sim: the virtual AMT, with its options
 *
 * Return: the bus, or NULL: out of memory.
 */
struct hbm *hbm_new(struct sim *sim);

/**
 * hbm_free - end all connections
 * @hbm: the bus, or NULL
 */
void hbm_free(struct hbm *hbm);

/**
 * hbm_receive - one bus message from the host
 * @hbm: the bus
 * @msg: the message
 * @len: its length
 */
void hbm_receive(struct hbm *hbm, const __u8 *msg, size_t len);

/**
 * hbm_link_reset - the host reset the link: as hbm_drop(), and counted
 * @hbm: the bus
 */
void hbm_link_reset(struct hbm *hbm);

/**
 * hbm_drop - firmware lost its state: forget all, wait for HOST_START
 * @hbm: the bus
 */
void hbm_drop(struct hbm *hbm);

/**
 * hbm_is_stray - was a message to no connection wrong of the host?
 * @hbm: the bus
 * @address: of the firmware client
 * @host: of the host
 *
 * Not before it started the bus, as it may not have seen the reset yet. And not
 * after firmware ended the connection: mei_irq_write_handler() of the MEI core
 * sends what it has queued after its DISCONNECT response.
 *
 * Return: whether it was.
 */
bool hbm_is_stray(const struct hbm *hbm, __u8 address, __u8 host);

/**
 * hbm_find - the connection a HECI message is addressed to
 * @hbm: the bus
 * @address: of the firmware client
 * @host: of the host
 *
 * Return: the connection or NULL.
 */
struct connection *hbm_find(struct hbm *hbm, __u8 address, __u8 host);

/**
 * hbm_fragment - connection_fragment() over all connections
 * @hbm: the bus
 * @msg: where the message begins
 * @len: its length
 *
 * Return: the connection, or NULL when nobody has anything to send.
 */
struct connection *hbm_fragment(struct hbm *hbm, __u8 **msg, size_t *len);

/**
 * hbm_leave - LME disconnects its hosts and is not found any more
 * @hbm: the bus
 */
void hbm_leave(struct hbm *hbm);

/**
 * hbm_return - LME is there again
 * @hbm: the bus
 */
void hbm_return(struct hbm *hbm);

/**
 * hbm_grant - allow the host one more message
 * @c: the connection
 *
 * A connection gets the first credit from the bus and each further one from
 * its client when it has dealt with a message. Never two at a time: with more
 * than one, mei.ko lets a second message in between the fragments of the first.
 */
void hbm_grant(struct connection *c);

/**
 * hbm_disconnect - firmware ends a connection; the host has to agree
 * @c: the connection; it lives on, mute, until the host answers
 */
void hbm_disconnect(struct connection *c);

#endif /* AMT_SIM_HBM_H */
