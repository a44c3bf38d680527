// SPDX-License-Identifier: GPL-2.0-only
/* What there is to tell about channels, for netlink. */
#include <linux/string.h>

#include "channel.h"
#include "lme.h"

/**
 * lme_channel_loopback - the address of AMT's side of a channel
 * @params: what the opener wants
 *
 * Return: constant text; AMT takes a client that names it as local.
 */
const char *lme_channel_loopback(const struct lme_channel_params *params)
{
	return params->ipv6 ? "::1" : "127.0.0.1";
}

/**
 * lme_channel_facts_get - describe a channel
 * @ch: the channel
 * @facts: filled in
 *
 * Context: under lme.lock.
 */
void lme_channel_facts_get(struct lme_channel *ch,
			   struct lme_channel_facts *facts)
{
	const struct lme_channel_params *p = &ch->params;

	lockdep_assert_held(&ch->lme->lock);
	*facts = (struct lme_channel_facts) {
		.id = ch->id,
		.amt_id = ch->amt_id,
		.confirmed = ch->confirmed,
		.state = ch->state,
		.port = p->port,
		.addr = lme_channel_loopback(p),
		.orig_port = p->orig_port ? p->orig_port : p->port,
		.rx_window = ch->credit,
		.tx_window = ch->tx_window,
		.rx_bytes = ch->rx_bytes,
		.tx_bytes = ch->tx_bytes,
		.error = -ch->error,
		.generation = ch->generation,
		.pid = ch->pid,
	};
	strscpy(facts->orig_addr, *p->orig_addr ? p->orig_addr : facts->addr,
		sizeof(facts->orig_addr));
	strscpy(facts->comm, ch->comm, sizeof(facts->comm));
}

/**
 * lme_channels_to_port - how many channels to a port there are
 * @lme: the object
 * @port: the port
 *
 * Return: those that AMT has, or was asked to open.
 * Context: takes lme.lock.
 */
u32 lme_channels_to_port(struct lme *lme, u32 port)
{
	struct lme_channel *ch;
	u32 n = 0;

	spin_lock(&lme->lock);
	list_for_each_entry(ch, &lme->session.channels, node)
		n += ch->params.port == port &&
		     ch->state != AMT_LME_CHANNEL_STATE_CLOSED;
	spin_unlock(&lme->lock);
	return n;
}

/*
 * The channel with the smallest id above @last. One that is closed is only there
 * until our CLOSE has gone out.
 */
static struct lme_channel *next_of_session(struct lme *lme, u32 last)
{
	struct lme_channel *ch, *next = NULL;

	list_for_each_entry(ch, &lme->session.channels, node)
		if (ch->state != AMT_LME_CHANNEL_STATE_CLOSED && ch->id > last &&
		    (!next || ch->id < next->id))
			next = ch;
	return next;
}

static struct lme_channel *nth_in_queue(struct lme *lme, unsigned long n)
{
	struct lme_channel *ch;

	list_for_each_entry(ch, &lme->queue, node)
		if (!n--)
			return ch;
	return NULL;
}

/**
 * lme_channel_facts_by_id - describe the channel with an id
 * @lme: the object
 * @id: our id, not 0
 * @facts: filled in
 *
 * Return: false when there is none.
 * Context: takes lme.lock.
 */
bool lme_channel_facts_by_id(struct lme *lme, u32 id,
			     struct lme_channel_facts *facts)
{
	struct lme_channel *ch;

	spin_lock(&lme->lock);
	ch = next_of_session(lme, id - 1);
	if (ch && ch->id != id)
		ch = NULL;
	if (ch)
		lme_channel_facts_get(ch, facts);
	spin_unlock(&lme->lock);
	return ch;
}

/**
 * lme_channel_facts_next - describe the next channel of a dump
 * @lme: the object
 * @pos: where the dump stands: the last id, and how many of the queue it has
 * @facts: filled in
 * @seq: changes when the dump is not consistent
 *
 * Return: false at the end.
 * Context: takes lme.lock.
 */
bool lme_channel_facts_next(struct lme *lme, const long pos[2],
			    struct lme_channel_facts *facts, u32 *seq)
{
	struct lme_channel *ch;

	spin_lock(&lme->lock);
	*seq = lme->channel_seq;
	ch = next_of_session(lme, pos[0]);
	if (!ch)
		ch = nth_in_queue(lme, pos[1]);
	if (ch)
		lme_channel_facts_get(ch, facts);
	spin_unlock(&lme->lock);
	return ch;
}
