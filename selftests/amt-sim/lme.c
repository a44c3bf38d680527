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
#include <time.h>

#include "apf.h"
#include "channel.h"
#include "connection.h"
#include "hbm.h"
#include "heci.h"
#include "key.h"
#include "lme.h"
#include "sim.h"
#include "trace.h"

/* The host gets no credit while more messages wait. */
#define QUEUE_LONG 6
#define MAX_FORWARDS 64
#define MAX_ASKED 64

/* What AMT calls itself with --auth; hosts take any name. */
#define AUTH_USER "admin"
#define AUTH_PASSWORD "P@ssw0rd"

#define USEC_PER_SEC 1000000ull
#define USEC_PER_MSEC 1000ull

/* In the order in which a session goes through them. */
enum state {
	STATE_VERSION,
	STATE_AUTH_SERVICE,
	STATE_AUTH,
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
	/* taken back until it is wanted */
	bool resting;
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
	/* no channel for so long; NULL if the profile never rests */
	sd_event_source *idle;
	/* the next keep-alive; NULL without them */
	sd_event_source *alive;
	/* what the host has to answer, and then the cookie of the last one */
	__u8 alive_answer;
	__u32 alive_cookie;
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
	fwd->resting = false;
	s->asked[tail].forward = fwd;
	s->asked[tail].cancel = cancel;
	s->asked_count++;
	lme_queued(s, cancel ? apf_put_cancel(p, address, port) :
			       apf_put_forward(p, address, port));
	return 0;
}

void lme_rest(struct session *s)
{
	struct forward *fwd;

	for (unsigned int i = 0; i < s->n_forwards; i++) {
		fwd = &s->forwards[i];
		if (fwd->accepted && !fwd->resting &&
		    lme_ask(s, fwd->address, fwd->port, true) >= 0)
			fwd->resting = true;
	}
}

bool lme_admits(struct session *s, __u32 port)
{
	bool admitted = false;
	struct forward *fwd;

	for (unsigned int i = 0; i < s->n_forwards; i++) {
		fwd = &s->forwards[i];
		if (fwd->resting)
			lme_ask(s, fwd->address, fwd->port, false);
		else if (fwd->accepted && fwd->port == port)
			admitted = true;
	}
	return admitted;
}

static void end_session(struct session *s, enum apf_disconnect_reason reason)
{
	sim_log(s->sim, "LME: session ended, reason %u", reason);
	channels_drop(s->channels);
	s->state = STATE_OVER;
	lme_queued(s, apf_put_disconnect(lme_queue(s), reason));
}

