// SPDX-License-Identifier: GPL-2.0-only
/* Layers that AMT itself tells about. */
#include <stdio.h>

#include "helper/amt.h"
#include "helper/doctor/doctor.h"

/* Documentation/protocol.rst, "PTHI". */
enum {
	STATE_PRE,
	STATE_IN,
	STATE_POST,
};

static bool not_asked(const struct doctor *doctor, struct finding *finding)
{
	if (doctor->amt.asked)
		return false;
	if (*doctor->mei.name)
		finding_set(finding, VERDICT_UNKNOWN, "run as root",
			    "/dev/%s may not be opened to ask AMT",
			    doctor->mei.name);
	else
		finding_set(finding, VERDICT_UNKNOWN, "", "no MEI device");
	return true;
}

/* What to do; the failure says what was seen. */
static const char *advice(enum exit_code code)
{
	switch (code) {
	case EXIT_NO_CLIENT:
	case EXIT_AMT_STATUS:
		return "enable AMT (manageability) in the firmware setup (MEBx); after a reset it may need a minute";
	case EXIT_NO_MEI:
	case EXIT_TIMEOUT:
		return "the firmware does not answer: try again in a minute, then power the machine off and on";
	case EXIT_PERMISSION:
		return "run as root, outside of a container";
	case EXIT_PROTOCOL:
		return "this is no reply of AMT: try again; if it stays so, its firmware differs: amt-helper doctor --hardware-report";
	default:
		return "dmesg | grep mei says why";
	}
}

void check_manageability(const struct doctor *doctor, struct finding *finding)
{
	const struct failure *failure = &doctor->amt.failure;

	if (not_asked(doctor, finding))
		return;
	switch (failure->code) {
	case EXIT_OK:
		finding_set(finding, VERDICT_OK, "", "AMT answers");
		break;
	case EXIT_BUSY:
		finding_taken(finding, VERDICT_UNKNOWN, &doctor->processes,
			      "AMTHI",
			      "run it again when that has ended, or stop it");
		break;
	case EXIT_TIMEOUT:
		finding_set(finding, VERDICT_FAIL, advice(failure->code),
			    "no reply within %d s", AMT_TIMEOUT);
		break;
	default:
		finding_set(finding, VERDICT_FAIL, advice(failure->code),
			    "%.250s", failure->message);
	}
}

static const char *mode_text(const struct amt_facts *amt)
{
	static const char *const names[] = {
		"no control mode", "client control mode", "admin control mode",
	};

	if (!amt->has_mode || amt->mode >= sizeof(names) / sizeof(names[0]))
		return "control mode unknown";
	return names[amt->mode];
}

void check_provisioning(const struct doctor *doctor, struct finding *finding)
{
	const struct amt_facts *amt = &doctor->amt;

	if (not_asked(doctor, finding))
		return;
	if (amt->failure.code != EXIT_OK)
		finding_set(finding, VERDICT_UNKNOWN, "", "AMT did not say");
	else if (amt->state == STATE_POST)
		finding_set(finding, VERDICT_OK, "", "AMT is set up, %s",
			    mode_text(amt));
	else if (amt->state == STATE_IN)
		finding_set(finding, VERDICT_FAIL,
			    "let its setup server end it, or stop it and begin again: amt-helper config stop",
			    "AMT is half set up: its provisioning has begun, and has not ended");
	else if (amt->state == STATE_PRE)
		finding_set(finding, VERDICT_WARN,
			    "activate it before it can be managed: amt-helper help config",
			    "AMT is not set up");
	else
		finding_set(finding, VERDICT_WARN, "",
			    "AMT is in an unknown state (%u)", amt->state);
}
