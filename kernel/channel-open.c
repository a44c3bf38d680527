// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening: who waits for link, forward or slot, whose turn it is, and what AMT
 * answers. All under lme.lock. Documentation/protocol.rst, "Channels".
 */
#include <linux/jiffies.h>

#include "channel.h"
#include "lme.h"

/* AMT 16 refuses while it brings a forward back: try again, this often. */
#define REFUSALS_MAX 3
#define REFUSAL_PAUSE (HZ / 4)

/**
 * lme_channel_abandon - nobody waits for the channel any more
 * @ch: the channel; its owner's reference must be held
 *
 * A channel that AMT may still confirm stays, to be closed then.
 * Context: under lme.lock.
 */
void lme_channel_abandon(struct lme_channel *ch)
{
	struct lme *lme = ch->lme;

	lockdep_assert_held(&lme->lock);
	/* Its file may be closed long after opening timed out. */
	if (ch->abandoned)
		return;
	ch->abandoned = true;
	ch->pause_set = false;
	if (ch->state == AMT_LME_CHANNEL_STATE_QUEUED ||
	    (ch->state == AMT_LME_CHANNEL_STATE_OPENING && ch->open_due)) {
		bool had_slot = ch->state == AMT_LME_CHANNEL_STATE_OPENING;

		lme_channel_set_state(ch, AMT_LME_CHANNEL_STATE_CLOSED);
		ch->open_due = false;
		ch->deadline_set = false;
		lme_channel_unlist(ch);
		if (had_slot) {
			lme->session.slots--;
			lme_channels_start(lme);
		}
	} else if (ch->state == AMT_LME_CHANNEL_STATE_OPENING) {
		lme_channel_arm(ch, jiffies + LME_ANSWER_TIMEOUT);
	}
}

static void open_failed(struct lme_channel *ch, int error)
{
	lme_channel_fail(ch, error);
	lme_channel_abandon(ch);
}

/* Why a channel that is not open yet could not be opened in time. */
static int open_timeout_error(struct lme_channel *ch)
{
	struct lme *lme = ch->lme;

	if (ch->state == AMT_LME_CHANNEL_STATE_OPENING || ch->refusals)
		return -ETIMEDOUT;
	if (lme->session.state != LME_SESSION_FORWARDING)
		return -ENETDOWN;
	if (!lme_forward_known(lme, ch->params.port))
		return -ENXIO;
	return -ENOBUFS;
}

/**
 * lme_channel_open_expire - opening was not done in time
 * @ch: the channel, queued or opening
 *
 * Context: under lme.lock.
 */
void lme_channel_open_expire(struct lme_channel *ch)
{
	open_failed(ch, open_timeout_error(ch));
}

static void start(struct lme_channel *ch)
{
	struct lme *lme = ch->lme;
	struct lme_session *s = &lme->session;

	list_move_tail(&ch->node, &s->channels);
	s->slots++;
	ch->id = s->next_id++;
	ch->generation = lme->generation;
	lme_channel_set_state(ch, AMT_LME_CHANNEL_STATE_OPENING);
	ch->pause_set = false;
	ch->open_due = true;
	/* The clock may have passed the queue already. */
	lme_arm(lme, ch->deadline);
	lme_send_kick(lme);
}

/**
 * lme_channels_start - open the channels that can be opened now
 * @lme: the object
 *
 * To be called when the link came up, a forward was added, a slot became free,
 * or the session settled. Channels are opened in the order they came.
 * Context: under lme.lock.
 */
void lme_channels_start(struct lme *lme)
{
	struct lme_session *s = &lme->session;
	struct lme_channel *ch, *next;

	lockdep_assert_held(&lme->lock);
	if (s->state != LME_SESSION_FORWARDING || s->pause_set)
		return;
	list_for_each_entry_safe(ch, next, &lme->queue, node) {
		if (ch->pause_set)
			continue;
		if (lme_forward_known(lme, ch->params.port)) {
			if (s->slots < s->slot_limit)
				start(ch);
		} else if (lme->forwards.settled) {
			open_failed(ch, -ENXIO);
		}
	}
}

/**
 * lme_channel_enqueue - wait for link, forward or slot, behind who came before
 * @ch: the channel, in no list or in the session's
 *
 * Context: under lme.lock.
 */
void lme_channel_enqueue(struct lme_channel *ch)
{
	struct lme *lme = ch->lme;
	struct list_head *pos;

	lockdep_assert_held(&lme->lock);
	/* Most come last. */
	list_for_each_prev(pos, &lme->queue)
		if (list_entry(pos, struct lme_channel, node)->arrival <
		    ch->arrival)
			break;
	list_move(&ch->node, pos);
}

/* One try of each open needs no pause: more would spend all of them at once. */
static bool may_hurry(struct lme_channel *ch)
{
	bool may = !ch->hurried;

	ch->hurried = true;
	return may;
}

