// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watchdog client. Host programs ask it whether AMT may be enabled and
 * disabled; drivers/watchdog/mei_wdt.c starts and stops a timer.
 */
#include <linux/types.h>
#include <string.h>

#include "manageability.h"
#include "sim.h"
#include "wire.h"

#define HEADER_SIZE 4

enum {
	COMMAND_WATCHDOG = 0x02,
	COMMAND_STATE = 0x05,
};

/* IsChangeToAMTEnabled; only the new interface says it */
#define STATE_ENABLED 0x02
#define STATUS_NOT_SUPPORTED 0x89
#define STATUS_FAILURE 0x9e
#define STATUS_UPDATE_NOT_ALLOWED 0xa8
#define WATCHDOG_NOT_REQUIRED 0x01
#define WATCHDOG_RESPONSE 0x83

static size_t is_change_enabled(struct sim *sim, const __u8 *msg, __u8 *rsp)
{
	const struct generation *generation = sim->pthi.generation;
	__u8 flags = generation->manageability;

	(void)msg;
	if (generation->new_interface && !sim->pthi.disabled)
		flags |= STATE_ENABLED;
	put_le32(rsp, flags);
	return generation->old ? 4 : 1;
}

static size_t answer_status(const __u8 *msg, __u8 *rsp, __u32 status)
{
	memcpy(rsp, msg, HEADER_SIZE);
	rsp[1] = 2 + 4;
	put_le32(rsp + HEADER_SIZE, status);
	return HEADER_SIZE + 4;
}

/* Deprecated: what AMT 9 and later say. */
static size_t change_to_amt(struct sim *sim, const __u8 *msg, __u8 *rsp)
{
	(void)sim;
	return answer_status(msg, rsp, STATUS_FAILURE);
}

/* Only unprovisioned firmware with the new interface lets the host do this. */
static size_t set_state(struct sim *sim, const __u8 *msg, __u8 *rsp)
{
	if (!sim->pthi.generation->new_interface)
		return answer_status(msg, rsp, STATUS_NOT_SUPPORTED);
	if (sim->pthi.provisioning != PROVISIONING_PRE)
		return answer_status(msg, rsp, STATUS_UPDATE_NOT_ALLOWED);
	pthi_set_state(&sim->pthi, msg[4] ? "pre" : "disabled");
	return answer_status(msg, rsp, 0);
}

/* No watchdog is configured, which makes the kernel's driver step back. */
static size_t start_watchdog(struct sim *sim, const __u8 *msg, __u8 *rsp)
{
	(void)sim;
	memcpy(rsp, msg, HEADER_SIZE);
	rsp[1] = 4;
	rsp[2] = WATCHDOG_RESPONSE;
	rsp[4] = 0;
	rsp[5] = WATCHDOG_NOT_REQUIRED;
	return 6;
}

static size_t stop_watchdog(struct sim *sim, const __u8 *msg, __u8 *rsp)
{
	(void)sim;
	(void)msg;
	(void)rsp;
	return 0;
}

static const struct {
	__u8 command;
	__u8 subcommand;
	__u8 len;
	size_t (*answer)(struct sim *sim, const __u8 *msg, __u8 *rsp);
} commands[] = {
	{ COMMAND_WATCHDOG, 0x13, 6, start_watchdog },
	{ COMMAND_WATCHDOG, 0x14, 4, stop_watchdog },
	{ COMMAND_STATE, 0x51, 4, is_change_enabled },
	{ COMMAND_STATE, 0x52, 4, change_to_amt },
	{ COMMAND_STATE, 0x53, 5, set_state },
};

size_t manageability_answer(struct sim *sim, const __u8 *msg, size_t len,
			    __u8 *rsp)
{
	sim->stats.requests++;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (len >= commands[i].len &&
		    commands[i].command == msg[0] &&
		    commands[i].subcommand == msg[2])
			return commands[i].answer(sim, msg, rsp);
	sim->stats.requests_unknown++;
	/* a host program may wait for ever for an answer */
	return len < HEADER_SIZE ? 0 :
	       answer_status(msg, rsp, STATUS_NOT_SUPPORTED);
}
