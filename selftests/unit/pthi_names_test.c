// SPDX-License-Identifier: GPL-2.0-only
/* Names of statuses and values, against a list that was not made from theirs. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

#include "helper/describe.h"
#include "pthi/names.h"
#include "pthi/pthi.h"

/* ---- Statuses ---- */

struct status {
	uint32_t value;
	const char *name;
};

/* The SDK has an INTERNAL_ERROR of its own, which no firmware sends. */
static const struct status statuses[] = {
	{ 0x0000, "SUCCESS" },
	{ 0x0001, "INTERNAL_ERROR" },
	{ 0x0002, "NOT_READY" },
	{ 0x0003, "INVALID_PT_MODE" },
	{ 0x0004, "INVALID_MESSAGE_LENGTH" },
	{ 0x0005, "TABLE_FINGERPRINT_NOT_AVAILABLE" },
	{ 0x0006, "INTEGRITY_CHECK_FAILED" },
	{ 0x0007, "UNSUPPORTED_ISVS_VERSION" },
	{ 0x0008, "APPLICATION_NOT_REGISTERED" },
	{ 0x0009, "INVALID_REGISTRATION_DATA" },
	{ 0x000A, "APPLICATION_DOES_NOT_EXIST" },
	{ 0x000B, "NOT_ENOUGH_STORAGE" },
	{ 0x000C, "INVALID_NAME" },
	{ 0x000D, "BLOCK_DOES_NOT_EXIST" },
	{ 0x000E, "INVALID_BYTE_OFFSET" },
	{ 0x000F, "INVALID_BYTE_COUNT" },
	{ 0x0010, "NOT_PERMITTED" },
	{ 0x0011, "NOT_OWNER" },
	{ 0x0012, "BLOCK_LOCKED_BY_OTHER" },
	{ 0x0013, "BLOCK_NOT_LOCKED" },
	{ 0x0014, "INVALID_GROUP_PERMISSIONS" },
	{ 0x0015, "GROUP_DOES_NOT_EXIST" },
	{ 0x0016, "INVALID_MEMBER_COUNT" },
	{ 0x0017, "MAX_LIMIT_REACHED" },
	{ 0x0018, "INVALID_AUTH_TYPE" },
	{ 0x0019, "AUTHENTICATION_FAILED" },
	{ 0x001A, "INVALID_DHCP_MODE" },
	{ 0x001B, "INVALID_IP_ADDRESS" },
	{ 0x001C, "INVALID_DOMAIN_NAME" },
	{ 0x001D, "UNSUPPORTED_VERSION" },
	{ 0x001E, "REQUEST_UNEXPECTED" },
	{ 0x001F, "INVALID_TABLE_TYPE" },
	{ 0x0020, "INVALID_PROVISIONING_STATE" },
	{ 0x0021, "UNSUPPORTED_OBJECT" },
	{ 0x0022, "INVALID_TIME" },
	{ 0x0023, "INVALID_INDEX" },
	{ 0x0024, "INVALID_PARAMETER" },
	{ 0x0025, "INVALID_NETMASK" },
	{ 0x0026, "FLASH_WRITE_LIMIT_EXCEEDED" },
	{ 0x0027, "INVALID_IMAGE_LENGTH" },
	{ 0x0028, "INVALID_IMAGE_SIGNATURE" },
	{ 0x0029, "PROPOSE_ANOTHER_VERSION" },
	{ 0x002A, "INVALID_PID_FORMAT" },
	{ 0x002B, "INVALID_PPS_FORMAT" },
	{ 0x002C, "BIST_COMMAND_BLOCKED" },
	{ 0x002D, "CONNECTION_FAILED" },
	{ 0x002E, "CONNECTION_TOO_MANY" },
	{ 0x002F, "RNG_GENERATION_IN_PROGRESS" },
	{ 0x0030, "RNG_NOT_READY" },
	{ 0x0031, "CERTIFICATE_NOT_READY" },
	{ 0x0200, "REMOTE_ACCESS_NOT_GRANTED" },
	{ 0x0201, "REMOTE_ACCESS_HOST_VPN_IS_DISABLED" },
	{ 0x0202, "REMOTE_ACCESS_GRANTED_WITHOUT_DDNS" },
	{ 0x0203, "REMOTE_ACCESS_GRANTED_WITH_DDNS" },
	{ 0x0400, "DISABLED_BY_POLICY" },
	{ 0x0800, "NETWORK_IF_ERROR_BASE" },
	{ 0x0801, "UNSUPPORTED_OEM_NUMBER" },
	{ 0x0802, "UNSUPPORTED_BOOT_OPTION" },
	{ 0x0803, "INVALID_COMMAND" },
	{ 0x0804, "INVALID_SPECIAL_COMMAND" },
	{ 0x0805, "INVALID_HANDLE" },
	{ 0x0806, "INVALID_PASSWORD" },
	{ 0x0807, "INVALID_REALM" },
	{ 0x0808, "STORAGE_ACL_ENTRY_IN_USE" },
	{ 0x0809, "DATA_MISSING" },
	{ 0x080A, "DUPLICATE" },
	{ 0x080B, "EVENTLOG_FROZEN" },
	{ 0x080C, "PKI_MISSING_KEYS" },
	{ 0x080D, "PKI_GENERATING_KEYS" },
	{ 0x080E, "INVALID_KEY" },
	{ 0x080F, "INVALID_CERT" },
	{ 0x0810, "CERT_KEY_NOT_MATCH" },
	{ 0x0811, "MAX_KERB_DOMAIN_REACHED" },
	{ 0x0812, "UNSUPPORTED" },
	{ 0x0813, "INVALID_PRIORITY" },
	{ 0x0814, "NOT_FOUND" },
	{ 0x0815, "INVALID_CREDENTIALS" },
	{ 0x0816, "INVALID_PASSPHRASE" },
	{ 0x0818, "NO_ASSOCIATION" },
	{ 0x081B, "AUDIT_FAIL" },
	{ 0x081C, "BLOCKING_COMPONENT" },
	{ 2500, "IPV6_INTERFACE_DISABLED" },
	{ 2501, "INTERFACE_DOES_NOT_EXIST" },
	{ 0x1000, "SDK_INTERNAL_ERROR" },
	{ 0x1001, "NOT_INITIALIZED" },
	{ 0x1002, "LIB_VERSION_UNSUPPORTED" },
	{ 0x1003, "INVALID_PARAM" },
	{ 0x1004, "RESOURCES" },
	{ 0x1005, "HARDWARE_ACCESS_ERROR" },
	{ 0x1006, "REQUESTOR_NOT_REGISTERED" },
	{ 0x1007, "NETWORK_ERROR" },
	{ 0x1008, "PARAM_BUFFER_TOO_SHORT" },
	{ 0x1009, "COM_NOT_INITIALIZED_IN_THREAD" },
	{ 0x100A, "URL_REQUIRED" },
	{ 0x4000, "HOST_IF_EMPTY_RESPONSE" },
};

