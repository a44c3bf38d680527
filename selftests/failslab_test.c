// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation fails once that the module makes while it is used, or others
 * make for it: the first of a play, then the second, until there is none left.
 * What the play did fails with ENOMEM, or the link is lost and comes back; the
 * next try works, and then all is as before.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netlink/attr.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"
#include "testlib.h"

/* A buffer of that many bytes is taken from a slab, or is made of pages. */
#define SLAB 2048
#define PAGES 65536
#define BYTES 3000
/* Ports that AMT names besides; so many, until a new session drops them. */
#define FIRST_PORT 3000
#define MORE_PORTS 16
#define DRIVER "/sys/bus/mei/drivers/amt_lme"
#define LME_DEVICE "*-6733a4db-0476-4e7b-b3af-bcfc29bee7a7"

/**
 * struct stage - where it is played
 * @machine: virtual AMT and modules
 * @range: the module's code
 * @injector: makes allocations fail
 * @shown: what failed has shown; it may as late as in making ready
 * @genl: for questions
 * @events: of link, forwards and channels
 * @answer: the last answer or event
 * @ctl: holds the link
 * @yield: has the link let go, or -1
 * @link: carries the link, or -1
 * @ports: how many AMT has named besides
 */
struct stage {
	struct machine machine;
	struct range range;
	const char *injector;
	bool shown;
	struct genl genl;
	struct genl events;
	struct genl_answer answer;
	int ctl;
	int yield;
	int link;
	unsigned int ports;
};

static void put_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Whether this is how what failed shows. It does so once. */
static bool is_the_failure(struct stage *s, int err, int expected)
{
	if (err != expected || s->shown || injector_get(s->injector, "times"))
		return false;
	s->shown = true;
	return true;
}

/* ---- Operations; each is tried again when it is the one that fails ---- */

static int ask(struct stage *s, uint8_t cmd, int flags)
{
	int err;

	do {
		err = genl_ask(&s->genl, genl_message(&s->genl, cmd, flags),
			       &s->answer) ?: -s->answer.error;
	} while (err == -EINTR || is_the_failure(s, err, -ENOMEM));
	return err;
}

static struct nl_msg *message_about(const struct genl *g, uint8_t cmd,
				    int attr, uint32_t value)
{
	struct nl_msg *msg = genl_message(g, cmd, 0);

	if (msg)
		nla_put_u32(msg, attr, value);
	return msg;
}

static int ask_about(struct stage *s, uint8_t cmd, int attr, uint32_t value)
{
	int err;

	do {
		err = genl_ask(&s->genl,
			       message_about(&s->genl, cmd, attr, value),
			       &s->answer) ?: -s->answer.error;
	} while (is_the_failure(s, err, -ENOMEM));
	return err;
}

/* Events may be lost for want of memory, but not without a word. */
static int next_event(struct stage *s, int ms)
{
	int err = genl_event(&s->events, &s->answer, ms);

	return err == -ENOBUFS ? 0 : err;
}

static void forget_events(struct stage *s)
{
	while (!next_event(s, 0))
		;
}

/*
 * mei.ko forgets a connection that it has no memory to end. AMT keeps it, and
 * takes no other, up to the next reset.
 */
static int wait_link(struct stage *s, uint32_t state, uint32_t generation)
{
	const struct link_state *link = &s->answer.link;
	int err = ask(s, AMT_LME_CMD_LINK_GET, 0);

	while (!err && (link->state != state ||
			link->generation < generation)) {
		if (is_the_failure(s, -(int)link->error, -EBUSY))
			err = sim_command("reset");
		err = err ?: next_event(s, WAIT_MS) ?:
		      ask(s, AMT_LME_CMD_LINK_GET, 0);
	}
	if (err)
		say("no state %u of generation %u: %s, state %u", state,
		    generation, strerror(-err), link->state);
	return err;
}

