// SPDX-License-Identifier: GPL-2.0-only
#include <linux/types.h>
#include <string.h>

#include "apf.h"
#include "wire.h"

#define NO_PACKET_LIMIT 0xffffffffu

/* What is left of a message; @bad sticks, so only the end needs a check. */
struct reader {
	const __u8 *p;
	size_t left;
	bool bad;
};

static const __u8 *take(struct reader *r, size_t n)
{
	const __u8 *p = r->p;

	if (r->bad || n > r->left) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	r->left -= n;
	return p;
}

static __u32 take_u32(struct reader *r)
{
	const __u8 *p = take(r, 4);

	return p ? get_be32(p) : 0;
}

static struct apf_text take_text(struct reader *r)
{
	struct apf_text text = { .len = take_u32(r) };

	text.p = take(r, text.len);
	return text;
}

static void take_version(struct reader *r, struct apf_message *m)
{
	m->version.major = take_u32(r);
	m->version.minor = take_u32(r);
	m->version.trigger = take_u32(r);
	take(r, 16 + 64);
}

static void take_open(struct reader *r, struct apf_message *m)
{
	m->open.type = take_text(r);
	m->open.sender = take_u32(r);
	m->open.window = take_u32(r);
	take(r, 4);
	m->open.address = take_text(r);
	m->open.port = take_u32(r);
	m->open.originator = take_text(r);
	m->open.originator_port = take_u32(r);
}

bool apf_decode(const __u8 *msg, size_t len, struct apf_message *m)
{
	struct reader r = { .p = msg, .left = len };
	const __u8 *type = take(&r, 1);

	if (!type)
		return false;
	memset(m, 0, sizeof(*m));
	m->type = *type;
	switch (m->type) {
	case APF_DISCONNECT:
		m->reason = take_u32(&r);
		take(&r, 2);
		break;
	case APF_SERVICE_ACCEPT:
		m->name = take_text(&r);
		break;
	case APF_PROTOCOLVERSION:
		take_version(&r, m);
		break;
	case APF_REQUEST_SUCCESS:
		m->port = r.left ? take_u32(&r) : 0;
		break;
	case APF_REQUEST_FAILURE:
	case APF_USERAUTH_SUCCESS:
		break;
	case APF_USERAUTH_FAILURE:
		m->name = take_text(&r);
		take(&r, 1);
		break;
	case APF_CHANNEL_OPEN:
		take_open(&r, m);
		break;
	case APF_CHANNEL_WINDOW_ADJUST:
		m->recipient = take_u32(&r);
		m->adjust = take_u32(&r);
		break;
	case APF_CHANNEL_DATA:
		m->recipient = take_u32(&r);
		m->data = take_text(&r);
		break;
	case APF_CHANNEL_CLOSE:
		m->recipient = take_u32(&r);
		break;
	case APF_KEEPALIVE_OPTIONS_REQUEST:
	case APF_KEEPALIVE_OPTIONS_REPLY:
		m->keepalive[0] = take_u32(&r);
		m->keepalive[1] = take_u32(&r);
		break;
	case APF_KEEPALIVE_REQUEST:
	case APF_KEEPALIVE_REPLY:
		m->keepalive[0] = take_u32(&r);
		break;
	default:
		return false;
	}
	return !r.bad;
}

bool apf_text_is(const struct apf_text *text, const char *expected)
{
	return text->len == strlen(expected) &&
	       !memcmp(text->p, expected, text->len);
}

static __u8 *add_u8(__u8 *p, __u8 v)
{
	*p = v;
	return p + 1;
}

static __u8 *add_u32(__u8 *p, __u32 v)
{
	put_be32(p, v);
	return p + 4;
}

static __u8 *add_text(__u8 *p, const char *text)
{
	p = add_u32(p, strlen(text));
	while (*text)
		*p++ = *text++;
	return p;
}

size_t apf_put_disconnect(__u8 *p, __u32 reason)
{
	__u8 *end = add_u32(add_u8(p, APF_DISCONNECT), reason);

	memset(end, 0, 2);
	return end + 2 - p;
}

