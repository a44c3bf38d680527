// SPDX-License-Identifier: GPL-2.0-only
/*
 * SHUTDOWN: the half-close that TCP has and APF has not. What is known is when
 * bytes came and went; whether AMT's answer is whole has to be concluded from
 * its silence.
 *
 * A user that shuts down while AMT owes it an answer waits for one: it may come
 * in pieces, the first of them early (a TLS session ticket) and the next when
 * AMT has done its work, so the silence that ends it is long. A user that was
 * answered before is most likely a client that has gone, and one of AMT's few
 * slots waits for the next: that silence is short, and only as long as it must
 * be for an AMT that is slow to answer.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>

#include "channel.h"
#include "lme.h"

/* AMT owed no answer: twice its longest pause so far, within these. */
#define SILENCE_MIN (HZ / 4)
#define SILENCE_MAX (HZ * 3 / 4)
/* AMT owed an answer. */
#define SILENCE_OWED (3 * HZ)
/* AMT never answers, or takes no more of what was written. */
#define NO_ANSWER (20 * HZ)

/**
 * lme_channel_answered - AMT has sent something
 * @ch: the channel
 *
 * Context: under lme.lock.
 */
void lme_channel_answered(struct lme_channel *ch)
{
	unsigned long now = jiffies;

	lockdep_assert_held(&ch->lme->lock);
	ch->pause = max(ch->pause, min(now - ch->rx_last, now - ch->tx_last));
	ch->answered = true;
	ch->rx_last = now;
}

/**
 * lme_channel_shut_rearm - set the deadline of a channel that was shut down
 * @ch: the channel
 *
 * To be called when something that the deadline depends on changed. AMT is
 * not silent as long as it waits to be credited for what it sent.
 * Context: under lme.lock.
 */
void lme_channel_shut_rearm(struct lme_channel *ch)
{
	lockdep_assert_held(&ch->lme->lock);
	if (!ch->shut || ch->state != AMT_LME_CHANNEL_STATE_OPEN || ch->close_due)
		return;
	ch->deadline_set = false;
	if (lme_ring_used(&ch->rx) || ch->adjust_due)
		return;
	if (lme_ring_used(&ch->tx))
		lme_channel_arm(ch, jiffies + NO_ANSWER);
	else
		lme_channel_arm(ch, ch->answered ? ch->rx_last + ch->silence :
						   ch->tx_last + NO_ANSWER);
}

/**
 * lme_channel_shutdown - nothing more will be written
 * @ch: the channel
 *
 * The channel is closed when AMT has answered what was written.
 * Context: takes lme.lock.
 */
void lme_channel_shutdown(struct lme_channel *ch)
{
	spin_lock(&ch->lme->lock);
	if (!ch->shut) {
		ch->shut = true;
		ch->silence = clamp_t(unsigned long, 2 * ch->pause,
				      SILENCE_MIN, SILENCE_MAX);
		if (lme_ring_used(&ch->tx) || (ch->tx_bytes && !ch->answered))
			ch->silence = SILENCE_OWED;
		lme_channel_shut_rearm(ch);
		wake_up_all(&ch->wait);
	}
	spin_unlock(&ch->lme->lock);
}
