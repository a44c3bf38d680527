// SPDX-License-Identifier: GPL-2.0-only
/*
 * The LME object: who wants the link, when it is started and stopped, and the
 * workers. See lme.h for contexts, locks and lifetimes.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "channel.h"
#include "chrdev.h"
#include "compat/compat.h"
#include "genl.h"
#include "link.h"
#include "lme.h"
#include "trace.h"

/* Two opens in a row share a handshake. */
#define LINGER (5 * HZ)
/* How long the last messages of a session may take to go out. */
#define DRAIN_TIMEOUT HZ
/* Firmware that takes no message for so long is stuck. */
#define SEND_TIMEOUT (30 * HZ)
#define BACKOFF_MIN (HZ / 20)
#define BACKOFF_MAX (5 * HZ)

/* Whether a started link is kept. */
static bool link_kept(struct lme *lme)
{
	lockdep_assert_held(&lme->lock);
	if (lme->lingering && time_after_eq(jiffies, lme->linger_until))
		lme->lingering = false;
	return lme->users || lme->lingering;
}

static struct lme_link *link_usable(struct lme *lme)
{
	struct lme_link *link;

	lockdep_assert_held(&lme->lock);
	list_for_each_entry(link, &lme->links, node)
		if (!link->refused)
			return link;
	return NULL;
}

static void link_kick(struct lme *lme)
{
	mod_delayed_work(lme->wq, &lme->link_work, 0);
}

static bool session_live(struct lme *lme)
{
	return lme->active && !lme->lost &&
	       lme->session.state != LME_SESSION_ENDING;
}

/**
 * lme_session_up - AMT has started port forwarding
 * @lme: the object
 *
 * Context: under lme.lock.
 */
void lme_session_up(struct lme *lme)
{
	lockdep_assert_held(&lme->lock);
	lme->error = 0;
	lme_announce(lme);
}

/**
 * lme_session_proved - the session is more than a short-lived try
 * @lme: the object
 *
 * Only now the next loss of the link is followed by an immediate try: firmware
 * that ends each session after its start must not be hammered.
 * Context: under lme.lock.
 */
void lme_session_proved(struct lme *lme)
{
	lockdep_assert_held(&lme->lock);
	lme->backoff = BACKOFF_MIN;
}

/**
 * lme_session_over - the active link has to be stopped
 * @lme: the object
 *
 * The session must have been made dead or have its DISCONNECT queued.
 * Context: under lme.lock.
 */
void lme_session_over(struct lme *lme)
{
	lockdep_assert_held(&lme->lock);
	lme_channels_session_over(lme);
	lme_forwards_session_over(lme);
	lme_announce(lme);
	link_kick(lme);
}

static void link_lost(struct lme *lme, struct lme_link *link, int err)
{
	lockdep_assert_held(&lme->lock);
	if (lme->active != link || lme->lost)
		return;
	/* Firmware may drop the connection as soon as it sees our DISCONNECT. */
	if (lme->session.state != LME_SESSION_ENDING) {
		lme->error = -err;
		lme_count(lme, LME_COUNT(LINK_LOST));
	}
	lme->lost = true;
	lme_session_set_state(lme, LME_SESSION_NONE);
	lme_session_over(lme);
}

/**
 * lme_link_lost - the transport's connection is over
 * @link: the link
 * @err: why, a negative error number
 *
 * Context: any that may take lme.lock; may be called more than once.
 */
void lme_link_lost(struct lme_link *link, int err)
{
	struct lme *lme = link->lme;

	spin_lock(&lme->lock);
	link_lost(lme, link, err);
	spin_unlock(&lme->lock);
}

/**
 * lme_link_receive - handle one message from firmware
 * @link: the link it came from
 * @buf: the message
 * @len: its length in bytes
 *
 * Context: the link's receive thread. Never waits for the tx worker.
 */
