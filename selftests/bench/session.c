// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mei.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "session.h"

enum {
	APF_DISCONNECT = 1,
	APF_SERVICE_REQUEST = 5,
	APF_SERVICE_ACCEPT = 6,
	APF_USERAUTH_REQUEST = 50,
	APF_USERAUTH_SUCCESS = 52,
	APF_GLOBAL_REQUEST = 80,
	APF_REQUEST_SUCCESS = 81,
	APF_REQUEST_FAILURE = 82,
	APF_CHANNEL_OPEN = 90,
	APF_CHANNEL_OPEN_CONFIRMATION = 91,
	APF_CHANNEL_OPEN_FAILURE = 92,
	APF_CHANNEL_WINDOW_ADJUST = 93,
	APF_CHANNEL_DATA = 94,
	APF_CHANNEL_CLOSE = 97,
	APF_PROTOCOLVERSION = 192,
	APF_KEEPALIVE_REQUEST = 208,
	APF_KEEPALIVE_REPLY = 209,
};

#define PROTOCOLVERSION_SIZE 93
#define REASON_LME_REQUEST 254
#define DISCONNECT_BY_APPLICATION 11
#define OPEN_PROHIBITED 1
#define DATA_HEADER 9
#define OUR_CHANNEL 1

#define AMT_SPEAKS_FIRST_MS 300
#define STALL_SECONDS 10

/* 6733A4DB-0476-4E7B-B3AF-BCFC29BEE7A7 */
static const __u8 lme_guid[16] = {
	0xdb, 0xa4, 0x33, 0x67, 0x76, 0x04, 0x7b, 0x4e,
	0xb3, 0xaf, 0xbc, 0xfc, 0x29, 0xbe, 0xe7, 0xa7
};

