/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What AMT does wrong, or does unasked, by command. A command takes the rest
 * of its line and returns NULL or what is wrong with it.
 */
#ifndef AMT_SIM_FAULT_H
#define AMT_SIM_FAULT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct sim;

/**
 * take_number - a number, and the blank behind it, off the front of arguments
 * @args: moved behind it
 * @max: the largest that is allowed
 * @value: set to it
 *
 * Return: false if there is none.
 */
bool take_number(const char **args, unsigned long max, unsigned long *value);

/**
 * take_hex - bytes in hex, with or without blanks between them
 * @args: the text
 * @buf: filled
 * @size: of @buf
 *
 * Return: how many bytes; -1 if it is something else, or too long.
 */
ssize_t take_hex(const char *args, __u8 *buf, size_t size);

/**
 * fault_reset_soon - reset the link as soon as the host's message is dealt with
 * @sim: the virtual AMT
 */
void fault_reset_soon(struct sim *sim);

/**
 * fault_leave - LME disconnects its hosts and is gone
 * @sim: the virtual AMT
 * @ms: for so long
 *
 * Return: 0 or a negative errno.
 */
int fault_leave(struct sim *sim, unsigned long ms);

/**
 * faults_init - faults that need the event loop
 * @sim: the virtual AMT, with its event loop
 *
 * Return: 0 or a negative errno.
 */
int faults_init(struct sim *sim);

/**
 * faults_free - forget all faults
 * @sim: the virtual AMT
 */
void faults_free(struct sim *sim);

/**
 * fault_channel_closed - both sides closed a channel
 * @sim: the virtual AMT
 */
void fault_channel_closed(struct sim *sim);

const char *fault_reset(struct sim *sim, const char *args, FILE *out);
const char *fault_away(struct sim *sim, const char *args, FILE *out);
const char *fault_send(struct sim *sim, const char *args, FILE *out);
const char *fault_greet(struct sim *sim, const char *args, FILE *out);
const char *fault_close(struct sim *sim, const char *args, FILE *out);
const char *fault_forward(struct sim *sim, const char *args, FILE *out);
const char *fault_cancel(struct sim *sim, const char *args, FILE *out);
const char *fault_rest(struct sim *sim, const char *args, FILE *out);
const char *fault_refuse(struct sim *sim, const char *args, FILE *out);
const char *fault_slots(struct sim *sim, const char *args, FILE *out);
const char *fault_mute(struct sim *sim, const char *args, FILE *out);
const char *fault_delay_adjust(struct sim *sim, const char *args, FILE *out);
const char *fault_delay_data(struct sim *sim, const char *args, FILE *out);
const char *fault_grant(struct sim *sim, const char *args, FILE *out);
const char *fault_ignore_open(struct sim *sim, const char *args, FILE *out);
const char *fault_ignore_close(struct sim *sim, const char *args, FILE *out);
const char *fault_hang(struct sim *sim, const char *args, FILE *out);
const char *fault_reset_after_close(struct sim *sim, const char *args,
				    FILE *out);
const char *fault_busy(struct sim *sim, const char *args, FILE *out);
const char *fault_hashes(struct sim *sim, const char *args, FILE *out);
const char *fault_state(struct sim *sim, const char *args, FILE *out);
const char *fault_think(struct sim *sim, const char *args, FILE *out);
const char *fault_trace(struct sim *sim, const char *args, FILE *out);

#endif /* AMT_SIM_FAULT_H */
