// SPDX-License-Identifier: GPL-2.0-only
/* /dev/meiN: connections to clients of the firmware. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <linux/mei.h>

#include "lib/mei.h"

const uint8_t mei_guid_amthi[MEI_GUID_SIZE] = {
	0x28, 0x00, 0xf8, 0x12, 0xb7, 0xb4, 0x2d, 0x4b,
	0xac, 0xa8, 0x46, 0xe0, 0xff, 0x65, 0x81, 0x4c,
};

const uint8_t mei_guid_lme[MEI_GUID_SIZE] = {
	0xdb, 0xa4, 0x33, 0x67, 0x76, 0x04, 0x7b, 0x4e,
	0xb3, 0xaf, 0xbc, 0xfc, 0x29, 0xbe, 0xe7, 0xa7,
};

const uint8_t mei_guid_mkhi[MEI_GUID_SIZE] = {
	0x15, 0x67, 0x6a, 0x8e, 0xbc, 0x9a, 0x43, 0x40,
	0x88, 0xef, 0x9e, 0x39, 0xc6, 0xf6, 0x3e, 0x0f,
};

const uint8_t mei_guid_manageability[MEI_GUID_SIZE] = {
	0x6f, 0x9a, 0xb7, 0x05, 0x28, 0x46, 0x7f, 0x4d,
	0x89, 0x9d, 0xa9, 0x15, 0x14, 0xcb, 0x32, 0xab,
};

static void on_alarm(int signal)
{
	(void)signal;
}

/*
 * A system call that waits, but not longer than @seconds: -ETIME. The signal
 * comes again, as the first may be there before the call waits.
 */
static int call_in_time(int (*call)(int fd), int fd, time_t seconds)
{
	/* Without SA_RESTART the signal ends the wait. */
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval after = {
		.it_value.tv_sec = seconds,
		.it_interval.tv_sec = 1,
	};
	const struct itimerval never = { .it_value.tv_sec = 0 };
	struct sigaction old;
	sigset_t alarm, mask;
	int ret = 0;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigaction(SIGALRM, &action, &old);
	sigprocmask(SIG_UNBLOCK, &alarm, &mask);
	setitimer(ITIMER_REAL, &after, NULL);
	if (call(fd) < 0)
		ret = errno == EINTR ? -ETIME : -errno;
	setitimer(ITIMER_REAL, &never, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGALRM, &old, NULL);
	return ret;
}

static int lock(int fd)
{
	return flock(fd, LOCK_EX);
}

/*
 * The descriptor with the connection is the lower one: when the program is
 * killed, the kernel ends the connection before it lets the lock go.
 */
static int open_device(struct mei *mei, const char *path, unsigned int seconds)
{
	snprintf(mei->path, sizeof(mei->path), "%s", path);
	mei->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (mei->fd < 0)
		return -errno;
	if (seconds == 0)
		return 0;
	mei->lock = open(path, O_RDWR | O_CLOEXEC);
	if (mei->lock < 0)
		return -errno;
	return call_in_time(lock, mei->lock, seconds);
}

/* How the kernel says that a reset of the link came between, by version. */
static int connect_error(int error)
{
	return error == EFAULT || error == ETIME ? -ENODEV : -error;
}

static int try_device(struct mei *mei, const char *path, const uint8_t *guid,
		      unsigned int seconds)
{
	struct mei_connect_client_data data = { 0 };
	int ret = open_device(mei, path, seconds);

	/* On success the answer overwrites the name of the client. */
	memcpy(&data.in_client_uuid, guid, MEI_GUID_SIZE);
	if (ret == 0 && ioctl(mei->fd, IOCTL_MEI_CONNECT_CLIENT, &data) < 0)
		ret = connect_error(errno);
	if (ret < 0) {
		mei_close(mei);
		return ret;
	}
	mei->max_message = data.out_client_properties.max_msg_length;
	mei->version = data.out_client_properties.protocol_version;
	return 0;
}

