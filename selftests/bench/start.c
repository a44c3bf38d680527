// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-start: how long two programs take from their start to their end, in
 * turns. Their output goes to /dev/null.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

#define MAX_RUNS 100000

static __u64 run(char **argv)
{
	__u64 start_ns = measure_now();
	int status;
	pid_t pid;

	errno = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
	if (errno || waitpid(pid, &status, 0) < 0)
		err(1, "%s", argv[0]);
	if (status)
		errx(1, "%s: status %d", argv[0], status);
	return measure_now() - start_ns;
}

int main(int argc, char **argv)
{
	unsigned long runs = argc < 4 ? 0 : strtoul(argv[1], NULL, 10);
	char *base[] = { argc < 4 ? NULL : argv[2], NULL };
	int out = dup(STDOUT_FILENO);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	unsigned long middle;
	__u64 *ns;

	if (!runs || runs > MAX_RUNS)
		errx(2, "usage: bench-start RUNS BASE PROGRAM [ARGUMENT]...");
	ns = calloc(2 * runs, sizeof(*ns));
	if (!ns || out < 0 || null < 0 || dup2(null, STDOUT_FILENO) < 0)
		err(1, "start");
	for (unsigned long i = 0; i < runs; i++) {
		ns[i] = run(base);
		ns[runs + i] = run(argv + 3);
	}
	middle = runs / 2;
	measure_sort(ns, runs);
	measure_sort(ns + runs, runs);
	dprintf(out, "{\"runs\":%lu,\"base_us\":%.1f,\"program_us\":%.1f}\n",
		runs, (double)ns[middle] / 1e3,
		(double)ns[runs + middle] / 1e3);
	free(ns);
	return 0;
}
