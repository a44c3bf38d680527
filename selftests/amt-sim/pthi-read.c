// SPDX-License-Identifier: GPL-2.0-only
/* PTHI commands that only read. */
#include <linux/types.h>
#include <string.h>
#include <time.h>

#include "pthi-request.h"
#include "pthi.h"
#include "sim.h"

#define MODE_ENTERPRISE 1
#define REDIRECTION_SOL 0x1
#define REDIRECTION_IDER 0x2
#define REDIRECTION_KVM 0x4
#define DHCP_ENABLED 2

/* 192.168.1.10 and 02:50:56:ab:cd:ef */
#define IPV4 0xc0a8010au
static const __u8 mac[6] = { 0x02, 0x50, 0x56, 0xab, 0xcd, 0xef };
static const char mps[] = "mps.example.com";

/* What GetCodeVersions tells; the list of names is that of real firmware. */
static const char bios[] = "1.0.0";
static const struct {
	const char *name;
	const char *version; /* NULL: that of AMT */
} versions[] = {
	{ "Flash", NULL },
	{ "Netstack", NULL },
	{ "AMTApps", NULL },
	{ "AMT", NULL },
	{ "Sku", "16392" },
	{ "VendorID", "8086" },
	{ "Build Number", "2124" },
	{ "Recovery Version", NULL },
	{ "Recovery Build Num", "2124" },
	{ "Legacy Mode", "False" },
};

/* SHA-256 of two public roots that AMT trusts for provisioning. */
#define HASH_SHA256 2
static const struct {
	const char *name;
	__u8 hash[32];
} hashes[PTHI_HASHES] = {
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
	add_ansi(r, r->state->suffix);
	return STATUS_SUCCESS;
}

static __u32 get_provisioning_mode(struct request *r)
{
	add_u32(r, r->state->provisioning == PROVISIONING_PRE ?
		   0 : MODE_ENTERPRISE);
	add_u32(r, 0);
	return STATUS_SUCCESS;
}

static __u32 get_provisioning_state(struct request *r)
{
	add_u32(r, r->state->provisioning);
	return STATUS_SUCCESS;
}

static __u32 get_code_versions(struct request *r)
{
	const char *amt = r->state->generation->version;
	const char *version;

	add_field(r, bios, 65);
	add_u32(r, ARRAY_SIZE(versions));
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		add_u16(r, strlen(versions[i].name));
		add_field(r, versions[i].name, 20);
		version = versions[i].version ? versions[i].version : amt;
		add_u16(r, strlen(version));
		add_field(r, version, 20);
	}
	return STATUS_SUCCESS;
}

static __u32 get_security_parameters(struct request *r)
{
	add_u32(r, 1);		/* enterprise mode */
	add_u32(r, 0);		/* TLS */
	add_u32(r, 1);		/* hardware cryptography */
	add_u32(r, r->state->provisioning);
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
	add_u32(r, r->state->hashes);
	for (__u32 i = 0; i < r->state->hashes; i++)
		add_u32(r, i);
	return STATUS_SUCCESS;
}

static __u32 get_certificate_hash(struct request *r)
{
	__u32 handle = get_le32(r->data);
	__u32 i = handle % PTHI_HASHES;

	if (handle >= r->state->hashes)
		return STATUS_INVALID_HANDLE;
	if (handle == r->state->hash_missing)
		return STATUS_NOT_FOUND;
	add_u32(r, 1);		/* default */
	add_u32(r, 1);		/* active */
	add(r, hashes[i].hash, sizeof(hashes[i].hash));
	add_zero(r, 64 - sizeof(hashes[i].hash));
	add_u8(r, HASH_SHA256);
	add_ansi(r, hashes[i].name);
	return STATUS_SUCCESS;
}

static __u32 get_rng_status(struct request *r)
{
	add_u32(r, r->state->rng);
	return STATUS_SUCCESS;
}

static __u32 get_zero_touch(struct request *r)
{
	add_u32(r, r->state->zero_touch);
	return STATUS_SUCCESS;
}

static __u32 get_ehbc(struct request *r)
{
	add_u32(r, r->state->ehbc);
	return STATUS_SUCCESS;
}

static __u32 get_dns_suffix(struct request *r)
{
	add_ansi(r, r->state->suffix);
	return STATUS_SUCCESS;
}

static __u32 get_dns_suffix_list(struct request *r)
{
	size_t size = strlen(r->state->suffix) + 1;

	add_u16(r, size);
	add(r, r->state->suffix, size);
	return STATUS_SUCCESS;
}

