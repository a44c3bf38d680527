/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * amt-helper doctor: what is seen of this machine, and what that means.
 *
 *   mei.c ports.c processes.c module.c amt.c   what is seen, without judgement
 *   check-*.c   what it means: a function for each layer, which only reads facts
 *   layers.c    the table of layers, and all of it in order
 *
 * Nothing here changes anything: no module is loaded, LME is not connected, no
 * port is bound. AMT is asked what it is, once.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/failure.h"
#include "lib/exit.h"
#include "lib/holder.h"
#include "lib/netlink.h"

#define NAME_SIZE 64
#define CLIENTS_MAX 64
#define LISTENERS_MAX 32
#define DEVICE_SIZE (NAME_SIZE + 8)
#define FINDING_SIZE 256
#define LAYERS_MAX 24

struct amt;

/* Clients of the firmware, Documentation/protocol.rst. */
#define UUID_SIZE 37
#define UUID_LME "6733a4db-0476-4e7b-b3af-bcfc29bee7a7"
#define UUID_AMTHI "12f80028-b4b7-4b2d-aca8-46e0ff65814c"

/**
 * struct pci_facts - the ME on the PCI bus
 * @readable: there is a PCI bus to look at
 * @address: "0000:00:16.0", or empty if there is none
 * @id: "8086:a13a"
 * @driver: what is bound to it, or empty
 * @mei_me: that driver is loaded
 * @listed: the kernel's modules say that mei_me is for it; -1 not known
 */
struct pci_facts {
	bool readable;
	char address[NAME_SIZE];
	char id[NAME_SIZE];
	char driver[NAME_SIZE];
	bool mei_me;
	int listed;
};

/**
 * struct client - a client of the firmware; what is not known is -1
 * @uuid: its GUID
 * @on_bus: a driver can bind to it
 * @driver: and this one did, or empty
 * @address: its number in the firmware
 * @version: of its protocol
 * @connections: how many it allows
 * @connected: how many there are
 * @message_size: its longest message in bytes
 * @fixed_address: not 0: it needs no connection
 * @single_buffer: all connections share a receive buffer
 * @vtag: one connection can be shared by tags
 */
struct client {
	char uuid[UUID_SIZE];
	bool on_bus;
	char driver[NAME_SIZE];
	int address;
	int version;
	int connections;
	int connected;
	int message_size;
	int fixed_address;
	int single_buffer;
	int vtag;
};

/**
 * struct mei_facts - the controller of AMT
 * @name: "mei0", or empty if there is none
 * @others: controllers that are not the CSME's, such as a graphics card's
 * @kind: what it says it is; empty before Linux 5.8
 * @state: such as "ENABLED"
 * @firmware: its version, without the platform in front
 * @hbm: version of the bus protocol, and of the driver's in @hbm_driver
 * @hbm_driver: see @hbm
 * @parent: the device it is part of
 * @driver: the driver of that
 * @node: /dev has it
 * @access: 0 if this process may use it, or a negative errno
 * @listed: @clients are all that there are; else only those on the bus
 * @clients: clients of the firmware
 * @client_count: how many there are
 */
struct mei_facts {
	char name[NAME_SIZE];
	int others;
	char kind[NAME_SIZE];
	char state[NAME_SIZE];
	char firmware[NAME_SIZE];
	char hbm[NAME_SIZE];
	char hbm_driver[NAME_SIZE];
	char parent[NAME_SIZE];
	char driver[NAME_SIZE];
	bool node;
	int access;
	bool listed;
	struct client clients[CLIENTS_MAX];
	int client_count;
};

/**
 * struct listener - who listens on a port that serve would bind
 * @port: the port
 * @inode: of the socket
 * @owner: the process that has it
 */
struct listener {
	unsigned int port;
	unsigned long inode;
	struct task owner;
};

/**
 * struct process_facts - what runs here
 * @daemon: pid of amt-helper serve, or 0
 * @mei: who has the controller open, but for the daemon and its children
 * @lms: other programs that bring AMT's ports to this machine
 * @unseen: how many processes did not show their files
 */
struct process_facts {
	int daemon;
	struct tasks mei;
	struct tasks lms;
	int unseen;
};

/** enum signature - is the file of the module signed */
enum signature {
	SIGNATURE_UNKNOWN, /* it is compressed, or cannot be read */
	SIGNATURE_MISSING,
	SIGNATURE_THERE,
};

/**
 * struct module_facts - the LME driver and what the kernel asks of modules
 * @release: of the kernel
 * @file: the module below /lib/modules, or empty if it is not installed
 * @signature: of that file
 * @loaded: it is
 * @taint: what it taints the kernel with; "E": it is not signed
 * @ctl: 0 if this process may use its control node, or a negative errno
 * @enforced: only signed modules are taken; -1 not known
 * @lockdown: such as "integrity"; empty if not known
 * @secure_boot: 1 or 0; -1 not known, or no EFI
 */
struct module_facts {
	char release[NAME_SIZE];
	char file[FINDING_SIZE];
	enum signature signature;
	bool loaded;
	char taint[NAME_SIZE];
	int ctl;
	int enforced;
	char lockdown[NAME_SIZE];
	int secure_boot;
};

/**
 * struct amt_facts - what AMT says
 * @asked: it was
 * @failure: why it did not answer; EXIT_OK if it did
 * @state: of provisioning
 * @has_mode: @mode is known
 * @mode: who controls it
 */
