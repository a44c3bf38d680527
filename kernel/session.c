// SPDX-License-Identifier: GPL-2.0-only
/*
 * The APF session: what is answered to which message, and in which order
 * messages go out. Documentation/protocol.rst, "Session".
 */
#include <linux/build_bug.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/nospec.h>

#include "channel.h"
#include "lme.h"
#include "trace.h"

/* AMT speaks first; if it does not, we do. */
#define HELLO_TIMEOUT (HZ * 3 / 10)
/* AMT does not go on with the handshake: try a new session. */
#define HANDSHAKE_TIMEOUT (10 * HZ)

static unsigned int slots = 8;
module_param(slots, uint, 0644);
MODULE_PARM_DESC(slots, "Channels that AMT can have open at once (8)");

/**
 * lme_session_init - set up the session of a new object
 * @lme: the object
 */
void lme_session_init(struct lme *lme)
{
	struct lme_session *s = &lme->session;

	INIT_LIST_HEAD(&s->channels);
	s->next_id = 1;
}

/**
 * lme_session_set_state - the only place where the state changes
 * @lme: the object
 * @state: the new state
 *
 * Context: under lme.lock.
 */
void lme_session_set_state(struct lme *lme, enum lme_session_state state)
{
	lockdep_assert_held(&lme->lock);
	trace_lme_session_state(lme->generation, lme->session.state, state);
	lme->session.state = state;
	if (state == LME_SESSION_NONE)
		lme->session.deadline_set = false;
}

/* A new session of the same or a new link; the old one's channels are over. */
static void session_reset(struct lme *lme)
{
	struct lme_session *s = &lme->session;

	lockdep_assert_held(&lme->lock);
	s->slots = 0;
	s->pause_set = false;
	s->slot_limit = max(READ_ONCE(slots), 1U);
	s->reply_tail = s->reply_head;
}

/**
 * lme_session_begin - the link is being started
 * @lme: the object
 *
 * Context: under lme.lock.
 */
void lme_session_begin(struct lme *lme)
{
	session_reset(lme);
	lme_session_set_state(lme, LME_SESSION_HELLO);
	lme->session.deadline_set = false;
}

static void set_deadline(struct lme *lme, unsigned long timeout)
{
	struct lme_session *s = &lme->session;

	s->deadline = jiffies + timeout;
	s->deadline_set = true;
	lme_arm(lme, s->deadline);
}

/**
 * lme_session_greet - the link is started: say hello if AMT does not
 * @lme: the object
 *
 * Context: under lme.lock.
 */
void lme_session_greet(struct lme *lme)
{
	if (lme->session.state == LME_SESSION_HELLO)
		set_deadline(lme, HELLO_TIMEOUT);
}

/*
 * Where the next answer goes. There is always room: lme_session_receive() lets
 * no message in without, each message has at most one answer, and one entry is
 * left for what we say unasked.
 */
static u8 *reply_buf(struct lme *lme)
{
	struct lme_session *s = &lme->session;

	lockdep_assert_held(&lme->lock);
	return s->replies[s->reply_head % LME_REPLIES].buf;
}

static void reply(struct lme *lme, size_t len)
{
	struct lme_session *s = &lme->session;

	s->replies[s->reply_head % LME_REPLIES].len = len;
	s->reply_head++;
	lme_send_kick(lme);
}

static bool reply_room(struct lme *lme)
{
	struct lme_session *s = &lme->session;

	return s->reply_head - s->reply_tail < LME_REPLIES - 1;
}

/**
 * lme_session_disconnect - end the session with a DISCONNECT
 * @lme: the object
 * @reason: enum apf_disconnect_reason
 *
 * Channels end now; what was to be answered is dropped.
 * Context: under lme.lock.
 */
void lme_session_disconnect(struct lme *lme, u32 reason)
{
	struct lme_session *s = &lme->session;

	lockdep_assert_held(&lme->lock);
	if (s->state == LME_SESSION_ENDING)
		return;
	if (reason != APF_DISCONNECT_BY_APPLICATION) {
		lme->error = EPROTO;
		lme_count(lme, LME_COUNT(LINK_LOST));
	}
	lme_session_set_state(lme, LME_SESSION_ENDING);
	s->deadline_set = false;
	s->reply_tail = s->reply_head;
	reply(lme, apf_encode_disconnect(reply_buf(lme), reason));
	lme_session_over(lme);
}

static void rx_disconnect(struct lme *lme, const struct apf_msg *msg)
{
	lme_session_set_state(lme, LME_SESSION_ENDING);
	lme->session.reply_tail = lme->session.reply_head;
	lme->error = ECONNRESET;
	lme_count(lme, LME_COUNT(LINK_LOST));
	lme_session_over(lme);
}

static void session_restarted(struct lme *lme)
{
	lme_channels_session_over(lme);
	lme_forwards_session_over(lme);
	session_reset(lme);
}

static void say_version(struct lme *lme)
{
	reply(lme, apf_encode_version(reply_buf(lme),
				      APF_TRIGGER_LME_REQUEST));
}

