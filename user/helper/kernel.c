// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's half: how to reach it, and what its state means for people. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "helper/daemon.h"
#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/taken.h"
#include "lib/device.h"
#include "lib/holder.h"
#include "lib/mei.h"
#include "lib/netlink.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

int kernel_open(struct netlink **nl, struct failure *failure)
{
	int ret = netlink_open(nl);

	if (ret == 0)
		return 0;
	if (ret == -ENOENT)
		return failure_set(failure, EXIT_NO_MODULE,
				   "the kernel module amt_lme is not loaded and could not be; install it and run: modprobe amt_lme");
	return failure_set(failure, EXIT_INTERNAL,
			   "netlink family %s: %s", AMT_LME_FAMILY_NAME,
			   strerror(-ret));
}

int kernel_open_ctl(struct failure *failure)
{
	int ret = device_open_ctl();

	if (ret >= 0)
		return ret;
	if (ret == -EACCES || ret == -EPERM)
		return failure_set(failure, EXIT_PERMISSION,
				   "no permission for %s; run as root or join the group amt",
				   DEVICE_CTL);
	if (ret == -ENOENT || ret == -ENXIO || ret == -ENODEV)
		return failure_set(failure, EXIT_NO_MODULE,
				   "%s is missing; mount devtmpfs on /dev",
				   DEVICE_CTL);
	return failure_set(failure, EXIT_INTERNAL, DEVICE_CTL ": %s",
			   strerror(-ret));
}

bool kernel_judge_disabled(struct failure *failure)
{
	bool disabled = device_mei_disabled();

	if (disabled)
		failure_set(failure, EXIT_NO_CLIENT,
			    "mei.ko has disabled the MEI device, as its firmware did not come back from a reset; restart the machine, or load the driver anew (modprobe -r mei_me && modprobe mei_me)");
	return disabled;
}

void kernel_judge_away(struct failure *failure)
{
	if (!kernel_judge_disabled(failure))
		failure_set(failure, EXIT_NO_CLIENT,
			    "LME of AMT is away and waited for: the firmware restarts, or AMT is being disabled");
}

static void judge_absent(struct failure *failure)
{
	if (kernel_judge_disabled(failure))
		return;
	if (device_mei_present())
		failure_set(failure, EXIT_NO_CLIENT,
			    "the MEI bus shows no LME client: enable AMT in the firmware setup (MEBx); if it is, the bus hides LME, and amt-helper serve reaches it all the same");
	else
		failure_set(failure, EXIT_NO_MEI,
			    "this machine has no MEI device; AMT needs one (lsmod | grep mei_me, dmesg | grep mei)");
}

/* The device of the controller whose bus shows LME. */
static bool find_mei(char *path, size_t size)
{
	glob_t found;
	bool is_there = glob("/sys/bus/mei/devices/*" MEI_UUID_LME "*/../mei/mei*",
			     GLOB_NOSORT, NULL, &found) == 0;

	if (is_there)
		snprintf(path, size, "/dev/%s",
			 strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	return is_there;
}

bool kernel_taken_device(const struct link_info *link, char *path, size_t size)
{
	return link->state == AMT_LME_LINK_STATE_CONNECTING &&
	       link->error == EBUSY && find_mei(path, size);
}

void kernel_find_holders(const struct link_info *link, int but,
			 struct tasks *holders)
{
	char path[64];

	holders->count = 0;
	if (kernel_taken_device(link, path, sizeof(path)))
		holders_of_file(path, but, holders);
}

static void judge_connecting(const struct link_info *link,
			     const struct tasks *holders,
			     struct failure *failure)
{
	switch (link->error) {
	case 0:
	case ENODEV: /* it was away, and is back */
		failure_set(failure, EXIT_TIMEOUT,
			    "the link to AMT is not up yet; see dmesg if it stays so");
		break;
	case EBUSY:
		taken_set(failure, "another program uses the LME client of AMT",
			  holders);
		break;
	default:
		failure_set(failure, EXIT_TIMEOUT,
			    "the link to AMT does not come up: %s; see dmesg",
			    strerror((int)link->error));
	}
}

void kernel_judge(const struct link_info *link, const struct tasks *holders,
		  struct failure *failure)
{
	failure->code = EXIT_OK;
	failure->message[0] = '\0';
	switch (link->state) {
	case AMT_LME_LINK_STATE_UP:
		break;
	case AMT_LME_LINK_STATE_ABSENT:
		judge_absent(failure);
		break;
	case AMT_LME_LINK_STATE_CONNECTING:
		judge_connecting(link, holders, failure);
		break;
	case AMT_LME_LINK_STATE_YIELDED:
		failure_set(failure, EXIT_BUSY,
			    "the link is yielded to another program until its amt-helper yield ends");
		break;
	default:
		failure_set(failure, EXIT_NO_DAEMON,
			    "nobody uses the link to AMT; start: amt-helper serve");
	}
}

void kernel_judge_beside(const struct link_info *link, struct failure *failure)
{
	int daemon = daemon_pid();
	struct tasks holders;

	kernel_find_holders(link, daemon, &holders);
	kernel_judge(link, &holders, failure);
	if (daemon &&
	    (failure->code == EXIT_NO_CLIENT ||
	     failure->code == EXIT_NO_DAEMON) &&
	    !kernel_judge_disabled(failure))
		failure_set(failure,
			    failure->code == EXIT_NO_CLIENT ? EXIT_NO_CLIENT :
							      EXIT_TIMEOUT,
			    "the link to AMT is not up; see: amt-helper status");
}

bool kernel_has_mei(struct netlink *nl, struct failure *failure)
{
	const struct tasks nobody = { .count = 0 };
	struct netlink_state state;

	if (netlink_get_state(nl, &state) < 0)
		return true;
	kernel_judge(&state.link, &nobody, failure);
	if (failure->code == EXIT_NO_MEI)
		return false;
	failure->code = EXIT_OK;
	return true;
}

void kernel_watch_failed(struct failure *failure, int error)
{
	if (error == -ENOENT)
		failure_set(failure, EXIT_NO_MODULE,
			    "the kernel module amt_lme was unloaded");
	else
		failure_set(failure, EXIT_INTERNAL,
			    "cannot watch the state of the link: %s",
			    strerror(-error));
}

static const char *name_of(const char *const *names, size_t count,
			   uint32_t value)
{
	return value < count ? names[value] : "unknown";
}

const char *kernel_link_state(uint32_t state)
{
	static const char *const names[] = {
		[AMT_LME_LINK_STATE_ABSENT] = "absent",
		[AMT_LME_LINK_STATE_IDLE] = "idle",
		[AMT_LME_LINK_STATE_CONNECTING] = "connecting",
		[AMT_LME_LINK_STATE_UP] = "up",
		[AMT_LME_LINK_STATE_YIELDED] = "yielded",
	};

	return name_of(names, ARRAY_SIZE(names), state);
}

const char *kernel_transport(uint32_t transport)
{
	static const char *const names[] = {
		[AMT_LME_TRANSPORT_NONE] = "none",
		[AMT_LME_TRANSPORT_BUS] = "bus",
		[AMT_LME_TRANSPORT_RELAY] = "relay",
	};

	return name_of(names, ARRAY_SIZE(names), transport);
}

const char *kernel_forward_state(uint32_t state)
{
	static const char *const names[] = {
		[AMT_LME_FORWARD_STATE_ACTIVE] = "active",
		[AMT_LME_FORWARD_STATE_DORMANT] = "dormant",
		[AMT_LME_FORWARD_STATE_GONE] = "gone",
	};

	return name_of(names, ARRAY_SIZE(names), state);
}
