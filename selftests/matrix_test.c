// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every command that asks or changes AMT, against every profile of amt-sim and
 * in every state of AMT. What must come out is written down here from
 * Documentation/pthi.rst; amt-sim has tables of its own.
 */
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "schema.h"
#include "testlib.h"

/* Exit codes of amt-helper(8). */
#define EXIT_AMT_STATUS 9
#define EXIT_PARTLY 10

static const struct {
	const char *name;
	const char *provisioning;
	const char *control;
} states[] = {
	{ "pre", "pre", "none" },
	{ "in", "in", "none" },
	{ "ccm", "post", "client" },
	{ "acm", "post", "admin" },
	{ "disabled", "(none)", "(none)" },
};

/*
 * An outcome is a letter, and that of a command a letter for each state: y, it
 * is told or done; n, AMT refuses with whatever status that has a name and tells
 * of no error of its own; or with the one here.
 */
static const char *const statuses[] = {
	['d'] = "AMT_STATUS_DATA_MISSING",
	['e'] = "AMT_STATUS_HOST_IF_EMPTY_RESPONSE",
	['i'] = "AMT_STATUS_INTERFACE_DOES_NOT_EXIST",
	['m'] = "AMT_STATUS_INVALID_PT_MODE",
};

#define ALWAYS "yyyye"
/* Of clients that answer when AMT is off, too. */
#define ALWAYS_ON "yyyyy"

static const struct {
	const char *path;
	unsigned int since;
	const char *outcomes;
} topics[] = {
	{ "mei", 0, ALWAYS_ON },
	{ "versions", 0, ALWAYS },
	{ "uuid", 0, ALWAYS },
	{ "provisioning_state", 0, ALWAYS },
	{ "provisioning_mode", 0, ALWAYS },
	{ "control_mode", 0, ALWAYS },
	{ "ehbc", 9, ALWAYS },
	{ "mac", 0, ALWAYS },
	{ "dns_suffix", 0, ALWAYS },
	{ "dns_suffixes", 0, ALWAYS },
	{ "lan.wired", 0, ALWAYS },
	{ "lan.wireless", 0, "iiiie" },
	{ "ipv6.wired", 0, ALWAYS },
	{ "ipv6.wireless", 0, "iiiie" },
	{ "hash_handles", 0, ALWAYS },
	{ "hashes", 0, ALWAYS },
	{ "remote_access", 0, ALWAYS },
	{ "user_initiated", 0, ALWAYS },
	{ "tls_mode", 0, ALWAYS },
	{ "zero_touch", 0, ALWAYS },
	{ "security", 0, ALWAYS },
	{ "features.redirection", 0, ALWAYS },
	{ "features.system_defense", 0, ALWAYS },
	{ "features.web_ui", 0, ALWAYS },
	{ "features.eac", 0, ALWAYS },
	{ "features.kvm", 0, ALWAYS },
	{ "redirection", 0, ALWAYS },
	{ "power_policy", 0, ALWAYS },
	{ "reset_reason", 0, ALWAYS },
	{ "fqdn", 0, ALWAYS },
	{ "config_server", 0, ALWAYS },
	{ "audit_record", 0, "ddyye" },
	{ "tcpip", 0, ALWAYS },
	{ "amt_state", 0, ALWAYS },
	{ "rng_status", 0, ALWAYS },
	{ "admin_account_default", 0, "ymmme" },
	{ "pid", 0, "ymmme" },
	{ "cira_log", 16, ALWAYS },
	{ "firmware.version", 0, ALWAYS_ON },
	{ "firmware.capabilities", 0, ALWAYS_ON },
	{ "firmware.features_available", 0, ALWAYS_ON },
	{ "firmware.features_enabled", 0, ALWAYS_ON },
	{ "firmware.platform", 0, ALWAYS_ON },
	{ "firmware.update", 0, ALWAYS_ON },
	{ "manageability", 0, ALWAYS_ON },
};

