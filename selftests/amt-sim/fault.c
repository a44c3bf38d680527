// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <linux/types.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apf.h"
#include "control.h"
#include "fault.h"
#include "hbm.h"
#include "heci.h"
#include "lme.h"
#include "sim.h"
#include "trace.h"

#define MAX_AWAY_MS 600000
#define MAX_DELAY_MS 60000

static const char no_session[] = "no host is connected to LME";

bool take_number(const char **args, unsigned long max, unsigned long *value)
{
	char *end;

	if (!isdigit((unsigned char)**args))
		return false;
	errno = 0;
	*value = strtoul(*args, &end, 10);
	if (errno || *value > max || (*end && *end != ' '))
		return false;
	*args = end + strspn(end, " ");
	return true;
}

static bool only_number(const char *args, unsigned long max,
			unsigned long *value)
{
	return take_number(&args, max, value) && !*args;
}

static bool take_switch(const char *args, bool *on)
{
	*on = !strcmp(args, "on");
	return *on || !strcmp(args, "off");
}

ssize_t take_hex(const char *args, __u8 *buf, size_t size)
{
	size_t n = 0;
	char digits[3] = "";

	for (; *args; args += 2) {
		args += strspn(args, " ");
		if (!isxdigit((unsigned char)args[0]) ||
		    !isxdigit((unsigned char)args[1]) || n == size)
			return -1;
		memcpy(digits, args, 2);
		buf[n++] = strtoul(digits, NULL, 16);
	}
	return (ssize_t)n;
}

static int reset_link(struct sim *sim)
{
	int r = heci_reset(sim->heci);

	/* what is still unread from the host was for the state before */
	if (r >= 0)
		hbm_drop(sim->hbm);
	return r;
}

const char *fault_reset(struct sim *sim, const char *args, FILE *out)
{
	int r = reset_link(sim);

	(void)args;
	(void)out;
	return r < 0 ? strerror(-r) : NULL;
}

const char *fault_hang(struct sim *sim, const char *args, FILE *out)
{
	const char *error = fault_reset(sim, args, out);

	if (!error)
		heci_stop(sim->heci);
	return error;
}

static int on_closed(sd_event_source *source, void *data)
{
	struct sim *sim = data;
	int r = reset_link(sim);

	(void)source;
	if (r < 0)
		sim_log(sim, "reset: %s", strerror(-r));
	return 0;
}

/* Not now: who calls is part of what is dropped. */
void fault_reset_soon(struct sim *sim)
{
	sd_event_source_set_enabled(sim->faults.closed, SD_EVENT_ONESHOT);
}

void fault_channel_closed(struct sim *sim)
{
	if (sim->faults.reset_after_close)
		fault_reset_soon(sim);
}

static int on_back(sd_event_source *source, uint64_t usec, void *data)
{
	struct sim *sim = data;

	(void)source;
	(void)usec;
	hbm_return(sim->hbm);
	heci_pump(sim->heci);
	return 0;
}

int fault_leave(struct sim *sim, unsigned long ms)
{
	int r;

	hbm_leave(sim->hbm);
	r = sd_event_source_set_time_relative(sim->faults.back, ms * 1000);
	if (r >= 0)
		r = sd_event_source_set_enabled(sim->faults.back,
						SD_EVENT_ONESHOT);
	heci_pump(sim->heci);
	return r;
}

const char *fault_away(struct sim *sim, const char *args, FILE *out)
{
	unsigned long ms;

	(void)out;
	if (!only_number(args, MAX_AWAY_MS, &ms))
		return "usage: away MS, at most 600000";
	return fault_leave(sim, ms) < 0 ? "no timer" : NULL;
}

const char *fault_send(struct sim *sim, const char *args, FILE *out)
{
	__u8 msg[CONTROL_MAX_LINE / 2];
	ssize_t len = take_hex(args, msg, sizeof(msg));

	(void)out;
	if (len <= 0 || len > sim->opt.profile.message_size)
		return "usage: send HEX, at most one message";
	if (!sim->session)
		return no_session;
	lme_inject(sim->session, msg, len);
	heci_pump(sim->heci);
	return NULL;
}

const char *fault_greet(struct sim *sim, const char *args, FILE *out)
{
	ssize_t len = take_hex(args, sim->faults.greeting,
			       sizeof(sim->faults.greeting));

	(void)out;
	sim->faults.greet = len >= 0;
	if (len < 0)
		return "usage: greet [HEX], at most 128 bytes";
	sim->faults.greeting_len = len;
	return NULL;
}

const char *fault_close(struct sim *sim, const char *args, FILE *out)
{
	__u8 msg[APF_MAX_CONTROL];
	unsigned long id;

	(void)out;
	if (!only_number(args, UINT32_MAX, &id))
		return "usage: close ID";
	if (!sim->session)
		return no_session;
	lme_inject(sim->session, msg, apf_put_close(msg, id));
	heci_pump(sim->heci);
	return NULL;
}

static const char *ask(struct sim *sim, const char *args, bool cancel)
{
	unsigned long port;
	int r;

	if (!take_number(&args, UINT32_MAX, &port) ||
	    strlen(args) > LME_MAX_ADDRESS)
		return "usage: forward|cancel PORT [ADDRESS]";
	if (!sim->session)
		return no_session;
	r = lme_ask(sim->session, args, port, cancel);
	heci_pump(sim->heci);
	return r < 0 ? "too many requests or forwards" : NULL;
}

