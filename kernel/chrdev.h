/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/amt_lme/ctl and /dev/amt_lme/<port>. */
#ifndef LME_CHRDEV_H
#define LME_CHRDEV_H

#include <linux/types.h>

struct lme;

int lme_chrdev_init(struct lme *lme);
int lme_chrdev_publish(void);
void lme_chrdev_unpublish(void);
void lme_chrdev_exit(void);
void lme_chrdev_set_port(u32 port, bool exists);

#endif /* LME_CHRDEV_H */
