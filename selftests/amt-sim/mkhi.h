/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AMT_SIM_MKHI_H
#define AMT_SIM_MKHI_H

#include <linux/types.h>
#include <stddef.h>

struct sim;

/**
 * mkhi_answer - answer one MKHI request, see Documentation/protocol.rst "MKHI"
 * @sim: the virtual AMT
 * @msg: the request
 * @len: its length
 * @rsp: room for the response
 *
 * Return: length of the response; 0 when the request is no MKHI request.
 */
size_t mkhi_answer(struct sim *sim, const __u8 *msg, size_t len, __u8 *rsp);

#endif /* AMT_SIM_MKHI_H */
