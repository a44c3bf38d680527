// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link that user space carries. mei.ko shows a client that allows more
 * than one connection to no driver (number_of_connections() in
 * drivers/misc/mei/bus-fixup.c), but a program can connect to it on
 * /dev/meiN. It hands the messages over here: a link descriptor is one
 * connection to LME, each write() a message from AMT, each read() one to AMT.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "link.h"
#include "lme.h"

/* What the link worker made of the connection. */
enum relay_state {
	RELAY_NEW,
	RELAY_STARTED,
	RELAY_OVER, /* for good */
};

/**
 * struct relay_link - a connection that user space carries
 * @link: base
 * @state: enum relay_state; written by the link worker
 * @wait: woken when @state changes or a message waits to be read
 * @taken: woken when the message was read, or the connection is over
 * @rx_mutex: one writer, of @rx_buf
 * @rx_buf: a message from AMT, @link.mtu bytes
 * @tx_mutex: one reader, of @tx_buf
 * @tx_len: length of the message in @tx_buf; 0: there is none, and the tx
 *          worker may put one there
 * @tx_buf: a message to AMT
 *
 * Lives as long as its file, which is longer than the link is in use.
 */
struct relay_link {
	struct lme_link link;
	enum relay_state state;
	wait_queue_head_t wait;
	wait_queue_head_t taken;
	struct mutex rx_mutex; /* one writer */
	u8 *rx_buf;
	struct mutex tx_mutex; /* one reader */
	size_t tx_len;
	u8 tx_buf[LME_TX_MAX];
};

static struct relay_link *to_relay_link(struct lme_link *link)
{
	return container_of(link, struct relay_link, link);
}

static void set_state(struct relay_link *rl, enum relay_state state)
{
	WRITE_ONCE(rl->state, state);
	wake_up_interruptible(&rl->wait);
	wake_up(&rl->taken);
}

static enum relay_state get_state(struct relay_link *rl)
{
	return READ_ONCE(rl->state);
}

/* Whether a message waits to be read. */
static bool readable(struct relay_link *rl)
{
	return smp_load_acquire(&rl->tx_len); /* pairs with relay_send() */
}

static int relay_start(struct lme_link *link)
{
	set_state(to_relay_link(link), RELAY_STARTED);
	return 0;
}

static void relay_stop(struct lme_link *link)
{
	set_state(to_relay_link(link), RELAY_OVER);
}

static int relay_send(struct lme_link *link, const u8 *buf, size_t len)
{
	struct relay_link *rl = to_relay_link(link);

	memcpy(rl->tx_buf, buf, len);
	smp_store_release(&rl->tx_len, len); /* behind the message */
	wake_up_interruptible(&rl->wait);
	/* As long as user space takes: nothing is wrong with this machine. */
	wait_event_idle(rl->taken, !readable(rl) || get_state(rl) == RELAY_OVER);
	return readable(rl) ? -ENODEV : 0;
}

static const struct lme_link_ops relay_link_ops = {
	.start = relay_start,
	.stop = relay_stop,
	.send = relay_send,
};

/* A message that does not fit stays, as does one that could not be copied. */
static ssize_t take_message(struct relay_link *rl, char __user *buf, size_t size)
{
	size_t len = rl->tx_len;

	if (size < len)
		return -EMSGSIZE;
	if (copy_to_user(buf, rl->tx_buf, len))
		return -EFAULT;
	smp_store_release(&rl->tx_len, 0); /* the buffer is free again */
	wake_up(&rl->taken);
	return len;
}

static ssize_t relay_read(struct file *file, char __user *buf, size_t size,
			  loff_t *pos)
{
	struct relay_link *rl = file->private_data;
	bool nonblock = file->f_flags & O_NONBLOCK;
	ssize_t ret;

	ret = lme_lock_one(&rl->tx_mutex, nonblock);
	if (ret)
		return ret;
	ret = -EAGAIN;
	if (!nonblock)
		ret = wait_event_interruptible(rl->wait, readable(rl) ||
					       get_state(rl) == RELAY_OVER);
	if (get_state(rl) == RELAY_OVER)
		ret = 0;
	else if (readable(rl))
		ret = take_message(rl, buf, size);
	mutex_unlock(&rl->tx_mutex);
	return ret;
}

