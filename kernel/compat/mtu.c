// SPDX-License-Identifier: GPL-2.0-only
/*
 * The longest message of an LME device, for kernels before 6.18: the device's
 * own sysfs attribute max_len has it. Goes with the support of 6.17.
 */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "compat.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)

/* Longer than any message of a firmware client that has been seen. */
#define MTU_UNKNOWN 16384

static struct attribute *find_attr(struct device *dev, const char *name)
{
	const struct attribute_group **group = dev->bus->dev_groups;
	struct attribute **attr;

	for (; group && *group; group++)
		for (attr = (*group)->attrs; attr && *attr; attr++)
			if (!strcmp((*attr)->name, name))
				return *attr;
	return NULL;
}

/**
 * lme_compat_mtu - longest message of an enabled device
 * @cldev: the device
 *
 * Return: bytes.
 * Context: may sleep.
 */
size_t lme_compat_mtu(struct mei_cl_device *cldev)
{
	struct attribute *attr = find_attr(&cldev->dev, "max_len");
	struct device_attribute *dev_attr;
	unsigned int mtu = 0;
	char *text;

	if (!attr)
		return MTU_UNKNOWN;
	text = (char *)get_zeroed_page(GFP_KERNEL);
	if (!text)
		return MTU_UNKNOWN;
	dev_attr = container_of(attr, struct device_attribute, attr);
	if (dev_attr->show(&cldev->dev, dev_attr, text) <= 0 ||
	    kstrtouint(strim(text), 10, &mtu))
		mtu = MTU_UNKNOWN;
	free_page((unsigned long)text);
	return mtu;
}

#endif
