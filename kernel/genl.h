/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family; Documentation/netlink/specs/amt_lme.yaml. */
#ifndef LME_GENL_H
#define LME_GENL_H

#include <linux/types.h>

struct lme;
struct lme_channel_facts;
struct lme_forward;
struct net;
struct netlink_ext_ack;

int lme_genl_init(struct lme *lme);
void lme_genl_exit(void);
struct lme *lme_genl_lme(void);
int lme_genl_check_net(struct net *net, struct netlink_ext_ack *extack);
bool lme_genl_channels_watched(void);
void lme_genl_missed(unsigned int group);
void lme_genl_channel_changed(const struct lme_channel_facts *facts);
void lme_genl_link_changed(void);
void lme_genl_forward_changed(const struct lme_forward *fwd);

#endif /* LME_GENL_H */
