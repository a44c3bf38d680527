// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels as the protocol sees them: what AMT sends on an open one, closing,
 * deadlines. Opening is in channel-open.c, what is sent to AMT in channel-tx.c,
 * what a file does in channel-io.c.
 * Documentation/protocol.rst, "Channels", "Windows", "Closing".
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "channel.h"
#include "lme.h"
#include "trace.h"

static void free_channel(struct kref *kref)
{
	struct lme_channel *ch = container_of(kref, struct lme_channel, kref);

	lme_ring_free(&ch->rx);
	lme_ring_free(&ch->tx);
	kfree(ch);
}

/**
 * lme_channel_put - give a reference back
 * @ch: the channel
 */
void lme_channel_put(struct lme_channel *ch)
{
	kref_put(&ch->kref, free_channel);
}

/**
 * lme_channel_set_state - the only place where the state changes
 * @ch: the channel
 * @state: the new state
 *
 * Context: under lme.lock.
 */
void lme_channel_set_state(struct lme_channel *ch,
			   enum amt_lme_channel_state state)
{
	lockdep_assert_held(&ch->lme->lock);
	trace_lme_channel_state(ch->id, ch->params.port, ch->state, state,
				ch->error);
	ch->state = state;
	lme_announce_channel(ch);
}

/**
 * lme_channel_unlist - out of the queue or the session
 * @ch: the channel, which may be freed by this
 *
 * Context: under lme.lock.
 */
void lme_channel_unlist(struct lme_channel *ch)
{
	list_del_init(&ch->node);
	lme_channel_put(ch);
}

/**
 * lme_channel_arm - set the deadline of a channel
 * @ch: the channel
 * @deadline: when its state times out (jiffies)
 *
 * Context: under lme.lock.
 */
void lme_channel_arm(struct lme_channel *ch, unsigned long deadline)
{
	ch->deadline = deadline;
	ch->deadline_set = true;
	lme_arm(ch->lme, deadline);
}

static void purge_tx(struct lme_channel *ch)
{
	ch->tx.tail = ch->tx.head;
	ch->adjust_due = false;
}

/**
 * lme_channel_fail - have a channel's file see an error
 * @ch: the channel
 * @error: negative; the first one stays
 *
 * Context: under lme.lock.
 */
void lme_channel_fail(struct lme_channel *ch, int error)
{
	if (!ch->error)
		ch->error = error;
	wake_up_all(&ch->wait);
}

/**
 * lme_channel_close - have a CLOSE sent behind the data
 * @ch: an open channel
 *
 * Context: under lme.lock.
 */
void lme_channel_close(struct lme_channel *ch)
{
	lockdep_assert_held(&ch->lme->lock);
	ch->close_due = true;
	ch->adjust_due = false;
	lme_send_kick(ch->lme);
}

/**
 * lme_channel_violation - AMT broke a rule: end the channel, whatever is queued
 * @ch: an open channel
 * @counter: LME_COUNT() of the rule
 *
 * Context: under lme.lock.
 */
void lme_channel_violation(struct lme_channel *ch, unsigned int counter)
{
	lme_count(ch->lme, counter);
	purge_tx(ch);
	ch->abandoned = true;
	lme_channel_fail(ch, -EPROTO);
	lme_channel_close(ch);
}

/**
 * lme_channel_pause - no next try before some time has passed
 * @ch: the channel; queued, or open and with data to send
 * @delay: jiffies
 *
 * Context: under lme.lock.
 */
void lme_channel_pause(struct lme_channel *ch, unsigned long delay)
{
	ch->pause_set = true;
	ch->pause_until = jiffies + delay;
	lme_arm(ch->lme, ch->pause_until);
}

/**
 * lme_channels_session_over - end all channels of the session
 * @lme: the object
 *
 * Those that are not open yet wait for the next session.
 * Context: under lme.lock.
 */
