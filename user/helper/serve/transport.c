// SPDX-License-Identifier: GPL-2.0-only
/*
 * The relay of messages between /dev/meiN and the driver.
 *
 * A connection serves one session: when either side ends it both are closed, and
 * it is tried again with a back-off. A child connects and disconnects.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <linux/amt_lme_netlink.h>

#include "helper/failure.h"
#include "helper/kernel.h"
#include "helper/serve/mei-child.h"
#include "helper/serve/transport.h"
#include "helper/taken.h"
#include "lib/device.h"
#include "lib/holder.h"
#include "lib/mei.h"
#include "lib/netlink.h"

#define BACKOFF_MIN_USEC 50000
#define BACKOFF_MAX_USEC 5000000
/* Firmware that never had that client: it may be switched on later. */
#define BACKOFF_ABSENT_USEC 60000000
/* The driver gives its last messages a second. */
#define GOODBYE_MS 2000
/* Messages of one side before the other one has its turn. */
#define BATCH 16

struct transport {
	sd_event *event;
	const char *device;
	int ctl;
	bool wanted; /* the driver has no link */
	sd_event_source *timer; /* until the next try */
	uint64_t backoff;
	uint64_t opened; /* channels of the driver, as last told */
	bool seen; /* LME was there once */
	int error; /* of the last try, -EINPROGRESS for none; 0 if not wanted */
	bool disabled; /* the MEI device, by mei.ko, when that try ended */
	const struct transport_ops *ops;
	void *arg;
	struct mei_child child; /* connects, was killed, or disconnects */
	/* While messages are relayed: */
	int mei;
	int taken; /* @mei again, for the event that a message was taken */
	int link;
	sd_event_source *mei_io;
	sd_event_source *taken_io;
	sd_event_source *link_io;
	char path[64];
	size_t size; /* of each message */
	bool sending; /* the firmware has not taken the last message */
	char *from_mei;
	char *to_mei; /* behind @from_mei, of the same block */
};

static void try_later(struct transport *t, uint64_t max);

/* ---- Relaying ---- */

static void carry_stop(struct transport *t)
{
	/* The driver says that LME is free when the link is closed: last. */
	const int fds[MEI_CHILD_FDS] = { t->mei, t->taken, t->link };

	t->mei_io = sd_event_source_disable_unref(t->mei_io);
	t->taken_io = sd_event_source_disable_unref(t->taken_io);
	t->link_io = sd_event_source_disable_unref(t->link_io);
	if (t->mei >= 0)
		mei_child_disconnect(&t->child, fds);
	t->link = -1;
	t->mei = -1;
	t->taken = -1;
	t->sending = false;
	free(t->from_mei);
	t->from_mei = NULL;
}

/* Either side ended it. */
static int carry_over(struct transport *t)
{
	carry_stop(t);
	try_later(t, t->error == -ENOTTY && !t->seen ? BACKOFF_ABSENT_USEC :
							BACKOFF_MAX_USEC);
	return 0;
}

/* These return 0, -EAGAIN for later, or why it is over. */
static int one_from_mei(struct transport *t)
{
	ssize_t n = read(t->mei, t->from_mei, t->size);

	if (n > 0)
		n = write(t->link, t->from_mei, (size_t)n);
	return n < 0 ? -errno : 0;
}

/*
 * mei.ko sends a message that comes just when one in its queue could go before
 * that one: mei_cl_write() in drivers/misc/mei/client.c looks for credit and
 * room, and not at the queue. So there is never a second one.
 */
static int one_to_mei(struct transport *t)
{
	ssize_t n = read(t->link, t->to_mei, t->size);

	if (n == 0)
		return -EPIPE;
	if (n > 0)
		n = write(t->mei, t->to_mei, (size_t)n);
	if (n < 0)
		return -errno;
	t->sending = true;
	return 0;
}

static bool is_over(int ret)
{
	return ret < 0 && ret != -EAGAIN && ret != -EINTR;
}

static int carry_to_mei(struct transport *t)
{
	int ret = one_to_mei(t);

	if (is_over(ret))
		return carry_over(t);
	sd_event_source_set_io_events(t->link_io, t->sending ? 0 : EPOLLIN);
	return 0;
}

/* Edges of what waits only for messages to be taken, and of its end. */
static int on_taken(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct transport *t = arg;

	(void)source;
	(void)fd;
	(void)events;
	if (!t->sending)
		return 0;
	t->sending = false;
	return carry_to_mei(t);
}

static int on_mei(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct transport *t = arg;
	int ret = 0;

	(void)source;
	(void)fd;
	(void)events;
	for (int i = 0; i < BATCH && ret == 0; i++)
		ret = one_from_mei(t);
	return is_over(ret) ? carry_over(t) : 0;
}

