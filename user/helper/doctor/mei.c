// SPDX-License-Identifier: GPL-2.0-only
/* The ME on the PCI bus, its controller, and the clients of its firmware. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/doctor/doctor.h"
#include "lib/tree.h"

#define PCI "sys/bus/pci/devices"
#define CLASS "sys/class/mei"
#define BUS "sys/bus/mei/devices"
#define DEBUGFS "sys/kernel/debug"

#define VENDOR_INTEL 0x8086
/* PCI class and subclass of all MEs: communication controller, other. */
#define CLASS_ME 0x0780

/* State of a connection in debugfs, drivers/misc/mei/mei_dev.h. */
#define FILE_CONNECTED 3

/* ---- PCI ---- */

/* What modules.alias, written by depmod(8), says is for mei_me. */
static int find_alias(int root, const char *release, const char *modalias)
{
	FILE *file = tree_file(root, "lib/modules/%s/modules.alias", release);
	char *line = NULL, pattern[128], module[NAME_SIZE];
	size_t size = 0;
	int found = 0;

	if (!file)
		return -1;
	while (!found && getline(&line, &size, file) > 0)
		found = sscanf(line, "alias %127s %63s", pattern, module) == 2 &&
			strcmp(module, "mei_me") == 0 &&
			fnmatch(pattern, modalias, 0) == 0;
	free(line);
	(void)fclose(file);
	return found;
}

static bool is_me(int root, const char *address)
{
	return tree_number(root, 0, PCI "/%s/vendor", address) ==
		       VENDOR_INTEL &&
	       tree_number(root, 0, PCI "/%s/class", address) >> 8 == CLASS_ME;
}

/* The first function is the one with AMT; others are for other purposes. */
static void look_at_pci(struct doctor *doctor, int root)
{
	struct pci_facts *pci = &doctor->pci;
	DIR *folder = tree_folder(root, PCI);
	char modalias[128];
	const char *name;

	pci->readable = folder;
	if (!folder)
		return;
	while ((name = tree_next(folder)))
		if (is_me(root, name) &&
		    (!*pci->address || strcmp(name, pci->address) < 0))
			snprintf(pci->address, sizeof(pci->address), "%s",
				 name);
	closedir(folder);
	if (!*pci->address)
		return;
	snprintf(pci->id, sizeof(pci->id), "8086:%04lx",
		 tree_number(root, 0, PCI "/%s/device", pci->address));
	tree_link_name(root, pci->driver, sizeof(pci->driver),
		       PCI "/%s/driver", pci->address);
	pci->mei_me = tree_has(root, "sys/bus/pci/drivers/mei_me");
	tree_read(root, modalias, sizeof(modalias), PCI "/%s/modalias",
		  pci->address);
	pci->listed = find_alias(root, doctor->module.release, modalias);
}

/* ---- Clients ---- */

static const struct client unknown_client = {
	.address = -1,
	.version = -1,
	.connections = -1,
	.connected = -1,
	.message_size = -1,
	.fixed_address = -1,
	.single_buffer = -1,
	.vtag = -1,
};

const struct client *client_find(const struct mei_facts *mei, const char *uuid)
{
	for (int i = 0; i < mei->client_count; i++)
		if (strcmp(mei->clients[i].uuid, uuid) == 0)
			return &mei->clients[i];
	return NULL;
}

/* The one with that GUID, or a new one; NULL if there are too many. */
static struct client *client_add(struct mei_facts *mei, const char *uuid)
{
	struct client *client = (struct client *)client_find(mei, uuid);

	if (client || mei->client_count == CLIENTS_MAX)
		return client;
	client = &mei->clients[mei->client_count++];
	*client = unknown_client;
	snprintf(client->uuid, sizeof(client->uuid), "%s", uuid);
	return client;
}

static void read_bus_client(struct mei_facts *mei, int root, const char *name)
{
	char uuid[UUID_SIZE + 1], version[8];
	struct client *client;

	if (tree_read(root, uuid, sizeof(uuid), BUS "/%s/uuid", name) !=
	    UUID_SIZE - 1)
		return;
	client = client_add(mei, uuid);
	if (!client)
		return;
	client->on_bus = true;
	tree_link_name(root, client->driver, sizeof(client->driver),
		       BUS "/%s/driver", name);
	if (tree_read(root, version, sizeof(version), BUS "/%s/version",
		      name) > 0)
		client->version = (int)strtol(version, NULL, 16);
	client->connections = (int)tree_number(root, -1, BUS "/%s/max_conn",
					       name);
	client->message_size = (int)tree_number(root, -1, BUS "/%s/max_len",
						name);
	client->fixed_address = (int)tree_number(root, -1, BUS "/%s/fixed",
						 name);
	client->vtag = (int)tree_number(root, -1, BUS "/%s/vtag", name);
}

/* They are called PARENT-UUID. */
static void read_bus(struct mei_facts *mei, int root)
{
	size_t length = strlen(mei->parent);
	DIR *folder = tree_folder(root, BUS);
	const char *name;

	if (!folder)
		return;
	while ((name = tree_next(folder)))
		if (strncmp(name, mei->parent, length) == 0 &&
		    name[length] == '-')
			read_bus_client(mei, root, name);
	closedir(folder);
}

