/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AMT_SIM_EXCHANGE_H
#define AMT_SIM_EXCHANGE_H

#include <stddef.h>

struct me_client_ops;

/* What a client answers when its response has no bytes. */
#define EXCHANGE_EMPTY ((size_t)-1)

/*
 * Clients that answer each message with at most one message, through the
 * client's @answer, which spoil.h may change. The host gets its next credit when the response has left,
 * so there is never more than one request in flight.
 */
extern const struct me_client_ops exchange_ops;

#endif /* AMT_SIM_EXCHANGE_H */
