/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/vmei: the firmware side of a virtual MEI controller.
 *
 * open     a new controller; its firmware is off until the first read, write
 *          or poll: then it appears and the MEI core starts its handshake
 * read     the next host-to-firmware HECI message: the 4-byte header and its
 *          payload, as on the wire; ECONNRESET once when the host reset the
 *          link: drop all state and wait for HOST_START. The host waits 2 s
 *          for that read; 3 resets in a row that fail disable the controller.
 *          The reset that starts a new controller is not reported.
 *          EMSGSIZE: the message is longer than the buffer, and stays
 * write    one firmware-to-host HECI message in the same form; blocks, or
 *          EAGAIN, while the host's buffer is full. Between a reset and the
 *          read that reports it, messages vanish as the link's old state does.
 *          EINVAL: no header. EMSGSIZE: length is not that of the header
 * poll     readable (ECONNRESET included), writable (any message fits)
 * close    surprise removal
 *
 * ENODEV from read and write, EPOLLERR and EPOLLHUP from poll: the MEI core gave
 * up at the start, for instance since HOST_START was not answered within 1 s.
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
 * VMEI_SLOTS_MIN - the least that holds the host's longest control message
 *                  for a client, flow control
 */
#define VMEI_SLOTS_MIN 3

/**
 * VMEI_SLOTS_MAX - the most: the core fills an empty buffer with one message,
 *                  whose length field has 9 bits
 */
#define VMEI_SLOTS_MAX 128

/**
 * struct vmei_setup - argument of VMEI_IOC_SETUP
 * @slots:     depth of the host's buffer in 4-byte slots
 * @fw_status: the six firmware status registers, as in PCI configuration space
 */
struct vmei_setup {
	__u32 slots;
	__u32 fw_status[6];
};

/** VMEI_IOC_SETUP - describe the controller; EBUSY after the first read, write or poll */
#define VMEI_IOC_SETUP _IOW(VMEI_IOC_MAGIC, 0x00, struct vmei_setup)

/**
 * VMEI_IOC_RESET - the firmware resets the link: what is in both buffers is
 *                  gone, the host resets in turn, and read says ECONNRESET
 */
#define VMEI_IOC_RESET _IO(VMEI_IOC_MAGIC, 0x01)

#endif /* SELFTESTS_VMEI_H */