/* --no-stop: in state "in" the stop would be followed by 20 s. */
#define HBASED "config start-hbased --no-stop "
#define HASH_256 \
	"--hash cc25e4106141eb59cfcfcd3f0cd1cf1a8344046732abc66f6ec0829f93986873"
#define HASH_384 \
	"--algorithm sha384 " \
	"--hash df610ab0f5ca59760da14402ea09a704adb0c619fd663524" \
	"2e1d507d66989a1f7eb03ccebf1e693bac9ef4f4e419584f"
#define MORE " --vpn --suffix a.example --suffix b.example"

static const struct {
	const char *arguments;
	unsigned int since;
	const char *outcomes;
	bool moves; /* AMT to another state */
} changes[] = {
	{ "unprovision", 0, "nyyme", true },
	{ "config start", 0, "ynnne", true },
	{ "config start-ipv6 on", 0, "ynnne", true },
	{ "config start-ipv6 off", 0, "ynnne", true },
	{ "config stop", 0, "nynne", true },
	{ HBASED HASH_256, 0, "ynnne", true },
	{ HBASED HASH_256 MORE, 0, "ynnne", true },
	{ HBASED HASH_384, 0, "ynnne", true },
	{ HBASED HASH_256 " --layout rpc-go", 0, "ynnne", true },
	{ HBASED HASH_384 MORE " --layout rpc-go", 0, "ynnne", true },
	{ HBASED HASH_256 " --layout meshagent", 0, "nnnne", true },
	{ HBASED HASH_384 MORE " --layout meshagent", 0, "nnnne", true },
	{ "set amt off", 16, "ynnny", true },
	{ "set amt on", 16, "ynnny", true },
	{ "set disable-and-clear", 12, "ynnne", true },
	{ "cira open", 0, "nnyye", false },
	{ "cira close", 0, "nnyye", false },
	{ "set zero-touch on", 0, "ynnne", false },
	{ "set zero-touch off", 0, "ynnne", false },
	{ "set ehbc on", 9, "nnnne", false },
	{ "set ehbc off", 9, ALWAYS, false },
	{ "set dns-suffix corp.example", 0, "yynne", false },
	{ "set host-fqdn host.corp.example", 0, ALWAYS, false },
	{ "set otp", 0, "yynne", false },
	{ "set rng-seed", 0, "ynnne", false },
	{ "set enterprise-access 192.0.2.1", 0, ALWAYS, false },
	{ "set enterprise-access 2001:db8::1", 0, ALWAYS, false },
	{ "set enterprise-access none", 0, "nnnne", false },
};

FIXTURE(matrix) {
	struct machine machine;
	struct result r;
};

FIXTURE_VARIANT(matrix) {
	const char *profile;
	unsigned int amt;
	const char *version;
};

FIXTURE_VARIANT_ADD(matrix, 7) { "7", 7, "7.1.91" };
FIXTURE_VARIANT_ADD(matrix, 11) { "11", 11, "11.8.50" };
FIXTURE_VARIANT_ADD(matrix, 16) { "16", 16, "16.1.25" };
FIXTURE_VARIANT_ADD(matrix, 18) { "18", 18, "18.0.10" };
FIXTURE_VARIANT_ADD(matrix, 20) { "20", 20, "20.0.5" };
FIXTURE_VARIANT_ADD(matrix, 21) { "21", 21, "21.0.1" };
FIXTURE_VARIANT_ADD(matrix, plain) { "default", 16, "16.1.25" };
FIXTURE_VARIANT_ADD(matrix, shared) { "shared", 16, "16.1.25" };

FIXTURE_SETUP(matrix)
{
	ASSERT_EQ(0, machine_start(&self->machine, (const char *const[]){
				   "--profile", variant->profile, NULL }));
}

FIXTURE_TEARDOWN(matrix)
{
	EXPECT_EQ(0, machine_stop(&self->machine));
}

