/* SPDX-License-Identifier: GPL-2.0-only */
/* A PTHI request while it is answered: pthi.c, pthi-read.c, pthi-change.c */
#ifndef AMT_SIM_PTHI_REQUEST_H
#define AMT_SIM_PTHI_REQUEST_H

#include <linux/types.h>
#include <string.h>

#include "wire.h"

struct pthi_state;
struct sim;

enum {
	STATUS_SUCCESS = 0x0000,
	STATUS_INVALID_MODE = 0x0003,
	STATUS_INVALID_LENGTH = 0x0004,
	STATUS_NOT_PERMITTED = 0x0010,
	STATUS_INVALID_STATE = 0x0020,
	STATUS_INVALID_PARAMETER = 0x0024,
	STATUS_RNG_IN_PROGRESS = 0x002f,
	STATUS_HOST_VPN_DISABLED = 0x0201,
	STATUS_GRANTED_WITH_DDNS = 0x0203,
	STATUS_INVALID_HANDLE = 0x0805,
	STATUS_DATA_MISSING = 0x0809,
	STATUS_UNSUPPORTED = 0x0812,
	STATUS_NOT_FOUND = 0x0814,
	STATUS_NO_INTERFACE = 0x09c5,
};

/**
 * struct request - a request and the data of its response
 * @sim: the virtual AMT
 * @state: what it remembers
 * @data: request data after the header
 * @len: its length
 * @rsp: where response data go
 * @rsp_len: how many there are
 */
struct request {
	struct sim *sim;
	struct pthi_state *state;
	const __u8 *data;
	size_t len;
	__u8 *rsp;
	size_t rsp_len;
};

/**
 * struct pthi_row - a command and how it is answered
 * @id: its number
 * @since: the first generation that knows it
 * @len: request data that it needs at least
 * @name: for the log
 * @answer: adds the response data; the status
 */
struct pthi_row {
	__u32 id;
	__u8 since;
	__u8 len;
	const char *name;
	__u32 (*answer)(struct request *r);
};

/* The tables end with a row without a name. */
extern const struct pthi_row pthi_read_rows[];
extern const struct pthi_row pthi_change_rows[];

static inline void add(struct request *r, const void *data, size_t len)
{
	memcpy(r->rsp + r->rsp_len, data, len);
	r->rsp_len += len;
}

static inline void add_zero(struct request *r, size_t len)
{
	memset(r->rsp + r->rsp_len, 0, len);
	r->rsp_len += len;
}

static inline void add_u8(struct request *r, __u8 v)
{
	r->rsp[r->rsp_len++] = v;
}

static inline void add_u16(struct request *r, __u16 v)
{
	put_le16(r->rsp + r->rsp_len, v);
	r->rsp_len += 2;
}

static inline void add_u32(struct request *r, __u32 v)
{
	put_le32(r->rsp + r->rsp_len, v);
	r->rsp_len += 4;
}

/* Text in a field of fixed size, filled up with NUL. */
static inline void add_field(struct request *r, const char *text, size_t size)
{
	size_t len = strlen(text);

	add(r, text, len);
	add_zero(r, size - len);
}

static inline void add_ansi(struct request *r, const char *text)
{
	add_u16(r, strlen(text));
	add(r, text, strlen(text));
}

#endif /* AMT_SIM_PTHI_REQUEST_H */
