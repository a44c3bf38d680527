/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual AMT: one process, one thread, one event loop.
 *
 *   main.c           command line, start and end
 *   profile.c        how generations differ
 *   control.c        the control socket, both ends
 *   fault.c          what AMT does wrong by command
 *   key.c            the key it makes for the host, and what comes of that
 *   trace.c          what the host said to LME
 *   heci.c           /dev/vmei: HECI messages in and out
 *   connection.c     one per connected client: fragments, credits, turns
 *   hbm.c            bus messages: start, enumeration, connect, credits
 *   exchange.c       clients that answer one request with one response
 *   lme.c channel.c  port forwarding; apf.c is its codec
 *   spoil.c          what is wrong with their responses
 *   pthi*.c mkhi.c manageability.c   request and response clients
 *   http.c           what listens behind the forwarded ports
 *   wsman.c          its answers to WS-Management
 *   tls.c            its key and certificate
 *
 * Calls go down this list, events come up it. Every function runs in the
 * event loop, so nothing here takes a lock.
 */
#ifndef AMT_SIM_SIM_H
#define AMT_SIM_SIM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "profile.h"
#include "pthi.h"
#include "spoil.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define SIM_MAX_SLOTS 64
#define SIM_OS_ADMIN "$$OsAdmin"

struct control;
struct hbm;
struct heci;
struct http;
struct session;
struct trace;

/**
 * struct sim_options - the command line
 * @device: the firmware side of a virtual MEI controller
 * @control: path of the control socket, or NULL
 * @user: HTTP Digest user
 * @password: and password
 * @profile: the one that was asked for, changed by other options
 * @pthi_hosts: max_number_of_connections of the PTHI client
 * @state: of provisioning, at the start
 * @ready_fd: descriptor to report readiness on, or -1
 * @verbose: log to standard error
 */
struct sim_options {
	const char *device;
	const char *control;
	const char *user;
	const char *password;
	struct profile profile;
	unsigned int pthi_hosts;
	const char *state;
	int ready_fd;
	bool verbose;
};

/**
 * struct sim_stats - counters since the start; control.c names them
 *
 * channels_open is the one gauge: channels that hold a slot now. closed_by_host
 * counts those of channels_closed that AMT had not closed before.
 */
struct sim_stats {
	__u64 hbm_starts;
	__u64 hbm_resets;
	__u64 enumerations;
	__u64 heci_errors;
	__u64 credit_violations;
	__u64 connects_refused;
	__u64 lme_connects;
	__u64 lme_disconnects;
	__u64 messages_from_host;
	__u64 messages_to_host;
	__u64 protocolversions;
	__u64 userauths;
	__u64 keepalives;
	__u64 forwards_accepted;
	__u64 forwards_failed;
	__u64 channels_opened;
	__u64 channels_refused;
	__u64 channels_open;
	__u64 channels_closed;
	__u64 closed_by_host;
	__u64 bytes_from_host;
	__u64 bytes_to_host;
	__u64 window_adjusts;
	__u64 window_violations;
	__u64 stray_messages;
	__u64 protocol_errors;
	__u64 answers;
	__u64 disconnects;
	__u64 last_disconnect_reason;
	__u64 requests;
	__u64 pthi_requests;
	__u64 requests_unknown;
	__u64 http_requests;
};

/**
 * struct sim_faults - what AMT does wrong; fault.c sets it
 * @refuse: CHANNEL_OPENs still to be refused
 * @refuse_reason: and why
 * @mute_adjust: no WINDOW_ADJUST
 * @adjust_delay: WINDOW_ADJUST so much later, in microseconds
 * @data_delay: each piece of data so much later, in microseconds
 * @grant: bytes in each WINDOW_ADJUST; 0 for all that are due
 * @ignore_open: CHANNEL_OPEN is not answered
 * @ignore_close: CHANNEL_CLOSE is not answered, its slot is lost
 * @reset_after_close: the link is reset when a channel is closed
 * @greet: the next session begins with @greeting and not with AMT's version
 * @greeting_len: bytes of @greeting; 0 for silence
 * @greeting: a message
 * @busy: PTHI takes no host
 * @think: responses leave so much later, in microseconds
 * @spoil: what is wrong with responses
 * @back: when LME comes back
 * @closed: a channel was closed, the link is to be reset
 */
struct sim_faults {
	unsigned int refuse;
	__u32 refuse_reason;
	bool mute_adjust;
	__u64 adjust_delay;
	__u64 data_delay;
	__u32 grant;
	bool ignore_open;
	bool ignore_close;
	bool reset_after_close;
	bool greet;
	size_t greeting_len;
	__u8 greeting[128];
	bool busy;
	__u64 think;
	struct spoil spoil;
	sd_event_source *back;
	sd_event_source *closed;
};

/**
 * struct sim_key - the key pair that AMT has made; key.c
 * @base64: its public half as a SubjectPublicKeyInfo, or NULL
 * @answered: the host can read of it; then AMT leaves, if the profile does so
 * @leave: it leaves
 * @silence_ms: in TLS 1.3 the first request of a connection waits for so long
 */
struct sim_key {
	char *base64;
	bool answered;
	sd_event_source *leave;
	unsigned int silence_ms;
};

struct sim {
	struct sim_options opt;
	struct sim_stats stats;
	struct sim_faults faults;
	sd_event *event;
	struct heci *heci;
	struct hbm *hbm;
	struct http *http;
	struct control *control;
	struct trace *trace;
	struct pthi_state pthi;
	struct sim_key key;
	/* LME's latest, or NULL */
	struct session *session;
	/* drawn at every start, as firmware does at every boot */
	char os_admin_password[33];
};

/* The system's UUID in SMBIOS order: the first three fields little-endian */
extern const __u8 sim_uuid[16];

/**
 * sim_ready - the host finished enumeration: tell who waits on --ready-fd
 * @sim: the virtual AMT
 */
void sim_ready(struct sim *sim);

/**
 * sim_log - one line to standard error with --verbose
 * @sim: the virtual AMT
 * @format: of printf, without the newline
 */
void __attribute__((format(printf, 2, 3)))
sim_log(const struct sim *sim, const char *format, ...);

/**
 * sim_fail - one line to standard error, and the end of the event loop
 * @sim: the virtual AMT
 * @format: of printf: what failed, where, what to do
 */
void __attribute__((format(printf, 2, 3)))
sim_fail(struct sim *sim, const char *format, ...);

#endif /* AMT_SIM_SIM_H */