/* Inside the enterprise; a connection is there if the user has opened it. */
static __u32 get_remote_access(struct request *r)
{
	add_u32(r, 0);
	add_u32(r, r->state->tunnel ? 2 : 0);
	add_u32(r, 0);
	add_ansi(r, r->state->tunnel ? mps : "");
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
	add_u32(r, strcspn(r->state->fqdn, "."));
	add_ansi(r, r->state->fqdn);
	return STATUS_SUCCESS;
}

static __u32 get_redirection_state(struct request *r)
{
	add_u32(r, REDIRECTION_SOL | REDIRECTION_IDER | REDIRECTION_KVM);
	return STATUS_SUCCESS;
}

static __u32 get_uuid(struct request *r)
{
	add(r, sim_uuid, sizeof(sim_uuid));
	return STATUS_SUCCESS;
}

/* Two fields of 33 bytes, and padding. */
static __u32 get_local_system_account(struct request *r)
{
	add_field(r, SIM_OS_ADMIN, 33);
	add_field(r, r->sim->os_admin_password, 33);
	add_zero(r, r->state->generation->account_padding);
	return STATUS_SUCCESS;
}

static __u32 get_control_mode(struct request *r)
{
	add_u32(r, r->state->control);
	return STATUS_SUCCESS;
}

/* Only before AMT is configured. */
static __u32 get_admin_default(struct request *r)
{
	if (r->state->provisioning != PROVISIONING_PRE)
		return STATUS_INVALID_MODE;
	add_u32(r, 1);
	return STATUS_SUCCESS;
}

static __u32 get_pid(struct request *r)
{
	if (r->state->provisioning != PROVISIONING_PRE)
		return STATUS_INVALID_MODE;
	add_zero(r, 8);
	return STATUS_SUCCESS;
}

#define IP_TEXT 46

static __u32 get_config_server(struct request *r)
{
	add_u16(r, 9971);
	add_field(r, "", IP_TEXT);
	add_ansi(r, "provisionserver.example.com");
	return STATUS_SUCCESS;
}

/* On the 1st of September 2026, a Tuesday */
static void add_date(struct request *r)
{
	static const __u16 date[] = { 2026, 9, 2, 1, 12, 30, 15 };

	for (size_t i = 0; i < ARRAY_SIZE(date); i++)
		add_u16(r, date[i]);
}

static __u32 get_audit_record(struct request *r)
{
	if (r->state->provisioning != PROVISIONING_POST)
		return STATUS_DATA_MISSING;
	add_u8(r, 2);		/* PKI */
	add_u32(r, 0);		/* the suffix did not come from the BIOS */
	add_u32(r, r->state->host_based);
	add_u32(r, HASH_SHA256);
	add(r, hashes[0].hash, sizeof(hashes[0].hash));
	add_zero(r, 64 - sizeof(hashes[0].hash));
	add_zero(r, 48);	/* serial numbers */
	add_u32(r, 0);		/* and no more of them */
	add_u32(r, 1);		/* the root is the manufacturer's */
	add_u32(r, 1);		/* the time is known */
	add_field(r, "192.168.1.2", IP_TEXT);
	add_date(r);
	add_ansi(r, "provisionserver.example.com");
	return STATUS_SUCCESS;
}

static __u32 get_ipv6_interface(struct request *r)
{
	if (get_le32(r->data))
		return STATUS_NO_INTERFACE;
	add_field(r, "fe80::1", IP_TEXT);
	add_field(r, "2001:db8::53", IP_TEXT);
	add_field(r, "", IP_TEXT);
	add_u32(r, 1);
	add_field(r, "fe80::50:56ff:feab:cdef", IP_TEXT);
	add_u32(r, 0);		/* link-local */
	add_u32(r, 1);		/* preferred */
	return STATUS_SUCCESS;
}

/* The time when a connection to the management server was refused */
#define REFUSED 1788000000

static void add_closure(struct request *r)
{
	add_u32(r, REFUSED);
	add_u8(r, 1);		/* by the server */
	add_u8(r, 11);		/* reason of the DISCONNECT */
	add_u8(r, 0);
}

static void add_failed_tunnel(struct request *r)
{
	add_u8(r, 1);
	add_u32(r, REFUSED - 60);
	add_u8(r, 0);		/* by the user */
	add_zero(r, 3);
	add_field(r, mps, 256);
	add_u8(r, 0);
	add_zero(r, 256);	/* no proxy */
	add_u8(r, 2);
	add_u8(r, 0);
	add_zero(r, 3);
	add_u32(r, REFUSED - 1);
	add_u32(r, 30);
	add_closure(r);
	add_zero(r, 3);
}

