// SPDX-License-Identifier: GPL-2.0-only
/*
 * The firmware's side of a controller: /dev/vmei.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "controller.h"

/* the longest HECI message: the 9-bit length of the header bounds it */
#define MESSAGE_SLOTS (1 + DIV_ROUND_UP(511, MEI_SLOT_SIZE))
#define TO_HOST_SLOTS 1024

static DEFINE_MUTEX(retired_lock); /* protects retired_controllers */
static LIST_HEAD(retired_controllers);

void vmei_wake_firmware(struct vmei *v, __poll_t events)
{
	if (events & EPOLLIN)
		wake_up_interruptible_poll(&v->readable,
					   EPOLLIN | EPOLLRDNORM);
	if (events & EPOLLOUT)
		wake_up_interruptible_poll(&v->writable,
					   EPOLLOUT | EPOLLWRNORM);
}

void vmei_fail(struct vmei *v)
{
	spin_lock(&v->lock);
	v->failed = true;
	spin_unlock(&v->lock);
	/* Whoever polls, whatever for. */
	wake_up_interruptible(&v->readable);
	wake_up_interruptible(&v->writable);
}

static void power_on_work(struct work_struct *work)
{
	struct vmei *v = container_of(work, struct vmei, power_on_work);

	v->added = !platform_device_add(v->pdev);
	if (!v->added)
		vmei_fail(v);
}

static void power_on(struct vmei *v)
{
	spin_lock(&v->lock);
	if (!v->powered) {
		v->powered = true;
		queue_work(system_freezable_wq, &v->power_on_work);
	}
	spin_unlock(&v->lock);
}

static bool can_read(struct vmei *v)
{
	bool ret;

	spin_lock(&v->lock);
	ret = v->reset_pending || v->failed || !kfifo_is_empty(&v->to_fw);
	spin_unlock(&v->lock);
	return ret;
}

static bool can_write(struct vmei *v, unsigned int slots)
{
	bool ret;

	spin_lock(&v->lock);
	ret = !v->fw_ready || v->failed || kfifo_avail(&v->to_host) >= slots;
	spin_unlock(&v->lock);
	return ret;
}

static size_t message_size(u32 first_slot)
{
	const struct mei_msg_hdr *hdr = (struct mei_msg_hdr *)&first_slot;

	return sizeof(*hdr) + hdr->length;
}

/* Copies the next message to @msg, and leaves it where it is */
static ssize_t peek_message(struct vmei *v, u32 *msg, unsigned int *epoch)
{
	size_t size;

	lockdep_assert_held(&v->lock);

	if (v->reset_pending) {
		v->reset_pending = false;
		v->link_used = false;
		WRITE_ONCE(v->fw_ready, true);
		vmei_raise_irq(v);
		return -ECONNRESET;
	}
	if (!kfifo_peek(&v->to_fw, msg))
		return v->failed ? -ENODEV : -EAGAIN;

	size = message_size(*msg);
	if (kfifo_out_peek(&v->to_fw, msg, mei_data2slots(size)) == 0)
		return -EAGAIN;
	v->link_used = true;
	*epoch = v->epoch;
	return size;
}

/* Unless a reset has emptied the buffer meanwhile */
static void drop_message(struct vmei *v, u32 *msg, unsigned int epoch)
{
	unsigned int slots = mei_data2slots(message_size(*msg));

	lockdep_assert_held(&v->lock);

	if (epoch != v->epoch || kfifo_out(&v->to_fw, msg, slots) != slots)
		return;
	if (kfifo_is_empty(&v->to_fw))
		vmei_raise_irq(v);
}

static ssize_t read_message(struct vmei *v, char __user *buf, size_t count)
{
	u32 msg[MESSAGE_SLOTS];
	unsigned int epoch;
	ssize_t size;

	lockdep_assert_held(&v->read_lock);

	spin_lock(&v->lock);
	size = peek_message(v, msg, &epoch);
	spin_unlock(&v->lock);
	if (size < 0)
		return size;
	if (count < size)
		return -EMSGSIZE;
	if (copy_to_user(buf, msg, size))
		return -EFAULT;

	spin_lock(&v->lock);
	drop_message(v, msg, epoch);
	spin_unlock(&v->lock);
	return size;
}

static ssize_t vmei_read(struct file *file, char __user *buf, size_t count,
			 loff_t *pos)
{
	struct vmei *v = file->private_data;
	ssize_t ret;

	power_on(v);
	for (;;) {
		if (mutex_lock_interruptible(&v->read_lock))
			return -ERESTARTSYS;
		ret = read_message(v, buf, count);
		mutex_unlock(&v->read_lock);
		if (ret != -EAGAIN || file->f_flags & O_NONBLOCK)
			return ret;
		ret = wait_event_interruptible(v->readable, can_read(v));
		if (ret)
			return ret;
	}
}

static int write_message(struct vmei *v, const u32 *msg, unsigned int slots)
{
	int ret = 0;

	spin_lock(&v->lock);
	if (v->failed) {
		ret = -ENODEV;
	} else if (v->fw_ready && kfifo_avail(&v->to_host) < slots) {
		ret = -EAGAIN;
	} else if (v->fw_ready) {
		kfifo_in(&v->to_host, msg, slots);
		v->link_used = true;
		vmei_raise_irq(v);
	}
	spin_unlock(&v->lock);
	return ret;
}