static int wait_slots_free(struct stage *s)
{
	int err = ask(s, AMT_LME_CMD_LINK_GET, 0);

	while (!err && s->answer.link.channels)
		err = next_event(s, WAIT_MS) ?: ask(s, AMT_LME_CMD_LINK_GET, 0);
	return err;
}

static int open_ctl(struct stage *s)
{
	int fd;

	do {
		fd = open("/dev/amt_lme/ctl", O_RDWR | O_CLOEXEC);
	} while (fd < 0 && is_the_failure(s, -errno, -ENOMEM));
	return fd < 0 ? -errno : fd;
}

static int open_node(struct stage *s)
{
	int fd;

	do {
		fd = node_open(HTTP_PORT, 0);
	} while (is_the_failure(s, fd, -ENOMEM) ||
		 is_the_failure(s, fd, -ECONNRESET));
	return fd;
}

static int open_channel(struct stage *s, int ctl)
{
	int fd;

	do {
		fd = ctl_connect(ctl, HTTP_PORT, AMT_LME_CONNECT_NONBLOCK,
				 PAGES);
	} while (is_the_failure(s, fd, -ENOMEM));
	return fd;
}

static int open_link(struct stage *s, int ctl, unsigned int max_message)
{
	struct amt_lme_link l = {
		.size = sizeof(l),
		.max_message = max_message,
	};
	int fd;

	do {
		fd = ioctl(ctl, AMT_LME_IOC_LINK, &l);
	} while (fd < 0 && is_the_failure(s, -errno, -ENOMEM));
	return fd < 0 ? -errno : fd;
}

static int yield(struct stage *s)
{
	s->yield = open_ctl(s);
	if (s->yield < 0)
		return s->yield;
	if (ioctl(s->yield, AMT_LME_IOC_YIELD))
		return -errno;
	return wait_link(s, AMT_LME_LINK_STATE_YIELDED, 0);
}

/* ---- Making ready: all is as before the last run ---- */

/* Nothing is left of earlier channels, and the next transfers data. */
static int be_up(struct stage *s)
{
	int err;

	put_file(&s->yield);
	do {
		err = wait_link(s, AMT_LME_LINK_STATE_UP, 0) ?:
		      node_wait(HTTP_PORT) ?: next_open_works() ?:
		      wait_slots_free(s);
	} while (is_the_failure(s, err, -ECONNRESET));
	if (!err && s->answer.link.users != 1) {
		say("%u users are left", s->answer.link.users);
		err = -EBUSY;
	}
	return err;
}

static int be_yielded(struct stage *s)
{
	return be_up(s) ?: yield(s);
}

/* AMT does not name them again; they go when its new session has settled. */
static int drop_ports(struct stage *s)
{
	int err = ask(s, AMT_LME_CMD_LINK_GET, 0) ?: sim_command("reset");

	err = err ?: wait_link(s, AMT_LME_LINK_STATE_UP,
			       s->answer.link.generation + 1);
	err = err ?: ask(s, AMT_LME_CMD_FORWARD_GET, NLM_F_DUMP);
	while (!err && s->answer.forwards > 1)
		err = next_event(s, WAIT_MS) ?:
		      ask(s, AMT_LME_CMD_FORWARD_GET, NLM_F_DUMP);
	return err;
}

static int be_up_with_room(struct stage *s)
{
	int err = be_up(s) ?: ask(s, AMT_LME_CMD_FORWARD_GET, NLM_F_DUMP);

	if (!err && s->answer.forwards > MORE_PORTS)
		err = drop_ports(s);
	forget_events(s);
	return err;
}

/* The module lets a program carry the link; then it is the test that does. */
static int be_carried(struct stage *s)
{
	struct process helper;
	int err;

	put_file(&s->link);
	err = serve_start(&helper);
	if (err)
		return err;
	err = next_open_works();
	if (process_end(&helper, SIGTERM))
		err = err ?: -EIO;
	process_close(&helper);
	s->link = open_link(s, s->ctl, SLAB);
	return err ?: s->link < 0 ? s->link : 0;
}

