// SPDX-License-Identifier: GPL-2.0-only
/* Values of options. */
#include <argp.h>
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/parse.h"

#define PORT_MAX 65535
#define ARGPS_MAX 4

static error_t pass_option(int key, char *arg, struct argp_state *state)
{
	(void)key;
	(void)arg;
	(void)state;
	return 0;
}

static error_t find_word(int key, char *arg, struct argp_state *state)
{
	int *place = state->input;

	(void)arg;
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	*place = state->next - 1;
	state->next = state->argc;
	return 0;
}

bool take_word(int argc, char **argv, const char *word, const struct argp *argp)
{
	struct argp_child children[ARGPS_MAX + 1] = { { 0 } };
	struct argp argps[ARGPS_MAX] = { { 0 } };
	const struct argp all = { .parser = find_word, .children = children };
	int place = 0;

	for (int i = 0; argp && i < ARGPS_MAX; i++) {
		argps[i].options = argp->options;
		argps[i].parser = pass_option;
		children[i].argp = &argps[i];
		argp = argp->children ? argp->children->argp : NULL;
	}
	argp_parse(&all, argc, argv,
		   ARGP_IN_ORDER | ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_NO_EXIT,
		   NULL, &place);
	if (place == 0 || strcmp(argv[place], word) != 0)
		return false;
	memmove(&argv[place], &argv[place + 1],
		(argc - place) * sizeof(argv[0]));
	return true;
}

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

int parse_u32(const char *text, uint32_t *value)
{
	bool hex = strncmp(text, "0x", 2) == 0;
	const char *digits = hex ? text + 2 : text;
	unsigned long number;

	if (!*digits || strlen(digits) > 10 ||
	    digits[strspn(digits, hex ? "0123456789abcdefABCDEF" :
					"0123456789")] != '\0')
		return -1;
	number = strtoul(digits, NULL, hex ? 16 : 10);
	if (number > UINT32_MAX)
		return -1;
	*value = (uint32_t)number;
	return 0;
}

int parse_hex_byte(const char *text)
{
	char digits[3] = "";

	memcpy(digits, text, strnlen(text, 2));
	if (!isxdigit((unsigned char)digits[0]) ||
	    !isxdigit((unsigned char)digits[1]))
		return -1;
	return (int)strtoul(digits, NULL, 16);
}

int parse_port(const char *text, unsigned int *port)
{
	unsigned int number;

	if (parse_number(text, PORT_MAX, &number) < 0 || number == 0)
		return -1;
	*port = number;
	return 0;
}

void set_port(struct sockaddr_storage *address, unsigned int port)
{
	struct sockaddr_in6 *in6 = (void *)address;
	struct sockaddr_in *in4 = (void *)address;

	if (address->ss_family == AF_INET6)
		in6->sin6_port = htons(port);
	else
		in4->sin_port = htons(port);
}

int parse_address(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in6 *in6 = (void *)address;
	struct sockaddr_in *in4 = (void *)address;
	char host[INET6_ADDRSTRLEN];
	size_t length = strlen(text);

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		return 0;
	}
	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length >= sizeof(host))
		return -1;
	snprintf(host, sizeof(host), "%.*s", (int)length, text);
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		return -1;
	in6->sin6_family = AF_INET6;
	return 0;
}

int parse_endpoint(const char *text, struct sockaddr_storage *address)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	unsigned int port;

	if (!colon || parse_port(colon + 1, &port) < 0 ||
	    (size_t)(colon - text) >= sizeof(host))
		return -1;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	/* Without brackets, IPv6 leaves open where the port begins. */
	if (parse_address(host, address) < 0 ||
	    (address->ss_family == AF_INET6 && host[0] != '['))
		return -1;
	set_port(address, port);
	return 0;
}

/* Where the host ends and the port begins; NULL if the brackets are wrong. */
static const char *host_end(const char *text)
{
	const char *colon = strchr(text, ':');

	if (*text == '[') {
		const char *end = strchr(text, ']');

		return end && (end[1] == '\0' || end[1] == ':') ? end : NULL;
	}
	/* With several colons it is an IPv6 address without a port. */
	if (colon && !strchr(colon + 1, ':'))
		return colon;
	return text + strlen(text);
}

int parse_host(const char *text, char *host, size_t size, unsigned int *port)
{
	const char *end = host_end(text);
	const char *begin = *text == '[' ? text + 1 : text;

	if (!end || end == begin || (size_t)(end - begin) >= size)
		return -1;
	snprintf(host, size, "%.*s", (int)(end - begin), begin);
	if (host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:%")])
		return -1;
	if (*end == ']')
		end++;
	return *end ? parse_port(end + 1, port) : 0;
}

bool is_loopback(const struct sockaddr_storage *address,
		 char text[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in6 *in6 = (const void *)address;
	const struct sockaddr_in *in4 = (const void *)address;

	if (address->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, text, INET6_ADDRSTRLEN);
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	}
	inet_ntop(AF_INET, &in4->sin_addr, text, INET6_ADDRSTRLEN);
	return ntohl(in4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}
