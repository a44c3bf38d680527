// SPDX-License-Identifier: GPL-2.0-only
/* amt-helper account, unprovision, config, cira and set. */
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "schema.h"
#include "testlib.h"

/* Exit codes of amt-helper(8). */
#define EXIT_INTERNAL 1
#define EXIT_USAGE 2
#define EXIT_PROTOCOL 8
#define EXIT_AMT_STATUS 9
#define EXIT_UNCONFIRMED 15

FIXTURE(change) {
	struct machine machine;
	struct result r;
};

FIXTURE_SETUP(change)
{
	ASSERT_EQ(0, machine_start(&self->machine, NULL));
}

FIXTURE_TEARDOWN(change)
{
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* The exit code; @r has what came to stdout. */
static int helper(struct result *r, const char *arguments)
{
	char command[640];

	snprintf(command, sizeof(command), "amt-helper %s", arguments);
	return run(r, "sh", "-c", command);
}

/* What info shows of one topic, as "topic  value". */
static const char *info(struct result *r, const char *topic)
{
	char command[128];

	snprintf(command, sizeof(command), "info %s", topic);
	helper(r, command);
	return r->text;
}

/* Return: false if @text lacks @part; both are printed then. */
static bool has(const char *text, const char *part)
{
	if (strstr(text, part))
		return true;
	say("no \"%s\" in: %s", part, text);
	return false;
}

/* ---- Changes, and what can be read afterwards ---- */

static const struct {
	const char *state;
	const char *arguments;
	int status;
	const char *topic;
	const char *after;
} changes[] = {
	{ "ccm", "unprovision", 0, "provisioning-state", "  pre\n" },
	{ "in", "unprovision", 0, "provisioning-state", "  pre\n" },
	{ "acm", "unprovision", EXIT_AMT_STATUS, "provisioning-state",
	  "  post\n" },
	{ "pre", "unprovision", EXIT_AMT_STATUS, "provisioning-state",
	  "  pre\n" },
	{ "pre", "config start", 0, "provisioning-state", "  in\n" },
	{ "pre", "config start-ipv6 on", 0, "provisioning-state", "  in\n" },
	{ "ccm", "config start", EXIT_AMT_STATUS, "control-mode",
	  "  client\n" },
	{ "in", "config stop", 0, "provisioning-state", "  pre\n" },
	{ "pre", "config stop", EXIT_AMT_STATUS, "provisioning-state",
	  "  pre\n" },
	{ "acm", "cira open", 0, "remote-access", "connected\n" },
	{ "acm", "cira close", 0, "remote-access", "not-connected\n" },
	{ "pre", "cira open", EXIT_AMT_STATUS, "remote-access",
	  "not-connected\n" },
	{ "pre", "set zero-touch on", 0, "zero-touch", "  yes\n" },
	{ "pre", "set zero-touch off", 0, "zero-touch", "  no\n" },
	{ "acm", "set zero-touch on", EXIT_AMT_STATUS, "zero-touch", "  no\n" },
	{ "acm", "set ehbc off", 0, "ehbc", "  no\n" },
	{ "acm", "set ehbc on", EXIT_AMT_STATUS, "ehbc", "  no\n" },
	{ "pre", "set dns-suffix corp.example", 0, "dns-suffix",
	  "  corp.example\n" },
	{ "acm", "set dns-suffix evil.example", EXIT_AMT_STATUS, "dns-suffix",
	  "  corp.example\n" },
	{ "acm", "set host-fqdn host.corp.example", 0, "fqdn",
	  "  host.corp.example\n" },
	{ "pre", "set rng-seed", 0, "rng-status", "  in-progress\n" },
	{ "pre", "set rng-seed", EXIT_AMT_STATUS, "rng-status",
	  "  in-progress\n" },
	{ "acm", "set enterprise-access 192.0.2.1", 0, "uuid", "0011" },
	{ "acm", "set enterprise-access 2001:db8::1", 0, "uuid", "0011" },
	{ "acm", "set enterprise-access none", EXIT_AMT_STATUS, "uuid",
	  "0011" },
	{ "acm", "set amt off", EXIT_AMT_STATUS, "manageability", "enabled" },
	{ "pre", "set amt off", 0, "manageability",
	  "change_allowed, new_interface\n" },
	{ "disabled", "set amt on", 0, "manageability",
	  "change_allowed, enabled, new_interface\n" },
	{ "pre", "set disable-and-clear", 0, "manageability",
	  "change_allowed, new_interface\n" },
};

TEST_F(change, a_change_is_what_is_read_back)
{
	struct result *r = &self->r;
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		snprintf(text, sizeof(text), "state %s", changes[i].state);
		ASSERT_EQ(0, sim_command(text));
		snprintf(text, sizeof(text), "%s --yes --json",
			 changes[i].arguments);
		EXPECT_EQ(changes[i].status, helper(r, text))
			TH_LOG("%s in state %s", text, changes[i].state);
		EXPECT_EQ(0, schema_check("change", r->text));
		EXPECT_TRUE(has(info(r, changes[i].topic), changes[i].after))
			TH_LOG("%s in state %s", text, changes[i].state);
	}
}