/* The first time, the driver takes messages: now those of AMT may come. */
static int on_link(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct transport *t = arg;

	(void)source;
	(void)fd;
	if (events & EPOLLHUP)
		return carry_over(t);
	if (!(events & EPOLLOUT))
		return carry_to_mei(t);
	sd_event_source_set_enabled(t->mei_io, SD_EVENT_ON);
	sd_event_source_set_io_events(t->link_io, EPOLLIN);
	return 0;
}

static int carry_start(struct transport *t, uint32_t max_message)
{
	int ret;

	t->link = device_link(t->ctl, max_message);
	if (t->link < 0)
		return t->link;
	t->size = max_message;
	t->from_mei = calloc(2, t->size);
	if (!t->from_mei)
		return -ENOMEM;
	t->to_mei = t->from_mei + t->size;
	t->taken = fcntl(t->mei, F_DUPFD_CLOEXEC, 0);
	if (t->taken < 0)
		return -errno;
	ret = sd_event_add_io(t->event, &t->mei_io, t->mei, EPOLLIN, on_mei, t);
	if (ret >= 0)
		ret = sd_event_source_set_enabled(t->mei_io, SD_EVENT_OFF);
	if (ret >= 0)
		ret = sd_event_add_io(t->event, &t->taken_io, t->taken,
				      EPOLLOUT | EPOLLET, on_taken, t);
	if (ret >= 0)
		ret = sd_event_add_io(t->event, &t->link_io, t->link, EPOLLOUT,
				      on_link, t);
	return ret;
}

/* ---- Connecting ---- */

/* When mei.ko gives the device up, a try fails as those before. */
static void set_error(struct transport *t, int error)
{
	bool disabled = error && device_mei_disabled();

	if (error == t->error && disabled == t->disabled)
		return;
	t->error = error;
	t->disabled = disabled;
	t->ops->changed(t->arg);
}

static void on_answer(struct transport *t)
{
	struct mei_answer answer;

	t->mei = mei_child_answer(&t->child, &answer);
	memcpy(t->path, answer.path, sizeof(t->path));
	t->seen |= answer.error == 0;
	if (answer.error == 0)
		answer.error = carry_start(t, answer.max_message);
	set_error(t, answer.error < 0 ? answer.error : -EINPROGRESS);
	if (answer.error < 0)
		carry_over(t);
}

static void try_now(struct transport *t);

static void on_child_end(void *arg)
{
	struct transport *t = arg;

	if (t->child.answer >= 0) {
		on_answer(t);
	} else {
		t->ops->ended(t->arg);
		if (!t->timer)
			try_now(t);
	}
}

static bool is_for_the_bus(const struct transport *t)
{
	return !t->device && mei_on_bus(MEI_UUID_LME);
}

static void try_now(struct transport *t)
{
	int ret;

	if (!t->wanted || t->child.pid > 0 || t->mei >= 0)
		return;
	/* The bus may be about to lose it: sysfs is later than netlink. */
	if (is_for_the_bus(t)) {
		set_error(t, t->error);
		try_later(t, BACKOFF_MAX_USEC);
		return;
	}
	ret = mei_child_connect(&t->child, t->device);
	if (ret < 0) {
		set_error(t, ret);
		try_later(t, BACKOFF_MAX_USEC);
	}
}

static int on_timer(sd_event_source *source, uint64_t now, void *arg)
{
	struct transport *t = arg;

	(void)source;
	(void)now;
	t->timer = sd_event_source_disable_unref(t->timer);
	try_now(t);
	return 0;
}

static void try_later(struct transport *t, uint64_t max)
{
	uint64_t pause = t->backoff < max ? t->backoff : max;

	t->timer = sd_event_source_disable_unref(t->timer);
	sd_event_add_time_relative(t->event, &t->timer, CLOCK_MONOTONIC, pause,
				   pause / 50, on_timer, t);
	t->backoff = 2 * pause;
}

/* ---- Interface ---- */

void transport_update(struct transport *transport,
		      const struct link_info *info)
{
	bool wanted = transport->ctl >= 0 &&
		      info->state == AMT_LME_LINK_STATE_ABSENT;

	/* Firmware that ends each session after its start is not hammered. */
	if (info->settled || info->opened > transport->opened ||
	    info->state == AMT_LME_LINK_STATE_YIELDED) {
		transport->backoff = BACKOFF_MIN_USEC;
		transport->timer =
			sd_event_source_disable_unref(transport->timer);
	}
	transport->opened = info->opened;
	transport->seen |= info->state == AMT_LME_LINK_STATE_UP;
	if (!wanted)
		set_error(transport, 0);
	else if (!transport->wanted)
		set_error(transport, -EINPROGRESS);
	transport->wanted = wanted;
	if (wanted && !transport->timer)
		try_now(transport);
}

