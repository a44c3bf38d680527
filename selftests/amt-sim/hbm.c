// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host bus messages, see Documentation/protocol.rst "HECI and HBM". Layouts
 * are those of drivers/misc/mei/hw.h.
 */
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "exchange.h"
#include "hbm.h"
#include "heci.h"
#include "lme.h"
#include "manageability.h"
#include "mkhi.h"
#include "pthi.h"
#include "sim.h"
#include "wire.h"

#define HBM_RESPONSE 0x80

enum {
	HBM_HOST_START = 0x01,
	HBM_HOST_STOP = 0x02,
	HBM_ENUMERATE = 0x04,
	HBM_PROPERTIES = 0x05,
	HBM_CONNECT = 0x06,
	HBM_DISCONNECT = 0x07,
	HBM_FLOW_CONTROL = 0x08,
	HBM_POWER_GATE_ENTRY = 0x0a,
	HBM_ADD_CLIENT = 0x0f,
	HBM_NOTIFY = 0x10,
};

/*
 * 2.0 is the last version without the DMA ring (2.1), virtual tags and client
 * DMA (2.2). A host that offers more falls back to it.
 */
#define HBM_MAJOR 2
#define HBM_MINOR 0

#define ENUMERATE_ALLOW_ADD 0x01
#define ENUMERATE_IMMEDIATE 0x02

enum {
	STATUS_SUCCESS = 0,
	STATUS_NOT_FOUND = 1,
	STATUS_ALREADY_EXISTS = 2,
	STATUS_REJECTED = 3,
	STATUS_INVALID_PARAMETER = 4,
	STATUS_ALREADY_STARTED = 6,
	STATUS_NOT_STARTED = 7,
};

#define N_CLIENTS 5
#define PROPERTIES_SIZE 24

struct hbm {
	struct sim *sim;
	struct me_client clients[N_CLIENTS];
	struct connections connections;
	bool started;
	bool immediate;
	/* clients whose properties the host has not asked for yet */
	unsigned int unasked;
	/* the host has all properties; ADD_CLIENT may come */
	bool complete;
	/* clients added whose arrival the host has not confirmed yet */
	unsigned int adding;
	/* the client that ended its connection to that host, or 0 */
	__u8 ended[256];
};

static struct me_client *find_client(struct hbm *hbm, __u8 address)
{
	for (unsigned int i = 0; i < N_CLIENTS; i++)
		if (hbm->clients[i].address == address)
			return &hbm->clients[i];
	return NULL;
}

struct connection *hbm_find(struct hbm *hbm, __u8 address, __u8 host)
{
	struct connection *c = hbm->connections.by_host[host];

	return c && c->client->address == address ? c : NULL;
}

bool hbm_is_stray(const struct hbm *hbm, __u8 address, __u8 host)
{
	return hbm->started && (!address || hbm->ended[host] != address);
}

struct connection *hbm_fragment(struct hbm *hbm, __u8 **msg, size_t *len)
{
	return connection_fragment(&hbm->connections, msg, len);
}

static void drop_connections(struct hbm *hbm)
{
	while (hbm->connections.count)
		connection_free(&hbm->connections, hbm->connections.list[0]);
}

void hbm_drop(struct hbm *hbm)
{
	hbm->started = false;
	hbm->complete = false;
	memset(hbm->ended, 0, sizeof(hbm->ended));
	drop_connections(hbm);
	heci_drop(hbm->sim->heci);
}

void hbm_link_reset(struct hbm *hbm)
{
	sim_log(hbm->sim, "link reset");
	hbm->sim->stats.hbm_resets++;
	hbm_drop(hbm);
}

/* A fixed-address client is never connected: it is there from the start. */
static void open_fixed(struct hbm *hbm)
{
	struct me_client *client;

	for (unsigned int i = 0; i < N_CLIENTS; i++) {
		client = &hbm->clients[i];
		if (client->max_connections)
			continue;
		if (!connection_new(&hbm->connections, hbm->sim, client, 0))
			sim_fail(hbm->sim, "out of memory");
	}
}

static void host_start(struct hbm *hbm, const __u8 *msg)
{
	__u8 minor = msg[2], major = msg[3];
	__u8 rsp[4] = { HBM_HOST_START | HBM_RESPONSE, 0, HBM_MINOR,
			HBM_MAJOR };

	hbm_drop(hbm);
	rsp[1] = major < HBM_MAJOR ||
		 (major == HBM_MAJOR && minor <= HBM_MINOR);
	hbm->started = true;
	hbm->sim->stats.hbm_starts++;
	sim_log(hbm->sim, "host start, version %u.%u", major, minor);
	open_fixed(hbm);
	heci_bus_send(hbm->sim->heci, rsp, sizeof(rsp));
}

