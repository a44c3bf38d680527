/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking the daemon, amt-helper serve, over its control socket: one request a
 * connection, one line of JSON a document (Documentation/amt-helper.rst,
 * "Control socket").
 */
#ifndef HELPER_DAEMON_H
#define HELPER_DAEMON_H

#include <stdbool.h>

#define DAEMON_DIR "/run/amt-helper"
#define DAEMON_SOCKET DAEMON_DIR "/sock"

struct daemon;
struct failure;
struct json_object;

/** daemon_pid() - its process; 0 if there is none that may be asked */
int daemon_pid(void);

/* The numbers and the names are promised to stay. */
enum daemon_state {
	DAEMON_RUNNING = 1,
	DAEMON_ABSENT,
	DAEMON_FORBIDDEN,
	DAEMON_SILENT,
	DAEMON_REFUSING,
	DAEMON_RELEASED, /* running, without the driver */
};

/** daemon_state_name() - name of an enum daemon_state */
const char *daemon_state_name(enum daemon_state state);

/**
 * daemon_ask() - send a request and wait for the first document
 * @daemon: set when it is running, to be freed with daemon_close()
 * @request: "status", "events" or "release"
 * @follow: the answer has no end, or lasts until daemon_close()
 * @failure: set when it is silent or refusing
 *
 * Return: whether there is a daemon that answers.
 */
enum daemon_state daemon_ask(struct daemon **daemon, const char *request,
			     bool follow, struct failure *failure);

/**
 * daemon_read() - take the next document of the answer
 * @daemon: from daemon_ask()
 *
 * Return: the caller's document, or NULL at the end.
 */
struct json_object *daemon_read(struct daemon *daemon);

/** daemon_close() - end; @daemon may be NULL */
void daemon_close(struct daemon *daemon);

#endif /* HELPER_DAEMON_H */
