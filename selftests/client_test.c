// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that know nothing of amt-helper get and send what they should,
 * through its ports and, where they can open files, through the device node.
 */
#include <signal.h>

#include "kselftest_harness.h"
#include "testlib.h"

#define CERTIFICATE "/tmp/amt.pem"
#define HTTPS_URL "https://localhost:16993"
#define CLIENTS 20
#define BYTES 10000

#define DOWN_HEAD "printf 'GET /down/300000 HTTP/1.1\\r\\nHost: amt\\r\\n" \
	"Connection: close\\r\\n\\r\\n'"
#define UP_HEAD "printf 'PUT /up HTTP/1.1\\r\\nHost: amt\\r\\n" \
	"Connection: close\\r\\nContent-Length: 300000\\r\\n\\r\\n'"
/* Through a program that knows no HTTP; the body is the end of the answer. */
#define RAW_DOWN(program) DOWN_HEAD " | " program " | tail -c 300000"
#define RAW_UP(program) "{ " UP_HEAD "; cat /tmp/up; } | " program \
	" | tail -n 1"

FIXTURE(client) {
	struct machine machine;
	struct process helper;
	struct result r;
	struct result hash;
	int files;
};

FIXTURE_VARIANT(client) {
	const char *down;
	const char *up;
};

FIXTURE_VARIANT_ADD(client, curl) {
	.down = "curl -sS " HTTP_URL "/down/300000",
	.up = "curl -sS --data-binary @/tmp/up " HTTP_URL "/up",
};

FIXTURE_VARIANT_ADD(client, curl_with_tls) {
	.down = "curl -sS --cacert " CERTIFICATE " " HTTPS_URL "/down/300000",
	.up = "curl -sS --cacert " CERTIFICATE " -T /tmp/up " HTTPS_URL "/up",
};

/* With its path, as busybox's shell would take its own. */
#define WGET "/usr/bin/wget -q -O - "

FIXTURE_VARIANT_ADD(client, wget) {
	.down = WGET HTTP_URL "/down/300000",
	.up = WGET "--post-file=/tmp/up " HTTP_URL "/up",
};

FIXTURE_VARIANT_ADD(client, wget_with_tls) {
	.down = WGET "--ca-certificate=" CERTIFICATE " "
		HTTPS_URL "/down/300000",
	.up = WGET "--ca-certificate=" CERTIFICATE " "
	      "--post-file=/tmp/up " HTTPS_URL "/up",
};

#define S_CLIENT "openssl s_client -quiet -verify_return_error " \
	"-CAfile " CERTIFICATE " -connect localhost:16993 2>/dev/null"

FIXTURE_VARIANT_ADD(client, openssl_s_client) {
	.down = RAW_DOWN(S_CLIENT),
	.up = RAW_UP(S_CLIENT),
};

FIXTURE_VARIANT_ADD(client, socat) {
	.down = RAW_DOWN("socat -t 100 - TCP:127.0.0.1:16992"),
	.up = RAW_UP("socat -t 100 - TCP:127.0.0.1:16992"),
};

FIXTURE_VARIANT_ADD(client, socat_over_ipv6) {
	.down = RAW_DOWN("socat -t 100 - TCP6:[::1]:16992"),
	.up = RAW_UP("socat -t 100 - TCP6:[::1]:16992"),
};

FIXTURE_VARIANT_ADD(client, socat_with_tls) {
	.down = RAW_DOWN("socat -t 100 - OPENSSL:localhost:16993,cafile="
			 CERTIFICATE),
	.up = RAW_UP("socat -t 100 - OPENSSL:localhost:16993,cafile="
		     CERTIFICATE),
};

FIXTURE_VARIANT_ADD(client, socat_on_the_node) {
	.down = RAW_DOWN("socat -t 100 - OPEN:/dev/amt_lme/16992"),
	.up = RAW_UP("socat -t 100 - OPEN:/dev/amt_lme/16992"),
};

