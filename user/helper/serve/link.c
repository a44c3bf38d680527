// SPDX-License-Identifier: GPL-2.0-only
/* The life of the link to AMT, as lines. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/serve/driver.h"
#include "helper/serve/lifecycle.h"
#include "helper/serve/link.h"
#include "helper/serve/transport.h"
#include "lib/holder.h"
#include "lib/netlink.h"

/* What keeps the link from being up for so long is worth a line. */
#define PATIENCE_USEC 5000000

struct link {
	sd_event *event;
	const struct driver *driver;
	const struct transport *transport;
	sd_event_source *patience; /* armed by what keeps the link from up */
	struct link_info info; /* the newest */
	bool up; /* as last said */
	bool was_up; /* ever */
	uint64_t since; /* when the program started or the link was lost, us;
			 * 0 if it was up again before that was seen */
	char said[FAILURE_MESSAGE_SIZE]; /* what was said to be wrong */
};

static uint64_t now_usec(const struct link *link)
{
	uint64_t now = 0;

	sd_event_now(link->event, CLOCK_MONOTONIC, &now);
	return now;
}

/* Of the bus or of the relay; serve's own child is none. */
static void find_holders(const struct link *link, struct tasks *holders)
{
	transport_find_holders(link->transport, holders);
	if (!holders->count)
		kernel_find_holders(&link->info, 0, holders);
}

bool link_judge(const struct link *link, const struct tasks *holders,
		struct failure *failure)
{
	if (!driver_judge(link->driver, failure) &&
	    !transport_judge(link->transport, holders, failure))
		kernel_judge(&link->info, holders, failure);
	if (link->was_up && failure->code == EXIT_NO_CLIENT)
		kernel_judge_away(failure);
	return failure->code != EXIT_OK &&
	       link->info.state != AMT_LME_LINK_STATE_IDLE;
}

static int on_patience_end(sd_event_source *source, uint64_t now, void *arg)
{
	struct link *link = arg;
	struct failure failure;
	struct tasks holders;

	(void)source;
	(void)now;
	find_holders(link, &holders);
	if (!link_judge(link, &holders, &failure) ||
	    strcmp(failure.message, link->said) == 0)
		return 0;
	memcpy(link->said, failure.message, sizeof(link->said));
	lifecycle(LIFECYCLE_LINK_WAITING, "link waiting: %s", failure.message);
	return 0;
}

static void start_patience(struct link *link)
{
	link->patience = sd_event_source_disable_unref(link->patience);
	sd_event_add_time_relative(link->event, &link->patience,
				   CLOCK_MONOTONIC, PATIENCE_USEC, 0,
				   on_patience_end, link);
}

void link_reason_changed(struct link *link)
{
	if (!link->up)
		start_patience(link);
}

/* Each try to take the driver back may fail for another reason. */
static bool driver_says_else(const struct link *link)
{
	struct failure failure;

	return driver_judge(link->driver, &failure) &&
	       strcmp(failure.message, link->said) != 0 &&
	       sd_event_source_get_enabled(link->patience, NULL) <= 0;
}

static void lost(struct link *link, uint32_t generation)
{
	link->up = false;
	link->since = link->info.state == AMT_LME_LINK_STATE_UP ?
		      0 : now_usec(link);
	link->said[0] = '\0';
	lifecycle(LIFECYCLE_LINK_LOST, "link lost: generation %u", generation);
}

static void came_up(struct link *link)
{
	const char *transport = kernel_transport(link->info.transport);
	uint64_t ms = (now_usec(link) - link->since) / 1000;
	char took[32] = "";

	if (link->since)
		snprintf(took, sizeof(took), ", %u ms", (unsigned int)ms);
	link->patience = sd_event_source_disable_unref(link->patience);
	link->up = true;
	if (link->was_up)
		lifecycle(LIFECYCLE_LINK_RECOVERED,
			  "link recovered: generation %u, transport %s%s",
			  link->info.generation, transport, took);
	else
		lifecycle(LIFECYCLE_LINK_UP,
			  "link up: generation %u, transport %s%s",
			  link->info.generation, transport, took);
	link->was_up = true;
}

void link_update(struct link *link, const struct link_info *info)
{
	struct link_info before = link->info;
	bool up = info->state == AMT_LME_LINK_STATE_UP;

	link->info = *info;
	if (link->up && (!up || info->generation != before.generation))
		lost(link, before.generation);
	if (up && !link->up)
		came_up(link);
	else if (!up && (info->state != before.state ||
			 info->error != before.error || driver_says_else(link)))
		start_patience(link);
}

int link_new(struct link **out, sd_event *event, const struct driver *driver,
	     const struct transport *transport)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return -ENOMEM;
	link->event = event;
	link->driver = driver;
	link->transport = transport;
	link->since = now_usec(link);
	start_patience(link);
	*out = link;
	return 0;
}

void link_free(struct link *link)
{
	if (!link)
		return;
	sd_event_source_disable_unref(link->patience);
	free(link);
}
