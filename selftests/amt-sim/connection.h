/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AMT_SIM_CONNECTION_H
#define AMT_SIM_CONNECTION_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#define HECI_HEADER_SIZE 4
#define HECI_LENGTH_MASK 0x1ff
#define HECI_EXTENDED 0x10000000u
#define HECI_DMA_RING 0x20000000u
#define HECI_COMPLETE 0x80000000u

struct connection;
struct sim;

/**
 * struct me_client_ops - what a firmware client does with a connection
 * @open: a host connected; 0 or a negative errno
 * @close: the host disconnected, or the link was reset
 * @receive: one whole message from the host; @msg is gone on return
 * @produce: write the next message for the host to @buf and return its length,
 *           or -EAGAIN; called only while the host has room for a message and
 *           after connection_wake()
 * @sent: the last fragment of a message left; may be NULL
 */
struct me_client_ops {
	int (*open)(struct connection *c);
	void (*close)(struct connection *c);
	void (*receive)(struct connection *c, const __u8 *msg, size_t len);
	ssize_t (*produce)(struct connection *c, __u8 *buf, size_t size);
	void (*sent)(struct connection *c);
};

/**
 * struct me_client - a firmware client
 * @name: for the log
 * @guid: as on the wire
 * @address: on the bus
 * @version: of the client's protocol
 * @max_connections: hosts at once; 0 for a fixed address
 * @late: appears by ADD_CLIENT when the host allows it
 * @away: not there for a while
 * @max_message: bytes
 * @ops: connection operations
 * @answer: for exchange_ops: write the response to @msg to @rsp, which has
 *          @max_message bytes; its length, 0 for none
 * @connections: hosts now
 */
struct me_client {
	const char *name;
	__u8 guid[16];
	__u8 address;
	__u8 version;
	__u8 max_connections;
	bool late;
	bool away;
	__u32 max_message;
	const struct me_client_ops *ops;
	size_t (*answer)(struct sim *sim, const __u8 *msg, size_t len,
			 __u8 *rsp);
	unsigned int connections;
};

/**
 * struct connection - a host connected to a firmware client
 * @sim: the virtual AMT
 * @client: the firmware client
 * @host: the host's address, 0 with a fixed-address client
 * @may_send: messages the host is ready to take
 * @may_receive: we told the host that we take a message
 * @awake: the client may have something to send
 * @ending: firmware asked the host to disconnect
 * @notify: the host asked for notification events
 * @rx: reassembly of the host's fragments
 * @rx_len: bytes in @rx
 * @tx: the message being sent, after room for one HECI header
 * @tx_len: its length
 * @tx_done: bytes of it already sent
 * @tx_busy: there is one
 * @state: the client's
 */
struct connection {
	struct sim *sim;
	struct me_client *client;
	__u8 host;
	unsigned int may_send;
	bool may_receive;
	bool awake;
	bool ending;
	bool notify;
	__u8 *rx;
	size_t rx_len;
	__u8 *tx;
	size_t tx_len;
	size_t tx_done;
	bool tx_busy;
	void *state;
};

/**
 * struct connections - all connections of one controller
 * @by_host: by the host's address, which no two of them share
 * @list: those that exist, in no order
 * @count: length of @list
 * @turn: where the next search for a sender begins
 */
struct connections {
	struct connection *by_host[256];
	struct connection *list[256];
	unsigned int count;
	unsigned int turn;
};

/**
 * connection_new - connect a host to a client
 * @all: the table
 * @sim: the virtual AMT
 * @client: the firmware client
 * @host: the host's address, not in the table
 *
 * Return: the connection, or NULL: out of memory or refused by the client.
 */
struct connection *connection_new(struct connections *all, struct sim *sim,
				  struct me_client *client, __u8 host);

/**
 * connection_free - end a connection and drop what was on its way
 * @all: the table
 * @c: the connection
 */
void connection_free(struct connections *all, struct connection *c);

/**
 * connection_receive - take one HECI fragment from the host
 * @c: the connection
 * @data: payload
 * @len: its length
 * @complete: the message ends here
 */
void connection_receive(struct connection *c, const __u8 *data, size_t len,
			bool complete);

/**
 * connection_fragment - lay out the next HECI message of any connection
 * @all: the table
 * @msg: where the message begins, valid until the next call
 * @len: its length with the header
 *
 * The connections take turns by fragment. Nothing changes until
 * connection_fragment_sent(), so that a full host buffer is no loss.
 *
 * Return: the connection, or NULL when nobody has anything to send.
 */
struct connection *connection_fragment(struct connections *all, __u8 **msg,
				       size_t *len);

/**
 * connection_fragment_sent - the host's buffer took the fragment
 * @c: what connection_fragment() returned
 * @len: its length
 */
void connection_fragment_sent(struct connection *c, size_t len);

/**
 * connection_wake - the client has something to send, or may have
 * @c: the connection
 */
void connection_wake(struct connection *c);

#endif /* AMT_SIM_CONNECTION_H */
