// SPDX-License-Identifier: GPL-2.0-only
#include <linux/types.h>
#include <string.h>

#include "mkhi.h"
#include "sim.h"
#include "wire.h"

#define HEADER_SIZE 4
#define RESPONSE 0x80

enum {
	GROUP_FWCAPS = 0x03,
	GROUP_GEN = 0xff,
};

enum {
	RESULT_OK = 0x00,
	RESULT_NOT_FOUND = 0x81,
	RESULT_PARAMETERS = 0x85,
	RESULT_NOT_SUPPORTED = 0x89,
};

/* Rules of the FWCAPS group: a desktop with corporate firmware and AMT. */
#define CAPS_AMT 0x000004
#define CAPS_PAVP 0x001000
#define CAPS_IPV6 0x020000
#define CAPS_KVM 0x040000
#define CAPS_TLS 0x200000
#define CAPS (CAPS_AMT | CAPS_PAVP | CAPS_IPV6 | CAPS_KVM | CAPS_TLS)

static const struct {
	__u32 id;
	__u32 value;
} rules[] = {
	{ 0x00, CAPS },		/* SKU capabilities */
	{ 0x07, 1 },		/* firmware update enabled */
	{ 0x1d, 0x00001402 },	/* desktop, image type 4, brand AMT */
	{ 0x20, CAPS },		/* features enabled */
	{ 0x27, CAPS },		/* features available */
};

#define FW_BUILD 2124

struct answer {
	const struct generation *generation;
	__u8 *data;
	size_t len;
};

static void add_u32(struct answer *a, __u32 v)
{
	put_le32(a->data + a->len, v);
	a->len += 4;
}

static __u8 get_mkhi_version(const __u8 *body, struct answer *a)
{
	(void)body;
	add_u32(a, 1u << 16 | 1);
	return RESULT_OK;
}

/* Code, NFTP and FITC carry the same version. */
static __u8 get_fw_version(const __u8 *body, struct answer *a)
{
	const struct generation *g = a->generation;

	(void)body;
	/* minor and major, then build and hotfix, of 16 bits each */
	for (int i = 0; i < 3; i++) {
		add_u32(a, (__u32)g->major << 16 | g->minor);
		add_u32(a, (__u32)g->hotfix << 16 | FW_BUILD);
	}
	return RESULT_OK;
}

static __u8 get_boot_state(const __u8 *body, struct answer *a)
{
	(void)body;
	add_u32(a, 1);
	return RESULT_OK;
}

static __u8 get_image_type(const __u8 *body, struct answer *a)
{
	(void)body;
	add_u32(a, 4);
	return RESULT_OK;
}

static __u8 get_eop_state(const __u8 *body, struct answer *a)
{
	(void)body;
	add_u32(a, 1);
	return RESULT_OK;
}

static __u8 get_rule(const __u8 *body, struct answer *a)
{
	__u32 id = get_le32(body);

	add_u32(a, id);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rules[i].id != id)
			continue;
		a->data[a->len++] = 4;
		add_u32(a, rules[i].value);
		return RESULT_OK;
	}
	return RESULT_NOT_FOUND;
}

/* drivers/misc/mei/bus-fixup.c tells the type of the host's system so. */
static __u8 set_os_version(const __u8 *body, struct answer *a)
{
	add_u32(a, get_le32(body));
	return RESULT_OK;
}

static const struct {
	__u8 group;
	__u8 command;
	__u8 body_len;
	__u8 (*answer)(const __u8 *body, struct answer *a);
} commands[] = {
	{ GROUP_FWCAPS, 0x02, 4, get_rule },
	{ GROUP_FWCAPS, 0x06, 4, set_os_version },
	{ GROUP_GEN, 0x01, 0, get_mkhi_version },
	{ GROUP_GEN, 0x02, 0, get_fw_version },
	{ GROUP_GEN, 0x0a, 0, get_boot_state },
	{ GROUP_GEN, 0x18, 0, get_image_type },
	{ GROUP_GEN, 0x1d, 0, get_eop_state },
};

size_t mkhi_answer(struct sim *sim, const __u8 *msg, size_t len, __u8 *rsp)
{
	struct answer a = {
		.generation = sim->pthi.generation,
		.data = rsp + HEADER_SIZE,
	};

	if (len < HEADER_SIZE || msg[1] & RESPONSE)
		return 0;
	sim->stats.requests++;
	memcpy(rsp, msg, 3);
	rsp[1] |= RESPONSE;
	rsp[3] = RESULT_NOT_SUPPORTED;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].group != msg[0] ||
		    commands[i].command != msg[1])
			continue;
		if (len < HEADER_SIZE + (size_t)commands[i].body_len)
			rsp[3] = RESULT_PARAMETERS;
		else
			rsp[3] = commands[i].answer(msg + HEADER_SIZE, &a);
		return HEADER_SIZE + a.len;
	}
	sim->stats.requests_unknown++;
	sim_log(sim, "MKHI: group 0x%02x command 0x%02x is not supported",
		msg[0], msg[1]);
	return HEADER_SIZE;
}
