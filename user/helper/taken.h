/* SPDX-License-Identifier: GPL-2.0-only */
/* A client of the firmware that others have. */
#ifndef HELPER_TAKEN_H
#define HELPER_TAKEN_H

struct failure;
struct tasks;

/**
 * taken_set() - say who may have a client
 * @failure: set to EXIT_BUSY
 * @what: what is taken, as a sentence without its end
 * @holders: who has the MEI device open; may be nobody
 */
void taken_set(struct failure *failure, const char *what,
	       const struct tasks *holders);

#endif /* HELPER_TAKEN_H */
