// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a file does with a channel: wait until it is open, read, write, poll
 * and let go. SHUTDOWN is in channel-shut.c.
 */
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "channel.h"
#include "lme.h"

#define OPEN_TIMEOUT_MS 20000
/* How many may wait to be opened. */
#define QUEUE_MAX 1024
/* How long unsent data may go on after the file was closed. */
#define CLOSE_LINGER (5 * HZ)

static unsigned int window;
module_param(window, uint, 0644);
MODULE_PARM_DESC(window, "Receive window of a channel in bytes, up to 65536 (0: 4096, or what the link allows)");

static struct lme_channel *alloc_channel(struct lme *lme,
					 const struct lme_channel_params *params)
{
	struct lme_channel *ch;

	ch = kzalloc(sizeof(*ch), GFP_KERNEL_ACCOUNT);
	if (!ch)
		return NULL;
	ch->lme = lme;
	ch->params = *params;
	if (!ch->params.window)
		ch->params.window = min_t(u32, READ_ONCE(window),
					  LME_WINDOW_MAX);
	kref_init(&ch->kref);
	ch->pid = task_tgid_nr(current);
	get_task_comm(ch->comm, current);
	INIT_LIST_HEAD(&ch->node);
	INIT_LIST_HEAD(&ch->changed);
	init_waitqueue_head(&ch->wait);
	mutex_init(&ch->rx_mutex);
	mutex_init(&ch->tx_mutex);
	if (lme_ring_init(&ch->rx, ch->params.window ?: LME_WINDOW_DEFAULT) ||
	    lme_ring_init(&ch->tx, LME_TX_MAX)) {
		lme_channel_put(ch);
		return NULL;
	}
	return ch;
}

/* All of them are looked at under lme.lock. */
static bool queue_full(struct lme *lme)
{
	struct list_head *pos;
	unsigned int n = 0;

	lockdep_assert_held(&lme->lock);
	list_for_each(pos, &lme->queue)
		n++;
	return n >= QUEUE_MAX;
}

/**
 * lme_channel_open - begin to open a channel
 * @lme: the object
 * @params: what is wanted; checked by the caller
 *
 * The channel holds the link until lme_channel_release().
 *
 * Return: the channel, not open yet, or an ERR_PTR(): -ENOMEM; -ENOBUFS when
 * too many wait already.
 * Context: may sleep for memory, never for firmware.
 */
struct lme_channel *lme_channel_open(struct lme *lme,
				     const struct lme_channel_params *params)
{
	struct lme_channel *ch = alloc_channel(lme, params);
	u32 ms = params->timeout_ms ? params->timeout_ms : OPEN_TIMEOUT_MS;

	if (!ch)
		return ERR_PTR(-ENOMEM);
	lme_hold(lme);
	spin_lock(&lme->lock);
	if (queue_full(lme)) {
		spin_unlock(&lme->lock);
		lme_unhold(lme);
		lme_channel_put(ch);
		return ERR_PTR(-ENOBUFS);
	}
	kref_get(&ch->kref);
	ch->arrival = lme->arrivals++;
	lme_channel_enqueue(ch);
	lme_announce_channel(ch);
	ch->open_by = jiffies + msecs_to_jiffies(ms);
	lme_channel_arm(ch, ch->open_by);
	lme_channels_start(lme);
	spin_unlock(&lme->lock);
	return ch;
}

/**
 * lme_channel_release - the file is gone
 * @ch: the channel, which the caller must not use any more
 *
 * Does not block: unsent data goes on for a while, then the channel is closed.
 */
void lme_channel_release(struct lme_channel *ch)
{
	struct lme *lme = ch->lme;

	spin_lock(&lme->lock);
	if (ch->state == AMT_LME_CHANNEL_STATE_OPEN && !ch->close_due) {
		lme_channel_close(ch);
		lme_channel_arm(ch, jiffies + CLOSE_LINGER);
	}
	lme_channel_abandon(ch);
	spin_unlock(&lme->lock);
	lme_unhold(lme);
	lme_channel_put(ch);
}