/* Hundreds of times: "amt-sim control" takes longer than what is tested. */
static int enter(size_t state)
{
	struct sockaddr_un address = {
		.sun_family = AF_UNIX,
		.sun_path = "/run/amt-sim.sock",
	};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[32] = "";
	int err = 0;

	snprintf(text, sizeof(text), "state %s\n", states[state].name);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err = -errno;
	if (!err)
		err = write_all(fd, text, strlen(text));
	if (!err && read_all(fd, text, sizeof(text)) < 0)
		err = -EIO;
	close(fd);
	return err ? err : strncmp(text, "ok\n", 3);
}

static char outcome(const char *outcomes, size_t state, unsigned int since,
		    unsigned int amt)
{
	return amt < since ? 'n' : outcomes[state];
}

/* Whether AMT refused as it should. @status: "" if it did not */
static bool is_refusal(char outcome, const char *status)
{
	if (outcome != 'n')
		return strcmp(status, statuses[(int)outcome]) == 0;
	return *status && strcmp(status, "(none)") != 0 &&
	       !strstr(status, "INTERNAL_ERROR");
}

/* ---- What can be asked ---- */

static bool is_told(struct json_object *info, const char *path, char outcome)
{
	bool told = json_at(info, path);
	const char *status = info_lacks(info, path);

	if (outcome == 'y' ? told && !*status :
			     !told && is_refusal(outcome, status))
		return true;
	say("%s: expected '%c', %s with status \"%s\"", path, outcome,
	    told ? "told" : "not told", status);
	return false;
}

TEST_F(matrix, each_topic_is_told_where_it_exists)
{
	const bool new = variant->amt >= 16;
	struct json_object *info;
	char firmware[32];

	snprintf(firmware, sizeof(firmware), "%s.2124", variant->version);
	for (size_t s = 0; s < ARRAY_SIZE(states); s++) {
		bool off = strcmp(states[s].name, "disabled") == 0;

		ASSERT_EQ(0, enter(s));
		info = info_all(&self->r);
		for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
			EXPECT_TRUE(is_told(info, topics[i].path,
					    outcome(topics[i].outcomes, s,
						    topics[i].since,
						    variant->amt)))
				TH_LOG("in state %s", states[s].name);
		}
		/* What older firmware does not have makes it incomplete. */
		EXPECT_EQ(off ? EXIT_AMT_STATUS : new ? 0 : EXIT_PARTLY,
			  self->r.status)
			TH_LOG("%s: %s", states[s].name,
			       json_text(info, "error.message"));
		EXPECT_STREQ(states[s].provisioning,
			     json_text(info, "provisioning_state.name"));
		EXPECT_STREQ(states[s].control,
			     json_text(info, "control_mode.name"));
		EXPECT_STREQ(firmware,
			     json_text(info, "firmware.version.code"));
		EXPECT_STREQ(!new ? "(none)" : off ? "false" : "true",
			     json_text(info, "manageability.enabled"));
		json_object_put(info);
	}
}

static int account(struct result *r)
{
	unlink("/tmp/account");
	return run(r, "sh", "-c",
		   "amt-helper account --json --output /tmp/account && "
		   "cat /tmp/account");
}

TEST_F(matrix, the_account_is_there_unless_amt_is_off)
{
	for (size_t s = 0; s < ARRAY_SIZE(states); s++) {
		bool off = strcmp(states[s].name, "disabled") == 0;

		ASSERT_EQ(0, enter(s));
		EXPECT_EQ(off ? EXIT_AMT_STATUS : 0, account(&self->r));
		EXPECT_EQ(0, schema_check("account", self->r.text));
		EXPECT_NE(NULL, strstr(self->r.text, off ?
				       "the reply is empty" : "$$OsAdmin"))
			TH_LOG("in state %s", states[s].name);
	}
}

/* ---- What can be changed ---- */

