/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's end of an APF session with one channel, over /dev/meiN. Whatever
 * goes wrong ends the program with one line and an exit code. Sections named
 * here are of Documentation/protocol.rst.
 */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Exit codes, those of amt-helper */
enum {
	EXIT_INTERNAL = 1,
	EXIT_USAGE,
	EXIT_NO_DEVICE,
	EXIT_PERMISSION,
	EXIT_NO_CLIENT,
	EXIT_BUSY,
	EXIT_TIMEOUT,
	EXIT_PROTOCOL,
	EXIT_UNREACHABLE = 13,
};

enum channel_state {
	CHANNEL_NONE,
	CHANNEL_OPENING,
	CHANNEL_OPEN,
	CHANNEL_CLOSING,
	CHANNEL_CLOSED,
};

/**
 * struct session - an APF session
 * @port:	the AMT port to use; set by the user of the session
 * @window:	our receive window in bytes, 1 or more; set by the user
 * @on_data:	called with what AMT sent in the channel; set by the user
 * @context:	for @on_data
 * @on_forward:	called with every port that AMT has forwarded, or NULL
 * @fd:		the MEI device, connected to LME
 * @mtu:	longest message of LME in bytes, either way
 * @rx:		the message that came last
 * @tx:		the message that goes next
 * @tx_len:	its length so far
 * @received:	messages so far
 * @received_at_tick: the same when the stall timer last ended a read
 * @version_sent: our PROTOCOLVERSION is out
 * @version_agreed: AMT's has come
 * @pfwd:	AMT has started to forward ports
 * @forwarded:	AMT has forwarded @port
 * @channel:	state of the channel
 * @amt_channel: AMT's id of it
 * @rx_left:	bytes that AMT may still send
 * @rx_owed:	bytes received and not credited yet
 * @tx_left:	bytes that we may still send
 */
struct session {
	__u32 port;
	__u32 window;
	void (*on_data)(void *context, const __u8 *data, size_t len);
	void *context;
	void (*on_forward)(__u32 port);

	int fd;
	size_t mtu;
	__u8 *rx;
	__u8 *tx;
	size_t tx_len;
	__u64 received;
	__u64 received_at_tick;

	bool version_sent;
	bool version_agreed;
	bool pfwd;
	bool forwarded;

	enum channel_state channel;
	__u32 amt_channel;
	__u32 rx_left;
	__u32 rx_owed;
	__u32 tx_left;
};

/**
 * session_start() - connect to LME and begin the handshake
 * @s: session
 * @device: path of the MEI device
 *
 * AMT speaks first; if it has not done so after 300 ms, we do.
 */
void session_start(struct session *s, const char *device);

/**
 * session_end() - DISCONNECT, and let LME go
 * @s: session
 */
void session_end(struct session *s);

/**
 * session_receive() - wait for one message of AMT and deal with it
 * @s: session
 *
 * Also returns without one when a signal came. Dies after 10 to 20 s of silence.
 */
void session_receive(struct session *s);

/**
 * session_readable() - wait until session_receive() would not
 * @s: session
 * @timeout_ms: as for poll()
 *
 * Return: false after the timeout.
 */
bool session_readable(struct session *s, int timeout_ms);

/**
 * session_open_channel() - wait for the forward of the port, and open a channel
 * @s: session
 */
void session_open_channel(struct session *s);

/**
 * session_close_channel() - close the channel unless AMT has done so
 * @s: session
 */
void session_close_channel(struct session *s);

/**
 * session_send() - send bytes in the channel, as far as AMT leaves it open
 * @s: session
 * @data: the bytes
 * @len: how many
 *
 * Receives whenever AMT's window is used up.
 */
void session_send(struct session *s, const void *data, size_t len);

#endif /* BENCH_SESSION_H */