static int named(enum pthi_client client, uint32_t end)
{
	int count = 0;

	for (uint32_t value = 0; value < end; value++)
		count += !!pthi_status_name(client, value);
	return count;
}

TEST(each_status_of_pthi_has_its_name)
{
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		snprintf(name, sizeof(name), "AMT_STATUS_%s", statuses[i].name);
		EXPECT_STREQ(name, pthi_status_name(PTHI_AMTHI,
						    statuses[i].value) ?:
				   "none");
	}
	/* And no other has one. */
	EXPECT_EQ(ARRAY_SIZE(statuses), named(PTHI_AMTHI, 0x10000));
	EXPECT_EQ(NULL, pthi_status_name(PTHI_AMTHI, 0xffffffff));
}

/* Results of MKHI and of the manageability client, of 8 bits each */
static const uint8_t mkhi[] = {
	0x00, 0x01, 0x02, 0x05, 0x16, 0x81, 0x84, 0x85, 0x88, 0x89,
	0x8C, 0x8D, 0x99, 0x9E, 0xE4, 0xE5, 0xE6, 0xFE, 0xFF,
};
static const uint8_t manageability[] = {
	0x00, 0x88, 0x89, 0x9E, 0xA0, 0xA8,
};

TEST(each_result_of_the_other_clients_has_a_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(mkhi); i++) {
		EXPECT_NE(NULL, pthi_status_name(PTHI_MKHI, mkhi[i]))
			TH_LOG("%02x", mkhi[i]);
	}
	EXPECT_EQ(ARRAY_SIZE(mkhi), named(PTHI_MKHI, 0x100));
	for (size_t i = 0; i < ARRAY_SIZE(manageability); i++) {
		EXPECT_NE(NULL, pthi_status_name(PTHI_MANAGEABILITY,
						 manageability[i]))
			TH_LOG("%02x", manageability[i]);
	}
	EXPECT_EQ(ARRAY_SIZE(manageability), named(PTHI_MANAGEABILITY, 0x100));
}

/* ---- Values ---- */

#define VALUES(...) (const char *const[]){ __VA_ARGS__, NULL }
#define UNNAMED ""
#define HASHES VALUES("md5", "sha1", "sha256", "sha384", "sha224", "sha512")
#define TRIGGERS VALUES("user", "alert", "periodic", "provisioning")
#define STATES VALUES("pre", "in", "post")
#define TLS_MODES VALUES("unknown", "psk", "pki")

