// SPDX-License-Identifier: GPL-2.0-only
/* The layers of amt-helper doctor. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "helper/daemon.h"
#include "helper/doctor/doctor.h"

const struct layer doctor_layers[LAYERS_MAX] = {
	{ "pci", EXIT_DOCTOR_PCI, check_pci },
	{ "driver", EXIT_DOCTOR_DRIVER, check_driver },
	{ "device", EXIT_DOCTOR_DEVICE, check_device },
	{ "permission", EXIT_DOCTOR_PERMISSION, check_permission },
	{ "amthi", EXIT_DOCTOR_AMTHI, check_amthi },
	{ "manageability", EXIT_DOCTOR_MANAGEABILITY, check_manageability },
	{ "lme", EXIT_DOCTOR_LME, check_lme },
	{ "bus", EXIT_DOCTOR_BUS, check_bus },
	{ "holder", EXIT_DOCTOR_HOLDER, check_holder },
	{ "lockdown", EXIT_OK, check_lockdown },
	{ "signature", EXIT_DOCTOR_SIGNATURE, check_signature },
	{ "module", EXIT_DOCTOR_MODULE, check_module },
	{ "link", EXIT_DOCTOR_LINK, check_link },
	{ "forwards", EXIT_DOCTOR_FORWARDS, check_forwards },
	{ "tls", EXIT_OK, check_tls },
	{ "ports", EXIT_DOCTOR_PORTS, check_ports },
	{ "provisioning", EXIT_DOCTOR_PROVISIONING, check_provisioning },
	{ "lms", EXIT_OK, check_lms },
	{ 0 }
};

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_OK] = "ok",
		[VERDICT_WARN] = "warn",
		[VERDICT_FAIL] = "fail",
		[VERDICT_UNKNOWN] = "unknown",
	};

	return names[verdict];
}

void finding_set(struct finding *finding, enum verdict verdict,
		 const char *advice, const char *format, ...)
{
	va_list args;

	finding->verdict = verdict;
	finding->advice = advice;
	finding->holders = NULL;
	va_start(args, format);
	vsnprintf(finding->evidence, sizeof(finding->evidence), format, args);
	va_end(args);
}

void doctor_look(struct doctor *doctor, int root)
{
	memset(doctor, 0, sizeof(*doctor));
	look_at_module(doctor, root);
	look_at_mei(doctor, root);
	look_at_amt(doctor);
	/* AMT may take long: all that is taken, and by whom, at the same time. */
	look_at_connections(doctor, root);
	look_at_kernel(doctor);
	look_at_ports(doctor, root);
	doctor->processes.daemon = daemon_pid();
	look_at_processes(doctor, root);
}

void doctor_judge(const struct doctor *doctor,
		  struct finding findings[LAYERS_MAX])
{
	for (int i = 0; doctor_layers[i].name; i++)
		doctor_layers[i].check(doctor, &findings[i]);
}
