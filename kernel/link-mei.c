// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link over the MEI bus. The only file that calls mei_cldev_*.
 *
 * The bus tells of a lost connection only through the calls that wait for it:
 * mei_cl_set_disconnected() in drivers/misc/mei/client.c wakes waiters and
 * runs no callback, and remove() comes after the next enumeration or never.
 * So a thread blocks in mei_cldev_recv(), and its -ENODEV is the event.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mei_cl_bus.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat/compat.h"
#include "link.h"
#include "lme.h"

#define LME_UUID UUID_LE(0x6733a4db, 0x0476, 0x4e7b, 0xb3, 0xaf, 0xbc, 0xfc, \
			 0x29, 0xbe, 0xe7, 0xa7)

/**
 * struct mei_link - an LME device on the MEI bus
 * @link: base
 * @cldev: the device; outlives this
 * @rx_thread: receives while the link is started
 * @rx_buf: one byte more than the longest message, to see that it was longer:
 *          mei_cldev_recv() cuts what does not fit without a word
 *
 * Lives from probe() to remove().
 */
struct mei_link {
	struct lme_link link;
	struct mei_cl_device *cldev;
	struct task_struct *rx_thread;
	u8 *rx_buf;
};

static struct mei_link *to_mei_link(struct lme_link *link)
{
	return container_of(link, struct mei_link, link);
}

static int receive_one(struct mei_link *ml)
{
	ssize_t n;

	n = mei_cldev_recv(ml->cldev, ml->rx_buf, ml->link.mtu + 1);
	if (n > (ssize_t)ml->link.mtu)
		return -EPROTO;
	if (n > 0)
		lme_link_receive(&ml->link, ml->rx_buf, n);
	return n < 0 ? n : 0;
}

static int rx_thread(void *arg)
{
	struct mei_link *ml = arg;
	int err;

	do {
		err = receive_one(ml);
	} while (!err);
	lme_link_lost(&ml->link, err);

	/* kthread_stop() needs the thread to be there. */
	set_current_state(TASK_INTERRUPTIBLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

/*
 * Enabling alone would deliver what is left of the last session, so each
 * session begins with a disable.
 */
static int mei_link_start(struct lme_link *link)
{
	struct mei_link *ml = to_mei_link(link);
	int err;

	mei_cldev_disable(ml->cldev);
	err = mei_cldev_enable(ml->cldev);
	if (err)
		return err;

	link->mtu = lme_compat_mtu(ml->cldev);
	err = -EPROTO;
	if (link->mtu < LME_MTU_MIN || link->mtu > LME_MTU_MAX)
		goto err_disable;
	err = -ENOMEM;
	ml->rx_buf = kvmalloc(link->mtu + 1, GFP_KERNEL);
	if (!ml->rx_buf)
		goto err_disable;
	ml->rx_thread = kthread_run(rx_thread, ml, "amt_lme_rx");
	err = PTR_ERR_OR_ZERO(ml->rx_thread);
	if (err)
		goto err_free;
	return 0;

err_free:
	kvfree(ml->rx_buf);
err_disable:
	mei_cldev_disable(ml->cldev);
	return err;
}

/* Disabling wakes both a blocked receive and, on all kernels, a blocked send. */
static void mei_link_stop(struct lme_link *link)
{
	struct mei_link *ml = to_mei_link(link);

	mei_cldev_disable(ml->cldev);
	kthread_stop(ml->rx_thread);
	kvfree(ml->rx_buf);
}

static int mei_link_send(struct lme_link *link, const u8 *buf, size_t len)
{
	ssize_t n = lme_compat_send(to_mei_link(link)->cldev, buf, len);

	/* What mei_cl_write() says when the connection ends under it. */
	if (n == -EFAULT)
		return -ENODEV;
	if (n < 0)
		return n;
	return n == len ? 0 : -EIO;
}

static const struct lme_link_ops mei_link_ops = {
	.start = mei_link_start,
	.stop = mei_link_stop,
	.send = mei_link_send,
};

static struct lme *mei_lme;

static int lme_probe(struct mei_cl_device *cldev,
		     const struct mei_cl_device_id *id)
{
	struct mei_link *ml;

	ml = kzalloc(sizeof(*ml), GFP_KERNEL);
	if (!ml)
		return -ENOMEM;
	ml->link.ops = &mei_link_ops;
	ml->link.transport = AMT_LME_TRANSPORT_BUS;
	ml->cldev = cldev;
	mei_cldev_set_drvdata(cldev, ml);
	lme_link_add(mei_lme, &ml->link);
	return 0;
}

static void lme_remove(struct mei_cl_device *cldev)
{
	struct mei_link *ml = mei_cldev_get_drvdata(cldev);

	lme_link_remove(&ml->link);
	kfree(ml);
}

LME_COMPAT_MEI_REMOVE(lme_remove);

static const struct mei_cl_device_id lme_ids[] = {
	{ .uuid = LME_UUID, .version = MEI_CL_VERSION_ANY },
	{ }
};
MODULE_DEVICE_TABLE(mei, lme_ids);

static struct mei_cl_driver lme_driver = {
	.id_table = lme_ids,
	.name = KBUILD_MODNAME,
	.probe = lme_probe,
	.remove = LME_COMPAT_REMOVE_NAME(lme_remove),
};

/**
 * lme_link_mei_register - let the bus show its LME devices
 * @lme: the object that they belong to
 *
 * Return: 0 or a negative error.
 */
int lme_link_mei_register(struct lme *lme)
{
	mei_lme = lme;
	return mei_cldev_driver_register(&lme_driver);
}

/**
 * lme_link_mei_unregister - let go of all LME devices of the bus
 *
 * Context: may sleep for 30 s.
 */
void lme_link_mei_unregister(void)
{
	mei_cldev_driver_unregister(&lme_driver);
}