void lme_link_receive(struct lme_link *link, const u8 *buf, size_t len)
{
	struct lme *lme = link->lme;

	spin_lock(&lme->lock);
	if (lme->active == link && !lme->lost) {
		lme_count(lme, LME_COUNT(RX_MESSAGES));
		lme_session_receive(lme, buf, len);
	}
	spin_unlock(&lme->lock);
}

/**
 * lme_link_add - a device appeared
 * @lme: the object
 * @link: the device's link
 *
 * Context: may sleep.
 */
void lme_link_add(struct lme *lme, struct lme_link *link)
{
	link->lme = lme;
	spin_lock(&lme->lock);
	list_add_tail(&link->node, &lme->links);
	lme->retry_at = jiffies;
	lme->backoff = BACKOFF_MIN;
	lme_announce(lme);
	link_kick(lme);
	spin_unlock(&lme->lock);
}

static bool link_is_active(struct lme *lme, struct lme_link *link)
{
	bool active;

	spin_lock(&lme->lock);
	active = lme->active == link;
	spin_unlock(&lme->lock);
	return active;
}

/**
 * lme_link_remove - a device is going away
 * @link: the device's link
 *
 * When it returns, no callback of @link runs or will run.
 * Context: may sleep for as long as lme_link_ops.start and .stop.
 */
void lme_link_remove(struct lme_link *link)
{
	struct lme *lme = link->lme;

	spin_lock(&lme->lock);
	link_lost(lme, link, -ENODEV);
	link->gone = true;
	list_del(&link->node);
	lme_announce(lme);
	link_kick(lme);
	spin_unlock(&lme->lock);
	/* Flushing the work would not do: a kick meanwhile takes it away. */
	wait_event(lme->link_idle, !link_is_active(lme, link));
}

static void link_stop(struct lme *lme, struct lme_link *link)
{
	spin_lock(&lme->lock);
	if (session_live(lme) && !link->gone)
		lme_session_disconnect(lme, APF_DISCONNECT_BY_APPLICATION);
	spin_unlock(&lme->lock);

	wait_event_timeout(lme->tx_idle, lme_session_replies_sent(lme),
			   DRAIN_TIMEOUT);

	spin_lock(&lme->lock);
	lme->lost = true;
	lme_session_set_state(lme, LME_SESSION_NONE);
	spin_unlock(&lme->lock);

	link->ops->stop(link);
	cancel_work_sync(&lme->tx_work);

	spin_lock(&lme->lock);
	lme->active = NULL;
	lme->retry_at = jiffies + lme->backoff;
	lme_announce(lme);
	spin_unlock(&lme->lock);
	wake_up_all(&lme->link_idle);
}

static void back_off(struct lme *lme, int err)
{
	unsigned long max = BACKOFF_MAX;

	lockdep_assert_held(&lme->lock);
	if (err == -EBUSY)
		max = LME_BUSY_BACKOFF_MAX;
	lme->retry_at = jiffies + lme->backoff;
	lme->backoff = min(2 * lme->backoff, max);
}

static void link_start(struct lme *lme, struct lme_link *link)
{
	int err;

	err = link->ops->start(link);

	spin_lock(&lme->lock);
	if (err) {
		lme->error = -err;
		lme->active = NULL;
		lme_session_set_state(lme, LME_SESSION_NONE);
		link->refused = err == -ENOTTY;
	} else if (!lme->lost) {
		lme_session_greet(lme);
	}
	back_off(lme, err);
	lme_announce(lme);
	spin_unlock(&lme->lock);
	wake_up_all(&lme->link_idle);
}

/* Picks the link to start, and makes it the active one. */
static struct lme_link *link_pick(struct lme *lme)
{
	struct lme_link *link = NULL;

	spin_lock(&lme->lock);
	if (!lme->active && lme->users &&
	    time_after_eq(jiffies, lme->retry_at))
		link = link_usable(lme);
	if (link) {
		lme->active = link;
		lme->lost = false;
		lme_session_begin(lme);
		lme_announce(lme);
	}
	spin_unlock(&lme->lock);
	return link;
}

static struct lme_link *link_to_stop(struct lme *lme)
{
	struct lme_link *link;