TEST_F(change, a_one_time_password_comes_from_stdin)
{
	struct result *r = &self->r;

	ASSERT_EQ(0, sim_command("state pre"));
	EXPECT_EQ(0, run(r, "sh", "-c",
			 "echo Secret1 | amt-helper set otp --yes"));
	EXPECT_EQ(EXIT_USAGE, run(r, "sh", "-c",
				  "amt-helper set otp --yes < /dev/null"));
	EXPECT_EQ(EXIT_USAGE, run(r, "sh", "-c",
				  "echo x | amt-helper set otp Secret1 --yes"));
	EXPECT_EQ(1, sim_stat("pthi_requests"));
}

/* AMT takes less; whether it was asked is what counts. */
TEST_F(change, a_password_may_be_223_bytes_with_a_newline)
{
	struct result *r = &self->r;

	ASSERT_EQ(0, sim_command("state pre"));
	EXPECT_EQ(EXIT_AMT_STATUS, run(r, "sh", "-c",
				       "printf '%0223d\n' 0 | amt-helper set otp --yes"));
	EXPECT_EQ(EXIT_AMT_STATUS, run(r, "sh", "-c",
				       "printf '%0223d' 0 | amt-helper set otp --yes"));
	EXPECT_EQ(2, sim_stat("pthi_requests"));
	EXPECT_EQ(EXIT_USAGE, run(r, "sh", "-c",
				  "printf '%0224d' 0 | amt-helper set otp --yes"));
	EXPECT_EQ(EXIT_USAGE, run(r, "sh", "-c",
				  "printf '%0224d\n' 0 | amt-helper set otp --yes"));
	EXPECT_EQ(EXIT_USAGE, run(r, "sh", "-c",
				  "echo | amt-helper set otp --yes"));
	EXPECT_EQ(2, sim_stat("pthi_requests"));
}

static const char *const wrong[] = {
	"unprovision now", "config", "config begin", "config start-ipv6",
	"config start-ipv6 maybe", "cira", "set", "set zero-touch",
	"set zero-touch on off", "set colour red", "set dns-suffix ''",
	"set enterprise-access somewhere", "config start-hbased",
	"config start-hbased --hash 00", "config start-hbased --cert /none",
	"config start-hbased --cert /etc/passwd",
	"config start-hbased --hash 00 --cert /etc/passwd",
	"config start-hbased --layout mine",
};

TEST_F(change, what_is_no_change_is_not_sent)
{
	int64_t before = sim_stat("pthi_requests");
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text), "%s --yes 2>/dev/null", wrong[i]);
		EXPECT_EQ(EXIT_USAGE, helper(&self->r, text))
			TH_LOG("%s", wrong[i]);
	}
	EXPECT_EQ(before, sim_stat("pthi_requests"));
}

/* ---- Asked for ---- */

TEST_F(change, without_a_terminal_it_needs_yes)
{
	int64_t before = sim_stat("pthi_requests");

	ASSERT_EQ(0, sim_command("state ccm"));
	EXPECT_EQ(EXIT_USAGE, helper(&self->r, "unprovision < /dev/null"));
	EXPECT_EQ(EXIT_USAGE, run(&self->r, "sh", "-c",
				  "echo y | amt-helper unprovision"));
	EXPECT_EQ(before, sim_stat("pthi_requests"));
}

