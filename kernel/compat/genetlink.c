// SPDX-License-Identifier: GPL-2.0-only
/* See compat/include/net/genetlink.h. */
#include <net/genetlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)

#undef genl_register_family

/* Commands of the one family there is. */
static struct genl_ops joined[8];

static struct genl_ops *joined_find(u8 cmd, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (joined[i].cmd == cmd)
			return &joined[i];
	return NULL;
}

static void join(struct genl_ops *to, const struct genl_ops *from)
{
	if (from->doit)
		to->doit = from->doit;
	if (from->dumpit) {
		to->start = from->start;
		to->dumpit = from->dumpit;
		to->done = from->done;
	}
	if (from->maxattr > to->maxattr) {
		to->policy = from->policy;
		to->maxattr = from->maxattr;
	}
}

/**
 * lme_compat_genl_register_family - register a family with split operations
 * @family: the family
 *
 * Return: 0 or a negative error.
 */
int lme_compat_genl_register_family(struct genl_family *family)
{
	struct genl_ops *to;
	unsigned int i, n = 0;

	for (i = 0; i < family->n_ops; i++) {
		to = joined_find(family->ops[i].cmd, n);
		if (to) {
			join(to, &family->ops[i]);
			continue;
		}
		if (n == ARRAY_SIZE(joined))
			return -ENOSPC;
		joined[n] = family->ops[i];
		/* Do and dump are told apart by their functions here. */
		joined[n].flags &= ~(GENL_CMD_CAP_DO | GENL_CMD_CAP_DUMP);
		n++;
	}
	family->ops = joined;
	family->n_ops = n;
	return genl_register_family(family);
}

#endif