static __u32 get_u32(const __u8 *p)
{
	__u32 v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

/*
 * Messages to AMT: begin(), put_…(), transmit()
 */

static void put(struct session *s, const void *data, size_t len)
{
	if (len > s->mtu - s->tx_len)
		errx(EXIT_PROTOCOL, "AMT takes messages of %zu bytes only", s->mtu);
	memcpy(s->tx + s->tx_len, data, len);
	s->tx_len += len;
}

static void put_u8(struct session *s, __u8 v)
{
	put(s, &v, sizeof(v));
}

static void put_u32(struct session *s, __u32 v)
{
	v = htobe32(v);
	put(s, &v, sizeof(v));
}

static void put_string(struct session *s, const char *text)
{
	put_u32(s, strlen(text));
	put(s, text, strlen(text));
}

static void begin(struct session *s, __u8 type)
{
	s->tx_len = 0;
	put_u8(s, type);
}

static void die_of_link(void)
{
	if (errno == ENODEV)
		errx(EXIT_PROTOCOL, "the firmware has reset the link or closed LME");
	err(EXIT_INTERNAL, "LME");
}

static void transmit(struct session *s)
{
	ssize_t n;

	do
		n = write(s->fd, s->tx, s->tx_len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		die_of_link();
}

static void send_version(struct session *s)
{
	static const __u8 uuid_and_reserved[80];

	begin(s, APF_PROTOCOLVERSION);
	put_u32(s, 1);
	put_u32(s, 0);
	put_u32(s, REASON_LME_REQUEST);
	put(s, uuid_and_reserved, sizeof(uuid_and_reserved));
	transmit(s);
	s->version_sent = true;
}

static void send_channel(struct session *s, __u8 type)
{
	begin(s, type);
	put_u32(s, s->amt_channel);
	transmit(s);
}

/* "Channels": loopback addresses make the channel a local one for AMT */
static void open_channel(struct session *s)
{
	begin(s, APF_CHANNEL_OPEN);
	put_string(s, "forwarded-tcpip");
	put_u32(s, OUR_CHANNEL);
	put_u32(s, s->window);
	put_u32(s, UINT32_MAX);
	put_string(s, "127.0.0.1");
	put_u32(s, s->port);
	put_string(s, "127.0.0.1");
	put_u32(s, s->port);
	transmit(s);
	s->channel = CHANNEL_OPENING;
	s->rx_left = s->window;
}

/* Returns how much of it the window and the message size allowed */
static size_t send_data(struct session *s, const void *data, size_t len)
{
	if (len > s->tx_left)
		len = s->tx_left;
	if (len > s->mtu - DATA_HEADER)
		len = s->mtu - DATA_HEADER;

	begin(s, APF_CHANNEL_DATA);
	put_u32(s, s->amt_channel);
	put_u32(s, len);
	put(s, data, len);
	transmit(s);
	s->tx_left -= len;
	return len;
}

/*
 * Messages from AMT: a cursor that dies at the end
 */

struct cursor {
	const __u8 *p;
	size_t left;
};

static const __u8 *take(struct cursor *c, size_t len)
{
	const __u8 *p = c->p;

	if (len > c->left)
		errx(EXIT_PROTOCOL, "a message of AMT is shorter than it says");
	c->p += len;
	c->left -= len;
	return p;
}

static __u32 take_u32(struct cursor *c)
{
	return get_u32(take(c, sizeof(__u32)));
}

struct string {
	const char *text;
	size_t len;
};

static struct string take_string(struct cursor *c)
{
	struct string string;

	string.len = take_u32(c);
	string.text = (const char *)take(c, string.len);
	return string;
}

static bool equal(struct string string, const char *name)
{
	return string.len == strlen(name) &&
	       !memcmp(string.text, name, string.len);
}

static void on_disconnect(struct session *s, struct cursor *c)
{
	(void)s;
	errx(EXIT_PROTOCOL, "AMT disconnected, reason %u", take_u32(c));
}

/* "Session": ours may have crossed AMT's, then it was the answer */
static void on_version(struct session *s, struct cursor *c)
{
	__u32 major = take_u32(c);

	take(c, PROTOCOLVERSION_SIZE - 5);
	if (!major)
		errx(EXIT_PROTOCOL, "AMT speaks APF 0, this program 1.0");
	if (s->version_agreed)
		errx(EXIT_PROTOCOL, "AMT has started over");
	if (!s->version_sent)
		send_version(s);
	s->version_agreed = true;
}

static void on_service_request(struct session *s, struct cursor *c)
{
	struct string name = take_string(c);

	if (equal(name, "pfwd@amt.intel.com"))
		s->pfwd = true;
	else if (!equal(name, "auth@amt.intel.com"))
		errx(EXIT_PROTOCOL, "AMT asks for an unknown service");
	begin(s, APF_SERVICE_ACCEPT);
	put_u32(s, name.len);
	put(s, name.text, name.len);
	transmit(s);
}

static void on_userauth(struct session *s, struct cursor *c)
{
	(void)c;
	begin(s, APF_USERAUTH_SUCCESS);
	transmit(s);
}

static void on_forward(struct session *s, struct cursor *c)
{
	__u32 port;

	if (!s->pfwd)
		errx(EXIT_PROTOCOL, "AMT asks for a forward before the service");
	take_string(c);
	port = take_u32(c);
	begin(s, APF_REQUEST_SUCCESS);
	put_u32(s, port);
	transmit(s);
	if (port == s->port)
		s->forwarded = true;
	if (s->on_forward)
		s->on_forward(port);
}

static void on_cancel(struct session *s, struct cursor *c)
{
	take_string(c);
	if (take_u32(c) == s->port)
		s->forwarded = false;
	begin(s, APF_REQUEST_SUCCESS);
	transmit(s);
}

static void on_global_request(struct session *s, struct cursor *c)
{
	struct string name = take_string(c);
	bool want_reply = *take(c, 1);

	if (equal(name, "tcpip-forward")) {
		on_forward(s, c);
	} else if (equal(name, "cancel-tcpip-forward")) {
		on_cancel(s, c);
	} else if (want_reply) {
		begin(s, APF_REQUEST_FAILURE);
		transmit(s);
	}
}

/* AMT delivers events over channels of its own; nobody here reads them */
static void on_open(struct session *s, struct cursor *c)
{
	take_string(c);
	begin(s, APF_CHANNEL_OPEN_FAILURE);
	put_u32(s, take_u32(c));
	put_u32(s, OPEN_PROHIBITED);
	put_u32(s, 0);
	put_u32(s, 0);
	transmit(s);
}

static void on_confirmation(struct session *s, struct cursor *c)
{
	if (take_u32(c) != OUR_CHANNEL || s->channel != CHANNEL_OPENING)
		return;
	s->amt_channel = take_u32(c);
	s->tx_left = take_u32(c);
	s->channel = CHANNEL_OPEN;
}

static void on_open_failure(struct session *s, struct cursor *c)
{
	if (take_u32(c) == OUR_CHANNEL && s->channel == CHANNEL_OPENING)
		errx(EXIT_UNREACHABLE, "AMT refused a channel to port %u, reason %u",
		     s->port, take_u32(c));
}

static bool is_ours(const struct session *s, struct cursor *c)
{
	return take_u32(c) == OUR_CHANNEL && s->channel == CHANNEL_OPEN;
}

static void on_adjust(struct session *s, struct cursor *c)
{
	__u32 more;

	if (!is_ours(s, c))
		return;
	more = take_u32(c);
	if (more > UINT32_MAX - s->tx_left)
		errx(EXIT_PROTOCOL, "AMT's window overflows");
	s->tx_left += more;
}

/* "Windows": half of it at once, so that AMT need not wait for every credit */
static void credit(struct session *s, __u32 len)
{
	s->rx_owed += len;
	if (!s->rx_owed || s->rx_owed < s->window / 2)
		return;
	begin(s, APF_CHANNEL_WINDOW_ADJUST);
	put_u32(s, s->amt_channel);
	put_u32(s, s->rx_owed);
	transmit(s);
	s->rx_left += s->rx_owed;
	s->rx_owed = 0;
}

static void on_data(struct session *s, struct cursor *c)
{
	const __u8 *data;
	__u32 len;

	if (!is_ours(s, c))
		return;
	len = take_u32(c);
	data = take(c, len);
	if (len > s->rx_left)
		errx(EXIT_PROTOCOL, "AMT sent %u bytes, its window is %u", len,
		     s->rx_left);
	s->rx_left -= len;
	credit(s, len);
	s->on_data(s->context, data, len);
}

static void on_close(struct session *s, struct cursor *c)
{
	if (take_u32(c) != OUR_CHANNEL)
		return;
	if (s->channel == CHANNEL_OPEN)
		send_channel(s, APF_CHANNEL_CLOSE);
	s->channel = CHANNEL_CLOSED;
}

static void on_keepalive(struct session *s, struct cursor *c)
{
	begin(s, APF_KEEPALIVE_REPLY);
	put_u32(s, take_u32(c));
	transmit(s);
}

static const struct {
	__u8 type;
	void (*handle)(struct session *s, struct cursor *c);
} handlers[] = {
	{ APF_CHANNEL_DATA, on_data },
	{ APF_CHANNEL_WINDOW_ADJUST, on_adjust },
	{ APF_CHANNEL_CLOSE, on_close },
	{ APF_CHANNEL_OPEN_CONFIRMATION, on_confirmation },
	{ APF_CHANNEL_OPEN_FAILURE, on_open_failure },
	{ APF_CHANNEL_OPEN, on_open },
	{ APF_GLOBAL_REQUEST, on_global_request },
	{ APF_PROTOCOLVERSION, on_version },
	{ APF_SERVICE_REQUEST, on_service_request },
	{ APF_USERAUTH_REQUEST, on_userauth },
	{ APF_KEEPALIVE_REQUEST, on_keepalive },
	{ APF_DISCONNECT, on_disconnect },
};

static void dispatch(struct session *s, size_t len)
{
	struct cursor c = { s->rx, len };
	__u8 type;

	if (!len)
		return;
	type = *take(&c, 1);
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
		if (handlers[i].type != type)
			continue;
		handlers[i].handle(s, &c);
		return;
	}
}

/* The interval timer ends a read() after STALL_SECONDS to twice as much */
static void check_stall(struct session *s)
{
	if (s->received == s->received_at_tick)
		errx(EXIT_TIMEOUT, "AMT has been silent for %d s", STALL_SECONDS);
	s->received_at_tick = s->received;
}

void session_receive(struct session *s)
{
	ssize_t n = read(s->fd, s->rx, s->mtu);

	if (n < 0 && errno == EINTR) {
		check_stall(s);
		return;
	}
	if (n < 0)
		die_of_link();
	s->received++;
	dispatch(s, n);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void start_stall_timer(void)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval tick = {
		.it_interval.tv_sec = STALL_SECONDS,
		.it_value.tv_sec = STALL_SECONDS,
	};

	if (sigaction(SIGALRM, &action, NULL) ||
	    setitimer(ITIMER_REAL, &tick, NULL))
		err(EXIT_INTERNAL, "timer");
}

static void open_device(struct session *s, const char *device)
{
	s->fd = open(device, O_RDWR | O_CLOEXEC);
	if (s->fd >= 0)
		return;
	err(errno == EACCES || errno == EPERM ? EXIT_PERMISSION : EXIT_NO_DEVICE,
	    "%s", device);
}

static void connect_lme(struct session *s, const char *device)
{
	struct mei_connect_client_data data;

	memcpy(&data.in_client_uuid, lme_guid, sizeof(lme_guid));
	if (!ioctl(s->fd, IOCTL_MEI_CONNECT_CLIENT, &data)) {
		s->mtu = data.out_client_properties.max_msg_length;
		return;
	}
	switch (errno) {
	case EBUSY:
		errx(EXIT_BUSY, "%s: another program uses LME", device);
	case ENOTTY:
		errx(EXIT_NO_CLIENT, "%s: the firmware has no LME", device);
	default:
		err(EXIT_NO_DEVICE, "%s: connect to LME", device);
	}
}

bool session_readable(struct session *s, int timeout_ms)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

void session_start(struct session *s, const char *device)
{
	open_device(s, device);
	connect_lme(s, device);
	s->rx = malloc(s->mtu);
	s->tx = malloc(s->mtu);
	if (!s->rx || !s->tx || s->mtu < PROTOCOLVERSION_SIZE)
		errx(EXIT_INTERNAL, "no buffers for messages of %zu bytes",
		     s->mtu);
	if (!session_readable(s, AMT_SPEAKS_FIRST_MS))
		send_version(s);
	start_stall_timer();
}

void session_end(struct session *s)
{
	static const __u8 reserved[2];

	begin(s, APF_DISCONNECT);
	put_u32(s, DISCONNECT_BY_APPLICATION);
	put(s, reserved, sizeof(reserved));
	transmit(s);
	fsync(s->fd); /* waits until it is sent: close() drops what is not */
	close(s->fd);
	free(s->rx);
	free(s->tx);
}

void session_open_channel(struct session *s)
{
	while (!s->forwarded)
		session_receive(s);
	open_channel(s);
	while (s->channel == CHANNEL_OPENING)
		session_receive(s);
}

void session_close_channel(struct session *s)
{
	if (s->channel != CHANNEL_OPEN)
		return;
	send_channel(s, APF_CHANNEL_CLOSE);
	s->channel = CHANNEL_CLOSING;
	while (s->channel == CHANNEL_CLOSING)
		session_receive(s);
}

void session_send(struct session *s, const void *data, size_t len)
{
	size_t n;

	while (len && s->channel == CHANNEL_OPEN) {
		if (!s->tx_left) {
			session_receive(s);
			continue;
		}
		n = send_data(s, data, len);
		data = (const char *)data + n;
		len -= n;
	}
}

