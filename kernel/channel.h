/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Channels: byte streams to a port inside AMT, with windows in both
 * directions. Documentation/protocol.rst, "Channels", "Windows", "Closing".
 */
#ifndef LME_CHANNEL_H
#define LME_CHANNEL_H

#include <linux/build_bug.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/wait.h>
#include <uapi/linux/amt_lme_netlink.h>

#include "apf.h"
#include "byte-ring.h"

struct lme;

/* Default receive window in bytes; more is unproven in the field. */
#define LME_WINDOW_DEFAULT 4096
#define LME_WINDOW_MAX 65536
/* How long AMT may owe an answer before its slot is taken as lost. */
#define LME_ANSWER_TIMEOUT (10 * HZ)

/**
 * struct lme_channel_params - what the opener wants
 * @port: port inside AMT, 1 to 65535
 * @ipv6: name "::1" instead of "127.0.0.1" to AMT
 * @timeout_ms: how long opening may take; 0 for the default
 * @window: receive window in bytes, up to LME_WINDOW_MAX; 0 for the default
 * @orig_port: port of the client; 0 names @port
 * @orig_addr: address of the client as text; empty for the loopback address
 */
struct lme_channel_params {
	u32 port;
	bool ipv6;
	u32 timeout_ms;
	u32 window;
	u32 orig_port;
	char orig_addr[APF_ADDR_MAX + 1];
};

/**
 * struct lme_channel - one channel
 * @kref: one reference of the file, one of the list that @node is in
 * @lme: the object
 * @params: as given by the opener; constant
 * @node: in lme.queue or lme_session.channels
 * @changed: in lme.changed, with a reference
 * @wait: woken on every change that a reader, writer or poller waits for
 * @rx_mutex: one reader at a time; taken before lme.lock
 * @tx_mutex: one writer at a time; taken before lme.lock
 * @state: enum amt_lme_channel_state
 * @error: negative error that ended it for the user, 0 for none
 * @abandoned: what AMT sends is of no use any more: the file was closed,
 *             opening timed out, or AMT broke the protocol
 * @confirmed: AMT has confirmed it
 * @shut: nothing more will be written
 * @answered: AMT has sent something since our last byte
 * @open_due: CHANNEL_OPEN waits to be sent
 * @adjust_due: a WINDOW_ADJUST by @owed waits to be sent
 * @data_next: an ADJUST was sent last: data goes before the next one
 * @close_due: a CLOSE waits to be sent, behind the data in @tx
 * @deadline_set: @deadline is set
 * @eager: send what the window has room for, however little
 * @pause_set: @pause_until is set
 * @forwarded: AMT has named its port since the last OPEN was sent
 * @hurried: one try to open it has been made without a pause
 * @deadline: when @state times out (jiffies)
 * @pause_until: before then (jiffies) it is not to be opened, and when it is
 *               open, sends no small message
 * @open_by: when opening has to be done (jiffies)
 * @rx_last: when AMT last sent, or the reader last took, a byte (jiffies)
 * @tx_last: when our last byte went out (jiffies)
 * @pause: the longest that AMT took to go on, counted from the last byte in
 *         either direction (jiffies)
 * @silence: how long AMT has to be silent after a shutdown (jiffies); valid
 *           with @shut
 * @arrival: whose is smaller is opened before
 * @refusals: how often AMT refused to open it
 * @pid: the process that opened it
 * @comm: the name of that process
 * @generation: the session it belongs to; 0 while it is queued
 * @id: our id; 0 while it is queued
 * @amt_id: AMT's id; valid with @confirmed
 * @window: our receive window in bytes
 * @credit: bytes that AMT may still send
 * @owed: bytes the reader took and AMT was not yet credited for
 * @tx_window: bytes that we may still send
 * @tx_window_max: the most that this ever was
 * @rx_bytes: bytes received
 * @tx_bytes: bytes sent
 * @rx: received bytes; producer is the receive thread, consumer the reader
 * @tx: bytes to send; producer is the writer, consumer the tx worker
 *
 * Created by lme_channel_open(), freed when the file and the lists let go.
 */
struct lme_channel {
	struct kref kref;
	struct lme *lme;
	struct lme_channel_params params;
	struct list_head node;
	struct list_head changed;
	wait_queue_head_t wait;
	struct mutex rx_mutex; /* one reader */
	struct mutex tx_mutex; /* one writer */
	enum amt_lme_channel_state state;
	int error;
	bool abandoned;
	bool confirmed;
	bool shut;
	bool answered;
	bool open_due;
	bool adjust_due;
	bool data_next;
	bool close_due;
	bool deadline_set;
	bool eager;
	bool pause_set;
	bool forwarded;
	bool hurried;
	unsigned long deadline;
	unsigned long pause_until;
	unsigned long open_by;
	unsigned long rx_last;
	unsigned long tx_last;
	unsigned long pause;
	unsigned long silence;
	u64 arrival;
	unsigned int refusals;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	u32 generation;
	u32 id;
	u32 amt_id;
	u32 window;
	u32 credit;
	u32 owed;
	u32 tx_window;
	u32 tx_window_max;
	u64 rx_bytes;
	u64 tx_bytes;
	struct lme_ring rx;
	struct lme_ring tx;
};

