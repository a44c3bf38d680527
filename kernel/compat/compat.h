/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernel versions and cannot be hidden behind a header
 * of the kernel's own name. Each entry says from which version on it can go.
 */
#ifndef LME_COMPAT_H
#define LME_COMPAT_H

#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/mei_cl_bus.h>
#include <linux/version.h>

/*
 * Before 6.18 mei prints an error for each refused connection, so try seldom,
 * also for a new user. In jiffies.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define LME_BUSY_BACKOFF_MIN (HZ / 20)
#define LME_BUSY_BACKOFF_MAX (5 * HZ)
#else
#define LME_BUSY_BACKOFF_MIN HZ
#define LME_BUSY_BACKOFF_MAX (60 * HZ)
#endif

/* mei_cldev_mtu() is there from 6.18 on. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
static inline size_t lme_compat_mtu(struct mei_cl_device *cldev)
{
	return mei_cldev_mtu(cldev);
}
#else
size_t lme_compat_mtu(struct mei_cl_device *cldev);
#endif

/*
 * lme_compat_send() is mei_cldev_send(). Before 5.12 the bytes to send were not
 * const, though never written.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0)
static inline ssize_t lme_compat_send(struct mei_cl_device *cldev,
				      const u8 *buf, size_t len)
{
	return mei_cldev_send(cldev, buf, len);
}
#else
static inline ssize_t lme_compat_send(struct mei_cl_device *cldev,
				      const u8 *buf, size_t len)
{
	return mei_cldev_send(cldev, (u8 *)buf, len);
}
#endif

/* Before 5.12 a driver's remove() returned int. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0)
#define LME_COMPAT_MEI_REMOVE(fn) static_assert(1)
#define LME_COMPAT_REMOVE_NAME(fn) fn
#else
#define LME_COMPAT_MEI_REMOVE(fn)					\
static int fn##_int(struct mei_cl_device *cldev)			\
{									\
	fn(cldev);							\
	return 0;							\
}									\
static_assert(1)
#define LME_COMPAT_REMOVE_NAME(fn) fn##_int
#endif

/* generic_file_splice_read() became copy_splice_read() in 6.5. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define LME_COMPAT_SPLICE_READ copy_splice_read
#else
#define LME_COMPAT_SPLICE_READ generic_file_splice_read
#endif

#endif /* LME_COMPAT_H */
