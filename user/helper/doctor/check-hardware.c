// SPDX-License-Identifier: GPL-2.0-only
/* Layers from the chipset to a device node that may be opened. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "helper/doctor/doctor.h"
#include "lib/device.h"

static bool has_mei(const struct doctor *doctor)
{
	return *doctor->mei.name;
}

void check_pci(const struct doctor *doctor, struct finding *finding)
{
	const struct pci_facts *pci = &doctor->pci;

	if (*pci->address)
		finding_set(finding, VERDICT_OK, "", "Intel ME %s at %s",
			    pci->id, pci->address);
	else if (has_mei(doctor))
		finding_set(finding, VERDICT_OK, "",
			    "no Intel ME, but %s is one of another kind (%s)",
			    doctor->mei.name, doctor->mei.parent);
	else if (pci->readable)
		finding_set(finding, VERDICT_FAIL,
			    "AMT cannot be used on this machine; if it should have AMT, its firmware setup or a hypervisor hides the ME",
			    "no hardware: the PCI bus shows no Intel ME");
	else
		finding_set(finding, VERDICT_UNKNOWN,
			    "run it where sysfs is mounted, outside of a container",
			    "there is no PCI bus to look at");
}

/* The ME is there, mei_me is loaded, and yet it is not bound. */
static void judge_unbound(const struct pci_facts *pci, struct finding *finding)
{
	if (pci->listed == 0)
		finding_set(finding, VERDICT_FAIL,
			    "use a newer kernel",
			    "mei_me of this kernel does not know %s", pci->id);
	else
		finding_set(finding, VERDICT_FAIL,
			    "see why: dmesg | grep mei_me",
			    "mei_me is loaded and did not take %s",
			    pci->address);
}

void check_driver(const struct doctor *doctor, struct finding *finding)
{
	const struct pci_facts *pci = &doctor->pci;

	if (has_mei(doctor))
		finding_set(finding, VERDICT_OK, "", "%s is bound to %s",
			    *doctor->mei.driver ? doctor->mei.driver :
						  "a driver",
			    doctor->mei.parent);
	else if (!*pci->address)
		finding_set(finding, VERDICT_UNKNOWN, "", "no hardware for it");
	else if (*pci->driver)
		finding_set(finding, VERDICT_FAIL,
			    "the firmware did not answer it: dmesg | grep mei",
			    "%s is bound to %s and shows no MEI device",
			    pci->driver, pci->address);
	else if (pci->mei_me)
		judge_unbound(pci, finding);
	else
		finding_set(finding, VERDICT_FAIL,
			    "run: modprobe mei_me (grep -r mei /etc/modprobe.d shows what forbids it)",
			    "mei_me is not loaded");
}

static void judge_state(const struct mei_facts *mei, struct finding *finding)
{
	if (*mei->state && strcmp(mei->state, "ENABLED") != 0)
		finding_set(finding, VERDICT_FAIL,
			    "a reset takes seconds; if it stays so, the firmware does not answer: dmesg | grep mei, power the machine off and on",
			    "%s is %s", mei->name, mei->state);
	else if (!mei->node)
		finding_set(finding, VERDICT_FAIL,
			    "mount devtmpfs on /dev; to a container, pass the device",
			    "/dev/%s is missing", mei->name);
	else
		finding_set(finding, VERDICT_OK, "", "%s, firmware %s",
			    mei->name,
			    *mei->firmware ? mei->firmware : "unknown");
}

void check_device(const struct doctor *doctor, struct finding *finding)
{
	const struct mei_facts *mei = &doctor->mei;

	if (has_mei(doctor))
		judge_state(mei, finding);
	else if (mei->others)
		finding_set(finding, VERDICT_FAIL,
			    "see the layers above for why there is none of the CSME",
			    "%d MEI devices, all of other kinds (graphics, touch)",
			    mei->others);
	else
		finding_set(finding, VERDICT_UNKNOWN, "", "no MEI device");
}

void check_permission(const struct doctor *doctor, struct finding *finding)
{
	int mei = doctor->mei.access, ctl = doctor->module.ctl;

	if (mei == 0 && (ctl == 0 || ctl == -ENOENT))
		finding_set(finding, VERDICT_OK, "", "/dev/%s%s may be opened",
			    doctor->mei.name,
			    ctl == 0 ? " and " DEVICE_CTL : "");
	else if (ctl == 0 && mei == -EACCES)
		finding_set(finding, VERDICT_WARN,
			    "for what asks AMT itself, run as root, or join the group amt-mei",
			    DEVICE_CTL " may be opened, /dev/%s may not",
			    doctor->mei.name);
	else if (ctl == 0)
		finding_set(finding, VERDICT_OK, "",
			    DEVICE_CTL " may be opened");
	else if (mei == -EACCES || ctl == -EACCES)
		finding_set(finding, VERDICT_FAIL,
			    "run as root, or join the groups amt (ports) and amt-mei (questions)",
			    "this user may not open %s",
			    ctl == -EACCES ? DEVICE_CTL : "the MEI device");
	else
		finding_set(finding, VERDICT_UNKNOWN, "", "nothing to open");
}
