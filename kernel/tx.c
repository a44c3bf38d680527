// SPDX-License-Identifier: GPL-2.0-only
/* The tx worker, the only one that sends. */
#include <linux/jiffies.h>

#include "link.h"
#include "lme.h"
#include "trace.h"

/* Firmware that takes no message for so long is stuck. */
#define SEND_TIMEOUT (30 * HZ)

/**
 * lme_send_kick - there is something to send
 * @lme: the object
 *
 * Context: any.
 */
void lme_send_kick(struct lme *lme)
{
	queue_work(lme->wq, &lme->tx_work);
}

/**
 * lme_tx_expire - look at how long a message is being sent
 * @lme: the object
 * @now: jiffies
 *
 * Context: under lme.lock.
 */
void lme_tx_expire(struct lme *lme, unsigned long now)
{
	unsigned long at = lme->tx_since + SEND_TIMEOUT;

	if (!lme->tx_busy || !lme->active)
		return;
	if (time_before(now, at))
		lme_arm(lme, at);
	else
		__lme_link_lost(lme->active, -ETIME);
}

static struct lme_link *next_message(struct lme *lme, size_t *len)
{
	struct lme_link *link = NULL;

	spin_lock(&lme->lock);
	*len = 0;
	if (lme->active && !lme->lost)
		*len = lme_session_next(lme, lme->tx_buf);
	if (*len) {
		link = lme->active;
		lme->tx_since = jiffies;
		lme_arm(lme, lme->tx_since + SEND_TIMEOUT);
		lme_count(lme, LME_COUNT(TX_MESSAGES));
		trace_apf_tx(lme->tx_buf[0], *len);
	}
	lme->tx_busy = *len;
	spin_unlock(&lme->lock);
	return link;
}

/**
 * lme_tx_work - send all there is to send
 * @work: lme.tx_work
 *
 * Context: the tx worker; sleeps until firmware takes a message.
 */
void lme_tx_work(struct work_struct *work)
{
	struct lme *lme = container_of(work, struct lme, tx_work);
	struct lme_link *link;
	size_t len;
	int err;

	while ((link = next_message(lme, &len))) {
		err = link->ops->send(link, lme->tx_buf, len);
		if (err)
			lme_link_lost(link, err);
	}
	wake_up(&lme->tx_idle);
}
