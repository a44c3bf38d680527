// SPDX-License-Identifier: GPL-2.0-only
/* Netlink: the channels, for those with CAP_NET_ADMIN. */
#include <net/net_namespace.h>
#include <net/sock.h>

#include "channel.h"
#include "genl-gen.h"
#include "genl.h"
#include "lme.h"

static int put_state(struct sk_buff *skb, const struct lme_channel_facts *facts)
{
	if (nla_put_u32(skb, AMT_LME_A_CHANNEL_ID, facts->id) ||
	    nla_put_u32(skb, AMT_LME_A_CHANNEL_TYPE,
			AMT_LME_CHANNEL_TYPE_FORWARDED_TCPIP) ||
	    nla_put_u32(skb, AMT_LME_A_CHANNEL_DIRECTION,
			AMT_LME_CHANNEL_DIRECTION_TO_AMT) ||
	    nla_put_u32(skb, AMT_LME_A_CHANNEL_STATE, facts->state) ||
	    nla_put_u32(skb, AMT_LME_A_CHANNEL_GENERATION, facts->generation))
		return -EMSGSIZE;
	if (facts->confirmed &&
	    nla_put_u32(skb, AMT_LME_A_CHANNEL_AMT_ID, facts->amt_id))
		return -EMSGSIZE;
	if (facts->error &&
	    nla_put_u32(skb, AMT_LME_A_CHANNEL_ERROR, facts->error))
		return -EMSGSIZE;
	return 0;
}

static int put_ends(struct sk_buff *skb, const struct lme_channel_facts *facts)
{
	if (nla_put_u32(skb, AMT_LME_A_CHANNEL_PORT, facts->port) ||
	    nla_put_string(skb, AMT_LME_A_CHANNEL_ADDRESS, facts->addr) ||
	    nla_put_string(skb, AMT_LME_A_CHANNEL_ORIG_ADDRESS,
			   facts->orig_addr) ||
	    nla_put_u32(skb, AMT_LME_A_CHANNEL_ORIG_PORT, facts->orig_port) ||
	    nla_put_u32(skb, AMT_LME_A_CHANNEL_PID, facts->pid) ||
	    nla_put_string(skb, AMT_LME_A_CHANNEL_COMM, facts->comm))
		return -EMSGSIZE;
	return 0;
}

static int put_flow(struct sk_buff *skb, const struct lme_channel_facts *facts)
{
	if (nla_put_u32(skb, AMT_LME_A_CHANNEL_RX_WINDOW, facts->rx_window) ||
	    nla_put_u32(skb, AMT_LME_A_CHANNEL_TX_WINDOW, facts->tx_window) ||
	    nla_put_u64_64bit(skb, AMT_LME_A_CHANNEL_RX_BYTES, facts->rx_bytes,
			      AMT_LME_A_CHANNEL_PAD) ||
	    nla_put_u64_64bit(skb, AMT_LME_A_CHANNEL_TX_BYTES, facts->tx_bytes,
			      AMT_LME_A_CHANNEL_PAD))
		return -EMSGSIZE;
	return 0;
}

static int channel_put(struct sk_buff *skb,
		       const struct lme_channel_facts *facts, u32 portid,
		       u32 seq, int flags, u8 cmd)
{
	void *hdr;

	hdr = genlmsg_put(skb, portid, seq, &amt_lme_nl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (put_state(skb, facts) || put_ends(skb, facts) ||
	    put_flow(skb, facts)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int amt_lme_nl_channel_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[AMT_LME_A_CHANNEL_ID];
	struct lme_channel_facts facts;
	struct sk_buff *msg;
	int err;

	err = lme_genl_check_net(genl_info_net(info), info->extack);
	if (err)
		return err;
	if (!id || !nla_get_u32(id)) {
		NL_SET_ERR_MSG(info->extack, "the id is missing");
		return -EINVAL;
	}
	if (!lme_channel_facts_by_id(lme_genl_lme(), nla_get_u32(id), &facts)) {
		NL_SET_ERR_MSG(info->extack, "no such channel");
		return -ENOENT;
	}
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = channel_put(msg, &facts, info->snd_portid, info->snd_seq, 0,
			  AMT_LME_CMD_CHANNEL_GET);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

int amt_lme_nl_channel_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	struct lme_channel_facts facts;
	int err;

	err = lme_genl_check_net(sock_net(skb->sk), cb->extack);
	if (err)
		return err;
	while (lme_channel_facts_next(lme_genl_lme(), cb->args, &facts,
				      &cb->seq)) {
		if (channel_put(skb, &facts, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, NLM_F_MULTI,
				AMT_LME_CMD_CHANNEL_GET))
			break;
		nl_dump_check_consistent(cb, nlmsg_hdr(skb));
		if (facts.id)
			cb->args[0] = facts.id;
		else
			cb->args[1]++;
	}
	return skb->len;
}

/**
 * lme_genl_channels_watched - whether somebody listens to channels
 *
 * Return: false when notifications would go nowhere.
 */
bool lme_genl_channels_watched(void)
{
	return amt_lme_nl_family.n_mcgrps > AMT_LME_NLGRP_CHANNEL &&
	       genl_has_listeners(&amt_lme_nl_family, &init_net,
				  AMT_LME_NLGRP_CHANNEL);
}

/**
 * lme_genl_channel_changed - tell listeners of a channel
 * @facts: what there is to tell
 *
 * Context: may sleep.
 */
void lme_genl_channel_changed(const struct lme_channel_facts *facts)
{
	struct sk_buff *msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!msg || channel_put(msg, facts, 0, 0, 0, AMT_LME_CMD_CHANNEL_NTF)) {
		nlmsg_free(msg);
		lme_genl_missed(AMT_LME_NLGRP_CHANNEL);
		return;
	}
	genlmsg_multicast(&amt_lme_nl_family, msg, 0, AMT_LME_NLGRP_CHANNEL,
			  GFP_KERNEL);
}
