// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmei: a MEI controller whose firmware is a process.
 *
 * Every open of /dev/vmei is a controller of its own. It registers with the
 * kernel's real mei.ko through struct mei_hw_ops, so /dev/meiN and the mei bus
 * appear as on a machine that has the hardware. This module only moves HECI
 * messages and the reset handshake; vmei.h has the contract of the file.
 *
 * Two FIFOs of 4-byte slots stand for the two circular buffers of the hardware.
 * The host's has the depth that VMEI_IOC_SETUP asks for, so the core fragments
 * what it sends as it does for hardware. A message is put in and taken out of a
 * FIFO as a whole.
 *
 * Reset, as in hw-me.c: the host resets (hw_reset); both FIFOs are emptied and
 * the firmware is not ready. The process reads ECONNRESET: the firmware is
 * ready and interrupts; hw_start, which waited for that for up to
 * MEI_HW_READY_TIMEOUT seconds, makes the host ready and the core sends
 * HOST_START. A firmware that was told nothing yet needs no reset and is ready
 * at once. What the process writes while the firmware is not ready is dropped,
 * as the reset would have done with it.
 *
 * Contexts:
 *   - the process: file operations;
 *   - irq_work: the interrupt thread of the hardware drivers. The only caller of
 *     the core's mei_irq_*() functions. Single by the rules of workqueues;
 *   - power_on_work: adds the platform device at the first read, write or poll,
 *     and so runs probe(), where mei_start() waits for the firmware. It cannot
 *     run in open(): the process has to answer meanwhile;
 *   - resume_work: restarts the link after system sleep, once the process was
 *     thawed and can answer;
 *   - whoever the core calls mei_hw_ops from: it holds mei_device.device_lock.
 *
 * Locks, outermost first: vmei.read_lock (one reader takes one message),
 * mei_device.device_lock, vmei.lock (a leaf).
 *
 * Lifetimes: before 6.18 a struct mei_device must outlive every open /dev/meiN,
 * and nothing tells when the last is closed, except that such a file pins this
 * module. So mei_device, the platform device it names as its parent, and the
 * struct vmei that its operations use are kept until module exit.
 *
 * Teardown (release), and who may still be inside:
 *   1. gone is set and the interrupt raised. No file operation is running.
 *      hw_start gives up. irq_work finds dead firmware and has the core reset,
 *      which disconnects all clients: bus drivers and programs blocked in a
 *      connect, a send or a receive return, so that step 3 need not wait for
 *      firmware that will never answer.
 *   2. power_on_work is cancelled or waited for: at most the second that
 *      mei_start() waits for the answer to HOST_START.
 *   3. platform_device_del() runs remove() (if a driver is still bound):
 *      resume_work is cancelled; mei_stop() removes the bus devices and cancels
 *      the core's work; the interrupt is masked and irq_work cancelled, after
 *      which only open files of /dev/meiN know the mei_device, which is DISABLED
 *      and uses no operation again; mei_deregister() takes the node away.
 *   4. the FIFOs are freed.
 */
#include <linux/fs.h>
#include <linux/kfifo.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "vmei.h"

/* the longest HECI message: the 9-bit length of the header bounds it */
#define MESSAGE_SLOTS (1 + DIV_ROUND_UP(511, MEI_SLOT_SIZE))
#define TO_HOST_SLOTS 1024

/**
 * struct vmei - one controller, from open() of /dev/vmei to module exit
 * @pdev:	parent of the mei_device; referenced until module exit
 * @added:	platform_device_add() succeeded; written by @power_on_work only
 * @node:	link in retired_controllers, after release()
 * @read_lock:	makes taking a message out of @to_fw atomic for the process
 * @readable:	readers of the file
 * @writable:	writers of the file
 * @irq_work:	the interrupt thread; queued only while @irq_enabled
 * @power_on_work: adds @pdev
 * @resume_work: restarts the link; freezable
 * @lock:	protects all that follows
 * @mdev:	set from probe() to remove(); for @irq_work stable without @lock
 * @to_fw:	messages of the host, in slots
 * @to_host:	messages of the firmware, in slots
 * @epoch:	counts the resets, that is, how often the FIFOs were emptied
 * @setup:	what VMEI_IOC_SETUP said
 * @powered:	@power_on_work was queued
 * @gone:	the process closed the file
 * @failed:	the core gave up in probe(); reads and writes fail
 * @irq_enabled: the host wants interrupts
 * @host_ready:	H_RDY of the hardware
 * @fw_ready:	ME_RDY of the hardware
 * @reset_pending: the host has reset the link and no read() has told so yet
 * @link_used:	the process has exchanged something since the last reset
 */
