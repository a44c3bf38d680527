// SPDX-License-Identifier: GPL-2.0-only
/*
 * APF on the wire. Everything that is decoded here comes from firmware and is
 * checked against the length of the message before it is used.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "apf.h"

#define APF_VERSION_RESERVED 64
#define APF_OPEN_RESERVED 0xffffffffU

/**
 * struct cursor - the unread rest of a message
 * @p: next byte
 * @left: bytes left
 * @fail: something was read past the end; all later reads give 0
 */
struct cursor {
	const u8 *p;
	size_t left;
	bool fail;
};

static const u8 *take(struct cursor *c, size_t n)
{
	const u8 *p = c->p;

	if (c->fail || n > c->left) {
		c->fail = true;
		return NULL;
	}
	c->p += n;
	c->left -= n;
	return p;
}

static u8 take_u8(struct cursor *c)
{
	const u8 *p = take(c, 1);

	return p ? *p : 0;
}

static u32 take_u32(struct cursor *c)
{
	const u8 *p = take(c, 4);

	return p ? get_unaligned_be32(p) : 0;
}

static struct apf_str take_str(struct cursor *c)
{
	struct apf_str s;

	s.len = take_u32(c);
	s.p = take(c, s.len);
	if (!s.p)
		s.len = 0;
	return s;
}

/**
 * apf_str_eq - compare a received string with a literal
 * @s: received string
 * @text: NUL-terminated literal
 *
 * Return: true when both have the same bytes.
 */
bool apf_str_eq(const struct apf_str *s, const char *text)
{
	return s->len == strlen(text) && !memcmp(s->p, text, s->len);
}

static void decode_disconnect(struct apf_msg *msg, struct cursor *c)
{
	msg->disconnect.reason = take_u32(c);
	take(c, 2);
}

static void decode_service(struct apf_msg *msg, struct cursor *c)
{
	msg->service.name = take_str(c);
}

static void decode_userauth(struct apf_msg *msg, struct cursor *c)
{
	msg->userauth.user = take_str(c);
	msg->userauth.service = take_str(c);
	msg->userauth.method = take_str(c);
	if (!c->fail && apf_str_eq(&msg->userauth.method, "password")) {
		take_u8(c);
		take_str(c);
	}
}

static enum apf_request request_of(const struct apf_str *name)
{
	if (apf_str_eq(name, APF_TCPIP_FORWARD))
		return APF_REQ_FORWARD;
	if (apf_str_eq(name, APF_CANCEL_TCPIP_FORWARD))
		return APF_REQ_CANCEL_FORWARD;
	if (apf_str_eq(name, APF_UDP_SEND_TO))
		return APF_REQ_UDP_SEND_TO;
	return APF_REQ_UNKNOWN;
}

static void decode_global(struct apf_msg *msg, struct cursor *c)
{
	msg->global.name = take_str(c);
	msg->global.want_reply = take_u8(c);
	if (c->fail)
		return;

	msg->global.request = request_of(&msg->global.name);
	if (msg->global.request == APF_REQ_UNKNOWN) {
		/* What follows is its own. */
		take(c, c->left);
		return;
	}
	msg->global.addr = take_str(c);
	msg->global.port = take_u32(c);
	if (msg->global.request != APF_REQ_UDP_SEND_TO)
		return;
	msg->global.orig_addr = take_str(c);
	msg->global.orig_port = take_u32(c);
	msg->global.data = take_str(c);
}

static void decode_open(struct apf_msg *msg, struct cursor *c)
{
	msg->open.type = take_str(c);
	msg->open.sender = take_u32(c);
	msg->open.window = take_u32(c);
	take_u32(c);
	msg->open.addr = take_str(c);
	msg->open.port = take_u32(c);
	msg->open.orig_addr = take_str(c);
	msg->open.orig_port = take_u32(c);
}

static void decode_confirm(struct apf_msg *msg, struct cursor *c)
{
	msg->confirm.recipient = take_u32(c);
	msg->confirm.sender = take_u32(c);
	msg->confirm.window = take_u32(c);
	take_u32(c);
}

static void decode_failure(struct apf_msg *msg, struct cursor *c)
{
	msg->failure.recipient = take_u32(c);
	msg->failure.reason = take_u32(c);
	take(c, 8);
}

static void decode_adjust(struct apf_msg *msg, struct cursor *c)
{
	msg->adjust.recipient = take_u32(c);
	msg->adjust.bytes = take_u32(c);
}

static void decode_data(struct apf_msg *msg, struct cursor *c)
{
	msg->data.recipient = take_u32(c);
	msg->data.payload = take_str(c);
}

static void decode_close(struct apf_msg *msg, struct cursor *c)
{
	msg->close.recipient = take_u32(c);
}

