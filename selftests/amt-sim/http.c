// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <linux/types.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http.h"
#include "key.h"
#include "sim.h"
#include "tls.h"
#include "wire.h"
#include "wsman.h"

#define SERVER "Intel(R) Active Management Technology"
#define REALM WSMAN_REALM
#define NONCE_SECONDS 300

#define BLOCK 65536ul
/* an envelope is never that long */
#define MAX_BODY 65536ul
#define MAX_DOWN 0x10000000000ull
#define SHA256_SIZE 32ul
/* hashed before other connections get their turn */
#define HASH_SLICE 1048576ul

#define USEC_PER_MSEC 1000ull

/* 623 and 664 are oob-ws-http and -https: the same as on 1699x. */
static const struct {
	__u16 port;
	bool tls;
} services[] = {
	{ 16992, false },
	{ 623, false },
	{ 16993, true },
	{ 664, true },
};

struct server {
	struct MHD_Daemon *daemon;
	sd_event_source *io;
	sd_event_source *again;
};

struct http {
	struct sim *sim;
	struct server plain;
	struct server tls;
	/* requests that wait until AMT speaks */
	LIST_HEAD(, request) silent;
	struct identity identity;
	/* of the server, with its version */
	char name[64];
	char random[32];
};

/* A body that is computed as it goes out. */
struct stream {
	__u64 size;
	__u64 done;
	gnutls_hash_hd_t hash;
	char hex[2 * SHA256_SIZE + 2];
};

/* Who is connected. */
struct client {
	/* AMT has spoken to it, or will after the silence */
	bool heard;
};

struct request {
	struct http *http;
	struct MHD_Connection *connection;
	LIST_ENTRY(request) silent;
	/* ends the silence; NULL without one */
	sd_event_source *silence;
	const struct route *route;
	const char *url;
	gnutls_hash_hd_t hash;
	/* the body, if the route keeps it */
	char *body;
	size_t body_len;
	bool too_long;
	bool made_key;
};

struct route {
	const char *method;
	const char *path;
	bool prefix;
	bool hashes_body;
	bool keeps_body;
	enum MHD_Result (*answer)(struct request *r);
};

/* splitmix64 of the word's number: any part of the sequence by itself */
static __u64 sequence_word(__u64 n)
{
	__u64 z = (n + 1) * 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return htole64(z ^ z >> 31);
}

static void sequence(__u64 offset, char *buf, size_t len)
{
	size_t done = 0, skip, n;
	__u64 word;

	while (done < len) {
		word = sequence_word((offset + done) / sizeof(word));
		skip = (offset + done) % sizeof(word);
		n = sizeof(word) - skip;
		if (n > len - done)
			n = len - done;
		memcpy(buf + done, (char *)&word + skip, n);
		done += n;
	}
}

static ssize_t read_sequence(void *data, uint64_t offset, char *buf,
			     size_t size)
{
	const struct stream *stream = data;

	if (size > stream->size - offset)
		size = stream->size - offset;
	sequence(offset, buf, size);
	return (ssize_t)size;
}