/* Beside its rings, a channel costs little; 2 KiB with its file. */
static_assert(sizeof(struct lme_channel) <= 1024);

/**
 * struct lme_channel_facts - what a channel's netlink message says
 * @id: our id
 * @amt_id: AMT's id
 * @confirmed: @amt_id is valid
 * @state: enum amt_lme_channel_state
 * @port: port inside AMT
 * @addr: address named to AMT as connected to; constant text
 * @orig_addr: address of the client
 * @orig_port: port of the client
 * @rx_window: bytes that AMT may still send
 * @tx_window: bytes that we may still send
 * @rx_bytes: bytes received
 * @tx_bytes: bytes sent
 * @error: error number, 0 for none
 * @generation: session
 * @pid: opener
 * @comm: its name
 */
struct lme_channel_facts {
	u32 id;
	u32 amt_id;
	bool confirmed;
	u32 state;
	u32 port;
	const char *addr;
	char orig_addr[APF_ADDR_MAX + 1];
	u32 orig_port;
	u32 rx_window;
	u32 tx_window;
	u64 rx_bytes;
	u64 tx_bytes;
	u32 error;
	u32 generation;
	u32 pid;
	char comm[TASK_COMM_LEN];
};

/* For files and other users; may sleep. */
struct lme_channel *lme_channel_open(struct lme *lme,
				     const struct lme_channel_params *params);
int lme_channel_wait_open(struct lme_channel *ch);
ssize_t lme_channel_read(struct lme_channel *ch, struct iov_iter *to,
			 bool nonblock);
ssize_t lme_channel_write(struct lme_channel *ch, struct iov_iter *from,
			  bool nonblock);
__poll_t lme_channel_poll(struct lme_channel *ch, struct file *file,
			  struct poll_table_struct *wait);
void lme_channel_shutdown(struct lme_channel *ch);
u32 lme_channel_readable(struct lme_channel *ch);
u32 lme_channel_unsent(struct lme_channel *ch);
void lme_channel_release(struct lme_channel *ch);

/* channel.c, for channel-*.c; under lme.lock, but for lme_channel_put(). */
void lme_channel_put(struct lme_channel *ch);
void lme_channel_unlist(struct lme_channel *ch);
void lme_channel_arm(struct lme_channel *ch, unsigned long deadline);
void lme_channel_pause(struct lme_channel *ch, unsigned long delay);
void lme_channel_fail(struct lme_channel *ch, int error);
void lme_channel_violation(struct lme_channel *ch, unsigned int counter);
void lme_channel_close(struct lme_channel *ch);
void lme_channel_set_state(struct lme_channel *ch,
			   enum amt_lme_channel_state state);
struct lme_channel *lme_channel_find(struct lme *lme, u32 id);

/* channel-open.c; under lme.lock. */
void lme_channel_enqueue(struct lme_channel *ch);
void lme_channel_requeue(struct lme_channel *ch);
void lme_channel_open_expire(struct lme_channel *ch);
void lme_channel_abandon(struct lme_channel *ch);

/* channel-shut.c; under lme.lock. */
void lme_channel_answered(struct lme_channel *ch);
void lme_channel_shut_rearm(struct lme_channel *ch);

/* For event.c, genl.c and genl-channel.c. */
u32 lme_channels_to_port(struct lme *lme, u32 port);
const char *lme_channel_loopback(const struct lme_channel_params *params);
void lme_channel_facts_get(struct lme_channel *ch,
			   struct lme_channel_facts *facts);
bool lme_channel_facts_by_id(struct lme *lme, u32 id,
			     struct lme_channel_facts *facts);
bool lme_channel_facts_next(struct lme *lme, const long pos[2],
			    struct lme_channel_facts *facts, u32 *seq);

/* For session.c and lme.c; under lme.lock. */
void lme_channels_start(struct lme *lme);
void lme_channels_forwarded(struct lme *lme, u32 port);
void lme_channels_session_over(struct lme *lme);
void lme_channels_expire(struct lme *lme, unsigned long now);
size_t lme_channels_next(struct lme *lme, u8 *buf);
void lme_channel_rx_confirm(struct lme *lme, const struct apf_msg *msg);
void lme_channel_rx_failure(struct lme *lme, const struct apf_msg *msg);
void lme_channel_rx_adjust(struct lme *lme, const struct apf_msg *msg);
void lme_channel_rx_data(struct lme *lme, const struct apf_msg *msg);
void lme_channel_rx_close(struct lme *lme, const struct apf_msg *msg);

#endif /* LME_CHANNEL_H */