struct vmei {
	struct platform_device *pdev;
	bool added;
	struct list_head node;
	struct mutex read_lock;
	wait_queue_head_t readable;
	wait_queue_head_t writable;
	struct work_struct irq_work;
	struct work_struct power_on_work;
	struct work_struct resume_work;
	spinlock_t lock;
	struct mei_device *mdev;
	DECLARE_KFIFO_PTR(to_fw, u32);
	DECLARE_KFIFO_PTR(to_host, u32);
	unsigned int epoch;
	struct vmei_setup setup;
	bool powered;
	bool gone;
	bool failed;
	bool irq_enabled;
	bool host_ready;
	bool fw_ready;
	bool reset_pending;
	bool link_used;
};

/**
 * struct vmei_hw - what a mei_device carries for us, in mei_device.hw
 * @v:		the controller
 * @mdev:	the mei_device this is part of
 * @node:	link in retired_devices, after remove(), where the core does not
 *		free the mei_device
 */
struct vmei_hw {
	struct vmei *v;
	struct mei_device *mdev;
	struct list_head node;
};

static struct workqueue_struct *irq_wq;

static DEFINE_MUTEX(retired_lock); /* protects the next two lists */
static LIST_HEAD(retired_controllers);
static LIST_HEAD(retired_devices);

static struct vmei_hw *to_hw(const struct mei_device *mdev)
{
	return (struct vmei_hw *)mdev->hw;
}

static struct vmei *to_vmei(const struct mei_device *mdev)
{
	return to_hw(mdev)->v;
}

static void raise_irq(struct vmei *v)
{
	lockdep_assert_held(&v->lock);

	if (v->irq_enabled)
		queue_work(irq_wq, &v->irq_work);
}

static void wake_process(struct vmei *v)
{
	wake_up_interruptible_poll(&v->readable, EPOLLIN | EPOLLRDNORM);
	wake_up_interruptible_poll(&v->writable, EPOLLOUT | EPOLLWRNORM);
}

/*
 * mei_hw_ops: the host's side. The core holds mei_device.device_lock in all but
 * intr_clear, intr_disable and synchronize_irq.
 */

static int hw_config(struct mei_device *mdev)
{
	return 0;
}

static int hw_fw_status(struct mei_device *mdev, struct mei_fw_status *status)
{
	const struct vmei_setup *setup = &to_vmei(mdev)->setup;

	BUILD_BUG_ON(sizeof(status->status) != sizeof(setup->fw_status));
	status->count = ARRAY_SIZE(setup->fw_status);
	memcpy(status->status, setup->fw_status, sizeof(status->status));
	return 0;
}

static enum mei_pg_state hw_pg_state(struct mei_device *mdev)
{
	return MEI_PG_OFF;
}

static bool hw_no_pg(struct mei_device *mdev)
{
	return false;
}

static bool hw_host_is_ready(struct mei_device *mdev)
{
	return READ_ONCE(to_vmei(mdev)->host_ready);
}

static bool hw_is_ready(struct mei_device *mdev)
{
	return READ_ONCE(to_vmei(mdev)->fw_ready);
}

/* Nothing to acknowledge: irq_work looks at the state, not at causes */
static void hw_intr_clear(struct mei_device *mdev)
{
}

static void set_irq_enabled(struct vmei *v, bool enabled)
{
	spin_lock(&v->lock);
	v->irq_enabled = enabled;
	raise_irq(v);
	spin_unlock(&v->lock);
}

static void hw_intr_enable(struct mei_device *mdev)
{
	set_irq_enabled(to_vmei(mdev), true);
}

static void hw_intr_disable(struct mei_device *mdev)
{
	set_irq_enabled(to_vmei(mdev), false);
}

static void hw_synchronize_irq(struct mei_device *mdev)
{
	flush_work(&to_vmei(mdev)->irq_work);
}

static int hw_reset(struct mei_device *mdev, bool intr_enable)
{
	struct vmei *v = to_vmei(mdev);

	mdev->recvd_hw_ready = false;

	spin_lock(&v->lock);
	kfifo_reset(&v->to_fw);
	kfifo_reset(&v->to_host);
	v->epoch++;
	WRITE_ONCE(v->host_ready, false);
	if (v->link_used) {
		WRITE_ONCE(v->fw_ready, false);
		v->reset_pending = true;
	}
	v->irq_enabled = intr_enable;
	raise_irq(v);
	spin_unlock(&v->lock);

	wake_process(v);
	return 0;
}

