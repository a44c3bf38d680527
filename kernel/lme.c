// SPDX-License-Identifier: GPL-2.0-only
/* The LME object: its making and its end, and the clock. See lme.h. */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "channel.h"
#include "lme.h"

/**
 * lme_arm - have the clock look at all deadlines
 * @lme: the object
 * @at: not later than then (jiffies)
 *
 * Context: under lme.lock.
 */
void lme_arm(struct lme *lme, unsigned long at)
{
	long delay = at - jiffies;

	lockdep_assert_held(&lme->lock);
	if (delayed_work_pending(&lme->clock_work) &&
	    time_before_eq(lme->clock_at, at))
		return;
	lme->clock_at = at;
	mod_delayed_work(lme->wq, &lme->clock_work, delay > 0 ? delay : 0);
}

static void clock_work(struct work_struct *work)
{
	struct lme *lme = container_of(work, struct lme, clock_work.work);
	unsigned long now = jiffies;

	spin_lock(&lme->lock);
	lme_tx_expire(lme, now);
	lme_session_expire(lme, now);
	lme_forwards_expire(lme, now);
	lme_channels_expire(lme, now);
	spin_unlock(&lme->lock);
}

/**
 * lme_create - make the object
 *
 * Return: the object, without a link, or an ERR_PTR().
 */
struct lme *lme_create(void)
{
	struct lme *lme;

	lme = kzalloc(sizeof(*lme), GFP_KERNEL);
	if (!lme)
		return ERR_PTR(-ENOMEM);
	lme->tx_buf = kmalloc(LME_TX_MAX, GFP_KERNEL);
	if (!lme->tx_buf)
		goto err_free;
	lme->wq = alloc_workqueue("amt_lme", WQ_UNBOUND, 0);
	if (!lme->wq)
		goto err_free_buf;

	spin_lock_init(&lme->lock);
	INIT_DELAYED_WORK(&lme->link_work, lme_link_work);
	INIT_WORK(&lme->tx_work, lme_tx_work);
	INIT_DELAYED_WORK(&lme->clock_work, clock_work);
	INIT_WORK(&lme->event_work, lme_event_work);
	INIT_LIST_HEAD(&lme->links);
	INIT_LIST_HEAD(&lme->queue);
	INIT_LIST_HEAD(&lme->changed);
	lme->since_ms = ktime_to_ms(ktime_get_boottime());
	init_waitqueue_head(&lme->tx_idle);
	init_waitqueue_head(&lme->link_idle);
	lme->retry_at = jiffies;
	lme->backoff = LME_BACKOFF_MIN;
	lme_session_init(lme);
	return lme;

err_free_buf:
	kfree(lme->tx_buf);
err_free:
	kfree(lme);
	return ERR_PTR(-ENOMEM);
}

/**
 * lme_stop - end all work of the object
 * @lme: the object; all links are removed and all files closed
 *
 * Context: may sleep.
 */
void lme_stop(struct lme *lme)
{
	cancel_delayed_work_sync(&lme->link_work);
	cancel_work_sync(&lme->tx_work);
	cancel_delayed_work_sync(&lme->clock_work);
	cancel_work_sync(&lme->event_work);
	lme_event_drop(lme);
}

/**
 * lme_destroy - free the object
 * @lme: the object; stopped, and nothing can reach it any more
 *
 * Context: may sleep.
 */
void lme_destroy(struct lme *lme)
{
	destroy_workqueue(lme->wq);
	kfree(lme->tx_buf);
	kfree(lme);
}
