// SPDX-License-Identifier: GPL-2.0-only
/* Who has the controller and the ports, and what else may want them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "helper/doctor/doctor.h"

/* Begins of names: Intel's LMS, and the agent and tool of MeshCentral. */
static const char *const lms_names[] = { "lms", "meshagent", "meshcmd" };

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

static void on_process(void *arg, const struct task *task)
{
	struct doctor *doctor = arg;

	if (is_lms(task->name))
		tasks_add(&doctor->processes.lms, task);
}

static void on_file(void *arg, const struct task *task, const char *target)
{
	struct doctor *doctor = arg;
	unsigned long inode;

	/* The daemon has LME for the driver, and waits for it if it is taken. */
	if (strncmp(target, "/dev/", 5) == 0 && *doctor->mei.name &&
	    strcmp(target + 5, doctor->mei.name) == 0 &&
	    !task_is_of(task, doctor->processes.daemon))
		tasks_add(&doctor->processes.mei, task);
	if (sscanf(target, "socket:[%lu]", &inode) != 1)
		return;
	for (int i = 0; i < doctor->listener_count; i++)
		if (doctor->listeners[i].inode == inode)
			doctor->listeners[i].owner = *task;
}

static const struct process_ops process_ops = {
	.process = on_process,
	.file = on_file,
};

void look_at_processes(struct doctor *doctor, int root)
{
	doctor->processes.unseen = processes_look(root, &process_ops, doctor);
}
