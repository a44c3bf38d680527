/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AMT_SIM_LME_H
#define AMT_SIM_LME_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct connection;
struct me_client_ops;
struct session;

/* The LME client: one session per connection. */
extern const struct me_client_ops lme_ops;

/**
 * lme_queue - room for one message that goes before all data
 * @s: the session
 *
 * The caller writes a message of at most APF_MAX_CONTROL bytes there and ends
 * with lme_queued(). There is always room: a message from the host causes two
 * at most, and it gets no credit while the queue is full but for these.
 *
 * Return: where to write.
 */
__u8 *lme_queue(struct session *s);

/**
 * lme_queued - the message stands where lme_queue() said
 * @s: the session
 * @len: its length
 */
void lme_queued(struct session *s, size_t len);

/**
 * lme_wake - a channel has something to send
 * @s: the session
 */
void lme_wake(struct session *s);

/**
 * lme_forwarded - may the host open channels to this port now?
 * @s: the session
 * @port: TCP port
 *
 * Return: whether the host accepted the forward.
 */
bool lme_forwarded(const struct session *s, __u32 port);

#endif /* AMT_SIM_LME_H */
