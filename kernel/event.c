// SPDX-License-Identifier: GPL-2.0-only
/* The event worker: device nodes and notifications follow what changed. */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "channel.h"
#include "chrdev.h"
#include "genl.h"
#include "lme.h"

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

/*
 * A line for the first of a row of failures, and one for its end. That is a
 * session which has settled: firmware may end each session after its start.
 * No warning: mei.ko takes the device away for each suspend.
 */
static void log_change(struct lme *lme, const struct lme_change *change)
{
	bool over = !change->error && change->settled;

	if (change->error && !lme->failing)
		pr_notice("no link to AMT: %pe\n",
			  ERR_PTR(-(long)change->error));
	else if (over && lme->failing)
		pr_info("the link to AMT is back: session %u\n",
			change->generation);
	lme->failing = change->error || (lme->failing && !over);
}

/**
 * lme_event_work - make and remove nodes, and tell listeners what changed
 * @work: lme.event_work
 *
 * Context: the event worker; may sleep.
 */
void lme_event_work(struct work_struct *work)
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
		log_change(lme, &change);
		lme_genl_link_changed();
	}
}

/**
 * lme_event_drop - forget which channels changed
 * @lme: the object, whose event worker has ended
 *
 * Context: takes lme.lock.
 */
void lme_event_drop(struct lme *lme)
{
	struct lme_channel_facts facts;

	while (take_changed(lme, &facts))
		;
}
