// SPDX-License-Identifier: GPL-2.0-only
/*
 * PTHI of a desktop with AMT 16.1.25, provisioned in admin control mode, with
 * a wired interface and no wireless one.
 */
#include <linux/types.h>
#include <string.h>
#include <time.h>

#include "pthi.h"
#include "sim.h"
#include "wire.h"

#define HEADER_SIZE 12
#define RESPONSE 0x00800000u

enum {
	STATUS_SUCCESS = 0x0000,
	STATUS_INVALID_MODE = 0x0003,
	STATUS_INVALID_LENGTH = 0x0004,
	STATUS_INVALID_PARAMETER = 0x0024,
	STATUS_HOST_VPN_DISABLED = 0x0201,
	STATUS_INVALID_HANDLE = 0x0805,
	STATUS_DATA_MISSING = 0x0809,
	STATUS_UNSUPPORTED = 0x0812,
	STATUS_IPV6_DISABLED = 0x09c4,
	STATUS_NO_INTERFACE = 0x09c5,
};

#define PROVISIONING_POST 2
#define MODE_ENTERPRISE 1
#define CONTROL_MODE_ADMIN 2
#define REDIRECTION_SOL 0x1
#define REDIRECTION_IDER 0x2
#define REDIRECTION_KVM 0x4
#define DHCP_ENABLED 2

/* 192.168.1.10 and 02:50:56:ab:cd:ef */
#define IPV4 0xc0a8010au
static const __u8 mac[6] = { 0x02, 0x50, 0x56, 0xab, 0xcd, 0xef };
static const char suffix[] = "example.com";
static const char fqdn[] = "amt.example.com";

/* What GetCodeVersions tells; the list of names is that of real firmware. */
static const char bios[] = "1.0.0";
static const struct {
	const char *name;
	const char *version;
} versions[] = {
	{ "Flash", "16.1.25" },
	{ "Netstack", "16.1.25" },
	{ "AMTApps", "16.1.25" },
	{ "AMT", "16.1.25" },
	{ "Sku", "16392" },
	{ "VendorID", "8086" },
	{ "Build Number", "2124" },
	{ "Recovery Version", "16.1.25" },
	{ "Recovery Build Num", "2124" },
	{ "Legacy Mode", "False" },
};

/* SHA-256 of two public roots that AMT trusts for provisioning. */
#define HASH_SHA256 2
static const struct {
	const char *name;
	__u8 hash[32];
} hashes[] = {
	{ "Go Daddy Root CA - G2",
	  { 0x45, 0x14, 0x0b, 0x32, 0x47, 0xeb, 0x9c, 0xc8,
	    0xc5, 0xb4, 0xf0, 0xd7, 0xb5, 0x30, 0x91, 0xf7,
	    0x32, 0x92, 0x08, 0x9e, 0x6e, 0x5a, 0x63, 0xe2,
	    0x74, 0x9d, 0xd3, 0xac, 0xa9, 0x19, 0x8e, 0xda } },
	{ "DigiCert Global Root G2",
	  { 0xcb, 0x3c, 0xcb, 0xb7, 0x60, 0x31, 0xe5, 0xe0,
	    0x13, 0x8f, 0x8d, 0xd3, 0x9a, 0x23, 0xf9, 0xde,
	    0x47, 0xff, 0xc3, 0x5e, 0x43, 0xc1, 0x14, 0x4c,
	    0xea, 0x27, 0xd4, 0x6a, 0x5a, 0xb1, 0xcb, 0x5f } },
};

/**
 * struct request - a request and the data of its response
 * @sim: the virtual AMT
 * @data: request data after the header
 * @len: its length
 * @rsp: where response data go
 * @rsp_len: how many there are
 */
struct request {
	struct sim *sim;
	const __u8 *data;
	size_t len;
	__u8 *rsp;
	size_t rsp_len;
};

static void add(struct request *r, const void *data, size_t len)
{
	memcpy(r->rsp + r->rsp_len, data, len);
	r->rsp_len += len;
}

static void add_zero(struct request *r, size_t len)
{
	memset(r->rsp + r->rsp_len, 0, len);
	r->rsp_len += len;
}

static void add_u8(struct request *r, __u8 v)
{
	r->rsp[r->rsp_len++] = v;
}