/* Run on a terminal, with an answer typed when there is a question. */
static int on_terminal(const char *command, const char *answer, char *seen,
		       size_t size)
{
	size_t len = 0;
	bool asked = false;
	int terminal, status;
	ssize_t n;
	pid_t pid;

	pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	/* The end of a terminal is EIO. */
	while ((n = read(terminal, seen + len, size - 1 - len)) > 0) {
		len += n;
		seen[len] = 0;
		if (!asked && strstr(seen, "[y/N] ")) {
			asked = true;
			if (write_all(terminal, answer, strlen(answer)))
				break;
		}
	}
	waitpid(pid, &status, 0);
	close(terminal);
	return WEXITSTATUS(status);
}

TEST_F(change, on_a_terminal_it_asks)
{
	char seen[4096] = "";

	ASSERT_EQ(0, sim_command("state ccm"));
	EXPECT_EQ(EXIT_USAGE, on_terminal("amt-helper unprovision", "n\n",
					  seen, sizeof(seen)));
	EXPECT_TRUE(has(seen, "remove all configuration of AMT"));
	EXPECT_TRUE(has(seen, "nothing was changed"));
	EXPECT_TRUE(has(info(&self->r, "provisioning-state"), "post"));
	EXPECT_EQ(EXIT_USAGE, on_terminal("amt-helper unprovision", "\n",
					  seen, sizeof(seen)));
	EXPECT_EQ(0, on_terminal("amt-helper unprovision", "y\n", seen,
				 sizeof(seen)));
	EXPECT_TRUE(has(info(&self->r, "provisioning-state"), "pre"));
}

/* ---- Sent once ---- */

/*
 * In which state, and who counts it: the kernel has requests of its own after a
 * reset. This AMT does either.
 */
#define UNPROVISION "ccm", "unprovision", "pthi_requests", "pre"
#define SWITCH_OFF "pre", "set amt off", "requests", "unavailable"

static const struct {
	const char *state;
	const char *arguments;
	const char *counter;
	const char *after;
	const char *spoil;
	const char *why;
} losses[] = {
	{ UNPROVISION, "spoil reset", "No such device" },
	{ UNPROVISION, "spoil silent", "no reply in time" },
	{ UNPROVISION, "spoil late", "no reply in time" },
	{ UNPROVISION, "spoil patch 0 02", "has another version" },
	{ UNPROVISION, "spoil patch 1 00", "has another version" },
	{ UNPROVISION, "spoil patch 2 01", "has reserved bits set" },
	{ UNPROVISION, "spoil patch 3 80", "has reserved bits set" },
	{ UNPROVISION, "spoil patch 4 11", "is to another command" },
	{ UNPROVISION, "spoil patch 5 01", "is to another command" },
	{ UNPROVISION, "spoil patch 6 00", "is a request" },
	{ UNPROVISION, "spoil patch 7 01", "is to another command" },
	{ UNPROVISION, "spoil patch 8 05", "is shorter than it says" },
	{ UNPROVISION, "spoil patch 8 FFFFFFFF", "is shorter than it says" },
	{ UNPROVISION, "spoil patch 8 03", "has no room for its status" },
	{ UNPROVISION, "spoil cut 1", "is shorter than its header" },
	{ UNPROVISION, "spoil cut 15", "is shorter than its header" },
	{ SWITCH_OFF, "spoil silent", "no reply in time" },
	{ SWITCH_OFF, "spoil patch 0 02", "is to another command" },
	{ SWITCH_OFF, "spoil patch 2 52", "is to another command" },
	{ SWITCH_OFF, "spoil cut 7", "is shorter than its header" },
};

TEST_F(change, a_change_whose_reply_is_lost_is_not_sent_again)
{
	struct result *r = &self->r;
	char command[64];
	int64_t before;

	for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
		snprintf(command, sizeof(command), "state %s", losses[i].state);
		ASSERT_EQ(0, sim_command(command));
		ASSERT_EQ(0, sim_command(losses[i].spoil));
		before = sim_stat(losses[i].counter);
		snprintf(command, sizeof(command), "%s --yes --json --timeout 1",
			 losses[i].arguments);
		EXPECT_EQ(EXIT_UNCONFIRMED, helper(r, command))
			TH_LOG("%s: %s", command, losses[i].spoil);
		EXPECT_EQ(0, schema_check("change", r->text));
		EXPECT_TRUE(has(r->text, "outcome unknown"));
		EXPECT_TRUE(has(r->text, losses[i].why));
		EXPECT_EQ(1, sim_stat(losses[i].counter) - before)
			TH_LOG("%s: %s", command, losses[i].spoil);
		ASSERT_EQ(0, sim_command("spoil none"));
		EXPECT_TRUE(has(info(r, "provisioning-state"), losses[i].after))
			TH_LOG("%s: %s", command, losses[i].spoil);
	}
}

