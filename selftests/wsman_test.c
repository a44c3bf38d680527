// SPDX-License-Identifier: GPL-2.0-only
/*
 * WS-Management as host programs send it: envelopes by curl, through the helper
 * and the module. DSP0226; Documentation/protocol.rst, "What unmodified host
 * programs expect".
 */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define ENVELOPE "/tmp/envelope.xml"
#define KEY "/tmp/key.der"
#define TRANSFER "http://schemas.xmlsoap.org/ws/2004/09/transfer"
#define ENUMERATION "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
#define SETTINGS "http://intel.com/wbem/wscim/1/amt-schema/1/AMT_GeneralSettings"
#define KEY_SERVICE "http://intel.com/wbem/wscim/1/amt-schema/1/" \
	"AMT_PublicKeyManagementService"
#define KEY_PAIR "http://intel.com/wbem/wscim/1/amt-schema/1/" \
	"AMT_PublicPrivateKeyPair"
#define KEY_HANDLE "Intel(r) AMT Key: Handle: 0"
#define PACKAGE "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/" \
	"CIM_ComputerSystemPackage"
#define IDENTIFY "<Identify xmlns=\"http://schemas.dmtf.org/wbem/wsman/" \
	"identity/1/wsmanidentity.xsd\"/>"
#define CONTEXT(name) "<e:Pull xmlns:e=\"" ENUMERATION "\">" \
	"<e:EnumerationContext>" name "</e:EnumerationContext></e:Pull>"

FIXTURE(wsman) {
	struct machine machine;
	struct process helper;
	struct result r;
};

FIXTURE_SETUP(wsman)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, serve_start(&self->helper));
}

FIXTURE_TEARDOWN(wsman)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

static int save(const char *text)
{
	FILE *file = fopen(ENVELOPE, "w");

	if (!file)
		return -errno;
	fputs(text, file);
	return fclose(file) ? -errno : 0;
}

/* Posts it, chunked, and for one answer only, as rpc-go does. */
static const char *post(struct result *r, const char *user)
{
	if (run(r, "curl", "--silent", "--show-error", "--max-time", "100",
		"--digest", "--user", user, "--header",
		"Transfer-Encoding: chunked", "--header", "Connection: close",
		"--data-binary", "@" ENVELOPE, "--write-out", "%{http_code}",
		HTTP_URL "/wsman"))
		return "no answer";
	return r->text;
}

static const char *ask(struct result *r, const char *action,
		       const char *class, const char *body)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "<?xml version=\"1.0\" encoding=\"utf-8\"?><Envelope "
		 "xmlns=\"http://www.w3.org/2003/05/soap-envelope\" "
		 "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
		 "xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\">"
		 "<Header><a:Action>%s</a:Action><a:To>/wsman</a:To>"
		 "<w:ResourceURI>%s</w:ResourceURI>"
		 "<a:MessageID>1 &lt; 2</a:MessageID></Header>"
		 "<Body>%s</Body></Envelope>", action, class, body);
	return save(text) ? "no file" : post(r, CREDENTIALS);
}

/* The answer to @text, up to its status, has all of these. */
#define EXPECT_IN(text, what) \
	EXPECT_NE(NULL, strstr(text, what)) TH_LOG("%s: %s", what, text)

TEST_F(wsman, identify_names_the_product)
{
	const char *text = ask(&self->r, "", "", IDENTIFY);

	EXPECT_IN(text, "IdentifyResponse");
	EXPECT_IN(text, "<i:ProductVersion>AMT ");
	EXPECT_IN(text, "Envelope>\n200");
}

TEST_F(wsman, get_has_the_instance_and_relates_to_its_request)
{
	const char *text = ask(&self->r, TRANSFER "/Get", SETTINGS, "");

	EXPECT_IN(text, TRANSFER "/GetResponse");
	EXPECT_IN(text, "<b:RelatesTo>1 &lt; 2</b:RelatesTo>");
	EXPECT_IN(text, "<r:DigestRealm>Digest:");
	EXPECT_IN(text, "Envelope>\n200");
}