static void host_stop(struct hbm *hbm, const __u8 *msg)
{
	const __u8 rsp[4] = { HBM_HOST_STOP | HBM_RESPONSE };

	sim_log(hbm->sim, "host stop, reason %u", msg[1]);
	hbm_drop(hbm);
	heci_bus_send(hbm->sim->heci, rsp, sizeof(rsp));
}

static bool listed(const struct hbm *hbm, const struct me_client *client)
{
	return !client->away && !(hbm->immediate && client->late);
}

static void enumerate(struct hbm *hbm, const __u8 *msg)
{
	const __u8 want = ENUMERATE_ALLOW_ADD | ENUMERATE_IMMEDIATE;
	__u8 rsp[36] = { HBM_ENUMERATE | HBM_RESPONSE };
	const struct me_client *client;

	hbm->immediate = (msg[1] & want) == want;
	hbm->unasked = 0;
	hbm->adding = 0;
	hbm->complete = false;
	for (unsigned int i = 0; i < N_CLIENTS; i++) {
		client = &hbm->clients[i];
		if (!listed(hbm, client))
			continue;
		rsp[4 + client->address / 8] |= 1u << client->address % 8;
		hbm->unasked |= 1u << i;
	}
	heci_bus_send(hbm->sim->heci, rsp, sizeof(rsp));
}

static void put_properties(__u8 *p, const struct me_client *client)
{
	memcpy(p, client->guid, 16);
	p[16] = client->version;
	p[17] = client->max_connections;
	p[18] = client->max_connections ? 0 : client->address;
	p[19] = 0;
	put_le32(p + 20, client->max_message);
}

static void add_client(struct hbm *hbm, const struct me_client *client)
{
	__u8 msg[4 + PROPERTIES_SIZE] = { HBM_ADD_CLIENT, client->address };

	put_properties(msg + 4, client);
	heci_bus_send(hbm->sim->heci, msg, sizeof(msg));
}

static void add_late_clients(struct hbm *hbm)
{
	for (unsigned int i = 0; i < N_CLIENTS; i++) {
		if (hbm->clients[i].away || listed(hbm, &hbm->clients[i]))
			continue;
		add_client(hbm, &hbm->clients[i]);
		hbm->adding |= 1u << i;
	}
}

static void enumerated(struct hbm *hbm)
{
	hbm->sim->stats.enumerations++;
	sim_log(hbm->sim, "enumerated");
	sim_ready(hbm->sim);
}

static void properties(struct hbm *hbm, const __u8 *msg)
{
	__u8 rsp[4 + PROPERTIES_SIZE] = { HBM_PROPERTIES | HBM_RESPONSE,
					  msg[1], STATUS_NOT_FOUND };
	const struct me_client *client = find_client(hbm, msg[1]);
	unsigned int unasked = hbm->unasked;

	if (client) {
		rsp[2] = STATUS_SUCCESS;
		put_properties(rsp + 4, client);
		hbm->unasked &= ~(1u << (client - hbm->clients));
	}
	heci_bus_send(hbm->sim->heci, rsp, sizeof(rsp));
	if (!unasked || hbm->unasked)
		return;
	hbm->complete = true;
	if (hbm->immediate)
		add_late_clients(hbm);
	else
		enumerated(hbm);
}

/*
 * The host handles this after the last properties, so its controller is
 * enabled when it answers.
 */
static void client_added(struct hbm *hbm, const __u8 *msg)
{
	const struct me_client *client = find_client(hbm, msg[1]);
	unsigned int adding = hbm->adding;

	if (client)
		hbm->adding &= ~(1u << (client - hbm->clients));
	if (adding && !hbm->adding)
		enumerated(hbm);
}

static __u8 try_connect(struct hbm *hbm, __u8 address, __u8 host)
{
	struct me_client *client = find_client(hbm, address);

	if (!client || client->away || !client->max_connections)
		return STATUS_NOT_FOUND;
	if (!host)
		return STATUS_INVALID_PARAMETER;
	if (hbm->connections.by_host[host] ||
	    client->connections >= client->max_connections)
		return STATUS_ALREADY_EXISTS;
	if (!connection_new(&hbm->connections, hbm->sim, client, host))
		return STATUS_REJECTED;
	hbm->ended[host] = 0;
	return STATUS_SUCCESS;
}