/* Messages are for the session that begins when the link worker starts it. */
static int wait_started(struct relay_link *rl, bool nonblock)
{
	int err;

	if (nonblock && get_state(rl) == RELAY_NEW)
		return -EAGAIN;
	err = wait_event_interruptible(rl->wait, get_state(rl) != RELAY_NEW);
	if (err)
		return err;
	return get_state(rl) == RELAY_OVER ? -EPIPE : 0;
}

static ssize_t relay_write(struct file *file, const char __user *buf,
			   size_t len, loff_t *pos)
{
	struct relay_link *rl = file->private_data;
	bool nonblock = file->f_flags & O_NONBLOCK;
	ssize_t ret;

	if (!len)
		return -EINVAL;
	if (len > rl->link.mtu)
		return -EMSGSIZE;
	ret = lme_lock_one(&rl->rx_mutex, nonblock);
	if (ret)
		return ret;
	ret = wait_started(rl, nonblock);
	if (!ret && copy_from_user(rl->rx_buf, buf, len))
		ret = -EFAULT;
	if (!ret) {
		lme_link_receive(&rl->link, rl->rx_buf, len);
		ret = len;
	}
	mutex_unlock(&rl->rx_mutex);
	return ret;
}

static __poll_t relay_poll(struct file *file, struct poll_table_struct *wait)
{
	struct relay_link *rl = file->private_data;

	poll_wait(file, &rl->wait, wait);
	switch (get_state(rl)) {
	case RELAY_NEW:
		return 0;
	case RELAY_STARTED:
		return EPOLLOUT | EPOLLWRNORM |
		       (readable(rl) ? EPOLLIN | EPOLLRDNORM : 0);
	case RELAY_OVER:
		break;
	}
	return EPOLLIN | EPOLLRDNORM | EPOLLHUP | EPOLLRDHUP;
}

static void relay_free(struct relay_link *rl)
{
	kvfree(rl->rx_buf);
	kfree(rl);
}

static int relay_release(struct inode *inode, struct file *file)
{
	struct relay_link *rl = file->private_data;
	struct lme *lme = rl->link.lme;

	lme_link_remove(&rl->link);
	lme_unhold(lme);
	relay_free(rl);
	return 0;
}

static const struct file_operations relay_fops = {
	.owner = THIS_MODULE,
	.release = relay_release,
	.read = relay_read,
	.write = relay_write,
	.poll = relay_poll,
};

static struct relay_link *relay_alloc(size_t mtu)
{
	struct relay_link *rl;

	rl = kzalloc(sizeof(*rl), GFP_KERNEL_ACCOUNT);
	if (!rl)
		return NULL;
	rl->rx_buf = kvmalloc(mtu, GFP_KERNEL_ACCOUNT);
	if (!rl->rx_buf) {
		kfree(rl);
		return NULL;
	}
	rl->link.ops = &relay_link_ops;
	rl->link.transport = AMT_LME_TRANSPORT_RELAY;
	rl->link.mtu = mtu;
	rl->link.once = true;
	init_waitqueue_head(&rl->wait);
	init_waitqueue_head(&rl->taken);
	mutex_init(&rl->rx_mutex);
	mutex_init(&rl->tx_mutex);
	return rl;
}

/**
 * lme_link_relay_file - a file that is a connection to LME
 * @lme: the object
 * @mtu: longest message in bytes, LME_MTU_MIN to LME_MTU_MAX
 * @other: set to the enum amt_lme_transport of the link there is, on -EBUSY
 *
 * The file uses the link until it is closed.
 *
 * Return: the file or an ERR_PTR(): -EBUSY while there is another link or it is
 * yielded; -ENOMEM; another error of anon_inode_getfile(), such as -ENFILE.
 * Context: may sleep.
 */
struct file *lme_link_relay_file(struct lme *lme, size_t mtu, u32 *other)
{
	struct relay_link *rl = relay_alloc(mtu);
	struct file *file;
	int err;

	if (!rl)
		return ERR_PTR(-ENOMEM);
	err = lme_link_add_alone(lme, &rl->link, other);
	if (err)
		goto err_free;
	file = anon_inode_getfile("[amt_lme_link]", &relay_fops, rl, O_RDWR);
	err = PTR_ERR_OR_ZERO(file);
	if (err)
		goto err_remove;
	stream_open(file_inode(file), file);
	lme_hold(lme);
	return file;

err_remove:
	lme_link_remove(&rl->link);
err_free:
	relay_free(rl);
	return ERR_PTR(err);
}