	spin_lock(&lme->lock);
	link = lme->active;
	if (link && session_live(lme) && !link->gone && link_kept(lme))
		link = NULL;
	spin_unlock(&lme->lock);
	return link;
}

/* When nothing else calls the link worker before: linger or retry. */
static void link_rearm(struct lme *lme)
{
	unsigned long at;
	long delay;

	spin_lock(&lme->lock);
	if (lme->active && !lme->users)
		at = lme->linger_until;
	else if (!lme->active && lme->users && link_usable(lme))
		at = lme->retry_at;
	else
		goto out;
	delay = at - jiffies;
	queue_delayed_work(lme->wq, &lme->link_work, delay > 0 ? delay : 0);
out:
	spin_unlock(&lme->lock);
}

static void link_work(struct work_struct *work)
{
	struct lme *lme = container_of(work, struct lme, link_work.work);
	struct lme_link *link;

	link = link_to_stop(lme);
	if (link)
		link_stop(lme, link);
	link = link_pick(lme);
	if (link)
		link_start(lme, link);
	link_rearm(lme);
}

/**
 * lme_hold - one more user wants the link
 * @lme: the object
 *
 * Resets the back-off. Does not wait for the link.
 * Context: takes lme.lock.
 */
void lme_hold(struct lme *lme)
{
	spin_lock(&lme->lock);
	lme->users++;
	lme->backoff = BACKOFF_MIN;
	if (!session_live(lme)) {
		lme->retry_at = jiffies;
		lme_announce(lme);
		link_kick(lme);
	}
	spin_unlock(&lme->lock);
}

/**
 * lme_unhold - a user of the link is gone
 * @lme: the object
 *
 * Context: takes lme.lock.
 */
void lme_unhold(struct lme *lme)
{
	spin_lock(&lme->lock);
	if (!--lme->users) {
		lme->lingering = true;
		lme->linger_until = jiffies + LINGER;
		lme_announce(lme);
		link_kick(lme);
	}
	spin_unlock(&lme->lock);
}

static u32 link_state(struct lme *lme)
{
	lockdep_assert_held(&lme->lock);
	if (lme->session.state == LME_SESSION_FORWARDING)
		return AMT_LME_LINK_STATE_UP;
	if (!link_usable(lme))
		return AMT_LME_LINK_STATE_ABSENT;
	if (lme->active || lme->users)
		return AMT_LME_LINK_STATE_CONNECTING;
	return AMT_LME_LINK_STATE_IDLE;
}

/**
 * lme_change_get - the present state of the link
 * @lme: the object
 * @change: filled in
 *
 * Context: under lme.lock.
 */
void lme_change_get(struct lme *lme, struct lme_change *change)
{
	lockdep_assert_held(&lme->lock);
	change->state = link_state(lme);
	change->generation = lme->generation;
	change->error = lme->error;
	change->settled = lme->forwards.settled;
	change->transport = lme->active ? lme->active->transport :
					  AMT_LME_TRANSPORT_NONE;
}

/**
 * lme_rx_max - longest message that AMT may send now
 * @lme: the object
 *
 * Return: bytes; 0 without a session.
 * Context: under lme.lock.
 */
size_t lme_rx_max(struct lme *lme)
{
	lockdep_assert_held(&lme->lock);
	return lme->session.state >= LME_SESSION_AGREED ? lme->active->mtu : 0;
}

/**
 * lme_tx_max - longest message that may be sent now
 * @lme: the object
 *
 * Return: bytes; 0 without a session.
 * Context: under lme.lock.
 */
size_t lme_tx_max(struct lme *lme)
{
	return min_t(size_t, lme_rx_max(lme), LME_TX_MAX);
}

/**
 * lme_announce_channel - the state of a channel changed
 * @ch: the channel
 *
 * Context: under lme.lock.
 */
void lme_announce_channel(struct lme_channel *ch)
{
	struct lme *lme = ch->lme;

	lockdep_assert_held(&lme->lock);
	lme->channel_seq++;
	if (!list_empty(&ch->changed) || !lme_genl_channels_watched())
		return;
	kref_get(&ch->kref);
	list_add_tail(&ch->changed, &lme->changed);
	lme_announce(lme);
}

