// SPDX-License-Identifier: GPL-2.0-only
/* Failures on demand, which the debug kernel makes. See testlib.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "testlib.h"

struct symbol {
	uint64_t at;
	char name[256];
	char module[64]; /* empty: the kernel itself */
};

/* The next one that is code; false at the end. */
static bool next_code(FILE *kallsyms, struct symbol *symbol)
{
	char line[512], type;

	while (kallsyms && fgets(line, sizeof(line), kallsyms)) {
		symbol->module[0] = 0;
		if (sscanf(line, "%" SCNx64 " %c %255s [%63[^]]", &symbol->at,
			   &type, symbol->name, symbol->module) >= 3 &&
		    (type == 't' || type == 'T'))
			return true;
	}
	return false;
}

/* Its code ends with the page of its last function. */
int range_of_module(const char *name, struct range *range)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	struct symbol symbol;

	*range = (struct range){ .start = UINT64_MAX };
	while (next_code(file, &symbol)) {
		if (strcmp(symbol.module, name))
			continue;
		if (symbol.at < range->start)
			range->start = symbol.at;
		if (symbol.at > range->end)
			range->end = symbol.at;
	}
	if (file)
		fclose(file);
	range->end = (range->end | 4095) + 1;
	return range->start == UINT64_MAX ? -ENOENT : 0;
}

/* The kernel's symbols come in the order of their addresses. */
int range_of_function(const char *name, struct range *range)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	struct symbol symbol;

	*range = (struct range){ 0 };
	while (!range->end && next_code(file, &symbol)) {
		if (!strcmp(symbol.name, name))
			range->start = symbol.at;
		else if (range->start && symbol.at > range->start)
			range->end = symbol.at;
	}
	if (file)
		fclose(file);
	return range->end ? 0 : -ENOENT;
}

/* A fail-nth means each of them. */
static const char *const injectors[] = {
	"failslab", "fail_page_alloc", "fail_usercopy",
};

#define N_INJECTORS (sizeof(injectors) / sizeof(injectors[0]))

int number_write(const char *path, uint64_t value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	char text[32];
	int n, err;

	n = snprintf(text, sizeof(text), "%" PRIu64, value);
	err = fd < 0 || write(fd, text, n) != n ? -errno : 0;
	if (fd >= 0)
		close(fd);
	if (err)
		say("%s: %s", path, strerror(-err));
	return err;
}

int64_t number_read(const char *path)
{
	FILE *file = fopen(path, "re");
	int64_t value;

	if (!file || fscanf(file, "%" SCNi64, &value) != 1)
		value = -EIO;
	if (file)
		fclose(file);
	return value;
}

static void knob_path(const char *injector, const char *knob, char path[128])
{
	snprintf(path, 128, "/sys/kernel/debug/%s/%s", injector, knob);
}

int injector_set(const char *injector, const char *knob, uint64_t value)
{
	char path[128];

	knob_path(injector, knob, path);
	return number_write(path, value);
}

int64_t injector_get(const char *injector, const char *knob)
{
	char path[128];

	knob_path(injector, knob, path);
	return number_read(path);
}

bool injector_exists(const char *injector)
{
	char path[128];

	knob_path(injector, "require-start", path);
	return access(path, F_OK) == 0;
}

/*
 * What the debug kernel allocates for its own records of each allocation, and
 * does without if it fails, is not the module's.
 */
static bool is_for_records(const char *cache)
{
	return !strcmp(cache, "kmemleak_object") ||
	       !strcmp(cache, "debug_objects_cache");
}

static int caches_choose(void)
{
	static bool chosen;
	struct dirent *e;
	char path[512];
	int err = 0;
	DIR *dir;

	if (chosen)
		return 0;
	dir = opendir("/sys/kernel/slab");
	if (!dir)
		return -errno;
	while (!err && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/failslab",
			 e->d_name);
		if (e->d_name[0] != '.')
			err = number_write(path, !is_for_records(e->d_name));
	}
	closedir(dir);
	chosen = !err;
	return err ?: injector_set("failslab", "cache-filter", 1);
}

/*
 * It spares neither who may sleep nor small pages. It logs nothing: others would
 * allocate, and be counted, while it does.
 */
static int injector_init(const char *injector)
{
	int err = injector_set(injector, "ignore-gfp-wait", 0) ?:
		  injector_set(injector, "probability", 100) ?:
		  injector_set(injector, "stacktrace-depth", 32) ?:
		  injector_set(injector, "verbose", 0);

	if (err || !strcmp(injector, "failslab"))
		return err ?: caches_choose();
	return injector_set(injector, "ignore-gfp-highmem", 0) ?:
	       injector_set(injector, "min-order", 0);
}

/* Nor are the pages that kmemleak asks for then. */
static int injector_reject(const char *injector)
{
	static struct range range;

	if (!range.end)
		range_of_function("kmemleak_alloc", &range);
	return injector_set(injector, "reject-start", range.start) ?:
	       injector_set(injector, "reject-end", range.end);
}

int injector_aim(const char *injector, const struct range *range)
{
	int err = injector_reject(injector);

	for (size_t i = 0; i < N_INJECTORS && !err; i++) {
		bool it = !strcmp(injectors[i], injector);

		err = injector_set(injectors[i], "times", 0) ?:
		      injector_set(injectors[i], "require-start",
				   it ? range->start : 0) ?:
		      injector_set(injectors[i], "require-end",
				   it ? range->end : 0);
	}
	return err ?: injector_init(injector);
}
