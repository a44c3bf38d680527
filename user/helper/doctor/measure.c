// SPDX-License-Identifier: GPL-2.0-only
/* What can only be known by using AMT. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "helper/amt.h"
#include "helper/doctor/measure.h"
#include "helper/failure.h"
#include "lib/device.h"

#define UP_US 20000000
#define SETTLED_US 10000000
#define OPEN_MS 10000
#define CHANNELS 64
#define QUESTIONS 5

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* ---- Link ---- */

static bool is_up(const struct netlink_state *state)
{
	return state->link.state == AMT_LME_LINK_STATE_UP;
}

static bool has_forward(const struct netlink_state *state)
{
	for (int i = 0; i < state->forward_count; i++)
		if (state->forwards[i].generation == state->link.generation)
			return true;
	return false;
}

static bool is_settled(const struct netlink_state *state)
{
	return state->link.settled;
}

/* Until it is so; -1 if that takes longer than @limit, or cannot be known. */
static int64_t wait_for(struct netlink *nl, struct netlink_state *state,
			bool (*is_so)(const struct netlink_state *),
			int64_t limit)
{
	int64_t begin = now_us();
	struct pollfd p = { .fd = netlink_fd(nl), .events = POLLIN };

	for (;;) {
		int64_t left = begin + limit - now_us();

		if (netlink_get_state(nl, state) < 0)
			return NOT_MEASURED;
		if (is_so(state))
			return (now_us() - begin) / 1000;
		if (left <= 0 || poll(&p, 1, (int)(left / 1000) + 1) < 0 ||
		    netlink_receive(nl) < 0)
			return NOT_MEASURED;
	}
}

static unsigned int first_port(const struct netlink_state *state)
{
	for (int i = 0; i < state->forward_count; i++)
		if (state->forwards[i].state == AMT_LME_FORWARD_STATE_ACTIVE)
			return state->forwards[i].port;
	return 0;
}

/* The kernel tells nobody else which channel is ours. */
static void read_windows(struct netlink *nl, struct lme_measures *measures)
{
	struct channel_info channels[CHANNELS];
	int count = netlink_get_channels(nl, channels, CHANNELS);

	for (int i = 0; i < count; i++)
		if (channels[i].pid == (uint32_t)getpid() &&
		    channels[i].state == AMT_LME_CHANNEL_STATE_OPEN) {
			measures->rx_window = channels[i].rx_window;
			measures->tx_window = channels[i].tx_window;
		}
}

static void measure_channel(struct netlink *nl, int ctl,
			    struct lme_measures *measures)
{
	const struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	unsigned int port = first_port(&measures->state);
	struct pollfd p = { .events = POLLOUT };
	int64_t begin = now_us();

	if (port == 0)
		return;
	measures->port = port;
	p.fd = device_connect(ctl, port, (const struct sockaddr *)&peer);
	if (p.fd < 0)
		return;
	if (poll(&p, 1, OPEN_MS) > 0 && !(p.revents & POLLERR)) {
		measures->open_us = now_us() - begin;
		read_windows(nl, measures);
	}
	close(p.fd);
}

static const char *measure_link(struct netlink *nl, int ctl,
				struct lme_measures *measures)
{
	struct netlink_state *state = &measures->state;
	bool was_up;

	if (netlink_subscribe(nl) < 0 || netlink_get_state(nl, state) < 0)
		return "the driver does not answer";
	if (state->link.state == AMT_LME_LINK_STATE_ABSENT ||
	    state->link.state == AMT_LME_LINK_STATE_YIELDED)
		return "the driver has no LME; if the MEI bus hides it, start amt-helper serve first";
	was_up = is_up(state);
	if (device_hold(ctl) < 0)
		return "the link cannot be held";
	measures->up_ms = wait_for(nl, state, is_up, UP_US);
	if (measures->up_ms < 0)
		return "the link did not come up";
	measures->forward_ms = wait_for(nl, state, has_forward, SETTLED_US);
	measure_channel(nl, ctl, measures);
	measures->settled_ms = wait_for(nl, state, is_settled, SETTLED_US);
	if (was_up)
		measures->up_ms = measures->forward_ms =
			measures->settled_ms = NOT_MEASURED;
	return NULL;
}

const char *measure_lme(struct lme_measures *measures)
{
	const char *why = "the driver does not answer";
	struct netlink *nl;
	int ctl;

	*measures = (struct lme_measures){
		.up_ms = NOT_MEASURED,
		.forward_ms = NOT_MEASURED,
		.settled_ms = NOT_MEASURED,
		.port = NOT_MEASURED,
		.open_us = NOT_MEASURED,
		.tx_window = NOT_MEASURED,
		.rx_window = NOT_MEASURED,
	};
	ctl = device_open_ctl();
	if (ctl < 0)
		return "the control node of the driver cannot be opened";
	if (netlink_open(&nl) == 0) {
		why = measure_link(nl, ctl, measures);
		netlink_close(nl);
	}
	close(ctl);
	return why;
}

/* ---- Questions ---- */

void measure_amthi(struct amt *amt, int64_t *first_us, int64_t *best_us)
{
	struct failure failure;
	uint32_t state;

	*first_us = *best_us = NOT_MEASURED;
	for (int i = 0; i < QUESTIONS; i++) {
		int64_t begin = now_us(), took;

		if (amt_ask_number(amt, "GetProvisioningState", &state,
				   &failure) < 0)
			return;
		took = now_us() - begin;
		if (i == 0)
			*first_us = took;
		else if (*best_us < 0 || took < *best_us)
			*best_us = took;
	}
}
