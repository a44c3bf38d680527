/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generated netlink code uses struct genl_split_ops, with one entry for do and
 * one for dump of the same command. It is there from 6.2 on; before, a command
 * has one struct genl_ops, and a second entry is refused. The two are joined
 * when the family is registered. Goes with 6.1.
 */
#ifndef LME_COMPAT_GENETLINK_H
#define LME_COMPAT_GENETLINK_H

#include_next <net/genetlink.h>

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define genl_split_ops genl_ops
#define split_ops ops
#define n_split_ops n_ops

int lme_compat_genl_register_family(struct genl_family *family);
#define genl_register_family lme_compat_genl_register_family
#endif

#endif /* LME_COMPAT_GENETLINK_H */
