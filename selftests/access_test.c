// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what: everybody, the group of the nodes, and CAP_NET_ADMIN.
 * Documentation/chardev.rst, "Who may do what".
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define NOBODY 65534
#define GROUP 4242
#define SYSFS "/sys/class/amt_lme/amt_lme!16992/dev"

/* ---- What can be tried: 0 or an errno ---- */

static int dump(int cmd, struct genl_answer *answer)
{
	struct genl g;
	int err = -genl_open(&g, false);

	if (err)
		return err;
	do {
		err = -genl_ask(&g, genl_message(&g, cmd, NLM_F_DUMP), answer);
	} while (err == EINTR);
	genl_close(&g);
	return err ? err : answer->error;
}

static int get_link(void)
{
	struct link_state link;

	return -link_get(&link);
}

static int list_forwards(void)
{
	struct genl_answer answer;
	int err = dump(AMT_LME_CMD_FORWARD_GET, &answer);

	return err ? err : answer.forwards == 2 ? 0 : ENOENT;
}

static int list_channels(void)
{
	struct genl_answer answer;
	int err = dump(AMT_LME_CMD_CHANNEL_GET, &answer);

	if (err && answer.channels)
		return ELNRNG;
	return err ? err : answer.channels ? 0 : ENOENT;
}

/* libnl tells EPERM and EACCES apart in its own way. */
static int hear(const char *group)
{
	struct genl g;
	int err = -genl_open(&g, false);

	if (!err)
		err = genl_join(&g, group) ? EPERM : 0;
	genl_close(&g);
	return err;
}

static int hear_of_link(void)
{
	return hear(AMT_LME_MCGRP_LINK);
}

static int hear_of_forwards(void)
{
	return hear(AMT_LME_MCGRP_FORWARD);
}

static int hear_of_channels(void)
{
	return hear(AMT_LME_MCGRP_CHANNEL);
}

static int read_sysfs(void)
{
	return access(SYSFS, R_OK) ? errno : 0;
}

static int open_node(void)
{
	int fd = node_open(HTTP_PORT, 0);

	close(fd);
	return fd < 0 ? -fd : 0;
}

static int hold(void)
{
	int fd = ctl_hold();

	close(fd);
	return fd < 0 ? -fd : 0;
}

static int connect_port(void)
{
	int ctl = ctl_open();
	int fd = ctl < 0 ? ctl : ctl_connect(ctl, HTTP_PORT, 0, 0);

	return fd < 0 ? -fd : 0;
}

static int carry_link(void)
{
	struct amt_lme_link l = { .size = sizeof(l), .max_message = 4096 };
	int ctl = ctl_open();

	if (ctl < 0)
		return -ctl;
	return ioctl(ctl, AMT_LME_IOC_LINK, &l) < 0 ? errno : 0;
}

static int yield(void)
{
	int ctl = ctl_open();
	int err;

	if (ctl < 0)
		return -ctl;
	err = ioctl(ctl, AMT_LME_IOC_YIELD) ? errno : 0;
	close(ctl);
	return err;
}

/**
 * struct row - something that may be allowed
 * @what: its name
 * @try: does it
 * @everybody: what comes of it for everybody
 * @group: for the group of the nodes
 * @admin: for CAP_NET_ADMIN; what a file may be opened for is still up to it
 * @both: for those who have both
 */
static const struct row {
	const char *what;
	int (*try)(void);
	int everybody;
	int group;
	int admin;
	int both;
} rows[] = {
	{ "link", get_link, 0, 0, 0, 0 },
	{ "forwards", list_forwards, 0, 0, 0, 0 },
	{ "link events", hear_of_link, 0, 0, 0, 0 },
	{ "forward events", hear_of_forwards, 0, 0, 0, 0 },
	{ "sysfs", read_sysfs, 0, 0, 0, 0 },
	{ "node", open_node, EACCES, 0, EACCES, 0 },
	{ "HOLD", hold, EACCES, 0, EACCES, 0 },
	{ "CONNECT", connect_port, EACCES, 0, EACCES, 0 },
	{ "channels", list_channels, EPERM, EPERM, 0, 0 },
	{ "channel events", hear_of_channels, EPERM, EPERM, 0, 0 },
	/* Busy, as the bus has the link. */
	{ "LINK", carry_link, EACCES, EPERM, EACCES, EBUSY },
	{ "YIELD", yield, EACCES, EPERM, EACCES, 0 },
};

/* On 5.10 no group can ask for a capability, so channels have none. */
static bool has_channel_events(void)
{
	struct utsname name;

	return !uname(&name) && strncmp(name.release, "5.10.", 5);
}

FIXTURE(access) {
	struct machine machine;
	int ctl;
	int fd;
};

FIXTURE_VARIANT(access) {
	bool group;
	bool admin;
};

FIXTURE_VARIANT_ADD(access, everybody) {
};

FIXTURE_VARIANT_ADD(access, group) {
	.group = true,
};

FIXTURE_VARIANT_ADD(access, admin) {
	.admin = true,
};

FIXTURE_VARIANT_ADD(access, group_and_admin) {
	.group = true,
	.admin = true,
};

/* Owner and mode as a udev rule would set them. */
static int hand_over(const char *path)
{
	return chown(path, 0, GROUP) || chmod(path, 0660) ? -errno : 0;
}

FIXTURE_SETUP(access)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	self->ctl = ctl_hold();
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	ASSERT_EQ(0, node_wait(623));
	ASSERT_EQ(0, hand_over("/dev/amt_lme/ctl"));
	ASSERT_EQ(0, hand_over("/dev/amt_lme/16992"));
	/* One channel, to be seen or not. */
	self->fd = node_open(623, 0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(access)
{
	close(self->fd);
	close(self->ctl);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

static int become_nobody(bool group, bool admin)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct cap[2] = { { 0 } };
	gid_t gid = GROUP;

	if (prctl(PR_SET_KEEPCAPS, 1) || setgroups(group, &gid) ||
	    setgid(NOBODY) || setuid(NOBODY))
		return -errno;
	if (admin)
		cap[0].permitted = 1 << CAP_NET_ADMIN;
	cap[0].effective = cap[0].permitted;
	return syscall(SYS_capset, &head, cap) ? -errno : 0;
}

static int expected(const struct row *row, bool group, bool admin)
{
	if (row->try == hear_of_channels && !has_channel_events())
		return EPERM;
	if (group)
		return admin ? row->both : row->group;
	return admin ? row->admin : row->everybody;
}

/* Return: how many rows are not as they should. */
static int try_all(bool group, bool admin)
{
	int wrong = 0;
	int err = become_nobody(group, admin);

	if (err) {
		say("cannot become nobody: %s", strerror(-err));
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int want = expected(&rows[i], group, admin);

		err = rows[i].try();
		if (err == want)
			continue;
		say("%s: %s, expected: %s", rows[i].what,
		    err ? strerror(err) : "allowed",
		    want ? strerror(want) : "allowed");
		wrong++;
	}
	return wrong;
}

TEST_F(access, is_as_the_table_says)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(try_all(variant->group, variant->admin));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