/* Lines of "number|address|fixed|uuid|connections|size|single|refs|vtag|". */
static void read_client_line(struct mei_facts *mei, const char *line)
{
	struct client new = unknown_client;
	struct client *client;

	if (sscanf(line, "%*d|%d|%d|%36[0-9a-f-]|%d|%d|%d|%*d|%d|",
		   &new.address, &new.fixed_address, new.uuid,
		   &new.connections, &new.message_size, &new.single_buffer,
		   &new.vtag) < 6)
		return;
	client = client_add(mei, new.uuid);
	if (!client)
		return;
	new.on_bus = client->on_bus;
	new.version = client->version;
	new.connected = 0;
	memcpy(new.driver, client->driver, sizeof(new.driver));
	*client = new;
}

/* Lines of "number|address|host address|state|...", of connections. */
static void read_connection_line(struct mei_facts *mei, const char *line)
{
	int address, state;

	if (sscanf(line, "%*d|%d|%*d|%d|", &address, &state) != 2 ||
	    state != FILE_CONNECTED)
		return;
	for (int i = 0; i < mei->client_count; i++)
		if (mei->clients[i].address == address)
			mei->clients[i].connected++;
}

/* Both come from drivers/misc/mei/debugfs.c; they list what the bus hides. */
static bool read_debugfs(struct mei_facts *mei, int root, const char *name,
			 void (*read_line)(struct mei_facts *, const char *))
{
	FILE *file = tree_file(root, DEBUGFS "/%s/%s", mei->name, name);
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return false;
	while (getline(&line, &size, file) > 0)
		read_line(mei, line);
	free(line);
	(void)fclose(file);
	return true;
}

/* ---- Controllers ---- */

static void read_controller(struct mei_facts *mei, int root, const char *name)
{
	char text[256];
	const char *colon;

	snprintf(mei->name, sizeof(mei->name), "%s", name);
	tree_read(root, mei->kind, sizeof(mei->kind), CLASS "/%s/kind", name);
	tree_read(root, mei->state, sizeof(mei->state), CLASS "/%s/dev_state",
		  name);
	tree_read(root, mei->hbm, sizeof(mei->hbm), CLASS "/%s/hbm_ver", name);
	tree_read(root, mei->hbm_driver, sizeof(mei->hbm_driver),
		  CLASS "/%s/hbm_ver_drv", name);
	tree_link_name(root, mei->parent, sizeof(mei->parent),
		       CLASS "/%s/device", name);
	tree_link_name(root, mei->driver, sizeof(mei->driver),
		       CLASS "/%s/device/driver", name);

	/* "PLATFORM:MAJOR.MINOR.HOTFIX.BUILD", a line for each part. */
	tree_read(root, text, sizeof(text), CLASS "/%s/fw_ver", name);
	text[strcspn(text, "?")] = '\0'; /* the first of its lines */
	colon = strchr(text, ':');
	snprintf(mei->firmware, sizeof(mei->firmware), "%.63s",
		 colon ? colon + 1 : text);
}

static void read_clients(struct mei_facts *mei, int root)
{
	read_bus(mei, root);
	mei->listed = read_debugfs(mei, root, "meclients", read_client_line) &&
		      mei->client_count > 0;
}

/* One that has AMT before one that may have it; then the first. */
static bool is_better(const struct mei_facts *a, const struct mei_facts *b)
{
	bool amt_a = client_find(a, UUID_AMTHI) || client_find(a, UUID_LME);
	bool amt_b = client_find(b, UUID_AMTHI) || client_find(b, UUID_LME);

	if (!*b->name || amt_a != amt_b)
		return !*b->name || amt_a;
	return strverscmp(a->name, b->name) < 0;
}

/* Linux 5.8 and later say which controllers are not the CSME's. */
static bool is_csme(const struct mei_facts *mei)
{
	return !*mei->kind || strcmp(mei->kind, "mei") == 0;
}

void look_at_mei(struct doctor *doctor, int root)
{
	struct mei_facts *best = &doctor->mei;
	DIR *folder = tree_folder(root, CLASS);
	char path[DEVICE_SIZE];
	const char *name;
	int others = 0;

	best->access = -ENOENT;
	look_at_pci(doctor, root);
	while (folder && (name = tree_next(folder))) {
		struct mei_facts mei = { 0 };

		read_controller(&mei, root, name);
		if (is_csme(&mei))
			read_clients(&mei, root);
		else
			others++;
		if (is_csme(&mei) && is_better(&mei, best))
			*best = mei;
	}
	if (folder)
		closedir(folder);
	best->others = others;
	if (!*best->name)
		return;
	snprintf(path, sizeof(path), "dev/%s", best->name);
	best->node = tree_has(root, "%s", path);
	best->access = tree_may(root, path, R_OK | W_OK);
}

void look_at_connections(struct doctor *doctor, int root)
{
	if (doctor->mei.listed)
		read_debugfs(&doctor->mei, root, "active",
			     read_connection_line);
}
