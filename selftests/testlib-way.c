// SPDX-License-Identifier: GPL-2.0-only
/* Ways to a service inside AMT: a device node, or TCP through amt-helper. */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/amt_lme.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "testlib.h"

/* More than a client is given to hang up after AMT did. */
#define GONE_MS 10000

int tcp_connect(int family, unsigned int port)
{
	struct sockaddr_in in4 = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err;

	if (family == AF_INET)
		err = connect(fd, (struct sockaddr *)&in4, sizeof(in4));
	else
		err = connect(fd, (struct sockaddr *)&in6, sizeof(in6));
	if (!err)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int serve_start(struct process *helper)
{
	static const char *const argv[] = { "amt-helper", "serve", NULL };
	int err;

	carrier_stop();
	err = process_start(helper, -1, true, argv);
	return err ? err : process_expect(helper, "port 16992 bound");
}

int way_open(enum way way)
{
	return way == WAY_TCP ? tcp_connect(AF_INET, HTTP_PORT) :
				node_open(HTTP_PORT, 0);
}

int way_half_close(enum way way, int fd)
{
	int err = way == WAY_TCP ? shutdown(fd, SHUT_WR) :
				   ioctl(fd, AMT_LME_IOC_SHUTDOWN);

	return err ? -errno : 0;
}

int files_of(pid_t pid)
{
	char path[32];
	int n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	for (struct dirent *e; (e = readdir(dir));)
		n += isdigit(e->d_name[0]) != 0;
	closedir(dir);
	return n;
}

int files_settle(pid_t pid, int files)
{
	int64_t end = now_ms() + GONE_MS;
	int now = files_of(pid);

	while (now != files && now_ms() < end) {
		poll(NULL, 0, 10);
		now = files_of(pid);
	}
	return now;
}

int clients_gone(const struct process *helper, int files)
{
	int64_t end = now_ms() + GONE_MS;
	struct genl_answer answer = { 0 };
	struct link_state link = { 0 };
	struct genl g;
	int err = genl_open(&g, false);

	while (!err) {
		err = channels_dump(&g, &answer) ?: link_get(&link);
		if (!err && !answer.channels && !link.channels &&
		    files_of(helper->pid) == files)
			break;
		if (now_ms() > end)
			err = -EBUSY;
		poll(NULL, 0, 10);
	}
	genl_close(&g);
	if (err)
		say("left: %d channels, %u slots, %d descriptors for %d",
		    answer.channels, link.channels, files_of(helper->pid),
		    files);
	return err;
}
