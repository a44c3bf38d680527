// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table: what can be asked and changed, in the order in which it is shown.
 *
 * A new query is a new row here, and nothing else: amt-helper info finds it by
 * its topic. Layouts are those of Documentation/pthi.rst.
 */
#include "pthi/names.h"
#include "pthi/pthi.h"

/* Fields of more than one row; END closes every layout. */
#define END { 0 }
#define LAYOUT(...) ((const struct pthi_field[]){ __VA_ARGS__, END })

#define NUMBER(bytes, field, meaning, list) \
	{ .name = (field), .type = PTHI_NUMBER, .size = (bytes), \
	  .form = (meaning), .names = (list) }
#define U8(field) NUMBER(1, field, PTHI_PLAIN, NULL)
#define U16(field) NUMBER(2, field, PTHI_PLAIN, NULL)
#define U32(field) NUMBER(4, field, PTHI_PLAIN, NULL)
#define BOOL8(field) NUMBER(1, field, PTHI_BOOL, NULL)
#define BOOL32(field) NUMBER(4, field, PTHI_BOOL, NULL)
#define ENUM8(field, list) NUMBER(1, field, PTHI_ENUM, list)
#define ENUM32(field, list) NUMBER(4, field, PTHI_ENUM, list)
#define FLAGS8(field, list) NUMBER(1, field, PTHI_FLAGS, list)
#define FLAGS32(field, list) NUMBER(4, field, PTHI_FLAGS, list)
#define IPV4(field) NUMBER(4, field, PTHI_IPV4, NULL)
#define TIME(field) NUMBER(4, field, PTHI_TIME, NULL)

#define BITS(field, from, count, meaning, list) \
	{ .name = (field), .type = PTHI_BITS, .value = (from), .size = (count), \
	  .form = (meaning), .names = (list) }
#define CONST(bytes, number) \
	{ .type = PTHI_CONST, .size = (bytes), .value = (number) }
#define PAD(bytes) { .type = PTHI_PAD, .size = (bytes) }

#define BYTES(bytes, field, meaning) \
	{ .name = (field), .type = PTHI_BYTES, .size = (bytes), \
	  .form = (meaning) }
#define TEXT(bytes, field) \
	{ .name = (field), .type = PTHI_TEXT, .size = (bytes) }
#define COUNTED(bytes, field) \
	{ .name = (field), .type = PTHI_COUNTED, .size = (bytes) }
#define ANSI(field) { .name = (field), .type = PTHI_ANSI }
#define ANSI_WITH_NUL(field) { .name = (field), .type = PTHI_ANSI, .value = 1 }
#define STRINGS(field) { .name = (field), .type = PTHI_STRINGS }
#define HASH(bytes, field, algorithm) \
	{ .name = (field), .type = PTHI_HASH, .form = PTHI_HEX, \
	  .size = (bytes), .value = (algorithm) }

#define GROUP(field, fields) \
	{ .name = (field), .type = PTHI_GROUP, .size = (fields) }
#define ARRAY(field, rows, fields) \
	{ .name = (field), .type = PTHI_ARRAY, .value = (rows), \
	  .size = (fields) }
#define LIST(field, fields) \
	{ .name = (field), .type = PTHI_LIST, .size = (fields) }

#define HASH_MAX 64
#define IP_TEXT 46

/* How the rows begin. */
#define QUERY(about, which, number, title) \
	.topic = (about), .part = (which), .id = (number), .name = (title)
#define CHANGE(number, title) \
	.change = true, .id = (number), .name = (title)
#define MKHI(about, which, group, command, title) \
	.client = PTHI_MKHI, QUERY(about, which, (group) | (command) << 8, title)
#define MANAGEABILITY_ID(subcommand) (0x10000005 | (subcommand) << 16)

/* Each row is what another host program sends: Documentation/pthi.rst */
#define HBASED(program) \
	CHANGE(0x0400008b, "StartConfigurationHBased"), .part = (program), \
	.response = LAYOUT(ENUM8("algorithm", pthi_hash_algorithms), \
			   HASH(0, "hash", -1))
#define OPTIONAL 1
#define SUFFIXES(optional) \
	{ .name = "suffix_list", .type = PTHI_BYTES, .size = 320, \
	  .value = (optional) }

