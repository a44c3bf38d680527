// SPDX-License-Identifier: GPL-2.0-only
/*
 * One APF session per connection to LME, see Documentation/protocol.rst
 * "Session" and "Forwards". AMT speaks first, and asks for one thing at a
 * time: version, service, each port.
 */
#include <errno.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "apf.h"
#include "channel.h"
#include "connection.h"
#include "control.h"
#include "hbm.h"
#include "lme.h"
#include "sim.h"
#include "trace.h"

/* The host gets no credit while more messages wait. */
#define QUEUE_LONG 6
#define MAX_FORWARDS 64
#define MAX_ASKED 64

/* In the order in which a session goes through them. */
enum state {
	STATE_VERSION,
	STATE_SERVICE,
	STATE_FORWARDS,
	STATE_READY,
	STATE_OVER,
};

struct queued {
	STAILQ_ENTRY(queued) entry;
	size_t len;
	__u8 data[];
};

struct forward {
	__u32 port;
	char address[LME_MAX_ADDRESS + 1];
	bool accepted;
};

/* A global request that the host has not answered. */
struct asked {
	struct forward *forward;
	bool cancel;
};

struct session {
	struct sim *sim;
	struct connection *connection;
	enum state state;
	/* we said our version */
	bool greeted;
	/* something was sent that is not ours */
	bool injected;
	/* ports of the command line before this one have been asked for */
	unsigned int next_port;
	struct forward forwards[MAX_FORWARDS];
	unsigned int n_forwards;
	struct asked asked[MAX_ASKED];
	unsigned int asked_head;
	unsigned int asked_count;
	struct channels *channels;
	STAILQ_HEAD(, queued) queue;
	unsigned int queue_count;
	__u8 scratch[APF_MAX_CONTROL];
};

__u8 *lme_queue(struct session *s)
{
	return s->scratch;
}

static void queue(struct session *s, const __u8 *msg, size_t len)
{
	struct queued *q = malloc(sizeof(*q) + len);

	if (!q) {
		sim_fail(s->sim, "out of memory");
		return;
	}
	q->len = len;
	memcpy(q->data, msg, len);
	STAILQ_INSERT_TAIL(&s->queue, q, entry);
	s->queue_count++;
	lme_wake(s);
}

void lme_queued(struct session *s, size_t len)
{
	queue(s, s->scratch, len);
}

void lme_inject(struct session *s, const __u8 *msg, size_t len)
{
	s->injected = true;
	queue(s, msg, len);
}

void lme_wake(struct session *s)
{
	connection_wake(s->connection);
}

bool lme_forwarded(const struct session *s, __u32 port)
{
	for (unsigned int i = 0; i < s->n_forwards; i++)
		if (s->forwards[i].accepted && s->forwards[i].port == port)
			return true;
	return false;
}

/* Finds it or makes it; NULL when there are too many. */
static struct forward *get_forward(struct session *s, const char *address,
				   __u32 port)
{
	struct forward *fwd;

	for (unsigned int i = 0; i < s->n_forwards; i++) {
		fwd = &s->forwards[i];
		if (fwd->port == port && !strcmp(fwd->address, address))
			return fwd;
	}
	if (s->n_forwards == MAX_FORWARDS)
		return NULL;
	fwd = &s->forwards[s->n_forwards++];
	fwd->port = port;
	snprintf(fwd->address, sizeof(fwd->address), "%s", address);
	return fwd;
}

int lme_ask(struct session *s, const char *address, __u32 port, bool cancel)
{
	unsigned int tail = (s->asked_head + s->asked_count) % MAX_ASKED;
	struct forward *fwd = get_forward(s, address, port);
	__u8 *p = lme_queue(s);

	if (!fwd || s->asked_count == MAX_ASKED)
		return -ENOBUFS;
	s->asked[tail].forward = fwd;
	s->asked[tail].cancel = cancel;
	s->asked_count++;
	lme_queued(s, cancel ? apf_put_cancel(p, address, port) :
			       apf_put_forward(p, address, port));
	return 0;
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
	if (s->state != STATE_FORWARDS)
		return;
	if (s->next_port == s->sim->opt.n_ports) {
		s->state = STATE_READY;
		return;
	}
	/* an empty address asks for a local forward */
	if (lme_ask(s, "", s->sim->opt.ports[s->next_port++], false) < 0)
		sim_fail(s->sim, "too many forwards");
}

