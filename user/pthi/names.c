// SPDX-License-Identifier: GPL-2.0-only
/* Names of values: enumerations, flags and statuses. */
#include <stddef.h>

#include "pthi/names.h"
#include "pthi/pthi.h"

const struct pthi_name pthi_control_modes[] = {
	{ 0, "none", 0 },
	{ 1, "client", 0 },
	{ 2, "admin", 0 },
	{ 0 }
};

const struct pthi_name pthi_dhcp_ip_modes[] = {
	{ 1, "active", 0 },
	{ 2, "passive", 0 },
	{ 0 }
};

const struct pthi_name pthi_dhcp_modes[] = {
	{ 0, "none", 0 },
	{ 1, "disabled", 0 },
	{ 2, "enabled", 0 },
	{ 0 }
};

const struct pthi_name pthi_hash_algorithms[] = {
	{ 0, "md5", 0 },
	{ 1, "sha1", 0 },
	{ 2, "sha256", 0 },
	{ 3, "sha384", 0 },
	{ 4, "sha224", 0 },
	{ 5, "sha512", 0 },
	{ 0 }
};

const struct pthi_name pthi_ipv6_states[] = {
	{ 0, "tentative", 0 },
	{ 1, "preferred", 0 },
	{ 2, "deprecated", 0 },
	{ 3, "valid", 0 },
	{ 4, "invalid", 0 },
	{ 5, "collision", 0 },
	{ 6, "unknown", 0 },
	{ 0 }
};

const struct pthi_name pthi_ipv6_types[] = {
	{ 0, "link-local", 0 },
	{ 1, "router", 0 },
	{ 2, "dhcpv6", 0 },
	{ 3, "manual", 0 },
	{ 4, "unknown", 0 },
	{ 0 }
};

const struct pthi_name pthi_kvm_flags[] = {
	{ 0x1, "active", 0 },
	{ 0x2, "waits_for_consent", 0 },
	{ 0 }
};

#define NEW_INTERFACE 0x80

/* Bit 5 means different things to different host programs. */
const struct pthi_name pthi_manageability_flags[] = {
	{ 0x01, "change_allowed", 0 },
	{ 0x02, "enabled", NEW_INTERFACE },
	{ 0x20, "bit5", NEW_INTERFACE },
	{ 0x40, "tls_enforced", NEW_INTERFACE },
	{ NEW_INTERFACE, "new_interface", 0 },
	{ 0 }
};

const struct pthi_name pthi_me_resets[] = {
	{ 0, "none", 0 },
	{ 1, "me", 0 },
	{ 2, "global", 0 },
	{ 3, "exception", 0 },
	{ 0 }
};

const struct pthi_name pthi_network_states[] = {
	{ 0, "inside", 0 },
	{ 1, "vpn", 0 },
	{ 2, "outside", 0 },
	{ 3, "unknown", 0 },
	{ 0 }
};

const struct pthi_name pthi_platform_brands[] = {
	{ 0, "none", 0 },
	{ 1, "amt", 0 },
	{ 2, "standard-manageability", 0 },
	{ 3, "level3", 0 },
	{ 4, "remote-pc-assist", 0 },
	{ 5, "small-business", 0 },
	{ 0 }
};

const struct pthi_name pthi_platform_flags[] = {
	{ 0x01, "mobile", 0 },
	{ 0x02, "desktop", 0 },
	{ 0x04, "server", 0 },
	{ 0x08, "workstation", 0 },
	{ 0x40, "super_sku", 0 },
	{ 0x80, "production_signed", 0 },
	{ 0 }
};

const struct pthi_name pthi_provisioning_modes[] = {
	{ 0, "none", 0 },
	{ 1, "enterprise", 0 },
	{ 2, "small-business", 0 },
	{ 3, "remote-assistance", 0 },
	{ 0 }
};

const struct pthi_name pthi_provisioning_states[] = {
	{ 0, "pre", 0 },
	{ 1, "in", 0 },
	{ 2, "post", 0 },
	{ 0 }
};

const struct pthi_name pthi_redirection_flags[] = {
	{ 0x1, "sol", 0 },
	{ 0x2, "ider", 0 },
	{ 0x4, "kvm", 0 },
	{ 0 }
};

const struct pthi_name pthi_remote_states[] = {
	{ 0, "not-connected", 0 },
	{ 1, "connecting", 0 },
	{ 2, "connected", 0 },
	{ 0 }
};

const struct pthi_name pthi_remote_triggers[] = {
	{ 0, "user", 0 },
	{ 1, "alert", 0 },
	{ 2, "periodic", 0 },
	{ 3, "provisioning", 0 },
	{ 0 }
};

const struct pthi_name pthi_rng_states[] = {
	{ 0, "exists", 0 },
	{ 1, "in-progress", 0 },
	{ 2, "none", 0 },
	{ 0 }
};

