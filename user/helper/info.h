/* SPDX-License-Identifier: GPL-2.0-only */
/* All that can be read of AMT: the topics of the table in user/pthi/. */
#ifndef HELPER_INFO_H
#define HELPER_INFO_H

#include <stdbool.h>
#include <stddef.h>

struct amt;
struct failure;
struct json_object;

/**
 * info_read() - read topics
 * @amt: the conversation
 * @topics: their names; "hash=N" for one certificate hash
 * @count: how many; 0 for all
 * @document: they are added here, and what cannot be read as "unavailable"
 * @failure: why not all of it could be read: EXIT_PARTLY if some was;
 *           EXIT_OK otherwise
 *
 * That there is none of something is an answer, and no failure. What could be
 * read is in @document also after a failure.
 */
void info_read(struct amt *amt, char *const *topics, size_t count,
	       struct json_object *document, struct failure *failure);

/**
 * info_json() - read all topics
 * @amt: the conversation
 * @failure: as of info_read()
 *
 * Return: a new object with a key for each topic; NULL without memory.
 */
struct json_object *info_json(struct amt *amt, struct failure *failure);

/** info_has_topic() - is there such a topic, with "-" or "_" */
bool info_has_topic(const char *topic);

/** info_topics() - the names of all topics, for people; to be freed */
char *info_topics(void);

#endif /* HELPER_INFO_H */
