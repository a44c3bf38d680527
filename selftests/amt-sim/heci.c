// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vmei.h>

#include "control.h"
#include "hbm.h"
#include "heci.h"
#include "sim.h"
#include "wire.h"

/*
 * Bus messages waiting for the host. One message from the host makes at most
 * BUS_RESERVE of them; without room for those nothing is read from the host.
 */
#define BUS_QUEUE 64
#define BUS_RESERVE 16

struct bus_message {
	size_t len;
	__u8 data[HECI_HEADER_SIZE + HECI_BUS_MESSAGE];
};

struct heci {
	struct sim *sim;
	int fd;
	sd_event_source *source;
	bool readable;
	bool writable;
	struct bus_message bus[BUS_QUEUE];
	unsigned int bus_head;
	unsigned int bus_count;
	__u8 rx[HECI_HEADER_SIZE + HECI_LENGTH_MASK + 1];
};

static void dispatch(struct heci *heci, size_t n)
{
	size_t len = n - HECI_HEADER_SIZE;
	struct connection *c;
	__u8 address, host;
	__u32 header;

	header = get_le32(heci->rx);
	if (n < HECI_HEADER_SIZE || (header >> 16 & HECI_LENGTH_MASK) != len ||
	    header & (HECI_EXTENDED | HECI_DMA_RING)) {
		heci->sim->stats.heci_errors++;
		return;
	}
	address = header & 0xff;
	host = header >> 8 & 0xff;
	if (!address && !host) {
		hbm_receive(heci->sim->hbm, heci->rx + HECI_HEADER_SIZE, len);
		return;
	}
	c = hbm_find(heci->sim->hbm, address, host);
	if (c)
		connection_receive(c, heci->rx + HECI_HEADER_SIZE, len,
				   header & HECI_COMPLETE);
	else if (hbm_is_stray(heci->sim->hbm, address, host))
		heci->sim->stats.heci_errors++;
}

static void receive(struct heci *heci)
{
	ssize_t n = read(heci->fd, heci->rx, sizeof(heci->rx));

	if (n >= 0) {
		dispatch(heci, n);
		control_retry(heci->sim->control);
		return;
	}
	switch (errno) {
	case EAGAIN:
		heci->readable = false;
		break;
	case EINTR:
		break;
	case ECONNRESET:
		hbm_link_reset(heci->sim->hbm);
		break;
	default:
		heci->readable = false;
		sim_fail(heci->sim, "%s: read: %m; is the controller gone?",
			 heci->sim->opt.device);
	}
}

/* Return: whether the message left. */
static bool send_one(struct heci *heci, const __u8 *msg, size_t len)
{
	ssize_t n;

	do
		n = write(heci->fd, msg, len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)len)
		return true;
	heci->writable = false;
	/* after a reset nothing may be sent until the next HOST_START */
	if (n < 0 && (errno == EAGAIN || errno == ECONNRESET))
		return false;
	sim_fail(heci->sim, "%s: write of %zu bytes: %s",
		 heci->sim->opt.device, len,
		 n < 0 ? strerror(errno) : "message was cut");
	return false;
}

void heci_pump(struct heci *heci)
{
	struct bus_message *bus;
	struct connection *c;
	__u8 *msg;
	size_t len;

	while (heci->writable) {
		if (heci->bus_count) {
			bus = &heci->bus[heci->bus_head];
			if (!send_one(heci, bus->data, bus->len))
				return;
			heci->bus_head = (heci->bus_head + 1) % BUS_QUEUE;
			heci->bus_count--;
			continue;
		}
		c = hbm_fragment(heci->sim->hbm, &msg, &len);
		if (!c || !send_one(heci, msg, len))
			return;
		connection_fragment_sent(c, len);
	}
}

static bool has_room(const struct heci *heci)
{
	return BUS_QUEUE - heci->bus_count >= BUS_RESERVE;
}

/*
 * Edge-triggered: under load nearly every write meets a full buffer, and
 * changing the epoll set each time would cost more than the write.
 */
static int on_device(sd_event_source *source, int fd, uint32_t revents,
		     void *data)
{
	struct heci *heci = data;

	(void)source;
	(void)fd;
	if (revents & EPOLLOUT)
		heci->writable = true;
	if (revents & (EPOLLIN | EPOLLERR | EPOLLHUP))
		heci->readable = true;
	do {
		while (heci->readable && has_room(heci))
			receive(heci);
		heci_pump(heci);
	} while (heci->readable && has_room(heci));
	return 0;
}

void heci_bus_send(struct heci *heci, const __u8 *msg, size_t len)
{
	struct bus_message *bus;

	if (heci->bus_count == BUS_QUEUE) {
		sim_fail(heci->sim, "%s: more bus messages than expected",
			 heci->sim->opt.device);
		return;
	}
	bus = &heci->bus[(heci->bus_head + heci->bus_count++) % BUS_QUEUE];
	bus->len = HECI_HEADER_SIZE + len;
	put_le32(bus->data, HECI_COMPLETE | (__u32)len << 16);
	memcpy(bus->data + HECI_HEADER_SIZE, msg, len);
}

void heci_drop(struct heci *heci)
{
	heci->bus_count = 0;
	/* the host's buffer is empty now; the next write finds out */
	heci->writable = true;
}

int heci_reset(struct heci *heci)
{
	return ioctl(heci->fd, VMEI_IOC_RESET) < 0 ? -errno : 0;
}

void heci_stop(struct heci *heci)
{
	sd_event_source_set_enabled(heci->source, SD_EVENT_OFF);
	heci->readable = false;
	heci->writable = false;
}

static const char *remedy(int error)
{
	switch (error) {
	case ENOENT:
		return "; load vmei.ko first (modprobe vmei)";
	case EACCES:
	case EPERM:
		return "; run as root";
	default:
		return "";
	}
}

struct heci *heci_new(struct sim *sim)
{
	struct heci *heci = calloc(1, sizeof(*heci));
	int error;

	if (!heci)
		return NULL;
	heci->sim = sim;
	heci->fd = open(sim->opt.device, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (heci->fd < 0) {
		error = errno;
		fprintf(stderr, "amt-sim: %s: %s%s\n", sim->opt.device,
			strerror(error), remedy(error));
		goto err_free;
	}
	error = -sd_event_add_io(sim->event, &heci->source, heci->fd,
				 EPOLLIN | EPOLLOUT | EPOLLET, on_device, heci);
	if (error > 0) {
		fprintf(stderr, "amt-sim: %s: cannot wait for it: %s\n",
			sim->opt.device, strerror(error));
		goto err_close;
	}
	return heci;

err_close:
	close(heci->fd);
err_free:
	free(heci);
	errno = error;
	return NULL;
}

void heci_free(struct heci *heci)
{
	if (!heci)
		return;
	sd_event_source_unref(heci->source);
	close(heci->fd);
	free(heci);
}
