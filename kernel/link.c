// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who wants the link, when it is started and stopped, and what is to tell of
 * it. See lme.h for contexts, locks and lifetimes.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>

#include "channel.h"
#include "compat/compat.h"
#include "link.h"
#include "lme.h"

/* Two opens in a row share a handshake. */
#define LINGER (5 * HZ)
/* How long the last messages of a session may take to go out. */
#define DRAIN_TIMEOUT HZ
#define BACKOFF_MAX (5 * HZ)

/* The first that a program carries, or that the bus shows. */
static struct lme_link *link_find(struct lme *lme, bool carried)
{
	struct lme_link *link;

	lockdep_assert_held(&lme->lock);
	list_for_each_entry(link, &lme->links, node)
		if (link->once == carried)
			return link;
	return NULL;
}

/*
 * Whether a program that carries the link is to let LME go. It may have been
 * quicker than the bus, which is there now.
 */
static bool link_gives_way(struct lme *lme)
{
	return lme->yields || link_find(lme, false);
}

/* Whether a started link is kept. */
static bool link_kept(struct lme *lme)
{
	lockdep_assert_held(&lme->lock);
	if (lme->lingering && time_after_eq(jiffies, lme->linger_until))
		lme->lingering = false;
	if (lme->active->once && link_gives_way(lme))
		return false;
	return !lme->yields && (lme->users || lme->lingering);
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
	lme_forwards_session_up(lme);
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
	lme->backoff = LME_BACKOFF_MIN;
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

/**
 * __lme_link_lost - the transport's connection is over, or has to be
 * @link: the link
 * @err: why, a negative error number
 *
 * Context: under lme.lock; may be called more than once.
 */
void __lme_link_lost(struct lme_link *link, int err)
{
	struct lme *lme = link->lme;

	lockdep_assert_held(&lme->lock);
	if (lme->active != link || lme->lost)
		return;
	/* Firmware may drop the connection as soon as it sees our DISCONNECT. */
	if (lme->session.state != LME_SESSION_ENDING) {
		lme->error = -err;
		lme_count(lme, LME_COUNT(LINK_LOST));
	}
	lme->lost = true;
	wake_up(&lme->tx_idle);
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
	__lme_link_lost(link, err);
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

static void link_add(struct lme *lme, struct lme_link *link)
{
	lockdep_assert_held(&lme->lock);
	link->lme = lme;
	list_add_tail(&link->node, &lme->links);
	lme->retry_at = jiffies;
	lme->backoff = LME_BACKOFF_MIN;
	lme_announce(lme);
	link_kick(lme);
}

/**
 * lme_link_add - a device appeared
 * @lme: the object
 * @link: the device's link
 *
 * Context: takes lme.lock.
 */
void lme_link_add(struct lme *lme, struct lme_link *link)
{
	spin_lock(&lme->lock);
	link_add(lme, link);
	spin_unlock(&lme->lock);
}

/**
 * lme_link_add_alone - add a link if there is no other, and none is yielded
 * @lme: the object
 * @link: the link
 * @other: set to the enum amt_lme_transport of the one there is, if any
 *
 * Return: 0 or -EBUSY.
 * Context: takes lme.lock.
 */
int lme_link_add_alone(struct lme *lme, struct lme_link *link, u32 *other)
{
	struct lme_link *first;
	bool busy;

	spin_lock(&lme->lock);
	first = list_first_entry_or_null(&lme->links, struct lme_link, node);
	if (first)
		*other = first->transport;
	busy = first || lme->yields;
	if (!busy)
		link_add(lme, link);
	spin_unlock(&lme->lock);
	return busy ? -EBUSY : 0;
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
	__lme_link_lost(link, -ENODEV);
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

	wait_event_idle_timeout(lme->tx_idle, lme_session_replies_sent(lme),
				DRAIN_TIMEOUT);

	spin_lock(&lme->lock);
	lme->lost = true;
	lme_session_set_state(lme, LME_SESSION_NONE);
	spin_unlock(&lme->lock);

	link->ops->stop(link);
	cancel_work_sync(&lme->tx_work);

	spin_lock(&lme->lock);
	lme->active = NULL;
	link->refused = link->once;
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
	lme->tried_at = jiffies;
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

/* Whether a link is to be started, now or at lme.retry_at. */
static bool link_wanted(struct lme *lme)
{
	lockdep_assert_held(&lme->lock);
	return !lme->active && !lme->yields && lme->users;
}

/* Picks the link to start, and makes it the active one. */
static struct lme_link *link_pick(struct lme *lme)
{
	struct lme_link *link = NULL;

	spin_lock(&lme->lock);
	if (link_wanted(lme) && time_after_eq(jiffies, lme->retry_at))
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

/* Before it was started, too: its program has to be told. */
static struct lme_link *link_to_give_way(struct lme *lme)
{
	struct lme_link *link = link_find(lme, true);

	if (!link || link->refused)
		return NULL;
	lme->active = link;
	lme->lost = true;
	return link;
}

static struct lme_link *link_to_stop(struct lme *lme)
{
	struct lme_link *link;

	spin_lock(&lme->lock);
	link = lme->active;
	if (!link && link_gives_way(lme))
		link = link_to_give_way(lme);
	else if (link && session_live(lme) && !link->gone && link_kept(lme))
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
	else if (link_wanted(lme) && link_usable(lme))
		at = lme->retry_at;
	else
		goto out;
	delay = at - jiffies;
	queue_delayed_work(lme->wq, &lme->link_work, delay > 0 ? delay : 0);
out:
	spin_unlock(&lme->lock);
}

/**
 * lme_link_work - start, stop, try again
 * @work: lme.link_work
 *
 * Context: the link worker; may sleep as long as lme_link_ops.start and .stop.
 */
void lme_link_work(struct work_struct *work)
{
	struct lme *lme = container_of(work, struct lme, link_work.work);
	struct lme_link *link;

	/* All of them: what two kicks were for may be one run. */
	while ((link = link_to_stop(lme)))
		link_stop(lme, link);
	link = link_pick(lme);
	if (link)
		link_start(lme, link);
	link_rearm(lme);
}

/* For a new user: but users that come and go do not hammer firmware. */
static void retry_soon(struct lme *lme)
{
	unsigned long now = jiffies;
	unsigned long pause = LME_BACKOFF_MIN;
	unsigned long at = now;

	lockdep_assert_held(&lme->lock);
	if (lme->error == EBUSY)
		pause = LME_BUSY_BACKOFF_MIN;
	lme->backoff = pause;
	if (now - lme->tried_at < pause)
		at = lme->tried_at + pause;
	if (time_before(at, lme->retry_at))
		lme->retry_at = at;
}

/**
 * lme_hold - one more user wants the link
 * @lme: the object
 *
 * Resets the back-off to its smallest pause. Does not wait for the link.
 * Context: takes lme.lock.
 */
void lme_hold(struct lme *lme)
{
	spin_lock(&lme->lock);
	lme->users++;
	retry_soon(lme);
	if (!session_live(lme)) {
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

/**
 * lme_yield - let the link go until lme_unyield(), for another program
 * @lme: the object
 *
 * Channels end, openers wait. Does not wait for the end of the session.
 * Context: takes lme.lock.
 */
void lme_yield(struct lme *lme)
{
	spin_lock(&lme->lock);
	lme->yields++;
	lme_announce(lme);
	link_kick(lme);
	spin_unlock(&lme->lock);
}

/**
 * lme_unyield - undo one lme_yield()
 * @lme: the object
 *
 * Context: takes lme.lock.
 */
void lme_unyield(struct lme *lme)
{
	spin_lock(&lme->lock);
	lme->yields--;
	lme->backoff = LME_BACKOFF_MIN;
	lme->retry_at = jiffies;
	lme_announce(lme);
	link_kick(lme);
	spin_unlock(&lme->lock);
}

static u32 link_state(struct lme *lme)
{
	lockdep_assert_held(&lme->lock);
	if (lme->session.state == LME_SESSION_FORWARDING)
		return AMT_LME_LINK_STATE_UP;
	/* A program that carries the link has to close it before LME is free. */
	if (lme->yields && !lme->active)
		return link_find(lme, true) ? AMT_LME_LINK_STATE_CONNECTING :
					      AMT_LME_LINK_STATE_YIELDED;
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