static int enter(struct stage *s)
{
	s->ctl = ctl_hold();
	if (s->ctl < 0)
		return s->ctl;
	return range_of_module("amt_lme", &s->range) ?:
	       genl_open(&s->genl, false) ?: genl_open(&s->events, true) ?:
	       genl_join(&s->events, AMT_LME_MCGRP_CHANNEL);
}

static void leave(struct stage *s)
{
	put_file(&s->link);
	put_file(&s->yield);
	put_file(&s->ctl);
	genl_close(&s->genl);
	genl_close(&s->events);
}

/* What unloading left behind would be in the way of it. */
static int be_loaded(struct stage *s)
{
	int err = 0;

	if (s->ctl < 0)
		err = module_load("amt_lme") ?: enter(s);
	return err ?: be_up(s);
}

/* ---- Plays ---- */

static int play_link(struct stage *s)
{
	int err = yield(s);

	put_file(&s->yield);
	return err ?: wait_link(s, AMT_LME_LINK_STATE_UP, 0);
}

/* Until the port is there, or is lost with the link that was to bring it. */
static int wait_forward(struct stage *s, unsigned int port)
{
	int err;

	do {
		err = genl_event(&s->events, &s->answer, WAIT_MS);
		if (!err && s->answer.links &&
		    s->answer.link.state != AMT_LME_LINK_STATE_UP)
			err = -ECONNRESET;
	} while (!err && !(s->answer.forwards &&
			   s->answer.forward->port == port));
	return err;
}

static bool has_node(unsigned int port)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/amt_lme/%u", port);
	return access(path, F_OK) == 0;
}

/* A new one each time: without memory for its path devtmpfs keeps a node. */
static int forward_one(struct stage *s, unsigned int *port)
{
	char command[32];

	*port = FIRST_PORT + s->ports++;
	snprintf(command, sizeof(command), "forward %u", *port);
	return sim_command(command) ?: wait_forward(s, *port);
}

/*
 * Without its node a port is reached by CONNECT; this one AMT refuses. The event
 * that is lost may be that of the link; that of the next port comes when all is
 * done for this one.
 */
static int play_forward(struct stage *s)
{
	unsigned int port, next;
	int err = forward_one(s, &port);

	if (is_the_failure(s, err, -ECONNRESET))
		return 0;
	if (is_the_failure(s, err, -ENOBUFS))
		err = forward_one(s, &next);
	if (err || has_node(port))
		return err;
	if (!is_the_failure(s, -ENOMEM, -ENOMEM))
		return -ENOENT;
	err = ctl_connect(s->ctl, port, 0, 0);
	return err == -ECONNREFUSED ? 0 : -EBADE;
}

/* Both ways, and what netlink knows of it. */
static int talk(struct stage *s, int fd)
{
	static const char body[BYTES];
	struct http_answer answer = { 0 };
	int err;

	err = ask(s, AMT_LME_CMD_CHANNEL_GET, NLM_F_DUMP);
	if (!err && s->answer.channels == 1)
		err = ask_about(s, AMT_LME_CMD_CHANNEL_GET,
				AMT_LME_A_CHANNEL_ID, s->answer.channel->id);
	/* Its link may be lost already. */
	if (err && err != -ENOENT)
		return err;
	err = http_get(fd, "/down/3000", true, &answer);
	http_free(&answer);
	if (!err)
		err = http_send(fd, "/up", true, body, sizeof(body));
	if (!err)
		err = http_receive(fd, &answer);
	http_free(&answer);
	return err;
}

static int play_channel(struct stage *s)
{
	int fd, err;

	do {
		fd = open_node(s);
		if (fd < 0)
			return fd;
		err = talk(s, fd);
		close(fd);
	} while (is_the_failure(s, err, -ECONNRESET));
	return err ?: wait_slots_free(s);
}