static void add_u16(struct request *r, __u16 v)
{
	put_le16(r->rsp + r->rsp_len, v);
	r->rsp_len += 2;
}

static void add_u32(struct request *r, __u32 v)
{
	put_le32(r->rsp + r->rsp_len, v);
	r->rsp_len += 4;
}

/* Text in a field of fixed size, filled up with NUL. */
static void add_field(struct request *r, const char *text, size_t size)
{
	size_t len = strlen(text);

	add(r, text, len);
	add_zero(r, size - len);
}

static void add_ansi(struct request *r, const char *text)
{
	add_u16(r, strlen(text));
	add(r, text, strlen(text));
}

static __u32 get_amt_state(struct request *r)
{
	add(r, r->data, 16);
	add_u32(r, 5);
	add_u8(r, 1);		/* link up */
	add_zero(r, 3);
	add_u8(r, 2);		/* last reset of the firmware: global */
	return STATUS_SUCCESS;
}

static __u32 get_tcpip_parameters(struct request *r)
{
	add_u32(r, DHCP_ENABLED);
	add_u32(r, IPV4);
	add_zero(r, 16);
	add_ansi(r, suffix);
	return STATUS_SUCCESS;
}

static __u32 get_provisioning_mode(struct request *r)
{
	add_u32(r, MODE_ENTERPRISE);
	add_u32(r, 0);
	return STATUS_SUCCESS;
}

static __u32 get_provisioning_state(struct request *r)
{
	add_u32(r, PROVISIONING_POST);
	return STATUS_SUCCESS;
}

static __u32 get_code_versions(struct request *r)
{
	add_field(r, bios, 65);
	add_u32(r, ARRAY_SIZE(versions));
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		add_u16(r, strlen(versions[i].name));
		add_field(r, versions[i].name, 20);
		add_u16(r, strlen(versions[i].version));
		add_field(r, versions[i].version, 20);
	}
	return STATUS_SUCCESS;
}

static __u32 get_security_parameters(struct request *r)
{
	add_u32(r, 1);		/* enterprise mode */
	add_u32(r, 0);		/* TLS */
	add_u32(r, 1);		/* hardware cryptography */
	add_u32(r, PROVISIONING_POST);
	for (int i = 0; i < 6; i++)
		add_u32(r, 1);	/* network, SOL, IDE-R, update, link, KVM */
	add_zero(r, 28);
	return STATUS_SUCCESS;
}

static __u32 get_mac_addresses(struct request *r)
{
	add(r, mac, sizeof(mac));
	add(r, mac, sizeof(mac));
	return STATUS_SUCCESS;
}

static __u32 get_provisioning_tls_mode(struct request *r)
{
	add_u32(r, 2);		/* PKI */
	return STATUS_SUCCESS;
}

static __u32 enumerate_hash_handles(struct request *r)
{
	const size_t n = ARRAY_SIZE(hashes);

	add_u32(r, n);
	for (size_t i = 0; i < n; i++)
		add_u32(r, i);
	return STATUS_SUCCESS;
}

static __u32 get_certificate_hash(struct request *r)
{
	__u32 handle = get_le32(r->data);

	if (handle >= ARRAY_SIZE(hashes))
		return STATUS_INVALID_HANDLE;
	add_u32(r, 1);		/* default */
	add_u32(r, 1);		/* active */
	add(r, hashes[handle].hash, sizeof(hashes[handle].hash));
	add_zero(r, 64 - sizeof(hashes[handle].hash));
	add_u8(r, HASH_SHA256);
	add_ansi(r, hashes[handle].name);
	return STATUS_SUCCESS;
}

/* One word of zero: RNG seed exists, no zero touch, no EHBC. */
static __u32 get_zero(struct request *r)
{
	add_u32(r, 0);
	return STATUS_SUCCESS;
}

static __u32 get_dns_suffix(struct request *r)
{
	add_ansi(r, suffix);
	return STATUS_SUCCESS;
}

static __u32 get_dns_suffix_list(struct request *r)
{
	add_u16(r, sizeof(suffix));
	add(r, suffix, sizeof(suffix));
	return STATUS_SUCCESS;
}

static __u32 set_enterprise_access(struct request *r)
{
	(void)r;
	return STATUS_HOST_VPN_DISABLED;
}

