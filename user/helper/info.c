// SPDX-License-Identifier: GPL-2.0-only
/* All that can be read of AMT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "helper/amt.h"
#include "helper/describe.h"
#include "helper/failure.h"
#include "helper/info.h"
#include "helper/parse.h"
#include "lib/output.h"

#define TOPIC_MEI "mei"
#define TOPIC_HASHES "hashes"
#define ONE_HASH "hash="
#define HASHES_MAX 64

/**
 * struct info - a reading
 * @amt: the conversation
 * @topics: what is wanted
 * @count: how many; 0 for all
 * @document: where it goes
 * @unavailable: what could not be read, the last in @document
 * @done: topics and parts that were read, or that AMT says are not there
 * @lacking: those that could not be read
 * @gone: clients that cannot be asked
 * @asked: PTHI was
 * @answered: with more than an empty reply
 * @first: why the first could not
 * @timeouts: replies that did not come in time
 * @stop: nothing more can be read
 */
struct info {
	struct amt *amt;
	char *const *topics;
	size_t count;
	struct json_object *document;
	struct json_object *unavailable;
	unsigned int done;
	unsigned int lacking;
	bool gone[PTHI_CLIENTS];
	bool asked;
	bool answered;
	struct failure first;
	unsigned int timeouts;
	bool stop;
};

static bool same_topic(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(*a == '-' && *b == '_'))
			return false;
	return *a == *b;
}

static bool parse_hash(const char *topic, unsigned int *handle)
{
	return strncmp(topic, ONE_HASH, strlen(ONE_HASH)) == 0 &&
	       parse_number(topic + strlen(ONE_HASH), 999999999, handle) == 0;
}

static bool wants(const struct info *info, const char *topic)
{
	for (size_t i = 0; i < info->count; i++)
		if (same_topic(info->topics[i], topic))
			return true;
	return info->count == 0;
}

/* That it is not there, or not in this state, is an answer. */
static bool is_answer(const struct pthi_command *command, uint32_t status)
{
	static const uint16_t statuses[] = {
		0x0003, /* INVALID_PT_MODE */
		0x0020, /* INVALID_PROVISIONING_STATE */
		0x0809, /* DATA_MISSING */
		0x0814, /* NOT_FOUND */
		0x09c4, /* IPV6_INTERFACE_DISABLED */
		0x09c5, /* INTERFACE_DOES_NOT_EXIST */
	};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (command->client == PTHI_AMTHI && statuses[i] == status)
			return true;
	return false;
}

/* @failure: NULL if it is an answer; @reply: NULL if there is none. */
static void add_unavailable(struct info *info,
			    const struct pthi_command *command,
			    const struct pthi_reply *reply,
			    const struct failure *failure)
{
	struct json_object *row = output_row(info->unavailable);
	char topic[64];

	snprintf(topic, sizeof(topic), "%s%s%s", command->topic,
		 command->part ? "." : "", command->part ? command->part : "");
	output_string(row, "topic", topic);
	describe_status(row, command, reply);
	if (failure)
		output_enum(row, "error", failure->code,
			    exit_name(failure->code));
	else
		output_null(row, "error");
}

static void add_lacking(struct info *info, const struct pthi_command *command,
			const struct pthi_reply *reply,
			const struct failure *failure)
{
	add_unavailable(info, command, reply, failure);
	if (info->lacking++ == 0)
		info->first = *failure;
}

/* Another command, or another client, may still be answered. */
static void set_lacking(struct info *info, const struct pthi_command *command,
			const struct failure *failure)
{
	switch (failure->code) {
	case EXIT_NO_CLIENT:
	case EXIT_BUSY:
		info->gone[command->client] = true;
		break;
	case EXIT_PROTOCOL:
		break;
	case EXIT_TIMEOUT:
		/* Firmware may know no answer to one, but not to two. */
		info->stop = ++info->timeouts == 2;
		break;
	default:
		info->stop = true;
		info->lacking++;
		info->first = *failure;
		return;
	}
	add_lacking(info, command, NULL, failure);
}

