// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/amt_lme.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "genl-gen.h"

#include <uapi/linux/amt_lme_netlink.h>

/* AMT_LME_CMD_FORWARD_GET - do */
static const struct nla_policy amt_lme_forward_get_nl_policy[AMT_LME_A_FORWARD_ADDRESS + 1] = {
	[AMT_LME_A_FORWARD_PORT] = { .type = NLA_U32, },
	[AMT_LME_A_FORWARD_ADDRESS] = { .type = NLA_NUL_STRING, },
};

/* AMT_LME_CMD_CHANNEL_GET - do */
static const struct nla_policy amt_lme_channel_get_nl_policy[AMT_LME_A_CHANNEL_ID + 1] = {
	[AMT_LME_A_CHANNEL_ID] = { .type = NLA_U32, },
};

/* Ops table for amt_lme */
static const struct genl_split_ops amt_lme_nl_ops[] = {
	{
		.cmd	= AMT_LME_CMD_LINK_GET,
		.doit	= amt_lme_nl_link_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= AMT_LME_CMD_FORWARD_GET,
		.doit		= amt_lme_nl_forward_get_doit,
		.policy		= amt_lme_forward_get_nl_policy,
		.maxattr	= AMT_LME_A_FORWARD_ADDRESS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= AMT_LME_CMD_FORWARD_GET,
		.dumpit	= amt_lme_nl_forward_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= AMT_LME_CMD_CHANNEL_GET,
		.doit		= amt_lme_nl_channel_get_doit,
		.policy		= amt_lme_channel_get_nl_policy,
		.maxattr	= AMT_LME_A_CHANNEL_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= AMT_LME_CMD_CHANNEL_GET,
		.dumpit	= amt_lme_nl_channel_get_dumpit,
		.flags	= GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group amt_lme_nl_mcgrps[] = {
	[AMT_LME_NLGRP_LINK] = { "link", },
	[AMT_LME_NLGRP_FORWARD] = { "forward", },
	[AMT_LME_NLGRP_CHANNEL] = { "channel", },
};

struct genl_family amt_lme_nl_family __ro_after_init = {
	.name		= AMT_LME_FAMILY_NAME,
	.version	= AMT_LME_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= amt_lme_nl_ops,
	.n_split_ops	= ARRAY_SIZE(amt_lme_nl_ops),
	.mcgrps		= amt_lme_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(amt_lme_nl_mcgrps),
};