/* What tells the outcome, whatever it is. */
static const struct {
	const char *spoil;
	int status;
	const char *text;
} outcomes[] = {
	{ "pad 100", 0, "AMT_STATUS_SUCCESS" },
	{ "patch 12 10", EXIT_AMT_STATUS, "AMT_STATUS_NOT_PERMITTED (0x0010)" },
	{ "patch 12 1708", EXIT_AMT_STATUS, "unknown status (0x0817)" },
	{ "empty", EXIT_AMT_STATUS, "AMT is disabled or not ready" },
};

TEST_F(change, a_reply_that_can_be_read_tells_the_outcome)
{
	struct result *r = &self->r;
	char command[64];
	int64_t before;

	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		ASSERT_EQ(0, sim_command("state ccm"));
		snprintf(command, sizeof(command), "spoil %s", outcomes[i].spoil);
		ASSERT_EQ(0, sim_command(command));
		before = sim_stat("requests");
		EXPECT_EQ(outcomes[i].status,
			  helper(r, "unprovision --yes --json"))
			TH_LOG("%s", command);
		EXPECT_EQ(0, schema_check("change", r->text));
		EXPECT_TRUE(has(r->text, outcomes[i].text));
		EXPECT_EQ(1, sim_stat("requests") - before)
			TH_LOG("%s", command);
	}
}

TEST_F(change, an_unknown_outcome_counts_more_than_a_full_disk)
{
	ASSERT_EQ(0, sim_command("state ccm"));
	ASSERT_EQ(0, sim_command("spoil silent"));
	EXPECT_EQ(EXIT_UNCONFIRMED,
		  run(&self->r, "sh", "-c",
		      "amt-helper unprovision --yes --json --timeout 1 >/dev/full"));
}

TEST_F(change, a_busy_client_has_not_got_the_change)
{
	ASSERT_EQ(0, sim_command("state ccm"));
	ASSERT_EQ(0, sim_command("busy on"));
	EXPECT_EQ(6, helper(&self->r, "unprovision --yes"));
	ASSERT_EQ(0, sim_command("busy off"));
	EXPECT_TRUE(has(info(&self->r, "provisioning-state"), "post"));
}

/* ---- Host-based configuration ---- */

static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBpDCCAUmgAwIBAgIUYRq/bk5rYu6Qjvb3IElDyr6TJzEwCgYIKoZIzj0EAwIw\n"
	"JjEkMCIGA1UEAwwbcHJvdmlzaW9uc2VydmVyLmV4YW1wbGUuY29tMCAXDTI2MTEy\n"
	"MTEyMTExOVoYDzIxMjYxMDI4MTIxMTE5WjAmMSQwIgYDVQQDDBtwcm92aXNpb25z\n"
	"ZXJ2ZXIuZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQZRYkQ\n"
	"BDNOWFEp9NBLECZiPy+5uDf+RRhbWF+7F3WM/2d3OElOyTgQX66qRLeCbCFjSuuL\n"
	"gvy+Dlt/AaLglZ+Jo1MwUTAdBgNVHQ4EFgQU4M7BMiK9KlThzy5KabhbWmr2qeIw\n"
	"HwYDVR0jBBgwFoAU4M7BMiK9KlThzy5KabhbWmr2qeIwDwYDVR0TAQH/BAUwAwEB\n"
	"/zAKBggqhkjOPQQDAgNJADBGAiEAwHk6NjAiuN37xp3kQZLnnCiallBTj2hKE9S4\n"
	"7azR304CIQD7NwI8Tg+QXacuwfP4gdO+rdHoQcGfZdvTkKeRRKoRoQ==\n"
	"-----END CERTIFICATE-----\n";

/* Of its DER form, by sha256sum and sha384sum */
#define SHA256 "cc25e4106141eb59cfcfcd3f0cd1cf1a8344046732abc66f6ec0829f93986873"
#define SHA384 \
	"df610ab0f5ca59760da14402ea09a704adb0c619fd663524" \
	"2e1d507d66989a1f7eb03ccebf1e693bac9ef4f4e419584f"

