/* SPDX-License-Identifier: GPL-2.0-only */
/* Enumerations and flags of the fields in commands.c. */
#ifndef PTHI_NAMES_H
#define PTHI_NAMES_H

#include "pthi/pthi.h"

extern const struct pthi_name pthi_control_modes[];
extern const struct pthi_name pthi_dhcp_ip_modes[];
extern const struct pthi_name pthi_dhcp_modes[];
extern const struct pthi_name pthi_hash_algorithms[];
extern const struct pthi_name pthi_ipv6_states[];
extern const struct pthi_name pthi_ipv6_types[];
extern const struct pthi_name pthi_kvm_flags[];
extern const struct pthi_name pthi_manageability_flags[];
extern const struct pthi_name pthi_me_resets[];
extern const struct pthi_name pthi_network_states[];
extern const struct pthi_name pthi_platform_brands[];
extern const struct pthi_name pthi_platform_flags[];
extern const struct pthi_name pthi_provisioning_modes[];
extern const struct pthi_name pthi_provisioning_states[];
extern const struct pthi_name pthi_redirection_flags[];
extern const struct pthi_name pthi_remote_states[];
extern const struct pthi_name pthi_remote_triggers[];
extern const struct pthi_name pthi_rng_states[];
extern const struct pthi_name pthi_sku_flags[];
extern const struct pthi_name pthi_tls_modes[];
extern const struct pthi_name pthi_update_states[];
extern const struct pthi_name pthi_user_interfaces[];

#endif /* PTHI_NAMES_H */
