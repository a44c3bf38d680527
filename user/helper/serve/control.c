// SPDX-License-Identifier: GPL-2.0-only
/* The clients of the control socket. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>

#include "helper/serve/control.h"
#include "lib/output.h"

#define REQUEST_MAX 512
#define REQUEST_DEPTH 2
/* The present state with all forwards and listeners there can be fits. */
#define QUEUE_MAX 65536
#define DEADLINE_USEC 5000000
#define REST_USEC 1000000

struct control_client {
	LIST_ENTRY(control_client) entry;
	struct control *control;
	sd_event_source *io; /* owns the socket */
	sd_event_source *deadline; /* for all but those who follow */
	bool asked; /* nothing more is to come from it */
	bool follows;
	bool releases; /* the driver, as long as it stays */
	bool waits; /* until it is let go */
	bool may_release;
	bool lags; /* more is queued than may be */
	char request[REQUEST_MAX];
	size_t request_length;
	char *queue;
	size_t queue_length;
};

struct control {
	sd_event *event;
	sd_event_source *io;
	sd_event_source *rest; /* armed while descriptors are short */
	const struct control_ops *ops;
	void *arg;
	LIST_HEAD(, control_client) clients;
	unsigned int count;
	unsigned int releases;
	bool released; /* the last word on that */
};

static void client_free(struct control_client *client)
{
	struct control *control = client->control;

	LIST_REMOVE(client, entry);
	control->count--;
	sd_event_source_disable_unref(client->io);
	sd_event_source_disable_unref(client->deadline);
	free(client->queue);
	if (client->releases && --control->releases == 0) {
		control->released = false;
		control->ops->retake(control->arg);
	}
	free(client);
}

static bool append(struct control_client *client, const char *text,
		   size_t length)
{
	char *queue;

	if (client->queue_length + length > QUEUE_MAX)
		return false;
	queue = realloc(client->queue, client->queue_length + length);
	if (!queue)
		return false;
	memcpy(queue + client->queue_length, text, length);
	client->queue = queue;
	client->queue_length += length;
	return true;
}

static void enqueue(struct control_client *client, struct json_object *document)
{
	size_t length;
	const char *text = json_object_to_json_string_length(document,
			JSON_C_TO_STRING_NOSLASHESCAPE, &length);

	if (!text || !append(client, text, length) || !append(client, "\n", 1))
		client->lags = true;
}

void control_send(struct control_client *client, struct json_object *document)
{
	enqueue(client, document);
	json_object_put(document);
}

static ssize_t send_queue(struct control_client *client)
{
	ssize_t n = send(sd_event_source_get_io_fd(client->io), client->queue,
			 client->queue_length, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	client->queue_length -= n;
	memmove(client->queue, client->queue + n, client->queue_length);
	return n;
}

static bool stays(const struct control_client *client)
{
	return client->follows || client->releases;
}

/* Frees the client when it is served, gone or slow. */
static void flush(struct control_client *client)
{
	if ((client->queue_length && send_queue(client) < 0) || client->lags ||
	    (client->asked && !stays(client) && !client->queue_length)) {
		client_free(client);
		return;
	}
	if (!client->queue_length) {
		free(client->queue);
		client->queue = NULL;
	}
	sd_event_source_set_io_events(client->io, client->queue_length ?
				      EPOLLIN | EPOLLOUT : EPOLLIN);
}

void control_publish(struct control *control, struct json_object *event)
{
	struct control_client *client, *next;

	for (client = control ? LIST_FIRST(&control->clients) : NULL; client;
	     client = next) {
		next = LIST_NEXT(client, entry);
		if (!client->follows)
			continue;
		enqueue(client, event);
		flush(client);
	}
	json_object_put(event);
}

static void refuse(struct control_client *client, enum exit_code code,
		   const char *why)
{
	struct json_object *answer = output_new();

	output_error(answer, code, why);
	control_send(client, answer);
	client->asked = true;
}

static void answer_status(struct control_client *client)
{
	struct json_object *answer = output_new();

	client->control->ops->status(client->control->arg, answer);
	control_send(client, answer);
}

static void stay(struct control_client *client)
{
	client->deadline = sd_event_source_disable_unref(client->deadline);
}

static void answer_events(struct control_client *client, bool follow)
{
	client->control->ops->present(client->control->arg, client);
	client->follows = follow;
	if (follow)
		stay(client);
}

static void answer_release(struct control_client *client)
{
	struct control *control = client->control;

	if (!client->may_release) {
		refuse(client, EXIT_PERMISSION, "only root may do that");
		return;
	}
	if (control->releases++ == 0)
		control->ops->release(control->arg);
	client->releases = true;
	stay(client);
	if (control->released)
		answer_status(client);
	else
		client->waits = true;
}

/* It is sent from the loop: of a client that is gone others may be freed. */
void control_released(struct control *control)
{
	struct control_client *client;

	control->released = control->releases > 0;
	LIST_FOREACH(client, &control->clients, entry) {
		if (!client->waits)
			continue;
		client->waits = false;
		answer_status(client);
		sd_event_source_set_io_events(client->io, EPOLLIN | EPOLLOUT);
	}
}

static void answer(struct control_client *client, struct json_object *request)
{
	struct json_object *version, *name, *follow;
	const char *word;

	if (!json_object_object_get_ex(request, "schema_version", &version) ||
	    json_object_get_int(version) != OUTPUT_SCHEMA ||
	    !json_object_object_get_ex(request, "request", &name)) {
		refuse(client, EXIT_USAGE,
		       "not {\"schema_version\":1,\"request\":...}");
		return;
	}
	word = json_object_get_string(name);
	if (strcmp(word ? word : "", "status") == 0) {
		answer_status(client);
	} else if (strcmp(word ? word : "", "events") == 0) {
		follow = json_object_object_get(request, "follow");
		answer_events(client, json_object_get_boolean(follow));
	} else if (strcmp(word ? word : "", "release") == 0) {
		answer_release(client);
	} else {
		refuse(client, EXIT_USAGE, "no such request");
	}
}

static void take_request(struct control_client *client, size_t length)
{
	struct json_tokener *tokener = json_tokener_new_ex(REQUEST_DEPTH);
	struct json_object *request = NULL;

	if (tokener)
		request = json_tokener_parse_ex(tokener, client->request,
						(int)length);
	client->asked = true;
	answer(client, request);
	json_object_put(request);
	json_tokener_free(tokener);
}

/* False if the client left, or said more than its request. */
static bool read_request(struct control_client *client, int fd)
{
	char *begin = client->request + client->request_length;
	size_t room = sizeof(client->request) - client->request_length;
	ssize_t n = recv(fd, begin, room, 0);
	const char *end;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0 || client->asked)
		return false;
	client->request_length += n;
	end = memchr(begin, '\n', n);
	if (end)
		take_request(client, end - client->request);
	else if (client->request_length == sizeof(client->request))
		refuse(client, EXIT_USAGE, "the request is too long");
	return true;
}

