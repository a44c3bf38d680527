/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * WS-Management, DSP0226: Identify, Get, and Enumerate with Pull, of a few
 * classes that host programs look at first.
 */
#ifndef AMT_SIM_WSMAN_H
#define AMT_SIM_WSMAN_H

#include <stdbool.h>
#include <stddef.h>

struct sim;

/* In the Digest challenge and in AMT_GeneralSettings */
#define WSMAN_REALM "Digest:A4070000000000000000000000000000"

/**
 * wsman_answer - answer an envelope
 * @sim: the virtual AMT
 * @request: the envelope
 * @len: its length
 * @fault: set when the answer is a fault
 *
 * Return: an envelope, to be freed with free(), or NULL: out of memory.
 */
char *wsman_answer(struct sim *sim, const char *request, size_t len,
		   bool *fault);

#endif /* AMT_SIM_WSMAN_H */
