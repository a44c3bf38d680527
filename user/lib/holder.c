// SPDX-License-Identifier: GPL-2.0-only
/* Who has what others want. */
#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/holder.h"
#include "lib/tree.h"

/* State of a socket in /proc/net/tcp, include/net/tcp_states.h. */
#define STATE_LISTEN 10

/* ---- Processes ---- */

bool task_is_of(const struct task *task, int pid)
{
	return pid && (task->pid == pid || task->parent == pid);
}

void tasks_add(struct tasks *tasks, const struct task *task)
{
	if (tasks->count && tasks->latest == task->pid)
		return;
	if (tasks->count < TASKS_MAX)
		tasks->task[tasks->count] = *task;
	tasks->count++;
	tasks->latest = task->pid;
}

const char *tasks_text(const struct tasks *tasks, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < tasks->count && i < TASKS_MAX; i++)
		if (used < size)
			used += (size_t)snprintf(text + used, size - used,
						 "%s%s[%d]", i ? ", " : "",
						 tasks->task[i].name,
						 tasks->task[i].pid);
	if (tasks->count > TASKS_MAX && used < size)
		snprintf(text + used, size - used, " and %d more",
			 tasks->count - TASKS_MAX);
	return text;
}

/* False if it does not show its files. */
static bool look_at_files(int root, const struct task *task,
			  const struct process_ops *ops, void *arg)
{
	DIR *folder = tree_folder(root, "proc/%d/fd", task->pid);
	char target[TREE_PATH_SIZE];
	const char *name;

	if (!folder) /* It may have ended just now. */
		return !tree_has(root, "proc/%d", task->pid);
	while ((name = tree_next(folder)))
		if (tree_link(root, target, sizeof(target), "proc/%d/fd/%s",
			      task->pid, name) == 0)
			ops->file(arg, task, target);
	closedir(folder);
	return true;
}

/* Of "pid (name) state parent ..."; a name may have brackets. */
static int parent_of(int root, int pid)
{
	char text[256];
	const char *behind_name;
	int parent = 0;

	tree_read(root, text, sizeof(text), "proc/%d/stat", pid);
	behind_name = strrchr(text, ')');
	if (behind_name)
		sscanf(behind_name, ") %*c %d", &parent);
	return parent;
}

int processes_look(int root, const struct process_ops *ops, void *arg)
{
	DIR *folder = tree_folder(root, "proc");
	struct task task;
	const char *name;
	int hidden = 0;

	while (folder && (name = tree_next(folder))) {
		task.pid = isdigit((unsigned char)*name) ? atoi(name) : 0;
		if (task.pid == 0)
			continue;
		task.parent = parent_of(root, task.pid);
		if (task_is_of(&task, getpid()))
			continue;
		tree_read(root, task.name, sizeof(task.name), "proc/%d/comm",
			  task.pid);
		if (ops->process)
			ops->process(arg, &task);
		hidden += !look_at_files(root, &task, ops, arg);
	}
	if (folder)
		closedir(folder);
	return hidden;
}

/* ---- Sockets that listen ---- */

static void map_ipv4(struct in6_addr *address, uint32_t ipv4)
{
	*address = (struct in6_addr){ .s6_addr32 = {
		0, 0, htonl(0xffff), ipv4,
	} };
}

/* Words of the address as the machine has them: 8 hex digits, or 32. */
static bool parse_hex(const char *hex, struct in6_addr *address)
{
	size_t words = strlen(hex) / 8;
	uint32_t word[4];

	for (size_t i = 0; i < words && i < 4; i++)
		if (sscanf(hex + i * 8, "%8" SCNx32, &word[i]) != 1)
			return false;
	if (words == 1)
		map_ipv4(address, word[0]);
	else if (words == 4)
		memcpy(address, word, sizeof(word));
	return words == 1 || words == 4;
}

