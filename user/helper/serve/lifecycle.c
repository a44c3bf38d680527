// SPDX-License-Identifier: GPL-2.0-only
/* The lines that serve writes about its life. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <systemd/sd-journal.h>

#include "helper/serve/lifecycle.h"

static const struct {
	const char *id;
	int priority;
} kinds[] = {
	[LIFECYCLE_LINK_UP] = {
		"fb4054ab1a384653bef912f00d5a7dd4", LOG_INFO,
	},
	[LIFECYCLE_LINK_LOST] = {
		"0f7d7fbb585e459180fa1353aa0c35f9", LOG_WARNING,
	},
	[LIFECYCLE_LINK_RECOVERED] = {
		"c49c76fe1f5245399dddf5ee00208f6e", LOG_INFO,
	},
	[LIFECYCLE_LINK_WAITING] = {
		"98876e37af884b9cb14689a2f55cccfe", LOG_WARNING,
	},
	[LIFECYCLE_PORT_BOUND] = {
		"c1da0be02a7943dd9c0247d896923354", LOG_INFO,
	},
	[LIFECYCLE_PORT_FAILED] = {
		"fec99eb8e7c24fc28b6b064f642db549", LOG_ERR,
	},
	[LIFECYCLE_PORT_ACTIVE] = {
		"d0f585c170aa4bdd9913743fc950a0c9", LOG_INFO,
	},
	[LIFECYCLE_PORT_DORMANT] = {
		"aeca4dfae8264a159e77f5c54e422ab6", LOG_INFO,
	},
	[LIFECYCLE_PORT_GONE] = {
		"2d38afa9dc734c2cb88cf2a2ca448195", LOG_INFO,
	},
	[LIFECYCLE_CHANNEL_FAILED] = {
		"29bca52bb6444955a07ea828772e1dfa", LOG_WARNING,
	},
	[LIFECYCLE_FULL] = {
		"da232331386b458a8b6905726ac2250a", LOG_WARNING,
	},
	[LIFECYCLE_EXPOSED] = {
		"ac13bb6047ce4dc795a4c5416c9556ea", LOG_WARNING,
	},
	[LIFECYCLE_CONFIG_LOADED] = {
		"b3827e4abc9a47bc8b9ebf277ad4d4e6", LOG_INFO,
	},
	[LIFECYCLE_CONFIG_FAILED] = {
		"409283b41b674f868b129ebcdc04d9f8", LOG_ERR,
	},
	[LIFECYCLE_NO_CONTROL] = {
		"376df68acd4f47e4a2d716986b52635e", LOG_WARNING,
	},
	[LIFECYCLE_UNWATCHED] = {
		"39f9868aa28c4fa0bf5cbc035fe44cd8", LOG_WARNING,
	},
	[LIFECYCLE_WATCHED] = {
		"66d717d0e3f34bbd91a67c6be2e05232", LOG_INFO,
	},
};

/* And no other event of the control socket says the same. */
static bool is_error(enum lifecycle kind)
{
	switch (kind) {
	case LIFECYCLE_LINK_WAITING:
	case LIFECYCLE_CHANNEL_FAILED:
	case LIFECYCLE_FULL:
	case LIFECYCLE_CONFIG_FAILED:
	case LIFECYCLE_UNWATCHED:
		return true;
	default:
		return false;
	}
}

static void (*watcher)(void *arg, const char *line);
static void *watcher_arg;

void lifecycle_watch(void (*error)(void *arg, const char *line), void *arg)
{
	watcher = error;
	watcher_arg = arg;
}

/* The journal says in the environment which stream is its own. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	       st.st_ino == inode;
}

void lifecycle(enum lifecycle kind, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (!stderr_is_journal() ||
	    sd_journal_send("MESSAGE=%s", line,
			    "MESSAGE_ID=%s", kinds[kind].id,
			    "PRIORITY=%d", kinds[kind].priority,
			    NULL) < 0)
		fprintf(stderr, "amt-helper: %s\n", line);
	if (watcher && is_error(kind))
		watcher(watcher_arg, line);
}
