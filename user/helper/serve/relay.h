/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A relay of bytes between a client and a channel to AMT.
 *
 * The channel may be any stream descriptor: only the half-close, which TCP has
 * and APF has not, is left to the owner. Memory is one fixed buffer for each
 * direction, taken when the channel opens. A side that cannot take more makes
 * the relay stop reading the other one; nothing is polled.
 */
#ifndef SERVE_RELAY_H
#define SERVE_RELAY_H

#include <stdbool.h>

#include <systemd/sd-event.h>

/* Bytes on their way in each direction; a channel delivers up to 64 KiB. */
#define RELAY_BUFFER_SIZE 16384

/* How long a client may take to hang up after AMT did. */
#define RELAY_LINGER_USEC 2000000

struct relay;

/**
 * struct relay_end - how a relay ended
 * @opened: the channel was open
 * @error: errno of the channel; 0 when either side closed, or the client went
 * @client_error: errno of reading from or writing to the client
 */
struct relay_end {
	bool opened;
	int error;
	int client_error;
};

/**
 * struct relay_ops - what the relay asks of its owner
 * @half_close: no more bytes will be written to the channel. Called once at
 *              most; if it fails, read() must say why the channel is over
 * @done: the relay ended; the owner calls relay_free(), here or later
 */
struct relay_ops {
	void (*half_close)(int channel);
	void (*done)(void *arg, const struct relay_end *end);
};

/**
 * relay_new() - relay from now on
 * @out_relay: the relay, to be freed with relay_free()
 * @event: the loop
 * @in: what the client sends; not read before the channel is open
 * @out: what it gets: the same stream socket as @in, or another descriptor,
 *       of any type
 * @channel: a non-blocking stream; writable when it is open
 * @ops: what the relay asks for
 * @arg: passed to @ops->done
 *
 * All are non-blocking, and belong to the relay on success.
 *
 * Return: 0, or a negative errno.
 */
int relay_new(struct relay **out_relay, sd_event *event, int in, int out,
	      int channel, const struct relay_ops *ops, void *arg);

/** relay_free() - close both sides, if they still are open */
void relay_free(struct relay *relay);

/** relay_abort() - the same, and a TCP client sees a reset */
void relay_abort(struct relay *relay);

/**
 * relay_reset_client() - close a TCP socket so that its peer sees a reset
 * @client: the socket
 */
void relay_reset_client(int client);

#endif /* SERVE_RELAY_H */
