/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Questions to AMT and changes of it, over /dev/meiN: one request at a time.
 *
 * A request has one reply. One that is late can never be taken for the next:
 * the connection that it belongs to is closed.
 */
#ifndef HELPER_AMT_H
#define HELPER_AMT_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/mei.h"
#include "pthi/pthi.h"

struct failure;

#define AMT_TIMEOUT 15
#define AMT_TIMEOUT_MAX 120
#define AMT_TRIES 20

/* Others of this program have a connection for no longer without a reply. */
#define AMT_QUEUE (AMT_TIMEOUT_MAX + 30)

/**
 * struct amt - a conversation with the clients of the firmware
 * @device: path of the MEI device, or NULL
 * @timeout: for a reply, in seconds
 * @queue: for others of this program to have asked what they ask, in seconds
 * @tries: of one request, for a client that another program has, or that a
 *         reset took away
 * @mei: the connection
 * @found: path of the device that had the first client; empty before
 * @client: who it goes to
 * @met: this client was there before, so it comes back
 * @message: the latest reply
 */
struct amt {
	const char *device;
	unsigned int timeout;
	unsigned int queue;
	int tries;
	struct mei mei;
	char found[sizeof(((struct mei *)0)->path)];
	enum pthi_client client;
	bool met;
	uint8_t *message;
};

#define AMT_CLOSED \
	{ .timeout = AMT_TIMEOUT, .queue = AMT_QUEUE, .tries = AMT_TRIES, \
	  .mei = MEI_CLOSED }

/** amt_children - the options --device and --timeout; their input is a struct amt */
extern const struct argp_child amt_children[];

/**
 * amt_connect() - connect to a client
 * @amt: the conversation; a connection to another client ends
 * @client: the client
 * @failure: why not
 *
 * amt_ask() does it by itself.
 *
 * Return: 0, or -1 with @failure set.
 */
int amt_connect(struct amt *amt, enum pthi_client client,
		struct failure *failure);

/**
 * amt_ask() - send a request and wait for its reply
 * @amt: the conversation; connected as needed
 * @command: the request
 * @args: its values, as of pthi_encode()
 * @reply: the reply, valid until the next request; its status may be an error
 * @failure: why there is none
 *
 * Waits while another program has the client, and repeats a question when the
 * connection is lost; both share @tries, and end some seconds after @timeout. A
 * change is sent once: EXIT_UNCONFIRMED if it was, and nobody knows what became
 * of it.
 *
 * Return: 0, or -1 with @failure set.
 */
int amt_ask(struct amt *amt, const struct pthi_command *command,
	    const struct pthi_argument *args, struct pthi_reply *reply,
	    struct failure *failure);

/**
 * amt_ask_number() - ask for one number
 * @amt: the conversation
 * @name: of a command without values
 * @number: the first number of its response
 * @failure: why there is none; EXIT_AMT_STATUS if AMT says so
 *
 * Such as "GetProvisioningState" or "GetControlMode".
 *
 * Return: 0, or -1 with @failure set.
 */
int amt_ask_number(struct amt *amt, const char *name, uint32_t *number,
		   struct failure *failure);

/**
 * amt_refused() - describe a status that is not success
 * @command: the request
 * @status: of its reply
 * @failure: set
 *
 * Return: -1.
 */
int amt_refused(const struct pthi_command *command, uint32_t status,
		struct failure *failure);

/** amt_close() - end the conversation; what AMT said last is wiped */
void amt_close(struct amt *amt);

#endif /* HELPER_AMT_H */
