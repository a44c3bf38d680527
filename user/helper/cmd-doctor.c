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
#include "helper/doctor/hardware-report.h"
#include "helper/failure.h"
#include "lib/output.h"

struct options {
	bool json;
	bool report;
	const char *file;
};

static const char doc[] =
	"Say of each layer from the chipset to the ports whether it works, what\n"
	"was seen, and what to do. It changes nothing and needs no privileges, but\n"
	"sees more as root.\v"
	"--hardware-report collects facts about AMT that nobody has published, as\n"
	"JSON without names, addresses and numbers of this machine. It holds the\n"
	"link to AMT for some seconds, unless another program has it.\n\n"
	"Exit code: 0 no layer fails, or the report is written; 20 to 34 the first\n"
	"layer that fails, from 20 (no Intel ME) on: see doctor.rst.";

static const struct argp_option options[] = {
	OPTION_JSON,
	{ "hardware-report", 'r', NULL, 0,
	  "Collect facts for a report, into FILE or to stdout", 0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *opt = state->input;

	switch (key) {
	case 'j':
		opt->json = true;
		return 0;
	case 'r':
		opt->report = true;
		return 0;
	case ARGP_KEY_ARG:
		if (opt->file)
			argp_error(state, "takes one file");
		opt->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (opt->file && !opt->report)
			argp_error(state, "takes a file with --hardware-report only");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "\n--hardware-report [FILE]",
	.doc = doc,
};

static void describe_holders(struct json_object *row, const struct tasks *tasks)
{
	struct json_object *holders = output_array(row, "holders");

	for (int i = 0; i < tasks->count && i < TASKS_MAX; i++) {
		struct json_object *holder = output_row(holders);

		output_u32(holder, "pid", tasks->task[i].pid);
		output_string(holder, "name", tasks->task[i].name);
	}
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
		if (finding->holders)
			describe_holders(row, finding->holders);
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

/* A file of that name stays as it is. */
static int write_to(const char *file, struct failure *failure)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return failure_set(failure, EXIT_INTERNAL,
				   "%s: %s; name a file that can be created",
				   file, strerror(errno));
	if (dup2(fd, STDOUT_FILENO) < 0)
		failure_set(failure, EXIT_INTERNAL, "%s: %s", file,
			    strerror(errno));
	close(fd);
	return failure->code == EXIT_OK ? 0 : -1;
}

static int report(const struct doctor *doctor, const struct finding *findings,
		  const char *file)
{
	struct failure failure = { .code = EXIT_OK };

	if (file && write_to(file, &failure) < 0)
		return failure_report(&failure);
	failure_print(hardware_report(doctor, findings), true, &failure);
	if (file && failure.code == EXIT_OK)
		fprintf(stderr, "amt-helper: %s is written; read it before you send it\n",
			file);
	return failure.code;
}

int cmd_doctor(int argc, char **argv)
{
	struct failure failure = { .code = EXIT_OK };
	struct finding findings[LAYERS_MAX];
	struct options opt = { 0 };
	struct doctor doctor;
	int root;

	argp_parse(&argp, argc, argv, 0, NULL, &opt);
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		failure_set(&failure, EXIT_INTERNAL, "/: %s", strerror(errno));
		return failure_report(&failure);
	}
	doctor_look(&doctor, root);
	close(root);
	doctor_judge(&doctor, findings);
	if (opt.report)
		return report(&doctor, findings, opt.file);
	set_failure(findings, &failure);
	if (opt.json)
		return failure_print(describe(findings), true, &failure);
	return print_text(findings, &failure);
}
