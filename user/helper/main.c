// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper: the user half of Intel AMT over the LME driver. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/command.h"
#include "lib/exit.h"

static int cmd_version(int argc, char **argv);
static int cmd_help(int argc, char **argv);

static const struct command commands[] = {
	{ "serve", "bind the ports that AMT forwards", cmd_serve },
	{ "status", "show the link to AMT and its ports", cmd_status },
	{ "doctor", "say what works, what does not, and why", cmd_doctor },
	{ "events", "print what changes", cmd_events },
	{ "wait", "wait for the link or a port", cmd_wait },
	{ "info", "show what AMT tells about itself", cmd_info },
	{ "account", "print the account that AMT has for this system",
	  cmd_account },
	{ "unprovision", "remove AMT's configuration", cmd_unprovision },
	{ "config", "begin or end AMT's configuration", cmd_config },
	{ "cira", "open or close AMT's connection to its server", cmd_cira },
	{ "set", "change a setting of AMT", cmd_set },
	{ "connect", "stdin and stdout to a port inside AMT", cmd_connect },
	{ "yield", "leave LME to another program for a while", cmd_yield },
	{ "amm", "ask an AMM for its endpoints and ATRs", cmd_amm },
	{ "inventory", "the state of AMT and the lists of an AMM",
	  cmd_inventory },
	{ "version", "show the version", cmd_version },
	{ "help", "show this, or the options of a subcommand", cmd_help },
	{ 0 }
};

static void print_usage(FILE *to)
{
	fputs("Usage: amt-helper COMMAND [OPTION...]\n\nCommands:\n", to);
	for (const struct command *command = commands; command->name; command++)
		fprintf(to, "  %-13s%s\n", command->name, command->brief);
	fputs("\nOptions of a command: amt-helper help COMMAND\n", to);
}

static const struct command *find_command(const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	fprintf(stderr, "amt-helper: no command \"%s\"; see: amt-helper help\n",
		name);
	return NULL;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	char name[64];

	/* argp names the program after argv[0] in its messages. */
	snprintf(name, sizeof(name), "amt-helper %s", command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

static int cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("amt-helper " AMT_HELPER_VERSION);
	return EXIT_OK;
}

static int cmd_help(int argc, char **argv)
{
	char help[] = "--help";
	char *args[] = { NULL, help, NULL };
	const struct command *command;

	if (argc < 2) {
		print_usage(stdout);
		return EXIT_OK;
	}
	command = find_command(argv[1]);
	if (!command)
		return EXIT_USAGE;
	if (command->run == cmd_version || command->run == cmd_help) {
		printf("Usage: amt-helper %s\n", command->name);
		return EXIT_OK;
	}
	return run_command(command, 2, args);
}

/* What people type before they know that these are subcommands. */
static const char *command_name(const char *word)
{
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return "help";
	if (strcmp(word, "--version") == 0)
		return "version";
	return word;
}

int main(int argc, char **argv)
{
	const struct command *command;

	argp_err_exit_status = EXIT_USAGE;
	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	command = find_command(command_name(argv[1]));
	return command ? run_command(command, argc - 1, argv + 1) : EXIT_USAGE;
}
