// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connection.h"
#include "exchange.h"
#include "hbm.h"
#include "heci.h"
#include "pthi.h"
#include "sim.h"
#include "spoil.h"

/**
 * struct exchange - one host
 * @ready: when the response leaves, if the firmware thinks about it
 * @late: the response that leaves with the next request
 * @late_len: its length; 0 if there is none
 */
struct exchange {
	sd_event_source *ready;
	size_t late_len;
	__u8 late[];
};

static int exchange_open(struct connection *c)
{
	if (c->sim->faults.busy && c->client->answer == pthi_answer)
		return -EBUSY;
	c->state = calloc(1, sizeof(struct exchange) + c->client->max_message);
	return c->state ? 0 : -ENOMEM;
}

static void exchange_close(struct connection *c)
{
	struct exchange *exchange = c->state;

	sd_event_source_disable_unref(exchange->ready);
	free(exchange);
}

static int on_ready(sd_event_source *source, uint64_t now, void *data)
{
	struct connection *c = data;
	struct exchange *exchange = c->state;

	(void)source;
	(void)now;
	exchange->ready = sd_event_source_unref(exchange->ready);
	c->tx_busy = true;
	heci_pump(c->sim->heci);
	return 0;
}

/* The host has no credit meanwhile, so there is one response at a time. */
static int think(struct connection *c)
{
	struct exchange *exchange = c->state;

	return sd_event_add_time_relative(c->sim->event, &exchange->ready,
					  CLOCK_MONOTONIC, c->sim->faults.think,
					  1, on_ready, c);
}

/*
 * A response that is late leaves in place of the next one, and that one in
 * place of the one after it. Returns the length of what leaves.
 */
static size_t delay(struct connection *c, __u8 *rsp, size_t len)
{
	struct exchange *exchange = c->state;
	const size_t late_len = exchange->late_len;
	__u8 byte;

	for (size_t i = 0; i < len || i < late_len; i++) {
		byte = rsp[i];
		rsp[i] = exchange->late[i];
		exchange->late[i] = byte;
	}
	exchange->late_len = len;
	return late_len;
}

static bool is_late(struct connection *c)
{
	const struct exchange *exchange = c->state;
	bool first = c->sim->faults.spoil.kind == SPOIL_LATE;

	if (first)
		c->sim->faults.spoil.kind = SPOIL_NONE;
	return first || exchange->late_len;
}

static void exchange_receive(struct connection *c, const __u8 *msg, size_t len)
{
	__u8 *rsp = c->tx + HECI_HEADER_SIZE;
	size_t n;

	/* a fixed-address client has no credits: who gave up waiting asks again */
	if (c->tx_busy)
		return;
	n = c->client->answer(c->sim, msg, len, rsp);
	if (n && n != EXCHANGE_EMPTY)
		n = spoil_response(c->sim, rsp, n, c->client->max_message);
	if (n != EXCHANGE_EMPTY && is_late(c))
		n = delay(c, rsp, n);
	if (!n) {
		hbm_grant(c);
		return;
	}
	c->tx_len = n == EXCHANGE_EMPTY ? 0 : n;
	c->tx_done = 0;
	c->tx_busy = !c->sim->faults.think || think(c) < 0;
}

static void exchange_sent(struct connection *c)
{
	hbm_grant(c);
}

const struct me_client_ops exchange_ops = {
	.open = exchange_open,
	.close = exchange_close,
	.receive = exchange_receive,
	.sent = exchange_sent,
};