TEST_F(wsman, pull_takes_the_context_of_enumerate)
{
	const char *text = ask(&self->r, ENUMERATION "/Enumerate", PACKAGE, "");

	EXPECT_IN(text, "<n:EnumerationContext>CIM_ComputerSystemPackage<");
	text = ask(&self->r, ENUMERATION "/Pull", PACKAGE,
		   CONTEXT("CIM_ComputerSystemPackage"));
	EXPECT_IN(text, "<r:PlatformGUID>"
		  "33221100554477668899AABBCCDDEEFF</r:PlatformGUID>");
	EXPECT_IN(text, "<n:EndOfSequence/>");
	EXPECT_IN(text, "Envelope>\n200");
	text = ask(&self->r, ENUMERATION "/Pull", PACKAGE, CONTEXT("other"));
	EXPECT_IN(text, "n:InvalidEnumerationContext");
	EXPECT_IN(text, "Envelope>\n400");
}

TEST_F(wsman, what_amt_has_not_is_a_fault)
{
	EXPECT_IN(ask(&self->r, TRANSFER "/Get", "urn:none", ""),
		  "b:DestinationUnreachable");
	EXPECT_IN(self->r.text, "Envelope>\n400");
	EXPECT_IN(ask(&self->r, KEY_SERVICE "/GenerateKeyPair", SETTINGS, ""),
		  "b:ActionNotSupported");
	EXPECT_IN(ask(&self->r, TRANSFER "/Eat", SETTINGS, ""),
		  "b:ActionNotSupported");
	EXPECT_IN(self->r.text, "Envelope>\n400");
	ASSERT_EQ(0, save("<Envelope><Body>"));
	EXPECT_IN(post(&self->r, CREDENTIALS), "w:SchemaValidationError");
	EXPECT_IN(self->r.text, "Envelope>\n400");
}

static const char *make_key(struct result *r, const char *bits)
{
	char body[512];

	snprintf(body, sizeof(body), "<k:GenerateKeyPair_INPUT xmlns:k=\""
		 KEY_SERVICE "\"><k:KeyAlgorithm>0</k:KeyAlgorithm>"
		 "<k:KeyLength>%s</k:KeyLength></k:GenerateKeyPair_INPUT>",
		 bits);
	return ask(r, KEY_SERVICE "/GenerateKeyPair", KEY_SERVICE, body);
}

/* The text between the tags, as bytes, by openssl. */
static int save_key(const char *text)
{
	static const char tag[] = "<r:DERKey>";
	const char *key = strstr(text, tag);
	FILE *file = fopen(KEY ".base64", "w");
	struct result r;

	if (!key || !file)
		return -EINVAL;
	key += strlen(tag);
	fprintf(file, "%.*s", (int)strcspn(key, "<"), key);
	if (fclose(file))
		return -errno;
	return run(&r, "openssl", "base64", "-d", "-A", "-in", KEY ".base64",
		   "-out", KEY);
}

TEST_F(wsman, a_key_is_made_once_and_shown)
{
	EXPECT_IN(ask(&self->r, TRANSFER "/Get", KEY_PAIR, ""),
		  "b:DestinationUnreachable");
	EXPECT_IN(make_key(&self->r, "1"), "<r:ReturnValue>36<");
	EXPECT_IN(make_key(&self->r, "2048"),
		  "<w:Selector Name=\"InstanceID\">" KEY_HANDLE "<");
	EXPECT_IN(self->r.text, "<r:ReturnValue>0<");
	EXPECT_IN(self->r.text, "Envelope>\n200");
	EXPECT_IN(make_key(&self->r, "2048"), "<r:ReturnValue>23<");

	ask(&self->r, ENUMERATION "/Pull", KEY_PAIR,
	    CONTEXT("AMT_PublicPrivateKeyPair"));
	EXPECT_IN(self->r.text, "<r:InstanceID>" KEY_HANDLE "<");
	ASSERT_EQ(0, save_key(self->r.text));
	EXPECT_EQ(0, run(&self->r, "openssl", "pkey", "-pubin", "-inform",
			 "DER", "-in", KEY, "-noout", "-text"));
	EXPECT_IN(self->r.text, "Public-Key: (2048 bit)");
	EXPECT_EQ(1, sim_stat("lme_connects"));
}

TEST_F(wsman, a_password_is_needed)
{
	ASSERT_EQ(0, save("<a/>"));
	EXPECT_IN(post(&self->r, "admin:wrong"), "</h1>\n401");
}

TEST_F(wsman, a_body_longer_than_any_envelope_is_refused)
{
	ASSERT_EQ(0, save(""));
	ASSERT_EQ(0, truncate(ENVELOPE, 65536 + 1));
	EXPECT_STREQ("Too long\n413", post(&self->r, CREDENTIALS));
}

TEST_HARNESS_MAIN