static int play_netlink(struct stage *s)
{
	return ask(s, AMT_LME_CMD_LINK_GET, 0) ?:
	       ask(s, AMT_LME_CMD_FORWARD_GET, NLM_F_DUMP) ?:
	       ask_about(s, AMT_LME_CMD_FORWARD_GET, AMT_LME_A_FORWARD_PORT,
			 HTTP_PORT);
}

static int play_control(struct stage *s)
{
	int ctl = open_ctl(s);
	int fd, err;

	if (ctl < 0)
		return ctl;
	err = ioctl(ctl, AMT_LME_IOC_HOLD) ? -errno : 0;
	fd = open_channel(s, ctl);
	if (fd < 0)
		err = fd;
	else if (!fd_wait(fd, POLLOUT, WAIT_MS))
		err = -ETIME;
	if (!err && open_link(s, ctl, PAGES) != -EBUSY)
		err = -EBADE;
	put_file(&fd);
	close(ctl);
	return err ?: wait_slots_free(s);
}

/* A link that the test carries, up to the driver's first message. */
static int play_relay(struct stage *s)
{
	unsigned char message[SLAB];

	put_file(&s->link);
	s->link = open_link(s, s->ctl, SLAB);
	if (s->link < 0)
		return s->link;
	if (!fd_wait(s->link, POLLIN, WAIT_MS))
		return -ETIME;
	return read(s->link, message, sizeof(message)) > 0 &&
	       message[0] == 192 ? 0 : -EPROTO;
}

static int tell_driver(struct stage *s, const char *file, const char *device)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	int err;

	do {
		err = write_all(fd, device, strlen(device));
	} while (is_the_failure(s, err, -ENOMEM));
	close(fd);
	return err;
}

/* The driver lets AMT's device go and takes it again. */
static int play_device(struct stage *s)
{
	const char *device;
	glob_t found;
	int err;

	if (glob(DRIVER "/" LME_DEVICE, 0, NULL, &found))
		return -ENODEV;
	device = strrchr(found.gl_pathv[0], '/') + 1;
	err = tell_driver(s, DRIVER "/unbind", device) ?:
	      tell_driver(s, DRIVER "/bind", device);
	globfree(&found);
	return err;
}

static int play_unload(struct stage *s)
{
	int err;

	put_file(&s->ctl);
	err = module_unload("amt_lme");
	genl_close(&s->genl);
	genl_close(&s->events);
	return err;
}

/* ---- The walk ---- */

/*
 * Have the n-th allocation from now on fail. The injector has those fail at which
 * its count is a multiple of "interval"; nothing shows the count.
 */
static int arm(struct stage *s, unsigned int nth)
{
	int err = injector_aim(s->injector, &s->range) ?:
		  injector_set(s->injector, "interval", nth) ?:
		  injector_set(s->injector, "times", 1);

	/* There is a link already: it only allocates. */
	for (unsigned int i = 0; !err && i < nth; i++)
		if (open_link(s, s->ctl, PAGES) >= 0)
			err = -EBADE;
	if (!err && injector_get(s->injector, "times"))
		err = -ENODATA;
	s->shown = err;
	return err ?: injector_set(s->injector, "times", 1);
}

/* Whether it has failed. */
static bool disarm(struct stage *s)
{
	return !injector_set(s->injector, "probability", 0) &&
	       !injector_get(s->injector, "times");
}

FIXTURE(failslab) {
	struct stage stage;
};

/*
 * @slab, @pages: how many allocations fail at the least. Of what is taken from
 * a slab only some, and not always the same, takes a page for it.
 */
FIXTURE_VARIANT(failslab) {
	const char *name;
	const char *sim_args[5];
	int (*ready)(struct stage *s);
	int (*play)(struct stage *s);
	unsigned int slab;
	unsigned int pages;
};

