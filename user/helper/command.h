/* SPDX-License-Identifier: GPL-2.0-only */
/* The subcommands of amt-helper; the table is in main.c. */
#ifndef HELPER_COMMAND_H
#define HELPER_COMMAND_H

struct argp;

#define AMT_HELPER_VERSION "0.1.0"

/**
 * struct command - a subcommand
 * @name: its word on the command line
 * @brief: a line of help
 * @run: takes the arguments from @name on, returns the exit code
 */
struct command {
	const char *name;
	const char *brief;
	int (*run)(int argc, char **argv);
};

/* For struct argp_option of a subcommand that prints. */
#define OPTION_JSON { "json", 'j', NULL, 0, "Print JSON for programs", 0 }

int cmd_amm(int argc, char **argv);
int cmd_account(int argc, char **argv);
int cmd_cira(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_connect(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_inventory(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_unprovision(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_yield(int argc, char **argv);

/* Of amm raw and of config start-hbased; without that second word in argv[]. */
extern const struct argp amm_raw_argp;
extern const struct argp hbased_argp;
int cmd_amm_raw(int argc, char **argv);
int cmd_hbased(int argc, char **argv);

#endif /* HELPER_COMMAND_H */
