// SPDX-License-Identifier: GPL-2.0-only
/*
 * PTHI of a desktop with a wired interface and no wireless one: what a request
 * is, who answers it, and what AMT remembers.
 */
#include <linux/types.h>
#include <string.h>

#include "exchange.h"
#include "pthi-request.h"
#include "pthi.h"
#include "sim.h"

#define HEADER_SIZE 12
#define RESPONSE 0x00800000u

static const struct generation generations[] = {
	{ 7, "7.1.91", 7, 1, 91, 0, 0x01, false, true },
	{ 11, "11.8.50", 11, 8, 50, 2, 0x01, false, false },
	{ 16, "16.1.25", 16, 1, 25, 2, 0x81, true, false },
	{ 18, "18.0.10", 18, 0, 10, 2, 0x81, true, false },
	{ 20, "20.0.5", 20, 0, 5, 2, 0xc1, true, false },
	{ 21, "21.0.1", 21, 0, 1, 2, 0xc1, true, false },
};

void pthi_init(struct pthi_state *state, unsigned int amt)
{
	const struct generation *generation = generations;

	while (generation->amt != amt)
		generation++;
	*state = (struct pthi_state){
		.generation = generation,
		.suffix = "example.com",
		.fqdn = "amt.example.com",
		.hashes = PTHI_HASHES,
		.hash_missing = PTHI_NO_HASH,
	};
}

bool pthi_set_state(struct pthi_state *state, const char *name)
{
	static const struct {
		const char *name;
		enum pthi_provisioning provisioning;
		enum pthi_control_mode control;
		bool host_based;
	} states[] = {
		{ "pre", PROVISIONING_PRE, CONTROL_NONE, false },
		{ "in", PROVISIONING_IN, CONTROL_NONE, false },
		{ "ccm", PROVISIONING_POST, CONTROL_CLIENT, true },
		{ "acm", PROVISIONING_POST, CONTROL_ADMIN, false },
		{ "disabled", PROVISIONING_PRE, CONTROL_NONE, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (strcmp(states[i].name, name) != 0)
			continue;
		state->provisioning = states[i].provisioning;
		state->control = states[i].control;
		state->host_based = states[i].host_based;
		state->disabled = !strcmp(name, "disabled");
		state->tunnel = false;
		return true;
	}
	return false;
}

static const struct pthi_row *find_in(const struct pthi_row *row, __u32 id,
				      unsigned int amt)
{
	for (; row->name; row++)
		if (row->id == id && row->since <= amt)
			return row;
	return NULL;
}

static const struct pthi_row *find(struct sim *sim, __u32 id)
{
	unsigned int amt = sim->pthi.generation->amt;
	const struct pthi_row *row = find_in(pthi_read_rows, id, amt);

	if (!row)
		row = find_in(pthi_change_rows, id, amt);
	if (row) {
		sim_log(sim, "PTHI: %s", row->name);
	} else {
		sim->stats.requests_unknown++;
		sim_log(sim, "PTHI: 0x%08x is not supported", id);
	}
	return row;
}

/* @row: NULL for a command that is not known; @counted: by the header */
static __u32 answer(struct request *r, const struct pthi_row *row,
		    size_t counted)
{
	if (counted != r->len)
		return STATUS_INVALID_LENGTH;
	if (!row)
		return STATUS_UNSUPPORTED;
	return r->len < row->len ? STATUS_INVALID_LENGTH : row->answer(r);
}

size_t pthi_answer(struct sim *sim, const __u8 *msg, size_t len, __u8 *rsp)
{
	struct request r = {
		.sim = sim,
		.state = &sim->pthi,
		.rsp = rsp + HEADER_SIZE + 4,
	};
	const struct pthi_row *row;
	__u32 id, status;

	if (len < HEADER_SIZE)
		return 0;
	sim->stats.requests++;
	sim->stats.pthi_requests++;
	if (sim->pthi.disabled)
		return EXCHANGE_EMPTY;
	id = get_le32(msg + 4);
	row = find(sim, id);
	if (!row && sim->pthi.generation->old)
		return EXCHANGE_EMPTY;
	r.data = msg + HEADER_SIZE;
	r.len = len - HEADER_SIZE;
	status = answer(&r, row, get_le32(msg + 8));
	if (status)
		r.rsp_len = 0;

	memcpy(rsp, msg, 4);
	put_le32(rsp + 4, id | RESPONSE);
	put_le32(rsp + 8, 4 + r.rsp_len);
	put_le32(rsp + HEADER_SIZE, status);
	return HEADER_SIZE + 4 + r.rsp_len;
}