static void rx_version(struct lme *lme, const struct apf_msg *msg)
{
	struct lme_session *s = &lme->session;
	enum lme_session_state was = s->state;

	if (msg->version.major < 1) {
		lme_session_disconnect(lme, APF_DISCONNECT_PROTOCOL_VERSION);
		return;
	}
	if (was >= LME_SESSION_AGREED)
		session_restarted(lme);
	lme_session_set_state(lme, LME_SESSION_AGREED);
	set_deadline(lme, HANDSHAKE_TIMEOUT);
	lme->generation++;
	lme_count(lme, LME_COUNT(SESSIONS));
	lme_forwards_new_session(lme);
	if (was != LME_SESSION_HELLO_SENT)
		say_version(lme);
	lme_announce(lme);
}

static void accept_service(struct lme *lme, const char *name)
{
	reply(lme, apf_encode_service_accept(reply_buf(lme), name));
}

static void rx_service_request(struct lme *lme, const struct apf_msg *msg)
{
	if (apf_str_eq(&msg->service.name, APF_SERVICE_AUTH)) {
		accept_service(lme, APF_SERVICE_AUTH);
	} else if (apf_str_eq(&msg->service.name, APF_SERVICE_PFWD)) {
		accept_service(lme, APF_SERVICE_PFWD);
		if (lme->session.state != LME_SESSION_AGREED)
			return;
		lme_session_set_state(lme, LME_SESSION_FORWARDING);
		lme->session.deadline_set = false;
		lme_session_up(lme);
		lme_channels_start(lme);
	} else {
		lme_session_disconnect(lme,
				       APF_DISCONNECT_SERVICE_NOT_AVAILABLE);
	}
}

/* Only root and the kernel reach this transport: nothing to authenticate. */
static void rx_userauth(struct lme *lme, const struct apf_msg *msg)
{
	reply(lme, apf_encode_userauth_success(reply_buf(lme)));
}

static void rx_forward(struct lme *lme, const struct apf_msg *msg)
{
	u32 port = msg->global.port;

	if (lme_forward_add(lme, &msg->global.addr, port))
		reply(lme, apf_encode_forward_success(reply_buf(lme), port));
	else
		reply(lme, apf_encode_request_failure(reply_buf(lme)));
}

static void rx_cancel_forward(struct lme *lme, const struct apf_msg *msg)
{
	if (lme_forward_cancel(lme, &msg->global.addr, msg->global.port))
		reply(lme, apf_encode_request_success(reply_buf(lme)));
	else
		reply(lme, apf_encode_request_failure(reply_buf(lme)));
}

static void rx_global_request(struct lme *lme, const struct apf_msg *msg)
{
	switch (msg->global.request) {
	case APF_REQ_FORWARD:
		rx_forward(lme, msg);
		break;
	case APF_REQ_CANCEL_FORWARD:
		rx_cancel_forward(lme, msg);
		break;
	case APF_REQ_UDP_SEND_TO:
		/* Nobody listens for datagrams; AMT wants no answer. */
		lme_count(lme, LME_COUNT(RX_UNEXPECTED));
		break;
	case APF_REQ_UNKNOWN:
		if (msg->global.want_reply)
			reply(lme, apf_encode_request_failure(reply_buf(lme)));
		break;
	}
}

/* Nobody listens for channels that AMT opens. */
static void rx_open(struct lme *lme, const struct apf_msg *msg)
{
	u32 reason = APF_OPEN_ADMINISTRATIVELY_PROHIBITED;

	if (!apf_str_eq(&msg->open.type, APF_DIRECT_TCPIP))
		reason = APF_OPEN_UNKNOWN_CHANNEL_TYPE;
	reply(lme, apf_encode_open_failure(reply_buf(lme), msg->open.sender,
					   reason));
}

static void rx_keepalive(struct lme *lme, const struct apf_msg *msg)
{
	reply(lme, apf_encode_keepalive_reply(reply_buf(lme),
					      msg->keepalive.cookie));
}

static void rx_options(struct lme *lme, const struct apf_msg *msg)
{
	reply(lme, apf_encode_options_reply(reply_buf(lme),
					    msg->options.interval,
					    msg->options.timeout));
}

/**
 * struct rx_rule - what to do with a type of message
 * @from: the first state of the session in which it may come
 * @handle: takes the decoded message
 */
struct rx_rule {
	enum lme_session_state from;
	void (*handle)(struct lme *lme, const struct apf_msg *msg);
};

