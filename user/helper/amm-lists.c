// SPDX-License-Identifier: GPL-2.0-only
/* The lists of an AMM: fetched, and described as text or JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amm/connection.h"
#include "helper/amm-lists.h"
#include "helper/failure.h"
#include "lib/output.h"

/* Header, code and filter. */
#define REQUEST_SIZE 20

#define ID_TEXT_SIZE 19
#define NUMBER_TEXT_SIZE 40

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_ids(const struct amm_item *a, const struct amm_item *b)
{
	int order = compare_u64(a->upper, b->upper);

	return order ? order : compare_u64(a->lower, b->lower);
}

/* Those of the same id stay in the order in which they were sent. */
static int compare_items(const void *first, const void *second)
{
	const struct amm_item *a = first, *b = second;
	int order = compare_ids(a, b);

	return order ? order : compare_u64(a->index, b->index);
}

static int fetch_one(struct amm_connection *connection,
		     const struct amm_target *target,
		     const struct amm_query *query, uint32_t code,
		     struct amm_reply *reply, struct amm_error *error)
{
	const struct amm_expect expect = {
		.code = code,
		.list = true,
		.fixed_read = query->fixed_read,
		.version = target->version,
	};
	uint8_t request[REQUEST_SIZE];
	uint8_t message[AMM_MESSAGE_MAX];
	size_t size = amm_encode_list(request, code, query->filter);

	if (amm_exchange(connection, request, size, &expect, message, reply,
			 error) < 0)
		return -1;
	if (query->sort)
		qsort(reply->items, reply->count, sizeof(reply->items[0]),
		      compare_items);
	return 0;
}

int amm_lists_fetch(struct amm_lists *lists, const struct amm_target *target,
		    const struct amm_query *query, struct failure *failure)
{
	struct amm_connection connection;
	struct amm_error error;
	int ret;

	memset(lists, 0, sizeof(*lists));
	ret = amm_connect(&connection, target->host, target->port,
			  target->timeout, &error);
	if (ret == 0 && query->endpoints)
		ret = fetch_one(&connection, target, query, AMM_LIST_ENDPOINTS,
				&lists->endpoints, &error);
	if (ret == 0 && query->atrs)
		ret = fetch_one(&connection, target, query, AMM_LIST_ATRS,
				&lists->atrs, &error);
	if (ret == 0) {
		lists->complete = true;
		lists->more = amm_has_more(&connection);
		memcpy(lists->address, connection.address,
		       sizeof(lists->address));
	}
	amm_close(&connection);
	return ret < 0 ? amm_target_failed(target, failure, &error) : 0;
}

static void describe_reply(struct json_object *object,
			   const struct amm_query *query,
			   const struct amm_reply *reply, bool json)
{
	char text[NUMBER_TEXT_SIZE];

	output_u32(object, "filter", query->filter);
	amm_describe_code(object, reply->code);
	if (json) {
		output_u32(object, "confirmation", reply->word1);
	} else {
		snprintf(text, sizeof(text), "%u (0x%08x)", reply->word1,
			 reply->word1);
		output_string(object, "confirmation", text);
	}
	output_string(object, "layout", reply->compact ? "compact" : "fixed");
	if (query->fixed_read)
		output_bool(object, "fixed_read", true);
	output_u32(object, "count", reply->count);
	output_u32(object, "capacity", reply->capacity);
}

static void describe_category(struct json_object *row, uint32_t category,
			      bool json)
{
	const char *name = amm_category_name(category);
	char text[NUMBER_TEXT_SIZE];

	if (json) {
		output_enum(row, "category", category, name);
	} else {
		snprintf(text, sizeof(text), "%u %s", category, name);
		output_string(row, "category", text);
	}
}

/* As strings: a JSON number is exact up to 2^53 only. */
static void describe_id(struct json_object *row, const char *key, uint64_t id)
{
	char text[ID_TEXT_SIZE];

	snprintf(text, sizeof(text), "0x%016" PRIx64, id);
	output_string(row, key, text);
}

static void describe_items(struct json_object *array,
			   const struct amm_reply *reply, bool json)
{
	for (unsigned int i = 0; i < reply->count; i++) {
		const struct amm_item *item = &reply->items[i];
		struct json_object *row = output_row(array);

		output_u32(row, "index", item->index);
		if (reply->code == (AMM_LIST_ATRS | AMM_RESPONSE))
			describe_category(row, item->category, json);
		describe_id(row, "lower64", item->lower);
		describe_id(row, "upper64", item->upper);
	}
}

static void warn_items(struct json_object *warnings, const char *list,
		       const struct amm_reply *reply)
{
	for (unsigned int i = 0; i < reply->count; i++) {
		const struct amm_item *item = &reply->items[i];

		if (reply->code == (AMM_LIST_ATRS | AMM_RESPONSE) &&
		    (item->category == 0 || item->category > 3))
			amm_warn(warnings, "category",
				 "%s: item %u has category %u (%s)", list,
				 item->index, item->category,
				 amm_category_name(item->category));
		for (unsigned int k = 0; k < i; k++)
			if (compare_ids(item, &reply->items[k]) == 0) {
				amm_warn(warnings, "duplicate",
					 "%s: items %u and %u have the same id",
					 list, reply->items[k].index,
					 item->index);
				break;
			}
	}
}

static void warn_list(struct json_object *warnings,
		      const struct amm_query *query, const char *list,
		      const struct amm_reply *reply)
{
	amm_warn_reply(warnings, reply);
	if (query->fixed_read)
		amm_warn(warnings, "fixed-read",
			 "%s: length %u and complement 0x%04x were not checked (--fixed-read)",
			 list, reply->length, reply->complement);
	if (reply->compact)
		amm_warn(warnings, "compact",
			 "%s: the list came without its unused slots", list);
	if (reply->count == reply->capacity)
		amm_warn(warnings, "full",
			 "%s: the list is full (%u), so it may be incomplete",
			 list, reply->count);
	warn_items(warnings, list, reply);
}

static void describe_list(struct json_object *amm,
			  const struct amm_query *query, const char *list,
			  const struct amm_reply *reply, bool json)
{
	struct json_object *object = output_object(amm, list);

	describe_reply(object, query, reply, json);
	describe_items(output_array(object, "items"), reply, json);
}

struct json_object *amm_lists_describe(struct json_object *document,
				       const struct amm_lists *lists,
				       const struct amm_target *target,
				       const struct amm_query *query)
{
	struct json_object *amm = output_object(document, "amm");
	struct json_object *warnings;

	amm_target_describe(target, amm);
	output_bool(amm, "complete", lists->complete);
	if (!lists->complete)
		return amm;
	amm_describe_peer(amm, lists->address, query->endpoints ?
			  lists->endpoints.version : lists->atrs.version);
	warnings = target->json ? output_array(amm, "warnings") : NULL;
	if (query->endpoints) {
		describe_list(amm, query, "endpoints", &lists->endpoints,
			      target->json);
		warn_list(warnings, query, "endpoints", &lists->endpoints);
	}
	if (query->atrs) {
		describe_list(amm, query, "atrs", &lists->atrs, target->json);
		warn_list(warnings, query, "atrs", &lists->atrs);
	}
	if (lists->more)
		amm_warn_more(warnings);
	return amm;
}