static void add_failed_connection(struct request *r)
{
	add_u8(r, 1);
	add_u32(r, REFUSED - 60);
	add_u8(r, 0);
	add_zero(r, 3);
	add_field(r, mps, 256);
	add_u8(r, 2);
	add_zero(r, 2 * (370 + 306) + 34 + 4 + 1 + 3);
	for (int i = 0; i < 2; i++) {
		add_u32(r, 3);
		add_zero(r, 1 + 256);
		add_u32(r, 111);
		add_u32(r, 0);
	}
	add_closure(r);
}

static __u32 get_cira_log(struct request *r)
{
	add_u8(r, 0);
	add_u8(r, r->state->tunnel);
	add_u8(r, r->state->tunnel ? 2 : 0);
	add_zero(r, 3);
	add_u32(r, REFUSED);
	add_u32(r, 30);
	add_u8(r, 1);
	add_u32(r, REFUSED);
	add_u8(r, 1);
	add_zero(r, 8);
	add_failed_tunnel(r);
	add_failed_connection(r);
	return STATUS_SUCCESS;
}

const struct pthi_row pthi_read_rows[] = {
	{ 0x01000001, 0, 16, "GetAMTState", get_amt_state },
	{ 0x04000006, 0, 0, "GetTcpipParameters", get_tcpip_parameters },
	{ 0x04000008, 0, 0, "GetProvisioningMode", get_provisioning_mode },
	{ 0x04000011, 0, 0, "GetProvisioningState", get_provisioning_state },
	{ 0x0400001a, 0, 0, "GetCodeVersions", get_code_versions },
	{ 0x0400001b, 0, 0, "GetSecurityParameters", get_security_parameters },
	{ 0x0400001e, 0, 0, "GetAdminNetAclEntryStatus", get_admin_default },
	{ 0x04000025, 0, 0, "GetMACAddresses", get_mac_addresses },
	{ 0x0400002b, 0, 0, "GetProvisioningTLSMode",
	  get_provisioning_tls_mode },
	{ 0x0400002c, 0, 0, "EnumerateHashHandles", enumerate_hash_handles },
	{ 0x0400002d, 0, 4, "GetCertificateHashEntry", get_certificate_hash },
	{ 0x0400002e, 0, 0, "GetRngSeedStatus", get_rng_status },
	{ 0x04000030, 0, 0, "GetZeroTouchEnabled", get_zero_touch },
	{ 0x04000036, 0, 0, "GetPKIFQDNSuffix", get_dns_suffix },
	{ 0x0400003b, 0, 0, "GetPID", get_pid },
	{ 0x0400003e, 0, 0, "GetDNSSuffixList", get_dns_suffix_list },
	{ 0x04000046, 0, 0, "GetRemoteAccessConnectionStatus",
	  get_remote_access },
	{ 0x04000047, 0, 0, "GetCurrentPowerPolicy", get_power_policy },
	{ 0x04000048, 0, 4, "GetLanInterfaceSettings", get_lan_interface },
	{ 0x04000049, 0, 4, "GetFeaturesState", get_features_state },
	{ 0x0400004a, 0, 0, "GetLastHostResetReason", get_host_reset_reason },
	{ 0x0400004d, 0, 0, "GetUserInitiatedEnabledInterfaces",
	  get_user_interfaces },
	{ 0x0400004e, 0, 0, "GetConfigServerData", get_config_server },
	{ 0x04000050, 0, 0, "GetMESetupAuditRecord", get_audit_record },
	{ 0x04000052, 0, 4, "GetIPv6LanInterfaceStatus", get_ipv6_interface },
	{ 0x04000056, 0, 0, "GetFQDN", get_fqdn },
	{ 0x04000058, 0, 0, "GetRedirectionState", get_redirection_state },
	{ 0x0400005c, 0, 0, "GetUUID", get_uuid },
	{ 0x04000067, 0, 0, "GetLocalSystemAccount",
	  get_local_system_account },
	{ 0x0400006b, 7, 0, "GetControlMode", get_control_mode },
	{ 0x04000084, 9, 0, "GetEHBCState", get_ehbc },
	{ 0x0400008e, 16, 1, "GetCiraLog", get_cira_log },
	{ 0 }
};
