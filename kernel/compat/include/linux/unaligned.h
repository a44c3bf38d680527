/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * <linux/unaligned.h> was <asm/unaligned.h> up to 6.11 (5f60d5f6bbc1), and an
 * older header of the new name held something else. Goes with 6.11.
 */
#ifndef LME_COMPAT_UNALIGNED_H
#define LME_COMPAT_UNALIGNED_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include_next <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif /* LME_COMPAT_UNALIGNED_H */
