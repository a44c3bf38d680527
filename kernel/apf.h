/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * APF, the port forwarding protocol of Intel AMT, on the wire.
 *
 * Pure functions on byte buffers: no locks, no allocation, no state. One MEI
 * message carries exactly one APF message; integers are big-endian and
 * unaligned. Byte tables: Documentation/protocol.rst, "Messages".
 */
#ifndef APF_H
#define APF_H

#include <linux/types.h>

enum apf_type {
	APF_DISCONNECT = 1,
	APF_SERVICE_REQUEST = 5,
	APF_SERVICE_ACCEPT = 6,
	APF_USERAUTH_REQUEST = 50,
	APF_USERAUTH_FAILURE = 51,
	APF_USERAUTH_SUCCESS = 52,
	APF_GLOBAL_REQUEST = 80,
	APF_REQUEST_SUCCESS = 81,
	APF_REQUEST_FAILURE = 82,
	APF_CHANNEL_OPEN = 90,
	APF_CHANNEL_OPEN_CONFIRMATION = 91,
	APF_CHANNEL_OPEN_FAILURE = 92,
	APF_CHANNEL_WINDOW_ADJUST = 93,
	APF_CHANNEL_DATA = 94,
	APF_CHANNEL_CLOSE = 97,
	APF_PROTOCOLVERSION = 192,
	APF_KEEPALIVE_REQUEST = 208,
	APF_KEEPALIVE_REPLY = 209,
	APF_KEEPALIVE_OPTIONS_REQUEST = 210,
	APF_KEEPALIVE_OPTIONS_REPLY = 211,
};

enum apf_disconnect_reason {
	APF_DISCONNECT_PROTOCOL_ERROR = 2,
	APF_DISCONNECT_SERVICE_NOT_AVAILABLE = 7,
	APF_DISCONNECT_PROTOCOL_VERSION = 8,
	APF_DISCONNECT_BY_APPLICATION = 11,
};

enum apf_open_failure {
	APF_OPEN_ADMINISTRATIVELY_PROHIBITED = 1,
	APF_OPEN_CONNECT_FAILED = 2,
	APF_OPEN_UNKNOWN_CHANNEL_TYPE = 3,
	APF_OPEN_RESOURCE_SHORTAGE = 4,
};

/* Why a PROTOCOLVERSION is sent; what hosts put there. */
#define APF_TRIGGER_LME_REQUEST 254

#define APF_SERVICE_PFWD "pfwd@amt.intel.com"
#define APF_SERVICE_AUTH "auth@amt.intel.com"
#define APF_TCPIP_FORWARD "tcpip-forward"
#define APF_CANCEL_TCPIP_FORWARD "cancel-tcpip-forward"
#define APF_UDP_SEND_TO "udp-send-to@amt.intel.com"
#define APF_FORWARDED_TCPIP "forwarded-tcpip"
#define APF_DIRECT_TCPIP "direct-tcpip"

#define APF_UUID_SIZE 16
#define APF_DATA_HDR_SIZE 9

/* Longest text of an IP address in CHANNEL_OPEN, without a NUL. */
#define APF_ADDR_MAX 47

/* Room for the longest message that one of the encoders below writes. */
#define APF_ENCODED_MAX 160

/**
 * struct apf_str - a counted string inside a received message
 * @p: first byte, not NUL terminated; valid as long as the message is
 * @len: bytes
 */
struct apf_str {
	const u8 *p;
	u32 len;
};

/**
 * enum apf_request - the global requests that are known
 * @APF_REQ_UNKNOWN: any other name
 * @APF_REQ_FORWARD: tcpip-forward
 * @APF_REQ_CANCEL_FORWARD: cancel-tcpip-forward
 * @APF_REQ_UDP_SEND_TO: udp-send-to\@amt.intel.com
 */
enum apf_request {
	APF_REQ_UNKNOWN,
	APF_REQ_FORWARD,
	APF_REQ_CANCEL_FORWARD,
	APF_REQ_UDP_SEND_TO,
};

