/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of options. */
#ifndef HELPER_PARSE_H
#define HELPER_PARSE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct argp;
struct sockaddr_storage;

/**
 * take_word() - take a word out of a command line
 * @argc: how many arguments
 * @argv: from the name of the program on; with one argument less afterwards
 * @word: must be the first that is neither an option nor the value of one
 * @argp: knows the options; it and its children have at most one child
 *
 * Return: whether it was there.
 */
bool take_word(int argc, char **argv, const char *word,
	       const struct argp *argp);

/**
 * parse_number() - a decimal number
 * @text: digits and nothing else
 * @max: the largest that is allowed
 * @value: set if it is one
 *
 * Return: 0, or -1.
 */
int parse_number(const char *text, unsigned int max, unsigned int *value);

/** parse_u32() - a 32-bit number, decimal or 0x and hex; 0, or -1 */
int parse_u32(const char *text, uint32_t *value);

/** parse_hex_byte() - the value of the two hex digits at @text, or -1 */
int parse_hex_byte(const char *text);

/** parse_port() - a port, 1 to 65535; 0, or -1 */
int parse_port(const char *text, unsigned int *port);

/**
 * parse_address() - an IP address, with port 0
 * @text: "127.0.0.1", "::1" or "[::1]"
 * @address: set if it is one; what it does not use is 0
 *
 * Return: 0, or -1.
 */
int parse_address(const char *text, struct sockaddr_storage *address);

/**
 * parse_endpoint() - an IP address and a port
 * @text: "127.0.0.1:40000" or "[::1]:40000"; the port is not 0
 * @address: set if it is one
 *
 * Return: 0, or -1.
 */
int parse_endpoint(const char *text, struct sockaddr_storage *address);

/**
 * parse_host() - a name or an IP address, and perhaps a port
 * @text: "name", "192.0.2.1:5", "::1" or "[::1]:5"
 * @host: set to what is left of the port, without brackets
 * @size: room in @host
 * @port: set if there is one
 *
 * Return: 0, or -1.
 */
int parse_host(const char *text, char *host, size_t size, unsigned int *port);

/** set_port() - set the port of an IP address */
void set_port(struct sockaddr_storage *address, unsigned int port);

/**
 * is_loopback() - is it an address that other machines cannot reach
 * @address: an IP address
 * @text: set to the address as text
 */
bool is_loopback(const struct sockaddr_storage *address,
		 char text[INET6_ADDRSTRLEN]);

#endif /* HELPER_PARSE_H */
