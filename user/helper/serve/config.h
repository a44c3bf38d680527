/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be configured of serve: in /etc/amt-helper/amt-helper.conf, then in
 * the files *.conf of /etc/amt-helper/amt-helper.conf.d/ in the order of their
 * names, then on the command line.
 */
#ifndef SERVE_CONFIG_H
#define SERVE_CONFIG_H

#include <stdbool.h>
#include <sys/socket.h>

struct failure;

/* Most addresses to listen on, for each port. */
#define CONFIG_BIND_MAX 4

/**
 * struct serve_config - how to listen
 * @bind: IP addresses; their ports are 0
 * @bind_count: how many; 0: 127.0.0.1 and, if the host has IPv6, ::1
 * @port_offset: what is added to AMT's port to get that of the listener
 * @has_port_offset: it was set
 */
struct serve_config {
	struct sockaddr_storage bind[CONFIG_BIND_MAX];
	int bind_count;
	int port_offset;
	bool has_port_offset;
};

/**
 * config_add_bind() - listen on an address too
 * @config: the configuration
 * @text: an IPv4 or IPv6 address, the latter also in brackets
 *
 * Return: NULL, or what is wrong.
 */
const char *config_add_bind(struct serve_config *config, const char *text);

/**
 * config_set_port_offset() - listen on other ports than AMT names
 * @config: the configuration
 * @text: a number, -65534 to 65534
 *
 * Return: NULL, or what is wrong.
 */
const char *config_set_port_offset(struct serve_config *config,
				   const char *text);

/**
 * config_load() - read the files; one that does not exist is empty
 * @config: to be filled
 * @failure: EXIT_CONFIG, with file and line
 *
 * Return: 0, or -1 with @failure set.
 */
int config_load(struct serve_config *config, struct failure *failure);

/** config_override() - take over what is set in @by */
void config_override(struct serve_config *config,
		     const struct serve_config *by);

#endif /* SERVE_CONFIG_H */
