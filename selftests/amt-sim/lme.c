// SPDX-License-Identifier: GPL-2.0-only
/*
 * One APF session per connection to LME, see Documentation/protocol.rst
 * "Session" and "Forwards". AMT speaks first, and asks for one thing at a
 * time: version, service, each port.
 */
#include <errno.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "apf.h"
#include "channel.h"
#include "connection.h"
#include "hbm.h"
#include "lme.h"
#include "sim.h"

/* A message from the host may cause its answer and a DISCONNECT. */
#define QUEUE_SIZE 8
#define QUEUE_RESERVE 2

/* In the order in which a session goes through them. */
enum state {
	STATE_VERSION,
	STATE_SERVICE,
	STATE_FORWARDS,
	STATE_READY,
	STATE_OVER,
};

struct queued {
	size_t len;
	__u8 data[APF_MAX_CONTROL];
};

struct session {
	struct sim *sim;
	struct connection *connection;
	enum state state;
	/* ports before this one have been answered */
	unsigned int next_port;
	bool accepted[SIM_MAX_PORTS];
	struct channels *channels;
	struct queued queue[QUEUE_SIZE];
	unsigned int queue_head;
	unsigned int queue_count;
};

__u8 *lme_queue(struct session *s)
{
	unsigned int tail = (s->queue_head + s->queue_count) % QUEUE_SIZE;

	return s->queue[tail].data;
}

void lme_queued(struct session *s, size_t len)
{
	unsigned int tail = (s->queue_head + s->queue_count) % QUEUE_SIZE;

	s->queue[tail].len = len;
	s->queue_count++;
	lme_wake(s);
}

void lme_wake(struct session *s)
{
	connection_wake(s->connection);
}

bool lme_forwarded(const struct session *s, __u32 port)
{
	for (unsigned int i = 0; i < s->sim->opt.n_ports; i++)
		if (s->sim->opt.ports[i] == port)
			return s->accepted[i];
	return false;
}

static void end_session(struct session *s, enum apf_disconnect_reason reason)
{
	sim_log(s->sim, "LME: session ended, reason %u", reason);
	channels_drop(s->channels);
	s->state = STATE_OVER;
	lme_queued(s, apf_put_disconnect(lme_queue(s), reason));
}

static void next_forward(struct session *s)
{
	if (s->next_port == s->sim->opt.n_ports) {
		s->state = STATE_READY;
		return;
	}
	/* an empty address asks for a local forward */
	lme_queued(s, apf_put_forward(lme_queue(s), "",
				      s->sim->opt.ports[s->next_port]));
}

static bool on_disconnect(struct session *s, const struct apf_message *m)
{
	s->sim->stats.disconnects++;
	s->sim->stats.last_disconnect_reason = m->reason;
	channels_drop(s->channels);
	s->state = STATE_OVER;
	return true;
}

/* Some hosts send theirs unasked and then answer ours too. */
static bool on_version(struct session *s, const struct apf_message *m)
{
	s->sim->stats.protocolversions++;
	if (s->state != STATE_VERSION)
		return true;
	if (!m->version.major) {
		end_session(s, APF_VERSION_NOT_SUPPORTED);
		return true;
	}
	s->state = STATE_SERVICE;
	lme_queued(s, apf_put_service_request(lme_queue(s), APF_PFWD));
	return true;
}

static bool on_accept(struct session *s, const struct apf_message *m)
{
	if (!apf_text_is(&m->name, APF_PFWD))
		return false;
	s->state = STATE_FORWARDS;
	next_forward(s);
	return true;
}

static bool on_success(struct session *s, const struct apf_message *m)
{
	if (m->port != s->sim->opt.ports[s->next_port])
		return false;
	s->sim->stats.forwards_accepted++;
	s->accepted[s->next_port++] = true;
	next_forward(s);
	return true;
}

static bool on_failure(struct session *s, const struct apf_message *m)
{
	(void)m;
	s->sim->stats.forwards_failed++;
	s->next_port++;
	next_forward(s);
	return true;
}

static bool on_open(struct session *s, const struct apf_message *m)
{
	return channels_open(s->channels, m);
}

