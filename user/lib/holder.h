/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has what others want: the processes of this host with their open files,
 * and the TCP sockets that listen, as procfs shows them. It shows the files of
 * other users to root only.
 */
#ifndef LIB_HOLDER_H
#define LIB_HOLDER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/tree.h"

#define TASK_NAME_SIZE 64
#define TASKS_MAX 8
#define TASKS_TEXT_SIZE 256

/**
 * struct task - a process
 * @pid: 0 if it is not known
 * @parent: that of its parent
 * @name: its name
 */
struct task {
	int pid;
	int parent;
	char name[TASK_NAME_SIZE];
};

/** task_is_of() - whether it is a process or a child of that; @pid may be 0 */
bool task_is_of(const struct task *task, int pid);

/** struct tasks - some processes; those beyond TASKS_MAX are only counted */
struct tasks {
	struct task task[TASKS_MAX];
	int count;
	int latest; /* pid of the one that was added last */
};

/** tasks_add() - add a process, unless it is the latest */
void tasks_add(struct tasks *tasks, const struct task *task);

/** tasks_text() - "lms[812], rpc[900]"; empty if there is none */
const char *tasks_text(const struct tasks *tasks, char *text, size_t size);

/**
 * struct process_ops - who is told of processes
 * @process: there is one; may be NULL
 * @file: it has a file open; @target is as proc(5) has it: a path, or
 *	"socket:[INODE]"
 */
struct process_ops {
	void (*process)(void *arg, const struct task *task);
	void (*file)(void *arg, const struct task *task, const char *target);
};

/**
 * processes_look() - look at all processes but this one and its children
 * @root: a folder with proc
 * @ops: who is told
 * @arg: for @ops
 *
 * Return: how many did not show their files.
 */
int processes_look(int root, const struct process_ops *ops, void *arg);

/**
 * struct listening - a TCP socket that listens
 * @address: where; an IPv4 address as IPv6 maps it
 * @port: and on which port
 * @inode: of the socket
 */
struct listening {
	struct in6_addr address;
	unsigned int port;
	unsigned long inode;
};

/** listening_look() - tell of all of them in @root */
void listening_look(int root,
		    void (*each)(void *arg, const struct listening *socket),
		    void *arg);

/** listening_bars() - whether it keeps others from an address, on its port */
bool listening_bars(const struct listening *socket,
		    const struct in6_addr *address);

/** listening_address() - an IP address as in struct listening; false: it is none */
bool listening_address(const char *text, struct in6_addr *address);

/**
 * struct holding - what somebody may have
 * @target: what it is called in proc(5); empty: nobody has it
 * @but: pid of who is left out, with its children; or 0
 * @holders: who has it
 */
struct holding {
	char target[TREE_PATH_SIZE];
	int but;
	struct tasks holders;
};

/**
 * holding_of_file() - somebody may have a file open
 * @holding: to be filled, without holders
 * @path: such as "/dev/mei0"
 * @but: pid of who is left out, with its children; or 0
 */
void holding_of_file(struct holding *holding, const char *path, int but);

/** holding_of_port() - somebody may keep others from listening there */
void holding_of_port(struct holding *holding, const char *address,
		     unsigned int port);

/** holders_find() - find all holders, in one look at the processes */
void holders_find(struct holding *holdings, size_t count);

/** holders_of_file() - find those of one file */
void holders_of_file(const char *path, int but, struct tasks *tasks);

#endif /* LIB_HOLDER_H */
