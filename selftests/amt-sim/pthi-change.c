// SPDX-License-Identifier: GPL-2.0-only
/* PTHI commands that change something, and in which state AMT lets them. */
#include <linux/types.h>
#include <string.h>

#include "pthi-request.h"
#include "pthi.h"
#include "sim.h"

static bool is_in(const struct request *r, enum pthi_provisioning provisioning)
{
	return r->state->provisioning == provisioning;
}

static __u32 unprovision(struct request *r)
{
	if (is_in(r, PROVISIONING_PRE) || r->state->control == CONTROL_ADMIN)
		return STATUS_INVALID_MODE;
	pthi_set_state(r->state, "pre");
	return STATUS_SUCCESS;
}

static __u32 start(struct request *r)
{
	if (!is_in(r, PROVISIONING_PRE))
		return STATUS_INVALID_MODE;
	pthi_set_state(r->state, "in");
	return STATUS_SUCCESS;
}

static __u32 stop(struct request *r)
{
	if (!is_in(r, PROVISIONING_IN))
		return STATUS_INVALID_STATE;
	pthi_set_state(r->state, "pre");
	return STATUS_SUCCESS;
}

/* Bytes of the longest list of suffixes, and of all before it. */
#define SUFFIXES_SIZE 320
#define WITH_WORDS (1 + 64 + 4 + 4)
#define WITH_BYTES (1 + 64 + 1 + 4)
#define HASH_SHA256 2
#define HASH_SHA384 3

/* Both layouts that host programs agree on in the first byte. */
static bool hbased_length(size_t len)
{
	return len == WITH_WORDS || len == WITH_WORDS + SUFFIXES_SIZE ||
	       len == WITH_BYTES + SUFFIXES_SIZE;
}

/* AMT's own certificate: any hash will do, if it is not the server's. */
static __u32 start_hbased(struct request *r)
{
	__u8 algorithm = r->data[0];
	size_t size = algorithm == HASH_SHA256 ? 32 : 48;

	if (!hbased_length(r->len))
		return STATUS_INVALID_LENGTH;
	if (!is_in(r, PROVISIONING_PRE))
		return STATUS_INVALID_MODE;
	if (algorithm != HASH_SHA256 && algorithm != HASH_SHA384)
		return STATUS_INVALID_PARAMETER;
	pthi_set_state(r->state, "in");
	r->state->host_based = true;
	r->state->server_algorithm = algorithm;
	memcpy(r->state->server_hash, r->data + 1, sizeof(r->state->server_hash));
	add_u8(r, algorithm);
	for (size_t i = 0; i < size; i++)
		add_u8(r, ~r->data[1 + i]);
	return STATUS_SUCCESS;
}

static __u32 open_tunnel(struct request *r)
{
	if (!is_in(r, PROVISIONING_POST))
		return STATUS_INVALID_MODE;
	r->state->tunnel = true;
	return STATUS_SUCCESS;
}

static __u32 close_tunnel(struct request *r)
{
	if (!is_in(r, PROVISIONING_POST))
		return STATUS_INVALID_MODE;
	r->state->tunnel = false;
	return STATUS_SUCCESS;
}

static __u32 generate_seed(struct request *r)
{
	if (!is_in(r, PROVISIONING_PRE))
		return STATUS_INVALID_MODE;
	if (r->state->rng == 1)
		return STATUS_RNG_IN_PROGRESS;
	r->state->rng = 1;
	return STATUS_SUCCESS;
}

/* Return: false if the request is shorter than it says, or the text too long. */
static bool take_ansi(const struct request *r, char text[PTHI_MAX_TEXT])
{
	size_t len = get_le16(r->data);

	if (len + 2 > r->len || len >= PTHI_MAX_TEXT)
		return false;
	memset(text, 0, PTHI_MAX_TEXT);
	memcpy(text, r->data + 2, len);
	return true;
}

static __u32 set_otp(struct request *r)
{
	char otp[PTHI_MAX_TEXT];

	if (is_in(r, PROVISIONING_POST))
		return STATUS_INVALID_MODE;
	return take_ansi(r, otp) ? STATUS_SUCCESS : STATUS_INVALID_LENGTH;
}

static __u32 set_suffix(struct request *r)
{
	if (is_in(r, PROVISIONING_POST))
		return STATUS_INVALID_MODE;
	return take_ansi(r, r->state->suffix) ? STATUS_SUCCESS :
						STATUS_INVALID_LENGTH;
}

static __u32 set_fqdn(struct request *r)
{
	return take_ansi(r, r->state->fqdn) ? STATUS_SUCCESS :
					      STATUS_INVALID_LENGTH;
}

static __u32 set_zero_touch(struct request *r)
{
	if (!is_in(r, PROVISIONING_PRE))
		return STATUS_INVALID_MODE;
	r->state->zero_touch = get_le32(r->data);
	return STATUS_SUCCESS;
}

/* The status is the result: access is granted if the host asks for it. */
static __u32 set_enterprise_access(struct request *r)
{
	return r->data[17] ? STATUS_GRANTED_WITH_DDNS :
			     STATUS_HOST_VPN_DISABLED;
}

/* It can be switched on by the manufacturer only. */
static __u32 set_ehbc(struct request *r)
{
	if (get_le32(r->data))
		return STATUS_NOT_PERMITTED;
	r->state->ehbc = false;
	return STATUS_SUCCESS;
}

static __u32 disable_and_clear(struct request *r)
{
	if (!is_in(r, PROVISIONING_PRE))
		return STATUS_INVALID_MODE;
	pthi_set_state(r->state, "disabled");
	return STATUS_SUCCESS;
}

const struct pthi_row pthi_change_rows[] = {
	{ 0x04000010, 0, 4, "Unprovision", unprovision },
	{ 0x04000028, 0, 0, "GenerateRngSeed", generate_seed },
	{ 0x04000029, 0, 0, "StartConfiguration", start },
	{ 0x0400002a, 0, 2, "SetProvisioningServerOTP", set_otp },
	{ 0x0400002f, 0, 2, "SetPKIFQDNSuffix", set_suffix },
	{ 0x0400003a, 0, 4, "SetZeroTouchEnabled", set_zero_touch },
	{ 0x0400003f, 0, 18, "SetEnterpriseAccess", set_enterprise_access },
	{ 0x04000044, 0, 0, "OpenUserInitiatedConnection", open_tunnel },
	{ 0x04000045, 0, 0, "CloseUserInitiatedConnection", close_tunnel },
	{ 0x0400005b, 0, 2, "SetHostFQDN", set_fqdn },
	{ 0x0400005e, 0, 0, "StopConfiguration", stop },
	{ 0x04000062, 0, 4, "StartConfigurationEx", start },
	{ 0x04000085, 9, 4, "SetEHBCState", set_ehbc },
	{ 0x04000088, 12, 0, "DisableAndClearAMT", disable_and_clear },
	{ 0x0400008b, 7, 65, "StartConfigurationHBased", start_hbased },
	{ 0 }
};