static void put_hex(gnutls_hash_hd_t hash, char hex[2 * SHA256_SIZE + 2])
{
	__u8 digest[SHA256_SIZE];

	gnutls_hash_output(hash, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		hex += sprintf(hex, "%02x", digest[i]);
	hex[0] = '\n';
	hex[1] = '\0';
}

/* Returns 0, which means "not yet", until everything is hashed. */
static ssize_t read_hash(void *data, uint64_t offset, char *buf, size_t size)
{
	struct stream *stream = data;
	__u64 end = stream->done + HASH_SLICE;
	char block[BLOCK];
	size_t n;

	if (end > stream->size)
		end = stream->size;
	while (stream->done < end) {
		n = end - stream->done;
		if (n > sizeof(block))
			n = sizeof(block);
		sequence(stream->done, block, n);
		gnutls_hash(stream->hash, block, n);
		stream->done += n;
	}
	if (stream->done < stream->size)
		return 0;
	if (!stream->hex[0])
		put_hex(stream->hash, stream->hex);
	n = strlen(stream->hex) - offset;
	if (n > size)
		n = size;
	memcpy(buf, stream->hex + offset, n);
	return (ssize_t)n;
}

static void free_stream(void *data)
{
	struct stream *stream = data;

	if (stream->hash)
		gnutls_hash_deinit(stream->hash, NULL);
	free(stream);
}

static enum MHD_Result reply(struct request *r, unsigned int status,
			     const char *type, struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Server", r->http->name);
	MHD_add_response_header(response, "Content-Type", type);
	result = MHD_queue_response(r->connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result reply_text(struct request *r, unsigned int status,
				  const char *type, const char *text)
{
	return reply(r, status, type,
		     MHD_create_response_from_buffer(strlen(text),
						     (void *)text,
						     MHD_RESPMEM_MUST_COPY));
}

static const char *password_of(const struct sim *sim, const char *user)
{
	if (!strcmp(user, sim->opt.user))
		return sim->opt.password;
	if (!strcmp(user, SIM_OS_ADMIN))
		return sim->os_admin_password;
	return NULL;
}

/* Return: 1 with a valid password, 0 without, -1 with an old nonce. */
static int authenticate(struct request *r)
{
	char *user = MHD_digest_auth_get_username(r->connection);
	const char *password = user ? password_of(r->http->sim, user) : NULL;
	int result = 0;

	if (password)
		result = MHD_digest_auth_check2(r->connection, REALM, user,
						password, NONCE_SECONDS,
						MHD_DIGEST_ALG_MD5);
	MHD_free(user);
	if (result == MHD_INVALID_NONCE)
		return -1;
	return result == MHD_YES;
}

static enum MHD_Result challenge(struct request *r, bool stale)
{
	static const char text[] = "<h1>Log on to use this page</h1>\n";
	struct MHD_Response *response;
	enum MHD_Result result;

	response = MHD_create_response_from_buffer(sizeof(text) - 1,
						   (void *)text,
						   MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Server", r->http->name);
	MHD_add_response_header(response, "Content-Type", "text/html");
	result = MHD_queue_auth_fail_response2(r->connection, REALM, "amt-sim",
					       response, stale,
					       MHD_DIGEST_ALG_MD5);
	MHD_destroy_response(response);
	return result;
}

/* SMBIOS order: the first three fields are little-endian. */
static void put_uuid(char text[37], const __u8 uuid[16])
{
	static const __u8 order[16] = { 3, 2, 1, 0, 5, 4, 7, 6,
					8, 9, 10, 11, 12, 13, 14, 15 };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		text += sprintf(text, i > 2 && i < 11 && !(i % 2) ? "-%02x" :
				"%02x", uuid[order[i]]);
}

static enum MHD_Result answer_page(struct request *r)
{
	char uuid[37], text[256];
	int result = authenticate(r);

	if (result != 1)
		return challenge(r, result < 0);
	put_uuid(uuid, sim_uuid);
	snprintf(text, sizeof(text), "<h1>%s</h1>\n<p>UUID %s</p>\n",
		 r->http->name, uuid);
	return reply_text(r, MHD_HTTP_OK, "text/html", text);
}

static enum MHD_Result answer_hash(struct request *r, struct stream *stream)
{
	if (gnutls_hash_init(&stream->hash, GNUTLS_DIG_SHA256) < 0) {
		free(stream);
		return MHD_NO;
	}
	return reply(r, MHD_HTTP_OK, "text/plain",
		     MHD_create_response_from_callback(2 * SHA256_SIZE + 1,
						       BLOCK, read_hash,
						       stream, free_stream));
}

static enum MHD_Result answer_down(struct request *r)
{
	const char *number = r->url + strlen(r->route->path);
	struct stream *stream;
	char *end;
	__u64 size;

	errno = 0;
	size = strtoull(number, &end, 10);
	if (*number < '0' || *number > '9' || errno || size > MAX_DOWN ||
	    (*end && strcmp(end, "/sha256") != 0))
		return reply_text(r, MHD_HTTP_BAD_REQUEST, "text/plain",
				  "/down/N or /down/N/sha256, N <= 2^40\n");
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return MHD_NO;
	stream->size = size;
	if (*end)
		return answer_hash(r, stream);
	return reply(r, MHD_HTTP_OK, "application/octet-stream",
		     MHD_create_response_from_callback(size, BLOCK,
						       read_sequence, stream,
						       free_stream));
}

static enum MHD_Result answer_up(struct request *r)
{
	char hex[2 * SHA256_SIZE + 2];

	put_hex(r->hash, hex);
	return reply_text(r, MHD_HTTP_OK, "text/plain", hex);
}

static enum MHD_Result answer_wsman(struct request *r)
{
	struct sim *sim = r->http->sim;
	bool had_key = sim->key.base64;
	enum MHD_Result result;
	int valid = authenticate(r);
	bool fault;
	char *text;

	if (valid != 1)
		return challenge(r, valid < 0);
	if (r->too_long)
		return reply_text(r, MHD_HTTP_CONTENT_TOO_LARGE, "text/plain",
				  "Too long\n");
	text = wsman_answer(sim, r->body, r->body_len, &fault);
	if (!text)
		return MHD_NO;
	r->made_key = !had_key && sim->key.base64;
	result = reply_text(r, fault ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_OK,
			    "application/soap+xml; charset=UTF-8", text);
	free(text);
	return result;
}

static enum MHD_Result answer_not_found(struct request *r)
{
	return reply_text(r, MHD_HTTP_NOT_FOUND, "text/plain", "Not found\n");
}

static const struct route routes[] = {
	{ "GET", "/", .answer = answer_page },
	{ "GET", "/down/", .prefix = true, .answer = answer_down },
	{ "POST", "/up", .hashes_body = true, .answer = answer_up },
	{ "PUT", "/up", .hashes_body = true, .answer = answer_up },
	{ "POST", "/wsman", .keeps_body = true, .answer = answer_wsman },
};

static const struct route not_found = { .answer = answer_not_found };

static const struct route *find_route(const char *method, const char *url)
{
	const struct route *route;

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		route = &routes[i];
		if (strcmp(method, route->method) != 0)
			continue;
		if (route->prefix ?
		    !strncmp(url, route->path, strlen(route->path)) :
		    !strcmp(url, route->path))
			return route;
	}
	return &not_found;
}

static struct request *new_request(struct http *http,
				   struct MHD_Connection *connection,
				   const char *method, const char *url)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	http->sim->stats.http_requests++;
	sim_log(http->sim, "HTTP: %s %s", method, url);
	r->http = http;
	r->connection = connection;
	r->route = find_route(method, url);
	if (r->route->hashes_body &&
	    gnutls_hash_init(&r->hash, GNUTLS_DIG_SHA256) < 0) {
		free(r);
		return NULL;
	}
	return r;
}

static bool keep_body(struct request *r, const char *data, size_t len)
{
	char *body;

	if (len > MAX_BODY - r->body_len) {
		r->too_long = true;
		return true;
	}
	body = realloc(r->body, r->body_len + len);
	if (!body)
		return false;
	r->body = body;
	memcpy(body + r->body_len, data, len);
	r->body_len += len;
	return true;
}

/* The library goes on with it when it runs, for which it has no event. */
static void end_silence(struct request *r)
{
	LIST_REMOVE(r, silent);
	r->silence = sd_event_source_disable_unref(r->silence);
	MHD_resume_connection(r->connection);
	sd_event_source_set_enabled(r->http->tls.again, SD_EVENT_ONESHOT);
}

static int on_silence_over(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	end_silence(data);
	return 0;
}

static bool is_tls_1_3(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection,
					MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info && info->tls_session &&
	       gnutls_protocol_get_version(info->tls_session) == GNUTLS_TLS1_3;
}

/* Return: whether AMT is silent now; then it is asked again after that. */
static bool is_silent(struct request *r)
{
	const struct sim *sim = r->http->sim;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->connection,
					MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct client *client = info ? info->socket_context : NULL;

	if (!client || client->heard)
		return false;
	client->heard = true;
	if (!sim->key.silence_ms || !is_tls_1_3(r->connection) ||
	    sd_event_add_time_relative(sim->event, &r->silence, CLOCK_MONOTONIC,
				       sim->key.silence_ms * USEC_PER_MSEC, 0,
				       on_silence_over, r) < 0)
		return false;
	LIST_INSERT_HEAD(&r->http->silent, r, silent);
	MHD_suspend_connection(r->connection);
	return true;
}

/* Called with the header, then with each piece of the body, then at its end. */
static enum MHD_Result on_request(void *data, struct MHD_Connection *c,
				  const char *url, const char *method,
				  const char *version, const char *body,
				  size_t *body_len, void **state)
{
	struct request *r = *state;

	(void)version;
	if (!r) {
		r = new_request(data, c, method, url);
		*state = r;
		return r ? MHD_YES : MHD_NO;
	}
	if (*body_len) {
		if (r->hash)
			gnutls_hash(r->hash, body, *body_len);
		if (r->route->keeps_body && !keep_body(r, body, *body_len))
			return MHD_NO;
		*body_len = 0;
		return MHD_YES;
	}
	if (is_silent(r))
		return MHD_YES;
	r->url = url;
	return r->route->answer(r);
}

static void on_completed(void *data, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct request *r = *state;

	(void)data;
	(void)c;
	(void)code;
	if (!r)
		return;
	if (r->made_key)
		key_answered(r->http->sim);
	if (r->hash)
		gnutls_hash_deinit(r->hash, NULL);
	free(r->body);
	free(r);
	*state = NULL;
}

static void on_connection(void *data, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	(void)data;
	(void)c;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = calloc(1, sizeof(struct client));
	} else {
		free(*context);
		*context = NULL;
	}
}

/*
 * The library has no timeouts here: it is idle, or wants to run again, after
 * whatever else is due. It wants that all the time while it waits for the rest
 * of a TLS handshake.
 */
static void run(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout;
	bool again;

	MHD_run(server->daemon);
	again = MHD_get_timeout(server->daemon, &timeout) == MHD_YES &&
		!timeout;
	sd_event_source_set_enabled(server->again,
				    again ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	(void)source;
	(void)fd;
	(void)revents;
	run(data);
	return 0;
}

static int on_again(sd_event_source *source, void *data)
{
	(void)source;
	run(data);
	return 0;
}

static struct server *find_server(struct http *http, __u32 port)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (services[i].port == port)
			return services[i].tls ? &http->tls : &http->plain;
	return NULL;
}

int http_connect(struct http *http, __u32 port)
{
	const struct sockaddr address = { .sa_family = AF_UNIX };
	struct server *server = find_server(http, port);
	int pair[2];

	if (!server)
		return -ECONNREFUSED;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       pair) < 0)
		return -errno;
	/* takes the descriptor, also when it fails */
	if (MHD_add_connection(server->daemon, pair[1], &address,
			       sizeof(address)) != MHD_YES) {
		close(pair[0]);
		return -ENOMEM;
	}
	sd_event_source_set_enabled(server->again, SD_EVENT_ONESHOT);
	return pair[0];
}

