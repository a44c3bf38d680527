/* SPDX-License-Identifier: GPL-2.0-only */
/* Facts about a machine with AMT that nobody has published. */
#ifndef DOCTOR_HARDWARE_REPORT_H
#define DOCTOR_HARDWARE_REPORT_H

struct doctor;
struct finding;
struct json_object;

/**
 * hardware_report() - collect the facts
 * @doctor: what was seen
 * @findings: and what that means
 *
 * Asks AMT, and holds the link to it for some seconds, unless another program
 * has it. Nothing in it names the machine, its owner or its network:
 * Documentation/doctor.rst lists all of it.
 *
 * Return: a document, see output_new().
 */
struct json_object *hardware_report(const struct doctor *doctor,
			       const struct finding *findings);

#endif /* DOCTOR_HARDWARE_REPORT_H */