const struct pthi_name pthi_sku_flags[] = {
	{ 1u << 2, "amt", 0 },
	{ 1u << 5, "psr", 0 },
	{ 1u << 6, "cls", 0 },
	{ 1u << 12, "pavp", 0 },
	{ 1u << 14, "rca", 0 },
	{ 1u << 17, "ipv6", 0 },
	{ 1u << 18, "kvm", 0 },
	{ 1u << 20, "medal", 0 },
	{ 1u << 21, "tls", 0 },
	{ 1u << 22, "cila", 0 },
	{ 0 }
};

const struct pthi_name pthi_tls_modes[] = {
	{ 0, "unknown", 0 },
	{ 1, "psk", 0 },
	{ 2, "pki", 0 },
	{ 0 }
};

const struct pthi_name pthi_update_states[] = {
	{ 0, "disabled", 0 },
	{ 1, "enabled", 0 },
	{ 2, "password", 0 },
	{ 0 }
};

const struct pthi_name pthi_user_interfaces[] = {
	{ 0x1, "bios", 0 },
	{ 0x2, "os_agent", 0 },
	{ 0 }
};

#define STATUS(value, name) { value, "AMT_STATUS_" #name, 0 }

static const struct pthi_name amthi_statuses[] = {
	STATUS(0x0000, SUCCESS),
	STATUS(0x0001, INTERNAL_ERROR),
	STATUS(0x0002, NOT_READY),
	STATUS(0x0003, INVALID_PT_MODE),
	STATUS(0x0004, INVALID_MESSAGE_LENGTH),
	STATUS(0x0005, TABLE_FINGERPRINT_NOT_AVAILABLE),
	STATUS(0x0006, INTEGRITY_CHECK_FAILED),
	STATUS(0x0007, UNSUPPORTED_ISVS_VERSION),
	STATUS(0x0008, APPLICATION_NOT_REGISTERED),
	STATUS(0x0009, INVALID_REGISTRATION_DATA),
	STATUS(0x000a, APPLICATION_DOES_NOT_EXIST),
	STATUS(0x000b, NOT_ENOUGH_STORAGE),
	STATUS(0x000c, INVALID_NAME),
	STATUS(0x000d, BLOCK_DOES_NOT_EXIST),
	STATUS(0x000e, INVALID_BYTE_OFFSET),
	STATUS(0x000f, INVALID_BYTE_COUNT),
	STATUS(0x0010, NOT_PERMITTED),
	STATUS(0x0011, NOT_OWNER),
	STATUS(0x0012, BLOCK_LOCKED_BY_OTHER),
	STATUS(0x0013, BLOCK_NOT_LOCKED),
	STATUS(0x0014, INVALID_GROUP_PERMISSIONS),
	STATUS(0x0015, GROUP_DOES_NOT_EXIST),
	STATUS(0x0016, INVALID_MEMBER_COUNT),
	STATUS(0x0017, MAX_LIMIT_REACHED),
	STATUS(0x0018, INVALID_AUTH_TYPE),
	STATUS(0x0019, AUTHENTICATION_FAILED),
	STATUS(0x001a, INVALID_DHCP_MODE),
	STATUS(0x001b, INVALID_IP_ADDRESS),
	STATUS(0x001c, INVALID_DOMAIN_NAME),
	STATUS(0x001d, UNSUPPORTED_VERSION),
	STATUS(0x001e, REQUEST_UNEXPECTED),
	STATUS(0x001f, INVALID_TABLE_TYPE),
	STATUS(0x0020, INVALID_PROVISIONING_STATE),
	STATUS(0x0021, UNSUPPORTED_OBJECT),
	STATUS(0x0022, INVALID_TIME),
	STATUS(0x0023, INVALID_INDEX),
	STATUS(0x0024, INVALID_PARAMETER),
	STATUS(0x0025, INVALID_NETMASK),
	STATUS(0x0026, FLASH_WRITE_LIMIT_EXCEEDED),
	STATUS(0x0027, INVALID_IMAGE_LENGTH),
	STATUS(0x0028, INVALID_IMAGE_SIGNATURE),
	STATUS(0x0029, PROPOSE_ANOTHER_VERSION),
	STATUS(0x002a, INVALID_PID_FORMAT),
	STATUS(0x002b, INVALID_PPS_FORMAT),
	STATUS(0x002c, BIST_COMMAND_BLOCKED),
	STATUS(0x002d, CONNECTION_FAILED),
	STATUS(0x002e, CONNECTION_TOO_MANY),
	STATUS(0x002f, RNG_GENERATION_IN_PROGRESS),
	STATUS(0x0030, RNG_NOT_READY),
	STATUS(0x0031, CERTIFICATE_NOT_READY),
	STATUS(0x0200, REMOTE_ACCESS_NOT_GRANTED),
	STATUS(0x0201, REMOTE_ACCESS_HOST_VPN_IS_DISABLED),
	STATUS(0x0202, REMOTE_ACCESS_GRANTED_WITHOUT_DDNS),
	STATUS(0x0203, REMOTE_ACCESS_GRANTED_WITH_DDNS),
	STATUS(0x0400, DISABLED_BY_POLICY),
	STATUS(0x0800, NETWORK_IF_ERROR_BASE),
	STATUS(0x0801, UNSUPPORTED_OEM_NUMBER),
	STATUS(0x0802, UNSUPPORTED_BOOT_OPTION),
	STATUS(0x0803, INVALID_COMMAND),
	STATUS(0x0804, INVALID_SPECIAL_COMMAND),
	STATUS(0x0805, INVALID_HANDLE),
	STATUS(0x0806, INVALID_PASSWORD),
	STATUS(0x0807, INVALID_REALM),
	STATUS(0x0808, STORAGE_ACL_ENTRY_IN_USE),
	STATUS(0x0809, DATA_MISSING),
	STATUS(0x080a, DUPLICATE),
	STATUS(0x080b, EVENTLOG_FROZEN),
	STATUS(0x080c, PKI_MISSING_KEYS),
	STATUS(0x080d, PKI_GENERATING_KEYS),
	STATUS(0x080e, INVALID_KEY),
	STATUS(0x080f, INVALID_CERT),
	STATUS(0x0810, CERT_KEY_NOT_MATCH),
	STATUS(0x0811, MAX_KERB_DOMAIN_REACHED),
	STATUS(0x0812, UNSUPPORTED),
	STATUS(0x0813, INVALID_PRIORITY),
	STATUS(0x0814, NOT_FOUND),
	STATUS(0x0815, INVALID_CREDENTIALS),
	STATUS(0x0816, INVALID_PASSPHRASE),
	STATUS(0x0818, NO_ASSOCIATION),
	STATUS(0x081b, AUDIT_FAIL),
	STATUS(0x081c, BLOCKING_COMPONENT),
	STATUS(0x09c4, IPV6_INTERFACE_DISABLED),
	STATUS(0x09c5, INTERFACE_DOES_NOT_EXIST),
	STATUS(0x1000, SDK_INTERNAL_ERROR),
	STATUS(0x1001, NOT_INITIALIZED),
	STATUS(0x1002, LIB_VERSION_UNSUPPORTED),
	STATUS(0x1003, INVALID_PARAM),
	STATUS(0x1004, RESOURCES),
	STATUS(0x1005, HARDWARE_ACCESS_ERROR),
	STATUS(0x1006, REQUESTOR_NOT_REGISTERED),
	STATUS(0x1007, NETWORK_ERROR),
	STATUS(0x1008, PARAM_BUFFER_TOO_SHORT),
	STATUS(0x1009, COM_NOT_INITIALIZED_IN_THREAD),
	STATUS(0x100a, URL_REQUIRED),
	STATUS(PTHI_EMPTY, HOST_IF_EMPTY_RESPONSE),
	{ 0 }
};

