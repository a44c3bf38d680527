// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation fails once that is made while the module is loaded: the first,
 * then the second, until there is none left. What fails leaves nothing behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/family.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"

static int module_file(void)
{
	struct utsname u;
	char path[256];
	int fd;

	uname(&u);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/amt_lme.ko",
		 u.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Whether that is in what the kernel has logged since the last look. */
static bool is_logged(int log, const char *text)
{
	char line[1024];
	bool found = false;
	ssize_t n;

	for (;;) {
		n = read(log, line, sizeof(line) - 1);
		if (n < 0 && errno != EPIPE)
			return found;
		line[n < 0 ? 0 : n] = 0;
		found = found || strstr(line, text);
	}
}

/*
 * module_add_driver() makes EINVAL of the folder "drivers" that the module does
 * not get in sysfs.
 */
static bool is_no_memory(int err, int log)
{
	bool links = is_logged(log, "failed to create module links for amt_lme");

	return err == -ENOMEM || (err == -EINVAL && links);
}

/* Load it, with the n-th allocation of this thread failing. */
static int load_failing(int file, unsigned int nth, bool *failed)
{
	int err = number_write(FAIL_NTH, nth);

	if (err)
		return err;
	if (syscall(SYS_finit_module, file, "", 0))
		err = -errno;
	*failed = number_read(FAIL_NTH) == 0;
	return number_write(FAIL_NTH, 0) ?: err;
}

static bool is_in_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, text);
	if (file)
		fclose(file);
	return found;
}

/* By a list of all: to ask for one by its name loads the module. */
static bool has_family(void)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_cache *all = NULL;
	struct genl_family *family;

	if (genl_connect(sock) || genl_ctrl_alloc_cache(sock, &all))
		say("no list of the families");
	family = all ? genl_ctrl_search_by_name(all, AMT_LME_FAMILY_NAME) : NULL;
	if (family)
		say("left: the netlink family");
	genl_family_put(family);
	nl_cache_free(all);
	nl_socket_free(sock);
	return family;
}

/* How many things of the module are still there. */
static int left_behind(void)
{
	static const char *const paths[] = {
		"/sys/module/amt_lme", "/sys/class/amt_lme",
		"/sys/class/misc/amt_lme!ctl", "/sys/class/misc/amt_lme",
		"/sys/bus/mei/drivers/amt_lme", "/dev/amt_lme",
	};
	int n = has_family();

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (access(paths[i], F_OK))
			continue;
		say("left: %s", paths[i]);
		n++;
	}
	n += is_in_file("/proc/devices", "amt_lme");
	n += is_in_file("/proc/kallsyms", "[amt_lme]");
	return n;
}

FIXTURE(failslab_load) {
	struct machine machine;
};

FIXTURE_VARIANT(failslab_load) {
	const char *injector;
	/* How many allocations fail at the least. */
	unsigned int allocations;
};

FIXTURE_VARIANT_ADD(failslab_load, slab) {
	.injector = "failslab",
	.allocations = 60,
};

FIXTURE_VARIANT_ADD(failslab_load, pages) {
	.injector = "fail_page_alloc",
	.allocations = 1,
};

FIXTURE_SETUP(failslab_load)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
}

FIXTURE_TEARDOWN(failslab_load)
{
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* A device whose probe() failed does not fail the load. */
TEST_F_TIMEOUT(failslab_load, what_fails_leaves_nothing, UNBOUNDED)
{
	unsigned int nth = 0, refused = 0;
	struct range range;
	int log, file, ctl, err;
	bool failed;

	if (!injector_exists(variant->injector))
		SKIP(return, "only the debug kernel can have allocations fail");
	ASSERT_EQ(0, range_of_function("do_init_module", &range));
	ASSERT_EQ(0, injector_aim(variant->injector, &range));
	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, lseek(log, 0, SEEK_END));
	file = module_file();
	ASSERT_LE(0, file);
	ASSERT_EQ(0, module_unload("amt_lme"));
	do {
		err = load_failing(file, ++nth, &failed);
		refused += !!err;
		EXPECT_TRUE(!err || (failed && is_no_memory(err, log)))
			TH_LOG("allocation %u: %s", nth, strerror(-err));
		if (!err)
			ASSERT_EQ(0, module_unload("amt_lme"));
		ASSERT_EQ(0, left_behind()) TH_LOG("allocation %u", nth);
	} while (failed);
	close(file);
	close(log);
	say("figures: %s: %u allocations failed in a load, which failed for %u",
	    variant->injector, nth - 1, refused);
	EXPECT_LE(variant->allocations, nth - 1);
	ASSERT_EQ(0, module_load("amt_lme"));
	ctl = ctl_hold();
	ASSERT_LE(0, ctl);
	EXPECT_EQ(0, node_wait(HTTP_PORT));
	EXPECT_EQ(0, next_open_works());
	close(ctl);
}

TEST_HARNESS_MAIN
