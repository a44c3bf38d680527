// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/types.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "apf.h"
#include "channel.h"
#include "fault.h"
#include "heci.h"
#include "http.h"
#include "lme.h"
#include "sim.h"

enum state {
	STATE_FREE,
	STATE_OPEN,
	/* we closed; the slot waits for the host's CLOSE */
	STATE_CLOSED,
};

/**
 * struct channel - a slot
 * @all: the session's channels
 * @state: of the slot
 * @id: the host's
 * @fd: our end of the connection to the service
 * @source: its event source
 * @readable: the service may have written something
 * @hung_up: the service will write no more
 * @to_host: bytes the host's window has room for
 * @from_host: bytes the host may still send
 * @taken: bytes the service took that the host was not credited for
 * @adjust_at: when to give credit for them, us; 0 when that is not delayed
 * @data_at: when to send what the service wrote, in the same way
 * @ring: bytes the service has not taken, one window of them
 * @ring_head: the first
 * @ring_len: how many
 */
struct channel {
	struct channels *all;
	enum state state;
	__u32 id;
	int fd;
	sd_event_source *source;
	bool readable;
	bool hung_up;
	__u32 to_host;
	__u32 from_host;
	__u32 taken;
	__u64 adjust_at;
	__u64 data_at;
	__u8 *ring;
	__u32 ring_head;
	__u32 ring_len;
};

struct channels {
	struct sim *sim;
	struct session *session;
	unsigned int turn;
	/* the next delayed message is due */
	sd_event_source *timer;
	struct channel slot[SIM_MAX_SLOTS];
};

static __u32 slot_of(const struct channel *ch)
{
	return ch - ch->all->slot;
}

static void hang_up(struct channel *ch)
{
	ch->source = sd_event_source_disable_unref(ch->source);
	close(ch->fd);
	ch->fd = -1;
	free(ch->ring);
	ch->ring = NULL;
}

static void free_slot(struct channel *ch)
{
	if (ch->state == STATE_OPEN)
		hang_up(ch);
	ch->state = STATE_FREE;
	ch->all->sim->stats.channels_open--;
}

/* Our one CLOSE; nothing else goes to this id after it. */
static size_t put_close(struct channel *ch, __u8 *buf)
{
	hang_up(ch);
	ch->state = STATE_CLOSED;
	return apf_put_close(buf, ch->id);
}

static void close_now(struct channel *ch)
{
	struct session *session = ch->all->session;

	lme_queued(session, put_close(ch, lme_queue(session)));
}

/*
 * The host gets the room back as the service takes the bytes, but not for
 * less than half a window: that would be an ADJUST for every small message.
 */
static bool owes_adjust(const struct channel *ch)
{
	const struct sim_faults *faults = &ch->all->sim->faults;

	if (!ch->taken || faults->mute_adjust)
		return false;
	return faults->grant || ch->taken >= ch->all->sim->opt.profile.window / 2;
}

