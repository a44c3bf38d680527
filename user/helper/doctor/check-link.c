// SPDX-License-Identifier: GPL-2.0-only
/* Layers from the link to AMT to the ports on this machine. */
#include <stdio.h>
#include <string.h>

#include "helper/doctor/doctor.h"
#include "helper/failure.h"
#include "helper/kernel.h"

/* Documentation/protocol.rst, "Ports". */
#define PORT_HTTP 16992
#define PORT_HTTPS 16993

static bool not_known(const struct doctor *doctor, struct finding *finding)
{
	if (doctor->kernel_error == 0)
		return false;
	if (doctor->module.loaded)
		finding_set(finding, VERDICT_UNKNOWN,
			    "try again; it was loaded or unloaded just now",
			    "amt_lme does not answer: %s",
			    strerror(-doctor->kernel_error));
	else
		finding_set(finding, VERDICT_UNKNOWN, "",
			    "amt_lme is not loaded");
	return true;
}

static const char *link_advice(uint32_t state)
{
	switch (state) {
	case AMT_LME_LINK_STATE_ABSENT:
		return "see the layers above: pci to bus";
	case AMT_LME_LINK_STATE_CONNECTING:
		return "see the holder above, and dmesg";
	case AMT_LME_LINK_STATE_YIELDED:
		return "it comes back when that amt-helper yield ends";
	default:
		return "nobody uses it; start: amt-helper serve";
	}
}

void check_link(const struct doctor *doctor, struct finding *finding)
{
	const struct link_info *link = &doctor->kernel.link;
	const char *state;

	if (not_known(doctor, finding))
		return;
	state = kernel_link_state(link->state);
	if (link->state == AMT_LME_LINK_STATE_UP)
		finding_set(finding, VERDICT_OK, "",
			    "up, session %u, transport %s, %u channels open",
			    link->generation, kernel_transport(link->transport),
			    link->channels);
	else if (link->error && (link->state == AMT_LME_LINK_STATE_ABSENT ||
				 link->state == AMT_LME_LINK_STATE_CONNECTING))
		finding_set(finding, VERDICT_FAIL, link_advice(link->state),
			    "%s: %s", state, strerror((int)link->error));
	else
		finding_set(finding,
			    link->state == AMT_LME_LINK_STATE_ABSENT ?
				    VERDICT_FAIL : VERDICT_WARN,
			    link_advice(link->state), "%s", state);
}

static bool is_forwarded(const struct doctor *doctor, unsigned int port)
{
	for (int i = 0; i < doctor->kernel.forward_count; i++)
		if (doctor->kernel.forwards[i].port == port)
			return true;
	return false;
}

static const char *forwards_text(const struct doctor *doctor,
				 char text[FINDING_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < doctor->kernel.forward_count; i++) {
		const struct forward_info *forward =
			&doctor->kernel.forwards[i];

		if (used < FINDING_SIZE)
			used += (size_t)snprintf(text + used,
						 FINDING_SIZE - used,
						 "%s%u %s", i ? ", " : "",
						 forward->port,
						 kernel_forward_state(
							 forward->state));
	}
	return text;
}

void check_forwards(const struct doctor *doctor, struct finding *finding)
{
	char text[FINDING_SIZE];

	if (not_known(doctor, finding))
		return;
	if (doctor->kernel.forward_count)
		finding_set(finding, VERDICT_OK, "", "%.250s",
			    forwards_text(doctor, text));
	else if (link_is_up(doctor) && doctor->kernel.link.settled)
		finding_set(finding, VERDICT_FAIL,
			    "AMT is not set up, or its network access is off: see provisioning, or MEBx",
			    "AMT forwards no port");
	else if (link_is_up(doctor))
		finding_set(finding, VERDICT_WARN, "look again in a few seconds",
			    "AMT has not named its ports yet");
	else
		finding_set(finding, VERDICT_UNKNOWN, "",
			    "the link was not up yet");
}

void check_tls(const struct doctor *doctor, struct finding *finding)
{
	bool http = is_forwarded(doctor, PORT_HTTP);
	bool https = is_forwarded(doctor, PORT_HTTPS);

	if (not_known(doctor, finding))
		return;
	if (https && !http)
		finding_set(finding, VERDICT_WARN,
			    "use https on port 16993; AMT's certificate is its own",
			    "this AMT takes TLS only");
	else if (http)
		finding_set(finding, VERDICT_OK, "", "http on port 16992%s",
			    https ? ", https on port 16993" : "");
	else
		finding_set(finding, VERDICT_UNKNOWN, "",
			    "AMT forwards neither 16992 nor 16993");
}

static bool is_ours(const struct listener *listener)
{
	return strcmp(listener->owner.name, "amt-helper") == 0;
}

/* Whether it keeps amt-helper from a port that AMT forwards or may forward. */
static bool is_in_the_way(const struct doctor *doctor,
			  const struct listener *listener)
{
	return listener->owner.pid && !is_ours(listener) &&
	       (doctor->kernel.forward_count == 0 ||
		is_forwarded(doctor, listener->port));
}

static bool is_repeated(const struct doctor *doctor, int index)
{
	const struct listener *listener = &doctor->listeners[index];

	for (int i = 0; i < index; i++)
		if (doctor->listeners[i].port == listener->port &&
		    doctor->listeners[i].owner.pid == listener->owner.pid)
			return true;
	return false;
}

static const char *listeners_text(const struct doctor *doctor,
				  char text[FINDING_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < doctor->listener_count; i++) {
		const struct listener *listener = &doctor->listeners[i];

		if (is_repeated(doctor, i) || used >= FINDING_SIZE)
			continue;
		used += (size_t)snprintf(text + used, FINDING_SIZE - used,
					 "%s%u: ", used ? ", " : "",
					 listener->port);
		if (used >= FINDING_SIZE)
			continue;
		if (listener->owner.pid)
			used += (size_t)snprintf(text + used,
						 FINDING_SIZE - used,
						 "%s[%d]",
						 listener->owner.name,
						 listener->owner.pid);
		else
			used += (size_t)snprintf(text + used,
						 FINDING_SIZE - used,
						 "somebody");
	}
	return text;
}

void check_ports(const struct doctor *doctor, struct finding *finding)
{
	char text[FINDING_SIZE];
	int taken = 0, unseen = 0;

	for (int i = 0; i < doctor->listener_count; i++) {
		unseen += doctor->listeners[i].owner.pid == 0;
		taken += is_in_the_way(doctor, &doctor->listeners[i]);
	}
	listeners_text(doctor, text);
	if (taken)
		finding_set(finding, VERDICT_FAIL,
			    "stop it, or use other ports: amt-helper serve --port-offset 10000",
			    "taken: %.240s", text);
	else if (unseen)
		finding_set(finding, VERDICT_UNKNOWN,
			    "run as root to see by whom",
			    "in use: %.240s", text);
	else if (doctor->listener_count)
		finding_set(finding, VERDICT_OK, "", "%.250s", text);
	else
		finding_set(finding, VERDICT_OK, "",
			    "nobody listens on AMT's ports");
}

void check_lms(const struct doctor *doctor, struct finding *finding)
{
	const struct tasks *lms = &doctor->processes.lms;
	char text[FINDING_SIZE];

	if (lms->count)
		finding_set(finding, VERDICT_WARN,
			    "it and amt-helper serve want the same; keep one, such as: systemctl disable --now lms",
			    "%.200s is running", tasks_text(lms, text, sizeof(text)));
	else
		finding_set(finding, VERDICT_OK, "",
			    "no lms, meshagent or meshcmd is running");
}
