// SPDX-License-Identifier: GPL-2.0-only
/* A process that was forked, and the loop. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "helper/child.h"

int child_watch(sd_event *event, sd_event_source **source, pid_t *child,
		sd_event_child_handler_t on_end, void *arg)
{
	int ret;

	if (*child < 0) {
		*child = 0;
		return -errno;
	}
	ret = sd_event_add_child(event, source, *child, WEXITED, on_end, arg);
	if (ret >= 0)
		return 0;
	kill(*child, SIGKILL);
	waitpid(*child, NULL, 0);
	*child = 0;
	return ret;
}