static int hw_start(struct mei_device *mdev)
{
	struct vmei *v = to_vmei(mdev);

	mutex_unlock(&mdev->device_lock);
	wait_event_timeout(mdev->wait_hw_ready,
			   mdev->recvd_hw_ready || READ_ONCE(v->gone),
			   mei_secs_to_jiffies(MEI_HW_READY_TIMEOUT));
	mutex_lock(&mdev->device_lock);

	if (READ_ONCE(v->gone))
		return -ENODEV;
	if (!mdev->recvd_hw_ready)
		return -ETIME;
	mdev->recvd_hw_ready = false;

	spin_lock(&v->lock);
	WRITE_ONCE(v->host_ready, true);
	raise_irq(v);
	spin_unlock(&v->lock);
	return 0;
}

static u32 hw_hbuf_depth(const struct mei_device *mdev)
{
	return to_vmei(mdev)->setup.slots;
}

static int hbuf_free(struct vmei *v)
{
	lockdep_assert_held(&v->lock);
	return v->setup.slots - kfifo_len(&v->to_fw);
}

static int hw_hbuf_free_slots(struct mei_device *mdev)
{
	struct vmei *v = to_vmei(mdev);
	int slots;

	spin_lock(&v->lock);
	slots = hbuf_free(v);
	spin_unlock(&v->lock);
	return slots;
}

static bool hw_hbuf_is_empty(struct mei_device *mdev)
{
	return hw_hbuf_free_slots(mdev) == hw_hbuf_depth(mdev);
}

static void put_slots(struct vmei *v, const void *data, size_t len)
{
	size_t whole = len / MEI_SLOT_SIZE;
	size_t rest = len % MEI_SLOT_SIZE;
	u32 last = 0;

	lockdep_assert_held(&v->lock);
	kfifo_in(&v->to_fw, (const u32 *)data, whole);
	if (!rest)
		return;
	memcpy(&last, data + len - rest, rest);
	kfifo_in(&v->to_fw, &last, 1);
}

static int hw_write(struct mei_device *mdev, const void *hdr, size_t hdr_len,
		    const void *data, size_t data_len)
{
	struct vmei *v = to_vmei(mdev);
	int ret = 0;

	if (WARN_ON_ONCE(!hdr || !data || hdr_len % MEI_SLOT_SIZE))
		return -EINVAL;

	spin_lock(&v->lock);
	if (!v->fw_ready) {
		ret = -EIO;
	} else if (mei_data2slots(hdr_len + data_len) > hbuf_free(v)) {
		ret = -EMSGSIZE;
	} else {
		put_slots(v, hdr, hdr_len);
		put_slots(v, data, data_len);
	}
	spin_unlock(&v->lock);

	wake_up_interruptible_poll(&v->readable, EPOLLIN | EPOLLRDNORM);
	return ret;
}

static int hw_rdbuf_full_slots(struct mei_device *mdev)
{
	struct vmei *v = to_vmei(mdev);
	int slots;

	spin_lock(&v->lock);
	slots = kfifo_len(&v->to_host);
	spin_unlock(&v->lock);
	return slots;
}

static u32 hw_read_hdr(const struct mei_device *mdev)
{
	struct vmei *v = to_vmei(mdev);
	u32 hdr = 0;

	spin_lock(&v->lock);
	if (!kfifo_get(&v->to_host, &hdr))
		dev_dbg(mdev->dev, "header read from an empty buffer\n");
	spin_unlock(&v->lock);
	return hdr;
}

/* A header that lies about what follows makes the core read on: give it zeros */
static int hw_read(struct mei_device *mdev, unsigned char *buf,
		   unsigned long len)
{
	struct vmei *v = to_vmei(mdev);
	u32 slots[MESSAGE_SLOTS] = {};
	unsigned int n;

	if (WARN_ON_ONCE(len > sizeof(slots)))
		return -EINVAL;

	spin_lock(&v->lock);
	n = kfifo_out(&v->to_host, slots, mei_data2slots(len));
	spin_unlock(&v->lock);

	memcpy(buf, slots, len);
	if (n)
		wake_up_interruptible_poll(&v->writable,
					   EPOLLOUT | EPOLLWRNORM);
	return 0;
}

static const struct mei_hw_ops hw_ops = {
	.fw_status = hw_fw_status,
	.pg_state = hw_pg_state,
	.pg_in_transition = hw_no_pg,
	.pg_is_enabled = hw_no_pg,

	.host_is_ready = hw_host_is_ready,
	.hw_is_ready = hw_is_ready,
	.hw_reset = hw_reset,
	.hw_config = hw_config,
	.hw_start = hw_start,

	.intr_clear = hw_intr_clear,
	.intr_enable = hw_intr_enable,
	.intr_disable = hw_intr_disable,
	.synchronize_irq = hw_synchronize_irq,

	.hbuf_free_slots = hw_hbuf_free_slots,
	.hbuf_is_ready = hw_hbuf_is_empty,
	.hbuf_depth = hw_hbuf_depth,
	.write = hw_write,

	.rdbuf_full_slots = hw_rdbuf_full_slots,
	.read_hdr = hw_read_hdr,
	.read = hw_read,
};