/**
 * struct apf_msg - a decoded message
 * @type: enum apf_type; says which member of the union holds
 * @trailing: bytes behind the end of the message
 * @disconnect: DISCONNECT: reason
 * @service: SERVICE_REQUEST: name of the service
 * @userauth: USERAUTH_REQUEST; the password, if there is one, is checked for
 *            its length and not kept
 * @global: GLOBAL_REQUEST; @global.addr and @global.port are the address and
 *          port to bind, or the destination of a datagram; the originator and
 *          the data belong to a datagram only
 * @open: CHANNEL_OPEN
 * @confirm: CHANNEL_OPEN_CONFIRMATION
 * @failure: CHANNEL_OPEN_FAILURE
 * @adjust: CHANNEL_WINDOW_ADJUST
 * @data: CHANNEL_DATA
 * @close: CHANNEL_CLOSE
 * @version: PROTOCOLVERSION
 * @keepalive: KEEPALIVE_REQUEST
 * @options: KEEPALIVE_OPTIONS_REQUEST; in seconds
 */
struct apf_msg {
	u8 type;
	size_t trailing;
	union {
		struct {
			u32 reason;
		} disconnect;
		struct {
			struct apf_str name;
		} service;
		struct {
			struct apf_str user;
			struct apf_str service;
			struct apf_str method;
		} userauth;
		struct {
			enum apf_request request;
			struct apf_str name;
			bool want_reply;
			struct apf_str addr;
			u32 port;
			struct apf_str orig_addr;
			u32 orig_port;
			struct apf_str data;
		} global;
		struct {
			struct apf_str type;
			u32 sender;
			u32 window;
			struct apf_str addr;
			u32 port;
			struct apf_str orig_addr;
			u32 orig_port;
		} open;
		struct {
			u32 recipient;
			u32 sender;
			u32 window;
		} confirm;
		struct {
			u32 recipient;
			u32 reason;
		} failure;
		struct {
			u32 recipient;
			u32 bytes;
		} adjust;
		struct {
			u32 recipient;
			struct apf_str payload;
		} data;
		struct {
			u32 recipient;
		} close;
		struct {
			u32 major;
			u32 minor;
			u32 trigger;
			u8 uuid[APF_UUID_SIZE];
		} version;
		struct {
			u32 cookie;
		} keepalive;
		struct {
			u32 interval;
			u32 timeout;
		} options;
	};
};

int apf_decode(struct apf_msg *msg, const u8 *buf, size_t len);
bool apf_str_eq(const struct apf_str *s, const char *text);

size_t apf_encode_disconnect(u8 *buf, u32 reason);
size_t apf_encode_service_accept(u8 *buf, const char *name);
size_t apf_encode_userauth_success(u8 *buf);
size_t apf_encode_forward_success(u8 *buf, u32 port);
size_t apf_encode_request_success(u8 *buf);
size_t apf_encode_request_failure(u8 *buf);
size_t apf_encode_version(u8 *buf, u32 trigger);
size_t apf_encode_keepalive_reply(u8 *buf, u32 cookie);
size_t apf_encode_options_reply(u8 *buf, u32 interval, u32 timeout);

/**
 * struct apf_open - what apf_encode_open() writes
 * @sender: our id of the channel
 * @window: our receive window, in bytes
 * @addr: connected address, at most APF_ADDR_MAX bytes; AMT takes a session
 *        from a loopback address as local
 * @port: connected port
 * @orig_addr: address of the client, at most APF_ADDR_MAX bytes
 * @orig_port: port of the client
 */
struct apf_open {
	u32 sender;
	u32 window;
	const char *addr;
	u32 port;
	const char *orig_addr;
	u32 orig_port;
};

size_t apf_encode_open(u8 *buf, const struct apf_open *open);
size_t apf_encode_open_failure(u8 *buf, u32 recipient, u32 reason);
size_t apf_encode_adjust(u8 *buf, u32 recipient, u32 bytes);
size_t apf_encode_data_header(u8 *buf, u32 recipient, u32 len);
size_t apf_encode_close(u8 *buf, u32 recipient);

#endif /* APF_H */