/* AMT answers with the complement of the server's hash. */
static void complement(const char *hex, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (; *hex; hex++)
		*text++ = digits[15 - (strchr(digits, *hex) - digits)];
	*text = 0;
}

static const struct {
	const char *options;
	const char *hash;
	int status;
} starts[] = {
	{ "--cert /tmp/cert.pem", SHA256, 0 },
	{ "--cert /tmp/cert.der", SHA256, 0 },
	{ "--cert /tmp/cert.pem --algorithm sha384 --vpn", SHA384, 0 },
	{ "--hash " SHA256 " --suffix a.example --suffix b.example", SHA256,
	  0 },
	{ "--hash " SHA384 " --algorithm sha384 --layout rpc-go", SHA384, 0 },
	{ "--hash " SHA256 " --layout rpc-go --suffix a.example", SHA256, 0 },
	{ "--hash " SHA256 " --layout meshagent", SHA256, EXIT_AMT_STATUS },
};

static int write_certificates(struct result *r)
{
	int fd = open("/tmp/cert.pem", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	int err = write_all(fd, certificate, sizeof(certificate) - 1);

	close(fd);
	return err ? err : run(r, "sh", "-c", "sed '/CERT/d' /tmp/cert.pem | "
			       "base64 -d > /tmp/cert.der");
}

TEST_F(change, host_based_configuration_names_the_certificate)
{
	struct result *r = &self->r;
	char command[512], hash[128];

	ASSERT_EQ(0, write_certificates(r));
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		ASSERT_EQ(0, sim_command("state pre"));
		snprintf(command, sizeof(command),
			 "config start-hbased --yes --json %s",
			 starts[i].options);
		EXPECT_EQ(starts[i].status, helper(r, command))
			TH_LOG("%s: %s", starts[i].options, r->text);
		EXPECT_EQ(0, schema_check("change", r->text));
		complement(starts[i].hash, hash);
		EXPECT_TRUE(has(r->text, starts[i].status ?
				"AMT_STATUS_INVALID_MESSAGE_LENGTH" : hash));
		EXPECT_TRUE(has(info(r, "provisioning-state"),
				starts[i].status ? "pre" : "in"));
	}
}

static const char *const orders[] = {
	"config --yes --json start-hbased --hash " SHA256,
	"config --timeout 30 --hash " SHA256 " --yes start-hbased --json",
};

TEST_F(change, options_may_stand_before_the_word)
{
	struct result *r = &self->r;

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		ASSERT_EQ(0, sim_command("state pre"));
		EXPECT_EQ(0, helper(r, orders[i])) TH_LOG("%s", orders[i]);
		EXPECT_EQ(0, schema_check("change", r->text));
		EXPECT_TRUE(has(r->text, "StartConfigurationHBased"));
	}
	EXPECT_EQ(EXIT_USAGE, helper(r, "config --hash " SHA256
				     " start --yes 2>/dev/null"));
}

TEST_F(change, what_is_under_way_is_stopped_first)
{
	struct result *r = &self->r;
	char command[256];

	ASSERT_EQ(0, sim_command("state in"));
	snprintf(command, sizeof(command),
		 "config start-hbased --yes --no-stop --hash " SHA256);
	EXPECT_EQ(EXIT_AMT_STATUS, helper(r, command));
	snprintf(command, sizeof(command),
		 "config start-hbased --yes --hash " SHA256 " 2>&1");
	EXPECT_EQ(0, helper(r, command));
	EXPECT_TRUE(has(r->text, "waiting 20 s"));
	EXPECT_TRUE(has(info(r, "provisioning-state"), "in"));
}

TEST_F(change, nothing_is_started_when_the_stop_has_no_outcome)
{
	struct result *r = &self->r;
	int64_t before;

	ASSERT_EQ(0, sim_command("state in"));
	ASSERT_EQ(0, sim_command("spoil silent"));
	before = sim_stat("requests");
	EXPECT_EQ(EXIT_UNCONFIRMED, helper(r, "config start-hbased --yes --json "
					   "--timeout 1 --hash " SHA256));
	EXPECT_TRUE(has(r->text, "StopConfiguration: outcome unknown"));
	EXPECT_EQ(1, sim_stat("requests") - before);
}