void lme_channels_session_over(struct lme *lme)
{
	struct lme_session *s = &lme->session;
	struct lme_channel *ch, *next;

	lockdep_assert_held(&lme->lock);
	s->slots = 0;
	list_for_each_entry_safe(ch, next, &s->channels, node) {
		if (ch->state == AMT_LME_CHANNEL_STATE_OPENING && !ch->abandoned) {
			lme_channel_requeue(ch);
			continue;
		}
		if (ch->state != AMT_LME_CHANNEL_STATE_CLOSED)
			lme_channel_fail(ch, -ECONNRESET);
		lme_channel_set_state(ch, AMT_LME_CHANNEL_STATE_CLOSED);
		ch->close_due = false;
		ch->deadline_set = false;
		purge_tx(ch);
		lme_channel_unlist(ch);
	}
}

/**
 * lme_channel_find - the channel that a message from AMT is for
 * @lme: the object
 * @id: our id, as the message names it
 *
 * Return: the channel; NULL, which is counted, if there is none.
 * Context: under lme.lock.
 */
struct lme_channel *lme_channel_find(struct lme *lme, u32 id)
{
	struct lme_channel *ch;

	lockdep_assert_held(&lme->lock);
	list_for_each_entry(ch, &lme->session.channels, node)
		if (ch->id == id)
			return ch;
	lme_count(lme, LME_COUNT(RX_UNKNOWN_CHANNEL));
	return NULL;
}

/**
 * lme_channel_rx_adjust - CHANNEL_WINDOW_ADJUST
 * @lme: the object
 * @msg: the message
 *
 * Context: under lme.lock.
 */
void lme_channel_rx_adjust(struct lme *lme, const struct apf_msg *msg)
{
	struct lme_channel *ch = lme_channel_find(lme, msg->adjust.recipient);

	if (!ch)
		return;
	if (ch->state != AMT_LME_CHANNEL_STATE_OPEN) {
		/* AMT may have sent it before it saw our CLOSE. */
		if (ch->state != AMT_LME_CHANNEL_STATE_CLOSING)
			lme_count(lme, LME_COUNT(RX_UNEXPECTED));
	} else if (check_add_overflow(ch->tx_window, msg->adjust.bytes,
				      &ch->tx_window)) {
		lme_channel_violation(ch, LME_COUNT(RX_ADJUST_OVERFLOW));
	} else {
		ch->tx_window_max = max(ch->tx_window_max, ch->tx_window);
		if (lme_ring_used(&ch->tx))
			lme_send_kick(lme);
	}
}

/**
 * lme_channel_rx_data - CHANNEL_DATA
 * @lme: the object
 * @msg: the message
 *
 * Context: under lme.lock.
 */
void lme_channel_rx_data(struct lme *lme, const struct apf_msg *msg)
{
	struct lme_channel *ch = lme_channel_find(lme, msg->data.recipient);
	const struct apf_str *payload = &msg->data.payload;

	if (!ch)
		return;
	if (ch->state != AMT_LME_CHANNEL_STATE_OPEN && ch->state != AMT_LME_CHANNEL_STATE_CLOSING) {
		lme_count(lme, LME_COUNT(RX_UNEXPECTED));
	} else if (!payload->len) {
		lme_count(lme, LME_COUNT(RX_EMPTY_DATA));
	} else if (payload->len > ch->credit) {
		ch->credit = 0;
		if (ch->state == AMT_LME_CHANNEL_STATE_OPEN)
			lme_channel_violation(ch, LME_COUNT(RX_WINDOW_OVERRUN));
		else
			lme_count(lme, LME_COUNT(RX_WINDOW_OVERRUN));
	} else {
		ch->credit -= payload->len;
		ch->rx_bytes += payload->len;
		lme_channel_answered(ch);
		if (ch->abandoned)
			return;
		lme_ring_put(&ch->rx, payload->p, payload->len);
		ch->rx.head += payload->len;
		lme_channel_shut_rearm(ch);
		wake_up_all(&ch->wait);
	}
}

