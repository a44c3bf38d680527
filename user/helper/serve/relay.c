// SPDX-License-Identifier: GPL-2.0-only
/*
 * A relay of bytes between a client and a channel to AMT.
 *
 *   OPENING   the channel is being opened; the client is not read
 *   OPEN      bytes go both ways
 *   FLUSHING  the channel is closed; the client gets what is left
 *   DRAINING  a socket was told the end; wait until it hangs up, because
 *             close() with unread bytes would reset it and lose the answer
 *
 * Readiness is level-triggered, and EPOLLHUP and EPOLLERR come unasked: a
 * descriptor that the relay cannot act upon is taken out of the loop.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/serve/relay.h"

enum relay_state {
	RELAY_OPENING,
	RELAY_OPEN,
	RELAY_FLUSHING,
	RELAY_DRAINING,
};

/* Bytes on their way: data[head..tail) were read and are not written. */
struct flow {
	size_t head;
	size_t tail;
	unsigned char data[RELAY_BUFFER_SIZE];
};

struct relay {
	enum relay_state state;
	int in;
	int out;
	int channel;
	sd_event_source *in_io;
	sd_event_source *out_io; /* NULL if @out is @in, a socket */
	sd_event_source *channel_io;
	sd_event_source *linger;
	struct flow *up; /* client to channel; both flows are one allocation */
	struct flow *down; /* channel to client */
	bool client_eof; /* nothing more comes from the client */
	bool up_closed; /* nothing more goes to the channel */
	struct relay_end end;
	const struct relay_ops *ops;
	void *arg;
};

static void flow_reset(struct flow *flow)
{
	flow->head = 0;
	flow->tail = 0;
}

static bool flow_room(const struct flow *flow)
{
	return flow->tail < sizeof(flow->data);
}

static bool flow_pending(const struct flow *flow)
{
	return flow->head < flow->tail;
}

static bool try_again(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* Bytes read, 0 at the end, -EAGAIN, or another negative errno. */
static ssize_t flow_fill(struct flow *flow, int fd)
{
	ssize_t n = read(fd, flow->data + flow->tail,
			 sizeof(flow->data) - flow->tail);

	if (n < 0)
		return try_again(errno) ? -EAGAIN : -errno;
	flow->tail += n;
	return n;
}

/* SIGPIPE is ignored by the program: a channel is not a socket. */
static int flow_drain(struct flow *flow, int fd)
{
	ssize_t n = write(fd, flow->data + flow->head,
			  flow->tail - flow->head);

	if (n < 0)
		return try_again(errno) ? 0 : -errno;
	flow->head += n;
	if (flow->head == flow->tail)
		flow_reset(flow);
	return 0;
}

void relay_reset_client(int client)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(client);
}

static void close_channel(struct relay *relay)
{
	relay->channel_io = sd_event_source_disable_unref(relay->channel_io);
	if (relay->channel >= 0)
		close(relay->channel);
	relay->channel = -1;
}

static void close_client(struct relay *relay)
{
	relay->in_io = sd_event_source_disable_unref(relay->in_io);
	relay->out_io = sd_event_source_disable_unref(relay->out_io);
	if (relay->out >= 0 && relay->out != relay->in)
		close(relay->out);
	if (relay->in < 0)
		return;
	if (relay->end.error)
		relay_reset_client(relay->in);
	else
		close(relay->in);
	relay->in = -1;
	relay->out = -1;
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	close_channel(relay);
	close_client(relay);
	sd_event_source_disable_unref(relay->linger);
	free(relay->up);
	free(relay);
}

void relay_abort(struct relay *relay)
{
	relay->end.error = ECONNRESET;
	relay_free(relay);
}

/* The last thing that any path does: the owner may free the relay here. */
static void finish(struct relay *relay)
{
	close_channel(relay);
	close_client(relay);
	relay->linger = sd_event_source_disable_unref(relay->linger);
	relay->ops->done(relay->arg, &relay->end);
}

static uint32_t client_interest(const struct relay *relay)
{
	uint32_t events = 0;

	switch (relay->state) {
	case RELAY_OPENING: /* only whether it hangs up */
		break;
	case RELAY_OPEN:
		if (!relay->client_eof && !relay->up_closed &&
		    flow_room(relay->up))
			events |= EPOLLIN;
		if (flow_pending(relay->down))
			events |= EPOLLOUT;
		break;
	case RELAY_FLUSHING:
		events = EPOLLOUT;
		break;
	case RELAY_DRAINING:
		events = EPOLLIN;
		break;
	}
	return events;
}

static uint32_t channel_interest(const struct relay *relay)
{
	uint32_t events = 0;

	if (relay->state == RELAY_OPENING)
		return EPOLLOUT;
	if (flow_room(relay->down))
		events |= EPOLLIN;
	if (flow_pending(relay->up))
		events |= EPOLLOUT;
	return events;
}

