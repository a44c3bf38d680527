/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/meiN: a connection to a client of the firmware. All functions return a
 * negative errno on failure; every descriptor is close-on-exec.
 */
#ifndef LIB_MEI_H
#define LIB_MEI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MEI_GUID_SIZE 16

/* As they are passed to the kernel: Documentation/protocol.rst */
extern const uint8_t mei_guid_amthi[MEI_GUID_SIZE];
extern const uint8_t mei_guid_lme[MEI_GUID_SIZE];
/* The same, as sysfs writes it. */
#define MEI_UUID_LME "6733a4db-0476-4e7b-b3af-bcfc29bee7a7"
extern const uint8_t mei_guid_mkhi[MEI_GUID_SIZE];
extern const uint8_t mei_guid_manageability[MEI_GUID_SIZE];

/**
 * struct mei - a connection to a client
 * @fd: the device, or -1
 * @lock: the device again, with the lock of mei_connect(), or -1
 * @max_message: the client's longest message
 * @version: of the client's protocol
 * @path: of the device; that of the last try if there is no connection
 */
struct mei {
	int fd;
	int lock;
	uint32_t max_message;
	uint8_t version;
	char path[64];
};

#define MEI_CLOSED { .fd = -1, .lock = -1 }

/**
 * mei_connect() - connect to a client, one try
 * @mei: closed; filled, to be given to mei_close()
 * @device: path of the device; NULL for the first CSME with that client among
 *          /dev/mei0 and so on, and then /dev/mei
 * @guid: the client
 * @seconds: how long to wait for others
 *
 * Waits until no other program that uses this function is connected to any
 * client of the device.
 *
 * Return: 0; -ENOENT without a device, -EACCES, -ENOTTY without that client,
 * -EBUSY if the firmware allows no more connections, -ENODEV while the link is
 * reset, -ETIME if others kept the lock.
 */
int mei_connect(struct mei *mei, const char *device, const uint8_t *guid,
		unsigned int seconds);

/**
 * mei_connect_shared() - the same without waiting for other programs
 * @mei: as of mei_connect()
 * @device: as of mei_connect()
 * @guid: as of mei_connect()
 *
 * Return: as of mei_connect(), but for -ETIME.
 */
int mei_connect_shared(struct mei *mei, const char *device,
		       const uint8_t *guid);

/**
 * mei_on_bus() - whether the MEI bus shows a client, so that a driver can bind
 * @uuid: the client, as sysfs writes it
 */
bool mei_on_bus(const char *uuid);

/* Firmware that takes no message for so long does not get the last ones. */
#define MEI_FLUSH_SECONDS 1

/**
 * mei_flush() - wait until the firmware has taken all messages
 * @fd: a connection
 *
 * What is queued when a connection is closed may be lost, or be sent after its
 * end.
 *
 * Return: 0; -ETIME; -ENODEV when the connection was lost.
 */
int mei_flush(int fd);

/** mei_close() - end the connection, if there is one, and then let others in */
void mei_close(struct mei *mei);

/**
 * mei_send() - send one message
 * @mei: the connection
 * @msg: the message
 * @len: its length
 * @unsent: after an error, whether it is certain that nothing of it was sent
 *
 * Return: 0, or such as -ENODEV when the connection was lost.
 */
int mei_send(struct mei *mei, const void *msg, size_t len, bool *unsent);

/**
 * mei_receive() - wait for one message
 * @mei: the connection
 * @msg: room for @max_message bytes
 * @timeout_ms: how long
 *
 * Return: its length, which may be 0; -ETIME; -ENODEV when the connection was
 * lost.
 */
ssize_t mei_receive(struct mei *mei, void *msg, unsigned int timeout_ms);

/**
 * mei_attribute() - what the kernel says about a device
 * @path: of the device
 * @name: of the attribute, such as "fw_ver"
 * @text: filled with it, without the newline at its end
 * @size: of @text
 *
 * Return: 0; -ENOENT if the kernel has no such attribute.
 */
int mei_attribute(const char *path, const char *name, char *text, size_t size);

/**
 * mei_is_csme() - whether a device is not that of a graphics card
 * @path: of the device
 */
bool mei_is_csme(const char *path);

#endif /* LIB_MEI_H */
