/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AMT_SIM_PTHI_H
#define AMT_SIM_PTHI_H

#include <linux/types.h>
#include <stddef.h>

struct sim;

/**
 * pthi_answer - answer one PTHI request, see Documentation/protocol.rst "PTHI"
 * @sim: the virtual AMT
 * @msg: the request
 * @len: its length
 * @rsp: room for the response
 *
 * Return: length of the response; 0 when the request is shorter than a header.
 */
size_t pthi_answer(struct sim *sim, const __u8 *msg, size_t len, __u8 *rsp);

#endif /* AMT_SIM_PTHI_H */
