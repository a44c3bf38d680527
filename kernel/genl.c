// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: the state of link and forwards, on request and as it changes.
 * Handlers look at the state under lme.lock and never wait.
 */
#include <linux/module.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "channel.h"
#include "genl-gen.h"
#include "genl.h"
#include "lme.h"

static struct lme *genl_lme;

/**
 * struct link_facts - what a link message says
 * @change: the part that is announced when it changes
 * @message_size: longest message in bytes, 0 when not known
 * @users: who wants the link
 * @channels: channel slots that are taken
 * @since_ms: when this state began, in milliseconds of CLOCK_BOOTTIME
 * @counters: indexed by LME_COUNT()
 */
struct link_facts {
	struct lme_change change;
	u32 message_size;
	u32 users;
	u32 channels;
	u64 since_ms;
	u64 counters[AMT_LME_A_COUNTERS_PAD];
};

/**
 * lme_genl_check_net - whether a network namespace may ask
 * @net: the namespace
 * @extack: where to say why not
 *
 * A machine has one AMT, so other network namespaces have none. The generator
 * makes all families namespace aware, so each handler has to look.
 *
 * Return: 0 or -EOPNOTSUPP.
 */
int lme_genl_check_net(struct net *net, struct netlink_ext_ack *extack)
{
	if (net_eq(net, &init_net))
		return 0;
	NL_SET_ERR_MSG(extack,
		       "AMT belongs to the initial network namespace");
	return -EOPNOTSUPP;
}

static void link_facts_get(struct link_facts *facts)
{
	spin_lock(&genl_lme->lock);
	lme_change_get(genl_lme, &facts->change);
	facts->message_size = lme_rx_max(genl_lme);
	facts->users = genl_lme->users;
	facts->channels = genl_lme->session.slots;
	facts->since_ms = genl_lme->since_ms;
	memcpy(facts->counters, genl_lme->counters, sizeof(facts->counters));
	spin_unlock(&genl_lme->lock);
}

static int counters_put(struct sk_buff *skb, const u64 *counters)
{
	struct nlattr *nest;
	unsigned int i;

	nest = nla_nest_start(skb, AMT_LME_A_LINK_COUNTERS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 1; i < AMT_LME_A_COUNTERS_PAD; i++)
		if (nla_put_u64_64bit(skb, i, counters[i],
				      AMT_LME_A_COUNTERS_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int link_put(struct sk_buff *skb, const struct link_facts *facts)
{
	const struct lme_change *change = &facts->change;

	if (nla_put_u32(skb, AMT_LME_A_LINK_STATE, change->state) ||
	    nla_put_u32(skb, AMT_LME_A_LINK_GENERATION, change->generation) ||
	    nla_put_u32(skb, AMT_LME_A_LINK_TRANSPORT, change->transport) ||
	    nla_put_u32(skb, AMT_LME_A_LINK_USERS, facts->users) ||
	    nla_put_u32(skb, AMT_LME_A_LINK_CHANNELS, facts->channels))
		return -EMSGSIZE;
	if (change->error &&
	    nla_put_u32(skb, AMT_LME_A_LINK_ERROR, change->error))
		return -EMSGSIZE;
	if (facts->message_size &&
	    nla_put_u32(skb, AMT_LME_A_LINK_MESSAGE_SIZE, facts->message_size))
		return -EMSGSIZE;
	if (change->settled && nla_put_flag(skb, AMT_LME_A_LINK_SETTLED))
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, AMT_LME_A_LINK_SINCE, facts->since_ms,
			      AMT_LME_A_LINK_PAD))
		return -EMSGSIZE;
	return counters_put(skb, facts->counters);
}

static struct sk_buff *link_msg(u32 portid, u32 seq, u8 cmd)
{
	struct link_facts facts;
	struct sk_buff *skb;
	void *hdr;

	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return ERR_PTR(-ENOMEM);
	link_facts_get(&facts);
	hdr = genlmsg_put(skb, portid, seq, &amt_lme_nl_family, 0, cmd);
	if (!hdr || link_put(skb, &facts)) {
		nlmsg_free(skb);
		return ERR_PTR(-EMSGSIZE);
	}
	genlmsg_end(skb, hdr);
	return skb;
}

int amt_lme_nl_link_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg;
	int err;

	err = lme_genl_check_net(genl_info_net(info), info->extack);
	if (err)
		return err;
	msg = link_msg(info->snd_portid, info->snd_seq, AMT_LME_CMD_LINK_GET);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	return genlmsg_reply(msg, info);
}

