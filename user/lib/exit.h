/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exit codes of amt-helper: one table for every subcommand, mirrored in JSON
 * as error.code and error.name. The numbers are promised to stay.
 */
#ifndef LIB_EXIT_H
#define LIB_EXIT_H

enum exit_code {
	EXIT_OK = 0,
	EXIT_INTERNAL = 1,
	EXIT_USAGE = 2,
	EXIT_NO_MEI = 3,
	EXIT_PERMISSION = 4,
	EXIT_NO_CLIENT = 5,
	EXIT_BUSY = 6,
	EXIT_TIMEOUT = 7,
	EXIT_PROTOCOL = 8,
	EXIT_AMT_STATUS = 9,
	EXIT_PARTLY = 10,
	EXIT_NO_MODULE = 11,
	EXIT_NO_DAEMON = 12,
	EXIT_PEER = 13,
	EXIT_UNEXPECTED = 14,
	EXIT_UNCONFIRMED = 15,
	EXIT_CONFIG = 16,
	/* doctor: the first layer that fails */
	EXIT_DOCTOR_PCI = 20,
	EXIT_DOCTOR_DRIVER = 21,
	EXIT_DOCTOR_DEVICE = 22,
	EXIT_DOCTOR_PERMISSION = 23,
	EXIT_DOCTOR_AMTHI = 24,
	EXIT_DOCTOR_MANAGEABILITY = 25,
	EXIT_DOCTOR_LME = 26,
	EXIT_DOCTOR_BUS = 27,
	EXIT_DOCTOR_HOLDER = 28,
	EXIT_DOCTOR_SIGNATURE = 29,
	EXIT_DOCTOR_MODULE = 30,
	EXIT_DOCTOR_LINK = 31,
	EXIT_DOCTOR_FORWARDS = 32,
	EXIT_DOCTOR_PORTS = 33,
	EXIT_DOCTOR_PROVISIONING = 34,
};

/**
 * exit_name() - the name of an exit code for programs
 * @code: the code
 *
 * Return: a constant string such as "no-module".
 */
const char *exit_name(enum exit_code code);

#endif /* LIB_EXIT_H */
