// SPDX-License-Identifier: GPL-2.0-only
/* Asking the daemon over its control socket. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <json-c/json.h>

#include "helper/daemon.h"
#include "helper/failure.h"
#include "lib/output.h"

#define ANSWER_SECONDS 5
/* Firmware that hangs has serve wait, for each of what it ends. */
#define RELEASE_SECONDS 60

struct daemon {
	FILE *stream;
	char *line; /* of getline() */
	size_t size;
	struct json_object *first; /* read and not yet taken */
};

const char *daemon_state_name(enum daemon_state state)
{
	switch (state) {
	case DAEMON_RUNNING:
		return "running";
	case DAEMON_ABSENT:
		return "absent";
	case DAEMON_FORBIDDEN:
		return "no permission";
	case DAEMON_SILENT:
		return "silent";
	case DAEMON_REFUSING:
		return "refusing";
	case DAEMON_RELEASED:
		break;
	}
	return "released";
}

static int set_patience(int fd, time_t seconds)
{
	const struct timeval limit = { .tv_sec = seconds };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit,
		       sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	return 0;
}

static const struct sockaddr_un address = {
	.sun_family = AF_UNIX,
	.sun_path = DAEMON_SOCKET,
};

static int connect_socket(time_t patience)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	ret = set_patience(fd, patience);
	if (ret == 0 && connect(fd, (const struct sockaddr *)&address,
				sizeof(address)) < 0)
		ret = -errno;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

/* Of who listens: known without an answer, and at once. */
int daemon_pid(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct ucred peer = { .pid = 0 };
	socklen_t length = sizeof(peer);

	if (fd < 0)
		return 0;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length);
	close(fd);
	return peer.pid;
}

static int open_stream(struct daemon *daemon, time_t patience)
{
	int fd = connect_socket(patience);

	if (fd < 0)
		return fd;
	daemon->stream = fdopen(fd, "r");
	if (daemon->stream)
		return 0;
	close(fd);
	return -ENOMEM;
}

/* A daemon that takes no request may have said why. */
static int send_request(struct daemon *daemon, const char *request,
			bool follow)
{
	char line[128];
	int length = snprintf(line, sizeof(line),
			      "{\"schema_version\":%d,\"request\":\"%s\",\"follow\":%s}\n",
			      OUTPUT_SCHEMA, request,
			      follow ? "true" : "false");

	if (send(fileno(daemon->stream), line, length, MSG_NOSIGNAL) < 0 &&
	    errno != EPIPE)
		return -errno;
	return 0;
}

struct json_object *daemon_read(struct daemon *daemon)
{
	struct json_object *document = daemon->first;

	daemon->first = NULL;
	if (document)
		return document;
	if (getline(&daemon->line, &daemon->size, daemon->stream) < 0)
		return NULL;
	return json_tokener_parse(daemon->line);
}

static enum daemon_state from_errno(int error, struct failure *failure)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED: /* it ended without tidying up */
		return DAEMON_ABSENT;
	case EACCES:
		return DAEMON_FORBIDDEN;
	default:
		failure_set(failure, EXIT_TIMEOUT,
			    "amt-helper serve does not answer on %s (%s); restart it",
			    DAEMON_SOCKET,
			    strerror(error == EAGAIN ? ETIMEDOUT : error));
		return DAEMON_SILENT;
	}
}

/* The daemon has the same table of exit codes. */
static enum daemon_state from_error(struct json_object *error,
				    struct failure *failure)
{
	enum exit_code code = json_object_get_int(
			json_object_object_get(error, "code"));

	if (code == EXIT_PERMISSION)
		return DAEMON_FORBIDDEN;
	failure_set(failure, code, "amt-helper serve: %s",
		    json_object_get_string(
				json_object_object_get(error, "message")));
	return DAEMON_REFUSING;
}

static enum daemon_state take_first(struct daemon *daemon,
				    struct failure *failure)
{
	struct json_object *error;

	errno = ECONNRESET; /* unless getline() says otherwise */
	daemon->first = daemon_read(daemon);
	if (!daemon->first)
		return from_errno(errno, failure);
	if (json_object_object_get_ex(daemon->first, "error", &error) &&
	    json_object_object_get(error, "code"))
		return from_error(error, failure);
	return DAEMON_RUNNING;
}

enum daemon_state daemon_ask(struct daemon **out, const char *request,
			     bool follow, struct failure *failure)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	enum daemon_state state;
	int ret;

	if (!daemon)
		return from_errno(ENOMEM, failure);
	ret = open_stream(daemon, strcmp(request, "release") == 0 ?
				  RELEASE_SECONDS : ANSWER_SECONDS);
	if (ret == 0)
		ret = send_request(daemon, request, follow);
	state = ret < 0 ? from_errno(-ret, failure) :
			  take_first(daemon, failure);
	if (state != DAEMON_RUNNING) {
		daemon_close(daemon);
		return state;
	}
	if (follow)
		set_patience(fileno(daemon->stream), 0);
	*out = daemon;
	return state;
}

void daemon_close(struct daemon *daemon)
{
	if (!daemon)
		return;
	if (daemon->stream)
		fclose(daemon->stream);
	json_object_put(daemon->first);
	free(daemon->line);
	free(daemon);
}