/*
 * The interrupt thread
 */

static bool going_down(const struct mei_device *mdev)
{
	return mdev->dev_state == MEI_DEV_POWERING_DOWN ||
	       mdev->dev_state == MEI_DEV_POWER_DOWN;
}

static void firmware_lost(struct mei_device *mdev)
{
	if (going_down(mdev))
		mei_cl_all_disconnect(mdev);
	else if (mdev->dev_state != MEI_DEV_DISABLED)
		schedule_work(&mdev->reset_work);
}

static int receive(struct mei_device *mdev, struct list_head *done)
{
	s32 slots = mei_count_full_read_slots(mdev);
	int ret;

	while (slots > 0) {
		ret = mei_irq_read_handler(mdev, done, &slots);
		if (ret == -ENODATA)
			return 0;
		if (ret)
			return ret;
	}
	return 0;
}

static void serve_link(struct mei_device *mdev)
{
	LIST_HEAD(done);
	int ret = receive(mdev, &done);

	if (ret) {
		dev_err(mdev->dev, "receive: %d, device state %d\n", ret,
			mdev->dev_state);
		if (mdev->dev_state != MEI_DEV_RESETTING &&
		    mdev->dev_state != MEI_DEV_DISABLED && !going_down(mdev))
			schedule_work(&mdev->reset_work);
		return;
	}

	mdev->hbuf_is_ready = mei_hbuf_is_ready(mdev);
	mei_irq_write_handler(mdev, &done);
	mdev->hbuf_is_ready = mei_hbuf_is_ready(mdev);
	mei_irq_compl_handler(mdev, &done);
}

static void irq_work(struct work_struct *work)
{
	struct vmei *v = container_of(work, struct vmei, irq_work);
	struct mei_device *mdev = v->mdev;

	mutex_lock(&mdev->device_lock);
	if (!mei_hw_is_ready(mdev) && mdev->dev_state != MEI_DEV_RESETTING) {
		firmware_lost(mdev);
	} else if (mei_host_is_ready(mdev)) {
		serve_link(mdev);
	} else if (mei_hw_is_ready(mdev)) {
		mdev->recvd_hw_ready = true;
		wake_up(&mdev->wait_hw_ready);
	}
	mutex_unlock(&mdev->device_lock);
}

/*
 * The platform driver: binds mei.ko to a controller. /dev/meiN needs a parent
 * with a bound driver (mei_register() takes the module from it), and runtime PM
 * that is enabled and held (or a connect fails with EACCES).
 */

static struct mei_device *attach(struct vmei *v)
{
	struct mei_device *mdev;
	struct vmei_hw *hw;

	mdev = kzalloc(struct_size(mdev, hw, sizeof(*hw)), GFP_KERNEL);
	if (!mdev)
		return NULL;

	vmei_device_init(mdev, &v->pdev->dev, &hw_ops);
	mdev->fw_f_fw_ver_supported = 1;
	hw = to_hw(mdev);
	hw->v = v;
	hw->mdev = mdev;
	platform_set_drvdata(v->pdev, mdev);

	spin_lock(&v->lock);
	v->mdev = mdev;
	v->failed = false;
	spin_unlock(&v->lock);
	return mdev;
}

static void detach(struct vmei *v)
{
	struct vmei_hw *hw = to_hw(v->mdev);

	set_irq_enabled(v, false);
	cancel_work_sync(&v->irq_work);
	mei_cancel_work(v->mdev);

	spin_lock(&v->lock);
	v->mdev = NULL;
	spin_unlock(&v->lock);

	if (VMEI_CORE_FREES_DEVICE)
		return;
	mutex_lock(&retired_lock);
	list_add(&hw->node, &retired_devices);
	mutex_unlock(&retired_lock);
}

static int vmei_probe(struct platform_device *pdev)
{
	struct vmei *v = *(struct vmei **)dev_get_platdata(&pdev->dev);
	struct mei_device *mdev = attach(v);
	int ret;

	if (!mdev)
		return -ENOMEM;

	pm_runtime_get_noresume(&pdev->dev);
	pm_runtime_set_active(&pdev->dev);
	pm_runtime_enable(&pdev->dev);

	ret = mei_start(mdev);
	if (ret)
		goto err_detach;
	ret = mei_register(mdev, &pdev->dev);
	if (ret)
		goto err_stop;
	return 0;

err_stop:
	mei_stop(mdev);
err_detach:
	detach(v);
	pm_runtime_disable(&pdev->dev);
	pm_runtime_put_noidle(&pdev->dev);

	spin_lock(&v->lock);
	v->failed = true;
	spin_unlock(&v->lock);
	wake_process(v);
	return ret;
}

