// SPDX-License-Identifier: GPL-2.0-only
/*
 * A relay of bytes between a client's socket and a channel to AMT.
 *
 *   OPENING   the channel is being opened; the client is not read
 *   OPEN      bytes go both ways
 *   FLUSHING  the channel is closed; the client gets what is left
 *   DRAINING  the client was told the end; wait until it hangs up, because
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
	int client;
	int channel;
	sd_event_source *client_io;
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
	relay->client_io = sd_event_source_disable_unref(relay->client_io);
	if (relay->client < 0)
		return;
	if (relay->end.error)
		relay_reset_client(relay->client);
	else
		close(relay->client);
	relay->client = -1;
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

/* Ask the loop for what the relay can act upon now, and for nothing else. */
static void rearm(struct relay *relay)
{
	uint32_t events;
	int ret;

	ret = sd_event_source_set_io_events(relay->client_io,
					    client_interest(relay));
	if (ret >= 0 && relay->channel_io) {
		events = channel_interest(relay);
		if (events)
			ret = sd_event_source_set_io_events(relay->channel_io,
							    events);
		if (ret >= 0)
			ret = sd_event_source_set_enabled(relay->channel_io,
							  events ? SD_EVENT_ON :
								   SD_EVENT_OFF);
	}
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
	sd_event *event = sd_event_source_get_event(relay->client_io);

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
		setsockopt(relay->client, IPPROTO_TCP, TCP_NOTSENT_LOWAT,
			   &all_sent, sizeof(all_sent));
}

/* All was given to the client; false if the relay is finished. */
static bool flushed(struct relay *relay)
{
	if (relay->end.error || relay->client_eof || start_linger(relay) < 0 ||
	    shutdown(relay->client, SHUT_WR) < 0) {
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
	if (!flow_pending(relay->down) ||
	    flow_drain(relay->down, relay->client) == 0)
		return true;
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
	ssize_t n = flow_fill(relay->up, relay->client);

	if (n < 0 && n != -EAGAIN) {
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
	ssize_t n = read(relay->client, relay->down->data,
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
static bool client_ready(struct relay *relay, uint32_t revents)
{
	uint32_t wanted = client_interest(relay);
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

static int on_client(sd_event_source *source, int fd, uint32_t revents,
		     void *arg)
{
	struct relay *relay = arg;

	(void)source;
	(void)fd;
	if (client_ready(relay, revents))
		rearm(relay);
	return 0;
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

int relay_new(struct relay **out, sd_event *event, int client, int channel,
	      const struct relay_ops *ops, void *arg)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	int ret;

	if (!relay)
		return -ENOMEM;
	relay->client = -1;
	relay->channel = -1;
	relay->ops = ops;
	relay->arg = arg;
	ret = sd_event_add_io(event, &relay->client_io, client, 0, on_client,
			      relay);
	if (ret >= 0)
		ret = sd_event_add_io(event, &relay->channel_io, channel,
				      EPOLLOUT, on_channel, relay);
	if (ret < 0) {
		relay_free(relay);
		return ret;
	}
	relay->client = client;
	relay->channel = channel;
	*out = relay;
	return 0;
}
