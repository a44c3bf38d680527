// SPDX-License-Identifier: GPL-2.0-only
/* An AMT that breaks the rules, and what the driver makes of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "testlib.h"

const char *reaction(struct result *r, const char *hex)
{
	char command[2048];
	char *end;

	snprintf(command, sizeof(command), "send %s", hex);
	if (sim_command(command) || sim_command("send D012345678") ||
	    sim_ask(r, "trace D112345678"))
		return "no answer";
	end = strstr(r->text, "D112345678\n");
	if (end)
		*end = 0;
	return r->text;
}

const char *last_words(struct result *r, const char *hex, const char *last)
{
	char command[2048];

	snprintf(command, sizeof(command), "send %s", hex);
	if (sim_command(command))
		return "not sent";
	snprintf(command, sizeof(command), "trace %s", last);
	return sim_ask(r, command) ? "no answer" : r->text;
}

const char *greeting(struct result *r, const char *hex, const char *last)
{
	char command[2048];

	snprintf(command, sizeof(command), "greet %s", hex);
	if (sim_command(command) || sim_command("reset"))
		return "no reset";
	snprintf(command, sizeof(command), "trace %s", last);
	return sim_ask(r, command) ? "no answer" : r->text;
}

int blame(const char *name, long long expected)
{
	static const char *const names[] = {
		"rx_short", "rx_trailing", "rx_unknown_type",
		"rx_unknown_channel", "rx_unexpected", "rx_empty_data",
		"rx_window_overrun", "rx_adjust_overflow", "reply_overflow",
		"forward_refused", "open_refused", "slot_leaked",
		"linger_dropped", NULL
	};
	int wrong = 0;

	for (const char *const *n = names; *n; n++) {
		long long value = counter(*n);

		if (value == (strcmp(*n, name) ? 0 : expected))
			continue;
		say("%s is %lld", *n, value);
		wrong++;
	}
	return wrong;
}

int channel_works(int fd)
{
	struct http_answer answer;
	int err = http_get(fd, "/down/100", true, &answer);

	if (!err && answer.len != 100)
		err = -EIO;
	http_free(&answer);
	return err;
}

int next_open_works(void)
{
	int fd = node_open(HTTP_PORT, 0);
	int err = fd < 0 ? fd : channel_works(fd);

	close(fd);
	return err;
}
