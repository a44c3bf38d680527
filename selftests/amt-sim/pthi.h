/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AMT_SIM_PTHI_H
#define AMT_SIM_PTHI_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define PTHI_MAX_TEXT 64
/* Certificate hashes, if nobody says otherwise. */
#define PTHI_HASHES 2
#define PTHI_NO_HASH 0xffffffff

struct sim;

/* As on the wire: GetProvisioningState and GetControlMode */
enum pthi_provisioning {
	PROVISIONING_PRE,
	PROVISIONING_IN,
	PROVISIONING_POST,
};

enum pthi_control_mode {
	CONTROL_NONE,
	CONTROL_CLIENT,
	CONTROL_ADMIN,
};

/**
 * struct generation - how firmware of one generation differs
 * @amt: its number
 * @version: of AMT
 * @major: of the Management Engine
 * @minor: of it
 * @hotfix: of it
 * @account_padding: bytes behind the account of GetLocalSystemAccount
 * @manageability: flags of IsChangeToAMTEnabled, but for "enabled"
 * @new_interface: and there is that one, and SetAmtOperationalState
 * @old: flags come as a word, and nothing for a command that is not known
 */
struct generation {
	unsigned int amt;
	const char *version;
	__u16 major;
	__u16 minor;
	__u16 hotfix;
	unsigned int account_padding;
	__u8 manageability;
	bool new_interface;
	bool old;
};

/**
 * struct pthi_state - what AMT remembers
 * @generation: of the firmware
 * @provisioning: how far its configuration is
 * @control: who controls it
 * @disabled: it answers with nothing
 * @host_based: the configuration came from the host
 * @zero_touch: as set
 * @ehbc: as set
 * @rng: 0 there is a seed, 1 it is being made, 2 there is none
 * @hashes: how many certificate hashes have a handle
 * @hash_missing: the handle behind which there is none
 * @tunnel: the user has opened a connection to the management server
 * @suffix: of the DNS
 * @fqdn: of the host
 * @server_hash: the certificate that the host named, by its hash
 * @server_algorithm: of that hash
 */
struct pthi_state {
	const struct generation *generation;
	enum pthi_provisioning provisioning;
	enum pthi_control_mode control;
	bool disabled;
	bool host_based;
	bool zero_touch;
	bool ehbc;
	__u32 rng;
	__u32 hashes;
	__u32 hash_missing;
	bool tunnel;
	char suffix[PTHI_MAX_TEXT];
	char fqdn[PTHI_MAX_TEXT];
	__u8 server_hash[64];
	__u8 server_algorithm;
};

/**
 * pthi_init - what AMT remembers at the start, but for its state
 * @state: to be filled
 * @amt: the generation of a profile
 */
void pthi_init(struct pthi_state *state, unsigned int amt);

/**
 * pthi_set_state - put AMT in a state
 * @state: what it remembers
 * @name: "pre", "in", "ccm", "acm" or "disabled"
 *
 * Return: false if there is no such state.
 */
bool pthi_set_state(struct pthi_state *state, const char *name);

/**
 * pthi_answer - answer one PTHI request, see Documentation/protocol.rst "PTHI"
 * @sim: the virtual AMT
 * @msg: the request
 * @len: its length
 * @rsp: room for the response
 *
 * Return: length of the response; 0 when the request is shorter than a header;
 * EXCHANGE_EMPTY when AMT is disabled, or old and does not know the command.
 */
size_t pthi_answer(struct sim *sim, const __u8 *msg, size_t len, __u8 *rsp);

#endif /* AMT_SIM_PTHI_H */