static const struct pthi_name mkhi_results[] = {
	{ 0x00, "MKHI_SUCCESS", 0 },
	{ 0x01, "MKHI_INVALID_STATE", 0 },
	{ 0x02, "MKHI_SKIPPED", 0 },
	{ 0x05, "MKHI_SIZE_ERROR", 0 },
	{ 0x16, "MKHI_EINVAL", 0 },
	{ 0x81, "MKHI_NOT_FOUND", 0 },
	{ 0x84, "MKHI_INVALID_ACCESS", 0 },
	{ 0x85, "MKHI_INVALID_PARAMS", 0 },
	{ 0x88, "MKHI_NOT_READY", 0 },
	{ 0x89, "MKHI_NOT_SUPPORTED", 0 },
	{ 0x8c, "MKHI_INVALID_ADDRESS", 0 },
	{ 0x8d, "MKHI_INVALID_COMMAND", 0 },
	{ 0x99, "MKHI_FAILURE", 0 },
	{ 0x9e, "MKHI_FAILURE", 0 },
	{ 0xe4, "MKHI_INVALID_RESOURCE", 0 },
	{ 0xe5, "MKHI_RESOURCE_IN_USE", 0 },
	{ 0xe6, "MKHI_NO_RESOURCE", 0 },
	{ 0xfe, "MKHI_RETRY", 0 },
	{ 0xff, "MKHI_GENERAL_ERROR", 0 },
	{ PTHI_EMPTY, "EMPTY_RESPONSE", 0 },
	{ 0 }
};

static const struct pthi_name manageability_statuses[] = {
	{ 0x00, "MANAGEABILITY_SUCCESS", 0 },
	{ 0x88, "MANAGEABILITY_NOT_READY", 0 },
	{ 0x89, "MANAGEABILITY_NOT_SUPPORTED", 0 },
	{ 0x9e, "MANAGEABILITY_FAILURE", 0 },
	{ 0xa0, "MANAGEABILITY_WEAR_OUT_VIOLATION", 0 },
	{ 0xa8, "MANAGEABILITY_UPDATE_NOT_ALLOWED", 0 },
	{ PTHI_EMPTY, "EMPTY_RESPONSE", 0 },
	{ 0 }
};

const char *pthi_name(const struct pthi_name *names, uint32_t value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

const char *pthi_status_name(enum pthi_client client, uint32_t status)
{
	static const struct pthi_name *const lists[PTHI_CLIENTS] = {
		[PTHI_AMTHI] = amthi_statuses,
		[PTHI_MKHI] = mkhi_results,
		[PTHI_MANAGEABILITY] = manageability_statuses,
	};

	return pthi_name(lists[client], status);
}
