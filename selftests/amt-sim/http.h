/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The web server behind the forwarded ports, with TLS on 16993 and 664:
 *
 *   POST /wsman            Digest authentication, WS-Management, see wsman.h
 *   GET /                  Digest authentication, a page about this firmware
 *   GET /down/N            N bytes of a fixed pseudo-random sequence
 *   GET /down/N/sha256     SHA-256 of the same bytes in hex
 *   PUT or POST /up        SHA-256 of the body in hex
 *
 * N is at most 2^40; no body is held in memory.
 */
#ifndef AMT_SIM_HTTP_H
#define AMT_SIM_HTTP_H

#include <linux/types.h>

struct http;
struct sim;

/**
 * http_new - start the web server in the event loop
 * @sim: the virtual AMT, with options and event loop
 *
 * Return: the server, or NULL: the library refuses, or out of memory.
 */
struct http *http_new(struct sim *sim);

/**
 * http_free - end it and all its connections
 * @http: the server, or NULL
 */
void http_free(struct http *http);

/**
 * http_certificate - what it shows to TLS clients
 * @http: the server
 *
 * Return: the certificate as PEM.
 */
const char *http_certificate(const struct http *http);

/**
 * http_connect - connect to the server, without TCP
 * @http: the server
 * @port: the port the client wants
 *
 * Return: a non-blocking stream socket, or a negative errno; -ECONNREFUSED
 * when nothing listens on @port.
 */
int http_connect(struct http *http, __u32 port);

#endif /* AMT_SIM_HTTP_H */