/**
 * lme_channel_rx_close - CHANNEL_CLOSE
 * @lme: the object
 * @msg: the message
 *
 * Each side sends exactly one CLOSE: AMT's is answered unless ours went first.
 * Context: under lme.lock.
 */
void lme_channel_rx_close(struct lme *lme, const struct apf_msg *msg)
{
	struct lme_channel *ch = lme_channel_find(lme, msg->close.recipient);
	enum amt_lme_channel_state was;

	if (!ch)
		return;
	was = ch->state;
	if (was != AMT_LME_CHANNEL_STATE_OPEN && was != AMT_LME_CHANNEL_STATE_CLOSING) {
		lme_count(lme, LME_COUNT(RX_UNEXPECTED));
		return;
	}
	lme_channel_set_state(ch, AMT_LME_CHANNEL_STATE_CLOSED);
	ch->deadline_set = false;
	purge_tx(ch);
	wake_up_all(&ch->wait);
	lme->session.slots--;
	if (was == AMT_LME_CHANNEL_STATE_OPEN)
		lme_channel_close(ch);
	else
		lme_channel_unlist(ch);
	lme_channels_start(lme);
}

/* A channel's deadline passed. */
static void expire(struct lme_channel *ch)
{
	ch->deadline_set = false;
	switch (ch->state) {
	case AMT_LME_CHANNEL_STATE_OPEN:
		/* The CLOSE would wait behind them for ever. */
		if (lme_ring_used(&ch->tx)) {
			lme_count(ch->lme, LME_COUNT(LINGER_DROPPED));
			purge_tx(ch);
		}
		lme_channel_close(ch);
		break;
	case AMT_LME_CHANNEL_STATE_QUEUED:
	case AMT_LME_CHANNEL_STATE_OPENING:
		if (!ch->abandoned) {
			lme_channel_open_expire(ch);
			break;
		}
		fallthrough;
	case AMT_LME_CHANNEL_STATE_CLOSING:
		lme_count(ch->lme, LME_COUNT(SLOT_LEAKED));
		lme_channel_set_state(ch, AMT_LME_CHANNEL_STATE_CLOSED);
		wake_up_all(&ch->wait);
		ch->lme->session.slots--;
		lme_channel_unlist(ch);
		break;
	case AMT_LME_CHANNEL_STATE_CLOSED:
		break;
	}
}

static void pause_over(struct lme_channel *ch)
{
	ch->pause_set = false;
	if (ch->state != AMT_LME_CHANNEL_STATE_OPEN)
		return;
	/* AMT gives credit late, or not before its window is used up. */
	ch->eager = true;
	lme_send_kick(ch->lme);
}

static void expire_list(struct lme *lme, struct list_head *list,
			unsigned long now)
{
	struct lme_channel *ch, *next;

	list_for_each_entry_safe(ch, next, list, node) {
		if (ch->pause_set && time_after_eq(now, ch->pause_until))
			pause_over(ch);
		if (ch->pause_set)
			lme_arm(lme, ch->pause_until);
		if (!ch->deadline_set)
			continue;
		if (time_after_eq(now, ch->deadline))
			expire(ch);
		else
			lme_arm(lme, ch->deadline);
	}
}

/**
 * lme_channels_expire - look at all deadlines
 * @lme: the object
 * @now: jiffies
 *
 * Context: under lme.lock.
 */
void lme_channels_expire(struct lme *lme, unsigned long now)
{
	struct lme_session *s = &lme->session;

	if (s->pause_set && time_after_eq(now, s->pause_until))
		s->pause_set = false;
	if (s->pause_set)
		lme_arm(lme, s->pause_until);
	expire_list(lme, &s->channels, now);
	expire_list(lme, &lme->queue, now);
	lme_channels_start(lme);
}