/* Each field that is an enumeration, and its values from 0 on. */
static const struct {
	const char *command;
	const char *field;
	const char *const *values;
} enumerations[] = {
	{ "GetProvisioningState", NULL, STATES },
	{ "GetSecurityParameters", "provisioning_state", STATES },
	{ "GetProvisioningMode", "mode",
	  VALUES("none", "enterprise", "small-business", "remote-assistance") },
	{ "GetControlMode", NULL, VALUES("none", "client", "admin") },
	{ "GetTcpipParameters", "dhcp_mode",
	  VALUES("none", "disabled", "enabled") },
	{ "GetLanInterfaceSettings", "dhcp_mode",
	  VALUES(UNNAMED, "active", "passive") },
	{ "GetAMTState", "last_me_reset",
	  VALUES("none", "me", "global", "exception") },
	{ "GetRemoteAccessConnectionStatus", "network",
	  VALUES("inside", "vpn", "outside", "unknown") },
	{ "GetRemoteAccessConnectionStatus", "connection",
	  VALUES("not-connected", "connecting", "connected") },
	{ "GetRemoteAccessConnectionStatus", "trigger", TRIGGERS },
	{ "GetCiraLog", "trigger", TRIGGERS },
	{ "GetCertificateHashEntry", "algorithm", HASHES },
	{ "GetMESetupAuditRecord", "hash_algorithm", HASHES },
	{ "StartConfigurationHBased", "algorithm", HASHES },
	{ "GetIPv6LanInterfaceStatus", "type",
	  VALUES("link-local", "router", "dhcpv6", "manual", "unknown") },
	{ "GetIPv6LanInterfaceStatus", "state",
	  VALUES("tentative", "preferred", "deprecated", "valid", "invalid",
		 "collision", "unknown") },
	{ "GetProvisioningTLSMode", NULL, TLS_MODES },
	{ "GetMESetupAuditRecord", "tls_mode", TLS_MODES },
	{ "GetRngSeedStatus", NULL, VALUES("exists", "in-progress", "none") },
	{ "GetRule", "brand",
	  VALUES("none", "amt", "standard-manageability", "level3",
		 "remote-pc-assist", "small-business") },
	{ "GetRule", NULL, VALUES("disabled", "enabled", "password") },
};

static const char *const *values_of(const char *command, const char *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(enumerations); i++)
		if (!strcmp(enumerations[i].command, command) &&
		    !strcmp(enumerations[i].field ?: "", field ?: ""))
			return enumerations[i].values;
	return NULL;
}

/* What info would show of that value, if it were all of a reply. */
static struct json_object *show(const struct pthi_field *field, uint32_t value)
{
	const struct pthi_field layout[] = {
		{ .type = PTHI_NUMBER, .size = 4, .form = field->form,
		  .names = field->names },
		{ 0 }
	};
	const struct pthi_command command = { .response = layout };
	const uint8_t data[] = { value, value >> 8, value >> 16, value >> 24 };
	const struct pthi_reply reply = { .data = data, .len = sizeof(data) };
	struct json_object *object = json_object_new_object();

	if (describe_reply(object, "field", &command, &reply) < 0)
		return NULL;
	return object;
}

static bool shows(const struct pthi_field *field, uint32_t value,
		  const char *name)
{
	struct json_object *object = show(field, value);
	char text[128];
	bool right;

	snprintf(text, sizeof(text),
		 "{\"field\":{\"value\":%u,\"name\":%s%s%s}}", value,
		 name ? "\"" : "", name ?: "null", name ? "\"" : "");
	right = !strcmp(text, json_object_to_json_string_ext(object,
							     JSON_C_TO_STRING_PLAIN));
	if (!right)
		fprintf(stderr, "# %s instead of %s\n",
			json_object_to_json_string(object), text);
	json_object_put(object);
	return right;
}

static bool is_right(const struct pthi_command *command,
		     const struct pthi_field *field)
{
	const char *const *names = values_of(command->name, field->name);
	uint32_t value = 0;
	bool right = names;

	for (; names && names[value]; value++)
		right &= shows(field, value,
			       *names[value] ? names[value] : NULL);
	/* And by its number whatever is not in the list. */
	return right && shows(field, value, NULL) &&
	       shows(field, 0xffffffff, NULL);
}

TEST(each_enumeration_has_its_names_and_numbers_for_the_rest)
{
	size_t count = 0;

	for (size_t i = 0; i < pthi_command_count; i++) {
		const struct pthi_command *command = &pthi_commands[i];
		const struct pthi_field *field = command->response;

		for (; field && field->type != PTHI_END; field++) {
			if (field->form != PTHI_ENUM)
				continue;
			EXPECT_TRUE(is_right(command, field))
				TH_LOG("%s %s", command->name,
				       field->name ?: "");
			count++;
		}
	}
	/* Some stand in several rows of the commands, but each in one. */
	EXPECT_LE(ARRAY_SIZE(enumerations), count);
}

TEST_HARNESS_MAIN