/* For gnutls_priority_init(3). */
static const char *tls_versions(const struct sim *sim)
{
	if (!sim->opt.profile.tls)
		return "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
	return strcmp(sim->opt.profile.tls, "1.2") ? "NORMAL:-VERS-ALL:+VERS-TLS1.3" :
					     "NORMAL:-VERS-ALL:+VERS-TLS1.2";
}

static struct MHD_Daemon *start_daemon(struct http *http, bool tls)
{
	const struct MHD_OptionItem with_tls[] = {
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, http->identity.key },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, http->identity.certificate },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0,
		  (void *)tls_versions(http->sim) },
		{ MHD_OPTION_END, 0, NULL },
	};
	const struct MHD_OptionItem without[] = {
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
				MHD_ALLOW_SUSPEND_RESUME |
				(tls ? MHD_USE_TLS : 0),
				0, NULL, NULL, on_request, http,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
				MHD_OPTION_NOTIFY_CONNECTION, on_connection,
				NULL,
				MHD_OPTION_DIGEST_AUTH_RANDOM,
				sizeof(http->random), http->random,
				MHD_OPTION_NONCE_NC_SIZE, 256u,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				4 * BLOCK,
				MHD_OPTION_CONNECTION_MEMORY_INCREMENT,
				BLOCK,
				MHD_OPTION_ARRAY, tls ? with_tls : without,
				MHD_OPTION_END);
}