/*
 * What epoll cannot watch, as files, is always ready: its source is a deferred
 * one. A source that waits for nothing is off, or EPOLLHUP would come forever.
 */
static int await(sd_event_source *source, uint32_t events)
{
	int ret = 0;

	if (events && sd_event_source_get_io_fd(source) >= 0)
		ret = sd_event_source_set_io_events(source, events);
	if (ret < 0)
		return ret;
	return sd_event_source_set_enabled(source, events ? SD_EVENT_ON :
							    SD_EVENT_OFF);
}

/* Also without interest, so that a client that hangs up is noticed. */
static int await_client(struct relay *relay)
{
	uint32_t events = client_interest(relay);
	int ret;

	if (!relay->out_io)
		return sd_event_source_set_io_events(relay->in_io, events);
	ret = await(relay->in_io, events & EPOLLIN);
	if (ret < 0 || sd_event_source_get_io_fd(relay->out_io) < 0)
		return ret < 0 ? ret : await(relay->out_io, events & EPOLLOUT);
	return sd_event_source_set_io_events(relay->out_io, events & EPOLLOUT);
}

/* Ask the loop for what the relay can act upon now, and for nothing else. */
static void rearm(struct relay *relay)
{
	int ret = await_client(relay);

	if (ret >= 0 && relay->channel_io)
		ret = await(relay->channel_io, channel_interest(relay));
	if (ret < 0) {
		relay->end.error = -ret;
		finish(relay);
	}
}

static int on_linger(sd_event_source *source, uint64_t now, void *arg)
{
	(void)source;
	(void)now;
	finish(arg);
	return 0;
}

static int start_linger(struct relay *relay)
{
	sd_event *event = sd_event_source_get_event(relay->in_io);

	return sd_event_add_time_relative(event, &relay->linger,
					  CLOCK_MONOTONIC, RELAY_LINGER_USEC, 0,
					  on_linger, relay);
}

/*
 * The channel is over and will not be read again. A reset would discard what
 * TCP has not sent yet: with this limit the client is writable when all is
 * sent. It only means something on TCP, so its result does not matter.
 */
static void channel_over(struct relay *relay, int error)
{
	const int all_sent = 1;

	close_channel(relay);
	relay->end.error = error;
	relay->state = RELAY_FLUSHING;
	if (error)
		setsockopt(relay->out, IPPROTO_TCP, TCP_NOTSENT_LOWAT,
			   &all_sent, sizeof(all_sent));
}

/* All was given to the client; false if the relay is finished. */
static bool flushed(struct relay *relay)
{
	if (relay->end.error || relay->client_eof || relay->out_io ||
	    start_linger(relay) < 0 || shutdown(relay->out, SHUT_WR) < 0) {
		finish(relay);
		return false;
	}
	relay->state = RELAY_DRAINING;
	return true;
}

static void stop_up(struct relay *relay)
{
	flow_reset(relay->up);
	relay->up_closed = true;
}

/*
 * A channel that takes no more may still have bytes to read, and read() then
 * has the reason: so a failed write ends its own direction only.
 */
static void write_up(struct relay *relay)
{
	if (flow_pending(relay->up) &&
	    flow_drain(relay->up, relay->channel) < 0)
		stop_up(relay);
	if (relay->client_eof && !relay->up_closed &&
	    !flow_pending(relay->up)) {
		relay->up_closed = true;
		relay->ops->half_close(relay->channel);
	}
}

/* False if the client is gone and the relay finished. */
static bool write_down(struct relay *relay)
{
	int ret = 0;

	if (flow_pending(relay->down))
		ret = flow_drain(relay->down, relay->out);
	if (ret == 0)
		return true;
	relay->end.client_error = -ret;
	finish(relay);
	return false;
}

/* False if the relay is finished. */
static bool read_channel(struct relay *relay)
{
	ssize_t n = flow_fill(relay->down, relay->channel);

	if (n <= 0 && n != -EAGAIN)
		channel_over(relay, (int)-n);
	if (!write_down(relay))
		return false;
	if (relay->state == RELAY_FLUSHING && !relay->end.error &&
	    !flow_pending(relay->down))
		return flushed(relay);
	return true;
}

/* False if the relay is finished. */
static bool read_client(struct relay *relay)
{
	ssize_t n = flow_fill(relay->up, relay->in);

	if (n < 0 && n != -EAGAIN) {
		relay->end.client_error = (int)-n;
		finish(relay);
		return false;
	}
	if (n == 0)
		relay->client_eof = true;
	write_up(relay);
	return true;
}

