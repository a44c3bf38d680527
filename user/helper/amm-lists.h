/* SPDX-License-Identifier: GPL-2.0-only */
/* The lists of an AMM: fetched, and described as text or JSON. */
#ifndef HELPER_AMM_LISTS_H
#define HELPER_AMM_LISTS_H

#include <stdbool.h>
#include <stdint.h>

#include "helper/amm-target.h"

struct failure;
struct json_object;

/**
 * struct amm_query - what to ask for
 * @endpoints: the endpoints
 * @atrs: the ATRs
 * @sort: by id
 * @fixed_read: as in struct amm_expect
 * @filter: for both
 */
struct amm_query {
	bool endpoints;
	bool atrs;
	bool sort;
	bool fixed_read;
	uint32_t filter;
};

/**
 * struct amm_lists - what came
 * @complete: all that was asked for; nothing else is of use without it
 * @more: and more than that
 * @address: who sent it
 * @endpoints: if they were asked for
 * @atrs: if they were asked for
 */
struct amm_lists {
	bool complete;
	bool more;
	char address[NI_MAXHOST];
	struct amm_reply endpoints;
	struct amm_reply atrs;
};

/**
 * amm_lists_fetch() - ask for the lists, on one connection
 * @lists: to be filled
 * @target: whom
 * @query: what for
 * @failure: set on failure
 *
 * Return: 0, or -1.
 */
int amm_lists_fetch(struct amm_lists *lists, const struct amm_target *target,
		    const struct amm_query *query, struct failure *failure);

/**
 * amm_lists_describe() - add what came to a document
 * @document: the document
 * @lists: complete or not
 * @target: who was asked, and whether to print JSON
 * @query: what was asked for
 *
 * As text, warnings go to stderr.
 *
 * Return: the object "amm".
 */
struct json_object *amm_lists_describe(struct json_object *document,
				       const struct amm_lists *lists,
				       const struct amm_target *target,
				       const struct amm_query *query);

#endif /* HELPER_AMM_LISTS_H */
