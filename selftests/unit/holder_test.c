// SPDX-License-Identifier: GPL-2.0-only
/* Who has a file open, by whatever name it is asked for. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/holder.h"

FIXTURE(holder) {
	char folder[32];
	pid_t child;
	pid_t holder;
	struct tasks tasks;
};

/* Tells who has @fd: a child that ends with this process. */
static void hold(int fd, int to)
{
	pid_t holder = fork();

	if (holder == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else
		close(fd);
	if (holder > 0 && write(to, &holder, sizeof(holder)) < 0)
		abort();
	close(to);
	for (;;)
		pause();
}

/* A process does not see itself and its children: a child of one has the file. */
FIXTURE_SETUP(holder)
{
	int fd, pair[2];

	strcpy(self->folder, "/tmp/holder.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->folder));
	ASSERT_EQ(0, chdir(self->folder));
	ASSERT_EQ(0, symlink("file", "link"));
	ASSERT_EQ(0, pipe2(pair, O_CLOEXEC));
	fd = open("file", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	self->child = fork();
	ASSERT_LE(0, self->child);
	if (self->child == 0)
		hold(fd, pair[1]);
	close(fd);
	close(pair[1]);
	ASSERT_EQ(sizeof(self->holder),
		  read(pair[0], &self->holder, sizeof(self->holder)));
	close(pair[0]);
}

FIXTURE_TEARDOWN(holder)
{
	kill(self->child, SIGKILL);
	waitpid(self->child, NULL, 0);
	unlink("link");
	unlink("file");
	rmdir(self->folder);
}

static bool is_found(FIXTURE_DATA(holder) *self, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", self->folder, name);
	holders_of_file(path, 0, &self->tasks);
	return self->tasks.count == 1 &&
	       self->tasks.task[0].pid == self->holder;
}

TEST_F(holder, a_file_is_found_by_its_path)
{
	EXPECT_TRUE(is_found(self, "file"));
	EXPECT_FALSE(is_found(self, "missing"));
}

TEST_F(holder, a_file_is_found_by_a_link_to_it)
{
	EXPECT_TRUE(is_found(self, "link"));
	EXPECT_TRUE(is_found(self, "../../tmp/../proc/self/cwd/file"));
}

TEST_F(holder, a_file_is_found_by_a_path_from_the_present_folder)
{
	holders_of_file("file", 0, &self->tasks);
	EXPECT_EQ(1, self->tasks.count);
	EXPECT_EQ(self->holder, self->tasks.task[0].pid);
}

TEST_F(holder, a_process_and_its_children_are_left_out)
{
	holders_of_file("file", self->holder, &self->tasks);
	EXPECT_EQ(0, self->tasks.count);
	holders_of_file("file", self->child, &self->tasks);
	EXPECT_EQ(0, self->tasks.count);
	holders_of_file("file", getppid(), &self->tasks);
	EXPECT_EQ(1, self->tasks.count);
}

/* An empty one is nothing that a process has. */
TEST_F(holder, several_are_found_in_one_look)
{
	struct holding holdings[3] = { 0 };

	holding_of_file(&holdings[0], "file", 0);
	holding_of_file(&holdings[2], "file", self->holder);
	holders_find(holdings, ARRAY_SIZE(holdings));
	EXPECT_EQ(1, holdings[0].holders.count);
	EXPECT_EQ(self->holder, holdings[0].holders.task[0].pid);
	EXPECT_EQ(0, holdings[1].holders.count);
	EXPECT_EQ(0, holdings[2].holders.count);
}

TEST_F(holder, its_own_children_are_left_out)
{
	int fd = open("file", O_RDWR | O_CLOEXEC);
	pid_t child = fork();

	ASSERT_LE(0, child);
	while (child == 0)
		pause();
	EXPECT_TRUE(is_found(self, "file"));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(fd);
}

/* As of processes that have a file open more than once. */
TEST(one_beyond_the_list_is_counted_once)
{
	struct tasks tasks = { .count = 0 };
	struct task task = { .name = "lms" };
	char text[TASKS_TEXT_SIZE];

	for (task.pid = 1; task.pid <= TASKS_MAX + 1; task.pid++) {
		tasks_add(&tasks, &task);
		tasks_add(&tasks, &task);
	}
	EXPECT_EQ(TASKS_MAX + 1, tasks.count);
	EXPECT_NE(NULL, strstr(tasks_text(&tasks, text, sizeof(text)),
			       "lms[8] and 1 more"));
}

TEST_HARNESS_MAIN
