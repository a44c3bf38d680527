/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The character devices of the LME driver. All functions return a negative
 * errno on failure; every descriptor is close-on-exec.
 */
#ifndef LIB_DEVICE_H
#define LIB_DEVICE_H

#include <stdbool.h>

struct sockaddr;

#define DEVICE_CTL "/dev/amt_lme/ctl"

/**
 * device_open_ctl() - open the control node
 *
 * An open control node alone does not hold the link.
 *
 * Return: the descriptor; -ENOENT without the driver, -EACCES.
 */
int device_open_ctl(void);

/**
 * device_hold() - keep the link to AMT up as long as @ctl is open
 * @ctl: from device_open_ctl()
 *
 * Return: 0; never waits for firmware.
 */
int device_hold(int ctl);

/**
 * device_yield() - have the link to AMT let go as long as @ctl is open
 * @ctl: from device_open_ctl()
 *
 * Return: 0; -EPERM without CAP_NET_ADMIN. Never waits for firmware.
 */
int device_yield(int ctl);

/**
 * device_link() - carry the messages of a connection to LME
 * @ctl: from device_open_ctl()
 * @max_message: longest message in bytes
 *
 * Return: a non-blocking link descriptor, writable when messages are taken;
 * -EPERM without CAP_NET_ADMIN, -EBUSY if there is another link.
 */
int device_link(int ctl, unsigned int max_message);

/**
 * device_connect() - begin to open a channel to a port inside AMT
 * @ctl: from device_open_ctl()
 * @port: the TCP port, 1 to 65535
 * @peer: on whose behalf: an IPv4 or IPv6 address and port, named to AMT
 *
 * Return: a non-blocking descriptor. poll() reports POLLOUT when the channel
 * is open, and POLLERR when it failed; the next read() then has the reason.
 */
int device_connect(int ctl, unsigned int port, const struct sockaddr *peer);

/**
 * device_shutdown() - say that nothing more will be written to a channel
 * @channel: from device_connect()
 *
 * APF has no half-close: the driver closes the channel when AMT has answered
 * (Documentation/protocol.rst, "Closing"); read() goes on until then.
 *
 * Return: 0, also when called again.
 */
int device_shutdown(int channel);

/**
 * device_node_ready() - does the node of a forwarded port exist
 * @port: the port
 *
 * Return: true also where the control node is missing, as in a container that
 * is not given the nodes.
 */
bool device_node_ready(unsigned int port);

/**
 * device_mei_present() - is there any CSME
 *
 * Return: true if the kernel has at least one MEI device of one.
 */
bool device_mei_present(void);

/** device_mei_disabled() - has mei.ko given up a CSME */
bool device_mei_disabled(void);

#endif /* LIB_DEVICE_H */