#define LAN_FIELDS \
	BOOL32("enabled"), IPV4("address"), BOOL32("dhcp"), \
	ENUM8("dhcp_mode", pthi_dhcp_ip_modes), BOOL8("link_up"), \
	BYTES(6, "mac", PTHI_MAC)

#define IPV6_FIELDS \
	TEXT(IP_TEXT, "router"), TEXT(IP_TEXT, "dns1"), TEXT(IP_TEXT, "dns2"), \
	LIST("addresses", 3), TEXT(IP_TEXT, "address"), \
	ENUM32("type", pthi_ipv6_types), ENUM32("state", pthi_ipv6_states)

#define HASH_FIELDS \
	BOOL32("default"), BOOL32("active"), \
	HASH(HASH_MAX, "hash", HASH_MAX), \
	ENUM8("algorithm", pthi_hash_algorithms), ANSI("name")

#define CLOSURE_FIELDS \
	TIME("closed"), BOOL8("closed_by_mps"), U8("apf_reason"), \
	U8("closure_reason")

/* Of a rule the answer repeats the number and has the length of the data. */
#define RULE PAD(4), PAD(1)

/* GetCiraLog: the layout was found out and not published. */
#define CIRA_SUMMARY \
	GROUP("summary", 10), \
	BOOL8("tunnel_open"), U8("state"), PAD(3), TIME("last_keep_alive"), \
	U32("keep_alive_interval"), U8("last_connection_status"), \
	TIME("last_connection"), U8("last_tunnel_status"), \
	TIME("tunnel_opened"), TIME("tunnel_closed")
#define CIRA_TUNNEL \
	GROUP("last_failed_tunnel", 17), \
	BOOL8("valid"), TIME("opened"), \
	ENUM8("trigger", pthi_remote_triggers), PAD(3), TEXT(256, "mps"), \
	BOOL8("proxy_used"), TEXT(256, "proxy"), U8("authentication"), \
	U8("interface"), PAD(3), TIME("last_keep_alive"), \
	U32("keep_alive_interval"), CLOSURE_FIELDS, PAD(3)
#define CIRA_CONNECTION \
	GROUP("last_failed_connection", 21), \
	BOOL8("valid"), TIME("opened"), \
	ENUM8("trigger", pthi_remote_triggers), PAD(3), TEXT(256, "mps"), \
	U8("authentication"), PAD(2 * (370 + 306)), PAD(34), PAD(4), \
	U8("interface"), PAD(3), ARRAY("attempts", 2, 5), U32("status"), \
	BOOL8("proxy_used"), TEXT(256, "proxy"), U32("tcp_error"), \
	U32("tls_error"), CLOSURE_FIELDS

