// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "hbm.h"
#include "heci.h"
#include "sim.h"
#include "wire.h"

static bool fixed(const struct connection *c)
{
	return !c->client->max_connections;
}

struct connection *connection_new(struct connections *all, struct sim *sim,
				  struct me_client *client, __u8 host)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->sim = sim;
	c->client = client;
	c->host = host;
	c->rx = malloc(client->max_message);
	c->tx = malloc(HECI_HEADER_SIZE + client->max_message);
	if (!c->rx || !c->tx)
		goto err_free;
	if (client->ops->open && client->ops->open(c))
		goto err_free;
	all->by_host[host] = c;
	all->list[all->count++] = c;
	client->connections++;
	return c;

err_free:
	free(c->tx);
	free(c->rx);
	free(c);
	return NULL;
}

void connection_free(struct connections *all, struct connection *c)
{
	unsigned int i;

	for (i = 0; i < all->count; i++)
		if (all->list[i] == c)
			break;
	all->list[i] = all->list[--all->count];
	all->by_host[c->host] = NULL;
	c->client->connections--;
	if (c->client->ops->close)
		c->client->ops->close(c);
	free(c->tx);
	free(c->rx);
	free(c);
}

/* One credit pays for one message, however many fragments it has. */
static bool take_credit(struct connection *c)
{
	if (fixed(c))
		return true;
	if (c->may_receive) {
		c->may_receive = false;
		return true;
	}
	c->sim->stats.credit_violations++;
	return false;
}

void connection_receive(struct connection *c, const __u8 *data, size_t len,
			bool complete)
{
	if (c->ending)
		return;
	if (!c->rx_len && !take_credit(c)) {
		hbm_disconnect(c);
		return;
	}
	if (len > c->client->max_message - c->rx_len) {
		c->sim->stats.heci_errors++;
		hbm_disconnect(c);
		return;
	}
	if (!c->rx_len && complete) {
		c->client->ops->receive(c, data, len);
		return;
	}
	memcpy(c->rx + c->rx_len, data, len);
	c->rx_len += len;
	if (!complete)
		return;
	len = c->rx_len;
	c->rx_len = 0;
	c->client->ops->receive(c, c->rx, len);
}

static bool has_message(struct connection *c)
{
	ssize_t n;

	if (c->ending)
		return false;
	if (c->tx_busy && c->tx_done)
		return true;
	if (!c->may_send && !fixed(c))
		return false;
	if (c->tx_busy)
		return true;
	if (!c->awake || !c->client->ops->produce)
		return false;
	n = c->client->ops->produce(c, c->tx + HECI_HEADER_SIZE,
				    c->client->max_message);
	if (n < 0) {
		c->awake = false;
		return false;
	}
	c->tx_len = n;
	c->tx_done = 0;
	c->tx_busy = true;
	return true;
}

static struct connection *next_sender(struct connections *all)
{
	unsigned int i, at;

	for (i = 0; i < all->count; i++) {
		at = (all->turn + i) % all->count;
		if (!has_message(all->list[at]))
			continue;
		all->turn = at + 1;
		return all->list[at];
	}
	return NULL;
}

struct connection *connection_fragment(struct connections *all, __u8 **msg,
				       size_t *len)
{
	struct connection *c = next_sender(all);
	__u32 header;
	size_t n;

	if (!c)
		return NULL;
	n = c->tx_len - c->tx_done;
	header = c->client->address | (__u32)c->host << 8;
	if (n <= HECI_MAX_PAYLOAD)
		header |= HECI_COMPLETE;
	else
		n = HECI_MAX_PAYLOAD;
	/* the header lies over the end of the fragment that has just left */
	*msg = c->tx + c->tx_done;
	put_le32(*msg, header | (__u32)n << 16);
	*len = HECI_HEADER_SIZE + n;
	return c;
}

void connection_fragment_sent(struct connection *c, size_t len)
{
	if (!c->tx_done && c->may_send)
		c->may_send--;
	c->tx_done += len - HECI_HEADER_SIZE;
	if (c->tx_done < c->tx_len)
		return;
	c->tx_busy = false;
	if (c->client->ops->sent)
		c->client->ops->sent(c);
}

void connection_wake(struct connection *c)
{
	c->awake = true;
}
