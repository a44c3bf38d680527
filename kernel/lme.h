/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one object that lives from module load to unload.
 *
 * Layers: chrdev.c and genl.c are the faces; lme.c, link.c, tx.c and event.c
 * own the link, its users and the workers; session.c, channel*.c and forward.c
 * are the protocol; apf.c is the wire; link-*.c carry messages. Calls go down,
 * events come up.
 *
 * Contexts, all of which may sleep:
 *   receive thread  handles one message under lme.lock and never waits for
 *                   anything else. On the bus a thread of the started link; for
 *                   a relayed link whoever calls write(), one at a time
 *   tx worker       lme.tx_work; the only one that sends, without a lock held
 *   link worker     lme.link_work; the only one that starts and stops a link
 *   clock           lme.clock_work; every deadline
 *   event worker    lme.event_work; device nodes and netlink notifications
 *   files, netlink  system calls
 *
 * Locks: lme.lock protects everything in struct lme and struct lme_channel
 * that does not say otherwise. It is held to copy one message at the most, and
 * never across a send, a callback or a copy from or to user space. A channel's
 * rx_mutex and tx_mutex are taken before it.
 *
 * End of a link, in this order: the session is made dead (channels end, nothing
 * is sent any more); ops->stop() ends the receive thread and wakes the tx
 * worker; the tx worker is waited for; the link is forgotten. Who may still be
 * inside: the receive thread (ends as its read fails), the tx worker (ends as
 * its send fails), files (hold a channel, not the link) and the clock (touches
 * the session, not the link).
 */
#ifndef LME_H
#define LME_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <uapi/linux/amt_lme_netlink.h>

#include "forward.h"
#include "session.h"

struct lme_channel;
struct lme_link;

/* Longest message that is sent, also when the link would take more. */
#define LME_TX_MAX 4096
/* A link with shorter messages is of no use, and no firmware has longer ones. */
#define LME_MTU_MIN 512
#define LME_MTU_MAX (128 * 1024)

/* The first pause between two tries to start a link, in jiffies. */
#define LME_BACKOFF_MIN (HZ / 20)

/* The counters of the netlink family; LME_COUNT(OPENED). */
#define LME_COUNT(name) AMT_LME_A_COUNTERS_##name

/**
 * struct lme_change - the parts of the link's state that are announced
 * @state: enum amt_lme_link_state
 * @generation: number of the session
 * @transport: enum amt_lme_transport
 * @error: error number of the last failure to have the link, 0 for none
 * @settled: AMT has named all its ports; a number, as padding would be compared
 */
struct lme_change {
	u32 state;
	u32 generation;
	u32 transport;
	u32 error;
	u32 settled;
};

/**
 * struct lme - the LME client of this machine
 * @lock: protects all that does not say otherwise, also in channels
 * @wq: runs all work below
 * @link_work: starts and stops links
 * @tx_work: sends
 * @clock_work: deadlines
 * @event_work: nodes and notifications
 * @links: every lme_link; the first usable one is used
 * @active: the link that is started or being started; set and cleared by the
 *          link worker
 * @lost: @active is over and waits for the link worker
 * @link_idle: woken when a link is not active any more
 * @users: who wants the link: channel files, HOLD, autoconnect
 * @yields: who wants the link let go, whatever its users want
 * @lingering: without users, a started link is kept until @linger_until
 * @linger_until: jiffies
 * @retry_at: no start before then (jiffies)
 * @tried_at: when a link was last started, or could not be (jiffies)
 * @backoff: jiffies that the next failed start adds
 * @error: why the link could not be started or was lost, an error number; 0
 *         when forwarding has started since
 * @clock_at: when @clock_work runs next (jiffies); valid while it is pending
 * @tx_busy: the tx worker is sending, since @tx_since
 * @tx_since: jiffies
 * @tx_idle: woken when the tx worker has nothing more to send, or @lost is set
 * @tx_buf: LME_TX_MAX bytes; of the tx worker
 * @generation: number of the session, from 1
 * @session: the present session
 * @queue: channels that wait for link, forward or slot, in order of arrival
 * @arrivals: channels ever queued
 * @forwards: what AMT forwards
 * @changed: channels whose state changed since it was announced; holds a
 *           reference to each
 * @channel_seq: changes with every state of a channel, for consistent dumps
 * @counters: indexed by LME_COUNT()
 * @since_ms: when the link's state was last announced as another one, in
 *            milliseconds of CLOCK_BOOTTIME
 * @announced: what the last link notification said; of the event worker
 * @failing: the log says that there is no link; of the event worker
 */
struct lme {
	spinlock_t lock; /* all but what says otherwise */
	struct workqueue_struct *wq;
	struct delayed_work link_work;
	struct work_struct tx_work;
	struct delayed_work clock_work;
	struct work_struct event_work;

	struct list_head links;
	struct lme_link *active;
	wait_queue_head_t link_idle;
	bool lost;
	unsigned int users;
	unsigned int yields;
	bool lingering;
	unsigned long linger_until;
	unsigned long retry_at;
	unsigned long tried_at;
	unsigned long backoff;
	u32 error;

	unsigned long clock_at;

	bool tx_busy;
	unsigned long tx_since;
	wait_queue_head_t tx_idle;
	u8 *tx_buf;

	u32 generation;
	struct lme_session session;
	struct list_head queue;
	u64 arrivals;
	struct lme_forwards forwards;
	struct list_head changed;
	u32 channel_seq;
	u64 counters[AMT_LME_A_COUNTERS_PAD];
	u64 since_ms;
	struct lme_change announced;
	bool failing;
};

/* lme.c */
struct lme *lme_create(void);
void lme_stop(struct lme *lme);
void lme_destroy(struct lme *lme);

void lme_arm(struct lme *lme, unsigned long at);

/* link.c */
void lme_hold(struct lme *lme);
void lme_unhold(struct lme *lme);
void lme_yield(struct lme *lme);
void lme_unyield(struct lme *lme);
void lme_let_go(struct lme *lme);
void lme_session_up(struct lme *lme);
void lme_session_proved(struct lme *lme);
void lme_session_over(struct lme *lme);
void lme_change_get(struct lme *lme, struct lme_change *change);
size_t lme_rx_max(struct lme *lme);
size_t lme_tx_max(struct lme *lme);
void lme_link_work(struct work_struct *work);

/* tx.c */
void lme_send_kick(struct lme *lme);
void lme_tx_expire(struct lme *lme, unsigned long now);
void lme_tx_work(struct work_struct *work);

/* event.c */
void lme_announce(struct lme *lme);
void lme_announce_channel(struct lme_channel *ch);
void lme_event_work(struct work_struct *work);
void lme_event_drop(struct lme *lme);

/**
 * lme_count - count an event
 * @lme: the object
 * @counter: LME_COUNT()
 *
 * Context: under lme.lock.
 */
static inline void lme_count(struct lme *lme, unsigned int counter)
{
	lockdep_assert_held(&lme->lock);
	lme->counters[counter]++;
}

/**
 * lme_lock_one - be the one reader or writer of a file
 * @mutex: what the others wait for
 * @nonblock: do not wait
 *
 * Return: 0, -EAGAIN or -ERESTARTSYS.
 */
static inline int lme_lock_one(struct mutex *mutex, bool nonblock)
{
	if (nonblock)
		return mutex_trylock(mutex) ? 0 : -EAGAIN;
	return mutex_lock_interruptible(mutex) ? -ERESTARTSYS : 0;
}

#endif /* LME_H */
