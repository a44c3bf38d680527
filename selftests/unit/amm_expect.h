/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of `amt-helper amm` have in common; for one file of each. */
#ifndef UNIT_AMM_EXPECT_H
#define UNIT_AMM_EXPECT_H

#include <json-c/json.h>

#include "kselftest_harness.h"

#include "amm_peer.h"
#include "amm_vectors.h"

/* Exit codes of amt-helper. */
#define OK 0
#define INTERNAL 1
#define USAGE 2
#define TIMEOUT 7
#define PROTOCOL 8
#define PEER_LOST 13
#define UNEXPECTED 14
#define OUTCOME_UNKNOWN 15

#define START(...) peer_start(&peer, (const char *const[]){ __VA_ARGS__, NULL })

/* A change, which nobody may repeat just because no answer came. */
#define CHANGE "amm", "raw", "--code", "DELETE_ATR", "--payload-hex", "ab:cd", \
	"--allow-undocumented", "--yes-change-state"

static struct peer peer;
static struct message reply, second;

FIXTURE(amm)
{
	struct json_object *json;
};

FIXTURE_SETUP(amm)
{
	ASSERT_EQ(0, peer_listen(&peer, "127.0.0.1", 0, 16));
	message_set(&reply, ENDPOINTS, ENDPOINTS_SIZE);
	message_set(&second, ATRS, ATRS_SIZE);
}

FIXTURE_TEARDOWN(amm)
{
	peer_close(&peer);
	json_object_put(self->json);
}

/* Takes the connection and the request; 0 if they are as they should be. */
static int asked(const char *request)
{
	return peer_accept(&peer) < 0 ? -1 : peer_expect(&peer, request);
}

/* The exit code after one reply to "endpoints", with the connection open. */
static int answer(void)
{
	if (START("amm", "endpoints", PEER, "--timeout", "8") < 0 ||
	    asked(ASK_ENDPOINTS) < 0 || peer_reply(&peer, &reply) < 0)
		return -1;
	return peer_finish(&peer);
}

/* The same for "atrs". */
static int answer_atrs(void)
{
	if (START("amm", "atrs", PEER, "--timeout", "8") < 0 ||
	    asked(ASK_ATRS) < 0 || peer_reply(&peer, &second) < 0)
		return -1;
	return peer_finish(&peer);
}

static int answer_json(struct json_object **json)
{
	int code;

	if (START("amm", "list", PEER, "--json", "--timeout", "8") < 0 ||
	    asked(ASK_ENDPOINTS) < 0 || peer_reply(&peer, &reply) < 0 ||
	    peer_expect(&peer, ASK_ATRS) < 0 || peer_reply(&peer, &second) < 0)
		return -1;
	code = peer_finish(&peer);
	json_object_put(*json);
	*json = json_tokener_parse(peer.out);
	return code;
}

static bool is_one_line(const char *text)
{
	const char *newline = strchr(text, '\n');

	return newline && newline != text && newline[1] == '\0';
}

/* Nothing on stdout, and one line on stderr that has this text. */
#define EXPECT_SAID(text) do { \
	EXPECT_STREQ("", peer.out); \
	EXPECT_TRUE(is_one_line(peer.err)) TH_LOG("stderr: %s", peer.err); \
	EXPECT_NE(NULL, strstr(peer.err, text)) \
		TH_LOG("no \"%s\" in %s", text, peer.err); \
} while (0)

#define EXPECT_WARNED(text) do { \
	EXPECT_NE('\0', peer.out[0]); \
	EXPECT_TRUE(is_one_line(peer.err)) TH_LOG("stderr: %s", peer.err); \
	EXPECT_EQ(0, strncmp(peer.err, "amt-helper: warning: ", 21)); \
	EXPECT_NE(NULL, strstr(peer.err, text)) \
		TH_LOG("no \"%s\" in %s", text, peer.err); \
} while (0)

#define EXPECT_PRINTED(text) \
	EXPECT_NE(NULL, strstr(peer.out, text)) \
		TH_LOG("no \"%s\" in %s%s", text, peer.out, peer.err)

static const char *member(struct json_object *json, const char *path)
{
	struct json_object *found;

	return json_pointer_get(json, path, &found) == 0 ?
	       json_object_get_string(found) : "(none)";
}

#define EXPECT_JSON(path, value) EXPECT_STREQ(value, member(self->json, path))

#endif /* UNIT_AMM_EXPECT_H */
