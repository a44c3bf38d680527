// SPDX-License-Identifier: GPL-2.0-only
/* Waiting that ends by a point in time. */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "amm/deadline.h"

#define NSEC_PER_SEC 1000000000LL

int64_t deadline_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

int deadline_poll(int fd, short events, int64_t deadline)
{
	struct pollfd wanted = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline - deadline_now();
		struct timespec timeout = {
			.tv_sec = left / NSEC_PER_SEC,
			.tv_nsec = left % NSEC_PER_SEC,
		};
		int ready;

		if (left <= 0)
			return -ETIMEDOUT;
		ready = ppoll(&wanted, 1, &timeout, NULL);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -errno;
	}
}
