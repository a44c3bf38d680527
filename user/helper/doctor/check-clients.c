// SPDX-License-Identifier: GPL-2.0-only
/* Layers from the clients of the firmware to who has the one for ports. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "helper/doctor/doctor.h"

#define NO_CLIENT "enable AMT (manageability) in the firmware setup (MEBx); not every ME has AMT"
#define STOP_IT "stop it (systemctl stop lms, if it is that); one program at a time can use LME"
#define SEE_MORE "run as root, with debugfs mounted on /sys/kernel/debug"

static void judge_client(const struct doctor *doctor, struct finding *finding,
			 const char *uuid, const char *name)
{
	const struct client *client = client_find(&doctor->mei, uuid);

	if (client)
		finding_set(finding, VERDICT_OK, "",
			    "%s takes %d connections, messages of %d bytes",
			    name, client->connections, client->message_size);
	else if (doctor->mei.listed)
		finding_set(finding, VERDICT_FAIL, NO_CLIENT,
			    "the firmware offers no client %s", name);
	else if (*doctor->mei.name)
		finding_set(finding, VERDICT_UNKNOWN, SEE_MORE,
			    "the bus does not show %s, and the list of all clients cannot be read",
			    name);
	else
		finding_set(finding, VERDICT_UNKNOWN, "", "no MEI device");
}

/* An answer, or the lack of the client, tells also without the list. */
void check_amthi(const struct doctor *doctor, struct finding *finding)
{
	const struct amt_facts *amt = &doctor->amt;
	bool told = amt->asked && !client_find(&doctor->mei, UUID_AMTHI);

	if (told && amt->failure.code == EXIT_NO_CLIENT)
		finding_set(finding, VERDICT_FAIL, NO_CLIENT,
			    "the firmware offers no client AMTHI");
	else if (told && amt->failure.code == EXIT_OK)
		finding_set(finding, VERDICT_OK, "", "AMTHI answers");
	else
		judge_client(doctor, finding, UUID_AMTHI, "AMTHI");
}

void check_lme(const struct doctor *doctor, struct finding *finding)
{
	judge_client(doctor, finding, UUID_LME, "LME");
}

void check_bus(const struct doctor *doctor, struct finding *finding)
{
	const struct client *lme = client_find(&doctor->mei, UUID_LME);

	if (!lme)
		finding_set(finding, VERDICT_UNKNOWN, "", "no LME to look for");
	else if (!lme->on_bus && link_is_up(doctor))
		finding_set(finding, VERDICT_OK, "",
			    "the MEI bus hides LME, and a program carries the link");
	else if (!lme->on_bus)
		finding_set(finding, VERDICT_FAIL,
			    "start amt-helper serve, which carries the link itself",
			    "the MEI bus hides LME, as the firmware allows %d connections",
			    lme->connections);
	else if (!*lme->driver)
		finding_set(finding, VERDICT_OK, "",
			    "the MEI bus shows LME, no driver is bound");
	else
		finding_set(finding,
			    strcmp(lme->driver, "amt_lme") == 0 ? VERDICT_OK :
								  VERDICT_WARN,
			    "", "the MEI bus shows LME, %s is bound",
			    lme->driver);
}

/* Whether LME refused the driver, or is connected by somebody else. */
static int connected(const struct doctor *doctor)
{
	const struct client *lme = client_find(&doctor->mei, UUID_LME);

	if (doctor->kernel_error == 0 && doctor->kernel.link.error == EBUSY)
		return 1;
	if (!lme || lme->connected < 0)
		return -1;
	return lme->connected >= lme->connections;
}

static bool is_yielded(const struct doctor *doctor)
{
	return doctor->kernel_error == 0 &&
	       doctor->kernel.link.state == AMT_LME_LINK_STATE_YIELDED;
}

/* The daemon may have it, and is not looked for. */
static const char *nobody(const struct process_facts *processes)
{
	return processes->daemon ? "no process but amt-helper serve" :
				   "no process";
}

void finding_taken(struct finding *finding, enum verdict verdict,
		   const struct process_facts *processes, const char *client,
		   const char *advice)
{
	char text[TASKS_TEXT_SIZE];

	if (processes->mei.count)
		finding_set(finding, verdict, advice,
			    "%s is taken; the MEI device is open in %.200s",
			    client,
			    tasks_text(&processes->mei, text, sizeof(text)));
	else if (processes->unseen)
		finding_set(finding, verdict,
			    "run as root to see its name, and stop it",
			    "%s is taken by a process that cannot be seen",
			    client);
	else
		finding_set(finding, verdict,
			    "unload the drivers that are bound to it: ls /sys/bus/mei/drivers",
			    "%s is taken, and %s has the MEI device open",
			    client, nobody(processes));
	finding->holders = &processes->mei;
}

static void judge_unknown(const struct process_facts *seen,
			  struct finding *finding)
{
	char text[TASKS_TEXT_SIZE];

	if (seen->mei.count)
		finding_set(finding, VERDICT_UNKNOWN, SEE_MORE,
			    "the MEI device is open in %.200s, for LME or another client",
			    tasks_text(&seen->mei, text,
				       sizeof(text)));
	else if (seen->unseen)
		finding_set(finding, VERDICT_UNKNOWN, SEE_MORE,
			    "%d processes do not show their files",
			    seen->unseen);
	else
		finding_set(finding, VERDICT_OK, "",
			    "%s has the MEI device open", nobody(seen));
}

void check_holder(const struct doctor *doctor, struct finding *finding)
{
	const struct process_facts *seen = &doctor->processes;

	if (!*doctor->mei.name)
		finding_set(finding, VERDICT_UNKNOWN, "", "no MEI device");
	else if (link_is_up(doctor))
		finding_set(finding, VERDICT_OK, "", "amt_lme has LME");
	else if (is_yielded(doctor))
		finding_set(finding, VERDICT_WARN,
			    "it comes back when that amt-helper yield ends",
			    "LME is left to another program");
	else if (connected(doctor) == 1)
		finding_taken(finding, VERDICT_FAIL, seen, "LME", STOP_IT);
	else if (connected(doctor) == 0)
		finding_set(finding, VERDICT_OK, "", "nobody has LME");
	else
		judge_unknown(seen, finding);
}