static void connect_client(struct hbm *hbm, const __u8 *msg)
{
	__u8 rsp[4] = { HBM_CONNECT | HBM_RESPONSE, msg[1], msg[2] };

	rsp[3] = try_connect(hbm, msg[1], msg[2]);
	if (rsp[3] == STATUS_ALREADY_EXISTS || rsp[3] == STATUS_REJECTED)
		hbm->sim->stats.connects_refused++;
	sim_log(hbm->sim, "connect of host %u to client %u: status %u", msg[2],
		msg[1], rsp[3]);
	heci_bus_send(hbm->sim->heci, rsp, sizeof(rsp));
	if (rsp[3] == STATUS_SUCCESS)
		hbm_grant(hbm->connections.by_host[msg[2]]);
}

static void disconnect_client(struct hbm *hbm, const __u8 *msg)
{
	const __u8 rsp[4] = { HBM_DISCONNECT | HBM_RESPONSE, msg[1], msg[2],
			      STATUS_SUCCESS };
	struct connection *c = hbm_find(hbm, msg[1], msg[2]);

	sim_log(hbm->sim, "disconnect of host %u from client %u", msg[2],
		msg[1]);
	if (c)
		connection_free(&hbm->connections, c);
	heci_bus_send(hbm->sim->heci, rsp, sizeof(rsp));
}

static void host_disconnected(struct hbm *hbm, const __u8 *msg)
{
	struct connection *c = hbm_find(hbm, msg[1], msg[2]);

	if (!c || !c->ending)
		return;
	connection_free(&hbm->connections, c);
	hbm->ended[msg[2]] = msg[1];
}

static void flow_control(struct hbm *hbm, const __u8 *msg)
{
	struct connection *c = hbm_find(hbm, msg[1], msg[2]);

	if (c)
		c->may_send++;
}

static void power_gate(struct hbm *hbm, const __u8 *msg)
{
	const __u8 rsp[4] = { HBM_POWER_GATE_ENTRY | HBM_RESPONSE };

	(void)msg;
	heci_bus_send(hbm->sim->heci, rsp, sizeof(rsp));
}

static void notify(struct hbm *hbm, const __u8 *msg)
{
	__u8 rsp[8] = { HBM_NOTIFY | HBM_RESPONSE, msg[1], msg[2],
			STATUS_NOT_FOUND, msg[3] };
	struct connection *c = hbm_find(hbm, msg[1], msg[2]);

	if (c && c->notify != !!msg[3])
		rsp[3] = STATUS_SUCCESS;
	else if (c)
		rsp[3] = msg[3] ? STATUS_ALREADY_STARTED : STATUS_NOT_STARTED;
	if (c)
		c->notify = msg[3];
	heci_bus_send(hbm->sim->heci, rsp, sizeof(rsp));
}

static const struct {
	__u8 command;
	__u8 len;
	void (*handle)(struct hbm *hbm, const __u8 *msg);
} commands[] = {
	{ HBM_HOST_START, 4, host_start },
	{ HBM_HOST_STOP, 4, host_stop },
	{ HBM_ENUMERATE, 4, enumerate },
	{ HBM_PROPERTIES, 4, properties },
	{ HBM_CONNECT, 4, connect_client },
	{ HBM_DISCONNECT, 4, disconnect_client },
	{ HBM_DISCONNECT | HBM_RESPONSE, 4, host_disconnected },
	{ HBM_FLOW_CONTROL, 3, flow_control },
	{ HBM_POWER_GATE_ENTRY, 4, power_gate },
	{ HBM_ADD_CLIENT | HBM_RESPONSE, 4, client_added },
	{ HBM_NOTIFY, 4, notify },
};

void hbm_receive(struct hbm *hbm, const __u8 *msg, size_t len)
{
	if (!len || (!hbm->started && msg[0] != HBM_HOST_START))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].command != msg[0])
			continue;
		if (len >= commands[i].len)
			commands[i].handle(hbm, msg);
		else
			hbm->sim->stats.heci_errors++;
		return;
	}
	sim_log(hbm->sim, "unknown bus message 0x%02x ignored", msg[0]);
}

void hbm_grant(struct connection *c)
{
	const __u8 msg[8] = { HBM_FLOW_CONTROL, c->client->address, c->host };

	if (!c->client->max_connections || c->ending)
		return;
	c->may_receive = true;
	heci_bus_send(c->sim->heci, msg, sizeof(msg));
}

