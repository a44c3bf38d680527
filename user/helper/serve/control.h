/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clients of the control socket. They are bounded in number, in the length
 * of a request, in the time to send it and to take an answer, and in how far
 * they may lag behind: who does not keep up is dropped.
 */
#ifndef SERVE_CONTROL_H
#define SERVE_CONTROL_H

#include <systemd/sd-event.h>

struct control;
struct control_client;
struct json_object;

/* Most clients at a time; others are told that it is busy. */
#define CONTROL_CLIENTS_MAX 16

/**
 * struct control_ops - what the control socket asks of its owner
 * @status: fill the answer to a status request
 * @present: send the present state as events, with control_send()
 * @release: let go of the driver; control_released() when that is done
 * @retake: take it back; nobody wants it released any more
 */
struct control_ops {
	void (*status)(void *arg, struct json_object *answer);
	void (*present)(void *arg, struct control_client *client);
	void (*release)(void *arg);
	void (*retake)(void *arg);
};

/**
 * control_new() - take clients from now on
 * @out: to be freed with control_free()
 * @event: the loop
 * @socket: listening and non-blocking; not closed
 * @ops: what is asked
 * @arg: passed to @ops
 *
 * Return: 0, or a negative errno.
 */
int control_new(struct control **out, sd_event *event, int socket,
		const struct control_ops *ops, void *arg);

/** control_free() - drop all clients; @control may be NULL */
void control_free(struct control *control);

/** control_released() - the driver is let go: who asked for it is answered */
void control_released(struct control *control);

/** control_send() - queue a document, which is freed, for one client */
void control_send(struct control_client *client, struct json_object *document);

/** control_publish() - send an event, which is freed, to all who follow */
void control_publish(struct control *control, struct json_object *event);

#endif /* SERVE_CONTROL_H */
