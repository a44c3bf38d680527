// SPDX-License-Identifier: GPL-2.0-only
/* The state of the driver, now and whenever it changes. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "helper/watch.h"
#include "lib/netlink.h"

struct watch {
	sd_event_source *io;
	struct netlink *nl;
	const struct watch_ops *ops;
	void *arg;
};

static int take_state(struct watch *watch)
{
	struct netlink_state state;
	int ret = netlink_get_state(watch->nl, &state);

	if (ret == 0)
		watch->ops->state(watch->arg, &state);
	return ret;
}

static int on_netlink(sd_event_source *source, int fd, uint32_t revents,
		      void *arg)
{
	struct watch *watch = arg;
	int ret = netlink_receive(watch->nl);

	(void)source;
	(void)fd;
	(void)revents;
	if (ret == 0)
		ret = take_state(watch);
	if (ret < 0)
		watch->ops->failed(watch->arg, ret);
	return 0;
}

/* Subscribe before the state is taken, so that no change is missed. */
int watch_new(struct watch **out, sd_event *event, struct netlink *nl,
	      const struct watch_ops *ops, void *arg)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int ret;

	if (!watch)
		return -ENOMEM;
	watch->nl = nl;
	watch->ops = ops;
	watch->arg = arg;
	ret = netlink_subscribe(nl);
	if (ret >= 0)
		ret = sd_event_add_io(event, &watch->io, netlink_fd(nl),
				      EPOLLIN, on_netlink, watch);
	if (ret >= 0)
		ret = take_state(watch);
	if (ret < 0) {
		watch_free(watch);
		return ret;
	}
	*out = watch;
	return 0;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	sd_event_source_disable_unref(watch->io);
	free(watch);
}
