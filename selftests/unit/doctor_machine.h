/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine for amt-helper doctor that is a folder of files. */
#ifndef UNIT_DOCTOR_MACHINE_H
#define UNIT_DOCTOR_MACHINE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "helper/doctor/doctor.h"

#define ME "sys/bus/pci/devices/0000:00:16.0"
#define MODALIAS "pci:v00008086d0000A13Asv00001028sd000006B9bc07sc80i00"

FIXTURE(doctor) {
	char folder[32];
	int root;
	struct doctor doctor;
	struct finding finding;
};

static int forget(const char *path, const struct stat *stat, int type,
		  struct FTW *where)
{
	(void)stat;
	(void)type;
	(void)where;
	return remove(path);
}

FIXTURE_SETUP(doctor)
{
	strcpy(self->folder, "/tmp/doctor.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->folder));
	self->root = open(self->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->root);
}

FIXTURE_TEARDOWN(doctor)
{
	close(self->root);
	nftw(self->folder, forget, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void make_parents(int root, const char *path)
{
	char part[256];

	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdirat(root, part, 0755);
	}
}

static inline void put_bytes(int root, const char *path, const void *data, size_t size)
{
	int fd;

	make_parents(root, path);
	fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static inline void put(int root, const char *path, const char *text)
{
	put_bytes(root, path, text, strlen(text));
}

static inline void put_link(int root, const char *path, const char *target)
{
	make_parents(root, path);
	unlinkat(root, path, 0);
	if (symlinkat(target, root, path) < 0)
		abort();
}

/* An ME on the PCI bus, with a driver if there is one. */
static inline void put_me(int root, const char *driver)
{
	put(root, "proc/sys/kernel/osrelease", "6.1.0-1-amd64\n");
	put(root, ME "/vendor", "0x8086\n");
	put(root, ME "/device", "0xa13a\n");
	put(root, ME "/class", "0x078000\n");
	put(root, ME "/modalias", MODALIAS "\n");
	if (driver)
		put_link(root, ME "/driver", driver);
}

/* A controller; @kind may be NULL as before Linux 5.8. */
static inline void put_controller(int root, const char *name, const char *kind)
{
	char path[128];

	snprintf(path, sizeof(path), "sys/class/mei/%s/device", name);
	put_link(root, path, "../../../0000:00:16.0");
	snprintf(path, sizeof(path), "sys/class/mei/%s/dev_state", name);
	put(root, path, "ENABLED\n");
	snprintf(path, sizeof(path), "sys/class/mei/%s/fw_ver", name);
	put(root, path, "0:11.8.50.3399\n0:11.8.50.3399\n");
	snprintf(path, sizeof(path), "sys/class/mei/%s/kind", name);
	if (kind)
		put(root, path, kind);
	snprintf(path, sizeof(path), "dev/%s", name);
	put(root, path, "");
}

static inline void put_bus_client(int root, const char *name, const char *uuid,
			   const char *connections)
{
	char path[256];

	snprintf(path, sizeof(path), "sys/bus/mei/devices/%s-%s/uuid", name,
		 uuid);
	put(root, path, uuid);
	snprintf(path, sizeof(path), "sys/bus/mei/devices/%s-%s/max_conn", name,
		 uuid);
	put(root, path, connections);
	snprintf(path, sizeof(path), "sys/bus/mei/devices/%s-%s/max_len", name,
		 uuid);
	put(root, path, "4096\n");
	snprintf(path, sizeof(path), "sys/bus/mei/devices/%s-%s/version", name,
		 uuid);
	put(root, path, "0A\n");
}

static inline void put_process(int root, int pid, const char *name,
			const char *target)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	put(root, path, name);
	snprintf(path, sizeof(path), "proc/%d/fd/3", pid);
	put_link(root, path, target);
}

static inline void put_parent(int root, int pid, const char *name, int parent)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	snprintf(text, sizeof(text), "%d (%s) S %d 1 1 0 -1\n", pid, name,
		 parent);
	put(root, path, text);
}

/* All but asking the driver: this machine has its own. */
static inline void look(struct doctor *doctor, int root)
{
	memset(doctor, 0, sizeof(*doctor));
	look_at_module(doctor, root);
	look_at_mei(doctor, root);
	look_at_connections(doctor, root);
	look_at_ports(doctor, root);
	look_at_processes(doctor, root);
	doctor->kernel_error = -ENOENT;
}

/* What a layer says of the tree as it is now. */
#define EXPECT_LAYER(layer, expected, text)                                    \
	do {                                                                   \
		look(&self->doctor, self->root);                               \
		EXPECT_FINDING(layer, expected, text);                         \
	} while (0)

/* What a layer says of the facts as they are. */
#define EXPECT_FINDING(layer, expected, text)                                  \
	do {                                                                   \
		memset(&self->finding, 0xff, sizeof(self->finding));           \
		check_##layer(&self->doctor, &self->finding);                  \
		EXPECT_EQ(expected, self->finding.verdict)                     \
			TH_LOG("%s", self->finding.evidence);                  \
		EXPECT_NE(NULL, strstr(self->finding.evidence, text))          \
			TH_LOG("%s", self->finding.evidence);                  \
		if (self->finding.verdict == VERDICT_FAIL)                     \
			EXPECT_NE('\0', self->finding.advice[0]);              \
	} while (0)

#endif /* UNIT_DOCTOR_MACHINE_H */
