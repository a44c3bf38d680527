// SPDX-License-Identifier: GPL-2.0-only
#include <linux/types.h>
#include <string.h>

#include "exchange.h"
#include "fault.h"
#include "sim.h"
#include "spoil.h"

#define MAX_LENGTH 1024

static const struct {
	const char *name;
	enum spoil_kind kind;
	bool has_number;
} kinds[] = {
	{ "none", SPOIL_NONE, false },
	{ "patch", SPOIL_PATCH, true },
	{ "cut", SPOIL_CUT, true },
	{ "pad", SPOIL_PAD, true },
	{ "empty", SPOIL_EMPTY, false },
	{ "silent", SPOIL_SILENT, false },
	{ "late", SPOIL_LATE, false },
	{ "reset", SPOIL_RESET, false },
};

static const char usage[] =
	"usage: spoil none|patch OFFSET HEX|cut N|pad N|empty|silent|late|reset";

static const char *parse(struct spoil *spoil, const char *args, bool has_number)
{
	unsigned long number = 0;
	ssize_t len;

	if (has_number && !take_number(&args, MAX_LENGTH, &number))
		return usage;
	spoil->offset = number;
	spoil->n = number;
	if (spoil->kind == SPOIL_PATCH) {
		len = take_hex(args, spoil->bytes, sizeof(spoil->bytes));
		spoil->n = len;
		return len > 0 ? NULL : usage;
	}
	return *args ? usage : NULL;
}

const char *spoil_command(struct sim *sim, const char *args, FILE *out)
{
	struct spoil spoil = { .kind = SPOIL_NONE };
	const char *error = usage;
	size_t len;

	(void)out;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		len = strlen(kinds[i].name);
		if (strncmp(args, kinds[i].name, len) != 0 ||
		    (args[len] && args[len] != ' '))
			continue;
		spoil.kind = kinds[i].kind;
		args += len + strspn(args + len, " ");
		error = parse(&spoil, args, kinds[i].has_number);
		break;
	}
	if (!error)
		sim->faults.spoil = spoil;
	return error;
}

size_t spoil_response(struct sim *sim, __u8 *rsp, size_t len, size_t room)
{
	struct spoil *spoil = &sim->faults.spoil;

	switch (spoil->kind) {
	case SPOIL_PATCH:
		if (spoil->offset + spoil->n <= len)
			memcpy(rsp + spoil->offset, spoil->bytes, spoil->n);
		return len;
	case SPOIL_CUT:
		return spoil->n < len ? spoil->n : len;
	case SPOIL_PAD:
		if (spoil->n > room - len)
			return len;
		memset(rsp + len, 0, spoil->n);
		return len + spoil->n;
	case SPOIL_EMPTY:
		return EXCHANGE_EMPTY;
	case SPOIL_SILENT:
		return 0;
	case SPOIL_RESET:
		spoil->kind = SPOIL_NONE;
		fault_reset_soon(sim);
		return 0;
	default:
		return len;
	}
}
