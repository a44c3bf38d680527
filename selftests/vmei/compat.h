/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that vmei runs on: 5.10, and 6.1 and later.
 * An entry goes when the oldest supported kernel has the newer form.
 */
#ifndef SELFTESTS_VMEI_COMPAT_H
#define SELFTESTS_VMEI_COMPAT_H

#include <linux/platform_device.h>
#include <linux/version.h>

#include "mei_dev.h"
#include "client.h"

/*
 * Since 6.18 ("mei: hook mei_device on class device") mei_register() comes
 * before mei_start(), and from then on the core owns and frees the mei_device,
 * also when mei_register() fails. Before, its owner has to keep it.
 */
#define VMEI_CORE_OWNS_DEVICE (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0))

/* Since 6.11 platform_driver.remove returns nothing; before, 0 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define vmei_remove_ret void
#define VMEI_REMOVED
#else
#define vmei_remove_ret int
#define VMEI_REMOVED 0
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)

static inline void vmei_device_init(struct mei_device *mdev,
				    struct device *parent,
				    const struct mei_hw_ops *ops)
{
	mei_device_init(mdev, parent, false, ops);
}

static inline bool vmei_going_down(const struct mei_device *mdev)
{
	return mdev->dev_state == MEI_DEV_POWERING_DOWN ||
	       mdev->dev_state == MEI_DEV_POWER_DOWN;
}

#else

/* 5.10 knows no slow firmware, no POWERING_DOWN, and exports no such function */

static inline void vmei_device_init(struct mei_device *mdev,
				    struct device *parent,
				    const struct mei_hw_ops *ops)
{
	mei_device_init(mdev, parent, ops);
}

static inline bool vmei_going_down(const struct mei_device *mdev)
{
	return mdev->dev_state == MEI_DEV_POWER_DOWN;
}

#define mei_cl_all_disconnect(mdev) schedule_work(&(mdev)->reset_work)

#endif

#endif /* SELFTESTS_VMEI_COMPAT_H */