static __u32 get_remote_access(struct request *r)
{
	/* inside the enterprise, not connected, no trigger */
	add_zero(r, 12);
	add_ansi(r, "");
	return STATUS_SUCCESS;
}

static __u32 get_power_policy(struct request *r)
{
	add_ansi(r, "Desktop: ON in S0");
	return STATUS_SUCCESS;
}

static __u32 get_lan_interface(struct request *r)
{
	if (get_le32(r->data))
		return STATUS_NO_INTERFACE;
	add_u32(r, 1);		/* enabled */
	add_u32(r, IPV4);
	add_u32(r, 1);		/* by DHCP */
	add_u8(r, 1);		/* active */
	add_u8(r, 1);		/* link up */
	add(r, mac, sizeof(mac));
	return STATUS_SUCCESS;
}

/* Redirection, System Defense, web UI, EAC and KVM: only the web UI is on. */
static __u32 get_features_state(struct request *r)
{
	static const __u8 words[] = { 3, 1, 1, 1, 1 };
	__u32 feature = get_le32(r->data);

	if (feature >= sizeof(words))
		return STATUS_INVALID_PARAMETER;
	add_u32(r, feature);
	if (feature == 2)
		add_u32(r, 1);
	else
		add_zero(r, 4 * (size_t)words[feature]);
	return STATUS_SUCCESS;
}

static __u32 get_host_reset_reason(struct request *r)
{
	add_u32(r, 0);
	add_u32(r, time(NULL));
	return STATUS_SUCCESS;
}

static __u32 get_user_interfaces(struct request *r)
{
	add_u32(r, 3);		/* BIOS and OS agent */
	return STATUS_SUCCESS;
}

static __u32 get_fqdn(struct request *r)
{
	add_u32(r, 1);		/* shared with the host */
	add_u32(r, 0);		/* no dynamic DNS */
	add_u32(r, 1440);	/* its interval in minutes, and the TTL */
	add_u32(r, 900);
	add_u32(r, strcspn(fqdn, "."));
	add_ansi(r, fqdn);
	return STATUS_SUCCESS;
}

static __u32 get_redirection_state(struct request *r)
{
	add_u32(r, REDIRECTION_SOL | REDIRECTION_IDER | REDIRECTION_KVM);
	return STATUS_SUCCESS;
}

static __u32 set_host_fqdn(struct request *r)
{
	if ((size_t)get_le16(r->data) + 2 > r->len)
		return STATUS_INVALID_LENGTH;
	return STATUS_SUCCESS;
}

static __u32 get_uuid(struct request *r)
{
	add(r, sim_uuid, sizeof(sim_uuid));
	return STATUS_SUCCESS;
}

/* Two fields of 33 bytes and the two bytes of padding real firmware sends. */
static __u32 get_local_system_account(struct request *r)
{
	add_field(r, SIM_OS_ADMIN, 33);
	add_field(r, r->sim->os_admin_password, 33);
	add_zero(r, 2);
	return STATUS_SUCCESS;
}

static __u32 get_control_mode(struct request *r)
{
	add_u32(r, CONTROL_MODE_ADMIN);
	return STATUS_SUCCESS;
}

/* Commands that need a state that this firmware is not in. */
static __u32 wrong_mode(struct request *r)
{
	(void)r;
	return STATUS_INVALID_MODE;
}

static __u32 no_data(struct request *r)
{
	(void)r;
	return STATUS_DATA_MISSING;
}

static __u32 no_ipv6(struct request *r)
{
	return get_le32(r->data) ? STATUS_NO_INTERFACE : STATUS_IPV6_DISABLED;
}

