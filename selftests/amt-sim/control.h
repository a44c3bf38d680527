/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket. A client sends one line and reads the answer until the
 * end: "ok" or "error TEXT" in the first line, then lines of output.
 */
#ifndef AMT_SIM_CONTROL_H
#define AMT_SIM_CONTROL_H

struct control;
struct sim;

/* One message of 4096 bytes in hex, and the command. */
#define CONTROL_MAX_LINE 8256

/* What a command returns whose answer has to wait for the host. */
extern const char control_later[];

/**
 * control_new - listen on the socket of the command line
 * @sim: the virtual AMT, with options and event loop
 *
 * Return: the listener, or NULL with the error printed.
 */
struct control *control_new(struct sim *sim);

/**
 * control_free - stop listening and remove the socket
 * @control: the listener, or NULL
 */
void control_free(struct control *control);

/**
 * control_retry - the host said something: a command may wait for that
 * @control: the listener, or NULL
 */
void control_retry(struct control *control);

/**
 * control_main - "amt-sim control SOCKET COMMAND..."
 * @argc: number of arguments from SOCKET on
 * @argv: the arguments
 *
 * Return: exit status: 0, 1 with the error printed, or 2 for bad usage.
 */
int control_main(int argc, char **argv);

#endif /* AMT_SIM_CONTROL_H */