static bool parse_line(const char *line, struct listening *socket)
{
	unsigned int state;
	char hex[33];

	return sscanf(line,
		      " %*d: %32[0-9A-F]:%x %*32[0-9A-F]:%*x %x %*s %*s %*s %*d %*d %lu",
		      hex, &socket->port, &state, &socket->inode) == 4 &&
	       state == STATE_LISTEN && parse_hex(hex, &socket->address);
}

static void look_at_sockets(int root, const char *name,
			    void (*each)(void *arg,
					 const struct listening *socket),
			    void *arg)
{
	FILE *file = tree_file(root, "proc/net/%s", name);
	struct listening socket;
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return;
	while (getline(&line, &size, file) > 0)
		if (parse_line(line, &socket))
			each(arg, &socket);
	free(line);
	(void)fclose(file);
}

void listening_look(int root,
		    void (*each)(void *arg, const struct listening *socket),
		    void *arg)
{
	look_at_sockets(root, "tcp", each, arg);
	look_at_sockets(root, "tcp6", each, arg);
}

static bool is_any(const struct in6_addr *address)
{
	return IN6_IS_ADDR_UNSPECIFIED(address) ||
	       (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr32[3] == 0);
}

/* A socket of IPv6 may take IPv4 too, if it is on all addresses. */
bool listening_bars(const struct listening *socket,
		    const struct in6_addr *address)
{
	if (IN6_IS_ADDR_UNSPECIFIED(&socket->address))
		return true;
	if (IN6_IS_ADDR_V4MAPPED(&socket->address) !=
	    IN6_IS_ADDR_V4MAPPED(address))
		return false;
	return is_any(&socket->address) || is_any(address) ||
	       IN6_ARE_ADDR_EQUAL(&socket->address, address);
}

bool listening_address(const char *text, struct in6_addr *address)
{
	struct in_addr ipv4;

	if (inet_pton(AF_INET, text, &ipv4) != 1)
		return inet_pton(AF_INET6, text, address) == 1;
	map_ipv4(address, ipv4.s_addr);
	return true;
}

/* ---- Holders ---- */

void holding_of_file(struct holding *holding, const char *path, int but)
{
	char *real = realpath(path, NULL); /* /proc has no other */

	*holding = (struct holding){ .but = but };
	snprintf(holding->target, sizeof(holding->target), "%s",
		 real ? real : path);
	free(real);
}

/* A port of this machine, and the first socket found that is in its way. */
struct port {
	struct in6_addr address;
	unsigned int number;
	struct holding *holding;
};

static void on_socket(void *arg, const struct listening *socket)
{
	const struct port *port = arg;
	struct holding *holding = port->holding;

	if (!*holding->target && socket->port == port->number &&
	    listening_bars(socket, &port->address))
		snprintf(holding->target, sizeof(holding->target),
			 "socket:[%lu]", socket->inode);
}

void holding_of_port(struct holding *holding, const char *address,
		     unsigned int port)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct port arg = { .number = port, .holding = holding };

	*holding = (struct holding){ .but = 0 };
	if (root < 0)
		return;
	if (listening_address(address, &arg.address))
		listening_look(root, on_socket, &arg);
	close(root);
}

struct search {
	struct holding *holdings;
	size_t count;
};

static void on_file(void *arg, const struct task *task, const char *target)
{
	const struct search *search = arg;

	for (size_t i = 0; i < search->count; i++) {
		struct holding *holding = &search->holdings[i];

		if (strcmp(target, holding->target) == 0 &&
		    !task_is_of(task, holding->but))
			tasks_add(&holding->holders, task);
	}
}

static const struct process_ops find_file = { .file = on_file };

static bool is_wanted(const struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		if (*search->holdings[i].target)
			return true;
	return false;
}

void holders_find(struct holding *holdings, size_t count)
{
	struct search search = { .holdings = holdings, .count = count };
	int root;

	if (!is_wanted(&search))
		return;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return;
	processes_look(root, &find_file, &search);
	close(root);
}

void holders_of_file(const char *path, int but, struct tasks *tasks)
{
	struct holding holding;

	holding_of_file(&holding, path, but);
	holders_find(&holding, 1);
	*tasks = holding.holders;
}