size_t apf_put_version(__u8 *p, const __u8 uuid[16])
{
	__u8 *end = add_u8(p, APF_PROTOCOLVERSION);

	end = add_u32(end, 1);
	end = add_u32(end, 0);
	end = add_u32(end, APF_TRIGGER_LME);
	memcpy(end, uuid, 16);
	end += 16;
	memset(end, 0, 64);
	return end + 64 - p;
}

size_t apf_put_service_request(__u8 *p, const char *name)
{
	return add_text(add_u8(p, APF_SERVICE_REQUEST), name) - p;
}

size_t apf_put_userauth(__u8 *p, const char *user, const char *method,
			const char *password)
{
	__u8 *end = add_u8(p, APF_USERAUTH_REQUEST);

	end = add_text(end, user);
	end = add_text(end, APF_PFWD);
	end = add_text(end, method);
	if (password)
		end = add_text(add_u8(end, 0), password);
	return end - p;
}

static size_t put_request(__u8 *p, const char *name, const char *address,
			  __u32 port)
{
	__u8 *end = add_u8(p, APF_GLOBAL_REQUEST);

	end = add_text(end, name);
	end = add_u8(end, 1);
	end = add_text(end, address);
	return add_u32(end, port) - p;
}

size_t apf_put_forward(__u8 *p, const char *address, __u32 port)
{
	return put_request(p, "tcpip-forward", address, port);
}

size_t apf_put_cancel(__u8 *p, const char *address, __u32 port)
{
	return put_request(p, "cancel-tcpip-forward", address, port);
}

size_t apf_put_confirmation(__u8 *p, __u32 recipient, __u32 sender,
			    __u32 window)
{
	__u8 *end = add_u8(p, APF_CHANNEL_OPEN_CONFIRMATION);

	end = add_u32(end, recipient);
	end = add_u32(end, sender);
	end = add_u32(end, window);
	return add_u32(end, NO_PACKET_LIMIT) - p;
}

size_t apf_put_failure(__u8 *p, __u32 recipient, __u32 reason)
{
	__u8 *end = add_u8(p, APF_CHANNEL_OPEN_FAILURE);

	end = add_u32(end, recipient);
	end = add_u32(end, reason);
	end = add_u32(end, 0);
	return add_u32(end, 0) - p;
}

size_t apf_put_adjust(__u8 *p, __u32 recipient, __u32 bytes)
{
	__u8 *end = add_u8(p, APF_CHANNEL_WINDOW_ADJUST);

	end = add_u32(end, recipient);
	return add_u32(end, bytes) - p;
}

size_t apf_put_close(__u8 *p, __u32 recipient)
{
	return add_u32(add_u8(p, APF_CHANNEL_CLOSE), recipient) - p;
}

size_t apf_put_keepalive_request(__u8 *p, __u32 cookie)
{
	return add_u32(add_u8(p, APF_KEEPALIVE_REQUEST), cookie) - p;
}

size_t apf_put_keepalive_reply(__u8 *p, __u32 cookie)
{
	return add_u32(add_u8(p, APF_KEEPALIVE_REPLY), cookie) - p;
}

static size_t put_options(__u8 *p, __u8 type, const __u32 values[2])
{
	return add_u32(add_u32(add_u8(p, type), values[0]), values[1]) - p;
}

size_t apf_put_keepalive_options_request(__u8 *p, const __u32 values[2])
{
	return put_options(p, APF_KEEPALIVE_OPTIONS_REQUEST, values);
}

size_t apf_put_keepalive_options_reply(__u8 *p, const __u32 values[2])
{
	return put_options(p, APF_KEEPALIVE_OPTIONS_REPLY, values);
}

size_t apf_put_data_header(__u8 *p, __u32 recipient, __u32 len)
{
	__u8 *end = add_u8(p, APF_CHANNEL_DATA);

	end = add_u32(end, recipient);
	return add_u32(end, len) + len - p;
}
