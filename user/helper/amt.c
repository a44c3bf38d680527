// SPDX-License-Identifier: GPL-2.0-only
/* Questions to AMT and changes of it. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "helper/amt.h"
#include "helper/failure.h"
#include "helper/parse.h"

#define TRY_AGAIN_MS 250

#define MESSAGE_MAX 65536

static const struct {
	const uint8_t *guid;
	const char *name;
} clients[PTHI_CLIENTS] = {
	[PTHI_AMTHI] = { mei_guid_amthi, "PTHI" },
	[PTHI_MKHI] = { mei_guid_mkhi, "MKHI" },
	[PTHI_MANAGEABILITY] = { mei_guid_manageability, "manageability" },
};

enum {
	KEY_DEVICE = 0x200,
	KEY_TIMEOUT,
};

static const struct argp_option options[] = {
	{ "device", KEY_DEVICE, "PATH", 0,
	  "MEI device; default: /dev/mei0 and so on, then /dev/mei", 100 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0,
	  "Wait so long for a reply; default 15", 100 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct amt *amt = state->input;

	switch (key) {
	case KEY_DEVICE:
		amt->device = arg;
		return 0;
	case KEY_TIMEOUT:
		if (parse_number(arg, AMT_TIMEOUT_MAX, &amt->timeout) < 0 ||
		    amt->timeout == 0)
			argp_error(state,
				   "\"%s\" is not a number of seconds (1 to %d)",
				   arg, AMT_TIMEOUT_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { .options = options, .parser = parse };

const struct argp_child amt_children[] = {
	{ &argp, 0, NULL, 0 },
	{ 0 }
};

static void disconnect(struct amt *amt)
{
	mei_close(&amt->mei);
	if (!amt->message)
		return;
	explicit_bzero(amt->message, amt->mei.max_message);
	free(amt->message);
	amt->message = NULL;
}

/* All clients are on one device, whose number may change with a reset. */
static int connect_once(struct amt *amt)
{
	const char *device = amt->device;
	int ret;

	if (!device && *amt->found)
		device = amt->found;
	ret = mei_connect(&amt->mei, device, clients[amt->client].guid,
			  amt->queue);
	if (ret == -ENOENT)
		amt->found[0] = '\0';
	if (ret < 0)
		return ret;
	snprintf(amt->found, sizeof(amt->found), "%s", amt->mei.path);
	amt->met = true;
	return 0;
}

static bool may_pass(const struct amt *amt, int error)
{
	if (error == -EBUSY || error == -ENODEV)
		return true;
	return amt->met && (error == -ENOENT || error == -ENOTTY);
}

/**
 * struct patience - what is left for one request
 * @tries: to connect, and to ask again
 * @end: of the last pause, in milliseconds; known when the first try failed
 */
