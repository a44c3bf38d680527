// SPDX-License-Identifier: GPL-2.0-only
/*
 * The forwards. AMT names each with a tcpip-forward and never says that the
 * list is complete: after SETTLE without a new one it is taken as complete, and
 * after SETTLE_FIRST without any.
 * Documentation/protocol.rst, "Forwards".
 */
#include <linux/jiffies.h>
#include <linux/string.h>

#include "apf.h"
#include "channel.h"
#include "lme.h"

#define SETTLE (3 * HZ)
/* While it has named none; as long as an open waits for its port. */
#define SETTLE_FIRST (20 * HZ)

static bool same_key(const struct lme_forward *fwd, const struct apf_str *addr,
		     u32 port)
{
	return fwd->port == port && apf_str_eq(addr, fwd->addr);
}

static struct lme_forward *find(struct lme *lme, const struct apf_str *addr,
				u32 port)
{
	struct lme_forwards *f = &lme->forwards;
	unsigned int i;

	lockdep_assert_held(&lme->lock);
	for (i = 0; i < ARRAY_SIZE(f->entry); i++)
		if (same_key(&f->entry[i], addr, port))
			return &f->entry[i];
	return NULL;
}

static struct lme_forward *find_free(struct lme *lme)
{
	struct lme_forwards *f = &lme->forwards;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(f->entry); i++)
		if (!f->entry[i].port)
			return &f->entry[i];
	return NULL;
}

static void set_state(struct lme *lme, struct lme_forward *fwd, u32 state)
{
	lockdep_assert_held(&lme->lock);
	fwd->state = state;
	fwd->dirty = true;
	lme->forwards.seq++;
	lme_announce(lme);
}

/* NUL would hide the rest of the address. */
static bool valid(const struct apf_str *addr, u32 port)
{
	return port >= 1 && port <= 65535 &&
	       addr->len <= LME_FORWARD_ADDR_MAX &&
	       !memchr(addr->p, 0, addr->len);
}

static void settle_later(struct lme *lme, unsigned long delay)
{
	struct lme_forwards *f = &lme->forwards;

	if (f->settled)
		return;
	f->settling = true;
	f->settle_at = jiffies + delay;
	lme_arm(lme, f->settle_at);
}

/**
 * lme_forward_add - AMT wants a port forwarded
 * @lme: the object
 * @addr: the address it names
 * @port: the port it names
 *
 * Naming a forward again is fine and disturbs nothing.
 *
 * Return: true when it is forwarded; false for a port out of range, an address
 * that cannot be kept, or too many forwards.
 * Context: under lme.lock.
 */
bool lme_forward_add(struct lme *lme, const struct apf_str *addr, u32 port)
{
	struct lme_forward *fwd;

	if (!valid(addr, port)) {
		lme_count(lme, LME_COUNT(FORWARD_REFUSED));
		return false;
	}
	fwd = find(lme, addr, port);
	if (!fwd)
		fwd = find_free(lme);
	if (!fwd) {
		lme_count(lme, LME_COUNT(FORWARD_REFUSED));
		return false;
	}
	if (!fwd->port) {
		fwd->port = port;
		fwd->generation = 0;
		memcpy(fwd->addr, addr->p, addr->len);
		fwd->addr[addr->len] = 0;
	}
	if (fwd->state != AMT_LME_FORWARD_STATE_ACTIVE ||
	    fwd->generation != lme->generation) {
		fwd->generation = lme->generation;
		set_state(lme, fwd, AMT_LME_FORWARD_STATE_ACTIVE);
	}
	settle_later(lme, SETTLE);
	lme_channels_forwarded(lme, port);
	return true;
}

/**
 * lme_forward_cancel - AMT takes a forward back
 * @lme: the object
 * @addr: the address it names
 * @port: the port it names
 *
 * The forward stays as dormant: opening a channel may bring it back.
 *
 * Return: false when AMT had not named it.
 * Context: under lme.lock.
 */
bool lme_forward_cancel(struct lme *lme, const struct apf_str *addr, u32 port)
{
	struct lme_forward *fwd = NULL;

	if (valid(addr, port))
		fwd = find(lme, addr, port);
	if (!fwd || fwd->generation != lme->generation)
		return false;
	set_state(lme, fwd, AMT_LME_FORWARD_STATE_DORMANT);
	return true;
}

