/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AMT_SIM_MANAGEABILITY_H
#define AMT_SIM_MANAGEABILITY_H

#include <linux/types.h>
#include <stddef.h>

struct sim;

/**
 * manageability_answer - answer one request to the watchdog client
 * @sim: the virtual AMT
 * @msg: the request
 * @len: its length
 * @rsp: room for the response
 *
 * Return: length of the response; 0 where real firmware is silent.
 */
size_t manageability_answer(struct sim *sim, const __u8 *msg, size_t len,
			    __u8 *rsp);

#endif /* AMT_SIM_MANAGEABILITY_H */
