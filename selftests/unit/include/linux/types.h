/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's short names, for its pure sources in a user program. */
#ifndef SELFTESTS_UNIT_TYPES_H
#define SELFTESTS_UNIT_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

typedef __u8 u8;
typedef __u32 u32;

#endif /* SELFTESTS_UNIT_TYPES_H */
