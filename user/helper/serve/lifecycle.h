/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lines that serve writes about its life: to the journal with a MESSAGE_ID
 * for each kind when stderr goes there, otherwise to stderr. Their wording and
 * their ids are promised to stay.
 */
#ifndef SERVE_LIFECYCLE_H
#define SERVE_LIFECYCLE_H

enum lifecycle {
	LIFECYCLE_LINK_UP,
	LIFECYCLE_LINK_LOST,
	LIFECYCLE_LINK_RECOVERED,
	LIFECYCLE_LINK_WAITING,
	LIFECYCLE_PORT_BOUND,
	LIFECYCLE_PORT_FAILED,
	LIFECYCLE_PORT_ACTIVE,
	LIFECYCLE_PORT_DORMANT,
	LIFECYCLE_PORT_GONE,
	LIFECYCLE_CHANNEL_FAILED,
	LIFECYCLE_FULL,
	LIFECYCLE_EXPOSED,
	LIFECYCLE_CONFIG_LOADED,
	LIFECYCLE_CONFIG_FAILED,
	LIFECYCLE_NO_CONTROL,
	LIFECYCLE_UNWATCHED,
	LIFECYCLE_WATCHED,
};

/**
 * lifecycle() - write a line
 * @kind: which
 * @format: as of printf(), without a newline
 */
void __attribute__((format(printf, 2, 3)))
lifecycle(enum lifecycle kind, const char *format, ...);

/**
 * lifecycle_watch() - be told of errors of which there is no other event
 * @error: called with the line; NULL ends it
 * @arg: passed to @error
 */
void lifecycle_watch(void (*error)(void *arg, const char *line), void *arg);

#endif /* SERVE_LIFECYCLE_H */
