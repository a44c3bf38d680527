// SPDX-License-Identifier: GPL-2.0-only
/*
 * An activation as host programs see it, which know a host and its ports: keys
 * by WS-Management without TLS, an AMT that is gone for a while and then has TLS
 * alone, and is silent for a long time.
 * Documentation/protocol.rst, "Reset and recovery".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define CERTIFICATE "/tmp/amt.pem"
#define ENVELOPE "/tmp/envelope.xml"
#define HTTPS_URL "https://127.0.0.1:16993"
#define AMT_SCHEMA "http://intel.com/wbem/wscim/1/amt-schema/1/"
#define KEY_SERVICE AMT_SCHEMA "AMT_PublicKeyManagementService"
#define KEY_PAIR AMT_SCHEMA "AMT_PublicPrivateKeyPair"
#define TRANSFER "http://schemas.xmlsoap.org/ws/2004/09/transfer"
#define KEY_HANDLE "Intel(r) AMT Key: Handle: 0"

/* What profile 18 does when it has made a key. */
#define AWAY_MS 6000
#define SILENCE_MS 10000

#define DOWN_BYTES 131072
#define DOWN "/down/131072"

FIXTURE(activation) {
	struct machine machine;
	struct process helper;
	struct result r;
	gnutls_certificate_credentials_t trust;
};

FIXTURE_SETUP(activation)
{
	ASSERT_EQ(0, machine_start(&self->machine, (const char *const[]){
				   "--profile", "18", NULL }));
	ASSERT_EQ(0, sim_certificate(CERTIFICATE));
	ASSERT_EQ(0, gnutls_certificate_allocate_credentials(&self->trust));
	ASSERT_EQ(1, gnutls_certificate_set_x509_trust_file(self->trust,
							    CERTIFICATE,
							    GNUTLS_X509_FMT_PEM));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, process_expect(&self->helper, "port 664 bound"));
}

FIXTURE_TEARDOWN(activation)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	gnutls_certificate_free_credentials(self->trust);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* ---- WS-Management, by curl ---- */

static int save_envelope(const char *action, const char *class,
			 const char *body)
{
	FILE *file = fopen(ENVELOPE, "w");

	if (!file)
		return -errno;
	fprintf(file, "<?xml version=\"1.0\" encoding=\"utf-8\"?><Envelope "
		"xmlns=\"http://www.w3.org/2003/05/soap-envelope\" "
		"xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
		"xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\">"
		"<Header><a:Action>%s</a:Action><a:To>/wsman</a:To>"
		"<w:ResourceURI>%s</w:ResourceURI><a:MessageID>1</a:MessageID>"
		"</Header><Body>%s</Body></Envelope>", action, class, body);
	return fclose(file) ? -errno : 0;
}

static const char *ask(struct result *r, const char *url, const char *action,
		       const char *class, const char *body)
{
	if (save_envelope(action, class, body))
		return "no file";
	if (run(r, "curl", "--silent", "--show-error", "--max-time", "100",
		"--cacert", CERTIFICATE, "--digest", "--user", CREDENTIALS,
		"--data-binary", "@" ENVELOPE, "--write-out", "%{http_code}",
		url))
		return "no answer";
	return r->text;
}

static const char *make_key(struct result *r)
{
	return ask(r, HTTP_URL "/wsman", KEY_SERVICE "/GenerateKeyPair",
		   KEY_SERVICE,
		   "<k:GenerateKeyPair_INPUT xmlns:k=\"" KEY_SERVICE "\">"
		   "<k:KeyAlgorithm>0</k:KeyAlgorithm>"
		   "<k:KeyLength>2048</k:KeyLength>"
		   "</k:GenerateKeyPair_INPUT>");
}

/* The answer to @text, up to its status, has all of these. */
#define EXPECT_IN(text, what) \
	EXPECT_NE(NULL, strstr(text, what)) TH_LOG("%s: %s", what, text)

/* ---- HTTP over TLS 1.3, on a connection that stays ---- */

/**
 * struct tls - a connection
 * @fd: its socket
 * @session: what TLS knows of it
 */
struct tls {
	int fd;
	gnutls_session_t session;
};

static int tls_fail(const char *what, int r)
{
	say("TLS: %s: %s", what, gnutls_strerror(r));
	return -EIO;
}

static int shake_hands(struct tls *tls, gnutls_certificate_credentials_t trust)
{
	int r = gnutls_init(&tls->session, GNUTLS_CLIENT);

	if (r < 0)
		return tls_fail("init", r);
	gnutls_priority_set_direct(tls->session,
				   "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL);
	gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, trust);
	gnutls_session_set_verify_cert(tls->session, "localhost", 0);
	gnutls_transport_set_int(tls->session, tls->fd);
	gnutls_handshake_set_timeout(tls->session, WAIT_MS);
	do {
		r = gnutls_handshake(tls->session);
	} while (r < 0 && !gnutls_error_is_fatal(r));
	return r < 0 ? tls_fail("handshake", r) : 0;
}

static int tls_open(struct tls *tls, gnutls_certificate_credentials_t trust,
		    unsigned int port)
{
	tls->session = NULL;
	tls->fd = tcp_connect(AF_INET, port);
	if (tls->fd < 0) {
		say("port %u: %s", port, strerror(-tls->fd));
		return tls->fd;
	}
	return shake_hands(tls, trust);
}

static void tls_close(struct tls *tls)
{
	gnutls_bye(tls->session, GNUTLS_SHUT_WR);
	gnutls_deinit(tls->session);
	close(tls->fd);
}