/* Throw away what a client sends after the end; true at its own end. */
static bool client_hung_up(struct relay *relay)
{
	ssize_t n = read(relay->in, relay->down->data,
			 sizeof(relay->down->data));

	return n == 0 || (n < 0 && !try_again(errno));
}

/* False if the relay is finished. */
static bool flush_client(struct relay *relay)
{
	if (!flow_pending(relay->down))
		return flushed(relay);
	if (!write_down(relay))
		return false;
	if (flow_pending(relay->down) || relay->end.error)
		return true; /* with an error only when TCP has sent it too */
	return flushed(relay);
}

/* False if the relay is finished. */
static bool client_ready(struct relay *relay, uint32_t wanted,
			 uint32_t revents)
{
	bool gone = revents & (EPOLLHUP | EPOLLERR);

	if (relay->state == RELAY_DRAINING ? client_hung_up(relay) :
	    gone && !(wanted & EPOLLIN)) {
		finish(relay);
		return false;
	}
	if (relay->state == RELAY_FLUSHING)
		return flush_client(relay);
	if (relay->state != RELAY_OPEN)
		return true;
	if ((revents & EPOLLOUT) && !write_down(relay))
		return false;
	if ((wanted & EPOLLIN) && (revents & EPOLLIN || gone))
		return read_client(relay);
	return true;
}

/* What of the interest in the client a source of it stands for. */
static uint32_t interest_of(const struct relay *relay,
			    const sd_event_source *source)
{
	uint32_t events = client_interest(relay);

	if (!relay->out_io)
		return events;
	return events & (source == relay->out_io ? EPOLLOUT : EPOLLIN);
}

static int on_client(sd_event_source *source, int fd, uint32_t revents,
		     void *arg)
{
	struct relay *relay = arg;

	(void)fd;
	if (client_ready(relay, interest_of(relay, source), revents))
		rearm(relay);
	return 0;
}

static int on_file(sd_event_source *source, void *arg)
{
	return on_client(source, -1, interest_of(arg, source), arg);
}

/* False if the relay is finished. */
static bool open_flows(struct relay *relay, uint32_t revents)
{
	/* malloc() and not calloc(): pages that are not used stay untouched. */
	relay->up = malloc(2 * sizeof(*relay->up));
	if (!relay->up) {
		relay->end.error = ENOMEM;
		finish(relay);
		return false;
	}
	relay->down = relay->up + 1;
	flow_reset(relay->up);
	flow_reset(relay->down);
	relay->state = RELAY_OPEN;
	relay->end.opened = !(revents & EPOLLERR);
	return true;
}

static bool channel_ready(struct relay *relay, uint32_t revents)
{
	bool over = revents & (EPOLLHUP | EPOLLERR);

	if (relay->state == RELAY_OPENING && !open_flows(relay, revents))
		return false;
	if ((revents & EPOLLIN || over) && flow_room(relay->down))
		if (!read_channel(relay))
			return false;
	if (relay->state == RELAY_OPEN && (revents & EPOLLOUT || over))
		write_up(relay);
	return true;
}

static int on_channel(sd_event_source *source, int fd, uint32_t revents,
		      void *arg)
{
	struct relay *relay = arg;

	(void)source;
	(void)fd;
	if (channel_ready(relay, revents))
		rearm(relay);
	return 0;
}

static int watch_client(struct relay *relay, sd_event *event,
			sd_event_source **source, int fd)
{
	int ret = sd_event_add_io(event, source, fd, 0, on_client, relay);

	if (ret != -EPERM)
		return ret;
	ret = sd_event_add_defer(event, source, on_file, relay);
	if (ret >= 0)
		ret = sd_event_source_set_enabled(*source, SD_EVENT_OFF);
	return ret;
}

static int watch_sides(struct relay *relay, sd_event *event, int in, int out,
		       int channel)
{
	int ret = watch_client(relay, event, &relay->in_io, in);

	if (ret >= 0 && out != in)
		ret = watch_client(relay, event, &relay->out_io, out);
	if (ret >= 0)
		ret = sd_event_add_io(event, &relay->channel_io, channel,
				      EPOLLOUT, on_channel, relay);
	return ret < 0 ? ret : await_client(relay);
}

int relay_new(struct relay **out_relay, sd_event *event, int in, int out,
	      int channel, const struct relay_ops *ops, void *arg)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	int ret;

	if (!relay)
		return -ENOMEM;
	relay->in = -1;
	relay->out = -1;
	relay->channel = -1;
	relay->ops = ops;
	relay->arg = arg;
	ret = watch_sides(relay, event, in, out, channel);
	if (ret < 0) {
		relay_free(relay);
		return ret;
	}
	relay->in = in;
	relay->out = out;
	relay->channel = channel;
	*out_relay = relay;
	return 0;
}