static void set_taken(const char *device, const struct tasks *holders,
		      struct failure *failure)
{
	char what[128];

	snprintf(what, sizeof(what), "all connections of %s to LME are taken",
		 device);
	taken_set(failure, what, holders);
}

void transport_failure(int error, const char *device,
		       const struct tasks *holders, struct failure *failure)
{
	const char *path = *device ? device : "/dev/mei0";

	if (kernel_judge_disabled(failure))
		return;
	switch (error) {
	case -ENOENT:
		failure_set(failure, EXIT_NO_MEI,
			    "%s is missing; AMT needs a MEI device (lsmod | grep mei_me, dmesg | grep mei)",
			    path);
		break;
	case -EACCES:
	case -EPERM:
		failure_set(failure, EXIT_PERMISSION,
			    "no permission for %s or to carry the link (CAP_NET_ADMIN); run as root",
			    path);
		break;
	case -ENOTTY:
		failure_set(failure, EXIT_NO_CLIENT,
			    "%s has no LME client: enable AMT in the firmware setup (MEBx)",
			    path);
		break;
	case -EBUSY:
		set_taken(path, holders, failure);
		break;
	case -ENODEV:
		failure_set(failure, EXIT_TIMEOUT,
			    "%s to LME: the firmware does not answer, or restarts; see dmesg if it stays so",
			    path);
		break;
	case -EINPROGRESS:
		failure_set(failure, EXIT_TIMEOUT,
			    "%s to LME: connecting; firmware that hangs is given 15 s",
			    path);
		break;
	default:
		failure_set(failure, EXIT_TIMEOUT, "%s to LME: %s", path,
			    strerror(-error));
	}
}

bool transport_get(const struct transport *transport,
		   struct transport_info *info)
{
	info->device = transport->path;
	info->error = -transport->error;
	return transport->mei >= 0 || transport->wanted;
}

void transport_find_holders(const struct transport *transport,
			    struct tasks *holders)
{
	struct transport_info info;

	holders->count = 0;
	if (transport_get(transport, &info) && info.error == EBUSY)
		holders_of_file(info.device, 0, holders);
}

bool transport_judge(const struct transport *transport,
		     const struct tasks *holders, struct failure *failure)
{
	struct transport_info info;

	if (!transport_get(transport, &info) || !info.error)
		return false;
	if (!is_for_the_bus(transport))
		transport_failure(-info.error, info.device, holders, failure);
	else if (!kernel_judge_disabled(failure))
		failure_set(failure, EXIT_TIMEOUT,
			    "the MEI bus shows LME, but the driver does not have it; see dmesg if it stays so");
	return true;
}

bool transport_is_ending(const struct transport *transport)
{
	return transport->child.pid > 0 && transport->child.answer < 0;
}

int transport_new(struct transport **out, sd_event *event, const char *device,
		  const struct transport_ops *ops, void *arg)
{
	struct transport *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->event = event;
	t->ctl = -1;
	t->device = device;
	t->ops = ops;
	t->arg = arg;
	t->backoff = BACKOFF_MIN_USEC;
	t->child = (struct mei_child){
		.event = event,
		.ended = on_child_end,
		.arg = t,
		.answer = -1,
	};
	t->mei = -1;
	t->taken = -1;
	t->link = -1;
	*out = t;
	return 0;
}

/* Has the driver say DISCONNECT, and passes on what it says until the end. */
static void say_goodbye(struct transport *t)
{
	struct pollfd p = { .fd = t->link, .events = POLLIN };

	if (device_yield(t->ctl) < 0)
		return;
	while (poll(&p, 1, GOODBYE_MS) > 0 && !(p.revents & POLLHUP))
		if (mei_flush(t->mei) < 0 || one_to_mei(t) < 0)
			return;
}

void transport_open(struct transport *transport, int ctl)
{
	transport->ctl = ctl;
}

void transport_close(struct transport *transport)
{
	if (transport->link >= 0)
		say_goodbye(transport);
	mei_child_kill(&transport->child);
	transport->timer = sd_event_source_disable_unref(transport->timer);
	carry_stop(transport);
	transport->wanted = false;
	transport->error = 0;
	transport->ctl = -1;
}

void transport_free(struct transport *transport)
{
	if (!transport)
		return;
	transport_close(transport);
	mei_child_wait(&transport->child);
	free(transport);
}
