// SPDX-License-Identifier: GPL-2.0-only
/* The counters, for whoever looks for the cause of a fault. */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "debugfs.h"
#include "lme.h"

static struct dentry *root;

static const char *const counter_names[LME_COUNTERS] = {
	[LME_COUNT_SESSIONS] = "sessions",
	[LME_COUNT_LINK_LOST] = "link_lost",
	[LME_COUNT_RX] = "rx_messages",
	[LME_COUNT_TX] = "tx_messages",
	[LME_COUNT_SHORT] = "rx_short",
	[LME_COUNT_TRAILING] = "rx_trailing",
	[LME_COUNT_UNKNOWN_TYPE] = "rx_unknown_type",
	[LME_COUNT_UNKNOWN_CHANNEL] = "rx_unknown_channel",
	[LME_COUNT_UNEXPECTED] = "rx_unexpected",
	[LME_COUNT_EMPTY_DATA] = "rx_empty_data",
	[LME_COUNT_WINDOW_OVERRUN] = "rx_window_overrun",
	[LME_COUNT_ADJUST_OVERFLOW] = "rx_adjust_overflow",
	[LME_COUNT_REPLY_OVERFLOW] = "reply_overflow",
	[LME_COUNT_FORWARD_REFUSED] = "forward_refused",
	[LME_COUNT_OPEN_REFUSED] = "open_refused",
	[LME_COUNT_OPENED] = "opened",
	[LME_COUNT_SLOT_LEAKED] = "slot_leaked",
	[LME_COUNT_LINGER_DROPPED] = "linger_dropped",
};

static int counters_show(struct seq_file *m, void *v)
{
	struct lme *lme = m->private;
	u64 value[LME_COUNTERS];
	unsigned int i;

	spin_lock(&lme->lock);
	memcpy(value, lme->counters, sizeof(value));
	spin_unlock(&lme->lock);
	for (i = 0; i < LME_COUNTERS; i++)
		seq_printf(m, "%s %llu\n", counter_names[i], value[i]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

/**
 * lme_debugfs_init - show the counters
 * @lme: the object
 */
void lme_debugfs_init(struct lme *lme)
{
	root = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("counters", 0400, root, lme, &counters_fops);
}

/** lme_debugfs_exit - remove them */
void lme_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