/* Return: 0 with data, or -1. */
static int ask(struct info *info, const struct pthi_command *command,
	       const struct pthi_argument *args, struct pthi_reply *reply)
{
	struct failure failure = { .code = EXIT_OK };

	if (info->stop || info->gone[command->client])
		return -1;
	if (command->client == PTHI_AMTHI)
		info->asked = true;
	if (amt_ask(info->amt, command, args, reply, &failure) < 0) {
		set_lacking(info, command, &failure);
		return -1;
	}
	if (command->client == PTHI_AMTHI && reply->status != PTHI_EMPTY)
		info->answered = true;
	if (reply->status == 0)
		return 0;
	if (is_answer(command, reply->status)) {
		add_unavailable(info, command, reply, NULL);
		info->done++;
		return -1;
	}
	amt_refused(command, reply->status, &failure);
	add_lacking(info, command, reply, &failure);
	return -1;
}

static void set_short(struct info *info, const struct pthi_command *command)
{
	struct failure failure;

	failure_set(&failure, EXIT_PROTOCOL,
		    "%s: the reply is shorter than its layout", command->name);
	add_lacking(info, command, NULL, &failure);
}

static struct json_object *topic_object(struct info *info, const char *topic)
{
	struct json_object *object;

	if (json_object_object_get_ex(info->document, topic, &object))
		return object;
	return output_object(info->document, topic);
}

static void read_row(struct info *info, const struct pthi_command *command)
{
	struct json_object *parent = info->document;
	const char *key = command->topic;
	struct pthi_reply reply;

	if (ask(info, command, NULL, &reply) < 0)
		return;
	if (command->part) {
		parent = topic_object(info, command->topic);
		key = command->part;
	}
	if (describe_reply(parent, key, command, &reply) < 0)
		set_short(info, command);
	else
		info->done++;
}

/* ---- Certificate hashes: a row for each handle ---- */

static int read_hash(struct info *info, const struct pthi_command *command,
		     uint32_t handle)
{
	const struct pthi_argument arg = { .number = handle };
	struct json_object *array, *row;
	struct pthi_reply reply;

	if (ask(info, command, &arg, &reply) < 0)
		return -1;
	if (!json_object_object_get_ex(info->document, TOPIC_HASHES, &array))
		array = output_array(info->document, TOPIC_HASHES);
	row = output_row(array);
	output_u32(row, "handle", handle);
	if (describe_fields(row, command, &reply) == 0)
		return 0;
	json_object_array_del_idx(array, json_object_array_length(array) - 1,
				  1);
	set_short(info, command);
	return -1;
}

/* Return: how many, or -1. */
static int read_handles(struct info *info, uint32_t handles[HASHES_MAX])
{
	struct pthi_command command = *pthi_find("EnumerateHashHandles", NULL);
	struct pthi_reader reader;
	struct pthi_reply reply;
	struct failure failure;
	struct pthi_item item;
	int count = 0, ret;

	/* It is the hashes that nobody gets to see without it. */
	command.topic = TOPIC_HASHES;
	if (ask(info, &command, NULL, &reply) < 0)
		return -1;
	pthi_read(&reader, command.response, reply.data, reply.len);
	while ((ret = pthi_next(&reader, &item)) > 0) {
		if (item.kind != PTHI_VALUE)
			continue;
		if (count == HASHES_MAX) {
			failure_set(&failure, EXIT_PROTOCOL,
				    "%s: more than %d hashes", command.name,
				    HASHES_MAX);
			add_lacking(info, &command, NULL, &failure);
			return count;
		}
		handles[count++] = item.number;
	}
	if (ret == 0)
		return count;
	set_short(info, &command);
	return -1;
}

static void read_hashes(struct info *info, const struct pthi_command *command)
{
	uint32_t handles[HASHES_MAX];
	unsigned int handle;
	int count, missing = 0;

	for (size_t i = 0; i < info->count; i++)
		if (parse_hash(info->topics[i], &handle) &&
		    read_hash(info, command, handle) == 0)
			info->done++;
	if (!wants(info, TOPIC_HASHES))
		return;
	count = read_handles(info, handles);
	if (count < 0)
		return;
	/* What has no hash, or a bad one, does not hide those behind it. */
	for (int i = 0; i < count; i++)
		if (read_hash(info, command, handles[i]) < 0)
			missing++;
	if (missing < count || count == 0)
		info->done++;
}

