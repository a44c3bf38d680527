/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of the link to AMT, as lines: up, lost, recovered, waiting. */
#ifndef SERVE_LINK_H
#define SERVE_LINK_H

#include <stdbool.h>

#include <systemd/sd-event.h>

struct driver;
struct failure;
struct link;
struct link_info;
struct tasks;
struct transport;

/**
 * link_new() - begin; the link is wanted from now on
 * @out: to be freed with link_free()
 * @event: the loop
 * @driver: may know why the link is not up
 * @transport: too
 *
 * Return: 0, or -ENOMEM.
 */
int link_new(struct link **out, sd_event *event, const struct driver *driver,
	     const struct transport *transport);

/** link_free() - end */
void link_free(struct link *link);

/**
 * link_judge() - why the link is not up
 * @link: the link
 * @holders: who has the MEI device open, to be named if LME is taken
 * @failure: filled
 *
 * Return: false if it is up, or nobody wants it.
 */
bool link_judge(const struct link *link, const struct tasks *holders,
		struct failure *failure);

/** link_update() - the link is, or still is, as @info says */
void link_update(struct link *link, const struct link_info *info);

/** link_reason_changed() - another thing may keep the link from being up */
void link_reason_changed(struct link *link);

#endif /* SERVE_LINK_H */