#define ONE_PORT "--ports", "16992"

FIXTURE_VARIANT_ADD(failslab, link) {
	.name = "the link is let go and comes back",
	.sim_args = { ONE_PORT, "--message-size", "2048" },
	.ready = be_up,
	.play = play_link,
	.slab = 25,
};

FIXTURE_VARIANT_ADD(failslab, forward) {
	.name = "a port is forwarded",
	.sim_args = { ONE_PORT },
	.ready = be_up_with_room,
	.play = play_forward,
	.slab = 10,
};

FIXTURE_VARIANT_ADD(failslab, channel) {
	.name = "a channel is used",
	.sim_args = { ONE_PORT },
	.ready = be_up,
	.play = play_channel,
	.slab = 35,
};

FIXTURE_VARIANT_ADD(failslab, netlink) {
	.name = "netlink is asked",
	.sim_args = { ONE_PORT },
	.ready = be_up,
	.play = play_netlink,
	.slab = 4,
};

FIXTURE_VARIANT_ADD(failslab, control) {
	.name = "the control node is used",
	.sim_args = { ONE_PORT },
	.ready = be_up,
	.play = play_control,
	.slab = 20,
	.pages = 1,
};

FIXTURE_VARIANT_ADD(failslab, relay) {
	.name = "a program carries the link",
	.sim_args = { ONE_PORT, "--connections", "2" },
	.ready = be_carried,
	.play = play_relay,
	.slab = 5,
};

FIXTURE_VARIANT_ADD(failslab, device) {
	.name = "the device is let go and taken",
	.sim_args = { ONE_PORT },
	.ready = be_yielded,
	.play = play_device,
	.slab = 1,
};

FIXTURE_VARIANT_ADD(failslab, unload) {
	.name = "the module is unloaded",
	.sim_args = { ONE_PORT },
	.ready = be_loaded,
	.play = play_unload,
	.slab = 25,
};

/* On the other kernels the test says that it is skipped. */
FIXTURE_SETUP(failslab)
{
	struct stage *s = &self->stage;

	s->ctl = -1;
	s->yield = -1;
	s->link = -1;
	s->shown = true;
	if (!injector_exists("failslab"))
		return;
	ASSERT_EQ(0, machine_start(&s->machine, variant->sim_args));
	ASSERT_EQ(0, enter(s));
}

FIXTURE_TEARDOWN(failslab)
{
	if (!self->stage.machine.sim.pid)
		return;
	leave(&self->stage);
	EXPECT_EQ(0, machine_stop(&self->stage.machine));
}

/* How many allocations failed until a run had none left; or a negative errno. */
static int walk(struct stage *s, const char *injector,
		const FIXTURE_VARIANT(failslab) *variant)
{
	int nth = 0;
	bool failed;
	int err;

	s->injector = injector;
	do {
		err = variant->ready(s) ?: arm(s, ++nth) ?: variant->play(s);
		failed = disarm(s);
	} while (!err && failed);
	err = err ?: variant->ready(s);
	if (err)
		say("%s, allocation %d of %s: %s", variant->name, nth, injector,
		    strerror(-err));
	return err ?: nth - 1;
}

TEST_F_TIMEOUT(failslab, each_allocation_fails_cleanly, UNBOUNDED)
{
	int slab, pages;

	if (!self->stage.machine.sim.pid)
		SKIP(return, "only the debug kernel can have allocations fail");
	slab = walk(&self->stage, "failslab", variant);
	ASSERT_LE(0, slab);
	pages = walk(&self->stage, "fail_page_alloc", variant);
	ASSERT_LE(0, pages);
	say("figures: %s: %d allocations of slab and %d of pages failed",
	    variant->name, slab, pages);
	EXPECT_LE(variant->slab, (unsigned int)slab);
	EXPECT_LE(variant->pages, (unsigned int)pages);
}

TEST_HARNESS_MAIN
