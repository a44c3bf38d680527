/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AMT port forwarding messages, see Documentation/protocol.rst "Messages".
 *
 * Written from the protocol alone and not shared with the driver, so that one
 * misreading cannot hide in both ends of a test.
 */
#ifndef AMT_SIM_APF_H
#define AMT_SIM_APF_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

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
	APF_PROTOCOL_ERROR = 2,
	APF_SERVICE_NOT_AVAILABLE = 7,
	APF_VERSION_NOT_SUPPORTED = 8,
	APF_NO_MORE_AUTH_METHODS = 14,
};

enum apf_open_failure {
	APF_ADMINISTRATIVELY_PROHIBITED = 1,
	APF_CONNECT_FAILED = 2,
	APF_UNKNOWN_CHANNEL_TYPE = 3,
	APF_RESOURCE_SHORTAGE = 4,
};

#define APF_PFWD "pfwd@amt.intel.com"
#define APF_AUTH "auth@amt.intel.com"
#define APF_FORWARDED "forwarded-tcpip"
#define APF_TRIGGER_LME 254

/* Bytes before the payload of CHANNEL_DATA */
#define APF_DATA_HEADER 9
/* Longest message other than CHANNEL_DATA that the functions below write */
#define APF_MAX_CONTROL 96

/**
 * struct apf_text - counted string inside a message, not terminated
 * @p: first byte
 * @len: bytes
 */
struct apf_text {
	const __u8 *p;
	__u32 len;
};

/**
 * struct apf_message - what a host may send, decoded; texts and data point
 *                      into the message
 * @type: selects what is valid below
 * @reason: DISCONNECT
 * @name: SERVICE_ACCEPT: the service; USERAUTH_FAILURE: methods
 * @version: PROTOCOLVERSION
 * @port: REQUEST_SUCCESS, 0 when the message carries none
 * @open: CHANNEL_OPEN
 * @recipient: messages to an open channel: the id we chose
 * @adjust: CHANNEL_WINDOW_ADJUST: bytes to add
 * @data: CHANNEL_DATA
 * @keepalive: keep-alives: the cookie; their options: both
 */
struct apf_message {
	__u8 type;
	__u32 recipient;
	union {
		__u32 reason;
		struct apf_text name;
		struct {
			__u32 major;
			__u32 minor;
			__u32 trigger;
		} version;
		__u32 port;
		struct {
			struct apf_text type;
			__u32 sender;
			__u32 window;
			struct apf_text address;
			__u32 port;
			struct apf_text originator;
			__u32 originator_port;
		} open;
		__u32 adjust;
		struct apf_text data;
		__u32 keepalive[2];
	};
};

/**
 * apf_decode - take a message from the host apart
 * @msg: the message
 * @len: its length
 * @m: the result
 *
 * Bytes after the last field are ignored.
 *
 * Return: false when the message is shorter than its fields say, or its type
 * is none that a host sends.
 */
bool apf_decode(const __u8 *msg, size_t len, struct apf_message *m);

/**
 * apf_text_is - compare a text byte by byte
 * @text: from a message
 * @expected: C string
 *
 * Return: whether they are equal.
 */
bool apf_text_is(const struct apf_text *text, const char *expected);

/*
 * Encoders: write a message to @p, which has APF_MAX_CONTROL bytes, and return
 * its length.
 */
size_t apf_put_disconnect(__u8 *p, __u32 reason);
size_t apf_put_version(__u8 *p, const __u8 uuid[16]);
size_t apf_put_service_request(__u8 *p, const char *name);
size_t apf_put_userauth(__u8 *p, const char *user, const char *method,
			const char *password);
size_t apf_put_forward(__u8 *p, const char *address, __u32 port);
size_t apf_put_cancel(__u8 *p, const char *address, __u32 port);
size_t apf_put_confirmation(__u8 *p, __u32 recipient, __u32 sender,
			    __u32 window);
size_t apf_put_failure(__u8 *p, __u32 recipient, __u32 reason);
size_t apf_put_adjust(__u8 *p, __u32 recipient, __u32 bytes);
size_t apf_put_close(__u8 *p, __u32 recipient);
size_t apf_put_keepalive_request(__u8 *p, __u32 cookie);
size_t apf_put_keepalive_reply(__u8 *p, __u32 cookie);
size_t apf_put_keepalive_options_request(__u8 *p, const __u32 values[2]);
size_t apf_put_keepalive_options_reply(__u8 *p, const __u32 values[2]);

/**
 * apf_put_data_header - the header of CHANNEL_DATA before its payload
 * @p: APF_DATA_HEADER bytes; the payload stands after them
 * @recipient: the host's channel id
 * @len: bytes of payload
 *
 * Return: length of the whole message.
 */
size_t apf_put_data_header(__u8 *p, __u32 recipient, __u32 len);

#endif /* AMT_SIM_APF_H */
