// SPDX-License-Identifier: GPL-2.0-only
/*
 * amt-helper account: the user that AMT has made for this system.
 *
 * Nothing here goes through stdio or json-c, which keep copies.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/amt.h"
#include "helper/command.h"
#include "helper/failure.h"
#include "lib/output.h"

static const char doc[] =
	"Print user and password of the account that AMT has made for this "
	"system, each on a line: for HTTP Digest on the local ports.\v"
	"Only to a pipe, a socket or a file that nobody else can read. On a "
	"terminal only with --show.";

struct arguments {
	struct amt amt;
	const char *output;
	bool show;
	bool json;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Create this file, with mode 0600", 0 },
	{ "show", 's', NULL, 0, "Show it on a terminal", 0 },
	OPTION_JSON,
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->amt;
		return 0;
	case 'o':
		arguments->output = arg;
		return 0;
	case 's':
		arguments->show = true;
		return 0;
	case 'j':
		arguments->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "takes no argument");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = doc,
	.children = amt_children,
};

static int fail_output(const char *path, int error, struct failure *failure)
{
	return failure_set(failure, EXIT_INTERNAL,
			   "%s: %s; name a file that can be created", path,
			   strerror(error));
}

/* Before AMT is asked. Who makes that file meanwhile is refused all the same. */
static int check_output(const struct arguments *arguments,
			struct failure *failure)
{
	struct stat st;

	if (arguments->output)
		return lstat(arguments->output, &st) < 0 ? 0 :
		       fail_output(arguments->output, EEXIST, failure);
	if (isatty(STDOUT_FILENO) && !arguments->show)
		return failure_set(failure, EXIT_USAGE,
				   "stdout is a terminal; --show shows the password there");
	if (fstat(STDOUT_FILENO, &st) < 0 ||
	    (S_ISREG(st.st_mode) && (st.st_mode & 077)))
		return failure_set(failure, EXIT_USAGE,
				   "stdout is a file that others can read; use --output FILE");
	return 0;
}

/* Escaped in JSON, each character may need two. */
#define SECRET_SIZE 256

struct secret {
	char text[SECRET_SIZE];
	size_t len;
};

static void add(struct secret *secret, const char *text)
{
	size_t len = strlen(text);

	memcpy(secret->text + secret->len, text, len);
	secret->len += len;
}

/* Return: -1 if it is not printable ASCII. */
static int add_item(struct secret *secret, const struct pthi_item *item,
		    bool escape)
{
	size_t len = pthi_text_len(item);

	for (size_t i = 0; i < len; i++) {
		if (item->bytes[i] < ' ' || item->bytes[i] > '~')
			return -1;
		if (escape && strchr("\"\\", item->bytes[i]))
			secret->text[secret->len++] = '\\';
		secret->text[secret->len++] = (char)item->bytes[i];
	}
	return len ? 0 : -1;
}

/* User and password, with what stands around them as text or as JSON. */
static int format(struct secret *secret, const struct pthi_command *command,
		  const struct pthi_reply *reply, bool json)
{
	static const char *const before[][2] = {
		{ "", "{\"schema_version\":1,\"account\":{\"user\":\"" },
		{ "\n", "\",\"password\":\"" },
	};
	struct pthi_reader reader;
	struct pthi_item item;

	pthi_read(&reader, command->response, reply->data, reply->len);
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		add(secret, before[i][json]);
		if (pthi_next(&reader, &item) <= 0 ||
		    add_item(secret, &item, json) < 0)
			return -1;
	}
	add(secret, json ? "\"}}\n" : "\n");
	return 0;
}

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= n) {
		n = write(fd, text, len);
		if (n < 0)
			return -errno;
	}
	return 0;
}

/* All of it, or no file. */
static int write_file(const char *path, const struct secret *secret,
		      struct failure *failure)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return fail_output(path, errno, failure);
	ret = write_all(fd, secret->text, secret->len);
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	if (ret == 0)
		return 0;
	unlink(path);
	return failure_set(failure, EXIT_INTERNAL, "%s: %s", path,
			   strerror(-ret));
}

static int write_stdout(const struct secret *secret, struct failure *failure)
{
	int ret = write_all(STDOUT_FILENO, secret->text, secret->len);

	if (ret == 0)
		return 0;
	return failure_set(failure, EXIT_INTERNAL, "cannot write: %s",
			   strerror(-ret));
}

static void print(const struct arguments *arguments,
		  const struct pthi_command *command,
		  const struct pthi_reply *reply, struct failure *failure)
{
	struct secret secret = { .len = 0 };

	if (format(&secret, command, reply, arguments->json) < 0)
		failure_set(failure, EXIT_PROTOCOL,
			    "%s: the reply has no user and password",
			    command->name);
	else if (arguments->output)
		write_file(arguments->output, &secret, failure);
	else
		write_stdout(&secret, failure);
	explicit_bzero(&secret, sizeof(secret));
}

static void ask_and_print(struct arguments *arguments, struct failure *failure)
{
	const struct pthi_command *command =
		pthi_find("GetLocalSystemAccount", NULL);
	struct pthi_reply reply;

	if (amt_ask(&arguments->amt, command, NULL, &reply, failure) < 0)
		return;
	if (reply.status)
		amt_refused(command, reply.status, failure);
	else
		print(arguments, command, &reply, failure);
}

int cmd_account(int argc, char **argv)
{
	struct arguments arguments = { .amt = AMT_CLOSED };
	struct failure failure = { .code = EXIT_OK };

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (check_output(&arguments, &failure) == 0)
		ask_and_print(&arguments, &failure);
	amt_close(&arguments.amt);
	if (failure.code == EXIT_OK)
		return EXIT_OK;
	if (arguments.json)
		return failure_print(output_new(), true, &failure);
	return failure_report(&failure);
}