/* ---- The MEI device ---- */

static void add_attribute(struct json_object *object, const char *path,
			  const char *name)
{
	char text[256];

	if (mei_attribute(path, name, text, sizeof(text)) == 0)
		output_string(object, name, text);
}

/* A line for each part of the firmware that has a version. */
static void add_firmware(struct json_object *object, const char *path)
{
	struct json_object *array;
	char text[256], *line, *rest;

	if (mei_attribute(path, "fw_ver", text, sizeof(text)) < 0)
		return;
	array = output_array(object, "fw_ver");
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		output_append(array, line, strlen(line));
}

static void read_mei(struct info *info)
{
	static const struct pthi_command mei = { .topic = TOPIC_MEI };
	static const char *const attributes[] = {
		"kind", "dev_state", "hbm_ver", "hbm_ver_drv",
	};
	struct failure failure = { .code = EXIT_OK };
	const struct mei *connection = &info->amt->mei;
	struct json_object *object;

	if (amt_connect(info->amt, PTHI_AMTHI, &failure) < 0) {
		set_lacking(info, &mei, &failure);
		return;
	}
	object = output_object(info->document, TOPIC_MEI);
	output_string(object, "device", connection->path);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		add_attribute(object, connection->path, attributes[i]);
	add_firmware(object, connection->path);
	output_u32(object, "max_message", connection->max_message);
	output_u32(object, "protocol_version", connection->version);
	info->done++;
}

/* If PTHI says nothing at all, AMT is away: that is not partly there. */
static bool is_partial(const struct info *info)
{
	return info->done && !info->stop &&
	       (info->answered || !info->asked) && !info->gone[PTHI_AMTHI];
}

static void judge(const struct info *info, struct failure *failure)
{
	failure->code = EXIT_OK;
	if (info->lacking == 0)
		return;
	*failure = info->first;
	if (is_partial(info))
		failure_set(failure, EXIT_PARTLY, "%u of %u not read: %s",
			    info->lacking, info->lacking + info->done,
			    info->first.message);
}

void info_read(struct amt *amt, char *const *topics, size_t count,
	       struct json_object *document, struct failure *failure)
{
	struct info info = {
		.amt = amt,
		.topics = topics,
		.count = count,
		.document = document,
		.unavailable = json_object_new_array(),
	};

	if (!info.unavailable) {
		failure_set(failure, EXIT_INTERNAL, "no memory");
		return;
	}
	if (wants(&info, TOPIC_MEI))
		read_mei(&info);
	for (size_t i = 0; i < pthi_command_count; i++) {
		const struct pthi_command *command = &pthi_commands[i];

		if (!command->topic)
			continue;
		if (strcmp(command->topic, TOPIC_HASHES) == 0)
			read_hashes(&info, command);
		else if (wants(&info, command->topic))
			read_row(&info, command);
	}
	if (json_object_array_length(info.unavailable) > 0)
		output_add(document, "unavailable", info.unavailable);
	else
		json_object_put(info.unavailable);
	judge(&info, failure);
}

struct json_object *info_json(struct amt *amt, struct failure *failure)
{
	struct json_object *document = json_object_new_object();

	if (document)
		info_read(amt, NULL, 0, document, failure);
	return document;
}

bool info_has_topic(const char *topic)
{
	unsigned int handle;

	for (size_t i = 0; i < pthi_command_count; i++)
		if (pthi_commands[i].topic &&
		    same_topic(topic, pthi_commands[i].topic))
			return true;
	return strcmp(topic, TOPIC_MEI) == 0 || parse_hash(topic, &handle);
}

char *info_topics(void)
{
	const char *last = TOPIC_MEI;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(TOPIC_MEI, out);
	for (size_t i = 0; i < pthi_command_count; i++) {
		const char *topic = pthi_commands[i].topic;

		if (!topic || strcmp(topic, last) == 0)
			continue;
		fprintf(out, " %s", topic);
		last = topic;
	}
	fputs(" " ONE_HASH "HANDLE", out);
	fclose(out);
	return text;
}
