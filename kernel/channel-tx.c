// SPDX-License-Identifier: GPL-2.0-only
/*
 * What channels send: who has the next message, and how long it is. All under
 * lme.lock, in the tx worker. Documentation/protocol.rst, "Windows".
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>

#include "channel.h"
#include "lme.h"

/* How long a small message waits for more credit, RFC 1122, 4.2.3.4 */
#define CREDIT_PAUSE (HZ / 2)

static u32 default_window(struct lme *lme)
{
	return min_t(size_t, LME_WINDOW_DEFAULT,
		     lme_rx_max(lme) - APF_DATA_HDR_SIZE);
}

static size_t next_open(struct lme_channel *ch, u8 *buf)
{
	const struct lme_channel_params *p = &ch->params;
	const char *loopback = lme_channel_loopback(p);
	struct apf_open open = {
		.sender = ch->id,
		.addr = loopback,
		.port = p->port,
		.orig_addr = *p->orig_addr ? p->orig_addr : loopback,
		.orig_port = p->orig_port ? p->orig_port : p->port,
	};

	ch->open_due = false;
	ch->forwarded = false;
	ch->window = p->window ? p->window : default_window(ch->lme);
	ch->credit = ch->window;
	open.window = ch->window;
	return apf_encode_open(buf, &open);
}

/*
 * One message of credit or data, and the others have theirs; neither does the
 * credit that a channel always owes keep its own data back.
 */
static void end_turn(struct lme_channel *ch, bool data_next)
{
	ch->data_next = data_next;
	list_move_tail(&ch->node, &ch->lme->session.channels);
}

static size_t next_adjust(struct lme_channel *ch, u8 *buf)
{
	u32 bytes = ch->owed;

	ch->adjust_due = false;
	ch->owed = 0;
	ch->credit += bytes;
	ch->rx_last = jiffies;
	end_turn(ch, true);
	lme_channel_shut_rearm(ch);
	return apf_encode_adjust(buf, ch->amt_id, bytes);
}

static size_t next_close(struct lme_channel *ch, u8 *buf)
{
	size_t len = apf_encode_close(buf, ch->amt_id);

	ch->close_due = false;
	if (ch->state == AMT_LME_CHANNEL_STATE_OPEN) {
		lme_channel_set_state(ch, AMT_LME_CHANNEL_STATE_CLOSING);
		lme_channel_arm(ch, jiffies + LME_ANSWER_TIMEOUT);
	} else {
		lme_channel_unlist(ch);
	}
	return len;
}

/*
 * How much data is to be sent now. Where the window leaves only room for a
 * small part of a message, and there is more to send, credit is waited for: it
 * costs AMT as much to take 9 bytes as to take 4087.
 */
static u32 sendable(struct lme_channel *ch)
{
	u32 max = lme_tx_max(ch->lme) - APF_DATA_HDR_SIZE;
	u32 used = lme_ring_used(&ch->tx);
	u32 n = min3(used, ch->tx_window, max);

	if (ch->state != AMT_LME_CHANNEL_STATE_OPEN || !n)
		return 0;
	if (n == used || ch->eager || n >= min(max, ch->tx_window_max) / 2)
		return n;
	if (!ch->pause_set)
		lme_channel_pause(ch, CREDIT_PAUSE);
	return 0;
}

static size_t next_data(struct lme_channel *ch, u8 *buf, u32 n)
{
	apf_encode_data_header(buf, ch->amt_id, n);
	lme_ring_peek(&ch->tx, buf + APF_DATA_HDR_SIZE, n);
	ch->tx.tail += n;
	ch->tx_window -= n;
	ch->tx_bytes += n;
	ch->tx_last = jiffies;
	ch->answered = false;
	ch->pause_set = false;
	end_turn(ch, false);
	lme_channel_shut_rearm(ch);
	wake_up_all(&ch->wait);
	return APF_DATA_HDR_SIZE + n;
}

static size_t next_message(struct lme_channel *ch, u8 *buf)
{
	u32 data = sendable(ch);

	if (ch->open_due)
		return next_open(ch, buf);
	if (ch->adjust_due && !(data && ch->data_next))
		return next_adjust(ch, buf);
	if (data)
		return next_data(ch, buf, data);
	if (ch->close_due && !lme_ring_used(&ch->tx))
		return next_close(ch, buf);
	return 0;
}

/**
 * lme_channels_next - the next message of a channel
 * @lme: the object
 * @buf: LME_TX_MAX bytes
 *
 * Channels take turns, whatever they have to send; a CLOSE waits for its own
 * channel's data.
 *
 * Return: its length in bytes, 0 when there is none.
 * Context: under lme.lock, in the tx worker.
 */
size_t lme_channels_next(struct lme *lme, u8 *buf)
{
	struct lme_channel *ch;
	size_t len;

	list_for_each_entry(ch, &lme->session.channels, node) {
		len = next_message(ch, buf);
		if (len)
			return len; /* @ch may be gone */
	}
	return 0;
}