const struct pthi_command pthi_commands[] = {
	{ QUERY("versions", NULL, 0x0400001a, "GetCodeVersions"),
	  .response = LAYOUT(TEXT(65, "bios"), LIST("components", 2),
			     COUNTED(20, "name"), COUNTED(20, "version")) },
	{ QUERY("uuid", NULL, 0x0400005c, "GetUUID"),
	  .response = LAYOUT(BYTES(16, NULL, PTHI_UUID)) },
	{ QUERY("provisioning_state", NULL, 0x04000011,
		"GetProvisioningState"),
	  .response = LAYOUT(ENUM32(NULL, pthi_provisioning_states)) },
	{ QUERY("provisioning_mode", NULL, 0x04000008, "GetProvisioningMode"),
	  .response = LAYOUT(ENUM32("mode", pthi_provisioning_modes),
			     BOOL32("legacy")) },
	{ QUERY("control_mode", NULL, 0x0400006b, "GetControlMode"),
	  .response = LAYOUT(ENUM32(NULL, pthi_control_modes)) },
	{ QUERY("ehbc", NULL, 0x04000084, "GetEHBCState"),
	  .response = LAYOUT(BOOL32(NULL)) },
	{ QUERY("mac", NULL, 0x04000025, "GetMACAddresses"),
	  .response = LAYOUT(BYTES(6, "dedicated", PTHI_MAC),
			     BYTES(6, "host", PTHI_MAC)) },
	{ QUERY("dns_suffix", NULL, 0x04000036, "GetPKIFQDNSuffix"),
	  .response = LAYOUT(ANSI(NULL)) },
	{ QUERY("dns_suffixes", NULL, 0x0400003e, "GetDNSSuffixList"),
	  .response = LAYOUT(STRINGS(NULL)) },
	{ QUERY("lan", "wired", 0x04000048, "GetLanInterfaceSettings"),
	  .request = LAYOUT(CONST(4, 0)), .response = LAYOUT(LAN_FIELDS) },
	{ QUERY("lan", "wireless", 0x04000048, "GetLanInterfaceSettings"),
	  .request = LAYOUT(CONST(4, 1)), .response = LAYOUT(LAN_FIELDS) },
	{ QUERY("ipv6", "wired", 0x04000052, "GetIPv6LanInterfaceStatus"),
	  .request = LAYOUT(CONST(4, 0)), .response = LAYOUT(IPV6_FIELDS) },
	{ QUERY("ipv6", "wireless", 0x04000052, "GetIPv6LanInterfaceStatus"),
	  .request = LAYOUT(CONST(4, 1)), .response = LAYOUT(IPV6_FIELDS) },
	{ QUERY("hash_handles", NULL, 0x0400002c, "EnumerateHashHandles"),
	  .response = LAYOUT(LIST(NULL, 1), U32("handle")) },
	{ QUERY("hashes", NULL, 0x0400002d, "GetCertificateHashEntry"),
	  .request = LAYOUT(U32("handle")), .response = LAYOUT(HASH_FIELDS) },
	{ QUERY("remote_access", NULL, 0x04000046,
		"GetRemoteAccessConnectionStatus"),
	  .response = LAYOUT(ENUM32("network", pthi_network_states),
			     ENUM32("connection", pthi_remote_states),
			     ENUM32("trigger", pthi_remote_triggers),
			     ANSI("mps")) },
	{ QUERY("user_initiated", NULL, 0x0400004d,
		"GetUserInitiatedEnabledInterfaces"),
	  .response = LAYOUT(FLAGS32(NULL, pthi_user_interfaces)) },
	{ QUERY("tls_mode", NULL, 0x0400002b, "GetProvisioningTLSMode"),
	  .response = LAYOUT(ENUM32(NULL, pthi_tls_modes)) },
	{ QUERY("zero_touch", NULL, 0x04000030, "GetZeroTouchEnabled"),
	  .response = LAYOUT(BOOL32(NULL)) },
	{ QUERY("security", NULL, 0x0400001b, "GetSecurityParameters"),
	  .response = LAYOUT(BOOL32("enterprise_mode"), BOOL32("tls"),
			     BOOL32("hardware_crypto"),
			     ENUM32("provisioning_state",
				    pthi_provisioning_states),
			     BOOL32("network_interface"), BOOL32("sol"),
			     BOOL32("ider"), BOOL32("firmware_update"),
			     BOOL32("link_up"), BOOL32("kvm"), PAD(28)) },
	{ QUERY("features", "redirection", 0x04000049, "GetFeaturesState"),
	  .request = LAYOUT(CONST(4, 0)),
	  .response = LAYOUT(PAD(4), BOOL32("ider_open"), BOOL32("sol_open"),
			     PAD(4)) },
	{ QUERY("features", "system_defense", 0x04000049, "GetFeaturesState"),
	  .request = LAYOUT(CONST(4, 1)),
	  .response = LAYOUT(PAD(4), BOOL32(NULL)) },
	{ QUERY("features", "web_ui", 0x04000049, "GetFeaturesState"),
	  .request = LAYOUT(CONST(4, 2)),
	  .response = LAYOUT(PAD(4), BOOL32(NULL)) },
	{ QUERY("features", "eac", 0x04000049, "GetFeaturesState"),
	  .request = LAYOUT(CONST(4, 3)),
	  .response = LAYOUT(PAD(4), BOOL32(NULL)) },
	{ QUERY("features", "kvm", 0x04000049, "GetFeaturesState"),
	  .request = LAYOUT(CONST(4, 4)),
	  .response = LAYOUT(PAD(4), FLAGS32(NULL, pthi_kvm_flags)) },
	{ QUERY("redirection", NULL, 0x04000058, "GetRedirectionState"),
	  .response = LAYOUT(FLAGS32(NULL, pthi_redirection_flags)) },
	{ QUERY("power_policy", NULL, 0x04000047, "GetCurrentPowerPolicy"),
	  .response = LAYOUT(ANSI(NULL)) },
	{ QUERY("reset_reason", NULL, 0x0400004a, "GetLastHostResetReason"),
	  .response = LAYOUT(U32("reason"), TIME("time")) },
	{ QUERY("fqdn", NULL, 0x04000056, "GetFQDN"),
	  .response = LAYOUT(BOOL32("shared"), BOOL32("dynamic_dns"),
			     U32("update_interval"), U32("ttl"),
			     U32("host_name_length"), ANSI("fqdn")) },
	{ QUERY("config_server", NULL, 0x0400004e, "GetConfigServerData"),
	  .response = LAYOUT(U16("port"), TEXT(IP_TEXT, "address"),
			     ANSI("fqdn")) },
	{ QUERY("audit_record", NULL, 0x04000050, "GetMESetupAuditRecord"),
	  .response = LAYOUT(ENUM8("tls_mode", pthi_tls_modes),
			     BOOL32("secure_dns"), BOOL32("host_initiated"),
			     ENUM32("hash_algorithm", pthi_hash_algorithms),
			     HASH(HASH_MAX, "hash", -4),
			     ARRAY("serials", 3, 1),
			     BYTES(16, "serial", PTHI_HEX),
			     BOOL32("more_serials"), BOOL32("oem_default"),
			     BOOL32("time_valid"),
			     TEXT(IP_TEXT, "server_address"),
			     BYTES(14, "time", PTHI_DATE),
			     ANSI("server_fqdn")) },
	{ QUERY("tcpip", NULL, 0x04000006, "GetTcpipParameters"),
	  .response = LAYOUT(ENUM32("dhcp_mode", pthi_dhcp_modes),
			     IPV4("address"), IPV4("mask"), IPV4("gateway"),
			     IPV4("dns1"), IPV4("dns2"), ANSI("domain")) },
	{ QUERY("amt_state", NULL, 0x01000001, "GetAMTState"),
	  .request = LAYOUT(PAD(15), CONST(1, 1)),
	  .response = LAYOUT(PAD(16), PAD(4), BOOL8("link_up"), PAD(1),
			     U8("crypto_fuse"), U8("flash_protection"),
			     ENUM8("last_me_reset", pthi_me_resets)) },
	{ QUERY("rng_status", NULL, 0x0400002e, "GetRngSeedStatus"),
	  .response = LAYOUT(ENUM32(NULL, pthi_rng_states)) },
	{ QUERY("admin_account_default", NULL, 0x0400001e,
		"GetAdminNetAclEntryStatus"),
	  .response = LAYOUT(BOOL32(NULL)) },
	{ QUERY("pid", NULL, 0x0400003b, "GetPID"),
	  .response = LAYOUT(TEXT(8, NULL)) },
	{ QUERY("cira_log", NULL, 0x0400008e, "GetCiraLog"),
	  .request = LAYOUT(CONST(1, 0)),
	  .response = LAYOUT(U8("version"), CIRA_SUMMARY, CIRA_TUNNEL,
			     CIRA_CONNECTION) },
	{ MKHI("firmware", "version", 0xff, 0x02, "GetFWVersion"),
	  .response = LAYOUT(BYTES(8, "code", PTHI_VERSION),
			     BYTES(8, "nftp", PTHI_VERSION)) },
	{ MKHI("firmware", "capabilities", 0x03, 0x02, "GetRule"),
	  .request = LAYOUT(CONST(4, 0)),
	  .response = LAYOUT(RULE, FLAGS32(NULL, pthi_sku_flags)) },
	{ MKHI("firmware", "features_available", 0x03, 0x02, "GetRule"),
	  .request = LAYOUT(CONST(4, 39)),
	  .response = LAYOUT(RULE, FLAGS32(NULL, pthi_sku_flags)) },
	{ MKHI("firmware", "features_enabled", 0x03, 0x02, "GetRule"),
	  .request = LAYOUT(CONST(4, 32)),
	  .response = LAYOUT(RULE, FLAGS32(NULL, pthi_sku_flags)) },
	{ MKHI("firmware", "platform", 0x03, 0x02, "GetRule"),
	  .request = LAYOUT(CONST(4, 29)),
	  .response = LAYOUT(RULE, FLAGS32("type", pthi_platform_flags),
			     BITS("image_type", 8, 4, PTHI_PLAIN, NULL),
			     BITS("brand", 12, 4, PTHI_ENUM,
				  pthi_platform_brands),
			     BITS("cpu", 16, 4, PTHI_PLAIN, NULL),
			     BITS("chipset", 20, 4, PTHI_PLAIN, NULL)) },
	{ MKHI("firmware", "update", 0x03, 0x02, "GetRule"),
	  .request = LAYOUT(CONST(4, 7)),
	  .response = LAYOUT(RULE, ENUM32(NULL, pthi_update_states)) },
	{ .client = PTHI_MANAGEABILITY,
	  QUERY("manageability", NULL, MANAGEABILITY_ID(0x51),
		"IsChangeToAMTEnabled"),
	  .response = LAYOUT(FLAGS8(NULL, pthi_manageability_flags)) },

	/* A secret: without a topic, so that it is only read when asked for. */
	{ .id = 0x04000067, .name = "GetLocalSystemAccount",
	  .request = LAYOUT(PAD(40)),
	  .response = LAYOUT(TEXT(33, "user"), TEXT(33, "password")) },

	{ CHANGE(0x04000010, "Unprovision"), .request = LAYOUT(CONST(4, 0)) },
	{ CHANGE(0x04000029, "StartConfiguration") },
	{ CHANGE(0x04000062, "StartConfigurationEx"),
	  .request = LAYOUT(U32("ipv6")) },
	{ CHANGE(0x0400005e, "StopConfiguration") },
	{ HBASED("meshcentral"),
	  .request = LAYOUT(U8("algorithm"), BYTES(HASH_MAX, "hash", PTHI_HEX),
			    U32("vpn"), U32("suffixes"),
			    SUFFIXES(OPTIONAL)) },
	{ HBASED("rpc-go"),
	  .request = LAYOUT(U8("algorithm"), BYTES(HASH_MAX, "hash", PTHI_HEX),
			    U8("vpn"), U32("suffix_bytes"), SUFFIXES(0)) },
	{ HBASED("meshagent"),
	  .request = LAYOUT(U32("algorithm"), BYTES(HASH_MAX, "hash", PTHI_HEX),
			    U32("vpn"), U32("suffixes"), SUFFIXES(0)) },
	{ CHANGE(0x04000044, "OpenUserInitiatedConnection") },
	{ CHANGE(0x04000045, "CloseUserInitiatedConnection") },
	{ CHANGE(0x04000028, "GenerateRngSeed") },
	{ CHANGE(0x0400002a, "SetProvisioningServerOTP"),
	  .request = LAYOUT(ANSI("otp")) },
	{ CHANGE(0x0400002f, "SetPKIFQDNSuffix"),
	  .request = LAYOUT(ANSI("suffix")) },
	{ CHANGE(0x0400003a, "SetZeroTouchEnabled"),
	  .request = LAYOUT(U32("enabled")) },
	{ CHANGE(0x0400003f, "SetEnterpriseAccess"),
	  .request = LAYOUT(U8("flags"), BYTES(16, "address", PTHI_HEX),
			    U8("access")) },
	{ CHANGE(0x0400005b, "SetHostFQDN"),
	  .request = LAYOUT(ANSI_WITH_NUL("fqdn")) },
	{ CHANGE(0x04000085, "SetEHBCState"),
	  .request = LAYOUT(U32("enabled")) },
	{ CHANGE(0x04000088, "DisableAndClearAMT") },
	{ .client = PTHI_MANAGEABILITY,
	  CHANGE(MANAGEABILITY_ID(0x53), "SetAmtOperationalState"),
	  .request = LAYOUT(U8("enabled")) },
};

const size_t pthi_command_count =
	sizeof(pthi_commands) / sizeof(pthi_commands[0]);
