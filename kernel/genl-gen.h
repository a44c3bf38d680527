/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/amt_lme.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_AMT_LME_GEN_H
#define _LINUX_AMT_LME_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/amt_lme_netlink.h>

int amt_lme_nl_link_get_doit(struct sk_buff *skb, struct genl_info *info);
int amt_lme_nl_forward_get_doit(struct sk_buff *skb, struct genl_info *info);
int amt_lme_nl_forward_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int amt_lme_nl_channel_get_doit(struct sk_buff *skb, struct genl_info *info);
int amt_lme_nl_channel_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);

enum {
	AMT_LME_NLGRP_LINK,
	AMT_LME_NLGRP_FORWARD,
	AMT_LME_NLGRP_CHANNEL,
};

extern struct genl_family amt_lme_nl_family;

#endif /* _LINUX_AMT_LME_GEN_H */
