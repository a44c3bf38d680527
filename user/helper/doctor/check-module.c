// SPDX-License-Identifier: GPL-2.0-only
/* Layers about the LME driver as a module. */
#include <stdio.h>
#include <string.h>

#include "helper/doctor/doctor.h"

void check_lockdown(const struct doctor *doctor, struct finding *finding)
{
	const struct module_facts *module = &doctor->module;
	static const char *const secure_boot[] = {
		"secure boot off", "secure boot on", "no EFI secure boot seen",
	};
	const char *boot = secure_boot[module->secure_boot < 0 ?
					2 : module->secure_boot];

	if (module->enforced < 0)
		finding_set(finding, VERDICT_UNKNOWN,
			    "to see it, mount sysfs on /sys",
			    "%s", boot);
	else
		finding_set(finding, VERDICT_OK, "",
			    "lockdown %s, %s: the kernel takes %s",
			    *module->lockdown ? module->lockdown : "not seen",
			    boot, module->enforced ? "signed modules only" :
						     "any module");
}

static void judge_file(const struct module_facts *module,
		       struct finding *finding)
{
	switch (module->signature) {
	case SIGNATURE_THERE:
		finding_set(finding, VERDICT_OK,
			    module->enforced == 1 ?
			    "if loading it says \"Key was rejected\", enrol the key: mokutil --import" :
			    "", "%s is signed", module->file);
		break;
	case SIGNATURE_MISSING:
		finding_set(finding, module->enforced == 1 ? VERDICT_FAIL :
							     VERDICT_OK,
			    module->enforced == 1 ?
			    "sign it (sign-file, or dkms) and enrol the key: mokutil --import" :
			    "", "%s is not signed", module->file);
		break;
	default:
		finding_set(finding, VERDICT_UNKNOWN,
			    "see: modinfo -F signer amt_lme",
			    "%s is compressed", module->file);
	}
}

void check_signature(const struct doctor *doctor, struct finding *finding)
{
	const struct module_facts *module = &doctor->module;

	if (module->loaded)
		finding_set(finding, VERDICT_OK, "", "%s, and was taken",
			    strchr(module->taint, 'E') ? "amt_lme is not signed" :
			    "amt_lme is signed, or the kernel does not look");
	else if (*module->file)
		judge_file(module, finding);
	else
		finding_set(finding, VERDICT_UNKNOWN, "",
			    "amt_lme is not installed");
}

void check_module(const struct doctor *doctor, struct finding *finding)
{
	const struct module_facts *module = &doctor->module;

	if (module->loaded)
		finding_set(finding, VERDICT_OK, "", "amt_lme is loaded");
	else if (doctor->pci.readable && !*doctor->pci.address &&
		 !*doctor->mei.name)
		finding_set(finding, VERDICT_UNKNOWN, "",
			    "amt_lme is not loaded, and there is no hardware for it");
	else if (*module->file)
		finding_set(finding, VERDICT_WARN,
			    "other commands load it when they need it; or: modprobe amt_lme",
			    "amt_lme is installed and not loaded");
	else
		finding_set(finding, VERDICT_FAIL,
			    "install it for this kernel, and run: depmod && modprobe amt_lme",
			    "amt_lme is not installed for %s",
			    *module->release ? module->release : "this kernel");
}
