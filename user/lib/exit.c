// SPDX-License-Identifier: GPL-2.0-only
/* Exit codes of amt-helper. */
#include "lib/exit.h"

const char *exit_name(enum exit_code code)
{
	switch (code) {
	case EXIT_OK:
		return "ok";
	case EXIT_USAGE:
		return "usage";
	case EXIT_NO_MEI:
		return "no-mei-device";
	case EXIT_PERMISSION:
		return "permission";
	case EXIT_NO_CLIENT:
		return "no-amt-client";
	case EXIT_BUSY:
		return "busy";
	case EXIT_TIMEOUT:
		return "timeout";
	case EXIT_PROTOCOL:
		return "protocol";
	case EXIT_AMT_STATUS:
		return "amt-status";
	case EXIT_PARTLY:
		return "partly-unsupported";
	case EXIT_NO_MODULE:
		return "no-module";
	case EXIT_NO_DAEMON:
		return "no-daemon";
	case EXIT_PEER:
		return "peer-unreachable";
	case EXIT_UNCONFIRMED:
		return "outcome-unknown";
	case EXIT_CONFIG:
		return "configuration";
	case EXIT_INTERNAL:
		break;
	}
	return "internal";
}