static const struct command {
	__u32 id;
	__u8 len;
	const char *name;
	__u32 (*answer)(struct request *r);
} commands[] = {
	{ 0x01000001, 16, "GetAMTState", get_amt_state },
	{ 0x04000006, 0, "GetTcpipParameters", get_tcpip_parameters },
	{ 0x04000008, 0, "GetProvisioningMode", get_provisioning_mode },
	{ 0x04000010, 4, "Unprovision", wrong_mode },
	{ 0x04000011, 0, "GetProvisioningState", get_provisioning_state },
	{ 0x0400001a, 0, "GetCodeVersions", get_code_versions },
	{ 0x0400001b, 0, "GetSecurityParameters", get_security_parameters },
	{ 0x0400001e, 0, "GetAdminNetAclEntryStatus", wrong_mode },
	{ 0x04000025, 0, "GetMACAddresses", get_mac_addresses },
	{ 0x04000028, 0, "GenerateRngSeed", wrong_mode },
	{ 0x04000029, 0, "StartConfiguration", wrong_mode },
	{ 0x0400002a, 2, "SetProvisioningServerOTP", wrong_mode },
	{ 0x0400002b, 0, "GetProvisioningTLSMode", get_provisioning_tls_mode },
	{ 0x0400002c, 0, "EnumerateHashHandles", enumerate_hash_handles },
	{ 0x0400002d, 4, "GetCertificateHashEntry", get_certificate_hash },
	{ 0x0400002e, 0, "GetRngSeedStatus", get_zero },
	{ 0x0400002f, 2, "SetPKIFQDNSuffix", wrong_mode },
	{ 0x04000030, 0, "GetZeroTouchEnabled", get_zero },
	{ 0x04000036, 0, "GetPKIFQDNSuffix", get_dns_suffix },
	{ 0x0400003e, 0, "GetDNSSuffixList", get_dns_suffix_list },
	{ 0x0400003f, 18, "SetEnterpriseAccess", set_enterprise_access },
	{ 0x04000044, 0, "OpenUserInitiatedConnection", wrong_mode },
	{ 0x04000045, 0, "CloseUserInitiatedConnection", wrong_mode },
	{ 0x04000046, 0, "GetRemoteAccessConnectionStatus", get_remote_access },
	{ 0x04000047, 0, "GetCurrentPowerPolicy", get_power_policy },
	{ 0x04000048, 4, "GetLanInterfaceSettings", get_lan_interface },
	{ 0x04000049, 4, "GetFeaturesState", get_features_state },
	{ 0x0400004a, 0, "GetLastHostResetReason", get_host_reset_reason },
	{ 0x0400004d, 0, "GetUserInitiatedEnabledInterfaces",
	  get_user_interfaces },
	{ 0x04000050, 0, "GetMESetupAuditRecord", no_data },
	{ 0x04000052, 4, "GetIPv6LanInterfaceStatus", no_ipv6 },
	{ 0x04000056, 0, "GetFQDN", get_fqdn },
	{ 0x04000058, 0, "GetRedirectionState", get_redirection_state },
	{ 0x0400005b, 2, "SetHostFQDN", set_host_fqdn },
	{ 0x0400005c, 0, "GetUUID", get_uuid },
	{ 0x0400005e, 0, "StopConfiguration", wrong_mode },
	{ 0x04000062, 4, "StartConfigurationEx", wrong_mode },
	{ 0x04000067, 0, "GetLocalSystemAccount", get_local_system_account },
	{ 0x0400006b, 0, "GetControlMode", get_control_mode },
	{ 0x04000084, 0, "GetEHBCState", get_zero },
	{ 0x0400008b, 65, "StartConfigurationHBased", wrong_mode },
};

static __u32 answer(struct request *r, __u32 id)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].id != id)
			continue;
		sim_log(r->sim, "PTHI: %s", commands[i].name);
		if (r->len < commands[i].len)
			return STATUS_INVALID_LENGTH;
		return commands[i].answer(r);
	}
	r->sim->stats.requests_unknown++;
	sim_log(r->sim, "PTHI: 0x%08x is not supported", id);
	return STATUS_UNSUPPORTED;
}

size_t pthi_answer(struct sim *sim, const __u8 *msg, size_t len, __u8 *rsp)
{
	struct request r = { .sim = sim, .rsp = rsp + HEADER_SIZE + 4 };
	__u32 id, status;

	if (len < HEADER_SIZE)
		return 0;
	sim->stats.requests++;
	id = get_le32(msg + 4);
	r.data = msg + HEADER_SIZE;
	r.len = len - HEADER_SIZE;
	if (get_le32(msg + 8) != r.len)
		status = STATUS_INVALID_LENGTH;
	else
		status = answer(&r, id);

	memcpy(rsp, msg, 4);
	put_le32(rsp + 4, id | RESPONSE);
	put_le32(rsp + 8, 4 + r.rsp_len);
	put_le32(rsp + HEADER_SIZE, status);
	return HEADER_SIZE + 4 + r.rsp_len;
}
