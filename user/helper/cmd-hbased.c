// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper config start-hbased: a server that the host names configures AMT. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <nettle/base64.h>
#include <nettle/sha2.h>

#include "helper/amt-change.h"
#include "helper/command.h"
#include "helper/failure.h"
#include "helper/parse.h"
#include "lib/output.h"

#define HASH_MAX 64
#define CERTIFICATE_MAX 65535
#define SUFFIXES_MAX 5
#define SUFFIX_SIZE 64
#define AFTER_STOP_SECONDS 20

static const char doc[] =
	"Let a server configure AMT whose certificate the host vouches for. AMT "
	"answers with the hash of its own certificate.\v"
	"What is under way is stopped first; if something was, AMT gets 20 s "
	"to settle. The layout of the request differs between programs that "
	"are known to work; Documentation/pthi.rst compares them.";

static void digest_sha256(const uint8_t *data, size_t len, uint8_t *hash)
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, len, data);
	sha256_digest(&context, SHA256_DIGEST_SIZE, hash);
}

static void digest_sha384(const uint8_t *data, size_t len, uint8_t *hash)
{
	struct sha384_ctx context;

	sha384_init(&context);
	sha384_update(&context, len, data);
	sha384_digest(&context, SHA384_DIGEST_SIZE, hash);
}

static const struct algorithm {
	const char *name;
	uint8_t number;
	size_t size;
	void (*digest)(const uint8_t *data, size_t len, uint8_t *hash);
} algorithms[] = {
	{ "sha256", 2, 32, digest_sha256 },
	{ "sha384", 3, 48, digest_sha384 },
};

static const char *const layouts[] = { "meshcentral", "rpc-go", "meshagent" };

struct arguments {
	struct change_options options;
	const struct algorithm *algorithm;
	const char *certificate;
	const char *hash;
	bool vpn;
	bool no_stop;
	const char *layout;
	const char *suffixes[SUFFIXES_MAX];
	unsigned int n_suffixes;
};

enum {
	KEY_CERT = 0x300,
	KEY_HASH,
	KEY_ALGORITHM,
	KEY_VPN,
	KEY_SUFFIX,
	KEY_LAYOUT,
	KEY_NO_STOP,
};

static const struct argp_option options[] = {
	{ "cert", KEY_CERT, "FILE", 0,
	  "The server's certificate, PEM or DER", 0 },
	{ "hash", KEY_HASH, "HEX", 0, "Or its hash", 0 },
	{ "algorithm", KEY_ALGORITHM, "NAME", 0,
	  "Of the hash: sha256 (default) or sha384", 0 },
	{ "vpn", KEY_VPN, NULL, 0, "The host may use a VPN", 0 },
	{ "suffix", KEY_SUFFIX, "NAME", 0, "A DNS suffix; up to 5", 0 },
	{ "layout", KEY_LAYOUT, "NAME", 0,
	  "Of the request: meshcentral (default), rpc-go or meshagent", 0 },
	{ "no-stop", KEY_NO_STOP, NULL, 0,
	  "Do not stop what is under way", 0 },
	{ 0 }
};

static const struct argp_child children[] = {
	{ &change_argp, 0, NULL, 0 },
	{ 0 }
};

static void take_algorithm(struct arguments *arguments, const char *name,
			   struct argp_state *state)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(algorithms[i].name, name) == 0) {
			arguments->algorithm = &algorithms[i];
			return;
		}
	argp_error(state, "\"%s\" is neither sha256 nor sha384", name);
}

static void take_layout(struct arguments *arguments, const char *name,
			struct argp_state *state)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (strcmp(layouts[i], name) == 0) {
			arguments->layout = name;
			return;
		}
	argp_error(state, "no layout \"%s\"", name);
}

static void take_suffix(struct arguments *arguments, const char *name,
			struct argp_state *state)
{
	if (!*name || strlen(name) >= SUFFIX_SIZE)
		argp_error(state, "a DNS suffix has 1 to %d characters",
			   SUFFIX_SIZE - 1);
	if (arguments->n_suffixes == SUFFIXES_MAX)
		argp_error(state, "at most %d suffixes", SUFFIXES_MAX);
	arguments->suffixes[arguments->n_suffixes++] = name;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options;
		return 0;
	case KEY_CERT:
		arguments->certificate = arg;
		return 0;
	case KEY_HASH:
		arguments->hash = arg;
		return 0;
	case KEY_ALGORITHM:
		take_algorithm(arguments, arg, state);
		return 0;
	case KEY_VPN:
		arguments->vpn = true;
		return 0;
	case KEY_SUFFIX:
		take_suffix(arguments, arg, state);
		return 0;
	case KEY_LAYOUT:
		take_layout(arguments, arg, state);
		return 0;
	case KEY_NO_STOP:
		arguments->no_stop = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "takes no argument");
		return 0;
	case ARGP_KEY_END:
		if (!arguments->certificate == !arguments->hash)
			argp_error(state, "needs either --cert or --hash");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp hbased_argp = {
	.options = options,
	.parser = parse,
	.doc = doc,
	.children = children,
};

/* ---- The server's hash ---- */

static int parse_hex(const struct arguments *arguments, uint8_t hash[HASH_MAX],
		     struct failure *failure)
{
	const size_t size = arguments->algorithm->size;
	const char *hex = arguments->hash;

