/* SPDX-License-Identifier: GPL-2.0-only */
/* Who listens on a TCP port of this host. */
#ifndef LIB_HOLDER_H
#define LIB_HOLDER_H

#include <stddef.h>

/**
 * holder_find() - find the process that keeps others from listening
 * @address: the IP address to listen on
 * @port: and the port
 * @name: set to "NAME[PID]"; empty if there is none, or /proc hides it
 * @size: of @name
 */
void holder_find(const char *address, unsigned int port, char *name,
		 size_t size);

#endif /* LIB_HOLDER_H */
