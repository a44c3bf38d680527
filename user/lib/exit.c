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
	case EXIT_UNEXPECTED:
		return "unexpected-confirmation";
	case EXIT_UNCONFIRMED:
		return "outcome-unknown";
	case EXIT_CONFIG:
		return "configuration";
	case EXIT_DOCTOR_PCI:
		return "doctor-pci";
	case EXIT_DOCTOR_DRIVER:
		return "doctor-driver";
	case EXIT_DOCTOR_DEVICE:
		return "doctor-device";
	case EXIT_DOCTOR_PERMISSION:
		return "doctor-permission";
	case EXIT_DOCTOR_AMTHI:
		return "doctor-amthi";
	case EXIT_DOCTOR_MANAGEABILITY:
		return "doctor-manageability";
	case EXIT_DOCTOR_LME:
		return "doctor-lme";
	case EXIT_DOCTOR_BUS:
		return "doctor-bus";
	case EXIT_DOCTOR_HOLDER:
		return "doctor-holder";
	case EXIT_DOCTOR_SIGNATURE:
		return "doctor-signature";
	case EXIT_DOCTOR_MODULE:
		return "doctor-module";
	case EXIT_DOCTOR_LINK:
		return "doctor-link";
	case EXIT_DOCTOR_FORWARDS:
		return "doctor-forwards";
	case EXIT_DOCTOR_PORTS:
		return "doctor-ports";
	case EXIT_DOCTOR_PROVISIONING:
		return "doctor-provisioning";
	case EXIT_INTERNAL:
		break;
	}
	return "internal";
}