static ssize_t vmei_write(struct file *file, const char __user *buf,
			  size_t count, loff_t *pos)
{
	struct vmei *v = file->private_data;
	unsigned int slots = mei_data2slots(count);
	u32 msg[MESSAGE_SLOTS] = {};
	int ret;

	if (count < sizeof(struct mei_msg_hdr))
		return -EINVAL;
	if (count > sizeof(msg))
		return -EMSGSIZE;
	if (copy_from_user(msg, buf, count))
		return -EFAULT;
	if (count != message_size(*msg))
		return -EMSGSIZE;

	power_on(v);
	for (;;) {
		ret = write_message(v, msg, slots);
		if (!ret)
			return count;
		if (ret != -EAGAIN || file->f_flags & O_NONBLOCK)
			return ret;
		ret = wait_event_interruptible(v->writable, can_write(v, slots));
		if (ret)
			return ret;
	}
}

static __poll_t vmei_poll(struct file *file, poll_table *wait)
{
	struct vmei *v = file->private_data;
	__poll_t mask = 0;

	power_on(v);
	poll_wait(file, &v->readable, wait);
	poll_wait(file, &v->writable, wait);
	if (can_read(v))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (can_write(v, MESSAGE_SLOTS))
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (READ_ONCE(v->failed))
		mask |= EPOLLERR | EPOLLHUP;
	return mask;
}

static int setup(struct vmei *v, const struct vmei_setup __user *arg)
{
	struct vmei_setup setup;
	int ret = 0;

	if (copy_from_user(&setup, arg, sizeof(setup)))
		return -EFAULT;
	if (setup.slots < VMEI_SLOTS_MIN || setup.slots > VMEI_SLOTS_MAX)
		return -EINVAL;

	spin_lock(&v->lock);
	if (v->powered)
		ret = -EBUSY;
	else
		v->setup = setup;
	spin_unlock(&v->lock);
	return ret;
}

static int reset_from_firmware(struct vmei *v)
{
	power_on(v);
	spin_lock(&v->lock);
	kfifo_reset(&v->to_fw);
	kfifo_reset(&v->to_host);
	v->epoch++;
	WRITE_ONCE(v->fw_ready, false);
	v->link_used = true;
	vmei_raise_irq(v);
	spin_unlock(&v->lock);
	vmei_wake_firmware(v, EPOLLIN | EPOLLOUT);
	return 0;
}

static long vmei_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vmei *v = file->private_data;

	switch (cmd) {
	case VMEI_IOC_SETUP:
		return setup(v, (const struct vmei_setup __user *)arg);
	case VMEI_IOC_RESET:
		return reset_from_firmware(v);
	default:
		return -ENOTTY;
	}
}

static void free_controller(struct vmei *v)
{
	kfifo_free(&v->to_fw);
	kfifo_free(&v->to_host);
	platform_device_put(v->pdev);
	kfree(v);
}

static struct vmei *alloc_controller(void)
{
	struct vmei *v = kzalloc(sizeof(*v), GFP_KERNEL);

	if (!v)
		return NULL;

	mutex_init(&v->read_lock);
	spin_lock_init(&v->lock);
	init_waitqueue_head(&v->readable);
	init_waitqueue_head(&v->writable);
	INIT_WORK(&v->power_on_work, power_on_work);
	vmei_host_prepare(v);
	v->setup.slots = VMEI_SLOTS_DEFAULT;
	v->fw_ready = true;

	v->pdev = platform_device_alloc(KBUILD_MODNAME, PLATFORM_DEVID_AUTO);
	if (!v->pdev ||
	    platform_device_add_data(v->pdev, &v, sizeof(v)) ||
	    kfifo_alloc(&v->to_fw, VMEI_SLOTS_MAX, GFP_KERNEL) ||
	    kfifo_alloc(&v->to_host, TO_HOST_SLOTS, GFP_KERNEL)) {
		free_controller(v);
		return NULL;
	}
	return v;
}

static int vmei_open(struct inode *inode, struct file *file)
{
	struct vmei *v = alloc_controller();

	if (!v)
		return -ENOMEM;
	file->private_data = v;
	return stream_open(inode, file);
}

static void firmware_dies(struct vmei *v)
{
	spin_lock(&v->lock);
	WRITE_ONCE(v->gone, true);
	WRITE_ONCE(v->fw_ready, false);
	if (v->mdev)
		wake_up(&v->mdev->wait_hw_ready);
	vmei_raise_irq(v);
	spin_unlock(&v->lock);
}

/* Never fails and waits for no answer from firmware; steps as in the header */
static int vmei_release(struct inode *inode, struct file *file)
{
	struct vmei *v = file->private_data;

	firmware_dies(v);
	cancel_work_sync(&v->power_on_work);
	if (v->added)
		platform_device_del(v->pdev);
	kfifo_free(&v->to_fw);
	kfifo_free(&v->to_host);

	mutex_lock(&retired_lock);
	list_add(&v->node, &retired_controllers);
	mutex_unlock(&retired_lock);
	return 0;
}

static const struct file_operations vmei_fops = {
	.owner = THIS_MODULE,
	.open = vmei_open,
	.release = vmei_release,
	.read = vmei_read,
	.write = vmei_write,
	.poll = vmei_poll,
	.unlocked_ioctl = vmei_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice vmei_miscdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = KBUILD_MODNAME,
	.fops = &vmei_fops,
	.mode = 0600,
};

static int __init vmei_init(void)
{
	int ret = vmei_host_init();

	if (ret)
		return ret;
	ret = misc_register(&vmei_miscdev);
	if (ret)
		vmei_host_exit();
	return ret;
}

/* No file of /dev/vmei or of a /dev/meiN of ours is open: each pins us */
static void __exit vmei_exit(void)
{
	struct vmei *v, *next;

	misc_deregister(&vmei_miscdev);
	vmei_host_exit();
	list_for_each_entry_safe(v, next, &retired_controllers, node)
		free_controller(v);
}

module_init(vmei_init);
module_exit(vmei_exit);

MODULE_DESCRIPTION("Virtual MEI controller whose firmware is a process");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
