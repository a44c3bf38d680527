/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The channels of a session, see Documentation/protocol.rst "Channels",
 * "Windows" and "Closing". The slot number is the id that AMT gives a channel.
 */
#ifndef AMT_SIM_CHANNEL_H
#define AMT_SIM_CHANNEL_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

struct apf_message;
struct channels;
struct session;
struct sim;

/**
 * channels_new - all slots of a session, free
 * @sim: the virtual AMT, which says how many and how large their windows are
 * @session: the session they send through
 *
 * Return: the channels, or NULL: out of memory.
 */
struct channels *channels_new(struct sim *sim, struct session *session);

/**
 * channels_drop - the session is over: forget every channel silently
 * @all: the channels
 */
void channels_drop(struct channels *all);

/**
 * channels_free - drop them and free the slots
 * @all: the channels, or NULL
 */
void channels_free(struct channels *all);

/**
 * channels_open - CHANNEL_OPEN from the host: confirm or refuse
 * @all: the channels
 * @m: the message
 *
 * Return: false on a violation that ends the session.
 */
bool channels_open(struct channels *all, const struct apf_message *m);

/**
 * channels_message - WINDOW_ADJUST, DATA or CLOSE from the host
 * @all: the channels
 * @m: the message
 *
 * Return: false on a violation that ends the session.
 */
bool channels_message(struct channels *all, const struct apf_message *m);

/**
 * channels_produce - write the next WINDOW_ADJUST, DATA or CLOSE
 * @all: the channels, which take turns
 * @buf: room
 * @size: how much
 *
 * Return: length of the message, or -EAGAIN: nothing to send.
 */
ssize_t channels_produce(struct channels *all, __u8 *buf, size_t size);

/**
 * channels_have_data - is there data that has not gone to the host?
 * @all: the channels
 *
 * Return: whether a service has written some that nobody took.
 */
bool channels_have_data(const struct channels *all);

#endif /* AMT_SIM_CHANNEL_H */
