// SPDX-License-Identifier: GPL-2.0-only
/* Who listens on the ports that AMT forwards. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "helper/doctor/doctor.h"
#include "helper/doctor/tree.h"

/* State of a socket in /proc/net/tcp, include/net/tcp_states.h. */
#define STATE_LISTEN 10

/* Documentation/protocol.rst, "Ports". */
static const unsigned int ports[] = { 16992, 16993, 16994, 16995, 623, 664 };

static bool is_watched(unsigned int port)
{
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* Words of the address as the machine has them: 8 hex digits, or 32. */
static bool is_in_the_way(const char *hex)
{
	struct in6_addr address = { 0 };
	size_t words = strlen(hex) / 8;

	for (size_t i = 0; i < words && i < 4; i++)
		if (sscanf(hex + i * 8, "%8" SCNx32, &address.s6_addr32[i]) != 1)
			return false;
	if (words == 1)
		return address.s6_addr32[0] == htonl(INADDR_ANY) ||
		       address.s6_addr32[0] == htonl(INADDR_LOOPBACK);
	return IN6_IS_ADDR_UNSPECIFIED(&address) ||
	       IN6_IS_ADDR_LOOPBACK(&address);
}

static void read_socket(struct doctor *doctor, const char *line)
{
	struct listener *listener = &doctor->listeners[doctor->listener_count];
	unsigned int port, state;
	unsigned long inode;
	char address[33];

	if (doctor->listener_count == LISTENERS_MAX ||
	    sscanf(line, " %*d: %32[0-9A-F]:%x %*s %x %*s %*s %*s %*u %*u %lu",
		   address, &port, &state, &inode) != 4)
		return;
	if (state != STATE_LISTEN || !is_watched(port) ||
	    !is_in_the_way(address))
		return;
	*listener = (struct listener){ .port = port, .inode = inode };
	doctor->listener_count++;
}

static void read_sockets(struct doctor *doctor, int root, const char *name)
{
	FILE *file = tree_file(root, "proc/net/%s", name);
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return;
	while (getline(&line, &size, file) > 0)
		read_socket(doctor, line);
	free(line);
	(void)fclose(file);
}

void look_at_ports(struct doctor *doctor, int root)
{
	read_sockets(doctor, root, "tcp");
	read_sockets(doctor, root, "tcp6");
}