/* Its header counts the status only, so AMT's own hash is not there. */
TEST_F(change, a_start_without_a_hash_is_done_and_an_error)
{
	struct result *r = &self->r;

	ASSERT_EQ(0, sim_command("state pre"));
	ASSERT_EQ(0, sim_command("spoil patch 8 04000000"));
	EXPECT_EQ(EXIT_PROTOCOL, helper(r, "config start-hbased --yes --json "
					"--no-stop --hash " SHA256));
	EXPECT_EQ(0, schema_check("change", r->text));
	EXPECT_TRUE(has(r->text, "done, but the reply is shorter"));
	ASSERT_EQ(0, sim_command("spoil none"));
	EXPECT_TRUE(has(info(r, "provisioning-state"), "in"));
}

/* ---- The account ---- */

TEST_F(change, the_account_goes_to_a_pipe)
{
	struct result *r = &self->r;
	char password[64] = "";

	ASSERT_EQ(0, run(r, "sh", "-c", "amt-helper account | cat"));
	ASSERT_EQ(1, sscanf(r->text, "$$OsAdmin\n%63s\n", password));
	EXPECT_EQ(32, strlen(password));
	ASSERT_EQ(0, run(r, "sh", "-c", "amt-helper account --json | cat"));
	EXPECT_EQ(0, schema_check("account", r->text));
	EXPECT_TRUE(has(r->text, password));
	/* Nowhere else, whatever is said about it. */
	EXPECT_EQ(0, run(r, "sh", "-c",
			 "amt-helper account --output /tmp/account 2>&1"));
	EXPECT_EQ(NULL, strstr(r->text, password));
}

TEST_F(change, the_account_opens_the_local_port)
{
	EXPECT_EQ(0, run(&self->r, "sh", "-c",
			 "amt-helper account | { read -r user; read -r password;"
			 "amt-helper serve 2>/dev/null & "
			 "amt-helper wait --port 16992; "
			 "curl -sf --retry 20 --retry-connrefused --digest "
			 "-u \"$user:$password\" -o /dev/null " HTTP_URL "/;"
			 "r=$?; kill $!; wait; exit $r; }"));
}

TEST_F(change, nobody_else_can_read_the_account)
{
	struct result *r = &self->r;
	char seen[1024] = "";
	struct stat st;

	EXPECT_EQ(0, helper(r, "account --output /tmp/new"));
	ASSERT_EQ(0, stat("/tmp/new", &st));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(EXIT_INTERNAL, helper(r, "account --output /tmp/new"));
	EXPECT_EQ(EXIT_USAGE, helper(r, "account > /tmp/open"));
	EXPECT_EQ(0, run(r, "sh", "-c",
			 "umask 077; amt-helper account > /tmp/closed"));
	EXPECT_EQ(EXIT_USAGE, on_terminal("amt-helper account", "", seen,
					  sizeof(seen)));
	EXPECT_EQ(NULL, strstr(seen, "OsAdmin"));
	EXPECT_EQ(0, on_terminal("amt-helper account --show", "", seen,
				 sizeof(seen)));
	EXPECT_TRUE(has(seen, "$$OsAdmin"));
	unlink("/tmp/new");
	unlink("/tmp/account");
}

TEST_F(change, the_account_of_this_firmware_is_padded)
{
	/* A header, and 66 bytes: two less than the header counts. */
	ASSERT_EQ(0, sim_command("spoil cut 82"));
	EXPECT_EQ(EXIT_PROTOCOL, run(&self->r, "sh", "-c",
				     "amt-helper account --output /tmp/cut"));
	unlink("/tmp/cut");
}

/* ---- Old firmware ---- */

TEST(an_account_without_padding_is_the_same)
{
	struct machine machine;
	struct result r;

	ASSERT_EQ(0, machine_start(&machine, (const char *const[]){
				   "--profile", "7", NULL }));
	/* It has no more bytes than these. */
	ASSERT_EQ(0, sim_command("spoil cut 82"));
	EXPECT_EQ(0, run(&r, "sh", "-c", "amt-helper account | head -n 1"));
	EXPECT_STREQ("$$OsAdmin\n", r.text);
	EXPECT_EQ(0, machine_stop(&machine));
}

TEST_HARNESS_MAIN