/* Also a text on stdin, which one of them reads. */
static int give(const char *text)
{
	int fd = memfd_create("stdin", MFD_CLOEXEC);
	int err = fd < 0 ? -errno : write_all(fd, text, strlen(text));

	if (!err && dup2(fd, STDIN_FILENO) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Not through a shell, which would be half of the time. */
static int helper(struct result *r, const char *arguments)
{
	const char *argv[24] = { "amt-helper" };
	char text[512], *save, *word;
	size_t n = 1;

	snprintf(text, sizeof(text), "%s --yes --json", arguments);
	for (word = strtok_r(text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		argv[n++] = word;
	lseek(STDIN_FILENO, 0, SEEK_SET);
	return run_argv(r, argv);
}

static bool is_done(struct result *r, const char *arguments, char outcome)
{
	int code = helper(r, arguments);
	struct json_object *document = json_tokener_parse(r->text);
	int status = json_number(document, "change.status.value");
	const char *name = status ? json_text(document, "change.status.name") :
				    "";
	bool right;

	if (outcome == 'y')
		right = code == 0;
	else
		right = code == EXIT_AMT_STATUS && is_refusal(outcome, name);
	if (schema_check("change", r->text))
		right = false;
	if (!right)
		say("%s: expected '%c', exit code %d: %s", arguments, outcome,
		    code, r->text);
	json_object_put(document);
	return right;
}

static bool is_in(struct result *r, size_t state)
{
	struct json_object *info;
	bool right;

	run(r, "amt-helper", "info", "--json", "provisioning-state",
	    "control-mode");
	info = json_tokener_parse(r->text);
	right = !strcmp(states[state].provisioning,
			json_text(info, "provisioning_state.name")) &&
		!strcmp(states[state].control,
			json_text(info, "control_mode.name"));
	json_object_put(info);
	return right;
}

TEST_F(matrix, each_change_is_done_where_it_is_allowed)
{
	char expected;

	ASSERT_EQ(0, give("Secret1\n"));
	for (size_t s = 0; s < ARRAY_SIZE(states); s++) {
		ASSERT_EQ(0, enter(s));
		for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
			expected = outcome(changes[i].outcomes, s,
					   changes[i].since, variant->amt);
			EXPECT_TRUE(is_done(&self->r, changes[i].arguments,
					    expected))
				TH_LOG("in state %s", states[s].name);
			if (expected == 'y' && changes[i].moves)
				ASSERT_EQ(0, enter(s));
		}
		/* Nothing that was refused has been done all the same. */
		EXPECT_TRUE(is_in(&self->r, s))
			TH_LOG("left state %s: %s", states[s].name,
			       self->r.text);
	}
}

/* ---- Nothing is left out ---- */

static bool has_topic(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
		if (!strncmp(topics[i].path, name, len) &&
		    (!topics[i].path[len] || topics[i].path[len] == '.'))
			return true;
	return !strcmp(name, "hash=HANDLE");
}

static bool has_change(const char *group, const char *name)
{
	char words[64];
	size_t len = snprintf(words, sizeof(words), "%s %s", group, name);

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		if (!strncmp(changes[i].arguments, words, len) &&
		    (!changes[i].arguments[len] ||
		     changes[i].arguments[len] == ' '))
			return true;
	return false;
}

TEST(the_tables_have_all_that_help_names)
{
	static const char *const groups[] = { "config", "cira", "set" };
	char command[128], *save, *word;
	struct result r;

	ASSERT_EQ(0, run(&r, "sh", "-c", "amt-helper info --help | "
			 "sed '1,/^Topics:/{/^Topics:/!d;s///}'"));
	EXPECT_NE('\0', *r.text);
	for (word = strtok_r(r.text, " \n", &save); word;
	     word = strtok_r(NULL, " \n", &save))
		EXPECT_TRUE(has_topic(word)) TH_LOG("%s", word);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		snprintf(command, sizeof(command), "amt-helper %s --help | "
			 "sed -nE 's/^([a-z0-9-]+)[^:]*: .*/\\1/p'", groups[i]);
		ASSERT_EQ(0, run(&r, "sh", "-c", command));
		EXPECT_NE('\0', *r.text);
		for (word = strtok_r(r.text, "\n", &save); word;
		     word = strtok_r(NULL, "\n", &save))
			EXPECT_TRUE(has_change(groups[i], word))
				TH_LOG("%s %s", groups[i], word);
	}
}

TEST_HARNESS_MAIN
