// SPDX-License-Identifier: GPL-2.0-only
/* Who has the controller and the ports, and what else may want them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/doctor/doctor.h"
#include "helper/doctor/tree.h"

/* Begins of names: Intel's LMS, and the agent and tool of MeshCentral. */
static const char *const lms_names[] = { "lms", "meshagent", "meshcmd" };

void tasks_add(struct tasks *tasks, const struct task *task)
{
	for (int i = 0; i < tasks->count && i < TASKS_MAX; i++)
		if (tasks->task[i].pid == task->pid)
			return;
	if (tasks->count < TASKS_MAX)
		tasks->task[tasks->count] = *task;
	tasks->count++;
}

const char *tasks_text(const struct tasks *tasks, char text[FINDING_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < tasks->count && i < TASKS_MAX; i++)
		if (used < FINDING_SIZE)
			used += (size_t)snprintf(text + used,
						 FINDING_SIZE - used,
						 "%s%s (pid %d)",
						 i ? ", " : "",
						 tasks->task[i].name,
						 tasks->task[i].pid);
	if (tasks->count > TASKS_MAX && used < FINDING_SIZE)
		snprintf(text + used, FINDING_SIZE - used, " and %d more",
			 tasks->count - TASKS_MAX);
	return text;
}

static bool is_lms(const char *name)
{
	for (size_t i = 0; i < sizeof(lms_names) / sizeof(lms_names[0]); i++) {
		size_t length = strlen(lms_names[i]);

		if (strncasecmp(name, lms_names[i], length) == 0 &&
		    !isalnum((unsigned char)name[length]))
			return true;
	}
	return false;
}

static void add_file(struct doctor *doctor, const struct task *task,
		     const char *target)
{
	unsigned long inode;

	if (strncmp(target, "/dev/", 5) == 0 && *doctor->mei.name &&
	    strcmp(target + 5, doctor->mei.name) == 0)
		tasks_add(&doctor->processes.mei, task);
	if (sscanf(target, "socket:[%lu]", &inode) != 1)
		return;
	for (int i = 0; i < doctor->listener_count; i++)
		if (doctor->listeners[i].inode == inode)
			doctor->listeners[i].owner = *task;
}

static void look_at_process(struct doctor *doctor, int root,
			    const struct task *task)
{
	DIR *folder = tree_folder(root, "proc/%d/fd", task->pid);
	char target[TREE_PATH_SIZE];
	const char *name;

	if (!folder) {
		/* It may have ended just now. */
		if (tree_has(root, "proc/%d", task->pid))
			doctor->processes.unseen++;
		return;
	}
	while ((name = tree_next(folder)))
		if (tree_link(root, target, sizeof(target), "proc/%d/fd/%s",
			      task->pid, name) == 0)
			add_file(doctor, task, target);
	closedir(folder);
}

void look_at_processes(struct doctor *doctor, int root)
{
	DIR *folder = tree_folder(root, "proc");
	struct task task;
	const char *name;

	while (folder && (name = tree_next(folder))) {
		task.pid = isdigit((unsigned char)*name) ? atoi(name) : 0;
		if (task.pid == 0 || task.pid == getpid())
			continue;
		tree_read(root, task.name, sizeof(task.name), "proc/%d/comm",
			  task.pid);
		if (is_lms(task.name))
			tasks_add(&doctor->processes.lms, &task);
		look_at_process(doctor, root, &task);
	}
	if (folder)
		closedir(folder);
}
