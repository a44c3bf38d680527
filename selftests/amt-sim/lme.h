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

/* Longest address of a forward that is asked for */
#define LME_MAX_ADDRESS 60

/**
 * lme_queue - room for one message that goes before all data
 * @s: the session
 *
 * The caller writes a message of at most APF_MAX_CONTROL bytes there and ends
 * with lme_queued(). The queue has no limit, but the host gets no credit while
 * it is long.
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
 * lme_inject - send a message that is not AMT's own
 * @s: the session
 * @msg: the message
 * @len: its length, at most the longest message of LME
 *
 * AMT does not notice: what the host answers is counted and ignored, as far as
 * it would be a violation.
 */
void lme_inject(struct session *s, const __u8 *msg, size_t len);

/**
 * lme_ask - ask the host for a forward, or take one back
 * @s: the session
 * @address: of the forward, at most LME_MAX_ADDRESS bytes
 * @port: TCP port, which may be wrong on purpose
 * @cancel: take it back
 *
 * Return: 0, or -ENOBUFS: too many forwards, or requests without an answer.
 */
int lme_ask(struct session *s, const char *address, __u32 port, bool cancel);

/**
 * lme_wake - a channel has something to send
 * @s: the session
 */
void lme_wake(struct session *s);

/**
 * lme_rest - take all forwards back until the host opens a channel
 * @s: the session
 */
void lme_rest(struct session *s);

/**
 * lme_admits - may the host open a channel to this port now?
 * @s: the session
 * @port: TCP port
 *
 * Forwards that rest are asked for again, before the answer to the open.
 *
 * Return: whether the host accepted the forward and it does not rest.
 */
bool lme_admits(struct session *s, __u32 port);

#endif /* AMT_SIM_LME_H */
