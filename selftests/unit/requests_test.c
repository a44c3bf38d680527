// SPDX-License-Identifier: GPL-2.0-only
/* The control socket of amt-helper serve, and clients that mean no good. */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "helper/serve/control.h"
#include "lib/output.h"

#define STATUS "{\"schema_version\":1,\"request\":\"status\"}\n"
#define FOLLOW "{\"schema_version\":1,\"request\":\"events\",\"follow\":true}\n"
#define RELEASE "{\"schema_version\":1,\"request\":\"release\"}\n"
#define ROUNDS 3000
#define EVENTS 3000

FIXTURE(requests) {
	sd_event *event;
	struct control *control;
	struct sockaddr_un address;
	socklen_t length;
	int socket;
	char text[8192];
};

static void on_status(void *arg, struct json_object *answer)
{
	output_object(answer, "daemon");
}

static struct json_object *numbered(uint32_t number)
{
	struct json_object *event = output_new();

	output_u32(event, "number", number);
	return event;
}

static void on_present(void *arg, struct control_client *client)
{
	control_send(client, numbered(0));
}

static int releases, retakes;

static void on_release(void *arg)
{
	(void)arg;
	releases++;
}

static void on_retake(void *arg)
{
	(void)arg;
	retakes++;
}

static const struct control_ops ops = {
	.status = on_status,
	.present = on_present,
	.release = on_release,
	.retake = on_retake,
};

FIXTURE_SETUP(requests)
{
	self->address.sun_family = AF_UNIX;
	self->length = sizeof(self->address);
	self->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	/* A name without a file, chosen by the kernel. */
	ASSERT_EQ(0, bind(self->socket, (struct sockaddr *)&self->address,
			  sizeof(self->address.sun_family)));
	ASSERT_EQ(0, getsockname(self->socket,
				 (struct sockaddr *)&self->address,
				 &self->length));
	ASSERT_EQ(0, listen(self->socket, 16));
	ASSERT_LE(0, sd_event_new(&self->event));
	ASSERT_LE(0, control_new(&self->control, self->event, self->socket,
				 &ops, NULL));
}

FIXTURE_TEARDOWN(requests)
{
	control_free(self->control);
	sd_event_unref(self->event);
	close(self->socket);
}

/* All that can be done now. */
static void settle(sd_event *event)
{
	while (sd_event_run(event, 0) > 0)
		;
}

static int join(FIXTURE_DATA(requests) *self)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (connect(fd, (struct sockaddr *)&self->address, self->length))
		return -1;
	settle(self->event);
	return fd;
}

static ssize_t say(FIXTURE_DATA(requests) *self, int fd, const char *text,
		   size_t length)
{
	ssize_t n = send(fd, text, length, MSG_NOSIGNAL);

	settle(self->event);
	return n;
}

/* What is there, NUL-terminated; 0 at the end, -1 if there is nothing. */
static ssize_t hear(FIXTURE_DATA(requests) *self, int fd)
{
	ssize_t n = recv(fd, self->text, sizeof(self->text) - 1, 0);

	self->text[n > 0 ? n : 0] = '\0';
	return n;
}

static bool is_answered(FIXTURE_DATA(requests) *self)
{
	int fd = join(self);
	bool right;

	say(self, fd, STATUS, strlen(STATUS));
	right = hear(self, fd) > 0 && strstr(self->text, "\"daemon\"") &&
		hear(self, fd) == 0;
	close(fd);
	settle(self->event);
	return right;
}

TEST_F(requests, a_request_byte_by_byte_is_answered)
{
	int fd = join(self);

	for (const char *c = STATUS; *c; c++) {
		ASSERT_EQ(-1, hear(self, fd));
		ASSERT_EQ(1, say(self, fd, c, 1));
	}
	ASSERT_LT(0, hear(self, fd));
	EXPECT_NE(NULL, strstr(self->text, "\"daemon\""));
	EXPECT_EQ(0, hear(self, fd));
	close(fd);
}

/* Pieces of requests, and bytes that are none. */
static size_t nonsense(char *text, size_t size)
{
	static const char *const words[] = {
		"{", "}", "[", "]", ":", ",", "\"", "\n", "1", "-1e999", "null",
		"true", "\\u0000", "\"request\"", "\"schema_version\":1",
		"\"status\"", "\"events\"", "\"follow\"", "\xff\xfe",
		STATUS, FOLLOW,
	};
	size_t length = 0, n;

	for (long left = random() % 60; left > 0; left--) {
		const char *word = words[random() % (sizeof(words) /
						     sizeof(words[0]))];

		n = strlen(word);
		if (length + n + 1 > size)
			break;
		memcpy(text + length, word, n);
		length += n;
		text[length] = (char)random();
		length += random() % 8 == 0;
	}
	return length;
}