/* The channel will not carry anything more in either direction. */
static bool over(const struct lme_channel *ch)
{
	return ch->error || ch->state == AMT_LME_CHANNEL_STATE_CLOSED;
}

static bool opening(const struct lme_channel *ch)
{
	return !over(ch) && (ch->state == AMT_LME_CHANNEL_STATE_QUEUED ||
			     ch->state == AMT_LME_CHANNEL_STATE_OPENING);
}

static bool can_read(const struct lme_channel *ch)
{
	return lme_ring_used(&ch->rx) || over(ch);
}

static bool can_write(const struct lme_channel *ch)
{
	return over(ch) || ch->shut ||
	       (!opening(ch) && lme_ring_room(&ch->tx));
}

static bool is_opened(const struct lme_channel *ch)
{
	return !opening(ch);
}

static bool check(struct lme_channel *ch,
		  bool (*cond)(const struct lme_channel *ch))
{
	bool yes;

	spin_lock(&ch->lme->lock);
	yes = cond(ch);
	spin_unlock(&ch->lme->lock);
	return yes;
}

static int wait_for(struct lme_channel *ch,
		    bool (*cond)(const struct lme_channel *ch), bool nonblock)
{
	if (check(ch, cond))
		return 0;
	if (nonblock)
		return -EAGAIN;
	return wait_event_interruptible(ch->wait, check(ch, cond));
}

/**
 * lme_channel_wait_open - wait until a channel is open
 * @ch: the channel
 *
 * Return: 0 when it is open, also if AMT has closed it again; the negative
 * error of the channel; -ERESTARTSYS.
 * Context: sleeps.
 */
int lme_channel_wait_open(struct lme_channel *ch)
{
	int err;

	might_sleep();
	err = wait_for(ch, is_opened, false);
	if (err)
		return err;
	spin_lock(&ch->lme->lock);
	err = ch->error;
	spin_unlock(&ch->lme->lock);
	return err;
}

/*
 * Not for each few bytes; but when all is read AMT can send a longest message,
 * as far as the window allows that at all.
 */
static bool credit_due(struct lme_channel *ch)
{
	if (ch->owed >= ch->window / 2)
		return true;
	return !lme_ring_used(&ch->rx) &&
	       ch->credit < lme_rx_max(ch->lme) - APF_DATA_HDR_SIZE;
}

/* The reader took bytes. */
static void credit(struct lme_channel *ch, u32 n)
{
	spin_lock(&ch->lme->lock);
	ch->rx.tail += n;
	ch->owed += n;
	if (ch->state == AMT_LME_CHANNEL_STATE_OPEN && !ch->close_due &&
	    credit_due(ch)) {
		ch->adjust_due = true;
		lme_send_kick(ch->lme);
	}
	lme_channel_shut_rearm(ch);
	spin_unlock(&ch->lme->lock);
}

static ssize_t read_some(struct lme_channel *ch, struct iov_iter *to)
{
	u32 used, n;
	int error;

	spin_lock(&ch->lme->lock);
	used = lme_ring_used(&ch->rx);
	error = ch->error;
	spin_unlock(&ch->lme->lock);
	if (!used)
		return error;

	n = min_t(size_t, used, iov_iter_count(to));
	n = lme_ring_peek_iter(&ch->rx, to, n);
	if (!n)
		return -EFAULT;
	credit(ch, n);
	return n;
}

/**
 * lme_channel_read - take received bytes
 * @ch: the channel
 * @to: where to
 * @nonblock: do not wait
 *
 * Return: bytes; 0 after AMT's CLOSE; -EAGAIN; -ERESTARTSYS; -EFAULT; the
 * negative error of the channel, after the bytes that came before it.
 * Context: sleeps.
 */