static void run_after(sd_event_source *timer, __u64 usec)
{
	sd_event_source_set_time_relative(timer, usec);
	sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void restart_idle(struct session *s)
{
	if (s->idle && s->state == STATE_READY)
		run_after(s->idle,
			  s->sim->opt.profile.rest_ms * USEC_PER_MSEC);
}

static int on_idle(sd_event_source *source, uint64_t usec, void *data)
{
	struct session *s = data;

	(void)source;
	(void)usec;
	if (s->sim->stats.channels_open)
		restart_idle(s);
	else
		lme_rest(s);
	heci_pump(s->sim->heci);
	return 0;
}

static void ask_alive(struct session *s, __u8 answer, size_t len)
{
	s->alive_answer = answer;
	lme_queued(s, len);
	run_after(s->alive, s->sim->opt.profile.keepalive_s * USEC_PER_SEC);
}

static int on_alive(sd_event_source *source, uint64_t usec, void *data)
{
	struct session *s = data;

	(void)source;
	(void)usec;
	if (s->alive_answer) {
		s->sim->stats.protocol_errors++;
		sim_log(s->sim, "LME: no answer %u", s->alive_answer);
		return 0;
	}
	ask_alive(s, APF_KEEPALIVE_REPLY,
		  apf_put_keepalive_request(lme_queue(s), ++s->alive_cookie));
	heci_pump(s->sim->heci);
	return 0;
}

/* The options first, as from a server that asks for keep-alives. */
static void start_clocks(struct session *s)
{
	const __u32 options[2] = { s->sim->opt.profile.keepalive_s, 0 };

	restart_idle(s);
	if (s->alive)
		ask_alive(s, APF_KEEPALIVE_OPTIONS_REPLY,
			  apf_put_keepalive_options_request(lme_queue(s),
							    options));
}

static void next_forward(struct session *s)
{
	const struct profile *profile = &s->sim->opt.profile;

	if (s->state != STATE_FORWARDS)
		return;
	if (!profile->ports[s->next_port]) {
		s->state = STATE_READY;
		start_clocks(s);
		return;
	}
	if (lme_ask(s, profile->address, profile->ports[s->next_port++],
		    false) < 0)
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

static void ask_service(struct session *s, enum state state, const char *name)
{
	s->state = state;
	lme_queued(s, apf_put_service_request(lme_queue(s), name));
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
	if (s->sim->opt.profile.auth)
		ask_service(s, STATE_AUTH_SERVICE, APF_AUTH);
	else
		ask_service(s, STATE_SERVICE, APF_PFWD);
	return true;
}

static void authenticate(struct session *s)
{
	const char *method = s->sim->opt.profile.auth;

	s->state = STATE_AUTH;
	lme_queued(s, apf_put_userauth(lme_queue(s), AUTH_USER, method,
				       strcmp(method, "password") ? NULL :
				       AUTH_PASSWORD));
}

static bool on_accept(struct session *s, const struct apf_message *m)
{
	if (s->state == STATE_AUTH_SERVICE) {
		if (!apf_text_is(&m->name, APF_AUTH))
			return false;
		authenticate(s);
		return true;
	}
	if (s->state != STATE_SERVICE || !apf_text_is(&m->name, APF_PFWD))
		return false;
	s->state = STATE_FORWARDS;
	next_forward(s);
	return true;
}

static bool on_auth_success(struct session *s, const struct apf_message *m)
{
	(void)m;
	s->sim->stats.userauths++;
	ask_service(s, STATE_SERVICE, APF_PFWD);
	return true;
}

static bool on_auth_failure(struct session *s, const struct apf_message *m)
{
	(void)m;
	end_session(s, APF_NO_MORE_AUTH_METHODS);
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
	restart_idle(s);
	return channels_open(s->channels, m);
}

static bool on_channel(struct session *s, const struct apf_message *m)
{
	if (m->type == APF_CHANNEL_CLOSE)
		restart_idle(s);
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

/* Taken only as the answer to ours, with the same values. */
static bool on_alive_answer(struct session *s, const struct apf_message *m)
{
	__u32 expected = m->type == APF_KEEPALIVE_REPLY ?
			 s->alive_cookie : s->sim->opt.profile.keepalive_s;

	if (m->type != s->alive_answer || m->keepalive[0] != expected ||
	    m->keepalive[1])
		return false;
	s->alive_answer = 0;
	s->sim->stats.keepalives++;
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
	{ APF_SERVICE_ACCEPT, STATE_AUTH_SERVICE, STATE_SERVICE, on_accept },
	{ APF_USERAUTH_SUCCESS, STATE_AUTH, STATE_AUTH, on_auth_success },
	{ APF_USERAUTH_FAILURE, STATE_AUTH, STATE_AUTH, on_auth_failure },
	{ APF_REQUEST_SUCCESS, STATE_FORWARDS, STATE_READY, on_success },
	{ APF_REQUEST_FAILURE, STATE_FORWARDS, STATE_READY, on_failure },
	{ APF_DISCONNECT, STATE_VERSION, STATE_READY, on_disconnect },
	{ APF_KEEPALIVE_REQUEST, STATE_VERSION, STATE_READY, on_keepalive },
	{ APF_KEEPALIVE_OPTIONS_REQUEST, STATE_VERSION, STATE_READY,
	  on_keepalive_options },
	{ APF_KEEPALIVE_REPLY, STATE_READY, STATE_READY, on_alive_answer },
	{ APF_KEEPALIVE_OPTIONS_REPLY, STATE_READY, STATE_READY,
	  on_alive_answer },
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

	s->sim->stats.messages_from_host++;
	trace_add(s->sim->trace, msg, len);
	if (s->state != STATE_OVER && !handle(s, msg, len))
		on_violation(s, msg, len);
	grant(s);
}

static size_t take_queued(struct session *s, __u8 *buf)
{
	struct queued *q = STAILQ_FIRST(&s->queue);
	size_t len = q->len;

	memcpy(buf, q->data, len);
	STAILQ_REMOVE_HEAD(&s->queue, entry);
	free(q);
	s->queue_count--;
	grant(s);
	return len;
}

/* Asked for more, the host has read all before. */
static ssize_t lme_produce(struct connection *c, __u8 *buf, size_t size)
{
	struct session *s = c->state;
	ssize_t n = -EAGAIN;

	if (!STAILQ_EMPTY(&s->queue))
		n = (ssize_t)take_queued(s, buf);
	else if (s->state != STATE_OVER)
		n = channels_produce(s->channels, buf, size);
	if (n > 0)
		s->sim->stats.messages_to_host++;
	else if (s->sim->key.answered && !channels_have_data(s->channels))
		key_read(s->sim);
	return n;
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

static int add_timer(struct session *s, sd_event_source **timer,
		     sd_event_time_handler_t handler)
{
	int r = sd_event_add_time(s->sim->event, timer, CLOCK_MONOTONIC, 0, 0,
				  handler, s);

	return r < 0 ? r : sd_event_source_set_enabled(*timer, SD_EVENT_OFF);
}

static int add_clocks(struct session *s)
{
	const struct profile *profile = &s->sim->opt.profile;
	int r = 0;

	if (profile->rest_ms)
		r = add_timer(s, &s->idle, on_idle);
	if (r >= 0 && profile->keepalive_s)
		r = add_timer(s, &s->alive, on_alive);
	return r;
}

static void free_session(struct session *s)
{
	sd_event_source_disable_unref(s->idle);
	sd_event_source_disable_unref(s->alive);
	channels_free(s->channels);
	free(s);
}

static int lme_open(struct connection *c)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->sim = c->sim;
	s->connection = c;
	s->channels = channels_new(c->sim, s);
	if (!s->channels || add_clocks(s) < 0) {
		free_session(s);
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
	free_session(s);
}

const struct me_client_ops lme_ops = {
	.open = lme_open,
	.close = lme_close,
	.receive = lme_receive,
	.produce = lme_produce,
};
