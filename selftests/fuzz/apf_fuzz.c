// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target for the APF codec.
 *
 * A message that decodes must hold every byte its strings point to, come out of
 * the encoder as it came in, apart from reserved fields, and not decode with
 * one byte less than it needs. One that does not decode must not do so when it
 * is cut short either.
 */
#include <stdlib.h>
#include <string.h>

#include "apf.h"

#define require(cond) \
	do { \
		if (!(cond)) \
			__builtin_trap(); \
	} while (0)

/* Every byte of a string lies inside the message and can be read. */
static void touch(const struct apf_str *s, const u8 *buf, size_t len)
{
	unsigned long long sum = 0;
	u32 i;

	if (!s->len)
		return;
	require(s->p > buf && s->p < buf + len);
	require(s->len <= (size_t)(buf + len - s->p));
	for (i = 0; i < s->len; i++)
		sum += s->p[i];
	require(sum <= 0xffULL * s->len);
}

static void touch_strings(const struct apf_msg *msg, const u8 *buf, size_t len)
{
	switch (msg->type) {
	case APF_SERVICE_REQUEST:
		touch(&msg->service.name, buf, len);
		break;
	case APF_USERAUTH_REQUEST:
		touch(&msg->userauth.user, buf, len);
		touch(&msg->userauth.service, buf, len);
		touch(&msg->userauth.method, buf, len);
		break;
	case APF_GLOBAL_REQUEST:
		touch(&msg->global.name, buf, len);
		touch(&msg->global.addr, buf, len);
		touch(&msg->global.orig_addr, buf, len);
		touch(&msg->global.data, buf, len);
		break;
	case APF_CHANNEL_OPEN:
		touch(&msg->open.type, buf, len);
		touch(&msg->open.addr, buf, len);
		touch(&msg->open.orig_addr, buf, len);
		break;
	case APF_CHANNEL_DATA:
		touch(&msg->data.payload, buf, len);
		break;
	default:
		break;
	}
}

/* The string as an encoder takes it, or false where it cannot be one. */
static bool to_text(const struct apf_str *s, char text[APF_ADDR_MAX + 1])
{
	if (s->len > APF_ADDR_MAX || memchr(s->p, 0, s->len))
		return false;
	memcpy(text, s->p, s->len);
	text[s->len] = '\0';
	return true;
}

static size_t encode_open(u8 *out, const struct apf_msg *msg)
{
	char orig_addr[APF_ADDR_MAX + 1], addr[APF_ADDR_MAX + 1];
	struct apf_open open = {
		.sender = msg->open.sender,
		.window = msg->open.window,
		.addr = addr,
		.port = msg->open.port,
		.orig_addr = orig_addr,
		.orig_port = msg->open.orig_port,
	};

	if (!apf_str_eq(&msg->open.type, APF_FORWARDED_TCPIP) ||
	    !to_text(&msg->open.addr, addr) ||
	    !to_text(&msg->open.orig_addr, orig_addr))
		return 0;
	return apf_encode_open(out, &open);
}

static size_t encode_version(u8 *out, const struct apf_msg *msg)
{
	static const u8 zero[APF_UUID_SIZE];

	if (msg->version.major != 1 || msg->version.minor ||
	    memcmp(msg->version.uuid, zero, sizeof(zero)))
		return 0;
	return apf_encode_version(out, msg->version.trigger);
}

/**
 * encode - write a decoded message again
 * @out: room for APF_ENCODED_MAX bytes
 * @msg: decoded message
 *
 * Return: length in bytes; 0 when there is no encoder for such a message.
 */
static size_t encode(u8 *out, const struct apf_msg *msg)
{
	switch (msg->type) {
	case APF_DISCONNECT:
		return apf_encode_disconnect(out, msg->disconnect.reason);
	case APF_CHANNEL_OPEN:
		return encode_open(out, msg);
	case APF_CHANNEL_OPEN_FAILURE:
		return apf_encode_open_failure(out, msg->failure.recipient,
					       msg->failure.reason);
	case APF_CHANNEL_WINDOW_ADJUST:
		return apf_encode_adjust(out, msg->adjust.recipient,
					 msg->adjust.bytes);
	case APF_CHANNEL_DATA:
		return apf_encode_data_header(out, msg->data.recipient,
					      msg->data.payload.len);
	case APF_CHANNEL_CLOSE:
		return apf_encode_close(out, msg->close.recipient);
	case APF_PROTOCOLVERSION:
		return encode_version(out, msg);
	default:
		return 0;
	}
}

/* Give the fields that the decoder does not keep the value the encoder uses. */
static void set_reserved(u8 *copy, const struct apf_msg *msg)
{
	switch (msg->type) {
	case APF_DISCONNECT:
		memset(copy + 5, 0, 2);
		break;
	case APF_CHANNEL_OPEN:
		memset(copy + 13 + msg->open.type.len, 0xff, 4);
		break;
	case APF_CHANNEL_OPEN_FAILURE:
		memset(copy + 9, 0, 8);
		break;
	case APF_PROTOCOLVERSION:
		memset(copy + 29, 0, 64);
		break;
	default:
		break;
	}
}

static void check_encoder(const struct apf_msg *msg, const u8 *buf, size_t len)
{
	u8 *out = malloc(APF_ENCODED_MAX);
	u8 *copy = malloc(len);
	size_t n;

	require(out && copy);
	memcpy(copy, buf, len);
	n = encode(out, msg);
	if (n) {
		require(n <= APF_ENCODED_MAX && n <= len);
		set_reserved(copy, msg);
		require(!memcmp(out, copy, n));
	}
	free(copy);
	free(out);
}

/* Decodes @len bytes from a heap block of exactly their size. */
static int decode_exact(struct apf_msg *msg, const u8 *data, size_t len)
{
	u8 *buf = malloc(len);
	int rc;

	require(buf);
	if (len)
		memcpy(buf, data, len);
	rc = apf_decode(msg, buf, len);
	require(!len || msg->type == data[0]);
	if (!rc) {
		touch_strings(msg, buf, len);
		check_encoder(msg, buf, len);
	}
	free(buf);
	return rc;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct apf_msg msg, cut;
	size_t needed;
	int rc = decode_exact(&msg, data, size);

	if (rc) {
		require(decode_exact(&cut, data, size / 2));
		return 0;
	}
	require(msg.trailing < size);
	needed = size - msg.trailing;
	require(!decode_exact(&cut, data, needed) && !cut.trailing);
	/* What an unknown request carries is its own and can have any length. */
	if (msg.type == APF_GLOBAL_REQUEST &&
	    msg.global.request == APF_REQ_UNKNOWN)
		return 0;
	require(decode_exact(&cut, data, needed - 1));
	return 0;
}
