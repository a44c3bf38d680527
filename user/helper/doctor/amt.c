// SPDX-License-Identifier: GPL-2.0-only
/* What AMT itself says, when it is asked once. */
#include <stdio.h>

#include "helper/amt.h"
#include "helper/doctor/doctor.h"

void doctor_conversation(const struct doctor *doctor, struct amt *amt,
			 char device[DEVICE_SIZE])
{
	snprintf(device, DEVICE_SIZE, "/dev/%s", doctor->mei.name);
	*amt = (struct amt)AMT_CLOSED;
	amt->device = device;
	amt->queue = AMT_TIMEOUT;
	amt->tries = 1;
}

void look_at_amt(struct doctor *doctor)
{
	struct amt_facts *facts = &doctor->amt;
	char device[DEVICE_SIZE];
	struct failure no_mode;
	struct amt amt;

	if (!*doctor->mei.name || doctor->mei.access != 0)
		return;
	doctor_conversation(doctor, &amt, device);
	facts->asked = true;
	if (amt_ask_number(&amt, "GetProvisioningState", &facts->state,
			   &facts->failure) == 0)
		facts->has_mode = amt_ask_number(&amt, "GetControlMode",
						 &facts->mode, &no_mode) == 0;
	amt_close(&amt);
}
