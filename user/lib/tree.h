/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What sysfs, procfs and the like say, below a root folder: "/" of this
 * machine, or a tree that a test made. Paths have no leading slash.
 */
#ifndef LIB_TREE_H
#define LIB_TREE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TREE_PATH_SIZE 512

/**
 * tree_read() - the beginning of a file as text for people
 * @root: the root folder
 * @text: to be filled; without the last newline, and with a "?" for what is
 *	neither ASCII text nor a newline. Empty on failure
 * @size: its size
 * @format: the path, as of printf()
 *
 * Return: the length, or a negative errno.
 */
int __attribute__((format(printf, 4, 5)))
tree_read(int root, char *text, size_t size, const char *format, ...);

/** tree_number() - the number that a file holds; @otherwise if it has none */
long __attribute__((format(printf, 3, 4)))
tree_number(int root, long otherwise, const char *format, ...);

/**
 * tree_link() - where a symbolic link leads
 * @root: the root folder
 * @target: to be filled as it is written there; empty on failure
 * @size: its size
 * @format: the path, as of printf()
 *
 * Return: 0, or a negative errno.
 */
int __attribute__((format(printf, 4, 5)))
tree_link(int root, char *target, size_t size, const char *format, ...);

/** tree_link_name() - the same, and only what is behind its last slash */
int __attribute__((format(printf, 4, 5)))
tree_link_name(int root, char *name, size_t size, const char *format, ...);

/** tree_has() - is there such a path */
bool __attribute__((format(printf, 2, 3)))
tree_has(int root, const char *format, ...);

/**
 * tree_may() - may this process use a file
 * @root: the root folder
 * @path: the path
 * @mode: as of access()
 *
 * Return: 0, or a negative errno.
 */
int tree_may(int root, const char *path, int mode);

/** tree_file() - open a file to read it line by line; NULL with errno set */
FILE *__attribute__((format(printf, 2, 3)))
tree_file(int root, const char *format, ...);

/** tree_folder() - open a folder for tree_next(); NULL with errno set */
DIR *__attribute__((format(printf, 2, 3)))
tree_folder(int root, const char *format, ...);

/** tree_next() - the next name in a folder, without "." and ".."; or NULL */
const char *tree_next(DIR *folder);

#endif /* LIB_TREE_H */