	if (strlen(hex) != 2 * size || hex[strspn(hex, "0123456789abcdefABCDEF")])
		return failure_set(failure, EXIT_USAGE,
				   "--hash: %s has %zu hex digits",
				   arguments->algorithm->name, 2 * size);
	for (size_t i = 0; i < size; i++)
		hash[i] = (uint8_t)parse_hex_byte(hex + 2 * i);
	return 0;
}

/* What stands between the lines of PEM, in place. Returns its length, or 0. */
static size_t decode_pem(uint8_t *data)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	struct base64_decode_ctx context;
	char *text = strstr((char *)data, begin);
	char *end = text ? strstr(text, "-----END CERTIFICATE-----") : NULL;
	size_t len;

	if (!end)
		return 0;
	text += strlen(begin);
	base64_decode_init(&context);
	if (!base64_decode_update(&context, &len, data, end - text, text) ||
	    !base64_decode_final(&context))
		return 0;
	return len;
}

/* DER: a sequence, whose length takes two bytes, up to the end. */
static bool is_certificate(const uint8_t *data, size_t len)
{
	return len > 4 && data[0] == 0x30 && data[1] == 0x82 &&
	       (size_t)(data[2] << 8 | data[3]) == len - 4;
}

static int hash_file(const struct arguments *arguments, uint8_t hash[HASH_MAX],
		     struct failure *failure)
{
	uint8_t data[CERTIFICATE_MAX + 1];
	FILE *file = fopen(arguments->certificate, "re");
	size_t len;

	if (!file)
		return failure_set(failure, EXIT_USAGE, "%s: %s",
				   arguments->certificate, strerror(errno));
	len = fread(data, 1, CERTIFICATE_MAX, file);
	fclose(file);
	data[len] = '\0';
	if (!is_certificate(data, len))
		len = decode_pem(data);
	if (!is_certificate(data, len))
		return failure_set(failure, EXIT_USAGE,
				   "%s: not a certificate, PEM or DER",
				   arguments->certificate);
	arguments->algorithm->digest(data, len, hash);
	return 0;
}

/* ---- The request ---- */

/* One behind the other, each with its NUL. */
static size_t list_suffixes(const struct arguments *arguments, char *list)
{
	size_t len = 0;

	for (unsigned int i = 0; i < arguments->n_suffixes; i++) {
		size_t size = strlen(arguments->suffixes[i]) + 1;

		memcpy(list + len, arguments->suffixes[i], size);
		len += size;
	}
	return len;
}

static int start(struct arguments *arguments, const uint8_t hash[HASH_MAX],
		 struct json_object *document, struct failure *failure)
{
	char list[SUFFIXES_MAX * SUFFIX_SIZE];
	size_t len = list_suffixes(arguments, list);
	bool in_bytes = strcmp(arguments->layout, "rpc-go") == 0;
	const struct pthi_argument args[] = {
		{ .number = arguments->algorithm->number },
		{ .bytes = hash, .len = HASH_MAX },
		{ .number = arguments->vpn },
		{ .number = in_bytes ? len : arguments->n_suffixes },
		{ .bytes = list, .len = len },
	};

	return change_send(&arguments->options,
			   pthi_find("StartConfigurationHBased",
				     arguments->layout),
			   args, document, failure);
}

/* AMT says nothing when it has settled. */
static void wait_after_stop(void)
{
	const struct timespec second = { .tv_sec = 1 };
	bool terminal = isatty(STDERR_FILENO);

	fprintf(stderr, "amt-helper: AMT was in configuration; waiting %d s%s",
		AFTER_STOP_SECONDS, terminal ? "" : "\n");
	for (int i = 0; i < AFTER_STOP_SECONDS; i++) {
		nanosleep(&second, NULL);
		if (terminal)
			fputc('.', stderr);
	}
	if (terminal)
		fputc('\n', stderr);
}

static int stop(struct arguments *arguments, struct failure *failure)
{
	const struct pthi_command *command =
		pthi_find("StopConfiguration", NULL);
	struct pthi_reply reply;

	if (arguments->no_stop)
		return 0;
	if (amt_ask(&arguments->options.amt, command, NULL, &reply,
		    failure) < 0)
		return -1;
	if (reply.status == PTHI_EMPTY)
		return amt_refused(command, reply.status, failure);
	/* Others may have the device meanwhile. */
	amt_close(&arguments->options.amt);
	if (reply.status == 0)
		wait_after_stop();
	return 0;
}

static int run(struct arguments *arguments, struct json_object *document,
	       struct failure *failure)
{
	uint8_t hash[HASH_MAX] = { 0 };
	int ret;

	if (arguments->hash)
		ret = parse_hex(arguments, hash, failure);
	else
		ret = hash_file(arguments, hash, failure);
	if (ret < 0 ||
	    change_confirm(&arguments->options,
			   "let the server with this certificate configure AMT",
			   failure) < 0 ||
	    stop(arguments, failure) < 0)
		return -1;
	return start(arguments, hash, document, failure);
}

int cmd_hbased(int argc, char **argv)
{
	struct arguments arguments = {
		.options = { .amt = AMT_CLOSED },
		.algorithm = &algorithms[0],
		.layout = layouts[0],
	};
	struct failure failure = { .code = EXIT_OK };
	char name[] = "amt-helper config start-hbased";
	struct json_object *document;

	argv[0] = name;
	argp_parse(&hbased_argp, argc, argv, 0, NULL, &arguments);
	document = output_new();
	run(&arguments, document, &failure);
	amt_close(&arguments.options.amt);
	return failure_print(document, arguments.options.json, &failure);
}
