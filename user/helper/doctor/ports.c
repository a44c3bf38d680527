// SPDX-License-Identifier: GPL-2.0-only
/* Who listens on the ports that AMT forwards. */
#include "helper/doctor/doctor.h"

/* Documentation/protocol.rst, "Ports". */
static const unsigned int ports[] = { 16992, 16993, 16994, 16995, 623, 664 };

static bool is_watched(unsigned int port)
{
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (ports[i] == port)
			return true;
	return false;
}

static bool is_in_the_way(const struct listening *socket)
{
	static const char *const ours[] = { "127.0.0.1", "::1" };
	struct in6_addr address;

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (listening_address(ours[i], &address) &&
		    listening_bars(socket, &address))
			return true;
	return false;
}

static void on_socket(void *arg, const struct listening *socket)
{
	struct doctor *doctor = arg;

	if (doctor->listener_count == LISTENERS_MAX ||
	    !is_watched(socket->port) || !is_in_the_way(socket))
		return;
	doctor->listeners[doctor->listener_count++] = (struct listener){
		.port = socket->port,
		.inode = socket->inode,
	};
}

void look_at_ports(struct doctor *doctor, int root)
{
	listening_look(root, on_socket, doctor);
}
