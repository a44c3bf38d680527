// SPDX-License-Identifier: GPL-2.0-only
/* A client of the firmware that others have. */
#include "helper/failure.h"
#include "helper/taken.h"
#include "lib/holder.h"

void taken_set(struct failure *failure, const char *what,
	       const struct tasks *holders)
{
	char text[TASKS_TEXT_SIZE];

	if (holders->count)
		failure_set(failure, EXIT_BUSY,
			    "%s; the MEI device is open in %.120s; stop it",
			    what, tasks_text(holders, text, sizeof(text)));
	else
		failure_set(failure, EXIT_BUSY,
			    "%s; stop the other program (lms, rpc), amt-helper doctor as root says which it is",
			    what);
}
