// SPDX-License-Identifier: GPL-2.0-only
/* Values of options. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/parse.h"

#define PORT_MAX 65535

int parse_number(const char *text, unsigned int max, unsigned int *value)
{
	unsigned long number;

	/* No sign, no space, and not so long that strtoul() saturates. */
	if (!*text || strlen(text) > 9 ||
	    text[strspn(text, "0123456789")] != '\0')
		return -1;
	number = strtoul(text, NULL, 10);
	if (number > max)
		return -1;
	*value = (unsigned int)number;
	return 0;
}

int parse_port(const char *text, unsigned int *port)
{
	unsigned int number;

	if (parse_number(text, PORT_MAX, &number) < 0 || number == 0)
		return -1;
	*port = number;
	return 0;
}

int parse_endpoint(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	unsigned int port;
	size_t length;

	if (!colon || parse_port(colon + 1, &port) < 0 ||
	    (size_t)(colon - text) >= sizeof(host))
		return -1;
	length = colon - text;
	snprintf(host, sizeof(host), "%.*s", (int)length, text);
	in6.sin6_port = htons(port);
	in4.sin_port = htons(port);
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, host, &in4.sin_addr) == 1) {
		memcpy(address, &in4, sizeof(in4));
		return 0;
	}
	if (length < 2 || host[0] != '[' || host[length - 1] != ']')
		return -1;
	host[length - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &in6.sin6_addr) != 1)
		return -1;
	memcpy(address, &in6, sizeof(in6));
	return 0;
}
