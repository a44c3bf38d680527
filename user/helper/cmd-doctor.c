// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper doctor: what works, layer by layer, and what does not. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/command.h"
#include "helper/doctor/doctor.h"
#include "helper/failure.h"
#include "lib/output.h"

static const char doc[] =
	"Say of each layer from the chipset to the ports whether it works, what\n"
	"was seen, and what to do. It changes nothing and needs no privileges, but\n"
	"sees more as root.\v"
	"Exit code: 0 no layer fails; 20 to 34 the first layer that does, from\n"
	"20 (no Intel ME) on: see doctor.rst.";

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON for programs", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	(void)arg;
	switch (key) {
	case 'j':
		*json = true;
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
};

static const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_OK] = "ok",
		[VERDICT_WARN] = "warn",
		[VERDICT_FAIL] = "fail",
		[VERDICT_UNKNOWN] = "unknown",
	};

	return names[verdict];
}

static struct json_object *describe(const struct finding *findings)
{
	struct json_object *document = output_new();
	struct json_object *layers = output_array(document, "layers");

	for (int i = 0; doctor_layers[i].name; i++) {
		const struct finding *finding = &findings[i];
		struct json_object *row = output_row(layers);

		output_string(row, "layer", doctor_layers[i].name);
		output_enum(row, "verdict", finding->verdict,
			    verdict_name(finding->verdict));
		output_string(row, "evidence", finding->evidence);
		output_string(row, "advice", finding->advice);
	}
	return document;
}

static int print_text(const struct finding *findings, struct failure *failure)
{
	for (int i = 0; doctor_layers[i].name; i++) {
		const struct finding *finding = &findings[i];

		printf("%-8s %-14s %s%s%s\n", verdict_name(finding->verdict),
		       doctor_layers[i].name, finding->evidence,
		       *finding->advice ? " -> " : "", finding->advice);
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		failure_set(failure, EXIT_INTERNAL, "cannot print: %s",
			    strerror(errno));
	return failure->code == EXIT_OK ? EXIT_OK : failure_report(failure);
}

/* The first layer that fails is why those below do. */
static void set_failure(const struct finding *findings, struct failure *failure)
{
	for (int i = 0; doctor_layers[i].name; i++)
		if (findings[i].verdict == VERDICT_FAIL) {
			failure_set(failure, doctor_layers[i].code, "%s; %s",
				    findings[i].evidence, findings[i].advice);
			return;
		}
}

int cmd_doctor(int argc, char **argv)
{
	struct failure failure = { .code = EXIT_OK };
	struct finding findings[LAYERS_MAX];
	struct doctor doctor;
	bool json = false;
	int root;

	argp_parse(&argp, argc, argv, 0, NULL, &json);
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		failure_set(&failure, EXIT_INTERNAL, "/: %s", strerror(errno));
		return failure_report(&failure);
	}
	doctor_look(&doctor, root);
	close(root);
	doctor_judge(&doctor, findings);
	set_failure(findings, &failure);
	if (json)
		return failure_print(describe(findings), true, &failure);
	return print_text(findings, &failure);
}
