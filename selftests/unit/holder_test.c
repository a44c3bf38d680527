// SPDX-License-Identifier: GPL-2.0-only
/* Who has a file open, by whatever name it is asked for. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lib/holder.h"

FIXTURE(holder) {
	char folder[32];
	pid_t child;
	struct tasks tasks;
};

/* A process does not see itself: a child has the file open. */
FIXTURE_SETUP(holder)
{
	int fd;

	strcpy(self->folder, "/tmp/holder.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->folder));
	ASSERT_EQ(0, chdir(self->folder));
	ASSERT_EQ(0, symlink("file", "link"));
	fd = open("file", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	self->child = fork();
	ASSERT_LE(0, self->child);
	while (self->child == 0)
		pause();
	close(fd);
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
	holders_of_file(path, &self->tasks);
	return self->tasks.count == 1 &&
	       self->tasks.task[0].pid == self->child;
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
	holders_of_file("file", &self->tasks);
	EXPECT_EQ(1, self->tasks.count);
	EXPECT_EQ(self->child, self->tasks.task[0].pid);
}

TEST_HARNESS_MAIN
