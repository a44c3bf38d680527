/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that vmei runs on. Every entry goes when
 * the oldest supported kernel has the newer form.
 */
#ifndef SELFTESTS_VMEI_COMPAT_H
#define SELFTESTS_VMEI_COMPAT_H

#include <linux/pm.h>
#include <linux/platform_device.h>
#include <linux/version.h>

#include "mei_dev.h"
#include "client.h"

/*
 * 6.18 (7704e6be4ed2, "mei: hook mei_device on class device"): mei_device is
 * reference counted and freed by the core, and it is registered before it is
 * started. Before, its owner frees it.
 */
#define VMEI_CORE_FREES_DEVICE (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0))

/* 6.11 (0edb555a65d1): platform_driver.remove returns void */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define VMEI_PLATFORM_REMOVE(fn)				\
static int fn##_int(struct platform_device *pdev)		\
{								\
	fn(pdev);						\
	return 0;						\
}
#define vmei_platform_remove(fn) fn##_int
#else
#define VMEI_PLATFORM_REMOVE(fn)
#define vmei_platform_remove(fn) fn
#endif

/* 6.1 (95953618ce3f): a flag for slow firmware, with longer timeouts */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define vmei_device_init(mdev, parent, ops) mei_device_init(mdev, parent, ops)
#else
#define vmei_device_init(mdev, parent, ops) \
	mei_device_init(mdev, parent, false, ops)
#endif

/* 5.17 (1a3c7bb08826): pm_sleep_ptr() and DEFINE_SIMPLE_DEV_PM_OPS() */
#ifndef DEFINE_SIMPLE_DEV_PM_OPS
#define DEFINE_SIMPLE_DEV_PM_OPS SIMPLE_DEV_PM_OPS
#define pm_sleep_ptr(ops) (IS_ENABLED(CONFIG_PM_SLEEP) ? (ops) : NULL)
#endif

#endif /* SELFTESTS_VMEI_COMPAT_H */
