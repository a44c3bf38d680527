// SPDX-License-Identifier: GPL-2.0-only
/*
 * That there is one daemon: it has a lock, for as long as it lives. A socket
 * that is there when the lock is taken is left over, whoever made it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "helper/daemon.h"
#include "helper/failure.h"
#include "helper/serve/instance.h"
#include "helper/serve/lifecycle.h"

#define LOCK_FILE DAEMON_DIR "/lock"

/* -EBUSY: @owner has the lock; 0 or less if it is in another PID namespace. */
static int take_lock(int fd, pid_t *owner)
{
	struct flock lock;

	do {
		lock = (struct flock){ .l_type = F_WRLCK };
		if (fcntl(fd, F_SETLK, &lock) == 0)
			return 0;
		if ((errno != EAGAIN && errno != EACCES) ||
		    fcntl(fd, F_GETLK, &lock) < 0)
			return -errno;
	} while (lock.l_type == F_UNLCK); /* its owner has just ended */
	*owner = lock.l_pid;
	return -EBUSY;
}

static int open_lock(void)
{
	int fd;

	if (mkdir(DAEMON_DIR, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* Owner and group may ask; the group is that of the process. */
static int bind_socket(int fd)
{
	const struct sockaddr_un address = {
		.sun_family = AF_UNIX,
		.sun_path = DAEMON_SOCKET,
	};
	mode_t mask;
	int ret = 0;

	if (unlink(DAEMON_SOCKET) < 0 && errno != ENOENT)
		return -errno;
	mask = umask(0117);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		ret = -errno;
	umask(mask);
	return ret;
}

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	ret = bind_socket(fd);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

int instance_open(struct instance *instance, struct failure *failure)
{
	int ret = open_lock();
	pid_t owner = 0;

	instance->lock = ret;
	if (ret >= 0)
		ret = take_lock(ret, &owner);
	if (ret == -EBUSY && owner > 0)
		return failure_set(failure, EXIT_BUSY,
				   "amt-helper serve is running already, as process %d; stop that one first",
				   owner);
	if (ret == -EBUSY)
		return failure_set(failure, EXIT_BUSY,
				   "amt-helper serve is running already, in another container; stop that one first");
	if (ret == 0)
		ret = open_socket();
	instance->socket = ret;
	if (ret < 0)
		lifecycle(LIFECYCLE_NO_CONTROL,
			  "no control socket: " DAEMON_DIR ": %s; status and events show the kernel's half only",
			  strerror(-ret));
	return 0;
}

void instance_close_socket(struct instance *instance)
{
	if (instance->socket < 0)
		return;
	unlink(DAEMON_SOCKET);
	close(instance->socket);
	instance->socket = -1;
}

void instance_close(struct instance *instance)
{
	instance_close_socket(instance);
	if (instance->lock >= 0)
		close(instance->lock);
}
