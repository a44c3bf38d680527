/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting that ends by a point in time. */
#ifndef AMM_DEADLINE_H
#define AMM_DEADLINE_H

#include <stdint.h>

/** deadline_now() - nanoseconds of CLOCK_MONOTONIC */
int64_t deadline_now(void);

/**
 * deadline_poll() - wait for a descriptor
 * @fd: the descriptor
 * @events: as of poll()
 * @deadline: as of deadline_now()
 *
 * Return: 0 when it is ready, -ETIMEDOUT, or another negative errno.
 */
int deadline_poll(int fd, short events, int64_t deadline);

#endif /* AMM_DEADLINE_H */
