/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/vmei: the firmware side of a virtual MEI controller.
 *
 * open     a new controller appears and the MEI core starts its handshake
 * read     the next host-to-firmware HECI message: the 4-byte header and its
 *          payload, as on the wire; ECONNRESET once when the host reset the
 *          link: drop all state and wait for HOST_START
 * write    one firmware-to-host HECI message in the same form; blocks, or
 *          EAGAIN, while the host's buffer is full
 * poll     readable, writable
 * close    surprise removal
 *
 * For tests only; nothing here is promised to stay.
 */
#ifndef SELFTESTS_VMEI_H
#define SELFTESTS_VMEI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VMEI_IOC_MAGIC 0xB7

/** VMEI_SLOTS_DEFAULT - host buffer depth, in 4-byte slots, without VMEI_IOC_SETUP */
#define VMEI_SLOTS_DEFAULT 128

/**
 * struct vmei_setup - argument of VMEI_IOC_SETUP
 * @slots:     depth of the host's buffer in 4-byte slots, 2 to 255
 * @fw_status: the six firmware status registers, as in PCI configuration space
 */
struct vmei_setup {
	__u32 slots;
	__u32 fw_status[6];
};

/** VMEI_IOC_SETUP - describe the controller; EBUSY after the first message */
#define VMEI_IOC_SETUP _IOW(VMEI_IOC_MAGIC, 0x00, struct vmei_setup)

/** VMEI_IOC_RESET - the firmware resets the link */
#define VMEI_IOC_RESET _IO(VMEI_IOC_MAGIC, 0x01)

#endif /* SELFTESTS_VMEI_H */
