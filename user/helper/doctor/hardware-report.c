// SPDX-License-Identifier: GPL-2.0-only
/* Facts about a machine with AMT that nobody has published. */
#include <string.h>

#include <json-c/json.h>

#include "helper/amt.h"
#include "helper/command.h"
#include "helper/describe.h"
#include "helper/doctor/doctor.h"
#include "helper/doctor/measure.h"
#include "helper/doctor/hardware-report.h"
#include "helper/kernel.h"
#include "lib/output.h"

static void add_number(struct json_object *object, const char *key,
		       int64_t value)
{
	if (value < 0)
		output_null(object, key);
	else
		output_u32(object, key, (uint32_t)value);
}

static void add_layers(struct json_object *document,
		       const struct finding *findings)
{
	struct json_object *layers = output_object(document, "layers");

	/* Not the evidence: it names processes. */
	for (int i = 0; doctor_layers[i].name; i++)
		output_string(layers, doctor_layers[i].name,
			      verdict_name(findings[i].verdict));
}

static void add_controller(struct json_object *document,
			   const struct doctor *doctor)
{
	struct json_object *me = output_object(document, "me");

	output_string(me, "pci_id", doctor->pci.id);
	output_string(me, "driver", doctor->mei.driver);
	output_string(me, "kind", doctor->mei.kind);
	output_string(me, "state", doctor->mei.state);
	output_string(me, "firmware", doctor->mei.firmware);
	output_string(me, "hbm", doctor->mei.hbm);
	output_string(me, "hbm_driver", doctor->mei.hbm_driver);
	output_u32(me, "other_controllers", doctor->mei.others);
	output_bool(me, "all_clients", doctor->mei.listed);
}

static void add_clients(struct json_object *document,
			const struct mei_facts *mei)
{
	struct json_object *clients = output_array(document, "clients");

	for (int i = 0; i < mei->client_count; i++) {
		const struct client *client = &mei->clients[i];
		struct json_object *row = output_row(clients);

		output_string(row, "guid", client->uuid);
		output_bool(row, "on_bus", client->on_bus);
		output_string(row, "driver", client->driver);
		add_number(row, "address", client->address);
		add_number(row, "version", client->version);
		add_number(row, "connections", client->connections);
		add_number(row, "connected", client->connected);
		add_number(row, "message_size", client->message_size);
		add_number(row, "fixed_address", client->fixed_address);
		add_number(row, "single_buffer", client->single_buffer);
		add_number(row, "vtag", client->vtag);
	}
}

/* Not the version of the BIOS: it is the machine's and not AMT's. */
static void add_components(struct json_object *object, struct amt *amt)
{
	const struct pthi_command *command = pthi_find("GetCodeVersions", NULL);
	struct json_object *versions = json_object_new_object();
	struct json_object *components;
	struct pthi_reply reply;
	struct failure failure;

	if (amt_ask(amt, command, NULL, &reply, &failure) == 0 &&
	    reply.status == 0 &&
	    describe_fields(versions, command, &reply) == 0 &&
	    json_object_object_get_ex(versions, "components", &components))
		output_add(object, "components", json_object_get(components));
	json_object_put(versions);
}

static void add_amthi(struct json_object *document, const struct doctor *doctor)
{
	struct json_object *object = output_object(document, "amthi");
	const struct amt_facts *facts = &doctor->amt;
	bool answers = facts->asked && facts->failure.code == EXIT_OK;
	int64_t first_us, best_us;
	char device[DEVICE_SIZE];
	struct amt amt;

	output_bool(object, "asked", facts->asked);
	if (facts->asked)
		output_string(object, "outcome",
			      exit_name(facts->failure.code));
	if (answers) {
		output_u32(object, "provisioning_state", facts->state);
		doctor_conversation(doctor, &amt, device);
		measure_amthi(&amt, &first_us, &best_us);
		add_number(object, "first_answer_us", first_us);
		add_number(object, "answer_us", best_us);
		output_u32(object, "message_size", amt.mei.max_message);
		output_u32(object, "version", amt.mei.version);
		add_components(object, &amt);
		amt_close(&amt);
	}
	if (facts->has_mode)
		output_u32(object, "control_mode", facts->mode);
}

/* What AMT named is often the name of the machine. */
static const char *address_kind(const char *address)
{
	if (!*address)
		return "empty";
	if (strcmp(address, "127.0.0.1") == 0 || strcmp(address, "::1") == 0 ||
	    strcmp(address, "localhost") == 0)
		return "loopback";
	if (strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0)
		return "any";
	return "other";
}

static void add_forwards(struct json_object *object,
			 const struct netlink_state *state)
{
	struct json_object *forwards = output_array(object, "forwards");

	for (int i = 0; i < state->forward_count; i++) {
		struct json_object *row = output_row(forwards);

		output_u32(row, "port", state->forwards[i].port);
		output_string(row, "address",
			      address_kind(state->forwards[i].address));
		output_string(row, "state",
			      kernel_forward_state(state->forwards[i].state));
	}
}

static bool is_taken(const struct finding *findings)
{
	for (int i = 0; doctor_layers[i].name; i++)
		if (doctor_layers[i].check == check_holder)
			return findings[i].verdict == VERDICT_FAIL;
	return false;
}

static void add_lme(struct json_object *document, const struct doctor *doctor,
		    const struct finding *findings)
{
	struct json_object *object = output_object(document, "lme");
	struct lme_measures lme;
	const char *why;

	if (doctor->kernel_error != 0)
		why = "amt_lme is not loaded";
	else if (is_taken(findings))
		why = "another program has LME";
	else
		why = measure_lme(&lme);
	output_string(object, "not_measured", why ? why : "");
	if (why)
		return;
	output_string(object, "transport",
		      kernel_transport(lme.state.link.transport));
	output_u32(object, "message_size", lme.state.link.message_size);
	add_number(object, "up_ms", lme.up_ms);
	add_number(object, "forward_ms", lme.forward_ms);
	add_number(object, "settled_ms", lme.settled_ms);
	add_forwards(object, &lme.state);
	add_number(object, "port", lme.port);
	add_number(object, "open_us", lme.open_us);
	add_number(object, "amt_window", lme.tx_window);
	add_number(object, "host_window", lme.rx_window);
}

struct json_object *hardware_report(const struct doctor *doctor,
			       const struct finding *findings)
{
	struct json_object *document = output_new();

	output_string(document, "helper", AMT_HELPER_VERSION);
	output_string(document, "kernel", doctor->module.release);
	add_layers(document, findings);
	add_controller(document, doctor);
	add_clients(document, &doctor->mei);
	add_amthi(document, doctor);
	add_lme(document, doctor, findings);
	return document;
}
