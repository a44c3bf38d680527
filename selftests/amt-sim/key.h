/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The key pair that the host has AMT make. Some firmware leaves as soon as the
 * host has read the answer, and is another when it comes back: see key_away_ms
 * and its neighbours in struct profile.
 */
#ifndef AMT_SIM_KEY_H
#define AMT_SIM_KEY_H

#include <linux/types.h>

struct sim;

/* Of the one key that AMT keeps */
#define KEY_HANDLE "Intel(r) AMT Key: Handle: 0"

/* Of PT_STATUS, which WS-Management tells as ReturnValue */
enum key_status {
	KEY_OK = 0,
	KEY_INTERNAL_ERROR = 1,
	KEY_MAX_LIMIT_REACHED = 23,
	KEY_INVALID_PARAMETER = 36,
};

/**
 * key_init - no key
 * @sim: the virtual AMT, with its event loop
 *
 * Return: 0 or a negative errno.
 */
int key_init(struct sim *sim);

/**
 * key_free - forget the key
 * @sim: the virtual AMT
 */
void key_free(struct sim *sim);

/**
 * key_make - make an RSA key pair, and keep its public half
 * @sim: the virtual AMT
 * @bits: of the modulus
 *
 * Return: how it went.
 */
enum key_status key_make(struct sim *sim, unsigned int bits);

/**
 * key_answered - the answer that tells of the key is on its way
 * @sim: the virtual AMT
 */
void key_answered(struct sim *sim);

/**
 * key_read - the host has read that answer
 * @sim: the virtual AMT
 */
void key_read(struct sim *sim);

#endif /* AMT_SIM_KEY_H */