struct patience {
	int tries;
	int64_t end;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Return: false when it has been tried often or long enough; else it paused. */
static bool try_again(const struct amt *amt, struct patience *patience)
{
	const struct timespec pause = { .tv_nsec = TRY_AGAIN_MS * 1000000L };

	if (!patience->end)
		patience->end = now_ms() + amt->timeout * 1000LL +
				amt->tries * TRY_AGAIN_MS;
	if (--patience->tries <= 0 || now_ms() + TRY_AGAIN_MS > patience->end)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

static int connect_retrying(struct amt *amt, struct patience *patience)
{
	int ret;

	do {
		ret = connect_once(amt);
	} while (ret < 0 && may_pass(amt, ret) && try_again(amt, patience));
	return ret;
}

static int set_failure(const struct amt *amt, int error,
		       struct failure *failure)
{
	const char *client = clients[amt->client].name;
	const char *path = amt->device ? amt->device : amt->mei.path;

	switch (-error) {
	case ENOENT:
		return failure_set(failure, EXIT_NO_MEI,
				   "%s: no MEI device; AMT needs one (lsmod | grep mei_me, dmesg | grep mei)",
				   amt->device ? amt->device : "/dev/mei0");
	case ENODEV:
		return failure_set(failure, EXIT_NO_MEI,
				   "%s: the firmware resets the link and does not come back; see dmesg",
				   path);
	case EACCES:
	case EPERM:
		return failure_set(failure, EXIT_PERMISSION,
				   "no permission for %s; run as root or join the group amt-mei",
				   path);
	case ENOTTY:
		return failure_set(failure, EXIT_NO_CLIENT,
				   "%s: the firmware has no %s client: it has no AMT, or AMT is off in the firmware setup (MEBx)",
				   path, client);
	case EBUSY:
		return failure_set(failure, EXIT_BUSY,
				   "%s: another program uses the %s client; stop it (lms, rpc, fuser -v /dev/mei*)",
				   path, client);
	case EPROTO:
		return failure_set(failure, EXIT_PROTOCOL,
				   "%s: the firmware breaks the protocol of the %s client; see dmesg",
				   path, client);
	case ETIME:
		return failure_set(failure, EXIT_BUSY,
				   "%s: another amt-helper has it for more than %u s; see: fuser -v %s",
				   path, amt->queue, path);
	default:
		return failure_set(failure, EXIT_INTERNAL,
				   "%s: the %s client: %s", path, client,
				   strerror(-error));
	}
}

static void use_client(struct amt *amt, enum pthi_client client)
{
	if (amt->client == client)
		return;
	disconnect(amt);
	amt->client = client;
	amt->met = false;
}

/* For replies, as long as the client says. */
static int make_room(struct amt *amt, struct failure *failure)
{
	uint32_t size = amt->mei.max_message;

	if (size == 0 || size > MESSAGE_MAX)
		return failure_set(failure, EXIT_PROTOCOL,
				   "%s: the %s client takes messages of %u bytes, not 1 to %d",
				   amt->mei.path, clients[amt->client].name,
				   size, MESSAGE_MAX);
	amt->message = malloc(size);
	return amt->message ? 0 : set_failure(amt, -ENOMEM, failure);
}

static int connect_to(struct amt *amt, enum pthi_client client,
		      struct patience *patience, struct failure *failure)
{
	int ret;

	use_client(amt, client);
	if (amt->message)
		return 0;
	ret = connect_retrying(amt, patience);
	if (ret < 0)
		return set_failure(amt, ret, failure);
	ret = make_room(amt, failure);
	if (ret < 0)
		mei_close(&amt->mei);
	return ret;
}

int amt_connect(struct amt *amt, enum pthi_client client,
		struct failure *failure)
{
	struct patience patience = { .tries = amt->tries };

	return connect_to(amt, client, &patience, failure);
}

/* A change that surely did not reach AMT, and @failure says why. */
static int set_not_sent(const struct pthi_command *command,
			struct failure *failure)
{
	char why[FAILURE_MESSAGE_SIZE];

	memcpy(why, failure->message, sizeof(why));
	return failure_set(failure, failure->code, "%s was not sent: %.200s",
			   command->name, why);
}

/* What was sent, or may have been, and has no reply. */
static int set_no_reply(const struct amt *amt,
			const struct pthi_command *command, int error,
			struct failure *failure)
{
	const char *why = error == -ETIME ? "no reply in time" :
					    strerror(-error);

	if (command->change)
		return failure_set(failure, EXIT_UNCONFIRMED,
				   "%s: outcome unknown: it was sent, and then: %s; it is not sent again, see: amt-helper info",
				   command->name, why);
	if (error == -ETIME)
		return failure_set(failure, EXIT_TIMEOUT,
				   "%s: no reply within %u s; --timeout waits longer",
				   command->name, amt->timeout);
	return set_failure(amt, error, failure);
}

/* @unsent: whether it is certain that nothing reached AMT */
static ssize_t exchange_once(struct amt *amt, const uint8_t *request,
			     size_t len, bool *unsent)
{
	ssize_t ret = mei_send(&amt->mei, request, len, unsent);

	if (ret == 0)
		ret = mei_receive(&amt->mei, amt->message,
				  amt->timeout * 1000);
	if (ret < 0)
		disconnect(amt);
	return ret;
}

/* How the kernel says that a reset has cut a request off, by the moment. */
static bool is_cut_off(int error)
{
	return error == -ENODEV || error == -EIO || error == -EOVERFLOW;
}

static bool may_repeat(const struct amt *amt,
		       const struct pthi_command *command, bool unsent,
		       int error)
{
	if (unsent)
		return may_pass(amt, error);
	return !command->change && is_cut_off(error);
}

static ssize_t exchange(struct amt *amt, const struct pthi_command *command,
			const uint8_t *request, size_t len,
			struct failure *failure)
{
	struct patience patience = { .tries = amt->tries };
	bool unsent;
	ssize_t ret;

	do {
		if (connect_to(amt, command->client, &patience, failure) < 0)
			return command->change ?
			       set_not_sent(command, failure) : -1;
		if (len > amt->mei.max_message)
			return failure_set(failure, EXIT_PROTOCOL,
					   "%s: the firmware takes messages of %u bytes only",
					   command->name, amt->mei.max_message);
		ret = exchange_once(amt, request, len, &unsent);
		if (ret >= 0)
			return ret;
	} while (may_repeat(amt, command, unsent, (int)ret) &&
		 try_again(amt, &patience));
	if (command->change && unsent) {
		set_failure(amt, (int)ret, failure);
		return set_not_sent(command, failure);
	}
	return set_no_reply(amt, command, (int)ret, failure);
}

static int set_malformed(const struct pthi_command *command, const char *what,
			 struct failure *failure)
{
	if (command->change)
		return failure_set(failure, EXIT_UNCONFIRMED,
				   "%s: outcome unknown: its reply %s; it is not sent again, see: amt-helper info",
				   command->name, what);
	return failure_set(failure, EXIT_PROTOCOL, "%s: the reply %s",
			   command->name, what);
}

int amt_ask(struct amt *amt, const struct pthi_command *command,
	    const struct pthi_argument *args, struct pthi_reply *reply,
	    struct failure *failure)
{
	uint8_t request[PTHI_REQUEST_MAX];
	ssize_t len = pthi_encode(command, args, request);
	const char *wrong;

	memset(reply, 0, sizeof(*reply));
	if (len < 0)
		return failure_set(failure, EXIT_USAGE,
				   "%s: a value is too long", command->name);
	len = exchange(amt, command, request, len, failure);
	explicit_bzero(request, sizeof(request));
	if (len < 0)
		return -1;
	wrong = pthi_check(command, amt->message, len, reply);
	if (!wrong)
		return 0;
	/* Whose reply it was, and what else comes, is unknown. */
	disconnect(amt);
	return set_malformed(command, wrong, failure);
}

int amt_refused(const struct pthi_command *command, uint32_t status,
		struct failure *failure)
{
	const char *name = pthi_status_name(command->client, status);

	if (status == PTHI_EMPTY)
		return failure_set(failure, EXIT_AMT_STATUS,
				   "%s: the reply is empty: AMT is disabled or not ready",
				   command->name);
	return failure_set(failure, EXIT_AMT_STATUS, "%s: AMT answers %s (0x%04x)",
			   command->name, name ? name : "an unknown status",
			   status);
}

int amt_ask_number(struct amt *amt, const char *name, uint32_t *number,
		   struct failure *failure)
{
	const struct pthi_command *command = pthi_find(name, NULL);
	struct pthi_reply reply;

	if (amt_ask(amt, command, NULL, &reply, failure) < 0)
		return -1;
	if (reply.status)
		return amt_refused(command, reply.status, failure);
	if (pthi_number(command, &reply, NULL, number) < 0)
		return failure_set(failure, EXIT_PROTOCOL,
				   "%s: the reply is shorter than its layout",
				   name);
	return 0;
}

void amt_close(struct amt *amt)
{
	disconnect(amt);
	amt->met = false;
}