/**
 * lme_announce - node, forward or link changed; let the event worker look
 * @lme: the object
 *
 * Context: any.
 */
void lme_announce(struct lme *lme)
{
	queue_work(lme->wq, &lme->event_work);
}

static bool take_changed(struct lme *lme, struct lme_channel_facts *facts)
{
	struct lme_channel *ch;

	spin_lock(&lme->lock);
	ch = list_first_entry_or_null(&lme->changed, struct lme_channel,
				      changed);
	if (ch) {
		list_del_init(&ch->changed);
		lme_channel_facts_get(ch, facts);
		lme_channel_put(ch);
	}
	spin_unlock(&lme->lock);
	return ch;
}

static void event_work(struct work_struct *work)
{
	struct lme *lme = container_of(work, struct lme, event_work);
	struct lme_channel_facts facts;
	struct lme_change change;
	struct lme_forward fwd;

	/* Nodes first: who hears of a forward can open its node. */
	while (lme_forward_take_dirty(lme, &fwd)) {
		lme_chrdev_set_port(fwd.port,
				    lme_forward_has_port(lme, fwd.port));
		lme_genl_forward_changed(&fwd);
	}

	while (take_changed(lme, &facts))
		lme_genl_channel_changed(&facts);

	spin_lock(&lme->lock);
	lme_change_get(lme, &change);
	if (change.state != lme->announced.state)
		lme->since_ms = ktime_to_ms(ktime_get_boottime());
	spin_unlock(&lme->lock);
	if (memcmp(&change, &lme->announced, sizeof(change))) {
		lme->announced = change;
		lme_genl_link_changed();
	}
}

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

static void send_expire(struct lme *lme, unsigned long now)
{
	unsigned long at = lme->tx_since + SEND_TIMEOUT;

	if (!lme->tx_busy || !lme->active)
		return;
	if (time_before(now, at))
		lme_arm(lme, at);
	else
		link_lost(lme, lme->active, -ETIME);
}

static void clock_work(struct work_struct *work)
{
	struct lme *lme = container_of(work, struct lme, clock_work.work);
	unsigned long now = jiffies;

	spin_lock(&lme->lock);
	send_expire(lme, now);
	lme_session_expire(lme, now);
	lme_forwards_expire(lme, now);
	lme_channels_expire(lme, now);
	spin_unlock(&lme->lock);
}

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

static void tx_work(struct work_struct *work)
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
	INIT_DELAYED_WORK(&lme->link_work, link_work);
	INIT_WORK(&lme->tx_work, tx_work);
	INIT_DELAYED_WORK(&lme->clock_work, clock_work);
	INIT_WORK(&lme->event_work, event_work);
	INIT_LIST_HEAD(&lme->links);
	INIT_LIST_HEAD(&lme->queue);
	INIT_LIST_HEAD(&lme->changed);
	lme->since_ms = ktime_to_ms(ktime_get_boottime());
	init_waitqueue_head(&lme->tx_idle);
	init_waitqueue_head(&lme->link_idle);
	lme->retry_at = jiffies;
	lme->backoff = BACKOFF_MIN;
	lme_session_init(lme);
	return lme;

err_free_buf:
	kfree(lme->tx_buf);
err_free:
	kfree(lme);
	return ERR_PTR(-ENOMEM);
}

/**
 * lme_let_go - end the session in an orderly way, now
 * @lme: the object, without users
 *
 * Context: may sleep.
 */
void lme_let_go(struct lme *lme)
{
	spin_lock(&lme->lock);
	lme->lingering = false;
	link_kick(lme);
	spin_unlock(&lme->lock);
	wait_event(lme->link_idle, link_is_active(lme, NULL));
}

static void drop_changed(struct lme *lme)
{
	struct lme_channel_facts facts;

	while (take_changed(lme, &facts))
		;
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
	drop_changed(lme);
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
