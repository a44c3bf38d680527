// SPDX-License-Identifier: GPL-2.0-only
/* The character devices of the LME driver. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/amt_lme.h>

#include "lib/device.h"
#include "lib/mei.h"

int device_open_ctl(void)
{
	int fd = open(DEVICE_CTL, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int device_hold(int ctl)
{
	return ioctl(ctl, AMT_LME_IOC_HOLD) < 0 ? -errno : 0;
}

int device_yield(int ctl)
{
	return ioctl(ctl, AMT_LME_IOC_YIELD) < 0 ? -errno : 0;
}

int device_link(int ctl, unsigned int max_message)
{
	struct amt_lme_link link = {
		.size = sizeof(link),
		.max_message = max_message,
	};
	int fd = ioctl(ctl, AMT_LME_IOC_LINK, &link);

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

static int set_originator(struct amt_lme_connect *connect,
			  const struct sockaddr *peer)
{
	const struct sockaddr_in6 *in6 = (const void *)peer;
	const struct sockaddr_in *in4 = (const void *)peer;
	const void *address;

	switch (peer->sa_family) {
	case AF_INET:
		address = &in4->sin_addr;
		connect->orig_port = ntohs(in4->sin_port);
		break;
	case AF_INET6:
		address = &in6->sin6_addr;
		connect->orig_port = ntohs(in6->sin6_port);
		break;
	default:
		return -EAFNOSUPPORT;
	}
	connect->family = peer->sa_family;
	if (!inet_ntop(peer->sa_family, address, connect->orig_addr,
		       sizeof(connect->orig_addr)))
		return -errno;
	return 0;
}

int device_connect(int ctl, unsigned int port, const struct sockaddr *peer)
{
	struct amt_lme_connect connect = {
		.size = sizeof(connect),
		.flags = AMT_LME_CONNECT_NONBLOCK,
		.port = port,
	};
	int ret = set_originator(&connect, peer);

	if (ret < 0)
		return ret;
	ret = ioctl(ctl, AMT_LME_IOC_CONNECT, &connect);
	return ret < 0 ? -errno : ret;
}

int device_shutdown(int channel)
{
	return ioctl(channel, AMT_LME_IOC_SHUTDOWN) < 0 ? -errno : 0;
}

bool device_node_ready(unsigned int port)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/amt_lme/%u", port);
	return access(path, F_OK) == 0 || access(DEVICE_CTL, F_OK) != 0;
}

static bool is_disabled(const char *path)
{
	char state[16];

	return mei_is_csme(path) &&
	       mei_attribute(path, "dev_state", state, sizeof(state)) == 0 &&
	       strcmp(state, "DISABLED") == 0;
}

static bool any_mei(bool (*is_it)(const char *path))
{
	bool any = false;
	glob_t found;

	if (glob("/sys/class/mei/mei*", GLOB_NOSORT, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			any |= is_it(found.gl_pathv[i]);
	globfree(&found);
	return any;
}

bool device_mei_disabled(void)
{
	return any_mei(is_disabled);
}

bool device_mei_present(void)
{
	return any_mei(mei_is_csme);
}
