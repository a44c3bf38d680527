/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between the LME object and what carries its messages. A transport
 * knows nothing of sessions and channels; it moves whole messages.
 */
#ifndef LME_LINK_H
#define LME_LINK_H

#include <linux/list.h>
#include <linux/types.h>

struct file;
struct lme;
struct lme_link;

/**
 * struct lme_link_ops - a transport
 * @start: connect to LME. Sets lme_link.mtu before the first message is
 *         handed to lme_link_receive(). May sleep for 30 s. Returns 0;
 *         -EBUSY when another program has LME; -ENOTTY when the firmware has
 *         no such client now; another negative error.
 * @stop: end the connection. Wakes a blocked @send. None is sent after it
 *        returned, and what is received then is dropped. May sleep for 30 s.
 * @send: send one message of at most lme_link.mtu bytes. May sleep until the
 *        firmware takes it or the connection ends. Returns 0 or a negative
 *        error, after which the connection is given up.
 *
 * @start and @stop are called by the link worker only, in turns; @send by the
 * tx worker only, between the two.
 */
struct lme_link_ops {
	int (*start)(struct lme_link *link);
	void (*stop)(struct lme_link *link);
	int (*send)(struct lme_link *link, const u8 *buf, size_t len);
};

/**
 * struct lme_link - one LME device
 * @ops: its transport
 * @transport: enum amt_lme_transport, for the user
 * @once: once stopped it cannot be started again
 * @mtu: longest message in bytes, LME_MTU_MIN to LME_MTU_MAX; valid from
 *       @ops->start on
 * @lme: the object it was added to; set by lme_link_add()
 * @node: in lme.links, under lme.lock
 * @refused: firmware said -ENOTTY, or @once; not tried again. Under lme.lock
 * @gone: the device is going away. Under lme.lock
 *
 * Owned by the transport; must live until lme_link_remove() returned.
 */
struct lme_link {
	const struct lme_link_ops *ops;
	u32 transport;
	bool once;
	size_t mtu;
	struct lme *lme;
	struct list_head node;
	bool refused;
	bool gone;
};

void lme_link_add(struct lme *lme, struct lme_link *link);
int lme_link_add_alone(struct lme *lme, struct lme_link *link, u32 *other);
void lme_link_remove(struct lme_link *link);
void lme_link_receive(struct lme_link *link, const u8 *buf, size_t len);
void lme_link_lost(struct lme_link *link, int err);
void __lme_link_lost(struct lme_link *link, int err);

int lme_link_mei_register(struct lme *lme);
void lme_link_mei_unregister(void);

struct file *lme_link_relay_file(struct lme *lme, size_t mtu, u32 *other);

#endif /* LME_LINK_H */
