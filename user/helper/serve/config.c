// SPDX-License-Identifier: GPL-2.0-only
/* What can be configured of serve. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "helper/failure.h"
#include "helper/parse.h"
#include "helper/serve/config.h"

#define FILE_MAIN "/etc/amt-helper/amt-helper.conf"
#define FOLDER "/etc/amt-helper/amt-helper.conf.d"
#define PORT_OFFSET_MAX 65534

/* A file that is being read. */
struct reading {
	struct serve_config *config;
	FILE *file;
	int line; /* the one that was read last */
	int bad_line; /* the first with a wrong value, or 0 */
	const char *wrong; /* what is wrong with it */
};

const char *config_add_bind(struct serve_config *config, const char *text)
{
	struct sockaddr_storage address;

	if (parse_address(text, &address) < 0)
		return "not an IP address";
	for (int i = 0; i < config->bind_count; i++)
		if (memcmp(&config->bind[i], &address, sizeof(address)) == 0)
			return "this address is there twice";
	if (config->bind_count == CONFIG_BIND_MAX)
		return "more than 4 addresses";
	config->bind[config->bind_count++] = address;
	return NULL;
}

const char *config_set_port_offset(struct serve_config *config,
				   const char *text)
{
	bool negative = text[0] == '-';
	unsigned int value;

	if (parse_number(text + negative, PORT_OFFSET_MAX, &value) < 0)
		return "not a number from -65534 to 65534";
	config->port_offset = negative ? -(int)value : (int)value;
	config->has_port_offset = true;
	return NULL;
}

static const char *set_value(struct serve_config *config, const char *section,
			     const char *key, const char *value)
{
	if (strcmp(section, "serve") != 0)
		return "outside of [serve]";
	if (strcmp(key, "port-offset") == 0)
		return config_set_port_offset(config, value);
	if (strcmp(key, "bind") != 0)
		return "no such key";
	if (*value)
		return config_add_bind(config, value);
	config->bind_count = 0; /* forget those of earlier files */
	return NULL;
}

/* Nonzero if the line is right, as inih wants it. */
static int on_value(void *arg, const char *section, const char *key,
		    const char *value)
{
	struct reading *reading = arg;
	const char *wrong = set_value(reading->config, section, key, value);

	if (wrong && !reading->bad_line) {
		reading->bad_line = reading->line;
		reading->wrong = wrong;
	}
	return !wrong;
}

/* fgets() that counts lines. */
static char *read_line(char *text, int size, void *arg)
{
	struct reading *reading = arg;

	reading->line++;
	return fgets(text, size, reading->file);
}

static int parse_file(struct reading *reading, const char *path,
		      struct failure *failure)
{
	int line = ini_parse_stream(read_line, reading, on_value, reading);

	if (ferror(reading->file))
		return failure_set(failure, EXIT_CONFIG, "%s: %s", path,
				   strerror(EIO));
	if (line == 0)
		return 0;
	if (line < 0)
		return failure_set(failure, EXIT_INTERNAL, "%s: %s", path,
				   strerror(ENOMEM));
	return failure_set(failure, EXIT_CONFIG, "%s:%d: %s", path, line,
			   line == reading->bad_line ?
			   reading->wrong : "neither [section] nor key = value");
}

static int load_file(struct serve_config *config, const char *path,
		     struct failure *failure)
{
	struct reading reading = { .config = config };
	int ret;

	reading.file = fopen(path, "re");
	if (!reading.file && errno == ENOENT)
		return 0;
	if (!reading.file)
		return failure_set(failure, EXIT_CONFIG, "%s: %s", path,
				   strerror(errno));
	ret = parse_file(&reading, path, failure);
	fclose(reading.file);
	return ret;
}

static int is_file(const struct dirent *entry)
{
	return fnmatch("*.conf", entry->d_name, FNM_PERIOD) == 0;
}

static int load_folder(struct serve_config *config, struct failure *failure)
{
	char path[sizeof(FOLDER "/") + NAME_MAX];
	struct dirent **found;
	int count = scandir(FOLDER, &found, is_file, alphasort);
	int ret = 0;

	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0)
		return failure_set(failure, EXIT_CONFIG, FOLDER ": %s",
				   strerror(errno));
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), FOLDER "/%s", found[i]->d_name);
		if (ret == 0)
			ret = load_file(config, path, failure);
		free(found[i]);
	}
	free(found);
	return ret;
}

int config_load(struct serve_config *config, struct failure *failure)
{
	int ret;

	memset(config, 0, sizeof(*config));
	ret = load_file(config, FILE_MAIN, failure);
	return ret < 0 ? ret : load_folder(config, failure);
}

void config_override(struct serve_config *config,
		     const struct serve_config *by)
{
	if (by->bind_count) {
		memcpy(config->bind, by->bind, sizeof(config->bind));
		config->bind_count = by->bind_count;
	}
	if (by->has_port_offset)
		config->port_offset = by->port_offset;
}