static bool on_channel(struct session *s, const struct apf_message *m)
{
	return channels_message(s->channels, m);
}

static bool on_keepalive(struct session *s, const struct apf_message *m)
{
	lme_queued(s, apf_put_keepalive_reply(lme_queue(s), m->keepalive[0]));
	return true;
}

static bool on_keepalive_options(struct session *s,
				 const struct apf_message *m)
{
	lme_queued(s, apf_put_keepalive_options_reply(lme_queue(s),
						      m->keepalive));
	return true;
}

/* Each message is expected from state @first to state @last. */
static const struct {
	__u8 type;
	enum state first;
	enum state last;
	bool (*handle)(struct session *s, const struct apf_message *m);
} messages[] = {
	{ APF_CHANNEL_DATA, STATE_FORWARDS, STATE_READY, on_channel },
	{ APF_CHANNEL_WINDOW_ADJUST, STATE_FORWARDS, STATE_READY, on_channel },
	{ APF_CHANNEL_CLOSE, STATE_FORWARDS, STATE_READY, on_channel },
	{ APF_CHANNEL_OPEN, STATE_FORWARDS, STATE_READY, on_open },
	{ APF_PROTOCOLVERSION, STATE_VERSION, STATE_READY, on_version },
	{ APF_SERVICE_ACCEPT, STATE_SERVICE, STATE_SERVICE, on_accept },
	{ APF_REQUEST_SUCCESS, STATE_FORWARDS, STATE_FORWARDS, on_success },
	{ APF_REQUEST_FAILURE, STATE_FORWARDS, STATE_FORWARDS, on_failure },
	{ APF_DISCONNECT, STATE_VERSION, STATE_READY, on_disconnect },
	{ APF_KEEPALIVE_REQUEST, STATE_VERSION, STATE_READY, on_keepalive },
	{ APF_KEEPALIVE_OPTIONS_REQUEST, STATE_VERSION, STATE_READY,
	  on_keepalive_options },
};

static bool handle(struct session *s, const __u8 *msg, size_t len)
{
	struct apf_message m;

	if (!apf_decode(msg, len, &m))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		if (messages[i].type == m.type)
			return s->state >= messages[i].first &&
			       s->state <= messages[i].last &&
			       messages[i].handle(s, &m);
	return false;
}

static void grant(struct session *s)
{
	if (!s->connection->may_receive &&
	    s->queue_count <= QUEUE_SIZE - QUEUE_RESERVE)
		hbm_grant(s->connection);
}

static void lme_receive(struct connection *c, const __u8 *msg, size_t len)
{
	struct session *s = c->state;

	if (s->state != STATE_OVER && !handle(s, msg, len)) {
		s->sim->stats.protocol_errors++;
		sim_log(s->sim,
			"LME: bad message, type %d, %zu bytes, state %d",
			len ? msg[0] : -1, len, s->state);
		end_session(s, APF_PROTOCOL_ERROR);
	}
	grant(s);
}

static ssize_t lme_produce(struct connection *c, __u8 *buf, size_t size)
{
	struct session *s = c->state;
	struct queued *q = &s->queue[s->queue_head];

	if (s->queue_count) {
		memcpy(buf, q->data, q->len);
		s->queue_head = (s->queue_head + 1) % QUEUE_SIZE;
		s->queue_count--;
		grant(s);
		return (ssize_t)q->len;
	}
	if (s->state == STATE_OVER)
		return -EAGAIN;
	return channels_produce(s->channels, buf, size);
}

static int lme_open(struct connection *c)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->sim = c->sim;
	s->connection = c;
	s->channels = channels_new(c->sim, s);
	if (!s->channels) {
		free(s);
		return -ENOMEM;
	}
	c->state = s;
	c->sim->stats.lme_connects++;
	lme_queued(s, apf_put_version(lme_queue(s), sim_uuid));
	return 0;
}

static void lme_close(struct connection *c)
{
	struct session *s = c->state;

	c->sim->stats.lme_disconnects++;
	channels_free(s->channels);
	free(s);
}

const struct me_client_ops lme_ops = {
	.open = lme_open,
	.close = lme_close,
	.receive = lme_receive,
	.produce = lme_produce,
};
