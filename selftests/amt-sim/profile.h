/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AMT_SIM_PROFILE_H
#define AMT_SIM_PROFILE_H

#include <linux/types.h>

#define SIM_MAX_PORTS 16

/**
 * struct profile - how one firmware differs from another
 * @name: on the command line
 * @summary: for --help
 * @amt: generation of the firmware, which PTHI and MKHI tell
 * @ports: ports to forward, in this order, with 0 behind the last
 * @address: of these forwards
 * @auth: method of a USERAUTH_REQUEST before the forwards, or NULL for none
 * @message_size: max_msg_length of the LME client, bytes
 * @window: receive window of a channel, bytes
 * @slots: channels that may be open at once in one session
 * @connections: max_number_of_connections of the LME client
 * @rest_ms: take the forwards back after so long without a channel, or 0
 * @keepalive_s: seconds between keep-alives, or 0 for none
 * @tls: "1.2" or "1.3" for that TLS version alone, NULL for both
 * @key_away_ms: LME is gone for so long when a key has been made, or 0
 * @key_ports: and then it forwards these, if there are any
 * @key_silence_ms: and in TLS 1.3 it leaves the first request of a connection
 *                  waiting for so long
 */
struct profile {
	const char *name;
	const char *summary;
	unsigned int amt;
	__u16 ports[SIM_MAX_PORTS + 1];
	const char *address;
	const char *auth;
	unsigned int message_size;
	unsigned int window;
	unsigned int slots;
	unsigned int connections;
	unsigned int rest_ms;
	unsigned int keepalive_s;
	const char *tls;
	unsigned int key_away_ms;
	__u16 key_ports[SIM_MAX_PORTS + 1];
	unsigned int key_silence_ms;
};

/* Ends with one without a name; the first is the default. */
extern const struct profile profiles[];

/**
 * profile_find - the profile of that name
 * @name: from the command line
 *
 * Return: the profile, or NULL.
 */
const struct profile *profile_find(const char *name);

#endif /* AMT_SIM_PROFILE_H */
