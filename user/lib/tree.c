// SPDX-License-Identifier: GPL-2.0-only
/* What sysfs, procfs and the like say, below a root folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/tree.h"

/* The path of a printf() format, in a buffer of the caller. */
#define PATH_OF(path, format)                                                  \
	do {                                                                   \
		va_list args_;                                                 \
		va_start(args_, format);                                       \
		vsnprintf(path, sizeof(path), format, args_);                  \
		va_end(args_);                                                 \
	} while (0)

/* One line of ASCII, also of what a process calls itself. */
static void make_text(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
}

static int read_text(int root, const char *path, char *text, size_t size)
{
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length;
	int error;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	error = errno;
	close(fd);
	if (length < 0)
		return -error;
	if (length > 0 && text[length - 1] == '\n')
		length--;
	make_text(text, length);
	text[length] = '\0';
	return (int)length;
}

int tree_read(int root, char *text, size_t size, const char *format, ...)
{
	char path[TREE_PATH_SIZE];

	PATH_OF(path, format);
	return read_text(root, path, text, size);
}

long tree_number(int root, long otherwise, const char *format, ...)
{
	char path[TREE_PATH_SIZE], text[32], *end;
	long value;

	PATH_OF(path, format);
	if (read_text(root, path, text, sizeof(text)) <= 0)
		return otherwise;
	value = strtol(text, &end, 0);
	return end == text ? otherwise : value;
}

static int read_link(int root, const char *path, char *target, size_t size)
{
	ssize_t length = readlinkat(root, path, target, size - 1);
	int error = errno;

	target[length < 0 ? 0 : length] = '\0';
	return length < 0 ? -error : 0;
}

int tree_link(int root, char *target, size_t size, const char *format, ...)
{
	char path[TREE_PATH_SIZE];

	PATH_OF(path, format);
	return read_link(root, path, target, size);
}

int tree_link_name(int root, char *name, size_t size, const char *format, ...)
{
	char path[TREE_PATH_SIZE], target[TREE_PATH_SIZE];
	const char *slash;
	int ret;

	PATH_OF(path, format);
	ret = read_link(root, path, target, sizeof(target));
	slash = strrchr(target, '/');
	snprintf(name, size, "%s", slash ? slash + 1 : target);
	return ret;
}

bool tree_has(int root, const char *format, ...)
{
	char path[TREE_PATH_SIZE];

	PATH_OF(path, format);
	return faccessat(root, path, F_OK, 0) == 0;
}

int tree_may(int root, const char *path, int mode)
{
	return faccessat(root, path, mode, AT_EACCESS) < 0 ? -errno : 0;
}

FILE *tree_file(int root, const char *format, ...)
{
	char path[TREE_PATH_SIZE];
	FILE *file;
	int fd;

	PATH_OF(path, format);
	fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

DIR *tree_folder(int root, const char *format, ...)
{
	char path[TREE_PATH_SIZE];
	DIR *folder;
	int fd;

	PATH_OF(path, format);
	fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	if (fd < 0)
		return NULL;
	folder = fdopendir(fd);
	if (!folder)
		close(fd);
	return folder;
}

const char *tree_next(DIR *folder)
{
	struct dirent *entry;

	do {
		entry = readdir(folder);
	} while (entry && entry->d_name[0] == '.');
	return entry ? entry->d_name : NULL;
}