void hbm_disconnect(struct connection *c)
{
	const __u8 msg[4] = { HBM_DISCONNECT, c->client->address, c->host };

	if (!c->client->max_connections || c->ending)
		return;
	sim_log(c->sim, "host %u is told to leave %s", c->host,
		c->client->name);
	c->ending = true;
	heci_bus_send(c->sim->heci, msg, sizeof(msg));
}

static struct me_client *find_lme(struct hbm *hbm)
{
	struct me_client *client = hbm->clients;

	while (client->ops != &lme_ops)
		client++;
	return client;
}

void hbm_leave(struct hbm *hbm)
{
	struct me_client *lme = find_lme(hbm);

	lme->away = true;
	for (unsigned int i = 0; i < hbm->connections.count; i++)
		if (hbm->connections.list[i]->client == lme)
			hbm_disconnect(hbm->connections.list[i]);
}

/* A new ADD_CLIENT tells the host to look for it again. */
void hbm_return(struct hbm *hbm)
{
	struct me_client *lme = find_lme(hbm);

	lme->away = false;
	if (hbm->complete)
		add_client(hbm, lme);
}

/*
 * Addresses are arbitrary but for the fixed one, which is the real MKHI's.
 * What AMT brings comes late, as it does on a machine that has just started.
 */
static const struct me_client clients[N_CLIENTS] = {
	{
		.name = "MKHI (fixed)",
		.guid = { 0x84, 0x35, 0x21, 0x55, 0x29, 0x9a, 0x16, 0x49,
			  0xba, 0xdf, 0x0f, 0xb7, 0xed, 0x68, 0x2a, 0xeb },
		.address = 0x07, .version = 1,
		.max_message = 2048,
		.ops = &exchange_ops, .answer = mkhi_answer,
	}, {
		.name = "MKHI",
		.guid = { 0x15, 0x67, 0x6a, 0x8e, 0xbc, 0x9a, 0x43, 0x40,
			  0x88, 0xef, 0x9e, 0x39, 0xc6, 0xf6, 0x3e, 0x0f },
		.address = 0x20, .version = 2,
		.max_connections = 5, .max_message = 2048,
		.ops = &exchange_ops, .answer = mkhi_answer,
	}, {
		.name = "AMTHI",
		.guid = { 0x28, 0x00, 0xf8, 0x12, 0xb7, 0xb4, 0x2d, 0x4b,
			  0xac, 0xa8, 0x46, 0xe0, 0xff, 0x65, 0x81, 0x4c },
		.address = 0x21, .version = 1, .late = true,
		.max_connections = 5, .max_message = 5120,
		.ops = &exchange_ops, .answer = pthi_answer,
	}, {
		.name = "LME",
		.guid = { 0xdb, 0xa4, 0x33, 0x67, 0x76, 0x04, 0x7b, 0x4e,
			  0xb3, 0xaf, 0xbc, 0xfc, 0x29, 0xbe, 0xe7, 0xa7 },
		.address = 0x22, .version = 1, .late = true,
		.max_connections = 1, .max_message = 4096,
		.ops = &lme_ops,
	}, {
		.name = "manageability",
		.guid = { 0x6f, 0x9a, 0xb7, 0x05, 0x28, 0x46, 0x7f, 0x4d,
			  0x89, 0x9d, 0xa9, 0x15, 0x14, 0xcb, 0x32, 0xab },
		.address = 0x23, .version = 2, .late = true,
		.max_connections = 1, .max_message = 512,
		.ops = &exchange_ops, .answer = manageability_answer,
	},
};

struct hbm *hbm_new(struct sim *sim)
{
	struct hbm *hbm = calloc(1, sizeof(*hbm));
	struct me_client *lme;

	if (!hbm)
		return NULL;
	hbm->sim = sim;
	memcpy(hbm->clients, clients, sizeof(clients));
	lme = find_lme(hbm);
	lme->max_connections = sim->opt.profile.connections;
	lme->max_message = sim->opt.profile.message_size;
	for (unsigned int i = 0; i < N_CLIENTS; i++)
		if (clients[i].answer == pthi_answer)
			hbm->clients[i].max_connections = sim->opt.pthi_hosts;
	return hbm;
}

void hbm_free(struct hbm *hbm)
{
	if (!hbm)
		return;
	drop_connections(hbm);
	free(hbm);
}
