/* SPDX-License-Identifier: GPL-2.0-only */
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
 * what it sends as it does for hardware. The process puts in and takes out whole
 * messages.
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
 *     the core's mei_irq_*() functions. Single by the rules of workqueues, and
 *     on the CPU where it was raised: waking another one for every message costs
 *     more than the message, above all in a virtual machine;
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
#ifndef SELFTESTS_VMEI_CONTROLLER_H
#define SELFTESTS_VMEI_CONTROLLER_H

#include <linux/kfifo.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "vmei.h"

struct mei_device;
struct platform_device;

/**
 * struct vmei - one controller, from open() of /dev/vmei to module exit
 * @pdev:	parent of the mei_device; referenced until module exit
 * @added:	platform_device_add() succeeded; written by @power_on_work only
 * @node:	link in retired_controllers, after release()
 * @read_lock:	one reader at a time takes a message out of @to_fw
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
	struct mutex read_lock; /* taking a message out of @to_fw */
	wait_queue_head_t readable;
	wait_queue_head_t writable;
	struct work_struct irq_work;
	struct work_struct power_on_work;
	struct work_struct resume_work;
	spinlock_t lock; /* protects all that follows */
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

/* host.c */

/**
 * vmei_host_init() - register the platform driver
 *
 * Return: 0 or a negative errno.
 */
int vmei_host_init(void);

/**
 * vmei_host_exit() - undo vmei_host_init() and free what it had to keep
 *
 * No controller is bound, and no /dev/meiN of one is open.
 */
void vmei_host_exit(void);

/**
 * vmei_host_prepare() - initialise the host's part of a new controller
 * @v: controller
 */
void vmei_host_prepare(struct vmei *v);

/**
 * vmei_raise_irq() - have the host look at the controller
 * @v: controller
 *
 * Level triggered: the host finds out by itself what is to be done. While it has
 * interrupts disabled nothing happens; enabling them makes it look.
 *
 * Context: @v->lock is held.
 */
void vmei_raise_irq(struct vmei *v);

/* firmware.c */

/**
 * vmei_wake_firmware() - have the process look at the controller
 * @v: controller
 * @events: EPOLLIN, EPOLLOUT or both
 */
void vmei_wake_firmware(struct vmei *v, __poll_t events);

/**
 * vmei_fail() - the host gave up: reads and writes fail from now on
 * @v: controller
 */
void vmei_fail(struct vmei *v);

#endif /* SELFTESTS_VMEI_CONTROLLER_H */
