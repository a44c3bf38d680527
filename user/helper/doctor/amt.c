// SPDX-License-Identifier: GPL-2.0-only
/* What AMT itself says, when it is asked once. */
#include <stdio.h>

#include "helper/amt.h"
#include "helper/doctor/doctor.h"

/* AMT answers within milliseconds. */
#define TIMEOUT 3

void look_at_amt(struct doctor *doctor)
{
	struct amt_facts *facts = &doctor->amt;
	char device[NAME_SIZE + 8];
	struct amt amt = AMT_CLOSED;
	struct failure no_mode;

	if (!*doctor->mei.name || doctor->mei.access != 0)
		return;
	snprintf(device, sizeof(device), "/dev/%s", doctor->mei.name);
	amt.device = device;
	amt.timeout = TIMEOUT;
	amt.tries = 1;
	facts->asked = true;
	if (amt_ask_number(&amt, "GetProvisioningState", &facts->state,
			   &facts->failure) == 0)
		facts->has_mode = amt_ask_number(&amt, "GetControlMode",
						 &facts->mode, &no_mode) == 0;
	amt_close(&amt);
}
