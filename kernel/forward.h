/* SPDX-License-Identifier: GPL-2.0-only */
/* The TCP ports that AMT wants forwarded to itself. */
#ifndef LME_FORWARD_H
#define LME_FORWARD_H

#include <linux/types.h>
#include <uapi/linux/amt_lme_netlink.h>

struct apf_str;
struct lme;

/* Longest address of a forward: a DNS name. */
#define LME_FORWARD_ADDR_MAX 255

/**
 * struct lme_forward - one forward, keyed by address and port
 * @dirty: changed since it was last announced
 * @port: 1 to 65535; 0 in an unused entry
 * @state: enum amt_lme_forward_state
 * @generation: the session in which AMT last named it
 * @addr: as AMT named it, NUL terminated; any other byte can be in it
 */
struct lme_forward {
	bool dirty;
	u32 port;
	u32 state;
	u32 generation;
	char addr[LME_FORWARD_ADDR_MAX + 1];
};

/**
 * struct lme_forwards - all forwards; under lme.lock
 * @entry: the forwards, in no order
 * @seq: changes with every change of an entry, for consistent dumps
 * @settled: AMT has named all its ports in this session
 * @settling: @settle_at is set
 * @settle_at: when the session counts as settled (jiffies)
 */
struct lme_forwards {
	struct lme_forward entry[AMT_LME_MAX_FORWARDS];
	u32 seq;
	bool settled;
	bool settling;
	unsigned long settle_at;
};

bool lme_forward_add(struct lme *lme, const struct apf_str *addr, u32 port);
bool lme_forward_cancel(struct lme *lme, const struct apf_str *addr, u32 port);
bool lme_forward_known(struct lme *lme, u32 port);
void lme_forwards_new_session(struct lme *lme);
void lme_forwards_session_up(struct lme *lme);
void lme_forwards_session_over(struct lme *lme);
void lme_forwards_expire(struct lme *lme, unsigned long now);

bool lme_forward_take_dirty(struct lme *lme, struct lme_forward *fwd);
bool lme_forward_has_port(struct lme *lme, u32 port);

#endif /* LME_FORWARD_H */
