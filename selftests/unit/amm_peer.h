/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The far end of `amt-helper amm`: a test starts the program, takes its
 * connection, looks at each byte it sends, and answers with any bytes at all.
 * It knows the protocol as hex only.
 */
#ifndef UNIT_AMM_PEER_H
#define UNIT_AMM_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MESSAGE_MAX 65547
#define OUTPUT_MAX 400000

/* An argument that stands for the address and port of the peer. */
#define PEER "@"

/**
 * struct message - bytes of a reply
 * @size: how many
 * @bytes: the first of them
 */
struct message {
	size_t size;
	uint8_t bytes[MESSAGE_MAX];
};

/**
 * message_set() - begin with bytes in hex
 * @message: to be set
 * @hex: digits and spaces
 * @size: as long as this, with zeros; 0 for no longer than the hex
 */
void message_set(struct message *message, const char *hex, size_t size);

/** message_put() - overwrite @count bytes, little-endian, at @at */
void message_put(struct message *message, size_t at, uint64_t value,
		 unsigned int count);

/** message_resize() - another payload length, right in header and size */
void message_resize(struct message *message, unsigned int payload);

/**
 * struct peer - the far end, and the program that connects to it
 * @listener: on loopback
 * @port: its port
 * @fd: the connection; -1 without one
 * @pid: of the program; 0 without one
 * @pidfd: readable when it has ended
 * @output: its stdout and stderr
 * @out: what it printed to stdout, after peer_finish()
 * @err: and to stderr
 */
struct peer {
	int listener;
	unsigned int port;
	int fd;
	pid_t pid;
	int pidfd;
	int output[2];
	char out[OUTPUT_MAX];
	char err[OUTPUT_MAX];
};

/** peer_listen() - bind @address, port 0 for any, with room for @queue */
int peer_listen(struct peer *peer, const char *address, unsigned int port,
		int queue);

/** peer_path() - the program that is tested */
const char *peer_path(void);

/** peer_start() - start amt-helper with arguments, up to a NULL */
int peer_start(struct peer *peer, const char *const arguments[]);

/** peer_spawn() - start any program, with stdout to @out unless that is -1 */
int peer_spawn(struct peer *peer, const char *const arguments[], int out);

/** peer_accept() - take the connection; -1 when the program ended before */
int peer_accept(struct peer *peer);

/** peer_waits() - is there a connection that was not taken */
bool peer_waits(const struct peer *peer);

/** peer_dial() - connect to the peer, as somebody else; the descriptor */
int peer_dial(const struct peer *peer, const char *address);

/** peer_expect() - 0 if it sent these bytes, in hex; tells what else it sent */
int peer_expect(struct peer *peer, const char *hex);

/** peer_send() - send it bytes; 0, or -1 */
int peer_send(struct peer *peer, const void *bytes, size_t count);

/** peer_reply() - send a whole message; 0, or -1 */
int peer_reply(struct peer *peer, const struct message *message);

/** peer_hang_up() - end the connection with FIN, or with RST */
void peer_hang_up(struct peer *peer, bool reset);

/** peer_ended() - did the program end within so many milliseconds */
bool peer_ended(const struct peer *peer, int milliseconds);

/** peer_finish() - wait for the program; its exit code, or 128 + signal */
int peer_finish(struct peer *peer);

/** peer_close() - close all */
void peer_close(struct peer *peer);

#endif /* UNIT_AMM_PEER_H */
