// SPDX-License-Identifier: GPL-2.0-only
/*
 * TLS between a client and AMT goes through the helper and the module
 * untouched. Documentation/protocol.rst, "Ports".
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define CERTIFICATE "/tmp/amt.pem"
#define CURL "curl", "--silent", "--show-error", "--max-time", "100", \
	"--cacert", CERTIFICATE
#define HTTPS_URL "https://127.0.0.1:16993"

/* AMT with TLS, its certificate saved, and all four ports bound. */
static int start(struct machine *m, struct process *helper, const char *tls)
{
	int err = machine_start(m, (const char *const[]){
				"--ports", "16992,16993,623,664",
				tls ? "--tls" : NULL, tls, NULL });

	if (!err)
		err = sim_certificate(CERTIFICATE);
	if (!err)
		err = process_start(helper, -1, true, (const char *const[]){
				    "amt-helper", "serve", NULL });
	return err ? err : process_expect(helper, "port 664 bound");
}

static int stop(struct machine *m, struct process *helper)
{
	int wrong = process_end(helper, SIGTERM);

	process_close(helper);
	return wrong + machine_stop(m);
}

/* ---- Which versions ---- */

FIXTURE(version) {
	struct machine machine;
	struct process helper;
	struct result r;
};

FIXTURE_VARIANT(version) {
	const char *only;
	bool is_1_2;
	bool is_1_3;
};

FIXTURE_VARIANT_ADD(version, both) { NULL, true, true };
FIXTURE_VARIANT_ADD(version, only_1_2) { "1.2", true, false };
FIXTURE_VARIANT_ADD(version, only_1_3) { "1.3", false, true };

FIXTURE_SETUP(version)
{
	ASSERT_EQ(0, start(&self->machine, &self->helper, variant->only));
}

FIXTURE_TEARDOWN(version)
{
	EXPECT_EQ(0, stop(&self->machine, &self->helper));
}

/* Whether a handshake in that version alone succeeds, the certificate checked. */
static bool shakes_hands(struct result *r, const char *port,
			 const char *option, const char *name)
{
	return !run(r, "openssl", "s_client", "-connect", port, option,
		    "-CAfile", CERTIFICATE, "-verify_return_error") &&
	       strstr(r->text, name) &&
	       strstr(r->text, "Verify return code: 0 (ok)");
}

TEST_F(version, openssl_gets_those_that_amt_has)
{
	const char *ports[] = { "127.0.0.1:16993", "127.0.0.1:664" };

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		EXPECT_EQ(variant->is_1_2,
			  shakes_hands(&self->r, ports[i], "-tls1_2",
				       "New, TLSv1.2"))
			TH_LOG("%s: %s", ports[i], self->r.text);
		EXPECT_EQ(variant->is_1_3,
			  shakes_hands(&self->r, ports[i], "-tls1_3",
				       "New, TLSv1.3"))
			TH_LOG("%s: %s", ports[i], self->r.text);
	}
}

/* ---- HTTPS ---- */

FIXTURE(tls) {
	struct machine machine;
	struct process helper;
	struct result r;
};

FIXTURE_SETUP(tls)
{
	ASSERT_EQ(0, start(&self->machine, &self->helper, NULL));
}

FIXTURE_TEARDOWN(tls)
{
	EXPECT_EQ(0, stop(&self->machine, &self->helper));
}

static const char *status_of(struct result *r, const char *url)
{
	if (run(r, CURL, "--digest", "--user", CREDENTIALS, "--output",
		"/dev/null", "--write-out", "%{http_code}", url))
		return "no answer";
	return r->text;
}

TEST_F(tls, curl_that_checks_the_certificate_gets_200)
{
	EXPECT_STREQ("200", status_of(&self->r, HTTPS_URL "/"));
	EXPECT_STREQ("200", status_of(&self->r, "https://[::1]:16993/"));
	EXPECT_STREQ("200", status_of(&self->r, "https://localhost:664/"));
	EXPECT_STREQ("200", status_of(&self->r, HTTP_URL "/"));
}

TEST_F(tls, a_mebibyte_down_and_up_is_what_amt_hashed)
{
	struct result *r = &self->r;
	struct result hash;

	ASSERT_EQ(0, run(r, CURL, "--output", "/tmp/down",
			 HTTPS_URL "/down/1048576"));
	ASSERT_EQ(0, run(&hash, CURL, HTTPS_URL "/down/1048576/sha256"));
	ASSERT_EQ(0, run(r, "sha256sum", "/tmp/down"));
	EXPECT_EQ(0, strncmp(r->text, hash.text, 64))
		TH_LOG("AMT: %s, here: %s", hash.text, r->text);
	ASSERT_EQ(0, run(r, CURL, "--upload-file", "/tmp/down",
			 HTTPS_URL "/up"));
	EXPECT_EQ(0, strncmp(r->text, hash.text, 64))
		TH_LOG("AMT: %s, here: %s", r->text, hash.text);
}

TEST_F(tls, http_without_tls_is_not_answered)
{
	EXPECT_STREQ("no answer",
		     status_of(&self->r, "http://127.0.0.1:16993/"));
	EXPECT_EQ(0, sim_stat("http_requests"));
}

/* Five bytes that announce a ClientHello, which does not come. */
TEST_F(tls, a_client_that_stops_in_the_handshake_holds_nobody_up)
{
	static const uint8_t start_of_hello[] = { 0x16, 3, 1, 2, 0 };
	int fd = node_open(16993, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, write_all(fd, start_of_hello, sizeof(start_of_hello)));
	EXPECT_STREQ("200", status_of(&self->r, HTTPS_URL "/"));
	EXPECT_STREQ("200", status_of(&self->r, HTTP_URL "/"));
	/* Nobody has ended it meanwhile. */
	EXPECT_EQ(0, fd_wait(fd, POLLIN, 0));
	close(fd);
}

TEST_HARNESS_MAIN