static void vmei_remove(struct platform_device *pdev)
{
	struct mei_device *mdev = platform_get_drvdata(pdev);
	struct vmei *v = to_vmei(mdev);

	cancel_work_sync(&v->resume_work);
	mei_stop(mdev);
	detach(v);
	mei_deregister(mdev);
	pm_runtime_disable(&pdev->dev);
	pm_runtime_put_noidle(&pdev->dev);
}
VMEI_PLATFORM_REMOVE(vmei_remove)

static int vmei_suspend(struct device *dev)
{
	struct mei_device *mdev = dev_get_drvdata(dev);

	cancel_work_sync(&to_vmei(mdev)->resume_work);
	mei_stop(mdev);
	mei_disable_interrupts(mdev);
	return 0;
}

/* The process that has to answer is still frozen: restart when it is not */
static int vmei_resume(struct device *dev)
{
	struct mei_device *mdev = dev_get_drvdata(dev);

	queue_work(system_freezable_wq, &to_vmei(mdev)->resume_work);
	return 0;
}

static void resume_work(struct work_struct *work)
{
	struct vmei *v = container_of(work, struct vmei, resume_work);

	if (mei_restart(v->mdev))
		return;
	/* mei_stop() has cancelled the core's stall timer */
	schedule_delayed_work(&v->mdev->timer_work, HZ);
}

static DEFINE_SIMPLE_DEV_PM_OPS(vmei_pm_ops, vmei_suspend, vmei_resume);

static struct platform_driver vmei_driver = {
	.probe = vmei_probe,
	.remove = vmei_platform_remove(vmei_remove),
	.driver = {
		.name = KBUILD_MODNAME,
		.pm = pm_sleep_ptr(&vmei_pm_ops),
	},
};

/*
 * /dev/vmei: the firmware's side
 */

static void power_on_work(struct work_struct *work)
{
	struct vmei *v = container_of(work, struct vmei, power_on_work);
	int ret = platform_device_add(v->pdev);

	v->added = !ret;
	if (!ret)
		return;
	spin_lock(&v->lock);
	v->failed = true;
	spin_unlock(&v->lock);
	wake_process(v);
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
		raise_irq(v);
		return -ECONNRESET;
	}
	if (!kfifo_peek(&v->to_fw, msg))
		return v->failed ? -ENODEV : -EAGAIN;

	size = message_size(*msg);
	if (kfifo_out_peek(&v->to_fw, msg, mei_data2slots(size)) == 0)
		return -EAGAIN;
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
	v->link_used = true;
	if (kfifo_is_empty(&v->to_fw))
		raise_irq(v);
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
		raise_irq(v);
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
	raise_irq(v);
	spin_unlock(&v->lock);
	wake_process(v);
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
	INIT_WORK(&v->irq_work, irq_work);
	INIT_WORK(&v->power_on_work, power_on_work);
	INIT_WORK(&v->resume_work, resume_work);
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
	raise_irq(v);
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
	int ret;

	irq_wq = alloc_workqueue("vmei", WQ_UNBOUND | WQ_HIGHPRI, 0);
	if (!irq_wq)
		return -ENOMEM;

	ret = platform_driver_register(&vmei_driver);
	if (ret)
		goto err_wq;
	ret = misc_register(&vmei_miscdev);
	if (ret)
		goto err_driver;
	return 0;

err_driver:
	platform_driver_unregister(&vmei_driver);
err_wq:
	destroy_workqueue(irq_wq);
	return ret;
}

/* No file of /dev/vmei or of a /dev/meiN of ours is open: each pins us */
static void __exit vmei_exit(void)
{
	struct vmei_hw *hw, *next_hw;
	struct vmei *v, *next;

	misc_deregister(&vmei_miscdev);
	platform_driver_unregister(&vmei_driver);
	destroy_workqueue(irq_wq);

	list_for_each_entry_safe(hw, next_hw, &retired_devices, node)
		kfree(hw->mdev);
	list_for_each_entry_safe(v, next, &retired_controllers, node)
		free_controller(v);
}

module_init(vmei_init);
module_exit(vmei_exit);

MODULE_DESCRIPTION("Virtual MEI controller whose firmware is a process");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
