// SPDX-License-Identifier: GPL-2.0-only
/* Who listens on a TCP port: /proc/net/tcp and tcp6, then all descriptors. */
#include <arpa/inet.h>
#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/holder.h"

#define STATE_LISTEN 0x0a

/* An address as /proc/net/tcp and tcp6 write it, see proc(5). */
struct key {
	char hex[33];
	unsigned int port;
};

static bool is_any(const char *hex)
{
	return hex[strspn(hex, "0")] == '\0';
}

static bool in_the_way(const char *line, const struct key *key,
		       unsigned long *inode)
{
	unsigned int port, state;
	char hex[33];

	return sscanf(line,
		      " %*d: %32[0-9A-F]:%x %*32[0-9A-F]:%*x %x %*s %*s %*s %*d %*d %lu",
		      hex, &port, &state, inode) == 4 &&
	       port == key->port && state == STATE_LISTEN &&
	       (is_any(hex) || is_any(key->hex) || strcmp(hex, key->hex) == 0);
}

/* The inode of the first socket that is, or 0. */
static unsigned long find_inode(const char *path, const struct key *key)
{
	unsigned long found = 0;
	unsigned long inode;
	char line[512];
	FILE *file = fopen(path, "re");

	if (!file)
		return 0;
	while (!found && fgets(line, sizeof(line), file))
		if (in_the_way(line, key, &inode))
			found = inode;
	fclose(file);
	return found;
}

/* A socket of IPv6 may take IPv4 too, if it is on all addresses. */
static unsigned long find_socket(const char *address, unsigned int port)
{
	struct key key = { .port = port };
	unsigned long inode;
	uint32_t word[4];

	if (inet_pton(AF_INET6, address, word) == 1) {
		snprintf(key.hex, sizeof(key.hex), "%08X%08X%08X%08X", word[0],
			 word[1], word[2], word[3]);
		return find_inode("/proc/net/tcp6", &key);
	}
	if (inet_pton(AF_INET, address, word) != 1)
		return 0;
	snprintf(key.hex, sizeof(key.hex), "%08X", word[0]);
	inode = find_inode("/proc/net/tcp", &key);
	return inode ? inode : find_inode("/proc/net/tcp6", &key);
}

static bool is_link_to(const char *path, const char *target)
{
	char buffer[64];
	ssize_t n = readlink(path, buffer, sizeof(buffer) - 1);

	if (n < 0)
		return false;
	buffer[n] = '\0';
	return strcmp(buffer, target) == 0;
}

/* @path is /proc/PID/fd/N. */
static void name_process(const char *path, char *name, size_t size)
{
	char comm[64], word[32] = "";
	FILE *file;
	int pid;

	if (sscanf(path, "/proc/%d/", &pid) != 1)
		return;
	snprintf(comm, sizeof(comm), "/proc/%d/comm", pid);
	file = fopen(comm, "re");
	if (file && fgets(word, sizeof(word), file))
		word[strcspn(word, "\n")] = '\0';
	if (file)
		fclose(file);
	snprintf(name, size, "%s[%d]", word, pid);
}

void holder_find(const char *address, unsigned int port, char *name,
		 size_t size)
{
	unsigned long inode = find_socket(address, port);
	char target[32];
	glob_t found;

	name[0] = '\0';
	if (!inode)
		return;
	snprintf(target, sizeof(target), "socket:[%lu]", inode);
	if (glob("/proc/[0-9]*/fd/*", GLOB_NOSORT, NULL, &found) != 0)
		return;
	for (size_t i = 0; !name[0] && i < found.gl_pathc; i++)
		if (is_link_to(found.gl_pathv[i], target))
			name_process(found.gl_pathv[i], name, size);
	globfree(&found);
}
