/* SPDX-License-Identifier: GPL-2.0-only */
/* The AMM that a command talks to, and how: what all such commands share. */
#ifndef HELPER_AMM_TARGET_H
#define HELPER_AMM_TARGET_H

#include <argp.h>
#include <netdb.h>
#include <stdbool.h>

#include "amm/message.h"

struct failure;
struct json_object;

/**
 * struct amm_target - from the command line
 * @host: empty if none was named; there is no default
 * @port: its port
 * @timeout: seconds, for all that is done
 * @version: also accepted in replies
 * @json: print JSON
 */
struct amm_target {
	char host[NI_MAXHOST];
	unsigned int port;
	unsigned int timeout;
	struct amm_version version;
	bool json;
};

/** AMM_TARGET - before the command line was read */
#define AMM_TARGET { .port = AMM_PORT, .timeout = 10, .version = { 1, 0 } }

/** amm_target_children - a child parser: options, and the argument HOST[:PORT] */
extern const struct argp_child amm_target_children[];

/** amm_target_set() - take HOST[:PORT]; leaves with an error if it is wrong */
void amm_target_set(struct amm_target *target, char *text,
		    struct argp_state *state);

/**
 * amm_target_failed() - make a failure of an error
 * @target: with whom it came to it
 * @failure: to be set
 * @error: the error
 *
 * Return: -1.
 */
int amm_target_failed(const struct amm_target *target, struct failure *failure,
		      const struct amm_error *error);

/** amm_target_describe() - add host and port to @object */
void amm_target_describe(const struct amm_target *target,
			 struct json_object *object);

/** amm_describe_peer() - add who answered, with what version, and when */
void amm_describe_peer(struct json_object *object, const char *address,
		       struct amm_version version);

/** amm_describe_code() - add a response code as "0x41" */
void amm_describe_code(struct json_object *object, uint32_t code);

/**
 * amm_warn() - tell of what is odd in a reply
 * @warnings: array to append to; NULL prints a line to stderr
 * @name: for programs
 * @format: as of printf(), without a newline
 */
void __attribute__((format(printf, 3, 4)))
amm_warn(struct json_object *warnings, const char *name, const char *format,
	 ...);

/** amm_warn_reply() - tell of what is odd in the header of a reply */
void amm_warn_reply(struct json_object *warnings,
		    const struct amm_reply *reply);

/** amm_warn_more() - tell of bytes after the last reply */
void amm_warn_more(struct json_object *warnings);

#endif /* HELPER_AMM_TARGET_H */
