// SPDX-License-Identifier: GPL-2.0-only
/*
 * What "amt-helper info" costs above its round trips.
 *
 * The same requests in the same order by this program, which only writes and
 * reads. Of both the time for all topics less the time for one, so that the
 * start of a process and the first connect are in neither. One line of JSON.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/mei.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/mei.h"
#include "pthi/pthi.h"

#define DEVICE "/dev/mei0"
#define ONE "uuid"
#define MESSAGE_SIZE 8192
#define ROUNDS_MAX 1000

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* ---- Bare ---- */

static int connect_to(enum pthi_client client)
{
	static const uint8_t *const guids[PTHI_CLIENTS] = {
		[PTHI_AMTHI] = mei_guid_amthi,
		[PTHI_MKHI] = mei_guid_mkhi,
		[PTHI_MANAGEABILITY] = mei_guid_manageability,
	};
	struct mei_connect_client_data data;
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, DEVICE);
	memcpy(&data.in_client_uuid, guids[client], MEI_GUID_SIZE);
	if (ioctl(fd, IOCTL_MEI_CONNECT_CLIENT, &data) < 0)
		err(1, "connect to client %d", client);
	return fd;
}

static unsigned int round_trip(int fd, const struct pthi_command *command,
			       uint32_t handle)
{
	const struct pthi_argument arg = { .number = handle };
	uint8_t request[PTHI_REQUEST_MAX], reply[MESSAGE_SIZE];
	ssize_t len = pthi_encode(command, &arg, request);

	if (len < 0 || write(fd, request, len) != len ||
	    read(fd, reply, sizeof(reply)) < 0)
		err(1, "%s", command->name);
	return 1;
}

/* The handles 0 and 1 are those of amt-sim; info asks for the list first. */
static unsigned int hash_trips(int fd, const struct pthi_command *command)
{
	return round_trip(fd, pthi_find("EnumerateHashHandles", NULL), 0) +
	       round_trip(fd, command, 0) + round_trip(fd, command, 1);
}

static double bare(const char *topic, unsigned int *trips)
{
	enum pthi_client client = PTHI_AMTHI;
	double start = now();
	int fd = connect_to(client);

	*trips = 0;
	for (size_t i = 0; i < pthi_command_count; i++) {
		const struct pthi_command *command = &pthi_commands[i];

		if (!command->topic || (topic && strcmp(topic, command->topic)))
			continue;
		if (command->client != client) {
			close(fd);
			client = command->client;
			fd = connect_to(client);
		}
		if (strcmp(command->topic, "hashes") == 0)
			*trips += hash_trips(fd, command);
		else
			*trips += round_trip(fd, command, 0);
	}
	close(fd);
	return now() - start;
}

/* ---- amt-helper ---- */

static double helper(const char *topic)
{
	const char *argv[] = { "amt-helper", "info", topic, NULL };
	posix_spawn_file_actions_t actions;
	double start = now();
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
					 O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, (char **)argv,
			 environ) != 0 ||
	    waitpid(pid, &status, 0) < 0 || status != 0)
		errx(1, "amt-helper info: status %d", status);
	posix_spawn_file_actions_destroy(&actions);
	return now() - start;
}

static int ascending(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), ascending);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	static double h_all[ROUNDS_MAX], h_one[ROUNDS_MAX];
	static double b_all[ROUNDS_MAX], b_one[ROUNDS_MAX];
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 15;
	unsigned int trips, first;
	double h, b;

	if (rounds == 0 || rounds > ROUNDS_MAX)
		errx(2, "usage: bench-info [ROUNDS], at most %d", ROUNDS_MAX);
	for (size_t i = 0; i < rounds; i++) {
		h_all[i] = helper(NULL);
		b_all[i] = bare(NULL, &trips);
		h_one[i] = helper(ONE);
		b_one[i] = bare(ONE, &first);
	}
	h = median(h_all, rounds) - median(h_one, rounds);
	b = median(b_all, rounds) - median(b_one, rounds);
	printf("{\"rounds\":%zu,\"round_trips\":%u,\"info_ms\":%.3f,"
	       "\"bare_ms\":%.3f,\"ratio\":%.3f}\n", rounds, trips - first,
	       h * 1e3, b * 1e3, h / b);
	return 0;
}
