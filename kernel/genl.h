/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family; Documentation/netlink/specs/amt_lme.yaml. */
#ifndef LME_GENL_H
#define LME_GENL_H

struct lme;
struct lme_forward;

int lme_genl_init(struct lme *lme);
void lme_genl_exit(void);
void lme_genl_link_changed(void);
void lme_genl_forward_changed(const struct lme_forward *fwd);

#endif /* LME_GENL_H */
