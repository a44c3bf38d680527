// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's side of a controller: struct mei_hw_ops, the interrupt thread, and
 * the platform driver that binds mei.ko to it.
 */
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm_runtime.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "compat.h"
#include "controller.h"

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

static DEFINE_MUTEX(retired_lock); /* protects retired_devices */
static LIST_HEAD(retired_devices);

static struct vmei_hw *to_hw(const struct mei_device *mdev)
{
	return (struct vmei_hw *)mdev->hw;
}

static struct vmei *to_vmei(const struct mei_device *mdev)
{
	return to_hw(mdev)->v;
}

void vmei_raise_irq(struct vmei *v)
{
	lockdep_assert_held(&v->lock);

	if (v->irq_enabled)
		queue_work(system_highpri_wq, &v->irq_work);
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
	vmei_raise_irq(v);
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
	vmei_raise_irq(v);
	spin_unlock(&v->lock);

	vmei_wake_firmware(v, EPOLLIN | EPOLLOUT);
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
	vmei_raise_irq(v);
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

	vmei_wake_firmware(v, EPOLLIN);
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
	u32 hdr;

	spin_lock(&v->lock);
	if (!kfifo_get(&v->to_host, &hdr))
		hdr = 0;
	spin_unlock(&v->lock);
	return hdr;
}

/* A header that lies about what follows makes the core read on: give it zeros */
static int hw_read(struct mei_device *mdev, unsigned char *buf,
		   unsigned long len)
{
	struct vmei *v = to_vmei(mdev);
	u32 slots[MEI_RD_MSG_BUF_SIZE / MEI_SLOT_SIZE] = {};
	unsigned int n;

	if (WARN_ON_ONCE(len > sizeof(slots)))
		return -EINVAL;

	spin_lock(&v->lock);
	n = kfifo_out(&v->to_host, slots, mei_data2slots(len));
	spin_unlock(&v->lock);

	memcpy(buf, slots, len);
	if (n)
		vmei_wake_firmware(v, EPOLLOUT);
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

static void firmware_lost(struct mei_device *mdev)
{
	if (vmei_going_down(mdev))
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
		dev_err_ratelimited(&to_vmei(mdev)->pdev->dev,
				    "receive: %d, device state %d\n",
				    ret, mdev->dev_state);
		if (mdev->dev_state != MEI_DEV_RESETTING &&
		    mdev->dev_state != MEI_DEV_DISABLED && !vmei_going_down(mdev))
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

static struct mei_device *alloc_device(struct vmei *v)
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
	return mdev;
}

static void attach(struct vmei *v, struct mei_device *mdev)
{
	struct device *dev = &v->pdev->dev;

	dev_set_drvdata(dev, mdev);
	pm_runtime_get_noresume(dev);
	pm_runtime_set_active(dev);
	pm_runtime_enable(dev);

	spin_lock(&v->lock);
	v->mdev = mdev;
	v->failed = false;
	spin_unlock(&v->lock);
}

/* The core runs nothing of @mdev any more, and none of its clients is connected */
static void detach(struct vmei *v, struct mei_device *mdev)
{
	struct device *dev = &v->pdev->dev;

	set_irq_enabled(v, false);
	cancel_work_sync(&v->irq_work);
	mei_cancel_work(mdev);

	spin_lock(&v->lock);
	v->mdev = NULL;
	spin_unlock(&v->lock);

	pm_runtime_disable(dev);
	pm_runtime_put_noidle(dev);

	if (VMEI_CORE_OWNS_DEVICE)
		return;
	mutex_lock(&retired_lock);
	list_add(&to_hw(mdev)->node, &retired_devices);
	mutex_unlock(&retired_lock);
}

static int bring_up(struct vmei *v, struct mei_device *mdev)
{
	struct device *dev = &v->pdev->dev;
	int ret;

	if (VMEI_CORE_OWNS_DEVICE) {
		ret = mei_register(mdev, dev);
		if (ret)
			return ret;
	}

	attach(v, mdev);
	ret = mei_start(mdev);
	if (ret)
		goto err_detach;

	if (!VMEI_CORE_OWNS_DEVICE) {
		ret = mei_register(mdev, dev);
		if (ret)
			goto err_stop;
	}
	return 0;

err_stop:
	mei_stop(mdev);
err_detach:
	detach(v, mdev);
	if (VMEI_CORE_OWNS_DEVICE)
		mei_deregister(mdev);
	return ret;
}

static int vmei_probe(struct platform_device *pdev)
{
	struct vmei *v = *(struct vmei **)dev_get_platdata(&pdev->dev);
	struct mei_device *mdev = alloc_device(v);
	int ret = mdev ? bring_up(v, mdev) : -ENOMEM;

	if (ret)
		vmei_fail(v);
	return ret;
}

static vmei_remove_ret vmei_remove(struct platform_device *pdev)
{
	struct mei_device *mdev = platform_get_drvdata(pdev);
	struct vmei *v = to_vmei(mdev);

	cancel_work_sync(&v->resume_work);
	mei_stop(mdev);
	detach(v, mdev);
	mei_deregister(mdev);
	return VMEI_REMOVED;
}

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

static const struct dev_pm_ops vmei_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(vmei_suspend, vmei_resume)
};

static struct platform_driver vmei_driver = {
	.probe = vmei_probe,
	.remove = vmei_remove,
	.driver = {
		.name = KBUILD_MODNAME,
		.pm = pm_sleep_ptr(&vmei_pm_ops),
	},
};

void vmei_host_prepare(struct vmei *v)
{
	INIT_WORK(&v->irq_work, irq_work);
	INIT_WORK(&v->resume_work, resume_work);
}

int vmei_host_init(void)
{
	return platform_driver_register(&vmei_driver);
}

void vmei_host_exit(void)
{
	struct vmei_hw *hw, *next;

	platform_driver_unregister(&vmei_driver);
	list_for_each_entry_safe(hw, next, &retired_devices, node)
		kfree(hw->mdev);
}