/* Bytes for a service that is gone count as taken. */
static size_t give(struct channel *ch, const __u8 *p, size_t len)
{
	ssize_t n = send(ch->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		n = errno == EAGAIN || errno == EINTR ? 0 : len;
	ch->taken += n;
	ch->all->sim->stats.bytes_from_host += n;
	return n;
}

static void drain_ring(struct channel *ch)
{
	__u32 size = ch->all->sim->opt.profile.window;
	__u32 run, n;

	while (ch->ring_len) {
		run = size - ch->ring_head;
		if (run > ch->ring_len)
			run = ch->ring_len;
		n = give(ch, ch->ring + ch->ring_head, run);
		ch->ring_head = (ch->ring_head + n) % size;
		ch->ring_len -= n;
		if (n < run)
			break;
	}
}

static void keep(struct channel *ch, const __u8 *p, __u32 len)
{
	__u32 size = ch->all->sim->opt.profile.window;
	__u32 tail = (ch->ring_head + ch->ring_len) % size;
	__u32 run = size - tail < len ? size - tail : len;

	memcpy(ch->ring + tail, p, run);
	memcpy(ch->ring, p + run, len - run);
	ch->ring_len += len;
}

static int on_service(sd_event_source *source, int fd, uint32_t revents,
		      void *data)
{
	struct channel *ch = data;

	(void)source;
	(void)fd;
	if (revents & EPOLLOUT)
		drain_ring(ch);
	if (revents & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		ch->readable = true;
	if (revents & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		ch->hung_up = true;
	lme_wake(ch->all->session);
	heci_pump(ch->all->sim->heci);
	return 0;
}

/* Return: 0 or the reason why the channel cannot be opened. */
static __u32 connect_service(struct channel *ch, __u32 port)
{
	struct sim *sim = ch->all->sim;
	int r;

	ch->fd = http_connect(sim->http, port);
	if (ch->fd < 0)
		return APF_CONNECT_FAILED;
	ch->ring = malloc(sim->opt.profile.window);
	if (!ch->ring)
		goto err_close;
	/* edge-triggered: nothing to rearm while windows open and close */
	r = sd_event_add_io(sim->event, &ch->source, ch->fd,
			    EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
			    on_service, ch);
	if (r < 0)
		goto err_close;
	return 0;

err_close:
	free(ch->ring);
	ch->ring = NULL;
	close(ch->fd);
	return APF_RESOURCE_SHORTAGE;
}

static struct channel *find_free(struct channels *all)
{
	for (unsigned int i = 0; i < all->sim->opt.profile.slots; i++)
		if (all->slot[i].state == STATE_FREE)
			return &all->slot[i];
	return NULL;
}

/* Return: the reason against it, or 0. */
static __u32 may_open(struct channels *all, const struct apf_message *m)
{
	struct sim_faults *faults = &all->sim->faults;

	if (faults->refuse) {
		faults->refuse--;
		return faults->refuse_reason;
	}
	if (!apf_text_is(&m->open.type, APF_FORWARDED))
		return APF_UNKNOWN_CHANNEL_TYPE;
	if (!lme_admits(all->session, m->open.port))
		return APF_ADMINISTRATIVELY_PROHIBITED;
	return 0;
}

/* Return: the channel, or NULL and the reason. */
static struct channel *try_open(struct channels *all,
				const struct apf_message *m, __u32 *reason)
{
	struct channel *ch = find_free(all);

	*reason = may_open(all, m);
	if (*reason)
		return NULL;
	*reason = ch ? connect_service(ch, m->open.port) :
		       APF_RESOURCE_SHORTAGE;
	if (*reason)
		return NULL;
	ch->state = STATE_OPEN;
	ch->id = m->open.sender;
	ch->readable = false;
	ch->hung_up = false;
	ch->to_host = m->open.window;
	ch->from_host = all->sim->opt.profile.window;
	ch->taken = 0;
	ch->adjust_at = 0;
	ch->data_at = 0;
	ch->ring_head = 0;
	ch->ring_len = 0;
	return ch;
}

static bool id_in_use(const struct channels *all, __u32 id)
{
	for (unsigned int i = 0; i < SIM_MAX_SLOTS; i++)
		if (all->slot[i].state == STATE_OPEN && all->slot[i].id == id)
			return true;
	return false;
}

bool channels_open(struct channels *all, const struct apf_message *m)
{
	struct sim_stats *stats = &all->sim->stats;
	__u8 *reply = lme_queue(all->session);
	struct channel *ch;
	__u32 reason;

	if (id_in_use(all, m->open.sender))
		return false;
	if (all->sim->faults.ignore_open)
		return true;
	ch = try_open(all, m, &reason);
	sim_log(all->sim, "LME: open of port %u: %s %u", m->open.port,
		ch ? "slot" : "failure", ch ? slot_of(ch) : reason);
	if (!ch) {
		stats->channels_refused++;
		lme_queued(all->session,
			   apf_put_failure(reply, m->open.sender, reason));
		return true;
	}
	stats->channels_opened++;
	stats->channels_open++;
	lme_queued(all->session,
		   apf_put_confirmation(reply, ch->id, slot_of(ch),
					all->sim->opt.profile.window));
	return true;
}

static void on_adjust(struct channel *ch, __u32 bytes)
{
	if (ch->state != STATE_OPEN)
		return;
	if (bytes > UINT32_MAX - ch->to_host) {
		ch->all->sim->stats.window_violations++;
		close_now(ch);
		return;
	}
	ch->to_host += bytes;
	lme_wake(ch->all->session);
}

static void on_data(struct channel *ch, const struct apf_text *data)
{
	size_t n = 0;

	if (ch->state != STATE_OPEN)
		return;
	if (data->len > ch->from_host) {
		ch->all->sim->stats.window_violations++;
		sim_log(ch->all->sim, "LME: slot %u: %u bytes, window %u",
			slot_of(ch), data->len, ch->from_host);
		close_now(ch);
		return;
	}
	if (!data->len)
		return;
	ch->from_host -= data->len;
	if (!ch->ring_len)
		n = give(ch, data->p, data->len);
	keep(ch, data->p + n, data->len - n);
	if (owes_adjust(ch))
		lme_wake(ch->all->session);
}

/* A CLOSE that answers ours gets no answer. */
static void on_close(struct channel *ch)
{
	struct sim *sim = ch->all->sim;

	if (ch->state == STATE_OPEN)
		sim->stats.closed_by_host++;
	if (ch->state == STATE_OPEN && sim->faults.ignore_close) {
		hang_up(ch);
		ch->state = STATE_CLOSED;
		return;
	}
	if (ch->state == STATE_OPEN)
		close_now(ch);
	free_slot(ch);
	sim->stats.channels_closed++;
	fault_channel_closed(sim);
}

/*
 * A message for a free slot is a late one, or the second CLOSE that some host
 * programs send: counted, no more.
 */
bool channels_message(struct channels *all, const struct apf_message *m)
{
	struct channel *ch;

	if (m->recipient >= SIM_MAX_SLOTS)
		return false;
	ch = &all->slot[m->recipient];
	if (ch->state == STATE_FREE) {
		all->sim->stats.stray_messages++;
		return true;
	}
	switch (m->type) {
	case APF_CHANNEL_WINDOW_ADJUST:
		on_adjust(ch, m->adjust);
		break;
	case APF_CHANNEL_DATA:
		on_data(ch, &m->data);
		break;
	case APF_CHANNEL_CLOSE:
		on_close(ch);
		break;
	}
	return true;
}

/* Looks at the channel again at @at, if it is not to go on now. */
static bool is_delayed(struct channels *all, __u64 *at, __u64 delay)
{
	uint64_t now, next;

	if ((!delay && !*at) ||
	    sd_event_now(all->sim->event, CLOCK_MONOTONIC, &now) < 0)
		return false;
	if (!*at)
		*at = now + delay;
	if (now >= *at) {
		*at = 0;
		return false;
	}
	if (sd_event_source_get_enabled(all->timer, NULL) == 0 ||
	    sd_event_source_get_time(all->timer, &next) < 0 || next > *at)
		sd_event_source_set_time(all->timer, *at);
	sd_event_source_set_enabled(all->timer, SD_EVENT_ONESHOT);
	return true;
}

static bool has_data(const struct channel *ch)
{
	__u8 byte;

	return recv(ch->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Without room in the host's window only the end can be announced. */
static bool at_end(const struct channel *ch)
{
	return ch->hung_up && !has_data(ch);
}

/* Return: length of a message, 0 when the channel has none. */
static size_t put_data(struct channel *ch, __u8 *buf, size_t size)
{
	size_t room = size - APF_DATA_HEADER;
	ssize_t n;

	if (ch->state != STATE_OPEN || !ch->readable)
		return 0;
	if (!ch->to_host)
		return at_end(ch) ? put_close(ch, buf) : 0;
	if (is_delayed(ch->all, &ch->data_at, ch->all->sim->faults.data_delay))
		return 0;
	if (room > ch->to_host)
		room = ch->to_host;
	n = recv(ch->fd, buf + APF_DATA_HEADER, room, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		ch->readable = errno == EINTR;
		return 0;
	}
	if (n <= 0)
		return put_close(ch, buf);
	/* a short read took all there was; more, or the end, is a new event */
	if ((size_t)n < room && !ch->hung_up)
		ch->readable = false;
	ch->to_host -= n;
	ch->all->sim->stats.bytes_to_host += n;
	return apf_put_data_header(buf, ch->id, n);
}

static int on_due(sd_event_source *source, uint64_t usec, void *data)
{
	struct channels *all = data;

	(void)source;
	(void)usec;
	lme_wake(all->session);
	heci_pump(all->sim->heci);
	return 0;
}

static size_t put_adjust(struct channel *ch, __u8 *buf)
{
	const struct sim_faults *faults = &ch->all->sim->faults;
	__u32 n = ch->taken;

	if (ch->state != STATE_OPEN || !owes_adjust(ch))
		return 0;
	if (is_delayed(ch->all, &ch->adjust_at, faults->adjust_delay))
		return 0;
	if (faults->grant && n > faults->grant)
		n = faults->grant;
	ch->taken -= n;
	ch->from_host += n;
	ch->all->sim->stats.window_adjusts++;
	return apf_put_adjust(buf, ch->id, n);
}

ssize_t channels_produce(struct channels *all, __u8 *buf, size_t size)
{
	unsigned int i;
	size_t n;

	for (i = 0; i < SIM_MAX_SLOTS; i++) {
		n = put_adjust(&all->slot[i], buf);
		if (n)
			return (ssize_t)n;
	}
	for (i = 0; i < SIM_MAX_SLOTS; i++) {
		unsigned int slot = (all->turn + i) % SIM_MAX_SLOTS;

		n = put_data(&all->slot[slot], buf, size);
		if (!n)
			continue;
		all->turn = (slot + 1) % SIM_MAX_SLOTS;
		return (ssize_t)n;
	}
	return -EAGAIN;
}

bool channels_have_data(const struct channels *all)
{
	for (unsigned int i = 0; i < SIM_MAX_SLOTS; i++)
		if (all->slot[i].state == STATE_OPEN && has_data(&all->slot[i]))
			return true;
	return false;
}

struct channels *channels_new(struct sim *sim, struct session *session)
{
	struct channels *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->sim = sim;
	all->session = session;
	if (sd_event_add_time(sim->event, &all->timer, CLOCK_MONOTONIC, 0, 0,
			      on_due, all) < 0) {
		free(all);
		return NULL;
	}
	sd_event_source_set_enabled(all->timer, SD_EVENT_OFF);
	for (unsigned int i = 0; i < SIM_MAX_SLOTS; i++)
		all->slot[i].all = all;
	return all;
}

void channels_drop(struct channels *all)
{
	for (unsigned int i = 0; i < SIM_MAX_SLOTS; i++)
		if (all->slot[i].state != STATE_FREE)
			free_slot(&all->slot[i]);
}

void channels_free(struct channels *all)
{
	if (!all)
		return;
	channels_drop(all);
	sd_event_source_disable_unref(all->timer);
	free(all);
}