TEST_F(requests, nonsense_harms_nobody)
{
	char text[1024];
	size_t length;
	int fd;

	srandom(1);
	for (int i = 0; i < ROUNDS; i++) {
		fd = join(self);
		ASSERT_LE(0, fd);
		for (int part = 0; part < 2; part++) {
			length = nonsense(text, sizeof(text));
			if (length)
				say(self, fd, text, length);
		}
		while (hear(self, fd) > 0)
			ASSERT_EQ('{', self->text[0])
				TH_LOG("%d: %s", i, self->text);
		close(fd);
		settle(self->event);
		ASSERT_TRUE(is_answered(self)) TH_LOG("after %d", i);
	}
}

TEST_F(requests, what_is_nested_deep_is_refused)
{
	char text[500];
	int fd = join(self);

	memset(text, '[', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	say(self, fd, text, sizeof(text));
	ASSERT_LT(0, hear(self, fd));
	EXPECT_NE(NULL, strstr(self->text, "\"code\":2")) TH_LOG("%s",
								 self->text);
	EXPECT_EQ(0, hear(self, fd));
	close(fd);
}

TEST_F(requests, who_lags_is_dropped_and_who_reads_is_not)
{
	int slow = join(self), fast = join(self);
	char last[32];
	ssize_t n;

	say(self, slow, FOLLOW, strlen(FOLLOW));
	say(self, fast, FOLLOW, strlen(FOLLOW));
	for (int i = 1; i <= EVENTS; i++) {
		control_publish(self->control, numbered(i));
		settle(self->event);
		ASSERT_LT(0, hear(self, fast)) TH_LOG("event %d", i);
	}
	snprintf(last, sizeof(last), "\"number\":%d", EVENTS);
	EXPECT_NE(NULL, strstr(self->text, last)) TH_LOG("%s", self->text);
	do {
		n = hear(self, slow);
		EXPECT_EQ(NULL, strstr(self->text, last));
	} while (n > 0);
	EXPECT_EQ(0, n);
	EXPECT_TRUE(is_answered(self));
	close(slow);
	close(fast);
}

TEST_F(requests, one_too_many_is_told_so_and_costs_no_place)
{
	int fds[CONTROL_CLIENTS_MAX], more;

	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		fds[i] = join(self);
	for (int i = 0; i < 3; i++) {
		more = join(self);
		ASSERT_LT(0, hear(self, more));
		EXPECT_NE(NULL, strstr(self->text, "\"busy\""))
			TH_LOG("%s", self->text);
		EXPECT_EQ(0, hear(self, more));
		close(more);
	}
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		say(self, fds[i], STATUS, strlen(STATUS));
		EXPECT_LT(0, hear(self, fds[i]));
		close(fds[i]);
	}
	EXPECT_TRUE(is_answered(self));
}

TEST_F(requests, the_driver_is_released_until_the_last_who_asked_leaves)
{
	int first = join(self), second = join(self);

	say(self, first, RELEASE, strlen(RELEASE));
	EXPECT_EQ(1, releases);
	EXPECT_EQ(-1, hear(self, first));
	control_released(self->control);
	settle(self->event);
	ASSERT_LT(0, hear(self, first));
	EXPECT_NE(NULL, strstr(self->text, "\"daemon\""));
	EXPECT_EQ(-1, hear(self, first));
	say(self, second, RELEASE, strlen(RELEASE));
	ASSERT_LT(0, hear(self, second));
	close(first);
	settle(self->event);
	EXPECT_EQ(1, releases);
	EXPECT_EQ(0, retakes);
	EXPECT_TRUE(is_answered(self));
	close(second);
	settle(self->event);
	EXPECT_EQ(1, retakes);
	control_released(self->control); /* of what was taken back since */
	first = join(self);
	say(self, first, RELEASE, strlen(RELEASE));
	EXPECT_EQ(2, releases);
	EXPECT_EQ(-1, hear(self, first));
	close(first);
}

TEST_F(requests, all_who_wait_for_the_release_are_told_but_who_left)
{
	int first = join(self), left = join(self), last = join(self);

	say(self, first, RELEASE, strlen(RELEASE));
	say(self, left, RELEASE, strlen(RELEASE));
	say(self, last, RELEASE, strlen(RELEASE));
	close(left);
	settle(self->event);
	control_released(self->control);
	settle(self->event);
	EXPECT_EQ(1, releases);
	EXPECT_EQ(0, retakes);
	EXPECT_LT(0, hear(self, first));
	EXPECT_LT(0, hear(self, last));
	close(first);
	close(last);
	settle(self->event);
	EXPECT_EQ(1, retakes);
}

TEST_HARNESS_MAIN