static void greet(struct session *s)
{
	s->greeted = true;
	lme_queued(s, apf_put_version(lme_queue(s), sim_uuid));
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
	if (!s->greeted)
		greet(s);
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

static bool take_asked(struct session *s, struct asked *asked)
{
	if (!s->asked_count)
		return false;
	*asked = s->asked[s->asked_head];
	s->asked_head = (s->asked_head + 1) % MAX_ASKED;
	s->asked_count--;
	return true;
}

/* The answer to a cancel has no port. */
static bool on_success(struct session *s, const struct apf_message *m)
{
	struct asked asked;

	if (!take_asked(s, &asked) ||
	    m->port != (asked.cancel ? 0 : asked.forward->port))
		return false;
	if (!asked.cancel)
		s->sim->stats.forwards_accepted++;
	asked.forward->accepted = !asked.cancel;
	next_forward(s);
	return true;
}

static bool on_failure(struct session *s, const struct apf_message *m)
{
	struct asked asked;

	(void)m;
	if (!take_asked(s, &asked))
		return false;
	s->sim->stats.forwards_failed++;
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
	{ APF_REQUEST_SUCCESS, STATE_FORWARDS, STATE_READY, on_success },
	{ APF_REQUEST_FAILURE, STATE_FORWARDS, STATE_READY, on_failure },
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
	if (!s->connection->may_receive && s->queue_count <= QUEUE_LONG)
		hbm_grant(s->connection);
}

static void on_violation(struct session *s, const __u8 *msg, size_t len)
{
	if (s->injected) {
		s->sim->stats.answers++;
		return;
	}
	s->sim->stats.protocol_errors++;
	sim_log(s->sim, "LME: bad message, type %d, %zu bytes, state %d",
		len ? msg[0] : -1, len, s->state);
	end_session(s, APF_PROTOCOL_ERROR);
}

static void lme_receive(struct connection *c, const __u8 *msg, size_t len)
{
	struct session *s = c->state;

	trace_add(s->sim->trace, msg, len);
	if (s->state != STATE_OVER && !handle(s, msg, len))
		on_violation(s, msg, len);
	grant(s);
	control_retry(s->sim->control);
}

static ssize_t lme_produce(struct connection *c, __u8 *buf, size_t size)
{
	struct session *s = c->state;
	struct queued *q = STAILQ_FIRST(&s->queue);
	size_t len;

	if (q) {
		len = q->len;
		memcpy(buf, q->data, len);
		STAILQ_REMOVE_HEAD(&s->queue, entry);
		free(q);
		s->queue_count--;
		grant(s);
		return (ssize_t)len;
	}
	if (s->state == STATE_OVER)
		return -EAGAIN;
	return channels_produce(s->channels, buf, size);
}

/* AMT speaks first, unless it was told otherwise for this once. */
static void begin(struct session *s)
{
	struct sim_faults *faults = &s->sim->faults;

	if (!faults->greet) {
		greet(s);
		return;
	}
	faults->greet = false;
	s->greeted = faults->greeting_len;
	if (s->greeted)
		lme_inject(s, faults->greeting, faults->greeting_len);
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
	STAILQ_INIT(&s->queue);
	c->state = s;
	c->sim->session = s;
	c->sim->stats.lme_connects++;
	begin(s);
	return 0;
}

static void lme_close(struct connection *c)
{
	struct session *s = c->state;
	struct queued *q;

	c->sim->stats.lme_disconnects++;
	if (c->sim->session == s)
		c->sim->session = NULL;
	while ((q = STAILQ_FIRST(&s->queue))) {
		STAILQ_REMOVE_HEAD(&s->queue, entry);
		free(q);
	}
	channels_free(s->channels);
	free(s);
}

const struct me_client_ops lme_ops = {
	.open = lme_open,
	.close = lme_close,
	.receive = lme_receive,
	.produce = lme_produce,
};
