// SPDX-License-Identifier: GPL-2.0-only
#include <linux/types.h>
#include <stddef.h>

#include "connection.h"
#include "exchange.h"
#include "hbm.h"
#include "sim.h"

static void exchange_receive(struct connection *c, const __u8 *msg, size_t len)
{
	size_t n;

	/* only a fixed-address client, which has no credits, can get here */
	if (c->tx_busy) {
		c->sim->stats.credit_violations++;
		return;
	}
	n = c->client->answer(c->sim, msg, len, c->tx + HECI_HEADER_SIZE);
	if (!n) {
		hbm_grant(c);
		return;
	}
	c->tx_len = n;
	c->tx_done = 0;
	c->tx_busy = true;
}

static void exchange_sent(struct connection *c)
{
	hbm_grant(c);
}

const struct me_client_ops exchange_ops = {
	.receive = exchange_receive,
	.sent = exchange_sent,
};