const char *fault_forward(struct sim *sim, const char *args, FILE *out)
{
	(void)out;
	return ask(sim, args, false);
}

const char *fault_cancel(struct sim *sim, const char *args, FILE *out)
{
	(void)out;
	return ask(sim, args, true);
}

const char *fault_rest(struct sim *sim, const char *args, FILE *out)
{
	(void)args;
	(void)out;
	if (!sim->session)
		return no_session;
	lme_rest(sim->session);
	heci_pump(sim->heci);
	return NULL;
}

const char *fault_refuse(struct sim *sim, const char *args, FILE *out)
{
	unsigned long count, reason;

	(void)out;
	if (!take_number(&args, UINT32_MAX, &count) ||
	    !only_number(args, UINT32_MAX, &reason) || !reason)
		return "usage: refuse N REASON";
	sim->faults.refuse = count;
	sim->faults.refuse_reason = reason;
	return NULL;
}

const char *fault_slots(struct sim *sim, const char *args, FILE *out)
{
	unsigned long slots;

	(void)out;
	if (!only_number(args, SIM_MAX_SLOTS, &slots))
		return "usage: slots N, at most 64";
	sim->opt.profile.slots = slots;
	return NULL;
}

/* A changed rule may let a channel give the credit that it owes. */
static const char *look_again(struct sim *sim)
{
	if (sim->session)
		lme_wake(sim->session);
	heci_pump(sim->heci);
	return NULL;
}

const char *fault_mute(struct sim *sim, const char *args, FILE *out)
{
	(void)out;
	if (!take_switch(args, &sim->faults.mute_adjust))
		return "usage: mute adjust on|off";
	return look_again(sim);
}

static const char *delay(struct sim *sim, const char *args, __u64 *usec)
{
	unsigned long ms;

	if (!only_number(args, MAX_DELAY_MS, &ms))
		return "usage: delay adjust|data MS, at most 60000";
	*usec = ms * 1000;
	return look_again(sim);
}

const char *fault_delay_adjust(struct sim *sim, const char *args, FILE *out)
{
	(void)out;
	return delay(sim, args, &sim->faults.adjust_delay);
}

const char *fault_delay_data(struct sim *sim, const char *args, FILE *out)
{
	(void)out;
	return delay(sim, args, &sim->faults.data_delay);
}

const char *fault_grant(struct sim *sim, const char *args, FILE *out)
{
	unsigned long bytes;

	(void)out;
	if (!only_number(args, UINT32_MAX, &bytes))
		return "usage: grant N, 0 for all that is due";
	sim->faults.grant = bytes;
	return look_again(sim);
}

const char *fault_ignore_open(struct sim *sim, const char *args, FILE *out)
{
	(void)out;
	if (!take_switch(args, &sim->faults.ignore_open))
		return "usage: ignore open on|off";
	return NULL;
}

const char *fault_ignore_close(struct sim *sim, const char *args, FILE *out)
{
	(void)out;
	if (!take_switch(args, &sim->faults.ignore_close))
		return "usage: ignore close on|off";
	return NULL;
}

const char *fault_reset_after_close(struct sim *sim, const char *args,
				    FILE *out)
{
	(void)out;
	if (!take_switch(args, &sim->faults.reset_after_close))
		return "usage: reset-after-close on|off";
	return NULL;
}

const char *fault_busy(struct sim *sim, const char *args, FILE *out)
{
	(void)out;
	if (!take_switch(args, &sim->faults.busy))
		return "usage: busy on|off";
	return NULL;
}

const char *fault_think(struct sim *sim, const char *args, FILE *out)
{
	unsigned long ms;

	(void)out;
	if (!only_number(args, MAX_DELAY_MS, &ms))
		return "usage: think MS, at most 60000";
	sim->faults.think = ms * 1000;
	return NULL;
}

const char *fault_state(struct sim *sim, const char *args, FILE *out)
{
	(void)out;
	if (!pthi_set_state(&sim->pthi, args))
		return "usage: state pre|in|ccm|acm|disabled";
	return NULL;
}

const char *fault_hashes(struct sim *sim, const char *args, FILE *out)
{
	unsigned long hashes, missing = PTHI_NO_HASH;

	(void)out;
	if (!take_number(&args, 255, &hashes) ||
	    (*args && !only_number(args, 254, &missing)))
		return "usage: hashes N [MISSING], at most 255";
	sim->pthi.hashes = hashes;
	sim->pthi.hash_missing = missing;
	return NULL;
}

const char *fault_trace(struct sim *sim, const char *args, FILE *out)
{
	__u8 start[TRACE_BYTES];
	ssize_t len = take_hex(args, start, sizeof(start));

	if (len < 0)
		return "usage: trace [HEX], at most 96 bytes";
	return trace_take(sim->trace, start, len, out) ? NULL : control_later;
}

int faults_init(struct sim *sim)
{
	int r = sd_event_add_time(sim->event, &sim->faults.back,
				  CLOCK_MONOTONIC, 0, 0, on_back, sim);

	if (r >= 0)
		r = sd_event_source_set_enabled(sim->faults.back,
						SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_defer(sim->event, &sim->faults.closed,
				       on_closed, sim);
	if (r >= 0)
		r = sd_event_source_set_enabled(sim->faults.closed,
						SD_EVENT_OFF);
	return r;
}

void faults_free(struct sim *sim)
{
	sd_event_source_disable_unref(sim->faults.back);
	sd_event_source_disable_unref(sim->faults.closed);
}