static int tls_write(struct tls *tls, const char *data, size_t len)
{
	ssize_t n;

	for (; len; data += n, len -= n) {
		n = gnutls_record_send(tls->session, data, len);
		if (n < 0)
			return tls_fail("send", n);
	}
	return 0;
}

/* All of it: what is missing is an error. */
static int tls_read(struct tls *tls, char *data, size_t len)
{
	ssize_t n;

	for (; len; data += n, len -= n) {
		n = gnutls_record_recv(tls->session, data, len);
		if (n <= 0)
			return n ? tls_fail("receive", n) : -EPIPE;
	}
	return 0;
}

static int ask_tls(struct tls *tls, const char *method, const char *path,
		   const char *body, size_t len)
{
	char head[256];
	int n = snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: amt\r\n"
			 "Content-Length: %zu\r\n\r\n", method, path, len);

	return tls_write(tls, head, n) ?: tls_write(tls, body, len);
}

/* The answer's body, which has to have that length. */
static int take_tls(struct tls *tls, char *body, size_t len)
{
	const char *length;
	char head[1024] = "";
	int err = 0;

	/* By single bytes: what follows belongs to the body. */
	for (size_t n = 0; !err && !strstr(head, "\r\n\r\n"); n++)
		err = n + 1 < sizeof(head) ? tls_read(tls, head + n, 1) :
					     -EMSGSIZE;
	if (err)
		return err;
	length = strcasestr(head, "\r\nContent-Length:");
	if (strncmp(head, "HTTP/1.1 200", 12) != 0 || !length ||
	    strtoul(strchr(length, ':') + 1, NULL, 10) != len) {
		say("not the answer: %s", head);
		return -EPROTO;
	}
	return tls_read(tls, body, len);
}

/* ---- The scenario ---- */

/* Down on one connection, while AMT hashes the same on the other; then up. */
static int exchange(struct tls *first, struct tls *second)
{
	char hash[65], answer[65], here[65];
	char *data = malloc(DOWN_BYTES);
	int err = data ? 0 : -ENOMEM;

	err = err ?: ask_tls(second, "GET", DOWN "/sha256", NULL, 0);
	err = err ?: take_tls(first, data, DOWN_BYTES);
	err = err ?: take_tls(second, hash, sizeof(hash));
	err = err ?: sha256(data, DOWN_BYTES, here);
	if (!err && strncmp(here, hash, 64) != 0) {
		say("AMT: %.64s, here: %s", hash, here);
		err = -EBADMSG;
	}
	err = err ?: ask_tls(first, "PUT", "/up", data, DOWN_BYTES);
	err = err ?: take_tls(first, answer, sizeof(answer));
	if (!err && strncmp(here, answer, 64) != 0) {
		say("AMT: %.64s, here: %s", answer, here);
		err = -EBADMSG;
	}
	free(data);
	return err;
}

/* How often this side has ended something that AMT had not. */
static int64_t torn_down(void)
{
	return sim_stat("closed_by_host") + sim_stat("disconnects");
}

TEST_F(activation, nothing_is_lost_and_nothing_torn_down)
{
	struct tls first, second;
	int64_t start, before;
	const char *text;

	text = ask(&self->r, HTTP_URL "/wsman", TRANSFER "/Get",
		   AMT_SCHEMA "AMT_GeneralSettings", "");
	EXPECT_IN(text, "<r:DigestRealm>Digest:");
	EXPECT_IN(text, "Envelope>\n200");

	start = now_ms();
	text = make_key(&self->r);
	EXPECT_IN(text, ">" KEY_HANDLE "<");
	EXPECT_IN(text, "<r:ReturnValue>0<");
	EXPECT_IN(text, "Envelope>\n200");

	/* The next connection is not one that AMT takes with it. */
	ASSERT_EQ(0, process_expect(&self->helper, "link lost"));
	before = torn_down();
	ASSERT_EQ(0, tls_open(&first, self->trust, 16993));
	EXPECT_LE(AWAY_MS, now_ms() - start);

	start = now_ms();
	ASSERT_EQ(0, ask_tls(&first, "GET", DOWN, NULL, 0));
	ASSERT_EQ(0, tls_open(&second, self->trust, 664));
	EXPECT_EQ(0, fd_wait(first.fd, POLLIN, 0));
	ASSERT_EQ(POLLIN, fd_wait(first.fd, POLLIN, WAIT_MS));
	EXPECT_LE(SILENCE_MS, now_ms() - start);
	EXPECT_EQ(0, exchange(&first, &second));

	/* Both are there, in the one session that AMT made new. */
	EXPECT_EQ(2, sim_stat("channels_open"));
	EXPECT_EQ(before, torn_down());
	EXPECT_EQ(2, sim_stat("protocolversions"));
	EXPECT_EQ(1, sim_stat("lme_disconnects"));
	tls_close(&first);
	tls_close(&second);
}

TEST_F(activation, then_only_the_ports_with_tls_are_open)
{
	const char *text = make_key(&self->r);

	EXPECT_IN(text, "<r:ReturnValue>0<");
	ASSERT_EQ(0, process_expect(&self->helper, "port 623 gone"));
	ASSERT_EQ(0, process_expect(&self->helper, "port 16992 gone"));
	EXPECT_EQ(-ECONNREFUSED, tcp_connect(AF_INET, 16992));
	EXPECT_EQ(-ECONNREFUSED, tcp_connect(AF_INET, 623));

	/* AMT still has the key. */
	text = ask(&self->r, HTTPS_URL "/wsman", TRANSFER "/Get", KEY_PAIR, "");
	EXPECT_IN(text, "<r:InstanceID>" KEY_HANDLE "<");
	EXPECT_IN(text, "Envelope>\n200");
}

TEST_HARNESS_MAIN
