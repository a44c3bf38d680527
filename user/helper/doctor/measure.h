/* SPDX-License-Identifier: GPL-2.0-only */
/* What can only be known by using AMT: how long it takes, what it allows. */
#ifndef DOCTOR_MEASURE_H
#define DOCTOR_MEASURE_H

#include <stdint.h>

#include "lib/netlink.h"

struct amt;

/* What was not measured. */
#define NOT_MEASURED (-1)

/**
 * struct lme_measures - of the link, with one channel
 * @up_ms: until the link was up; not if it was before
 * @forward_ms: from then until AMT had named a port
 * @settled_ms: and until it had named all; by the driver's clock, 3 s later
 * @message_size: longest message, in bytes
 * @port: of the channel
 * @open_us: until AMT confirmed it
 * @tx_window: bytes that AMT takes at first
 * @rx_window: bytes that the driver takes
 * @state: link and forwards at the end
 */
struct lme_measures {
	int64_t up_ms;
	int64_t forward_ms;
	int64_t settled_ms;
	int64_t port;
	int64_t open_us;
	int64_t tx_window;
	int64_t rx_window;
	struct netlink_state state;
};

/**
 * measure_lme() - hold the link for some seconds, and open a channel
 * @measures: to be filled
 *
 * Return: NULL, or why nothing was measured.
 */
const char *measure_lme(struct lme_measures *measures);

/**
 * measure_amthi() - ask AMT some times
 * @amt: a conversation that is not connected
 * @first_us: how long the first answer took, with the connection
 * @best_us: and the fastest of those that followed
 */
void measure_amthi(struct amt *amt, int64_t *first_us, int64_t *best_us);

#endif /* DOCTOR_MEASURE_H */
