/* SPDX-License-Identifier: GPL-2.0-only */
/* debugfs amt_lme/counters: what firmware sent and what became of it. */
#ifndef LME_DEBUGFS_H
#define LME_DEBUGFS_H

struct lme;

void lme_debugfs_init(struct lme *lme);
void lme_debugfs_exit(void);

#endif /* LME_DEBUGFS_H */