static bool server_start(struct server *server, struct http *http, bool tls)
{
	const union MHD_DaemonInfo *info;
	sd_event *event = http->sim->event;

	server->daemon = start_daemon(http, tls);
	if (!server->daemon)
		return false;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return info &&
	       sd_event_add_io(event, &server->io, info->epoll_fd, EPOLLIN,
			       on_io, server) >= 0 &&
	       sd_event_add_defer(event, &server->again, on_again,
				  server) >= 0 &&
	       sd_event_source_set_priority(server->again,
					    SD_EVENT_PRIORITY_IDLE) >= 0 &&
	       sd_event_source_set_enabled(server->again, SD_EVENT_OFF) >= 0;
}

static void server_stop(struct server *server)
{
	sd_event_source_unref(server->again);
	sd_event_source_unref(server->io);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
}

struct http *http_new(struct sim *sim)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return NULL;
	http->sim = sim;
	LIST_INIT(&http->silent);
	snprintf(http->name, sizeof(http->name), SERVER " %s",
		 sim->pthi.generation->version);
	if (getrandom(http->random, sizeof(http->random), 0) ==
	    sizeof(http->random) &&
	    identity_init(&http->identity) >= 0 &&
	    server_start(&http->plain, http, false) &&
	    server_start(&http->tls, http, true))
		return http;
	http_free(http);
	return NULL;
}

const char *http_certificate(const struct http *http)
{
	return http->identity.certificate;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	/* the library does not end while a connection waits */
	while (!LIST_EMPTY(&http->silent))
		end_silence(LIST_FIRST(&http->silent));
	server_stop(&http->plain);
	server_stop(&http->tls);
	identity_free(&http->identity);
	explicit_bzero(http->random, sizeof(http->random));
	free(http);
}