int mei_attribute(const char *path, const char *name, char *text, size_t size)
{
	const char *device = strrchr(path, '/');
	char attribute[128];
	size_t length;
	FILE *file;

	snprintf(attribute, sizeof(attribute), "/sys/class/mei/%s/%s",
		 device ? device + 1 : path, name);
	file = fopen(attribute, "re");
	if (!file)
		return -errno;
	length = fread(text, 1, size - 1, file);
	fclose(file);
	if (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return 0;
}

/* Kernels before 5.8 do not say. */
bool mei_is_csme(const char *path)
{
	char kind[16];

	return mei_attribute(path, "kind", kind, sizeof(kind)) < 0 ||
	       strcmp(kind, "mei") == 0;
}

static int by_number(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;
	size_t left_len = strlen(*left), right_len = strlen(*right);

	if (left_len != right_len)
		return left_len < right_len ? -1 : 1;
	return strcmp(*left, *right);
}

static int try_all(struct mei *mei, const glob_t *found, const uint8_t *guid,
		   unsigned int seconds)
{
	int ret = -ENOENT, latest;

	for (size_t i = 0; i < found->gl_pathc; i++) {
		if (!mei_is_csme(found->gl_pathv[i]))
			continue;
		latest = try_device(mei, found->gl_pathv[i], guid, seconds);
		if (latest == 0)
			return 0;
		/* Of several reasons, that the client is missing is the least. */
		if (ret == -ENOENT || ret == -ENOTTY)
			ret = latest;
	}
	return ret;
}

/* Without @seconds others are not looked at. */
static int connect_to(struct mei *mei, const char *device, const uint8_t *guid,
		      unsigned int seconds)
{
	glob_t found;
	int ret;

	if (device)
		return try_device(mei, device, guid, seconds);
	ret = glob("/dev/mei[0-9]*", GLOB_NOSORT, NULL, &found);
	if (ret == GLOB_NOSPACE || ret == GLOB_ABORTED)
		return -ENOMEM;
	if (ret == 0)
		qsort(found.gl_pathv, found.gl_pathc, sizeof(char *),
		      by_number);
	glob("/dev/mei", GLOB_APPEND, NULL, &found);
	ret = try_all(mei, &found, guid, seconds);
	globfree(&found);
	return ret;
}

int mei_connect(struct mei *mei, const char *device, const uint8_t *guid,
		unsigned int seconds)
{
	return connect_to(mei, device, guid, seconds);
}

int mei_connect_shared(struct mei *mei, const char *device,
		       const uint8_t *guid)
{
	return connect_to(mei, device, guid, 0);
}

bool mei_on_bus(const char *uuid)
{
	char pattern[128];
	glob_t found;
	int ret;

	snprintf(pattern, sizeof(pattern), "/sys/bus/mei/devices/*%s*", uuid);
	ret = glob(pattern, GLOB_NOSORT, NULL, &found);
	globfree(&found);
	return ret == 0;
}

int mei_flush(int fd)
{
	return call_in_time(fsync, fd, MEI_FLUSH_SECONDS);
}

void mei_close(struct mei *mei)
{
	if (mei->fd >= 0)
		close(mei->fd);
	if (mei->lock >= 0)
		close(mei->lock);
	mei->fd = -1;
	mei->lock = -1;
}

/* What the kernel says before it gives a message to the firmware. */
static bool is_unsent(int error)
{
	return error == ENODEV || error == ENOTTY || error == EFBIG ||
	       error == EAGAIN || error == ENOMEM;
}

int mei_send(struct mei *mei, const void *msg, size_t len, bool *unsent)
{
	ssize_t n;

	do {
		n = write(mei->fd, msg, len);
	} while (n < 0 && errno == EINTR);
	*unsent = n < 0 && is_unsent(errno);
	return n < 0 ? -errno : 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

ssize_t mei_receive(struct mei *mei, void *msg, unsigned int timeout_ms)
{
	struct pollfd p = { .fd = mei->fd, .events = POLLIN };
	int64_t left, end = now_ms() + timeout_ms;
	ssize_t n;

	for (;;) {
		left = end - now_ms();
		n = poll(&p, 1, left > 0 ? (int)left : 0);
		if (n == 0)
			return -ETIME;
		if (n > 0)
			n = read(mei->fd, msg, mei->max_message);
		if (n >= 0)
			return n;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}
