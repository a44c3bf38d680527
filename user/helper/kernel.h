/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's half: how to reach it, and what its state means for people. */
#ifndef HELPER_KERNEL_H
#define HELPER_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct failure;
struct link_info;
struct netlink;
struct tasks;

/**
 * kernel_open() - reach the driver over netlink; loads it if possible
 * @nl: the connection, to be freed with netlink_close()
 * @failure: why not
 *
 * Return: 0, or -1 with @failure set.
 */
int kernel_open(struct netlink **nl, struct failure *failure);

/**
 * kernel_open_ctl() - open the control node
 * @failure: why not
 *
 * Return: the descriptor, or -1 with @failure set.
 */
int kernel_open_ctl(struct failure *failure);

/**
 * kernel_has_mei() - is there what AMT needs
 * @nl: the connection
 * @failure: EXIT_NO_MEI if not
 *
 * A client that is away may come back; a machine without MEI has no AMT.
 *
 * Return: false with @failure set; true also if the state cannot be read.
 */
bool kernel_has_mei(struct netlink *nl, struct failure *failure);

/** kernel_watch_failed() - say why the state cannot be watched any more */
void kernel_watch_failed(struct failure *failure, int error);

/**
 * kernel_judge() - say why a link is not up
 * @link: the link
 * @holders: of kernel_find_holders()
 * @failure: set to why it is not up, and what to do; EXIT_OK if it is
 */
void kernel_judge(const struct link_info *link, const struct tasks *holders,
		  struct failure *failure);

/**
 * kernel_judge_beside() - the same, where amt-helper serve may know more
 * @link: the link
 * @failure: as of kernel_judge(); where it would advise what serve does
 *	     already, to ask that
 */
void kernel_judge_beside(const struct link_info *link, struct failure *failure);

/**
 * kernel_judge_away() - say that there was LME, and is none now
 * @failure: set to that, or to what kernel_judge_disabled() says
 */
void kernel_judge_away(struct failure *failure);

/**
 * kernel_judge_disabled() - say if mei.ko has given the MEI device up
 * @failure: set if it has
 *
 * Return: whether it has.
 */
bool kernel_judge_disabled(struct failure *failure);

/** kernel_taken_device() - the MEI device whose LME the driver is refused, if so */
bool kernel_taken_device(const struct link_info *link, char *path, size_t size);

/**
 * kernel_find_holders() - who may have LME, as the driver is refused
 * @link: the link
 * @but: pid of who is left out, with its children: the daemon; or 0
 * @holders: set to who has the MEI device open; nobody if the driver is not
 *	refused, or procfs hides it
 */
void kernel_find_holders(const struct link_info *link, int but,
			 struct tasks *holders);

/** kernel_link_state() - name of an enum amt_lme_link_state */
const char *kernel_link_state(uint32_t state);

/** kernel_transport() - name of an enum amt_lme_transport */
const char *kernel_transport(uint32_t transport);

/** kernel_forward_state() - name of an enum amt_lme_forward_state */
const char *kernel_forward_state(uint32_t state);

#endif /* HELPER_KERNEL_H */