/**
 * lme_channels_forwarded - AMT has named a port, for the first time or again
 * @lme: the object
 * @port: the port
 *
 * What it has refused, or is about to, for want of that need not wait.
 * Context: under lme.lock.
 */
void lme_channels_forwarded(struct lme *lme, u32 port)
{
	struct lme_channel *ch;

	lockdep_assert_held(&lme->lock);
	list_for_each_entry(ch, &lme->queue, node)
		if (ch->params.port == port && ch->pause_set && may_hurry(ch))
			ch->pause_set = false;
	list_for_each_entry(ch, &lme->session.channels, node)
		if (ch->params.port == port)
			ch->forwarded = true;
	lme_channels_start(lme);
}

/**
 * lme_channel_requeue - the session can not open it now
 * @ch: the channel, opening
 *
 * Context: under lme.lock.
 */
void lme_channel_requeue(struct lme_channel *ch)
{
	ch->id = 0;
	ch->generation = 0;
	ch->open_due = false;
	lme_channel_set_state(ch, AMT_LME_CHANNEL_STATE_QUEUED);
	lme_channel_enqueue(ch);
	lme_channel_arm(ch, ch->open_by);
}

/* At once if AMT has named the port between our OPEN and its answer. */
static void retry(struct lme_channel *ch)
{
	if (!ch->forwarded || !may_hurry(ch))
		lme_channel_pause(ch, REFUSAL_PAUSE);
	lme_channel_requeue(ch);
}

/*
 * AMT has fewer slots than we thought: wait for one of ours; without any, all
 * wait for a while.
 */
static void slots_short(struct lme_channel *ch)
{
	struct lme_session *s = &ch->lme->session;

	lme_channel_requeue(ch);
	if (s->slots) {
		s->slot_limit = s->slots;
		return;
	}
	s->pause_set = true;
	s->pause_until = jiffies + REFUSAL_PAUSE;
	lme_arm(ch->lme, s->pause_until);
}

/**
 * lme_channel_rx_confirm - CHANNEL_OPEN_CONFIRMATION
 * @lme: the object
 * @msg: the message
 *
 * Context: under lme.lock.
 */
void lme_channel_rx_confirm(struct lme *lme, const struct apf_msg *msg)
{
	struct lme_channel *ch = lme_channel_find(lme, msg->confirm.recipient);

	if (!ch)
		return;
	if (ch->state != AMT_LME_CHANNEL_STATE_OPENING || ch->open_due) {
		if (ch->state == AMT_LME_CHANNEL_STATE_OPEN &&
		    ch->amt_id != msg->confirm.sender)
			lme_channel_violation(ch, LME_COUNT(RX_UNEXPECTED));
		else
			lme_count(lme, LME_COUNT(RX_UNEXPECTED));
		return;
	}
	ch->amt_id = msg->confirm.sender;
	ch->confirmed = true;
	ch->tx_window = msg->confirm.window;
	ch->tx_window_max = ch->tx_window;
	lme_channel_set_state(ch, AMT_LME_CHANNEL_STATE_OPEN);
	ch->deadline_set = false;
	ch->rx_last = jiffies;
	ch->tx_last = jiffies;
	ch->answered = true;
	lme_count(lme, LME_COUNT(OPENED));
	if (ch->abandoned)
		lme_channel_close(ch);
	lme_channel_shut_rearm(ch);
	wake_up_all(&ch->wait);
}

static int refusal_error(u32 reason)
{
	return reason == APF_OPEN_UNKNOWN_CHANNEL_TYPE ? -EPROTONOSUPPORT :
							 -ECONNREFUSED;
}

/**
 * lme_channel_rx_failure - CHANNEL_OPEN_FAILURE
 * @lme: the object
 * @msg: the message
 *
 * Context: under lme.lock.
 */
void lme_channel_rx_failure(struct lme *lme, const struct apf_msg *msg)
{
	struct lme_channel *ch = lme_channel_find(lme, msg->failure.recipient);
	struct lme_session *s = &lme->session;
	u32 reason = msg->failure.reason;

	if (!ch)
		return;
	if (ch->state != AMT_LME_CHANNEL_STATE_OPENING || ch->open_due) {
		lme_count(lme, LME_COUNT(RX_UNEXPECTED));
		return;
	}
	lme_count(lme, LME_COUNT(OPEN_REFUSED));
	s->slots--;
	if (ch->abandoned) {
		lme_channel_set_state(ch, AMT_LME_CHANNEL_STATE_CLOSED);
		lme_channel_unlist(ch);
	} else if (reason == APF_OPEN_RESOURCE_SHORTAGE) {
		slots_short(ch);
	} else if (reason == APF_OPEN_ADMINISTRATIVELY_PROHIBITED &&
		   ch->refusals++ < REFUSALS_MAX) {
		retry(ch);
	} else {
		lme_channel_fail(ch, refusal_error(reason));
		lme_channel_set_state(ch, AMT_LME_CHANNEL_STATE_CLOSED);
		lme_channel_unlist(ch);
	}
	lme_channels_start(lme);
}