static int forward_put(struct sk_buff *skb, const struct lme_forward *fwd,
		       u32 portid, u32 seq, int flags, u8 cmd)
{
	void *hdr;

	hdr = genlmsg_put(skb, portid, seq, &amt_lme_nl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, AMT_LME_A_FORWARD_PORT, fwd->port) ||
	    nla_put_string(skb, AMT_LME_A_FORWARD_ADDRESS, fwd->addr) ||
	    nla_put_u32(skb, AMT_LME_A_FORWARD_STATE, fwd->state) ||
	    nla_put_u32(skb, AMT_LME_A_FORWARD_GENERATION, fwd->generation) ||
	    nla_put_u32(skb, AMT_LME_A_FORWARD_CHANNELS,
			lme_channels_to_port(genl_lme, fwd->port))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* What is gone is only announced, not listed. */
static bool forward_listed(const struct lme_forward *fwd)
{
	return fwd->port && fwd->state != AMT_LME_FORWARD_STATE_GONE;
}

/* A copy of the forward with this key. */
static bool forward_find(u32 port, const char *addr, struct lme_forward *fwd)
{
	struct lme_forward *f = genl_lme->forwards.entry;
	bool found = false;
	unsigned int i;

	spin_lock(&genl_lme->lock);
	for (i = 0; i < AMT_LME_MAX_FORWARDS && !found; i++) {
		found = forward_listed(&f[i]) && f[i].port == port &&
			!strcmp(f[i].addr, addr);
		if (found)
			*fwd = f[i];
	}
	spin_unlock(&genl_lme->lock);
	return found;
}

int amt_lme_nl_forward_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct lme_forward fwd;
	const char *addr = "";
	struct sk_buff *msg;
	int err;

	err = lme_genl_check_net(genl_info_net(info), info->extack);
	if (err)
		return err;
	if (!info->attrs[AMT_LME_A_FORWARD_PORT]) {
		NL_SET_ERR_MSG(info->extack, "the port is missing");
		return -EINVAL;
	}
	if (info->attrs[AMT_LME_A_FORWARD_ADDRESS])
		addr = nla_data(info->attrs[AMT_LME_A_FORWARD_ADDRESS]);
	if (!forward_find(nla_get_u32(info->attrs[AMT_LME_A_FORWARD_PORT]),
			  addr, &fwd)) {
		NL_SET_ERR_MSG(info->extack, "no such forward");
		return -ENOENT;
	}
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = forward_put(msg, &fwd, info->snd_portid, info->snd_seq, 0,
			  AMT_LME_CMD_FORWARD_GET);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

/* A copy of the entry with this index; false when there is none to list. */
static bool forward_at(unsigned int i, struct lme_forward *fwd, u32 *seq)
{
	spin_lock(&genl_lme->lock);
	*fwd = genl_lme->forwards.entry[i];
	*seq = genl_lme->forwards.seq;
	spin_unlock(&genl_lme->lock);
	return forward_listed(fwd);
}

int amt_lme_nl_forward_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	struct lme_forward fwd;
	unsigned int i;
	int err;

	err = lme_genl_check_net(sock_net(skb->sk), cb->extack);
	if (err)
		return err;
	for (i = cb->args[0]; i < AMT_LME_MAX_FORWARDS; i++) {
		if (!forward_at(i, &fwd, &cb->seq))
			continue;
		if (forward_put(skb, &fwd, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, NLM_F_MULTI,
				AMT_LME_CMD_FORWARD_GET))
			break;
		nl_dump_check_consistent(cb, nlmsg_hdr(skb));
	}
	cb->args[0] = i;
	return skb->len;
}

/**
 * lme_genl_missed - there is no memory to tell listeners what changed
 * @group: the multicast group
 *
 * They get ENOBUFS, as when their own buffer is full, and ask again.
 */
void lme_genl_missed(unsigned int group)
{
	genl_set_err(&amt_lme_nl_family, &init_net, 0, group, -ENOBUFS);
}

/**
 * lme_genl_link_changed - tell listeners the state of the link
 *
 * Context: may sleep.
 */
void lme_genl_link_changed(void)
{
	struct sk_buff *msg = link_msg(0, 0, AMT_LME_CMD_LINK_NTF);

	if (IS_ERR(msg))
		lme_genl_missed(AMT_LME_NLGRP_LINK);
	else
		genlmsg_multicast(&amt_lme_nl_family, msg, 0,
				  AMT_LME_NLGRP_LINK, GFP_KERNEL);
}

/**
 * lme_genl_forward_changed - tell listeners of a forward
 * @fwd: a copy of it
 *
 * Context: may sleep.
 */
void lme_genl_forward_changed(const struct lme_forward *fwd)
{
	struct sk_buff *msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!msg || forward_put(msg, fwd, 0, 0, 0, AMT_LME_CMD_FORWARD_NTF)) {
		nlmsg_free(msg);
		lme_genl_missed(AMT_LME_NLGRP_FORWARD);
		return;
	}
	genlmsg_multicast(&amt_lme_nl_family, msg, 0, AMT_LME_NLGRP_FORWARD,
			  GFP_KERNEL);
}

/**
 * lme_genl_lme - the object that is told about
 *
 * Return: the object.
 */
struct lme *lme_genl_lme(void)
{
	return genl_lme;
}

/*
 * The specification cannot say that a group needs a capability. Where the
 * kernel cannot either, there are no notifications of channels.
 */
static const struct genl_multicast_group groups[] = {
	[AMT_LME_NLGRP_LINK] = { .name = AMT_LME_MCGRP_LINK },
	[AMT_LME_NLGRP_FORWARD] = { .name = AMT_LME_MCGRP_FORWARD },
#ifdef GENL_MCAST_CAP_NET_ADMIN
	[AMT_LME_NLGRP_CHANNEL] = { .name = AMT_LME_MCGRP_CHANNEL,
				    .flags = GENL_MCAST_CAP_NET_ADMIN },
#endif
};

/**
 * lme_genl_init - register the family
 * @lme: the object
 *
 * Return: 0 or a negative error.
 */
int lme_genl_init(struct lme *lme)
{
	genl_lme = lme;
	amt_lme_nl_family.mcgrps = groups;
	amt_lme_nl_family.n_mcgrps = ARRAY_SIZE(groups);
	return genl_register_family(&amt_lme_nl_family);
}

/** lme_genl_exit - unregister the family */
void lme_genl_exit(void)
{
	genl_unregister_family(&amt_lme_nl_family);
}