struct amt_facts {
	bool asked;
	struct failure failure;
	uint32_t state;
	bool has_mode;
	uint32_t mode;
};

/**
 * struct doctor - all that is seen
 * @pci: the ME
 * @mei: its controller
 * @module: the driver's file, and what the kernel asks of it
 * @kernel_error: 0 if @kernel is known, or a negative errno
 * @kernel: what the driver says
 * @listeners: who listens on AMT's ports
 * @listener_count: how many of them
 * @processes: what runs here
 * @amt: what AMT says
 */
struct doctor {
	struct pci_facts pci;
	struct mei_facts mei;
	struct module_facts module;
	int kernel_error;
	struct netlink_state kernel;
	struct listener listeners[LISTENERS_MAX];
	int listener_count;
	struct process_facts processes;
	struct amt_facts amt;
};

/** enum verdict - of a layer */
enum verdict {
	VERDICT_OK,
	VERDICT_WARN,
	VERDICT_FAIL,
	VERDICT_UNKNOWN,
};

/** verdict_name() - its name: "ok", "warn", "fail" or "unknown" */
const char *verdict_name(enum verdict verdict);

/**
 * struct finding - what a check found
 * @verdict: its verdict
 * @evidence: why
 * @advice: what to do; may be empty
 * @holders: who has what is taken, or NULL; of the facts
 */
struct finding {
	enum verdict verdict;
	char evidence[FINDING_SIZE];
	const char *advice;
	const struct tasks *holders;
};

/**
 * finding_set() - fill a finding
 * @finding: the finding
 * @verdict: its verdict
 * @advice: what to do, a constant; may be empty
 * @format: the evidence, as of printf()
 */
void __attribute__((format(printf, 4, 5)))
finding_set(struct finding *finding, enum verdict verdict, const char *advice,
	    const char *format, ...);

/**
 * struct layer - one line of the doctor
 * @name: for people and programs
 * @code: exit code if it is the first that fails; EXIT_OK: it never does
 * @check: judges it
 */
struct layer {
	const char *name;
	enum exit_code code;
	void (*check)(const struct doctor *doctor, struct finding *finding);
};

/* In order: what is above makes what is below work. Ends with a NULL name. */
extern const struct layer doctor_layers[LAYERS_MAX];

/**
 * doctor_look() - see all there is to see
 * @doctor: to be filled
 * @root: a folder with sys, proc, dev and lib
 */
void doctor_look(struct doctor *doctor, int root);

/**
 * doctor_judge() - judge all layers
 * @doctor: what was seen
 * @findings: to be filled, one for each layer
 */
void doctor_judge(const struct doctor *doctor,
		  struct finding findings[LAYERS_MAX]);

/**
 * doctor_conversation() - begin to talk to AMT, without much patience
 * @doctor: what was seen
 * @amt: to be filled
 * @device: room for its path, to be kept
 */
void doctor_conversation(const struct doctor *doctor, struct amt *amt,
			 char device[DEVICE_SIZE]);

/* Parts of doctor_look(), in this order. */
void look_at_module(struct doctor *doctor, int root);
void look_at_mei(struct doctor *doctor, int root);
void look_at_amt(struct doctor *doctor);
void look_at_connections(struct doctor *doctor, int root);
void look_at_kernel(struct doctor *doctor);
void look_at_ports(struct doctor *doctor, int root);
void look_at_processes(struct doctor *doctor, int root);

/** client_find() - a client of the firmware by its GUID, or NULL */
const struct client *client_find(const struct mei_facts *mei, const char *uuid);

/** link_is_up() - whether the driver's link to AMT is up */
bool link_is_up(const struct doctor *doctor);

/**
 * finding_taken() - a client was refused, as others are connected
 * @finding: to be filled
 * @verdict: its verdict
 * @processes: who may have it
 * @client: its name
 * @advice: what to do when they are known
 */
void finding_taken(struct finding *finding, enum verdict verdict,
		   const struct process_facts *processes, const char *client,
		   const char *advice);

void check_pci(const struct doctor *doctor, struct finding *finding);
void check_driver(const struct doctor *doctor, struct finding *finding);
void check_device(const struct doctor *doctor, struct finding *finding);
void check_permission(const struct doctor *doctor, struct finding *finding);
void check_amthi(const struct doctor *doctor, struct finding *finding);
void check_manageability(const struct doctor *doctor, struct finding *finding);
void check_lme(const struct doctor *doctor, struct finding *finding);
void check_bus(const struct doctor *doctor, struct finding *finding);
void check_holder(const struct doctor *doctor, struct finding *finding);
void check_lockdown(const struct doctor *doctor, struct finding *finding);
void check_signature(const struct doctor *doctor, struct finding *finding);
void check_module(const struct doctor *doctor, struct finding *finding);
void check_link(const struct doctor *doctor, struct finding *finding);
void check_forwards(const struct doctor *doctor, struct finding *finding);
void check_tls(const struct doctor *doctor, struct finding *finding);
void check_ports(const struct doctor *doctor, struct finding *finding);
void check_provisioning(const struct doctor *doctor, struct finding *finding);
void check_lms(const struct doctor *doctor, struct finding *finding);

#endif /* DOCTOR_DOCTOR_H */