ssize_t lme_channel_read(struct lme_channel *ch, struct iov_iter *to,
			 bool nonblock)
{
	ssize_t n;

	if (!iov_iter_count(to))
		return 0;
	n = lme_lock_one(&ch->rx_mutex, nonblock);
	if (n)
		return n;
	n = wait_for(ch, can_read, nonblock);
	if (!n)
		n = read_some(ch, to);
	mutex_unlock(&ch->rx_mutex);
	return n;
}

/* Hands the bytes that were copied into the ring over to the tx worker. */
static int commit(struct lme_channel *ch, u32 n)
{
	int err = 0;

	spin_lock(&ch->lme->lock);
	if (ch->error)
		err = ch->error;
	else if (ch->state != AMT_LME_CHANNEL_STATE_OPEN || ch->shut || ch->close_due)
		err = -EPIPE;
	else
		ch->tx.head += n;
	if (!err && ch->tx_window)
		lme_send_kick(ch->lme);
	spin_unlock(&ch->lme->lock);
	return err;
}

static ssize_t write_some(struct lme_channel *ch, struct iov_iter *from)
{
	u32 room, n;
	int err;

	spin_lock(&ch->lme->lock);
	room = lme_ring_room(&ch->tx);
	spin_unlock(&ch->lme->lock);

	n = min_t(size_t, room, iov_iter_count(from));
	n = lme_ring_put_iter(&ch->tx, from, n);
	err = commit(ch, n);
	if (err)
		return err;
	return n ? n : -EFAULT;
}

/**
 * lme_channel_write - have bytes sent
 * @ch: the channel
 * @from: the bytes
 * @nonblock: take what fits, do not wait
 *
 * Return: bytes; -EAGAIN; -ERESTARTSYS; -EFAULT; -EPIPE after AMT's CLOSE or a
 * shutdown; the negative error of the channel.
 * Context: sleeps.
 */
ssize_t lme_channel_write(struct lme_channel *ch, struct iov_iter *from,
			  bool nonblock)
{
	ssize_t done = 0;
	ssize_t n;

	n = lme_lock_one(&ch->tx_mutex, nonblock);
	if (n)
		return n;
	while (iov_iter_count(from)) {
		n = wait_for(ch, can_write, nonblock);
		if (!n)
			n = write_some(ch, from);
		if (n < 0)
			break;
		done += n;
	}
	mutex_unlock(&ch->tx_mutex);
	return done ? done : n;
}

/**
 * lme_channel_poll - what would not block
 * @ch: the channel
 * @file: its file
 * @wait: the poll table
 *
 * Return: EPOLL* bits. EPOLLOUT needs half of the buffer free, so that a
 * poller does not write byte by byte.
 */
__poll_t lme_channel_poll(struct lme_channel *ch, struct file *file,
			  struct poll_table_struct *wait)
{
	__poll_t mask = 0;

	poll_wait(file, &ch->wait, wait);
	spin_lock(&ch->lme->lock);
	if (can_read(ch))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (can_write(ch) &&
	    (over(ch) || ch->shut || lme_ring_room(&ch->tx) >= ch->tx.size / 2))
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (over(ch))
		mask |= EPOLLHUP | EPOLLRDHUP;
	if (ch->error)
		mask |= EPOLLERR;
	spin_unlock(&ch->lme->lock);
	return mask;
}

/**
 * lme_channel_readable - bytes that a read would give now
 * @ch: the channel
 *
 * Return: bytes.
 */
u32 lme_channel_readable(struct lme_channel *ch)
{
	u32 n;

	spin_lock(&ch->lme->lock);
	n = lme_ring_used(&ch->rx);
	spin_unlock(&ch->lme->lock);
	return n;
}

/**
 * lme_channel_unsent - written bytes that were not sent yet
 * @ch: the channel
 *
 * Return: bytes.
 */
u32 lme_channel_unsent(struct lme_channel *ch)
{
	u32 n;

	spin_lock(&ch->lme->lock);
	n = lme_ring_used(&ch->tx);
	spin_unlock(&ch->lme->lock);
	return n;
}
