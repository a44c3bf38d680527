/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family of the LME driver: state of the link and of the
 * forwarded ports, and when it changes. Functions return a negative errno on
 * failure.
 */
#ifndef LIB_NETLINK_H
#define LIB_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/amt_lme_netlink.h>

struct netlink;

/* Room for the address of a forward: a host name and its NUL. */
#define FORWARD_ADDRESS_SIZE 256

/**
 * struct link_info - the link to AMT
 * @state: enum amt_lme_link_state
 * @generation: number of the session, 0 before the first
 * @transport: enum amt_lme_transport
 * @error: errno of the last failed connection, 0 if it did not fail
 * @message_size: longest message in bytes, 0 when not known
 * @users: how many files and kernel users want the link
 * @channels: how many channel slots of AMT are taken
 * @opened: how many channels AMT has confirmed since the driver was loaded
 * @settled: AMT has named all its ports
 */
struct link_info {
	uint32_t state;
	uint32_t generation;
	uint32_t transport;
	uint32_t error;
	uint32_t message_size;
	uint32_t users;
	uint32_t channels;
	uint64_t opened;
	bool settled;
};

/**
 * struct forward_info - a port that AMT wants forwarded to itself
 * @port: 1 to 65535
 * @state: enum amt_lme_forward_state
 * @generation: the session in which AMT last named it
 * @address: what AMT named, verbatim: not trusted, not an address to bind
 */
struct forward_info {
	uint32_t port;
	uint32_t state;
	uint32_t generation;
	char address[FORWARD_ADDRESS_SIZE];
};

/**
 * struct channel_info - a channel, a byte stream between the host and AMT
 * @port: inside AMT
 * @state: enum amt_lme_channel_state
 * @pid: of who opened it
 * @rx_window: bytes that AMT may still send
 * @tx_window: bytes that AMT may still be sent
 */
struct channel_info {
	uint32_t port;
	uint32_t state;
	uint32_t pid;
	uint32_t rx_window;
	uint32_t tx_window;
};

/**
 * struct netlink_state - all that the family tells
 * @link: the link
 * @forwards: the forwards
 * @forward_count: how many there are
 */
struct netlink_state {
	struct link_info link;
	struct forward_info forwards[AMT_LME_MAX_FORWARDS];
	int forward_count;
};

/**
 * netlink_open() - connect to the family
 * @nl: the connection, to be freed with netlink_close()
 *
 * The kernel loads the driver if it can.
 *
 * Return: 0; -ENOENT if there is no such family.
 */
int netlink_open(struct netlink **nl);

/** netlink_close() - end a connection; @nl may be NULL */
void netlink_close(struct netlink *nl);

/**
 * netlink_subscribe() - be told of changes from now on
 * @nl: the connection
 *
 * An event may be older than the last answer, so it only says that something
 * changed, or that the family went away. To miss nothing: subscribe, then ask
 * for the state; after each event, ask again.
 *
 * Return: 0.
 */
int netlink_subscribe(struct netlink *nl);

/** netlink_fd() - readable when events wait; only after netlink_subscribe() */
int netlink_fd(const struct netlink *nl);

/**
 * netlink_receive() - take the events that wait
 * @nl: the connection
 *
 * Return: 0, also when some of them were lost.
 */
int netlink_receive(struct netlink *nl);

/**
 * netlink_get_state() - ask for the state
 * @nl: the connection
 * @state: to be filled
 *
 * Return: 0; -ENOENT when the driver was unloaded.
 */
int netlink_get_state(struct netlink *nl, struct netlink_state *state);

/**
 * netlink_get_channels() - ask for the channels
 * @nl: the connection
 * @channels: to be filled
 * @size: room for so many; others are left out
 *
 * Return: how many were filled in; -EPERM without CAP_NET_ADMIN.
 */
int netlink_get_channels(struct netlink *nl, struct channel_info *channels,
			 int size);

#endif /* LIB_NETLINK_H */
