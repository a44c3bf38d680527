// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which ports a generation forwards, when it rests, and what of TLS it speaks
 * is known, see Documentation/protocol.rst "Forwards".
 * Sizes are not; they differ here, so that nobody relies on one of them.
 */
#include <stddef.h>
#include <string.h>

#include "profile.h"

#define FQDN "amt.example.com"

const struct profile profiles[] = {
	{
		.name = "default", .summary = "AMT 16 that never rests",
		.amt = 16,
		.ports = { 16992, 623 }, .address = "",
		.message_size = 4096, .window = 4096,
		.slots = 8, .connections = 1,
	}, {
		.name = "7", .summary = "small messages, forwards with a name",
		.amt = 7,
		.ports = { 16992, 623 }, .address = FQDN, .tls = "1.2",
		.message_size = 1024, .window = 1024,
		.slots = 8, .connections = 1,
	}, {
		.name = "11", .summary = "TLS beside the rest, USERAUTH none",
		.amt = 11,
		.ports = { 16993, 16992, 664, 623 }, .address = FQDN,
		.auth = "none", .tls = "1.2",
		.message_size = 2048, .window = 4096,
		.slots = 8, .connections = 1,
	}, {
		.name = "16", .summary = "takes its forwards back when idle",
		.amt = 16,
		.ports = { 16992, 623 }, .address = "", .rest_ms = 3000,
		.message_size = 4096, .window = 4096,
		.slots = 8, .connections = 1,
	}, {
		.name = "18",
		.summary = "TLS beside the rest; gone when it makes a key",
		.amt = 18,
		.ports = { 16992, 16993, 623, 664 }, .address = "",
		.message_size = 5120, .window = 8192,
		.slots = 8, .connections = 1,
		.key_away_ms = 6000, .key_ports = { 16993, 664 },
		.key_silence_ms = 10000,
	}, {
		.name = "20", .summary = "TLS only",
		.amt = 20,
		.ports = { 16993, 664 }, .address = "",
		.message_size = 16384, .window = 16384,
		.slots = 8, .connections = 1,
	}, {
		.name = "21", .summary = "TLS 1.3 only",
		.amt = 21,
		.ports = { 16993, 664 }, .address = "", .tls = "1.3",
		.message_size = 16384, .window = 16384,
		.slots = 8, .connections = 1,
	}, {
		.name = "shared",
		.summary = "two connections, which the MEI bus does not show",
		.amt = 16,
		.ports = { 16992, 623 }, .address = "",
		.message_size = 4096, .window = 4096,
		.slots = 8, .connections = 2,
	},
	{ 0 }
};

const struct profile *profile_find(const char *name)
{
	for (const struct profile *p = profiles; p->name; p++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}
