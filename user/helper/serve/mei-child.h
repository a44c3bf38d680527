/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connecting to LME on /dev/meiN and disconnecting may take 15 s when the
 * firmware hangs, so a child does it, and the loop goes on.
 */
#ifndef SERVE_MEI_CHILD_H
#define SERVE_MEI_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

/**
 * struct mei_child - one at a time
 * @event: the loop
 * @ended: called when it has ended
 * @arg: passed to @ended
 * @pid: the child; 0 if there is none
 * @answer: -1 if it does not connect, or nobody wants to know any more
 * @end: its end, for the loop
 *
 * Begin with @event, @ended and @arg, no child and no answer.
 */
struct mei_child {
	sd_event *event;
	void (*ended)(void *arg);
	void *arg;
	pid_t pid;
	int answer;
	sd_event_source *end;
};

/**
 * struct mei_answer - what became of a try to connect
 * @error: 0 or a negative errno
 * @max_message: the client's longest message
 * @path: of the device
 */
struct mei_answer {
	int error;
	uint32_t max_message;
	char path[64];
};

/* What is closed when a connection ends, in this order; -1 for none. */
#define MEI_CHILD_FDS 3

/**
 * mei_child_connect() - begin to connect
 * @child: none
 * @device: as of mei_connect_shared()
 *
 * Return: 0, or a negative errno.
 */
int mei_child_connect(struct mei_child *child, const char *device);

/**
 * mei_child_answer() - take the answer of the child that has ended
 * @child: has an answer, and none afterwards
 * @answer: to be filled
 *
 * Return: the connection, or -1.
 */
int mei_child_answer(struct mei_child *child, struct mei_answer *answer);

/**
 * mei_child_disconnect() - end a connection
 * @child: none
 * @fds: closed; the first is the connection, whose last messages the firmware
 *	 is given time to take
 *
 * Without a loop that runs, or a child, it is done when this returns.
 */
void mei_child_disconnect(struct mei_child *child,
			  const int fds[MEI_CHILD_FDS]);

/**
 * mei_child_kill() - connect no more
 * @child: may be none
 *
 * One that disconnects is left alone. A child has its files until the system call
 * that it is in ends.
 */
void mei_child_kill(struct mei_child *child);

/** mei_child_wait() - wait for its end without the loop; may be none */
void mei_child_wait(struct mei_child *child);

#endif /* SERVE_MEI_CHILD_H */
