// SPDX-License-Identifier: GPL-2.0-only
/* Module init and exit, in the order that keeps the world out until the end. */
#include <linux/err.h>
#include <linux/module.h>
#include <net/genetlink.h>

#include "chrdev.h"
#include "genl.h"
#include "link.h"
#include "lme.h"

static bool autoconnect;
module_param(autoconnect, bool, 0444);
MODULE_PARM_DESC(autoconnect, "Keep the link up without users (N)");

static struct lme *the_lme;

static int __init amt_lme_init(void)
{
	int err;

	the_lme = lme_create();
	if (IS_ERR(the_lme))
		return PTR_ERR(the_lme);
	err = lme_chrdev_init(the_lme);
	if (err)
		goto err_destroy;
	err = lme_genl_init(the_lme);
	if (err)
		goto err_chrdev;
	err = lme_link_mei_register(the_lme);
	if (err)
		goto err_genl;
	/* ORDER: last, as a file that is open can not be undone here. */
	err = lme_chrdev_publish();
	if (err)
		goto err_link;
	if (autoconnect)
		lme_hold(the_lme);
	return 0;

err_link:
	lme_link_mei_unregister();
err_genl:
	lme_stop(the_lme);
	lme_genl_exit();
err_chrdev:
	lme_chrdev_exit();
err_destroy:
	lme_destroy(the_lme);
	return err;
}

static void __exit amt_lme_exit(void)
{
	if (autoconnect)
		lme_unhold(the_lme);
	lme_let_go(the_lme);
	lme_chrdev_unpublish();
	lme_link_mei_unregister();
	lme_stop(the_lme);
	lme_genl_exit();
	lme_chrdev_exit();
	lme_destroy(the_lme);
}

module_init(amt_lme_init);
module_exit(amt_lme_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Intel AMT local manageability (LME) port forwarding");
MODULE_ALIAS_GENL_FAMILY("amt_lme");