FIXTURE_VARIANT_ADD(client, nc) {
	.down = RAW_DOWN("nc 127.0.0.1 16992"),
	.up = RAW_UP("nc 127.0.0.1 16992"),
};

FIXTURE_SETUP(client)
{
	ASSERT_EQ(0, machine_start(&self->machine, (const char *const[]){
				   "--ports", "16992,16993", NULL }));
	ASSERT_EQ(0, sim_certificate(CERTIFICATE));
	ASSERT_EQ(0, serve_start(&self->helper));
	ASSERT_EQ(0, process_expect(&self->helper, "port 16993 bound"));
	ASSERT_EQ(0, node_wait(HTTP_PORT));
	self->files = files_of(self->helper.pid);
}

FIXTURE_TEARDOWN(client)
{
	EXPECT_EQ(0, clients_gone(&self->helper, self->files));
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(client, gets_what_amt_hashed)
{
	char command[1024];

	snprintf(command, sizeof(command), "%s | sha256sum", variant->down);
	EXPECT_EQ(0, run(&self->r, "sh", "-c", command));
	ASSERT_EQ(0, run(&self->hash, "curl", "-sS",
			 HTTP_URL "/down/300000/sha256"));
	EXPECT_EQ(0, strncmp(self->hash.text, self->r.text, 64))
		TH_LOG("AMT: %s, %s: %s", self->hash.text, variant->down,
		       self->r.text);
}

TEST_F(client, sends_what_amt_hashes)
{
	ASSERT_EQ(0, run(&self->r, "dd", "if=/dev/urandom", "of=/tmp/up",
			 "bs=300000", "count=1", "iflag=fullblock",
			 "status=none"));
	ASSERT_EQ(0, run(&self->hash, "sha256sum", "/tmp/up"));
	EXPECT_EQ(0, run(&self->r, "sh", "-c", variant->up));
	EXPECT_EQ(0, strncmp(self->hash.text, self->r.text, 64))
		TH_LOG("here: %s, %s: %s", self->hash.text, variant->up,
		       self->r.text);
}

FIXTURE(clients) {
	struct machine machine;
	struct process helper;
	struct result r;
};

FIXTURE_SETUP(clients)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
	ASSERT_EQ(0, serve_start(&self->helper));
}

FIXTURE_TEARDOWN(clients)
{
	EXPECT_EQ(0, process_end(&self->helper, SIGTERM));
	process_close(&self->helper);
	EXPECT_EQ(0, machine_stop(&self->machine));
}

TEST_F(clients, wget_logs_on_with_digest)
{
	EXPECT_EQ(0, run(&self->r, "wget", "-q", "-O", "-", "--user=admin",
			 "--password=P@ssw0rd", HTTP_URL "/"));
	EXPECT_NE(NULL, strstr(self->r.text,
			       "Intel(R) Active Management Technology"))
		TH_LOG("answer: %s", self->r.text);
	EXPECT_NE(0, run(&self->r, "wget", "-q", "-O", "-", "--user=admin",
			 "--password=wrong", HTTP_URL "/"));
}

/* The last of them wait for a slot, for 20 s at most on whatever machine. */
TEST_F(clients, twenty_curls_at_once_are_all_served)
{
	struct process curl[CLIENTS];
	char url[64];

	for (int i = 0; i < CLIENTS; i++) {
		snprintf(url, sizeof(url), HTTP_URL "/down/%d", BYTES + i);
		ASSERT_EQ(0, process_start(&curl[i], -1, false,
					   (const char *const[]){ "curl", "-sS",
					   url, NULL }));
	}
	for (int i = 0; i < CLIENTS; i++) {
		EXPECT_EQ(0, process_wait(&curl[i]));
		EXPECT_EQ(BYTES + i, process_output(&curl[i], self->r.text,
						    sizeof(self->r.text)));
		process_close(&curl[i]);
	}
	EXPECT_EQ(CLIENTS, sim_stat("channels_opened"));
}

TEST_HARNESS_MAIN