static void decode_version(struct apf_msg *msg, struct cursor *c)
{
	const u8 *uuid;

	msg->version.major = take_u32(c);
	msg->version.minor = take_u32(c);
	msg->version.trigger = take_u32(c);
	uuid = take(c, APF_UUID_SIZE);
	if (uuid)
		memcpy(msg->version.uuid, uuid, APF_UUID_SIZE);
	take(c, APF_VERSION_RESERVED);
}

static void decode_keepalive(struct apf_msg *msg, struct cursor *c)
{
	msg->keepalive.cookie = take_u32(c);
}

static void decode_options(struct apf_msg *msg, struct cursor *c)
{
	msg->options.interval = take_u32(c);
	msg->options.timeout = take_u32(c);
}

/**
 * apf_decode - take a received message apart
 * @msg: filled in; its strings point into @buf
 * @buf: one whole message
 * @len: its length in bytes
 *
 * Bytes behind the end of the message are only counted, as all hosts do.
 *
 * Return: 0; -EBADMSG when the message is shorter than its own fields say;
 * -EOPNOTSUPP when it is of no type that AMT sends unasked, known or not, with
 * @msg->type set.
 */
int apf_decode(struct apf_msg *msg, const u8 *buf, size_t len)
{
	struct cursor c = { .p = buf, .left = len };

	memset(msg, 0, sizeof(*msg));
	msg->type = take_u8(&c);
	if (c.fail)
		return -EBADMSG;

	switch (msg->type) {
	case APF_DISCONNECT:
		decode_disconnect(msg, &c);
		break;
	case APF_SERVICE_REQUEST:
		decode_service(msg, &c);
		break;
	case APF_USERAUTH_REQUEST:
		decode_userauth(msg, &c);
		break;
	case APF_GLOBAL_REQUEST:
		decode_global(msg, &c);
		break;
	case APF_CHANNEL_OPEN:
		decode_open(msg, &c);
		break;
	case APF_CHANNEL_OPEN_CONFIRMATION:
		decode_confirm(msg, &c);
		break;
	case APF_CHANNEL_OPEN_FAILURE:
		decode_failure(msg, &c);
		break;
	case APF_CHANNEL_WINDOW_ADJUST:
		decode_adjust(msg, &c);
		break;
	case APF_CHANNEL_DATA:
		decode_data(msg, &c);
		break;
	case APF_CHANNEL_CLOSE:
		decode_close(msg, &c);
		break;
	case APF_PROTOCOLVERSION:
		decode_version(msg, &c);
		break;
	case APF_KEEPALIVE_REQUEST:
		decode_keepalive(msg, &c);
		break;
	case APF_KEEPALIVE_OPTIONS_REQUEST:
		decode_options(msg, &c);
		break;
	default:
		return -EOPNOTSUPP;
	}
	msg->trailing = c.left;
	return c.fail ? -EBADMSG : 0;
}

static u8 *put_u8(u8 *p, u8 v)
{
	*p = v;
	return p + 1;
}

static u8 *put_u32(u8 *p, u32 v)
{
	put_unaligned_be32(v, p);
	return p + 4;
}

static u8 *put_str(u8 *p, const char *text)
{
	size_t len = strlen(text);

	p = put_u32(p, len);
	memcpy(p, text, len);
	return p + len;
}

/*
 * The encoders write one message into a buffer of at least APF_ENCODED_MAX
 * bytes and return its length.
 */