static const struct rx_rule rx_rules[] = {
	[APF_DISCONNECT] = { LME_SESSION_HELLO, rx_disconnect },
	[APF_PROTOCOLVERSION] = { LME_SESSION_HELLO, rx_version },
	[APF_SERVICE_REQUEST] = { LME_SESSION_AGREED, rx_service_request },
	[APF_USERAUTH_REQUEST] = { LME_SESSION_AGREED, rx_userauth },
	[APF_KEEPALIVE_REQUEST] = { LME_SESSION_HELLO, rx_keepalive },
	[APF_KEEPALIVE_OPTIONS_REQUEST] = { LME_SESSION_HELLO, rx_options },
	[APF_GLOBAL_REQUEST] = { LME_SESSION_FORWARDING, rx_global_request },
	[APF_CHANNEL_OPEN] = { LME_SESSION_FORWARDING, rx_open },
	[APF_CHANNEL_OPEN_CONFIRMATION] = { LME_SESSION_FORWARDING,
					    lme_channel_rx_confirm },
	[APF_CHANNEL_OPEN_FAILURE] = { LME_SESSION_FORWARDING,
				       lme_channel_rx_failure },
	[APF_CHANNEL_WINDOW_ADJUST] = { LME_SESSION_FORWARDING,
					lme_channel_rx_adjust },
	[APF_CHANNEL_DATA] = { LME_SESSION_FORWARDING, lme_channel_rx_data },
	[APF_CHANNEL_CLOSE] = { LME_SESSION_FORWARDING, lme_channel_rx_close },
};

static void dispatch(struct lme *lme, const struct apf_msg *msg)
{
	const struct rx_rule *rule;

	/* apf_decode() lets only these types pass, so the index is in range. */
	BUILD_BUG_ON(ARRAY_SIZE(rx_rules) != APF_KEEPALIVE_OPTIONS_REQUEST + 1);
	rule = &rx_rules[array_index_nospec(msg->type, ARRAY_SIZE(rx_rules))];
	if (lme->session.state < rule->from)
		lme_session_disconnect(lme, APF_DISCONNECT_PROTOCOL_ERROR);
	else
		rule->handle(lme, msg);
}

/**
 * lme_session_receive - handle one message
 * @lme: the object
 * @buf: the message
 * @len: its length in bytes
 *
 * Context: under lme.lock, in the receive thread.
 */
void lme_session_receive(struct lme *lme, const u8 *buf, size_t len)
{
	struct apf_msg msg;
	int err;

	lockdep_assert_held(&lme->lock);
	if (lme->session.state == LME_SESSION_ENDING)
		return;
	err = apf_decode(&msg, buf, len);
	trace_apf_rx(msg.type, len);
	if (!reply_room(lme)) {
		lme_count(lme, LME_COUNT(REPLY_OVERFLOW));
		lme_session_disconnect(lme, APF_DISCONNECT_PROTOCOL_ERROR);
	} else if (err == -EOPNOTSUPP) {
		lme_count(lme, LME_COUNT(RX_UNKNOWN_TYPE));
	} else if (err) {
		lme_count(lme, LME_COUNT(RX_SHORT));
		lme_session_disconnect(lme, APF_DISCONNECT_PROTOCOL_ERROR);
	} else {
		if (msg.trailing)
			lme_count(lme, LME_COUNT(RX_TRAILING));
		dispatch(lme, &msg);
	}
}

/**
 * lme_session_expire - look at the deadline of the handshake
 * @lme: the object
 * @now: jiffies
 *
 * Context: under lme.lock.
 */
void lme_session_expire(struct lme *lme, unsigned long now)
{
	struct lme_session *s = &lme->session;

	if (!s->deadline_set || s->state == LME_SESSION_ENDING)
		return;
	if (time_before(now, s->deadline)) {
		lme_arm(lme, s->deadline);
	} else if (s->state == LME_SESSION_HELLO) {
		lme_session_set_state(lme, LME_SESSION_HELLO_SENT);
		set_deadline(lme, HANDSHAKE_TIMEOUT);
		say_version(lme);
	} else {
		s->deadline_set = false;
		lme_session_disconnect(lme, APF_DISCONNECT_PROTOCOL_ERROR);
	}
}

/**
 * lme_session_next - the next message to send
 * @lme: the object
 * @buf: LME_TX_MAX bytes
 *
 * Answers go before everything else.
 *
 * Return: its length in bytes, 0 when there is none.
 * Context: under lme.lock, in the tx worker.
 */
size_t lme_session_next(struct lme *lme, u8 *buf)
{
	struct lme_session *s = &lme->session;
	struct lme_reply *reply;

	lockdep_assert_held(&lme->lock);
	if (s->reply_tail == s->reply_head)
		return s->state == LME_SESSION_FORWARDING ?
		       lme_channels_next(lme, buf) : 0;
	reply = &s->replies[s->reply_tail++ % LME_REPLIES];
	memcpy(buf, reply->buf, reply->len);
	return reply->len;
}

/**
 * lme_session_replies_sent - whether all answers went out
 * @lme: the object
 *
 * Return: true also when nothing can go out any more.
 * Context: takes lme.lock.
 */
bool lme_session_replies_sent(struct lme *lme)
{
	struct lme_session *s = &lme->session;
	bool sent;

	spin_lock(&lme->lock);
	sent = lme->lost ||
	       (!lme->tx_busy && s->reply_tail == s->reply_head);
	spin_unlock(&lme->lock);
	return sent;
}