static int on_client(sd_event_source *source, int fd, uint32_t revents,
		     void *arg)
{
	struct control_client *client = arg;

	(void)source;
	if ((revents & (EPOLLIN | EPOLLHUP | EPOLLERR)) &&
	    !read_request(client, fd))
		client_free(client);
	else
		flush(client);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t now, void *arg)
{
	(void)source;
	(void)now;
	client_free(arg);
	return 0;
}

static bool get_peer(int fd, struct ucred *peer)
{
	socklen_t length = sizeof(*peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &length) == 0;
}

/* What the driver asks for CAP_NET_ADMIN for, when it does it itself. */
static bool may_release(int fd)
{
	struct ucred peer;

	return get_peer(fd, &peer) && peer.uid == 0;
}

/* The mode of the socket says so too, but a folder or a mode may be changed. */
static bool may_ask(int fd)
{
	struct ucred peer;
	socklen_t length;
	gid_t *groups;
	bool member = false;

	if (!get_peer(fd, &peer))
		return false;
	if (peer.uid == 0 || peer.uid == geteuid() || peer.gid == getegid())
		return true;
	length = 0; /* then it tells the length */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &length) == 0 ||
	    errno != ERANGE)
		return false;
	groups = malloc(length);
	if (groups && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups,
				 &length) == 0)
		for (size_t i = 0; i < length / sizeof(*groups); i++)
			member |= groups[i] == getegid();
	free(groups);
	return member;
}

static int watch_client(struct control_client *client, int fd)
{
	sd_event *event = client->control->event;
	int ret = sd_event_add_time_relative(event, &client->deadline,
					     CLOCK_MONOTONIC, DEADLINE_USEC, 0,
					     on_deadline, client);

	if (ret >= 0)
		ret = sd_event_add_io(event, &client->io, fd, EPOLLIN,
				      on_client, client);
	if (ret < 0)
		close(fd);
	else
		sd_event_source_set_io_fd_own(client->io, 1);
	return ret;
}

static void add_client(struct control *control, int fd)
{
	struct control_client *client = calloc(1, sizeof(*client));
	bool allowed = may_ask(fd);

	if (!client) {
		close(fd);
		return;
	}
	client->control = control;
	client->may_release = may_release(fd);
	LIST_INSERT_HEAD(&control->clients, client, entry);
	control->count++;
	if (watch_client(client, fd) < 0) {
		client_free(client);
		return;
	}
	if (!allowed)
		refuse(client, EXIT_PERMISSION, "no permission");
	else if (control->count > CONTROL_CLIENTS_MAX)
		refuse(client, EXIT_BUSY,
		       "too many ask at the same time; try again");
	if (client->asked)
		flush(client);
}

static int on_rest_end(sd_event_source *source, uint64_t now, void *arg)
{
	struct control *control = arg;

	(void)source;
	(void)now;
	control->rest = sd_event_source_disable_unref(control->rest);
	return sd_event_source_set_enabled(control->io, SD_EVENT_ON);
}

/* Out of descriptors: the loop would call on_socket() without end. */
static int rest(struct control *control)
{
	int ret = sd_event_add_time_relative(control->event, &control->rest,
					     CLOCK_MONOTONIC, REST_USEC, 0,
					     on_rest_end, control);

	if (ret < 0)
		return ret;
	return sd_event_source_set_enabled(control->io, SD_EVENT_OFF);
}

static int on_socket(sd_event_source *source, int fd, uint32_t revents,
		     void *arg)
{
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)source;
	(void)revents;
	if (client >= 0)
		add_client(arg, client);
	else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		return rest(arg);
	return 0;
}

int control_new(struct control **out, sd_event *event, int socket,
		const struct control_ops *ops, void *arg)
{
	struct control *control = calloc(1, sizeof(*control));
	int ret;

	if (!control)
		return -ENOMEM;
	control->event = event;
	control->ops = ops;
	control->arg = arg;
	LIST_INIT(&control->clients);
	ret = sd_event_add_io(event, &control->io, socket, EPOLLIN, on_socket,
			      control);
	if (ret < 0) {
		free(control);
		return ret;
	}
	*out = control;
	return 0;
}

void control_free(struct control *control)
{
	struct control_client *client, *next;

	if (!control)
		return;
	for (client = LIST_FIRST(&control->clients); client; client = next) {
		next = LIST_NEXT(client, entry);
		client->releases = false;
		client_free(client);
	}
	sd_event_source_disable_unref(control->rest);
	sd_event_source_disable_unref(control->io);
	free(control);
}