/**
 * apf_encode_disconnect - DISCONNECT
 * @buf: room for APF_ENCODED_MAX bytes
 * @reason: enum apf_disconnect_reason
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_disconnect(u8 *buf, u32 reason)
{
	u8 *p = put_u8(buf, APF_DISCONNECT);

	p = put_u32(p, reason);
	p = put_u8(p, 0);
	p = put_u8(p, 0);
	return p - buf;
}

/**
 * apf_encode_service_accept - SERVICE_ACCEPT
 * @buf: room for APF_ENCODED_MAX bytes
 * @name: name of the service, one of APF_SERVICE_*
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_service_accept(u8 *buf, const char *name)
{
	return put_str(put_u8(buf, APF_SERVICE_ACCEPT), name) - buf;
}

/**
 * apf_encode_userauth_success - USERAUTH_SUCCESS
 * @buf: room for APF_ENCODED_MAX bytes
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_userauth_success(u8 *buf)
{
	return put_u8(buf, APF_USERAUTH_SUCCESS) - buf;
}

/**
 * apf_encode_forward_success - REQUEST_SUCCESS that answers tcpip-forward
 * @buf: room for APF_ENCODED_MAX bytes
 * @port: the port; always there, other than in SSH
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_forward_success(u8 *buf, u32 port)
{
	return put_u32(put_u8(buf, APF_REQUEST_SUCCESS), port) - buf;
}

/**
 * apf_encode_request_success - REQUEST_SUCCESS that answers a cancel
 * @buf: room for APF_ENCODED_MAX bytes
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_request_success(u8 *buf)
{
	return put_u8(buf, APF_REQUEST_SUCCESS) - buf;
}

/**
 * apf_encode_request_failure - REQUEST_FAILURE
 * @buf: room for APF_ENCODED_MAX bytes
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_request_failure(u8 *buf)
{
	return put_u8(buf, APF_REQUEST_FAILURE) - buf;
}

/**
 * apf_encode_version - PROTOCOLVERSION 1.0 with a UUID of zeros
 * @buf: room for APF_ENCODED_MAX bytes
 * @trigger: why it is sent
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_version(u8 *buf, u32 trigger)
{
	u8 *p = put_u8(buf, APF_PROTOCOLVERSION);

	p = put_u32(p, 1);
	p = put_u32(p, 0);
	p = put_u32(p, trigger);
	memset(p, 0, APF_UUID_SIZE + APF_VERSION_RESERVED);
	return p + APF_UUID_SIZE + APF_VERSION_RESERVED - buf;
}

/**
 * apf_encode_keepalive_reply - KEEPALIVE_REPLY
 * @buf: room for APF_ENCODED_MAX bytes
 * @cookie: the cookie of the request
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_keepalive_reply(u8 *buf, u32 cookie)
{
	return put_u32(put_u8(buf, APF_KEEPALIVE_REPLY), cookie) - buf;
}

/**
 * apf_encode_options_reply - KEEPALIVE_OPTIONS_REPLY
 * @buf: room for APF_ENCODED_MAX bytes
 * @interval: seconds, as in the request
 * @timeout: seconds, as in the request
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_options_reply(u8 *buf, u32 interval, u32 timeout)
{
	u8 *p = put_u8(buf, APF_KEEPALIVE_OPTIONS_REPLY);

	p = put_u32(p, interval);
	return put_u32(p, timeout) - buf;
}

/**
 * apf_encode_open - CHANNEL_OPEN of type forwarded-tcpip
 * @buf: room for APF_ENCODED_MAX bytes
 * @open: what to write
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_open(u8 *buf, const struct apf_open *open)
{
	u8 *p = put_u8(buf, APF_CHANNEL_OPEN);

	p = put_str(p, APF_FORWARDED_TCPIP);
	p = put_u32(p, open->sender);
	p = put_u32(p, open->window);
	p = put_u32(p, APF_OPEN_RESERVED);
	p = put_str(p, open->addr);
	p = put_u32(p, open->port);
	p = put_str(p, open->orig_addr);
	return put_u32(p, open->orig_port) - buf;
}

/**
 * apf_encode_open_failure - CHANNEL_OPEN_FAILURE
 * @buf: room for APF_ENCODED_MAX bytes
 * @recipient: AMT's id of the channel
 * @reason: enum apf_open_failure
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_open_failure(u8 *buf, u32 recipient, u32 reason)
{
	u8 *p = put_u8(buf, APF_CHANNEL_OPEN_FAILURE);

	p = put_u32(p, recipient);
	p = put_u32(p, reason);
	p = put_u32(p, 0);
	return put_u32(p, 0) - buf;
}

/**
 * apf_encode_adjust - CHANNEL_WINDOW_ADJUST
 * @buf: room for APF_ENCODED_MAX bytes
 * @recipient: AMT's id of the channel
 * @bytes: how much more AMT may send
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_adjust(u8 *buf, u32 recipient, u32 bytes)
{
	u8 *p = put_u8(buf, APF_CHANNEL_WINDOW_ADJUST);

	p = put_u32(p, recipient);
	return put_u32(p, bytes) - buf;
}

/**
 * apf_encode_data_header - CHANNEL_DATA up to its payload
 * @buf: room for APF_DATA_HDR_SIZE bytes; the payload goes behind them
 * @recipient: AMT's id of the channel
 * @len: length of the payload in bytes
 *
 * Return: APF_DATA_HDR_SIZE.
 */
size_t apf_encode_data_header(u8 *buf, u32 recipient, u32 len)
{
	u8 *p = put_u8(buf, APF_CHANNEL_DATA);

	p = put_u32(p, recipient);
	return put_u32(p, len) - buf;
}

/**
 * apf_encode_close - CHANNEL_CLOSE
 * @buf: room for APF_ENCODED_MAX bytes
 * @recipient: AMT's id of the channel
 *
 * Return: length of the message in bytes.
 */
size_t apf_encode_close(u8 *buf, u32 recipient)
{
	return put_u32(put_u8(buf, APF_CHANNEL_CLOSE), recipient) - buf;
}
