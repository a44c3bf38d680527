/* SPDX-License-Identifier: GPL-2.0-only */
/* One APF session: handshake, dispatch of messages, order of sending. */
#ifndef LME_SESSION_H
#define LME_SESSION_H

#include <linux/list.h>
#include <linux/types.h>

#include "apf.h"

struct lme;

/*
 * Most answers that may wait to be sent. AMT asks at most once per forward and
 * waits for answers in between; a firmware that floods loses the session.
 */
#define LME_REPLIES 64

/**
 * enum lme_session_state - how far the handshake is
 * @LME_SESSION_NONE: no session
 * @LME_SESSION_HELLO: waiting for AMT's PROTOCOLVERSION
 * @LME_SESSION_HELLO_SENT: ours went first; waiting for AMT's
 * @LME_SESSION_AGREED: versions are agreed
 * @LME_SESSION_FORWARDING: AMT's request for pfwd was accepted
 * @LME_SESSION_ENDING: only what is queued is still sent, then the link ends
 */
enum lme_session_state {
	LME_SESSION_NONE,
	LME_SESSION_HELLO,
	LME_SESSION_HELLO_SENT,
	LME_SESSION_AGREED,
	LME_SESSION_FORWARDING,
	LME_SESSION_ENDING,
};

/**
 * struct lme_reply - an answer that waits to be sent
 * @len: its length in bytes
 * @buf: the message
 */
struct lme_reply {
	size_t len;
	u8 buf[APF_ENCODED_MAX];
};

/**
 * struct lme_session - the present session; under lme.lock
 * @state: enum lme_session_state
 * @deadline: when the handshake has to be one step on (jiffies); valid until
 *            LME_SESSION_FORWARDING
 * @deadline_set: @deadline is set
 * @next_id: our id of the next channel. Ids are never used twice, not even in
 *           the next session: AMT may replay an old CLOSE there
 * @slots: channel slots of AMT that are taken
 * @slot_limit: how many may be taken
 * @pause_until: AMT is short of resources with no channel open: none is opened
 *               before then (jiffies)
 * @pause_set: @pause_until is set
 * @channels: channels with an id: opening, open, closing, or with a last
 *            CLOSE to send; the list holds a reference to each. Rotated by the
 *            tx worker, so that all take turns
 * @reply_head: answers ever queued
 * @reply_tail: answers ever sent
 * @replies: ring of answers
 */
struct lme_session {
	enum lme_session_state state;
	unsigned long deadline;
	bool deadline_set;
	u32 next_id;
	unsigned int slots;
	unsigned int slot_limit;
	unsigned long pause_until;
	bool pause_set;
	struct list_head channels;
	unsigned int reply_head;
	unsigned int reply_tail;
	struct lme_reply replies[LME_REPLIES];
};

void lme_session_init(struct lme *lme);
void lme_session_set_state(struct lme *lme, enum lme_session_state state);
void lme_session_begin(struct lme *lme);
void lme_session_greet(struct lme *lme);
void lme_session_expire(struct lme *lme, unsigned long now);
void lme_session_disconnect(struct lme *lme, u32 reason);
void lme_session_receive(struct lme *lme, const u8 *buf, size_t len);
size_t lme_session_next(struct lme *lme, u8 *buf);
bool lme_session_replies_sent(struct lme *lme);

#endif /* LME_SESSION_H */
