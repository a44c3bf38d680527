/* SPDX-License-Identifier: GPL-2.0-only */
/* What AMT answered, as a document: names, addresses, times. */
#ifndef HELPER_DESCRIBE_H
#define HELPER_DESCRIBE_H

struct json_object;
struct pthi_command;
struct pthi_reply;

/**
 * describe_reply() - add the data of a response
 * @parent: where
 * @key: under which name
 * @command: what was asked
 * @reply: what came, with status 0
 *
 * Return: 0, or -1 without anything added: the data are shorter than their
 * layout.
 */
int describe_reply(struct json_object *parent, const char *key,
		   const struct pthi_command *command,
		   const struct pthi_reply *reply);

/**
 * describe_fields() - add the fields of a response that has more than one
 * @object: where
 * @command: what was asked
 * @reply: what came, with status 0
 *
 * Return: 0, or -1: the data are shorter than their layout.
 */
int describe_fields(struct json_object *object,
		    const struct pthi_command *command,
		    const struct pthi_reply *reply);

/** describe_status() - add a status as {value, name}, or null without a reply */
void describe_status(struct json_object *parent,
		     const struct pthi_command *command,
		     const struct pthi_reply *reply);

#endif /* HELPER_DESCRIBE_H */