/**
 * lme_forward_known - whether a channel to a port may be opened
 * @lme: the object
 * @port: the port
 *
 * Return: true when AMT named the port in this session.
 * Context: under lme.lock.
 */
bool lme_forward_known(struct lme *lme, u32 port)
{
	struct lme_forwards *f = &lme->forwards;
	unsigned int i;

	lockdep_assert_held(&lme->lock);
	for (i = 0; i < ARRAY_SIZE(f->entry); i++)
		if (f->entry[i].port == port &&
		    f->entry[i].generation == lme->generation)
			return true;
	return false;
}

/**
 * lme_forward_has_port - whether a port has a forward, in whatever state
 * @lme: the object
 * @port: the port
 *
 * Return: true when it has.
 * Context: takes lme.lock.
 */
bool lme_forward_has_port(struct lme *lme, u32 port)
{
	struct lme_forwards *f = &lme->forwards;
	bool has = false;
	unsigned int i;

	spin_lock(&lme->lock);
	for (i = 0; i < ARRAY_SIZE(f->entry); i++)
		if (f->entry[i].port == port &&
		    f->entry[i].state != AMT_LME_FORWARD_STATE_GONE)
			has = true;
	spin_unlock(&lme->lock);
	return has;
}

/**
 * lme_forwards_new_session - AMT will name its forwards anew
 * @lme: the object
 *
 * Context: under lme.lock.
 */
void lme_forwards_new_session(struct lme *lme)
{
	lme->forwards.settled = false;
	lme->forwards.settling = false;
}

/**
 * lme_forwards_session_up - AMT may name its forwards now
 * @lme: the object
 *
 * Context: under lme.lock.
 */
void lme_forwards_session_up(struct lme *lme)
{
	settle_later(lme, SETTLE_FIRST);
}

/**
 * lme_forwards_session_over - the session that brought the forwards is over
 * @lme: the object
 *
 * Context: under lme.lock.
 */
void lme_forwards_session_over(struct lme *lme)
{
	struct lme_forwards *f = &lme->forwards;
	unsigned int i;

	lme_forwards_new_session(lme);
	for (i = 0; i < ARRAY_SIZE(f->entry); i++)
		if (f->entry[i].port &&
		    f->entry[i].state == AMT_LME_FORWARD_STATE_ACTIVE)
			set_state(lme, &f->entry[i],
				  AMT_LME_FORWARD_STATE_DORMANT);
}

/**
 * lme_forwards_expire - drop what a settled session has not named
 * @lme: the object
 * @now: jiffies
 *
 * Context: under lme.lock.
 */
void lme_forwards_expire(struct lme *lme, unsigned long now)
{
	struct lme_forwards *f = &lme->forwards;
	unsigned int i;

	if (!f->settling)
		return;
	if (time_before(now, f->settle_at)) {
		lme_arm(lme, f->settle_at);
		return;
	}
	f->settling = false;
	f->settled = true;
	lme_session_proved(lme);
	for (i = 0; i < ARRAY_SIZE(f->entry); i++)
		if (f->entry[i].port &&
		    f->entry[i].generation != lme->generation)
			set_state(lme, &f->entry[i],
				  AMT_LME_FORWARD_STATE_GONE);
	lme_channels_start(lme);
	lme_announce(lme);
}

/**
 * lme_forward_take_dirty - a forward that changed since it was last taken
 * @lme: the object
 * @fwd: a copy of it
 *
 * A forward that is gone is forgotten here, after its copy was made.
 *
 * Return: false when none changed.
 * Context: takes lme.lock; event worker only.
 */
bool lme_forward_take_dirty(struct lme *lme, struct lme_forward *fwd)
{
	struct lme_forwards *f = &lme->forwards;
	bool found = false;
	unsigned int i;

	spin_lock(&lme->lock);
	for (i = 0; i < ARRAY_SIZE(f->entry) && !found; i++) {
		if (!f->entry[i].dirty)
			continue;
		found = true;
		f->entry[i].dirty = false;
		*fwd = f->entry[i];
		if (fwd->state == AMT_LME_FORWARD_STATE_GONE)
			f->entry[i].port = 0;
	}
	spin_unlock(&lme->lock);
	return found;
}
