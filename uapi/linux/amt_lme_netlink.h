/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/amt_lme.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_AMT_LME_NETLINK_H
#define _UAPI_LINUX_AMT_LME_NETLINK_H

#define AMT_LME_FAMILY_NAME	"amt_lme"
#define AMT_LME_FAMILY_VERSION	1

#define AMT_LME_MAX_FORWARDS	32

/**
 * enum amt_lme_link_state - Where the link to AMT stands.
 * @AMT_LME_LINK_STATE_ABSENT: No LME client is there.
 * @AMT_LME_LINK_STATE_IDLE: The client is there; nobody uses it, so it is let
 *   go.
 * @AMT_LME_LINK_STATE_CONNECTING: The link is wanted, and a connection is
 *   being made or waits for its next try.
 * @AMT_LME_LINK_STATE_UP: AMT has started port forwarding.
 */
enum amt_lme_link_state {
	AMT_LME_LINK_STATE_ABSENT,
	AMT_LME_LINK_STATE_IDLE,
	AMT_LME_LINK_STATE_CONNECTING,
	AMT_LME_LINK_STATE_UP,
};

/**
 * enum amt_lme_transport - What carries the messages.
 * @AMT_LME_TRANSPORT_NONE: No transport.
 * @AMT_LME_TRANSPORT_BUS: The MEI bus, inside the kernel.
 */
enum amt_lme_transport {
	AMT_LME_TRANSPORT_NONE,
	AMT_LME_TRANSPORT_BUS,
};

/**
 * enum amt_lme_forward_state - Where a forward stands.
 * @AMT_LME_FORWARD_STATE_ACTIVE: AMT forwards the port in this session.
 * @AMT_LME_FORWARD_STATE_DORMANT: AMT took the forward back, or the session
 *   that brought it is over; opening a channel may bring it back.
 * @AMT_LME_FORWARD_STATE_GONE: The forward was dropped; only seen in
 *   notifications.
 */
enum amt_lme_forward_state {
	AMT_LME_FORWARD_STATE_ACTIVE,
	AMT_LME_FORWARD_STATE_DORMANT,
	AMT_LME_FORWARD_STATE_GONE,
};

enum {
	AMT_LME_A_LINK_STATE = 1,
	AMT_LME_A_LINK_GENERATION,
	AMT_LME_A_LINK_TRANSPORT,
	AMT_LME_A_LINK_ERROR,
	AMT_LME_A_LINK_MESSAGE_SIZE,
	AMT_LME_A_LINK_USERS,
	AMT_LME_A_LINK_CHANNELS,
	AMT_LME_A_LINK_SETTLED,

	__AMT_LME_A_LINK_MAX,
	AMT_LME_A_LINK_MAX = (__AMT_LME_A_LINK_MAX - 1)
};

enum {
	AMT_LME_A_FORWARD_PORT = 1,
	AMT_LME_A_FORWARD_ADDRESS,
	AMT_LME_A_FORWARD_STATE,
	AMT_LME_A_FORWARD_GENERATION,

	__AMT_LME_A_FORWARD_MAX,
	AMT_LME_A_FORWARD_MAX = (__AMT_LME_A_FORWARD_MAX - 1)
};

enum {
	AMT_LME_CMD_LINK_GET = 1,
	AMT_LME_CMD_LINK_NTF,
	AMT_LME_CMD_FORWARD_GET,
	AMT_LME_CMD_FORWARD_NTF,

	__AMT_LME_CMD_MAX,
	AMT_LME_CMD_MAX = (__AMT_LME_CMD_MAX - 1)
};

#define AMT_LME_MCGRP_LINK	"link"
#define AMT_LME_MCGRP_FORWARD	"forward"

#endif /* _UAPI_LINUX_AMT_LME_NETLINK_H */
